# SPDX-License-Identifier: MIT
"""Gathering evidence: training data, what is stored, what is never asked."""

import time
from dataclasses import replace as replaced

import pytest
from msgspec.structs import replace
from werkzeug import Response

from assessment.samples import HBB, with_record
from fairreg.assessment.report import assess as judge
from fairreg.assessment.rubric import DATASETS
from fairreg.errors import NotFound
from fairreg.registry import Registry, subject
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Distribution, ModelRecord, Provenance, Relation
from fairreg.schemas.timestamps import now
from fairreg.services.assess.assess import assess, gather, history, stored
from fairreg.services.assess.batch import assess_all
from fairreg.services.assess.evidence_collector import EvidenceCollector
from fairreg.services.assess.probes import probe_all
from fairreg.services.assess.rescore import rescore
from fairreg.services.assess.store import AssessmentResult, assessment_of, newest_evidence, save
from fairreg.services.registry import db
from fairreg.web import HttpClient, RetryPolicy
from support import hbb

DATA = "10.5281/zenodo.1000"
MODEL = ModelRecord(
    identifier="huggingface:org/name",
    kind="model",
    name="A model",
    provenance=Provenance(source="huggingface", source_id="org/name"),
    identifiers=(Identifier("huggingface", "org/name"),),
    relations=(Relation(type="trained_on", target=Identifier("doi", DATA)),),
)


@pytest.fixture
def ready(settings):
    db.ensure(settings, lambda _line: None)
    return settings


@pytest.fixture
def registry(ready):
    with Registry(settings=ready) as opened:
        yield opened


def verdicts(report):
    return {item.id: item.verdict for part in report.principles.values() for item in part.indicators}


def serve_dataset(httpserver):
    """A dataset at a stand-in for Zenodo; hand-written after the documented shape."""
    document = hbb.record(b"x", number=1000)
    document["metadata"] |= {
        "title": "Data",
        "resource_type": {"type": "dataset", "title": "Dataset"},
        "keywords": ["a", "b"],
    }
    document["files"][0] |= {"key": "a.h5"}
    document["files"][0]["links"]["self"] = "https://zenodo.org/api/records/1000/files/a.h5/content"
    httpserver.expect_request("/zenodo/api/records/1000").respond_with_json(document)
    httpserver.expect_request("/zenodo/api/records/1000/files/a.h5/content").respond_with_data(b"x")
    registered = hbb.registration(DATA)
    registered["data"]["attributes"] |= {"types": {"resourceTypeGeneral": "Dataset"}}
    httpserver.expect_request(f"/datacite/dois/{DATA}").respond_with_json(registered)
    httpserver.expect_request("/zenodo/records/1000").respond_with_data(
        '<html><script type="application/ld+json">{"name": "n"}</script></html>', content_type="text/html"
    )
    httpserver.expect_request("/doi/ra/10.5281").respond_with_json([{"RA": "DataCite"}])
    httpserver.expect_request(f"/doi/{DATA}").respond_with_data("{}")


def test_training_data_are_assessed_once_and_not_what_lies_behind_them(ready, registry, httpserver):
    serve_dataset(httpserver)
    second = replace(
        MODEL,
        identifier="huggingface:org/second",
        identifiers=(Identifier("huggingface", "org/second"),),
        provenance=Provenance(source="huggingface", source_id="org/second"),
    )
    registry.put_many([MODEL, second])
    with HttpClient(ready, sleep=lambda _s: None) as web:
        visit = EvidenceCollector(ready, registry, web)
        scores = [visit._score(Identifier("doi", DATA)) for _ in range(3)]
    assert scores[0].score is not None
    assert scores[0].coverage >= 0.8
    assert scores[0] == scores[1] == scores[2]
    asked = [request.path for request, _ in httpserver.log]
    assert asked.count("/zenodo/api/records/1000") == 1
    assert registry.assessments.history(DATA, rubric="fair-datasets")[0].overall == scores[0].score


def test_a_later_run_offline_uses_the_stored_assessment_of_the_training_data(ready, registry, httpserver):
    serve_dataset(httpserver)
    registry.put(MODEL)
    with HttpClient(ready, sleep=lambda _s: None) as web:
        score = EvidenceCollector(ready, registry, web)._score(Identifier("doi", DATA)).score
    httpserver.clear_log()
    evidence = EvidenceCollector(ready, registry, None).gather("org/name")
    assert [item.score for item in evidence.datasets] == [score]
    assert httpserver.log == []
    assert verdicts(assess(ready, "org/name", offline=True))["I2-2"] in {"pass", "partial"}


def test_a_stored_score_of_an_older_rubric_is_computed_anew_from_the_evidence_about_the_data(
    ready, registry, httpserver
):
    serve_dataset(httpserver)
    registry.put(MODEL)
    with HttpClient(ready, sleep=lambda _s: None) as web:
        collector = EvidenceCollector(ready, registry, web)
        now = collector._score(Identifier("doi", DATA))
    old = replace(now, score=0.99, rubric="fair-datasets 1.0", failed=())
    lost = replace(old, identifier=Identifier("doi", "10.9999/nowhere"), evidence_digest=None)
    evidence = EvidenceCollector(ready, registry, None).gather("org/name")
    stored_evidence = replace(evidence, datasets=(old, lost), offline=False)
    save(registry, [AssessmentResult(stored_evidence, judge(stored_evidence))])
    found = stored(registry, "org/name")
    assert found.datasets == (now, lost)
    reason = next(item.reason for item in judge(found).principles["I2"].indicators if item.id == "I2-2")
    assert "99%" not in reason
    assert "10.9999/nowhere was scored under an older rubric" in reason


def of_an_older_rubric(registry, evidence, **fields):
    """Store evidence with a score by rubric 1.0; return its time of assessment."""
    made = assessment_of(registry, AssessmentResult(evidence, judge(evidence)))
    made = replaced(made, rubric_version="1.0", judged_at="2026-02-01T00:00:00+00:00", **fields)
    registry.assessments.save([made])
    return made.judged_at


def test_an_upgrade_that_was_cut_off_shows_the_newest_score_before_and_after_it_is_repeated(registry):
    registry.put(HBB.record)
    bare = with_record(HBB, license=None, license_stated=None, keywords=())
    newest = replace(bare, gathered_at="2026-11-01T00:00:00+00:00")
    of_an_older_rubric(registry, replace(HBB, gathered_at="2026-01-01T00:00:00+00:00"))
    save(registry, [AssessmentResult(newest, judge(newest))])
    name, shown = HBB.record.identifier, judge(newest).overall
    assert None is not shown != judge(HBB).overall

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rescore(registry, stop)
    assert registry.entry_for(name).fair_score == shown
    with registry._database.writing() as connection:  # as a release left it that wrote them in any order
        connection.exec_driver_sql("UPDATE entries SET fair_score = 0.99")
    rescore(registry)
    assert registry.entry_for(name).fair_score == shown
    assert [item.identifier for item in registry.listing.entries() if item.fair_score is not None] == [name]
    assert len(registry.assessments.history(name)) == 3


def test_scoring_again_by_a_newer_rubric_is_no_assessment_since_then(registry):
    registry.put(HBB.record)
    judged_at = of_an_older_rubric(registry, HBB)
    assert rescore(registry).scored == 1
    assert {item.judged_at for item in registry.assessments.history(HBB.record.identifier)} == {judged_at}
    for since, skipped in (("2026-01-31", True), ("2026-02-02", False)):
        (known,) = registry.listing.snapshots(
            [HBB.record.identifier], registry.assessments.window(since, online=True)
        )
        assert known.assessed is skipped


def test_a_resumed_run_skips_what_it_assessed_and_nothing_that_was_scored_in_between(ready, registry):
    registry.put(HBB.record)
    words = {"query": "interaction network", "limit": 3, "offline": True, "registry": registry}
    chosen = [hit.entry.identifier for hit in registry.search("interaction network", limit=3).hits]
    left = chosen[-1]
    of_an_older_rubric(registry, HBB, identifier=left, subject=subject(registry.get(left)), offline=True)

    def stop(done, total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        assess_all(ready, progress=stop, **words)
    rescore(registry)
    about = replace(HBB, record=registry.get(left), gathered_at=now(), offline=True)
    save(registry, [AssessmentResult(about, judge(about, DATASETS))])
    resumed = assess_all(ready, **words)
    assert (resumed.resumed, resumed.skipped, resumed.assessed) == (True, 2, 1)
    assert [row.id for row in resumed.rows] == [left]


def test_a_model_that_another_names_as_its_training_data_keeps_its_score_and_its_evidence(
    ready, registry, httpserver
):
    hbb.serve(httpserver, hbb.archive({"README.md": b"# Hbb"}))
    own = assess(ready, hbb.DOI, registry=registry)
    shown = registry.entry_for(hbb.DOI).fair_score
    related = Relation(type="trained_on", target=Identifier("doi", hbb.DOI))
    registry.put(replace(MODEL, relations=(related,)))
    found = newest_evidence(registry, hbb.DOI)
    shallow = replace(found, gathered_at="2999-01-01T00:00:00+00:00", files=(), downloaded=False)
    save(registry, [AssessmentResult(shallow, judge(shallow, DATASETS))])
    assert len(registry.assessments.history(hbb.DOI, rubric="fair-datasets")) == 1
    assert registry.entry_for(hbb.DOI).fair_score == shown == own.overall
    assert newest_evidence(registry, hbb.DOI) == found
    assert assess(ready, hbb.DOI, offline=True, registry=registry).letters == own.letters
    (known,) = registry.listing.snapshots([own.id], registry.assessments.window("2998-01-01", online=True))
    assert not known.assessed


def test_training_data_that_cannot_be_reached_are_unknown_and_never_a_fail(ready, registry, httpserver):
    httpserver.expect_request(f"/datacite/dois/{DATA}").respond_with_response(Response(status=503))
    httpserver.expect_request("/zenodo/api/records/1000").respond_with_response(Response(status=503))
    with HttpClient(ready, sleep=lambda _s: None) as web:
        score = EvidenceCollector(ready, registry, web)._score(Identifier("doi", DATA))
    assert score.score is None
    assert "HTTP 503" in score.detail
    registry.put(MODEL)
    assert verdicts(assess(ready, "org/name", offline=True))["I2-2"] == "unknown"


def test_a_dataset_is_assessed_by_its_own_rubric_and_nothing_of_it_is_downloaded(ready, httpserver):
    serve_dataset(httpserver)
    report = assess(ready, DATA)
    assert report.rubric == "fair-datasets"
    assert len(verdicts(report)) == 16
    downloads = [request for request, _ in httpserver.log if request.path.endswith("/content")]
    assert len(downloads) == 1
    assert downloads[0].headers["Range"] == "bytes=0-1023"


def test_judging_stored_evidence_again_offline_gives_the_same_report(ready, httpserver):
    hbb.serve(httpserver, hbb.archive({"README.md": b"# Hbb"}))
    online = assess(ready, hbb.DOI)
    httpserver.clear_log()
    assert assess(ready, hbb.DOI, offline=True) == online
    assert httpserver.log == []
    assert len(history(ready, hbb.DOI)) == 1


def test_offline_the_evidence_of_the_version_answers_for_the_concept(ready, httpserver):
    hbb.serve(httpserver, hbb.archive({"README.md": b"# Hbb"}))
    online = assess(ready, hbb.DOI)
    again = assess(ready, hbb.CONCEPT, offline=True)
    assert again.letters["R"] == online.letters["R"]
    assert again.evidence_digest != online.evidence_digest


def test_a_record_asked_for_by_its_concept_is_judged_by_its_own_registration(ready, httpserver):
    httpserver.expect_request(f"/datacite/dois/{hbb.CONCEPT}").respond_with_data("", status=404)
    hbb.serve(httpserver, hbb.archive({"README.md": b"# Hbb"}))
    named, by_concept = verdicts(assess(ready, hbb.DOI)), verdicts(assess(ready, hbb.CONCEPT))
    assert {number: verdict for number, verdict in by_concept.items() if verdict != named[number]} == {}
    assert by_concept["A2-1"] == "pass"


def test_the_catalogues_additions_are_gathered_apart_from_the_record(ready, httpserver):
    hbb.serve(httpserver, hbb.archive({"README.md": b"# Hbb"}))
    evidence = gather(ready, hbb.DOI, offline=False, log=lambda _line: None)
    assert evidence.record.provenance.source == "zenodo"
    assert evidence.added.provenance.source == "catalogue"
    assert assess(ready, hbb.DOI, offline=True).with_fairreg is not None


def test_evidence_in_a_form_of_another_release_is_gathered_anew(ready, registry, httpserver, monkeypatch):
    hbb.serve(httpserver, hbb.archive({"README.md": b"# Hbb"}))
    monkeypatch.setattr("fairreg.services.assess.store.encoded", lambda _value: b'{"unheard": "of"}')
    assess(ready, hbb.DOI)
    assert assess(ready, hbb.DOI, offline=True).coverage > 0


def test_what_nobody_knows_is_not_found_offline(ready):
    with pytest.raises(NotFound):
        assess(ready, "10.1234/none", offline=True)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:{port}/secret",
        "http://localhost:{port}/secret",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/secret",
        "http://[::1]:{port}/secret",
        "file:///etc/passwd",
    ],
)
def test_a_record_whose_links_lead_to_private_addresses_is_not_probed(httpserver, tmp_path, address):
    """The settings here are those of the public services, so the local server is no configured mirror."""
    from fairreg.settings import Settings

    target = address.format(port=httpserver.port)
    record = replace(
        MODEL,
        provenance=Provenance(source="file", source_id="a", url=target),
        distributions=(Distribution(name="m.onnx", url=target),),
        relations=(),
    )
    with HttpClient(Settings.from_environment({"FAIRREG_HOME": str(tmp_path)})) as web:
        found = {probe.kind: probe for probe in probe_all(web, record).probes}
    assert found["landing_page"].outcome == found["file_range"].outcome == "failed"
    assert "Refused" in found["landing_page"].detail
    assert httpserver.log == []


def test_a_redirect_to_a_private_address_is_not_followed_by_a_probe(web, httpserver):
    httpserver.expect_request("/zenodo/records/1").respond_with_response(
        Response(status=302, headers={"Location": "http://10.0.0.1/secret"})
    )
    record = replace(
        MODEL, provenance=Provenance(source="file", source_id="a", url="https://zenodo.org/records/1")
    )
    found = {probe.kind: probe for probe in probe_all(web, record).probes}
    assert found["landing_page"].outcome == "failed"


def test_only_addresses_of_the_record_its_source_and_doi_org_are_asked(web, httpserver):
    record = replace(
        MODEL,
        identifiers=(Identifier("doi", DATA),),
        description="See https://zenodo.org/elsewhere",
        provenance=Provenance(source="file", source_id="a", url="https://zenodo.org/records/1"),
    )
    probe_all(web, record)
    asked = {request.path for request, _ in httpserver.log}
    assert asked == {"/doi/ra/10.5281", f"/doi/{DATA}", "/zenodo/records/1"}


def test_an_answer_without_end_is_read_for_a_bounded_time_and_size(settings, httpserver):
    def drip(_request):
        def body():
            while True:
                time.sleep(0.01)
                yield b"x"

        return Response(body())

    httpserver.expect_request("/zenodo/drip").respond_with_handler(drip)
    httpserver.expect_request("/zenodo/large").respond_with_data(b"x" * 2**20)
    for path, words, bound in (
        ("drip", "did not complete its answer", {"body_seconds": 0.2}),
        ("large", "more than", {"most_bytes": 2**19}),
    ):
        with HttpClient(settings, patience=RetryPolicy(retries=0, **bound)) as web:
            assert words in _fault(web, path)


def _fault(web, path):
    from fairreg.errors import Unreachable

    try:
        web.get(f"https://zenodo.org/{path}")
    except Unreachable as error:
        return error.message
    return ""
