# SPDX-License-Identifier: MIT
"""What a record is about is published with it: the data of a data set, the weights of a model."""

import shutil

import pytest

from fairreg.errors import UsageError
from fairreg.publish.base import MOST_FILES
from fairreg.services.publish.project import read_project
from support.publishing import model_folder, requests

STATED = ("CITATION.cff", "fair4ml.jsonld", "src/toy/train.py", "LICENSE")


@pytest.mark.parametrize(
    ("weights", "is_told", "is_fault"),
    [((), True, True), (("booster.txt",), True, False), (("models/toy.onnx",), False, False)],
)
def test_a_model_without_a_file_of_one_is_told(tmp_path, weights, is_told, is_fault):
    """A fault where none of the files can be one, a note where one has a name that is not known."""
    folder = model_folder(tmp_path)
    (folder / "booster.txt").write_text("tree")
    found = read_project(folder, (*STATED, *weights))
    told = "No file of the folder is known as that of a model: train or export it first."
    assert (told in found.notes) is is_told
    assert ([item.field for item in found.faults] == ["files"]) is is_fault


def test_a_model_that_was_not_trained_gets_its_doi_and_is_not_published(run, stand, folder):
    shutil.rmtree(folder / "models")
    assert run(reserve_only=True).deposit.identifier
    report = run()
    assert [item.message.partition(";")[0] for item in report.faults] == [
        "the files describe a model, and none of them holds its weights"
    ]
    assert not stand.published()
    assert not run.asked


@pytest.fixture
def data_set(folder):
    """The folder as that of a data set, whose only data are below data/."""
    citation = folder / "CITATION.cff"
    citation.write_text(f"{citation.read_text()}type: dataset\n")
    for name in ("codemeta.json", "fair4ml.jsonld", ".zenodo.json"):
        (folder / name).unlink()
    shutil.rmtree(folder / "models")
    return folder


def test_a_data_set_is_published_with_its_data(run, stand, data_set):
    report = run()
    assert report.deposit.status == "published"
    (record,) = stand.published()
    assert record.files["data/jets.csv"].content == b"1,2"
    assert record.document["metadata"]["resource_type"] == {"id": "dataset"}


def test_a_data_set_without_any_data_is_not_published(run, stand, data_set):
    for wishes in ({"exclude": ("data",)}, {"exclude": ("*.csv",)}):
        report = run(**wishes)
        assert [item.field for item in report.faults] == ["files"]
        assert "none of them is of its data" in report.faults[0].message
    assert not stand.published()


def test_data_without_a_type_are_told_to_be_published_as_software(data_set):
    citation = data_set / "CITATION.cff"
    citation.write_text(citation.read_text().replace("type: dataset\n", ""))
    (data_set / "jets.parquet").write_bytes(b"PAR1")
    notes = read_project(data_set, ("CITATION.cff", "LICENSE", "jets.parquet")).notes
    assert any("the record is one of software: for data write type: dataset" in note for note in notes)


def test_a_data_set_is_not_made_a_model_repository(push, hub, data_set):
    with pytest.raises(UsageError, match="describe a data set, and fairreg makes model repositories"):
        push()
    assert not hub.repositories


def test_each_service_takes_as_many_files_as_it_says(run, push, stand, hub, folder):
    for number in range(MOST_FILES):
        (folder / "models" / f"shard{number}.safetensors").write_bytes(b"%d" % number)
    with pytest.raises(UsageError, match=f"to publish, and the service takes {MOST_FILES}"):
        run()
    assert not requests(stand, "records")
    assert push(draft=True).deposit.status == "draft"
    (repository,) = hub.repositories.values()
    assert len(repository.files) > MOST_FILES
