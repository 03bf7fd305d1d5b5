# SPDX-License-Identifier: MIT
"""Prepared jets in HDF5: the format between ``fairreg hbb prepare`` and the training, version 1.

Datasets, all along the jets and compressed in chunks: `tracks` (N, 30, 60), `vertices` (N, 14, 5), `labels`
(N, 2), `weight` (N), `spectators` (N, S) in float32; `event` (N) in int64, equal for the jets of one event
and different for all others: its upper 32 bits are the index of the file, its lower ones the event number
there; `file` (N) in int32, the index into the root attribute `files`. The root attributes `track_features`,
`vertex_features`, `classes` and `spectators` name the columns; `source` is the JSON text of the record of the
data set, or its identifier. The same jets give the same bytes.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import MissingEngine, ModelError
from fairreg.models.hbb_in.features import TRACK_FEATURES, VERTEX_FEATURES
from fairreg.models.hbb_in.network import CLASSES
from fairreg.storage.files import replacing
from fairreg.storage.hdf5 import Datasets, open_hdf5
from fairreg.storage.hdf5_texts import FAULTS, fault_of_texts

__all__ = ["EVENT_BITS", "FORMAT", "JetFile", "JetSample", "JetWriter", "open_jets", "read_jets"]

FORMAT, FORMAT_VERSION = "fairreg-hbb-jets", 1
TRACK_NAMES = tuple(item.name for item in TRACK_FEATURES)
VERTEX_NAMES = tuple(item.name for item in VERTEX_FEATURES)
TRACK_SLOTS, VERTEX_SLOTS = 60, 5
EVENT_BITS = 32  # of the event number inside its file
_CHUNK = 256  # jets; 1.8 MB of tracks, little enough to read a slice of a batch

Array = NDArray[Any]
# name -> (element type, shape after the axis of the jets; None where the file defines the size)
_DATASETS: Mapping[str, tuple[str, tuple[int | None, ...]]] = MappingProxyType(
    {
        "tracks": ("float32", (len(TRACK_NAMES), TRACK_SLOTS)),
        "vertices": ("float32", (len(VERTEX_NAMES), VERTEX_SLOTS)),
        "labels": ("float32", (len(CLASSES),)),
        "weight": ("float32", ()),
        "event": ("int64", ()),
        "file": ("int32", ()),
        "spectators": ("float32", (None,)),
    }
)
_NAMED = {"track_features": TRACK_NAMES, "vertex_features": VERTEX_NAMES, "classes": CLASSES}


@dataclass(frozen=True)
class JetSample:
    """Jets of prepared files: arrays along the jets, as the module describes them.

    A label is (1, 0) for QCD, (0, 1) for H->bb and (0, 0) for a jet that is neither.
    """

    tracks: Array
    vertices: Array
    labels: Array
    weight: Array
    event: Array
    file: Array
    spectators: Array
    files: tuple[str, ...]
    spectator_names: tuple[str, ...]
    source: str = ""
    track_names: tuple[str, ...] = field(default=TRACK_NAMES)
    vertex_names: tuple[str, ...] = field(default=VERTEX_NAMES)

    def __len__(self) -> int:
        return len(self.tracks)

    def spectator(self, name: str) -> Array:
        """The column of that spectator; ModelError lists the available ones."""
        if name not in self.spectator_names:
            raise ModelError(
                f"The jets have no spectator {name!r}.", hint=f"They have {', '.join(self.spectator_names)}."
            )
        column: Array = self.spectators[:, self.spectator_names.index(name)]
        return column


class JetFile:
    """A prepared file opened by `open_jets`, whose jets are read in slices."""

    def __init__(self, content: Datasets, name: str) -> None:
        self._content, self.name = content, name
        self._check_names()
        self.files, self.spectator_names = self._strings("files"), self._strings("spectators")
        self.source = str(content.attributes.get("source", ""))
        self._count = self._checked_shapes()

    def __len__(self) -> int:
        return self._count

    def read(self, start: int = 0, stop: int | None = None) -> JetSample:
        """Read jets `start` to before `stop`; ModelError for damaged data and non-finite values."""
        arrays: dict[str, Any] = {name: self._array(name, start, stop) for name in _DATASETS}
        if arrays["file"].size and not 0 <= arrays["file"].min() <= arrays["file"].max() < len(self.files):
            raise ModelError(f"{self.name} has a jet whose file index is not in its list of files.")
        return JetSample(**arrays, files=self.files, spectator_names=self.spectator_names, source=self.source)

    def slices(self, size: int) -> Iterator[JetSample]:
        """Yield all jets in order, `size` at a time."""
        for start in range(0, len(self), size):
            yield self.read(start, min(start + size, len(self)))

    def _array(self, name: str, start: int, stop: int | None) -> Array:
        array: Array = self._content.read(name, start, stop)
        if not np.isfinite(array).all():
            raise ModelError(f"{self.name} has a value in {name} that is not finite (NaN or infinite).")
        return array

    def _strings(self, name: str) -> tuple[str, ...]:
        value = self._content.attributes.get(name)
        if not isinstance(value, np.ndarray):
            raise ModelError(f"{self.name} does not state its {name}.", hint=_PREPARE)
        return tuple(text if isinstance(text, str) else text.decode() for text in value)

    def _check_names(self) -> None:
        for name, expected in _NAMED.items():
            found = self._strings(name)
            if found != tuple(expected):
                raise ModelError(
                    f"The {name} of {self.name} are not those of the network in its order: "
                    f"{_first_difference(found, tuple(expected))}.",
                    hint=_PREPARE,
                )

    def _checked_shapes(self) -> int:
        if missing := [name for name in _DATASETS if name not in self._content.names]:
            raise ModelError(f"{self.name} has no dataset {', '.join(missing)}.", hint=_PREPARE)
        kinds = {name: self._content.kind(name) for name in _DATASETS}
        count = next(iter(kinds["tracks"][0]), 0)
        for name, (dtype, rest) in _DATASETS.items():
            expected = (count, *(len(self.spectator_names) if size is None else size for size in rest))
            shape, found = kinds[name]
            if shape != expected or found != np.dtype(dtype):
                raise ModelError(
                    f"{name} of {self.name} is {found} of shape {shape}, not {dtype} of shape {expected}."
                )
        return int(count)


_PREPARE = "Make it with: fairreg hbb prepare"


def _first_difference(found: tuple[str, ...], expected: tuple[str, ...]) -> str:
    for index, pair in enumerate(zip(found, expected, strict=False)):
        if pair[0] != pair[1]:
            return f"number {index} is {pair[0]}, not {pair[1]}"
    return f"there are {len(found)}, not {len(expected)}"


@contextmanager
def open_jets(path: Path) -> Iterator[JetFile]:
    """Open the prepared file `path` for reading in slices; ModelError for other files, MissingEngine."""
    if not path.is_file():
        raise ModelError(f"{path.name} is not a file.")
    with open_hdf5(path, hint=_PREPARE) as content:
        fault = fault_of_texts(path, ("format", "source", "files", "spectators", *_NAMED))
        if fault is not None:
            raise ModelError(f"{path.name} is a damaged HDF5 file: {fault}.", hint=_PREPARE)
        yield _checked(content, path.name)


def _checked(content: Datasets, name: str) -> JetFile:
    """The jets of an open file. Raises ModelError for another format, and for attributes that are damaged."""
    try:
        found = (content.attributes.get("format"), content.attributes.get("format_version"))
        if found == (FORMAT, FORMAT_VERSION):
            return JetFile(content, name)
    except FAULTS as error:
        raise ModelError(f"{name} is a damaged HDF5 file.", hint=_PREPARE) from error
    raise ModelError(
        f"{name} is HDF5, but not of the format {FORMAT}, version {FORMAT_VERSION}.", hint=_PREPARE
    )


def read_jets(paths: Path | Iterable[Path]) -> JetSample:
    """Read all jets of the prepared files, in the order given, as one sample.

    File indices and event numbers are shifted, so that events of different files stay different. Raises
    ModelError if a file is not a prepared file or spectators differ, MissingEngine without h5py.
    """
    samples: list[JetSample] = []
    before = 0
    for path in [paths] if isinstance(paths, Path) else paths:
        with open_jets(path) as content:
            samples.append(_shifted(content.read(), before))
        before += len(samples[-1].files)
    if not samples:
        raise ModelError("No file of jets is given.")
    return samples[0] if len(samples) == 1 else _joined(samples)


def _shifted(sample: JetSample, before: int) -> JetSample:
    shift = np.int64(before) << EVENT_BITS
    return replace(sample, file=sample.file + np.int32(before), event=sample.event + shift)


def _joined(samples: list[JetSample]) -> JetSample:
    if len({sample.spectator_names for sample in samples}) > 1:
        raise ModelError("The files of jets have different spectators.", hint="Prepare them together.")
    arrays: dict[str, Any] = {
        name: np.concatenate([getattr(sample, name) for sample in samples]) for name in _DATASETS
    }
    return replace(samples[0], **arrays, files=tuple(name for sample in samples for name in sample.files))


class JetWriter:
    """Context manager that writes a prepared file batch by batch; the file appears once it is complete."""

    def __init__(
        self, path: Path, *, files: tuple[str, ...], spectators: tuple[str, ...], source: str
    ) -> None:
        self._path, self._open = path, ExitStack()
        self._attributes: dict[str, Any] = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            **{name: list(value) for name, value in _NAMED.items()},
            "spectators": list(spectators),
            "files": list(files),
            "source": source,
        }
        self._shapes = {
            name: tuple(len(spectators) if size is None else size for size in rest)
            for name, (_, rest) in _DATASETS.items()
        }

    def __enter__(self) -> "JetWriter":
        h5py = _h5py()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with ExitStack() as opening:
            draft = opening.enter_context(replacing(self._path))
            # The draft is locked already; HDF5 would ask for a lock of its own, on another descriptor.
            self._content = opening.enter_context(h5py.File(draft, "w", locking=False))
            for name, value in self._attributes.items():
                listed = isinstance(value, list)
                self._content.attrs.create(name, value, dtype=h5py.string_dtype() if listed else None)
            for name, (dtype, _) in _DATASETS.items():
                self._create(name, dtype, self._shapes[name])
            self._open = opening.pop_all()
        return self

    def _create(self, name: str, dtype: str, shape: tuple[int, ...]) -> None:
        chunk = _CHUNK if len(shape) > 1 else 16 * _CHUNK
        self._content.create_dataset(
            name,
            shape=(0, *shape),
            maxshape=(None, *shape),
            chunks=(chunk, *(max(size, 1) for size in shape)),
            dtype=dtype,
            compression="gzip",
            compression_opts=4,
            shuffle=True,
            track_times=False,  # time stamps would make every file different
        )

    def append(self, **arrays: Array) -> None:
        """Add jets: one array for each dataset, of equal lengths. ModelError for arrays that do not fit."""
        if arrays.keys() != _DATASETS.keys():
            raise ModelError(f"Jets need the arrays {', '.join(_DATASETS)}.")
        count = len(arrays["tracks"])
        for name, array in arrays.items():
            if array.shape != (count, *self._shapes[name]) or not np.isfinite(array).all():
                raise ModelError(f"{name} must have shape {(count, *self._shapes[name])} and finite values.")
        for name, array in arrays.items():
            dataset = self._content[name]
            dataset.resize(dataset.shape[0] + count, axis=0)
            dataset[dataset.shape[0] - count :] = array

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, trace)


def _h5py() -> Any:
    try:
        import h5py
    except ImportError as error:
        raise MissingEngine("h5py", "hep") from error
    return h5py
