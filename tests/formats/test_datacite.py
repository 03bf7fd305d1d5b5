# SPDX-License-Identifier: MIT
"""DataCite's JSON and XML: what they say, and that DataCite's own reader says the same of them."""

import json
from typing import get_args
from xml.etree import ElementTree as ET

import msgspec
import pytest

from fairreg import harvesters
from fairreg.errors import RecordError
from fairreg.formats import datacite, datacite_xml
from fairreg.registry import catalogue
from fairreg.schemas.datacite_terms import stated_relation, typed_relation
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Access, Creator, ModelRecord, Provenance, Relation, RelationType
from support.full_record import FULL

BOTH = pytest.mark.parametrize("view", [datacite, datacite_xml], ids=lambda view: view.NAME)
KERNEL = "{http://datacite.org/schema/kernel-4}"
BARE = ModelRecord(
    identifier="huggingface:lab/tagger",
    kind="model",
    name="Jet tagger",
    provenance=Provenance(source="huggingface", source_id="lab/tagger"),
    identifiers=(Identifier("huggingface", "lab/tagger"),),
    date_created="2021-06",
)


def changed(record, **fields):
    return msgspec.structs.replace(record, **fields)


def attributes(record):
    return json.loads(datacite.write(record))


def texts(record, path):
    return [item.text for item in ET.fromstring(datacite_xml.write(record)).findall(path, {"": KERNEL[1:-1]})]


def test_the_harvester_reads_what_is_written_as_the_format_does():
    harvester = harvesters.get("datacite")
    document = attributes(FULL)
    found = datacite.read(datacite.write(FULL)).understood
    assert harvester.to_record(document) == found
    assert harvester.to_record({"data": {"type": "dois", "attributes": document}}) == found
    assert datacite.read(json.dumps({"data": {"attributes": document}})).understood == found


SAME = (
    *("identifier", "kind", "name", "creators", "version", "publisher", "license", "keywords", "language"),
    *("description", "alternate_names", "formats", "date_created", "date_modified"),
)


@BOTH
def test_packaged_records_come_back(view):
    """But for licences that were stated without saying whether later versions are meant, as in `license`."""
    known = [record for record in catalogue.records() if record.year is not None]
    assert len(known) > 100
    for record in known:
        found = view.read(view.write(record)).understood
        differing = {name for name in SAME if getattr(found, name) != getattr(record, name)}
        assert differing <= ({"license"} if record.license is None else set()), record.identifier
        assert found.date_published == (record.date_published or str(record.year))
        # An identifier of fairreg's catalogue has no address, and DataCite no type for it.
        known_elsewhere = (item for item in record.relations if item.target.url)
        targets = {(item.type, item.target.key) for item in known_elsewhere}
        assert targets <= {(item.type, item.target.key) for item in found.relations}


def test_the_xml_says_what_the_json_says():
    found, other = (view.read(view.write(FULL)).understood for view in (datacite, datacite_xml))
    # The addresses of files have no place in the XML.
    alone = {"distributions": (), "frameworks": (), "provenance": other.provenance}
    assert changed(found, **alone) == changed(other, **alone)


@BOTH
def test_what_a_record_does_not_state_has_the_code_of_the_standard(view):
    found = attributes(BARE)
    assert found["creators"] == [{"name": ":unav"}]
    assert found["publisher"] == {"name": ":unav"}
    assert "doi" not in found
    assert texts(BARE, "identifier") == [":unas"]
    assert texts(BARE, "creators/creator/creatorName") == texts(BARE, "publisher") == [":unav"]
    read = view.read(view.write(BARE)).understood
    assert (read.creators, read.publisher, read.doi) == ((), None, None)
    assert read.identifier == BARE.identifier


@BOTH
@pytest.mark.parametrize(
    ("identifier", "known"),
    [
        ("arxiv:2004.08262", (Identifier("arxiv", "2004.08262"), Identifier("github", "lab/tagger"))),
        ("doi:10.1234/all", (Identifier("concept_doi", "10.1234/all"),)),
        ("catalogue:tagger-1", (Identifier("github", "lab/tagger"),)),
    ],
)
def test_a_record_without_a_doi_of_its_own_is_known_by_its_main_identifier(view, identifier, known):
    record = changed(BARE, identifier=identifier, identifiers=known)
    found = view.read(view.write(record)).understood
    assert found.identifier == identifier
    assert found.relations == ()


@BOTH
def test_a_record_without_any_date_is_refused_and_the_fields_are_named(view):
    with pytest.raises(RecordError, match="date_published nor date_created") as caught:
        view.write(changed(BARE, date_created=None, date_modified="2022-01-01"))
    assert "huggingface:lab/tagger has no year of publication" in caught.value.message
    assert caught.value.hint


def test_a_name_without_a_printable_character_gives_place_to_the_identifier():
    assert attributes(changed(BARE, name="\x00\x1b"))["titles"] == [{"title": "huggingface:lab/tagger"}]


@BOTH
@pytest.mark.parametrize("kind", get_args(RelationType))
def test_every_relation_comes_back(view, kind):
    relation = Relation(type=kind, target=Identifier("doi", "10.1234/other"))
    if kind == "is_version_of":
        relation = msgspec.structs.replace(relation, target=Identifier("url", "https://example.org/all"))
    record = changed(FULL, identifiers=FULL.identifiers[:1], relations=(relation,))
    assert view.read(view.write(record)).understood.relations == (relation,)


@pytest.mark.parametrize(
    ("stated", "written"),
    [
        (None, ("Other", None)),
        ("Other: is output of", ("Other", "is output of")),
        ("is output of", ("Other", "is output of")),
        ("Reviews", ("Reviews", None)),
        ("isPublishedIn: chapter 7", ("IsPublishedIn", "chapter 7")),
    ],
)
def test_a_relation_without_a_type_of_its_own_keeps_the_words_of_its_source(stated, written):
    relation = Relation(type="related_to", target=Identifier("doi", "10.1234/o"), stated_type=stated)
    assert stated_relation(relation) == written
    again = typed_relation(relation.target, written[0], more=written[1])
    assert stated_relation(again) == written


def test_training_data_is_told_from_other_origins():
    (found,) = [
        item for item in attributes(FULL)["relatedIdentifiers"] if item["relationType"] == "IsDerivedFrom"
    ]
    assert found["relationTypeInformation"] == "trained on"


def test_people_bodies_and_institutions_have_their_identifiers():
    people = (
        Creator(name="Curie, Marie", orcid="0000-0002-5076-7096", affiliation="CERN; INFN",
                affiliation_rors=("01ggx4157", "005ta0471")),
        Creator(name="Ada Rossi", affiliation="CERN; INFN", affiliation_rors=("01ggx4157",)),
        Creator(name="CMS Collaboration", kind="organization", ror="01ggx4157"),
    )  # fmt: skip
    curie, rossi, cms = attributes(changed(FULL, creators=people))["creators"]
    assert (curie["familyName"], curie["givenName"], curie["nameType"]) == ("Curie", "Marie", "Personal")
    assert curie["nameIdentifiers"][0]["nameIdentifier"] == "https://orcid.org/0000-0002-5076-7096"
    assert [item["affiliationIdentifier"] for item in curie["affiliation"]] == [
        "https://ror.org/01ggx4157",
        "https://ror.org/005ta0471",
    ]
    # Which of the names is the family's, and which institution the identifier is of, is not stated.
    assert "familyName" not in rossi
    assert rossi["affiliation"] == [{"name": "CERN"}, {"name": "INFN"}]
    assert (cms["nameType"], cms["nameIdentifiers"][0]["nameIdentifierScheme"]) == ("Organizational", "ROR")


@pytest.mark.parametrize(
    ("level", "term"),
    [("open", "openAccess"), ("gated", "restrictedAccess"), ("closed", "closedAccess")],
)
def test_access_is_in_the_terms_of_repositories(level, term):
    stated = attributes(changed(FULL, access=Access(level=level)))["rightsList"]
    assert stated[-1]["rightsUri"] == f"info:eu-repo/semantics/{term}"


def test_the_end_of_an_embargo_is_the_date_when_the_work_is_available():
    record = changed(FULL, access=Access(level="embargoed", until="2030-01-01"))
    assert {"date": "2030-01-01", "dateType": "Available"} in attributes(record)["dates"]


def test_further_texts_do_not_pass_for_an_abstract():
    assert "descriptions" not in attributes(changed(FULL, description=None))
    assert datacite.read(datacite.write(changed(FULL, description=None))).understood.description is None


@BOTH
def test_descriptions_that_no_field_holds_are_named(view):
    assert view.read(view.write(FULL)).left_out == ("descriptions.description",)


@pytest.mark.parametrize(
    "document",
    [
        "<!DOCTYPE r [<!ENTITY a 'x'>]><resource/>",
        "<records/>",
        "<resource>",
        "\x00",
        "",
        "<resource xmlns='http://datacite.org/schema/kernel-4'/>",
        "{}",
        "<a>" * 100_000,
        "<resource>" + "<titles><title>" * 20_000 + "</title></titles>" * 20_000 + "</resource>",
    ],
)
def test_xml_that_is_no_record_is_refused_in_a_sentence(document):
    with pytest.raises(RecordError) as caught:
        datacite_xml.read(document, name="some file")
    assert caught.value.message.endswith(".")
    assert caught.value.message.startswith("some file ")


def test_a_resource_inside_of_an_envelope_is_read():
    resource = datacite_xml.write(FULL).partition("\n")[2]
    envelope = f"<oai_datacite><payload>{resource}</payload></oai_datacite>"
    assert datacite_xml.read(envelope).understood == datacite_xml.read(datacite_xml.write(FULL)).understood


def test_a_collaboration_is_an_organisation_as_in_the_other_formats():
    people = (Creator(name="ATLAS Collaboration"), Creator(name="Rossi, Ada"))
    stated = attributes(changed(FULL, creators=people))["creators"]
    assert [item["nameType"] for item in stated] == ["Organizational", "Personal"]
