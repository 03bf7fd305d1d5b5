# SPDX-License-Identifier: MIT
"""Inference requests of the Open Inference Protocol V2: a JSON object, and binary data of its tensors."""

from dataclasses import dataclass
from math import prod
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct
from numpy.typing import NDArray

from fairreg.server.inference.datatypes import from_binary, from_json
from fairreg.server.inference.faults import InferenceFault

__all__ = ["InferenceRequest", "read_request"]

_MOST_TENSORS = 1000
_MOST_AXES = 32
# Elements of a tensor, axes of length 0 aside: more fit into no body.
_MOST_ELEMENTS = 2**26
_MOST_BYTES = 2**40
_Axis = Annotated[int, Meta(ge=0, le=_MOST_ELEMENTS)]
_Axes = Annotated[tuple[_Axis, ...], Meta(max_length=_MOST_AXES)]
_ByteCount = Annotated[int, Meta(ge=0, le=_MOST_BYTES)]


class _TensorParameters(Struct, frozen=True):
    """Parameters of an input or output. Those of shared memory and classification are refused, unread."""

    binary_data_size: _ByteCount | None = None
    binary_data: bool | None = None
    shared_memory_region: Raw = Raw()
    classification: Raw = Raw()


class _RequestParameters(Struct, frozen=True):
    binary_data_output: bool = False
    sequence_id: Raw = Raw()


class _RequestedOutput(Struct, frozen=True):
    name: str
    parameters: _TensorParameters | None = None


class _RequestedInput(_RequestedOutput, frozen=True, kw_only=True):
    shape: _Axes
    datatype: str
    data: Raw = Raw()


class _Request(Struct, frozen=True):
    inputs: Annotated[tuple[_RequestedInput, ...], Meta(max_length=_MOST_TENSORS)]
    outputs: Annotated[tuple[_RequestedOutput, ...], Meta(max_length=_MOST_TENSORS)] = ()
    parameters: _RequestParameters | None = None
    id: str | None = None


_DECODER = msgspec.json.Decoder(_Request)


@dataclass(frozen=True)
class InferenceRequest:
    """Inputs by name; `outputs` are the requested ones with True for binary data, empty for all of them.

    `binary` is that of outputs for which nothing else is said.
    """

    id: str | None
    arrays: dict[str, NDArray[Any]]
    outputs: dict[str, bool]
    binary: bool


def read_request(body: bytes, header_length: int | None) -> InferenceRequest:
    """Read the body of a request; its JSON has `header_length` bytes, None: it is all of it.

    Sizes that are stated are compared with those that are there before any array is made. Raises
    InferenceFault.
    """
    data = memoryview(body)
    if header_length is not None and header_length > len(body):
        raise InferenceFault(
            f"Inference-Header-Content-Length is {header_length}, but the body has {len(body)} bytes."
        )
    found = _decoded(data[:header_length])
    _check_parameters(found)
    sizes = {item.name: _binary_size(item) for item in found.inputs}
    if len(sizes) != len(found.inputs):
        raise InferenceFault("Two inputs have the same name.")
    binary = sum(size or 0 for size in sizes.values())
    place = len(body) if header_length is None else header_length
    if binary != len(body) - place:
        raise InferenceFault(
            f"The inputs state {binary} bytes of binary data, but {len(body) - place} follow the JSON."
        )
    arrays = {}
    for item in found.inputs:
        size = sizes[item.name]
        arrays[item.name] = _array(item, None if size is None else data[place : place + size])
        place += size or 0
    usual = found.parameters is not None and found.parameters.binary_data_output
    return InferenceRequest(found.id, arrays, _outputs(found.outputs, usual=usual), usual)


def _decoded(text: memoryview) -> _Request:
    try:
        return _DECODER.decode(text)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError, ValueError) as error:
        raise InferenceFault(f"The JSON of the request is not that of an inference: {error}.") from error


def _check_parameters(request: _Request) -> None:
    """Raise InferenceFault for what would change the answer and is not done here."""
    if request.parameters is not None and _is_stated(request.parameters.sequence_id):
        raise InferenceFault("Sequences are not possible: every request is computed by itself.")
    tensors: tuple[_RequestedOutput, ...] = (*request.inputs, *request.outputs)
    for item in tensors:
        if item.parameters is not None and _is_stated(item.parameters.shared_memory_region):
            raise InferenceFault(f"{item.name!r}: shared memory is not possible; send the data.")
        if item.parameters is not None and _is_stated(item.parameters.classification):
            raise InferenceFault(f"{item.name!r}: classification is not possible; ask for the values.")


def _is_stated(value: Raw) -> bool:
    """Tell whether JSON is there and not null, 0 or an empty text."""
    return bytes(value) not in {b"", b"null", b"0", b'""'}


def _binary_size(item: _RequestedInput) -> int | None:
    size = item.parameters.binary_data_size if item.parameters is not None else None
    if (size is None) == (not bytes(item.data)):
        raise InferenceFault(f"The input {item.name!r} needs either data or binary_data_size.")
    return size


def _array(item: _RequestedInput, data: memoryview | None) -> NDArray[Any]:
    if prod(size or 1 for size in item.shape) > _MOST_ELEMENTS:
        raise InferenceFault(f"The input {item.name!r} has too large a shape: {list(item.shape)}.")
    if data is None:
        return from_json(item.name, item.datatype, item.shape, bytes(item.data))
    return from_binary(item.name, item.datatype, item.shape, data)


def _outputs(outputs: tuple[_RequestedOutput, ...], *, usual: bool) -> dict[str, bool]:
    found: dict[str, bool] = {}
    for item in outputs:
        stated = item.parameters.binary_data if item.parameters is not None else None
        if item.name in found:
            raise InferenceFault(f"The output {item.name!r} is requested twice.")
        found[item.name] = usual if stated is None else stated
    return found
