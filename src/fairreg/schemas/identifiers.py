# SPDX-License-Identifier: MIT
"""Identifiers of models, datasets, software and people, in all common spellings.

`parse` turns a pasted text into an `Identifier`: a normal form first (NFKC without invisible characters and
look-alikes), then what stands around it (LaTeX, BibTeX, Markdown), then the readers of the schemes.
`Identifier.url` is the spelling that resolves, and ``parse(identifier.url) == identifier`` holds for every
scheme that has one. Sources: DOI Handbook 2.2, arXiv's identifier scheme (2007), ORCID's structure (ISO 7064
MOD 11-2), SWHID specification 1.2.
"""

import re
from functools import cache
from typing import Annotated, NamedTuple
from urllib.parse import quote, unquote, urlsplit

import msgspec

from fairreg import sources
from fairreg.errors import IdentifierError, without_secrets
from fairreg.sources import (
    DOI,
    ORCID,
    OWNER_SLASH_NAME,
    ZENODO,
    IdentifierScheme,
    MintedDois,
    PageAddress,
    VersionSpelling,
)

__all__ = [
    "DOI_SCHEMES",
    "NEIGHBOUR_DOIS",
    "OWN_DOIS",
    "PAPER_SCHEMES",
    "POINTING_SCHEMES",
    "Identifier",
    "IdentifierLike",
    "RequestedIdentifier",
    "may_be_template",
    "minted_doi",
    "normalise_doi",
    "normalise_orcid",
    "owner_slash_name",
    "parse",
    "record_of_doi",
    "template_fault",
    "zenodo_of_doi",
]

# DOIs of the object itself, as a version or a whole; and DOIs of objects that it refers to.
OWN_DOIS = (DOI.name, "concept_doi")
NEIGHBOUR_DOIS = (*(row.copy_dois for row in sources.BUILT_IN if row.copy_dois), "related_doi", "paper_doi")
# Schemes whose value is a DOI; only that of `DOI` identifies the object itself.
DOI_SCHEMES = frozenset({*OWN_DOIS, *NEIGHBOUR_DOIS})
PAPER_SCHEMES = frozenset({"paper_doi", sources.ARXIV.name})
# Persistent identifiers of other objects.
POINTING_SCHEMES = frozenset({*NEIGHBOUR_DOIS, sources.ARXIV.name})

_SURROGATE = re.compile("[\ud800-\udfff]")  # Python's result for bytes that are not UTF-8
_FINGERPRINTS = ("fingerprint", "file_fingerprint")  # of all weights of a record, of one file among several
_FINGERPRINT = re.compile(r"(?:set:)?sha256:[0-9a-f]{64}")
_SAFE_IN_DOI = "/:;()._-+,@!$&'*=~"
# Host and path of a web address.
Address = tuple[str, str]
_LONGEST_WRAPPING = 2000
_DOI_IN_ADDRESS = re.compile(r"(?<![\w.])10\.\d{4,9}(?:\.\d+)*/[^\s/?#&,;]+")
# A query in words, or whatever is below a page for searching.
_SEARCH = re.compile(r"[?&](?:q|query|search|s|term|terms|text|keywords?)=|/search\b", re.IGNORECASE)
# Signs of an identifier that its author was to fill in; `identifier_templates` tells.
_LEFT_OPEN = re.compile(
    r"[<{$]|xxx|\?\?|###|\.{3}|\u2026|to-?do|tb[ad]|fixme|changeme|placeholder|your|[/_-]my[-_]|0000-0000-0000"
    r"|[-_](?:id|number|here)\b|(?-i:USER|OWNER|ORG)",
    re.IGNORECASE,
)
_BEGINNING = re.compile(r"(?:doi|orcid|arxiv|swh|zenodo|\bp?id\b|identifier)|(?<!\d)10\.", re.IGNORECASE)
# Schemes of the addresses of clones.
_CLONES = frozenset({"git", "ssh", "git+ssh", "git+https", "git+http"})
_MOST_LAYERS = 50  # of punctuation around an identifier; only hostile text has more


class Identifier(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A value in a scheme; `evidence` states where it was seen.

    Schemes: doi, concept_doi, paper_doi, dlhub_doi, related_doi, arxiv, orcid, swhid, huggingface, github,
    zenodo, dlhub, cernopendata, kaggle, pypi, url, and any other word a source uses.
    """

    scheme: Annotated[str, msgspec.Meta(min_length=1)]
    value: Annotated[str, msgspec.Meta(min_length=1)]
    evidence: str | None = None

    @property
    def url(self) -> str | None:
        """Address that resolves it, None for a scheme without a resolver."""
        if self.scheme in DOI_SCHEMES:
            return f"{DOI.resolver}{quote(self.value, safe=_SAFE_IN_DOI, errors='replace')}"
        if self.scheme == "url":
            return self.value
        prefix = _resolvers().get(self.scheme)
        spelling = _versions().get(self.scheme)
        value = self.value.replace("@", spelling.page, 1) if spelling else self.value
        return prefix + quote(value, safe="/:;=._-+@~", errors="replace") if prefix else None

    @property
    def compact(self) -> str:
        """``scheme:value``; DOI schemes say ``doi:``."""
        return f"{self.key[0]}:{self.value}"

    @property
    def key(self) -> tuple[str, str]:
        """Key that all spellings of an identifier share: (family, case-folded value).

        A version keeps its case, since the tags v1.0 and V1.0 are two.
        """
        whole, at, version = self.value.partition("@")
        value = (
            f"{whole.casefold()}@{version}" if at and self.scheme in _versions() else self.value.casefold()
        )
        return (DOI.name if self.scheme in DOI_SCHEMES else self.scheme, value)

    @property
    def whole(self) -> "Identifier":
        """The object of which it names a version, else the identifier itself."""
        value = self.value.partition("@")[0] if self.scheme in _versions() else self.value
        return Identifier(self.scheme, value or self.value)

    @property
    def bare(self) -> "Identifier":
        """The identifier alone, without the evidence, which depends on the record that it was seen in."""
        return Identifier(self.scheme, self.value)


def parse(text: str) -> Identifier:
    """Parse a pasted identifier; a bare ``org/name`` is a Hugging Face id, a bare number Zenodo's.

    Raises IdentifierError for a text of no known scheme, a template of an identifier, or invalid Unicode.
    """
    if len(_dois_in(_clean(text))) > 1:
        raise IdentifierError(f"{text.strip()!r} holds several DOIs.", hint="Give one of them.")
    found = None if _SURROGATE.search(text) else _parsed(_clean(text)) or _page(text)
    fault = template_fault(text, found)
    if fault is not None:
        raise fault
    if found is not None:
        return found
    refusing = _refusing(text)
    if refusing is not None:
        raise IdentifierError(
            f"{text.strip()!r} is not an identifier: it looks like one of the scheme {refusing}, and is not "
            "valid there.",
            hint="Compare it with its source, digit by digit.",
        )
    raise IdentifierError(
        f"{text.strip()!r} is not an identifier that fairreg knows.",
        hint="Give a DOI (10.5281/zenodo.7305227), an arXiv id, org/name, "
        "or a Zenodo, Hugging Face or GitHub address; `fairreg search` finds a title.",
    )


def _page(text: str) -> Identifier | None:
    """Return the address that a text is, None for that of an identifier with a wrong checksum."""
    return None if _refusing(text) else _url(_bare(_visible(text)))


def _refusing(text: str) -> str | None:
    """Return the scheme of which a text has the form, and by whose rules it is not valid."""
    cleaned = _clean(text)
    address = _address(cleaned)
    return next((name for name, reader in _readers().items() if reader.refuses(cleaned, address)), None)


def template_fault(text: str, found: Identifier | None = None) -> IdentifierError | None:
    """Return the error for a template such as ``10.5281/zenodo.XXXXXXX``, None for any other text.

    `found` is the reading of the text, if it has one.
    """
    if not (may_be_template(text) or _ends_early(text, found)):
        return None  # most texts, which need no closer look
    from fairreg.schemas.identifier_templates import fault_of

    cleaned = _clean(text)
    found = found or _parsed(cleaned)
    return fault_of(_normal(text), found) or fault_of(cleaned, found)


def may_be_template(text: str) -> bool:
    """Tell whether a text has a sign of a template; `template_fault` looks closer."""
    return _LEFT_OPEN.search(text) is not None


def _ends_early(text: str, found: Identifier | None) -> bool:
    """Tell whether a text may be only the beginning of an identifier: a resolver, a prefix, a word."""
    if found is None:
        return _BEGINNING.search(text) is not None
    if found.scheme == "url":
        host, path = _address(found.value) or ("", "")
        return (host.removeprefix("dx."), path) in _empty_addresses()
    start = found.value.rstrip("0").rstrip(".")
    return any(minted.prefix.rstrip(".") == start for minted in _minted())


class RequestedIdentifier:
    """An identifier as the user spelled it: parsed once, then passed on.

    A user also copies what fairreg printed: the identifiers of records, ``scheme: value``. `identifier` is
    None for a `text` of no known scheme; the registry may still know an entry by that name. A password or
    an access token in a pasted address goes no further.
    """

    def __init__(self, text: str, identifier: Identifier | None = None) -> None:
        self.text = text = without_secrets(text)
        self.identifier = identifier
        self._fault: IdentifierError | None = None
        if identifier is None:
            try:
                self.identifier = version_named(text) or parse(text)
            except IdentifierError as error:
                self._fault = error
                self.identifier = _as_printed(text)

    @classmethod
    def of(cls, pid: "str | RequestedIdentifier") -> "RequestedIdentifier":
        """Parse `pid`, unless it is parsed already."""
        return cls(pid) if isinstance(pid, str) else pid

    def require(self) -> Identifier:
        """Return the identifier; raises IdentifierError where the text is of no known scheme."""
        if self.identifier is None:
            raise self._fault or IdentifierError(f"{self.text!r} is not an identifier.")
        return self.identifier

    def __str__(self) -> str:
        return self.text


def _as_printed(text: str) -> Identifier | None:
    """Read an identifier that only records state: a DOI by its role, a page, a fingerprint of weights."""
    cleaned = _clean(text)
    scheme, _, value = (part.strip() for part in cleaned.partition(":"))
    if _FINGERPRINT.fullmatch(cleaned):
        return Identifier("fingerprint", cleaned)
    if not value or _SURROGATE.search(text):
        return None
    if scheme in DOI_SCHEMES:
        doi = normalise_doi(value)
        return Identifier(DOI.name, doi) if doi else None
    if scheme in _FINGERPRINTS:
        return Identifier("fingerprint", value)
    return _url(_bare(_visible(text)).partition(":")[2].strip()) if scheme == "url" else None


# Types that functions accept as an identifier.
IdentifierLike = str | Identifier | RequestedIdentifier


def normalise_doi(text: str) -> str | None:
    """Return the DOI in `text`, lower case without resolver prefix; None without one or for a placeholder."""
    return _value_in(text, DOI)


def normalise_orcid(text: str) -> str | None:
    """Return the ORCID in `text` as ``0000-0002-5076-7096``; None where its checksum fails."""
    return _value_in(text, ORCID)


def _value_in(text: str, scheme: IdentifierScheme) -> str | None:
    cleaned = _clean(text)
    if len(_dois_in(cleaned)) > 1:
        return None
    found = _readers()[scheme.name].read(cleaned, _address(cleaned))
    return found.value if found and not template_fault(text, found) else None


def zenodo_of_doi(doi: str) -> str | None:
    """Return the record number inside a DOI that Zenodo minted."""
    minted = ZENODO.dois
    return _number_in(doi, minted) if minted else None


def minted_doi(identifier: Identifier) -> str | None:
    """Return the DOI that a service mints for the record of this number, None where it mints none."""
    minted = next((item for item in _minted() if item.scheme == identifier.scheme), None)
    return f"{minted.prefix}{identifier.value}" if minted else None


def record_of_doi(doi: str) -> Identifier | None:
    """Return the record that a service minted this DOI for, None for other DOIs."""
    for minted in _minted():
        number = _number_in(doi, minted)
        if number is not None:
            return Identifier(minted.scheme, number)
    return None


def _number_in(doi: str, minted: MintedDois) -> str | None:
    number = doi.removeprefix(minted.prefix)
    return number if number != doi and re.fullmatch(r"\d+", number) else None


@cache
def _minted() -> tuple[MintedDois, ...]:
    return tuple(row.dois for row in sources.all_sources() if row.dois)


@cache
def _versions() -> dict[str, VersionSpelling]:
    return {scheme.name: scheme.versions for scheme in sources.schemes() if scheme.versions}


def version_named(text: str) -> Identifier | None:
    """Return the version of an object that a text asks for (``github:owner/name@v1.0``), else None.

    `parse` returns the object, which records refer to in any of these spellings. Raises IdentifierError where
    what stands in the place of the version cannot be one.
    """
    if "@" not in text and "/releases/" not in text:
        return None
    found = _version_in(_clean(text))
    if found is None:
        return None
    whole, version = found
    if not _versions()[whole.scheme].valid(version):
        raise IdentifierError(
            f"{version!r} cannot be a version of {whole.compact}: it is not the name of a tag.",
            hint=f"Write {whole.compact}@TAG. Without a tag, {whole.compact} is the newest version.",
        )
    return Identifier(whole.scheme, f"{whole.value}@{version}")


def _version_in(text: str) -> tuple[Identifier, str] | None:
    """Return the object, and what stands in the place of its version, which may not be one."""
    for name, spelling in _versions().items():
        reader = _readers()[name]
        found = re.fullmatch(spelling.pattern, _versioned_part(text, reader.scheme.prefixes, spelling.hosts))
        if found is not None and (whole := reader.value.fullmatch(found[1])):
            return Identifier(name, whole[1]), found[2]
    return None


def _versioned_part(text: str, prefixes: tuple[str, ...], hosts: tuple[str, ...]) -> str:
    """Return ``object@version`` or ``object/page/version`` of a text, after the prefix or host.

    An address is decoded, and ends before its query and fragment; another text is taken as it is written,
    as it is printed.
    """
    address = _address(text)
    if address is not None and address[0] in hosts:
        return address[1]
    return _after(text, *(prefix for prefix in prefixes if "://" not in prefix)) or text


@cache
def _resolvers() -> dict[str, str]:
    return {scheme.name: scheme.resolver for scheme in sources.schemes() if scheme.resolver}


@cache
def _empty_addresses() -> frozenset[Address | None]:
    return frozenset(map(_address, _resolvers().values()))


def _clean(text: str) -> str:
    """Return the normal form of `text` without what stands around the identifier; idempotent."""
    return _bare(_normal(text))


def _normal(text: str) -> str:
    if _is_plain(text):
        return text
    from fairreg.schemas.text import normal_form

    return normal_form(text)


def _visible(text: str) -> str:
    if _is_plain(text):
        return text
    from fairreg.schemas.text import visible

    return visible(text)


def _is_plain(text: str) -> bool:
    """Tell whether a text is in normal form for sure; most are, and need no tables of characters."""
    return text.isascii() and "&" not in text


def _bare(text: str) -> str:
    """Strip blanks, quotes, punctuation, brackets and markup around the text; idempotent."""
    for _ in range(_MOST_LAYERS):
        before, text = text, _peeled(_unwrapped(text))
        if text == before:
            break
    return text


def _unwrapped(text: str) -> str:
    text = text.strip()
    if len(text) > _LONGEST_WRAPPING or (not any(mark in text for mark in '={}["<') and "  - " not in text):
        return text
    from fairreg.schemas.identifier_markup import without_markup  # few texts have any

    return without_markup(text)


def _peeled(text: str) -> str:
    cleaned = text.strip().strip("<>\"'`.,; ").strip()
    for opening, closing in ("()", "[]", "{}"):
        if cleaned.startswith(opening) and cleaned.endswith(closing):
            cleaned = cleaned[1:-1].strip()
        elif cleaned.endswith(closing) and cleaned.count(closing) > cleaned.count(opening):
            cleaned = cleaned[:-1].rstrip(".,;")
    return cleaned


def _after(text: str, *prefixes: str) -> str | None:
    """Return the rest of `text` after the first of `prefixes` that it starts with, ignoring case."""
    for prefix in prefixes:
        if text[: len(prefix)].lower() == prefix:
            return text[len(prefix) :].strip()
    return None


def _address(text: str) -> Address | None:
    """Return (host without www, unquoted path without outer slashes) of a web address, scheme optional.

    User name, password, the usual port and blanks around the parts of the path are left out.
    """
    candidate = text if "://" in text else f"https://{text}"
    try:
        parts = urlsplit(candidate)
    except ValueError:
        return None
    host = re.sub(r":(?:80|443|22)$", "", parts.netloc.rpartition("@")[2].lower())
    if parts.scheme not in {"http", "https", *_CLONES} or "." not in host:
        return None
    path = "/".join(part.strip() for part in unquote(parts.path).split("/"))
    return host.removeprefix("www."), path.strip("/")


class _Page(NamedTuple):
    """A `PageAddress` with its patterns compiled."""

    hosts: tuple[str, ...]
    path: re.Pattern[str]
    dropped: tuple[re.Pattern[str], ...]

    @classmethod
    def of(cls, page: PageAddress) -> "_Page":
        return cls(page.hosts, re.compile(page.path), tuple(map(re.compile, page.dropped)))

    def identifier_in(self, address: Address) -> str | None:
        """Return the record's id in the (host, path) of an address."""
        host, path = address
        if host not in self.hosts:
            return None
        for pattern in self.dropped:
            path = pattern.sub("", path)
        found = self.path.fullmatch(path)
        return found[1] if found else None


class _Reader(NamedTuple):
    """An `IdentifierScheme` with its patterns compiled."""

    scheme: IdentifierScheme
    value: re.Pattern[str]
    pages: tuple[_Page, ...]
    carried: tuple[_Page, ...]

    def read(self, text: str, address: Address | None) -> Identifier | None:
        """Parse `text`, with its `address` from `_address`, as an identifier of this scheme."""
        value = self._value(text, address)
        normal = self.scheme.normal(value) if value is not None else None
        return Identifier(self.scheme.name, normal) if normal else None

    def refuses(self, text: str, address: Address | None) -> bool:
        """Tell whether the text has the form of this scheme, and is not valid there: a wrong checksum."""
        if self.scheme.normal is str:  # most schemes, which have no checksum
            return False
        value = self._value(text, address)
        return value is not None and not self.scheme.normal(value)

    def _value(self, text: str, address: Address | None) -> str | None:
        rest = _after(text, *self.scheme.prefixes)
        value = None
        if not rest or self.scheme.prefixed_pages:
            value = self._in_page(_address(rest) if rest else address)
        if value is None and (rest or self.scheme.bare):
            found = self.value.fullmatch(self.scheme.readable(rest or text))
            value = found[1] if found else None
        return value

    def _in_page(self, address: Address | None) -> str | None:
        if address is None:
            return None
        found = (page.identifier_in(address) for page in (*self.pages, *self.carried))
        # Encoded, or before a query, a path may hold what is not part of an identifier.
        return next((_clean(value) for value in found if value), None)


@cache
def _readers() -> dict[str, _Reader]:
    # Self-describing grammars precede the addresses of services, which they may resemble.
    ordered = sorted(sources.schemes(), key=lambda scheme: not scheme.bare)
    return {scheme.name: _reader_of(scheme) for scheme in ordered}


def _reader_of(scheme: IdentifierScheme) -> _Reader:
    pages = scheme.pages
    if scheme is DOI:
        pages += tuple(page for minted in _minted() for page in minted.pages)
    return _Reader(
        scheme, re.compile(scheme.value), tuple(map(_Page.of, pages)), tuple(map(_Page.of, scheme.carried_by))
    )


def _parsed(text: str) -> Identifier | None:
    """Return the result of the first scheme that recognises the text; bare names come last."""
    address = _address(text)
    for reader in _readers().values():
        found = reader.read(text, address)
        if found is not None:
            return found
    return _carried_in(text, address) or _short_doi(text) or _tagged(text) or owner_slash_name(text)


def _dois_in(text: str) -> set[str]:
    """Return the DOIs of which a text is a list, with commas or blanks between them."""
    if text.count("10.") < 2:  # noqa: PLR2004 - several
        return set()
    words = text.split()
    # The path of an address may name several, as of a comparison: what comes before a DOI is no list then.
    before = DOI.pages[0].dropped[0] if len(words) == 1 else r"^\S*[/:=](?=10\.)"
    parts = (part.strip("()[]<>{}.\"'") for word in words for part in re.split("[,;]", word))
    found = (re.fullmatch(DOI.value, re.sub(before, "", part)) for part in parts)
    return {match[1].casefold() for match in found if match}


def _carried_in(text: str, address: Address | None) -> Identifier | None:
    """Parse the DOI in an address of no known service: a publisher's page, a proxy, a library.

    An address with a search for a DOI, or with several DOIs, is none of an object that has one.
    """
    if address is None or "." not in address[0] or len(text) > _LONGEST_WRAPPING:
        return None
    rest = unquote(re.sub(r"^\w+://[^/?#]*|^[^/?#]*", "", text))
    if _SEARCH.search(rest) or len(set(_DOI_IN_ADDRESS.findall(rest.casefold()))) > 1:
        return None
    for scheme in sources.schemes():
        found = re.fullmatch(scheme.in_addresses, rest) if scheme.in_addresses else None
        normal = scheme.normal(_own_part(found[1])) if found else None
        if normal:
            return Identifier(scheme.name, normal)
    return None


def _own_part(doi: str) -> str:
    """Return a DOI that a service minted without what follows the number of the record."""
    starts = (re.match(rf"{re.escape(minted.prefix)}\d+(?=/)", doi, re.IGNORECASE) for minted in _minted())
    return next((found[0] for found in starts if found), doi)


def _short_doi(text: str) -> Identifier | None:
    """Parse a DOI without the prefix of its registrant, as ``zenodo.7305227``."""
    for minted in _minted():
        registrant, _, start = minted.prefix.partition("/")
        number = text[len(start) :]
        if start and text[: len(start)].lower() == start and re.fullmatch(r"\d+", number):
            return Identifier(DOI.name, f"{registrant}/{start}{number}")
    return None


def _tagged(text: str) -> Identifier | None:
    """Return the repository of a bare ``owner/name@v1.0``, as GitHub spells a tag in its workflows."""
    found = _version_in(text) if "@" in text or "/releases/" in text else None
    return found[0] if found and _versions()[found[0].scheme].valid(found[1]) else None


def owner_slash_name(text: str) -> Identifier | None:
    """Return the repository for a bare ``owner/name``, None for any other text."""
    if text.count("/") != 1 or text.startswith("/"):
        return None
    scheme = OWNER_SLASH_NAME.name
    return Identifier(scheme, text) if _readers()[scheme].value.fullmatch(text) else None


def _url(text: str) -> Identifier | None:
    is_page = text.lower().startswith(("http://", "https://")) and _address(text)
    return Identifier("url", text) if is_page and not re.search(r"\s", text) else None
