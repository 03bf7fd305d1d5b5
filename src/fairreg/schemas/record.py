# SPDX-License-Identifier: MIT
"""The record type used throughout fairreg.

Field names are those of FAIR4ML 0.1 and schema.org in snake_case. A record is immutable, compares by
value and hashes; its JSON form is what `to_json` writes, its linked-data view what `to_jsonld` writes.
"""

import re
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from fairreg.errors import RecordError
from fairreg.schemas.identifiers import Identifier

__all__ = [
    "ANY_AXES",
    "INDEX_FORMATS",
    "Access",
    "AccessLevel",
    "Creator",
    "Distribution",
    "Evaluation",
    "Feature",
    "FieldOrigin",
    "Kind",
    "ModelRecord",
    "Origin",
    "OtherRecord",
    "Provenance",
    "Relation",
    "RelationType",
    "Tensor",
    "is_apple_double",
    "may_hold_address",
    "public_text",
    "version_sort_key",
]

INDEX_FORMATS = ("index.json", "index.txt")
Kind = Literal["model", "dataset", "software"]
AccessLevel = Literal["open", "restricted", "gated", "embargoed", "closed"]
Origin = Literal["stated", "inferred", "computed"]
RelationType = Literal[
    "trained_on",
    "tested_on",
    "evaluated_on",
    "fine_tuned_from",
    "is_version_of",
    "has_version",
    "is_new_version_of",
    "is_previous_version_of",
    "is_supplement_to",
    "is_supplemented_by",
    "is_derived_from",
    "is_source_of",
    "is_part_of",
    "has_part",
    "is_identical_to",
    "is_variant_of",
    "cites",
    "is_cited_by",
    "references",
    "is_referenced_by",
    "is_documented_by",
    "documents",
    "requires",
    "is_compiled_by",
    "is_described_by",
    "collects",
    "is_collected_by",
    "related_to",
]


Text = Annotated[str, msgspec.Meta(min_length=1)]
Date = Annotated[str, msgspec.Meta(pattern=r"^\d{4}(-\d{2}(-\d{2}([T ].*)?)?)?$")]
Checksum = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]+:[0-9a-f]+$")]
Orcid = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{4}-\d{4}-\d{3}[\dX]$")]
Ror = Annotated[str, msgspec.Meta(pattern=r"^0[a-z0-9]{6}[0-9]{2}$")]
Count = Annotated[int, msgspec.Meta(ge=0)]


class _Struct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Frozen, compared by value; defaults are left out of the JSON."""


# Fields that name somebody or something; identifiers are what they are.
_NAMES = frozenset({"affiliation", "name", "publisher"})
_VERBATIM = frozenset({"identifier", "kind", "field", "origin"})


class _Described(_Struct, frozen=True):
    """Texts by people, in which e-mail addresses are replaced by a note; so no record holds one.

    Names and addresses of files are needed as they are and stay.
    """

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            if name in _VERBATIM:
                continue
            value = getattr(self, name)
            if value.__class__ is str:
                suspect = may_hold_address(value)
            elif value.__class__ is tuple:
                suspect = any(item.__class__ is str and may_hold_address(item) for item in value)
            else:
                continue
            if suspect:
                msgspec.structs.force_setattr(self, name, _without_addresses(name, value))


# A sign of `email_spellings` with the beginning of a domain behind it, in which spaces stand in tags only.
_SIGN_AND_DOMAIN = re.compile(
    r"(?:@|;|%(?:25)*+40|\\u0040|\\uff20|&\#0*+64|[\uff20\ufe6b])(?:<[^<>]{0,200}>|[^\s<@]){1,255}?[.%&\\\u3002\uff0e\uff61]",
    re.IGNORECASE,
)


def may_hold_address(text: str) -> bool:
    """Tell whether a text may hold an e-mail address: quick, and true of a few other texts as well."""
    return (
        "@" in text
        or ("&" in text and ("&#" in text or "&commat;" in text or "&amp;" in text))
        or ("%" in text and "40" in text)
        or "\\u" in text
        or "\uff20" in text
        or "\ufe6b" in text
    ) and _SIGN_AND_DOMAIN.search(text) is not None


def public_text(text: str) -> str:
    """Return a text of others without its e-mail addresses: a reason, a message."""
    if not may_hold_address(text):
        return text
    from fairreg.email_addresses import without_addresses

    return without_addresses(text)


def _without_addresses(name: str, stated: str | tuple[object, ...]) -> str | tuple[object, ...]:
    # Imported for the few texts that need it: every command reads records.
    from fairreg.email_addresses import without_addresses, without_addresses_in_name

    reading = without_addresses_in_name if name in _NAMES else without_addresses
    if isinstance(stated, str):
        return reading(stated)
    return tuple(reading(item) if isinstance(item, str) else item for item in stated)


def _keep_public(described: msgspec.Struct, *names: str) -> None:
    """Replace the e-mail addresses in the given texts of an object that is needed as it is for the rest."""
    for name in names:
        value = getattr(described, name)
        if value is not None and may_hold_address(value):
            msgspec.structs.force_setattr(described, name, public_text(value))


def _tells_address(identifier: Identifier) -> bool:
    return identifier.evidence is not None and may_hold_address(identifier.evidence)


def _public_identifier(identifier: Identifier) -> Identifier:
    return Identifier(identifier.scheme, identifier.value, public_text(identifier.evidence or ""))


def _is_address(identifier: Identifier) -> bool:
    """Tell whether an identifier is an e-mail address: one without a resolver that holds one, ``mailto:``."""
    if not may_hold_address(identifier.value):
        return False
    from fairreg.email_addresses import NOTE

    noted = public_text(identifier.value)
    return noted == NOTE or (noted != identifier.value and identifier.url is None)


class Creator(_Described, frozen=True):
    """A person or organisation that made the object; `orcid` is the bare 16-digit form with hyphens.

    `ror` is the bare identifier of an organisation in the Research Organization Registry (https://ror.org),
    `affiliation_rors` are those of the institutions in `affiliation`, in the order of the source.
    """

    name: Text
    orcid: Orcid | None = None
    affiliation: str | None = None
    kind: Literal["person", "organization"] = "person"
    ror: Ror | None = None
    affiliation_rors: tuple[Ror, ...] = ()


class Distribution(_Struct, frozen=True):
    """One published file. `size` is in bytes, each checksum is ``algorithm:hex``.

    An index of more files of the record has the `format` ``index.json`` or ``index.txt``. `path` is set for a
    file inside an archive: `name` is then the archive's name. `size_is_rounded` says that the source states a
    size like "1.5 MB", which a download cannot be checked against.
    """

    name: Text
    url: str | None = None
    size: Count | None = None
    size_is_rounded: bool = False
    checksums: tuple[Checksum, ...] = ()
    media_type: str | None = None
    format: str | None = None
    path: str | None = None

    def __post_init__(self) -> None:
        _keep_public(self, "media_type")

    @property
    def is_index(self) -> bool:
        """True for a file that lists more files of its record."""
        return self.format in INDEX_FORMATS

    @property
    def exact_size(self) -> int | None:
        """Size that the file must have, None where it is unknown or rounded."""
        return None if self.size_is_rounded else self.size


class Relation(_Struct, frozen=True):
    """A typed reference to another object; `target_kind` is the other's type as the source states it.

    `stated_type` is the source's word for a relation that has no type of its own here (`related_to`).
    """

    type: RelationType
    target: Identifier
    target_kind: str | None = None
    stated_type: str | None = None

    def __post_init__(self) -> None:
        _keep_public(self, "target_kind", "stated_type")
        if _tells_address(self.target):
            msgspec.structs.force_setattr(self, "target", _public_identifier(self.target))


class Evaluation(_Described, frozen=True):
    """One reported result: `metric` has `value` on `split` of `dataset`."""

    metric: Text
    value: str
    dataset: str | None = None
    split: str | None = None


class Feature(_Described, frozen=True):
    """One input feature of a tensor, in the order of its axis."""

    name: str
    unit: str | None = None
    description: str | None = None


# A dimension of `Tensor` that stands for any number of axes: a value without a stated shape is not a scalar.
ANY_AXES = "..."


class Tensor(_Described, frozen=True):
    """Signature of one input or output; a dimension is a size or the name of a free axis."""

    name: str
    dtype: str
    shape: tuple[int | str, ...] = ()
    features: tuple[Feature, ...] = ()
    description: str | None = None


class Access(_Described, frozen=True):
    """Access to the files; `conditions` is the source's text, `until` an ISO date for an embargo."""

    level: AccessLevel
    conditions: str | None = None
    until: str | None = None


class FieldOrigin(_Described, frozen=True):
    """Method by which a field of the record was obtained, and its evidence."""

    field: str
    origin: Origin
    evidence: str | None = None


class Provenance(_Struct, frozen=True):
    """Origin of a record. `retrieved` is an ISO 8601 time, `payload_sha256` digests the raw payload.

    `origins` lists the fields that the source does not state itself; all other fields are stated.
    `merged_from` names the other sources that gave a field.
    """

    source: str
    source_id: str
    url: str | None = None
    retrieved: str | None = None
    payload_sha256: str | None = None
    origins: tuple[FieldOrigin, ...] = ()
    merged_from: tuple[str, ...] = ()


class ModelRecord(_Described, frozen=True):
    """Metadata of one AI model, dataset or piece of software.

    `identifier` is the compact form of the main identifier (``doi:10.5281/zenodo.7305227``); `identifiers`
    holds all of them. `license` is an SPDX identifier or expression; a licence without one stays in
    `license_stated`. `stated_type` is the source's word for the type. Dates are ISO 8601, as precise as
    known.
    """

    identifier: Text
    kind: Kind
    name: Text
    provenance: Provenance
    description: str | None = None
    alternate_names: tuple[str, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    version: str | None = None
    creators: tuple[Creator, ...] = ()
    publisher: str | None = None
    stated_type: str | None = None
    license: str | None = None
    license_stated: str | None = None
    keywords: tuple[str, ...] = ()
    language: str | None = None
    ml_task: tuple[str, ...] = ()
    model_category: tuple[str, ...] = ()
    frameworks: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    date_created: Date | None = None
    date_published: Date | None = None
    date_modified: Date | None = None
    distributions: tuple[Distribution, ...] = ()
    relations: tuple[Relation, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()
    inputs: tuple[Tensor, ...] = ()
    outputs: tuple[Tensor, ...] = ()
    parameter_count: Count | None = None
    intended_use: str | None = None
    limitations: str | None = None
    usage: str | None = None
    notes: str | None = None
    access: Access | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        # An address identifies nobody's model: what has the same one would be merged, so it is left out.
        if any(_tells_address(item) or _is_address(item) for item in self.identifiers):
            public = (_public_identifier(item) if _tells_address(item) else item for item in self.identifiers)
            kept = tuple(item for item in public if item.compact == self.identifier or not _is_address(item))
            msgspec.structs.force_setattr(self, "identifiers", kept)
        if any(_is_address(item.target) for item in self.relations):
            others = tuple(item for item in self.relations if not _is_address(item.target))
            msgspec.structs.force_setattr(self, "relations", others)

    def __repr__(self) -> str:
        from fairreg.schemas.notebook.one_line import brief, named, represented

        return represented(self, named(self.identifier), brief(self.name), self.kind)

    def _repr_html_(self) -> str:
        """View of the record in a notebook."""
        from fairreg.schemas.notebook.record import record_view

        return record_view(self)

    @property
    def doi(self) -> str | None:
        """DOI of exactly this object, lower-case."""
        return self.value_of("doi")

    @property
    def doi_url(self) -> str | None:
        """Address that resolves the DOI, with the characters that mean something in an address encoded."""
        return Identifier("doi", self.doi).url if self.doi else None

    @property
    def concept_doi(self) -> str | None:
        """DOI of the lineage that this version belongs to."""
        return self.value_of("concept_doi")

    @property
    def year(self) -> int | None:
        """Year of publication, else of creation."""
        for date in (self.date_published, self.date_created):
            if date and date[:4].isdigit():
                return int(date[:4])
        return None

    def value_of(self, scheme: str) -> str | None:
        """Return the value of the first identifier of `scheme`."""
        return next((item.value for item in self.identifiers if item.scheme == scheme), None)

    def related(self, *types: RelationType) -> tuple[Identifier, ...]:
        """Return targets of the relations of the given types, in order."""
        return tuple(item.target for item in self.relations if item.type in types)

    def to_json(self) -> dict[str, Any]:
        """Return the plain JSON form: snake_case names, defaults left out."""
        plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self))
        return plain

    @classmethod
    def from_json(cls, document: object) -> "ModelRecord":
        """Inverse of `to_json`; RecordError names the JSON path of the first violation."""
        try:
            return msgspec.convert(document, cls)
        except msgspec.ValidationError as error:
            raise RecordError(f"Not a valid record: {error}") from error

    def to_jsonld(self) -> dict[str, Any]:
        """Return the linked-data view: FAIR4ML, schema.org and CodeMeta terms under the packaged context."""
        from fairreg.schemas.jsonld import to_jsonld

        return to_jsonld(self)

    @classmethod
    def from_jsonld(cls, document: dict[str, Any]) -> "ModelRecord":
        """Inverse of `to_jsonld`; documents of other tools are read as well. Raises RecordError."""
        from fairreg.schemas.validation import read_document

        return read_document(document)


def is_apple_double(name: str) -> bool:
    """Tell whether a path is that of a side file of macOS, by its name (AppleDouble, RFC 1740, appendix B).

    Finder and tar of macOS write ``._model.onnx`` beside ``model.onnx``, in zip archives in ``__MACOSX/``. It
    has attributes of the other file and nothing of its content, whatever the suffix says.
    """
    parts = re.split(r"[/\\]", name)
    return parts[-1].startswith("._") or "__MACOSX" in parts


def version_sort_key(
    *, dated: str | None = None, version: str | None = None, doi: str | None = None
) -> tuple[tuple[int, ...], tuple[int, ...], int, str]:
    """Return a sort key that puts the newest version last: by date, then version number, then DOI.

    `dated` is an ISO 8601 date or a part of one (a year comes before the days of that year). Version numbers
    compare number by number, so 1.10 comes after 1.9, and 1 equals 1.0. Of DOIs that differ in a number at
    their end the higher is the newer, as Zenodo and Figshare count them; unknown values come first.
    """
    numbers = [int(part) for part in re.findall(r"\d{1,9}", version or "")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    date = tuple(int(part) for part in re.findall(r"\d+", (dated or "")[:10]))
    return date, tuple(numbers), len(doi or ""), doi or ""


class OtherRecord(NamedTuple):
    """Another record in a document of which one was read: its identifier and its title, None without one."""

    identifier: str | None
    name: str | None

    @classmethod
    def of(cls, identifier: str | None, name: str | None) -> "OtherRecord":
        """Return it without e-mail addresses, as records are."""
        return cls(identifier and public_text(identifier), name and public_text(name))

    def __str__(self) -> str:
        if self.identifier is None:
            return repr(self.name)
        return f"{self.identifier} ({self.name})" if self.name else self.identifier
