# SPDX-License-Identifier: MIT
"""What PyTorch files contain besides plain tensors, in files written byte by byte, without torch."""

import io
import pickle
import struct
import zipfile
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg.errors import FairregError, ModelError
from fairreg.runners.weights import dtype_name, fingerprint, fingerprint_of, read_tensors
from support.examples import examples
from support.weight_files import MAGIC, PROTOCOL, Opcodes

op = Opcodes()
kinds = pytest.mark.parametrize("kind", ["legacy", "zipped"])


class Checkpoint:
    """One checkpoint: storages that are added one by one, and the pickle that refers to them."""

    def __init__(self, kind):
        self.kind, self.storages = kind, {}

    def storage(self, content, name="UntypedStorage", module="torch.storage"):
        """Pickle of the reference to a new storage of the bytes or the array."""
        key = str(len(self.storages))
        array = np.frombuffer(content, "u1") if isinstance(content, bytes) else content
        self.storages[key] = array
        fields = [op.text("storage"), op.name(module, name), op.text(key), op.text("cpu")]
        more = [op.none] if self.kind == "legacy" else []
        return op.tuple(*fields, op.integer(array.size), *more) + b"Q"

    def tensor(self, array, name, metadata=None):
        """Pickle of the contiguous tensor `array`, whose storage has the class `name`."""
        strides = [step // array.itemsize for step in array.strides]
        plain = op.tensor(self.storage(array.reshape(-1), name, "torch"), array.shape, strides)
        return plain[:-2] + (metadata or b"N") + plain[-2:]

    def typed(self, content, dtype, shape, strides):
        """Pickle of a tensor of the newer kind, whose element type is not that of its storage."""
        sizes, steps = (op.tuple(*map(op.integer, numbers)) for numbers in (shape, strides))
        hooks = op.call("collections", "OrderedDict")
        arguments = (
            self.storage(content),
            op.integer(0),
            sizes,
            steps,
            b"\x89",
            hooks,
            op.name("torch", dtype),
        )
        return op.call("torch._utils", "_rebuild_tensor_v3", *arguments)

    def written(self, path, items, **how):
        """Write the checkpoint with a state dict of these pickled items."""
        content = b"\x80\x02" + op.mapping(items) + b"."
        path.write_bytes(self._legacy(content) if self.kind == "legacy" else self._zipped(content, **how))
        return path

    def _legacy(self, content):
        parts = [pickle.dumps(part, 2) for part in (MAGIC, PROTOCOL, {"little_endian": True})]
        parts += [content, pickle.dumps(list(self.storages), 2)]
        blocks = [struct.pack("<q", array.size) + array.tobytes() for array in self.storages.values()]
        return b"".join(parts + blocks)

    def _zipped(self, content, compression=zipfile.ZIP_STORED, byteorder="little"):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", compression) as archive:
            archive.writestr("archive/data.pkl", content)
            archive.writestr("archive/byteorder", byteorder)
            for key, array in self.storages.items():
                archive.writestr(f"archive/data/{key}", array.tobytes())
        return stream.getvalue()


@kinds
@pytest.mark.parametrize(
    "dtype", ["float8_e4m3fn", "float8_e5m2", "float8_e8m0fnu", "float4_e2m1fn_x2", "bits8"]
)
def test_bytes_of_types_that_numpy_lacks_keep_their_bits_and_name(tmp_path, kind, dtype):
    checkpoint = Checkpoint(kind)
    item = checkpoint.typed(bytes(range(6)), dtype, (3, 2), (1, 3))
    found = read_tensors(checkpoint.written(tmp_path / "x.pt", {"w": item}))["w"]
    assert dtype_name(found.dtype) == dtype
    assert found.tobytes() == bytes([0, 3, 1, 4, 2, 5])


@kinds
@pytest.mark.parametrize("dtype", ["uint16", "uint32", "uint64", "int16", "float32"])
def test_an_untyped_storage_is_read_as_the_type_of_the_tensor(tmp_path, kind, dtype):
    values = np.arange(1, 5, dtype=dtype)
    checkpoint = Checkpoint(kind)
    item = checkpoint.typed(values.tobytes(), dtype, (4,), (1,))
    found = read_tensors(checkpoint.written(tmp_path / "x.pt", {"w": item}))["w"]
    assert found.dtype == values.dtype
    assert found.tolist() == values.tolist()


@kinds
def test_an_element_type_of_the_future_is_named_and_not_called_damage(tmp_path, kind):
    checkpoint = Checkpoint(kind)
    item = checkpoint.typed(bytes(4), "float3_e1m1", (4,), (1,))
    with pytest.raises(
        ModelError, match=r"float3_e1m1, which is not known to fairreg \(tensor 'w'\)"
    ) as caught:
        read_tensors(checkpoint.written(tmp_path / "x.pt", {"w": item}))
    assert "damaged" not in caught.value.message


@kinds
@pytest.mark.parametrize(
    ("name", "expected"),
    [("conj", [1 - 2j, 3 + 1j]), ("neg", [-1 - 2j, -3 + 1j]), ("odd", None)],
)
def test_views_that_change_the_values_are_applied_or_refused(tmp_path, kind, name, expected):
    values = np.array([1 + 2j, 3 - 1j], "c8")
    checkpoint = Checkpoint(kind)
    metadata = b"}" + op.text(name) + b"\x88s"
    item = checkpoint.tensor(values, "ComplexFloatStorage", metadata)
    path = checkpoint.written(tmp_path / "x.pt", {"w": item})
    if expected is None:
        with pytest.raises(ModelError, match="the property 'odd', which is not known"):
            read_tensors(path)
    else:
        assert read_tensors(path)["w"].tolist() == expected
        assert fingerprint(path) == fingerprint_of({"w": np.array(expected, "c8")})


def quantised(checkpoint, values, parameters):
    sizes, steps = op.tuple(op.integer(values.size)), op.tuple(op.integer(1))
    storage = checkpoint.storage(values, "QInt8Storage", "torch")
    hooks = op.call("collections", "OrderedDict")
    return op.call(
        "torch._utils", "_rebuild_qtensor", storage, op.integer(0), sizes, steps, parameters, b"\x89", hooks
    )


def number(value):
    return pickle.dumps(value, 2)[2:-1]


@kinds
def test_quantised_tensors_are_what_their_integers_stand_for(tmp_path, kind):
    checkpoint, values = Checkpoint(kind), np.array([-128, 0, 127], "i1")
    one = op.tuple(op.name("torch", "per_tensor_affine"), number(0.1), op.integer(3))
    lists = b"](" + number(0.1) + number(0.5) + number(2.0) + b"e", b"](K\x00K\x01K\x02e"
    each = op.tuple(op.name("torch", "per_channel_affine"), *lists, op.integer(0))
    items = {"one": quantised(checkpoint, values, one), "each": quantised(checkpoint, values, each)}
    found = read_tensors(checkpoint.written(tmp_path / "x.pt", items))
    scale = np.float32(0.1)
    assert found["one"].dtype == np.float32
    assert found["one"].tolist() == [
        np.float32(-131) * scale,
        np.float32(-3) * scale,
        np.float32(124) * scale,
    ]
    assert found["each"].tolist() == [np.float32(-12.8), -0.5, 250.0]


def test_scales_in_lists_of_lists_are_refused_before_they_are_unfolded(tmp_path):
    checkpoint = Checkpoint("zipped")
    nest = b"](" + number(1.0) * 100 + b"e"
    for place in range(10, 14):  # each level a hundred times the one inside: 10 GB
        nest = b"](" + nest + bytes([ord("q"), place]) + bytes([ord("h"), place]) * 99 + b"e"
    parameters = op.tuple(op.name("torch", "per_channel_affine"), nest, b"](K\x00e", op.integer(0))
    item = quantised(checkpoint, np.zeros(1, "i1"), parameters)
    with pytest.raises(ModelError, match="parameters of a quantised tensor are damaged"):
        read_tensors(checkpoint.written(tmp_path / "x.pt", {"w": item}))


def test_the_scale_of_a_quantised_tensor_counts_in_the_fingerprint(tmp_path):
    found = set()
    for scale in (0.1, 0.2):
        checkpoint = Checkpoint("zipped")
        parameters = op.tuple(op.name("torch", "per_tensor_affine"), number(scale), op.integer(0))
        item = quantised(checkpoint, np.arange(3, dtype="i1"), parameters)
        found.add(fingerprint(checkpoint.written(tmp_path / "x.pt", {"w": item})))
    assert len(found) == 2


def coordinates(checkpoint, indices, values, shape):
    layout = op.call("torch.serialization", "_get_layout", op.text("torch.sparse_coo"))
    size = op.tuple(*map(op.integer, shape))
    parts = checkpoint.tensor(indices, "LongStorage"), checkpoint.tensor(values, "FloatStorage")
    return op.call("torch._utils", "_rebuild_sparse_tensor", layout, op.tuple(*parts, size, b"\x88"))


@kinds
def test_a_sparse_tensor_becomes_dense_and_repeats_add_up(tmp_path, kind):
    checkpoint = Checkpoint(kind)
    indices = np.array([[0, 1, 1], [2, 0, 0]])
    item = coordinates(checkpoint, indices, np.array([1, 2, 4], "f4"), (2, 3))
    found = read_tensors(checkpoint.written(tmp_path / "x.pt", {"w": item}))["w"]
    assert found.tolist() == [[0, 0, 1], [6, 0, 0]]
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 1


@pytest.mark.parametrize("index", [-1, 3, 2**62])
def test_a_sparse_tensor_cannot_write_outside_its_shape(tmp_path, index):
    checkpoint = Checkpoint("zipped")
    item = coordinates(checkpoint, np.array([[0], [index]]), np.ones(1, "f4"), (2, 3))
    with pytest.raises(ModelError, match="parts of a sparse tensor do not fit"):
        read_tensors(checkpoint.written(tmp_path / "x.pt", {"w": item}))


def test_a_sparse_tensor_that_is_huge_when_dense_is_refused(tmp_path):
    checkpoint = Checkpoint("zipped")
    item = coordinates(checkpoint, np.array([[0], [1]]), np.ones(1, "f4"), (2**20, 2**20))
    with pytest.raises(ModelError, match="expand to more than"):
        read_tensors(checkpoint.written(tmp_path / "x.pt", {"w": item}))


@kinds
def test_an_expanded_tensor_repeats_its_value_within_bounds(tmp_path, kind):
    for count, fits in ((1000, True), (2**40, False)):
        checkpoint = Checkpoint(kind)
        item = op.tensor(checkpoint.storage(np.ones(1, "f4"), "FloatStorage", "torch"), (count,), (0,))
        path = checkpoint.written(tmp_path / "x.pt", {"w": item})
        if fits:
            assert read_tensors(path)["w"].tolist() == [1] * count
        else:
            with pytest.raises(ModelError, match="expand to more than"):
                read_tensors(path)


def test_many_small_views_that_are_large_together_are_refused(tmp_path):
    checkpoint = Checkpoint("zipped")
    storage = checkpoint.storage(np.ones(1, "f4"), "FloatStorage", "torch")
    items = {f"w{place}": op.tensor(storage, (2**24,), (0,)) for place in range(10)}
    with pytest.raises(ModelError, match="expand to more than"):
        read_tensors(checkpoint.written(tmp_path / "x.pt", items))


@pytest.mark.parametrize("dtype", ["f4", "f8", "i8", "c8", "c16", "i1"])
def test_a_big_endian_archive_is_swapped(tmp_path, dtype):
    names = {
        "f4": "Float",
        "f8": "Double",
        "i8": "Long",
        "c8": "ComplexFloat",
        "c16": "ComplexDouble",
        "i1": "Char",
    }
    values = np.arange(6).astype(dtype).reshape(2, 3)
    checkpoint = Checkpoint("zipped")
    item = checkpoint.tensor(values.astype(values.dtype.newbyteorder(">")), f"{names[dtype]}Storage")
    path = checkpoint.written(tmp_path / "x.pt", {"w": item}, byteorder="big")
    found = read_tensors(path)["w"]
    assert found.dtype == np.dtype(dtype)
    assert found.tolist() == values.tolist()


def test_an_unknown_byte_order_is_refused(tmp_path):
    checkpoint = Checkpoint("zipped")
    item = checkpoint.tensor(np.ones(2, "f4"), "FloatStorage")
    with pytest.raises(ModelError, match="byte order is neither little nor big"):
        read_tensors(checkpoint.written(tmp_path / "x.pt", {"w": item}, byteorder="middle"))


def test_deflated_members_are_read(tmp_path):
    checkpoint, values = Checkpoint("zipped"), np.arange(100, dtype="f4")
    item = checkpoint.tensor(values, "FloatStorage")
    path = checkpoint.written(tmp_path / "x.pt", {"w": item}, compression=zipfile.ZIP_DEFLATED)
    assert fingerprint(path) == fingerprint_of({"w": values})


def test_members_that_inflate_far_beyond_the_file_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02}.")
        with archive.open("archive/data/0", "w") as member:
            for _ in range(600):
                member.write(bytes(2**20))
    assert (tmp_path / "x.pt").stat().st_size < 2**20
    with pytest.raises(ModelError, match="expand to more than"):
        read_tensors(tmp_path / "x.pt")


def test_a_pickle_that_inflates_far_beyond_the_file_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02}" + b"N0" * (50 << 20) + b".")
    with pytest.raises(ModelError, match="its pickle has more than"):
        read_tensors(tmp_path / "x.pt")


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_members_that_torch_cannot_unpack_are_refused_for_that(tmp_path, compression):
    checkpoint = Checkpoint("zipped")
    item = checkpoint.tensor(np.ones(2, "f4"), "FloatStorage")
    with pytest.raises(ModelError, match="by a method that PyTorch does not read"):
        read_tensors(checkpoint.written(tmp_path / "x.pt", {"w": item}, compression=compression))


def test_a_changed_member_is_named(tmp_path):
    checkpoint = Checkpoint("zipped")
    path = checkpoint.written(
        tmp_path / "x.pt", {"w": checkpoint.tensor(np.full(2, 7.5, "f4"), "FloatStorage")}
    )
    path.write_bytes(path.read_bytes().replace(np.full(2, 7.5, "f4").tobytes(), np.ones(2, "f4").tobytes()))
    with pytest.raises(ModelError, match="member data/0 is damaged"):
        read_tensors(path)


def test_a_missing_storage_is_named(tmp_path):
    checkpoint = Checkpoint("zipped")
    item = checkpoint.tensor(np.ones(2, "f4"), "FloatStorage")
    checkpoint.storages.clear()
    with pytest.raises(ModelError, match="member data/0 is missing"):
        read_tensors(checkpoint.written(tmp_path / "x.pt", {"w": item}))


def test_views_of_storages_of_old_files_are_understood(tmp_path):
    values = np.arange(6, dtype="f4")
    view = op.tuple(op.text("7"), op.integer(2), op.integer(3))
    fields = [
        op.text("storage"),
        op.name("torch", "FloatStorage"),
        op.text("0"),
        op.text("cpu"),
        op.integer(6),
    ]
    checkpoint = Checkpoint("legacy")
    checkpoint.storages["0"] = values
    items = {
        "part": op.tensor(op.tuple(*fields, view) + b"Q", (2,), (1,), 1),
        "all": op.tensor(op.tuple(*fields, op.none) + b"Q", (6,), (1,)),
    }
    found = read_tensors(checkpoint.written(tmp_path / "x.pt", items))
    assert found["part"].tolist() == [3, 4]
    assert found["all"].tolist() == values.tolist()


@kinds
def test_tensors_of_the_oldest_kind_get_their_values_by_build(tmp_path, kind):
    checkpoint = Checkpoint(kind)
    storage = checkpoint.storage(np.arange(4, dtype="f4"), "FloatStorage", "torch")
    state = op.tuple(storage, op.integer(1), op.tuple(op.integer(3)), op.tuple(op.integer(1)))
    old = op.call("torch", "FloatTensor")
    found = read_tensors(checkpoint.written(tmp_path / "x.pt", {"w": old + state + op.build, "e": old}))
    assert found["w"].tolist() == [1, 2, 3]
    assert found["e"].shape == (0,)


@kinds
def test_an_ordered_dictionary_of_python_2_is_a_list_of_pairs(tmp_path, kind):
    checkpoint = Checkpoint(kind)
    pair = b"](" + op.text("a") + checkpoint.tensor(np.ones(2, "f4"), "FloatStorage") + b"e"
    inner = op.call("collections", "OrderedDict", b"](" + pair + b"e")
    path = checkpoint.written(tmp_path / "x.pt", {"state_dict": inner})
    assert list(read_tensors(path)) == ["a"]


@kinds
def test_tensors_of_an_optimizer_that_are_damaged_do_not_hide_the_weights_before_them(tmp_path, kind):
    checkpoint = Checkpoint(kind)
    weight = checkpoint.tensor(np.ones(2, "f4"), "FloatStorage")
    future = checkpoint.typed(bytes(4), "float3_e1m1", (4,), (1,))
    items = {"state_dict": op.mapping({"w": weight}), "optimizer": op.mapping({"m": future})}
    assert list(read_tensors(checkpoint.written(tmp_path / "x.pt", items))) == ["w"]


def test_a_file_of_the_tar_format_is_called_one(tmp_path):
    import tarfile

    with tarfile.open(tmp_path / "x.pth", "w") as archive:
        archive.addfile(tarfile.TarInfo("storages"))
    with pytest.raises(ModelError, match="it is a tar archive"):
        read_tensors(tmp_path / "x.pth")


def test_an_empty_file_is_called_empty(tmp_path):
    (tmp_path / "x.pth").touch()
    with pytest.raises(ModelError, match="it is empty"):
        read_tensors(tmp_path / "x.pth")


def test_other_plain_pickles_are_not_called_damaged(tmp_path):
    (tmp_path / "x.pth").write_bytes(pickle.dumps({"w": [1.0]}))
    with pytest.raises(ModelError, match=r"not a file that torch\.save has written"):
        read_tensors(tmp_path / "x.pth")


@pytest.mark.sliced(2)
@kinds
def test_a_hundred_thousand_instructions_of_tensors_are_no_limit(tmp_path, kind):
    checkpoint = Checkpoint(kind)
    storage = checkpoint.storage(np.arange(20_000, dtype="f4"), "FloatStorage", "torch")
    items = {f"w{place}": op.tensor(storage, (1,), (1,), place) for place in range(20_000)}
    found = read_tensors(checkpoint.written(tmp_path / "x.pt", items))
    assert found["w19999"].tolist() == [19999]


def test_tensors_made_of_each_other_are_refused_before_they_double(tmp_path):
    checkpoint = Checkpoint("zipped")
    layout = (
        op.call("torch.serialization", "_get_layout", op.text("torch.sparse_coo")) + b"r\x00\x01\x00\x000"
    )
    nest = checkpoint.tensor(np.zeros((1, 0), "i8"), "LongStorage") + b"r\x01\x01\x00\x000"
    sparse = op.call("torch._utils", "_rebuild_sparse_tensor", b"j\0\1\0\0", b"(j\1\1\0\0j\1\1\0\0)t")
    item = layout + nest + (sparse + b"r\x01\x01\x00\x000") * 60 + b"j\1\1\0\0"
    with pytest.raises(ModelError, match="description of a tensor is damaged"):
        read_tensors(checkpoint.written(tmp_path / "x.pt", {"w": item}))


def test_a_nested_tensor_of_countless_empty_parts_is_refused(tmp_path):
    checkpoint = Checkpoint("zipped")
    storage = checkpoint.storage(np.zeros(1, "i8"), "LongStorage", "torch")
    rows, places = op.tensor(storage, (10**7, 0), (0, 0)), op.tensor(storage, (10**7,), (0,))
    item = op.call("torch._utils", "_rebuild_nested_tensor", places, rows, rows, places)
    with pytest.raises(ModelError, match="expand to more than"):
        read_tensors(checkpoint.written(tmp_path / "x.pt", {"w": item}))


def test_sizes_wider_than_a_machine_word_are_damage(tmp_path):
    checkpoint = Checkpoint("zipped")
    item = op.tensor(checkpoint.storage(np.ones(1, "f4"), "FloatStorage", "torch"), (2**70, 0), (1, 1))
    with pytest.raises(ModelError, match="description of a tensor is damaged"):
        read_tensors(checkpoint.written(tmp_path / "x.pt", {"w": item}))


def of_all_kinds(kind, folder):
    checkpoint = Checkpoint(kind)
    scheme = op.tuple(op.name("torch", "per_tensor_affine"), number(0.1), op.integer(3))
    conjugated = b"}" + op.text("conj") + b"\x88s"
    items = {
        "q": quantised(checkpoint, np.arange(3, dtype="i1"), scheme),
        "s": coordinates(checkpoint, np.array([[0, 1], [2, 0]]), np.ones(2, "f4"), (2, 3)),
        "t": checkpoint.typed(bytes(6), "float8_e5m2", (3, 2), (1, 3)),
        "c": checkpoint.tensor(np.ones(2, "c8"), "ComplexFloatStorage", conjugated),
    }
    return checkpoint.written(folder / "x.pt", items)


@kinds
@settings(max_examples=examples(300))
@given(data=st.data())
def test_random_corruption_of_any_kind_raises_nothing_but_our_errors(tmp_path_factory, kind, data):
    path = of_all_kinds(kind, tmp_path_factory.getbasetemp())
    content = bytearray(path.read_bytes())
    places = st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255))
    for place, byte in data.draw(st.lists(places, min_size=1, max_size=4)):
        content[place] = byte
    path.write_bytes(content)
    with suppress(FairregError):
        fingerprint(path)
