# SPDX-License-Identifier: MIT
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from fairreg.cli import output
from fairreg.cli.app import main
from fairreg.models.hbb_in.network import Hyperparameters, onnx_bytes
from fairreg.sources import BUILT_IN
from support import documents, zenodo_files
from support.databases import registry_variables


@dataclass(frozen=True)
class Result:
    """Result of a command; `document` names the JSON document that it printed, None where it printed none."""

    code: int
    out: str
    err: str
    document: str | None = None

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture(autouse=True)
def no_stated_width(monkeypatch):
    """Take away the width that pytest states to its workers: a test that is about widths states its own."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture
def cli(monkeypatch, capsys, settings):
    """Run a command as a user would, against the local services; gives exit code and both streams."""
    monkeypatch.setenv("FAIRREG_HOME", str(settings.home))
    for name, value in registry_variables(settings).items():
        monkeypatch.setenv(name, value)
    for row in BUILT_IN:
        if row.url:
            monkeypatch.setenv(row.url_variable, settings.service(row.name).url)
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    printed = []
    print_versioned = output.print_versioned
    monkeypatch.setattr(
        output, "print_versioned", lambda *given: (printed.append(given[0]), print_versioned(*given))
    )

    def run(*arguments):
        printed.clear()
        monkeypatch.setattr(sys, "argv", ["fairreg", *map(str, arguments)])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        out, err = capsys.readouterr()
        assert len(printed) <= 1
        result = Result(code, out, err, *printed)
        if result.document is not None:  # every document of every test is held to its schema
            assert documents.faults(result.document, result.json) == []
        return result

    return run


@pytest.fixture
def fetch(cli, httpserver):
    """Fetch a record with these files."""

    def run(files, *more):
        return cli("fetch", zenodo_files.serve(httpserver, files.items()), *more)

    return run


@pytest.fixture
def affine(tmp_path: Path) -> Path:
    """y = 2 x + 1, with any number of items."""
    two = numpy_helper.from_array(np.array(2, np.float32), "two")
    one = numpy_helper.from_array(np.array([1, 1, 1], np.float32), "one")
    nodes = [helper.make_node("Mul", ["x", "two"], ["p"]), helper.make_node("Add", ["p", "one"], ["y"])]
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 3]) for name in "xy"]
    graph = helper.make_graph(nodes, "affine", values[:1], values[1:], [two, one])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "affine.onnx")
    return tmp_path / "affine.onnx"


@pytest.fixture
def tagger(tmp_path: Path) -> Path:
    """A Hbb interaction network of few nodes."""
    sizes, random = Hyperparameters(30, 14, 8, 4, 4), np.random.default_rng(1)
    tensors = {
        name: (random.normal(size=shape) / 10).astype(np.float32) for name, shape in sizes.shapes().items()
    }
    (tmp_path / "tagger.onnx").write_bytes(onnx_bytes(tensors))
    return tmp_path / "tagger.onnx"
