# SPDX-License-Identifier: MIT
"""Answers of the API: JSON documents with links, and parameters that are known."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from fairreg.errors import UsageError

__all__ = ["address", "document", "next_link", "require_known"]


def document(content: Any, *, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON document; a number that is not finite becomes null."""
    return Response(msgspec.json.encode(content) + b"\n", media_type="application/json", headers=headers)


def address(url: str, params: Sequence[tuple[str, str]]) -> str:
    """Return an address with parameters."""
    return f"{url}?{urlencode(params)}" if params else url


def next_link(url: str | None) -> dict[str, str]:
    """Return the header Link to the next page (RFC 8288), none for the last."""
    return {} if url is None else {"Link": f'<{url}>; rel="next"'}


def require_known(request: Request, known: Collection[str], filled: Collection[str] = ()) -> None:
    """Raise UsageError for a parameter that is not among `known`, and for an empty one among `filled`."""
    unknown = sorted(request.query_params.keys() - {*known})
    if unknown:
        raise UsageError(
            f"{unknown[0][:40]!r} is not a parameter of this address.",
            hint=f"It takes {', '.join(known)}." if known else "It takes none.",
        )
    empty = [name for name, value in request.query_params.multi_items() if name in filled and not value]
    if empty:
        raise UsageError(f"{empty[0]} is empty.", hint="Give it a value, or leave it out.")
