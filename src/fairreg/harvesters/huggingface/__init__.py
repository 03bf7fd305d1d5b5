# SPDX-License-Identifier: MIT
"""The Hugging Face Hub: models and datasets by name, lists of models, and their cards."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from typing import ClassVar

from fairreg.errors import BadAnswer, FairregError, Offline, RateLimited, Unreachable, UsageError
from fairreg.harvesters.base import FetchedPayload, Harvester, Hit, HitPage, Payload, payloads_of
from fairreg.harvesters.huggingface.api import Hub
from fairreg.harvesters.huggingface.cursor import Cursor
from fairreg.harvesters.huggingface.mapping import envelope, record_of, repository_of
from fairreg.harvesters.huggingface.query import HubQuery
from fairreg.schemas.file_address import quoted_path
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.json_reader import JsonNode, canonical
from fairreg.schemas.record import ModelRecord
from fairreg.web import HttpClient, RetryPolicy
from fairreg.web.listings import damage_of

__all__ = ["HARVESTER", "HuggingFaceHarvester"]

# Cards of one page requested in parallel; the Hub allows a guest 3000 files per five minutes.
CARDS_AT_ONCE = 8


class HuggingFaceHarvester(Harvester):
    """The Hub at HF_ENDPOINT. `cards` makes `search` request the README of each model, too.

    Payloads are envelopes of an info and its card (see `mapping`).
    """

    name: ClassVar[str] = "huggingface"
    guest_page_limit: ClassVar[int] = 200
    token_page_limit: ClassVar[int] = 200

    def __init__(self, *, cards: bool = True, policy: RetryPolicy | None = None) -> None:
        self._cards = cards
        self._policy = policy

    def names_only(self) -> "HuggingFaceHarvester":
        """Return the source without cards."""
        return HuggingFaceHarvester(cards=False, policy=self._policy)

    def handles(self, identifier: Identifier) -> bool:
        """Names of models and datasets; `fetch` explains the refusal of a Space."""
        return identifier.scheme == "huggingface"

    def query_fault(self, query: str) -> str | None:
        """Return why the Hub would refuse a query, or take a part of a filter for a word."""
        try:
            return HubQuery.of(query).fault
        except UsageError as error:
            return f"{error.message[:1].lower()}{error.message[1:].rstrip('.')}"

    def fetch(self, web: HttpClient, identifier: Identifier) -> FetchedPayload:
        """The repository with the sizes and SHA-256 of its files, its card, and its files of results.

        Raises NotFound (also for a private one, for which a guest gets the same answer), AccessDenied,
        UsageError.
        """
        name, dataset = _asked(identifier)
        hub = Hub(web, self._policy or web.policy)
        kind = "datasets" if dataset else "models"
        answer = hub.get(f"api/{kind}/{quoted_path(name)}", [("blobs", "true")])
        info = answer.json()
        if not isinstance(info, dict) or repository_of(JsonNode(info)) is None:
            raise BadAnswer("The Hub answered with JSON that is not a repository.", hint="Try again later.")
        results = {} if dataset or info.get("evalResults") else hub.results(info)
        payload = envelope(info, hub.card(info, dataset=dataset), dataset=dataset, results=results)
        return FetchedPayload(payload, canonical(payload), answer.url)

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
        """Yield pages of models whose name contains the words of `query`, resumable by the Hub's cursor.

        ``tag:NAME`` and ``author:NAME`` in the query restrict the list (see `query`).
        Ordered by last change with `since`; by downloads with a query or a limit; else newest first, an order
        that stays stable during a long run.
        """
        place = Cursor.read(cursor) if cursor else Cursor(_order(query, since, limit), "")
        size, left = min(page_size or self.guest_page_limit, limit or self.guest_page_limit), limit
        hub = Hub(web, self._policy or web.policy)
        while left is None or left > 0:
            infos, onward = hub.page(query, place, size)
            fresh = [info for info in infos if _changed_since(info, since)][:left]
            if len(fresh) < len(infos):
                onward = None
            hits, note = self._hits(hub, fresh)
            yield HitPage(hits, onward.text if onward else None, note=note)
            left = None if left is None else left - len(fresh)
            if onward is None:
                return
            place = onward

    def to_record(self, payload: Payload) -> ModelRecord:
        """The record of an info, bare or in an envelope. Raises RecordError with the JSON path."""
        return record_of(payload)

    def split(self, page: object) -> Iterator[Payload]:
        """The infos of a list page, or the one info or envelope itself."""
        yield from payloads_of(JsonNode(page))

    def _hits(self, hub: "Hub", infos: list[Payload]) -> tuple[tuple[Hit, ...], str | None]:
        """Return the hits of infos, and a note on cards that the Hub failed to give.

        Raises its error where it gave no card of the page but failed on several.
        """
        cards: list[str | FairregError | None] = [None] * len(infos)
        if self._cards and infos:
            with ThreadPoolExecutor(CARDS_AT_ONCE) as pool:
                cards = list(pool.map(partial(_card, hub), infos))
        faults = [card for card in cards if isinstance(card, FairregError)]
        if len(faults) > 1 and not any(isinstance(card, str) for card in cards):
            raise faults[0]
        hits, without = [], []
        for info, card in zip(infos, cards, strict=True):
            text = None if isinstance(card, FairregError) else card
            if card is not text:
                without.append(repository_of(JsonNode(info)) or "")
            hits.append(Hit.of(info if damage_of(info) else envelope(info, text)))
        note = f"The Hub failed on the README of {', '.join(without)}; they are read without it."
        return tuple(hits), note if without else None


def _card(hub: "Hub", info: Payload) -> str | FairregError | None:
    """Return the card of a model, or the error where the Hub fails on it."""
    try:
        return hub.card(info, dataset=False)
    except (RateLimited, Offline):
        raise
    except Unreachable as error:
        return error


def _asked(identifier: Identifier) -> tuple[str, bool]:
    """Return (the repository's name, True for a dataset)."""
    if identifier.scheme != "huggingface":
        raise UsageError(f"The Hub has no {identifier.scheme} identifiers.", hint="Give org/name.")
    if identifier.value.startswith("spaces/"):
        raise UsageError(
            f"{identifier.value} is a Space, which is an application rather than a model.",
            hint="Give the model or dataset that it uses.",
        )
    name = identifier.value.removeprefix("datasets/")
    if repository_of(JsonNode({"id": name})) is None:
        raise UsageError(f"{identifier.value!r} is not the name of a Hub repository.", hint="Give org/name.")
    return name, name != identifier.value


def _order(query: str, since: date | None, limit: int | None) -> str:
    if since is not None:
        return "lastModified"
    return "downloads" if query or limit is not None else "createdAt"


def _changed_since(info: Payload, since: date | None) -> bool:
    changed = JsonNode(info)["lastModified"].date
    return since is None or changed is None or changed[:10] >= since.isoformat()


HARVESTER = HuggingFaceHarvester()
