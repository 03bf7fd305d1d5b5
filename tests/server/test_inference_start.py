# SPDX-License-Identifier: MIT
"""Models of a server: named, fetched, verified and opened when it starts."""

import re
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import onnx
import pytest
import requests
from onnx import helper

from fairreg.errors import ChecksumMismatch, FairregError, IdentifierError, Unreachable, UsageError
from fairreg.models.hbb_in.network import onnx_bytes
from fairreg.server.serve import listen, serve
from fairreg.services.run.loaded_model import open_model
from fairreg.services.run.named_models import model_name
from support import hbb, served_graphs, zenodo_files
from support.networks import PAPER, random_jets, random_tensors
from support.serving import serving
from support.small_graphs import model, tensor

pytestmark = pytest.mark.engines("sqlite")
NAME = "10.5281-zenodo.7305227"


@pytest.fixture
def graphs(tmp_path):
    return served_graphs.write(tmp_path)


def infer(url, arrays):
    """Shape and values of the first output."""
    inputs = [
        {"name": name, "datatype": "FP32", "shape": array.shape, "data": array.ravel().tolist()}
        for name, array in arrays.items()
    ]
    answer = requests.post(f"{url}/infer", json={"inputs": inputs}, timeout=60)
    (output,) = answer.json()["outputs"]
    return np.reshape(output["data"], output["shape"])


def test_a_published_model_is_served_and_later_from_the_cache(settings, httpserver):
    zenodo_files.serve(httpserver, [("network.onnx", onnx_bytes(random_tensors(PAPER)))])
    jets = dict(zip(("input_cpf", "input_sv"), random_jets(3, PAPER), strict=True))
    expected = open_model(settings, hbb.DOI).runner.run(jets)["probabilities"]
    said = []
    for other in (settings, replace(settings, offline=True)):
        with serving(other, models=(f"doi:{hbb.DOI}",), log=said.append) as url:
            model = f"{url}/v2/models/{NAME}"
            np.testing.assert_allclose(infer(model, jets), expected, rtol=0, atol=1e-6)
            assert (
                requests.get(model, timeout=60).headers["link"].startswith(f"<{url}/records/doi:{hbb.DOI}>")
            )
    assert any("Using the cached files of an earlier fetch" in line for line in said)


def test_a_model_that_cannot_be_fetched_stops_the_start(settings):
    assert isinstance(refused(replace(settings, offline=True), f"doi:{hbb.DOI}"), Unreachable)


def test_a_file_with_another_checksum_stops_the_start(settings, httpserver):
    content = onnx_bytes(random_tensors(PAPER))
    document = hbb.record(content)
    document["files"][0]["key"] = "network.onnx"
    httpserver.expect_request("/zenodo/api/records/7305227").respond_with_json(document)
    hbb.serve(httpserver, content[:-1] + b"x")
    assert isinstance(refused(settings, f"doi:{hbb.DOI}"), ChecksumMismatch)


def test_of_several_models_of_a_record_a_file_has_to_be_named(settings, httpserver, graphs):
    files = [(name, graphs[name].read_bytes()) for name in ("softmax", "classes")]
    zenodo_files.serve(httpserver, [(f"{name}.onnx", content) for name, content in files])
    error = refused(settings, f"doi:{hbb.DOI}")
    assert "has several models: softmax.onnx, classes.onnx" in error.message
    assert error.hint.endswith(f"fairreg fetch doi:{hbb.DOI} --file NAME --output FOLDER")


def test_names_are_identifiers_without_scheme(tmp_path):
    (tmp_path / "b tagger.v1.onnx").touch()
    assert model_name("https://doi.org/10.5281/ZENODO.7305227") == "10.5281-zenodo.7305227"
    assert model_name("hf:org/name") == "org-name"
    assert model_name(str(tmp_path / "b tagger.v1.onnx")) == "b-tagger.v1"
    (tmp_path / "..onnx").touch()
    with pytest.raises(UsageError, match="gives no name"):
        model_name(str(tmp_path / "..onnx"))


def refused(settings, *models):
    """The error that a start with these models ends with."""
    with pytest.raises(FairregError) as caught, serving(settings, models=models):
        pass
    return caught.value


def test_two_models_of_one_name_are_refused(settings, graphs, tmp_path):
    (tmp_path / "softmax.onnx").touch()
    error = refused(settings, str(graphs["softmax"]), str(tmp_path / "softmax.onnx"))
    assert error.message.endswith("would both be called softmax.")


def test_models_and_several_workers_are_refused(settings, graphs):
    with listen("127.0.0.1", 0) as listening, pytest.raises(UsageError, match="Models run in one process"):
        serve(settings, listening, workers=2, models=(str(graphs["softmax"]),))


def test_a_model_that_cannot_run_stops_the_start_with_its_reason(settings, tmp_path):
    (tmp_path / "broken.onnx").write_bytes(b"nothing")
    assert "broken.onnx" in refused(settings, str(tmp_path / "broken.onnx")).message
    assert isinstance(refused(settings, "there is no such model"), IdentifierError)


def a_map():
    """A graph that takes a map from text to number, as DictVectorizer's converter makes it."""
    given = onnx.ValueInfoProto(name="x")
    given.type.map_type.key_type = onnx.TensorProto.STRING
    given.type.map_type.value_type.tensor_type.elem_type = onnx.TensorProto.FLOAT
    words = {"string_vocabulary": ["a", "b"]}
    node = helper.make_node("DictVectorizer", ["x"], ["y"], domain="ai.onnx.ml", **words)
    return model([node], [given], [tensor("y", shape=[1, 2])])


def test_a_value_that_the_protocol_cannot_carry_stops_the_start(settings, tmp_path):
    path = tmp_path / "wide.onnx"
    path.write_bytes(a_map())
    assert "has no datatype" in refused(settings, str(path)).message


def test_the_command_says_where_its_models_answer(graphs):
    command = [sys.executable, "-m", "fairreg", "serve", "--port", "0", "--models", str(graphs["softmax"])]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = ""
        while "fairreg answers at" not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        found = re.search(r"runs at (http://127\.0\.0\.1:\d+/v2/models/softmax)$", said, re.MULTILINE)
        assert found, said
        assert requests.get(found[1], timeout=60).json()["name"] == "softmax"
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


@pytest.mark.parametrize(
    ("named", "reason"),
    [("w/folder", "w/folder is a folder."), ("w/", "w/ is a folder."), ("", "An empty text names no model.")],
    ids=["folder", "slash", "empty"],
)
def test_what_is_no_file_of_a_model_is_said(settings, tmp_path, monkeypatch, named, reason):
    (tmp_path / "w/folder").mkdir(parents=True)
    (tmp_path / "w/folder.onnx").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FairregError) as caught, serving(settings, models=(named,)):
        pass
    assert caught.value.message == reason
