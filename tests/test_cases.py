# SPDX-License-Identifier: MIT
"""Inputs of others that failed once: folders of ../shared/cases with inputs, right results and a check.

What each of them stands for has tests of its own that need nothing but this repository.
"""

import os
import subprocess
import sys

import pytest

QUICK = [
    "bibtex-keys",
    "cache-index-tampered",
    "cern-file-index",
    "citation-cff",
    "identifiers",
    "jsonld-from-others",
    "licences",
    "onnx-fixed-batch-and-rank",
    "onnx-sequence-and-map-outputs",
    "onnx-strings",
    "safetensors-float8",
    "tensors-conjugated",
    "titles-with-markup",
    "urls-checked-are-urls-used",
]
# From 3 to 30 seconds each: many of them start a command for every input.
LONG = [
    "archive-links-and-side-files",
    "checkpoint-containers-and-fingerprints",
    "checkpoints-that-torch-reads",
    "content-encoding",
    "exports-in-parallel",
    "faults-as-sentences",
    "file-names-and-urls",
    "oai-bad-record",
    "onnx-external-data",
    "onnx-rows-belong-together",
    "origin-of-weights",
    "read-only-home",
    "round-trip-of-ids",
    "secrets-in-urls",
    "slow-html",
    "terminal-escapes",
    "wrong-record-answers",
]


def _without_coverage():
    """The environment, in which coverage does not count on a full disk, where its own file has no place."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


@pytest.mark.sliced(5)
@pytest.mark.shared
@pytest.mark.parametrize(
    "folder", [*QUICK, *(pytest.param(folder, marks=pytest.mark.long) for folder in LONG)]
)
def test_a_case_that_failed_once_comes_out_right(shared, tmp_path, folder):
    done = subprocess.run(
        [sys.executable, shared / "cases" / folder / "check.py"],
        cwd=tmp_path,
        env=_without_coverage() | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert ", 0 failed" in done.stdout
