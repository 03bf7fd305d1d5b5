# SPDX-License-Identifier: MIT
import shutil
import threading

import msgspec
import pytest
from msgspec.structs import replace
from werkzeug import Response

from fairreg.errors import FairregError, NotFound
from fairreg.registry import Registry
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import ModelRecord, Provenance
from fairreg.services.assess import batch as room
from fairreg.services.assess import batch_task
from fairreg.services.assess.assess import assess
from fairreg.services.assess.batch import assess_all
from fairreg.services.registry import db
from support import hbb


def record(number):
    name = f"batch/model-{number}"
    return ModelRecord(
        identifier=f"huggingface:{name}",
        kind="dataset" if number % 3 == 0 else "model",
        name=f"Batchworthy {number}",
        provenance=Provenance(source="huggingface", source_id=name),
        identifiers=(Identifier("huggingface", name),),
    )


@pytest.fixture
def filled(settings):
    db.ensure(settings, lambda _line: None)
    with Registry(settings=settings) as registry:
        registry.put_many([record(number) for number in range(9)])
    return settings


def names(report):
    return {row.id for row in report.rows}


@pytest.mark.long("postgresql")
def test_everything_in_the_registry_is_assessed_and_search_shows_the_scores(filled):
    seen = []
    report = assess_all(filled, offline=True, progress=lambda done, total: seen.append((done, total)))
    with Registry(settings=filled) as registry:
        entries = list(registry.listing.entries())
    assert names(report) == {entry.identifier for entry in entries}
    assert seen[-1] == (len(entries), len(entries))
    assert {row.rubric for row in report.rows} == {"fair-ai-models", "fair-datasets"}
    scores = {row.id: row.overall for row in report.rows}
    assert {entry.identifier: entry.fair_score for entry in entries} == scores
    assert report.compared == sum(score is not None for score in scores.values())


def test_a_query_and_a_limit_choose(filled):
    assert len(assess_all(filled, query="Batchworthy", offline=True).rows) == 9
    assert len(assess_all(filled, query="Batchworthy", offline=True, limit=2).rows) == 2


def test_a_fault_in_one_record_stops_no_other_and_is_told(filled, monkeypatch):
    judge = batch_task.judge

    def faulty(evidence):
        if evidence.record.identifier == "huggingface:batch/model-1":
            raise ZeroDivisionError("a bug")
        if evidence.record.identifier == "huggingface:batch/model-2":
            raise NotFound("It is not there.")
        return judge(evidence)

    monkeypatch.setattr(batch_task, "judge", faulty)
    report = assess_all(filled, query="Batchworthy", offline=True)
    assert len(report.rows) == 7
    reasons = {item.id.rpartition("/")[2]: item.reason for item in report.failures}
    assert reasons == {
        "model-1": "an internal error (ZeroDivisionError: a bug)",
        "model-2": "It is not there.",
    }


def test_only_when_every_record_fails_the_run_fails(filled, monkeypatch):
    def broken(_evidence):
        raise NotFound("It is not there.")

    monkeypatch.setattr(batch_task, "judge", broken)
    with pytest.raises(FairregError, match="None of the 9 records"):
        assess_all(filled, query="Batchworthy", offline=True)


def test_a_run_that_was_cut_off_goes_on_where_it_stopped(filled, monkeypatch):
    monkeypatch.setattr(room, "_BATCH", 1)

    class Cut(BaseException):
        pass

    def cut(done, _total):
        if done == 4:
            raise Cut

    with pytest.raises(Cut):
        assess_all(filled, query="Batchworthy", offline=True, progress=cut)
    report = assess_all(filled, query="Batchworthy", offline=True)
    assert report.resumed
    assert (report.skipped, len(report.rows)) == (4, 5)
    again = assess_all(filled, query="Batchworthy", offline=True)
    assert (again.resumed, again.skipped, len(again.rows)) == (False, 0, 9)


def test_what_was_judged_offline_leaves_an_online_run_still_to_do(filled, httpserver):
    assess_all(filled, query="Batchworthy", offline=True)
    with pytest.raises(FairregError, match="None of the 9 records"):
        assess_all(filled, query="Batchworthy", since="2026-01-01", workers=2)


# The thread that is left behind keeps its connection, of which only a server's driver complains.
@pytest.mark.engines("sqlite")
def test_who_interrupts_a_run_need_not_wait_for_its_threads(filled, monkeypatch):
    before, free, judge = set(threading.enumerate()), threading.Event(), batch_task.judge
    monkeypatch.setattr(room, "_PORTION", 1)
    first = iter([True])

    def stuck(evidence):
        if not next(first, False):
            free.wait()
        return judge(evidence)

    def interrupt(_done, _total):
        raise KeyboardInterrupt

    monkeypatch.setattr(batch_task, "judge", stuck)
    with pytest.raises(KeyboardInterrupt):
        assess_all(filled, query="Batchworthy", offline=True, progress=interrupt)
    left = set(threading.enumerate()) - before
    free.set()
    assert left
    assert all(thread.daemon for thread in left)


def test_what_was_assessed_since_a_date_is_skipped(filled):
    assess_all(filled, query="Batchworthy", offline=True, limit=3)
    assert assess_all(filled, query="Batchworthy", offline=True, since="2026-01-01").skipped == 3
    assert assess_all(filled, query="Batchworthy", offline=True, since="9999-01-01").skipped == 0


def test_the_summary_counts_by_source_and_names_the_commonest_failures(filled):
    document = assess_all(filled, query="Batchworthy", offline=True).to_json()
    assert document["by_source"]["huggingface"]["count"] == document["assessed"] == 9
    assert 0 <= document["by_source"]["huggingface"]["coverage"] <= 1
    counts = [item["count"] for item in document["commonest_failures"]]
    assert counts == sorted(counts, reverse=True)
    failed = {number for row in document["rows"] for number in row["failed"]}
    assert {item["id"] for item in document["commonest_failures"]} <= failed


def test_online_one_record_that_its_host_does_not_know_stops_no_other(settings, httpserver):
    db.ensure(settings, lambda _line: None)
    hbb.serve(httpserver, hbb.archive({"README.md": b"# Hbb"}))
    for path in ("/datacite/dois/10.1234/none", "/doi/10.1234/none", "/doi/ra/10.1234"):
        httpserver.expect_request(path).respond_with_response(Response(status=404))
    lost = ModelRecord(
        identifier="doi:10.1234/none",
        kind="model",
        name="Hbb interaction network that is lost",
        provenance=Provenance(source="file", source_id="none"),
        identifiers=(Identifier("doi", "10.1234/none"),),
    )
    with Registry(settings=settings) as registry:
        registry.put(lost)
    report = assess_all(settings, query=hbb.DOI)
    assert names(report) == {f"doi:{hbb.DOI}"}
    with pytest.raises(FairregError, match=r"10\.1234/none"):
        assess_all(settings, query="10.1234/none")


@pytest.mark.long("postgresql")
def test_files_that_a_run_over_many_leaves_out_are_named_and_cost_no_fuller_score(
    settings, httpserver, monkeypatch
):
    db.ensure(settings, lambda _line: None)
    hbb.serve(httpserver, hbb.archive({"README.md": b"# Hbb"}))
    one, stored, lines = assess(settings, hbb.DOI), history(settings), []
    shutil.rmtree(settings.cache)
    monkeypatch.setattr(batch_task, "MAX_DOWNLOAD", 1)
    many = assess_all(settings, query=hbb.DOI, log=lines.append)
    (row,) = many.rows
    assert (row.overall, row.coverage, row.letters) == (one.overall, one.coverage, one.letters)
    assert (many.unchanged, history(settings)) == (1, stored)
    (said,) = [line for line in lines if line.startswith("Not downloaded")]
    assert f"run fairreg assess doi:{hbb.DOI}" in said
    # Of files that were published anew the earlier assessment tells nothing.
    httpserver.clear()
    hbb.serve(httpserver, hbb.archive({"README.md": b"# Another"}))
    changed = assess_all(settings, query=hbb.DOI)
    assert changed.unchanged == 0
    assert next(iter(changed.rows)).coverage < one.coverage


def test_files_of_any_size_are_read_where_a_fetch_brought_them(settings, httpserver, monkeypatch):
    db.ensure(settings, lambda _line: None)
    hbb.serve(httpserver, hbb.archive({"README.md": b"# Hbb"}))
    one, lines = assess(settings, hbb.DOI), []
    monkeypatch.setattr(batch_task, "MAX_DOWNLOAD", 1)
    (row,) = assess_all(settings, query=hbb.DOI, log=lines.append).rows
    assert row.coverage == one.coverage
    assert not [line for line in lines if line.startswith("Not downloaded")]


def history(settings):
    with Registry(settings=settings) as registry:
        return {name: len(registry.assessments.history(name)) for name in registry.listing.identifiers()}


@pytest.mark.long("postgresql")
def test_an_equal_run_without_the_network_stores_nothing_new_and_says_so(filled):
    first = assess_all(filled, offline=True)
    stored = history(filled)
    assert first.unchanged == 0
    second = assess_all(filled, offline=True)
    assert second.unchanged == second.assessed == first.assessed
    assert second.skipped == 0
    assert history(filled) == stored
    assert names(second) == names(first)
    with Registry(settings=filled) as registry:
        registry.put(msgspec.structs.replace(record(1), description="A tagger of jets, described anew."))
    third = assess_all(filled, offline=True)
    assert third.unchanged == first.assessed - 1
    changed = {name for name, count in history(filled).items() if count > stored[name]}
    assert changed == {"huggingface:batch/model-1"}


def test_one_assessed_again_without_the_network_is_stored_once(filled):
    for _ in range(2):
        assess(filled, "huggingface:batch/model-1", offline=True)
    assert history(filled)["huggingface:batch/model-1"] == 1


@pytest.mark.long("postgresql")
def test_what_was_assessed_online_is_stored_once_however_often_it_is_scored_without_the_network(
    settings, httpserver
):
    db.ensure(settings, lambda _line: None)
    hbb.serve(httpserver, b"no archive")
    assess(settings, "zenodo:7305227")
    stored = history(settings)
    for _ in range(2):
        run = assess_all(settings, query=hbb.DOI, offline=True)
        assert (run.assessed, run.unchanged) == (1, 1)
        assess(settings, hbb.DOI, offline=True)
    assert history(settings) == stored


def test_means_are_by_rubric_with_the_number_of_records_behind_each(filled):
    document = assess_all(filled, query="Batchworthy", offline=True).to_json()
    found = {(item["source"], item["rubric"]): item for item in document["by_rubric"]}
    assert {key: item["count"] for key, item in found.items()} == {
        ("huggingface", "fair-ai-models"): 6,
        ("huggingface", "fair-datasets"): 3,
    }
    for item in found.values():
        of_rubric = [row for row in document["rows"] if row["rubric"] == item["rubric"]]
        assert item["scored"] == sum(row["overall"] is not None for row in of_rubric)
        for letter, count in item["letters_scored"].items():
            scores = [row["letters"][letter] for row in of_rubric if row["letters"][letter] is not None]
            assert count == len(scores)
            assert item["letters"][letter] == (pytest.approx(sum(scores) / count) if scores else None)


def test_an_entry_named_by_its_paper_is_assessed_as_the_single_command_does(filled, httpserver):
    """The catalogue names models of arXiv numbers; such a number is a paper's as well."""
    paper = Identifier("arxiv", "2999.00001")
    own = Identifier("huggingface", "batch/of-a-paper")
    named = replace(record(10), identifier=paper.compact, identifiers=(paper, own), name="Papernamed")
    with Registry(settings=filled) as registry:
        registry.put(named)
    httpserver.expect_request("/huggingface/api/models/batch/of-a-paper").respond_with_data("", status=500)
    asked = []
    for run in (lambda: assess(filled, paper.compact), lambda: assess_all(filled, query="Papernamed")):
        with pytest.raises(FairregError):
            run()
        asked.append([request.path for request, _ in httpserver.log])
        httpserver.clear_log()
    assert asked[0] == asked[1] != []
