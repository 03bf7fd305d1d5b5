# SPDX-License-Identifier: MIT
"""skops files: read and checked before skops sees them, and read as plain values without it.

skops (0.16) itself imports nothing before it has audited all types, but it follows what the file says of
sizes: identifiers that stand for objects again and again, arrays that state any shape, members of any size.
Sources (skops-dev/skops): skops/io/_persist.py for the archive, _general.py, _numpy.py and _sklearn.py for
the members of each loader, _audit.py for ``__id__``: a node with a known one stands for the first of it.
"""

import io
import json
import lzma
import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fairreg.errors import ModelError, SecurityRefusal, UnsafeArchive
from fairreg.runners._trees.forest import damaged
from fairreg.runners._trees.sklearn_names import short_name
from fairreg.runners._trees.wording import plain
from fairreg.storage.archive import Limits

__all__ = ["Instance", "SkopsFile", "read"]

_SCHEMA = "schema.json"
_FREE_SCHEMA = 8 << 20
_SCHEMA_RATIO = 50
_MOST_MEMBERS = 1 << 16
_MOST_DEPTH = 150
_CORRUPT = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, lzma.LZMAError, EOFError, OSError),
    *(RuntimeError, NotImplementedError),  # an encrypted member, an unknown compression
)
_UNREADABLE = (
    *(ValueError, TypeError, SyntaxError, EOFError, RecursionError, MemoryError),
    tokenize.TokenError,  # NumPy reads headers that Python 2 wrote token by token
)
# Loaders of data. Those that stand for functions, methods and calls are refused.
_CONTAINERS = frozenset({"ListNode", "SetNode", "TupleNode"})
_LOADERS = _CONTAINERS | {
    *("DictNode", "ObjectNode", "NdArrayNode", "JsonNode", "TypeNode", "DTypeNode", "RandomStateNode"),
    *("RandomGeneratorNode", "LossNode", "TreeNode"),
}


@dataclass(frozen=True)
class Instance:
    """An object that the file describes: name of its class, and its attributes. It is not created."""

    kind: str
    attributes: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Name of a class of scikit-learn without its module; the full name of any other."""
        return short_name(self.kind)

    def get(self, attribute: str, default: Any = None) -> Any:
        """An attribute, `default` where it has none."""
        return self.attributes.get(attribute, default)

    def __getitem__(self, attribute: str) -> Any:
        return self.attributes[attribute]


@dataclass(frozen=True)
class SkopsFile:
    """A checked file. `members` are its arrays by name; `kinds` the classes of its objects, in order."""

    name: str
    size: int
    text: bytes
    schema: Mapping[str, Any]
    members: Mapping[str, bytes]
    kinds: tuple[str, ...] = ()
    _values: dict[int, Any] = field(default_factory=dict, compare=False)

    @property
    def version(self) -> str:
        """Version of skops that the file states."""
        return plain(self.schema.get("_skops_version", ""), 40)

    def archive(self) -> bytes:
        """The checked content as an archive of skops."""
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as archive:
            archive.writestr(_SCHEMA, self.text)
            for name, content in self.members.items():
                archive.writestr(name, content)
        return target.getvalue()

    def values(self) -> Any:
        """The model as plain values; no class of it is looked up. Raises ModelError."""
        self._values.clear()
        try:
            return self._value(self.schema)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise damaged(self.name, f"its schema is incomplete ({error})") from error

    def _value(self, state: Mapping[str, Any]) -> Any:
        known = state.get("__id__")
        if known in self._values:
            return self._values[known]
        found = self._read(state)
        if known is not None:
            self._values[known] = found
        return found

    def _read(self, state: Mapping[str, Any]) -> Any:
        loader = state["__loader__"]
        kind = f"{state['__module__']}.{state['__class__']}"
        if loader == "JsonNode":
            return json.loads(state["content"])
        if loader == "DictNode":
            return {key: self._value(item) for key, item in state["content"].items()}
        if loader in _CONTAINERS:
            return [self._value(item) for item in state["content"]]
        if loader == "NdArrayNode":
            return self._array(state)
        if loader in {"ObjectNode", "TreeNode", "LossNode"}:
            content = state.get("content")
            attributes = {} if content is None else self._value(content)
            given = dict(attributes) if isinstance(attributes, dict) else {"state": attributes}
            if "__reduce__" in state:
                given["__arguments__"] = self._value(state["__reduce__"]["args"])
            return Instance(kind, given)
        return Instance(kind, {})

    def _array(self, state: Mapping[str, Any]) -> Any:
        if state["type"] == "json":
            return [self._value(item) for item in state["content"]]
        array = np.load(io.BytesIO(self.members[state["file"]]), allow_pickle=False)
        return array[()] if state["__class__"] != "ndarray" else array


def read(path: Path) -> SkopsFile:
    """Read and check a file, without skops.

    Raises ModelError for a damaged file, UnsafeArchive for one that grows beyond its limits, and
    SecurityRefusal for one that names functions or calls.
    """
    size, name = path.stat().st_size, plain(path.name)
    try:
        with path.open("rb") as stream, zipfile.ZipFile(stream) as archive:
            members = _members(archive, name, size)
    except _CORRUPT as error:
        raise damaged(name, "its archive cannot be read") from error
    try:
        text = members.pop(_SCHEMA)
        schema = json.loads(text)
    except KeyError:
        raise ModelError(f"{name} is not a skops file: it has no schema.json.") from None
    except (ValueError, RecursionError) as error:
        raise damaged(name, "its schema.json cannot be read") from error
    checked = _Checked(name, members)
    checked.check(schema)
    used = {file: members[file] for file in checked.files}
    return SkopsFile(name, size, text, schema, used, tuple(dict.fromkeys(checked.kinds)))


def _members(archive: zipfile.ZipFile, name: str, size: int) -> dict[str, bytes]:
    """The content of all members, whose sizes are bounded by that of the archive."""
    listed = archive.infolist()
    if len(listed) > _MOST_MEMBERS or len({item.filename for item in listed}) != len(listed):
        raise UnsafeArchive(f"{name} lists a member twice, or more than {_MOST_MEMBERS} of them.")
    if sum(item.file_size for item in listed) > Limits().bytes_for(size):
        raise UnsafeArchive(f"{name} would grow beyond the limits when it is unpacked.")
    for item in listed:
        if item.filename == _SCHEMA and item.file_size > max(_FREE_SCHEMA, _SCHEMA_RATIO * size):
            raise UnsafeArchive(f"The schema.json of {name} would grow beyond the limits.")
    return {item.filename: archive.read(item) for item in listed}


class _Checked:
    """Checks the nodes of a schema; `kinds` are the classes of its objects, `files` the arrays in use."""

    def __init__(self, name: str, members: Mapping[str, bytes]) -> None:
        self._name, self._members = name, members
        self._sizes: dict[int, int] = {}
        self._open: set[int] = set()
        self.kinds: list[str] = []
        self.files: dict[str, int] = {}

    def check(self, state: Any, depth: int = 0) -> int:
        """Check a node with all below it; return the number of its nodes.

        skops visits a node again wherever its identifier stands, however short it is written there: a
        repetition must be as long as what it stands for, so that the file's size bounds the visits.
        """
        if depth > _MOST_DEPTH:
            raise damaged(self._name, "its schema is nested too deeply")
        if not isinstance(state, dict) or not all(
            isinstance(state.get(key), str) for key in ("__class__", "__module__", "__loader__")
        ):
            raise damaged(self._name, "its schema has a node without a class")
        loader, known = state["__loader__"], state.get("__id__")
        kind = f"{state['__module__']}.{state['__class__']}"
        if loader not in _LOADERS:
            raise SecurityRefusal(
                f"{self._name} has {_shown(kind)} by the loader {_shown(loader)}, which stands for code "
                "rather than data.",
                hint="Ask its authors for the model as ONNX.",
            )
        if known is not None and (isinstance(known, bool) or not isinstance(known, int)):
            raise damaged(self._name, "an identifier in its schema is not a whole number")
        if known in self._open:
            raise damaged(self._name, "a node of its schema is inside itself")
        if known is not None:
            self._open.add(known)
        size = 1 + sum(self.check(child, depth + 1) for child in self._children(state, loader))
        if known is not None:
            self._open.remove(known)
            if size < self._sizes.setdefault(known, size):
                raise damaged(self._name, "a node of its schema repeats a longer one")
        self.kinds.append(kind)
        return size

    def _children(self, state: Mapping[str, Any], loader: str) -> Iterator[Any]:
        """The nodes below a node in the order in which skops visits them."""
        content = state.get("content")
        if loader == "DictNode":
            yield state.get("key_types")
            yield from self._of(content, dict).values()
        elif loader in _CONTAINERS:
            yield from self._of(content, list)
        elif loader == "JsonNode":
            self._of(content, str)
        elif loader == "NdArrayNode":
            yield from self._array(state)
        elif loader == "RandomGeneratorNode":
            yield from (self._of(content, dict).get(key) for key in ("bit_generator", "seed_seq"))
        elif loader != "TypeNode" and content is not None:
            yield content
        if "__reduce__" in state:
            yield self._of(state["__reduce__"], dict).get("args")

    def _of(self, value: Any, kind: type) -> Any:
        if not isinstance(value, kind):
            raise damaged(self._name, "a node of its schema has no content")
        return value

    def _array(self, state: Mapping[str, Any]) -> Iterator[Any]:
        if state.get("type") == "json":
            yield from self._of(state.get("content"), list)
            yield state.get("shape")
            return
        file = self._of(state.get("file"), str)
        if state.get("type") != "numpy" or file not in self._members:
            raise damaged(self._name, "an array of its schema is missing")
        known = state.get("__id__", id(state))
        if self.files.setdefault(file, known) != known:
            raise damaged(self._name, "two nodes of its schema use one array")
        check_array(self._members[file], self._name)


def check_array(content: bytes, name: str) -> None:
    """Raise ModelError for a .npy whose stated shape is not that of its content, or that holds objects."""
    stream = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        reader = np.lib.format.read_array_header_1_0
        if version != (1, 0):
            reader = np.lib.format.read_array_header_2_0
        shape, _, kind = reader(stream)
    except _UNREADABLE as error:
        raise damaged(name, "an array of it cannot be read") from error
    count = 1
    for length in shape:
        count *= length
    if kind.hasobject or count * kind.itemsize != len(content) - stream.tell() or len(shape) > 32:  # noqa: PLR2004
        raise damaged(name, "an array of it has another size than it states")


def _shown(text: str) -> str:
    return f"'{plain(text, 80)}'"
