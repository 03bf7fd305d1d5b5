# SPDX-License-Identifier: MIT
"""Samples: their plan, their record, their files, and a few jets from the generator itself."""

import json
import sys
from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pytest

from fairreg.errors import UsageError
from fairreg.models.hbb_in.features import TRACK_FEATURES, VERTEX_FEATURES
from fairreg.models.hbb_in.simulation import processes, sample
from fairreg.models.hbb_in.simulation.block import Block, JetColumns, make_block
from fairreg.models.hbb_in.simulation.ntuple import write_ntuple
from fairreg.models.hbb_in.simulation.record import LIMITS, dataset_record
from fairreg.models.hbb_in.simulation.sample import SimulationPlan
from fairreg.schemas.record import ModelRecord


def columns(counts=(3, 0, 2)):
    """Jets with so many tracks and half as many vertices, and numbers for features."""
    tracks, vertices = np.array(counts), np.array(counts) // 2
    return JetColumns(
        {
            "fj_pt": np.arange(len(counts), dtype=np.float32),
            "event_no": np.arange(len(counts), dtype=np.uint32),
        },
        {item.name: np.arange(tracks.sum(), dtype=np.float32) for item in TRACK_FEATURES},
        {item.name: np.arange(vertices.sum(), dtype=np.float32) for item in VERTEX_FEATURES},
        tracks,
        vertices,
    )


@pytest.mark.parametrize(
    ("jets", "signal", "size"), [(10, 5, 4), (7, 0, 3), (7, 7, 100), (100, 33, 9), (1, 1, 1)]
)
def test_blocks_share_out_all_jets(jets, signal, size):
    blocks = SimulationPlan(1, jets, signal, size).blocks()
    assert sum(block.signal for block in blocks) == signal
    assert sum(block.background for block in blocks) == jets - signal
    assert max(block.signal + block.background for block in blocks) <= size
    shares = [block.signal / (block.signal + block.background) for block in blocks]
    assert max(shares) - min(shares) <= 2 / min(size, blocks[-1].signal + blocks[-1].background)


def test_names_of_files_sort_as_their_blocks():
    plan = SimulationPlan(1, 1200, 600, 1)
    names = [plan.file_name(block) for block in plan.blocks()]
    assert names == sorted(names)
    assert len(set(names)) == 1200


def test_the_address_of_a_file_is_that_of_the_first_release_because_it_is_part_of_its_bytes():
    plan = SimulationPlan(2, 24_000, 12_000, 2000)
    assert sample.address(plan, plan.blocks()[0]) == (
        "https://w3id.org/fairreg/hbb/Plan(seed=2, jets=24000, signal_jets=12000, jets_per_file=2000)"
        "/Block(seed=2, number=0, signal=1000, background=1000)"
    )


@pytest.mark.parametrize("values", [(1, 0, 0, 1), (1, 5, 6, 1), (1, 5, -1, 1), (-1, 5, 2, 1), (1, 5, 2, 0)])
def test_a_plan_that_cannot_be_meant_is_refused(values):
    with pytest.raises(UsageError):
        SimulationPlan(*values)


def test_the_record_says_what_the_sample_is_and_is_not(monkeypatch, tmp_path):
    monkeypatch.setattr(
        "fairreg.models.hbb_in.simulation.record.versions", lambda: {"pythia8mc": "8.3", "fastjet": "3.5"}
    )
    (tmp_path / "jets-00000.root").write_bytes(b"jets")
    record = dataset_record(SimulationPlan(7, 10, 5, 10), [tmp_path / "jets-00000.root"], "sha256:abc")
    assert ModelRecord.from_jsonld(record.to_jsonld()) == record
    assert record.kind == "dataset"
    assert record.limitations == LIMITS
    assert "no pile-up" in record.limitations
    for words in (
        "Seed 7",
        "same bytes on processors of one family only",
        "Content: sha256:abc, of values rounded to 10 bits",
        "pythia8mc 8.3",
        "PhaseSpace:pTHatMin = 280",
        "event_weight undoes the bias towards high pT",
        "fj_doubleb",
    ):
        assert words in record.notes
    (file,) = record.distributions
    assert (file.size, file.checksums[0][:7]) == (4, "sha256:")
    features = {item.name: item for item in record.outputs[0].features}
    assert features["track_dz"].unit == "cm"
    assert "constant 5" in features["track_quality"].description


def test_ntuples_hold_the_jets_under_the_original_names(tmp_path):
    uproot = pytest.importorskip("uproot")
    write_ntuple(tmp_path / "x.root", columns(), "x")
    tree = uproot.open(tmp_path / "x.root")["deepntuplizer/tree"]
    assert tree["n_tracks"].array().tolist() == [3, 0, 2]
    assert tree["track_dxy"].array().tolist() == [[0, 1, 2], [], [3, 4]]
    assert tree["sv_mass"].array().tolist() == [[0], [], [1]]
    assert tree["fj_pt"].array().tolist() == [0, 1, 2]
    assert [item.name for item in tmp_path.iterdir()] == ["x.root"]


def test_ntuples_of_the_same_jets_are_the_same_bytes_at_another_time(tmp_path, monkeypatch):
    pytest.importorskip("uproot.writing")
    writing = [module for name, module in sys.modules.items() if name.startswith("uproot.writing.")]
    clocks = [module for module in writing if hasattr(module, "datetime")]
    assert clocks
    contents = []
    for year in (2031, 2032):
        moment = datetime(year, 1, 1, tzinfo=UTC)
        clock = SimpleNamespace(datetime=SimpleNamespace(now=lambda moment=moment: moment))
        for module in clocks:
            monkeypatch.setattr(module, "datetime", clock)
        folder = tmp_path / str(year)
        folder.mkdir()
        write_ntuple(folder / "x.root", columns(), "x")
        contents.append((folder / "x.root").read_bytes())
    assert contents[0] == contents[1]


@pytest.fixture(scope="module")
def generated():
    """20 jets of each process from the generator, which takes seconds to begin."""
    pytest.importorskip("pythia8mc", reason="the extra simulate is not installed")
    pytest.importorskip("awkward")
    with sample._quiet():
        return make_block(Block(5, 0, 20, 20))


def test_the_generator_makes_jets_that_pass_the_cuts(generated):
    jets = generated.jets
    assert len(generated) == 40
    assert jets["fj_isH"].tolist() == [1] * 20 + [0] * 20
    assert (jets["sample_isQCD"] + jets["fj_isH"]).tolist() == [1] * 40
    assert ((jets["fj_pt"] > 300) & (jets["fj_pt"] < 2400)).all()
    assert ((jets["fj_sdmass"] > 40) & (jets["fj_sdmass"] < 200)).all()
    assert (np.abs(jets["fj_eta"]) < 2.4).all()
    assert (jets["fj_nbHadrons"][:20] >= 1).all()
    assert np.median(jets["fj_sdmass"][:20]) == pytest.approx(120, abs=15)
    assert ((jets["event_weight"] > 0) & (jets["event_weight"] <= 1)).all()


def test_features_of_generated_jets_are_in_their_ranges(generated):
    found = generated
    assert np.isfinite([*found.tracks.values()]).all()
    assert np.isfinite([*found.vertices.values()]).all()
    assert found.track_counts.tolist() == found.jets["ntracks"].tolist()
    assert found.tracks["track_deltaR"].max() < 1.5
    assert 0 < found.tracks["track_ptrel"].min() <= found.tracks["track_ptrel"].max() < 1.2
    assert found.vertices["sv_costhetasvpv"].min() > 0.9
    assert found.vertices["sv_ntracks"].min() >= 2
    displaced = np.repeat(found.jets["fj_isH"] == 1, found.track_counts)
    far = found.tracks["trackBTag_Sip2dSig"] > 5
    assert far[displaced].mean() > far[~displaced].mean()


@pytest.mark.long
def test_the_same_block_is_the_same_and_another_is_another(generated):
    one = generated
    with sample._quiet():
        again, other = make_block(Block(5, 0, 20, 20)), make_block(Block(5, 1, 20, 0))
    for table in ("jets", "tracks", "vertices"):
        for name, values in getattr(one, table).items():
            np.testing.assert_array_equal(values, getattr(again, table)[name])
    assert one.jets["fj_pt"][:20].tolist() != other.jets["fj_pt"].tolist()


def test_jets_of_one_event_share_its_number(generated):
    events = generated.jets["event_no"]
    assert (np.diff(events[:20].astype(int)) >= 0).all()
    assert set(events[:20].tolist()).isdisjoint(events[20:].tolist())
    assert len(set(events[:20].tolist())) < 20  # both Higgs bosons of some event


def test_a_setting_that_the_generator_does_not_know_is_noticed():
    pytest.importorskip("pythia8mc", reason="the extra simulate is not installed")
    with sample._quiet(), pytest.raises(ValueError, match="Nothing:here"):
        processes._started(("Nothing:here = 1",), np.random.default_rng(1))


def test_the_record_of_a_sample_names_the_installed_versions():
    pytest.importorskip("pythia8mc", reason="the extra simulate is not installed")
    pytest.importorskip("fastjet", reason="the extra simulate is not installed")
    assert json.loads(json.dumps(SimulationPlan(1, 2, 1, 2).identity()))["software"]["pythia8mc"].startswith(
        "8."
    )
