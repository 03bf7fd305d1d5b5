# SPDX-License-Identifier: MIT
"""What an assessment notes as unread: archives, texts beyond a limit, files that were not downloaded."""

import pytest

from fairreg.assessment.evidence import Document
from fairreg.schemas.record import Distribution, ModelRecord, Provenance
from fairreg.services.assess import file_inspection
from fairreg.services.fetch.download import Downloaded
from fairreg.services.fetch.files.fetched import FetchedFiles
from fairreg.services.fetch.unpacking import UnopenedFile
from fairreg.storage.cache import CachedFile

README = b"# Tagger\n\nTrained with Adam, learning rate 0.001.\n"
MEMBERS = {
    "README.md": README,
    "LICENSE": b"MIT License\n",
    "requirements.txt": b"torch==2.1.0\n",
    "train.py": b"import torch\n",
}


def fetched(folder, contents, *, unopened=(), lost=(), reason="a 7z archive"):
    """Files as a fetch brings them; `unopened` are names of archives, `lost` those that were not brought."""
    files = []
    for name, content in contents.items():
        (folder / name).write_bytes(content)
        item = Distribution(name=name, url=f"https://example.org/{name}", size=len(content))
        files.append(
            Downloaded(
                item, CachedFile(folder / name, "0" * 64, len(content)), "", verified=False, from_cache=False
            )
        )
    listed = (*(item.distribution for item in files), *(Distribution(name=name) for name in lost))
    record = ModelRecord(
        identifier="zenodo:1",
        kind="model",
        name="m",
        provenance=Provenance("zenodo", "1"),
        distributions=listed,
    )
    packed = tuple(UnopenedFile(name, folder / name, reason) for name in unopened)
    return FetchedFiles("zenodo:1", record, tuple(files), (), (), unopened=packed)


def unread(*args, **kwargs):
    return {item.path: item.role for item in file_inspection.unread(fetched(*args, **kwargs))}


def test_files_that_were_read_leave_nothing_unread(tmp_path):
    assert unread(tmp_path, MEMBERS) == {}


def test_an_archive_that_fairreg_does_not_open_may_hold_anything(tmp_path):
    assert unread(tmp_path, {"m.7z": b"7z\xbc\xaf\x27\x1c"}, unopened=["m.7z"]) == {"m.7z": None}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("jets.csv.gz", {}),
        ("net.onnx.gz", {"net.onnx.gz": None}),
        ("all.tar.zst", {"all.tar.zst": None}),
        ("model.gz", {"model.gz": None}),
        ("README.md.gz", {"README.md.gz": "readme"}),
    ],
)
def test_a_compressed_file_may_hold_what_its_name_says(tmp_path, name, expected):
    assert unread(tmp_path, {name: b"\x1f\x8b"}, unopened=[name], reason="compressed with gzip") == expected


def test_much_code_crowds_out_no_other_text(tmp_path, monkeypatch):
    monkeypatch.setattr(file_inspection, "_MAX_DOCUMENTS", 3)
    read = file_inspection.documents(fetched(tmp_path, {"a.py": b"1", "b.py": b"2", **MEMBERS}))
    assert {item.path for item in read} == {"README.md", "LICENSE", "requirements.txt"}


def test_a_pointer_of_git_lfs_is_all_that_is_published(tmp_path):
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 9\n"
    assert unread(tmp_path, {"m.onnx": pointer}, unopened=["m.onnx"]) == {}


def test_a_listed_file_that_was_not_brought_may_hold_anything(tmp_path):
    assert unread(tmp_path, MEMBERS, lost=["m.onnx"]) == {"m.onnx": None}


def test_a_text_beyond_its_limit_and_texts_beyond_their_number_are_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(file_inspection, "_MAX_TEXT", len(README) - 1)
    assert unread(tmp_path, MEMBERS) == {"README.md": "readme"}
    monkeypatch.setattr(file_inspection, "_MAX_DOCUMENTS", 2)
    assert unread(tmp_path, MEMBERS) == {
        "README.md": "readme",
        "requirements.txt": "requirements",
        "train.py": "code",
    }


def test_a_document_too_long_to_be_parsed_is_unread():
    long, short = '{"seed": 1, "x": "' + "x" * 70_000 + '"}', '{"seed": 1}'
    read = [
        Document(role="hyperparameters", path=name, text=text) for name, text in (("a", long), ("b", short))
    ]
    assert [item.path for item in file_inspection.unparsed(read)] == ["a"]
