# SPDX-License-Identifier: MIT
"""``fairreg run`` over several files: the same bytes with any number of workers, and nothing run twice."""

import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import onnx
import pytest

from fairreg.models import hbb_in
from fairreg.services.parallel.base import ExecutionTarget
from fairreg.services.run import shards
from fairreg.services.run.batch import run_many
from fairreg.services.run.loaded_model import open_file
from fairreg.services.run.manifest import NAME

pytestmark = pytest.mark.engines("sqlite")  # nothing here opens a registry


@pytest.fixture
def numbers(tmp_path: Path) -> Path:
    """Three files of 5, 300 and 1000 items."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name, count in (("a", 5), ("b", 300), ("c", 1000)):
        np.savez(folder / f"{name}.npz", x=np.arange(3 * count, dtype=np.float32).reshape(count, 3))
    return folder


@pytest.fixture
def jets(tmp_path: Path) -> Path:
    """Two files of 1,500 and 400 jets with labels, in another order."""
    folder, found = tmp_path / "jets", hbb_in.sample()
    folder.mkdir()
    for seed, count in ((1, 1500), (2, 400)):
        some = np.random.default_rng(seed).permutation(len(found))[:count]
        arrays = {name: getattr(found, name)[some] for name in ("tracks", "vertices", "labels")}
        np.savez_compressed(folder / f"jets-{seed}.npz", **arrays)
    return folder


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    """Shards of 256 items."""
    monkeypatch.setattr(shards, "BATCHES", 2)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_folder_gets_one_output_for_each_input(cli, affine, numbers, tmp_path):
    result = cli("run", affine, "--input", numbers, "--output", tmp_path / "out", "--json")
    assert result.code == 0, result.err
    document = result.json
    assert [Path(item["source"]).name for item in document["files"]] == ["a.npz", "b.npz", "c.npz"]
    assert [item["items"] for item in document["files"]] == [5, 300, 1000]
    assert document["input"]["items"] == 1305
    assert document["failures"] == []
    assert [item["outputs"][0]["shape"] for item in document["files"]] == [[5, 3], [300, 3], [1000, 3]]
    again = cli("run", affine, "--input", numbers, "--output", tmp_path / "out", "--json")
    assert [item | {"skipped": False} for item in again.json["files"]] == document["files"]
    assert sorted(contents(tmp_path / "out")) == ["a.npz", "b.npz", "c.npz", NAME]
    for name in "abc":
        with np.load(numbers / f"{name}.npz") as given, np.load(tmp_path / "out" / f"{name}.npz") as made:
            np.testing.assert_array_equal(made["y"], 2 * given["x"] + 1)


def test_files_patterns_and_folders_may_be_mixed_and_count_once(cli, affine, numbers):
    inputs = ("--input", numbers / "b.npz", "--input", numbers / "*.npz", "--input", numbers)
    document = cli("run", affine, *inputs, "--json").json
    assert [Path(item["source"]).stem for item in document["files"]] == ["b", "a", "c"]


def test_one_file_and_many_make_the_same_outputs(cli, tagger, jets, tmp_path):
    cli("run", tagger, "--input", jets, "--output", tmp_path / "out")
    for path in jets.iterdir():
        cli("run", tagger, "--input", path, "--output", tmp_path / path.name)
        assert (tmp_path / path.name).read_bytes() == (tmp_path / "out" / path.name).read_bytes()


def test_outputs_bear_no_time_of_their_own(cli, affine, numbers, tmp_path):
    cli("run", affine, "--input", numbers, "--output", tmp_path / "out")
    with zipfile.ZipFile(tmp_path / "out" / "a.npz") as archive:
        assert {item.date_time for item in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def kill_a_worker(done, _total):
    if done == 256:
        os.kill(multiprocessing.active_children()[0].pid, signal.SIGKILL)


@pytest.mark.parametrize(
    ("model", "workers"), [pytest.param("tagger", (1, 2), marks=pytest.mark.long), ("affine", (2,))]
)
def test_workers_make_the_same_bytes_even_when_one_is_killed(settings, model, workers, request, tmp_path):
    path = request.getfixturevalue(model)
    inputs = sorted(request.getfixturevalue("jets" if model == "tagger" else "numbers").iterdir())
    opened = open_file(path, None, settings.cache)

    def run(name, **options):
        report = run_many(settings, opened, inputs, output=tmp_path / name, **options)
        assert report.failures == {}
        return [(item.items, item.metrics, item.sha256) for item in report.files.values()]

    alone = run("alone")
    for number in workers:
        name = f"with {number}"
        progress = kill_a_worker if number > 1 else lambda _done, _total: None
        assert run(name, where=ExecutionTarget(workers=number), progress=progress) == alone
        assert contents(tmp_path / name) == contents(tmp_path / "alone")


@pytest.mark.long
def test_one_large_file_is_shared_by_the_workers(cli, tagger, jets, tmp_path):
    source = jets / "jets-1.npz"
    result = cli("run", tagger, "--input", source, "--output", tmp_path / "out", "--workers", 2, "--json")
    assert result.code == 0, result.err
    assert result.json["timing"]["workers"] == 2
    cli("run", tagger, "--input", source, "--output", tmp_path / "alone.npz")
    assert (tmp_path / "out" / "jets-1.npz").read_bytes() == (tmp_path / "alone.npz").read_bytes()


def skipped(result):
    assert result.code == 0, result.err
    return [item["skipped"] for item in result.json["files"]]


def test_what_is_proven_to_be_there_is_not_run_again(cli, affine, numbers, tmp_path):
    command = ("run", affine, "--input", numbers, "--output", tmp_path / "out", "--json")
    assert skipped(cli(*command)) == [False] * 3
    before = contents(tmp_path / "out")
    again = cli(*command)
    assert skipped(again) == [True] * 3
    assert again.json["timing"]["items_per_second"] == 0
    (tmp_path / "out" / "b.npz").write_bytes(b"something else")
    assert skipped(cli(*command)) == [True, False, True]
    assert contents(tmp_path / "out") == before


def test_another_input_or_model_or_a_broken_note_is_run_again(cli, affine, numbers, tmp_path):
    command = ("run", affine, "--input", numbers, "--output", tmp_path / "out", "--json")
    cli(*command)
    np.savez(numbers / "a.npz", x=np.zeros((5, 3), np.float32))
    assert skipped(cli(*command)) == [False, True, True]
    graph = onnx.load(affine)
    graph.doc_string = "the same, but another file"
    onnx.save(graph, affine)
    assert skipped(cli(*command)) == [False] * 3
    (tmp_path / "out" / NAME).write_text('{"format": "fairreg-run-1", "outputs": {"a.npz": {}}}')
    assert skipped(cli(*command)) == [False] * 3


def test_a_file_that_cannot_be_run_stops_no_other(cli, affine, numbers, tmp_path):
    (numbers / "b.npz").write_text("<html>")
    np.savez(numbers / "d.npz", x=np.ones((600, 4), np.float32))
    result = cli("run", affine, "--input", numbers, "--output", tmp_path / "out", "--json")
    assert result.code == 1
    assert [Path(item["source"]).stem for item in result.json["files"]] == ["a", "c"]
    reasons = {Path(item["source"]).stem: item["reason"] for item in result.json["failures"]}
    assert "cannot be read" in reasons["b"]
    assert "has shape (256, 4)" in reasons["d"]
    assert "Traceback" not in result.err
    assert not (tmp_path / "out" / "d.npz").exists()


def test_when_no_file_can_be_run_the_command_fails_as_for_one(cli, affine, tmp_path):
    result = cli("run", affine, "--input", tmp_path / "x.npz", "--input", tmp_path / "z.npz")
    assert (result.code, result.out) == (1, "")
    assert "There is no file" in result.err


def test_a_fault_in_a_later_part_says_where(cli, tagger, jets):
    found = hbb_in.sample()
    tracks = found.tracks[:600].copy()
    tracks[520, 8, 0] = np.nan
    np.savez(jets / "bad.npz", tracks=tracks, vertices=found.vertices[:600])
    result = cli("run", tagger, "--input", jets, "--json")
    (failure,) = result.json["failures"]
    assert "from item 512 on" in failure["reason"]
    assert "jet 8" in failure["reason"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--input", "{in}", "--output", "{in}"), "also contains the inputs"),
        (("--input", "{in}", "--output", "{tmp}/out.npz"), "must be a folder"),
        (("--input", "{in}/a.npz", "--input", "{tmp}/a.npy", "--output", "{tmp}/out"), "would both be a.npz"),
        (("--input", "{tmp}/none*"), "no input files"),
        (("--input", "{tmp}/empty"), "no input files"),
        (("--input", "{in}", "--workers", "1", "--scheduler", "tcp://127.0.0.1:1"), "one of the two"),
        (("--input", "{in}", "--scheduler", "127.0.0.1"), "No Dask scheduler responds"),
    ],
)
def test_what_cannot_be_meant_is_said_before_anything_runs(cli, affine, numbers, tmp_path, arguments, said):
    (tmp_path / "empty").mkdir()
    places = {"in": numbers, "tmp": tmp_path}
    result = cli("run", affine, *(argument.format(**places) for argument in arguments))
    assert result.code == (4 if "responds" in said else 2)
    assert said in result.err.replace("\n", " ")
    assert not list(tmp_path.glob("out*"))


def any_left(group):
    """Whether a process of the group is alive; on some machines nobody removes the dead ones."""
    states = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, number = place.read_text().rpartition(")")[2].split()[:3]
            states.setdefault(int(number), set()).add(state)
    return bool(states.get(group, set()) - {"Z", "X"})


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_run_that_is_interrupted_leaves_whole_outputs_and_no_processes(tagger, jets, tmp_path, environment):
    for number in range(40):
        shutil.copy(jets / "jets-1.npz", jets / f"more-{number}.npz")
    arguments = ["--output", tmp_path / "out", "--workers", "1"]
    # Whoever started the tests may have had it ignore the signal.
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    code = f"{heard}; from fairreg.cli.app import main; main()"
    command = [sys.executable, "-c", code, "run", tagger, "--input", jets, *arguments]
    with subprocess.Popen(
        [str(part) for part in command],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as running:
        while not (tmp_path / "out" / NAME).exists() and running.poll() is None:
            time.sleep(0.05)
        os.killpg(running.pid, signal.SIGINT)
        _, said = running.communicate()
    assert running.returncode == 130, said
    assert "Traceback" not in said
    assert "Interrupted" in said
    while any_left(running.pid):  # Python's own tracker of resources ends a moment after its process
        time.sleep(0.05)
    noted = json.loads((tmp_path / "out" / NAME).read_text())["outputs"]
    written = {path.name for path in (tmp_path / "out").glob("*.npz")}
    assert set(noted) <= written
    for name in written:
        with np.load(tmp_path / "out" / name) as made:
            assert {array.shape for array in made.values()} <= {(1500, 2), (400, 2)}
