# SPDX-License-Identifier: MIT
"""Web links (RFC 8288) as headers and as HTML."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from fairreg import addresses
from fairreg.errors import UnsafeAddress

__all__ = ["WebLink", "header", "html_links", "web_address"]


@dataclass(frozen=True)
class WebLink:
    """A link (RFC 8288); `href` and `profile` are ASCII. `anchor` is its context, None for the page."""

    rel: str
    href: str
    type: str | None = None
    profile: str | None = None
    anchor: str | None = None

    def __str__(self) -> str:
        parts = [f"<{self.href}>", f'rel="{self.rel}"']
        named = {"type": self.type, "profile": self.profile, "anchor": self.anchor}
        return "; ".join([*parts, *(f'{name}="{value}"' for name, value in named.items() if value)])


def web_address(text: str | None) -> str | None:
    """Return an http(s) address in ASCII without white space and quotes, None for any other text."""
    if not text:
        return None
    try:
        return addresses.parse(text).url
    except UnsafeAddress:
        return None


def header(links: Iterable[WebLink]) -> str:
    """Return the value of a ``Link`` header."""
    return ", ".join(map(str, links))


def html_links(links: Iterable[WebLink]) -> str:
    """Return ``<link>`` elements for the head of a page, one per line."""
    return "\n".join(map(_element, links))


def _element(link: WebLink) -> str:
    named = {"rel": link.rel, "href": link.href, "type": link.type, "profile": link.profile}
    written = (f'{name}="{escape(text)}"' for name, text in named.items() if text)
    return f"<link {' '.join(written)}>"
