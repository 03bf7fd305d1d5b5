# SPDX-License-Identifier: MIT
import json

import pytest
from werkzeug import Response

from support import hbb


@pytest.fixture
def pages(httpserver):
    """Zenodo's search over 60 records, 25 a page at most for guests; gives the pages that were asked for."""
    asked = []

    def page(request):
        number, size = int(request.args["page"]), int(request.args["size"])
        asked.append(number)
        if size > 25:
            return Response('{"status": 400, "message": "A validation error occurred."}', status=400)
        numbers = range((number - 1) * size, min(number * size, 60))
        hits = [hbb.another(8_000_000 + index) for index in numbers]
        return {"hits": {"hits": hits, "total": 60}}

    def respond(request):
        import json

        answer = page(request)
        return (
            answer
            if isinstance(answer, Response)
            else Response(json.dumps(answer), mimetype="application/json")
        )

    httpserver.expect_request("/zenodo/api/records").respond_with_handler(respond)
    return asked


def test_all_pages_come_into_the_registry_and_a_second_time_nothing_changes(cli, pages):
    first = cli("harvest", "zenodo", "--query", "hbb", "--json")
    assert first.code == 0, first.err
    (report,) = first.json
    assert (report["new"], report["unchanged"], report["refused"]) == (60, 0, [])
    assert pages == [1, 2, 3]
    (again,) = cli("harvest", "zenodo", "--query", "hbb", "--json").json
    assert (again["new"], again["unchanged"]) == (0, 60)


def test_a_limit_is_kept(cli, pages):
    (report,) = cli("harvest", "zenodo", "--query", "hbb", "--limit", "30", "--json").json
    assert report["new"] == 30
    assert {item["name"]: item["records"] for item in cli("sources", "--json").json}["zenodo"] == 30


@pytest.mark.long
def test_the_sources_may_be_shared_among_processes(cli, pages):
    result = cli("harvest", "zenodo", "--query", "hbb", "--limit", "30", "--workers", "1", "--json")
    assert result.code == 0, result.err
    assert result.json[0]["new"] == 30


def test_a_harvested_record_is_found_and_shown(cli, pages):
    cli("harvest", "zenodo", "--query", "hbb", "--limit", "3")
    assert cli("show", "https://zenodo.org/records/8000001", "--format", "json").json["version"] == "v0.1.1"


def test_the_summary_names_every_count(cli, pages):
    out = cli("harvest", "zenodo", "--limit", "3").out
    for word in ("3 new", "0 changed", "0 unchanged", "0 gone", "0 rejected"):
        assert word in out


def test_a_bad_record_is_set_aside_with_its_reason(cli, httpserver):
    bad = {"id": 9, "metadata": {}}
    hits = {"hits": {"hits": [hbb.record(b""), bad], "total": 2}}
    httpserver.expect_request("/zenodo/api/records").respond_with_json(hits)
    result = cli("harvest", "zenodo")
    assert result.code == 0
    assert "1 new" in result.out
    assert "1 rejected" in result.out
    assert "title" in result.err


def test_an_unknown_source_is_wrong_usage_and_names_the_sources(cli):
    result = cli("harvest", "nowhere")
    assert result.code == 2
    assert "zenodo" in result.err


@pytest.mark.parametrize("text", ["127.0.0.1:8304", "localhost:8304/oai", "models.example.org"])
def test_an_address_without_http_is_told_to_be_one(cli, text):
    result = cli("harvest", text)
    assert result.code == 2
    assert f"fairreg harvest http://{text}" in result.err


def test_peers_without_any_are_wrong_usage(cli, monkeypatch):
    monkeypatch.delenv("FAIRREG_PEERS", raising=False)
    result = cli("harvest", "--peers")
    assert result.code == 2
    assert "FAIRREG_PEERS names no registry" in result.err


def test_a_source_that_is_down_ends_with_4(cli, httpserver):
    httpserver.expect_request("/zenodo/api/records").respond_with_response(Response(status=503))
    assert cli("harvest", "zenodo").code == 4


def test_what_was_set_aside_is_listed(cli, httpserver):
    hits = {"hits": {"hits": [{"id": 9, "metadata": {}}], "total": 1}}
    httpserver.expect_request("/zenodo/api/records").respond_with_json(hits)
    assert cli("sources", "--refused", "--json").json == []
    cli("harvest", "zenodo")
    (item,) = cli("sources", "--refused", "--json").json
    assert (item["source"], item["path"]) == ("zenodo", "$.metadata.title")
    assert "title" in cli("sources", "--refused").out


def test_two_sources_have_a_summary_each_and_the_failed_one_a_reason(cli, pages, httpserver):
    httpserver.expect_request("/datacite/dois").respond_with_response(Response(status=503))
    result = cli("harvest", "zenodo", "datacite", "--limit", "3")
    assert result.code == 4
    assert "zenodo: 3 new" in result.out
    assert "datacite: 0 new" in result.out
    assert "stopped early" in result.out
    assert "Error:" in result.err


def test_no_token_is_ever_printed_or_kept(cli, pages, monkeypatch, tmp_path):
    for variable in ("ZENODO_TOKEN", "HF_TOKEN", "GITHUB_TOKEN"):
        monkeypatch.setenv(variable, "planted-secret")
    shown = [cli("harvest", "zenodo", "--limit", "3"), cli("sources"), cli("sources", "--json")]
    shown.append(cli("search", "hbb", "--live", "--save", "--source", "zenodo", "--json"))
    assert all("planted-secret" not in result.out + result.err for result in shown)
    assert cli("export", tmp_path / "all.jsonl").code == 0
    for file in (item for item in tmp_path.rglob("*") if item.is_file()):
        assert b"planted-secret" not in file.read_bytes()


def test_a_malformed_date_is_wrong_usage(cli):
    assert cli("harvest", "zenodo", "--since", "yesterday").code == 2


def test_without_a_source_every_source_is_harvested(cli, pages, httpserver):
    httpserver.expect_request("/datacite/dois").respond_with_json(
        {"data": [hbb.registration("10.1234/x")["data"]]}
    )
    result = cli("harvest", "--limit", "3", "--json")
    found = {report["source"]: report["new"] for report in result.json}
    enabled = {item["name"] for item in cli("sources", "--json").json if item["enabled"]}
    assert set(found) == enabled - {"garden", "github", "zenodo_oai"}
    assert "openml" in found
    assert "Zenodo (OAI-PMH) was skipped: it has the records of zenodo again, without files." in result.err
    assert "Harvest it with: fairreg harvest zenodo_oai" in result.err
    assert "GitHub was skipped: its search needs a query." in result.err
    assert "fairreg harvest github --query topic:jet-tagging" in result.err
    assert (found["datacite"], found["zenodo"]) == (1, 3)
    assert result.code != 0  # the others have no server in this test, and the command says so


def test_a_source_that_needs_a_query_is_skipped_and_does_not_spoil_the_exit_code(
    cli, pages, httpserver, monkeypatch
):
    httpserver.expect_request("/github/search/repositories").respond_with_json({"items": []})
    others = {item["name"] for item in cli("sources", "--json").json} - {"github", "zenodo", "garden"}
    monkeypatch.setenv("FAIRREG_DISABLE", ",".join(sorted(others)))
    result = cli("harvest", "--limit", "3", "--json")
    assert (result.code, [report["source"] for report in result.json]) == (0, ["zenodo"])
    with_query = cli("harvest", "--limit", "3", "--query", "hbb", "--json")
    assert {report["source"] for report in with_query.json} == {"github", "zenodo"}
    assert "skipped" not in with_query.err
    since = cli("harvest", "--limit", "3", "--since", "2024-01-01", "--json")
    assert {report["source"] for report in since.json} == {"github", "zenodo"}


def test_a_damaged_item_is_named_in_every_output(cli, httpserver):
    good = json.dumps(hbb.another(8_000_000))
    page = f'{{"hits": {{"hits": [{good}, {{"id": 42, "title": "a\x0bb"}}], "total": 2}}}}'
    httpserver.expect_request("/zenodo/api/records").respond_with_data(page)
    said = "42 of Zenodo is damaged: it is not JSON: Invalid control character at character 23."
    result = cli("harvest", "zenodo", "--query", "hbb")
    assert result.code == 0, result.err
    assert "1 new" in result.out
    assert "1 rejected" in result.out
    assert said in result.err
    (report,) = cli("harvest", "zenodo", "--query", "hbb", "--json").json
    assert [item["reason"] for item in report["refused"]] == [said]
    (refused,) = cli("sources", "--refused", "--json").json
    assert (refused["source"], refused["reason"]) == ("zenodo", said)


def test_a_disabled_source_is_harvested_only_by_name(cli, pages, monkeypatch):
    monkeypatch.setenv("FAIRREG_DISABLE", "zenodo")
    assert "zenodo" not in {report["source"] for report in cli("harvest", "--limit", "3", "--json").json}
    assert pages == []
    assert cli("harvest", "zenodo", "--limit", "3", "--json").json[0]["new"] == 3


def test_a_limit_counts_what_was_taken_before_the_harvest_stopped(cli, httpserver):
    state = {"broken": True}

    def respond(request):
        number, size = int(request.args["page"]), int(request.args["size"])
        if number == 2 and state["broken"]:
            return Response(status=503)
        hits = [hbb.another(8_000_000 + index) for index in range((number - 1) * size, number * size)]
        return Response(json.dumps({"hits": {"hits": hits, "total": 500}}), mimetype="application/json")

    httpserver.expect_request("/zenodo/api/records").respond_with_handler(respond)
    assert cli("harvest", "zenodo", "--limit", "30").code == 4
    state["broken"] = False
    (report,) = cli("harvest", "zenodo", "--limit", "30", "--json").json
    assert (report["new"], report["resumed"]) == (5, True)
