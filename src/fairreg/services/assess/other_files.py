# SPDX-License-Identifier: MIT
"""Files beside a model that its record leaves out: the names of all, the texts of those that describe it.

The record of a code repository lists its model files. README, requirements, code and tests lie beside them.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from fairreg import harvesters
from fairreg.assessment.content.documents import role_of
from fairreg.assessment.evidence import Document, FileFact, Role
from fairreg.errors import FairregError
from fairreg.schemas.record import Distribution
from fairreg.services.fetch.resolve import SourceRecord
from fairreg.web import HttpClient, Log

__all__ = ["OtherFiles", "other_files"]

_MAX_TEXT = 200_000
# Of each role, so that a repository with much code leaves room for what describes it.
_MOST_OF_ROLE = 5
_MOST_FILES = 5000


class OtherFiles(NamedTuple):
    """Every file beside the model, and the documents among them; not `complete` where some were not read."""

    files: tuple[FileFact, ...] = ()
    documents: tuple[Document, ...] = ()
    complete: bool = True


def other_files(web: HttpClient, source: SourceRecord, log: Log) -> OtherFiles:
    """Return what the source of a record keeps beside its files."""
    try:
        listed = harvesters.get(source.record.provenance.source).other_files(web, json.loads(source.raw))
        return OtherFiles(tuple(_facts(listed, source)), tuple(_documents(web, listed)))
    except FairregError as error:
        log(f"Assessing without the other files of the repository: {error.message}")
        return OtherFiles(complete=False)


def _facts(listed: Iterable[Distribution], source: SourceRecord) -> Iterator[FileFact]:
    own = {item.name for item in source.record.distributions}
    named = [item for item in listed if item.name not in own]
    yield from (FileFact(path=item.name, size=item.size or 0) for item in named[:_MOST_FILES])


def _documents(web: HttpClient, listed: Iterable[Distribution]) -> Iterator[Document]:
    """Yield the small texts of each role, those at the top of the repository first."""
    counts: dict[Role, int] = {}
    for item in sorted(listed, key=lambda file: file.name.count("/")):
        role = role_of(item.name)
        if role is None or item.url is None or not 0 < (item.size or 0) <= _MAX_TEXT:
            continue
        counts[role] = counts.get(role, 0) + 1
        if counts[role] <= _MOST_OF_ROLE:
            body = web.get(item.url, accept="*/*", use_cache=True).body
            digest, text = hashlib.sha256(body).hexdigest(), body.decode("utf-8", "replace")
            yield Document(role=role, path=item.name, text=text, sha256=digest)
