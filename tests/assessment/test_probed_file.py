# SPDX-License-Identifier: MIT
"""The published file that is requested, and verdicts that a side file never decides."""

import pytest

from fairreg.assessment.evidence import Probe
from fairreg.assessment.probed_file import file_to_probe, is_side_file
from fairreg.assessment.report import assess
from fairreg.assessment.rubric import DATASETS
from fairreg.schemas.record import Access, Distribution

from .samples import BARE, replaced, unregistered, with_record

GATED = Access(level="restricted", conditions="Ask ada at https://example.org/ask")
SIDE_FILES = (".gitattributes", "README.md", "LICENSE", "CITATION.cff", "config.json", "tokenizer.json")


def listing(*names, **fields):
    files = tuple(Distribution(name=name, url=f"https://example.org/{name}") for name in names)
    return with_record(BARE, distributions=files, **fields)


def judged(evidence, number, *rubric):
    report = assess(evidence, *rubric)
    parts = [item for part in report.principles.values() for item in part.indicators]
    return next(item for item in parts if item.id == number)


def probed(evidence, name, outcome="ok", found=("text",), **fields):
    return replaced(
        evidence, probes=(Probe(kind="file_range", outcome=outcome, found=found, file=name, **fields),)
    )


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        ((*SIDE_FILES, "model.safetensors"), "model.safetensors"),
        ((*SIDE_FILES, "data.csv", "all.zip"), "all.zip"),
        (("README.md", "training_args.bin", "pytorch_model.bin"), "pytorch_model.bin"),
        (("README.md", "list.txt", "jets.root"), "jets.root"),
        (
            ("README.md", "model.safetensors.index.json", "model-00001-of-00002.safetensors"),
            "model-00001-of-00002.safetensors",
        ),
        (("._model.onnx", "README.md", "model.onnx"), "model.onnx"),
        (("LICENSE", "README.md", "model.txt"), "model.txt"),
        (("README.md", "train.py"), "train.py"),
        (("README.md", "LICENSE"), "README.md"),
    ],
)
def test_a_model_file_is_requested_before_an_archive_data_and_side_files(names, chosen):
    assert file_to_probe(listing(*names).record).name == chosen


def test_a_file_without_an_address_is_not_requested():
    record = with_record(BARE, distributions=(Distribution(name="model.onnx"),)).record
    assert file_to_probe(record) is None


@pytest.mark.parametrize("name", SIDE_FILES)
@pytest.mark.parametrize("outcome", ["ok", "denied", "absent"])
def test_a_side_file_decides_neither_bytes_nor_an_anonymous_get(name, outcome):
    evidence = probed(listing(name, access=GATED), name, outcome)
    for number in ("A1-1", "A1.1-2", "A1.2-2"):
        found = judged(evidence, number)
        assert found.verdict == "unknown"
        assert f"Only side files, such as {name}, have an address" in found.reason


def test_a_side_file_in_evidence_of_an_earlier_release_is_known_by_its_address():
    evidence = probed(listing(".gitattributes", "m.onnx"), None, url="https://example.org/.gitattributes")
    found = judged(evidence, "A1-1")
    assert found.verdict == "unknown"
    assert "Only the side file .gitattributes was requested" in found.reason


@pytest.mark.parametrize("name", ["data.csv", "features.csv", "weights.json", "train.py", "a.ipynb"])
def test_files_with_content_of_their_own_are_no_side_files(name):
    assert not is_side_file(name)


def test_a_side_file_does_not_make_a_dataset_open():
    evidence = probed(listing("README.md"), "README.md")
    assert judged(evidence, "A1.2", DATASETS).verdict != "pass"


@pytest.mark.parametrize("outcome", ["ok", "denied", "absent", "failed"])
@pytest.mark.parametrize("level", ["restricted", "embargoed", "closed"])
def test_a_model_that_is_not_open_is_never_called_open(level, outcome):
    evidence = probed(listing("m.onnx", access=Access(level=level)), "m.onnx", outcome, ("onnx",))
    found = judged(evidence, "A1.2-2")
    assert found.verdict != "not_applicable"
    assert "open" not in [item.value for item in found.evidence]


def test_a_file_that_is_given_despite_a_stated_restriction_leaves_one_of_the_two():
    found = judged(probed(listing("m.onnx", access=GATED), "m.onnx", found=("onnx",)), "A1.2-2")
    assert found.verdict == "partial"
    assert [item.value for item in found.evidence] == ["https://example.org/ask", "ok m.onnx onnx"]


def test_a_gated_model_whose_host_refuses_and_whose_record_says_how_passes():
    assert judged(probed(listing("m.onnx", access=GATED), "m.onnx", "denied"), "A1.2-2").verdict == "pass"


def test_a_model_without_a_stated_level_is_open_by_what_was_seen():
    found = judged(unregistered(probed(listing("m.onnx"), "m.onnx", found=("onnx",))), "A1.2-2")
    assert found.verdict == "not_applicable"
    assert [item.source for item in found.evidence] == ["probe"]
