# SPDX-License-Identifier: MIT
"""Commands in processes of their own, killed with SIGKILL at a moment of their work.

The moment is a part of the work, in CPU time since the work began, whatever else the machine does; in wall
time where the system does not tell the CPU time of a process.
"""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from tempfile import TemporaryFile
from typing import IO, Any

__all__ = ["KilledCommand", "killed_at"]

MAIN = "from fairreg.cli.app import main; main()"
_TICK = 0.002


class KilledCommand:
    """A command that is run again and again; `begun` tells whether its work has begun.

    `before` are statements of Python that its process runs first.
    """

    def __init__(
        self, words: Sequence[str], environment: dict[str, str], begun: Callable[[], bool], before: str = ""
    ) -> None:
        self._call = [sys.executable, "-c", f"{before}\n{MAIN}", *words]
        self._environment = environment
        self._begun = begun

    def work(self) -> tuple[float, bytes]:
        """Run it to its end, which must be good; how long its work takes, and its output."""
        with TemporaryFile() as out, TemporaryFile() as errors:
            running = self._start(out, errors)
            first = spent = self._wait(running)
            while running.poll() is None:
                spent = _spent(running.pid) or spent
                time.sleep(_TICK)
            out.seek(0)
            errors.seek(0)
            assert running.returncode == 0, errors.read().decode()
            return spent - first, out.read()

    def kill(self, after: float) -> bool:
        """Kill it when it has worked this long; False where it was done before."""
        running = self._start()
        first = self._wait(running)
        while running.poll() is None:
            if _spent(running.pid) - first >= after:
                running.send_signal(signal.SIGKILL)
                break
            time.sleep(_TICK)
        running.communicate()
        return running.returncode == -signal.SIGKILL

    def _start(
        self, out: int | IO[bytes] = subprocess.DEVNULL, errors: int | IO[bytes] = subprocess.DEVNULL
    ) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(self._call, env=self._environment, stdout=out, stderr=errors)

    def _wait(self, running: "subprocess.Popen[bytes]") -> float:
        while not self._begun() and running.poll() is None:
            time.sleep(_TICK)
        return _spent(running.pid)


def _spent(process: int) -> float:
    """CPU time of a process in seconds; 0 where it has ended."""
    if not sys.platform.startswith("linux"):
        return time.monotonic()
    try:
        # The identifier of a process's CPU clock, as clock_getcpuclockid(3) makes it.
        return time.clock_gettime((~process << 3) | 2)
    except OSError:
        return 0.0


def killed_at(stand: Any, words: Sequence[str], environment: dict[str, str], number: int, when: str) -> bool:
    """Kill a command at a request to a stand-in, before or after that is carried out.

    Returns False if the command had ended before.
    """
    started, running, count = threading.Event(), [], []

    def kill(_method: str, path: str) -> None:
        count.append(path)
        if len(count) == number + 1:
            started.wait()
            running[0].send_signal(signal.SIGKILL)
            running[0].wait()

    setattr(stand, when, kill)
    silent = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    running.append(subprocess.Popen(words, env=environment, **silent))
    started.set()
    code = running[0].wait()
    setattr(stand, when, lambda _method, _path: None)
    return bool(code == -signal.SIGKILL)
