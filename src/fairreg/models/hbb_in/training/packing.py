# SPDX-License-Identifier: MIT
"""Jets without padding: a third of the memory, and no computation on empty slots."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.hbb_in.inputs import FeatureSelection
from fairreg.models.hbb_in.jet_files import JetSample

__all__ = ["NEITHER", "Objects", "PackedJets", "pack"]

Array = NDArray[Any]
NEITHER = -1  # the class of a jet that is neither QCD nor H->bb


@dataclass(frozen=True)
class Objects:
    """The tracks, or the vertices, of all jets: `rows` (n + 1, features) in jet order, the last one padding.

    Jet i has the rows from `starts[i]` to before `starts[i + 1]`; a full jet has `slots`.
    """

    rows: Array
    starts: NDArray[np.int64]
    slots: int

    @property
    def counts(self) -> NDArray[np.int64]:
        """Number of real objects of each jet."""
        return np.diff(self.starts)

    def padded(self, jets: Array) -> NDArray[np.int64]:
        """Row numbers (jets, K) of these jets; K is `slots` or the last column is padding in every jet."""
        first, counts = self.starts[jets], self.counts[jets]
        columns = np.arange(min(int(counts.max()) + 1, self.slots))
        return np.where(columns < counts[:, None], first[:, None] + columns, len(self.rows) - 1)

    def of(self, jets: Array) -> Array:
        """The real rows of these jets."""
        chosen = np.zeros(len(self.starts) - 1, dtype=bool)
        chosen[jets] = True
        rows: Array = self.rows[:-1][np.repeat(chosen, self.counts)]
        return rows


@dataclass(frozen=True)
class PackedJets:
    """Jets of a sample: real tracks and vertices; `classes` 0 for QCD, 1 for H->bb, or NEITHER.

    `events` are equal for jets of one event, `files` are indices into `file_names`.
    """

    tracks: Objects
    vertices: Objects
    classes: NDArray[np.int64]
    events: NDArray[np.int64]
    files: NDArray[np.int64]
    file_names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def labelled(self) -> NDArray[np.int64]:
        """Indices of the jets that are QCD or H->bb."""
        return np.flatnonzero(self.classes != NEITHER)

    def with_rows(self, tracks: Array, vertices: Array) -> "PackedJets":
        """The same jets with other values of the features."""
        return replace(
            self,
            tracks=replace(self.tracks, rows=tracks),
            vertices=replace(self.vertices, rows=vertices),
        )


def pack(samples: Iterable[JetSample], selection: FeatureSelection) -> PackedJets:
    """Pack the jets of all samples with the kept features; ModelError if there are none.

    Event numbers and file indices are kept: the samples are slices of one, the last of which names all files.
    """
    parts = [
        (_rows(sample.tracks, selection.tracks), _rows(sample.vertices, selection.vertices), _about(sample))
        for sample in samples
    ]
    if not sum(len(about[0]) for _, _, about in parts):
        raise ModelError("The sample contains no jets.")
    tracks, vertices, about = zip(*parts, strict=True)
    classes, events, files = (
        np.concatenate(column) for column in zip(*(item[:3] for item in about), strict=True)
    )
    return PackedJets(_objects(tracks), _objects(vertices), classes, events, files, about[-1][3])


def _about(sample: JetSample) -> tuple[Array, Array, Array, tuple[str, ...]]:
    classes = np.where(sample.labels.any(1), sample.labels.argmax(1), NEITHER)
    return classes, sample.event, sample.file.astype(np.int64), sample.files


def _rows(objects: Array, kept: tuple[int, ...]) -> tuple[Array, Array, int]:
    """Rows of real objects in jet order, their number per jet, and the number of slots."""
    real = objects.any(axis=1)
    rows = objects.transpose(0, 2, 1)[real][:, list(kept)]
    return np.ascontiguousarray(rows, dtype=np.float32), real.sum(1), objects.shape[2]


def _objects(parts: tuple[tuple[Array, Array, int], ...]) -> Objects:
    rows, counts, slots = zip(*parts, strict=True)
    padding = np.zeros((1, rows[0].shape[1]), dtype=np.float32)
    starts = np.concatenate(([0], np.cumsum(np.concatenate(counts))))
    return Objects(np.concatenate((*rows, padding)), starts, slots[0])
