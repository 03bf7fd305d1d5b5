# SPDX-License-Identifier: MIT
"""Allowed content of a .tflite file before the native interpreter sees it.

The interpreter trusts much of a file: a changed byte can end the process. So the FlatBuffer is read in Python
(with the classes that ai-edge-litert ships), every number that points to something is checked, and the
interpreter gets a file that is written anew from what was read. Source: tensorflow/lite/schema/schema.fbs.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from math import prod
from typing import Any

from fairreg.errors import MissingEngine, ModelError, SecurityRefusal
from fairreg.schemas.text import one_line

__all__ = ["Ends", "check"]

# What reading outside a FlatBuffer, or a value that does not fit its field, raises in Python.
_FAULTS = (
    *(struct.error, ValueError, LookupError, TypeError, AttributeError, OverflowError, MemoryError),
    *(AssertionError, RecursionError, UnicodeDecodeError, ArithmeticError),
)
_MOST_TABLES, _MOST_NUMBERS = 100_000, 4_000_000
_MOST_BYTES = 4 << 30
_MOST_AXES = 8
_CUSTOM = 32
# Operators that keep a state or call other graphs: their results would depend on what was computed before.
_REFUSED = frozenset(
    {
        *("DELEGATE", "CALL", "CALL_ONCE", "IF", "WHILE", "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE"),
        *(
            "HASHTABLE",
            "HASHTABLE_FIND",
            "HASHTABLE_IMPORT",
            "HASHTABLE_SIZE",
            "PLACEHOLDER_FOR_GREATER_OP_CODES",
        ),
        *("EMBEDDING_LOOKUP_SPARSE", "HASHTABLE_LOOKUP", "LSH_PROJECTION", "SKIP_GRAM", "CONCAT_EMBEDDINGS"),
        *("RANDOM_UNIFORM", "RANDOM_STANDARD_NORMAL", "MULTINOMIAL"),
    }
)
_BYTES = {
    "FLOAT32": 4, "FLOAT16": 2, "INT32": 4, "UINT8": 1, "INT64": 8, "BOOL": 1, "INT16": 2, "INT8": 1,
    "FLOAT64": 8, "UINT64": 8, "UINT32": 4, "UINT16": 2,
}  # fmt: skip
_HINT = "Ask its authors for the model that this file was made of, or for an ONNX file."
_MAIN = "serving_default"


@dataclass(frozen=True)
class Ends:
    """A checked model: `content` for the interpreter, inputs and outputs as (name, index of the tensor)."""

    content: bytes
    inputs: tuple[tuple[str, int], ...]
    outputs: tuple[tuple[str, int], ...]
    description: str | None


def check(content: bytes, name: str) -> Ends:
    """Check a file called `name`. Raises ModelError, SecurityRefusal, MissingEngine."""
    schema = _schema()
    try:
        _check_counts(schema.Model.GetRootAs(content, 0), name)
        model = schema.ModelT.InitFromPackedBuf(content, 0)
    except _FAULTS as error:
        raise _damaged(name, "its tables cannot be read") from error
    try:
        graph = _only_graph(model, name)
        _check_operators(model, graph, name)
        _check_tensors(schema, model, graph, name)
        inputs, outputs = _ends(model, graph, name)
        return Ends(_packed(schema, model), inputs, outputs, _text(model.description))
    except _FAULTS as error:
        raise _damaged(name, "its tables do not fit each other") from error


def _schema() -> Any:
    try:
        from ai_edge_litert import schema_py_generated
    except ImportError as error:
        raise MissingEngine("LiteRT", "tflite") from error
    return schema_py_generated


def _damaged(name: str, reason: str) -> ModelError:
    return ModelError(f"{name} is a truncated or damaged TensorFlow Lite model: {reason}.")


def _check_counts(model: Any, name: str) -> None:
    """Bound what is read: tables may be shared, so that a small file can stand for endless ones."""
    graphs = model.SubgraphsLength()
    if graphs != 1:
        raise ModelError(
            f"{name} has {graphs} graphs: it has control flow, or is several models, which is not supported.",
            hint=_HINT,
        )
    graph = model.Subgraphs(0)
    lists = (model.OperatorCodesLength, model.BuffersLength, model.MetadataLength, model.SignatureDefsLength)
    tables = [count() for count in (*lists, graph.TensorsLength, graph.OperatorsLength)]
    if sum(tables) > _MOST_TABLES:
        raise _damaged(name, "it has too many parts")
    numbers = sum(_numbers(graph.Operators(item)) for item in range(graph.OperatorsLength()))
    numbers += sum(graph.Tensors(item).ShapeLength() for item in range(graph.TensorsLength()))
    numbers += sum(model.Buffers(item).DataLength() for item in range(model.BuffersLength())) // 1024
    if (
        numbers > _MOST_NUMBERS
        or sum(_signature_size(model.SignatureDefs(item)) for item in range(tables[3])) > _MOST_TABLES
    ):
        raise _damaged(name, "it has too many numbers")


def _numbers(operator: Any) -> int:
    lengths = (operator.InputsLength, operator.OutputsLength, operator.IntermediatesLength)
    return sum(
        length() for length in (*lengths, operator.CustomOptionsLength, operator.MutatingVariableInputsLength)
    )


def _signature_size(signature: Any) -> int:
    return int(signature.InputsLength() + signature.OutputsLength())


def _only_graph(model: Any, name: str) -> Any:
    if _all(getattr(model, "externalBufferGroups", None)) or _all(getattr(model, "externalBuffers", None)):
        raise SecurityRefusal(f"{name} keeps its weights in other files, which are not read.", hint=_HINT)
    if any((buffer.offset or 0) > 1 or (buffer.size or 0) > 1 for buffer in _all(model.buffers)):
        raise ModelError(f"{name} keeps its weights behind its tables, which is not supported.", hint=_HINT)
    return model.subgraphs[0]


def _all(items: Any) -> list[Any]:
    return [] if items is None else list(items)


@cache
def _operator_names() -> Mapping[int, str]:
    schema = _schema()
    return {number: key for key, number in vars(schema.BuiltinOperator).items() if isinstance(number, int)}


def _check_operators(model: Any, graph: Any, name: str) -> None:
    count = len(_all(graph.tensors))
    for code in _all(model.operatorCodes):
        _check_code(code, name)
    for operator in _all(graph.operators):
        if not 0 <= operator.opcodeIndex < len(_all(model.operatorCodes)):
            raise _damaged(name, "an operator is of no kind")
        _check_indices(_all(operator.inputs), -1, count, name)
        _check_indices([*_all(operator.outputs), *_all(operator.intermediates)], 0, count, name)
    _check_indices([*_all(graph.inputs), *_all(graph.outputs)], 0, count, name)
    _check_order(model, graph, name)


def _check_code(code: Any, name: str) -> None:
    number = max(code.builtinCode, code.deprecatedBuiltinCode)
    if number == _CUSTOM:
        custom = one_line(_text(code.customCode) or "")[:80]
        flex = custom.startswith("Flex")
        reason = "needs TensorFlow itself" if flex else "is the author's own"
        raise ModelError(f"{name} has the operator {custom!r}, which {reason} and is not run.", hint=_HINT)
    known = _operator_names().get(number)
    if known is None or known in _REFUSED or known.startswith("STABLEHLO"):
        raise ModelError(f"{name} has the operator {known or number}, which is not run.", hint=_HINT)


def _check_indices(indices: Iterable[int], least: int, count: int, name: str) -> None:
    if any(not least <= index < count for index in indices):
        raise _damaged(name, "it refers to a tensor that does not exist")


def _check_order(model: Any, graph: Any, name: str) -> None:
    """Check that what an operator takes is a constant, an input, a state, or made by an earlier one."""
    tensors, buffers = _all(graph.tensors), _all(model.buffers)
    if not tensors or any(not 0 <= tensor.buffer < len(buffers) for tensor in tensors):
        raise _damaged(name, "a tensor has no place")
    given = set(_all(graph.inputs))
    constant = {
        number
        for number, tensor in enumerate(tensors)
        if len(_all(buffers[tensor.buffer].data)) or tensor.isVariable
    }
    made = given | constant
    for operator in _all(graph.operators):
        taken = set(_all(operator.inputs)) - {-1}
        new = set(_all(operator.outputs))
        if not taken <= made or new & (given | constant):
            raise _damaged(name, "its operators are out of order")
        made |= new
    if not set(_all(graph.outputs)) <= made:
        raise _damaged(name, "an output is not computed")


def _check_tensors(schema: Any, model: Any, graph: Any, name: str) -> None:
    kinds = {number: key for key, number in vars(schema.TensorType).items() if isinstance(number, int)}
    total = 0
    for tensor in _all(graph.tensors):
        kind, shape = kinds.get(tensor.type, "of an unknown type"), [int(size) for size in _all(tensor.shape)]
        if kind not in _BYTES or tensor.sparsity is not None or tensor.variantTensors:
            raise ModelError(
                f"{name} has a tensor of the type {kind}, or a sparse one: not supported.", hint=_HINT
            )
        if len(shape) > _MOST_AXES or any(size < 0 for size in shape):
            raise _damaged(name, "a tensor has an impossible shape")
        size = prod(shape) * _BYTES[kind]
        total += size
        stored = len(_all_bytes(model.buffers[tensor.buffer].data))
        if stored and stored != size:
            raise _damaged(name, f"a constant has {stored} bytes instead of {size}")
        _check_signature(tensor, shape, name)
        _check_quantisation(tensor.quantization, shape, name)
    if total > _MOST_BYTES:
        raise ModelError(f"{name} needs {total} bytes, more than the limit of {_MOST_BYTES >> 30} GiB.")


def _all_bytes(data: Any) -> Any:
    return b"" if data is None else data


def _check_signature(tensor: Any, shape: list[int], name: str) -> None:
    stated = [int(size) for size in _all(tensor.shapeSignature)]
    if stated and (
        len(stated) != len(shape) or any(a not in {-1, b} for a, b in zip(stated, shape, strict=True))
    ):
        raise _damaged(name, "a tensor states two shapes")


def _check_quantisation(found: Any, shape: list[int], name: str) -> None:
    if found is None:
        return
    scales, zeros = _all(found.scale), _all(found.zeroPoint)
    axis = found.quantizedDimension
    fits = len(scales) in {0, 1} or (0 <= axis < len(shape) and shape[axis] == len(scales))
    sound = all(0 < scale < float("inf") for scale in scales)
    if found.details is not None or not fits or not sound or len(zeros) not in {0, len(scales)}:
        raise _damaged(name, "a tensor has impossible scales")


def _ends(
    model: Any, graph: Any, name: str
) -> tuple[tuple[tuple[str, int], ...], tuple[tuple[str, int], ...]]:
    """Names of inputs and outputs: those of the signature, else those of the tensors."""
    signatures = _all(model.signatureDefs)
    chosen = [item for item in signatures if len(signatures) == 1 or _text(item.signatureKey) == _MAIN]
    if signatures and (len(chosen) != 1 or chosen[0].subgraphIndex != 0):
        keys = ", ".join(
            sorted(repr(one_line(_text(item.signatureKey) or "")[:40]) for item in signatures)[:5]
        )
        raise ModelError(
            f"{name} has several signatures ({keys}) and none that is called {_MAIN}.", hint=_HINT
        )
    if chosen:
        both = (_all(chosen[0].inputs), _all(chosen[0].outputs))
        named = [[(_text(item.name) or "", int(item.tensorIndex)) for item in items] for items in both]
        wanted = (set(_all(graph.inputs)), set(_all(graph.outputs)))
        if any({index for _, index in items} != places for items, places in zip(named, wanted, strict=True)):
            raise _damaged(name, "its signature does not fit its graph")
    else:
        places = (_all(graph.inputs), _all(graph.outputs))
        named = [
            [(_text(graph.tensors[index].name) or "", int(index)) for index in items] for items in places
        ]
    inputs, outputs = (tuple(_unlike(items)) for items in named)
    if not outputs:
        raise ModelError(f"{name} has no outputs, so there is nothing to compute.")
    return inputs, outputs


def _unlike(items: list[tuple[str, int]]) -> Iterator[tuple[str, int]]:
    """The items with names of their own, on one line."""
    seen: set[str] = set()
    for number, (name, index) in enumerate(items):
        plain = one_line(name)[:200] or f"tensor_{number}"
        while plain in seen:
            plain = f"{plain}_{number}"
        seen.add(plain)
        yield plain, index


def _packed(schema: Any, model: Any) -> bytes:
    model.metadata, model.metadataBuffer = None, None
    builder = schema.flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _text(value: Any) -> str | None:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
