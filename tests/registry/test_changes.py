# SPDX-License-Identifier: MIT
"""When entries changed last, and which identifiers stand for none any more."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

from fairreg.errors import UsageError
from fairreg.registry import ExportedStatement, Registry, Submission, Tombstone
from fairreg.registry.changes import Change
from fairreg.registry.db.tables import departures, entries
from fairreg.schemas.identifiers import parse
from fairreg.schemas.record import ModelRecord, Provenance
from registry.conftest import RecordMaker as Make
from support.databases import Databases
from support.examples import examples


def told(registry: Registry, **asked: object) -> list[tuple[str, str | None]]:
    """Identifiers in the order of their changes, each with what became of it."""
    return [(item.identifier, item.departed) for item in registry.changes.page(**asked)]  # type: ignore[arg-type]


def after_all(registry: Registry) -> tuple[str, int] | None:
    return next((item.place for item in reversed(registry.changes.page(limit=1000))), None)


class News:
    """What changed since it was last asked."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.place = after_all(registry)

    def __call__(self) -> set[tuple[str, str | None]]:
        listed = self.registry.changes.page(after=self.place, limit=1000)
        self.place = listed[-1].place if listed else self.place
        assert all(item.changed_at for item in listed)
        return {(item.identifier, item.departed) for item in listed}


@pytest.fixture
def news(registry: Registry) -> News:
    return News(registry)


def read_again(record: ModelRecord) -> ModelRecord:
    """The same statement, read at another time from other bytes."""
    origin = msgspec.structs.replace(record.provenance, retrieved="2026-01-01", payload_sha256="ab" * 32)
    return msgspec.structs.replace(record, provenance=origin)


def test_what_is_stored_or_stated_otherwise_has_changed(
    registry: Registry, make_record: Make, news: News
) -> None:
    first, second = make_record(source_id="1"), make_record(source_id="2")
    registry.put_many([first, second])
    assert news() == {("zenodo:1", None), ("zenodo:2", None)}
    registry.put(make_record(source_id="2", description="new words"))
    assert news() == {("zenodo:2", None)}
    assert [item[0] for item in told(registry)] == ["zenodo:1", "zenodo:2"]


@pytest.mark.parametrize("sources", [("zenodo",), ("zenodo", "datacite")])
def test_a_source_that_is_read_again_without_a_change_changes_nothing(
    registry: Registry, make_record: Make, news: News, sources: tuple[str, ...]
) -> None:
    said = [make_record(source, "1", pids=("doi:10.1234/a",)) for source in sources]
    registry.put_many(said)
    assert news() == {("doi:10.1234/a", None)}
    registry.put_many(map(read_again, said))
    registry.upkeep.reindex_text()
    registry.upkeep.rebuild_lineages()
    assert news() == set()


def test_a_second_source_a_withdrawal_and_a_return_are_changes(
    registry: Registry, make_record: Make, news: News
) -> None:
    record = make_record(pids=("doi:10.1234/a",))
    registry.put(record)
    registry.put(make_record("datacite", "10.1234/a", pids=("doi:10.1234/a",)))
    assert news() == {("doi:10.1234/a", None)}
    for _ in range(2):
        registry.statements.withdraw("zenodo", "1", "retracted")
        said = news()
    assert said == set()  # the second time
    registry.statements.withdraw("zenodo", "1", "retracted for good")
    assert news() == {("doi:10.1234/a", None)}
    registry.put(record)
    assert news() == {("doi:10.1234/a", None)}
    (change,) = registry.changes.page()
    assert change.sources == ("datacite", "zenodo")


def test_a_statement_that_does_not_show_in_the_merged_record_has_changed_its_entry(
    registry: Registry, make_record: Make, news: News
) -> None:
    registry.put(make_record(pids=("doi:10.1234/a",), publisher="Zenodo"))
    registry.put(make_record("datacite", "10.1234/a", pids=("doi:10.1234/a",)))
    before = registry.get("10.1234/a")
    news()
    registry.put(make_record("datacite", "10.1234/a", pids=("doi:10.1234/a",), publisher="CERN"))
    assert registry.get("10.1234/a").publisher == before.publisher
    assert news() == {("doi:10.1234/a", None)}


def test_an_identifier_that_stands_for_no_entry_after_a_merge_departs_and_may_return(
    registry: Registry, make_record: Make, news: News
) -> None:
    registry.put(make_record("huggingface", "lab/net", pids=("huggingface:lab/net",)))
    assert news() == {("huggingface:lab/net", None)}
    both = ("doi:10.1234/a", "huggingface:lab/net")
    registry.put(make_record(pids=both))
    assert news() == {("huggingface:lab/net", "merged"), ("doi:10.1234/a", None)}
    registry.unlink("10.1234/a", "huggingface:lab/net")
    assert {name for name, _ in told(registry)} == {"doi:10.1234/a", "huggingface:lab/net"}
    registry.put(make_record(pids=both[:1]))
    assert ("huggingface:lab/net", None) in told(registry)


def test_a_forgotten_entry_departs_and_one_that_is_added_again_is_there(
    registry: Registry, make_record: Make, news: News
) -> None:
    record = make_record(pids=("doi:10.1234/a",), kind="dataset")
    registry.put_many([record, make_record(source_id="2")])
    news()
    registry.forget(["10.1234/a"])
    assert news() == {("doi:10.1234/a", "forgotten")}
    (gone,) = [item for item in registry.changes.page() if item.departed]
    assert (gone.kind, gone.sources, gone.entry) == ("dataset", ("zenodo",), None)
    assert registry.changes.of("doi:10.1234/a") == gone
    registry.put(record, readmit=True)
    assert news() == {("doi:10.1234/a", None)}
    assert registry.changes.of("doi:10.1234/a") != gone


def test_a_restored_tombstone_has_its_time_and_its_change(
    registry: Registry, make_record: Make, news: News
) -> None:
    said = Submission(make_record())
    registry.statements.restore([ExportedStatement(said, Tombstone("gone", "2025-01-01T00:00:00+00:00"))])
    assert news() == {("zenodo:1", None)}
    registry.statements.restore([ExportedStatement(said, Tombstone("gone", "2025-01-01T00:00:00+00:00"))])
    assert news() == set()
    registry.statements.restore([ExportedStatement(said, Tombstone("gone", "2025-02-01T00:00:00+00:00"))])
    assert news() == {("zenodo:1", None)}


def test_links_that_move_no_statement_change_no_entry(
    registry: Registry, make_record: Make, news: News
) -> None:
    registry.put_many([make_record(source_id="1"), make_record(source_id="2")])
    news()
    registry.link("zenodo:1", "zenodo:2")
    registry.unlink("zenodo:1", "zenodo:2")
    assert news() == set()


def test_a_change_between_two_pages_moves_to_the_end_and_skips_nothing(
    registry: Registry, make_record: Make
) -> None:
    registry.put_many([make_record(source_id=str(number)) for number in range(10)])
    page = registry.changes.page(limit=4)
    registry.put(make_record(source_id="5", description="new"))
    registry.put(make_record(source_id="1", description="new"))
    registry.forget(["zenodo:7", "zenodo:0"])
    rest = registry.changes.page(after=page[-1].place, limit=100)
    assert [item.identifier for item in page] == [f"zenodo:{number}" for number in range(4)]
    assert [item.identifier for item in rest[:6]] == [f"zenodo:{number}" for number in (4, 6, 8, 9, 5, 1)]
    assert {(item.identifier, item.departed) for item in rest[6:]} == {
        ("zenodo:0", "forgotten"),
        ("zenodo:7", "forgotten"),
    }


def test_the_list_is_chosen_by_kind_source_year_and_what_is_runnable(
    registry: Registry, make_record: Make
) -> None:
    registry.put(make_record(source_id="1", kind="dataset", date_published="2024"))
    registry.put(make_record("github", "a/b"))
    registry.put(make_record("github", "a/c", kind="software"))
    registry.forget(["github:a/c"])
    assert told(registry, kind="dataset") == [("zenodo:1", None)]
    assert told(registry, source="GitHub") == [("github:a/b", None), ("github:a/c", "forgotten")]
    assert told(registry, runnable=True) == []
    assert [name for name, _ in told(registry, dated=True)] == ["zenodo:1", "github:a/c"]
    assert registry.listing.source_names() == ("github", "zenodo")


DOI, HUB = "doi:10.1234/a", "huggingface:lab/net"


def test_an_entry_that_leaves_a_list_departs_from_it_until_it_is_back(
    registry: Registry, make_record: Make
) -> None:
    first = make_record(pids=(DOI,), date_published="2024")
    registry.put(first)
    registry.put(make_record("huggingface", "lab/net", pids=(HUB, DOI)))
    assert told(registry, source="huggingface") == [(DOI, None)]
    registry.put(make_record("huggingface", "lab/net", pids=(HUB,)))
    assert told(registry, source="huggingface") == [(DOI, "left"), (HUB, None)]
    registry.put(make_record(pids=(DOI,), kind="dataset"))
    assert told(registry, kind="model") == [(HUB, None), (DOI, "left")]
    assert told(registry, source="huggingface") == [(HUB, None), (DOI, "left")]
    assert told(registry, dated=True) == [(DOI, "left")]
    assert told(registry, kind="software") == []
    assert told(registry) == [(HUB, None), (DOI, None)]
    assert registry.changes.of(DOI) == registry.changes.page()[-1]
    left = registry.changes.of(DOI, dated=True)
    assert left is not None
    assert (left.departed, left.kind, left.changed_at) == (
        "left",
        "model",
        registry.changes.page()[-1].changed_at,
    )
    registry.put(first)
    assert told(registry, kind="model") == [(HUB, None), (DOI, None)]
    assert told(registry, dated=True) == [(DOI, None)]
    assert told(registry, kind="dataset") == [(DOI, "left")]
    assert told(registry, source="huggingface") == [(HUB, None), (DOI, "left")]


def test_names_of_sources_that_are_spelled_alike_are_told_apart(
    registry: Registry, make_record: Make
) -> None:
    for number, source in enumerate(("lab-a", "Lab A")):
        registry.put(make_record(source, str(number)))
    registry.put_many([make_record(source, "2", pids=(DOI,)) for source in ("lab-a", "Lab.A")])
    assert registry.listing.source_names() == ("Lab A", "Lab.A", "lab-a")
    assert len(told(registry, source="LAB-A")) == 3
    assert told(registry, source_name="Lab A") == [("Lab A:1", None)]
    assert told(registry, source_name="Lab.A") == [(DOI, None)]
    assert len(told(registry, source_name="lab-a")) == 2
    assert told(registry, source_name="LAB-A") == []
    registry.put(make_record("Lab.A", "2"))
    assert told(registry, source_name="Lab.A") == [(DOI, "left"), ("Lab.A:2", None)]


def test_an_identifier_that_departed_from_a_list_wholly_and_came_back_otherwise_has_left_it(
    registry: Registry, make_record: Make
) -> None:
    registry.put(make_record(pids=(DOI,)))
    registry.put(make_record(pids=(DOI,), kind="software"))
    registry.forget([DOI])
    for kind in ("model", "software"):
        assert told(registry, kind=kind) == [(DOI, "forgotten")]
    registry.put(make_record(pids=(DOI,), kind="dataset"), readmit=True)
    for kind, departed in (("model", "left"), ("software", "left"), ("dataset", None)):
        assert told(registry, kind=kind) == [(DOI, departed)]
    assert told(registry) == [(DOI, None)]


def test_a_window_holds_the_days_and_seconds_that_it_names(registry: Registry, make_record: Make) -> None:
    assert registry.changes.first_time() is None
    registry.put(make_record())
    registry.put(make_record("github", "a/c"))
    registry.forget(["github:a/c"])
    names = [("zenodo:1", None), ("github:a/c", "forgotten")]
    times = ["2026-11-30T12:00:00.500000+00:00", "2026-11-30T12:00:01.000000+00:00"]
    with registry._database.writing() as connection:
        connection.execute(entries.update().values(updated_at=times[0]))
        connection.execute(departures.update().values(departed_at=times[1]))
    assert registry.changes.first_time() == times[0]
    for since, until, found in (
        ("2026-11-30", "2026-11-30", names),
        ("2026-12-01", None, []),
        (None, "2026-11-29", []),
        ("2026-11-30T12:00:00Z", "2026-11-30T12:00:00Z", names[:1]),
        ("2026-11-30T12:00:01Z", None, names[1:]),
        ("2026-11-30T12:00:01+00:00", times[1], names[1:]),
        (times[0], "2026-11-30T12:00:00+00:00", names[:1]),
    ):
        assert told(registry, since=since, until=until) == found
    for bad in ("", "now", "2026-11", "2026-11-30T12:00:00+01:00"):
        with pytest.raises(UsageError, match="is not a day or a time in UTC"):
            registry.changes.page(bad)


def test_statements_come_without_their_payloads(registry: Registry, make_record: Make) -> None:
    registry.put(make_record(pids=("doi:10.1234/a",)), payload=b"{}", media_type="application/json")
    registry.put(make_record("datacite", "10.1234/a", pids=("doi:10.1234/a",)))
    assert registry.changes.page()[0].statements == ()
    (change,) = registry.changes.page(statements=True)
    assert change.entry == registry.entry_for("doi:10.1234/a") or change.entry is not None
    assert [(item.source, item.payload) for item in change.statements] == [
        ("datacite", None),
        ("zenodo", None),
    ]
    assert registry.changes.of("doi:10.1234/a", statements=True) == change
    assert registry.changes.of("doi:10.1234/A") is None


# One model that three sources state, with or without the identifiers that join them.
PIDS = ("doi:10.1234/a", "doi:10.1234/b", "huggingface:lab/net", "github:lab/net")
SOURCES = ("zenodo", "datacite", "huggingface", "github")
steps = st.lists(
    st.tuples(
        st.sampled_from(["put", "gone", "forget", "unlink", "again"]),
        st.sampled_from(SOURCES),
        st.sampled_from(["1", "2"]),
        st.lists(st.sampled_from(PIDS), max_size=3, unique=True),
        st.sampled_from(["", "words", "2024", "dataset"]),
    ),
    max_size=12,
)
# Of lists of some entries a copy is kept, too.
LISTS: tuple[dict[str, object], ...] = (
    {}, {"kind": "model"}, {"source": "github"}, {"dated": True}, {"source": "zenodo", "dated": True},
)  # fmt: skip


class Copy:
    """A copy of a registry, or of a list of some entries, kept by what it tells of its changes alone."""

    def __init__(self, registry: Registry, **filters: object) -> None:
        self.registry, self.held, self.place = registry, dict[str, object](), None
        self.filters = filters

    def follow(self, limit: int) -> None:
        while listed := self.registry.changes.page(
            after=self.place,
            limit=limit,
            statements=True,
            **self.filters,  # type: ignore[arg-type]
        ):
            self.place = listed[-1].place  # type: ignore[assignment]
            for item in listed:
                self.held.pop(item.identifier, None)
                if item.entry is not None:
                    self.held[item.identifier] = stated(item)


def stated(change: Change) -> object:
    """What is told of an entry, without the times at which sources were read."""
    assert change.entry is not None

    def timeless(record: ModelRecord) -> ModelRecord:
        origin = msgspec.structs.replace(record.provenance, retrieved=None, payload_sha256=None)
        return msgspec.structs.replace(record, provenance=origin)

    said = [
        (item.source, item.source_id, timeless(item.record), item.gone_at, item.gone_reason)
        for item in change.statements
    ]
    return timeless(change.entry.record), change.entry.gone_at, change.entry.gone_reason, said


@settings(
    max_examples=examples(15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_who_follows_the_changes_has_what_the_registry_has(
    empty_registries: Iterator[Registry], data: st.DataObject
) -> None:
    registry = next(empty_registries)
    copies = [Copy(registry, **filters) for filters in LISTS]
    for what, source, number, pids, words in data.draw(steps):
        work(registry, what, source, number, pids, words)
        for copy in copies:
            if data.draw(st.booleans()):
                copy.follow(limit=2)
    for copy in copies:
        copy.follow(limit=3)
        listed = registry.changes.page(limit=1000, statements=True, **copy.filters)  # type: ignore[arg-type]
        assert copy.held == {item.identifier: stated(item) for item in listed if item.entry is not None}
        assert len({item.identifier for item in listed}) == len(listed)
    assert copies[0].held.keys() == set(registry.listing.identifiers())
    with registry._database.reading() as connection:
        times = select(entries.c.updated_at).union_all(select(departures.c.departed_at))
        assert all(connection.scalars(times))


def work(registry: Registry, what: str, source: str, number: str, pids: list[str], words: str) -> None:
    named = tuple(map(parse, pids))
    origin = Provenance(source, number, retrieved=str(len(pids)))
    record = ModelRecord(
        identifier=named[0].compact if named else f"{source}:{number}",
        kind="dataset" if words == "dataset" else "model",
        name="net",
        date_published="2024" if words == "2024" else None,
        description=words or None,
        identifiers=named,
        provenance=origin,
    )
    there = registry.statements.get(source, number)
    if what == "put" or there is None:
        registry.put_many([record])
    elif what == "again":
        registry.put(read_again(there.record))
    elif what == "gone":
        registry.statements.withdraw(source, number, words)
    elif what == "forget":
        registry.forget([next(iter(registry.listing.identifiers()))])
    elif len(listed := list(registry.listing.identifiers())) > 1:
        registry.unlink(*listed[:2])


@pytest.fixture
def empty_registries(databases: Databases, tmp_path: Path) -> Iterator[Iterator[Registry]]:
    """An empty registry for each example."""
    opened: list[Registry] = []

    def made() -> Iterator[Registry]:
        while True:
            opened.append(Registry(databases.url(tmp_path / f"{len(opened)}.sqlite", "tables")))
            yield opened[-1]

    yield made()
    for registry in opened:
        registry.close()


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize("filters", [{}, {"kind": "model"}, {"dated": True}, {"runnable": True}], ids=str)
def test_a_page_is_read_from_an_index_in_its_order(
    registry: Registry, make_record: Make, filters: dict[str, object]
) -> None:
    registry.put_many([make_record(source_id=str(number)) for number in range(3)])
    place = registry.changes.page(limit=1)[0].place
    asked: list[tuple[str, object]] = []
    engine = registry._database._engine

    def note(_connection, _cursor, statement, parameters, *_) -> None:  # type: ignore[no-untyped-def]
        asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    registry.changes.page("2026-01-01", None, place, 2, statements=True, **filters)  # type: ignore[arg-type]
    event.remove(engine, "before_cursor_execute", note)
    assert len(asked) <= 5
    statement, parameters = next(item for item in asked if "ORDER BY entries.updated_at" in item[0])
    with registry._database.reading() as connection:
        plan = [str(row) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]  # type: ignore[arg-type]
    assert "updated_at_id (" in plan[0]
    assert not any("TEMP B-TREE" in row for row in plan)
