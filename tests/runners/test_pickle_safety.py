# SPDX-License-Identifier: MIT
"""A pickle that names code is refused by name and nothing of it runs."""

import pickle
import string
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg.errors import FairregError, ModelError, UnsafePickle
from fairreg.runners.weights import pickles, read_tensors
from fairreg.runners.weights.torch_format import allowlist, machine
from support.examples import examples

TENSORS = {"x": np.zeros(2, np.float32)}
kinds = pytest.mark.parametrize("kind", ["legacy", "zipped"])


@pytest.fixture
def marker(tmp_path):
    return tmp_path / "executed"


def attacks(op, marker):
    """Name -> pickle value that would create `marker` if it were executed, and the global it names."""
    command, code = op.text(f"touch {marker}"), op.text(f"open({str(marker)!r}, 'w')")
    system = op.call("posix", "system", command)
    by_stack = op.text("os") + op.text("system") + b"\x93" + op.tuple(command) + op.reduce
    dotted = op.text("torch") + op.text("serialization.os.system") + b"\x93" + op.tuple(command) + op.reduce
    storage = op.storage("FloatStorage", "0", 2)
    inside = op.call("torch._utils", "_rebuild_parameter", op.tensor(storage, (2,), (1,)), b"\x89", system)
    return {
        "reduce": (system, "posix.system"),
        "eval": (op.call("builtins", "eval", code), "builtins.eval"),
        "python 2": (op.call("__builtin__", "eval", code), "__builtin__.eval"),
        "getattr": (op.call("builtins", "getattr", op.name("os", "path"), op.text("os")), "builtins.getattr"),
        "stack global": (by_stack, "os.system"),
        "dotted": (dotted, "torch.serialization.os.system"),
        "nested": (inside, "posix.system"),
        "load": (op.call("torch.storage", "_load_from_bytes", b"C\x00"), "torch.storage._load_from_bytes"),
        "our own": (
            op.call("fairreg.runners.weights.pickles", "load"),
            "fairreg.runners.weights.pickles.load",
        ),
        "inst": (b"(" + command + b"iposix\nsystem\n", "posix.system"),
        "only named": (op.name("os", "system"), "os.system"),
        "in state": (op.call("collections", "OrderedDict") + system + op.build, "posix.system"),
    }


@kinds
@pytest.mark.parametrize(
    "attack",
    [
        "reduce",
        "eval",
        "python 2",
        "getattr",
        "stack global",
        "dotted",
        "nested",
        "load",
        "our own",
        "inst",
        "only named",
        "in state",
    ],
)
def test_code_is_refused_by_name_and_not_executed(tmp_path, files, marker, kind, attack):
    value, name = attacks(files.op, marker)[attack]
    path = tmp_path / "weights.pth"
    path.write_bytes(getattr(files, kind)(TENSORS, extra={"evil": value}))
    with pytest.raises(UnsafePickle) as caught:
        read_tensors(path)
    assert f"names {name}," in caught.value.message
    assert caught.value.message.startswith("weights.pth")
    assert caught.value.exit_code == 3
    assert not marker.exists()


@pytest.mark.parametrize("position", range(5))
def test_code_is_refused_in_every_pickle_of_a_legacy_file(tmp_path, files, marker, position):
    attack = b"\x80\x02" + attacks(files.op, marker)["reduce"][0] + b"."
    honest = [pickle.dumps(value, 2) for value in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})]
    parts = [*honest, files.state_dict(TENSORS, (files.op.none,)), pickle.dumps(["0"], 2)]
    parts[position] = attack
    path = tmp_path / "weights.pth"
    path.write_bytes(b"".join(parts))
    with pytest.raises(UnsafePickle, match=r"posix\.system"):
        read_tensors(path)
    assert not marker.exists()


@pytest.mark.parametrize("protocol", range(6))
def test_a_plain_pickle_of_a_call_is_refused(tmp_path, marker, protocol):
    class Evil:
        def __reduce__(self):
            import os

            return os.system, (f"touch {marker}",)

    path = tmp_path / "model.pth"
    path.write_bytes(pickle.dumps(Evil(), protocol))
    with pytest.raises(UnsafePickle, match=r"posix\.system"):
        read_tensors(path)
    assert not marker.exists()


def odd_instructions(op):
    """Values built with instructions that could change or misuse the stand-ins."""
    rebuild = op.name("torch._utils", "_rebuild_tensor_v2")
    state = b"}" + op.text("answer") + op.integer(1) + b"s"
    return {
        "build a function": rebuild + state + op.build,
        "build with slots": rebuild + b"N" + state + b"\x86" + op.build,
        "build a storage type": op.name("torch", "FloatStorage") + state + op.build,
        "call a storage type": op.call("torch", "FloatStorage", op.integer(1)),
        "inst": b"(" + op.text("x") + b"itorch._utils\n_rebuild_tensor_v2\n",
        "obj": b"(" + rebuild + b"o",
        "newobj": rebuild + op.empty_tuple + b"\x81",
        "extension": b"\x82\x01",
        "text persistent id": b"P0\n",
        "wrong persistent id": op.text("storage") + b"Q",
        "memo of nothing": b"j\xff\xff\xff\x7f",
        "items of a function": rebuild + b"(" + op.text("a") + op.none + b"u",
        "append to a storage type": op.name("torch", "FloatStorage") + op.none + b"a",
        "long integer": b"\x8b\xff\xff\xff\x7f",
        "tensor of nothing": op.call("torch._utils", "_rebuild_tensor_v2"),
        "tensor of texts": op.tensor(op.text("x"), (1,), (1,)),
    }


@kinds
@pytest.mark.parametrize(
    "case",
    [
        "build a function",
        "build with slots",
        "build a storage type",
        "call a storage type",
        "inst",
        "obj",
        "newobj",
        "extension",
        "text persistent id",
        "wrong persistent id",
        "memo of nothing",
        "items of a function",
        "append to a storage type",
        "long integer",
        "tensor of nothing",
        "tensor of texts",
    ],
)
def test_instructions_that_tensors_do_not_need_are_an_error(tmp_path, files, kind, case):
    path = tmp_path / "weights.pth"
    path.write_bytes(getattr(files, kind)(TENSORS, extra={"odd": odd_instructions(files.op)[case]}))
    with pytest.raises(FairregError, match=r"weights\.pth"):
        read_tensors(path)
    path.write_bytes(getattr(files, kind)(TENSORS))
    np.testing.assert_array_equal(read_tensors(path)["x"], TENSORS["x"])  # the stand-ins are as before


@kinds
def test_attributes_of_a_state_dict_are_dropped(tmp_path, files, kind):
    op = files.op
    state = b"}" + op.text("items") + op.text("not a method") + b"s"
    mapping = op.mapping({"x": op.tensor(op.storage("FloatStorage", "0", 2, *_view(op, kind)), (2,), (1,))})
    content = getattr(files, kind)(TENSORS, state_dict=b"\x80\x02" + mapping + state + op.build + b".")
    (tmp_path / "x.pth").write_bytes(content)
    assert list(read_tensors(tmp_path / "x.pth")) == ["x"]


def _view(op, kind):
    return (op.none,) if kind == "legacy" else ()


@pytest.mark.parametrize(
    ("code", "number"), [(b"\x82\x07", 7), (b"\x83\x07\x01", 263), (b"\x84\x07\0\0\0", 7)]
)
def test_the_extension_registry_is_refused_by_its_number(tmp_path, files, code, number):
    (tmp_path / "x.pth").write_bytes(files.zipped(TENSORS, extra={"odd": code}))
    with pytest.raises(UnsafePickle, match=f"entry {number} of Python's extension registry"):
        read_tensors(tmp_path / "x.pth")


def test_an_object_outside_the_file_is_refused_by_its_identifier(tmp_path, files):
    (tmp_path / "x.pth").write_bytes(files.zipped(TENSORS, extra={"odd": b"Pa.module\n"}))
    with pytest.raises(UnsafePickle, match=r"'a\.module'"):
        read_tensors(tmp_path / "x.pth")


def test_a_name_cannot_write_to_a_terminal(tmp_path, files):
    odd = b"cevil\x1b[2J\xe2\x80\xae\nname\n"
    (tmp_path / "x.pth").write_bytes(files.zipped(TENSORS, extra={"odd": odd}))
    with pytest.raises(UnsafePickle) as caught:
        read_tensors(tmp_path / "x.pth")
    assert caught.value.message.isprintable()


def test_stand_ins_have_no_attributes_to_set():
    for found in allowlist._NAMES.values():
        assert not hasattr(found, "__dict__")
        for name in ("anything", "name", "answer"):
            with pytest.raises((AttributeError, TypeError)):
                setattr(found, name, 1)


@pytest.mark.parametrize("depth", [100, 300_000])
def test_a_deep_nest_used_as_a_key_neither_crashes_nor_passes(tmp_path, files, depth):
    nest = files.op.empty_tuple + b"\x85" * depth
    path = tmp_path / "x.pth"
    path.write_bytes(files.zipped(TENSORS, state_dict=b"\x80\x02}" + nest + b"Ns."))
    with ThreadPoolExecutor() as pool, pytest.raises(ModelError, match="large nest of tuples"):
        pool.submit(read_tensors, path).result()


def test_a_key_that_doubles_with_every_level_is_refused(tmp_path, files):
    doubled = files.op.empty_tuple + b"q\x00h\x00\x86" * 60
    (tmp_path / "x.pth").write_bytes(files.zipped(TENSORS, state_dict=b"\x80\x02}" + doubled + b"Ns."))
    with pytest.raises(ModelError, match="large nest of tuples"):
        read_tensors(tmp_path / "x.pth")


def test_integers_that_could_all_collide_are_no_keys():
    wide = pickle.dumps({(2**61 - 1) * 2**20: 1}, 2)
    with pytest.raises(ModelError, match="more than 64 bits"):
        pickles.load(wide, 0, "x.pth")


def tuples_of_one_hash(count):
    """Pairs of numbers to which CPython 3.8 and later give one hash (its tuples are hashed by xxHash)."""
    word, first, second, begin = 2**64, 11400714785074694791, 14029467366897019727, 2870177450012600261
    for number in range(4 * count):
        lane = (begin + number * second) % word
        rest = (-((lane << 31 | lane >> 33) % word) * first * pow(second, -1, word)) % word
        signed = rest - word * (rest >= word // 2)
        if abs(signed) < 2**60:
            yield number, signed


KEYS_OF_ONE_HASH = {
    "complex numbers": lambda: [complex(-1000003 * number, number) for number in range(1, 2000)],
    "tuples": lambda: list(tuples_of_one_hash(2000)),
    "nests": lambda: [("a", pair) for pair in tuples_of_one_hash(2000)],
    "frozen sets": lambda: [frozenset([pair]) for pair in tuples_of_one_hash(2000)],
}


@pytest.mark.sliced(3)
@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("kind", KEYS_OF_ONE_HASH)
def test_keys_of_one_hash_cannot_slow_the_reading(kind, protocol):
    keys = KEYS_OF_ONE_HASH[kind]()
    assert len(set(map(hash, keys))) == 1
    for value in (dict.fromkeys(keys), set(keys), frozenset(keys)):
        with pytest.raises(ModelError, match="one hash"):
            pickles.load(pickle.dumps(value, protocol), 0, "x.pth")


def test_many_keys_that_are_tuples_are_read():
    value = {(f"{number}", number): 1 for number in range(20_000)} | {
        number + 0.5j: 1 for number in range(20_000)
    }
    again = [dict.fromkeys([(1, 2), (3,)]) for _ in range(500)]
    assert pickles.load(pickle.dumps([value, again], 2), 0, "x.pth").value == [value, again]


def test_a_text_does_not_become_a_list_of_characters(files):
    for kind in ("list", "set", "frozenset"):
        with pytest.raises(ModelError, match="of a text"):
            pickles.load(
                b"\x80\x02" + files.op.call("builtins", kind, files.op.text("abc")) + b".", 0, "x.pth"
            )


def test_calls_that_copy_the_same_list_again_and_again_are_bounded(files):
    numbers = b"](" + b"K\x01" * 20_000 + b"eq\x00"
    copy = files.op.name("builtins", "set") + b"h\x00\x85R"
    with pytest.raises(ModelError, match="copies more than"):
        pickles.load(b"\x80\x02" + numbers + copy * 300 + b".", 0, "x.pth")


@pytest.mark.parametrize("most", [30_000, pytest.param(3_000_000, marks=pytest.mark.long)])
def test_containers_are_bounded(monkeypatch, most):
    assert machine._MAX_CONTAINERS == 3_000_000
    monkeypatch.setattr(machine, "_MAX_CONTAINERS", most)
    assert len(pickles.load(b"(" + b"]" * (most - 1) + b"t.", 0, "x.pth").value) == most - 1
    for begun, one_more in ((b"", b"]"), (b")", b"\x85")):
        with pytest.raises(ModelError, match=f"more than {most} lists, tuples and dictionaries"):
            pickles.load(begun + one_more * (most + 1) + b".", 0, "x.pth")


def test_values_that_are_being_built_are_bounded():
    with pytest.raises(ModelError, match="being built"):
        pickles.load(b"(" * 10_001 + b".", 0, "x.pth")


def test_an_object_of_a_library_that_is_not_listed_is_refused_by_name(tmp_path, files):
    path = tmp_path / "checkpoint.ckpt"
    path.write_bytes(files.zipped(TENSORS, extra={"args": files.op.call("mylab.settings", "Options")}))
    with pytest.raises(UnsafePickle, match=r"checkpoint\.ckpt .* mylab\.settings\.Options"):
        read_tensors(path)


@kinds
@pytest.mark.parametrize(
    "name", ["argparse.Namespace", "pathlib.PosixPath", "omegaconf.dictconfig.DictConfig"]
)
def test_a_harmless_object_is_a_placeholder_whatever_is_done_to_it(tmp_path, files, kind, name):
    op = files.op
    module, _, cls = name.rpartition(".")
    called = op.call(module, cls, op.text("a"))
    state = b"}" + op.text("x") + op.integer(1) + b"s"
    extra = {
        "called": called,
        "built": called + state + op.build,
        "made": op.name(module, cls) + op.empty_tuple + b"\x81" + state + op.build,
        "with names": op.name(module, cls) + op.empty_tuple + state + b"\x92",
        "with items": called + b"(" + op.text("k") + op.none + b"u",
        "with values": called + b"(" + op.none + b"e",
        "named": op.name(module, cls),
    }
    (tmp_path / "x.pth").write_bytes(getattr(files, kind)({}, extra={"w": op.none, **extra}))
    with pytest.raises(ModelError, match="does not contain tensors"):
        read_tensors(tmp_path / "x.pth")
    loaded = pickles.load(b"\x80\x02" + op.mapping(extra) + b".", 0, "x.pth").value
    assert {type(value) for value in loaded.values()} == {pickles.Opaque}
    assert {value.name for value in loaded.values()} == {name}


@kinds
@pytest.mark.parametrize("protocol", [0, 1, 2])
def test_bytes_that_python_2_calls_text_are_kept(tmp_path, files, kind, protocol):
    content = b"\xcd\xcc\xf4\x3f"  # of a numpy scalar
    odd = {0: b"S'\\xcd\\xcc\\xf4?'\n", 1: b"T\x04\x00\x00\x00" + content, 2: b"U\x04" + content}[protocol]
    assert pickles.load(odd + b".", 0, "x.pth").value == content
    path = tmp_path / "x.pth"
    path.write_bytes(getattr(files, kind)(TENSORS, extra={"best": files.op.call("numpy", "float64", odd)}))
    assert list(read_tensors(path)) == ["x"]


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**80), 2**80)
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8"))
    | st.text(string.printable)
    | st.binary(),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(
            st.text() | st.integers(-(2**60), 2**60) | st.tuples(st.text(), st.integers(-(2**63), 2**63)),
            inner,
        )
        | st.sets(st.text() | st.integers(0, 9))
        | st.frozensets(st.text() | st.integers(0, 9))
    ),
    max_leaves=20,
)


@settings(max_examples=examples(300))
@given(value=plain, protocol=st.integers(0, 5))
def test_plain_values_of_every_protocol_come_back_as_they_were(value, protocol):
    content = b"before" + pickle.dumps(value, protocol)
    loaded = pickles.load(content + b"behind", len(b"before"), "x.pth")
    assert loaded.value == value
    assert loaded.end == len(content)


@settings(max_examples=examples(500))
@given(content=st.binary(max_size=60), codes=st.lists(st.sampled_from(sorted(pickles._INSTRUCTIONS))))
def test_no_sequence_of_instructions_raises_anything_but_our_errors(content, codes):
    try:
        pickles.load(bytes(codes) + content + b".", 0, "x.pth")
    except FairregError as error:
        assert error.message  # noqa: PT017 - either end is right
