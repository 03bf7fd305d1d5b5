# SPDX-License-Identifier: MIT
"""Models in protocol buffers: ONNX, TensorFlow's GraphDef and SavedModel, told apart by their fields.

The encoding has no signature. Fields are read one after the other by the wire format
(https://protobuf.dev/programming-guides/encoding/), contents are passed over. Sources of the numbers and
types of the fields: onnx/onnx.proto (ModelProto), tensorflow/core/framework/graph.proto and node_def.proto,
tensorflow/core/protobuf/saved_model.proto and meta_graph.proto.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from fairreg.storage.recognition.beginning import opened
from fairreg.storage.recognition.description import FormatDescription

__all__ = ["describe"]

_VARINT, _BYTES = 0, 2
_MAX_FIELDS = 20_000
_MAX_VALUE = 1 << 16
# ModelProto: field -> wire type.
_ONNX = {1: 0, 2: 2, 3: 2, 4: 2, 5: 0, 6: 2, 7: 2, 8: 2, 14: 2, 20: 2, 25: 2, 26: 2}
_GRAPH, _IR, _PRODUCER, _PRODUCER_VERSION = 7, 1, 2, 3
_MAX_IR = 100
_META_GRAPH = 2
_MORE = 0x80  # set in all bytes of an integer but its last
_LONGEST = 200
_GRAPHDEF = {1: 2, 2: 2, 3: 0, 4: 2, 5: 2}  # node, library, version, versions, debug_info
_SAVED_MODEL = {1: 0, 2: 2}  # saved_model_schema_version, meta_graphs
_OPERATOR = re.compile(rb"[A-Z_][A-Za-z0-9_>./:-]{0,99}")


class _Field(NamedTuple):
    number: int
    kind: int
    value: int  # of a varint, or the length of what follows
    place: int  # of the first byte of the content
    whole: bool


def describe(path: Path, head: bytes) -> FormatDescription | None:
    """Recognise a model in protocol buffers; None for any other file."""
    with opened(path, head) as file:
        size = file.seek(0, 2)
        fields = list(_fields(file, 0, size))
        kinds = {item.number: item.kind for item in fields}
        whole = all(item.whole for item in fields) and bool(fields)
        if not fields:
            return None
        if _fits(fields, _ONNX) and _IR in kinds and _GRAPH in kinds:
            return _onnx(file, fields, whole=whole)
        if whole and _fits(fields, _SAVED_MODEL) and len(kinds) == len(_SAVED_MODEL) and fields[0].value == 1:
            return _saved_model(file, fields)
        if whole and _fits(fields, _GRAPHDEF) and fields[0].number == 1:
            return _graph(file, fields)
    return None


def _fits(fields: list[_Field], known: dict[int, int]) -> bool:
    return all(known.get(item.number) == item.kind for item in fields)


def _fields(file: BinaryIO, start: int, end: int) -> Iterator[_Field]:
    """The fields between two places, at most `_MAX_FIELDS`; none follows one that is damaged or cut off."""
    place = start
    for _ in range(_MAX_FIELDS):
        if place >= end:
            return
        file.seek(place)
        head = file.read(min(20, end - place))
        tag, used = _varint(head)
        if not used or not tag >> 3:
            yield _Field(0, -1, 0, place, whole=False)
            return
        kind = tag & 7
        value, more = _varint(head[used:])
        fixed = {1: 8, 5: 4}.get(kind)
        if kind not in {_VARINT, _BYTES} and fixed is None:
            yield _Field(tag >> 3, -1, 0, place, whole=False)
            return
        content = place + used + (0 if fixed else more)
        place = content + (fixed or (value if kind == _BYTES else 0))
        whole = place <= end and bool(fixed or more)
        yield _Field(tag >> 3, kind, value, content, whole)
        if not whole:
            return


def _varint(content: bytes) -> tuple[int, int]:
    """An integer and the number of its bytes; no bytes for none."""
    value = 0
    for number, byte in enumerate(content[:10]):
        value |= (byte & 0x7F) << (7 * number)
        if byte < _MORE:
            return value, number + 1
    return 0, 0


def _text(file: BinaryIO, fields: list[_Field], number: int) -> str | None:
    found = next((item for item in fields if item.number == number and item.kind == _BYTES), None)
    if found is None or not found.whole or found.value > _LONGEST:
        return None
    file.seek(found.place)
    text = file.read(found.value).decode("utf-8", "replace")
    return text if text.isprintable() and text else None


def _onnx(file: BinaryIO, fields: list[_Field], *, whole: bool) -> FormatDescription | None:
    version = next(item.value for item in fields if item.number == _IR)
    if not 0 < version < _MAX_IR:
        return None
    producer = _text(file, fields, _PRODUCER)
    note = None if whole else "The file is cut off or damaged."
    return FormatDescription(
        "onnx",
        "an ONNX model",
        producer,
        _text(file, fields, _PRODUCER_VERSION) if producer else None,
        {"IR version": version},
        note,
    )


def _saved_model(file: BinaryIO, fields: list[_Field]) -> FormatDescription:
    graph = next(item for item in fields if item.number == _META_GRAPH)
    version = None
    about = next((item for item in _fields(file, graph.place, graph.place + graph.value)), None)
    if about is not None and about.number == 1 and about.kind == _BYTES:
        inner = list(_fields(file, about.place, about.place + about.value))
        version = _text(file, inner, 5)  # MetaInfoDef.tensorflow_version
    words = "the graph of a TensorFlow SavedModel, whose weights are in the folder variables beside it"
    return FormatDescription("saved_model", words, "TensorFlow", version)


def _graph(file: BinaryIO, fields: list[_Field]) -> FormatDescription | None:
    """A GraphDef, if its first nodes have a name and an operator."""
    nodes = [item for item in fields if item.number == 1]
    for node in nodes[:20]:
        inner = list(_fields(file, node.place, node.place + min(node.value, _MAX_VALUE)))
        operator = _text(file, inner, 2)
        if _text(file, inner, 1) is None or not operator or not _OPERATOR.fullmatch(operator.encode()):
            return None
    if not nodes:
        return None
    return FormatDescription(
        "saved_model", "a frozen TensorFlow graph (GraphDef)", "TensorFlow", facts={"nodes": len(nodes)}
    )
