# SPDX-License-Identifier: MIT
"""Jets as arrays: the features that a network takes, its signature, and reading jets from files."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.hbb_in.features import TRACK_FEATURES, VERTEX_FEATURES
from fairreg.models.hbb_in.network import CLASSES, INPUTS, OUTPUT, Hyperparameters
from fairreg.runners.signature import fit
from fairreg.runners.signature.mismatch import ArrayKind, listed, renames, saving
from fairreg.schemas.record import Feature, Tensor
from fairreg.storage.arrays import UNREADABLE, Rows, open_rows, row_count, unreadable
from fairreg.storage.hdf5 import SUFFIXES as HDF5_SUFFIXES
from fairreg.storage.hdf5 import open_hdf5

__all__ = [
    "ALL_FEATURES",
    "ALL_TRACK_FEATURES",
    "FeatureSelection",
    "Jets",
    "count_jets",
    "load_jets",
    "load_tracks",
    "packed",
    "sample",
    "sample_metadata",
    "signature",
    "unpacked",
]

Array = NDArray[Any]
_SAMPLE = "sample"  # folder of the packaged sample in this package
_JET_AXES = 3
_SLOTS = (Hyperparameters.n_tracks, Hyperparameters.n_vertices)
_ALIASES = {"tracks": INPUTS[0], "vertices": INPUTS[1]}
_ALL_FEATURES_OF_JETS = (
    Tensor(name="tracks", dtype="float32", shape=("N", len(TRACK_FEATURES), _SLOTS[0])),
    Tensor(name="vertices", dtype="float32", shape=("N", len(VERTEX_FEATURES), _SLOTS[1])),
)


@dataclass(frozen=True)
class FeatureSelection:
    """Features that a network takes, as increasing indices of the 30 track and 14 vertex features."""

    tracks: tuple[int, ...]
    vertices: tuple[int, ...]

    def __post_init__(self) -> None:
        for indices, every in ((self.tracks, TRACK_FEATURES), (self.vertices, VERTEX_FEATURES)):
            if list(indices) != sorted(set(indices) & set(range(len(every)))):
                raise ModelError(f"The kept features {indices} must be increasing and below {len(every)}.")

    def fits(self, sizes: Hyperparameters) -> bool:
        """Tell whether a network of these sizes takes this number of features."""
        return (len(self.tracks), len(self.vertices)) == (sizes.track_features, sizes.vertex_features)

    def take(self, tracks: Array, vertices: Array) -> tuple[Array, Array]:
        """Reduce tracks (n, 30, 60) and vertices (n, 14, 5) to these features."""
        indices = (np.array(chosen, dtype=np.intp) for chosen in (self.tracks, self.vertices))
        return tracks.take(next(indices), axis=1), vertices.take(next(indices), axis=1)


ALL_FEATURES = FeatureSelection(tuple(range(len(TRACK_FEATURES))), tuple(range(len(VERTEX_FEATURES))))
ALL_TRACK_FEATURES = FeatureSelection(ALL_FEATURES.tracks, ())  # of a network of tracks only


@dataclass(frozen=True)
class Jets:
    """Jets of one sample: tracks (n, features, 60), vertices (n, features, 5), labels (n, 2) or none.

    A label is (1, 0) for QCD, (0, 1) for H->bb and (0, 0) for a jet that is neither. `weights` (n,) undo an
    oversampling, where there is one.
    """

    tracks: Array
    vertices: Array
    labels: Array | None = None
    weights: Array | None = None

    def __post_init__(self) -> None:
        for name, array in (("tracks", self.tracks), ("vertices", self.vertices)):
            if array.ndim != _JET_AXES or not np.issubdtype(array.dtype, np.floating):
                raise ModelError(
                    f"{name} must be a floating-point array (jets, features, slots); it is {_kind(array)}.",
                    hint=_next_step(name, array),
                )
        if len(self.tracks) != len(self.vertices):
            raise ModelError(f"tracks has {len(self.tracks)} jets, but vertices has {len(self.vertices)}.")
        if self.labels is not None:
            _check_labels(self.labels, len(self.tracks))
        if self.weights is not None and self.weights.shape != (len(self.tracks),):
            raise ModelError(f"weights must have shape ({len(self.tracks)},); it is {_kind(self.weights)}.")

    def __len__(self) -> int:
        return len(self.tracks)


def _next_step(name: str, array: Array) -> str | None:
    """The call of numpy that makes jets of an array, where its shape and element type tell."""
    axes = _JET_AXES - array.ndim
    if axes == 1:
        return f"For a single jet add the first axis: {name}[numpy.newaxis]"
    return f"Convert it with {name}.astype('float32')" if not axes and array.dtype.kind in "biu" else None


def _kind(array: Array) -> str:
    return f"{array.dtype} of shape {array.shape}"


def _check_labels(labels: Array, count: int) -> None:
    if labels.shape != (count, len(CLASSES)) or labels.dtype.kind not in "biuf":
        of_classes = labels.shape == (count,) and labels.dtype.kind in "biu"
        step = f"If they are 0 for {CLASSES[0]} and 1 for {CLASSES[1]}: numpy.eye(2)[labels.astype(int)]"
        raise ModelError(
            f"labels must have shape ({count}, {len(CLASSES)}); it is {_kind(labels)}.",
            hint=step if of_classes else None,
        )
    if not np.isin(labels, (0, 1)).all() or (labels.sum(axis=1) > 1).any():
        raise ModelError("labels has a row other than (1, 0), (0, 1) and (0, 0).")


def load_jets(path: str | Path, start: int = 0, stop: int | None = None) -> Jets:
    """Read jets `start` to before `stop` of a prepared file (.h5), an ntuple (.root), or arrays.

    Arrays are `tracks` and `vertices` (or `input_cpf` and `input_sv`) and optionally `labels`, in an .npz
    file or as datasets of an HDF5 file that is not a prepared one. Raises
    ModelError if the file is damaged or an array is missing or misshapen, MissingEngine where the extra
    ``hep`` is needed. Pickled arrays are not read.
    """
    path = Path(path)
    if _is_prepared(path):
        from fairreg.models.hbb_in.jet_files import open_jets

        with open_jets(path) as prepared:
            jets = prepared.read(start, stop)
        return Jets(jets.tracks, jets.vertices, jets.labels, jets.weight)
    if path.suffix == ".root":
        from fairreg.models.hbb_in.preparation import Ntuples

        arrays = Ntuples.open([str(path)]).all_jets()
        return Jets(**{name: array[start:stop] for name, array in arrays.items()})
    with _readable(path), open_rows(path, start, stop) as content:
        return _jets(content, path.name)


def load_tracks(path: Path, start: int = 0, stop: int | None = None) -> Jets | None:
    """Read jets with vertices of no features from a file that has tracks alone, beside labels at most.

    None for any other file. Raises as `load_jets`.
    """
    if path.suffix == ".root" or _is_prepared(path):
        return None
    with _readable(path), open_rows(path, start, stop) as content:
        if not isinstance(content, Rows):
            return _without_vertices(content) if content.ndim == _JET_AXES else None
        names = [name for name in content if name != "labels"]
        if names not in (["tracks"], [_ALIASES["tracks"]]):
            return None
        return _without_vertices(content[names[0]], content.get("labels"))


def _without_vertices(tracks: Array, labels: Array | None = None) -> Jets:
    jets = len(tracks) if tracks.ndim else 0
    return Jets(tracks, np.zeros((jets, 0, _SLOTS[1]), dtype=np.float32), labels)


def count_jets(path: Path) -> int | None:
    """Number of jets in the file `path`; None where it takes reading them all. Raises as `load_jets`."""
    if _is_prepared(path):
        from fairreg.models.hbb_in.jet_files import open_jets

        with open_jets(path) as prepared:
            return len(prepared)
    if path.suffix == ".root":
        return None
    with _readable(path):
        return row_count(path)


def _is_prepared(path: Path) -> bool:
    """Tell whether an HDF5 file states its format. Raises ModelError for a damaged one, MissingEngine."""
    if path.suffix.lower() not in HDF5_SUFFIXES:
        return False
    with _readable(path), open_hdf5(path) as datasets:
        return "format" in datasets.attributes


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except UNREADABLE as error:
        raise unreadable(path, error) from error


def _jets(content: Rows | Array, source: str) -> Jets:
    if not isinstance(content, Rows):
        raise ModelError(
            f"{source} contains one array; a .npz or HDF5 file with tracks and vertices is needed."
        )
    found = _named_arrays(content, source)
    arrays = {name: content[found[name]] for name in _ALIASES}
    jets = Jets(arrays["tracks"], arrays["vertices"], content.get("labels"))
    if (jets.tracks.shape[-1], jets.vertices.shape[-1]) != _SLOTS:
        # Refused here, where the names in the file are known; the number of features is the network's matter.
        padded = (_padded(item, found[item.name], arrays[item.name]) for item in _ALL_FEATURES_OF_JETS)
        fit(tuple(padded), {found[name]: array for name, array in arrays.items()})
    return jets


def _padded(item: Tensor, name: str, array: Array) -> Tensor:
    """An input under its name in a file; of any number of features if the array does not have all."""
    count, features, slots = item.shape
    known = features if features in array.shape else f"features of {item.name}"
    return replace(item, name=name, shape=(count, known, slots), description=f"{item.name}, zero-padded")


def _named_arrays(content: Rows, source: str) -> dict[str, str]:
    """The names of tracks and vertices in the file. Raises ModelError, which names arrays that fit."""
    found = {name: given for name, alias in _ALIASES.items() for given in (alias, name) if given in content}
    missing = [item for item in _ALL_FEATURES_OF_JETS if item.name not in found]
    if not missing:
        return found
    others = {name: content.kind(name) for name in content if name not in {*found.values(), "labels"}}
    kinds = {name: ArrayKind(*kind) for name, kind in others.items() if kind is not None}
    fitting = renames(missing, kinds, {})
    if not fitting:
        raise ModelError(
            f"{source} has no array {listed(item.name for item in missing)}.",
            hint=f"It has {', '.join(sorted(content)) or 'no arrays'}.",
        )
    fits = "; ".join(f"its {fitting[item.name]!r} {kinds[fitting[item.name]].shape} fits" for item in missing)
    raise ModelError(
        f"{source} has no array {listed(item.name for item in missing)}; {fits}.",
        hint=f"Rename {'it' if len(missing) == 1 else 'them'}, as in {saving(fitting)}",
    )


def sample() -> Jets:
    """The packaged jets with their weights; `sample_metadata` gives their origin and limitations."""
    with (
        as_file(files(__package__).joinpath(_SAMPLE, "sample.npz")) as path,
        np.load(path, allow_pickle=False) as stored,
    ):
        return Jets(**unpacked(stored), labels=stored["labels"], weights=stored["weights"])


def packed(tracks: Array, vertices: Array) -> dict[str, Array]:
    """Pack real tracks and vertices, feature by feature, with their number per jet: a third of the size.

    The real objects must come first in every jet.
    """
    stored = {}
    for name, objects in (("tracks", tracks), ("vertices", vertices)):
        real = objects.any(axis=1)
        stored[name] = np.ascontiguousarray(objects.transpose(0, 2, 1)[real].T)
        stored[f"{name}_of_jet"] = real.sum(axis=1).astype(np.uint8)
    return stored


def unpacked(stored: Mapping[str, Array]) -> dict[str, Array]:
    """Padded tracks (n, 30, 60) and vertices (n, 14, 5) from the result of `packed`."""
    slots = {"tracks": _SLOTS[0], "vertices": _SLOTS[1]}
    found = {}
    for name, total in slots.items():
        rows, counts = stored[name], stored[f"{name}_of_jet"]
        padded = np.zeros((len(counts), total, len(rows)), dtype=rows.dtype)
        padded[np.arange(total) < counts[:, np.newaxis]] = rows.T
        found[name] = np.ascontiguousarray(padded.transpose(0, 2, 1))
    return found


def sample_metadata() -> dict[str, Any]:
    """Origin, seed, counts and digests of the packaged sample."""
    text = files(__package__).joinpath(_SAMPLE, "sample.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def signature(
    sizes: Hyperparameters, selection: FeatureSelection | None = None
) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Inputs and outputs of a network; features are named where `selection` is known."""
    known = selection if selection and selection.fits(sizes) else None
    tracks = _named(TRACK_FEATURES, known.tracks if known else ())
    vertices = _named(VERTEX_FEATURES, known.vertices if known else ())
    inputs = (
        _tensor(INPUTS[0], (sizes.track_features, sizes.n_tracks), tracks, "tracks, zero-padded"),
        _tensor(
            INPUTS[1], (sizes.vertex_features, sizes.n_vertices), vertices, "secondary vertices, zero-padded"
        ),
    )
    classes = tuple(Feature(name=name) for name in CLASSES)
    return inputs[: len(sizes.inputs)], (
        _tensor(OUTPUT, (len(CLASSES),), classes, "probability of each class"),
    )


def _named(features: tuple[Feature, ...], indices: tuple[int, ...]) -> tuple[Feature, ...]:
    return tuple(features[index] for index in indices)


def _tensor(name: str, shape: tuple[int, ...], features: tuple[Feature, ...], description: str) -> Tensor:
    return Tensor(name=name, dtype="float32", shape=("N", *shape), features=features, description=description)
