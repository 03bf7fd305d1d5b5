# SPDX-License-Identifier: MIT
"""``fairreg hbb simulate`` and ``fairreg hbb prepare`` as a user runs them."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from support import documents
from support.ntuples import write_ntuple

pytestmark = pytest.mark.engines("sqlite")  # nothing here opens a registry

pytest.importorskip("uproot")
pytest.importorskip("h5py")
QCD, HBB, NEITHER = (1, 1, 0), (0, 0, 1), (0, 0, 0)
RUN = [sys.executable, "-c", "from fairreg.cli.app import main; main()", "hbb"]


@pytest.fixture
def ntuples(tmp_path):
    for name, labels in (("b", [QCD, NEITHER]), ("a", [HBB, QCD, HBB])):
        write_ntuple(
            tmp_path / f"{name}.root", tracks=[2] * len(labels), vertices=[1] * len(labels), labels=labels
        )
    return tmp_path


def test_prepare_reads_files_in_the_order_of_their_names(cli, ntuples):
    from fairreg.models.hbb_in.jet_files import read_jets

    done = cli("hbb", "prepare", ntuples / "*.root", "--output", ntuples / "x.h5", "--json")
    assert done.code == 0, done.err
    assert done.document == "hbb-prepare"
    assert done.json["files"] == ["a.root", "b.root"]
    assert [done.json[name] for name in ("jets", "qcd", "hbb", "neither")] == [5, 2, 2, 1]
    sample = read_jets(ntuples / "x.h5")
    assert sample.labels.tolist() == [[0, 1], [1, 0], [0, 1], [1, 0], [0, 0]]
    assert sample.file.tolist() == [0, 0, 0, 1, 1]
    again = cli("hbb", "prepare", ntuples / "b.root", ntuples / "a.root", "--output", ntuples / "y.h5")
    assert again.code == 0, again.err
    assert (ntuples / "x.h5").read_bytes() == (ntuples / "y.h5").read_bytes()


def test_prepare_leaves_out_what_is_neither_where_asked(cli, ntuples):
    done = cli("hbb", "prepare", ntuples / "*.root", "--output", ntuples / "x.h5", "--drop-neither", "--json")
    assert (done.json["jets"], done.json["neither"]) == (4, 1)
    cli("hbb", "prepare", ntuples / "a.root", "--output", ntuples / "x.h5", "--drop-neither")


def test_prepare_says_what_is_missing(cli, ntuples):
    write_ntuple(ntuples / "c.root", tracks=[1], vertices=[0], labels=[QCD], without=("sv_mass",))
    done = cli("hbb", "prepare", ntuples / "*.root", "--output", ntuples / "x.h5")
    assert done.code == 1
    assert "c.root lacks 1 of the branches needed: sv_mass." in done.err
    assert not (ntuples / "x.h5").exists()


def test_prepare_says_which_pattern_has_no_file(cli, tmp_path):
    done = cli("hbb", "prepare", tmp_path / "no*.root", "--output", tmp_path / "x.h5")
    assert done.code == 1
    assert "no*.root" in done.err


def test_remote_files_need_xrootd(cli, tmp_path):
    from importlib.util import find_spec

    if find_spec("fsspec_xrootd"):
        pytest.skip("XRootD is installed")
    done = cli("hbb", "prepare", "root://eospublic.cern.ch//x.root", "--output", tmp_path / "x.h5")
    assert done.code == 1
    assert "pip install xrootd" in done.err


def test_simulate_without_its_extra_says_how_to_install_it(cli, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pythia8mc", None)
    done = cli("hbb", "simulate", "--output", tmp_path / "x", "--jets", 4)
    assert done.code == 1
    assert "pip install 'fairreg[simulate]'" in done.err
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("command", ["simulate", "prepare"])
def test_the_commands_have_help_with_an_example(cli, command):
    assert "Example: fairreg hbb" in cli("hbb", command, "--help").out


@pytest.fixture
def simulated(tmp_path, environment):
    """Run ``fairreg hbb simulate`` for 12 jets in three files, as a process of its own."""
    pytest.importorskip("pythia8mc", reason="the extra simulate is not installed")
    pytest.importorskip("fastjet", reason="the extra simulate is not installed")

    def start(folder, *more):
        arguments = ["--output", tmp_path / folder, "--jets", 12, "--jets-per-file", 4, "--seed", 4, *more]
        command = [*RUN, "simulate", *map(str, arguments)]
        return subprocess.Popen(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    return start


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


# Each file starts the generator once for each process that it has jets of.
@pytest.mark.long
@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(("--jets", 6, "--signal-jets", 6, "--jets-per-file", 2), id="signal"),
        pytest.param((), id="both processes", marks=pytest.mark.long),
    ],
)
def test_simulate_gives_the_same_bytes_after_a_kill_and_with_more_workers(simulated, tmp_path, plan):
    killed = simulated("a", *plan)
    first = tmp_path / "a" / "jets-00000.root"
    while not first.is_file() and killed.poll() is None:
        time.sleep(0.1)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert first.is_file()
    assert not (tmp_path / "a/dataset.jsonld").exists()
    kept = first.stat().st_mtime_ns
    again, other = simulated("a", *plan, "--json"), simulated("b", *plan, "--workers", 2)
    out, err = again.communicate()
    assert (again.returncode, other.wait()) == (0, 0), err
    assert first.stat().st_mtime_ns == kept
    assert documents.faults("hbb-simulate", json.loads(out)) == []  # FastJet's banner is not in front of it
    found = {name: text for name, text in contents(tmp_path / "a").items() if not name.startswith(".")}
    assert found == contents(tmp_path / "b")
    other.communicate()


def test_simulate_does_not_mix_samples(simulated, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/plan.json").write_text('{"seed": 1}')
    _, err = (mixed := simulated("a")).communicate()
    assert mixed.returncode == 1
    assert "contains another sample" in err


@pytest.mark.long
def test_simulated_jets_can_be_prepared(simulated, cli, tmp_path):
    from fairreg.models.hbb_in.content import content_digest
    from fairreg.models.hbb_in.jet_files import read_jets

    made = simulated("a", "--signal-jets", 4, "--jets-per-file", 12)
    _, err = made.communicate()
    assert made.returncode == 0, err
    done = cli("hbb", "prepare", tmp_path / "a/*.root", "--output", tmp_path / "x.h5", "--json")
    assert (done.json["qcd"], done.json["hbb"], done.json["neither"]) == (8, 4, 0)
    sample = read_jets(tmp_path / "x.h5")
    assert '"no pile-up' in sample.source or "no pile-up" in sample.source
    names = ("tracks", "vertices", "labels")
    arrays = {**{name: getattr(sample, name) for name in names}, "weights": sample.weight}
    assert f"Content: {content_digest([arrays])}" in sample.source
    assert np.isfinite(sample.tracks).all()
