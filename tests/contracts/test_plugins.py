# SPDX-License-Identifier: MIT
"""What every plugin room promises."""

import json
import subprocess
import sys
from types import ModuleType

import numpy as np
import pytest

from fairreg import plugins, runners
from fairreg.errors import ModelError
from fairreg.runners.base import Arrays, Runner
from fairreg.schemas.record import Tensor
from fairreg.services.run.predict import open_model
from fairreg.storage.formats import RUNNABLE_FORMATS
from support import hbb


def test_getting_one_plugin_imports_no_other():
    code = (
        "import sys\nfrom fairreg import runners\n"
        "assert runners.get('onnx').__name__ == 'fairreg.runners.onnx'\n"
        "assert 'fairreg.runners.torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", runners.names())
def test_what_a_runner_loads_is_called_runnable(name):
    missing = {suffix.removeprefix(".") for suffix in runners.get(name).SUFFIXES} - RUNNABLE_FORMATS
    assert not missing, f"add {sorted(missing)} to RUNNABLE_FORMATS of storage/formats.py"


class Scaling(Runner):
    """Multiplies by the number that its file holds."""

    def __init__(self, factor: float) -> None:
        tensors = [(Tensor(name=name, dtype="float64", shape=("n",)),) for name in ("x", "y")]
        super().__init__("scaling", *tensors)
        self.factor = factor

    def compute(self, arrays: Arrays) -> Arrays:
        return {"y": self.factor * arrays["x"]}


@pytest.fixture
def scaling(monkeypatch):
    """A runner as CONTRIBUTING.md, "Adding a runner", describes it, of files with a new suffix."""
    module = ModuleType("scaling")
    module.RUNTIME, module.SUFFIXES = "scaling", frozenset({".scale"})
    module.available = lambda: True
    module.load = lambda source, **_options: Scaling(json.loads(source.read_bytes())["factor"])
    names, load = plugins.names, plugins.load
    room = "fairreg.runners"
    monkeypatch.setattr(
        plugins, "names", lambda at, **skip: names(at, **skip) + (("scaling",) if at == room else ())
    )
    monkeypatch.setattr(
        plugins, "load", lambda at, name: module if (at, name) == (room, "scaling") else load(at, name)
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
    with pytest.raises(ModelError, match="holds a model"):
        open_model(settings, hbb.DOI)
