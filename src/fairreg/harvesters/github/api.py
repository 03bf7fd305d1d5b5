# SPDX-License-Identifier: MIT
"""Requests to GitHub's REST API."""

from http import HTTPStatus

from fairreg.errors import AccessDenied, BadAnswer, Gone, RateLimited
from fairreg.harvesters.base import Payload
from fairreg.harvesters.common.paging import object_of
from fairreg.web import HttpClient, Response

__all__ = ["get", "object_in"]

API = "https://api.github.com"
ACCEPT = "application/vnd.github+json"
HEADERS = {"X-GitHub-Api-Version": "2022-11-28"}


def get(
    web: HttpClient, path: str, params: dict[str, str | int] | None = None, *, use_cache: bool = True
) -> Response:
    """GET from the API; a refusal carries a hint for GitHub."""
    try:
        return web.get(f"{API}{path}", params=params, accept=ACCEPT, headers=HEADERS, use_cache=use_cache)
    except RateLimited as error:
        raise RateLimited(error.message, retry_after=error.retry_after, hint=_limit_hint(error)) from error
    except AccessDenied as error:
        hint = "Check the token in GITHUB_TOKEN: it may be wrong, expired or lack this permission."
        raise AccessDenied(error.message, hint=hint) from error
    except BadAnswer as error:
        if error.status != HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS:
            raise
        raise Gone("GitHub blocked the repository for legal reasons.", reason=error.message) from error


def _limit_hint(error: RateLimited) -> str:
    minutes = max(1, round(error.retry_after / 60))
    return f"Try again in {minutes} min. Guests have 60 requests per hour, 5000 with a GITHUB_TOKEN."


def object_in(answer: Response) -> Payload:
    """Return the JSON object of an answer. Raises BadAnswer."""
    return object_of(answer, "GitHub", "object")
