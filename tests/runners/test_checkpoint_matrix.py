# SPDX-License-Identifier: MIT
"""Checkpoints of many kinds, written by torch, give the bytes that torch's own safe reader gives."""

import argparse
import collections
import datetime as dt
import decimal
import enum
import functools
import pathlib
import pickle
import types
import uuid
import zipfile

import numpy as np
import pytest

from fairreg.errors import ModelError
from fairreg.runners.weights import dtype_name, fingerprint, read_tensors

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]

DTYPES = """
    float64 float32 float16 bfloat16 int64 int32 int16 int8 uint64 uint32 uint16 uint8 bool complex32
    complex64 complex128 float8_e4m3fn float8_e5m2 float8_e4m3fnuz float8_e5m2fnuz float8_e8m0fnu
    float4_e2m1fn_x2 bits8 bits16 bits1x8 bits2x4 bits4x2
""".split()  # noqa: SIM905 - a line reads better


def numbers(*shape, dtype="float32"):
    """Bytes that differ, seen as `dtype`."""
    dtype = getattr(torch, dtype)
    if dtype == torch.bool:
        return torch.arange(int(np.prod(shape))).reshape(shape) % 2 == 0
    count = int(np.prod(shape)) * torch.empty(0, dtype=dtype).element_size()
    return (torch.arange(count) * 7 % 59).to(torch.uint8).view(dtype).reshape(shape)


def complexes(*shape):
    return torch.view_as_complex(torch.randn(*shape, 2, generator=torch.Generator().manual_seed(3)))


def floats(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(2))


def wide_integers(*shape):
    generator = torch.Generator().manual_seed(4)
    return torch.randint(-(2**31), 2**31 - 1, shape, generator=generator).to(torch.int32)


def quantized(dtype):
    return torch.quantize_per_tensor(floats(4, 5), 0.037, 3, getattr(torch, dtype))


def per_channel(dtype, axis=0, points=torch.int64):
    scales, zeros = torch.rand(4) * 0.1 + 0.01, (torch.rand(4) * 7).to(points)
    shape = [3, 3, 3]
    shape[axis] = 4
    return torch.quantize_per_channel(floats(*shape), scales, zeros, axis, getattr(torch, dtype))


def repeated_coordinates():
    indices = torch.tensor([[0, 0, 2], [1, 1, 0]])
    return torch.sparse_coo_tensor(indices, torch.tensor([1.5, 2.25, 3.0]), (3, 4))


def matrix():
    return floats(4, 6) * (floats(4, 6) > 0)


def odd_numbers():
    return torch.tensor([[1.0, float("nan"), -float("nan")], [float("inf"), -float("inf"), 1e-40]])


def parameter_with_attributes():
    parameter = torch.nn.Parameter(floats(3))
    parameter.ds_shape, parameter.tags = (3,), {"a": {1}}
    return parameter


TENSORS = {
    **{f"{name} matrix": functools.partial(numbers, 2, 4, dtype=name) for name in DTYPES},
    **{f"{name} part": lambda name=name: numbers(4, 4, dtype=name)[1:, ::2] for name in DTYPES},
    **{f"{name} scalar": lambda name=name: numbers(3, dtype=name)[1] for name in DTYPES},
    "transposed": lambda: floats(3, 4).T,
    "expanded": lambda: floats(3, 1).expand(3, 50),
    "expanded scalar": lambda: floats(1)[0].expand(7),
    "empty": lambda: torch.zeros(0),
    "empty rows": lambda: torch.zeros(0, 3),
    "empty float8": lambda: torch.zeros(0, dtype=torch.float8_e5m2),
    "channels last": lambda: floats(2, 3, 4, 5).to(memory_format=torch.channels_last),
    "overlapping": lambda: floats(6).as_strided((4, 3), (1, 1)),
    "conjugated": lambda: complexes(3).conj(),
    "conjugated transposed": lambda: complexes(2, 3).conj().T,
    "conjugated half": lambda: complexes(3).to(torch.complex32).conj(),
    "negated": lambda: complexes(4).conj().imag,
    "negated float": lambda: torch._neg_view(floats(3)),
    "negated bfloat16": lambda: torch._neg_view(floats(2, 3).to(torch.bfloat16)),
    "negated half": lambda: torch._neg_view(floats(3).half()),
    "negated unsigned": lambda: torch._neg_view(numbers(3, dtype="uint8")),
    "negated complex": lambda: torch._neg_view(complexes(3)),
    "negated conjugate": lambda: torch._neg_view(complexes(3).conj()),
    "parameter": lambda: torch.nn.Parameter(floats(3)),
    "frozen parameter": lambda: torch.nn.Parameter(floats(3), requires_grad=False),
    "parameter with attributes": parameter_with_attributes,
    "buffer": lambda: torch.nn.Buffer(floats(3)),
    "temporary buffer": lambda: torch.nn.Buffer(floats(3), persistent=False),
    "buffer of float8": lambda: torch.nn.Buffer(numbers(3, dtype="float8_e4m3fn")),
    **{f"quantised {name}": functools.partial(quantized, name) for name in ("qint8", "quint8", "qint32")},
    **{f"channels of {name}": functools.partial(per_channel, name) for name in ("qint8", "quint8", "qint32")},
    "channels of the last axis": lambda: per_channel("qint8", 2),
    "channels with float points": lambda: per_channel("quint8", 0, torch.float32),
    "packed quint4x2": lambda: per_channel("quint4x2", 0, torch.float32),
    "packed quint2x4": lambda: per_channel("quint2x4", 0, torch.float32),
    "quantised to 32 bits": lambda: torch._make_per_tensor_quantized_tensor(
        wide_integers(5), 0.013, 77777777
    ),
    "channels of 32 bits": lambda: torch._make_per_channel_quantized_tensor(
        wide_integers(2, 9), torch.tensor([0.1, 0.3], dtype=torch.float64), torch.tensor([-(2**31), 9]), 0
    ),
    "quantised transposed": lambda: quantized("qint8").T,
    "sparse": lambda: matrix().to_sparse(),
    "sparse of integers": lambda: torch.eye(3, dtype=torch.int64).to_sparse(),
    "sparse of bfloat16": lambda: torch.eye(3, dtype=torch.bfloat16).to_sparse(),
    "sparse with odd numbers of bfloat16": lambda: odd_numbers().bfloat16().to_sparse(),
    "csr with odd numbers of bfloat16": lambda: odd_numbers().bfloat16().to_sparse_csr(),
    "sparse with minus zero": lambda: torch.sparse_coo_tensor([[0, 1]], [-0.0, 1.0], (3,)),
    "bfloat16 with minus zero": lambda: torch.sparse_coo_tensor(
        [[0, 1]], torch.tensor([-0.0, 1]).bfloat16(), (3,)
    ),
    "sparse without sparse axes": lambda: torch.sparse_coo_tensor(torch.zeros(0, 2), floats(2, 3), (3,)),
    "sparse with dense axes": lambda: floats(3, 2, 2).to_sparse(1),
    "sparse with repeats": repeated_coordinates,
    "sparse without values": lambda: torch.zeros(3, 2).to_sparse(),
    "csr": lambda: matrix().to_sparse_csr(),
    "csc": lambda: matrix().to_sparse_csc(),
    "bsr": lambda: matrix().to_sparse_bsr((2, 3)),
    "bsc": lambda: matrix().to_sparse_bsc((2, 3)),
    "csr in batches": lambda: torch.stack([torch.eye(3), 2 * torch.eye(3).flip(0)]).to_sparse_csr(),
    "csr with dense axes": lambda: (torch.eye(3)[..., None] * floats(2)).to_sparse_csr(dense_dim=1),
}


def stepped_optimizer():
    net = torch.nn.Linear(3, 2)
    adam = torch.optim.AdamW(net.parameters(), amsgrad=True)
    net(floats(1, 3)).sum().backward()
    adam.step()
    return adam


schedulers = torch.optim.lr_scheduler
# Values that training programs write beside weights, and that torch reads safely.
BESIDE = {
    "optimizer": lambda: stepped_optimizer().state_dict(),
    "milestones": lambda: schedulers.MultiStepLR(stepped_optimizer(), [2, 5]).state_dict(),
    "one cycle": lambda: schedulers.OneCycleLR(stepped_optimizer(), 0.1, 10).state_dict(),
    "plateau": lambda: schedulers.ReduceLROnPlateau(stepped_optimizer()).state_dict(),
    "counter": lambda: collections.Counter("aab"),
    "ordered": lambda: collections.OrderedDict(a=1),
    "set": lambda: {1, "a", (2, 3)},
    "empty set": set,
    "bytes": lambda: b"\x00\xff",
    "bytearray": lambda: bytearray(b"abc"),
    "complex number": lambda: 1 + 2j,
    "size": lambda: torch.Size([2, 3]),
    "device": lambda: torch.device("cuda", 1),
    "layout": lambda: torch.sparse_csr,
    "element types": lambda: [
        getattr(torch, name) for name in (*DTYPES, "int4", "uint3", "qint8", "quint4x2")
    ],
    "scheme": lambda: torch.per_channel_affine,
    "storage": lambda: torch.UntypedStorage(3),
    "typed storage": lambda: floats(2).storage(),
    "tensor set": lambda: {floats(2)},
    "tensor keys": lambda: {floats(2): 1},
    "wide numbers": lambda: [2**70, -(2**300), 1e-300, float("nan"), True, None],
    "text": lambda: ["\ud800", "\u00e4\n", ""],
    "keys": lambda: {(1, ("a", None)): 1, 2.5: 2, None: 3, True: 4, -5: 5, b"k": 6},
    "random state": torch.get_rng_state,
    "nested": lambda: torch.nested.nested_tensor([floats(2), floats(3)]),
    "without values": lambda: torch.empty(3, device="meta"),
    "parts": lambda: ([({"a": [{"b": ()}]},)],),
}

# Values that torch's safe reader refuses, and that cannot do harm as a placeholder.
REFUSED_BY_TORCH = {
    "empty bytes": lambda: b"",
    "numpy scalar": lambda: np.float64(1.5),
    "numpy integer": lambda: np.int64(3),
    "numpy array": lambda: np.arange(3.0),
    "numpy type": lambda: np.dtype("float32"),
    "numpy class": lambda: np.float32,
    "numpy generator": lambda: np.random.default_rng(1),
    "numpy random state": np.random.get_state,
    "namespace": lambda: argparse.Namespace(lr=0.1, tags=["a"]),
    "simple namespace": lambda: types.SimpleNamespace(a=1),
    "date": lambda: dt.datetime(2026, 1, 2, tzinfo=dt.UTC),
    "duration": lambda: dt.timedelta(1),
    "path": lambda: pathlib.PurePosixPath("/a/b"),
    "decimal": lambda: decimal.Decimal("1.5"),
    "uuid": lambda: uuid.UUID(int=5),
    "frozen set": lambda: frozenset([1, (2,)]),
    "default dictionary": lambda: collections.defaultdict(list, a=[1]),
    "deque": lambda: collections.deque([1, 2], 3),
    "range": lambda: range(3),
    "partial": lambda: functools.partial(int, 3),
    "type": lambda: int,
    "enum class": lambda: enum.Enum,
    "uninitialised": lambda: torch.nn.LazyLinear(3).state_dict(),
}


def references(name, tensor):
    """Arrays, with torch's name of the element type, that `tensor`, as torch reads it, stands for."""
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    if tensor.is_nested:
        parts = enumerate(tensor.unbind())
        return {key: value for i, part in parts for key, value in references(f"{name}.{i}", part).items()}
    if tensor.layout != torch.strided:
        tensor = tensor.to_dense()
    tensor = tensor.detach().resolve_conj().resolve_neg().contiguous()
    flat = tensor.reshape(-1)
    content = flat.view(torch.uint8).numpy().tobytes() if tensor.numel() else b""
    return {name: (str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape), content)}


def found(path):
    return {
        name: (dtype_name(array.dtype), array.shape, array.tobytes())
        for name, array in read_tensors(path).items()
    }


def saved(path, value, *, old=False, **how):
    torch.save(value, path, _use_new_zipfile_serialization=not old, **how)
    return path


def as_torch_reads(path, value):
    """The object that torch reads; `value`, which was saved, where torch cannot read its own older format."""
    try:
        return torch.load(path, weights_only=True)
    except (AttributeError, RuntimeError):  # untyped storages; nested tensors before their sizes are read
        if zipfile.is_zipfile(path):
            raise
        return value


formats = pytest.mark.parametrize("old", [False, True], ids=["zipped", "legacy"])


@pytest.mark.sliced(5)
@formats
@pytest.mark.parametrize("kind", TENSORS)
def test_a_tensor_of_every_kind_has_the_bytes_that_torch_reads(tmp_path, kind, old):
    path = saved(tmp_path / "x.pt", {"w": TENSORS[kind](), "b": floats(2)}, old=old)
    state = as_torch_reads(path, {"w": TENSORS[kind](), "b": floats(2)})
    assert found(path) == {**references("w", state["w"]), **references("b", state["b"])}


@formats
def test_all_kinds_together_share_their_storages(tmp_path, old):
    state = {name: make() for name, make in TENSORS.items()}
    state |= {"base": floats(12)}
    state |= {"tied": state["base"], "half": state["base"][6:], "pairs": state["base"].reshape(2, 6).T}
    path = saved(tmp_path / "x.pt", state, old=old)
    expected = {}
    for name, tensor in as_torch_reads(path, state).items():
        expected |= references(name, tensor)
    assert found(path) == expected


@formats
@pytest.mark.parametrize("name", BESIDE)
def test_values_beside_the_weights_do_not_matter(tmp_path, name, old):
    state = {"w": floats(2, 3), "b": floats(2)}
    path = saved(tmp_path / "x.pt", {"more": BESIDE[name](), "state_dict": state}, old=old)
    as_torch_reads(path, state)
    assert found(path) == {**references("w", state["w"]), **references("b", state["b"])}


@pytest.mark.sliced(3)
@pytest.mark.parametrize("protocol", range(2, 6))
@formats
@pytest.mark.parametrize("name", REFUSED_BY_TORCH)
def test_harmless_values_that_torch_refuses_are_skipped(tmp_path, name, old, protocol):
    state = {"w": floats(2, 3)}
    value = {"more": REFUSED_BY_TORCH[name](), "state_dict": state}
    path = saved(tmp_path / "x.pt", value, old=old, pickle_protocol=protocol)
    assert found(path) == references("w", state["w"])


@formats
@pytest.mark.parametrize("axis", [1, 2])
def test_a_jagged_tensor_gives_one_array_per_part(tmp_path, old, axis):
    parts = [floats(2, 3), floats(4, 3), floats(1, 3)]
    nested = torch.nested.nested_tensor(parts, layout=torch.jagged)
    path = saved(tmp_path / "x.pt", {"n": nested.transpose(1, axis)}, old=old)
    expected = {}
    for place, part in enumerate(parts):
        expected |= references(f"n.{place}", part.T if axis != 1 else part)
    assert found(path) == expected


@formats
def test_a_nested_tensor_gives_one_array_per_part(tmp_path, old):
    parts = [floats(2, 3), floats(4, 3), floats(0, 3)]
    path = saved(tmp_path / "x.pt", {"n": torch.nested.nested_tensor(parts)}, old=old)
    expected = {}
    for place, part in enumerate(parts):
        expected |= references(f"n.{place}", part)
    assert found(path) == expected


def test_tensors_without_values_are_no_weights(tmp_path):
    path = saved(tmp_path / "x.pt", {"w": floats(2), "m": torch.empty(2, device="meta")})
    assert list(read_tensors(path)) == ["w"]


def test_a_tensor_subclass_is_read_by_its_values(tmp_path):
    path = saved(tmp_path / "x.pt", {"w": floats(3).as_subclass(torch.nn.Buffer)})
    assert found(path) == references("w", floats(3))


@pytest.mark.parametrize("flag", [b"\x88", b"\x89"])
def test_the_older_format_is_little_endian_whatever_it_says_of_its_machine(tmp_path, flag):
    path = saved(tmp_path / "x.pt", {"w": floats(3)}, old=True)
    content = path.read_bytes()
    place = content.index(b"\x88", content.index(b"little_endian"))
    path.write_bytes(content[:place] + flag + content[place + 1 :])
    assert found(path) == references("w", torch.load(path, weights_only=True)["w"])


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "complex64", "complex128", "int64", "int8", "bool"])
def test_a_big_endian_archive_is_read_as_torch_reads_it(tmp_path, dtype):
    path = saved(tmp_path / "x.pt", {"w": numbers(2, 4, dtype=dtype), "t": numbers(3, 2, dtype=dtype).T})
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "big.pt", "w") as new:
        for item in old.infolist():
            big = item.filename.endswith("byteorder")
            new.writestr(item.filename, b"big" if big else old.read(item))
    state = torch.load(tmp_path / "big.pt", weights_only=True)
    assert found(tmp_path / "big.pt") == {**references("w", state["w"]), **references("t", state["t"])}


def test_an_archive_without_checksums_is_read(tmp_path):
    config = pytest.importorskip("torch.utils.serialization.config")
    before, config.save.compute_crc32 = config.save.compute_crc32, False
    try:
        path = saved(tmp_path / "x.pt", {"w": floats(3)})
    finally:
        config.save.compute_crc32 = before
    assert found(path) == references("w", floats(3))


def test_a_deflated_archive_gives_the_same_fingerprint(tmp_path):
    path = saved(tmp_path / "x.pt", {"w": floats(30)})
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "d.pt", "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            new.writestr(item.filename, old.read(item))
    assert torch.load(tmp_path / "d.pt", weights_only=True)["w"].equal(floats(30))
    assert fingerprint(tmp_path / "d.pt") == fingerprint(path)


def test_whole_programs_are_refused_by_the_name_of_their_class(tmp_path):
    path = saved(tmp_path / "x.pt", torch.nn.Linear(2, 2))
    with pytest.raises(Exception, match=r"torch\.nn\.modules\.linear\.Linear"):
        read_tensors(path)


def test_a_wrapper_of_a_plain_pickle_is_no_checkpoint(tmp_path):
    (tmp_path / "x.pt").write_bytes(pickle.dumps({"w": [1.0]}))
    with pytest.raises(ModelError, match=r"not a file that torch\.save has written"):
        read_tensors(tmp_path / "x.pt")


def test_the_matrix_is_as_large_as_documented():
    assert len(TENSORS) + len(BESIDE) + len(REFUSED_BY_TORCH) >= 150
