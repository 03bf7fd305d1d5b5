# SPDX-License-Identifier: MIT
"""Conditions of a request to read, against the tag and the time of its answer (RFC 9110, section 13)."""

from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from starlette.datastructures import Headers

__all__ = ["verdict"]


def verdict(asked: Headers, answer: Headers) -> HTTPStatus | None:
    """Return the status that the conditions give, in their order of precedence (13.2.2); None: they hold.

    412 where the client wants an answer that this one is not, 304 where it has this one already.
    """
    tag, changed = answer.get("etag"), _time(answer.get("last-modified"))
    if "if-match" in asked:
        if not _is_among(asked, "if-match", tag, weakly=False):
            return HTTPStatus.PRECONDITION_FAILED
    elif _is_after(changed, asked.get("if-unmodified-since")) is True:
        return HTTPStatus.PRECONDITION_FAILED
    if "if-none-match" in asked:
        known = _is_among(asked, "if-none-match", tag, weakly=True)
    else:
        known = _is_after(changed, asked.get("if-modified-since")) is False
    return HTTPStatus.NOT_MODIFIED if known else None


def _is_among(asked: Headers, name: str, tag: str | None, *, weakly: bool) -> bool:
    """Compare a tag with those in a header; strongly, a weak one equals none (8.8.3.2)."""
    stated = {part.strip() for part in ", ".join(asked.getlist(name)).split(",")}
    if "*" in stated or tag is None:
        return "*" in stated
    if weakly:
        return tag.removeprefix("W/") in {part.removeprefix("W/") for part in stated}
    return not tag.startswith("W/") and tag in stated


def _is_after(changed: datetime | None, stated: str | None) -> bool | None:
    """Tell whether a change came after a date; None without one of both: the condition is ignored."""
    date = _time(stated)
    return None if changed is None or date is None else changed > date


def _time(text: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(text or "")
    except (ValueError, TypeError):
        return None
    return found if found.tzinfo else None  # one without a zone cannot be compared
