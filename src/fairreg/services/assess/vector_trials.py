# SPDX-License-Identifier: MIT
"""Trials of ONNX models on the test vectors that are published with them, as evidence that they run."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec

from fairreg.errors import FairregError
from fairreg.schemas.text import one_line
from fairreg.services.fetch.fetch import FetchedFiles
from fairreg.services.run.vectors.found import model_names, published, vectors_for, vectors_in
from fairreg.services.run.vectors.probe import PATIENCE, ProbeAnswer, ProbeRequest
from fairreg.web import Log

__all__ = ["TrialFact", "trials"]

_MOST_TRIALS = 4


class TrialFact(NamedTuple):
    """Outcome of a trial; `ran` is None where it could not be made."""

    ran: bool | None
    runtimes: tuple[str, ...]
    detail: str | None


def trials(fetched: FetchedFiles, graphs: Iterable[Path], log: Log) -> dict[Path, TrialFact]:
    """Try each of these ONNX graphs that has test vectors, in a process with limits.

    Vectors that state no model are for the only graph of the record.
    """
    files, listed = published(fetched), list(graphs)
    names = {path: name for name, path in reversed(files.items())}
    models = sorted(model_names(fetched, files))
    try:
        sets = vectors_in(files, models)
    except FairregError as error:
        return {path: TrialFact(None, (), error.message) for path in listed[:1]}
    able = [path for path in listed if vectors_for(path, files, sets, alone=len(set(fetched.models)) == 1)]
    if able:
        log("Running the model on its test vectors in two runtimes")
    paths = {name: str(path) for name, path in files.items()}
    return {path: _trial(ProbeRequest(names[path], models, paths)) for path in able[:_MOST_TRIALS]}


def _trial(request: ProbeRequest) -> TrialFact:
    command = [sys.executable, "-P", "-m", "fairreg.services.run.vectors.probe"]
    late = f"The trial did not finish within {PATIENCE} s."
    try:
        done = subprocess.run(  # noqa: S603 - the words are fairreg's own
            command, input=msgspec.json.encode(request), capture_output=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired as error:
        return _fact(error.stdout or b"", late)
    ended = f"The trial ended early (exit {done.returncode}), by a crash or by its limits of time and memory."
    return _fact(done.stdout, ended if done.returncode else None)


def _fact(said: bytes, fault: str | None) -> TrialFact:
    """The outcome of the answers that arrived, and of the `fault` that ended them."""
    told = [
        msgspec.json.decode(line, type=ProbeAnswer)
        for line in said.splitlines(keepends=True)
        if line.endswith(b"\n")
    ]
    detail = next((item.detail for item in told if item.detail), fault)
    runtimes = tuple(item.runtime for item in told if item.agrees)
    ran = any(item.ran for item in told) if told else None
    return TrialFact(ran, runtimes, one_line(detail) if detail else None)
