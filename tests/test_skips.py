# SPDX-License-Identifier: MIT
"""`make test` leaves out nothing but what lacks hardware or the reference data."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support import skips

TESTS = Path(__file__).parent
GPU = "import pytest\ndef test_x(): pytest.skip('there is no GPU')\n"
PACKAGE = "import pytest\ndef test_x(): pytest.importorskip('no_such_package')\n"
MODULE = "import pytest\npytest.importorskip('no_such_package')\ndef test_x(): pass\n"
EXPECTED = "import pytest\n@pytest.mark.xfail\ndef test_x(): assert False\n"


@pytest.mark.parametrize(
    "reason",
    ["there is no GPU", "TensorRT is not installed", "tensorrt is not installed", "there is no groff here"],
)
def test_hardware_may_be_missing(monkeypatch, reason):
    monkeypatch.setenv("FAIRREG_TEST_SKIPS", "hardware")
    assert skips.is_allowed(reason)


@pytest.mark.parametrize("reason", ["could not import 'captum'", "the extra simulate is not installed"])
def test_a_package_may_be_missing_only_outside_make_test(monkeypatch, reason):
    monkeypatch.delenv("FAIRREG_TEST_SKIPS", raising=False)
    assert skips.is_allowed(reason)
    monkeypatch.setenv("FAIRREG_TEST_SKIPS", "hardware")
    assert skips.is_allowed(reason) is not skips.COMPLETE


@pytest.mark.sliced(2)
@pytest.mark.skipif(not skips.COMPLETE, reason="not the platform on which make test installs everything")
@pytest.mark.parametrize(
    ("text", "code"),
    [(GPU, 0), (PACKAGE, 1), (MODULE, 2), (EXPECTED, 0)],
    ids=["GPU", "package", "module", "xfail"],
)
def test_a_skip_that_make_test_does_not_allow_fails(tmp_path, text, code):
    (tmp_path / "test_x.py").write_text(text)
    environment = {**os.environ, "PYTHONPATH": str(TESTS), "FAIRREG_TEST_SKIPS": "hardware"}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "support.skips",
        "-c",
        os.devnull,
    ]
    done = subprocess.run([*command, tmp_path], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout
    assert ("make test installs what the tests need" in done.stdout) is (code > 0)
