# SPDX-License-Identifier: MIT
"""Templates of identifiers, which documentation and generators leave for an author to fill in.

``10.5281/zenodo.XXXXXXX``, ``10.xxxx/...``, ``<doi>`` or ``https://doi.org/`` name nothing: read as
identifiers they would join all records that forgot them.
"""

import re
from functools import cache
from typing import TYPE_CHECKING

from fairreg import sources
from fairreg.errors import IdentifierError

if TYPE_CHECKING:
    from fairreg.schemas.identifiers import Identifier

__all__ = ["fault_of", "is_template"]

_LONGEST = 300
# A part that was left to be filled in, in brackets or as a variable; SICIs have digits in their brackets.
_BRACKETED = re.compile(
    r"<[a-z][a-z _.:-]*>?|\{+[a-z][\w .-]*\}*|(?-i:\$\{[A-Za-z_]+|\$[A-Z_]{2,}\b)|(?:\.{3}|\u2026)(?=/|\Z)",
    re.IGNORECASE,
)
# A word in the place of a number: names of repositories may have such words.
_BLANK = re.compile(
    r"(?<![^\W_])(?:x{3,}|n{4,}|to-?do|tbd|tba|fixme|changeme|placeholder)(?![^\W_])|#{3,}|\?{2,}"
    r"|(?<![^\W_])(?:your|the)[-_ ](?:doi|orcid|id|number|identifier|record)\b"
    r"|(?<![^\W_])(?:doi|record|deposit|zenodo)[-_ ](?:id|number|here)(?![^\W_])",
    re.IGNORECASE,
)
# A word alone, in brackets or not, that stands for an identifier.
_WORD = re.compile(
    r"[<\[({$#\s]*(?:the |your |a |insert |add )*(?:(?:doi|orcid|arxiv|swhid|pid|identifier|zenodo)"
    r"(?:[-_ ]?(?:id|number|here|link|url|badge|record))?:?|todo|to-do|tbd|tba|fixme|changeme|x{3,}|\?+)"
    r"[>\])}#\s]*",
    re.IGNORECASE,
)
_NO_REGISTRANT = re.compile(
    r"(?:.*?[/:=\s])?10\.(?:[xyn]{2,}\d*|\d*[x#?]{2,}|<[^/]*>|\{[^/]*\})/.*", re.IGNORECASE
)
_NO_SUFFIX = re.compile(r"(?:.*?[/:=\s])?10\.\d{4,9}(?:\.\d+)*/?[.\u2026\s]*", re.IGNORECASE)
_NO_ARXIV = re.compile(r"(?:.*?[/:\s])?(?:[xyn]{4}|\d{4})\.[xn]{4,5}(?:v\d+)?", re.IGNORECASE)
_NO_ORCID = re.compile(
    r"(?:.*?[/:\s])?(?:0000-0000-0000-0000|[0x]{4}(?:-[\dx]{4}){2}-[\dx]{3}x*)", re.IGNORECASE
)
_OWNER = re.compile(
    r"(?:.*[/:])?your[-_]?(?:\w*org\w*|user\w*|name|github\w*|hf\w*|account|namespace|team|handle)/[^/\s]+"
    r"|(?:.*[/:])?(?:USER(?:NAME)?|OWNER|ORG(?:ANIZATION)?)/(?:REPO(?:SITORY)?|NAME|PROJECT|MODEL)(?:\.git)?"
)
_ADDRESS = re.compile(r"(?:https?://)?(?:www\.|dx\.)?([^/?#\s]+)((?:/[a-z]+)*)/?", re.IGNORECASE)
_SWH = sources.SWHID.stated_as[0]
_EXAMPLES = (
    (sources.ORCID.name, "the ORCID iD of the person, such as 0000-0002-5076-7096"),
    (sources.ARXIV.name, "the number of the paper, such as arXiv:1909.12285"),
    (
        sources.GITHUB.name,
        "owner and name of the repository, such as github:FAIR4HEP/hbb_interaction_network",
    ),
    (sources.OWNER_SLASH_NAME.name, "owner and name of the repository, such as huggingface.co/org/name"),
    (_SWH, "the identifier that Software Heritage gave the content: swh:1:dir: and 40 digits"),
)
_DOI = "the DOI that the archive gave to the record, such as 10.5281/zenodo.7305227"


def is_template(text: str, found: "Identifier | None" = None) -> bool:
    """Tell whether a text has the form of an identifier with parts that were never filled in.

    `found` is the identifier that a scheme reads in the text. Only that is judged, and a whole number not at
    all: a path of a file, a fragment and qualifiers may contain any word.

    >>> is_template("10.5281/zenodo.XXXXXXX"), is_template("10.5281/zenodo.7305227")
    (True, False)
    """
    text = text.strip()
    if len(text) > _LONGEST or (found is not None and found.scheme in _complete()):
        return False
    if found is not None and found.scheme == sources.DOI.name:
        text = text if "$" in text else found.value
    elif found is not None and found.scheme in _named():
        return _is_unfilled_name(text, found.value)
    return bool(
        _WORD.fullmatch(text)
        or _has_blank(text)
        or _NO_REGISTRANT.fullmatch(text)
        or _NO_SUFFIX.fullmatch(text)
        or _NO_ARXIV.fullmatch(text)
        or _is_empty_orcid(text)
        or _OWNER.fullmatch(text)
        or _names_nothing(text)
    )


def fault_of(text: str, found: "Identifier | None" = None) -> IdentifierError | None:
    """Return the error that tells what to write in the place of a template; None for any other text.

    `found` is the identifier that a scheme reads in the text.
    """
    if not is_template(text, found):
        return None
    words = text.lower()
    write = next((example for name, example in _EXAMPLES if name in words), _DOI)
    if _OWNER.fullmatch(text.strip()) and sources.ZENODO.name not in words:
        write = "owner and name of the repository, such as org/name"
    return IdentifierError(
        f"{text.strip()!r} is not an identifier, but the template of one.",
        hint=f"Write {write}. Leave it out while there is none.",
    )


def _has_blank(text: str) -> bool:
    """Tell whether a part of an address, or of a value with the prefix of a scheme, was left to fill in."""
    if " " in text or (start := _START.match(text)) is None:
        return False
    path = text[start.end() :] if start["doi"] else re.split("[?&]", text[start.end() :], maxsplit=1)[0]
    if _BRACKETED.search(path):
        return True
    if start["doi"]:
        return _BLANK.search(path if _is_minted(text) else _last_part(path)) is not None
    numbered = "10." in path or (start["host"] or start["prefix"]).lower() in _numbered()
    return bool(numbered and _BLANK.search(path))


def _minted() -> tuple[str, ...]:
    return tuple(row.dois.prefix for row in sources.all_sources() if row.dois)


def _is_minted(doi: str) -> bool:
    """Tell whether a service mints DOIs that begin so, of which the whole rest is a number."""
    return doi.lower().startswith(_minted())


def _last_part(path: str) -> str:
    """Return the part of a DOI that stands for the number; before it are codes of journals, as TBD."""
    return re.split("[./]", re.sub(r"[./]?v\d+\Z", "", path, flags=re.IGNORECASE))[-1]


def _is_unfilled_name(text: str, name: str) -> bool:
    """Tell whether a name has parts to fill in, where any word may be the name of a repository."""
    if _OWNER.fullmatch(name) or _BRACKETED.search(name):
        return True
    start = _START.match(text)
    return start is not None and (start["host"] or "").lower() in _numbered() and _has_blank(text)


# What stands before the path of an address, the value of a scheme, the suffix of a DOI.
_START = re.compile(
    r"(?P<doi>10\.\d{4,9})|(?:https?://)?(?:www\.)?(?P<host>[\w-]+(?:\.[\w-]+)+)(?::\d+)?(?=/)"
    r"|(?P<prefix>[a-z][\w+.-]*:)",
    re.IGNORECASE,
)
_NAME = "todo/todo"


@cache
def _numbered() -> frozenset[str]:
    """Return hosts and prefixes of the schemes whose identifiers are numbers, not names."""
    rows = [scheme for scheme in sources.schemes() if scheme.name not in _named()]
    pages = [page for scheme in rows for page in (*scheme.pages, *scheme.carried_by)]
    prefixes = (prefix for scheme in rows for prefix in (*scheme.prefixes, f"{_SWH}:"))
    of_names = (page for scheme in sources.schemes() if scheme.name in _named() for page in scheme.pages)
    hosts = {host for page in pages for host in page.hosts} - {
        host for page in of_names for host in page.hosts
    }
    return frozenset({*hosts, *prefixes})


@cache
def _named() -> frozenset[str]:
    """Return the schemes whose identifiers are names, in which any word may stand."""
    examples = (_NAME, _NAME.partition("/")[0])
    rows = sources.schemes()
    return frozenset(
        row.name
        for row in rows
        if row.names == "code" or any(re.fullmatch(row.value, example) for example in examples)
    )


@cache
def _complete() -> frozenset[str]:
    """Return the schemes whose identifiers are numbers that are read only as a whole."""
    minted = {sources.DOI.name, sources.SHORT_DOI.name}
    return frozenset(scheme.name for scheme in sources.schemes()) - _named() - minted


def _is_empty_orcid(text: str) -> bool:
    return "0000-0000-0000-0000" in text or (
        _NO_ORCID.fullmatch(text) is not None and re.search("xx", text, re.IGNORECASE) is not None
    )


def _names_nothing(text: str) -> bool:
    """Tell whether it is only what stands before an identifier: ``https://doi.org/``, ``10.5281/zenodo.``."""
    found = _ADDRESS.fullmatch(text)
    if found is not None and (found[1].lower(), found[2].lower()) in _resolvers():
        return True
    minted = _minted()
    doi = re.search(r"10\.\d{4,9}/\S+\Z", text)
    return doi is not None and any(
        doi[0].lower().rstrip("0") in {prefix, prefix.rstrip(".")} for prefix in minted
    )


@cache
def _resolvers() -> frozenset[tuple[str, str]]:
    """Return host and path of the address before the identifiers of each scheme that resolves."""
    starts = (scheme.resolver for scheme in sources.schemes() if scheme.resolver)
    found = (_ADDRESS.fullmatch(start) for start in starts)
    return frozenset((match[1].lower(), match[2].lower()) for match in found if match)
