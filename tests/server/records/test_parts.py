# SPDX-License-Identifier: MIT
"""Parts of a record: its stored assessment, its badge, and the objects around it."""

import xml.etree.ElementTree as ET

import msgspec
import pytest
import requests

from fairreg.assessment.evidence import Evidence
from fairreg.assessment.report import Badge, assess
from fairreg.registry import Submission
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Relation
from fairreg.server.site import Site
from fairreg.services.assess.store import AssessmentResult, save
from fairreg.services.registry.shared_engine import shared_registry
from fairreg.services.related import MOST, related_objects
from support.awkward_records import HOSTILE, MERGED, record

pytestmark = pytest.mark.engines("sqlite")

WHEN = "2026-11-30T00:00:00Z"
HBB = "doi:10.5281/zenodo.7305227"


@pytest.fixture(scope="module")
def address(served):
    return Site(None, served).record_url


@pytest.fixture
def registry(settings_of_records):
    with shared_registry(settings_of_records) as opened:
        yield opened


def get(url, accept="application/json"):
    return requests.get(url, headers={"Accept": accept}, timeout=60)


def test_what_is_not_assessed_says_so(address):
    for part in ("assessment", "badge.svg"):
        answer = get(f"{address(HBB)}/{part}")
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
        assert answer.json()["detail"] == f"{HBB} has not been assessed here."
    page = get(f"{address(HBB)}/assessment", "text/html")
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")


def assessed(registry, number, **scores):
    """A record of its own that somebody assessed, with other scores than its evidence gives."""
    identifier = f"doi:10.1234/assessed-{number}"
    registry.put_many([Submission(record(identifier))])
    asked = Identifier("doi", identifier)
    evidence = Evidence(record=registry.get(identifier), requested=asked, gathered_at=WHEN)
    report = msgspec.structs.replace(assess(evidence), **scores)
    save(registry, [AssessmentResult(evidence, report)])
    return identifier, report


def test_a_stored_assessment_is_the_document_of_assess(address, registry):
    identifier, report = assessed(registry, 1)
    answer = get(f"{address(identifier)}/assessment")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    shown = answer.json()
    assert {name: shown[name] for name in ("id", "rubric", "overall", "interval", "assessed_at")} == {
        "id": identifier, "rubric": "fair-ai-models", "overall": None,
        "interval": list(report.interval), "assessed_at": WHEN,
    }  # fmt: skip
    assert shown["do_first"]
    page = get(f"{address(identifier)}/assessment?format=html", "*/*")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    refused = get(f"{address(identifier)}/assessment", "text/turtle")
    assert refused.status_code == 406
    for item in refused.json()["available"]:
        assert get(item["href"], "*/*").headers["content-type"].startswith(item["type"])


def test_there_is_no_badge_on_too_little_evidence(address, registry):
    identifier, _ = assessed(registry, 2)
    answer = get(f"{address(identifier)}/badge.svg")
    assert answer.status_code == 404
    said = f"{identifier} has no overall score, so that it has no badge: F has verdicts for "
    assert answer.json()["detail"].startswith(said)


def test_an_overall_score_has_a_badge(address, registry):
    badge = Badge(awarded=True, label="FAIR 70 %", reason="made up")
    identifier, _ = assessed(registry, 3, overall=0.7, interval=(0.7, 0.7), badge=badge)
    answer = get(f"{address(identifier)}/badge.svg", "image/*")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert "70 %" in ET.fromstring(answer.text)[0].text


def test_an_assessment_of_another_release_is_history(address, registry):
    identifier, _ = assessed(registry, 4, rubric_version="0.9", overall=0.9)
    assert get(f"{address(identifier)}/assessment").status_code == 404


def by_identifier(document):
    return {item["identifier"]: item for item in document["related"]}


def test_the_objects_around_a_model_have_roles_and_say_whether_they_are_here(address):
    document = get(f"{address(HBB)}/related").json()
    assert document["record"] == address(HBB)
    found = by_identifier(document)
    roles = {name: item["role"] for name, item in found.items()}
    data, paper, code = "doi:10.7483/opendata.cms.jgjx.ms7q", "doi:10.1088/2632-2153/ad12e3", "code"
    assert (roles[data], roles[paper], roles["doi:10.5281/zenodo.7305173"]) == ("data", "paper", "version")
    assert code in roles.values()
    here = found[data]
    assert (here["in_registry"], here["record"], here["kind"]) == (True, address(data), "dataset")
    assert requests.get(here["record"], timeout=60).status_code == 200
    assert (found[paper]["in_registry"], "record" in found[paper]) == (False, False)
    assert found[paper]["url"] == "https://doi.org/10.1088/2632-2153/ad12e3"


def test_versions_of_one_model_are_versions_of_each_other(address, registry):
    concept = Identifier("concept_doi", "10.1234/all")
    one, two = "doi:10.1234/v1", "doi:10.1234/v2"
    items = [record(name, version=name[-1], identifiers=(concept,)) for name in (one, two)]
    registry.put_many(map(Submission, items))
    other = by_identifier(get(f"{address(one)}/related").json())[two]
    assert (other["role"], other["version"], other["record"]) == ("version", "2", address(two))


def test_a_record_that_names_very_many_objects_costs_a_bounded_number_of_queries(registry):
    targets = (Identifier("doi", f"10.1234/part-{number}") for number in range(MOST + 7))
    parts = tuple(Relation(type="has_part", target=item) for item in targets)
    registry.put_many([Submission(record("doi:10.1234/many", relations=parts))])
    asked = []
    counted = _Counted(registry, asked)
    found = related_objects(counted, registry.entry_for("doi:10.1234/many"))
    assert (len(found.objects), found.left_out, len(asked)) == (MOST, 7, 0)  # none of them is here


class _Counted:
    """A registry that notes which identifiers are looked up."""

    def __init__(self, registry, asked):
        self.explain, self.own_entries = registry.explain, registry.own_entries
        self._registry, self._asked = registry, asked

    def entries_for(self, pid):
        self._asked.append(pid)
        return self._registry.entries_for(pid)


def test_links_of_others_are_web_addresses_or_none(address):
    for item in get(f"{address(HOSTILE)}/related").json()["related"]:
        assert "url" not in item
    code = by_identifier(get(f"{address(MERGED)}/related").json())["github:lab/net"]
    assert (code["role"], code["url"]) == ("code", "https://github.com/lab/net")
    assert get(f"{address(MERGED)}/related", "text/html").headers["content-type"].startswith("text/html")
