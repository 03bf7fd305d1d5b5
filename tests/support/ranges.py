# SPDX-License-Identifier: MIT
"""A file on a local server, and the ranges of it that were requested."""

from collections.abc import Callable

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

__all__ = ["requested_ranges"]


def requested_ranges(
    httpserver: HTTPServer, path: str, answer: Callable[[Request], Response]
) -> list[str | None]:
    """Answer requests for `path`; return the list to which the Range header of each is added."""
    ranges: list[str | None] = []

    def handle(request: Request) -> Response:
        ranges.append(request.headers.get("Range"))
        return answer(request)

    httpserver.expect_request(path).respond_with_handler(handle)
    return ranges
