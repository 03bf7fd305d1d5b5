# SPDX-License-Identifier: MIT
"""A restricted pickle machine that rebuilds only descriptions of tensors.

Two barriers, each sufficient on its own. First the opcodes are read without being executed: an opcode that
tensor files never need, or a jump in the memo that would exhaust memory, ends the reading. Then the pickle
runs in an `Unpickler` whose `find_class` has a fixed list of names and returns stand-ins of our own. The
stand-ins are tuples without attributes (or a dict that drops its state), so that BUILD cannot change them;
they return descriptions that are checked when the tensors are made. They copy nothing, so that a small pickle
cannot make a large object.
"""

import io
import pickle
import pickletools
import struct
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from fairreg.errors import ModelError, UnsafePickle

__all__ = ["Lazy", "Storage", "load"]

_MAX_OPCODES = 5_000_000
_MAX_TUPLES = 50_000  # a tensor needs about five; hashing a deeper nest of them could overflow the C stack
_MIN_STORAGE_FIELDS = 5

_TUPLES = frozenset({"TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"})
_MEMO_WRITES = frozenset({"BINPUT", "LONG_BINPUT"})
_OTHERS = """
    PROTO FRAME STOP MARK NONE NEWTRUE NEWFALSE BININT BININT1 BININT2 LONG1 BINFLOAT BINUNICODE
    SHORT_BINUNICODE SHORT_BINSTRING BINSTRING SHORT_BINBYTES BINBYTES EMPTY_TUPLE EMPTY_LIST EMPTY_DICT
    APPEND APPENDS SETITEM SETITEMS BINGET LONG_BINGET MEMOIZE GLOBAL STACK_GLOBAL REDUCE BUILD BINPERSID
"""
_OPCODES = _TUPLES | _MEMO_WRITES | frozenset(_OTHERS.split())
_NAMING = frozenset({"GLOBAL", "INST"})  # refused by the name they contain, before other checks
_BY_CODE = {opcode.code.encode("latin-1"): opcode for opcode in pickletools.opcodes}

# Exceptions of the pickle machine for invalid bytes.
_CORRUPT = (
    pickle.UnpicklingError,
    ValueError,  # UnicodeDecodeError included
    TypeError,
    AttributeError,
    LookupError,
    EOFError,
    ArithmeticError,
    struct.error,
    RecursionError,
    MemoryError,
)


class Storage(NamedTuple):
    """Reference to `elements` values of `dtype` (a name in tensors.DTYPES), kept elsewhere under `key`."""

    dtype: str
    key: str
    elements: int


class Lazy(NamedTuple):
    """A tensor as a pickle describes it, unchecked: `offset`, `shape` and `strides` count elements."""

    storage: Any
    offset: Any
    shape: Any
    strides: Any


class _StorageType(NamedTuple):
    dtype: str


class _Opaque(NamedTuple):
    """An allowed name that is ignored."""

    name: str


class _StandIn(NamedTuple):
    """An allowed name that may be called, with the function in its place."""

    answer: Callable[..., Any]

    def __call__(self, *arguments: object) -> Any:
        return self.answer(*arguments)


class _Mapping(dict[Any, Any]):
    """Stand-in for OrderedDict; attributes such as ``_metadata`` are dropped."""

    __slots__ = ()

    def __setstate__(self, state: object) -> None:
        pass


def _mapping() -> _Mapping:
    return _Mapping()


def _tensor(storage: object, offset: object, shape: object, strides: object, *_gradient: object) -> Lazy:
    return Lazy(storage, offset, shape, strides)


def _parameter(tensor: object, *_gradient: object) -> object:
    return tensor


def _size(sizes: object = ()) -> object:
    return sizes


def _device(*_names: object) -> _Opaque:
    return _Opaque("device")


_STORAGE_TYPES = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128",
}
_ALLOWED: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): _StandIn(_mapping),
    ("torch._utils", "_rebuild_tensor_v2"): _StandIn(_tensor),
    ("torch._utils", "_rebuild_parameter"): _StandIn(_parameter),
    ("torch", "Size"): _StandIn(_size),
    ("torch", "device"): _StandIn(_device),
    **{("torch", name): _StorageType(dtype) for name, dtype in _STORAGE_TYPES.items()},
    **{("torch", name): _Opaque(name) for name in ("float64", "float32", "float16", "bfloat16", "int64")},
}


def _stand_in(module: str, name: str, source: str) -> Any:
    """Return the stand-in for ``module.name``. Raises UnsafePickle for a name not on the list."""
    if (module, name) not in _ALLOWED:
        raise UnsafePickle(
            f"{source} was refused: its pickle names {module}.{name}, which loading tensors never needs.",
            hint="Ask the authors for a safetensors or ONNX file, or for a plain state dict.",
        )
    return _ALLOWED[module, name]


class _TensorUnpickler(pickle.Unpickler):
    """Unpickler of the names in _ALLOWED; `source` is the file's name for messages."""

    def __init__(self, content: bytes, source: str) -> None:
        super().__init__(io.BytesIO(content), encoding="utf-8")
        self._source = source

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        return _stand_in(module_name, global_name, self._source)

    def persistent_load(self, pid: Any) -> Storage:
        if not isinstance(pid, tuple) or len(pid) < _MIN_STORAGE_FIELDS or pid[0] != "storage":
            raise ModelError("a tensor refers to an object that is not a storage")
        kind, key, count = pid[1], pid[2], pid[4]
        if (
            not isinstance(kind, _StorageType)
            or not isinstance(key, str)
            or type(count) is not int
            or count < 0
        ):
            raise ModelError("the description of a storage is damaged")
        if any(field is not None for field in pid[_MIN_STORAGE_FIELDS:]):
            raise ModelError("it uses the storage views of very old PyTorch versions")
        return Storage(kind.dtype, key, count)


def load(stream: io.BytesIO, source: str) -> Any:
    """Load one pickle at the position of `stream`, which then points behind that pickle.

    The object consists of dicts, lists, tuples, plain values and `Lazy` tensors. `source` names the file in
    messages. Raises UnsafePickle, and ModelError with a clause that describes the fault.
    """
    start = stream.tell()
    try:
        _inspect(stream, source)
        return _TensorUnpickler(stream.getvalue()[start : stream.tell()], source).load()
    except _CORRUPT as error:
        raise ModelError("its pickle is damaged or truncated") from error


def _inspect(stream: io.BytesIO, source: str) -> None:
    """Read one pickle without executing it. Raises for instructions that tensor files do not need."""
    tuples = 0
    for count, (name, argument) in enumerate(_instructions(stream)):
        if name in _NAMING:
            module, global_name = argument
            _stand_in(module, global_name, source)
        if name not in _OPCODES:
            raise ModelError(f"its pickle uses the instruction {name}, which tensors do not need")
        if name in _MEMO_WRITES and argument > count:
            raise ModelError("its pickle is damaged")
        tuples += name in _TUPLES
        if count > _MAX_OPCODES or tuples > _MAX_TUPLES:
            raise ModelError("its pickle is too large for a list of tensors")


def _instructions(stream: io.BytesIO) -> Iterator[tuple[str, Any]]:
    """Yield names and arguments up to STOP, without parsing arguments of refused instructions."""
    name = ""
    while name != "STOP":
        opcode = _BY_CODE[stream.read(1)]
        name = opcode.name
        if name in _NAMING:  # pickletools would expand backslashes here, which the pickle machine does not
            yield name, (_line(stream), _line(stream))
        else:
            yield name, opcode.arg.reader(stream) if name in _OPCODES and opcode.arg else None


def _line(stream: io.BytesIO) -> str:
    line = stream.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    return line[:-1].decode()
