# SPDX-License-Identifier: MIT
"""Reading of parameter tensors from untrusted files without executing their content.

PyTorch (both its formats), safetensors and ONNX files all become a mapping of tensor names to numpy
arrays; two files contain the same model if the fingerprints of their tensors are equal. Neither PyTorch nor
the unrestricted pickle machine is used. docs/fingerprints.md says which tensors of a file count.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from fairreg.errors import ModelError, NoParameters
from fairreg.runners.weights import checkpoints, onnx, safetensors, sharded
from fairreg.runners.weights.tensors import (
    Array,
    Tensors,
    check_whole,
    digest_of,
    dtype_name,
    fingerprint_of,
    lines_of,
)
from fairreg.schemas.fingerprint_rule import RULE
from fairreg.storage.files import digest
from fairreg.storage.formats import HEAD_BYTES

__all__ = [
    "FORMATS",
    "RULE",
    "SUFFIXES",
    "Array",
    "ModelCandidate",
    "Tensors",
    "candidates",
    "content_digest",
    "dtype_name",
    "fingerprint",
    "fingerprint_of",
    "format_of",
    "model_in",
    "read_tensors",
    "side_files",
    "view_tensors",
]


class _Reader(Protocol):
    """Interface of a format's module; `SUFFIXES` are in lower case, with the dot."""

    SUFFIXES: frozenset[str]

    def knows(self, start: bytes, suffix: str, /) -> bool: ...
    def read(self, path: Path, /) -> Tensors: ...
    def view_of(self, path: Path, /) -> Tensors: ...


# The first reader that recognises the beginning or the suffix of a file reads it.
_READERS: Mapping[str, _Reader] = {"safetensors": safetensors, "onnx": onnx, "pytorch": checkpoints}
_SHARDED = "sharded"
_SURELY_FREE = 1 << 28  # bytes for which nobody is asked
FORMATS = (*_READERS, _SHARDED)
SUFFIXES = frozenset().union(*(reader.SUFFIXES for reader in _READERS.values()))


@dataclass(frozen=True)
class ModelCandidate:
    """One of the models in a file: the one that is read by default, or another, such as its moving average.

    `name` is the place in the file, empty where that is the file as a whole; `tensors` counts the tensors,
    `numbers` their elements.
    """

    name: str
    fingerprint: str
    tensors: int
    numbers: int


def read_tensors(path: str | Path) -> Tensors:
    """Read the parameter tensors of `path` by name, in the order of the file, as read-only views.

    For a checkpoint, those are the tensors of the model in it; deeper levels are flattened to dotted names.
    For an ONNX file, they are its initializers that hold weights. For the index of a sharded checkpoint, they
    are those of all its shards, which lie beside it. Types that numpy lacks (bfloat16, float8) are
    returned as raw bits (see `tensors.DTYPES` and `dtype_name`), quantised tensors as the float32 values that
    they stand for, sparse ones dense, and a nested one as several arrays.
    Raises ModelError for a file that is missing, corrupt or of a format not in FORMATS, UnsafePickle for one
    that names code, SecurityRefusal for one that refers to files outside its folder.
    """
    path = Path(path)
    file_format = format_of(path)
    files = [shard for shard, _ in sharded.shards(path)] if file_format == _SHARDED else [path]
    _check_memory(path.name, sum(file.stat().st_size for file in files))
    if file_format != _SHARDED:
        return _READERS[file_format].read(path)
    found = _of_shards(path, lambda shard: _READERS[format_of(shard)].read(shard))
    return {name: array for tensors in found for name, array in tensors.items()}


def view_tensors(path: str | Path) -> Tensors:
    """Read the parameter tensors of `path` as `read_tensors`, as views of the file instead of copies.

    They are for reading at once, such as for a digest: a file that is written to meanwhile changes them, and
    one that is shortened ends the process. ONNX models are read into memory.
    """
    path = Path(path)
    file_format = format_of(path)
    if file_format != _SHARDED:
        return _READERS[file_format].view_of(path)
    return {name: array for tensors in _of_shards(path) for name, array in tensors.items()}


def _check_memory(name: str, size: int) -> None:
    """Refuse to read more than the memory that is left: the system would end the process."""
    if size <= _SURELY_FREE:
        return
    from fairreg.runners.memory import available

    left = available()
    if left is not None and size > left:
        raise ModelError(
            f"{name} needs more memory than is free: {size / 1e9:.1f} GB, and {left / 1e9:.1f} GB are left."
        )


def fingerprint(path: str | Path) -> str:
    """Compute the fingerprint of the tensors in `path`, ``sha256:...``; raises as `read_tensors`.

    Shards are read one after the other, so that there is no limit to their common size. Raises NoParameters
    for a file without a number that counts: all such files would have one fingerprint.
    """
    return model_in(Path(path)).fingerprint


def candidates(path: str | Path) -> tuple[ModelCandidate, ...]:
    """List the models in `path`, the one that `read_tensors` reads first; raises as `read_tensors`.

    A checkpoint may have several: a network and its moving average, or a generator and a discriminator.
    Raises NoParameters as `fingerprint`.
    """
    path = Path(path)
    if format_of(path) == "pytorch":
        return tuple(_candidate(name, [tensors]) for name, tensors in checkpoints.read_candidates(path))
    return (model_in(path),)


def model_in(path: Path) -> ModelCandidate:
    """Describe the model that `read_tensors` reads, in one pass over the file; raises as `fingerprint`."""
    found = _candidate("", _of_shards(path) if format_of(path) == _SHARDED else [view_tensors(path)])
    if not found.numbers:
        raise NoParameters(f"{path.name} has no weights, and so no fingerprint.")
    return found


def _candidate(name: str, parts: Iterable[Tensors]) -> ModelCandidate:
    lines: list[bytes] = []
    numbers = 0
    for tensors in parts:
        lines.extend(lines_of(tensors))
        numbers += sum(array.size for array in tensors.values())
    return ModelCandidate(name, digest_of(lines), len(lines), numbers)


def _of_shards(path: Path, read: Callable[[Path], Tensors] = view_tensors) -> Iterator[Tensors]:
    """Read the shards of an index; each must hold the tensors that the index names for it, none another's."""
    seen: set[str] = set()
    for shard, names in sharded.shards(path):
        tensors = read(shard)
        missing = next((name for name in names if name not in tensors), None)
        if missing is not None:
            raise ModelError(
                f"{shard.name} has no tensor {missing!r}, which {path.name} says that it contains.",
                hint="Get the index and its shards from one version of the model.",
            )
        if twice := sorted(seen & tensors.keys()):
            raise ModelError(f"Two of the shards that {path.name} names have a tensor {twice[0]!r}.")
        seen.update(tensors)
        yield tensors


def side_files(path: Path) -> tuple[str, ...]:
    """Names of the files beside a model that hold some of its tensors, by paths from its folder, sorted.

    They are the side files of an ONNX model, or the shards of an index. Raises ModelError for a damaged
    model, SecurityRefusal for one outside its folder.
    """
    if sharded.knows(path):
        return tuple(sharded.index_of(path))
    return onnx.side_files(path) if onnx.knows(b"", path.suffix.lower()) else ()


def content_digest(path: Path, known: Mapping[Path, str] = MappingProxyType({})) -> str:
    """Hex SHA-256 of all bytes of a model: that of its file, if it has no side files.

    Otherwise that of these lines: the digest of the model file, then ``digest  name`` of each side file,
    sorted by name. Files whose SHA-256 is `known` are not read again. Raises as `side_files`, and for a side
    file that cannot be read.
    """
    if sharded.knows(path):
        parts = [(known.get(shard) or digest(shard), shard.name) for shard, _ in sharded.shards(path)]
    else:
        parts = [(_digest_beside(path, name), name) for name in side_files(path)]
    own = known.get(path) or digest(path)
    lines = (own, *(f"{found}  {name}" for found, name in parts))
    return sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest() if parts else own


def _digest_beside(path: Path, name: str) -> str:
    from fairreg.runners.weights.side_file import open_side_file

    with open_side_file(path.parent, name, path.name) as file:
        return file.sha256()


def format_of(path: Path) -> str:
    """Detect the format of `path`, one of FORMATS, by its first bytes and its suffix. Raises ModelError."""
    start = _beginning(path)
    check_whole(start, path.name)
    if sharded.knows(path):
        return _SHARDED
    for name, reader in _READERS.items():
        if reader.knows(start, path.suffix.lower()):
            if not reader.knows(start, ""):
                _check_named(path, name)
            return name
    raise ModelError(
        f"{path.name} is not a weight file in a supported format.",
        hint="Supported are PyTorch state dicts (.pth, .pt, .bin, .ckpt), .safetensors and .onnx files, "
        "and the .index.json of their shards.",
    )


def _check_named(path: Path, name: str) -> None:
    """Refuse a file that only its suffix calls a PyTorch file: other programs use .bin for any data."""
    if name != "pytorch":
        return
    from fairreg.storage.recognition import describe  # most files begin like what they are

    if not path.stat().st_size:
        raise ModelError(f"{path.name} is not a weight file: it is empty.")
    said = describe(path)
    if said.format in {"text", "unknown"}:
        raise ModelError(f"{path.name} is {said.words}, not a weight file.", hint=said.next_step)


def _beginning(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError as error:
        raise ModelError(f"{path.name} cannot be read: {error.strerror or error}.") from error
