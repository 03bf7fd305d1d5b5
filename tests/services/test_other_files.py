# SPDX-License-Identifier: MIT
"""Files of a repository that its record leaves out, and fields of a payload that others put into files."""

import json

import pytest

from fairreg import harvesters
from fairreg.harvesters.base import Harvester
from fairreg.services.assess.evidence_collector import EvidenceCollector
from fairreg.services.assess.file_inspection import leaves_out, stated_documents
from fairreg.services.assess.other_files import other_files
from fairreg.services.assess.probes import ProbeResults
from fairreg.services.fetch.resolve import SourceRecord
from fairreg.sources import BUILT_IN, source_named

SHA = "a" * 40
REPOSITORY = {
    "id": 7,
    "name": "net",
    "full_name": "org/net",
    "html_url": "https://github.com/org/net",
    "owner": {"login": "org", "type": "Organization"},
    "default_branch": "main",
}
TEXTS = {
    "requirements.txt": "torch==2.6.0\n",
    "src/net.py": "from torch import nn\n",
    ".github/workflows/ci.yml": "on: push\n",
    "data/jets.bin": "x" * 9,
}
TREE = {
    "sha": SHA,
    "truncated": False,
    "tree": [
        {"path": "net.onnx", "mode": "100644", "type": "blob", "sha": SHA, "size": 9},
        *(
            {"path": name, "mode": "100644", "type": "blob", "sha": SHA, "size": len(text)}
            for name, text in TEXTS.items()
        ),
    ],
}
ENVELOPE = {"repository": REPOSITORY, "commit": {"sha": SHA, "ref": "heads/main"}, "tree": TREE}


@pytest.fixture
def source(httpserver):
    httpserver.expect_request(f"/github/repos/org/net/git/trees/{SHA}").respond_with_json(TREE)
    for name, text in TEXTS.items():
        httpserver.expect_request(f"/github/org/net/{SHA}/{name}").respond_with_data(text)
    return SourceRecord(harvesters.get("github").to_record(ENVELOPE), json.dumps(ENVELOPE).encode())


def test_all_files_are_listed_and_those_that_describe_the_model_are_read(web, source, httpserver):
    found = other_files(web, source, print)
    assert {item.path for item in found.files} == set(TEXTS)
    assert {item.path: item.role for item in found.documents} == {
        "requirements.txt": "requirements",
        "src/net.py": "code",
        ".github/workflows/ci.yml": "ci",
    }
    assert not [request for request, _ in httpserver.log if "jets.bin" in request.path]
    assert found.unread == ()


def test_a_list_that_cannot_be_had_is_not_taken_for_an_empty_one(web, source, httpserver):
    httpserver.clear()
    lines = []
    found = other_files(web, source, lines.append)
    assert (found.files, [item.role for item in found.unread]) == ((), [None])
    assert "without the other files" in lines[0]


def test_large_texts_and_many_of_one_kind_are_left_out(web, source, httpserver):
    more = [{**TREE["tree"][1], "path": f"src/m{number}.py"} for number in range(30)]
    large = {**TREE["tree"][1], "path": "docs/book.md", "size": 10**7}
    httpserver.clear()
    listed = {**TREE, "tree": [*more, large]}
    httpserver.expect_request(f"/github/repos/org/net/git/trees/{SHA}").respond_with_json(listed)
    for item in more:
        httpserver.expect_request(f"/github/org/net/{SHA}/{item['path']}").respond_with_data("pass\n")
    found = other_files(web, source, print)
    assert len(found.files) == len(more) + 1
    assert len(found.documents) == 5
    assert {item.role for item in found.unread} == {"code", "docs"}


def test_only_repositories_leave_files_out(source):
    assert leaves_out(source.record)
    assert [row.name for row in BUILT_IN if row.leaves_out_files] == ["github"]


def test_a_source_that_states_files_or_leaves_some_out_has_the_method_for_it():
    for name, flag in (("other_files", "leaves_out_files"), ("stated_files", "states_files")):
        for item in harvesters.all_harvesters():
            own = getattr(type(item), name) is not getattr(Harvester, name)
            assert own == getattr(source_named(item.name), flag), (item.name, name)


FLOW = {
    "flow": {
        "id": "1",
        "name": "forest",
        "uploader": "2",
        "dependencies": "sklearn==1.5.1\nnumpy>=1.19.5",
        "parameter": [
            {"name": "random_state", "default_value": "42"},
            {"name": "n_jobs", "default_value": "null"},
        ],
    }
}
SERVABLE = {
    "datacite": {"titles": [{"title": "T"}]},
    "dlhub": {"shorthand_name": "o/n", "dependencies": {"python": {"keras": "2.8.0", "numpy": None}}},
}


@pytest.mark.parametrize(
    ("source", "payload", "texts"),
    [
        (
            "openml",
            FLOW,
            {"requirements": "sklearn==1.5.1\nnumpy>=1.19.5", "hyperparameters": '{"random_state": "42"}'},
        ),
        ("dlhub", SERVABLE, {"requirements": "keras==2.8.0\nnumpy"}),
        ("zenodo", {"id": 1}, {}),
    ],
)
def test_fields_of_a_payload_count_like_the_files_of_others(source, payload, texts):
    found = stated_documents(source, json.dumps(payload).encode())
    assert {item.role: item.text for item in found} == texts


@pytest.mark.parametrize(
    "payload", [None, b"", b"[]", b"{", b'{"flow": {"parameter": [7, null], "dependencies": {}}}']
)
def test_payloads_of_another_shape_state_nothing(payload):
    assert stated_documents("openml", payload) == ()


def test_a_record_without_files_has_been_read_whole_and_a_restricted_one_has_not(settings):
    flow = harvesters.get("openml").to_record(FLOW)
    fetched, _ = EvidenceCollector(settings, None, None)._files(None, _Asked(), flow, ProbeResults(()))
    assert fetched.files == ()


class _Asked:
    text = "openml:flow/1"
