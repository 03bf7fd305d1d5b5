# SPDX-License-Identifier: MIT
"""Pages of whatever size and content leave the database that the same records leave one by one."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg.registry import ExportedStatement, LinkOverride, Registry, StatementKey, Submission, Tombstone
from fairreg.registry.resolution.grouping import statement_key_of
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import ModelRecord, Provenance, Relation
from support.content import Content, content
from support.databases import Databases
from support.examples import examples

THEN = "2026-01-01T00:00:00+00:00"
PLACES = [
    StatementKey(source, n) for source in ("zenodo", "github", "huggingface", "datacite") for n in "1234"
]
DOIS = [Identifier("doi", f"10.1234/{n}") for n in "abc"]
OTHERS = [
    *(Identifier("concept_doi", f"10.1234/{n}") for n in "cd"),
    Identifier("related_doi", "10.1234/a", "README.md"),
    Identifier("huggingface", "o/m"),
    *(Identifier("github", name) for name in ("o/m", "O/N")),
    Identifier("fingerprint", "sha256:0"),
    Identifier("swhid", "swh:1:dir:" + "0" * 40),
]
RELATIONS = st.builds(
    Relation,
    st.sampled_from(["is_version_of", "is_new_version_of", "is_identical_to", "is_supplement_to", "cites"]),
    st.sampled_from([*DOIS, *OTHERS[:2], Identifier("github", "o/m")]),
)


@st.composite
def records(draw: st.DrawFn) -> ModelRecord:
    place = draw(st.sampled_from(PLACES))
    pids = (
        *draw(st.sets(st.sampled_from(DOIS), max_size=1)),
        *draw(st.sets(st.sampled_from(OTHERS), max_size=3)),
    )
    return ModelRecord(
        # A name of its own: of two strangers who claim one name, whoever comes first keeps it.
        identifier=f"{place.source}:{place.source_id}",
        kind=draw(st.sampled_from(["model", "model", "software", "dataset"])),
        name=draw(st.sampled_from(["A tagger of jets", "A tracker of muons"])),
        identifiers=tuple(sorted(pids, key=str)),
        relations=tuple(draw(st.lists(RELATIONS, max_size=2))),
        provenance=Provenance(*place, retrieved=THEN),
    )


PAIRS = st.lists(st.sampled_from(PLACES), min_size=2, max_size=2, unique=True).map(sorted)
VERDICTS = st.lists(
    st.builds(lambda pair, same: LinkOverride(*pair, same, THEN), PAIRS, st.booleans()), max_size=2
)


def filled(
    url: str,
    pages: Sequence[Sequence[ModelRecord]],
    verdicts: Sequence[LinkOverride],
    gone: set[StatementKey],
) -> Content:
    """What the database holds after the verdicts and the pages came, and what is `gone` went."""
    with Registry(url) as registry:
        for verdict in verdicts:
            registry.links.restore([verdict])
        for page in pages:
            registry.put_many(page)
        for page in pages:
            buried = {statement_key_of(record): record for record in page if statement_key_of(record) in gone}
            registry.statements.restore(
                ExportedStatement(Submission(record), Tombstone("It went.", THEN))
                for record in buried.values()
            )
    # Words of records that never were an entry by themselves may be there or not; so may identifiers that
    # stood for one between two pages.
    held = content(url, without={"updated_at"})
    return {name: rows for name, rows in held.items() if name not in {"words", "departures"}}


@pytest.mark.long("postgresql")
def test_pages_of_any_size_leave_the_database_that_single_records_leave(
    databases: Databases, tmp_path: Path, engine: str
) -> None:
    # Each example takes two databases, and a server makes them slowly.
    @settings(max_examples=examples(40 if engine == "sqlite" else 20), deadline=None)
    @given(
        said=st.lists(records(), min_size=2, max_size=14),
        sizes=st.lists(st.integers(1, 6), min_size=14, max_size=14),
        verdicts=VERDICTS,
        gone=st.sets(st.sampled_from(PLACES), max_size=2),
    )
    def alike(
        said: list[ModelRecord], sizes: list[int], verdicts: list[LinkOverride], gone: set[StatementKey]
    ) -> None:
        listed = iter(said)
        pages = [page for size in sizes if (page := list(islice(listed, size)))]
        one, other = (databases.url(tmp_path / f"{turn}.sqlite", "tables") for turn in range(2))
        assert filled(one, pages, verdicts, gone) == filled(other, [[item] for item in said], verdicts, gone)

    alike()
