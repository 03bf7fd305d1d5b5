# SPDX-License-Identifier: MIT
"""Addresses of files that are made of their names, with every character quoted that would end or change them.

Source: RFC 3986. Services write names into links with more or less care: a ``#`` or ``?`` of a name ends the
path of an address, a ``%`` begins an escape, a blank is no part of any address.
"""

import re
from urllib.parse import quote, unquote

from fairreg.schemas.text import clean

__all__ = ["file_address", "name_in_address", "quoted_part", "quoted_path"]

_PARTS = re.compile(r"(https?)://([^/?#\s\\]+)((?:[/?#].*)?)", re.IGNORECASE | re.DOTALL)
_BARE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
# Reserved characters keep their meaning; unquoted brackets are sent by every client.
_KEPT = "%/?#[]!$&'()*+,;=:@~"
_DOTS = re.compile(r"(?<![^/])\.{1,2}(?![^/])")


def quoted_path(name: str) -> str:
    """Quote a published name, with its folders, as a part of a path.

    A part ``.`` or ``..`` is escaped, which keeps it from being resolved.

    >>> quoted_path("data/jets#1 (50%).csv")
    'data/jets%231%20%2850%25%29.csv'
    """
    return _DOTS.sub(
        lambda found: found[0].replace(".", "%2E"), quote(name, safe="/", errors="surrogatepass")
    )


def quoted_part(name: str) -> str:
    """Quote a published name as one part of a path, whatever it contains.

    >>> quoted_part("release/1"), quoted_part("..")
    ('release%2F1', '%2E%2E')
    """
    return quoted_path(name).replace("/", "%2F")


def file_address(stated: object, name: object = None) -> str | None:
    """Return the http(s) address that a service states for the file `name`; None for any other value.

    Where the name, as the service spells it, stands there with characters that an address cannot contain, it
    is quoted; so is every other such character.

    >>> file_address("https://zenodo.org/api/records/1/files/jets#1.csv/content", "jets#1.csv")
    'https://zenodo.org/api/records/1/files/jets%231.csv/content'
    """
    found = _PARTS.fullmatch(clean(stated).strip()) if isinstance(stated, str) else None
    if found is None:
        return None
    scheme, host, rest = found.groups()
    if isinstance(name, str) and _needs_quotes(rest, name):
        place = _place_of(rest, name)
        rest = f"{rest[:place]}{quoted_path(name)}{rest[place + len(name) :]}"
    return f"{scheme}://{host}{quote(_BARE_PERCENT.sub('%25', rest), safe=_KEPT)}"


def name_in_address(address: str) -> str:
    """Return the last part of the path of an address, unquoted; empty without one."""
    found = _PARTS.fullmatch(address)
    path = re.split(r"[?#]", found[3], maxsplit=1)[0] if found else ""
    return unquote(path.rstrip("/").rsplit("/", 1)[-1])


def _needs_quotes(rest: str, name: str) -> bool:
    """Tell whether the name stands in an address in the place of its quoted form."""
    path = re.split(r"[?#]", rest, maxsplit=1)[0]
    whole = f"{unquote(path)}/"
    dots = _DOTS.search(name) is not None
    return _place_of(rest, name) >= 0 and (dots or f"/{name}/" not in whole)


def _place_of(rest: str, name: str) -> int:
    """Position of the last place where the name stands as a whole part or value, -1 without one."""
    found = list(re.finditer(rf"(?<=[/=]){re.escape(name)}(?=[/?#&]|$)", rest))
    return found[-1].start() if found else -1
