# SPDX-License-Identifier: MIT
"""Nodes of a JSON-LD document: one object per `@id` however often it is mentioned, values without wrappers.

References are links between these objects, so that a cycle in the document is one among them and no reader
follows it by itself. A node remembers which of its properties were read.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

from fairreg.errors import RecordError
from fairreg.formats.linked_data.terms import Names, shown
from fairreg.schemas.json_values import require_sound
from fairreg.schemas.text import is_unknown, one_line

__all__ = ["DocumentGraph", "LinkedNode", "Literal", "Value"]

# Nodes and values of one document; the largest public crates have a tenth of it.
_MOST = 500_000
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
# Keywords that state nothing of an object; a value under any other one is named where it is not read.
_SAYS_NOTHING = frozenset({"@id", "@index", "@language", "@direction", "@version"})
# A value with how it was found, as MLentory wraps every value.
_EXTRACTED = ("data", "extraction_method")
_NOTHING = "Not extracted"
_DEEPEST = 8  # steps in the name of what was not read
_Made = TypeVar("_Made")


class Literal(NamedTuple):
    """A text, number or truth value; `method` is how a machine found it, where the document says so."""

    value: str | int | float | bool
    language: str | None = None
    method: str | None = None

    @property
    def text(self) -> str | None:
        """The value on one line, never empty; a number counts as its digits."""
        if isinstance(self.value, bool):
            return None
        return one_line(str(self.value)) or None


class LinkedNode:
    """An object of a document: its identifier, its types and, by term, the keys and values stated of it."""

    __slots__ = ("_asked", "_known", "_left", "_made", "_mentions", "_stated", "id", "types")

    def __init__(self, name: str | None) -> None:
        self.id = name
        self.types: dict[str, None] = {}  # in order, each once; `shown` gives their names
        self._stated: dict[str, list[tuple[str, Value]]] = {}
        self._known: set[tuple[str, str, int]] = set()
        self._mentions: dict[tuple[str, str, type, Literal], int] = {}
        self._made: dict[object, Any] = {}
        self._asked: set[str] = set()
        self._left: set[str] = set()

    def values(self, *terms: str) -> list["Value"]:
        """Return the values under any of the terms, in order, and count them as read."""
        self._asked.update(terms)
        return self.peek(*terms)

    def states(self, *terms: str) -> bool:
        """Tell whether the node has a value under any of the terms; counts nothing as read."""
        return any(term in self._stated for term in terms)

    def peek(self, *terms: str) -> list["Value"]:
        """Return the values under any of the terms without counting them as read."""
        return self.once(terms, lambda: [value for term in terms for _, value in self._stated.get(term, ())])

    def once(self, key: object, make: Callable[[], _Made]) -> _Made:
        """Return what `make` makes of the node, made once: any number of nodes may refer to a large one."""
        if key not in self._made:
            self._made[key] = make()
        found: _Made = self._made[key]
        return found

    def leave(self, *terms: str) -> None:
        """Count a value under the terms, or the node's ``@id``, as not understood."""
        self._left.update(terms)

    def add(self, term: str, key: str, value: "Value", mention: int) -> None:
        """Add a value of a property, written `key` in the document, unless it is there.

        A node is there once. Equal texts are several in one `mention` of the node (two authors of one name),
        and the same ones in two.
        """
        if isinstance(value, LinkedNode):
            if (term, key, id(value)) in self._known:
                return
            self._known.add((term, key, id(value)))
        elif self._mentions.setdefault((term, key, type(value.value), value), mention) != mention:
            return
        self._made.clear()
        self._stated.setdefault(term, []).append((key, value))

    def properties(self) -> Iterator[tuple[str, str]]:
        """Yield term and key, as the document writes it, of each property with a value."""
        for term, stated in self._stated.items():
            yield from dict.fromkeys((term, key) for key, _ in stated)

    def was_read(self, term: str) -> bool:
        """Tell whether the values under a term were read, understood or not."""
        return term in self._asked

    def unread(self) -> Iterator[str]:
        """Yield the keys, as the document writes them, of properties that were not read or understood."""
        if "@id" in self._left:
            yield "@id"
        for term, stated in self._stated.items():
            if term not in self._asked or term in self._left:
                yield from dict.fromkeys(key for key, _ in stated)

    def links(self, *, read: bool) -> Iterator[tuple[str, "LinkedNode"]]:
        """Yield key and node of each reference under a property that was read, or under any."""
        for term, stated in self._stated.items():
            if not read or (term in self._asked and term not in self._left):
                yield from ((key, value) for key, value in stated if isinstance(value, LinkedNode))

    @property
    def is_reference(self) -> bool:
        """True for a node of which the document states nothing."""
        return not self._stated and not self.types


Value = Literal | LinkedNode


class DocumentGraph:
    """The nodes of one document. `top` are those that it lists, in its order, `contexts` its remote contexts.

    Raises RecordError for a document that cannot be held; `name` is the document's, for the message.
    """

    def __init__(self, document: Any, *, name: str | None = None) -> None:
        require_sound(document, name=name)
        self._by_id: dict[str, LinkedNode] = {}
        self._size = 0
        self._beside: dict[str, None] = {}  # what is said of how values were found, and is not kept
        self.contexts: list[str] = []
        self.top: list[LinkedNode] = []
        names = Names({})
        for item in document if isinstance(document, list) else [document]:
            if isinstance(item, dict):
                self._list(item, names)
        self.top = list({id(node): node for node in self.top}.values())

    def node(self, name: str) -> LinkedNode | None:
        """Return the node of an `@id`, None where the document has none."""
        return self._by_id.get(_without_dot(name))

    def nodes(self) -> Iterator[LinkedNode]:
        """Yield the listed nodes, then all others with an `@id`."""
        yield from self.top
        listed = set(map(id, self.top))
        yield from (node for node in self._by_id.values() if id(node) not in listed)

    def left_out(self, main: LinkedNode, *others: LinkedNode) -> tuple[str, ...]:
        """Return the names of what was not read: properties of nodes in use, then listed nodes of no use,
        then what is said beside values of how a machine found them.

        `main` is the described node, `others` are nodes about the document itself.
        """
        found: dict[str, None] = {}
        rest = self._walk(main, others, found)
        found.update(dict.fromkeys(f"@graph.{_called(node)}" for node in rest))
        found.update(self._beside)
        return tuple(found)

    def unlinked(self, main: LinkedNode, *others: LinkedNode) -> list[LinkedNode]:
        """Return the listed nodes of no use, as `left_out` tells them."""
        return self._walk(main, others, {})

    def _walk(
        self, main: LinkedNode, others: tuple[LinkedNode, ...], found: dict[str, None]
    ) -> list[LinkedNode]:
        """Add to `found` the properties of nodes in use that were not read; return the nodes of no use."""
        waiting = deque([("", main), *(("@graph.", node) for node in others)])
        seen = {id(node) for _, node in waiting}
        named: set[int] = set()
        while waiting:
            prefix, node = waiting.popleft()
            found.update(dict.fromkeys(prefix + key for key in node.unread()))
            named.update(id(target) for _, target in node.links(read=False))
            for key, target in node.links(read=True):
                if id(target) not in seen:
                    seen.add(id(target))
                    deep = prefix.count(".") >= _DEEPEST
                    waiting.append((prefix if deep else f"{prefix}{key}.", target))
        named |= seen
        return [node for node in self.top if id(node) not in named]

    def _list(self, item: dict[Any, Any], names: Names) -> None:
        contexts = item.get("@context")
        self.contexts += [text for text in _listed(contexts) if isinstance(text, str)]
        inner = names if contexts is None else names.within(contexts)
        self._count(0 if contexts is None else inner.size)
        members = {key: value for key, value in item.items() if key not in {"@graph", "@included"}}
        if set(members) - {"@context", "@id", "id"} or not item.keys() & {"@graph", "@included"}:
            self.top.append(self._node(members, inner))
        for key in ("@graph", "@included"):
            for member in _listed(item.get(key)):
                if isinstance(member, dict):
                    self._list(member, inner)

    def _node(self, item: dict[Any, Any], names: Names) -> LinkedNode:
        self._count()
        if "@context" in item:
            names = names.within(item["@context"])
            self._count(names.size)
        members = list(self._members(item, names))
        named = (value for _, term, value in members if term == "@id" and _is_text(value))
        name = _without_dot(next(named, "").strip())
        node = self._by_id.setdefault(name, LinkedNode(name)) if name else LinkedNode(None)
        mention = self._size
        for key, term, stated in members:
            if term == "@type":
                for word in filter(_is_text, _listed(stated)):
                    self._count()
                    node.types.setdefault(names.term(word))
            elif term not in _SAYS_NOTHING:
                for value in self._values(stated, names):
                    node.add(term, key, value, mention)
        return node

    def _members(self, item: dict[Any, Any], names: Names) -> Iterator[tuple[str, str, Any]]:
        """Yield key, term and value of each member; those below `@nest` are its own (JSON-LD 1.1, 4.4)."""
        for key, value in item.items():
            term = names.term(str(key))
            if term == "@nest":
                for inner in _listed(value):
                    self._count()
                    yield from self._members(inner, names) if isinstance(inner, dict) else ()
            elif key != "@context":
                yield str(key), term, value

    def _values(self, value: Any, names: Names) -> Iterator["Value"]:
        self._count()
        if isinstance(value, list):
            for item in value:
                yield from self._values(item, names)
        elif isinstance(value, dict):
            yield from self._object(value, names)
        elif isinstance(value, int | float) or (_is_text(value) and not is_unknown(one_line(value))):
            yield Literal(value)

    def _object(self, value: dict[Any, Any], names: Names) -> Iterator["Value"]:
        if "@value" in value:
            language = value.get("@language")
            yield from (
                item._replace(language=language if _is_text(language) else None)
                for item in self._values(value["@value"], names)
                if isinstance(item, Literal)
            )
        elif "@list" in value or "@set" in value:
            yield from self._values(value.get("@list", value.get("@set")), names)
        elif all(key in value for key in _EXTRACTED):
            yield from self._extracted(value, names)
        elif value and all(_is_translation(key, text) for key, text in value.items()):
            for language, text in value.items():
                yield from (
                    item._replace(language=language) if isinstance(item, Literal) else item
                    for item in self._values(text, names)
                )
        elif value:
            yield self._node(value, names)

    def _extracted(self, value: dict[Any, Any], names: Names) -> Iterator["Value"]:
        method = str(value["extraction_method"])
        certain = value.get("confidence") in (None, 1, 1.0)
        kept = {"data", "confidence" if certain else "extraction_method"}
        self._beside |= {
            key: None for key, said in value.items() if key not in kept and said not in (None, "")
        }
        for item in self._values(value["data"], names):
            if not isinstance(item, Literal):
                yield item
            elif item.text != _NOTHING:
                yield item if certain else item._replace(method=method)

    def _count(self, more: int = 1) -> None:
        self._size += more
        if self._size > _MOST:
            message = f"holds more than {_MOST} values"
            raise RecordError(
                f"The document was not read: it {message}.",
                violations=(("$", message),),
                hint="Give the record itself, without the entities of its parts.",
            )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_translation(key: object, text: object) -> bool:
    """Tell whether a member is a text by its language, as ``{"en": "Jets"}``."""
    return str(key) not in {"id", "url"} and _is_text(text) and bool(_LANGUAGE.fullmatch(str(key)))


def _without_dot(name: str) -> str:
    """Return a reference in one spelling: ``./a.csv`` and ``a.csv`` are the same file."""
    return name.removeprefix("./") or name


def _called(node: LinkedNode) -> str:
    return next(map(shown, node.types), None) or node.id or "node"
