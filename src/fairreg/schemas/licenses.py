# SPDX-License-Identifier: MIT
"""Licences in the spellings of repositories, as SPDX expressions.

The list is that of the license-expression library (SPDX identifiers and their older spellings, any case). It
is extended by the identifiers that Zenodo used before 2023 (opendefinition.org's), the addresses under which
licences are published, and the full names in DataCite's ``rights``.
"""

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any
from urllib.parse import urlsplit

from fairreg.schemas.text import one_line

__all__ = ["joined", "spdx"]

# Identifiers of opendefinition.org, of Zenodo before 2023, and common short names.
_OTHER_NAMES = {
    "agpl-v3": "AGPL-3.0-only",
    "apache": "Apache-2.0",
    "apache2": "Apache-2.0",
    "apache2.0": "Apache-2.0",
    "apache-license-2.0": "Apache-2.0",
    "apache-2": "Apache-2.0",
    "artistic-license-2.0": "Artistic-2.0",
    "boost-software-license-1.0": "BSL-1.0",
    "bsl1.0": "BSL-1.0",
    "bsd-3": "BSD-3-Clause",
    "bsd-2": "BSD-2-Clause",
    "cc-zero": "CC0-1.0",
    "cc0": "CC0-1.0",
    "cddl1": "CDDL-1.0",
    "ecl2": "ECL-2.0",
    "eclipse-1.0": "EPL-1.0",
    "gplv2": "GPL-2.0-only",
    "gplv3": "GPL-3.0-only",
    "gpl-v2": "GPL-2.0-only",
    "gpl-v3": "GPL-3.0-only",
    "lgplv3": "LGPL-3.0-only",
    "mozilla1.1": "MPL-1.1",
    "mozilla-public-license-2.0": "MPL-2.0",
    "odc-by": "ODC-By-1.0",
    "odc-odbl": "ODbL-1.0",
    "odc-pddl": "PDDL-1.0",
    "odc-pddl-1.0": "PDDL-1.0",
    "pythonsoftfoundation": "PSF-2.0",
    "uoi-ncsa": "NCSA",
}
_GNU = re.compile(
    r"gnu (?P<family>affero|lesser|library)? ?general public licen[cs]e,? ?(?:version |v)?"
    r"(?P<version>\d(?:\.\d)?)(?P<how> ?(?:only|or later|or any later version))?"
)
_CC_NAME = re.compile(
    r"(?:creative commons|cc)[ :-]*(?:licen[cs]e )?"
    r"(?P<terms>(?:by|attribution|non ?commercial|nc|share ?alike|sa|no ?deriv(?:ative)?s?(?: works)?|nd"
    r"|[ -])+?)"
    r"[ -]*(?:licen[cs]e )?v?(?P<version>\d\.\d)(?: (?P<rest>.*))?"
)
_CC_URL = re.compile(r"/licenses/(?P<terms>[a-z-]+)/(?P<version>\d\.\d)(?:/(?P<where>[a-z]{2,3}))?(?:/|$)")
_GENERIC = {"", "international", "generic", "unported", "license", "licence", "international license", "intl"}


def spdx(*stated: str | None) -> str | None:
    """Return the SPDX expression of the first recognised of `stated`; None where none is recognised.

    Each may be an identifier, an expression, a name or an address. ``other-open`` and ``notspecified`` are
    not recognised.
    """
    return next((found for text in stated if text and (found := _one(one_line(text)))), None)


def joined(expressions: Iterable[str]) -> str | None:
    """Join `expressions` with AND, each once: where a source names several licences, all apply."""
    unique = sorted(set(expressions))
    parts = [f"({part})" if " OR " in part and len(unique) > 1 else part for part in unique]
    return " AND ".join(parts) or None


@lru_cache(maxsize=4096)
def _one(text: str) -> str | None:
    if "://" in text or text.lower().startswith("www."):
        return _of_address(text)
    if text.lower() in _UNVERSIONED or len(text) > _LONGEST:
        return None
    slug = _slug(text)
    return _known(text) or _known(_OTHER_NAMES.get(slug, slug)) or _of_name(text.lower())


@cache
def _licensing() -> Any:
    from license_expression import get_spdx_licensing

    return get_spdx_licensing()


def _known(text: str) -> str | None:
    """Return `text` in SPDX spelling; None without an SPDX id (also for the library's LicenseRef-)."""
    from license_expression import ExpressionError, ExpressionParseError

    if not text or "LicenseRef" in text:
        return None
    try:
        parsed = _licensing().parse(text, validate=True, strict=True)
    except (ExpressionError, ExpressionParseError, AssertionError, IndexError, TypeError):
        # The library's parser raises the last three on misplaced parentheses and operators.
        return None
    written = str(parsed)
    return None if parsed is None or "LicenseRef" in written else written


def _slug(text: str) -> str:
    words = re.sub(r"[\s_,]+", "-", text.lower().replace("version ", "").replace("(", "").replace(")", ""))
    return re.sub(r"-+", "-", words).removesuffix("-license").strip("-")


def _of_name(name: str) -> str | None:
    gnu = _GNU.search(name)
    if gnu:
        family = {"affero": "AGPL", "lesser": "LGPL", "library": "LGPL"}.get(gnu["family"] or "", "GPL")
        version = gnu["version"] if "." in gnu["version"] else gnu["version"] + ".0"
        return _known(f"{family}-{version}-{'or-later' if 'later' in (gnu['how'] or '') else 'only'}")
    if re.search(r"\b(?:cc|creative commons)[ -]*(?:cc)?(?:zero|0)\b", name):
        return "CC0-1.0"
    common = _CC_NAME.fullmatch(name)
    if common and (common["rest"] or "") in _GENERIC:
        return _common(common["terms"], common["version"])
    trimmed = re.sub(r"^(?:the|gnu) | licen[cs]e(?: \(\w+\))?$|^licen[cs]e[: ]+", "", name)
    return _one(trimmed) if trimmed != name else None


def _common(terms: str, version: str, where: str | None = None) -> str | None:
    """Return the Creative Commons identifier; SPDX orders its terms BY, NC, ND or SA."""
    squeezed = re.sub(r"[ -]", "", terms)
    parts = [
        code
        for code, words in (
            ("BY", "by|attribution"),
            ("NC", "nc|noncommercial"),
            ("ND", "nd|noderiv"),
            ("SA", "sa|sharealike"),
        )
        if re.search(words, squeezed)
    ]
    written = "-".join(["CC", *parts, version])
    return (_known(f"{written}-{where}") if where else None) or _known(written)


def _of_address(address: str) -> str | None:
    try:
        parts = urlsplit(address if "://" in address else f"https://{address}")
    except ValueError:
        return None
    host, path = parts.netloc.lower().removeprefix("www."), parts.path.lower().rstrip("/")
    if host in {"creativecommons.org", "i.creativecommons.org"}:
        return _of_creative_commons(path)
    if host in {"spdx.org", "opensource.org", "choosealicense.com"}:
        name = re.sub(r"\.(?:html?|json|txt|php)$", "", path.rsplit("/", 1)[-1])
        return _one(name) if name else None
    return next((found for start, found in _ADDRESSES.items() if (host + path).startswith(start)), None)


def _of_creative_commons(path: str) -> str | None:
    if path.startswith("/publicdomain/zero"):
        return "CC0-1.0"
    if path.startswith("/publicdomain/mark"):
        return _known("CC-PDM-1.0")
    match = _CC_URL.match(path)
    return _common(match["terms"], match["version"], match["where"]) if match else None


# A family without a version is not a licence: the library would take "GPL" for version 1.
_UNVERSIONED = frozenset({"gpl", "lgpl", "agpl", "gnu", "bsd", "gfdl"})
_LONGEST = 200
_ADDRESSES = {
    "apache.org/licenses/license-2.0": "Apache-2.0",
    "gnu.org/licenses/agpl-3.0": "AGPL-3.0-only",
    "gnu.org/licenses/lgpl-3.0": "LGPL-3.0-only",
    "gnu.org/licenses/gpl-3.0": "GPL-3.0-only",
    "gnu.org/licenses/old-licenses/gpl-2.0": "GPL-2.0-only",
    "gnu.org/licenses/old-licenses/lgpl-2.1": "LGPL-2.1-only",
    "mozilla.org/mpl/2.0": "MPL-2.0",
    "mozilla.org/en-us/mpl/2.0": "MPL-2.0",
    "unlicense.org": "Unlicense",
    "opendatacommons.org/licenses/by/1": "ODC-By-1.0",
    "opendatacommons.org/licenses/odbl/1": "ODbL-1.0",
    "opendatacommons.org/licenses/pddl/1": "PDDL-1.0",
    "eupl.eu/1.2": "EUPL-1.2",
    "joinup.ec.europa.eu/software/page/eupl": "EUPL-1.2",
}
