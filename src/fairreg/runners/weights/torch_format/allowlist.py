# SPDX-License-Identifier: MIT
"""Names that a checkpoint may contain, each with a stand-in; any other name is refused.

Source of the names that tensors need: the allow-list of ``torch/_weights_only_unpickler.py``, PyTorch 2.6 to
2.13; `harmless` has those that torch refuses but that can do no harm as a placeholder. Nothing is imported
and nothing of these libraries is called: the stand-in of a function is a function of this module, every other
stand-in is inert.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from fairreg.errors import ModelError
from fairreg.runners.weights.tensors import DTYPES, MAX_DIMENSIONS
from fairreg.runners.weights.torch_format.descriptions import (
    ElementType,
    Layout,
    Lazy,
    Opaque,
    Storage,
    StorageType,
    Unreadable,
)
from fairreg.runners.weights.torch_format.harmless import HARMLESS
from fairreg.runners.weights.torch_format.keys import Keys
from fairreg.runners.weights.torch_format.sparse import COMPRESSED, CompressedTensor, CoordinateTensor
from fairreg.runners.weights.torch_format.strided import (
    JaggedTensor,
    NestedTensor,
    QuantizedTensor,
    StridedTensor,
    UnsetTensor,
)

__all__ = ["Function", "rebuilt", "stand_in"]

_MAX_BITS = 64  # no tensor has wider sizes


class Function(Opaque):
    """Stand-in that may be called: `answer` is called in its place, with the arguments in the pickle."""

    __slots__ = ("answer",)
    answer: Callable[..., Any]

    def __init__(self, name: str, answer: Callable[..., Any]) -> None:
        super().__init__(name)
        object.__setattr__(self, "answer", answer)  # the class is frozen


def stand_in(module: str, name: str) -> Opaque | None:
    """Return the stand-in for ``module.name``, or None where the name is not on the list.

    Names of Python 2 mean what they mean in Python 3.
    """
    module = _RENAMED.get(module, module)
    found = _NAMES.get((module, name))
    if found is None and module == "torch" and _ELEMENT_TYPE.fullmatch(name):
        return ElementType(name)
    if found is None and name in HARMLESS.get(module, ()):
        return Opaque(f"{module}.{name}")
    return found


def _mapping(items: Any = ()) -> dict[Any, Any]:
    """Dict of an ``OrderedDict`` or ``Counter``: empty, of pairs as Python 2 writes them, or of a dict."""
    if isinstance(items, dict):
        return dict(items)
    keys = Keys()
    return {keys.checked(key): value for key, value in items}


def _default_mapping(_factory: object = None, items: Any = ()) -> dict[Any, Any]:
    return _mapping(items)


def _set(items: Any = ()) -> set[Any]:
    return set(map(Keys().checked, _values(items)))


def _frozen(items: Any = ()) -> frozenset[Any]:
    return frozenset(map(Keys().checked, _values(items)))


def _sequence(items: Any = (), _maximum: object = None) -> list[Any]:
    return list(_values(items))


def _values(items: Any) -> Any:
    """Return `items`, which are no text: its characters would take many times its bytes."""
    if isinstance(items, (str, bytes)):
        raise ModelError("its pickle makes a list or a set of a text")
    return items


def _bytes(content: object = b"", encoding: object = None, *_errors: object) -> object:
    """Bytes, of the text that stands for them in protocol 2; a size gives a placeholder, not a buffer."""
    if isinstance(content, bytes):
        return content
    if isinstance(content, str) and encoding in ("latin1", "latin-1", "utf-8", "ascii"):
        return content.encode(str(encoding))
    return Opaque("builtins.bytes")


def _complex(real: float = 0.0, imaginary: float = 0.0) -> complex:
    if not isinstance(real, (int, float)) or not isinstance(imaginary, (int, float)):
        raise ModelError("a complex number in its pickle is damaged")
    return complex(real, imaginary)


def rebuilt(storage: object, offset: object, shape: object, strides: object, *more: Any) -> Lazy:
    """Describe the tensor of ``_rebuild_tensor``, or of ``_rebuild_tensor_v2`` with metadata.

    Raises ModelError for a description that is damaged.
    """
    if not isinstance(storage, Storage):
        raise _damaged()
    _, _, metadata, *_ = (*more, None, None, None)
    return _strided(storage, storage.dtype, offset, shape, strides, metadata)


def _typed_tensor(  # noqa: PLR0917 - the arguments of torch's function
    storage: object,
    offset: object,
    shape: object,
    strides: object,
    _gradient: object,
    _hooks: object,
    dtype: object,
    metadata: object = None,
) -> Lazy:
    """``_rebuild_tensor_v3``: the element type is not that of the storage."""
    if not isinstance(storage, Storage) or not isinstance(dtype, ElementType):
        raise _damaged()
    return _strided(storage, dtype.name, offset, shape, strides, metadata)


def _strided(  # noqa: PLR0917 - all parts of a tensor's description
    storage: Storage, dtype: str, offset: object, shape: object, strides: object, metadata: Any
) -> Lazy:
    views = metadata or {}
    if not isinstance(views, dict):
        raise _damaged()
    unknown = [str(key) for key, value in views.items() if value and key not in ("conj", "neg")]
    if unknown:
        return Unreadable(f"a tensor has the property {unknown[0][:40]!r}, which is not known to fairreg")
    conjugated, negated = (bool(views.get(name)) for name in ("conj", "neg"))
    if conjugated and not dtype.startswith("complex"):
        raise _damaged()
    place = (_count(offset), _counts(shape), _counts(strides))
    return StridedTensor(storage, dtype, *place, conjugated=conjugated, negated=negated)


def _damaged() -> ModelError:
    return ModelError("the description of a tensor is damaged")


def _count(number: object) -> int:
    if type(number) is not int or number.bit_length() > _MAX_BITS:
        raise _damaged()
    return number


def _counts(numbers: object) -> tuple[int, ...]:
    if not isinstance(numbers, (tuple, list)):
        raise _damaged()
    if len(numbers) > MAX_DIMENSIONS:
        raise ModelError(
            f"a tensor has {len(numbers)} axes, and numpy's arrays have at most {MAX_DIMENSIONS}"
        )
    return tuple(map(_count, numbers))


def _lazy(tensor: object) -> Lazy:
    if not isinstance(tensor, Lazy):
        raise _damaged()
    return tensor


def _part(tensor: object) -> Lazy:
    """Part of a tensor that is made of tensors: a plain one, so that they do not nest."""
    if not isinstance(tensor, StridedTensor):
        raise _damaged()
    return tensor


def _parameter(tensor: object = None, *_rest: object) -> object:
    """``Parameter``, with or without state of its own: the tensor."""
    return Opaque("torch.nn.parameter.Parameter") if tensor is None else _lazy(tensor)


def _quantized(
    storage: object, offset: object, shape: object, strides: object, parameters: Any, *_rest: object
) -> Lazy:
    if not isinstance(storage, Storage) or not isinstance(parameters, tuple):
        raise _damaged()
    place = (_count(offset), _counts(shape), _counts(strides))
    integers = StridedTensor(storage, storage.dtype, *place)
    scheme, scales, zero_points, *axis = parameters
    schemes = {"per_tensor_affine": 0, "per_channel_affine": 1, "per_channel_affine_float_qparams": 1}
    if not isinstance(scheme, Opaque) or schemes.get(scheme.name.removeprefix("torch.")) != len(axis):
        return Unreadable("a tensor is quantised in a way that PyTorch does not save")
    for each in (scales, zero_points):
        if not isinstance(each, (StridedTensor, list, int, float)):
            raise _damaged()
    return QuantizedTensor(integers, scales, zero_points, _count(axis[0]) if axis else None)


def _sparse(layout: object, data: Any) -> Lazy:
    if not isinstance(layout, Layout) or not isinstance(data, tuple):
        raise _damaged()
    if layout.name == "torch.sparse_coo":
        return _coordinates(*data)
    if layout.name not in COMPRESSED:
        return Unreadable(f"a tensor has the layout {layout.name}, which is not known to fairreg")
    starts, places, values, shape = data
    return CompressedTensor(layout.name, _part(starts), _part(places), _part(values), _counts(shape))


def _coordinates(indices: object, values: object, shape: object, *_coalesced: object) -> Lazy:
    return CoordinateTensor(_part(indices), _part(values), _counts(shape))


def _nested(buffer: object, sizes: object, strides: object, offsets: object) -> Lazy:
    return NestedTensor(_part(buffer), _part(sizes), _part(strides), _part(offsets))


def _jagged(parts: Any) -> Lazy:
    if not isinstance(parts, dict):
        raise _damaged()
    lengths, axis = parts.get("lengths"), _count(parts.get("_ragged_idx"))
    sizes = None if lengths is None else _part(lengths)
    return JaggedTensor(_part(parts.get("values")), _part(parts.get("offsets")), sizes, axis - 1)


def _layout(name: object) -> Layout:
    if not isinstance(name, str):
        raise _damaged()
    return Layout(name)


def _subclass(function: object, _type: object, arguments: object, *_state: object) -> object:
    """``_rebuild_from_type_v2``: a tensor with attributes, or of a subclass; only its values are read."""
    if not isinstance(function, Function) or not isinstance(arguments, tuple) or function.answer is _subclass:
        raise _damaged()
    return function.answer(*arguments)


def _moved(tensor: object, dtype: object, *_rest: object) -> Lazy:
    """``_rebuild_device_tensor_from_cpu_tensor``: the values of a tensor of another device."""
    if isinstance(tensor, StridedTensor) and isinstance(dtype, ElementType) and tensor.dtype == dtype.name:
        return tensor
    return Unreadable("a tensor of another device changes its element type, which is not known to fairreg")


def _from_numpy(*_arguments: object) -> Lazy:
    return Unreadable("a tensor is kept as a numpy array, which PyTorch's own safe reader refuses as well")


def _without_values(*_arguments: object) -> Opaque:
    """A tensor of the meta device, or a wrapper: it has a shape but no values, in torch as well."""
    return Opaque("torch.Tensor (without values)")


def _unset(dtype: str) -> Callable[..., Lazy]:
    return lambda *_arguments: UnsetTensor(dtype)


def _size(sizes: object = ()) -> object:
    return sizes


_RENAMED = {"__builtin__": "builtins", "copy_reg": "copyreg", "torch.tensor": "torch._tensor"}
_ELEMENT_TYPE = re.compile(r"(u?int|float|bfloat|complex|bits|qu?int)[0-9]+(_?[a-z0-9]+)*|bool")
_STORAGES = {
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
_QUANTIZED_STORAGES = {
    "QInt8Storage": "qint8",
    "QInt32Storage": "qint32",
    "QUInt8Storage": "quint8",
    "QUInt4x2Storage": "quint4x2",
    "QUInt2x4Storage": "quint2x4",
}
_TENSORS = {name.replace("Storage", "Tensor"): dtype for name, dtype in _STORAGES.items()}
_REBUILD: Mapping[str, Callable[..., Any]] = {
    "_rebuild_tensor": rebuilt,
    "_rebuild_tensor_v2": rebuilt,
    "_rebuild_tensor_v3": _typed_tensor,
    "_rebuild_parameter": _parameter,
    "_rebuild_parameter_with_state": _parameter,
    "_rebuild_qtensor": _quantized,
    "_rebuild_sparse_tensor": _sparse,
    "_rebuild_nested_tensor": _nested,
    "_rebuild_meta_tensor_no_storage": _without_values,
    "_rebuild_wrapper_subclass": _without_values,
    "_rebuild_device_tensor_from_cpu_tensor": _moved,
    "_rebuild_device_tensor_from_numpy": _from_numpy,
}
_FUNCTIONS: Mapping[tuple[str, str], Callable[..., Any]] = {
    **{("torch._utils", name): answer for name, answer in _REBUILD.items()},
    ("torch._tensor", "_rebuild_from_type"): _subclass,
    ("torch._tensor", "_rebuild_from_type_v2"): _subclass,
    ("torch.nn.parameter", "Parameter"): _parameter,
    ("torch.nn.parameter", "Buffer"): _parameter,
    ("torch", "Tensor"): _unset("float32"),
    **{
        (module, name): _unset(dtype)
        for module in ("torch", "torch.cuda")
        for name, dtype in _TENSORS.items()
    },
    **{(module, name): _coordinates for module in ("torch.sparse", "torch.cuda.sparse") for name in _TENSORS},
    ("torch.nested._internal.nested_tensor", "_rebuild_njt"): _jagged,
    ("torch", "Size"): _size,
    ("torch.serialization", "_get_layout"): _layout,
    ("collections", "OrderedDict"): _mapping,
    ("collections", "Counter"): _mapping,
    ("collections", "defaultdict"): _default_mapping,
    ("collections", "deque"): _sequence,
    ("builtins", "set"): _set,
    ("builtins", "frozenset"): _frozen,
    ("builtins", "list"): _sequence,
    ("builtins", "dict"): _mapping,
    ("builtins", "complex"): _complex,
    ("builtins", "bytes"): _bytes,
    ("builtins", "bytearray"): _bytes,
    ("_codecs", "encode"): _bytes,
    # Attribute-style dicts for hyperparameters; tensors in them are kept like those of a dict.
    ("pytorch_lightning.utilities.parsing", "AttributeDict"): _mapping,
    ("lightning_fabric.utilities.data", "AttributeDict"): _mapping,
    ("lightning.fabric.utilities.data", "AttributeDict"): _mapping,
}
_NAMES: Mapping[tuple[str, str], Opaque] = {
    **{
        (module, name): StorageType(dtype)
        for module in ("torch", "torch.cuda")
        for name, dtype in (_STORAGES | _QUANTIZED_STORAGES).items()
    },
    **{
        (module, name): StorageType("uint8")
        for module in ("torch.storage", "torch", "torch.cuda")
        for name in ("UntypedStorage", "_UntypedStorage")
    },
    **{("torch", name): ElementType(name) for name in DTYPES},
    **{(module, name): Function(f"{module}.{name}", answer) for (module, name), answer in _FUNCTIONS.items()},
}
