# SPDX-License-Identifier: MIT
"""Orders of results, pages by offset, and facets beside filters."""

import pytest
from sqlalchemy import event, select, text, update

from fairreg.errors import UsageError
from fairreg.registry import Registry
from fairreg.registry.db.tables import entries
from fairreg.registry.search.facets import FACETS
from fairreg.registry.search.filters import Filters
from fairreg.registry.search.sorting import SORTS, listing_order
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Creator
from registry.conftest import RecordMaker as Make

QUERIES = ("", "jet tagging", "10.5281/zenodo.7305227")


@pytest.fixture
def scored(catalogue_registry: Registry) -> Registry:
    """The catalogue, of which some entries have one of three scores."""
    with catalogue_registry._database.writing() as connection:
        few = entries.c.id % 4 == 0
        connection.execute(update(entries).where(few).values(fair_score=(entries.c.id % 3) / 2.0))
    return catalogue_registry


def named(registry: Registry, query: str, **asked: object) -> list[str]:
    return [hit.entry.identifier for hit in registry.search(query, **asked).hits]


@pytest.mark.sliced(2)
@pytest.mark.parametrize("query", QUERIES)
def test_pages_of_every_order_fit_together(scored: Registry, query: str) -> None:
    for sort in SORTS:
        every = named(scored, query, sort=sort, limit=None)
        assert len(every) == len(set(every)) == scored.search(query, sort=sort).total
        at = range(0, len(every) + 7, 7)
        assert [
            name for start in at for name in named(scored, query, sort=sort, limit=7, offset=start)
        ] == every
        assert set(every) == set(named(scored, query, limit=None))


@pytest.mark.parametrize("query", QUERIES[:2])
def test_each_order_is_what_it_says(scored: Registry, query: str) -> None:
    found = {sort: scored.search(query, sort=sort, limit=None).hits for sort in SORTS}
    years = [hit.record.year or 0 for hit in found["year"]]
    assert years == sorted(years, reverse=True)
    scores = [-1.0 if hit.entry.fair_score is None else hit.entry.fair_score for hit in found["fair"]]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 4
    names = [hit.record.name.casefold() for hit in found["name"]]
    assert names[0][0] in "234a"
    letters = [name[0] for name in names if name[0].isascii() and name[0].isalpha()]
    assert letters == sorted(letters)


def test_case_and_accents_do_not_count_in_an_order_by_name(registry: Registry, make_record: Make) -> None:
    for name in ("zebra", "Éclair", "apple", "Eagle", "Zoo", "!!"):
        registry.put(make_record("z", name, name=name))
    assert [hit.record.name for hit in registry.search("", sort="name").hits] == [
        *("!!", "apple", "Eagle", "Éclair", "zebra", "Zoo")
    ]


def test_equal_ones_are_ordered_by_relevance(registry: Registry, make_record: Make) -> None:
    registry.put(make_record("z", "1", name="grass", date_published="2020-12"))
    registry.put(make_record("z", "2", name="zebra grass", date_published="2020-01"))
    registry.put(make_record("z", "3", name="zebra", date_published="2021"))
    assert named(registry, "zebra grass", sort="year") == ["z:3", "z:2", "z:1"]


def test_a_lineage_is_one_result_that_stands_where_its_order_puts_it(
    registry: Registry, make_record: Make
) -> None:
    concept = Identifier("concept_doi", "10.1234/all")
    for number, year in ((1, 2018), (2, 2022)):
        own = Identifier("doi", f"10.1234/{number}")
        registry.put(
            make_record(
                "zenodo",
                str(number),
                identifiers=(own, concept),
                name=f"b {number}",
                date_published=str(year),
            )
        )
    registry.put(make_record("zenodo", "3", name="a", date_published="2020"))
    assert [hit.record.name for hit in registry.search("", sort="year").hits] == ["b 2", "a"]
    assert [hit.record.name for hit in registry.search("", sort="name").hits] == ["a", "b 1"]
    counted = registry.search("", facets=True).facets
    assert counted is not None
    assert dict(counted["kind"]) == {"model": 2}
    assert dict(counted["source"]) == {"zenodo": 2}
    assert dict(counted["year"]) == {"2018": 1, "2020": 1, "2022": 1}


def test_an_unknown_order_is_refused_with_those_there_are(read_only_registry: Registry) -> None:
    with pytest.raises(UsageError, match="There is no order 'size'") as caught:
        read_only_registry.search("", sort="size")
    assert caught.value.hint == "Sort by relevance, year, fair, name."


def test_no_number_is_too_large(read_only_registry: Registry) -> None:
    assert read_only_registry.search("", offset=10**30, limit=10**30).hits == ()
    assert len(read_only_registry.search("jets", limit=10**30).hits) > 20


CHOSEN = {
    "source": "catalogue",
    "kind": "model",
    "task": "jet tagging",
    "framework": "PyTorch",
    "license": "MIT",
    "year": "2022",
    "author": "Javier Duarte",
    "runnable": True,
}


@pytest.mark.sliced(7)
@pytest.mark.parametrize("query", QUERIES[:2])
@pytest.mark.parametrize("name", FACETS)
def test_a_facet_keeps_its_alternatives_under_its_own_filter(
    read_only_registry: Registry, query: str, name: str
) -> None:
    assert set(CHOSEN) == set(FACETS)
    free = read_only_registry.search(query, facets=True).facets
    chosen = read_only_registry.search(query, facets=True, **{name: CHOSEN[name]})
    assert free is not None
    assert chosen.facets is not None
    assert dict(free[name]).items() <= dict(chosen.facets[name]).items()
    # The other facets count what is left.
    other = "license" if name == "kind" else "kind"
    assert sum(dict(chosen.facets[other]).values()) <= chosen.total


@pytest.mark.parametrize("query", QUERIES[:2])
def test_the_count_of_a_value_is_the_number_of_results_that_choosing_it_gives(
    read_only_registry: Registry, query: str
) -> None:
    beside = {"kind": "model"}
    counts = read_only_registry.search(query, facets=True, **beside).facets
    assert counts is not None
    assert set(counts) == set(FACETS)
    for name, listed in counts.items():
        for value, number in listed:
            asked = value == "true" if name == "runnable" else value
            found = read_only_registry.search(query, limit=0, **{**beside, name: asked})
            assert (name, value, found.total) == (name, value, number)
        assert [number for _, number in listed] == sorted((number for _, number in listed), reverse=True)


def test_a_value_counts_what_its_words_find_and_each_model_once(
    registry: Registry, make_record: Make
) -> None:
    boosted = "boosted jet tagging"
    tasks = (("jet tagging",), ("jet tagging", boosted), (boosted,), ("tracking",))
    concept = Identifier("concept_doi", "10.1234/all")
    for number, task in enumerate(tasks):
        own = Identifier("doi", f"10.1234/{number}")
        linked = (own, concept) if number < 2 else (own,)
        names = ("Javier Duarte", "J. Duarte", "Javier M. Duarte", "Knut Zoch")
        registry.put(
            make_record(
                "zenodo",
                str(number),
                identifiers=linked,
                ml_task=task,
                creators=(Creator(name=names[number]),),
                license=("CC-BY-4.0", "CC-BY-NC-4.0", "CC-BY", "MIT")[number],
            )
        )
    counts = registry.search("", facets=True).facets
    assert counts is not None
    assert dict(counts["task"]) == {"jet tagging": 2, boosted: 2, "tracking": 1}
    assert dict(counts["license"])["CC-BY"] == 2
    assert dict(counts["author"]) == {
        name: registry.search("", limit=0, author=name).total for name, _ in counts["author"]
    }
    assert dict(counts["author"])["J. Duarte"] == 2


def test_a_chosen_value_is_shown_however_rare_it_is(read_only_registry: Registry) -> None:
    for name, value in (("author", "Knut Zoch"), ("framework", "xgboost")):
        free, chosen = (
            read_only_registry.search("", facets=True, **asked).facets for asked in ({}, {name: value})
        )
        assert free is not None
        assert chosen is not None
        assert value not in dict(free[name])
        assert dict(chosen[name]).keys() == {*dict(free[name]), value}


def test_spellings_of_a_value_are_counted_as_one(registry: Registry, make_record: Make) -> None:
    spelled = (("Duarte, Javier", "PyTorch"), ("Javier Duarte", "pytorch"), ("Javier Duarte", "PyTorch"))
    for number, (name, framework) in enumerate(spelled):
        creators = (Creator(name=name), Creator(name="Duarte, Javier"))
        registry.put(make_record("z", str(number), creators=creators, frameworks=(framework,)))
    counts = registry.search("", facets=True).facets
    assert counts is not None
    assert dict(counts["framework"]) == {"PyTorch": 3}
    assert [number for _, number in counts["author"]] == [3]


@pytest.mark.parametrize("chosen", [{}, {"kind": "model", "author": "Duarte"}])
def test_counts_over_all_entries_are_kept_until_something_changes(
    registry: Registry, fresh_url: str, make_record: Make, chosen: dict[str, str]
) -> None:
    def counted() -> tuple[dict[str, int], int]:
        asked: list[str] = []
        event.listen(registry._database._engine, "before_cursor_execute", lambda *got: asked.append(got[2]))
        facets = registry.search("", facets=True, **chosen).facets
        return dict((facets or {}).get("kind", ())), sum("GROUP BY" in statement for statement in asked)

    with Registry(fresh_url) as other:
        for number, writer in enumerate((registry, other, registry, other), 1):
            writer.put(make_record("z", str(number), creators=(Creator(name="Duarte"),)))
            found, statements = counted()
            assert found == {"model": number}
            assert statements >= len(FACETS)
            # Any transaction of a shared PostgreSQL server is a change for its snapshots.
            assert any(counted() == (found, 0) for _ in range(20))
        other.forget(["z:1"])
        assert counted()[0] == {"model": 3}


# Statement -> the index that answers it at any size.
PLANS = {
    "year=": ({"year": "2020-2021"}, "relevance", "ix_entries_year"),
    "author=": ({"author": "Duarte"}, "relevance", "ix_facets_name_key_entry_id"),
    "trained_on=": ({"trained_on": "10.1234/x"}, "relevance", "ix_facets_name_key_entry_id"),
    "by year": ({}, "year", "ix_entries_dated"),
    "by name": ({}, "name", "ix_entries_sort_name_id"),
    "by score": ({}, "fair", "ix_entries_fair_score_sorted"),
}


@pytest.mark.parametrize("name", PLANS)
def test_filters_and_orders_are_read_from_an_index(
    read_only_registry: Registry, engine: str, name: str
) -> None:
    asked, sort, index = PLANS[name]
    query = select(entries.c.id).where(*Filters.of(**asked).conditions())
    if not asked:
        query = query.order_by(*listing_order(sort)).limit(20)
    with read_only_registry._database.reading() as connection:
        if engine == "postgresql":  # it reads a small table as a whole, unless it must not
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN" if engine == "postgresql" else "EXPLAIN QUERY PLAN"
        shown = query.compile(connection, compile_kwargs={"literal_binds": True})
        plan = " ".join(
            str(row) for row in connection.exec_driver_sql(f"{explain} {shown}".replace("%", "%%"))
        )
    assert index in plan
    assert asked or "TEMP B-TREE" not in plan
