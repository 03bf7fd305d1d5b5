# SPDX-License-Identifier: MIT
"""The page of a record."""

from html import escape

from fairreg.registry import Entry, Registry
from fairreg.server.site import Site

__all__ = ["record_page"]


def record_page(_site: Site, _registry: Registry, entry: Entry, head: str) -> str:
    """Return the page; `head` is safe HTML for its head."""
    name, words = escape(entry.record.name), escape(entry.record.description or "")
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{name}</title>\n{head}'
        f"</head>\n<body>\n<h1>{name}</h1>\n<p>{words}</p>\n</body>\n</html>\n"
    )
