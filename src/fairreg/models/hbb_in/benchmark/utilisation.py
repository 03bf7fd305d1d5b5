# SPDX-License-Identifier: MIT
"""Utilisation of the GPU while something runs, from ``nvidia-smi``, which comes with NVIDIA's driver."""

import subprocess
from shutil import which
from statistics import mean
from threading import Thread
from time import perf_counter
from typing import IO

__all__ = ["Utilisation"]

_EVERY = 50  # milliseconds
_PATIENCE = 5.0  # seconds between asking the program to end and killing it


class Utilisation:
    """Context manager that collects samples of the GPU `index`; none without one or where `wanted` is false.

    The driver's figure is an average over up to a second: what is measured must run for longer.
    """

    def __init__(self, wanted: bool, index: int = 0) -> None:
        self._index = index
        self._program = which("nvidia-smi") if wanted else None
        self._samples: list[tuple[float, float | None]] = []

    def __enter__(self) -> "Utilisation":
        self._process: subprocess.Popen[str] | None = None
        if self._program:
            query = ("--query-gpu=utilization.gpu", "--format=csv,noheader,nounits", f"--id={self._index}")
            self._process = subprocess.Popen(  # noqa: S603  the driver's own program, no words of a user
                [self._program, *query, f"--loop-ms={_EVERY}"],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            self._thread = Thread(target=self._read, args=(self._process.stdout,), daemon=True)
            self._thread.start()
        return self

    @property
    def available(self) -> bool:
        """True if there is a program to ask."""
        return self._program is not None

    def has_answered(self, begin: float) -> bool:
        """True if the program has answered since the `perf_counter` time `begin`, or will do so no more."""
        return self._process is None or self._process.poll() is not None or bool(self._answers(begin))

    def since(self, begin: float) -> float | None:
        """Mean in percent of the samples since the `perf_counter` time `begin`; None without any."""
        found = [value for value in self._answers(begin) if value is not None]
        return mean(found) if found else None

    def _answers(self, begin: float) -> list[float | None]:
        return [value for time, value in list(self._samples) if time >= begin]

    def __exit__(self, *_: object) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._thread.join(_PATIENCE)
        if self._process.stdout:
            self._process.stdout.close()

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            self._samples.append((perf_counter(), _percent(line)))


def _percent(line: str) -> float | None:
    try:
        return float(line)
    except ValueError:  # "[N/A]"
        return None
