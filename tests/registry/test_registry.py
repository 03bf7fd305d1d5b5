# SPDX-License-Identifier: MIT
import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from itertools import islice, permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import select

from fairreg.errors import FairregError, IdentifierError, NotFound, RecordError
from fairreg.registry import Harvest, Registry, Submission
from fairreg.registry.db.engine import Database
from fairreg.registry.db.tables import entries
from fairreg.schemas.identifiers import Identifier, RequestedIdentifier
from fairreg.schemas.record import Access, Distribution, ModelRecord, Provenance
from support.databases import Databases
from support.examples import examples

Make = Callable[..., ModelRecord]
DOI = "10.5281/zenodo.7305227"


@pytest.mark.sliced(5)
@pytest.mark.parametrize(
    "spelling",
    [
        DOI,
        DOI.upper(),
        f"https://doi.org/{DOI}",
        f"doi:{DOI}",
        "zenodo.7305227",
        "7305227",
        "https://zenodo.org/records/7305227",
        f"  <https://dx.doi.org/{DOI}> ",
        "zenodo:7305227",
        Identifier("doi", DOI.upper()),
    ],
)
def test_an_entry_is_found_in_any_spelling(registry: Registry, make_record: Make, spelling: str) -> None:
    record = make_record("zenodo", "7305227", pids=(DOI,))
    registry.put(record)
    assert registry.get(spelling) == record


def test_a_bare_slug_means_the_hub_first_and_github_else(registry: Registry, make_record: Make) -> None:
    code = make_record("github", "org/a", pids=("github:org/a",))
    registry.put(code)
    assert registry.get("org/a") == code
    hub = make_record("huggingface", "Org/A", pids=("hf:Org/A",))
    registry.put(hub)
    assert registry.get("org/a") == hub


@pytest.mark.sliced(2)
@pytest.mark.parametrize(
    "text", ["org/a", "catalogue:own name", "a:\0b", "10.1234/A\0", "10.1234/none", "???"]
)
def test_a_request_that_was_parsed_before_means_what_its_text_means(
    registry: Registry, make_record: Make, text: str
) -> None:
    registry.put(make_record("github", "org/a", pids=("github:org/a",)))
    registry.put(make_record("catalogue", "own", identifier="catalogue:own name"))
    registry.put(make_record("zenodo", "1", pids=("10.1234/a",)))
    for look in (
        registry.entry_for,
        registry.listing.entries_for,
        registry.explain,
        registry.assessments.history,
    ):
        assert _outcome(look, RequestedIdentifier(text)) == _outcome(look, text)


def _outcome(look: Callable[[Any], object], pid: str | RequestedIdentifier) -> object:
    """What is found, or what is said instead."""
    try:
        return look(pid)
    except FairregError as error:
        return type(error), error.message, error.hint


def test_what_is_unknown_says_what_to_do(registry: Registry) -> None:
    with pytest.raises(NotFound, match="is not in the registry") as caught:
        registry.get("10.1234/none")
    assert caught.value.hint
    with pytest.raises(IdentifierError):
        registry.get("what is this?")
    for text in ("\ud800", "\0", "a\0b:c"):
        with pytest.raises((NotFound, IdentifierError)):
            registry.get(text)


def test_outcomes(registry: Registry, make_record: Make) -> None:
    record = make_record("zenodo", "1", pids=("10.1234/a",))
    assert registry.put(record).outcome == "new"
    assert registry.put(record).outcome == "unchanged"
    later = replace(record, provenance=Provenance("zenodo", "1", retrieved="2026-01-01T00:00:00Z"))
    assert registry.put(later).outcome == "unchanged"
    assert registry.get("10.1234/a").provenance.retrieved == "2026-01-01T00:00:00Z"
    changed = registry.put(replace(later, name="new name"))
    assert (changed.outcome, changed.identifier) == ("changed", "doi:10.1234/a")
    assert registry.info().entries == 1


def test_a_changed_identifier_is_no_longer_found(registry: Registry, make_record: Make) -> None:
    registry.put(make_record("zenodo", "1", pids=("10.1234/a",)))
    registry.put(make_record("zenodo", "1", pids=("10.1234/b",)))
    assert registry.get("10.1234/b").doi == "10.1234/b"
    with pytest.raises(NotFound):
        registry.get("10.1234/a")


@pytest.mark.parametrize("payload", [b"", b"\x00\xff not text", b'{"a": 1}\r\n', os.urandom(100_000)])
def test_the_payload_is_kept_byte_for_byte(registry: Registry, make_record: Make, payload: bytes) -> None:
    record = make_record("zenodo", "1", pids=("10.1234/a",))
    registry.put(record, payload=payload, media_type="application/json")
    registry.put(replace(record, name="mapped better"))
    (kept,) = registry.statements.of_entry("10.1234/a")
    assert kept.payload == payload
    assert kept.payload_sha256 == hashlib.sha256(payload).hexdigest()
    assert (kept.media_type, kept.record.name) == ("application/json", "mapped better")


def test_sources_merge_and_part_again(registry: Registry, make_record: Make) -> None:
    zenodo = make_record("zenodo", "1", pids=("10.1234/a",), version="2")
    registry.put(make_record("datacite", "10.1234/a", pids=("10.1234/a",), publisher="Zenodo"))
    registry.put(zenodo)
    entry = registry.entry_for("10.1234/a")
    assert entry.sources == ("datacite", "zenodo")
    assert (entry.record.version, entry.record.publisher) == ("2", "Zenodo")
    registry.put(make_record("datacite", "10.1234/a", pids=("10.1234/other",)))
    assert registry.get("10.1234/a") == zenodo
    assert registry.info().entries == 2


def test_a_concept_doi_means_the_newest_version(registry: Registry, make_record: Make) -> None:
    concept = Identifier("concept_doi", "10.5281/zenodo.1000")
    for number, date in (("1001", "2022-01-01"), ("1003", "2024-05-01"), ("1002", "2023-01-01")):
        pids = (f"10.5281/zenodo.{number}", concept)
        registry.put(make_record("zenodo", number, pids=pids, date_published=date))
    entry = registry.entry_for("10.5281/zenodo.1000")
    assert entry.identifier == "doi:10.5281/zenodo.1003"
    assert entry.matched is not None
    assert entry.matched.scheme == "concept_doi"
    assert len(registry.listing.entries_for("10.5281/zenodo.1000")) == 3


def test_an_own_doi_goes_before_all_that_point_to_it(registry: Registry, make_record: Make) -> None:
    for number, scheme in enumerate(("paper_doi", "related_doi", "dlhub_doi", "concept_doi", "doi")):
        registry.put(
            make_record(
                "elsewhere", str(number), pids=(Identifier(scheme, "10.1234/x"),), identifier=f"e:{scheme}"
            )
        )
    found = [entry.identifier for entry in registry.listing.entries_for("10.1234/x")]
    assert found == ["e:doi", "e:concept_doi", "e:dlhub_doi", "e:related_doi", "e:paper_doi"]


def test_a_tombstone_keeps_what_was_said(registry: Registry, make_record: Make) -> None:
    record = make_record("zenodo", "1", pids=("10.1234/a",))
    registry.put(record, payload=b"{}")
    registry.put(make_record("catalogue", "a", pids=("10.1234/a",), name="Curated"))
    registry.statements.withdraw("zenodo", "1", "withdrawn by its owner")
    entry = registry.entry_for("10.1234/a")
    assert (entry.gone, entry.gone_reason, entry.record.name) == (True, "withdrawn by its owner", "Curated")
    assert {s.source: (s.gone, s.payload) for s in registry.statements.of_entry(entry)}["zenodo"] == (
        True,
        b"{}",
    )
    assert registry.search("curated").hits[0].gone
    assert registry.search("curated", gone=False).total == 0
    assert registry.info().gone == 1
    assert registry.put(record).outcome == "changed"
    assert not registry.entry_for("10.1234/a").gone


def test_an_entry_lives_while_one_host_has_it(registry: Registry, make_record: Make) -> None:
    registry.put(make_record("zenodo", "1", pids=("10.1234/a", "hf:o/m")))
    registry.put(make_record("huggingface", "o/m", pids=("hf:o/m",)))
    registry.statements.withdraw("zenodo", "1", "gone")
    assert not registry.entry_for("10.1234/a").gone
    with pytest.raises(NotFound):
        registry.statements.withdraw("zenodo", "2", "never there")


def test_what_is_no_text_is_refused_and_nothing_is_kept(registry: Registry, make_record: Make) -> None:
    good = make_record("zenodo", "1", pids=("10.1234/a",))
    with pytest.raises(RecordError):
        registry.put_many([good, make_record("zenodo", "2", name="half \ud800")])
    assert registry.info().entries == 0


def test_a_page_and_its_cursor_are_one(registry: Registry, make_record: Make) -> None:
    state = Harvest("zenodo", "onnx", cursor={"page": 2}, counts={"new": 1})
    results = registry.put_many(
        [Submission(make_record("zenodo", "1"), b"x"), make_record("zenodo", "2")], harvest=state
    )
    assert [result.outcome for result in results] == ["new", "new"]
    kept = registry.harvests.state("zenodo", "onnx")
    assert kept is not None
    assert (kept.cursor, kept.counts, kept.finished) == ({"page": 2}, {"new": 1}, False)
    assert kept.started_at
    registry.harvests.save(Harvest("zenodo", "onnx", finished=True, started_at=kept.started_at))
    done = registry.harvests.state("zenodo", "onnx")
    assert done is not None
    assert (done.finished, done.cursor, done.started_at) == (True, None, kept.started_at)
    assert registry.harvests.state("zenodo", "else") is None


def test_records_come_in_order_and_survive_reopening(fresh_url: str, make_record: Make) -> None:
    with Registry(fresh_url) as registry:
        registry.put_many(make_record("zenodo", str(number)) for number in range(700))
    with Registry(fresh_url) as registry:
        names = [record.identifier for record in registry]
    assert len(names) == 700
    assert names == sorted(names)


@pytest.mark.parametrize(
    ("fields", "runnable"),
    [
        ({"formats": ("pth", "onnx"), "access": Access("open")}, True),
        ({"distributions": (Distribution("net.ONNX"),), "access": Access("open")}, True),
        ({"distributions": (Distribution("a.zip", path="x/net.onnx"),), "access": Access("open")}, True),
        ({"distributions": (Distribution("a.zip", path="x/net.pth"),), "access": Access("open")}, False),
        ({"formats": ("onnx",), "access": Access("restricted")}, False),
        ({"formats": ("onnx",)}, False),
        ({"formats": ("h5",), "access": Access("open")}, False),
        ({"formats": ("onnx",), "access": Access("open"), "kind": "software"}, False),
    ],
)
def test_runnable_is_derived_from_facts(
    registry: Registry, make_record: Make, fields: dict[str, object], runnable: bool
) -> None:
    registry.put(make_record("zenodo", "1", pids=("10.1234/a",), **fields))
    assert registry.entry_for("10.1234/a").runnable is runnable


SHARED = st.lists(
    st.tuples(
        st.sampled_from(["zenodo", "github", "catalogue", "huggingface"]),
        st.sampled_from("12"),
        st.sets(st.sampled_from(["10.1234/a", "10.1234/b", "hf:o/m", "github:o/m"]), max_size=3),
        st.sampled_from(["model", "software"]),
    ),
    max_size=5,
    unique_by=lambda item: item[:2],
)


@pytest.mark.long("postgresql")
@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=SHARED, chance=st.randoms())
def test_the_registry_forgets_the_order_of_arrival(
    databases: Databases, tmp_path: Path, make_record: Make, said: list[tuple[object, ...]], chance: object
) -> None:
    records = [make_record(s, n, pids=tuple(sorted(pids)), kind=kind) for s, n, pids, kind in said]
    outcomes = []
    for turn in range(2):
        with Registry(databases.url(tmp_path / f"{turn}.sqlite", "tables")) as registry:
            for record in records:
                registry.put(record)
            outcomes.append({(e.identifier, e.record, e.sources) for e in registry.listing.entries()})
        chance.shuffle(records)
    assert outcomes[0] == outcomes[1]


WRITER = """
import sys
from fairreg.registry import Registry
from fairreg.schemas.record import ModelRecord, Provenance
with Registry(sys.argv[1]) as registry:
    for n in range(40):
        provenance = Provenance(sys.argv[2], str(n))
        name = f"{sys.argv[2]}:{n}"
        registry.put(ModelRecord(identifier=name, kind="model", name=name, provenance=provenance))
"""


def test_two_processes_write_at_once(fresh_url: str) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, fresh_url, name]) for name in ("a", "b")]
    assert [writer.wait() for writer in writers] == [0, 0]
    with Registry(fresh_url) as registry:
        assert registry.info().sources == {"a": 40, "b": 40}


KILLED = """
import os, signal, sys
from fairreg.registry import Registry
from fairreg.schemas.record import ModelRecord, Provenance
import fairreg.registry.ingest.harvest_state as harvest_state
import fairreg.registry.registry as room
def killed(*args):
    os.kill(os.getpid(), signal.SIGKILL)
harvest_state.write_harvest = killed
with Registry(sys.argv[1]) as registry:
    registry.put_many(
        [
            ModelRecord(identifier=f"z:{n}", kind="model", name="n", provenance=Provenance("z", str(n)))
            for n in range(50)
        ],
        harvest=room.Harvest("z", ""),
    )
"""


def test_a_killed_writer_leaves_nothing_half_done(fresh_url: str, make_record: Make) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, fresh_url], check=False)
    assert killed.returncode == -signal.SIGKILL
    with Registry(fresh_url) as registry:
        assert registry.info().entries == 0
        assert registry.put(make_record("zenodo", "1")).outcome == "new"


def test_a_name_that_another_entry_gives_up_is_free_in_every_order(
    databases: Databases, tmp_path: Path, make_record: Make
) -> None:
    records = [
        make_record("zenodo", "2", pids=("github:o/m",)),
        make_record("github", "1", pids=("10.1234/a", "10.1234/b", "github:o/m")),
        make_record("zenodo", "1", pids=("github:o/m",)),
    ]
    outcomes = []
    for turn, order in enumerate(permutations(records)):
        with Registry(databases.url(tmp_path / f"{turn}.sqlite", "tables")) as registry:
            for record in order:
                registry.put(record)
            outcomes.append({(entry.identifier, entry.record) for entry in registry.listing.entries()})
    assert all(outcome == outcomes[0] for outcome in outcomes)


LINKED = st.lists(
    st.tuples(
        st.sampled_from(["zenodo", "github", "catalogue", "huggingface"]),
        st.sampled_from("123"),
        st.sets(
            st.sampled_from(
                [
                    Identifier("doi", "10.1234/a"),
                    Identifier("doi", "10.1234/b"),
                    Identifier("concept_doi", "10.1234/c"),
                    Identifier("related_doi", "10.1234/a"),
                    Identifier("paper_doi", "10.1234/p"),
                    Identifier("huggingface", "o/m"),
                    Identifier("github", "o/m"),
                    Identifier("fingerprint", f"sha256:{'0' * 64}"),
                ]
            ),
            max_size=3,
        ),
        st.sampled_from(["model", "software"]),
    ),
    max_size=7,
    unique_by=lambda item: item[:2],
)


@pytest.mark.long("postgresql")
def test_pages_of_any_size_make_the_registry_that_single_records_make(
    databases: Databases, tmp_path: Path, make_record: Make, engine: str
) -> None:
    # Each example takes two databases, and a server makes them slowly.
    @settings(max_examples=examples(40 if engine == "sqlite" else 12))
    @given(said=LINKED, sizes=st.lists(st.integers(1, 5), min_size=8, max_size=8))
    def alike(said: list[tuple[object, ...]], sizes: list[int]) -> None:
        records = [
            make_record(s, n, pids=tuple(sorted(pids, key=str)), kind=kind) for s, n, pids, kind in said
        ]
        listed = iter(records)
        pages = [page for size in sizes if (page := list(islice(listed, size)))]
        outcomes = []
        for turn, portions in enumerate(([[record] for record in records], pages)):
            with Registry(databases.url(tmp_path / f"{turn}.sqlite", "tables")) as registry:
                results = [result.outcome for page in portions for result in registry.put_many(page)]
                outcomes.append((results, _everything(registry)))
        assert outcomes[0] == outcomes[1]

    alike()


def test_a_page_told_twice_changes_nothing_but_when_it_was_read(
    registry: Registry, make_record: Make
) -> None:
    page = [make_record("zenodo", str(n), pids=(f"10.1234/{n}",)) for n in range(5)]
    registry.put_many([Submission(record, b"old") for record in page])
    later = [
        replace(record, provenance=replace(record.provenance, retrieved="2026-02-02T00:00:00Z"))
        for record in page
    ]
    results = registry.put_many([Submission(record, b"new") for record in later])
    assert {result.outcome for result in results} == {"unchanged"}
    assert [result.identifier for result in results] == [record.identifier for record in page]
    for record in later:
        assert registry.get(record.identifier) == record
        (statement,) = registry.statements.of_entry(record.identifier)
        assert (statement.payload, statement.retrieved_at) == (b"new", "2026-02-02T00:00:00Z")


def test_a_page_that_names_one_place_twice_keeps_what_was_said_last(
    registry: Registry, make_record: Make
) -> None:
    first, last = (make_record("zenodo", "1", pids=("10.1234/1",), name=name) for name in ("old", "new"))
    results = registry.put_many([first, make_record("zenodo", "2"), last])
    assert [result.outcome for result in results] == ["new", "new", "changed"]
    assert registry.get("10.1234/1").name == "new"


def _everything(registry: Registry) -> set[object]:
    return {
        (
            entry.identifier,
            entry.record,
            entry.sources,
            tuple(member.identifier for member in registry.explain(entry).entries),
            tuple(hit.entry.identifier for hit in registry.search(entry.record.name).hits),
        )
        for entry in registry.listing.entries()
    }


def test_fairreg_itself_is_no_source_to_filter_by(registry: Registry, make_record: Make) -> None:
    registry.put(make_record("fairreg", "doi:10.1234/b", pids=("10.1234/b",), name="weights"))
    assert registry.search("weights").total == 1
    assert registry.search("weights", source="fairreg").total == 0
    registry.put(make_record("zenodo", "1", pids=("10.1234/b",), name="weights"))
    assert registry.search("weights", source="zenodo").total == 1
    assert registry.search("weights", source="fairreg").total == 0


def written_out(url: str) -> set[str]:
    """The entries whose records are kept apart from those of their statements."""
    with closing(Database(url)) as database, database.reading() as connection:
        return set(connection.scalars(select(entries.c.identifier).where(entries.c.merged.is_not(None))))


def test_the_record_of_an_entry_is_kept_apart_only_where_several_statements_make_it(
    fresh_url: str, make_record: Make
) -> None:
    own, other = (
        make_record("zenodo", "1", pids=(DOI,)),
        make_record("datacite", "1", pids=(DOI,), version="2"),
    )
    with Registry(fresh_url) as registry:
        registry.put(own)
        assert written_out(fresh_url) == set()
        registry.put(other)
        assert written_out(fresh_url) == {own.identifier}
        merged = replace(own, version="2", provenance=replace(own.provenance, merged_from=("datacite",)))
        assert registry.get(DOI) == merged
        registry.put(make_record("datacite", "1", pids=("10.1234/b",), version="3"))
        assert written_out(fresh_url) == set()
        assert registry.get(DOI) == own
        assert registry.get("10.1234/b").version == "3"


def test_an_entry_that_is_called_otherwise_than_by_its_source_keeps_its_name_in_its_record(
    fresh_url: str, make_record: Make
) -> None:
    records = [make_record(source, "1", identifier="catalogue:same") for source in ("github", "zenodo")]
    with Registry(fresh_url) as registry:
        for _ in range(2):
            names = [result.identifier for result in registry.put_many(records)]
            assert len(set(names)) == 2
            assert written_out(fresh_url) == set(names) - {"catalogue:same"}
            assert [registry.get(name).identifier for name in names] == names


@pytest.mark.sliced(2)
@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ({"doi": "10.6084/m9.figshare.5.v9"}, {"doi": "10.6084/m9.figshare.5.v10"}),
        ({"doi": "10.5072/zenodo.98"}, {"doi": "10.5072/zenodo.120"}),
        ({"doi": "10.5281/zenodo.7", "version": "1.0"}, {"doi": "10.5281/zenodo.8", "version": "1"}),
        (
            {"doi": "10.5281/zenodo.8", "version": "1.0.0.1"},
            {"doi": "10.5281/zenodo.7", "version": "1.0.0.2"},
        ),
        (
            {"doi": "10.5281/zenodo.8", "version": "2", "gone": True},
            {"doi": "10.5281/zenodo.7", "version": "1"},
        ),
    ],
)
def test_there_is_one_newest_version_wherever_it_is_asked_for(
    registry: Registry, make_record: Make, older: dict[str, object], newer: dict[str, object]
) -> None:
    """By identifier, so where files are fetched; as what stands for a model; among the versions of a hit."""
    concept = Identifier("concept_doi", "10.1234/concept")
    for number, stated in enumerate((newer, older)):
        fields = dict(stated)
        doi, gone = str(fields.pop("doi")), fields.pop("gone", False)
        registry.put(make_record("x", str(number), pids=(doi, concept), date_published="2024", **fields))
        if gone:
            registry.statements.withdraw("x", str(number), "withdrawn")
    order = [newer["doi"], older["doi"]]
    assert [entry.record.doi for entry in registry.listing.entries_for("10.1234/concept")] == order
    hit = registry.search("").hits[0]
    assert hit.record.doi == newer["doi"]
    assert [entry.record.doi for entry in hit.versions] == order
