# SPDX-License-Identifier: MIT
"""`fairreg sources --check`: the table, the document, the exit codes."""

import json

import pytest

from fairreg.web import HttpClient
from support.known_services import payloads, put, serve

pytestmark = pytest.mark.engines("sqlite")


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _seconds: None)


def test_answers_as_expected_end_with_0_and_a_table(cli, httpserver):
    serve(httpserver, payloads())
    result = cli("sources", "--check")
    assert result.code == 0
    lines = {line.split()[0]: line for line in result.out.splitlines()}
    assert "as expected" in lines["zenodo"]
    assert "10.5281/zenodo.7834392" in lines["zenodo"]
    assert "sends no requests" in lines["garden"]
    assert "zenodo: as expected (2 answers" in result.err


def test_a_changed_answer_ends_with_1_and_is_named(cli, httpserver):
    made = payloads()
    put(made["zenodo"], "$.metadata.title", 7)
    serve(httpserver, {**made, "openml": None})
    result = cli("sources", "--check")
    assert result.code == 1
    assert "$.metadata.title is number, expected text (fairreg reads it)" in result.out
    assert "Error: Not as expected: zenodo." in result.err
    assert "--record FOLDER" in result.err
    assert "unreachable" in result.out


def test_a_service_that_is_down_ends_with_4_and_the_document_has_the_others(cli, httpserver):
    serve(httpserver, {**payloads(), "zenodo": None})
    result = cli("sources", "--check", "--json")
    assert result.code == 4
    found = {item["name"]: item["check"] for item in result.json}
    assert (found["zenodo"]["status"], found["datacite"]["status"]) == ("unreachable", "as expected")
    assert found["doi"]["status"] == "as expected"
    assert "Could not be reached: zenodo." in result.err


def test_one_answer_is_one_and_a_mirror_has_the_address_of_the_public_service(cli, httpserver, monkeypatch):
    made = payloads()
    serve(httpserver, made)
    mirror = f"http://mirror.internal.localhost:{httpserver.port}/doi"
    monkeypatch.setenv("FAIRREG_DOI_URL", mirror)
    monkeypatch.setattr(HttpClient, "location", lambda _self, _url: f"{mirror}/elsewhere")
    result = cli("sources", "--check")
    (line,) = (line for line in result.err.splitlines() if line.startswith("doi: "))
    assert "(0 answers, " in line
    assert "mirror.internal" not in result.out
    assert "https://doi.org/elsewhere" in " ".join(result.out.split())
    assert "(1 answers" not in result.err
    assert "(1 answer, " in result.err


def test_offline_mode_ends_with_4(cli, monkeypatch):
    monkeypatch.setenv("FAIRREG_OFFLINE", "1")
    result = cli("sources", "--check")
    assert result.code == 4
    assert "Unset FAIRREG_OFFLINE" in result.err


def test_answers_are_saved_where_the_user_says(cli, httpserver, tmp_path):
    serve(httpserver, payloads())
    folder = tmp_path / "answers"
    result = cli("sources", "--check", "--record", str(folder), "--json")
    assert result.code == 0
    report = json.loads((folder / "report.json").read_bytes())
    assert report["checks"] == [item["check"] for item in sorted(result.json, key=lambda item: item["name"])]
    assert "docs/service-check.md" in result.err


def test_a_folder_that_cannot_be_written_is_a_sentence(cli, httpserver, tmp_path):
    (tmp_path / "file").write_text("")
    result = cli("sources", "--check", "--record", str(tmp_path / "file"))
    assert result.code == 1
    assert "cannot be written" in result.err
    assert httpserver.log == []


def test_recording_without_a_check_is_wrong_usage(cli, tmp_path):
    result = cli("sources", "--record", str(tmp_path / "answers"))
    assert result.code == 2
    assert "--check" in result.err


def test_a_list_of_rejected_payloads_is_no_check(cli, tmp_path):
    result = cli("sources", "--refused", "--check", "--record", str(tmp_path / "answers"))
    assert result.code == 2
    assert not (tmp_path / "answers").exists()


def test_foreign_text_in_a_difference_controls_no_terminal(cli, httpserver):
    made = payloads()
    put(made["zenodo"], "$.doi", "10.5281/\x1b[31mred\x9b")
    made["zenodo"]["\x1b]0;title"] = 1
    serve(httpserver, made)
    result = cli("sources", "--check")
    assert result.code == 1
    assert not {"\x1b", "\x9b"} & set(result.out + result.err)
