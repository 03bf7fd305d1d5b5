# SPDX-License-Identifier: MIT
"""Read records from their own JSON-LD view without loss; `formats.dialects` reads documents of other tools.

A processor may have rewritten the view: one value or many, plain or as a node, keys as full IRIs or prefixed.
"""

import re
from typing import Any

import msgspec

from fairreg import sources
from fairreg.errors import RecordError
from fairreg.schemas.contexts import term_of_key
from fairreg.schemas.identifiers import Identifier, normalise_orcid
from fairreg.schemas.json_values import TrackedObject, require_sound, tracked
from fairreg.schemas.jsonld_terms import (
    KINDS,
    LISTS,
    ORCID,
    RELATION_TERMS,
    ROR,
    SPDX_ID,
    TEXTS,
    TYPES,
    Node,
    identifier_in,
    prune,
)
from fairreg.schemas.record import Feature, FieldOrigin, ModelRecord, Provenance, Relation, Tensor

__all__ = ["canonical", "from_jsonld", "is_own", "others_in", "read_jsonld"]

_LONGEST_SIZE = 18  # digits of a number of bytes
# Terms of the source's metadata, which follow from the provenance.
_OF_SOURCE = "sdLicense"
_BYTES = re.compile(r"0*([0-9]+)\s?(?:b|bytes)?", re.IGNORECASE)


def from_jsonld(document: Node) -> ModelRecord:
    """Read the JSON-LD view of a record.

    Keys may be full IRIs, prefixed or plain, in any older spelling of the FAIR4ML namespace. Raises
    RecordError with the JSON path of what cannot be a record.
    """
    require_sound(document)
    return _record(_with_one_list_of_creators(canonical(document)))


def read_jsonld(document: Node) -> tuple[ModelRecord, tuple[str, ...]]:
    """Return the record as `from_jsonld` does, and the names of properties without a field in it."""
    require_sound(document)
    node: TrackedObject = tracked(_with_one_list_of_creators(canonical(document)))
    record = _record(node)
    return record, tuple(name for name in node.unread() if name != _OF_SOURCE)


def others_in(document: Node) -> list[tuple[str | None, str | None]]:
    """Return identifier and title of the records in a document of several beside the one that is read."""
    node = _canonical(document, _declared(document.get("@context")))
    if "@graph" not in node or "name" in node:
        return []
    main, nodes = _main_of_graph(node["@graph"]), _nodes(node["@graph"])
    rest = [item for item in nodes if item.get("@type") in KINDS and item is not main]
    named = [item for item in rest if "recordIdentifier" in item]  # a related object is no record
    return [(_scalar(item["recordIdentifier"]), _scalar(item.get("name"))) for item in named]


def is_own(document: Any) -> bool:
    """Tell whether a document is the view of a record: only that states `recordIdentifier`."""
    if not isinstance(document, dict):
        return False
    declared, graph = _declared(document.get("@context")), document.get("@graph")
    nodes = [document, *(graph if isinstance(graph, list) else [])]
    keys = {str(key) for node in nodes if isinstance(node, dict) for key in node}
    return any(term_of_key(key, declared) == "recordIdentifier" for key in keys)


def _record(node: Node) -> ModelRecord:
    fields: Node = {field: _scalar(node.get(term)) for field, term in TEXTS.items()}
    fields |= {field: _texts(node.get(term)) for field, term in LISTS.items()}
    fields |= _composites(node)
    plain = {name: value for name, value in fields.items() if value not in (None, [], ())}
    try:
        return msgspec.convert(msgspec.to_builtins(plain), ModelRecord)
    except msgspec.ValidationError as error:
        raise RecordError(f"Not a valid record: {error}", violations=(("$", str(error)),)) from error


def canonical(document: Any) -> Node:
    """Return the document's main node under the terms of the packaged context. Raises RecordError."""
    if not isinstance(document, dict):
        raise RecordError("A JSON-LD record is an object.", violations=(("$", "is not an object"),))
    node: Node = _canonical(document, _declared(document.get("@context")))
    return _main_of_graph(node["@graph"]) if "@graph" in node and "name" not in node else node


def _with_one_list_of_creators(node: Node) -> Node:
    """Return a node whose creators are its `creator`, else its `author`; other authors stay to be named.

    A processor may have left a person whole in one list, and a reference to it in the other.
    """
    creators, authors = _nodes(node.get("creator")), _nodes(node.get("author"))
    whole = {str(item["@id"]): item for item in (*authors, *creators) if "@id" in item and len(item) > 1}
    creators, authors = ([_whole(item, whole) for item in listed] for listed in (creators, authors))
    rest = {key: value for key, value in node.items() if key not in {"creator", "author"}}
    others = authors if creators and authors != creators else []
    return rest | {"creator": creators or authors} | ({"author": others} if others else {})


def _whole(item: Node, known: dict[str, Node]) -> Node:
    return known.get(str(item["@id"]), item) if set(item) == {"@id"} else item


def _composites(node: Node) -> Node:
    identifier = _scalar(node.get("recordIdentifier"))
    return {
        "identifier": identifier,
        "identifiers": tuple(
            found for item in _nodes(node.get("identifier")) if (found := _identifier(item))
        ),
        "kind": _kind(node.get("@type")),
        "creators": tuple(_creator(item) for item in _nodes(node.get("creator"))),
        "publisher": _scalar(next(iter(_nodes(node.get("publisher"))), {}).get("name")),
        "license": _license(node),
        "distributions": tuple(_distribution(item) for item in _nodes(node.get("distribution"))),
        "relations": _relations(node),
        "evaluations": tuple(_evaluation(item) for item in _nodes(node.get("hasEvaluation"))),
        "inputs": tuple(_tensor(item) for item in _nodes(node.get("input"))),
        "outputs": tuple(_tensor(item) for item in _nodes(node.get("output"))),
        "access": next((_access(item) for item in _nodes(node.get("access"))), None),
        "provenance": next(
            (_provenance(item) for item in _nodes(node.get("provenance"))),
            Provenance(source="document", source_id=str(identifier)),
        ),
    }


def _identifier(node: Node) -> Identifier | None:
    value, scheme = _scalar(node.get("value")), _scalar(node.get("propertyID"))
    if scheme and value is not None:
        return Identifier(str(scheme), str(value), _scalar(node.get("evidence")))
    text = node.get("@id") or value or _scalar(node.get("name"))
    return identifier_in(str(text)) if text else None


def _creator(node: Node) -> Node:
    pages = [str(page) for page in (node.get("@id"), *_texts(node.get("identifier"))) if page]
    given, family = _scalar(node.get("givenName")), _scalar(node.get("familyName"))
    affiliation = next(iter(_nodes(node.get("affiliation"))), {})
    return prune(
        {
            "name": _scalar(node.get("name")) or " ".join(part for part in (given, family) if part),
            "orcid": _orcid(pages[0]) if pages else None,
            "affiliation": _scalar(affiliation.get("name")),
            "kind": "organization" if node.get("@type") == "Organization" else "person",
            sources.ROR.name: next((page.removeprefix(ROR) for page in pages if page.startswith(ROR)), None),
            "affiliation_rors": [
                str(page).removeprefix(ROR)
                for page in _texts(affiliation.get("identifier"))
                if str(page).startswith(ROR)
            ],
        }
    )


def _orcid(page: str) -> str | None:
    return page.removeprefix(ORCID) if page.startswith(ORCID) else normalise_orcid(page)


def _distribution(node: Node) -> Node:
    url = _scalar(node.get("contentUrl"))
    digests = list(_texts(node.get("digest")))
    for algorithm in ("sha256", "md5"):
        stated = _scalar(node.get(algorithm))
        if isinstance(stated, str) and not digests:
            digests.append(f"{algorithm}:{stated.lower()}")
    return prune(
        {
            "name": _scalar(node.get("name")) or _name_in(url) or "file",
            "url": url,
            "size": _bytes(_scalar(node.get("contentSize"))),
            "size_is_rounded": _scalar(node.get("sizeIsRounded")),
            "checksums": digests,
            "media_type": _scalar(node.get("encodingFormat")),
            "format": _scalar(node.get("format")),
            "path": _scalar(node.get("path")),
        }
    )


def _name_in(url: object) -> str:
    from fairreg.schemas.file_address import name_in_address  # most files have a name

    return name_in_address(str(url)) if url else ""


def _relations(node: Node) -> tuple[Relation, ...]:
    found: list[tuple[int, Relation]] = []
    for relation, term in RELATION_TERMS.items():
        for item in _nodes(node.get(term)):
            named = next(iter(_nodes(item.get("identifier"))), None)
            target = (
                _identifier(named)
                if named
                else _identifier({"@id": item.get("@id"), "value": item.get("name")})
            )
            if target is not None:
                position = _scalar(item.get("position"))
                place = position if isinstance(position, int) else len(found)
                kind, stated = (_scalar(item.get(name)) for name in ("targetKind", "statedType"))
                stated_relation = Relation(type=relation, target=target, target_kind=kind, stated_type=stated)
                found.append((place, stated_relation))
    return tuple(relation for _, relation in sorted(found, key=lambda pair: pair[0]))


def _license(node: Node) -> str | None:
    expression = _scalar(node.get("licenseExpression"))
    if expression is not None:
        return str(expression)
    stated = next(iter(_nodes(node.get("license"))), {})
    text = str(stated.get("@id") or _scalar(stated.get("name")) or "")
    bare = re.sub(r"^https?://spdx\.org/licenses/|(?:\.html|\.json)$", "", text)
    return bare if bare and SPDX_ID.fullmatch(bare) else None


def _evaluation(node: Node) -> Node:
    return prune(
        {
            "metric": _scalar(node.get("metric")) or _scalar(node.get("name")),
            "value": str(_scalar(node.get("value"))),
            "dataset": _scalar(node.get("evaluationDataset")),
            "split": _scalar(node.get("split")),
        }
    )


def _tensor(node: Node) -> Tensor:
    features = tuple(
        Feature(
            name=str(_scalar(f.get("name"))),
            unit=_scalar(f.get("unitText")),
            description=_scalar(f.get("description")),
        )
        for f in _nodes(node.get("feature"))
    )
    return Tensor(
        name=str(_scalar(node.get("name"))),
        dtype=str(_scalar(node.get("dtype"))),
        shape=tuple(_scalars(node.get("shape"))),
        features=features,
        description=_scalar(node.get("description")),
    )


def _access(node: Node) -> Node:
    return prune(
        {
            "level": _scalar(node.get("accessLevel")),
            "conditions": _scalar(node.get("accessConditions")),
            "until": _scalar(node.get("accessUntil")),
        }
    )


def _provenance(node: Node) -> Provenance:
    origins = tuple(
        FieldOrigin(
            field=str(_scalar(o.get("field"))),
            origin=_scalar(o.get("origin")),
            evidence=_scalar(o.get("evidence")),
        )
        for o in _nodes(node.get("fieldOrigin"))
    )
    return Provenance(
        source=str(_scalar(node.get("source"))),
        source_id=str(_scalar(node.get("sourceId"))),
        url=_scalar(node.get("url")),
        retrieved=_scalar(node.get("generatedAtTime")),
        payload_sha256=_scalar(node.get("payloadSha256")),
        origins=origins,
        merged_from=_texts(node.get("mergedFrom")),
    )


def _canonical(value: Any, declared: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_canonical(item, declared) for item in value]
    if not isinstance(value, dict):
        return value
    node = {
        term_of_key(key, declared): _canonical(item, declared)
        for key, item in value.items()
        if key != "@context"
    }
    if "@type" in node:
        node["@type"] = _type_term(node["@type"], declared)
    return node


def _type_term(value: Any, declared: dict[str, str]) -> str:
    words = [term_of_key(str(item), declared) for item in (value if isinstance(value, list) else [value])]
    return next((word for word in words if word in KINDS), words[0] if words else "")


def _declared(contexts: Any) -> dict[str, str]:
    """Return prefixes and terms of a document's inline contexts; remote ones are never fetched."""
    declared: dict[str, str] = {}
    for item in contexts if isinstance(contexts, list) else [contexts]:
        if isinstance(item, dict):
            for term, target in item.items():
                iri = target.get("@id") if isinstance(target, dict) else target
                if isinstance(iri, str) and "://" in iri:
                    declared[term] = iri
    return declared


def _main_of_graph(graph: Any) -> Node:
    nodes = [item for item in graph if isinstance(item, dict)] if isinstance(graph, list) else []
    described = [item for item in nodes if item.get("@type") in KINDS]
    if not described:
        raise RecordError(
            "The graph describes no model, dataset or software.", violations=(("$.@graph", "no such node"),)
        )
    return min(described, key=lambda item: list(KINDS).index(item["@type"]))


def _kind(word: Any) -> str:
    kind = KINDS.get(str(word))
    if kind is None:
        message = f"{word!r} is not one of {', '.join(TYPES.values())}"
        raise RecordError(f"Not a valid record: @type {message}.", violations=(("$.@type", message),))
    return kind


def _nodes(value: Any) -> list[Node]:
    items = value["@list"] if isinstance(value, dict) and "@list" in value else value
    if items is None:
        return []
    listed = items if isinstance(items, list) else [items]
    return [item if isinstance(item, dict) else {"name": item, "value": item} for item in listed]


def _scalar(value: Any) -> Any:
    first = value[0] if isinstance(value, list) and value else value
    if isinstance(first, dict):
        return first.get("@value", first.get("@id", first.get("name")))
    return None if first == [] else first


def _scalars(value: Any) -> list[Any]:
    items = value["@list"] if isinstance(value, dict) and "@list" in value else value
    return (
        [] if items is None else [_scalar(item) for item in (items if isinstance(items, list) else [items])]
    )


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(item) for item in _scalars(value) if item is not None)


def _bytes(value: Any) -> int | None:
    match = _BYTES.fullmatch(str(value).strip()) if value is not None else None
    if match is None:
        return None
    if len(match[1]) > _LONGEST_SIZE:
        message = f"is a size of {len(match[1])} digits"
        raise RecordError(
            f"Not a valid record: contentSize {message}.",
            violations=(("$.distribution.contentSize", message),),
        )
    return int(match[1])
