# SPDX-License-Identifier: MIT
"""Licences by the web addresses under which they are published."""

import re

from fairreg.schemas.licenses.spdx_list import aliases, by_location, known, location

__all__ = ["creative_commons", "is_address", "is_port", "name_in_catalogue", "of_address"]

_CREATIVE_COMMONS = frozenset(
    {"creativecommons.org", "i.creativecommons.org", "licensebuttons.net", "creativecommons.net"}
)
# The jurisdiction of a port is a part of the path (/fr/, /scotland/); a language is not: /deed.fr.
_LICENCE = re.compile(
    r"/(?:licen[cs]es|l)/(?P<terms>[a-z-]+)/(?P<version>\d\.\d)"
    r"(?:/(?P<where>(?!(?:deed|legalcode|rdf)\b)[a-z][a-z_-]+)(?=[/?#]|$))?(?:[/?#]|$)"
)
_FIRST_WITHOUT_PORTS = "4.0"
_BELOW = re.compile(r"(?:/(?!.*\bfaq\b).*)?(?:[?#].*)?")
# A language, ending or form after the path: gpl-3.0-standalone, gpl-3.0.en, odbl/1-0.
_OF_SAME_PAGE = re.compile(
    rf"(?:[-.]0)?(?:-standalone)?(?:\.[a-z]{{2,5}}(?:-[a-z]{{2,4}})?){{0,2}}{_BELOW.pattern}"
)
_TERMS = (
    ("BY", "by|attribution"),
    ("NC", "nc|noncommercial"),
    ("ND", "nd|noderiv"),
    ("SA", "sa|sharealike"),
)


def is_address(text: str) -> bool:
    """Tell whether a text is one web address, its scheme optional."""
    return re.fullmatch(r"\w+://\S+|www\.\S+|[\w-]+(?:\.[\w-]+)*\.[a-z]{2,6}/\S*", text, re.I) is not None


def of_address(address: str) -> str | None:
    """Return the licence published at an address, of a Creative Commons page in any language."""
    place = location(address)
    if place is None:
        return None
    host, path = place
    if host in _CREATIVE_COMMONS:
        return _of_creative_commons(path) or (by_location(host, path) if "publicdomain" in path else None)
    return by_location(host, path) or _by_beginning(host + path)


def name_in_catalogue(address: str) -> str | None:
    """Return the name at the end of an address of a site with a page per licence, None of any other."""
    host, path = location(address) or ("", "")
    path = re.split("[?#]", path)[0]
    if not any((host + path).startswith(f"{start}/") for start in aliases().catalogues):
        return None
    if not re.search(r"(?:^|/licen[cs]es?)/[^/]+$", path):
        return None
    name = re.sub(r"-(?:txt|php)$", "", path.rsplit("/", 1)[-1])
    # opensource.org writes the version of lgpl-2-1 with a hyphen; that of cc0-1.0 is whole.
    return re.sub(r"(?<=\d)-(?=\d+(?![\d.]))", ".", name) or None


def creative_commons(terms: str, version: str, where: str | None = None) -> str | None:
    """Return the Creative Commons identifier, None for a port that SPDX does not list.

    A port is another legal text than the licence of its version. SPDX orders the terms BY, NC, ND or SA.
    """
    squeezed = re.sub(r"[ -]", "", terms)
    parts = [code for code, spellings in _TERMS if re.search(spellings, squeezed)]
    written = "-".join(["CC", *parts, version])
    ported = where is not None and version < _FIRST_WITHOUT_PORTS
    return known(f"{written}-{where}" if ported else written)


def is_port(address: str) -> bool:
    """Tell whether a Creative Commons licence is published there that was ported to a jurisdiction."""
    host, path = location(address) or ("", "")
    match = _LICENCE.match(path) if host in _CREATIVE_COMMONS else None
    return match is not None and match["where"] is not None and match["version"] < _FIRST_WITHOUT_PORTS


def _of_creative_commons(path: str) -> str | None:
    if re.match(r"/(?:publicdomain|licen[cs]es|p|l)/zero(?:[/?#]|$)", path):
        return "CC0-1.0"
    if re.match(r"/publicdomain/mark(?:[/?#]|$)", path):
        return known("CC-PDM-1.0")
    match = _LICENCE.match(path)
    return (
        creative_commons(match["terms"], match["version"], match["where"])
        if match and _is_known(match["terms"])
        else None
    )


def _is_known(terms: str) -> bool:
    """Tell whether each term is one of those in force, once: not sampling, which is of other licences."""
    codes = [code for term in terms.split("-") for code, spellings in _TERMS if re.fullmatch(spellings, term)]
    return len(codes) == len(set(codes)) == len(terms.split("-"))


def _by_beginning(place: str) -> str | None:
    """Return the licence whose address goes on with a form of the same page: 3.0-standalone, not 3.0-faq."""
    starts = (start for start in aliases().addresses if place.startswith(start))
    longest = max(starts, key=len, default="")
    rest = (_OF_SAME_PAGE if "/" in longest else _BELOW).fullmatch(place[len(longest) :])
    return aliases().addresses[longest] if longest and rest else None
