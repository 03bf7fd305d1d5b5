# SPDX-License-Identifier: MIT
"""The advice on what is unknown is true for its cause."""

import re

import msgspec
import pytest

from assessment.samples import BARE, HBB, replaced, unregistered, with_record
from fairreg.assessment.base import Indicator, Rule
from fairreg.assessment.evidence import DatasetScore, Probe
from fairreg.assessment.findings import NOT_DOWNLOADED, unknown
from fairreg.assessment.priorities import advice, undecided, with_priorities
from fairreg.assessment.report import assess
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Access, Distribution

DATA = Identifier("doi", "10.7483/opendata.cms.jgjx.ms7q")
UNREACHED = "opendata.cern.ch could not be reached."
NOW = "fair-datasets 2.0"


def made(number):
    return Indicator(number, 1, "title", Rule("p", "f"), (), lambda _: unknown(""))


def score(**fields):
    return DatasetScore(identifier=DATA, **fields)


def about_data(*datasets, offline=False):
    evidence = replaced(HBB, datasets=datasets, offline=offline)
    report = with_priorities(assess(evidence), evidence)
    found = next(item for item in report.principles["I2"].indicators if item.id == "I2-2")
    return found, [group.how for group in report.undecided if "I2-2" in group.ids], report


def test_unread_files_of_an_open_record_are_fetched_and_of_another_access_is_asked_for():
    unread = [(made("R1-4"), unknown(NOT_DOWNLOADED))]
    failed = Probe(kind="datacite", outcome="failed", detail="reset by peer")
    unread += [(made("F4-1"), unknown("The probe datacite failed: reset by peer."))]
    open_, closed = (
        replaced(with_record(BARE, access=Access(level=level)), probes=(failed,), offline=False)
        for level in ("open", "restricted")
    )
    assert [group.ids for group in undecided(open_, unread)] == [("R1-4",), ("F4-1",)]
    assert undecided(open_, unread)[0].how == "Run fairreg fetch url:a, then assess again."
    assert undecided(closed, unread)[0].how.startswith("Ask the host for access")
    assert "this time: reset by peer." in undecided(open_, unread)[1].how
    assert undecided(open_, []) == ()


FILE = (Distribution(name="m.onnx", url="https://x.org/m.onnx"),)


@pytest.mark.parametrize(
    ("level", "probe", "how"),
    [
        ("restricted", {"outcome": "denied"}, "Ask the host for access, give fairreg your token, then"),
        ("restricted", {"outcome": "failed"}, "Ask the host for access, give fairreg your token, then"),
        ("open", {"outcome": "denied"}, "Ask the host for access, give fairreg your token, then"),
        ("restricted", {"outcome": "denied", "found": ("onnx",)}, "Run fairreg fetch url:a, then"),
        ("restricted", {"outcome": "ok", "found": ("onnx",)}, "Run fairreg fetch url:a, then"),
        ("open", {"outcome": "absent"}, "The host does not have m.onnx: assess again once"),
        ("open", {"outcome": "failed"}, "Run fairreg fetch url:a, then"),
    ],
)
def test_the_way_to_files_is_one_that_the_answer_of_the_host_leaves_open(level, probe, how):
    evidence = with_record(BARE, access=Access(level=level), distributions=FILE)
    evidence = replaced(evidence, probes=(Probe(kind="file_range", file="m.onnx", **probe),), offline=False)
    (group,) = undecided(evidence, [(made("R1-4"), unknown(NOT_DOWNLOADED))])
    assert group.how.startswith(how)


@pytest.mark.parametrize("level", ["restricted", "embargoed", "closed", "gated"])
def test_a_hidden_list_of_files_is_decided_by_access(level):
    evidence = replaced(with_record(BARE, access=Access(level=level), distributions=()), offline=False)
    report = with_priorities(assess(evidence), evidence)
    ways = {number: group.how for group in report.undecided for number in group.ids}
    for number in ("F1-4", "F3-3", "R1-1"):
        assert ways[number].startswith("Ask the host for access"), ways[number]


def test_a_record_that_only_datacite_gave_is_assessed_again_when_its_host_answers():
    seen = msgspec.structs.replace(BARE.record.provenance, source="datacite")
    evidence = replaced(with_record(BARE, provenance=seen, distributions=()), offline=False)
    report = with_priorities(assess(evidence), evidence)
    ways = {number: group.how for group in report.undecided for number in group.ids}
    assert all(ways[number].startswith("Assess again when the host") for number in ("F1-4", "F3-3", "R1-1"))


@pytest.mark.parametrize("rubric", [NOW, "fair-datasets 1.0"])
def test_data_that_could_not_be_reached_say_so_whatever_rubric_stands_beside_them(rubric):
    found, ways, report = about_data(score(detail=UNREACHED, rubric=rubric))
    assert found.verdict == "unknown"
    assert found.reason == f"The training data {DATA.compact} could not be read: {UNREACHED}"
    assert "older rubric" not in msgspec.json.encode(report).decode()
    assert ways == [
        "Assess again when every service answers; this time: opendata.cern.ch could not be reached."
    ]


@pytest.mark.parametrize(
    ("dataset", "words"),
    [
        (score(detail=UNREACHED, outcome="failed", rubric=NOW), "when every service answers"),
        (score(detail="Its files are closed.", outcome="denied", rubric=NOW), "ask it for access"),
        (score(detail="No such record.", outcome="absent", rubric=NOW), "Check whether doi:10.7483/"),
        (score(score=0.9, coverage=1.0, rubric="fair-datasets 1.0"), "by an older rubric only"),
        (score(coverage=0.4, detail="too little", rubric=NOW), "Run fairreg assess doi:10.7483/"),
        (score(score=0.8, coverage=0.85, rubric=NOW), "Run fairreg assess doi:10.7483/"),
    ],
)
def test_each_cause_of_unknown_training_data_has_its_own_advice(dataset, words):
    found, ways, _ = about_data(dataset)
    assert found.verdict == "unknown"
    assert len(ways) == 1
    assert words in ways[0]


def test_without_the_network_the_advice_is_the_network():
    _, ways, _ = about_data(score(detail="x is not in the registry.", outcome="not_probed"), offline=True)
    assert ways == ["Assess again without --offline."]


def test_what_this_release_does_not_measure_is_not_to_be_assessed_again():
    table = unknown("fairreg's table of 2026-01-01 has no preservation policy of example.org.")
    base = unknown("The licence of the base model is not known.")
    (group,) = undecided(replaced(HBB, offline=False), [(made("A2-2"), table), (made("R1.1-3"), base)])
    assert group.ids == ("A2-2", "R1.1-3")
    assert "Assessing again decides nothing" in group.how


def test_a_refused_request_asks_for_access():
    refused = Probe(kind="landing_page", outcome="denied", status=403)
    evidence = replaced(BARE, probes=(refused,), offline=False)
    why = unknown(evidence.why_unknown("landing_page"))
    assert "ask it for access" in undecided(evidence, [(made("F4-2"), why)])[0].how


def test_the_remedy_for_the_reference_says_that_the_data_are_assessed_too():
    bare = unregistered(replaced(BARE, downloaded=True))
    found = next(i for i in assess(bare).principles["I2"].indicators if i.id == "I2-1")
    assert found.verdict == "fail"
    assert re.search(r"assessed, too \(I2-2\)", found.remedy)


def test_the_hint_names_each_way_once():
    _, ways, report = about_data(score(detail=UNREACHED, rubric=NOW))
    assert advice(report).count(ways[0]) == 1
