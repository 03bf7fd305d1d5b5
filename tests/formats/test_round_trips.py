# SPDX-License-Identifier: MIT
"""Every format that is read gives back the facts that it can hold; docs/formats.md lists the rest.

Records are generated: people and groups in several scripts, with and without ORCID and affiliation, in order;
licences, identifiers, dates, files with checksums, relations, keywords, training data and results.
"""

import datetime as dt

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairreg import formats
from fairreg.formats import (
    bibtex,
    cff,
    codemeta,
    datacite,
    datacite_xml,
    fair4ml,
    jsonld,
    model_card,
    zenodo,
)
from fairreg.formats import json as plain_json
from fairreg.formats.creator_names import is_group
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import (
    Access,
    Creator,
    Distribution,
    Evaluation,
    ModelRecord,
    Provenance,
    Relation,
)
from support.examples import examples
from support.full_record import FULL

usual = settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

FAMILIES = st.sampled_from(
    [
        "Rossi",
        "Müller-Lüdenscheidt",
        "van der Berg",
        "O'Neill",
        "Иванова",
        "李",
        "الخوارزمي",
        "Παπαδοπούλου",
        "Ðỗ",
    ]
)
GIVEN = st.sampled_from(["Ada", "B.", "Анна", "明", "Jean-Luc", "محمد", "Ελένη", "José María"])
GROUPS = st.sampled_from(
    [
        "CMS Collaboration",
        "ATLAS",
        "DZero and CDF Collaborations",
        "University of Jets",
        "国家实验室",
        "A & Co.",
    ]
)
ORCIDS = st.none() | st.sampled_from(["0000-0002-1825-0097", "0000-0002-5076-7096", "0000-0003-1642-5794"])
HOMES = st.none() | st.sampled_from(["CERN", "Universität Zürich", "中国科学院", "Institute of Jets; Hall 5"])
PEOPLE = st.builds(
    lambda family, given, orcid, home: Creator(name=f"{family}, {given}", orcid=orcid, affiliation=home),
    FAMILIES, GIVEN, ORCIDS, HOMES,
)  # fmt: skip
BODIES = st.builds(
    lambda name, home: Creator(name=name, affiliation=home, kind="organization"), GROUPS, HOMES
)
LICENCES = st.none() | st.sampled_from(
    ["MIT", "CC-BY-4.0", "Apache-2.0", "GPL-3.0-or-later", "MIT OR Apache-2.0"]
)
DAYS = st.none() | st.dates(dt.date(1990, 1, 1), dt.date(2030, 1, 1)).map(str)
SLUGS = st.text("abcdefgh0123", min_size=1, max_size=8)
WORDS = st.sampled_from(["jets", "Higgs boson", "b-tagging", "метки", "神经网络", "graph networks", "H→bb"])
# No slug of zeros: "zenodo.0" is the template of an identifier.
DOIS = SLUGS.map(lambda slug: f"10.5281/zenodo.7{slug}")
TARGETS = st.one_of(
    DOIS.map(lambda doi: Identifier("doi", doi)),
    SLUGS.map(lambda slug: Identifier("url", f"https://example.org/{slug}")),
)
FILES = st.builds(
    lambda slug, size, digest: Distribution(
        name=f"{slug}.onnx",
        url=f"https://example.org/{slug}.onnx",
        size=size,
        checksums=(f"sha256:{digest:064x}",),
    ),
    SLUGS, st.integers(0, 2**50), st.integers(0, 2**256 - 1),
)  # fmt: skip


ACCESS = [
    None,
    Access(level="open"),
    Access(level="restricted", conditions="Ask the collaboration."),
    Access(level="embargoed", until="2030-01-01"),
]


@st.composite
def stated_records(draw):
    """A record as a source states it, with facts of every kind."""
    doi, concept, paper = (draw(DOIS) for _ in range(3))
    identifiers = [
        Identifier("doi", doi),
        Identifier("concept_doi", f"{concept}c"),
        Identifier("paper_doi", f"{paper}p"),
    ]
    identifiers += [Identifier("swhid", "swh:1:rev:" + draw(st.sampled_from(["a", "1"])) * 40)]
    kinds = st.sampled_from(
        ["trained_on", "cites", "is_part_of", "references", "has_part", "is_documented_by"]
    )
    relations = st.builds(lambda kind, target: Relation(type=kind, target=target), kinds, TARGETS)
    return ModelRecord(
        identifier=f"doi:{doi}",
        kind=draw(st.sampled_from(["model", "software", "dataset"])),
        name=draw(st.sampled_from(["Jet tagger", "粒子识别", "Теггер струй 2", "Hbb tagger: v2 (CMS)"])),
        provenance=Provenance(source="zenodo", source_id=doi),
        description=draw(st.none() | st.just("Tells jets apart.")),
        identifiers=tuple(identifiers),
        version=draw(st.none() | st.sampled_from(["1.0", "v2", "2024.03", "1"])),
        creators=tuple(draw(st.lists(PEOPLE | BODIES, min_size=1, max_size=5))),
        publisher=draw(st.none() | st.just("Zenodo")),
        license=draw(LICENCES),
        keywords=tuple(draw(st.lists(WORDS, unique=True, max_size=4))),
        date_created=draw(DAYS),
        date_published=draw(DAYS),
        date_modified=draw(DAYS),
        distributions=tuple(draw(st.lists(FILES, max_size=3))),
        relations=tuple(draw(st.lists(relations, max_size=4, unique_by=str))),
        evaluations=(Evaluation(metric="AUC", value="0.99", dataset="jets", split="test"),),
        access=draw(st.sampled_from(ACCESS)),
    )  # fmt: skip


def read(view, record):
    reading = view.read(view.write(record))
    assert reading.left_out == ()
    return reading.understood


@pytest.mark.parametrize("view", [plain_json, jsonld, fair4ml], ids=lambda view: view.NAME)
@usual
@given(record=stated_records())
def test_a_format_for_whole_records_loses_nothing(view, record):
    assert read(view, record) == record
    assert formats.read_record(view.write(record)).understood == record


def without_homes_of_groups(creators):
    """The files of software have no affiliation of a group."""
    return tuple(
        msgspec.structs.replace(item, affiliation=None) if item.kind == "organization" else item
        for item in creators
    )


def related(record, *types):
    return {(item.type, item.target.key) for item in record.relations if item.type in types}


@usual
@given(record=stated_records())
def test_codemeta_keeps_people_licence_dates_words_and_works(record):
    found = read(codemeta, record)
    people = without_homes_of_groups(record.creators)
    # A person listed twice under one ORCID is one person, as where the file is added.
    persons = {item.orcid or place: item for place, item in reversed(list(enumerate(people)))}
    once = [item for place, item in enumerate(people) if persons[item.orcid or place] is item]
    assert [(item.orcid, item.kind) for item in found.creators] == [(item.orcid, item.kind) for item in once]
    if len(once) == len(people):
        assert found.creators == people
    assert (found.title, found.version, found.publisher) == (record.name, record.version, record.publisher)
    assert (found.created, found.released, found.modified) == (
        record.date_created, record.date_published, record.date_modified,
    )  # fmt: skip
    assert alternatives(found.license) == alternatives(record.license)
    assert found.keywords == record.keywords
    assert {item.value for item in found.identifiers} == {record.doi, record.value_of("paper_doi")}
    assert related(found, "is_part_of") == related(record, "is_part_of")
    assert related(found, "cites") == {
        *related(record, "cites"), ("cites", ("doi", record.value_of("paper_doi"))),
    }  # fmt: skip


@usual
@given(record=stated_records())
def test_codemeta_is_added_as_the_same_record(record):
    found = formats.read_record(codemeta.write(record)).understood
    assert (found.identifier, found.name, found.version) == (record.identifier, record.name, record.version)
    # A person listed twice under one ORCID is one person.
    known = [item.orcid for item in record.creators if item.orcid]
    if len(known) == len(set(known)):
        assert [(item.orcid, item.affiliation, item.kind) for item in found.creators] == [
            (item.orcid, item.affiliation, item.kind) for item in without_homes_of_groups(record.creators)
        ]
    assert alternatives(found.license) == alternatives(record.license)
    assert found.keywords == record.keywords
    assert (found.date_created, found.date_published, found.date_modified) == (
        record.date_created, record.date_published, record.date_modified,
    )  # fmt: skip
    assert related(found, "is_part_of") == related(record, "is_part_of")


@pytest.mark.parametrize(
    ("kind", "doi", "said"),
    [
        (
            "model",
            "10.1234/a",
            "If you use this model, please cite it by the DOI of the version that you used.",
        ),
        ("dataset", None, "If you use this dataset, please cite it."),
        ("software", None, "If you use this software, please cite it."),
    ],
)
def test_the_message_of_a_citation_names_the_kind_and_a_doi_only_where_there_is_one(kind, doi, said):
    identifiers = (Identifier("doi", doi),) if doi else ()
    record = ModelRecord("me:1", kind, "x", Provenance("me", "1"), identifiers=identifiers)
    assert cff.document(record)["message"] == said


def alternatives(expression):
    return expression and sorted(expression.split(" OR "))


@usual
@given(record=stated_records())
def test_citation_cff_keeps_people_licence_day_and_identifiers(record):
    text = cff.write(record)
    found = read(cff, record)
    # The schema refuses the same author twice, which a record may say.
    people = without_homes_of_groups(record.creators)
    assert cff.is_valid(text)
    assert found.creators == tuple(dict.fromkeys(people))
    assert (found.title, found.version, found.released) == (
        record.name,
        record.version,
        record.date_published,
    )
    # A list of licences means OR; its reader sorts them.
    assert found.license == (" OR ".join(sorted((record.license or "").split(" OR "))) or None)
    assert found.keywords == record.keywords
    for scheme, kept in (("concept_doi", "concept_doi"), ("swhid", "swhid"), ("doi", "related_doi")):
        assert record.value_of(scheme) in {item.value for item in found.identifiers if item.scheme == kept}


@usual
@given(record=stated_records())
def test_zenodo_json_keeps_people_licence_words_and_works(record):
    found = read(zenodo, record)
    assert [(item.name, item.orcid, item.affiliation) for item in found.creators] == [
        (item.name, item.orcid, item.affiliation) for item in record.creators
    ]
    assert [item.kind for item in found.creators if is_group(item)] == [
        "organization" for item in found.creators if is_group(item)
    ]
    assert alternatives(found.license) == alternatives(record.license)
    assert (found.keywords, found.access) == (record.keywords, record.access)
    kept = ("cites", "is_part_of", "references", "has_part", "is_documented_by")
    assert related(found, *kept) == related(record, *kept)
    assert {item.target.key for item in found.relations if item.type == "is_derived_from"} == {
        item.key for item in record.related("trained_on")
    }


@usual
@given(record=stated_records())
def test_a_model_card_keeps_licence_words_and_papers(record):
    found = read(model_card, record)
    assert found.keywords == record.keywords
    assert found.license == (record.license if " OR " not in (record.license or "") else None)
    assert record.doi in {item.value for item in found.identifiers}


@pytest.mark.parametrize(
    ("base", "written"),
    [
        (Identifier("huggingface", "lab/base"), "lab/base"),
        (Identifier("doi", "10.5281/zenodo.77"), "10.5281/zenodo.77"),
        (Identifier("url", "https://example.org/base"), "https://example.org/base"),
    ],
)
def test_a_model_card_names_the_model_that_it_starts_from(base, written):
    relation = Relation(type="fine_tuned_from", target=base)
    text = model_card.write(msgspec.structs.replace(FULL, relations=(relation,)))
    assert f"base_model:\n- {written}\n" in text
    found = model_card.read(text).understood.relations
    assert [(item.type, item.target) for item in found] == [("fine_tuned_from", base)]


@pytest.mark.parametrize("view", [datacite, datacite_xml], ids=lambda view: view.NAME)
@usual
@given(record=stated_records().filter(lambda record: record.year is not None))
def test_datacite_is_read_as_the_same_record_where_it_can_hold_it(view, record):
    found = view.read(view.write(record)).understood
    same = ("identifier", "name", "creators", "version", "publisher", "license", "keywords", "description")
    same += ("date_created", "date_modified")
    assert {name: getattr(found, name) for name in same} == {name: getattr(record, name) for name in same}
    assert found.kind in {record.kind, "model"}
    # Without a date of publication the year of creation is that of publication, which is mandatory.
    assert found.date_published == (record.date_published or str(record.year))
    assert (found.doi, found.concept_doi) == (record.doi, record.concept_doi)
    assert found.value_of("swhid") == record.value_of("swhid")
    about = ("doi", record.value_of("paper_doi"))
    concept = ("doi", record.concept_doi)
    assert {(item.type, item.target.key) for item in found.relations} == {
        *((item.type, item.target.key) for item in record.relations),
        ("is_described_by", about),
        ("is_version_of", concept),
    }
    assert (found.access and found.access.level) == (record.access and record.access.level)
    assert (found.access and found.access.until) == (record.access and record.access.until)
    files = [item.url for item in record.distributions]
    assert [item.url for item in found.distributions] == (
        list(dict.fromkeys(files)) if view is datacite else []
    )


def test_formats_that_are_written_only_are_listed_as_such():
    written_only = {view.NAME for view in formats.all_formats() if not hasattr(view, "read")}
    assert written_only == {"bibtex", "csl", "dlhub", "dublin-core", "prov", "ris", "schema-org", "turtle"}
    assert not hasattr(bibtex, "read")


@pytest.mark.parametrize(
    ("licence", "words"),
    [
        ("MIT", ["license: mit"]),
        ("GPL-3.0-only", ["license: gpl-3.0"]),
        (
            "GPL-3.0-or-later",
            ["license: other", "license_name: gpl-3.0-or-later", "license_link: https://spdx"],
        ),
    ],
)
def test_a_card_has_words_for_licences_that_the_hub_takes(licence, words):
    text = model_card.write(msgspec.structs.replace(FULL, license=licence, license_stated=None))
    assert all(word in text for word in words)
    read = model_card.read(text)
    assert (read.understood.license, read.understood.license_stated) == (licence, None)
    assert not {"license_name", "license_link"} & set(read.left_out)
