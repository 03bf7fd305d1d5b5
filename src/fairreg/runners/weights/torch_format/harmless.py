# SPDX-License-Identifier: MIT
"""Names in checkpoints that are no tensors and can do no harm as a placeholder, which is never called.

They are classes and constructors of values that training programs write beside the weights: settings, dates,
paths, numpy's scalars and random states. Functions that could be wanted for their effect, such as
``builtins.getattr``, are not here, although their placeholders would be inert as well: a file that names them
is refused.
"""

from collections.abc import Mapping

__all__ = ["HARMLESS"]

_PATHS = "Path PosixPath WindowsPath PurePath PurePosixPath PureWindowsPath"
_SCALARS = (
    "bool_ bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 longdouble "
    "complex64 complex128 str_ bytes_ void datetime64 timedelta64 intc uintc longlong ulonglong object_"
)
_DTYPE_CLASSES = (
    "Bool Int8 UInt8 Int16 UInt16 Int32 UInt32 Int64 UInt64 Byte UByte Short UShort Int UInt Long ULong "
    "LongLong ULongLong Float16 Float32 Float64 LongDouble Complex64 Complex128 CLongDouble Str Bytes Void "
    "Object DateTime64 TimeDelta64 String"
)
HARMLESS: Mapping[str, frozenset[str]] = {
    module: frozenset(names.split())
    for module, names in {
        "torch": "device dtype layout Generator per_tensor_affine per_tensor_symmetric per_channel_affine "
        "per_channel_symmetric per_channel_affine_float_qparams strided sparse_coo sparse_csr "
        "preserve_format contiguous_format channels_last channels_last_3d",
        "torch.serialization": "_get_memory_format",
        "torch.storage": "TypedStorage",
        "torch.nested._internal.nested_tensor": "NestedTensor",
        "torch._dynamo.decorators": "_DimRange",
        "torch.nn.parameter": "UninitializedParameter UninitializedBuffer",
        "torch.torch_version": "TorchVersion",
        "builtins": "int long float str unicode bool tuple object range xrange slice type NoneType "
        "Ellipsis NotImplemented",
        "copyreg": "_reconstructor __newobj__ __newobj_ex__",
        "collections": "ChainMap UserDict UserList UserString",
        "functools": "partial",
        "argparse": "Namespace",
        "_io": "BytesIO StringIO",
        "time": "struct_time",
        "types": "SimpleNamespace NoneType",
        "datetime": "datetime date time timedelta timezone",
        "zoneinfo": "ZoneInfo ZoneInfo._unpickle",
        "pathlib": _PATHS,
        "pathlib._local": _PATHS,
        "decimal": "Decimal",
        "fractions": "Fraction",
        "uuid": "UUID SafeUUID",
        "enum": "Enum IntEnum StrEnum Flag IntFlag",
        "typing": "Any Union Optional List Dict Tuple Set Sequence Mapping Iterable Callable Type Literal",
        "numpy": f"dtype ndarray {_SCALARS}",
        "numpy.dtypes": " ".join(f"{kind}DType" for kind in _DTYPE_CLASSES.split()),
        "numpy.core.multiarray": "scalar _reconstruct",
        "numpy._core.multiarray": "scalar _reconstruct",
        "numpy.core.numeric": "_frombuffer",
        "numpy._core.numeric": "_frombuffer",
        "numpy.random": "RandomState Generator MT19937 PCG64 PCG64DXSM Philox SFC64",
        "numpy.random._pickle": "__randomstate_ctor __generator_ctor __bit_generator_ctor",
        "numpy.random._mt19937": "MT19937",
        "numpy.random._pcg64": "PCG64 PCG64DXSM",
        "numpy.random._philox": "Philox",
        "numpy.random._sfc64": "SFC64",
        "numpy.random.bit_generator": "SeedSequence __pyx_unpickle_SeedSequence",
        "easydict": "EasyDict",
        "addict.addict": "Dict",
        "munch": "Munch",
        "yacs.config": "CfgNode",
        "ml_collections.config_dict.config_dict": "ConfigDict FrozenConfigDict FieldReference",
        "omegaconf.dictconfig": "DictConfig",
        "omegaconf.listconfig": "ListConfig",
        "omegaconf.base": "ContainerMetadata Metadata SCMode UnionNode Node Container Box",
        "omegaconf.nodes": "AnyNode BooleanNode BytesNode EnumNode FloatNode IntegerNode PathNode StringNode "
        "InterpolationResultNode ValueNode",
        "pytorch_lightning.callbacks.model_checkpoint": "ModelCheckpoint",
        "pytorch_lightning.callbacks.early_stopping": "EarlyStopping",
        "lightning.pytorch.callbacks.model_checkpoint": "ModelCheckpoint",
        "lightning.pytorch.callbacks.early_stopping": "EarlyStopping",
    }.items()
}
