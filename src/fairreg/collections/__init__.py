# SPDX-License-Identifier: MIT
"""Collections: named sets of queries per source, packaged as TOML beside this file or written by the user.

A user's file ``NAME.toml`` in the folder ``collections`` of the home has precedence over a packaged one of
the same name. docs/collections.md describes the format.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

from fairreg.errors import RecordError, UsageError

__all__ = ["Collection", "CollectionQuery", "collection", "collection_names"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_FOLDER = "collections"
_HEADER = re.compile(r"""\s*\[\[\s*(?:query|"query"|'query')\s*\]\]""")
# Strings and comments of valid TOML. Two quotes may stand before the three that close a long string.
_QUOTED = re.compile(
    r"""(?P<long>\"{3}(?:\\.|[^\\])*?\"{3,5}|'{3}.*?'{3,5})|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|\#[^\n]*""",
    re.DOTALL,
)
_EXAMPLE = "docs/collections.md has an example of a collection file."
MAX_BYTES = 2**18
MAX_LINE = 4000  # characters; tomllib takes quadratic time for a key of many dotted parts
MAX_QUERIES = 1000
# Longest text of a query or reason, in characters; services reject longer queries.
MAX_LIMIT = 10**9  # records of one query
MAX_TEXT = 2000
_KEYS: Mapping[str, type] = {"title": str, "description": str, "query": list}
_QUERY_KEYS: Mapping[str, type] = {
    "source": str,
    "query": str,
    "reason": str,
    "limit": int,
    "needs_token": bool,
}
_TYPE_NAMES = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    list: "a list of [[query]] tables",
}


@dataclass(frozen=True)
class CollectionQuery:
    """A query of one source. `reason` says what it is good for; an empty `query` asks for all records.

    `limit` is the maximum number of records (None: all); `needs_token`: skipped without an access token of
    the source. `line` is the line of its table in the file, 0 if unknown.
    """

    source: str
    query: str
    reason: str
    limit: int | None = None
    needs_token: bool = False
    line: int = 0


@dataclass(frozen=True)
class Collection:
    """A named set of queries. `file` is the user's file, None for a packaged collection.

    `replaces_packaged`: the user's file has the name of a packaged collection.
    """

    name: str
    title: str
    description: str
    queries: tuple[CollectionQuery, ...]
    file: Path | None = None
    replaces_packaged: bool = False

    def fault(self, line: int, message: str) -> RecordError:
        """Return the error of a line of this collection's file."""
        return _fault(self.file or Path(f"{self.name}.toml"), line, message)


def collection_names(home: Path | None) -> tuple[str, ...]:
    """Return the sorted names of all collections: packaged ones, and those in the home, if there is one."""
    own = None if home is None else home / _FOLDER
    users = {item.stem for item in own.glob("*.toml")} if own is not None and own.is_dir() else set()
    return tuple(sorted(_packaged_names() | {name for name in users if _NAME.fullmatch(name)}))


def collection(name: str, home: Path) -> Collection:
    """Return the collection `name`, from the home if it is there.

    Raises UsageError for an unknown name, which lists the known ones, and RecordError, with file and line,
    for a file that is not a collection.
    """
    packaged = name in _packaged_names()
    own = home / _FOLDER / f"{name}.toml"
    if _NAME.fullmatch(name) and (own.exists() or own.is_symlink()):
        return _Reader(own, _own_text(own)).collection(name, own, replaces_packaged=packaged)
    if packaged:
        text = files(__name__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
        return _Reader(Path(f"{name}.toml"), text).collection(name, None)
    known = collection_names(home)
    near = get_close_matches(name, known, n=1)
    raise UsageError(
        f"There is no collection called {name[:100]!r}.",
        hint=(f"Did you mean {near[0]}? " if near else "")
        + f"Collections: {', '.join(known)}. Your own are files NAME.toml in {home / _FOLDER}.",
    )


def _packaged_names() -> frozenset[str]:
    entries = files(__name__).iterdir()
    return frozenset(item.name.removesuffix(".toml") for item in entries if item.name.endswith(".toml"))


def _own_text(file: Path) -> str:
    """Return the text of a user's file. Raises RecordError."""
    if not file.is_file():  # a pipe or device would never end
        raise RecordError(f"{file} is not a file.", hint=_EXAMPLE)
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise RecordError(
            f"{file} cannot be read: {error.strerror}.", hint="Check its permissions."
        ) from error
    if len(content) > MAX_BYTES:
        raise RecordError(f"{file} has more than {MAX_BYTES // 2**10} KiB.", hint=_EXAMPLE)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _fault(file, line, "the text is not UTF-8") from error


def _fault(file: Path, line: int, message: str) -> RecordError:
    place = f"{file}, line {line}" if line else str(file)
    return RecordError(f"{place}: {message}.", hint=_EXAMPLE)


@dataclass(frozen=True)
class _Reader:
    """Reader of one file's text; every error names the line."""

    file: Path
    text: str

    def collection(self, name: str, own: Path | None, *, replaces_packaged: bool = False) -> Collection:
        """Return the collection in the text. Raises RecordError."""
        top = self._parsed()
        self._check(top, _KEYS, required=("query",), where="the file", first=1, last=self._lines)
        queries = tuple(self._queries(top["query"]))
        title, description = (" ".join(top.get(key, "").split()) for key in ("title", "description"))
        return Collection(name, title or name, description, queries, own, replaces_packaged)

    @cached_property
    def _numbered(self) -> list[tuple[int, str]]:
        """Lines as TOML and editors count them; `str.splitlines` would end some at other characters."""
        return list(enumerate(self.text.split("\n"), 1))

    @cached_property
    def _keyed(self) -> list[tuple[int, str]]:
        """Lines without texts of several lines, which may hold what looks like a key; of valid TOML."""
        blank = _QUOTED.sub(
            lambda match: "\n" * match[0].count("\n") if match["long"] else match[0], self.text
        )
        return list(enumerate(blank.split("\n"), 1))

    @property
    def _lines(self) -> int:
        return self.text.count("\n") + 1

    def _parsed(self) -> dict[str, Any]:
        for number, text in self._numbered:
            if len(text) > MAX_LINE:
                raise _fault(self.file, number, f"it has more than {MAX_LINE} characters")
        try:
            return tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            said, _, place = str(error).rpartition(" (at ")
            stated = re.match(r"line (\d+)", place)
            line = int(stated[1]) if stated else self._lines  # "at end of document"
            raise _fault(self.file, line, f"not valid TOML ({said[:1].lower()}{said[1:]})") from error
        except RecursionError as error:
            raise _fault(self.file, 0, "it is nested too deeply") from error

    def _queries(self, tables: list[Any]) -> Iterator[CollectionQuery]:
        if not tables or len(tables) > MAX_QUERIES:
            few = "it has no queries" if not tables else f"it has more than {MAX_QUERIES} queries"
            raise _fault(self.file, self._line_of("query", 1, self._lines, under=""), few)
        starts = [number for number, line in self._keyed if _HEADER.match(line)]
        if len(starts) != len(tables):
            starts = self._inline_starts(tables)
        seen: dict[tuple[str, str], int] = {}
        for table, first, following in zip(tables, starts, (*starts[1:], self._lines + 1), strict=True):
            found = self._query(table, first, max(first, following - 1))
            before = seen.get((found.source, found.query))
            if before is not None:
                raise _fault(self.file, first, f"the same query of {found.source} is in line {before}")
            seen[found.source, found.query] = first
            yield found

    def _inline_starts(self, tables: list[Any]) -> list[int]:
        """Return the lines where the tables of an inline list begin, else that of the list for each."""
        first = self._line_of("query", 1, self._lines, under="")
        plain = _QUOTED.sub(lambda match: "\n" * match[0].count("\n"), self.text)
        line, depth, starts = 1, 0, []
        for sign in re.findall(r"[\n\[\]{}]", plain):
            line += sign == "\n"
            if sign == "{" and depth == 1 and line >= first:
                starts.append(line)
            depth += (sign in "[{") - (sign in "]}")
        return starts if len(starts) == len(tables) else [first] * len(tables)

    def _query(self, table: Any, first: int, last: int) -> CollectionQuery:
        if not isinstance(table, dict):
            raise _fault(self.file, first, "a query must be a [[query]] table")
        required = ("source", "query", "reason")
        self._check(table, _QUERY_KEYS, required=required, where="the query", first=first, last=last)
        for key in required:
            text = table[key]
            if len(text) > MAX_TEXT or (not text.strip() and key != "query"):
                fault = "is empty" if len(text) <= MAX_TEXT else f"has more than {MAX_TEXT} characters"
                raise _fault(self.file, self._line_of(key, first, last), f"{key} {fault}")
        if table.get("limit", 1) < 1:
            raise _fault(self.file, self._line_of("limit", first, last), "limit must be at least 1")
        if table.get("limit", 1) > MAX_LIMIT:
            fault = f"limit must be at most {MAX_LIMIT:,}"
            raise _fault(self.file, self._line_of("limit", first, last), fault)
        texts = {key: " ".join(table[key].split()) for key in required}
        return CollectionQuery(
            **texts, limit=table.get("limit"), needs_token=table.get("needs_token", False), line=first
        )

    def _check(
        self,
        table: dict[str, Any],
        known: Mapping[str, type],
        *,
        required: tuple[str, ...],
        where: str,
        first: int,
        last: int,
    ) -> None:
        """Raise RecordError for an unknown or missing key, or a value of another type."""
        for key, value in table.items():
            at_top = {"under": ""} if known is _KEYS else {}
            line = self._line_of(key, first, last, **at_top)
            if key not in known:
                raise _fault(
                    self.file, line, f"{where} has an unknown key {key[:60]!r}; keys are {', '.join(known)}"
                )
            if type(value) is not known[key]:
                raise _fault(self.file, line, f"{key} must be {_TYPE_NAMES[known[key]]}")
        for key in required:
            if key not in table:
                missing = "no [[query]] table" if known[key] is list else f"no {key}"
                raise _fault(self.file, first, f"{where} has {missing}")

    def _line_of(self, key: str, first: int, last: int, *, under: str = r"query\s*\.\s*") -> int:
        """Return the line from `first` to `last` that sets `key` or heads its table, else `first`.

        `under` is the pattern of what a header has before the key.
        """
        name = rf"""["']?{re.escape(key)}["']?\s*"""
        setting = re.compile(rf"\s*(?:{name}[=.]|\[\[?\s*{under}{name}[\].])")
        lines = self._keyed[first - 1 : last]
        return next((number for number, line in lines if setting.match(line)), first)
