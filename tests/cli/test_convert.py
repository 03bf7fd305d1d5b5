# SPDX-License-Identifier: MIT
"""``fairreg convert``: a file or what an identifier leads to, as a model repository of Triton."""

import pytest

from support import hbb
from support.networks import SMALL, random_tensors
from support.triton import parsed
from support.weight_files import Files

pytestmark = pytest.mark.engines("sqlite")  # what the registry knows is tested with fetch


def test_a_file_becomes_a_model_repository(cli, affine, tmp_path):
    result = cli("convert", affine, "--to", "triton", "--output", tmp_path / "models")
    assert result.code == 0, result.err
    folder = tmp_path / "models" / "affine"
    assert str(folder) in result.out
    assert "largest difference to the source: 0.0e+00" in result.out
    assert "max_batch_size 128" in result.out
    assert parsed((folder / "config.pbtxt").read_text("ascii")).name == "affine"
    assert (folder / "1" / "model.onnx").read_bytes() == affine.read_bytes()


def test_the_document_has_files_digests_and_agreement(cli, tagger, tmp_path):
    words = ("convert", tagger, "--to", "triton", "--output", tmp_path / "models", "--name", "hbb", "--json")
    document = cli(*words).json
    assert set(document) == {
        *("model", "weights", "to", "name", "folder", "max_batch_size", "files", "agreement", "existing"),
        *("warnings", "schema_version"),
    }
    assert (document["to"], document["name"], document["existing"]) == ("triton", "hbb", False)
    assert [item["path"] for item in document["files"]] == ["1/model.onnx", "config.pbtxt"]
    assert document["weights"]["fingerprint"].startswith("sha256:")
    assert document["agreement"]["max_difference"] <= 1e-5
    again = cli(*words)
    assert again.json == document | {"existing": True}
    assert "was there already" in again.err


def test_a_record_is_fetched_first(cli, httpserver, tmp_path):
    hbb.serve(httpserver, hbb.archive({"models/best.pth": Files().legacy(random_tensors(SMALL))}))
    result = cli("convert", hbb.DOI, "--to", "triton", "--output", tmp_path / "models", "--json")
    assert result.code == 0, result.err
    assert result.json["name"] == "best"
    assert result.json["max_batch_size"] > 0


def test_of_several_models_in_a_record_one_is_chosen_by_file(cli, httpserver, tmp_path):
    members = {f"models/{seed}.pth": Files().legacy(random_tensors(SMALL, seed=seed)) for seed in (5, 6)}
    hbb.serve(httpserver, hbb.archive(members))
    words = ("convert", hbb.DOI, "--to", "triton", "--output", tmp_path / "models")
    assert "has several models" in cli(*words).err
    assert not (tmp_path / "models").exists()
    assert cli(*words, "--file", "*6.pth", "--json").json["weights"]["file"] == "6.pth"


def test_an_interrupt_ends_with_130_and_leaves_nothing(cli, affine, tmp_path, monkeypatch):
    def interrupted(*_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("fairreg.services.convert.triton.agreement", interrupted)
    assert cli("convert", affine, "--to", "triton", "--output", tmp_path / "models").code == 130
    assert [item for item in tmp_path.iterdir() if "models" in item.name or "convert" in item.name] == []


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("model.onnx", "--to", "triton", "--output", "models"), 1, "There is no file"),
        (("model.onnx", "--to", "savedmodel", "--output", "models"), 2, "savedmodel"),
        (("model.onnx", "--output", "models"), 2, "--to"),
        (("model.onnx", "--to", "triton"), 2, "--output"),
        (("model.onnx", "--to", "triton", "--output", "models", "--name", "../m"), 2, "not a name"),
    ],
)
def test_what_cannot_be_meant_is_explained(cli, tmp_path, monkeypatch, words, code, said):
    monkeypatch.chdir(tmp_path)
    result = cli("convert", *words)
    assert (result.code, result.out) == (code, "")
    assert said in result.err
    assert not (tmp_path / "models").exists()


def test_the_weights_of_any_file_are_identified_in_both_documents(cli, affine, tagger, tmp_path):
    network = tmp_path / "net.pth"
    network.write_bytes(Files().legacy(random_tensors(SMALL)))
    cases = [(affine, "triton"), (tagger, "triton"), (network, "triton"), (network, "onnx")]
    for number, (model, to) in enumerate(cases):
        known = cli("inspect", model, "--json").json["files"][0]
        words = ("convert", model, "--to", to, "--output", tmp_path / f"{number}.onnx", "--json")
        said = cli(*words).json
        assert said["weights"]["fingerprint"] == known["fingerprint"]
        assert said["weights"]["parameters"] == known["models"][0]["parameters"]
        if to == "onnx":
            written = cli("inspect", said["file"]["path"], "--json").json["files"][0]
            assert said["file"]["fingerprint"] == written["fingerprint"]
