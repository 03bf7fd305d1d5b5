# SPDX-License-Identifier: MIT
"""Every way in which a pickle can run code, at every place of a checkpoint, is refused by name.

The attack makes a folder; that each one would work is shown with Python's own machine.
"""

import io
import pickle

import numpy as np
import pytest

from fairreg.errors import UnsafePickle
from fairreg.runners.weights import read_tensors

TENSORS = {"w": np.ones(2, np.float32)}
TARGET = "posix.mkdir"


def text(value, protocol):
    raw = value.encode()
    return b"V" + raw + b"\n" if protocol == 0 else b"X" + len(raw).to_bytes(4, "little") + raw


def routes(path, protocol):
    """Instruction -> value that calls ``posix.mkdir(path)`` or stands for that, and the name to tell."""
    call, argument = b"cposix\nmkdir\n", text(path, protocol)
    arguments = b"(" + argument + b"t"
    stacked = text("posix", protocol) + text("mkdir", protocol) + b"\x93"
    return {
        "GLOBAL and REDUCE": (call + arguments + b"R", TARGET),
        "STACK_GLOBAL and REDUCE": (stacked + arguments + b"R", TARGET),
        "INST": (b"(" + argument + b"iposix\nmkdir\n", TARGET),
        "OBJ": (b"(" + call + argument + b"o", TARGET),
        "NEWOBJ": (call + arguments + b"\x81", TARGET),
        "NEWOBJ_EX": (call + arguments + b"}\x92", TARGET),
        "BUILD": (call + b"}" + argument + b"Nsb", TARGET),
        "memo": (b"N0" + call + b"p77\n0g77\n" + arguments + b"R", TARGET),
        "getattr": (
            b"c__builtin__\ngetattr\n(cos\npath\n" + text("os", protocol) + b"tR",
            "__builtin__.getattr",
        ),
        "EXT1": (b"\x82\xf0" + arguments + b"R", "entry 240"),
        "EXT2": (b"\x83\xf1\x0f" + arguments + b"R", "entry 4081"),
        "EXT4": (b"\x84\xf2\xff\x0f\x00" + arguments + b"R", "entry 1048562"),
        "PERSID": (b"Pposix.mkdir\n", TARGET),
        "BINPERSID": (text(TARGET, protocol) + b"Q", TARGET),
        "code in a persistent identifier": (
            b"(" + text("storage", protocol) + call + arguments + b"RNNNtQ",
            TARGET,
        ),
        "a class with its source": (b"(" + text("module", protocol) + call + b"NNtQ", TARGET),
    }


WORKING = ["GLOBAL and REDUCE", "STACK_GLOBAL and REDUCE", "INST", "memo"]
NAMES = list(routes("x", 0))


def places(op, value, tensor):
    """Place -> pickle of a checkpoint, without its header, that has `value` there."""
    state = op.mapping({"w": tensor})
    hooked = tensor[:-2] + value + tensor[-2:]  # one more argument of the tensor's function
    namespace = op.call("argparse", "Namespace")
    return {
        "alone": value,
        "beside the state dict": op.mapping({"x": value, "state_dict": state}),
        "in the state dict": op.mapping({"w": tensor, "x": value}),
        "behind everything": op.mapping({"w": tensor, "x": b"](}" + value + b"(" + value + b"lse"}),
        "as a key": state + value + b"Ns",
        "in the metadata": state + b"}" + op.text("_metadata") + value + b"sb",
        "in the state of a placeholder": op.mapping({"w": tensor, "x": namespace + value + b"b"}),
        "as an argument of a placeholder": op.mapping(
            {"w": tensor, "x": op.call("functools", "partial", value)}
        ),
        "as an argument of a tensor": op.mapping({"w": hooked}),
        "in a set": op.mapping({"w": tensor, "x": b"\x8f(" + value + b"\x90"}),
    }


def tensor_of(op, kind):
    return op.tensor(
        op.storage("FloatStorage", "0", 2, *((op.none,) if kind == "legacy" else ())), (2,), (1,)
    )


@pytest.mark.sliced(3)
@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("route", NAMES)
@pytest.mark.parametrize("kind", ["legacy", "zipped"])
def test_code_is_refused_with_its_name_wherever_it_is(tmp_path, files, kind, route, protocol):
    marker = tmp_path / "made"
    value, name = routes(str(marker), protocol)[route]
    header = bytes([0x80, protocol]) if protocol > 1 else b""
    for place, body in places(files.op, value, tensor_of(files.op, kind)).items():
        path = tmp_path / "weights.pth"
        path.write_bytes(getattr(files, kind)(TENSORS, state_dict=header + body + b"."))
        with pytest.raises(UnsafePickle) as caught:
            read_tensors(path)
        assert name in caught.value.message, place
        assert caught.value.exit_code == 3
        assert not marker.exists()


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("route", WORKING)
def test_the_attacks_would_work(tmp_path, route, protocol):
    value, _ = routes(str(tmp_path / "made"), protocol)[route]
    pickle.load(io.BytesIO(value + b"."))
    assert (tmp_path / "made").exists()


@pytest.mark.parametrize("kind", ["legacy", "zipped"])
def test_the_same_files_without_code_are_read(tmp_path, files, kind):
    for place, body in places(files.op, b"N", tensor_of(files.op, kind)).items():
        if place != "alone":
            path = tmp_path / "weights.pth"
            path.write_bytes(getattr(files, kind)(TENSORS, state_dict=b"\x80\x02" + body + b"."))
            assert [array.tolist() for array in read_tensors(path).values()] == [[1, 1]], place
