# SPDX-License-Identifier: MIT
"""Inference answers of the Open Inference Protocol V2: a JSON object, and binary data of its tensors."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from numpy.typing import NDArray

from fairreg.server.inference.datatypes import binary_of, datatype_of, plain_list
from fairreg.server.inference.faults import InferenceFault
from fairreg.server.inference.held_bytes import PiecewiseResponse
from fairreg.server.inference.request_body import InferenceRequest

__all__ = ["HEADER_LENGTH", "answer", "check_outputs"]

HEADER_LENGTH = "Inference-Header-Content-Length"
# Values that are sent as JSON: each is an object of Python meanwhile.
_MOST_VALUES = 1_000_000
_MOST_BYTES = 256 * 1024 * 1024

Array = NDArray[Any]


def check_outputs(request: InferenceRequest, known: Iterable[str]) -> None:
    """Raise InferenceFault for a requested output that the model does not have."""
    names = list(known)
    for name in request.outputs:
        if name not in names:
            raise InferenceFault(f"The model has no output {name!r}; it has {', '.join(map(repr, names))}.")


def answer(
    model: str, request: InferenceRequest, found: Mapping[str, Array], known: Iterable[str]
) -> PiecewiseResponse:
    """Return the answer with the outputs `found`, of a model whose signature has the outputs `known`.

    Raises InferenceFault for outputs that are too large, or that JSON cannot express.
    """
    chosen = _chosen(request, found, frozenset(known))
    _check_size(chosen)
    tensors: list[dict[str, Any]] = []
    pieces: list[memoryview] = []
    for name, (array, binary) in chosen.items():
        tensor: dict[str, Any] = {
            "name": name,
            "datatype": datatype_of(name, array),
            "shape": list(array.shape),
        }
        if binary:
            pieces.append(binary_of(array))
            tensor["parameters"] = {"binary_data_size": pieces[-1].nbytes}
        else:
            tensor["data"] = plain_list(name, array)
        tensors.append(tensor)
    named = {} if request.id is None else {"id": request.id}
    head = msgspec.json.encode({"model_name": model, **named, "outputs": tensors})
    headers = {"Cache-Control": "no-store"}
    if not pieces:
        return PiecewiseResponse(head, pieces, headers, "application/json")
    headers[HEADER_LENGTH] = str(len(head))
    return PiecewiseResponse(head, pieces, headers, "application/octet-stream")


def _chosen(
    request: InferenceRequest, found: Mapping[str, Array], known: frozenset[str]
) -> dict[str, tuple[Array, bool]]:
    """The outputs to send, each with True for binary data.

    The items of a sequence that differ in shape come as NAME_0, NAME_1 and so on; an absent one not at all.
    """
    if not request.outputs:
        return {name: (array, request.binary) for name, array in found.items()}
    chosen: dict[str, tuple[Array, bool]] = {}
    for name, binary in request.outputs.items():
        item = re.compile(rf"{re.escape(name)}_[0-9]+")
        names = (
            [name] if name in found else [key for key in found if key not in known and item.fullmatch(key)]
        )
        chosen |= {key: (found[key], binary) for key in names}
    return chosen


def _check_size(chosen: Mapping[str, tuple[Array, bool]]) -> None:
    total = sum(array.nbytes for array, _ in chosen.values())
    if total > _MOST_BYTES:
        raise InferenceFault(f"The outputs have {total} bytes, and at most {_MOST_BYTES} are sent.")
    values = sum(array.size for array, binary in chosen.values() if not binary)
    if values > _MOST_VALUES:
        raise InferenceFault(
            f"The outputs have {values} values, but JSON at most {_MOST_VALUES} here: ask for binary data."
        )
