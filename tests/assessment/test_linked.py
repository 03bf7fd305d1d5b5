# SPDX-License-Identifier: MIT
import json

import msgspec
import pytest
from rdflib import RDF, Graph, Literal, Namespace, URIRef
from rdflib.namespace import PROV, SKOS, XSD

from assessment.samples import HBB, VERSION_DOI, with_record
from fairreg.assessment.rendering.dqv import to_jsonld
from fairreg.assessment.report import assess

DQV = Namespace("http://www.w3.org/ns/dqv#")
TERMS = Namespace("https://w3id.org/fairreg/terms#")
MODEL = URIRef(f"https://doi.org/{VERSION_DOI}")
REPORT = assess(HBB)


@pytest.fixture(scope="module")
def graph():
    found = Graph()
    found.parse(data=json.dumps(to_jsonld(REPORT)), format="json-ld")
    return found


def value_of(graph, name):
    metric = TERMS[f"fair-ai-models-2.0-{name}"]
    measurement = graph.value(predicate=DQV.isMeasurementOf, object=metric)
    return graph.value(measurement, DQV.value)


def test_scores_are_measurements_of_the_model(graph):
    assert value_of(graph, "overall").toPython() == pytest.approx(REPORT.overall)
    assert value_of(graph, "letter-A").toPython() == pytest.approx(REPORT.letters["A"])
    assert value_of(graph, "principle-A1.1").toPython() == pytest.approx(REPORT.principles["A1.1"].score)
    assert value_of(graph, "F1-4").datatype == XSD.double
    assert len(set(graph.subjects(DQV.computedOn, MODEL))) == 1 + 4 + 15 + 50


def test_a_verdict_without_points_has_no_value(graph):
    assert value_of(graph, "A1.2-2") is None


def test_a_score_says_its_interval_and_its_coverage(graph):
    metric = TERMS["fair-ai-models-2.0-letter-I"]
    measurement = graph.value(predicate=DQV.isMeasurementOf, object=metric)
    told = [graph.value(measurement, TERMS[name]).toPython() for name in ("lowest", "highest", "coverage")]
    assert told == pytest.approx([*REPORT.letter_intervals["I"], REPORT.letter_coverage["I"]])


def test_the_assessment_is_an_activity_of_fairreg_at_its_time(graph):
    run = graph.value(predicate=RDF.type, object=PROV.Activity)
    assert graph.value(run, PROV.used) == MODEL
    assert graph.value(run, PROV.endedAtTime) == Literal(HBB.gathered_at, datatype=XSD.dateTime)
    assert (graph.value(run, PROV.wasAssociatedWith), RDF.type, PROV.SoftwareAgent) in graph


def test_metrics_name_their_principle_and_what_they_correspond_to(graph):
    metric = TERMS["fair-ai-models-2.0-F1-1"]
    assert graph.value(metric, DQV.inDimension) == TERMS["fair-ai-models-2.0-principle-F1"]
    assert str(graph.value(metric, SKOS.prefLabel)) == "Persistent identifier scheme"
    assert Literal("FsF-F1-01MD-1") in set(graph.objects(metric, TERMS.correspondsTo))


def test_every_key_is_mapped_so_that_no_statement_is_lost(graph):
    document = to_jsonld(REPORT)
    used = {key for node in document["@graph"] for key in node if not key.startswith("@")}
    assert used <= set(document["@context"])


def test_an_identifier_that_is_no_address_gets_a_name_of_its_own():
    strange = msgspec.structs.replace(REPORT, id="local:a <b>")
    found = Graph()
    found.parse(data=json.dumps(to_jsonld(strange)), format="json-ld")
    assert (None, DQV.computedOn, URIRef("urn:fairreg:local:a%20%3Cb%3E")) in found


def test_a_check_with_the_name_of_its_principle_is_told_apart_from_it():
    report = assess(with_record(HBB, kind="dataset"))
    nodes = [node["@id"] for node in to_jsonld(report)["@graph"]]
    assert len(nodes) == len(set(nodes))
