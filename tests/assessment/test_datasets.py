# SPDX-License-Identifier: MIT
"""The dataset checks on the least evidence that decides them; the authors' own verdicts are the measure."""

import json
from typing import get_args

import pytest

from assessment.samples import BARE, DATASET, SHA, document, replaced, unregistered, with_record
from fairreg import harvesters
from fairreg.assessment import rubric
from fairreg.assessment.evidence import DataCiteFacts, Probe, ProbeKind
from fairreg.assessment.report import assess
from fairreg.assessment.rubric import equal_weights
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import (
    Access,
    Creator,
    Distribution,
    Feature,
    Provenance,
    Relation,
    Tensor,
)
from fairreg.services.fetch.resolve import stamped

PASS, PARTIAL, FAIL, UNKNOWN = "pass", "partial", "fail", "unknown"
CHECKS = {item.id: item for item in rubric.indicators(rubric.DATASETS)}
DOI, HUB = Identifier("doi", "10.1234/asked"), Identifier("huggingface", "datasets/o/n")
FILE = Distribution(name="a.csv", url="https://x.org/a.csv")


def record(base=BARE, **fields):
    return with_record(base, kind="dataset", **fields)


def source(name, **fields):
    return record(provenance=Provenance(source=name, source_id="1", **fields))


def probed(base=BARE, **outcomes):
    extra = {"landing_page": ("schema.org",)}
    probes = tuple(
        Probe(
            kind=kind,
            outcome=outcome,
            detail="timed out",
            found=extra.get(kind, ()) if outcome == "ok" else (),
        )
        for kind, outcome in outcomes.items()
    )
    return replaced(base, probes=probes)


def plain_page(base=BARE):
    return replaced(base, probes=(Probe(kind="landing_page", outcome="ok"),))


def datacite(base=BARE, state="findable", contributors=(), **fields):
    return replaced(
        base, datacite=DataCiteFacts(with_record(BARE, **fields).record, state, (), None, contributors)
    )


def fields(*descriptions):
    features = tuple(Feature(name=f"f{number}", description=text) for number, text in enumerate(descriptions))
    return record(outputs=(Tensor(name="entries", dtype="mixed", features=features),))


def standard(value):
    return replaced(BARE, documents=(document("standard", json.dumps(value), "page.jsonld"),))


def related(kind, target):
    return record(relations=(Relation(type=kind, target=target),))


NO_DOI = replaced(BARE, requested=HUB)
SIX = {
    "creators": (Creator(name="Ada"),),
    "publisher": "P",
    "date_published": "2022-01-01",
    "stated_type": "Dataset",
    "keywords": ("k",),
}
CROISSANT = {
    "conformsTo": "http://mlcommons.org/croissant/1.0",
    "name": "n",
    "description": "d",
    "license": "l",
    "url": "u",
    "distribution": [],
    "recordSet": [{"field": [{"name": "a", "description": "A"}]}],
}
CASES = [
    ("F1a", PASS, record(identifiers=(HUB,))),
    ("F1a", FAIL, record(identifiers=(Identifier("paper_doi", "10.1/paper"),))),
    ("F1b", PASS, record(identifiers=(DOI,))),
    ("F1b", PASS, record(identifiers=(Identifier("url", "https://hdl.handle.net/1/2"),))),
    ("F1b", PARTIAL, record(identifiers=(Identifier("url", "https://purl.org/x"),))),
    ("F1b", FAIL, record(identifiers=(HUB,))),
    ("F2a", PASS, source("zenodo", payload_sha256=SHA)),
    ("F2a", PASS, probed(content_negotiation="ok")),
    ("F2a", PASS, probed(landing_page="ok")),
    ("F2a", FAIL, plain_page()),
    ("F2a", UNKNOWN, probed(landing_page="failed")),
    ("F2a", UNKNOWN, plain_page()),
    ("F4", UNKNOWN, probed(datacite(), landing_page="denied")),
    ("A1", UNKNOWN, probed(landing_page="denied")),
    ("F2b", PASS, datacite(record(description="Jets.", **SIX), contributors=("Bo",))),
    ("F2b", PARTIAL, datacite(record(**SIX | {"date_published": "2022", "stated_type": None}))),
    ("F2b", FAIL, replaced(record(), requested=HUB)),
    ("F2b", UNKNOWN, record(**SIX)),
    ("F3", PASS, record(identifiers=(DOI,))),
    ("F3", PARTIAL, replaced(record(identifiers=(HUB,)), requested=HUB)),
    ("F3", FAIL, record()),
    ("F4", PASS, datacite(probed(landing_page="ok"))),
    ("F4", PARTIAL, datacite(plain_page())),
    ("F4", PARTIAL, probed(NO_DOI, landing_page="ok")),
    ("F4", FAIL, plain_page(NO_DOI)),
    ("F4", UNKNOWN, datacite(probed(landing_page="failed"))),
    ("F4", UNKNOWN, probed(landing_page="ok", datacite="failed")),
    ("A1", PASS, probed(landing_page="ok", file_range="ok")),
    ("A1", PARTIAL, probed(landing_page="ok", file_range="denied")),
    ("A1", PARTIAL, source("x", retrieved="2026-11-22")),
    ("A1", FAIL, probed(landing_page="absent", file_range="absent")),
    ("A1", UNKNOWN, probed(record(distributions=(FILE,)), landing_page="ok")),
    ("A1", UNKNOWN, probed(landing_page="ok", file_range="failed")),
    ("A1", UNKNOWN, probed(landing_page="failed")),
    ("A1.2", PASS, record(access=Access(level="open"))),
    ("A1.2", PASS, record(access=Access(level="restricted", conditions="Write to ada@example.org."))),
    ("A1.2", PASS, record(access=Access(level="closed", conditions="Apply at https://x.org/form"))),
    ("A1.2", PARTIAL, record(access=Access(level="restricted", conditions="Write to the authors."))),
    ("A1.2", PARTIAL, record(access=Access(level="embargoed", until="2030-01-01"))),
    ("A1.2", PASS, probed(file_range="ok")),
    ("A1.2", FAIL, record(access=Access(level="closed"))),
    ("A1.2", FAIL, record(access=Access(level="restricted", conditions="not public"))),
    ("A1.2", PARTIAL, record(description="The data are publicly available.")),
    ("A1.2", FAIL, probed(file_range="denied")),
    ("A1.2", FAIL, probed(record(description="Access is restricted."), file_range="denied")),
    ("A1.2", PARTIAL, probed(record(description="You may request access."), file_range="denied")),
    ("A1.2", UNKNOWN, probed(file_range="failed")),
    ("A2", PASS, datacite(source("zenodo"))),
    ("A2", PARTIAL, datacite(source("github"))),
    ("A2", PARTIAL, replaced(source("zenodo"), requested=HUB)),
    ("A2", FAIL, replaced(source("github"), requested=HUB)),
    ("A2", UNKNOWN, source("zenodo")),
    ("A2", UNKNOWN, datacite(source("elsewhere"))),
    ("I1a", PASS, record(formats=("root",))),
    ("I1a", PASS, with_record(fields("d"), formats=("csv",))),
    ("I1a", PASS, record(standard(CROISSANT), distributions=(FILE,))),
    ("I1a", PARTIAL, record(standard({"name": "n"}), distributions=(FILE,))),
    ("I1a", PARTIAL, record(distributions=(FILE,))),
    ("I1a", FAIL, record(formats=("mat",))),
    ("I1a", UNKNOWN, record()),
    ("I1b", PASS, fields(*["d"] * 9, None)),
    ("I1b", PASS, standard(CROISSANT)),
    ("I1b", PARTIAL, fields("d", None)),
    ("I1b", FAIL, fields("d", None, None)),
    ("I1b", FAIL, fields("d", "TODO", "[More Information Needed]")),
    ("I1b", FAIL, replaced(record(), downloaded=True)),
    ("I1b", UNKNOWN, record()),
    ("I2", PASS, record(keywords=("https://doi.org/10.29172/x",))),
    ("I2", PASS, standard({"field": {"equivalentProperty": "http://www.wikidata.org/prop/P625"}})),
    ("I2", PARTIAL, record(license="MIT")),
    ("I2", FAIL, record(keywords=("jets",))),
    ("I2", UNKNOWN, probed(landing_page="failed")),
    ("I3", PASS, related("is_derived_from", DOI)),
    ("I3", PARTIAL, related("is_derived_from", Identifier("url", "https://x.org"))),
    ("I3", PARTIAL, related("related_to", DOI)),
    ("I3", FAIL, record()),
    ("I3", UNKNOWN, record()),
    ("R1.1", PASS, record(license="MIT")),
    ("R1.1", PARTIAL, record(license_stated="ask us")),
    ("R1.1", FAIL, record()),
    ("R1.1", UNKNOWN, record()),
    (
        "R1.2",
        PASS,
        record(base=related("is_derived_from", DOI), creators=(Creator(name="A"),), date_created="2022"),
    ),
    (
        "R1.2",
        PASS,
        datacite(related("is_compiled_by", DOI), date_published="2022", creators=(Creator(name="A"),)),
    ),
    ("R1.2", PARTIAL, record(date_published="2022")),
    ("R1.2", FAIL, record()),
    ("R1.2", UNKNOWN, record()),
    ("R1.3", PASS, source("cernopendata", payload_sha256=SHA)),
    ("R1.3", PASS, standard(CROISSANT)),
    ("R1.3", PASS, datacite(**SIX)),
    ("R1.3", PARTIAL, datacite()),
    ("R1.3", PARTIAL, replaced(standard({"conformsTo": "c"}), requested=HUB)),
    ("R1.3", FAIL, NO_DOI),
    ("R1.3", UNKNOWN, BARE),
]
# What is decided was asked of DataCite, too: the requested identifier is a DOI.
CASES = [
    (number, verdict, evidence if verdict == UNKNOWN else unregistered(evidence))
    for number, verdict, evidence in CASES
]
# Decided by the record alone, which is always there.
NEVER_UNKNOWN = {"F1a", "F1b", "F3"}


@pytest.mark.parametrize(
    ("number", "verdict", "evidence"), CASES, ids=[f"{one}-{two}" for one, two, _ in CASES]
)
def test_verdict(number, verdict, evidence):
    finding = CHECKS[number].assess(evidence)
    assert finding.verdict == verdict, finding.reason
    assert bool(finding.remedy) == (verdict in {PARTIAL, FAIL})
    if verdict in {PASS, PARTIAL}:
        assert finding.evidence


@pytest.mark.parametrize("number", CHECKS)
def test_every_check_has_a_case_of_each_verdict_that_it_can_give(number):
    seen = {verdict for name, verdict, _ in CASES if name == number}
    expected = {PASS, FAIL} | ({PARTIAL} if CHECKS[number].rule.partial else set())
    assert expected | (set() if number in NEVER_UNKNOWN else {UNKNOWN}) <= seen


@pytest.mark.parametrize("number", ["F2a", "F4", "A1", "A1.2", "A2"])
def test_a_network_failure_is_never_a_fail(number):
    probes = tuple(Probe(kind=kind, outcome="failed", detail="timed out") for kind in get_args(ProbeKind))
    assert CHECKS[number].assess(replaced(BARE, probes=probes)).verdict == UNKNOWN


@pytest.mark.shared
def test_the_cms_dataset_gets_its_authors_own_verdicts_one_by_one(shared):
    """Chen et al. (2022), Tables 1 and 2: 13 pass, and F2b, I2 and I3 partial.

    The record is the portal's own; what the network says of it (DOI, landing page, first bytes) is
    hand-written in `DATASET`.
    """
    raw = (shared / "payloads/cern-opendata/record-12102-HiggsToBBNTuple.json").read_bytes()
    found = stamped(harvesters.get("cernopendata").to_record(json.loads(raw)), raw)
    report = assess(replaced(DATASET, record=found))
    verdicts = {item.id: item.verdict for part in report.principles.values() for item in part.indicators}
    assert {number for number, verdict in verdicts.items() if verdict == PARTIAL} == {"F2b", "I2", "I3"}
    assert sum(verdict == PASS for verdict in verdicts.values()) == 13
    assert equal_weights(verdicts.values()) == pytest.approx(14.5 / 16)  # the authors' way
    assert report.overall == pytest.approx(25.5 / 28)
    assert report.coverage == 1
