# SPDX-License-Identifier: MIT
"""Side files of macOS say nothing about a record: neither its kind and formats nor whether it runs."""

import pytest

from fairreg.assessment.content.documents import role_of
from fairreg.assessment.lineage import weight_files
from fairreg.formats.contents import file_format, media_type, read_contents
from fairreg.schemas.record import Access, Distribution, ModelRecord, Provenance, is_apple_double
from fairreg.schemas.runs import is_runnable, runs
from fairreg.storage.formats import MODEL_FORMATS, WORDS, format_of_head

SIDE_FILES = [
    "._model.onnx",
    "a/._model.onnx",
    "__MACOSX/model.onnx",
    "a/__MACOSX/b/._c.pth",
    "a\\._model.onnx",
]
OTHERS = ["model.onnx", "_model.onnx", ".model.onnx", "a._model.onnx", "._a/model.onnx", "MACOSX/a", ""]


def record(*names):
    return ModelRecord(
        identifier="doi:10.1234/a",
        kind="model",
        name="A",
        access=Access(level="open"),
        provenance=Provenance(source="zenodo", source_id="1"),
        distributions=tuple(Distribution(name=name, url="https://example.org/a") for name in names),
    )


@pytest.mark.parametrize("name", SIDE_FILES)
def test_side_files_of_macos_are_known_by_their_names(name):
    assert is_apple_double(name)
    assert file_format(name) is media_type(name) is None
    assert weight_files(record(name)) == ()


@pytest.mark.parametrize("name", OTHERS)
def test_other_names_are_none(name):
    assert not is_apple_double(name)


def test_they_make_no_model_of_software():
    words = {"title": "Code", "keywords": ()}
    assert read_contents("software", file_names=SIDE_FILES, **words).kind == "software"
    assert read_contents("software", file_names=["model.onnx"], **words).kind == "model"


def test_they_make_no_record_runnable():
    assert runs(record("model.onnx")) == "may run: ONNX"
    assert runs(record(*SIDE_FILES)) is None
    assert is_runnable(record("model.onnx"))
    assert not is_runnable(record(*SIDE_FILES))


def test_they_are_no_documents():
    assert role_of("README.md") == "readme"
    assert role_of("._README.md") is None
    assert role_of("__MACOSX/README.md") is None


def test_their_content_is_no_model_under_any_name():
    head = b"\0\5\x16\7\0\2\0\0Mac OS X        "
    assert {format_of_head(head, name) for name in ("a.onnx", "a.keras", "a")} == {"apple_double"}
    assert "apple_double" not in MODEL_FORMATS
    assert "macOS" in WORDS["apple_double"]
