# SPDX-License-Identifier: MIT
"""An assessment as linked data: measurements in the W3C Data Quality Vocabulary, their origin in PROV-O.

Every term is mapped in the document itself, so that reading it needs no request.
"""

import re
from typing import Any
from urllib.parse import quote

from fairreg.assessment.report import AssessmentReport, IndicatorResult
from fairreg.assessment.rubric import Score
from fairreg.schemas.contexts import NAMESPACE
from fairreg.schemas.jsonld_terms import identifier_in

__all__ = ["to_jsonld"]

Node = dict[str, Any]
_DQV = "http://www.w3.org/ns/dqv#"
_PROV = "http://www.w3.org/ns/prov#"
_SKOS = "http://www.w3.org/2004/02/skos/core#"
_PLAIN = re.compile(r"https?://[^\s<>\"{}|\\^`\x00-\x20]+")
_XSD = "http://www.w3.org/2001/XMLSchema#"
_CONTEXT: Node = {
    "dqv": _DQV,
    "prov": _PROV,
    "skos": _SKOS,
    "xsd": _XSD,
    "fairreg": NAMESPACE,
    "hasQualityMeasurement": {"@id": f"{_DQV}hasQualityMeasurement", "@type": "@id"},
    "computedOn": {"@id": f"{_DQV}computedOn", "@type": "@id"},
    "isMeasurementOf": {"@id": f"{_DQV}isMeasurementOf", "@type": "@id"},
    "inDimension": {"@id": f"{_DQV}inDimension", "@type": "@id"},
    "value": {"@id": f"{_DQV}value", "@type": f"{_XSD}double"},
    "used": {"@id": f"{_PROV}used", "@type": "@id"},
    "wasGeneratedBy": {"@id": f"{_PROV}wasGeneratedBy", "@type": "@id"},
    "wasAssociatedWith": {"@id": f"{_PROV}wasAssociatedWith", "@type": "@id"},
    "endedAtTime": {"@id": f"{_PROV}endedAtTime", "@type": f"{_XSD}dateTime"},
    "prefLabel": f"{_SKOS}prefLabel",
    "definition": f"{_SKOS}definition",
    "correspondsTo": f"{NAMESPACE}correspondsTo",
    "verdict": f"{NAMESPACE}verdict",
    "reason": f"{NAMESPACE}reason",
    "remedy": f"{NAMESPACE}remedy",
    "weight": {"@id": f"{NAMESPACE}weight", "@type": f"{_XSD}integer"},
    "coverage": {"@id": f"{NAMESPACE}coverage", "@type": f"{_XSD}double"},
    "lowest": {"@id": f"{NAMESPACE}lowest", "@type": f"{_XSD}double"},
    "highest": {"@id": f"{NAMESPACE}highest", "@type": f"{_XSD}double"},
    "evidenceDigest": f"{NAMESPACE}evidenceDigest",
}


def to_jsonld(report: AssessmentReport) -> Node:
    """Return the JSON-LD document; a measurement of which too much is unknown has no value."""
    thing = _iri(report.id)
    run = f"urn:fairreg:assessment:{quote(report.evidence_digest, safe=':')}"
    # A dataset check may have the name of its principle, so the three levels have names of their own.
    scores = {"overall": Score(report.overall, report.interval, report.coverage)}
    for name, value in report.letters.items():
        between, covered = report.letter_intervals[name], report.letter_coverage[name]
        scores[f"letter-{name}"] = Score(value, between, covered)
    for name, found in report.principles.items():
        scores[f"principle-{name}"] = Score(found.score, found.interval, found.coverage)
    measured = [_score(report, run, name, score) for name, score in scores.items()]
    asked = [item for found in report.principles.values() for item in found.indicators]
    measured += [_verdict(report, run, item) for item in asked]
    whole = {
        "@id": thing,
        "@type": "prov:Entity",
        "hasQualityMeasurement": [item["@id"] for item in measured],
    }
    metrics = [_metric(report, item) for item in asked]
    return {"@context": _CONTEXT, "@graph": [whole, *_activity(report, run, thing), *measured, *metrics]}


def _activity(report: AssessmentReport, run: str, thing: str) -> list[Node]:
    activity = {
        "@id": run,
        "@type": "prov:Activity",
        "used": thing,
        "endedAtTime": report.assessed_at,
        "wasAssociatedWith": f"{NAMESPACE}fairreg",
        "prefLabel": f"{report.rubric} {report.rubric_version}",
        "coverage": report.coverage,
        "evidenceDigest": report.evidence_digest,
    }
    agent = {"@id": f"{NAMESPACE}fairreg", "@type": "prov:SoftwareAgent", "prefLabel": "fairreg"}
    return [activity, agent]


def _score(report: AssessmentReport, run: str, name: str, score: Score) -> Node:
    low, high = score.interval or (None, None)
    told = {"value": score.value, "lowest": low, "highest": high, "coverage": score.coverage}
    known = {key: value for key, value in told.items() if value is not None}
    return _measurement(report, run, name) | known


def _verdict(report: AssessmentReport, run: str, item: IndicatorResult) -> Node:
    points = item.verdict.points
    told = {"verdict": item.verdict.value, "reason": item.reason, "remedy": item.remedy, "value": points}
    known = {key: value for key, value in told.items() if value is not None}
    return _measurement(report, run, item.id) | known


def _measurement(report: AssessmentReport, run: str, name: str) -> Node:
    return {
        "@id": f"{run}#{name}",
        "@type": "dqv:QualityMeasurement",
        "computedOn": _iri(report.id),
        "isMeasurementOf": _term(report, name),
        "wasGeneratedBy": run,
    }


def _metric(report: AssessmentReport, item: IndicatorResult) -> Node:
    principle = next(name for name, found in report.principles.items() if item in found.indicators)
    return {
        "@id": _term(report, item.id),
        "@type": "dqv:Metric",
        "prefLabel": item.title,
        "definition": item.rule.passes,
        "weight": item.weight,
        "inDimension": _term(report, f"principle-{principle}"),
        "correspondsTo": list(item.corresponds_to),
    }


def _term(report: AssessmentReport, name: str) -> str:
    return f"{NAMESPACE}{report.rubric}-{report.rubric_version}-{name}"


def _iri(identifier: str) -> str:
    found = identifier_in(identifier)
    url = found.url if found is not None and found.compact == identifier else None
    return (
        url
        if url and _PLAIN.fullmatch(url)
        else "urn:fairreg:" + quote(identifier, safe=":", errors="surrogatepass")
    )
