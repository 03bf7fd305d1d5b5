# SPDX-License-Identifier: MIT
"""Identifiers and words that this machine knows, to complete what is typed: of registry and cache.

Nothing is created, migrated, downloaded or waited for. Where there is nothing that can be read at once, there
is nothing to propose: a fault is said by the command itself, not in the middle of its line. A registry in
PostgreSQL is not asked, because it is behind a network.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from time import monotonic
from urllib.parse import unquote

from fairreg.errors import FairregError
from fairreg.settings import Settings

__all__ = ["MOST", "frameworks", "identifiers", "licences", "tasks"]

# Number of proposals: more than a screen shows, few enough to be read at once.
MOST = 50
_PATIENCE = 0.5  # seconds for the registry
_STEPS = 1000  # of SQLite's machine between two looks at the clock
_SQLITE = "sqlite:///"
_AFTER = "\U0010ffff"  # behind every text that begins alike
_DOI = "doi:"


def identifiers(settings: Settings, beginning: str) -> list[str]:
    """Return at most `MOST` identifiers that begin so, cached ones first; a DOI may lack its prefix."""
    bare = beginning.startswith("10.")
    sought = f"{_DOI}{beginning}" if bare else beginning
    query = "SELECT identifier FROM entries WHERE identifier >= ? AND identifier < ? ORDER BY identifier"
    found = dict.fromkeys(name for name in _cached(settings) if name.startswith(sought))
    found |= dict.fromkeys(_read(settings, query, sought, sought + _AFTER))
    return [name.removeprefix(_DOI) if bare else name for name in islice(found, MOST)]


def frameworks(settings: Settings, beginning: str) -> list[str]:
    """Return at most `MOST` frameworks of records that begin so."""
    return _facet(settings, "framework", beginning)


def tasks(settings: Settings, beginning: str) -> list[str]:
    """Return at most `MOST` terms of the vocabulary, then tasks of records, that begin so."""
    from fairreg.schemas.tasks import vocabulary

    terms = (term for term in vocabulary() if term.startswith(beginning))
    return list(islice(dict.fromkeys((*terms, *_facet(settings, "task", beginning))), MOST))


def licences(settings: Settings, beginning: str) -> list[str]:
    """Return at most `MOST` licences of records that begin so."""
    query = "SELECT DISTINCT license FROM entries WHERE substr(license, 1, ?) = ? ORDER BY license"
    return list(_read(settings, query, len(beginning), beginning))


def _facet(settings: Settings, name: str, beginning: str) -> list[str]:
    query = "SELECT DISTINCT value FROM facets WHERE name = ? AND substr(value, 1, ?) = ? ORDER BY value"
    return list(_read(settings, query, name, len(beginning), beginning))


def _cached(settings: Settings) -> Iterator[str]:
    from fairreg.services.cache.layout import notes
    from fairreg.storage.cache import Cache

    try:
        for note, _used in islice(notes(Cache(settings.cache)), MOST):
            yield note.identifier
    except (OSError, FairregError):
        return


def _read(settings: Settings, query: str, *values: object) -> Iterator[str]:
    path = _file(settings.database_url)
    if path is None or not path.is_file():
        return
    # Without a log of writes nobody writes: then not even the files beside the database are made.
    mode = "mode=ro" if Path(f"{path}-wal").exists() else "immutable=1"
    end = monotonic() + _PATIENCE
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, timeout=0)) as known:
            known.set_progress_handler(lambda: monotonic() > end, _STEPS)
            yield from (row[0] for row in known.execute(f"{query} LIMIT {MOST}", values))
    except sqlite3.Error:
        return


def _file(url: str) -> Path | None:
    """Return the file of a registry in SQLite, None for another one."""
    return Path(unquote(url.removeprefix(_SQLITE).partition("?")[0])) if url.startswith(_SQLITE) else None
