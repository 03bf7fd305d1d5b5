# SPDX-License-Identifier: MIT
"""The packaged jets: drawn with their weights, written, and compared with jets drawn again."""

import json
import sys

import make_hbb_sample as script
import numpy as np
import pytest

from fairreg.models import hbb_in
from fairreg.models.hbb_in.content import ORDER, content_digest
from fairreg.models.hbb_in.inputs import unpacked
from fairreg.schemas.record import ModelRecord, Provenance
from support.toy import toy_jets

pytestmark = pytest.mark.engines("sqlite")  # nothing here opens a registry


@pytest.fixture
def prepared(tmp_path):
    """A prepared file of 8 jets of each class, QCD jets with weights."""
    pytest.importorskip("h5py")
    from fairreg.models.hbb_in.jet_files import JetWriter

    jets = toy_jets(16, 3)
    labels = np.eye(2, dtype=np.float32)[[0, 1] * 8]
    record = ModelRecord(
        identifier="local:toy", kind="dataset", name="toy", provenance=Provenance("test", "toy")
    )
    source = json.dumps(record.to_jsonld())
    with JetWriter(tmp_path / "x.h5", files=("a",), spectators=("fj_pt",), source=source) as file:
        file.append(
            tracks=jets.tracks,
            vertices=jets.vertices,
            labels=labels,
            weight=np.where(labels[:, 0], np.arange(16) / 64, 1).astype(np.float32),
            event=np.arange(16),
            file=np.zeros(16, np.int32),
            spectators=np.ones((16, 1), np.float32),
        )
    return tmp_path / "x.h5"


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["make_hbb_sample.py", *map(str, arguments)])
    return script.main()


def test_jets_are_written_with_weights_and_the_digest_of_their_content(monkeypatch, tmp_path, prepared):
    assert run(monkeypatch, prepared, "--jets", 6, "--folder", tmp_path) == 0
    about = json.loads((tmp_path / "sample.json").read_text("utf-8"))
    assert about["counts"] == {"jets": 6, "QCD": 3, "Hbb": 3}
    assert about["sample_of"] == "local:toy"
    with np.load(tmp_path / "sample.npz") as stored:
        arrays = {**unpacked(stored), "labels": stored["labels"], "weights": stored["weights"]}
    assert content_digest([arrays]) == about["content"]["digest"]
    assert (arrays["weights"][arrays["labels"][:, 1] == 1] == 1).all()
    assert (arrays["weights"][arrays["labels"][:, 0] == 1] < 0.25).all()
    again = tmp_path / "again"
    again.mkdir()
    run(monkeypatch, prepared, "--jets", 6, "--folder", again)
    assert (again / "sample.npz").read_bytes() == (tmp_path / "sample.npz").read_bytes()


def test_other_jets_do_not_pass_for_the_packaged_ones(capsys):
    jets = hbb_in.sample()
    arrays = {name: getattr(jets, name).copy() for name in ORDER}
    assert script._check(arrays) == 0
    assert capsys.readouterr().out == "2000 of 2000 jets agree; their digest is that of the packaged jets.\n"
    arrays["tracks"][:20] *= 1 + 1e-4  # within the rounding of the packaged jets
    arrays["tracks"][100:120] *= 1.01
    assert script._check(arrays) == 0
    assert capsys.readouterr().out.startswith("1980 of 2000 jets agree; their digest differs")
    arrays["weights"][:40] *= 1.5
    assert script._check(arrays) == 1


def test_qcd_jets_carry_weights_that_fall_with_their_momentum():
    jets = hbb_in.sample()
    hbb = jets.labels[:, 1] == 1
    assert (jets.weights[hbb] == 1).all()
    weights = jets.weights[~hbb]
    assert weights.min() > 0
    assert weights.max() > 20 * weights.min()
