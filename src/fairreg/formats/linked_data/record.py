# SPDX-License-Identifier: MIT
"""Facts of a node by record field, with the same rules in every dialect (`properties` lists what is read)."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from fairreg.errors import RecordError
from fairreg.formats.base import Reading
from fairreg.formats.linked_data import code, identities
from fairreg.formats.linked_data.access import access
from fairreg.formats.linked_data.agents import creators, organisation
from fairreg.formats.linked_data.evaluations import evaluations
from fairreg.formats.linked_data.files import distributions, is_file, merged, parts
from fairreg.formats.linked_data.graph import DocumentGraph, LinkedNode, Literal, Value
from fairreg.formats.linked_data.properties import KINDS, READS, RELATIONS
from fairreg.formats.linked_data.terms import shown
from fairreg.formats.linked_data.values import (
    date,
    label,
    labels,
    language,
    only,
    prose,
    titles,
    unique,
    words,
)
from fairreg.schemas.identifiers import PAPER_SCHEMES, POINTING_SCHEMES, Identifier, template_fault
from fairreg.schemas.json_reader import JsonNode
from fairreg.schemas.licenses import agreed, all_of, of_one, spdx
from fairreg.schemas.record import (
    Distribution,
    FieldOrigin,
    Kind,
    ModelRecord,
    OtherRecord,
    Provenance,
    Relation,
)
from fairreg.sources import ARXIV, DOI, OWNER_SLASH_NAME, scheme_names

__all__ = ["Described", "common_fields", "described", "kind_of", "stated_relations"]

_ORDER: tuple[Kind, ...] = ("model", "dataset", "software")
# Schemes whose values documents write without a prefix: names of models on a hub, numbers of preprints.
_BARE = {"fineTunedFrom": OWNER_SLASH_NAME.name, "referencePublication": ARXIV.name, "citation": ARXIV.name}
_LICENCE_PLACES = ("identifier", "url", "sameAs")


class Described:
    """The node that a document describes, and what a dialect decides of it.

    `crate`: parts of the node are files, by their path. `about` are nodes about the document itself.
    """

    def __init__(
        self,
        graph: DocumentGraph,
        node: LinkedNode,
        kind: Kind,
        *,
        crate: bool = False,
        about: tuple[LinkedNode, ...] = (),
    ) -> None:
        self.graph = graph
        self.node = node
        self.kind = kind
        self.crate = crate
        self.about = about

    def read(self, name: str, *, place: str | None = None) -> Reading[ModelRecord]:
        """Return the record, with the names of what was not read. `name` is the document's, for messages.

        `place` identifies a record that its document does not identify, where its place is known.
        RecordError where it has no name, or neither an identifier that names it elsewhere nor a place.
        """
        names = titles(self.node, "name") or titles(self.node, "headline")
        if not names:
            there = self.node.peek("name", "headline")
            fault = f"is {_told(there[0])}, which is not a text" if there else "is missing or empty"
            raise _refused(name, "$.name", fault, 'Write what it is called: "name": "...".')
        found, page = _identifiers(self.node, self.kind)
        identifier = _main(found).compact if found else place
        if identifier is None:
            raise _refused(name, "$.identifier", *_without_identifier(self.node))
        record = ModelRecord(
            identifier=identifier,
            kind=self.kind,
            name=names[0],
            alternate_names=unique((*names[1:], *titles(self.node, "alternateName"))),
            identifiers=(*found, *_papers(self.node)),
            stated_type=self._stated_type(),
            provenance=Provenance(
                source="document",
                source_id=identifier,
                url=page,
                origins=tuple(_extracted(self.node)),
            ),
            **self._fields(found),
        )
        left_out = self.graph.left_out(self.node, *self.about)
        return Reading(record, left_out, tuple(self._others()))

    def _others(self) -> Iterator[OtherRecord]:
        """Yield the records of the document that are neither this one nor a part of it."""
        for node in self.graph.unlinked(self.node, *self.about):
            if kind_of(node) is not None:
                names = (*identities.own(node), *identities.addresses(node))
                title = next(iter(titles(node, "name", "headline")), None)
                if names or title:
                    yield OtherRecord.of(_main(names).compact if names else None, title)

    def _fields(self, named: tuple[Identifier, ...]) -> dict[str, Any]:
        node = self.node
        return {
            **common_fields(self.graph, node),
            "language": language(node),
            "access": access(node),
            "formats": labels(node, "encodingFormat", "fileFormat"),
            "ml_task": words(node, "mlTask"),
            "model_category": words(node, "modelCategory"),
            "frameworks": words(node, "framework"),
            "intended_use": prose(node, "intendedUse"),
            "limitations": prose(node, "modelRisksBiasLimitations", "modelRisks"),
            "usage": prose(node, "usageInstructions"),
            "evaluations": tuple(evaluations(node)),
            "parameter_count": _count(node, "parameterCount"),
            "distributions": self._files(),
            "relations": self._relations(named),
        }

    def _stated_type(self) -> str | None:
        plain = {"MLModel", "Dataset", "SoftwareSourceCode"}
        return next((shown(word) for word in self.node.types if word not in plain), None)

    def _files(self) -> tuple[Distribution, ...]:
        found = list(distributions(self.node))
        if self.crate or any(map(is_file, self.node.peek("hasPart"))):
            found += parts(self.node)
        return merged(found)

    def _relations(self, named: tuple[Identifier, ...]) -> tuple[Relation, ...]:
        found = (
            *code.relations(self.node, self.kind, named),
            *self._stated_relations(),
            *_mentioned(self.node),
        )
        return tuple({(item.type, item.target.key): item for item in reversed(found)}.values())[::-1]

    def _stated_relations(self) -> Iterator[Relation]:
        for term in RELATIONS:
            yield from stated_relations(self.node, term, is_part=self._is_part if term == "hasPart" else None)

    def _is_part(self, value: Value) -> bool:
        """Tell whether a part is a file or a folder of this record, which is listed as such."""
        return is_file(value) or (self.crate and _is_local(value))


def common_fields(graph: DocumentGraph, node: LinkedNode, *, family_first: bool = False) -> dict[str, Any]:
    """Return the fields that describe and cite an object, as metadata files of a repository do, too."""
    return {
        "description": prose(node, "description", "abstract"),
        "version": _version(node),
        "creators": creators(graph, node, family_first=family_first),
        "publisher": _publisher(node),
        **_whole_licence(node),
        "keywords": words(node, "keywords"),
        "date_created": date(node, "dateCreated"),
        "date_published": date(node, "datePublished"),
        "date_modified": date(node, "dateModified"),
    }


def stated_relations(
    node: LinkedNode, term: str, *, is_part: Callable[[Value], bool] | None = None
) -> Iterator[Relation]:
    """Yield the relations under a term; values that `is_part` accepts are told elsewhere."""
    for value in node.values(term):
        if is_part is not None and is_part(value):
            continue
        found = identities.targets(value, bare=_BARE.get(term))
        if not found or value is node:
            node.leave(term)
            continue
        types = value.types if isinstance(value, LinkedNode) else {}
        kind = next(map(shown, types), None)
        yield from (Relation(type=RELATIONS[term], target=item, target_kind=kind) for item in found)


def described(nodes: Iterable[LinkedNode], *, name: str) -> tuple[LinkedNode, Kind]:
    """Return the node that a document is about, and its kind: a model before a dataset before software.

    Of several of one kind it is the first that no other one refers to. RecordError where there is none.
    """
    listed = list(nodes)
    kinds = [(node, found) for node in listed if (found := kind_of(node))]
    if not kinds:
        types = [shown(word) for node in listed for word in node.types]
        raise _refused(name, "$.@type", *_without_type(types))
    lowest = min(_ORDER.index(kind) for _, kind in kinds)
    same = [(node, kind) for node, kind in kinds if _ORDER.index(kind) == lowest]
    pointed = {id(other) for node, _ in same for _, other in node.links(read=False) if other is not node}
    return next((item for item in same if id(item[0]) not in pointed), same[0])


def kind_of(node: LinkedNode) -> Kind | None:
    """Return the kind of a node by its types, None for one that is no record."""
    found = [KINDS[word] for word in node.types if word in KINDS]
    return min(found, key=_ORDER.index) if found else None


def _refused(name: str, path: str, message: str, hint: str) -> RecordError:
    return RecordError(
        f"{name} is not a valid record: {path} {message}.", violations=((path, message),), hint=hint
    )


def _without_type(types: list[str]) -> tuple[str, str]:
    shown = ", ".join(map(repr, dict.fromkeys(types[:5]))) or "missing"
    message = f"is {shown}; a record is one of {', '.join(KINDS)}"
    return message, 'State what it is: "@type": "MLModel", "Dataset" or "SoftwareSourceCode".'


def _without_identifier(node: LinkedNode) -> tuple[str, str]:
    hint = 'Write its DOI or address: "identifier": "https://doi.org/10.1234/abc", or "url": "https://...".'
    relative = f' (@id "{node.id}" is relative to a place that is not known)' if node.id else ""
    own = [node.id] if node.id and identities.is_absolute(node.id) else []
    stated = [*own, *identities.texts(node)]
    if not stated:
        return f"is missing{relative}: nothing names this record outside its document", hint
    return f"is {stated[0]!r}, {_why_unused(stated[0])}{relative}", hint


def _why_unused(text: str) -> str:
    """Return the reason why a stated identifier names no record."""
    if template_fault(text) is not None:
        return "the template of an identifier that was not filled in"
    found = identities.stated(text)
    if found is None:
        return "which names nothing outside this document"
    if found.scheme in POINTING_SCHEMES | scheme_names("paper"):
        return "which identifies a paper, not this record"
    return "which is the address of something else"


def _told(value: Value) -> str:
    return repr(value.value if isinstance(value, Literal) else value.id or "an object")


def _identifiers(node: LinkedNode, kind: Kind) -> tuple[tuple[Identifier, ...], str | None]:
    """Return the identifiers of the node and the address of its page.

    A page or a repository identifies it where nothing better does.
    """
    found = identities.own(node)
    pages = identities.addresses(node)
    known = {item.key for item in found}
    found += tuple(item for item in pages if item.key not in known and (item.scheme != "url" or not found))
    found += code.identifiers(node, kind, found)
    page = next((item.url for item in pages if item.url), None)
    identities.leave_pages(node, kept={page, *(item.url for item in found)})
    return found, page


def _main(found: tuple[Identifier, ...]) -> Identifier:
    """Return the identifier to call the record by: a DOI, else one of a service, else an address."""
    # Code, which has its place as evidence, is last: a record of software may have nothing else.
    own = [item for item in found if item.evidence is None] or found
    doi = next((item for item in own if item.scheme == DOI.name), None)
    return doi or next((item for item in own if item.scheme != "url"), own[0])


def _papers(node: LinkedNode) -> Iterator[Identifier]:
    for value in node.peek("referencePublication"):
        for found in identities.targets(value, bare=ARXIV.name):
            if found.scheme in {DOI.name, *PAPER_SCHEMES}:
                scheme = "paper_doi" if found.scheme == DOI.name else found.scheme
                yield Identifier(scheme, found.value, "referencePublication")


def _version(node: LinkedNode) -> str | None:
    found = labels(node, "version", "softwareVersion")
    if len(found) > 1:
        node.leave("softwareVersion" if node.states("softwareVersion") else "version")
    return next(iter(found), None)


def _publisher(node: LinkedNode) -> str | None:
    found = []
    for term in ("publisher", "sharedBy"):
        for value in node.values(term):
            text = organisation(value)
            found += [text] if text else []
            if text is None or text != found[0]:
                node.leave(term)
    return next(iter(found), None)


def _licence(node: LinkedNode) -> dict[str, str | None]:
    """Return the SPDX expression of all licences, and as stated those of which one has none."""
    found: list[tuple[str | None, str | None]] = []
    for value in node.values("license"):
        texts = [text for text in _licence_texts(value) if text]
        expression = agreed(*texts)
        if expression:
            found.append((expression, None))
            if isinstance(value, LinkedNode):
                _leave_other_addresses(value)
        elif texts:
            found.append((None, _named_licence(texts)))
            if isinstance(value, LinkedNode) and len({text for text in texts[1:] if "://" in text}) > 1:
                value.leave(*_LICENCE_PLACES)
        else:
            node.leave("license")
    expression, stated = all_of(found)
    return {"license": expression, "license_stated": stated}


def _whole_licence(node: LinkedNode) -> dict[str, str | None]:
    """Return the licence; what objects say beside it counts as not read."""
    found = _licence(node)
    for value in node.peek("license"):
        if isinstance(value, LinkedNode):
            _leave_unsaid(value, " ".join(filter(None, found.values())))
    return found


def _leave_unsaid(node: LinkedNode, said: str) -> None:
    if node.id and identities.is_absolute(node.id) and not _is_said(node.id, said):
        node.leave("@id")
    for term in _LICENCE_PLACES:
        texts = (item.text if isinstance(item, Literal) else item.id for item in node.values(term))
        if not all(text and _is_said(text, said) for text in texts):
            node.leave(term)


def _is_said(text: str, said: str) -> bool:
    """Tell whether a text or its licence is named; GNU's have one address for "only" and "or later"."""
    known = spdx(text)
    return text in said or (known is not None and re.sub(r"-(?:only|or-later)$", "", known) in said)


def _leave_other_addresses(node: LinkedNode) -> None:
    """Count addresses of a known licence that are none of its own as not read."""
    for term in _LICENCE_PLACES:
        texts = (item.text if isinstance(item, Literal) else item.id for item in node.values(term))
        if any(text and spdx(text) is None for text in texts):
            node.leave(term)


def _named_licence(texts: list[str]) -> str:
    """Return a licence without an SPDX identifier by its name and its address."""
    address = next((text for text in texts[1:] if "://" in text and text != texts[0]), None)
    told = f"{texts[0]} ({address})" if address else texts[0]
    # What would be read as a licence again does not say why it is none.
    return told if spdx(told) is None else of_one(*texts)[1] or told


def _licence_texts(value: Value) -> Iterator[str | None]:
    if isinstance(value, Literal):
        yield value.text
        return
    yield label(value)
    yield value.id if identities.is_absolute(value.id) or value.is_reference else None
    for item in value.values(*_LICENCE_PLACES):
        yield item.text if isinstance(item, Literal) else item.id


def _count(node: LinkedNode, term: str) -> int | None:
    values = node.values(term)
    return only(
        node, term, [JsonNode(item.value).count if isinstance(item, Literal) else None for item in values]
    )


def _is_local(value: Value) -> bool:
    return isinstance(value, LinkedNode) and not identities.is_absolute(value.id)


def _mentioned(node: LinkedNode) -> Iterator[Relation]:
    """Yield what the node's own addresses say of others: a paper or a DOI in them, the whole of a part."""
    for item in identities.neighbours(node):
        yield Relation(type="related_to", target=item)


def _extracted(node: LinkedNode) -> Iterator[FieldOrigin]:
    """Yield the fields whose values the document got from a text by a machine, with its method."""
    told: set[str] = set()
    for term, field in READS.items():
        methods = (item.method for item in node.peek(term) if isinstance(item, Literal) and item.method)
        method = next(methods, None)
        if method is not None and field not in told:
            told.add(field)
            yield FieldOrigin(field=field, origin="inferred", evidence=method)
