# SPDX-License-Identifier: MIT
"""What every plugin room promises."""

import json
import subprocess
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from fairreg import harvesters, models, plugins, runners
from fairreg.errors import ModelError, PluginError
from fairreg.models.base import Demonstration, Inputs, Recognition
from fairreg.runners.base import Arrays, Runner
from fairreg.schemas.identifiers import parse
from fairreg.schemas.record import Tensor
from fairreg.schemas.runs import MAY_RUN
from fairreg.services.run.loaded_model import open_model
from fairreg.services.run.predict import predict
from support import hbb


def test_getting_one_plugin_imports_no_other():
    code = (
        "import sys\nfrom fairreg import runners\n"
        "assert runners.get('onnx').__name__ == 'fairreg.runners.onnx'\n"
        "assert 'fairreg.runners.torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# The registry does not ask runners, so those of other packages have no say in what it calls runnable.
BUILT_IN = sorted(set(runners.names()) - {point.name for point in plugins.entry_points_of("fairreg.runners")})


@pytest.mark.parametrize("name", BUILT_IN)
def test_what_a_runner_loads_is_called_runnable(name):
    missing = {suffix.removeprefix(".") for suffix in runners.get(name).SUFFIXES} - set(MAY_RUN)
    assert not missing, f"add {sorted(missing)} to MAY_RUN of schemas/runs.py"


class Scaling(Runner):
    """Multiplies by the number that its file holds."""

    def __init__(self, factor: float) -> None:
        tensors = [(Tensor(name=name, dtype="float64", shape=("n",)),) for name in ("x", "y")]
        super().__init__("scaling", *tensors)
        self.factor = factor

    def compute(self, arrays: Arrays) -> Arrays:
        return {"y": self.factor * arrays["x"]}


@pytest.fixture
def install(monkeypatch):
    """Adds a plugin module to a room, as the entry point of an installed package does."""

    def add(room, name, **members):
        module = ModuleType(name)
        vars(module).update(members)
        names, load = plugins.names, plugins.load
        monkeypatch.setattr(
            plugins, "names", lambda at, **skip: (*names(at, **skip), *([name] if at == room else []))
        )
        monkeypatch.setattr(
            plugins, "load", lambda at, what: module if (at, what) == (room, name) else load(at, what)
        )

    return add


@pytest.fixture
def scaling(install):
    """A runner as CONTRIBUTING.md, "Adding a runner", describes it, of files with a new suffix."""
    install(
        "fairreg.runners",
        "scaling",
        RUNTIME="scaling",
        SUFFIXES=frozenset({".scale"}),
        available=lambda: True,
        load=lambda source, **_options: Scaling(json.loads(source.read_bytes())["factor"]),
    )


def test_the_recipe_for_a_runner(scaling, settings, httpserver, tmp_path):
    """Its suffix alone makes a file a model: here, in what is fetched, and where it is missing."""
    content = b'{"factor": 3}'
    (tmp_path / "net.SCALE").write_bytes(content)
    hbb.serve(httpserver, hbb.archive({"nets/net.scale": content, "README.md": b"a net"}))
    for model in (str(tmp_path / "net.SCALE"), hbb.DOI):
        opened = open_model(settings, model)
        assert opened.runner.name == "scaling"
        np.testing.assert_array_equal(opened.runner.run({"x": np.arange(3.0)})["y"], [0, 3, 6])
    with pytest.raises(ModelError, match=r"There is no file missing\.scale"):
        open_model(settings, "missing.scale")


def test_without_the_runner_its_suffix_means_nothing(settings, httpserver):
    hbb.serve(httpserver, hbb.archive({"nets/net.scale": b'{"factor": 3}'}))
    with pytest.raises(ModelError, match="contains a model"):
        open_model(settings, hbb.DOI)


# The functions that CONTRIBUTING.md, "Adding a model", lists.
MODEL = (
    "recognise",
    "load",
    "read_inputs",
    "count_inputs",
    "sample_inputs",
    "measure",
    "demonstrate",
    "reference",
)


def tripling():
    """A model of files that begin with a word of their own: it triples."""

    def recognise(path):
        if not path.read_bytes().startswith(b"triple"):
            return None
        return Recognition("tripling", "Tripling", path, "onnx", "sha256:3", 1, {})

    def measure(outputs, labels):
        return {"agreement": float((outputs["y"] == labels).mean())}

    return {
        "recognise": recognise,
        "load": lambda _source, **_options: Scaling(3),
        "read_inputs": lambda path, start=0, stop=None: Inputs({"x": np.loadtxt(path)[start:stop]}),
        "count_inputs": lambda path: len(np.loadtxt(path)),
        "sample_inputs": lambda: {"x": np.arange(3.0)},
        "measure": measure,
        "demonstrate": lambda _runner: Demonstration("three numbers", 3, {"agreement": 1.0}, 1e6, 128),
        "reference": lambda _identifier: None,
    }


def test_the_recipe_for_a_model(install, settings, tmp_path):
    assert set(tripling()) == set(MODEL)
    install("fairreg.models", "tripling", **tripling())
    (tmp_path / "net.triple").write_bytes(b"triple")
    (tmp_path / "numbers.txt").write_text("0\n1\n2\n")
    opened = open_model(settings, str(tmp_path / "net.triple"))
    assert opened.title == "Tripling"
    np.testing.assert_array_equal(predict(opened, tmp_path / "numbers.txt").outputs["y"], [0, 3, 6])
    # Identifiers that other packages stand in for are still theirs.
    assert models.reference(parse("10.5281/zenodo.99")) is None


@pytest.mark.parametrize("missing", MODEL)
def test_a_model_package_that_is_incomplete_is_refused_in_a_sentence(install, missing):
    parts = tripling()
    del parts[missing]
    install("fairreg.models", "tripling", **parts)
    with pytest.raises(PluginError) as caught:
        models.reference(parse("10.5281/zenodo.99"))
    assert caught.value.message == f"The plugin 'tripling' of fairreg.models does not define {missing}."
    assert "fairreg.models.base" in caught.value.hint


def test_an_object_called_package_stands_for_the_functions_of_its_module(install, settings, tmp_path):
    install("fairreg.models", "tripling", PACKAGE=SimpleNamespace(**tripling()))
    (tmp_path / "net.triple").write_bytes(b"triple")
    assert models.get("tripling").sample_inputs()["x"].tolist() == [0, 1, 2]
    runner = open_model(settings, str(tmp_path / "net.triple")).runner
    np.testing.assert_array_equal(runner.run({"x": np.arange(3.0)})["y"], [0, 3, 6])


@pytest.mark.parametrize("missing", MODEL)
def test_such_an_object_that_is_incomplete_is_refused_in_the_same_sentence(install, missing):
    parts = tripling()
    left = parts.pop(missing)
    install("fairreg.models", "tripling", PACKAGE=SimpleNamespace(**parts), **{missing: left})
    with pytest.raises(PluginError) as caught:
        models.get("tripling")
    assert caught.value.message == f"The plugin 'tripling' of fairreg.models does not define {missing}."
    assert "fairreg.models.base" in caught.value.hint


def test_a_runner_and_a_source_that_are_incomplete_are_refused_in_a_sentence(install):
    install("fairreg.runners", "abacus", RUNTIME="abacus")
    with pytest.raises(
        PluginError, match=r"'abacus' of fairreg\.runners does not define SUFFIXES, available, load"
    ):
        runners.get("abacus")
    install("fairreg.harvesters", "nowhere")
    with pytest.raises(PluginError, match=r"'nowhere' of fairreg\.harvesters does not define HARVESTER"):
        harvesters.all_harvesters.__wrapped__()  # what was found once is remembered
