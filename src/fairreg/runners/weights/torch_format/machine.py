# SPDX-License-Identifier: MIT
"""State of the pickle machine: what its instructions read, keep and make, with the limits of each."""

import mmap
import struct
from typing import Any

from fairreg.errors import ModelError, UnsafePickle
from fairreg.runners.weights.torch_format.allowlist import Function, stand_in
from fairreg.runners.weights.torch_format.descriptions import Opaque, Storage, StorageType
from fairreg.runners.weights.torch_format.keys import Keys

__all__ = ["Machine"]

_MAX_CONTAINERS = 3_000_000
_MAX_MARKS = 10_000
_MAX_COPIED = 4_000_000  # values that calls copy out of their arguments
_TEXT_PER_VALUE = 64  # characters of a copied text that count as one value
_MAX_ELEMENTS = 2**63
_STORAGE_FIELDS = 5  # the sixth, of the older format, is the view of a larger storage
_REMEDY = (
    "Ask the authors for a safetensors or ONNX file, or for a plain state dict. "
    "If the model is yours, save its state_dict() or export it to ONNX."
)


class Machine:
    """Stack, memo, position and budget of one pickle; `source` names the file in messages."""

    def __init__(self, content: bytes | mmap.mmap, at: int, source: str) -> None:
        self.content, self.at, self.source = content, at, source
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        self.storages: dict[str, Storage] = {}
        self.keys = Keys()
        self._containers = self._copied = 0

    def number(self, layout: struct.Struct) -> Any:
        """Read the next number."""
        (value,) = layout.unpack_from(self.content, self.at)
        self.at += layout.size
        return value

    def counted(self, layout: struct.Struct) -> bytes:
        """Read the bytes whose number comes first."""
        count = self.number(layout)
        start, self.at = self.at, self.at + count
        if count < 0 or self.at > len(self.content):
            raise EOFError
        return self.content[start : self.at]

    def raw_line(self) -> bytes:
        """Read up to the end of the line."""
        end = self.content.find(b"\n", self.at)
        if end < 0:
            raise EOFError
        start, self.at = self.at, end + 1
        return self.content[start:end]

    def line(self) -> str:
        """Read the text up to the end of the line."""
        return self.raw_line().decode("utf-8")

    def name(self, module: object, name: object) -> Opaque:
        """Return the stand-in of a name. Raises UnsafePickle for one that is not on the list."""
        found = stand_in(module, name) if isinstance(module, str) and isinstance(name, str) else None
        if found is None:
            raise self.unsafe(f"names {_shown(module)}.{_shown(name)}, which is not known to be harmless")
        return found

    def unsafe(self, clause: str) -> UnsafePickle:
        """Make the error for a pickle that does what `clause` says."""
        return UnsafePickle(f"{self.source} was refused: its pickle {clause}.", hint=_REMEDY)

    def container(self, made: Any) -> None:
        """Put a new list, tuple, dict or set on the stack. Raises ModelError beyond the limit."""
        self._containers += 1
        if self._containers > _MAX_CONTAINERS:
            raise ModelError(f"its pickle has more than {_MAX_CONTAINERS} lists, tuples and dictionaries")
        self.stack.append(made)

    def mark(self) -> None:
        """Begin a group of values. Raises ModelError beyond the limit."""
        if len(self.marks) >= _MAX_MARKS:
            raise ModelError(f"its pickle nests more than {_MAX_MARKS} values that are being built")
        self.marks.append(self.stack)
        self.stack = []

    def above_mark(self) -> list[Any]:
        """Take the values above the last mark off the stack."""
        values, self.stack = self.stack, self.marks.pop()
        return values

    def call(self, function: object, arguments: object, more: Any = ()) -> None:
        """Put the answer of a stand-in on the stack; that of an inert one is inert."""
        if not isinstance(function, Opaque) or not isinstance(arguments, tuple):
            raise ModelError("its pickle calls a value that is not a function")
        if type(function) is Opaque:
            self.stack.append(function)
            return
        if not isinstance(function, Function) or more:
            raise ModelError(f"its pickle calls {function.name} in a way that PyTorch does not")
        self._copied += sum(map(_extent, arguments))
        if self._copied > _MAX_COPIED:
            raise ModelError(f"its pickle copies more than {_MAX_COPIED} values")
        self.container(function.answer(*arguments))

    def refer(self, reference: object) -> None:
        """Put the storage of a persistent identifier on the stack."""
        if not isinstance(reference, tuple) or reference[:1] not in (("storage",), (b"storage",)):
            raise self.unsafe(
                f"refers to an object outside the file, by the identifier {_first(reference)!r}"
            )
        storage = _storage(reference)
        known = self.storages.setdefault(storage.key, storage)
        if (known.dtype, known.elements) != (storage.dtype, storage.elements):
            raise ModelError(f"its storage {_shown(storage.key)} is described in two ways")
        self.stack.append(storage)


def _shown(value: object) -> str:
    """A short text for messages, free of characters that would move a terminal's cursor."""
    text = str(value)[:200] if isinstance(value, (str, int)) else type(value).__name__
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def _first(reference: object) -> str:
    return _shown(reference[0] if isinstance(reference, tuple) and reference else reference)


def _extent(argument: object) -> int:
    """Number of values that a call may copy out of `argument`."""
    if isinstance(argument, (str, bytes)):
        return len(argument) // _TEXT_PER_VALUE
    return len(argument) if isinstance(argument, (tuple, list, dict, set, frozenset)) else 0


def _storage(reference: tuple[Any, ...]) -> Storage:
    """Storage of ("storage", class, key, device, elements) and, in the older format, its view or None."""
    if len(reference) not in (_STORAGE_FIELDS, _STORAGE_FIELDS + 1):
        raise ModelError("the description of a storage is damaged")
    _, kind, key, _, elements, view = (*reference, None)[: _STORAGE_FIELDS + 1]
    _, first, count = (None, 0, elements) if view is None else view
    numbers = (elements, first, count)
    if (
        not isinstance(kind, StorageType)
        or not isinstance(key, str)
        or any(type(n) is not int for n in numbers)
    ):
        raise ModelError("the description of a storage is damaged")
    if min(numbers) < 0 or elements >= _MAX_ELEMENTS or first + count > elements:
        raise ModelError("the description of a storage is damaged")
    return Storage(kind.name, key, elements, first, None if view is None else count)
