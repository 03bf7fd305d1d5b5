# SPDX-License-Identifier: MIT
"""RDF/XML: the same triples as the other views, and everything comes back, with what each source said."""

import copy
import json
import random
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, reject, settings
from hypothesis import strategies as st
from rdflib import Graph, URIRef
from rdflib.compare import isomorphic

from fairreg import formats
from fairreg.errors import RecordError
from fairreg.formats import rdf
from fairreg.formats.rdf_xml import items
from fairreg.formats.rdf_xml.items import StatedEntry, StatedRecord
from fairreg.registry import catalogue
from fairreg.schemas.record import Creator, ModelRecord, Provenance, Tensor
from support.examples import examples
from support.full_record import FULL, MORE, OTHER
from support.fuzzing import LETTERS, damaged, spoiled
from support.records import records, words

usual = settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def changed(record, **fields):
    return msgspec.structs.replace(record, **fields)


def legal(value):
    """A value without the characters that XML 1.0 has no spelling for."""
    if isinstance(value, dict):
        return {key: legal(item) for key, item in value.items()}
    if isinstance(value, list):
        return [legal(item) for item in value]
    if not isinstance(value, str):
        return value
    return "".join(
        char
        for char in value
        if char in "\t\n\r" or "\x20" <= char <= "\ud7ff" or "\ue000" <= char <= "\ufffd" or char > "\uffff"
    )


@st.composite
def xml_records(draw):
    """Any record in characters that XML has; one with nothing left of a required text is none."""
    try:
        return ModelRecord.from_json(legal(draw(records).to_json()))
    except RecordError:
        reject()


@usual
@given(record=xml_records())
@example(record=FULL)
@example(record=changed(FULL, description="a\r\nb\rc\n\n d \t e \x7f \x85 \u2028"))
@example(
    record=changed(FULL, creators=(Creator("A", "0000-0002-5076-7096"), Creator("B", "0000-0002-5076-7096")))
)
@example(record=changed(FULL, inputs=(Tensor("x", "float32", tuple(range(300))), Tensor("", "", ("n", 1)))))
def test_every_record_comes_back_whole(record):
    found = rdf.read(rdf.write(record))
    assert found.understood == record
    assert found.left_out == ()


@usual
@given(names=st.permutations([f"Author, {letter}" for letter in "ABCDEF"]))
def test_the_order_of_creators_is_kept(names):
    record = changed(FULL, creators=tuple(map(Creator, names)))
    assert rdf.read(rdf.write(record)).understood.creators == record.creators


def test_every_packaged_record_comes_back_whole_and_has_the_triples_of_its_json_ld():
    for number, record in enumerate(catalogue.records()):
        document = rdf.write(record)
        assert rdf.read(document).understood == record
        if number % 15 == 0:
            has_the_triples_of_its_json_ld(record, document)


@pytest.mark.long
def test_all_packaged_records_have_the_triples_of_their_json_ld():
    for record in catalogue.records():
        has_the_triples_of_its_json_ld(record, rdf.write(record))


def has_the_triples_of_its_json_ld(record, document):
    linked = Graph().parse(data=json.dumps(record.to_jsonld()), format="json-ld")
    assert isomorphic(Graph().parse(data=document, format="xml"), linked)


@pytest.mark.sliced(23)
@pytest.mark.parametrize(
    "record",
    [FULL, *(changed(FULL, **{field: value}) for field, value in OTHER.items())]
    + [changed(FULL, **{field: value}) for field, values in MORE.items() for value in values],
    ids=lambda record: None,
)
def test_the_triples_are_those_of_the_json_ld(record):
    has_the_triples_of_its_json_ld(record, rdf.write(record))


def test_characters_that_xml_forbids_are_left_out():
    record = changed(FULL, name="a\x00b\x1f\ufffe", description="\x07", keywords=("x\ud800y",))
    found = rdf.read(rdf.write(record)).understood
    assert (found.name, found.description, found.keywords) == ("ab", "", ("xy",))


def test_whole_records_are_recognised_and_added():
    document = rdf.write(FULL)
    assert rdf.recognises(document)
    assert rdf.recognises(document.encode())
    assert not rdf.recognises("<rdf:RDF/>")
    assert formats.read_record(document).understood == FULL


BOMB = '<!DOCTYPE a [<!ENTITY b "c">]><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>'


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        (BOMB, "has a document type"),
        ("<a", "is not valid XML"),
        ("<a/>", "has no record of fairreg"),
        (rdf.write(FULL).replace("fair4ml:MLModel", "schema:Thing"), "Not a valid record"),
        (rdf.write(FULL).replace(">25554<", ">-1<"), "Not a valid record"),
        (
            '<R xmlns:f="https://w3id.org/fairreg/terms#"><m><f:recordIdentifier/>'
            + ("<a><b>" * 500 + "</b></a>" * 500 + "</m></R>"),
            "more than 40 nodes deep",
        ),
    ],
)
def test_what_is_no_record_is_refused_in_a_sentence(document, fault):
    with pytest.raises(RecordError, match=fault) as caught:
        rdf.read(document, name="some file")
    assert caught.value.message.startswith("some file")


def test_properties_of_others_are_named_and_lists_that_go_round_end():
    document = rdf.write(FULL)
    other = document.replace(
        "<schema:name>Jet tagger", '<x:y xmlns:x="https://x.example/">1</x:y><schema:name>Jet tagger'
    )
    assert rdf.read(other).left_out == ("https://x.example/y",)
    rest = document.replace('<rdf:rest rdf:resource="http://www.w3.org/1999/02/22-rdf-syntax-ns#nil" />',
                            '<rdf:rest rdf:nodeID="list1-0" />')  # fmt: skip
    assert rest != document
    assert rdf.read(rest).understood.inputs == FULL.inputs


# --- entries with their statements --------------------------------------------------------------------------

LATER = changed(FULL, description="Other words.", provenance=Provenance("datacite", "10.5281/zenodo.7305227"))
entries = st.builds(
    StatedEntry,
    xml_records(),
    st.lists(
        st.builds(
            lambda record, at, gone: StatedRecord(record, at, *(gone or (None, None))),
            xml_records(),
            st.just("2026-11-30T12:00:00+00:00"),
            st.none() | st.tuples(st.just("2026-12-01T00:00:00+00:00"), st.just("") | words.map(legal)),
        ),
        min_size=1,
        max_size=3,
    ).map(tuple),
)


def text_of(entry):
    return rdf.text_of(items.element_of(entry))


@settings(usual, max_examples=examples(20))
@given(entry=entries)
def test_an_entry_comes_back_with_what_each_source_said(entry):
    found = items.read(text_of(entry))
    assert found == StatedEntry(entry.record, entry.statements)
    assert rdf.read(text_of(entry)).understood == entry.record


def test_statements_that_equal_the_merged_record_are_not_repeated_and_others_are_quoted():
    said = (StatedRecord(FULL, "t1"), StatedRecord(LATER, "t2", "2026-12-01T00:00:00+00:00", "retracted"))
    document = text_of(StatedEntry(FULL, said))
    assert document.count("<fairreg:statedRecord") == 1
    graph = Graph().parse(data=document, format="xml")
    subject = URIRef("https://doi.org/10.5281/zenodo.7305227")
    described = URIRef("http://schema.org/description")
    # What DataCite said is quoted, and no triple of the graph.
    assert [str(text) for text in graph.objects(subject, described)] == [FULL.description]
    withdrawn = graph.objects(predicate=URIRef("http://www.w3.org/ns/prov#invalidatedAtTime"))
    assert list(map(str, withdrawn)) == ["2026-12-01T00:00:00+00:00"]
    assert [item.reason for item in items.read(document).statements] == [None, "retracted"]


def test_a_record_without_statements_is_what_its_own_source_said():
    found = items.read(rdf.write(FULL))
    assert found.statements == (StatedRecord(FULL, FULL.provenance.retrieved or ""),)


def test_a_statement_that_is_attributed_to_another_source_is_refused():
    document = text_of(StatedEntry(FULL, (StatedRecord(LATER, "t"),)))
    wrong = document.replace(
        "<fairreg:source>datacite</fairreg:source>", "<fairreg:source>x</fairreg:source>", 1
    )
    with pytest.raises(RecordError, match="attributes a record of datacite"):
        items.read(wrong)


def test_an_element_of_an_answer_is_read_as_well():
    root = ET.fromstring(
        f"<metadata>{text_of(StatedEntry(FULL, (StatedRecord(FULL, 't'),))).partition('?>')[2]}</metadata>"
    )
    assert items.read_element(root[0]).record == FULL


@settings(usual, max_examples=examples(100))
@given(seed=st.integers(0, 2**32))
def test_a_damaged_item_is_an_entry_or_refused(seed):
    said = (StatedRecord(LATER, "t", "2026-12-01T00:00:00+00:00", "gone"),)
    text = text_of(StatedEntry(FULL, said))
    chance = random.Random(seed)
    document = spoiled(text, chance, LETTERS) if seed % 2 else damaged(text.encode(), chance)
    fault = "the document"
    try:
        assert items.read(document).statements
    except RecordError as error:
        fault = error.message
    assert fault.startswith("the document")


def moved_about(root, chance):
    """An element whose parts were removed, repeated, renamed or given other texts and attributes."""
    for _ in range(chance.choice((1, 2, 4))):
        parts = list(root.iter())
        one, other = chance.choice(parts), chance.choice(parts)
        kind = chance.randrange(6)
        if kind == 0 and len(one):
            one.remove(one[0])
        elif kind == 1:
            one.text = chance.choice(["", "-1", "9" * 20, "true", "x" * 3000])
        elif kind == 2:
            one.append(copy.deepcopy(other))
        elif kind == 3:
            one.tag = other.tag
        elif kind == 4:
            one.attrib.update(other.attrib)
        else:
            one.attrib.clear()
    return root


@settings(usual, max_examples=examples(150))
@given(seed=st.integers(0, 2**32))
@example(seed=11)
def test_an_item_whose_parts_moved_about_is_an_entry_or_refused(seed):
    said = (StatedRecord(LATER, "t", "2026-12-01T00:00:00+00:00", "gone"), StatedRecord(FULL, "t"))
    root = moved_about(ET.fromstring(text_of(StatedEntry(FULL, said))), random.Random(seed))
    fault = "the document"
    try:
        assert items.read_element(root).statements
    except RecordError as error:
        fault = error.message
    assert fault.startswith("the document")
