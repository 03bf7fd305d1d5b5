# SPDX-License-Identifier: MIT
"""The contract of a harvester: `fetch` and `search` touch only a `HttpClient`, `to_record` is pure.

A source is one module of this package whose ``HARVESTER`` is an instance of a `Harvester`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Self

from fairreg.errors import IdentifierError
from fairreg.schemas.identifiers import Identifier, parse
from fairreg.schemas.json_reader import JsonNode, canonical
from fairreg.schemas.record import Distribution, ModelRecord
from fairreg.sources import source_named
from fairreg.web import HttpClient

__all__ = ["FetchedPayload", "Harvester", "Hit", "HitPage", "Payload", "payloads_of"]

Payload = dict[str, Any]


@dataclass(frozen=True)
class FetchedPayload:
    """One record's payload, its bytes and their address.

    `asked_concept`: the identifier names the lineage, and the service answered with its newest version.
    """

    payload: Payload
    raw: bytes
    url: str
    asked_concept: bool = False


@dataclass(frozen=True)
class Hit:
    """One payload of a page; the page's bytes hold many, so `raw` is this one in canonical JSON."""

    payload: Payload
    raw: bytes

    @classmethod
    def of(cls, item: object) -> Self:
        """Return the hit for an item of a page or of a saved dump, whatever it is."""
        from fairreg.web.listings import payload_of  # not needed to list the sources

        payload = payload_of(item)
        return cls(payload, canonical(payload))


@dataclass(frozen=True)
class HitPage:
    """Hits of one page, the cursor after it (None: the last page), and the number of all hits."""

    hits: tuple[Hit, ...]
    cursor: str | None = None
    total: int | None = None
    note: str | None = None


def payloads_of(listed: JsonNode) -> Iterator[Payload]:
    """Yield the payloads of a list: an element that is no object becomes a damaged payload.

    An object yields itself, anything else nothing.
    """
    from fairreg.web.listings import payload_of  # not needed to list the sources

    if listed.is_object or isinstance(listed.value, list):
        yield from (payload_of(item.value) for item in listed.items())


class Harvester(ABC):
    """A source of records. Fetching raises the errors of `HttpClient`, mapping raises RecordError."""

    # That of its row in `fairreg.sources`, which holds its title and its service.
    name: ClassVar[str]
    # A general harvester (DataCite knows any DOI) is asked after the others that handle an identifier.
    general: ClassVar[bool] = False
    guest_page_limit: ClassVar[int] = 25
    token_page_limit: ClassVar[int] = 100
    # Supports word queries with immediate results; a source without them is left out of live searches.
    searchable: ClassVar[bool] = True
    # `search` yields its records; those of other sources come from saved documents only.
    harvestable: ClassVar[bool] = True
    # Source that has the same records: a harvest of all sources leaves this one out.
    double_of: ClassVar[str | None] = None
    # For a source whose `search` needs a query or a date: an example of a query.
    required_query: ClassVar[str | None] = None
    # Import name of an optional package that the source needs.
    engine: ClassVar[str | None] = None

    @property
    def title(self) -> str:
        """Name of the source for display."""
        return source_named(self.name).title

    @property
    def service(self) -> str:
        """Name of the service that receives the requests, a key of `fairreg.settings.Settings.services`."""
        return source_named(self.name).served_by or self.name

    @abstractmethod
    def handles(self, identifier: Identifier) -> bool:
        """Tell whether `fetch` accepts `identifier`."""

    @abstractmethod
    def fetch(self, web: HttpClient, identifier: Identifier) -> FetchedPayload:
        """Fetch the record that `identifier` names, as the source sends it."""

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
        """Yield pages of at most `limit` hits; `since` keeps changes from that day on, `cursor` resumes."""

    @abstractmethod
    def to_record(self, payload: Payload) -> ModelRecord:
        """Map a saved payload to a record; pure. Raises RecordError with the JSON path of what is missing."""

    def files_address(self, record: ModelRecord) -> str | None:  # noqa: ARG002 - most list all files
        """Return the address of the service's list of a record's files, which it refuses with the files."""
        return None

    def other_files(
        self,
        web: HttpClient,  # noqa: ARG002 - most list all files
        payload: Payload,  # noqa: ARG002
    ) -> tuple[Distribution, ...]:
        """Return the files beside the object that its record leaves out, such as the code of a repository.

        Called for a row with `leaves_out_files`.
        """
        return ()

    def stated_files(self, payload: Payload) -> dict[str, str]:  # noqa: ARG002 - most state none of it
        """Return what a payload states in fields of its own and others put into files: {file name: text}.

        Names are requirements.txt and hyperparameters.json. Pure; called for a row with `states_files`.
        """
        return {}

    def indexes(self, record: ModelRecord) -> tuple[Distribution, ...]:  # noqa: ARG002 - most have none
        """Return the files of a record that list more of its files and have to be read for their names."""
        return ()

    def with_listed(
        self,
        record: ModelRecord,
        contents: Mapping[str, bytes],  # noqa: ARG002 - most have none
    ) -> tuple[Distribution, ...]:
        """Return the files of a record with those in its index files, given by name; pure."""
        return record.distributions

    @abstractmethod
    def split(self, page: object) -> Iterator[Payload]:
        """Yield the payloads of a saved search page; the document of one record yields itself.

        An item of the page that is no object is among them, as `payloads_of` makes it.
        """

    def recognises(self, page: object) -> bool:  # noqa: ARG002 - most documents could be anybody's
        """Tell whether `page`, which `split` accepts, is certainly from this source."""
        return False

    def withdrawn(self, payload: Payload) -> tuple[str, str] | None:  # noqa: ARG002 - most sources send none
        """Return source id and reason where the payload is the tombstone of a record."""
        return None

    def query_fault(self, query: str) -> str | None:
        """Return why the source would refuse a query of a harvest, None for one that can be sent."""
        if self.required_query and not query.strip():
            return f'the search of {self.title} needs a query, such as "{self.required_query}"'
        return None

    def names_only(self) -> "Harvester":
        """Return the same source for searches that need names only, where details cost more."""
        return self

    def handles_url(self, url: str) -> bool:
        """Tell whether `url` is an address of a record that `fetch` accepts."""
        try:
            return self.handles(parse(url))
        except IdentifierError:
            return False

    def page_limit(self, *, token: bool) -> int:
        """Return the maximum number of hits per page, with or without an access token."""
        return self.token_page_limit if token else self.guest_page_limit
