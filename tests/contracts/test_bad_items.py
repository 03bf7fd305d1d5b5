# SPDX-License-Identifier: MIT
"""One bad item of a page spoils no other, whatever the source."""

import json
import re

import pytest

from fairreg import harvesters
from fairreg.errors import RecordError
from fairreg.harvesters import Hit
from fairreg.registry import Registry
from fairreg.services.harvest.harvest import harvest, submission_of, withdrawal_of
from fairreg.services.harvest.import_dump import import_dump
from fairreg.services.harvest.parallel import harvest_all
from fairreg.services.parallel.base import ExecutionTarget
from fairreg.services.registry.db import opened
from fairreg.services.search.federated import query_sources
from fairreg.web.listings import parse_listing
from support import bad_items

GOOD = {
    "zenodo": {"1000", "1001"},
    "datacite": {"10.5281/zenodo.2000", "10.5281/zenodo.2001"},
    "huggingface": {"lab/tagger-3000", "lab/tagger-3001"},
    "github": {"4000", "4001"},
    "dlhub": {"lab/tagger_5000", "lab/tagger_5001"},
    "cernopendata": {"6000", "6001"},
    "openml": {"flow/7000", "flow/7001"},
    "zenodo_oai": {"1500", "1600", "1999"},
}
FAR = 120.0
each = pytest.mark.parametrize("source", sorted(GOOD))


both = pytest.mark.engines("sqlite", "postgresql")


@pytest.fixture
def services(httpserver):
    httpserver.expect_request("").respond_with_handler(bad_items.respond)
    return httpserver


def registry_of(settings):
    """Make the registry, which imports expect to be there."""
    with opened(None, settings):
        pass


def ids_of(settings, source):
    with Registry(settings=settings) as registry:
        return {item.source_id for item in registry.statements.every() if item.source == source}


def rejected_by(settings, source):
    with Registry(settings=settings) as registry:
        return registry.harvests.rejected(source)


def assert_is_whole(report, settings):
    """All good records came; what did not become a record is listed, and kept with its reason."""
    assert report.fault is None
    assert GOOD[report.source] <= ids_of(settings, report.source)
    bad = len(bad_items.BAD_RECORDS) + 1 if report.source == "zenodo_oai" else len(bad_items.UNREADABLE)
    assert len(report.refused) >= bad
    assert {item.reason for item in report.refused} == {
        item.reason for item in rejected_by(settings, report.source)
    }
    assert not [item.reason for item in report.refused if "harvester failed" in item.reason]


def test_every_source_with_a_list_is_here():
    asked = {item.name for item in harvesters.all_harvesters()}
    assert set(GOOD) | {"garden"} <= asked


@pytest.mark.sliced(3)
@both
@each
def test_a_harvest_keeps_all_good_items_and_lists_the_bad_ones(settings, web, services, source):
    report = harvest(settings, source, query="tagger", web=web)
    assert_is_whole(report, settings)
    assert report.seen == report.new + report.changed + len(report.refused)
    again = harvest(settings, source, query="tagger", web=web)
    assert (again.new, again.changed) == (0, 0)
    assert len(again.refused) == len(report.refused)


@pytest.mark.long
@both
def test_several_processes_bring_the_same(settings, services):
    chosen = ["github", "zenodo", "zenodo_oai"]
    reports, faults = harvest_all(settings, chosen, ExecutionTarget(workers=2), query="tagger")
    assert not faults
    for report in reports:
        assert_is_whole(report, settings)


def test_a_live_search_has_all_good_results_of_every_source(settings, services):
    chosen = [item for item in harvesters.all_harvesters() if item.searchable and item.name in GOOD]
    for asked in query_sources(settings, "tagger", chosen, limit=50, deadline=FAR):
        assert asked.answer is not None
        assert asked.answer.status == "ok", asked.answer
        assert "were not records" in (asked.answer.message or "")
        assert GOOD[asked.name] <= {item.record.provenance.source_id for item in asked.found}


def test_a_saved_page_keeps_all_good_items(settings, tmp_path):
    saved = tmp_path / "garden.json"
    saved.write_bytes(bad_items.garden_page(list(bad_items.UNREADABLE.values())))
    registry_of(settings)
    report = import_dump(settings, saved, "garden")
    assert len(report.refused) == len(bad_items.UNREADABLE)
    assert ids_of(settings, "garden") == {"garden/8000", "garden/8001"}
    saved = tmp_path / "oai.xml"
    saved.write_bytes(bad_items.oai_page(bad_items.oai_record(1, b"&eacute;"), bad_items.oai_record(2)))
    report = import_dump(settings, saved, "zenodo_oai")
    assert (report.new, len(report.refused)) == (1, 1)


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (-8, "sent a page whose end, with its resumption token, cannot be read (unclosed token: line"),
        (400, "answered with invalid XML (no element found: line"),
    ],
)
def test_a_saved_page_that_is_damaged_as_a_whole_is_refused_with_the_reason(settings, tmp_path, length, said):
    saved = tmp_path / "cut.xml"
    records = [bad_items.oai_record(1), bad_items.oai_record(2, b"Q & A"), bad_items.oai_record(3)]
    saved.write_bytes(bad_items.oai_page(*records, token="next")[:length])
    registry_of(settings)
    with pytest.raises(RecordError, match=re.escape(said)) as caught:
        import_dump(settings, saved, "zenodo_oai")
    assert "cut.xml contains no record of Zenodo" in caught.value.message
    assert not ids_of(settings, "zenodo_oai")


@pytest.mark.parametrize("harvester", harvesters.all_harvesters(), ids=lambda item: item.name)
def test_an_unreadable_item_is_refused_with_its_reason_by_every_source(harvester):
    content = b"[" + b", ".join(bad_items.UNREADABLE.values()) + b"]"
    for item in parse_listing(content):
        hit = Hit.of(item)
        assert json.loads(hit.raw) == hit.payload
        assert withdrawal_of(harvester, hit) is None
        with pytest.raises(RecordError) as caught:
            submission_of(harvester, hit)
        assert caught.value.violations


def test_an_internal_error_about_one_item_is_a_refusal(settings, web, services, monkeypatch):
    kind = type(harvesters.get("zenodo"))
    mapped = kind.to_record

    def broken(self, payload):
        if payload.get("id") == 1000:
            raise KeyError("surprise")
        return mapped(self, payload)

    monkeypatch.setattr(kind, "to_record", broken)
    report = harvest(settings, "zenodo", query="tagger", web=web)
    assert "1001" in ids_of(settings, "zenodo")
    assert "Zenodo's harvester failed on an item (KeyError)." in {item.reason for item in report.refused}


@pytest.mark.sliced(2)
@pytest.mark.parametrize(
    ("source", "damage", "said"),
    [
        ("zenodo", lambda body: body[: len(body) // 2], "incomplete JSON"),
        ("zenodo", lambda body: body[:-1] + b"]", "brackets do not match"),
        ("zenodo", lambda _body: b"<html>Please log in</html>", "HTML instead of JSON"),
        ("github", lambda body: body[: len(body) // 2], "incomplete JSON"),
        ("zenodo_oai", lambda body: body[: len(body) // 2], "invalid XML"),
        ("zenodo_oai", lambda body: body.replace(b"<OAI-PMH", b"<!DOCTYPE x><OAI-PMH"), "document type"),
    ],
)
def test_a_page_that_is_damaged_as_a_whole_stops_the_source_which_resumes(
    settings, httpserver, source, damage, said
):
    first, second = _two_pages(source)
    pages = {True: first, False: damage(second)}

    def respond(request):
        begins = request.args.get("page") == "1" or "metadataPrefix" in request.args
        return bad_items.Response(
            pages[begins], mimetype="text/xml" if b"<" in first[:1] else "application/json"
        )

    httpserver.expect_request("").respond_with_handler(respond)
    ((report,), (fault,)) = harvest_all(settings, [source], query="tagger")
    assert (report.new, report.fault) == (1, fault.message)
    assert said in fault.message
    pages[False] = second
    ((report,), faults) = harvest_all(settings, [source], query="tagger")
    assert (report.new, report.resumed, faults) == (1, True, [])


def _two_pages(source):
    if source == "zenodo_oai":
        return (
            bad_items.oai_page(bad_items.oai_record(1), token="second"),
            bad_items.oai_page(bad_items.oai_record(2)),
        )
    document = bad_items.page_of(source)
    listed = document["hits"] if source == "zenodo" else document
    name, size = ("hits", 25) if source == "zenodo" else ("items", 100)
    pages = []
    for item in list(listed[name]):
        listed[name] = [item] * size
        listed["total" if source == "zenodo" else "total_count"] = 2 * size
        pages.append(json.dumps(document).encode())
    return tuple(pages)


@pytest.mark.parametrize(
    "bad", [b"null", b"7", b'"x"', b"[]", b'{"id": 9 "x"}', b'{"id": 9, "title": "M\xfc"}']
)
@pytest.mark.parametrize("place", [0, 1])
def test_a_bad_line_of_a_dump_is_rejected_alone(settings, tmp_path, bad, place):
    lines = [
        json.dumps({"id": number, "title": "Tagger", "is_archived": False}).encode() for number in (1, 2)
    ]
    saved = tmp_path / "garden.jsonl"
    saved.write_bytes(b"\n".join([*lines[:place], bad, *lines[place:]]) + b"\n")
    registry_of(settings)
    report = import_dump(settings, saved, "garden")
    assert (report.new, len(report.refused)) == (2, 1)
    assert ids_of(settings, "garden") == {"garden/1", "garden/2"}
