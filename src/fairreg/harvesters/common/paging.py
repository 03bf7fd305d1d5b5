# SPDX-License-Identifier: MIT
"""What services that answer in pages have in common: a limit of hits, and answers that are one object."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from fairreg.errors import BadAnswer
from fairreg.harvesters.base import HitPage, Payload
from fairreg.web import Response

__all__ = ["object_of", "within"]


def within(pages: Iterable[HitPage], limit: int | None) -> Iterator[HitPage]:
    """The pages until they have given `limit` hits, all of them without one; no further page is asked for."""
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
    """The JSON object of an answer; BadAnswer where `service` sent other JSON, which is no `what`."""
    payload = answer.json()
    if not isinstance(payload, dict):
        raise BadAnswer(f"{service} answered with JSON that is no {what}.", hint="Try again later.")
    return payload
