# SPDX-License-Identifier: MIT
"""Upkeep of the database: catalogue, rules of this release, bulk writes, and stored properties.

Modules that only some methods need are imported there.
"""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from fairreg.registry import catalogue
from fairreg.registry.db.tables import LINEAGE_RULES, TEXT_RULES, properties, statements
from fairreg.registry.entries import Submission
from fairreg.registry.parts import CATALOGUE_DIGEST, RegistryPart, changing, read_property, write_property
from fairreg.rubrics import VERSIONS
from fairreg.sources import CURATED

if TYPE_CHECKING:
    from fairreg.errors import RegistryNotWritable

__all__ = ["Upkeep"]

_PAGE = 500
_LINEAGE_RULES = "linking_rules"
_TEXT_RULES = "wording_rules"
_RUBRICS = "scoring_rules"
_SHOWN_RUBRICS = ", ".join(f"{name} {version}" for name, version in sorted(VERSIONS.items()))


class Upkeep(RegistryPart):
    """Upkeep of the database: catalogue, rules of this release, bulk writes, and stored properties."""

    @property
    def not_writable(self) -> "RegistryNotWritable | None":
        """The error of writing where it is known that nothing can be written; None elsewhere."""
        return self._database.not_writable

    def load_catalogue(self) -> bool:
        """Load the packaged catalogue; False where this very catalogue is loaded already.

        Records that an earlier release's catalogue had and this one lacks become tombstones.
        """
        from fairreg.registry.ingest.bulk_upsert import put_all
        from fairreg.registry.ingest.row_builder import build_batch

        digest = catalogue.digest()
        if self._catalogue_digest() == digest:
            return False
        records = catalogue.records()
        with changing(self._database) as connection:
            put_all(connection, build_batch(map(Submission, records)))
            kept = {record.provenance.source_id for record in records}
            _withdraw_others(connection, CURATED.name, kept, "No longer in fairreg's catalogue.")
            write_property(connection, CATALOGUE_DIGEST, digest)
        return True

    def _catalogue_digest(self) -> str | None:
        """Digest of the catalogue that was loaded last."""
        with self._database.reading() as connection:
            return read_property(connection, CATALOGUE_DIGEST)

    def follows_this_release(self) -> bool:
        """Return True where texts, lineages, scores and catalogue are as this release writes them."""
        wanted = {
            _TEXT_RULES: TEXT_RULES,
            _LINEAGE_RULES: LINEAGE_RULES,
            _RUBRICS: _SHOWN_RUBRICS,
            CATALOGUE_DIGEST: catalogue.digest(),
        }
        query = select(properties.c.name, properties.c.value).where(properties.c.name.in_(wanted))
        with self._database.reading() as connection:
            return {row.name: row.value for row in connection.execute(query)} == wanted

    def text_index_is_current(self) -> bool:
        """Tell whether the search index was written by this release's rules."""
        with self._database.reading() as connection:
            return read_property(connection, _TEXT_RULES) == TEXT_RULES

    def reindex_text(self) -> int:
        """Rewrite the search index of all entries, a page at a time; return the number of entries."""
        from fairreg.registry.ingest.reindex import reindex_text

        done, after = 0, 0
        while True:
            with changing(self._database) as connection:
                page = reindex_text(connection, after, _PAGE)
                if not page:
                    write_property(connection, _TEXT_RULES, TEXT_RULES)
                    return done
            done, after = done + len(page), page[-1]

    def lineages_are_current(self) -> bool:
        """Tell whether the lineages follow this release's rules."""
        with self._database.reading() as connection:
            return read_property(connection, _LINEAGE_RULES) == LINEAGE_RULES

    def rebuild_lineages(self) -> int:
        """Resolve all entries into lineages by this release's rules; return the number of statements."""
        from fairreg.registry.ingest.lineage_update import rebuild_lineages

        with self._database.writing() as connection:
            count = rebuild_lineages(connection)
            write_property(connection, _LINEAGE_RULES, LINEAGE_RULES)
        return count

    def scores_are_current(self) -> bool:
        """Tell whether the shown scores are those of this release's rubrics."""
        with self._database.reading() as connection:
            return read_property(connection, _RUBRICS) == _SHOWN_RUBRICS

    def refresh_scores(self) -> int:
        """Show all scores anew, none of other rubrics; return how many assessments are by those."""
        from fairreg.registry.assessments import refresh_scores

        with self._database.writing() as connection:
            count = refresh_scores(connection)
            write_property(connection, _RUBRICS, _SHOWN_RUBRICS)
        return count

    def bulk_write(self) -> AbstractContextManager[None]:
        """Context manager for long bulk writes: checkpoints the write-ahead log from a helper thread."""
        return self._database.checkpoint_wal()

    def analyze(self) -> None:
        """Update the database's query statistics, for faster queries after much was written."""
        self._database.analyze()

    def get_property(self, name: str) -> str | None:
        """Return the value that `set_property` stored under `name`, which has at most 64 characters."""
        with self._database.reading() as connection:
            return read_property(connection, name)

    def set_property(self, name: str, value: str) -> None:
        """Store a value for a later run of the same command."""
        with self._database.writing() as connection:
            write_property(connection, name, value)


def _withdraw_others(connection: Connection, source: str, kept: set[str], reason: str) -> None:
    from fairreg.registry.ingest.upsert import relink, withdraw

    living = select(statements.c.source_id).where(
        statements.c.source == source, statements.c.gone_at.is_(None)
    )
    for source_id in sorted(set(connection.scalars(living)) - kept):
        relink(connection, withdraw(connection, source, source_id, reason))
