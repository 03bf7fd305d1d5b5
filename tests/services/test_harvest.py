# SPDX-License-Identifier: MIT
"""Harvests of a local server that speaks Zenodo's search (its payloads are written by hand)."""

import json
from dataclasses import replace
from datetime import date
from hashlib import sha256

import pytest
from werkzeug import Request, Response

from fairreg import harvesters
from fairreg.errors import BadAnswer, Unreachable, UsageError
from fairreg.registry.registry import Registry
from fairreg.services.harvest.harvest import harvest
from fairreg.services.harvest.parallel import harvest_all
from fairreg.services.registry.transfer import export
from fairreg.services.sources import rejected
from harvesters.zenodo_payloads import page, record


class Service:
    """Zenodo with `records`, 25 a page; `broken` pages answer with a fault."""

    def __init__(self, httpserver) -> None:
        self.records = [record(1000 + 2 * number) for number in range(60)]
        self.broken: dict[int, Response] = {}
        self.asked: list[dict[str, str]] = []
        httpserver.expect_request("/zenodo/api/records").respond_with_handler(self.answer)

    def answer(self, request: Request) -> Response:
        self.asked.append(request.args.to_dict())
        size, number = int(request.args["size"]), int(request.args["page"])
        if number in self.broken:
            return self.broken[number]
        body = page(self.records[(number - 1) * size : number * size], len(self.records))
        return Response(json.dumps(body), content_type="application/json")


@pytest.fixture
def service(httpserver) -> Service:
    return Service(httpserver)


def counts(report):
    return report.new, report.changed, report.unchanged


def held(settings):
    with Registry(settings=settings) as registry:
        return registry.info().sources.get("zenodo", 0)


def statement(settings, source_id):
    with Registry(settings=settings) as registry:
        return registry.statements.get("zenodo", source_id)


def test_a_harvest_keeps_every_record_with_its_payload(settings, web, service):
    heard = []
    report = harvest(settings, "zenodo", query="tagger", web=web, progress=lambda *at: heard.append(at))
    assert counts(report) == (60, 0, 0)
    assert (report.seen, report.refused, report.resumed, report.source) == (60, [], False, "zenodo")
    assert heard == [(25, 60), (50, 60), (60, 60)]
    kept = statement(settings, "1000")
    assert json.loads(kept.payload) == service.records[0]
    assert kept.record.provenance.payload_sha256 == sha256(kept.payload).hexdigest()
    assert kept.record.provenance.retrieved


def test_versions_of_one_concept_are_one_model(settings, web, service):
    for number, item in enumerate(service.records[:30]):
        item |= {"conceptrecid": "999", "conceptdoi": "10.5281/zenodo.999"}
        item["metadata"]["version"] = f"{number}"
    assert counts(harvest(settings, "zenodo", web=web)) == (60, 0, 0)
    with Registry(settings=settings) as registry:
        (model,) = registry.search("10.5281/zenodo.999").hits
        assert len(model.versions) == 30
        assert model.record.version == "29"


def test_a_second_harvest_changes_nothing(settings, web, service):
    harvest(settings, "zenodo", web=web)
    for item in service.records:
        item["stats"] = {"downloads": 99}
    assert counts(harvest(settings, "zenodo", web=web)) == (0, 0, 60)
    service.records[7]["metadata"]["title"] = "Renamed"
    report = harvest(settings, "zenodo", web=web)
    assert counts(report) == (0, 1, 59)
    assert not report.resumed


def test_a_harvest_that_breaks_off_resumes_after_its_last_page(settings, web, service):
    service.broken[2] = Response("fault", 500)
    with pytest.raises(Unreachable):
        harvest(settings, "zenodo", query="q", web=web)
    assert held(settings) == 25
    service.broken.clear()
    service.asked.clear()
    report = harvest(settings, "zenodo", query="q", web=web)
    assert report.resumed
    assert counts(report) == (35, 0, 0)
    assert [item["page"] for item in service.asked] == ["2", "3"]
    assert held(settings) == 60


def test_another_query_or_date_does_not_resume(settings, web, service):
    service.broken[2] = Response("fault", 500)
    with pytest.raises(Unreachable):
        harvest(settings, "zenodo", query="q", web=web)
    service.broken.clear()
    assert not harvest(settings, "zenodo", query="other", web=web).resumed
    assert not harvest(settings, "zenodo", query="q", since=date(2024, 1, 1), web=web).resumed


def test_an_interrupted_harvest_leaves_whole_pages(settings, web, service, monkeypatch):
    put_many = Registry.put_many

    def interrupted(self, items, **kept):
        if held(settings) >= 25:
            raise KeyboardInterrupt
        return put_many(self, items, **kept)

    monkeypatch.setattr(Registry, "put_many", interrupted)
    with pytest.raises(KeyboardInterrupt):
        harvest(settings, "zenodo", web=web)
    assert held(settings) == 25
    monkeypatch.undo()
    report = harvest(settings, "zenodo", web=web)
    assert (report.resumed, held(settings)) == (True, 60)


def test_bad_records_are_set_aside_with_their_reason(settings, web, service):
    service.records[3] = {"id": 1, "metadata": {"title": None}}
    heard = []
    report = harvest(settings, "zenodo", web=web, log=heard.append)
    assert counts(report) == (59, 0, 0)
    (refusal,) = report.refused
    assert refusal.path == "$.metadata.title"
    assert refusal.payload_sha256
    assert any("rejected a payload" in line for line in heard)


def test_the_first_rejected_payloads_are_logged_and_the_others_counted(settings, web, service):
    service.records = [{"id": number, "metadata": {"title": None}} for number in range(60)]
    heard = []
    report = harvest(settings, "zenodo", web=web, log=heard.append)
    assert (len(report.refused), len(rejected(settings))) == (60, 60)
    said = [line for line in heard if line.startswith("Zenodo: rejected")]
    assert len(said) == 11
    assert said[-1] == "Zenodo: rejected 50 more payloads"


def test_rejected_payloads_are_counted_when_a_harvest_stops(settings, web, service):
    service.records = [{"id": number, "metadata": {"title": None}} for number in range(60)]
    service.broken[2] = Response("fault", 500)
    heard = []
    with pytest.raises(Unreachable):
        harvest(settings, "zenodo", web=web, log=heard.append)
    assert "Zenodo: rejected 15 more payloads" in heard


def test_a_page_of_far_more_items_than_requested_is_refused(settings, web, service, monkeypatch):
    monkeypatch.setattr("fairreg.services.harvest.harvest.MOST_ITEMS", 24)
    with pytest.raises(BadAnswer, match=r"Zenodo sent a page of 25 items; at most 24 are read\."):
        harvest(settings, "zenodo", web=web)
    assert held(settings) == 0


def test_what_no_registry_can_keep_is_set_aside_and_the_rest_of_its_page_is_kept(settings, web, service):
    service.records[5]["doi"] = service.records[5]["metadata"]["doi"] = "10.1234/" + "x" * 3000
    report = harvest(settings, "zenodo", web=web)
    assert counts(report) == (59, 0, 0)
    (refusal,) = report.refused
    assert "an identifier of 3,012 bytes; at most 1,300" in refusal.reason
    assert [item.reason for item in rejected(settings)] == [refusal.reason]


def test_a_refused_payload_is_listed_until_it_maps(settings, web, service):
    service.records[3] = {"id": 1006, "metadata": {"title": None}}
    for _ in range(2):
        harvest(settings, "zenodo", web=web)
        (kept,) = rejected(settings)
        assert (kept.source, kept.path) == ("zenodo", "$.metadata.title")
    with Registry(settings=settings) as registry:
        (item,) = registry.harvests.rejected("zenodo")
        assert json.loads(item.payload) == service.records[3]


def test_several_sources_are_harvested_and_one_may_fail(settings, service, httpserver, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    httpserver.expect_request("/datacite/dois").respond_with_data("fault", status=503)
    heard = set()
    reports, faults = harvest_all(
        settings,
        ["zenodo", "datacite", "zenodo"],
        limit=50,
        progress=lambda name, done, total: heard.add(name),
    )
    assert [report.source for report in reports] == ["zenodo", "datacite"]
    assert (reports[0].new, reports[0].fault) == (50, None)
    assert "reports an internal error" in reports[1].fault
    assert [type(fault) for fault in faults] == [Unreachable]
    assert heard == {"zenodo"}
    with pytest.raises(UsageError):
        harvest_all(settings, ["zenodo", "nowhere"])


def test_a_fault_of_a_harvester_stops_neither_the_others_nor_what_came_before(settings, service, monkeypatch):
    class Broken(type(harvesters.get("zenodo"))):
        name = "broken"

        def search(self, *arguments, **options):
            yield next(super().search(*arguments, **options))
            raise ValueError("no such field")

    known = {"zenodo": harvesters.get("zenodo"), "broken": Broken()}
    monkeypatch.setattr(harvesters, "get", known.__getitem__)
    reports, faults = harvest_all(settings, ["broken", "zenodo"])
    assert [(report.source, report.new + report.unchanged) for report in reports] == [
        ("broken", 25),
        ("zenodo", 60),
    ]
    assert reports[0].fault == ("Its harvester failed with an internal error (ValueError('no such field')).")
    assert (reports[1].fault, faults) == (None, [])


def test_a_tombstone_marks_what_the_registry_knows(settings, web, service):
    harvest(settings, "zenodo", web=web)
    service.records[0] = {"id": 1000, "tombstone": {"note": "Withdrawn by its author."}}
    service.records[1] = {"id": 5, "tombstone": {"note": "Never seen here."}}
    report = harvest(settings, "zenodo", web=web)
    assert report.gone == 2
    gone = statement(settings, "1000")
    assert (gone.gone, gone.gone_reason) == (True, "Withdrawn by its author.")
    assert gone.record.name == "Record 1000"


def test_a_tombstone_holds_no_email_address(settings, web, service, tmp_path):
    harvest(settings, "zenodo", web=web)
    note = "Removed on request of ada\u200b@cern.ch."
    service.records[:2] = [{"id": number, "tombstone": {"note": note}} for number in (1000, 5)]
    heard = []
    harvest(settings, "zenodo", web=web, log=heard.append)
    assert any("was withdrawn (Removed on request of (e-mail address).)" in line for line in heard)
    assert statement(settings, "1000").gone_reason == "Removed on request of (e-mail address)."
    with Registry(settings=settings) as registry:
        registry.statements.withdraw("zenodo", "1002", "ask ada@cern.ch")
        assert registry.statements.get("zenodo", "1002").gone_reason == "ask (e-mail address)"
    export(settings, tmp_path / "all.jsonl")
    assert "@cern" not in (tmp_path / "all.jsonl").read_text(encoding="utf-8")


def test_the_limit_ends_a_harvest_for_good(settings, web, service):
    report = harvest(settings, "zenodo", limit=30, web=web)
    assert report.seen == 30
    assert not harvest(settings, "zenodo", limit=30, web=web).resumed


def test_a_cursor_that_the_service_refuses_starts_the_harvest_anew(settings, web, service):
    service.broken[2] = Response("fault", 500)
    with pytest.raises(Unreachable):
        harvest(settings, "zenodo", web=web)
    service.broken[2] = Response(json.dumps({"status": 400, "message": "No."}), 400)
    heard = []
    with pytest.raises(BadAnswer):
        harvest(settings, "zenodo", web=web, log=heard.append)
    assert any("Restarting" in line for line in heard)


def test_the_report_as_json(settings, web, service):
    service.records = [record(1000), {"id": 1}]
    plain = harvest(settings, "zenodo", since=date(2024, 1, 2), web=web).to_json()
    assert (plain["source"], plain["query"], plain["since"]) == ("zenodo", "", "2024-01-02")
    assert (plain["new"], plain["gone"], plain["resumed"]) == (1, 0, False)
    assert plain["refused"][0]["path"] == "$.metadata.title"
    json.dumps(plain)


def test_an_empty_answer_is_a_finished_harvest(settings, web, service):
    service.records.clear()
    report = harvest(settings, "zenodo", web=web)
    assert report.seen == 0
    with Registry(settings=settings) as registry:
        assert registry.harvests.state("zenodo", "").finished


def test_html_is_a_bad_answer_and_stores_nothing(settings, web, service):
    service.broken[1] = Response("<html>login</html>", content_type="text/html")
    with pytest.raises(BadAnswer):
        harvest(settings, "zenodo", web=web)
    assert held(settings) == 0


def test_an_unknown_source_is_a_usage_error(settings):
    with pytest.raises(UsageError, match="nowhere"):
        harvest(settings, "nowhere")


def test_it_opens_its_own_client(settings, service):
    assert harvest(settings, "zenodo", limit=2).new == 2


def test_a_limit_counts_all_records_of_a_harvest_that_starts_anew(settings, web, service):
    service.broken[3] = Response("fault", 500)
    with pytest.raises(Unreachable):
        harvest(settings, "zenodo", limit=60, web=web)
    with Registry(settings=settings) as registry:
        state = registry.harvests.state("zenodo", "")
        registry.harvests.save(replace(state, cursor="not a position"))
    service.broken.clear()
    assert harvest(settings, "zenodo", limit=60, web=web).seen == 60
