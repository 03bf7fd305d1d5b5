# SPDX-License-Identifier: MIT
"""Identifiers of models, datasets, software and people, in all the spellings that people paste.

`parse` turns a pasted text into an `Identifier`; `Identifier.url` is the spelling that resolves, and
``parse(identifier.url) == identifier`` holds for every scheme that has one. Sources: DOI Handbook 2.2,
arXiv's identifier scheme (2007), ORCID's structure (ISO 7064 MOD 11-2), SWHID specification 1.2.
"""

import re
from collections.abc import Callable
from typing import Annotated
from urllib.parse import quote, unquote, urlsplit

import msgspec

from fairreg.errors import IdentifierError

__all__ = [
    "DOI_SCHEMES",
    "Identifier",
    "IdentifierLike",
    "RequestedIdentifier",
    "doi_of_zenodo",
    "normalise_doi",
    "normalise_orcid",
    "parse",
    "zenodo_of_doi",
]

# Schemes whose value is a DOI; only `doi` identifies the object itself.
DOI_SCHEMES = frozenset({"doi", "concept_doi", "paper_doi", "dlhub_doi", "related_doi"})

_DOI = re.compile(r"10\.\d{4,9}(?:\.\d+)*/\S+")
_ZENODO_DOI = re.compile(r"10\.5281/zenodo\.(\d+)")
_ARXIV = re.compile(r"(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?", re.IGNORECASE)
_ORCID = re.compile(r"(\d{4})-?(\d{4})-?(\d{4})-?(\d{3}[\dXx])")
_SWHID = re.compile(r"swh:1:(?:cnt|dir|rev|rel|snp):[0-9a-f]{40}(?:;\S+)?")
_SLUG = re.compile(r"(?!10\.)[A-Za-z0-9][\w.-]*/[A-Za-z0-9._][\w.-]*")
_SURROGATE = re.compile("[\ud800-\udfff]")  # what Python makes of bytes that are not UTF-8
_HF_LEGACY = re.compile(r"[A-Za-z0-9][\w.-]*")

_URL_PREFIX = {
    "arxiv": "https://arxiv.org/abs/",
    "orcid": "https://orcid.org/",
    "swhid": "https://archive.softwareheritage.org/",
    "huggingface": "https://huggingface.co/",
    "github": "https://github.com/",
    "zenodo": "https://zenodo.org/records/",
    "cernopendata": "https://opendata.cern.ch/record/",
    "kaggle": "https://www.kaggle.com/",
    "pypi": "https://pypi.org/project/",
}

_MOST_LAYERS = 50  # of what stands around an identifier; only hostile text has more
# host -> scheme, what stands before the value in the path
_PAGES = {
    "opendata.cern.ch": ("cernopendata", "record/"),
    "pypi.org": ("pypi", "project/"),
    "kaggle.com": ("kaggle", ""),
}


class Identifier(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A value in a scheme; `evidence` says where it was seen.

    Schemes: doi, concept_doi, paper_doi, dlhub_doi, related_doi, arxiv, orcid, swhid, huggingface, github,
    zenodo, dlhub, cernopendata, kaggle, pypi, url, and any other word a source uses.
    """

    scheme: Annotated[str, msgspec.Meta(min_length=1)]
    value: Annotated[str, msgspec.Meta(min_length=1)]
    evidence: str | None = None

    @property
    def url(self) -> str | None:
        """The address that resolves it, None for a scheme without a resolver."""
        if self.scheme in DOI_SCHEMES:
            return "https://doi.org/" + quote(self.value, safe="/:;()._-+,@!$&'*=~")
        if self.scheme == "url":
            return self.value
        prefix = _URL_PREFIX.get(self.scheme)
        return prefix + quote(self.value, safe="/:;=._-+@~") if prefix else None

    @property
    def compact(self) -> str:
        """``scheme:value``; DOI schemes say ``doi:``."""
        return f"{'doi' if self.scheme in DOI_SCHEMES else self.scheme}:{self.value}"

    @property
    def key(self) -> tuple[str, str]:
        """What two spellings of one identifier share: (family, case-folded value)."""
        return ("doi" if self.scheme in DOI_SCHEMES else self.scheme, self.value.casefold())


def parse(text: str) -> Identifier:
    """Read a pasted identifier; a bare ``org/name`` is taken as a Hugging Face id, a bare number as Zenodo's.

    Raises IdentifierError when the text is none of the known kinds, or no Unicode.
    """
    cleaned = _clean(text)
    for reader in () if _SURROGATE.search(text) else _READERS:
        found = reader(cleaned)
        if found is not None:
            return found
    raise IdentifierError(
        f"{text.strip()!r} is not an identifier that fairreg knows.",
        hint="Give a DOI (10.5281/zenodo.7305227), an arXiv id, org/name, "
        "or a Zenodo, Hugging Face or GitHub address.",
    )


class RequestedIdentifier:
    """An identifier as its user spelled it: parsed once, then passed on to all who need it.

    `identifier` is None for a `text` of no known scheme; the registry may still know an entry by that name.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.identifier: Identifier | None = None
        self._fault: IdentifierError | None = None
        try:
            self.identifier = parse(text)
        except IdentifierError as error:
            self._fault = error

    @classmethod
    def of(cls, pid: "str | RequestedIdentifier") -> "RequestedIdentifier":
        """Return `pid` as it is where it has been parsed already."""
        return cls(pid) if isinstance(pid, str) else pid

    def require(self) -> Identifier:
        """Return the identifier; raises IdentifierError where the text is of no known scheme."""
        if self.identifier is None:
            raise self._fault or IdentifierError(f"{self.text!r} is not an identifier.")
        return self.identifier

    def __str__(self) -> str:
        return self.text


# How functions that look something up may be told of an identifier.
IdentifierLike = str | Identifier | RequestedIdentifier


def normalise_doi(text: str) -> str | None:
    """The DOI in `text` in lower case without resolver prefix; None where there is none or a placeholder."""
    found = _doi(_clean(text))
    return found.value if found else None


def normalise_orcid(text: str) -> str | None:
    """The ORCID in `text` as ``0000-0002-5076-7096``; None where its checksum fails."""
    found = _orcid(_clean(text))
    return found.value if found else None


def zenodo_of_doi(doi: str) -> str | None:
    """Record number inside a DOI that Zenodo minted."""
    match = _ZENODO_DOI.fullmatch(doi)
    return match[1] if match else None


def doi_of_zenodo(number: str) -> str:
    """The DOI that Zenodo mints for a record number (a record may carry an external DOI instead)."""
    return f"10.5281/zenodo.{number}"


def _clean(text: str) -> str:
    """Without the blanks, quotes, punctuation and brackets around it; cleaning again changes nothing more."""
    for _ in range(_MOST_LAYERS):
        before, text = text, _peeled(text)
        if text == before:
            break
    return text


def _peeled(text: str) -> str:
    cleaned = text.strip().strip("<>\"'`.,; ").strip()
    for opening, closing in ("()", "[]", "{}"):
        if cleaned.startswith(opening) and cleaned.endswith(closing):
            cleaned = cleaned[1:-1].strip()
        elif cleaned.endswith(closing) and cleaned.count(closing) > cleaned.count(opening):
            cleaned = cleaned[:-1].rstrip(".,;")
    return cleaned


def _after(text: str, *prefixes: str) -> str | None:
    """The rest of `text` behind the first of `prefixes` that it starts with, whatever their case."""
    for prefix in prefixes:
        if text[: len(prefix)].lower() == prefix:
            return text[len(prefix) :].strip()
    return None


def _address(text: str) -> tuple[str, str] | None:
    """(host without www, unquoted path without slashes at its ends) of a web address, scheme optional."""
    candidate = text if "://" in text else f"https://{text}"
    try:
        parts = urlsplit(candidate)
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or "." not in parts.netloc:
        return None
    return parts.netloc.lower().removeprefix("www."), unquote(parts.path).strip("/")


def _doi(text: str) -> Identifier | None:
    rest = _after(text, "doi:", "doi ", "info:doi/", "urn:doi:") or text
    address = _address(rest)
    if address and address[0] in {"doi.org", "dx.doi.org"}:
        rest = address[1]
    elif address and address[0] == "zenodo.org":
        badge = re.fullmatch(r"(?:doi|badge/doi)/(10\..+?)(?:\.svg)?", address[1], re.IGNORECASE)
        rest = badge[1] if badge else rest
    elif "/" not in rest and "%2f" in rest.lower():
        rest = unquote(rest)
    return Identifier("doi", rest.lower()) if _DOI.fullmatch(rest) else None


def _zenodo(text: str) -> Identifier | None:
    suffix = re.fullmatch(r"zenodo\.(\d+)", text, re.IGNORECASE)
    if suffix:
        return Identifier("doi", doi_of_zenodo(suffix[1]))
    number = re.fullmatch(r"(?:(?:zenodo|oai:zenodo\.org):)?\s*(\d{3,10})", text, re.IGNORECASE)
    if number:
        return Identifier("zenodo", number[1])
    address = _address(text)
    if address is None or address[0] != "zenodo.org":
        return None
    page = re.match(r"(?:api/)?(?:records?|deposit|uploads)/(\d+)(?:/|$)", address[1])
    return Identifier("zenodo", page[1]) if page else None


def _arxiv(text: str) -> Identifier | None:
    rest = _after(text, "arxiv:", "arxiv ") or text
    address = _address(rest)
    if address and address[0] in {"arxiv.org", "export.arxiv.org"}:
        rest = re.sub(r"^(?:abs|pdf|html|format)/|\.pdf$", "", address[1])
    match = _ARXIV.fullmatch(rest)
    return Identifier("arxiv", match[1]) if match else None


def _orcid(text: str) -> Identifier | None:
    rest = _after(text, "orcid:", "https://orcid.org/", "http://orcid.org/", "orcid.org/") or text
    match = _ORCID.fullmatch(rest)
    if match is None:
        return None
    value = "-".join(match.groups()).upper()
    return Identifier("orcid", value) if _orcid_checksum(value) else None


def _orcid_checksum(value: str) -> bool:
    total = 0
    digits = value.replace("-", "")
    for digit in digits[:-1]:
        total = (total + int(digit)) * 2
    return digits[-1] == "0123456789X"[(12 - total % 11) % 11]


def _swhid(text: str) -> Identifier | None:
    rest = _after(text, "https://archive.softwareheritage.org/") or text
    return Identifier("swhid", unquote(rest)) if _SWHID.fullmatch(unquote(rest)) else None


def _huggingface(text: str) -> Identifier | None:
    rest = _after(text, "huggingface:", "hf:", "hf://")
    rest = rest.lstrip("/") if rest else None
    address = _address(text)
    if rest is None and address and address[0] in {"huggingface.co", "hf.co"}:
        rest = re.sub(r"/(?:tree|blob|resolve|raw|commit|discussions)(?:/.*)?$", "", address[1])
        rest = rest.removeprefix("api/").removeprefix("models/")
    if rest is None:
        return None
    name = rest.removeprefix("datasets/").removeprefix("spaces/")
    return Identifier("huggingface", rest) if _SLUG.fullmatch(name) or _HF_LEGACY.fullmatch(name) else None


def _github(text: str) -> Identifier | None:
    rest = _after(
        text, "github:", "gh:", "git@github.com:", "ssh://git@github.com/", "git+https://github.com/"
    )
    address = _address(text)
    if rest is None and address and address[0] in {"github.com", "api.github.com"}:
        rest = address[1].removeprefix("repos/") if address[0].startswith("api.") else address[1]
    if rest is None:
        return None
    slug = "/".join(rest.split("/")[:2]).removesuffix(".git")
    return Identifier("github", slug) if _SLUG.fullmatch(slug) else None


def _tagged(text: str) -> Identifier | None:
    scheme, _, rest = text.partition(":")
    if scheme.lower() in {"dlhub", "cernopendata", "kaggle", "pypi", "openml"} and rest:
        return Identifier(scheme.lower(), rest.strip())
    address = _address(text)
    if address and address[0] in _PAGES:
        scheme, prefix = _PAGES[address[0]]
        value = address[1].removeprefix(prefix)
        if value and address[1].startswith(prefix):
            return Identifier(scheme, value)
    return None


def _bare_slug(text: str) -> Identifier | None:
    return Identifier("huggingface", text) if _SLUG.fullmatch(text) else None


def _url(text: str) -> Identifier | None:
    return (
        Identifier("url", text) if "://" in text and _address(text) and not re.search(r"\s", text) else None
    )


# The first reader that recognises the text wins, so the more specific come first.
_READERS: tuple[Callable[[str], Identifier | None], ...] = (
    _doi,
    _zenodo,
    _swhid,
    _orcid,
    _arxiv,
    _huggingface,
    _github,
    _tagged,
    _bare_slug,
    _url,
)
