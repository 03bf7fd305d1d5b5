# SPDX-License-Identifier: MIT
"""Sets: records by kind, by source, and those that fairreg can run.

A setSpec holds few characters (OAI-PMH 2.0, section 2.6); others in the name of a source are written as ``~``
and two hexadecimal digits for each byte.
"""

import re
from collections.abc import Iterator
from typing import get_args

from fairreg.registry import Change, ChangeFilters, Registry
from fairreg.schemas.record import Kind
from fairreg.schemas.text import one_line
from fairreg.sources import is_from_files, source_named

__all__ = ["all_sets", "filters_of", "sets_of"]

_RUNNABLE = "runnable"
# Sets of sets: a colon in a setSpec states a hierarchy.
_PARENTS = {"kind": "Records of any kind", "source": "Records of any source"}
_ESCAPED = re.compile(rb"[^A-Za-z0-9\-_.!*'()]")
_BYTE = re.compile(r"~([0-9a-f]{2})")
_KINDS = {"model": "Models", "dataset": "Datasets", "software": "Software"}


def sets_of(change: Change) -> Iterator[str]:
    """Yield the setSpecs of an entry, also of one that has departed."""
    if change.kind is not None:
        yield f"kind:{change.kind}"
    yield from (f"source:{_quoted(name)}" for name in change.sources)
    if change.runnable:
        yield _RUNNABLE


def filters_of(set_spec: str) -> ChangeFilters | None:
    """Return the conditions of a set, None for one that there is not."""
    family, _, name = set_spec.partition(":")
    if set_spec in _PARENTS:
        return {}  # every record has a kind and a source
    if set_spec == _RUNNABLE:
        return {"runnable": True}
    if family == "kind" and name in get_args(Kind):
        return {"kind": name}
    if family == "source" and name and ":" not in name:
        source = _unquoted(name)
        known = _quoted(source) == name and "\0" not in source and not is_from_files(source)
        return {"source_name": source} if known else None
    return None


def all_sets(registry: Registry) -> Iterator[tuple[str, str]]:
    """Yield every setSpec with its name for people."""
    yield from _PARENTS.items()
    yield from ((f"kind:{kind}", _KINDS[kind]) for kind in get_args(Kind))
    for name in registry.listing.source_names():
        yield f"source:{_quoted(name)}", f"Stated by {one_line(source_named(name).title)}"
    yield _RUNNABLE, "Models that fairreg can run"


def _quoted(name: str) -> str:
    """Return a name in the characters of a setSpec.

    >>> _quoted("zenodo_oai"), _quoted("a b")
    ('zenodo_oai', 'a~20b')
    """
    return _ESCAPED.sub(lambda found: b"~%02x" % found[0][0], name.encode("utf-8", "replace")).decode()


def _unquoted(text: str) -> str:
    plain = _BYTE.sub(lambda found: chr(int(found[1], 16)), text)
    return plain.encode("latin-1", "replace").decode("utf-8", "replace")
