# SPDX-License-Identifier: MIT
"""Row of `fairreg.sources`: facts on one service, with its identifiers and its policies.

Every start imports this module, so the small types are named tuples, which are made ten times as fast as
dataclasses.
"""

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, NamedTuple
from urllib.parse import unquote, urlsplit

from fairreg.errors import PluginError

__all__ = [
    "ApiDescription",
    "IdentifierScheme",
    "MetadataTerms",
    "MintedDois",
    "Named",
    "Pace",
    "PageAddress",
    "PreservationPolicy",
    "RequestKind",
    "Source",
    "VersionSpelling",
    "admit",
    "checked_isni",
    "checked_orcid",
    "checked_ror",
    "is_ref_name",
    "is_tag",
    "unescaped",
]

RequestKind = Literal["search", "record", "file"]
Named = Literal["object", "code", "paper", "person", "organization"]


class Pace(NamedTuple):
    """Requests per minute that a client may send, by kind; a search, a record and a file share one budget."""

    search: int
    record: int
    file: int

    def per_minute(self, kind: RequestKind) -> int:
        """Requests of this kind per minute, if no others are sent."""
        return {"search": self.search, "record": self.record, "file": self.file}[kind]


class PageAddress(NamedTuple):
    """Web addresses that name a record.

    `hosts` are without www; `path` matches the whole unquoted path without slashes at its ends, after the
    matches of the patterns in `dropped` were removed one after another; its group 1 is the identifier.
    """

    hosts: tuple[str, ...]
    path: str
    dropped: tuple[str, ...] = ()


class VersionSpelling(NamedTuple):
    """Spellings of one version of an object, as ``object@version`` and as a page of one of the `hosts`.

    Groups 1 and 2 of the `pattern` are the object and whatever stands in the place of its version; `valid`
    tells whether that is the name of one. `page` stands in an address where the identifier has "@".
    """

    pattern: str
    page: str
    hosts: tuple[str, ...]
    valid: Callable[[str], bool]


@dataclass(frozen=True)
class IdentifierScheme:
    """Spellings of an identifier, and the address of the object that it names.

    `value`: pattern of the text after one of the `prefixes` (lower case), group 1 is the identifier; with
    `bare` also of a text without prefix, with `prefixed_pages` a page may follow a prefix. `readable` makes
    the text for `value`, `normal` the canonical spelling, None for a wrong checksum. `carried_by` are pages
    of other services that have it in their address, `in_addresses` is its pattern in the path and query of
    an address of no known service.

    `resolver` is the address before the identifier. `names` is the kind of identified thing: a `code`
    repository may contain several objects. `persistent`: it is preserved by a stated policy. `joins`: sources
    that state the same one describe one object. `of_content`: computed from the content, with qualifiers
    after ";". `versions` are objects of their own, ``value@version``. `page_rank`: precedence among the pages
    of a record, None for other addresses. `stated_as`: names of the scheme in the metadata of others.
    """

    name: str
    value: str
    prefixes: tuple[str, ...] = ()
    pages: tuple[PageAddress, ...] = ()
    carried_by: tuple[PageAddress, ...] = ()
    in_addresses: str | None = None
    resolver: str | None = None
    names: Named = "object"
    persistent: bool = False
    joins: bool = False
    of_content: bool = False
    versions: VersionSpelling | None = None
    bare: bool = False
    prefixed_pages: bool = False
    page_rank: int | None = None
    stated_as: tuple[str, ...] = ()
    readable: Callable[[str], str] = str
    normal: Callable[[str], str | None] = str


class MintedDois(NamedTuple):
    """DOIs that are `prefix` and the number of a record; `pages` are addresses with such a DOI in them."""

    prefix: str
    scheme: str
    pages: tuple[PageAddress, ...] = ()
    badge: str | None = None


class PreservationPolicy(NamedTuple):
    """Published policy of a host, in words, with its address and the month in which it was read.

    It `keeps` metadata, with a tombstone for withdrawn items; `retains` items, without mention of tombstones;
    only `restricts` deletion; or leaves it to the `owner`.
    """

    promise: Literal["keeps", "retains", "restricts", "owner"]
    words: str
    source: str
    date: str


class MetadataTerms(NamedTuple):
    """Terms of a source's metadata, in words, with the page that states them, or where to look for them.

    `license` is an SPDX identifier, None where the source does not state one (`words` then say what it
    states). `date` is the month in which the page was read, None where it was not.
    """

    words: str
    url: str
    license: str | None = None
    date: str | None = None


class ApiDescription(NamedTuple):
    """Machine-readable description of an interface: its kind, address, and a mark in the first 4 KiB."""

    kind: str
    url: str
    mark: bytes


@dataclass(frozen=True)
class Source:
    """A service, or a part of one, that records or identifiers come from.

    `url` is the public base URL, None for a source without its own service; then `served_by` may name the row
    of the service to use. `aliases` are other hosts of the same service, `file_hosts` hosts with their own
    paths: requested unchanged, unless the user sets the base URL. `url_help` (default: "base URL of" and the
    title) and `token_help` describe the variables. `pace` is that of guests, `token_pace` that with a token,
    None where the service states no other.

    `role`: a registrar and a curated collection describe objects on other hosts. `rank` is the precedence of
    hosts where several describe one object. `site` is the host of its pages without www; `policy` applies
    there, `doi_policy` to objects with a DOI. `own_search`: its site has a search. `dormant`: nobody
    maintains it any more. `leaves_out_files`: its records list model files only. `states_files`: its
    payloads state in fields what others put into files. `card`: member of a
    payload with the README and model card, from which the host takes metadata. `copy_dois`: scheme of the
    DOIs that it mints for copies. `archived_by`: row of the archive that takes its releases.
    `metadata_terms` apply to its metadata, not to the objects that they describe.
    """

    name: str
    title: str
    url: str | None = None
    url_variable: str | None = None
    url_help: str = ""
    aliases: tuple[str, ...] = ()
    file_hosts: tuple[str, ...] = ()
    token_variable: str | None = None
    token_help: str = ""
    pace: Pace | None = None
    token_pace: Pace | None = None
    served_by: str | None = None
    schemes: tuple[IdentifierScheme, ...] = ()
    dois: MintedDois | None = None
    copy_dois: str | None = None
    role: Literal["host", "registrar", "curated"] = "host"
    rank: int | None = None
    site: str | None = None
    policy: PreservationPolicy | None = None
    doi_policy: PreservationPolicy | None = None
    own_search: bool = False
    model_registry: bool = False
    dormant: bool = False
    leaves_out_files: bool = False
    states_files: bool = False
    metadata_schema: str | None = None
    api: ApiDescription | None = None
    card: str | None = None
    archived_by: str | None = None
    metadata_terms: MetadataTerms | None = None

    @property
    def pages(self) -> tuple[PageAddress, ...]:
        """Web addresses of its records, also those that contain a DOI."""
        own = tuple(page for scheme in self.schemes for page in scheme.pages)
        return own if self.dois is None else (*own, *self.dois.pages)

    @property
    def hosts(self) -> frozenset[str]:
        """All its hosts: of requests, files, pages and identifiers, without www."""
        named = {host for page in self.pages for host in page.hosts} | {self.site or ""}
        asked = {urlsplit(self.url or "").hostname or "", *self.aliases, *self.file_hosts}
        return frozenset(host.lower().rstrip(".").removeprefix("www.") for host in named | asked if host)


def unescaped(text: str) -> str:
    """Decode %2F in a text without a slash: a whole DOI that was put into an address."""
    return unquote(text) if "/" not in text and "%2f" in text.lower() else text


# git-check-ref-format(1), of what follows refs/tags/ or refs/heads/.
_REF_NAME = (
    r"(?!.*(?:\.\.|//|/\.|@\{|\.lock(?:/|\Z)))(?![./])"
    r"[^\s~^:?*\[\\\x00-\x20\x7f-\x9f\ud800-\udfff]+(?<![./])"
)
_LONGEST_TAG = 200


def is_ref_name(text: str) -> bool:
    """Tell whether git allows the name of a tag or branch, also after its escapes were decoded.

    Such a name stays within the path of its repository, whoever decodes it.
    """
    return all(re.fullmatch(_REF_NAME, form) for form in (text, unquote(text)))


def is_tag(text: str) -> bool:
    """Tell whether a text can be asked for as a tag; git creates none that resembles an option."""
    return len(text) <= _LONGEST_TAG and not text.startswith("-") and is_ref_name(text)


# https://support.orcid.org/hc/en-us/articles/360006897674 (structure of the ORCID identifier)
_ORCID_BLOCKS = (("0000000150000007", "0000000350000001"), ("0009000000000000", "0009001000000000"))


def checked_orcid(text: str) -> str | None:
    """Format the 16 digits in groups; None for a wrong checksum (ISO 7064 MOD 11-2).

    Without hyphens they must be in a block that ISNI reserves for ORCID: others are printed so as well.
    """
    digits = text.replace("-", "").upper()
    if "-" not in text and not any(first <= digits <= last for first, last in _ORCID_BLOCKS):
        return None
    grouped = "-".join(digits[at : at + 4] for at in range(0, 16, 4))
    return grouped if _has_mod_11_2(digits) else None


def checked_isni(text: str) -> str | None:
    """Return the 16 digits alone; None for a wrong checksum, that of ORCID (ISO 27729)."""
    digits = re.sub("[ -]", "", text).upper()
    return digits if _has_mod_11_2(digits) else None


def _has_mod_11_2(digits: str) -> bool:
    total = 0
    for digit in digits[:-1]:
        total = (total + int(digit)) * 2
    return digits[-1] == "0123456789X"[(12 - total % 11) % 11]


_CROCKFORD = {sign: value for value, sign in enumerate("0123456789abcdefghjkmnpqrstvwxyz")}


def checked_ror(text: str) -> str | None:
    """Return the identifier in lower case; None for a wrong checksum.

    The last two digits make the number before them, in Crockford's base 32, one of ISO 7064 MOD 97-10
    (https://ror.readme.io/docs/identifier); as a decimal number, which is how they are computed.
    """
    identifier, number = text.lower(), 0
    for sign in identifier[:-2]:
        number = number * 32 + _CROCKFORD[sign]
    return identifier if (number * 100 + int(identifier[-2:])) % 97 == 1 else None


# --- rows of other packages ---------------------------------------------------------------------------------

# Schemes of records beside those of services, and fairreg's own sources.
_RESERVED = frozenset(
    {
        "fairreg",
        "files",
        "url",
        "other",
        "concept_doi",
        "paper_doi",
        "related_doi",
        "fingerprint",
        "file_fingerprint",
    }
    | {"handle", "hdl", "ark", "w3id", "purl", "urn", "oai"}
)


def admit(rows: tuple[Source, ...], found: object, package: str) -> tuple[Source, ...]:
    """Return `rows` with those of a package. Raises PluginError for an invalid or conflicting row."""
    for row in found if isinstance(found, tuple) else (found,):
        fault = _fault_of(row, rows)
        if fault is not None or not isinstance(row, Source):
            raise PluginError(
                f"The package {package} cannot add its source: {fault}.",
                hint=f"Uninstall {package}, or ask its author to fix its entry point in fairreg.sources.",
            )
        rows = (*rows, row)
    return rows


def _fault_of(row: object, rows: Sequence[Source]) -> str | None:
    """Return the reason against adding a row to `rows`, None for a valid row."""
    if not isinstance(row, Source):
        return f"it is {type(row).__name__!r}, and must be a fairreg.sources.Source"
    try:
        return next(itertools.chain(_ill_typed(row), _malformed(row), _collisions(row, rows)), None)
    except (TypeError, ValueError, AttributeError) as error:
        return f"a field has the wrong type ({error})"


_TEXTS = (str, str | None)


def _ill_typed(row: Any) -> Iterator[str]:
    """Name the fields that hold something else than their annotation says."""
    for part in (row, *row.schemes):
        for field in fields(part):
            value = getattr(part, field.name)
            if field.type in _TEXTS and not isinstance(value, field.type):  # type: ignore[arg-type]
                yield f"its {field.name} is {value!r}, which is not a text"
        for name in ("rank", "page_rank"):
            if not isinstance(getattr(part, name, None), int | None):
                yield f"its {name} is not a number"
    yield from _ill_typed_parts(row)


def _ill_typed_parts(row: Any) -> Iterator[str]:
    terms = row.metadata_terms
    if terms is not None and not (isinstance(terms, MetadataTerms) and isinstance(terms.words, str)):
        yield "its metadata_terms are not MetadataTerms"
    for name in ("pace", "token_pace"):
        pace = getattr(row, name)
        if pace is not None and (not isinstance(pace, Pace) or min(pace) < 1):
            yield f"its {name} is not a Pace of at least one request per minute"
    if not all(callable(scheme.readable) and callable(scheme.normal) for scheme in row.schemes):
        yield "readable and normal of a scheme must be functions"
    if not all(isinstance(page, PageAddress) and isinstance(page.hosts, tuple) for page in row.pages):
        yield "a page must be a PageAddress with a tuple of hosts"


def _malformed(row: Source) -> Iterator[str]:
    for field in ("aliases", "file_hosts", "schemes"):
        if not isinstance(getattr(row, field), tuple):
            yield f"its {field} are not a tuple"
    for name in (row.name, *(scheme.name for scheme in row.schemes)):
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            yield f"{name!r} is not a name of lower-case letters, digits and underscores"
    if row.role != "host":
        yield f"the role {row.role!r} is fairreg's own"
    if row.policy is not None and row.site is None:
        yield "a policy needs its host, as site"
    for host in (*row.aliases, *row.file_hosts, *(host for page in row.pages for host in page.hosts)):
        if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*[a-z0-9]", host):
            yield f"{host!r} is not a host in lower case without a port"
    yield from _malformed_service(row)
    for scheme in row.schemes:
        yield from _malformed_scheme(scheme)
    yield from _malformed_dois(row)
    yield from _invalid_patterns(row)


def _malformed_dois(row: Source) -> Iterator[str]:
    if row.dois is None:
        return
    if row.dois.scheme not in {scheme.name for scheme in row.schemes}:
        yield f"its DOIs name records by {row.dois.scheme!r}, which is not a scheme of its own"
    if not re.fullmatch(r"10\.\d{4,9}(?:\.\d+)*/[^\sA-Z]*", row.dois.prefix):
        yield f"{row.dois.prefix!r} is not the beginning of a DOI in lower case"


def _invalid_patterns(row: Source) -> Iterator[str]:
    """Check regular expressions; the pattern of an identifier has it as group 1."""
    badge = (row.dois.badge,) if row.dois is not None and row.dois.badge else ()
    free = {*(pattern for page in row.pages for pattern in page.dropped), *badge}
    named = {*(scheme.value for scheme in row.schemes), *(page.path for page in row.pages)}
    for pattern in sorted(free | named):
        try:
            groups = re.compile(pattern).groups
        except re.error as error:
            yield f"the pattern {pattern!r} is invalid ({error})"
        else:
            if pattern in named and groups < 1:
                yield f"the pattern {pattern!r} has no group for the identifier"


def _malformed_service(row: Source) -> Iterator[str]:
    if row.url is not None and not re.fullmatch(r"https?://[^/\s?#]+[^\s?#]*(?<!/)", row.url):
        yield f"{row.url!r} is not the http(s) base URL of a service"
    if bool(row.url) != bool(row.url_variable):
        yield "a base URL and the variable that replaces it need each other"
    for variable in _variables(row):
        if not re.fullmatch(r"[A-Z][A-Z0-9_]*", variable) or variable.startswith("FAIRREG_"):
            yield f"{variable!r} is not a variable of its own in upper case (FAIRREG_... is fairreg's)"


def _malformed_scheme(scheme: IdentifierScheme) -> Iterator[str]:
    if scheme.bare:
        yield f"identifiers of the scheme {scheme.name} need a prefix or an address"
    for prefix in scheme.prefixes:
        # Without a colon it would take names such as owner/name away from others.
        sound = re.fullmatch(r"[^\sA-Z]*[a-z][^\sA-Z]*:(?:[^\sA-Z]*/)?", prefix)
        if sound is None or prefix.startswith("http"):
            yield f"{prefix!r} is not a prefix in lower case that ends in ':', or in '/' behind one"


def _collisions(row: Source, rows: Sequence[Source]) -> Iterator[str]:
    taken = {claim: other.title for other in rows for claim in _claims(other)}
    own = list(_claims(row))
    for kind, word in own:
        if word.partition(":")[0] in _RESERVED:
            yield f"the {kind} {word} is fairreg's own"
        elif (kind, word) in taken:
            yield f"the {kind} {word} belongs to {taken[kind, word]}"
        elif own.count((kind, word)) > 1:
            yield f"the {kind} {word} is stated twice"
    for kind, start in (claim for claim in own if claim[0] in {"prefix", "DOI prefix"}):
        for (other, word), title in taken.items():
            if other == kind and (word.startswith(start) or start.startswith(word)):
                yield f"the {kind} {start} cannot be distinguished from {word} of {title}"
    known = {row.name, *(other.name for other in rows)}
    for name in (row.served_by, row.archived_by):
        if name is not None and name not in known:
            yield f"it refers to {name!r}, and there is no such row"


def _claims(row: Source) -> Iterator[tuple[str, str]]:
    """Yield the values that must be unique among rows, each with its kind."""
    yield "name", row.name
    yield from (("variable", variable) for variable in _variables(row))
    yield from (("host", host) for host in sorted(row.hosts))
    for scheme in row.schemes:
        yield "identifier scheme", scheme.name
        yield from (("prefix", prefix) for prefix in scheme.prefixes)
        yield from (("word for a scheme", word.casefold()) for word in scheme.stated_as)
    if row.dois is not None:
        yield "DOI prefix", row.dois.prefix


def _variables(row: Source) -> tuple[str, ...]:
    return tuple(variable for variable in (row.url_variable, row.token_variable) if variable)
