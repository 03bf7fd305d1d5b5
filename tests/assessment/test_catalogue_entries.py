# SPDX-License-Identifier: MIT
"""An entry of fairreg's own catalogue is no statement of the author, in what it says and what it lacks."""

import msgspec
import pytest

from assessment.samples import DATASET, HBB, advised, replaced, unregistered
from fairreg.assessment.evidence import Evidence, Probe
from fairreg.assessment.report import assess
from fairreg.registry import catalogue
from fairreg.schemas.identifiers import Identifier
from fairreg.services.assess.assess import examine
from fairreg.settings import Settings

DOI = "doi:10.5281/zenodo.7305227"


def read(record):
    return Evidence(
        record=record,
        requested=Identifier("url", record.identifier),
        gathered_at="2026-01-01T00:00:00Z",
        offline=True,
    )


ENTRIES = [item for item in catalogue.records() if read(item).only_catalogue]
OWN = [item for item in catalogue.records() if not read(item).only_catalogue]


def entry(identifier=DOI):
    return next(item for item in ENTRIES if item.identifier == identifier)


def listed(report):
    return [item for part in report.principles.values() for item in part.indicators]


@pytest.mark.sliced(3)
@pytest.mark.parametrize("record", ENTRIES, ids=lambda item: item.identifier)
def test_no_entry_gives_its_object_a_fail_a_partial_or_a_point_for_what_it_says(record):
    report = assess(read(record))
    decided = {item.id: item.verdict for item in listed(report) if item.verdict != "unknown"}
    assert set(decided) <= {"F1-1", "F1a", "F1b"}
    assert set(decided.values()) <= {"pass"}
    assert report.overall is None
    assert report.with_fairreg is None
    assert "Only the entry in fairreg's own catalogue was read" in report.notice


@pytest.mark.parametrize("asked", [Identifier("doi", DOI[4:]), Identifier("github", "lab/tagger")])
def test_only_the_identifier_that_was_asked_for_counts_and_the_evidence_says_so(asked):
    report = assess(replaced(read(entry()), requested=asked))
    found = next(item for item in listed(report) if item.id == "F1-1")
    counts = asked.scheme == "doi"
    assert found.verdict == ("pass" if counts else "unknown")
    assert [(item.source, item.value) for item in found.evidence] == ([("request", DOI)] if counts else [])
    assert ("the identifier that was asked for counts as such" in report.notice) == counts
    assert not any(item.source == "record" for one in listed(report) for item in one.evidence)


def test_what_was_not_read_is_named_with_what_the_catalogue_says():
    told = {item.id: item.reason for item in listed(advised(read(entry())))}
    assert told["F4-2"] == "The record at zenodo.org was not read."
    assert told["R1.1-1"].startswith("The record at zenodo.org was not read; fairreg's catalogue, which is")
    assert "names the licence (MIT)" in told["R1.1-1"]
    silent = msgspec.structs.replace(entry(), license=None, license_stated=None)
    told = {item.id: item.reason for item in listed(assess(read(silent)))}
    assert told["R1.1-1"] == "The record at zenodo.org was not read; fairreg's catalogue names no licence."


def test_nothing_is_to_do_before_the_record_was_read():
    report = advised(read(entry()))
    assert report.do_first == ()
    assert [group.how for group in report.undecided] == ["Assess again without --offline."]


def test_what_fairreg_itself_publishes_is_its_own_record():
    assert {item.identifier for item in OWN} >= {"catalogue:fairreg-hbb-reference-1"}
    assert all(item.identifier.startswith("catalogue:fairreg-") for item in OWN)
    assert all(assess(read(item)).notice is None for item in OWN)


def test_a_published_record_has_no_notice():
    assert [assess(item).notice for item in (HBB, DATASET)] == [None, None]


def test_a_request_that_was_answered_counts_without_the_record():
    found = Probe(kind="registration_agency", outcome="ok", found=("Crossref",))
    verdicts = {i.id: i.verdict for i in listed(assess(replaced(read(entry()), probes=(found,))))}
    assert verdicts["A2-1"] == "pass"


def test_without_network_and_harvest_the_training_data_of_the_catalogue_are_not_assessed(tmp_path):
    evidence, report = examine(Settings.from_environment({"FAIRREG_HOME": f"{tmp_path}"}), DOI, offline=True)
    assert evidence.datasets == ()
    assert report.notice.startswith("Only the entry in fairreg's own catalogue was read, not the record")
    assert "stated_type" not in msgspec.json.encode([item.reason for item in listed(report)]).decode()


def test_fields_have_the_names_that_people_use():
    untyped = msgspec.structs.replace(HBB.record, stated_type=None)
    report = advised(unregistered(replaced(HBB, datacite=None, probes=(), record=untyped)))
    found = next(item for item in listed(report) if item.id == "F2-1")
    assert "resource type missing" in found.reason
    assert "Add resource type to the record" in found.remedy
    assert "stated_type" not in " ".join(
        f"{item.reason} {item.remedy}" for sample in (HBB, DATASET) for item in listed(assess(sample))
    )
