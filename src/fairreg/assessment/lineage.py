# SPDX-License-Identifier: MIT
"""Identifiers of the model, identifiers of its lineage, and addresses of its published files.

Questions that several principles ask of the same record are answered here once.
"""

import re
from urllib.parse import urlsplit

from fairreg.assessment.evidence import Evidence
from fairreg.schemas.identifiers import OWN_DOIS, POINTING_SCHEMES, Identifier
from fairreg.schemas.record import Access, Distribution, ModelRecord, Relation, RelationType, is_apple_double
from fairreg.sources import DOI, REGISTRAR, RESOLVER, schemes

__all__ = [
    "archives",
    "base_models",
    "concept_dois",
    "host_of",
    "is_closed",
    "is_persistent",
    "is_weights",
    "lineage_dois",
    "links",
    "may_be_registered",
    "own_doi",
    "own_pids",
    "relations",
    "scheme_of",
    "stated_access",
    "weight_files",
    "why_no_list",
]

_PERSISTENT_SCHEMES = frozenset(
    {*OWN_DOIS, *(scheme.name for scheme in schemes() if scheme.persistent), "handle", "ark", "w3id", "purl"}
)
_PERSISTENT_URL = re.compile(
    rf"https?://(?:www\.)?(?:{re.escape(str(RESOLVER.site))}|hdl\.handle\.net|w3id\.org|n2t\.net/ark:"
    r"|purl\.org)/"
)
_WEIGHTS = re.compile(
    r"\.(?:onnx|pth?|safetensors|h5|hdf5|keras|tflite|gguf|pb|pkl|joblib|ckpt|bin|plan|engine|pmml)$",
    re.IGNORECASE,
)
_ARCHIVE = re.compile(r"\.(?:zip|tar|tgz|tar\.\w+|7z)$", re.IGNORECASE)
_NO_MODEL = frozenset({"dataset", "data", "software", "publication", "article", "text"})
_VERSIONS: tuple[RelationType, ...] = (
    "is_version_of",
    "has_version",
    "is_new_version_of",
    "is_previous_version_of",
)


def is_persistent(identifier: Identifier) -> bool:
    """Tell whether it belongs to a scheme with a maintained resolver: DOI, Handle, ARK, SWHID, w3id."""
    if identifier.scheme in _PERSISTENT_SCHEMES | POINTING_SCHEMES:
        return True
    return bool(_PERSISTENT_URL.match(identifier.value))


def own_pids(record: ModelRecord) -> tuple[Identifier, ...]:
    """Return persistent identifiers of the model itself, its exact version before its concept."""
    own = [item for item in record.identifiers if is_persistent(item) and item.scheme not in POINTING_SCHEMES]
    return tuple(sorted(own, key=lambda item: item.scheme == "concept_doi"))


def own_doi(evidence: Evidence) -> str | None:
    """Return the assessed DOI: the record's own, else its concept's, else the requested one."""
    record = evidence.record
    asked = evidence.requested.value if evidence.requested.scheme in OWN_DOIS else None
    return record.doi or record.concept_doi or asked


def is_closed(record: ModelRecord) -> bool:
    """Tell whether the record says that not everybody may have its files."""
    return record.access is not None and record.access.level != "open"


def why_no_list(record: ModelRecord) -> str | None:
    """Return why a record without files may have some: who cannot have them, cannot see their list either.

    None for a record that lists files, and for an open one, which has none.
    """
    if record.distributions:
        return None
    if record.provenance.source == REGISTRAR.name:
        return "DataCite's record lists no files, and the host's was not read."
    if record.access is not None and is_closed(record):
        return f"The list of the files is hidden: their access is {record.access.level}."
    return None


def may_be_registered(evidence: Evidence) -> bool:
    """Tell whether DataCite may have a record that was not read."""
    unread = evidence.datacite is None and evidence.probe("datacite").outcome != "absent"
    return unread and own_doi(evidence) is not None


def stated_access(evidence: Evidence) -> Access | None:
    """Return the access that the record states, else that of its DOI's metadata."""
    if evidence.record.access or evidence.datacite is None:
        return evidence.record.access
    return evidence.datacite.record.access


def relations(evidence: Evidence, *types: RelationType) -> tuple[Relation, ...]:
    """Return relations of the given types in the published record, then those that only DataCite has."""
    registered = evidence.datacite.record.relations if evidence.datacite else ()
    first: dict[tuple[str, tuple[str, str]], Relation] = {}
    for item in (*evidence.record.relations, *registered):
        if item.type in types:
            first.setdefault((item.type, item.target.key), item)
    return tuple(first.values())


def base_models(evidence: Evidence) -> tuple[Relation, ...]:
    """Return relations to the models that this one was made from; what it derives from may also be data."""
    return tuple(
        item
        for item in relations(evidence, "fine_tuned_from", "is_variant_of", "is_derived_from")
        if "model" in (kind := (item.target_kind or "").lower())
        or (item.type != "is_derived_from" and kind not in _NO_MODEL)
    )


def concept_dois(evidence: Evidence) -> frozenset[str]:
    """Return the DOIs of the lineage as a whole, never that of the version itself."""
    stated = {evidence.record.concept_doi} | {
        item.target.value for item in relations(evidence, "is_version_of") if item.target.key[0] == DOI.name
    }
    return frozenset(doi for doi in stated if doi and doi != evidence.record.doi)


def lineage_dois(evidence: Evidence) -> frozenset[str]:
    """Return every DOI of the model: this version, its concept, other versions."""
    targets = {
        item.target.value for item in relations(evidence, *_VERSIONS) if item.target.key[0] == DOI.name
    }
    own = {evidence.record.doi, evidence.record.concept_doi}
    return frozenset(doi for doi in own | targets if doi)


def links(record: ModelRecord) -> tuple[str, ...]:
    """Return addresses of the metadata and of the files, as published."""
    addresses = [record.provenance.url, *(item.url for item in record.distributions)]
    return tuple(address for address in addresses if address)


def weight_files(record: ModelRecord) -> tuple[Distribution, ...]:
    """Return the published files that are model files by name, without those inside archives."""
    return tuple(
        item
        for item in record.distributions
        if item.path is None and is_weights(item.name) and not is_apple_double(item.name)
    )


def is_weights(name: str) -> bool:
    """Tell whether a name or address is that of a model file, by its suffix."""
    return bool(_WEIGHTS.search(name.split("?", maxsplit=1)[0]))


def archives(record: ModelRecord) -> tuple[Distribution, ...]:
    """Return the published archives."""
    return tuple(item for item in record.distributions if _ARCHIVE.search(item.name))


def scheme_of(address: str) -> str:
    """Return the protocol of an address in lower case, empty where it has none or is malformed."""
    try:
        return urlsplit(address).scheme.lower()
    except ValueError:
        return ""


def host_of(address: str) -> str:
    """Return the host of an address without www, empty where it has none or is malformed."""
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
