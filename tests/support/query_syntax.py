# SPDX-License-Identifier: MIT
"""What each service accepts as a query, written after its documentation.

Query strings of Lucene (Zenodo, CERN Open Data, DataCite): words, phrases, fields, groups, ranges, operators.
GitHub: words and known qualifiers, 256 characters. Hub: parameters of its list. OpenML: one tag. OAI-PMH 2.0,
section 2.6: a set's name. DLHub: words.
"""

import re
from collections.abc import Callable

__all__ = ["PARSERS", "BadQuery", "parse"]


class BadQuery(ValueError):
    """A query that its service rejects."""


# Fields by which the services are searched here.
_FIELDS = {
    "zenodo": {"communities", "conceptrecid", "doi", "keywords", "resource_type.type", "title", "updated"},
    "cernopendata": {"doi", "experiment", "keywords", "type.primary"},
    "datacite": {"doi", "prefix", "titles.title", "types.resourceTypeGeneral", "updated"},
}
_TOKEN = re.compile(
    r'\s*(?:(?P<phrase>"[^"]*")|(?P<range>\[\S+ TO \S+\])|(?P<mark>[():])|(?P<word>[^\s():"\[\]]+))'
)
_OPERATORS = {"AND", "OR", "NOT"}
_QUALIFIERS = {"topic", "user", "org", "language", "license", "stars", "pushed", "in"}
_TYPES = {"software", "dataset", "model", "Software", "Dataset", "Model"}
_SETSPEC = re.compile(r"(?:[A-Za-z0-9\-_.!~*'()]+(?::[A-Za-z0-9\-_.!~*'()]+)*)?")


class _Lucene:
    """Recursive descent over the tokens of one query."""

    def __init__(self, source: str, text: str) -> None:
        self.fields = _FIELDS[source]
        self.tokens: list[tuple[str, str]] = []
        place = 0
        while text[place:].strip():
            found = _TOKEN.match(text, place)
            if found is None:
                raise BadQuery(f"not a query from {text[place:]!r} on")
            kind = str(found.lastgroup)
            self.tokens.append((kind, found[kind]))
            place = found.end()

    def whole(self) -> None:
        """The query, which an empty one is, too."""
        if self.tokens:
            self.clauses()
        if self.tokens:
            raise BadQuery(f"unexpected {self.tokens[0][1]!r}")

    def clauses(self) -> None:
        self.clause()
        while self.tokens and self.tokens[0] != ("mark", ")"):
            if self.tokens[0][1] in {"AND", "OR"}:
                self.tokens.pop(0)
            self.clause()

    def clause(self) -> None:
        if self.tokens and self.tokens[0] == ("word", "NOT"):
            self.tokens.pop(0)
        kind, text = self.taken()
        if self.tokens[:1] == [("mark", ":")] and kind == "word":
            if text not in self.fields:
                raise BadQuery(f"no field {text!r}")
            self.tokens.pop(0)
            kind, value = self.taken()
            if (
                text.lower().startswith(("resource_type", "types."))
                and kind == "word"
                and value not in _TYPES
            ):
                raise BadQuery(f"no type {value!r}")
        if kind == "mark":
            self.clauses()
            if self.taken() != ("mark", ")"):
                raise BadQuery("a group without an end")

    def taken(self) -> tuple[str, str]:
        if not self.tokens:
            raise BadQuery("it ends too early")
        kind, text = self.tokens.pop(0)
        if kind == "word" and text in _OPERATORS:
            raise BadQuery(f"unexpected {text}")
        if kind == "mark" and text == ":":
            raise BadQuery("a colon without a field")
        return kind, text


def _lucene(source: str) -> Callable[[str], None]:
    return lambda text: _Lucene(source, text).whole()


def _github(text: str) -> None:
    if not 0 < len(text) <= 256:
        raise BadQuery(f"{len(text)} characters; GitHub takes 256")
    if text.count('"') % 2:
        raise BadQuery("a quotation without an end")
    for name, value in re.findall(r"(?<!\S)([\w-]+):(\S*)", text):
        if name not in _QUALIFIERS or not value:
            raise BadQuery(f"no qualifier {name}:{value}")
        if name in {"topic", "user"} and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]*", value):
            raise BadQuery(f"{value!r} is not the name of a {name}")


def _hub(text: str) -> None:
    left = re.sub(r'(?<!\S)(?:tag|author):(?:"[^"]+"|[^\s"]+)(?!\S)', "", text)
    if ":" in left or '"' in left:
        raise BadQuery(f"no name of a model has {left!r}")


def _tag(text: str) -> None:
    if not re.fullmatch(r"[\w.-]*", text):
        raise BadQuery(f"{text!r} is not one tag")


def _set(text: str) -> None:
    if not _SETSPEC.fullmatch(text):
        raise BadQuery(f"{text!r} is not a set")


def _words(text: str) -> None:
    if not re.fullmatch(r"[\w -]*", text):
        raise BadQuery(f"{text!r} is more than words")


PARSERS: dict[str, Callable[[str], None]] = {
    **{name: _lucene(name) for name in _FIELDS},
    "github": _github,
    "huggingface": _hub,
    "openml": _tag,
    "zenodo_oai": _set,
    "dlhub": _words,
}


def parse(source: str, text: str) -> None:
    """Raise BadQuery for a query that the source would reject."""
    PARSERS[source](text)
