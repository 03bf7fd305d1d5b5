# SPDX-License-Identifier: MIT
"""Counts beside a search, each value a link that narrows it or, once chosen, widens it again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fairreg.registry import SearchResults
from fairreg.schemas.tasks import term_of
from fairreg.server.pages.paths import search_path
from fairreg.server.site import Site
from fairreg.sources import source_named

__all__ = ["Chosen", "Facet", "Pairs", "chosen_values", "facets", "hidden", "without"]

Pairs = Sequence[tuple[str, str]]
_TITLES = {
    "kind": "Kind",
    "task": "Task",
    "framework": "Framework",
    "license": "Licence",
    "source": "Source",
    "year": "Year",
    "author": "Author",
    "runnable": "Runs here",
    "min_fair": "FAIR score",
    "trained_on": "Trained on",
}
_SHOWN = ("kind", "runnable", "task", "framework", "license", "year", "author", "source")
_KINDS = {"model": "Models", "dataset": "Datasets", "software": "Software"}
_UNASKED = {("runnable", "false")}  # nobody looks for what does not run
_OPEN = 5  # values that are shown before the rest is folded


@dataclass(frozen=True)
class FacetValue:
    """One value: `path` is the search with it, or without it where it is `chosen`."""

    words: str
    count: int | None
    path: str
    chosen: bool


@dataclass(frozen=True)
class Facet:
    """One property with the values that the results have, the most frequent first."""

    name: str
    title: str
    values: tuple[FacetValue, ...]
    open: int = _OPEN


@dataclass(frozen=True)
class Chosen:
    """A condition of the search in words; `path` is the search without it."""

    title: str
    words: str
    path: str


def facets(site: Site, pairs: Pairs, found: SearchResults) -> tuple[Facet, ...]:
    """Return the facets of results; `pairs` are the parameters of the search without the offset."""
    counts = found.facets or {}
    listed = ((name, _values(site, name, dict(counts.get(name, ())), pairs)) for name in _SHOWN)
    return tuple(Facet(name, _TITLES[name], values) for name, values in listed if values)


def _values(site: Site, name: str, counts: Mapping[str, int], pairs: Pairs) -> tuple[FacetValue, ...]:
    asked = {_compared(name, value): value for key, value in pairs if key == name}
    held = {_compared(name, value) for value in counts}
    absent = [(value, None) for compared, value in asked.items() if compared not in held]
    listed = (*absent, *counts.items())
    found = [
        _value(site, name, counted, pairs, asked)
        for counted in listed
        if (name, counted[0]) not in _UNASKED or counted[0] in asked
    ]
    return tuple(sorted(found, key=lambda item: not item.chosen))


def _value(
    site: Site, name: str, counted: tuple[str, int | None], pairs: Pairs, asked: Mapping[str, str]
) -> FacetValue:
    value, count = counted
    stated = asked.get(_compared(name, value))
    changed = [*pairs, (name, value)] if stated is None else without(pairs, (name, stated))
    return FacetValue(_words(name, value), count, search_path(site, changed), stated is not None)


def _compared(name: str, value: str) -> str:
    """Return a value as it is compared with others: without case, a task by its term."""
    return (term_of(value) if name == "task" else None) or value.casefold()


def without(pairs: Pairs, *left_out: tuple[str, str]) -> list[tuple[str, str]]:
    """Return the parameters but these."""
    return [pair for pair in pairs if pair not in left_out]


def chosen_values(site: Site, pairs: Pairs) -> tuple[Chosen, ...]:
    """Return the conditions in the order of the address."""
    return tuple(
        Chosen(_TITLES[name], _words(name, value), search_path(site, without(pairs, (name, value))))
        for name, value in pairs
        if name in _TITLES
    )


def _words(name: str, value: str) -> str:
    if name == "kind":
        return _KINDS.get(value, value)
    if name == "source":
        return source_named(value).title
    if name == "runnable":
        return "runs or may run" if value == "true" else "no, or not openly"
    if name == "min_fair":
        return f"at least {_percent(value)}"
    return value


def _percent(value: str) -> str:
    return f"{100 * float(value):.0f} %"


def hidden(pairs: Pairs, shown: Iterable[str]) -> list[tuple[str, str]]:
    """Return the conditions that a form keeps although it has no field for them."""
    fields = set(shown)
    return [pair for pair in pairs if pair[0] not in fields]
