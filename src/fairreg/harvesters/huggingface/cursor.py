# SPDX-License-Identifier: MIT
"""Positions in lists of the Hub, which gives the next one in a Link header (RFC 8288)."""

from typing import NamedTuple
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from fairreg.errors import UsageError
from fairreg.schemas.json_reader import JsonNode

__all__ = ["Cursor", "next_cursor"]


class Cursor(NamedTuple):
    """Position in a list: its order and the Hub's cursor ("": its beginning)."""

    order: str
    value: str

    @property
    def text(self) -> str:
        """Encode the position in one line, for the registry's harvest state."""
        return urlencode({"sort": self.order, "cursor": self.value})

    @classmethod
    def read(cls, text: str) -> "Cursor":
        """Parse the text of a cursor; UsageError for anything else."""
        fields = JsonNode(dict(parse_qsl(text)))
        order, value = fields["sort"].text, fields["cursor"].text
        if not order or not value:
            raise UsageError(
                f"{text!r} is not a position in a list of the Hub.", hint="Start the harvest again."
            )
        return cls(order, value)


def next_cursor(link: str) -> str:
    """Return the cursor in the rel="next" of a Link header, else ""; the address is not followed."""
    for part in link.split(", <"):
        address, _, relation = part.partition(">")
        if 'rel="next"' in relation:
            return next(iter(parse_qs(urlsplit(address.lstrip("<")).query).get("cursor", [])), "")
    return ""
