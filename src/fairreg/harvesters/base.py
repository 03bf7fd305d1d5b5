# SPDX-License-Identifier: MIT
"""What a harvester is: `fetch` and `search` touch a `HttpClient` and nothing else, `to_record` touches
nothing.

A source is one module of this package whose ``HARVESTER`` is an instance of a `Harvester`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Self

from fairreg.errors import IdentifierError
from fairreg.schemas.identifiers import Identifier, parse
from fairreg.schemas.json_reader import canonical
from fairreg.schemas.record import ModelRecord
from fairreg.sources import source_named
from fairreg.web import HttpClient

__all__ = ["FetchedPayload", "Harvester", "Hit", "HitPage", "Payload"]

Payload = dict[str, Any]


@dataclass(frozen=True)
class FetchedPayload:
    """One record's payload, the bytes it came as and where from.

    `asked_concept`: what was asked for names the lineage, and the service answered with its newest version.
    """

    payload: Payload
    raw: bytes
    url: str
    asked_concept: bool = False


@dataclass(frozen=True)
class Hit:
    """One payload of a page; as the page's bytes hold many, `raw` is this one re-serialised, always alike."""

    payload: Payload
    raw: bytes

    @classmethod
    def of(cls, payload: Payload) -> Self:
        """The hit that a payload of a page, or of a saved dump, is."""
        return cls(payload, canonical(payload))


@dataclass(frozen=True)
class HitPage:
    """Hits of one page, what `search` resumes after it with (None: the last page), the number of all hits."""

    hits: tuple[Hit, ...]
    cursor: str | None = None
    total: int | None = None
    note: str | None = None


class Harvester(ABC):
    """A source of records. Raises the errors of `HttpClient` when it fetches, RecordError when it maps."""

    # That of its row in `fairreg.sources`, which says what it is called and whose service is asked.
    name: ClassVar[str]
    # Other harvesters that know an identifier are asked before one that is general (DataCite knows any DOI).
    general: ClassVar[bool] = False
    guest_page_limit: ClassVar[int] = 25
    token_page_limit: ClassVar[int] = 100
    # Whether `search` takes words and answers at once; what can only be harvested whole is not asked live.
    searchable: ClassVar[bool] = True
    # Import name of an optional package without which the source cannot be asked.
    engine: ClassVar[str | None] = None

    @property
    def title(self) -> str:
        """Name of the source as people write it."""
        return source_named(self.name).title

    @property
    def service(self) -> str:
        """Name of the service that is asked, which `fairreg.settings.Settings.services` may have."""
        return source_named(self.name).served_by or self.name

    @abstractmethod
    def handles(self, identifier: Identifier) -> bool:
        """Whether `fetch` can be asked for `identifier`."""

    @abstractmethod
    def fetch(self, web: HttpClient, identifier: Identifier) -> FetchedPayload:
        """The record that `identifier` names, as the source sends it."""

    @abstractmethod
    def search(
        self,
        web: HttpClient,
        query: str,
        *,
        since: date | None = None,
        cursor: str | None = None,
        limit: int | None = None,
        page_size: int | None = None,
    ) -> Iterator[HitPage]:
        """Pages of hits, at most `limit`; `since` keeps what changed from that day on, `cursor` resumes."""

    @abstractmethod
    def to_record(self, payload: Payload) -> ModelRecord:
        """The record of a saved payload; pure. Raises RecordError with the JSON path of what is missing."""

    @abstractmethod
    def split(self, page: object) -> Iterator[Payload]:
        """The payloads of a saved search page; one record's document gives itself."""

    def recognises(self, page: object) -> bool:  # noqa: ARG002 - most documents could be anybody's
        """Whether `page`, which `split` takes, is certainly this source's, so that nobody has to say so."""
        return False

    def withdrawn(self, payload: Payload) -> tuple[str, str] | None:  # noqa: ARG002 - most sources send none
        """Source id and reason where the payload is the tombstone of a record."""
        return None

    def names_only(self) -> "Harvester":
        """The same source for who searches it for names, where searching for all details costs more."""
        return self

    def handles_url(self, url: str) -> bool:
        """Whether `url` is an address of a record that `fetch` can be asked for."""
        try:
            return self.handles(parse(url))
        except IdentifierError:
            return False

    def page_limit(self, *, token: bool) -> int:
        """Most hits that the source gives on one page, with or without an access token."""
        return self.token_page_limit if token else self.guest_page_limit
