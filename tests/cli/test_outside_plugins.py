# SPDX-License-Identifier: MIT
"""The recipes of CONTRIBUTING.md for a format, a runner, a model and an indicator, as an installed package.

The package is tests/packages/physhub; its source is used in test_outside_source.py. Commands run in an
environment of their own, offline, on the packaged catalogue.
"""

import json
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from fairreg.formats.base import FIELDS
from support.full_record import FULL
from support.hbb import DOI
from support.outside import PHYSHUB, interpreter_with, run_fairreg

pytestmark = pytest.mark.engines("sqlite")  # the registry's part is tested elsewhere
INDICATOR = "F2-90"
OWN = "catalogue:fairreg-hbb-reference-1"  # a record that fairreg itself publishes
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    return interpreter_with(PHYSHUB, tmp_path_factory.mktemp("outside"))


@pytest.fixture
def run(python, environment):
    return partial(run_fairreg, python, environment | {"FAIRREG_OFFLINE": "1"})


def test_the_recipe_for_a_format(run):
    shown = run("show", DOI, "--format", "physhub-upload")
    assert shown.code == 0, shown.err
    assert shown.json["title"] == "Hbb Interaction Network (FAIR4HEP)"
    assert set(shown.json) <= {"title", "description", "tags", "authors"}
    listed = run("show", "--help").out
    assert "physhub-upload" in "".join(listed.split())


def test_the_format_of_the_recipe_keeps_what_it_says(monkeypatch):
    monkeypatch.syspath_prepend(PHYSHUB / "src")
    from physhub import upload_format

    form = json.loads(upload_format.write(FULL))
    assert set(upload_format.KEEPS) | set(upload_format.NARROWS) <= set(FIELDS)
    assert (form["title"], form["description"]) == (FULL.name, FULL.description)
    assert form["tags"] == list(FULL.keywords)
    assert form["authors"] == [creator.name for creator in FULL.creators]


@pytest.mark.long
def test_contract_tests_run_over_installed_plugins(python, environment):
    """Those of its package, and those that are about the plugins of the repository alone."""
    files = [f"tests/contracts/test_{room}.py" for room in ("formats", "harvesters", "indicators", "plugins")]
    chosen = "physhub or F2-90 or documentation or runnable or incomplete"
    options = ("-q", "-n", "0", "-p", "no:cacheprovider", "-k", chosen)
    done = subprocess.run(
        [python, "-m", "pytest", *options, *files],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\d\d passed", done.stdout)


def test_the_recipe_for_a_runner(run, tmp_path):
    """Files with its suffix are its own, with or without --runtime, though other readers know the suffix."""
    np.savez(tmp_path / "line.npz", slope=2.0, offset=1.0)
    np.savez(tmp_path / "x.npz", x=np.arange(3.0))
    for options in ([], ["--runtime", "line"]):
        output = tmp_path / f"y{len(options)}.npz"
        words = ("--input", tmp_path / "x.npz", "--output", output, *options, "--json")
        done = run("run", tmp_path / "line.npz", *words)
        assert done.code == 0, done.err
        assert done.json["runtime"] == "line"
        np.testing.assert_array_equal(np.load(output)["y"], [1, 3, 5])


def test_a_file_that_the_runner_cannot_load_is_refused_in_its_words(run, tmp_path):
    np.savez(tmp_path / "other.npz", x=np.arange(3.0))
    done = run("run", tmp_path / "other.npz", "--input", tmp_path / "other.npz")
    assert done.code == 1
    assert "other.npz does not hold a line" in done.err


def test_the_recipe_for_a_model(run, tmp_path):
    weights = {"gain": np.array([2, 3], np.float32), "pedestal": np.array([1, 0], np.float32)}
    save_file(weights, tmp_path / "cells.safetensors")
    np.save(tmp_path / "responses.npy", np.ones((3, 2), np.float32))
    words = ("--input", tmp_path / "responses.npy", "--output", tmp_path / "energies.npy", "--json")
    done = run("run", tmp_path / "cells.safetensors", *words)
    assert done.code == 0, done.err
    assert (done.json["model"], done.json["runtime"]) == ("Cell calibration", "onnx")
    np.testing.assert_array_equal(np.load(tmp_path / "energies.npy"), [[3, 3]] * 3)
    words = ("--to", "triton", "--output", tmp_path / "models", "--json")
    converted = run("convert", tmp_path / "cells.safetensors", *words)
    assert converted.code == 0, converted.err
    assert converted.json["agreement"]["max_difference"] == 0
    evaluated = run("hbb", "evaluate", tmp_path / "cells.safetensors")
    assert evaluated.code != 0, "a file of another model is not taken for the Hbb network"


def test_the_recipe_for_an_indicator(run, environment):
    """Its indicator is one more row; all others say what they say without the package."""
    with_it = run("assess", OWN, "--json").json
    offline = environment | {"FAIRREG_OFFLINE": "1"}
    without = run_fairreg(sys.executable, offline, "assess", OWN, "--json").json
    rows, before = verdicts(with_it), verdicts(without)
    assert rows.pop(INDICATOR)[:2] == ("partial", "No keyword names an experiment.")
    assert rows == before
    scores = [
        {name: item["score"] for name, item in report["principles"].items()} for report in (with_it, without)
    ]
    assert {name for name in scores[0] if scores[0][name] != scores[1][name]} <= {"F2"}


def verdicts(report):
    return {
        item["id"]: (item["verdict"], item["reason"], item["remedy"], item["weight"])
        for principle in report["principles"].values()
        for item in principle["indicators"]
    }
