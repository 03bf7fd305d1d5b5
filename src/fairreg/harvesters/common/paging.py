# SPDX-License-Identifier: MIT
"""Shared parts of paged services: a limit of hits, and answers that are one JSON object."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from fairreg.errors import BadAnswer
from fairreg.harvesters.base import HitPage, Payload
from fairreg.web import Response

__all__ = ["object_of", "within"]


def within(pages: Iterable[HitPage], limit: int | None) -> Iterator[HitPage]:
    """Yield pages until they hold `limit` hits, or all without one; no further page is requested."""
    left = limit
    if left is not None and left <= 0:
        return
    for page in pages:
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
