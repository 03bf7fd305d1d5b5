# SPDX-License-Identifier: MIT
"""Several processes that answer on one socket. Needs fork, which Windows does not have."""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

from fairreg.errors import UsageError

__all__ = ["run_workers"]

_LOG = logging.getLogger(__name__)
# A worker that ends sooner has a fault that another one would have, too: wait before replacing it.
_SHORT_LIFE_SECONDS = 1.0
_TICK_SECONDS = 0.1
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run_workers(count: int, work: Callable[[], None], started: Callable[[], None]) -> None:
    """Run `work` in `count` processes until SIGINT or SIGTERM, which they get, too; return when all ended.

    One that ends before is replaced, and none outlives this process. `started` is called once signals count.
    Call this before the process has further threads.
    """
    if not hasattr(os, "fork"):
        raise UsageError("This system cannot run several workers.", hint="Leave out --workers.")
    _Workers(work).run(count, started)


class _Workers:
    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._begun: dict[int, float] = {}
        self._ending: int | None = None
        # Only this process holds the end for writing: reading the other one ends when the process does.
        self._watched, self._held = os.pipe()

    def run(self, count: int, started: Callable[[], None]) -> None:
        before = {number: signal.signal(number, self._end) for number in _SIGNALS}
        try:
            started()
            for _ in range(count):
                self._fork()
            while self._begun:
                self._replace(*self._ended())
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            os.close(self._watched)
            os.close(self._held)

    def _end(self, number: int, _frame: FrameType | None) -> None:
        self._ending = number
        for process in self._begun:
            os.kill(process, signal.SIGTERM)

    def _ends(self) -> bool:
        return self._ending is not None

    def _fork(self) -> None:
        if self._ends():
            return
        # A signal that reaches a child before Python has prepared it there would be lost.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        process = os.fork()
        if process:
            self._begun[process] = time.monotonic()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            if self._ends():  # the signal came before this one was among those that get it
                os.kill(process, signal.SIGTERM)
            return
        code = 1
        try:
            code = self._child()
        finally:
            os._exit(code)  # what the parent registered for its end is the parent's

    def _child(self) -> int:
        """Do the work in a child; return its exit code."""
        try:
            for number in _SIGNALS:
                signal.signal(number, signal.default_int_handler)
            os.close(self._held)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            threading.Thread(target=self._end_with_parent, name="parent", daemon=True).start()
            if not self._ends():  # no signal came before this process had handlers of its own
                self._work()
        except KeyboardInterrupt:
            pass
        except Exception:  # noqa: BLE001  # this process ends here, whatever it is
            _LOG.exception("Worker %s failed.", os.getpid())
            return 1
        finally:
            sys.stderr.flush()
        return 0

    def _end_with_parent(self) -> None:
        """End this worker once its parent is gone, however that ended: nobody else would."""
        os.read(self._watched, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    def _ended(self) -> tuple[int, float]:
        """Wait for the end of a worker; return its number and when it began."""
        while True:
            # Not os.wait(), which a signal would not end that the kernel hands to another thread, such as one
            # of a numeric library: Python calls handlers in this thread alone.
            process, _ = os.waitpid(-1, os.WNOHANG)
            if process in self._begun:
                return process, self._begun.pop(process)
            if not process:
                time.sleep(_TICK_SECONDS)

    def _replace(self, process: int, begun: float) -> None:
        if self._ends():
            return
        _LOG.warning("Worker %s ended; another one takes its place.", process)
        if time.monotonic() - begun < _SHORT_LIFE_SECONDS:
            time.sleep(_SHORT_LIFE_SECONDS)
        self._fork()
