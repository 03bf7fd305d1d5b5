# SPDX-License-Identifier: MIT
"""`fairreg run --runtime fused` gives the probabilities of the default runtime."""

import numpy as np
import pytest

from fairreg.models import hbb_in
from support.networks import PAPER, random_jets

pytest.importorskip("llvmlite")
pytestmark = pytest.mark.engines("sqlite")


def test_jets_of_a_file_have_the_same_probabilities_and_the_runtime_is_said(cli, settings, tmp_path):
    tracks, vertices = random_jets(7, PAPER)
    jets, output = tmp_path / "jets.npz", tmp_path / "found.npz"
    np.savez(jets, tracks=tracks, vertices=vertices)
    command = ("run", str(hbb_in.REFERENCE), "--input", str(jets), "--output", str(output))
    assert cli(*command, "--runtime", "fused", "--json").json["runtime"] == "fused"
    expected = hbb_in.load(hbb_in.REFERENCE).predict(tracks, vertices)
    with np.load(output) as found:
        np.testing.assert_allclose(found["probabilities"], expected, rtol=0, atol=1e-5)
    assert [path.suffix for path in (settings.cache / "engines").iterdir()] == [".machine-code"]


def test_a_gpu_is_wrong_usage(cli):
    result = cli("run", str(hbb_in.REFERENCE), "--runtime", "fused", "--device", "cuda", "--json")
    assert result.code == 2
    assert "on the CPU" in result.err
