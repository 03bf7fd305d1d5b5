# SPDX-License-Identifier: MIT
"""Search filters: SQL and Python agree, and a new one is one definition."""

import inspect
from typing import get_type_hints

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from fairreg.cli.search import search as search_command
from fairreg.errors import UsageError
from fairreg.registry import Entry, Registry
from fairreg.registry.db.tables import entries
from fairreg.registry.search import filters
from fairreg.registry.search.filters import FILTERS, Filters, FilterValues
from fairreg.schemas.identifiers import parse
from fairreg.schemas.record import Access, Creator, Distribution, ModelRecord, Provenance, Relation
from registry.conftest import RecordMaker as Make
from support.examples import examples

TEXTS = (
    *("PyTorch", "pytorch", "ONNX Runtime", "Jet  Tagging", "jet tagging", "tagging", "jet", "top-tagging"),
    *("H→bb", "→", "", " ", "Müller", "muller", "straße", "organ", "gan", "I", "ı", "İ"),
    *("a%b", "_", "%", "\0", "\ud800"),
)
LICENSES = (
    "CC-BY-4.0",
    "CC-BY",
    "cc",
    "MIT",
    "mit ",
    "Ünlizenz",
    "ÜNLIZENZ",
    "GPL-3.0-only",
    "",
    "-",
    "X-\\%_1",
)
AUTHORS = (
    *("Javier Duarte", "Duarte, Javier", "duarte, j.", "J. Duarte", "DUARTE", "D. Javier", "J. D.", "Duart"),
    *(
        "Müller, Jan-Peter",
        "jan mueller",
        "van der Berg",
        "berg v d",
        "李明",
        "→",
        "j",
        "王",
        "0000-0002-5076-7096",
    ),
    *("https://orcid.org/0000-0002-5076-7096", "0000-0002-5076-7096", "0000-0002-5076-7097", "a%b"),
    "Jones, J. (CMS Collaboration)",
)
DATA = (
    *("doi:10.5281/zenodo.6619768", "https://doi.org/10.5281/ZENODO.6619768", "zenodo:6619768"),
    *("arXiv:1902.08570", "huggingface:datasets/jet-universe/jetclass2", "10.1234/other"),
)
YEARS = (2019, "2019", "2019-2021", "-2020", "2020-", "2021\u20132022")
KINDS = ("model", "dataset", "software")
SOURCES = ("zenodo", "huggingface", "Gitea Über", "fairreg")

free = st.text(max_size=6)
stored = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
storable = st.sampled_from([text for text in TEXTS if text.isprintable()]) | stored
scores = st.sampled_from([0.0, 0.25, 0.5, 1.0])


def several(values):
    return st.none() | values | st.lists(values, max_size=3)


names = st.sampled_from(AUTHORS) | stored.filter(len)
orcids = st.just("0000-0002-5076-7096")
trained = st.sampled_from(["trained_on", "tested_on"])
data = st.sampled_from(DATA).map(parse)
records = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(KINDS),
        "license": st.none() | st.sampled_from([text.strip() for text in LICENSES]) | stored,
        "ml_task": st.lists(storable, max_size=2).map(tuple),
        "frameworks": st.lists(storable, max_size=2).map(tuple),
        "distributions": st.sampled_from([(), (Distribution(name="net.onnx"),)]),
        "access": st.sampled_from([None, Access(level="open"), Access(level="closed")]),
        "creators": st.lists(st.builds(Creator, name=names, orcid=st.none() | orcids), max_size=3).map(tuple),
        "date_published": st.none() | st.sampled_from(["2019", "2020-05", "2021-01-02"]),
        "relations": st.lists(st.builds(Relation, type=trained, target=data), max_size=2).map(tuple),
    }
)
# What a registry holds of a model: its source, the record, whether it is gone, its score.
held = st.tuples(st.sampled_from(SOURCES[:3]), records, st.booleans(), st.none() | scores)
asked = st.fixed_dictionaries(
    {},
    optional={
        "source": several(st.sampled_from([*SOURCES, "ZENODO", "gitea uber"]) | free),
        "task": several(st.sampled_from(TEXTS) | free),
        "framework": several(st.sampled_from(TEXTS) | free),
        "license": several(st.sampled_from(LICENSES) | free),
        "kind": several(st.sampled_from([*KINDS, "Model", "DATASET"]) | free),
        "runnable": st.none() | st.booleans(),
        "gone": st.none() | st.booleans(),
        "min_fair": st.none() | scores,
        "author": several(st.sampled_from(AUTHORS) | free),
        "year": several(st.sampled_from(YEARS)),
        "trained_on": several(st.sampled_from(DATA)),
    },
)
UNLICENSED = ("zenodo", {"kind": "model", "license": None, "ml_task": ("→",)}, True, None)


@settings(
    max_examples=examples(100),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(
    [UNLICENSED], [{"license": ""}, {"task": "→"}, {"task": ""}, {"source": "fairreg"}, {"min_fair": 0.0}]
)
@example([("zenodo", {"kind": "model", "license": "Ünlizenz"}, False, 0.5)], [{"license": "Ünlizenz"}])
@given(st.lists(held, min_size=1, max_size=4), st.lists(asked, min_size=5, max_size=5))
def test_sql_and_python_agree_on_what_meets_a_filter(registry: Registry, models, questions) -> None:
    for number, model in enumerate(models):
        keep(registry, number, *model)
    found = {entry.identifier: entry for entry in registry.listing.entries()}
    for values in questions:
        chosen = Filters.of(**values)
        with registry._database.reading() as connection:
            by_sql = set(connection.scalars(select(entries.c.identifier).where(*chosen.conditions())))
        assert by_sql == {name for name, entry in found.items() if chosen.met_by(entry)}, values


def keep(registry: Registry, number: int, source: str, values: dict, gone: bool, score: float | None) -> None:
    identifier = f"{source}:{number}"
    origin = Provenance(source, str(number))
    registry.put(ModelRecord(identifier=identifier, name=f"net {number}", provenance=origin, **values))
    if gone:
        registry.statements.withdraw(source, str(number), "withdrawn")
    with registry._database.writing() as connection:
        this = entries.c.identifier == identifier
        connection.execute(update(entries).where(this).values(fair_score=score))


@pytest.mark.sliced(2)
@pytest.mark.parametrize(
    "chosen", [{"source": "catalogue"}, {"task": "jet tagging"}, {"framework": "PyTorch"}, {"kind": "model"}]
)
def test_what_meets_a_filter_is_counted_by_facets(
    read_only_registry: Registry, chosen: dict[str, str]
) -> None:
    results = read_only_registry.search("", facets=True, **chosen)
    meeting = [entry for entry in read_only_registry.listing.entries() if Filters.of(**chosen).met_by(entry)]
    assert dict(results.facets["kind"])["model"] == sum(entry.record.kind == "model" for entry in meeting)


def test_every_filter_can_be_named_in_python_and_on_the_command_line() -> None:
    assert get_type_hints(FilterValues).keys() == FILTERS.keys()
    # What is gone is found with a warning, and asked for by the commands of the registry only. Authors, years
    # and training data can be asked for in Python and over HTTP.
    elsewhere = {"gone", "author", "year", "trained_on"}
    assert FILTERS.keys() - elsewhere <= inspect.signature(search_command).parameters.keys()


def test_more_values_than_a_condition_holds_are_refused(read_only_registry: Registry) -> None:
    names = [f"Name{number} A. B. C. D. E. F. G. H. I. J." for number in range(51)]
    assert read_only_registry.search("", author=names[:50], task=names[:50]).total == 0
    with pytest.raises(UsageError, match="author has 51 values"):
        read_only_registry.search("", author=names)


def test_an_unknown_filter_is_refused_with_those_there_are(registry: Registry) -> None:
    with pytest.raises(TypeError, match="unknown search filter: colour; there are kind, license"):
        registry.search("", colour="blue")


def test_the_recipe_for_a_search_filter(
    registry: Registry, make_record: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CONTRIBUTING.md, "Adding a search filter": one definition, and it works in SQL and in Python."""
    since = filters._at_least(entries.c.year, lambda entry: entry.record.year)
    monkeypatch.setitem(FILTERS, "published_since", since)
    for year in ("2019", "2022", None):
        registry.put(make_record("zenodo", f"in {year}", date_published=year))
    hits = registry.search("", published_since=2020, limit=None).hits
    assert [hit.record.year for hit in hits] == [2022]
    chosen = Filters.of(published_since=2020, kind="model")
    assert [entry.record.year for entry in registry.listing.entries() if chosen.met_by(entry)] == [2022]
    assert not chosen.met_by(
        Entry("x", make_record(kind="dataset", date_published="2022"), (), runnable=False)
    )
