# SPDX-License-Identifier: MIT
"""Properties of DataCite Metadata Schema 4.5 to 4.7 in JSON and XML; examples after its documentation.

https://datacite-metadata-schema.readthedocs.io
"""

import copy
from datetime import UTC, datetime, timedelta

import pytest

from fairreg import harvesters
from fairreg.harvesters.common.oai_pmh import read_page
from fairreg.schemas.datacite_terms import identifier_of, rors
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Access, ModelRecord, Relation
from fairreg.schemas.validation import violations

datacite, oai = harvesters.get("datacite"), harvesters.get("zenodo_oai")
SWHID = "swh:1:dir:" + "a" * 40

ATTRIBUTES = {
    "doi": "10.5281/zenodo.7",
    "titles": [{"title": "A work"}],
    "creators": [
        {
            "name": "Garcia, Sofia",
            "nameType": "Personal",
            "nameIdentifiers": [
                {"nameIdentifier": "0000-0001-5727-2427", "nameIdentifierScheme": "ORCID"},
                {"nameIdentifier": "https://isni.org/isni/0000000492299539", "nameIdentifierScheme": "ISNI"},
            ],
            "affiliation": [
                {
                    "name": "Arizona State University",
                    "affiliationIdentifier": "https://ror.org/03efmqc40",
                    "affiliationIdentifierScheme": "ROR",
                    "schemeUri": "https://ror.org",
                },
                {"name": "DataCite"},
            ],
        },
        {
            "name": "California Digital Library",
            "nameType": "Organizational",
            "nameIdentifiers": [
                {
                    "nameIdentifier": "https://ror.org/03yrm5c26",
                    "nameIdentifierScheme": "ROR",
                    "schemeUri": "https://ror.org/",
                }
            ],
            "affiliation": [],
        },
    ],
    "contributors": [{"name": "Ono, Yoko", "contributorType": "Translator"}, {"contributorType": "Editor"}],
    "types": {"resourceTypeGeneral": "Model", "resourceType": ""},
    "publicationYear": 2024,
    "relatedIdentifiers": [
        {"relatedIdentifier": SWHID, "relatedIdentifierType": "SWHID", "relationType": "IsCompiledBy"},
        {
            "relatedIdentifier": "RRID:SCR_014641",
            "relatedIdentifierType": "RRID",
            "relationType": "IsCollectedBy",
            "resourceTypeGeneral": "Instrument",
        },
        {
            "relatedIdentifier": "31253.11.sciencedb.13238",
            "relatedIdentifierType": "CSTR",
            "relationType": "Collects",
        },
        {
            "relatedIdentifier": "10.21384/p27z-6n52",
            "relatedIdentifierType": "DOI",
            "relationType": "Other",
            "relationTypeInformation": "is output of",
            "resourceTypeGeneral": "Project",
        },
        {"relatedIdentifier": "10.1234/a", "relatedIdentifierType": "DOI", "relationType": "HasTranslation"},
    ],
    "relatedItems": [
        {
            "relatedItemType": "Journal",
            "relationType": "IsPublishedIn",
            "relatedItemIdentifier": {},
            "titles": [{"title": "Physics Letters B"}],
            "volume": "776",
            "firstPage": "249",
            "lastPage": "264",
            "publicationYear": "2018",
        },
        {
            "relatedItemType": "Dataset",
            "relationType": "IsDerivedFrom",
            "relatedItemIdentifier": {
                "relatedItemIdentifier": "10.1234/b",
                "relatedItemIdentifierType": "DOI",
            },
            "titles": [{"title": "B"}],
        },
    ],
    "fundingReferences": [
        {
            "funderName": "European Commission",
            "funderIdentifier": "https://ror.org/00k4n6c32",
            "funderIdentifierType": "ROR",
            "awardNumber": "282625",
            "awardUri": "https://doi.org/10.35802/221400",
            "awardTitle": "MOTivational strength",
        },
        {"funderName": "Gordon and Betty Moore Foundation"},
    ],
}
XML = f"""<?xml version="1.0"?>
<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords><record>
<header><identifier>oai:zenodo.org:7</identifier><datestamp>2024-05-01T00:00:00Z</datestamp></header>
<metadata><resource xmlns="http://datacite.org/schema/kernel-4">
<identifier identifierType="DOI">10.5281/zenodo.7</identifier><titles><title>A work</title></titles>
<creators>
<creator><creatorName nameType="Personal">Garcia, Sofia</creatorName>
<nameIdentifier nameIdentifierScheme="ORCID">0000-0001-5727-2427</nameIdentifier>
<affiliation affiliationIdentifier="https://ror.org/03efmqc40" affiliationIdentifierScheme="ROR"
 schemeURI="https://ror.org">Arizona State University</affiliation>
<affiliation>DataCite</affiliation></creator>
<creator><creatorName nameType="Organizational">California Digital Library</creatorName>
<nameIdentifier nameIdentifierScheme="ROR" schemeURI="https://ror.org/">03yrm5c26</nameIdentifier></creator>
</creators>
<contributors><contributor contributorType="Translator"><contributorName>Ono, Yoko</contributorName>
</contributor></contributors>
<publicationYear>2024</publicationYear><resourceType resourceTypeGeneral="Model"/>
<relatedIdentifiers>
<relatedIdentifier relatedIdentifierType="SWHID" relationType="IsCompiledBy">{SWHID}</relatedIdentifier>
<relatedIdentifier relatedIdentifierType="RRID" relationType="IsCollectedBy"
 resourceTypeGeneral="Instrument">SCR_014641</relatedIdentifier>
<relatedIdentifier relatedIdentifierType="CSTR" relationType="Collects">CSTR:31253.11.sciencedb.13238
</relatedIdentifier>
<relatedIdentifier relatedIdentifierType="DOI" relationType="Other" relationTypeInformation="is output of"
 resourceTypeGeneral="Project">10.21384/p27z-6n52</relatedIdentifier>
<relatedIdentifier relatedIdentifierType="DOI" relationType="HasTranslation">10.1234/a</relatedIdentifier>
</relatedIdentifiers>
<relatedItems><relatedItem relatedItemType="Journal" relationType="IsPublishedIn">
<titles><title>Physics Letters B</title></titles><publicationYear>2018</publicationYear>
<volume>776</volume><firstPage>249</firstPage><lastPage>264</lastPage></relatedItem>
<relatedItem relatedItemType="Dataset" relationType="IsDerivedFrom">
<relatedItemIdentifier relatedItemIdentifierType="DOI">10.1234/b</relatedItemIdentifier>
<titles><title>B</title></titles></relatedItem></relatedItems>
<fundingReferences><fundingReference><funderName>European Commission</funderName>
<funderIdentifier funderIdentifierType="ROR">00k4n6c32</funderIdentifier>
<awardNumber awardURI="https://doi.org/10.35802/221400">282625</awardNumber>
<awardTitle>MOTivational strength</awardTitle></fundingReference>
<fundingReference><funderName>Gordon and Betty Moore Foundation</funderName></fundingReference>
</fundingReferences>
</resource></metadata></record></ListRecords></OAI-PMH>""".encode()


def of_xml(document: bytes) -> ModelRecord:
    return oai.to_record(read_page(document, title="Zenodo").records[0])


each = pytest.mark.parametrize("record", [datacite.to_record(ATTRIBUTES), of_xml(XML)], ids=["json", "xml"])


@each
def test_related_identifiers_and_items_and_awards_are_relations(record):
    assert record.relations == (
        Relation(type="is_compiled_by", target=Identifier("swhid", SWHID)),
        Relation(type="is_collected_by", target=Identifier("rrid", "SCR_014641"), target_kind="Instrument"),
        Relation(type="collects", target=Identifier("cstr", "31253.11.sciencedb.13238")),
        Relation(
            type="related_to",
            target=Identifier("doi", "10.21384/p27z-6n52"),
            target_kind="Project",
            stated_type="Other: is output of",
        ),
        Relation(type="related_to", target=Identifier("doi", "10.1234/a"), stated_type="HasTranslation"),
        Relation(type="is_derived_from", target=Identifier("doi", "10.1234/b"), target_kind="Dataset"),
        Relation(type="related_to", target=Identifier("doi", "10.35802/221400"), target_kind="Award"),
    )


@each
def test_ror_identifies_organisations_and_affiliations(record):
    person, organisation = record.creators
    assert (person.kind, person.orcid, person.ror) == ("person", "0000-0001-5727-2427", None)
    assert person.affiliation == "Arizona State University; DataCite"
    assert person.affiliation_rors == ("03efmqc40",)
    assert (organisation.kind, organisation.orcid, organisation.ror) == ("organization", None, "03yrm5c26")


@each
def test_funding_contributors_and_works_without_identifier_are_noted(record):
    assert record.notes.split("\n\n") == [
        (
            "Funding: European Commission (https://ror.org/00k4n6c32), award 282625: MOTivational strength "
            "(https://doi.org/10.35802/221400); Gordon and Betty Moore Foundation"
        ),
        "Contributors: Ono, Yoko (Translator)",
        "Related works: IsPublishedIn Physics Letters B, volume 776, pages 249-264, 2018",
    ]


@each
def test_a_model_is_a_model_and_the_record_survives_its_linked_data(record):
    assert (record.kind, record.stated_type) == ("model", "Model")
    assert violations(record.to_json()) == []
    assert violations(record.to_jsonld()) == []
    assert ModelRecord.from_jsonld(record.to_jsonld()) == record


@pytest.mark.parametrize(
    ("general", "detail", "kind"),
    [
        ("Model", "", "model"),
        ("Other", "Machine learning model", "model"),
        ("Other", "Modelling report", "dataset"),
        ("Other", "Model weights", "model"),
        ("Instrument", "Spectrometer", "dataset"),
        ("Award", "Grant", "dataset"),
        ("Poster", "", "dataset"),
        ("ComputationalNotebook", "", "software"),
    ],
)
def test_types_that_are_no_model_data_or_software_are_said_to_be_inferred(general, detail, kind):
    types = {"resourceTypeGeneral": general, "resourceType": detail}
    record = datacite.to_record({**ATTRIBUTES, "types": types})
    assert (record.kind, record.stated_type) == (kind, general)
    inferred = [item.evidence for item in record.provenance.origins if item.field == "kind"]
    assert bool(inferred) == (kind == "dataset")


def withdrawn_on(day: str, **more: str) -> dict[str, object]:
    return {**ATTRIBUTES, "dates": [{"date": day, "dateType": "Withdrawn", **more}]}


def test_a_date_of_withdrawal_is_said_by_the_record_and_by_the_source():
    payload = withdrawn_on("2024-03-01", dateInformation="The labels were wrong.")
    said = "withdrawn on 2024-03-01: The labels were wrong."
    assert datacite.to_record(payload).access == Access(level="closed", conditions=said)
    assert datacite.withdrawn(payload) == ("10.5281/zenodo.7", said)


@pytest.mark.parametrize("day", ["", "soon", "9999", None])
def test_a_work_that_is_still_there_is_not_withdrawn(day):
    assert datacite.withdrawn(withdrawn_on(day)) is None
    tomorrow = (datetime.now(UTC).date() + timedelta(days=1)).isoformat()
    assert datacite.withdrawn(withdrawn_on(tomorrow)) is None
    assert datacite.to_record(withdrawn_on(tomorrow)).access is None


def test_an_affiliation_that_is_only_identified_is_its_address():
    payload = copy.deepcopy(ATTRIBUTES)
    payload["creators"][0]["affiliation"] = [{"affiliationIdentifier": "https://ror.org/03efmqc40"}]
    (person, _) = datacite.to_record(payload).creators
    assert (person.affiliation, person.affiliation_rors) == ("https://ror.org/03efmqc40", ("03efmqc40",))


@pytest.mark.parametrize(
    ("text", "scheme", "value"),
    [
        ("RRID:SCR_014641", "rrid", "SCR_014641"),
        ("https://scicrunch.org/resolver/RRID:SCR_014641", "rrid", "SCR_014641"),
        ("SCR_014641", "rrid", "SCR_014641"),
        ("MGI:3840442", "rrid", "MGI:3840442"),
        ("CSTR:31253.11.sciencedb.13238", "cstr", "31253.11.sciencedb.13238"),
    ],
)
def test_one_identifier_in_several_spellings_is_one(text, scheme, value):
    assert identifier_of(text, scheme.upper()) == Identifier(scheme, value)


def test_ror_identifiers_are_read_in_any_spelling_and_nothing_else_is():
    stated = ["https://ror.org/03yrm5c26", "ror.org/03efmqc40", "03YRM5C26", "grid.5335.0", "CERN", "", None]
    assert rors(stated) == ("03yrm5c26", "03efmqc40")
