# SPDX-License-Identifier: MIT
"""The identifier of this version in the `metadata_props` of an ONNX model.

A ModelProto is a sequence of fields (https://protobuf.dev/programming-guides/encoding/); `metadata_props` is
its field 14, of key (1) and value (2) (onnx/onnx.proto). Only this field is written, everything else is
copied byte for byte and in blocks, so that memory does not grow with the file.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from fairreg.errors import ModelError
from fairreg.schemas.identifiers import Identifier

__all__ = ["KEY", "property_of", "stated_identifiers", "stated_properties", "write_identifier"]

KEY = "doi"
_PROPERTIES, _GRAPH = 14, 7
_VARINT, _I64, _BYTES, _I32 = 0, 1, 2, 5
_LONGEST_PROPERTY = 1 << 16
_MOST_FIELDS = 100_000
_MORE, _SEVEN, _LONGEST_VARINT = 0x80, 7, 10
_BLOCK = 1 << 20


class _Field(NamedTuple):
    number: int
    kind: int
    start: int  # of the tag
    content: int  # of the first byte of the content
    end: int


def property_of(source: Path, key: str) -> str | None:
    """Return the value of a property, None for a model without it. Raises ModelError for a damaged file."""
    with source.open("rb") as file:
        fields = _fields(file, file.seek(0, 2), source.name)
        return next((_value(file, item) for item in fields if _key(file, item) == key), None)


def write_identifier(
    source: Path, target: Path, identifier: Identifier, *, others: Callable[[str], bool] = lambda _doi: False
) -> bool:
    """Write the model with the property `doi` to `target`; False where `source` has exactly that already.

    Raises ModelError for a file that is not a whole ModelProto, and for a value that `others` knows as the
    DOI of another object.
    """
    with source.open("rb") as file:
        size = file.seek(0, 2)
        fields = list(_fields(file, size, source.name))
        if not any(item.number == _GRAPH and item.kind == _BYTES for item in fields):
            raise _damaged(source.name)
        held = [item for item in fields if _key(file, item) == KEY]
        wanted = _property(KEY, identifier.value)
        if [_content(file, item) for item in held] == [wanted]:
            return False
        for stated in (_value(file, item) for item in held):
            if others(stated):
                raise ModelError(
                    f"{source.name} has the DOI {stated}, not one that was reserved for this folder before, "
                    f"and so does not carry {identifier.value}."
                )
        place = held[0].start if held else size
        with target.open("wb") as out:
            _copy(file, out, [(0, place)])
            out.write(_varint(_PROPERTIES << 3 | _BYTES) + _varint(len(wanted)) + wanted)
            _copy(file, out, _between(held, size))
    return True


def stated_identifiers(source: Path) -> list[str]:
    """Return the values of the property `doi`. Raises ModelError for a file that is no whole ModelProto."""
    return stated_properties(source, KEY)


def stated_properties(source: Path, key: str) -> list[str]:
    """Return the values of one property. Raises ModelError for a file that is no whole ModelProto."""
    with source.open("rb") as file:
        size = file.seek(0, 2)
        return [_value(file, item) for item in _fields(file, size, source.name) if _key(file, item) == key]


def _between(left_out: list[_Field], size: int) -> list[tuple[int, int]]:
    """Return the spans behind the first field that is left out, without the others."""
    ends = [*(item.start for item in left_out[1:]), size]
    return [(item.end, end) for item, end in zip(left_out, ends, strict=False)]


def _copy(file: BinaryIO, out: BinaryIO, spans: list[tuple[int, int]]) -> None:
    for start, end in spans:
        file.seek(start)
        left = end - start
        while left and (block := file.read(min(left, _BLOCK))):
            out.write(block)
            left -= len(block)


def _fields(file: BinaryIO, size: int, name: str) -> Iterator[_Field]:
    """Yield the fields of the message. Raises ModelError where they do not fill the file."""
    place = 0
    for _ in range(_MOST_FIELDS):
        if place == size:
            return
        tag, content = _read_varint(file, place, name)
        kind = tag & 7
        if kind == _BYTES:
            length, content = _read_varint(file, content, name)
            end = content + length
        elif kind == _VARINT:
            end = _read_varint(file, content, name)[1]
        elif kind in {_I64, _I32}:
            end = content + (8 if kind == _I64 else 4)
        else:
            raise _damaged(name)
        if end > size:
            raise _damaged(name)
        yield _Field(tag >> 3, kind, place, content, end)
        place = end
    raise _damaged(name)


def _read_varint(file: BinaryIO, place: int, name: str) -> tuple[int, int]:
    """Return an integer and the place behind it."""
    file.seek(place)
    value = 0
    for count, byte in enumerate(file.read(_LONGEST_VARINT)):
        value |= (byte & ~_MORE) << (_SEVEN * count)
        if not byte & _MORE:
            return value, place + count + 1
    raise _damaged(name)


def _key(file: BinaryIO, item: _Field) -> str | None:
    """Return the key of a property, None for another field."""
    content = _content(file, item) if item.number == _PROPERTIES else b""
    if len(content) < 2 or content[0] != (1 << 3 | _BYTES) or content[1] & _MORE:  # noqa: PLR2004
        return None
    return content[2 : 2 + content[1]].decode("utf-8", "replace")


def _value(file: BinaryIO, item: _Field) -> str:
    """Return the value of a property as text, behind its tag and length."""
    content = _content(file, item)
    rest = content[3 + content[1] :]
    length = next((place for place, byte in enumerate(rest) if not byte & _MORE), 0)
    return rest[length + 1 :].decode("utf-8", "replace").strip()


def _content(file: BinaryIO, item: _Field) -> bytes:
    if item.kind != _BYTES or item.end - item.content > _LONGEST_PROPERTY:
        return b""
    file.seek(item.content)
    return file.read(item.end - item.content)


def _property(key: str, value: str) -> bytes:
    parts = ((1, key.encode()), (2, value.encode()))
    return b"".join(_varint(number << 3 | _BYTES) + _varint(len(text)) + text for number, text in parts)


def _varint(value: int) -> bytes:
    written = bytearray()
    while value >= _MORE:
        written.append(value & ~_MORE & 0xFF | _MORE)
        value >>= _SEVEN
    return bytes([*written, value])


def _damaged(name: str) -> ModelError:
    return ModelError(
        f"{name} is not a whole ONNX model, so no identifier was written into it.",
        hint="Export the model again.",
    )
