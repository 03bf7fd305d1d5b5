# SPDX-License-Identifier: MIT
"""Filters by author, year and training data, and values that no record has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairreg.errors import IdentifierError, UsageError
from fairreg.registry import Registry
from fairreg.registry.db.row_mapping import author_values
from fairreg.registry.search.asked_values import AskedAuthor, Years
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Creator, ModelRecord, Provenance, Relation
from registry.conftest import RecordMaker as Make

ORCID = "0000-0002-5076-7096"
NAMES = (
    "Javier Mauricio Duarte",
    "Duarte, J. M.",
    "Müller, Jan-Peter",
    "Guillaume Quétant",
    "CMS Collaboration",
)


@pytest.fixture
def people(registry: Registry, make_record: Make) -> Registry:
    """Five records, each by one creator of NAMES; the first has an ORCID."""
    for number, name in enumerate(NAMES):
        creator = Creator(name=name, orcid=None if number else ORCID)
        registry.put(make_record("zenodo", str(number), creators=(creator, Creator(name="Ann Other"))))
    return registry


def made_by(registry: Registry, *authors: str) -> set[int]:
    hits = registry.search("", author=authors, limit=None).hits
    return {int(hit.record.provenance.source_id) for hit in hits}


@pytest.mark.sliced(7)
@pytest.mark.parametrize(
    ("author", "found"),
    [
        ("Duarte", {0, 1}),
        ("DUARTE, javier", {0, 1}),
        ("Javier Duarte", {0, 1}),
        ("Duarte, J.", {0, 1}),
        ("J. Duarte", {0, 1}),
        ("Mauricio", {0}),
        ("Duarte, D.", set()),  # the initial stands for another name than the one that is written out
        ("Javier Other", set()),  # of two creators
        ("Duart", set()),
        (ORCID, {0}),
        (f"https://orcid.org/{ORCID}", {0}),
        ("0000-0002-1825-0097", set()),
        ("muller", {2}),
        ("Mueller, J. P.", {2}),
        ("Peter Müller", {2}),
        ("quetant", {3}),
        ("QUÉTANT G", {3}),
        ("cms collaboration", {4}),
        ("%", set()),
        ("", set()),
    ],
)
def test_an_author_is_found_by_any_spelling_of_the_name(
    people: Registry, author: str, found: set[int]
) -> None:
    assert made_by(people, author) == found


def test_several_authors_are_alternatives(people: Registry) -> None:
    assert made_by(people, "Quétant", "Müller") == {2, 3}


def test_a_name_that_changes_leaves_nothing_behind(people: Registry, make_record: Make) -> None:
    people.put(make_record("zenodo", "3", creators=(Creator(name="Somebody New"),)))
    assert made_by(people, "Quétant") == set()
    assert made_by(people, "new") == {3}


words = st.text(st.characters(categories=["Lu", "Ll"], max_codepoint=0x24F), min_size=2, max_size=8)


@given(st.lists(words, min_size=1, max_size=4))
def test_every_word_of_a_name_finds_its_author(name: list[str]) -> None:
    family, *given_names = name
    creator = Creator(name=f"{family}, {' '.join(given_names)}")
    keys = author_values(_by(creator))
    turned = author_values(_by(Creator(name=f"{' '.join(given_names)} {family}")))
    assert keys.keys() == turned.keys()
    for word in name:
        assert AskedAuthor.of(word).made(_by(creator))


def _by(creator: Creator) -> ModelRecord:
    return ModelRecord(
        identifier="x:1", kind="model", name="net", provenance=Provenance("x", "1"), creators=(creator,)
    )


def test_keys_of_hostile_names_stay_short() -> None:
    creators = (Creator(name="x" * 100_000), Creator(name="Łukasz ﷺ " * 10_000), Creator(name="\u202e, ."))
    keys = author_values(_by(creators[0])) | author_values(_by(creators[1])) | author_values(_by(creators[2]))
    assert len(keys) <= 40
    assert max(len(key.encode()) for key in keys) <= 1300


@pytest.mark.sliced(3)
@pytest.mark.parametrize(
    ("years", "found"),
    [
        ("2021", {2021}),
        (2021, {2021}),
        ("2020-2022", {2020, 2021, 2022}),
        ("2020\u20132021", {2020, 2021}),
        ("-2020", {2018, 2020}),
        ("2021-", {2021, 2022}),
        (" 2018 - 2020 ", {2018, 2020}),
        (["2018", "2022-"], {2018, 2022}),
    ],
)
def test_years_are_single_or_ranges_with_open_ends(
    registry: Registry, make_record: Make, years: object, found: set[int]
) -> None:
    for year in (None, 2018, 2020, 2021, 2022):
        registry.put(make_record("zenodo", f"of {year}", date_published=year and str(year)))
    assert {hit.record.year for hit in registry.search("", year=years).hits} == found


@pytest.mark.parametrize("years", ["", "-", "21", "2021-22", "20212022", "two", "2021--", "٢٠٢١", True])
def test_a_text_that_is_no_year_is_refused(years: object) -> None:
    with pytest.raises(UsageError, match="is not a year or a range of years") as caught:
        Years.of(years)
    assert caught.value.hint == "Give a year such as 2021, or a range: 2020-2023, -2019 or 2022-."


def test_years_that_end_before_they_begin_are_refused() -> None:
    with pytest.raises(UsageError, match="The years 2023-2020 end before they begin"):
        Years.of("2023-2020")


@given(st.text(max_size=12))
def test_any_other_text_is_refused_or_read(text: str) -> None:
    try:
        years = Years.of(text)
    except UsageError:
        return
    assert years.first is not None or years.last is not None


DATA, CONCEPT = Identifier("doi", "10.5281/zenodo.100"), Identifier("concept_doi", "10.5281/zenodo.99")


@pytest.mark.parametrize(
    "asked", ["10.5281/zenodo.100", "https://doi.org/10.5281/ZENODO.100", "https://zenodo.org/records/100"]
)
def test_training_data_are_found_by_any_spelling(registry: Registry, make_record: Make, asked: str) -> None:
    registry.put(make_record("github", "o/net", relations=(Relation(type="trained_on", target=DATA),)))
    registry.put(make_record("github", "o/test", relations=(Relation(type="tested_on", target=DATA),)))
    (hit,) = registry.search("", trained_on=asked).hits
    assert hit.record.provenance.source_id == "o/net"


def test_training_data_are_found_by_what_else_the_registry_knows_of_them(
    registry: Registry, make_record: Make
) -> None:
    hub = Identifier("huggingface", "datasets/o/jets")
    paper = Identifier("paper_doi", "10.1103/paper")
    registry.put(make_record("zenodo", "100", kind="dataset", identifiers=(DATA, CONCEPT, hub, paper)))
    registry.put(make_record("github", "o/net", relations=(Relation(type="trained_on", target=hub),)))
    other = Relation(type="trained_on", target=Identifier("doi", paper.value))
    registry.put(make_record("github", "o/other", relations=(other,)))
    for asked in ("10.5281/zenodo.100", "10.5281/zenodo.99", hub.compact):
        (hit,) = registry.search("", trained_on=asked).hits
        assert hit.record.provenance.source_id == "o/net"
    chosen = registry.listing.filters(trained_on="10.5281/zenodo.99")
    assert [entry.identifier for entry in registry.listing.entries() if chosen.met_by(entry)] == [
        "github:o/net"
    ]


def test_what_is_no_identifier_is_refused(read_only_registry: Registry) -> None:
    with pytest.raises(IdentifierError):
        read_only_registry.search("", trained_on="some data")


@pytest.mark.parametrize(
    ("chosen", "similar", "frequent"),
    [
        ({"task": "top taging"}, "top-tagging", "calorimeter simulation"),
        ({"framework": "pytorhc"}, "pytorch", "tensorflow"),
        ({"license": "NoSuchLicence-1.0"}, None, "MIT"),
        ({"source": "arxiv"}, None, "catalogue"),
        ({"kind": "modell"}, "model", "dataset"),
        ({"author": "Duerte, Xavier"}, "Javier Duarte", None),
        ({"year": 1066}, None, "2014-2026"),
        ({"trained_on": "10.5281/zenodo.1"}, None, "doi:10.5281/zenodo.6619768"),
    ],
)
def test_a_value_that_nothing_has_comes_with_those_there_are(
    read_only_registry: Registry, chosen: dict[str, str], similar: str | None, frequent: str | None
) -> None:
    results = read_only_registry.search("jets", **chosen)
    assert results.total == 0
    (value,) = results.unheld
    assert {value.name: value.asked} == {name: str(asked) for name, asked in chosen.items()}
    assert similar is None or similar in value.similar
    assert frequent is None or frequent in value.frequent


def test_a_value_that_some_record_has_is_not_to_blame(read_only_registry: Registry) -> None:
    assert read_only_registry.search("zzzzqq", license="gpl", author="duarte").unheld == ()
    assert read_only_registry.search("", license="GPL").total == 5
    assert read_only_registry.search("", license="gpl-3.0-ONLY").total == 2


def test_among_several_values_the_unknown_one_is_named(read_only_registry: Registry) -> None:
    results = read_only_registry.search("", license=["MIT", "NIT"])
    assert results.total > 0
    (value,) = results.unheld
    assert (value.asked, value.similar) == ("NIT", ("MIT",))


@given(st.text(max_size=20), st.sampled_from(["source", "kind", "task", "framework", "license", "author"]))
def test_no_value_breaks_a_filter(read_only_registry: Registry, text: str, name: str) -> None:
    results = read_only_registry.search("", **{name: text}, limit=1)
    assert results.total > 0 or text.strip() == "" or results.unheld


def test_long_values_are_cut_in_what_is_said(read_only_registry: Registry) -> None:
    (value,) = read_only_registry.search("", task="tagging " * 10_000).unheld
    assert len(value.asked) <= 80
