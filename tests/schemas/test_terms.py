# SPDX-License-Identifier: MIT
"""fairreg's own terms: each that it writes is defined, on the page and as RDF, and none in vain."""

import json
import re

import build_terms
import pytest
from msgspec.structs import replace
from rdflib import OWL, RDF, RDFS, Graph, URIRef

from assessment.samples import HBB, with_record
from fairreg import formats
from fairreg.assessment import rubric as rubric_module
from fairreg.assessment.rendering.dqv import to_jsonld
from fairreg.assessment.report import assess
from fairreg.assessment.rubric import Rubric
from fairreg.formats import rdf
from fairreg.formats.rdf_xml import items
from fairreg.formats.rdf_xml.items import StatedRecord
from fairreg.schemas.contexts import NAMESPACE, context
from fairreg.schemas.contexts.terms import AGENTS, CLASSES, PROPERTIES
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.jsonld_terms import RELATION_TERMS
from fairreg.schemas.record import Access, Distribution, FieldOrigin, Provenance, Relation
from support.fitting import fitting
from support.full_record import FULL

PROPERTY_NAMES = [name for group in PROPERTIES.values() for name in group]
IRI = re.compile(re.escape(NAMESPACE) + r"([\w.-]+)")


@pytest.fixture(scope="module")
def vocabulary():
    return Graph().parse(build_terms.GRAPH, format="turtle")


def names_in(text):
    """Names of terms that a document writes in full, or with the prefix that it declares."""
    prefixes = re.findall(
        rf'(?:"([\w-]+)":\s*"|@prefix ([\w-]+): <|xmlns:([\w-]+)="){re.escape(NAMESPACE)}[">]', text
    )
    short = [rf"(?<![\w:-]){name}:([\w.-]*\w)" for pair in prefixes for name in pair if name]
    return {*IRI.findall(text), *(found for pattern in short for found in re.findall(pattern, text))}


def assessed():
    reports = [
        assess(HBB),
        assess(with_record(HBB, kind="dataset")),
        assess(with_record(HBB, kind="software")),
    ]
    return [json.dumps(to_jsonld(report)) for report in reports]


# Every term of a record that FULL leaves out.
COMPLETE = replace(
    FULL,
    license="MIT OR Apache-2.0",
    relations=tuple(
        Relation(type=name, target=Identifier("doi", "10.1/x"), target_kind="Software", stated_type="IsLike")
        for name in RELATION_TERMS
    ),
    distributions=(
        Distribution(
            name="a.zip", size=7, size_is_rounded=True, checksums=("md5:0",), format="zip", path="a/b.onnx"
        ),
    ),
    access=Access(level="embargoed", conditions="Ask.", until="2030-01-01"),
    provenance=Provenance(
        source="zenodo",
        source_id="1",
        payload_sha256="0",
        origins=(FieldOrigin(field="ml_task", origin="inferred", evidence="keywords"),),
        merged_from=("datacite",),
    ),
)


def exported(view):
    return [view.write(fitting(view, record)) for record in (FULL, COMPLETE)]


def defined(vocabulary):
    return {str(item).removeprefix(NAMESPACE) for item in vocabulary.subjects(RDFS.comment)}


def test_the_page_and_the_graph_are_those_of_the_table():
    """Where they are not: python scripts/build_terms.py."""
    assert build_terms.PAGE.read_text(encoding="utf-8") == build_terms.page()
    assert build_terms.GRAPH.read_text(encoding="utf-8") == build_terms.graph().serialize(format="turtle")


def test_the_page_of_the_rubrics_has_the_weight_and_rules_of_every_indicator():
    """Where it has not: python scripts/build_terms.py."""
    text = build_terms.RUBRIC_PAGE.read_text(encoding="utf-8")
    assert text == build_terms.rubric_page()
    assert {*build_terms.RUBRICS} == {
        item for item in vars(rubric_module).values() if isinstance(item, Rubric)
    }
    for name, versions in build_terms.REPLACED.items():
        assert [version for version in versions if f"It replaces {version}" not in text] == [], name
    for rubric in build_terms.RUBRICS:
        for item in build_terms.indicators(rubric):
            assert f"| {item.id} | {item.weight} | {item.title} | {item.rule.passes} |" in text


# What one registry tells another beside a record, in RDF/XML.
OF_STATEMENTS = {"SourceStatement", *PROPERTIES["Statements of sources"]}


def test_terms_of_statements_are_written_for_an_entry_of_several_sources(vocabulary):
    said = StatedRecord(replace(FULL, name="Other"), "2026", "2026", "retracted")
    written = names_in(rdf.text_of(items.element_of(items.StatedEntry(FULL, (said,)))))
    assert written - defined(vocabulary) == set()
    assert written >= OF_STATEMENTS


def test_every_term_of_the_context_is_in_the_table_and_the_other_way_round():
    written = names_in(json.dumps(context()))
    of_assessments = {*PROPERTIES["Assessments"], *AGENTS}
    assert written == {*CLASSES, *PROPERTY_NAMES} - of_assessments - OF_STATEMENTS
    assert context()["fairreg"] == NAMESPACE


@pytest.mark.parametrize("view", formats.all_formats(), ids=lambda view: view.NAME)
def test_every_term_that_an_export_writes_is_defined(vocabulary, view):
    for text in exported(view):
        assert names_in(text) - defined(vocabulary) == set()


def test_every_term_of_records_is_written_for_a_record_that_has_all():
    turtle = {name for text in exported(formats.get("turtle")) for name in names_in(text)}
    assert turtle == {*CLASSES, *PROPERTY_NAMES} - {*PROPERTIES["Assessments"]} - OF_STATEMENTS
    assert names_in(f"@prefix own: <{NAMESPACE}> . <x> a own:Tensor .") == {"Tensor"}


@pytest.mark.parametrize("text", assessed(), ids=["model", "dataset", "software"])
def test_every_term_that_an_assessment_writes_is_defined(vocabulary, text):
    written = names_in(text)
    assert len(written) > 40
    assert written - defined(vocabulary) == set()


def test_terms_of_assessments_are_written_by_one():
    written = {name for text in assessed() for name in names_in(text)}
    assert {*PROPERTIES["Assessments"], *AGENTS} - written == set()


def test_every_metric_is_measured_by_an_assessment():
    written = {name for text in assessed() for name in names_in(text)}
    current = {
        f"{rubric.name}-{rubric.version}-{item.name}"
        for rubric in build_terms.RUBRICS
        for item in build_terms.metrics(rubric)
    }
    assert {name for name in written if "-" in name} == current


def test_every_term_has_a_label_a_definition_and_a_type(vocabulary):
    for name in defined(vocabulary):
        term = URIRef(NAMESPACE + name)
        assert vocabulary.value(term, RDFS.label), name
        assert vocabulary.value(term, RDF.type), name
        assert vocabulary.value(term, RDFS.isDefinedBy) == URIRef(NAMESPACE.removesuffix("#"))


def test_the_page_has_an_anchor_for_every_term_in_use(vocabulary):
    anchors = re.findall(r'<a id="([^"]+)"></a>', build_terms.PAGE.read_text(encoding="utf-8"))
    assert len(anchors) == len(set(anchors))
    deprecated = {str(item).removeprefix(NAMESPACE) for item in vocabulary.subjects(OWL.deprecated)}
    assert set(anchors) == defined(vocabulary) - deprecated


def test_values_of_a_property_are_of_a_type_that_is_defined(vocabulary):
    own = [str(item) for item in vocabulary.objects(predicate=RDFS.range) if str(item).startswith(NAMESPACE)]
    assert own
    assert {item.removeprefix(NAMESPACE) for item in own} <= set(CLASSES)


def test_a_relation_of_the_record_leads_to_a_related_object():
    own = {name for name in RELATION_TERMS.values() if name in PROPERTY_NAMES}
    assert own == {*PROPERTIES["Relations"]} - {"targetKind"}


def test_terms_of_a_replaced_rubric_stay_defined():
    made = build_terms.graph()
    old = URIRef(f"{NAMESPACE}fair-ai-models-1.0-F1-1")
    assert (old, RDF.type, build_terms.DQV.Metric) in made
