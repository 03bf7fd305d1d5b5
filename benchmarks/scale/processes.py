# SPDX-License-Identifier: MIT
"""Runs a command as a user would and measures it with all the processes that it starts."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

__all__ = ["Measured", "fairreg"]

RUN = "import sys; from fairreg.cli.app import main; sys.exit(main())"
SAMPLE_SECONDS = 0.05


class Measured(NamedTuple):
    """How long a command took, and the most memory that it and its processes held at once, in MiB."""

    seconds: float
    peak: float
    output: str


def fairreg(
    arguments: Sequence[str], environment: Mapping[str, str], *, output: Path | None = None
) -> Measured:
    """Run ``fairreg ARGUMENTS``, its standard output into `output` where that is given."""
    begun, peak = time.perf_counter(), 0.0
    kept = output.open("wb") if output else subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", RUN, *arguments],
        env={**os.environ, **environment},
        stdout=kept,
        start_new_session=True,
    ) as process:
        while process.poll() is None:
            peak = max(peak, sum(held(process.pid)))
            time.sleep(SAMPLE_SECONDS)
        said = process.stdout.read().decode() if process.stdout else ""
    if process.returncode:
        sys.exit(f"fairreg {' '.join(arguments)} ended with {process.returncode}: {said}")
    return Measured(time.perf_counter() - begun, peak, said)


def held(group: int) -> Iterator[float]:
    """MiB that each process of the group holds, what several share in equal parts (PSS); only Linux tells."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if int((folder / "stat").read_text().rpartition(")")[2].split()[2]) == group:
                lines = (folder / "smaps_rollup").read_text().splitlines()
                yield sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 2**10
        except (OSError, IndexError):
            continue  # it has ended
