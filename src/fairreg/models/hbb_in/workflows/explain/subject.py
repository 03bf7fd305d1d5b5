# SPDX-License-Identifier: MIT
"""Subject of an explanation: a network, and the jets that it is explained with."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError, UsageError
from fairreg.models import hbb_in
from fairreg.models.hbb_in.explain.energy_order import by_energy
from fairreg.models.hbb_in.explain.passes import check_explainable
from fairreg.models.hbb_in.features import TRACK_FEATURES, VERTEX_FEATURES
from fairreg.models.hbb_in.inputs import ALL_FEATURES, FeatureSelection, load_jets, sample
from fairreg.models.hbb_in.network import CLASSES, Hyperparameters
from fairreg.models.hbb_in.published import kept_features, published_names
from fairreg.runners.weights import Tensors, fingerprint_of, read_tensors

__all__ = ["PACKAGED", "LabelledJets", "Model", "Subject", "read_labelled", "read_model", "read_subject"]

Array = NDArray[Any]
PACKAGED = "packaged jets"  # source of the jets in fairreg, which are simulated and not those of CMS


@dataclass(frozen=True)
class Model:
    """A network and the features that it takes."""

    path: Path
    tensors: Tensors
    sizes: Hyperparameters
    selection: FeatureSelection

    @cached_property
    def fingerprint(self) -> str:
        """Fingerprint of the weights, the same for every file format."""
        return fingerprint_of(self.tensors)

    @property
    def names(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Names of the track and of the vertex features of the network."""
        return (
            tuple(TRACK_FEATURES[index].name for index in self.selection.tracks),
            tuple(VERTEX_FEATURES[index].name for index in self.selection.vertices),
        )

    @property
    def dropped(self) -> tuple[str, ...]:
        """Names of the features that the network does not take."""
        everything = (item.name for item in (*TRACK_FEATURES, *VERTEX_FEATURES))
        return tuple(name for name in everything if name not in {*self.names[0], *self.names[1]})

    def reduced(self, tracks: Array, vertices: Array) -> tuple[Array, Array]:
        """Reduce arrays with all features to those of the network."""
        return self.selection.take(tracks, vertices)

    def to_json(self) -> dict[str, Any]:
        """The description of the network in a document."""
        return {
            "file": self.path.name,
            "fingerprint": self.fingerprint,
            "published_name": published_names().get(self.fingerprint),
            "reference": self.fingerprint == _reference(),
            "parameters": self.sizes.parameter_count,
            "hidden": self.sizes.hidden,
            "d_e": self.sizes.d_e,
            "d_o": self.sizes.d_o,
            **({"widths": dict(self.sizes.widths)} if self.sizes.widths else {}),
            "dropped_features": list(self.dropped),
        }


@dataclass(frozen=True)
class LabelledJets:
    """Labelled jets with all features and objects by descending energy; `classes` are 0 QCD, 1 H->bb.

    `unlabelled` is the number of jets of the sample that are neither and were left out.
    """

    source: str
    tracks: Array
    vertices: Array
    classes: NDArray[np.intp]
    unlabelled: int

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def packaged(self) -> bool:
        """True for the jets that come with fairreg."""
        return self.source == PACKAGED

    @property
    def positive(self) -> NDArray[np.bool_]:
        """Mask of the H->bb jets."""
        found: NDArray[np.bool_] = self.classes == 1
        return found

    def to_json(self) -> dict[str, Any]:
        """The description of the jets in a document."""
        counts = {name: int((self.classes == number).sum()) for number, name in enumerate(CLASSES)}
        return {"source": self.source, "items": len(self), **counts, "unlabelled": self.unlabelled}


@dataclass(frozen=True)
class Subject:
    """A network with the jets that it is explained with."""

    model: Model
    jets: LabelledJets

    def own(self, some: slice | NDArray[np.intp]) -> tuple[Array, Array, NDArray[np.intp]]:
        """Tracks and vertices with the network's own features, and the classes, of some of the jets."""
        arrays = self.model.reduced(self.jets.tracks[some], self.jets.vertices[some])
        return (*arrays, self.jets.classes[some])

    def slices(self, size: int, count: int | None = None) -> list[slice]:
        """The first `count` jets, or all of them, `size` at a time."""
        total = len(self.jets) if count is None else min(count, len(self.jets))
        return [slice(first, min(first + size, total)) for first in range(0, total, size)]


def read_subject(weights: Path | None, sample_file: Path | None, count: int | None = None) -> Subject:
    """Read a weight file (by default the reference weights) and jets (by default the packaged ones).

    Raises the errors of `read_model` and `read_labelled`.
    """
    return Subject(read_model(weights), read_labelled(sample_file, count))


def read_model(weights: Path | None) -> Model:
    """Read the network in a weight file; ModelError if its features are unknown or it takes tracks only."""
    path = weights or hbb_in.REFERENCE
    tensors = read_tensors(path)
    sizes = Hyperparameters.from_tensors(tensors)
    check_explainable(sizes)
    selection = kept_features(path, sizes)
    if selection is None:
        raise ModelError(
            f"The features of {path.name} are unknown: {sizes.track_features} of {len(ALL_FEATURES.tracks)} "
            f"track and {sizes.vertex_features} of {len(ALL_FEATURES.vertices)} vertex features.",
            hint="Put its metadata file (NAME_model_metadata.json) beside it.",
        )
    return Model(path, tensors, sizes, selection)


def read_labelled(path: Path | None, count: int | None = None) -> LabelledJets:
    """Read the labelled jets of a file, or `count` evenly spaced jets of it.

    Raises ModelError if they lack a label, a class or a feature, MissingEngine; UsageError for less than 2
    jets.
    """
    if count is not None and count < len(CLASSES):
        raise UsageError("At least 2 jets are needed: one of each class.")
    tracks, vertices, labels = _read(path, count)
    source = PACKAGED if path is None else path.name
    if tracks.shape[1] != len(TRACK_FEATURES) or vertices.shape[1] != len(VERTEX_FEATURES):
        raise ModelError(
            f"The jets of {source} have {tracks.shape[1]} track and {vertices.shape[1]} vertex features; "
            f"all {len(TRACK_FEATURES)} and {len(VERTEX_FEATURES)} are needed."
        )
    known = labels.any(axis=1)
    classes = labels[known].argmax(axis=1)
    if len(np.unique(classes)) < len(CLASSES):
        raise ModelError(f"The jets of {source} lack a class.", hint="Use other or more jets.")
    arrays = by_energy(tracks[known], vertices[known])
    return LabelledJets(source, *arrays, classes, int((~known).sum()))


def _read(path: Path | None, count: int | None) -> tuple[Array, Array, Array]:
    if path is not None and path.suffix in {".h5", ".hdf5"}:
        return _read_prepared(path, count)
    jets = sample() if path is None else load_jets(path)
    if jets.labels is None:
        raise ModelError("The jets have no labels.", hint="Add an array labels of shape (n, 2).")
    chosen = _evenly_spaced(len(jets), count)
    return jets.tracks[chosen], jets.vertices[chosen], jets.labels[chosen]


def _read_prepared(path: Path, count: int | None) -> tuple[Array, Array, Array]:
    """Read in slices, because a prepared file may be larger than the memory."""
    from fairreg.models.hbb_in.jet_files import open_jets

    parts: list[tuple[Array, Array, Array]] = []
    with open_jets(path) as content:
        chosen = _evenly_spaced(len(content), count)
        first = 0
        for part in content.slices(_SLICE):
            own = chosen[(first <= chosen) & (chosen < first + len(part))] - first
            parts.append((part.tracks[own], part.vertices[own], part.labels[own]))
            first += len(part)
    if not parts:
        raise ModelError(f"{path.name} contains no jets.")
    joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return joined[0], joined[1], joined[2]


_SLICE = 4096  # jets; 30 MB


def _evenly_spaced(total: int, count: int | None) -> NDArray[np.intp]:
    """Places of `count` jets; prepared files are often sorted by class, so the first jets would lack one."""
    return np.linspace(0, total - 1, min(count or total, total)).round().astype(np.intp)


def _reference() -> str:
    return fingerprint_of(read_tensors(hbb_in.REFERENCE)) if hbb_in.REFERENCE.is_file() else ""
