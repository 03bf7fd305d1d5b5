# SPDX-License-Identifier: MIT
"""Files beside a model that its record leaves out: the names of all, the texts of those that describe it.

The record of a code repository lists its model files. README, requirements, code and tests lie beside them.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from fairreg import harvesters
from fairreg.assessment.content.documents import role_of
from fairreg.assessment.evidence import Document, FileFact, Role, Unread
from fairreg.errors import FairregError
from fairreg.schemas.record import Distribution
from fairreg.schemas.text import counted
from fairreg.services.fetch.resolve import SourceRecord
from fairreg.web import HttpClient, Log

__all__ = ["OtherFiles", "other_files"]

_MAX_TEXT = 200_000
# Of each role, so that a repository with much code leaves room for what describes it.
_MOST_OF_ROLE = 5
_MOST_FILES = 5000
_BESIDE = "the list of the files beside the model"


class OtherFiles(NamedTuple):
    """Every file beside the model, the documents among them, and what was not read of both."""

    files: tuple[FileFact, ...] = ()
    documents: tuple[Document, ...] = ()
    unread: tuple[Unread, ...] = ()


def other_files(web: HttpClient, source: SourceRecord, log: Log) -> OtherFiles:
    """Return what the source of a record keeps beside its files."""
    try:
        listed = harvesters.get(source.record.provenance.source).other_files(web, json.loads(source.raw))
        documents = _documents(web, listed)
    except FairregError as error:
        log(f"Assessing without the other files of the repository: {error.message}")
        return OtherFiles(unread=(Unread(path=_BESIDE, reason="not available"),))
    files = _facts(listed, source)
    unread = [*_left_out(listed, documents)]
    if files[_MOST_FILES:]:
        reason = f"longer than {_MOST_FILES} names"
        unread.append(Unread(path=_BESIDE, reason=reason))
    return OtherFiles(tuple(files[:_MOST_FILES]), tuple(documents), tuple(unread))


def _facts(listed: Iterable[Distribution], source: SourceRecord) -> list[FileFact]:
    own = {item.name for item in source.record.distributions}
    return [FileFact(path=item.name, size=item.size or 0) for item in listed if item.name not in own]


def _left_out(listed: Iterable[Distribution], read: Iterable[Document]) -> Iterator[Unread]:
    """Yield one note per role for the texts that were not read: too large, or beyond the first of a role."""
    known, names = {item.path for item in read}, defaultdict[Role, list[str]](list)
    for item in listed:
        role = role_of(item.name)
        if role is not None and item.name not in known and item.size != 0:
            names[role].append(item.name)
    for role, unread in names.items():
        reason = f"one of {counted(len(unread), 'text')} of its kind that are too large or too many"
        yield Unread(path=unread[0], reason=reason, role=role)


def _documents(web: HttpClient, listed: Iterable[Distribution]) -> list[Document]:
    """Return the small texts of each role, those at the top of the repository first."""
    counts: dict[Role, int] = {}
    found: list[Document] = []
    for item in sorted(listed, key=lambda file: file.name.count("/")):
        role = role_of(item.name)
        if role is None or item.url is None or not 0 < (item.size or 0) <= _MAX_TEXT:
            continue
        counts[role] = counts.get(role, 0) + 1
        if counts[role] <= _MOST_OF_ROLE:
            body = web.get(item.url, accept="*/*", use_cache=True).body
            digest, text = hashlib.sha256(body).hexdigest(), body.decode("utf-8", "replace")
            found.append(Document(role=role, path=item.name, text=text, sha256=digest))
    return found
