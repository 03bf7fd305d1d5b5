# SPDX-License-Identifier: MIT
"""Inputs of others that failed once: folders of ../shared/cases with inputs, right results and a check.

What each of them stands for has tests of its own that need nothing but this repository.
"""

import os
import subprocess
import sys

import pytest

FOLDERS = [
    "bibtex-keys",
    "checkpoint-containers-and-fingerprints",
    "checkpoints-that-torch-reads",
    "jsonld-from-others",
    "onnx-external-data",
    "onnx-fixed-batch-and-rank",
    "onnx-rows-belong-together",
    "onnx-sequence-and-map-outputs",
    "onnx-strings",
    "origin-of-weights",
    "round-trip-of-ids",
    "safetensors-float8",
    "tensors-conjugated",
    "titles-with-markup",
]


@pytest.mark.shared
@pytest.mark.parametrize("folder", FOLDERS)
def test_a_case_that_failed_once_comes_out_right(shared, tmp_path, folder):
    done = subprocess.run(
        [sys.executable, shared / "cases" / folder / "check.py"],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert ", 0 failed" in done.stdout
