# SPDX-License-Identifier: MIT
"""Shared parts of paged services: a limit of hits, the last page, and answers that are one JSON object."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from fairreg.errors import BadAnswer
from fairreg.harvesters.base import HitPage, Payload
from fairreg.web import Response

__all__ = ["is_last", "object_of", "within"]


def is_last(items: Sequence[object], size: int, *, reached: int = 0, total: int | None = None) -> bool:
    """Tell whether `items` are the last page of a list, of pages of `size` items that have `reached` so far.

    A stated total decides, unless there are no items at all. Without one a page with fewer items is the last,
    if none of them is damaged: two that were merged count as one.
    """
    from fairreg.web.listings import damage_of  # not needed to list the sources

    if total is not None and items:
        return reached >= total
    return len(items) < size and not any(map(damage_of, items))


def within(pages: Iterable[HitPage], limit: int | None) -> Iterator[HitPage]:
    """Yield pages until they hold `limit` hits, or all without one; no further page is requested.

    A list of no stated total ends where its last page is repeated.
    """
    left, before = limit, None
    if left is not None and left <= 0:
        return
    for page in pages:
        if page.total is None and page.hits and page.hits == before:
            return
        before = page.hits
        hits = page.hits[:left]
        yield replace(page, hits=hits)
        if left is not None:
            left -= len(hits)
            if left <= 0:
                return


def object_of(answer: Response, service: str, what: str) -> Payload:
    """Return the JSON object of an answer; BadAnswer where `service` sent JSON other than a `what`."""
    payload = answer.json()
    if not isinstance(payload, dict):
        raise BadAnswer(f"{service} answered with JSON that is not a {what}.", hint="Try again later.")
    return payload
