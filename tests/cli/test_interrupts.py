# SPDX-License-Identifier: MIT
"""Ctrl-C ends a command, also while an engine computes, and is code 130."""

import io
import os
import resource
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from fairreg.cli.app import INTERRUPTED, watched

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="signals of POSIX, times in /proc")

# Long enough that no machine ends the call before it is interrupted.
_ROUNDS = 2**40
# Seconds of CPU time after the interrupt, at most: the engine computes until the process ends.
_CPU_SECONDS = 1.5


@pytest.fixture
def endless(tmp_path: Path) -> Path:
    """An ONNX model whose one call lasts for days: a loop in a graph."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go_on"], ["go_on_still"]),
            helper.make_node("Cos", ["before"], ["after"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("round", TensorProto.INT64, []),
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("before", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("go_on_still", TensorProto.BOOL, []),
            helper.make_tensor_value_info("after", TensorProto.FLOAT, None),
        ],
    )
    rounds = helper.make_tensor("rounds", TensorProto.INT64, [], [_ROUNDS])
    always = helper.make_tensor("always", TensorProto.BOOL, [], [True])
    graph = helper.make_graph(
        [helper.make_node("Loop", ["rounds", "always", "x"], ["y"], body=body)],
        "endless",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 3])],
        [rounds, always],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "endless.onnx")
    np.savez(tmp_path / "x.npz", x=np.ones((4, 3), np.float32))
    return tmp_path / "endless.onnx"


# A shell that runs the tests in the background lets its processes ignore interrupts.
HEARD = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"


@pytest.fixture
def begin() -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Begins a command in a process of its own."""
    running: list[subprocess.Popen[str]] = []

    def start(program: str, *words: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", f"{HEARD}{program}", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "FAIRREG_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
            text=True,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


# Says when the engine is called.
PROGRAM = """
import os
from fairreg.cli.app import main
from fairreg.runners import onnx
compute = onnx.OnnxRunner.compute
def announced(*arguments, **options):
    os.write(1, b"computing\\n")  # in one step, also where two threads compute
    return compute(*arguments, **options)
onnx.OnnxRunner.compute = announced
main()
"""


@pytest.mark.parametrize("inputs", [1, 2])
def test_an_interrupt_ends_a_call_of_the_engine(
    begin: Callable[..., "subprocess.Popen[str]"], endless: Path, tmp_path: Path, inputs: int
) -> None:
    ended = _seconds_of_children()
    (tmp_path / "y.npz").write_bytes((tmp_path / "x.npz").read_bytes())
    names = [str(tmp_path / name) for name in ("x.npz", "y.npz")][:inputs]
    words = [word for name in names for word in ("--input", name)]
    process = begin(
        PROGRAM, "run", str(endless), *words, "--output", str(tmp_path / f"out{'.npz' * (inputs < 2)}")
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "computing\n"
    time.sleep(0.3)  # into the call
    before = _seconds_of(process)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.splitlines()[-1] == "Interrupted. What was finished is kept; repeat the command to resume."
    assert "Traceback" not in said
    assert _seconds_of_children() - ended - before < _CPU_SECONDS
    assert not list(tmp_path.glob("out*.npz"))


def _seconds_of(process: "subprocess.Popen[str]") -> float:
    """CPU time of a running process so far (proc(5): fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _seconds_of_children() -> float:
    """CPU time of all children that have ended."""
    found = resource.getrusage(resource.RUSAGE_CHILDREN)
    return found.ru_utime + found.ru_stime


# Says that it waits, and waits until it is interrupted.
WAITING = """
import time
from fairreg.cli.app import watched
with watched():
    try:
        print("waiting", flush=True)
        while True: time.sleep(0.01)
"""


def test_an_interrupt_that_the_command_notices_unwinds_it(
    begin: Callable[..., "subprocess.Popen[str]"],
) -> None:
    process = begin(
        f"{WAITING}"
        "    except KeyboardInterrupt:\n"
        "        time.sleep(1.5)\n"
        "        print('unwound', flush=True)\n"
        "print('after', flush=True)\n"
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60)[0].splitlines() == ["unwound", "after"]
    assert process.returncode == 0


def test_a_second_interrupt_ends_it_at_once(begin: Callable[..., "subprocess.Popen[str]"]) -> None:
    process = begin(
        f"{WAITING}"
        "    finally:\n"
        "        print('unwinding', flush=True)\n"
        "        while True: time.sleep(0.01)\n"
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "unwinding\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130


# Interrupts itself when a module is first looked for.
AT_IMPORT = """
import os, sys
MODULE = sys.argv.pop(1)
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == MODULE:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
from fairreg.cli.start import main
main()
"""


@pytest.mark.parametrize(
    "module", ["fairreg.cli.app", "typer", "fairreg.cli.output", "fairreg.errors", "fairreg.cli.find.show"]
)
def test_an_interrupt_of_the_first_moments_is_a_code_and_nothing_else(
    begin: Callable[..., "subprocess.Popen[str]"], module: str
) -> None:
    process = begin(AT_IMPORT, module, "show", "--help")
    assert process.communicate(timeout=60) == ("", "")
    assert process.returncode == INTERRUPTED == 130


def test_the_console_command_begins_where_interrupts_are_heard() -> None:
    project = Path(__file__).parents[2] / "pyproject.toml"
    assert tomllib.loads(project.read_text("utf-8"))["project"]["scripts"] == {
        "fairreg": "fairreg.cli.start:main"
    }


def test_the_handler_of_a_program_that_has_its_own_is_left_alone() -> None:
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        mine = signal.getsignal(signal.SIGINT)
        with watched():
            assert signal.getsignal(signal.SIGINT) is mine
    finally:
        signal.signal(signal.SIGINT, before)


def test_afterwards_interrupts_are_handled_as_before() -> None:
    outside = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with watched():
            assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        assert signal.set_wakeup_fd(-1) == -1
    finally:
        signal.signal(signal.SIGINT, outside)


def test_interrupted_question_removes_nothing(cli, monkeypatch):
    class Interrupted(io.StringIO):
        def isatty(self):
            return True

        def readline(self, *_size):
            raise KeyboardInterrupt

    monkeypatch.setattr("sys.stdin", Interrupted())
    done = cli("cache", "clear")
    assert done.code == 130
    assert "Interrupted. Nothing was removed." in done.err
