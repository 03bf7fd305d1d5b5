# SPDX-License-Identifier: MIT
"""Read records from their own JSON-LD view without loss; `formats.dialects` reads documents of other tools.

A processor may have rewritten the view: one value or many, plain or as a node, keys as full IRIs or prefixed.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

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
_MOST_PLACED = 300_000  # members of nodes put where they are referred to
_REFERENCES = 12  # lists and objects from the record to an affiliation's identifier
_Read = TypeVar("_Read")
_BYTES = re.compile(r"0*([0-9]+)\s?(?:b|bytes)?", re.IGNORECASE)


def from_jsonld(document: Any) -> ModelRecord:
    """Read the JSON-LD view of a record.

    Keys may be full IRIs, prefixed or plain, in any older spelling of the FAIR4ML namespace. Raises
    RecordError with the JSON path of what cannot be a record.
    """
    require_sound(document)
    return _record(_with_one_list_of_creators(canonical(document)))


def read_jsonld(document: Any) -> tuple[ModelRecord, tuple[str, ...]]:
    """Return the record as `from_jsonld` does, and the names of properties without a field in it."""
    require_sound(document)
    node: TrackedObject = tracked(_with_one_list_of_creators(canonical(document)))
    record = _record(node)
    return record, tuple(name for name in node.unread() if name != _OF_SOURCE)


def others_in(document: Any) -> list[tuple[str | None, str | None]]:
    """Return identifier and title of the records in a document of several beside the one that is read."""
    document = _as_graph(document)
    node = _canonical(document, _declared(document.get("@context")))
    if "@graph" not in node or "name" in node:
        return []
    main, nodes = _main_of_graph(node["@graph"]), _nodes(node["@graph"])
    rest = [item for item in nodes if item.get("@type") in KINDS and item is not main]
    named = [item for item in rest if "recordIdentifier" in item]  # a related object is no record
    return [(_scalar(item["recordIdentifier"]), _scalar(item.get("name"))) for item in named]


def is_own(document: Any) -> bool:
    """Tell whether a document is the view of a record: only that states `recordIdentifier`."""
    document = _as_graph(document)
    if not isinstance(document, dict):
        return False
    declared, graph = _declared(document.get("@context")), document.get("@graph")
    nodes = [document, *(graph if isinstance(graph, list) else [])]
    keys = {str(key) for node in nodes if isinstance(node, dict) for key in node}
    return any(term_of_key(key, declared) == "recordIdentifier" for key in keys)


def _record(node: Node) -> ModelRecord:
    fields: Node = {field: _only(node, term) for field, term in TEXTS.items()}
    fields |= {field: _all(node, term) for field, term in LISTS.items()}
    fields |= _composites(node)
    plain = {name: value for name, value in fields.items() if value not in (None, [], ())}
    try:
        return msgspec.convert(msgspec.to_builtins(plain), ModelRecord)
    except msgspec.ValidationError as error:
        raise RecordError(f"Not a valid record: {error}", violations=(("$", str(error)),)) from error


def canonical(document: Any) -> Node:
    """Return the document's main node under the terms of the packaged context. Raises RecordError."""
    document = _as_graph(document)
    if not isinstance(document, dict):
        raise RecordError("A JSON-LD record is an object.", violations=(("$", "is not an object"),))
    node: Node = _canonical(document, _declared(document.get("@context")))
    if "@graph" not in node or "name" in node:
        return node
    return _with_nodes_in_place(_main_of_graph(node["@graph"]), node["@graph"])


def _as_graph(document: Any) -> Any:
    """Return a document; a list of nodes, as a processor writes without a context, is its graph."""
    return {"@graph": document} if isinstance(document, list) and document else document


def _with_nodes_in_place(main: Node, graph: Any) -> Node:
    """Return the main node with the nodes that it refers to, and without wrappers of values.

    Another record stays a reference: it is one of the document's others. Nodes may refer in a circle, and
    every one of them to all others, so that depth and number of values have a limit.
    """
    known = {str(item["@id"]): item for item in _nodes(graph) if "@id" in item}
    known = {name: item for name, item in known.items() if item.get("@type") not in KINDS}
    left = iter(range(_MOST_PLACED))

    def placed(value: Any, depth: int) -> Any:
        if isinstance(value, list):
            if any(next(left, None) is None for _ in value):
                return value
            listed = [placed(item, depth - 1) for item in value] if depth else value
            return listed[0] if len(listed) == 1 else listed
        if not isinstance(value, dict) or depth == 0:
            return value
        if "@list" in value or ("@value" in value and "@language" not in value):
            return placed(value.get("@list", value.get("@value")), depth - 1)
        whole = known.get(str(value["@id"])) if set(value) == {"@id"} else None
        node = value if whole is None else whole
        if any(next(left, None) is None for _ in node):
            return value
        return {key: placed(item, depth - 1) for key, item in node.items()}

    found: Node = placed(main, _REFERENCES)
    return found


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
    identifier = _only(node, "recordIdentifier")
    license_id, stated = _licences(node)
    return {
        "identifier": identifier,
        "identifiers": tuple(_understood(node, "identifier", _identifier)),
        "kind": _kind(node.get("@type")),
        "creators": tuple(_creator(item) for item in _nodes(node.get("creator"))),
        "publisher": _publisher(node),
        "license": license_id,
        "license_stated": stated,
        "distributions": tuple(_distribution(item) for item in _nodes(node.get("distribution"))),
        "relations": _relations(node),
        "evaluations": tuple(_understood(node, "hasEvaluation", _evaluation)),
        "inputs": tuple(_understood(node, "input", _tensor)),
        "outputs": tuple(_understood(node, "output", _tensor)),
        "access": _first(node, "access", _access),
        "provenance": _first(node, "provenance", _provenance)
        or Provenance(source="document", source_id=str(identifier)),
    }


def _understood(node: Node, term: str, read: Callable[[Node], _Read | None]) -> Iterator[_Read]:
    """Yield what is read of each value under a term; one that is not understood is left."""
    for item in _nodes(node.get(term)):
        found = read(item)
        if found is None:
            _leave(node, term)
        else:
            yield found


def _first(node: Node, term: str, read: Callable[[Node], _Read | None]) -> _Read | None:
    """Return what is read of the first value under a term; others are left."""
    listed = _nodes(node.get(term))
    if any(item != listed[0] for item in listed[1:]):
        _leave(node, term)
    return read(listed[0]) if listed else None


def _publisher(node: Node) -> str | None:
    names = [_only(item, "name") for item in _nodes(node.get("publisher"))]
    if len(set(names)) > 1 or None in names:
        _leave(node, "publisher")
    return next((str(name) for name in names if name is not None), None)


def _identifier(node: Node) -> Identifier | None:
    value, scheme = _only(node, "value"), _only(node, "propertyID")
    page = _page(node)
    if scheme and value is not None:
        found = Identifier(str(scheme), str(value), _only(node, "evidence"))
        if page and page != found.url:
            _leave(node, "@id")
        return found
    texts = {"@id": page, "value": value, "name": _only(node, "name")}
    known = {term: identifier_in(str(text)) for term, text in texts.items() if text}
    target = next((item for item in known.values() if item), None)
    if target:
        _leave(node, *(term for term, item in known.items() if item is None or item.key != target.key))
    return target


def _page(node: Node) -> str:
    """Return the address that a node is called by; a name within the document is none."""
    name = str(node.get("@id") or "")
    return "" if name.startswith("_:") else name


def _creator(node: Node) -> Node:
    pages = _pages(node)
    homes = _nodes(node.get("affiliation"))
    places = dict.fromkeys(str(name) for home in homes if (name := _only(home, "name")) is not None)
    orcids = [found for page in pages if (found := _orcid(page))]
    rors = _rors(pages)
    if len({*orcids}) > 1 or len({*rors}) > 1 or any(not _is_known(page) for page in pages):
        _leave(node, "@id" if not _is_known(pages[0]) else "identifier")
    return prune(
        {
            "name": _name(node),
            "orcid": next(iter(orcids), None),
            "affiliation": "; ".join(places) if places else None,
            "kind": "organization" if node.get("@type") == "Organization" else "person",
            sources.ROR.name: next(iter(rors), None),
            "affiliation_rors": [ror for home in homes for ror in _of_place(home)],
        }
    )


def _name(node: Node) -> str:
    """Return a creator's name; parts of it that the whole one does not hold are left."""
    name, *parts = (_only(node, term) for term in ("name", "givenName", "familyName"))
    whole = " ".join(str(part) for part in parts if part)
    if name and not set(re.findall(r"\w+", whole)) <= set(re.findall(r"\w+", str(name))):
        _leave(node, *(term for term in ("givenName", "familyName") if term in node))
    return name or whole


def _pages(node: Node) -> list[str]:
    """Return the addresses of a person or an organisation."""
    return [str(page) for page in (_page(node), *_all(node, "identifier")) if page]


def _rors(pages: list[str]) -> list[str]:
    return [page.removeprefix(ROR) for page in pages if page.startswith(ROR)]


def _is_known(page: str) -> bool:
    return page.startswith(ROR) or _orcid(page) is not None


def _of_place(home: Node) -> list[str]:
    """Return the RORs of an affiliation; other identifiers of it are left."""
    pages = _pages(home)
    others = [page for page in pages if not page.startswith(ROR)]
    if others:
        _leave(home, "@id" if others[0] == _page(home) else "identifier")
    return _rors(pages)


def _orcid(page: str) -> str | None:
    return page.removeprefix(ORCID) if page.startswith(ORCID) else normalise_orcid(page)


def _distribution(node: Node) -> Node:
    if isinstance(node, _Bare) and "://" in str(node["value"]):
        node = {"contentUrl": node["value"]}
    url, stated_size = _only(node, "contentUrl"), _only(node, "contentSize")
    size = _bytes(stated_size)
    if stated_size is not None and size is None:
        _leave(node, "contentSize")
    return prune(
        {
            "name": _only(node, "name") or _name_in(url) or "file",
            "url": url,
            "size": size,
            "size_is_rounded": _only(node, "sizeIsRounded"),
            "checksums": _digests(node),
            "media_type": _only(node, "encodingFormat"),
            "format": _only(node, "format"),
            "path": _only(node, "path"),
        }
    )


def _digests(node: Node) -> list[str]:
    """Return the checksums of a file; one that contradicts another is left."""
    digests = list(_all(node, "digest"))
    for algorithm in ("sha256", "md5"):
        stated = _only(node, algorithm)
        found = f"{algorithm}:{str(stated).lower()}"
        if stated is None or found in digests:
            continue
        if any(item.startswith(f"{algorithm}:") for item in digests):
            _leave(node, algorithm)
        else:
            digests.append(found)
    return digests


def _name_in(url: object) -> str:
    from fairreg.schemas.file_address import name_in_address  # most files have a name

    return name_in_address(str(url)) if url else ""


def _relations(node: Node) -> tuple[Relation, ...]:
    found: list[tuple[int, Relation]] = []
    for relation, term in RELATION_TERMS.items():
        for item in _nodes(node.get(term)):
            target = _target(item)
            if target is None:
                _leave(node, term)
            else:
                position = _only(item, "position")
                place = position if isinstance(position, int) else len(found)
                kind, stated = (_only(item, name) for name in ("targetKind", "statedType"))
                stated_relation = Relation(type=relation, target=target, target_kind=kind, stated_type=stated)
                found.append((place, stated_relation))
    return tuple(relation for _, relation in sorted(found, key=lambda pair: pair[0]))


def _target(item: Node) -> Identifier | None:
    """Return the identifier of a related object; further identifiers and names of it are left."""
    page = _page(item)
    named = _nodes(item.get("identifier"))
    targets = [found for other in named if (found := _identifier(other))]
    if named and (len(named) > 1 or not targets):
        _leave(item, "identifier")
    if not targets and page:
        return identifier_in(page) or identifier_in(str(_only(item, "name") or ""))
    target = targets[0] if targets else identifier_in(str(_only(item, "name") or ""))
    # The address of an identifier needs the table of sources, with plugins: it is asked for last.
    if target and page and not page.endswith(target.value) and page != target.url:
        _leave(item, "@id")
    return target


def _licences(node: Node) -> tuple[str | None, str | None]:
    """Return the SPDX expression of all licences, and those without one beside the words of the record."""
    expression, words = _only(node, "licenseExpression"), _only(node, "licenseStated")
    each = [_licence(item) for item in _nodes(node.get("license"))]
    if (None, None) in each:
        _leave(node, "license")
    found, stated = _all_of(each)
    if expression is not None and found not in (None, expression):
        _leave(node, "license")
    told = dict.fromkeys(str(text) for text in (words, stated) if text is not None)
    return found if expression is None else str(expression), "; ".join(told) if told else None


def _all_of(each: list[tuple[str | None, str | None]]) -> tuple[str | None, str | None]:
    if len(each) < 2:  # noqa: PLR2004 - most records have one licence, for which nothing is imported
        return each[0] if each else (None, None)
    from fairreg.schemas.licenses import all_of

    return all_of(each)


def _licence(item: Node) -> tuple[str | None, str | None]:
    """Return the SPDX identifier or expression of one licence, else its words."""
    stated = (_page(item) or None, *(_only(item, term) for term in ("name", "url", "identifier")))
    texts = dict.fromkeys(str(text) for text in stated if text is not None)
    bare = re.sub(r"^https?://spdx\.org/licenses/|(?:\.html|\.json)$", "", next(iter(texts), ""))
    # The address of any identifier in SPDX's form is that of a licence of a record.
    if len(texts) == 1 and bare not in texts and SPDX_ID.fullmatch(bare):
        return bare, None
    from fairreg.schemas.licenses import of_one

    return of_one(*texts)


def _evaluation(node: Node) -> Node | None:
    metric, value = _only(node, "metric") or _only(node, "name"), _only(node, "value")
    if metric is None or value is None or isinstance(node, _Bare):
        return None
    return prune(
        {
            "metric": metric,
            "value": str(value),
            "dataset": _only(node, "evaluationDataset"),
            "split": _only(node, "split"),
        }
    )


def _tensor(node: Node) -> Tensor | None:
    name, dtype = _only(node, "name"), _only(node, "dtype")
    if name is None or dtype is None:
        return None
    features = tuple(
        Feature(name=str(_only(f, "name")), unit=_only(f, "unitText"), description=_only(f, "description"))
        for f in _nodes(node.get("feature"))
    )
    return Tensor(
        name=str(name),
        dtype=str(dtype),
        shape=tuple(_scalars(node.get("shape"))),
        features=features,
        description=_only(node, "description"),
    )


def _access(node: Node) -> Node:
    return prune(
        {
            "level": _only(node, "accessLevel"),
            "conditions": _only(node, "accessConditions"),
            "until": _only(node, "accessUntil"),
        }
    )


def _provenance(node: Node) -> Provenance:
    origins = tuple(
        FieldOrigin(
            field=str(_only(o, "field")),
            origin=_only(o, "origin"),
            evidence=_only(o, "evidence"),
        )
        for o in _nodes(node.get("fieldOrigin"))
    )
    return Provenance(
        source=str(_only(node, "source")),
        source_id=str(_only(node, "sourceId")),
        url=_only(node, "url"),
        retrieved=_only(node, "generatedAtTime"),
        payload_sha256=_only(node, "payloadSha256"),
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


class _Bare(dict[str, Any]):
    """The node that stands for a plain value."""


def _items(value: Any) -> list[Any]:
    """Return the values of a property, one or many, in a list or a set."""
    if isinstance(value, dict) and ("@list" in value or "@set" in value):
        value = value["@list"] if "@list" in value else value["@set"]
    return value if isinstance(value, list) else [] if value is None else [value]


def _nodes(value: Any) -> list[Node]:
    return [
        item if isinstance(item, dict) else _Bare(name=_scalar(item), value=_scalar(item))
        for item in _plain(value)
    ]


def _plain(value: Any) -> list[Any]:
    """Return the values of a property without the wrapper of a literal."""
    return [item["@value"] if isinstance(item, dict) and "@value" in item else item for item in _items(value)]


def _scalar(value: Any) -> Any:
    first = next(iter(_items(value)), None)
    if isinstance(first, dict):
        return next((first.get(key) for key in ("@value", "@id", "name") if key in first), None)
    return None if first == [] else first


def _scalars(value: Any) -> list[Any]:
    return [_scalar(item) for item in _items(value)]


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(item) for item in _scalars(value) if item is not None)


def _only(node: Node, term: str) -> Any:
    """Return the value of a member; of several different ones the first, the member is left then."""
    found = _scalars(node.get(term))
    if None in found or any(item != found[0] for item in found[1:]):
        _leave(node, term)
    return next((item for item in found if item is not None), None)


def _all(node: Node, term: str) -> tuple[str, ...]:
    """Return the texts of a member; one that holds another value is left."""
    value = node.get(term)
    if None in _scalars(value):
        _leave(node, term)
    return _texts(value)


def _leave(node: Node, *terms: str) -> None:
    if isinstance(node, TrackedObject):
        node.leave(*(term for term in terms if node.states(term)))


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
