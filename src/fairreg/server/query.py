# SPDX-License-Identifier: MIT
"""Parameters of a search in an address, of the web page as of the API."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self, get_args

from starlette.datastructures import MultiDict, QueryParams

from fairreg.errors import UsageError
from fairreg.schemas.record import Kind

__all__ = ["FLAGS", "MOST_OFFSET", "MOST_RESULTS", "SORTS", "TEXTS", "SearchQuery", "choice", "single"]

# Conditions that take words, each any number of times as alternatives.
TEXTS = ("kind", "task", "framework", "license", "source", "author", "year", "trained_on")
SORTS = ("relevance", "year", "fair", "name")
MOST_RESULTS = 100
# Alternatives of one condition, and characters of a text: each costs a look into the registry.
MOST_VALUES = 20
LONGEST_TEXT = 500
MOST_OFFSET = 1_000_000
_RESULTS = 20
_KINDS = {kind: kind for kind in get_args(Kind)}
_LONGEST_NUMBER = 40
_WHOLE = re.compile(r"[0-9]{1,7}", re.ASCII)
_SHARE = re.compile(r"[0-9]*\.?[0-9]+([eE]-?[0-9]{1,3})?", re.ASCII)
_YES, _NO = ("true", "1", "on", "yes"), ("false", "0", "off", "no")
FLAGS: Mapping[str, bool] = {**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False)}


@dataclass(frozen=True)
class SearchQuery:
    """A search: words, conditions by name, order, and the part of the results."""

    q: str = ""
    asked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    runnable: bool | None = None
    min_fair: float | None = None
    sort: str = "relevance"
    limit: int = _RESULTS
    offset: int = 0

    @classmethod
    def of(cls, params: Mapping[str, str]) -> Self:
        """Read parameters, an empty one as absent; others are left alone. UsageError names the wrong one."""
        held = params if isinstance(params, QueryParams | MultiDict) else QueryParams(dict(params))
        asked = {name: _several(name, held) for name in TEXTS}
        for kind in asked["kind"]:
            choice("kind", kind, _KINDS)
        once = {name: single(name, held) for name in _SINGLE}
        limit = _whole("limit", once["limit"], 1, MOST_RESULTS)
        return cls(
            q=_text("q", once["q"] or ""),
            asked={name: values for name, values in asked.items() if values},
            runnable=choice("runnable", once["runnable"], FLAGS),
            min_fair=_share("min_fair", once["min_fair"]),
            sort=choice("sort", once["sort"], dict(zip(SORTS, SORTS, strict=True))) or SORTS[0],
            limit=_RESULTS if limit is None else limit,
            offset=_whole("offset", once["offset"], 0, MOST_OFFSET) or 0,
        )

    def filters(self) -> dict[str, Any]:
        """Return the conditions as keyword arguments of `Registry.search`."""
        more = {"runnable": self.runnable, "min_fair": self.min_fair}
        return {**self.asked, **{name: value for name, value in more.items() if value is not None}}

    def to_params(self) -> list[tuple[str, str]]:
        """Return the parameters of the shortest address of the same search."""
        more = {
            "runnable": None if self.runnable is None else str(self.runnable).lower(),
            "min_fair": None if self.min_fair is None else f"{self.min_fair:g}",
            "sort": None if self.sort == SORTS[0] else self.sort,
            "limit": None if self.limit == _RESULTS else str(self.limit),
            "offset": str(self.offset) if self.offset else None,
        }
        words = [("q", self.q)] if self.q else []
        texts = [(name, value) for name in TEXTS for value in self.asked.get(name, ())]
        return [*words, *texts, *((name, value) for name, value in more.items() if value is not None)]


_SINGLE = ("q", "runnable", "min_fair", "sort", "limit", "offset")


def _several(name: str, params: QueryParams | MultiDict) -> tuple[str, ...]:
    """Return the values of a condition, without empty ones. UsageError for too many."""
    values = params.getlist(name)
    if len(values) > MOST_VALUES:
        raise UsageError(f"{name} is given {len(values)} times; it takes at most {MOST_VALUES} alternatives.")
    return tuple(_text(name, value) for value in values if value)


def _text(name: str, value: str) -> str:
    if len(value) > LONGEST_TEXT:
        raise UsageError(f"{name} has {len(value)} characters; it takes at most {LONGEST_TEXT}.")
    return value


def single(name: str, params: QueryParams | MultiDict) -> str | None:
    """Return the value of a parameter, None for an empty one. UsageError where it has several."""
    given = list(dict.fromkeys(filter(None, params.getlist(name))))
    if len(given) > 1:
        raise UsageError(f"{name} is given {len(given)} times with different values; it takes one.")
    return given[0] if given else None


def choice(name: str, text: str | None, choices: Mapping[str, Any]) -> Any:
    """Return what a word stands for, None for none. UsageError for one that is not among the choices."""
    if text is None:
        return None
    if text not in choices:
        raise UsageError(f"{name} is {text[:40]!r}; it takes one of {', '.join(choices)}.")
    return choices[text]


def _whole(name: str, text: str | None, least: int, most: int) -> int | None:
    if text is None:
        return None
    if _WHOLE.fullmatch(text) is None or not least <= int(text) <= most:
        raise UsageError(f"{name} is {text[:40]!r}; it takes a number from {least} to {most}.")
    return int(text)


def _share(name: str, text: str | None) -> float | None:
    if text is None:
        return None
    if _SHARE.fullmatch(text[:_LONGEST_NUMBER]) is None or not float(text[:_LONGEST_NUMBER]) <= 1:
        raise UsageError(f"{name} is {text[:40]!r}; it takes a number from 0 to 1, such as 0.75.")
    return float(text)
