# SPDX-License-Identifier: MIT
"""Parameters of a search in an address."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import QueryParams

from fairreg.errors import UsageError

__all__ = ["SearchQuery"]

_TEXTS = ("kind", "task", "framework", "license", "source", "author", "year", "trained_on")
_MOST, _USUAL = 100, 20


@dataclass(frozen=True)
class SearchQuery:
    """A search: words, conditions by name, and the part of the results to show."""

    q: str = ""
    asked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    runnable: bool | None = None
    min_fair: float | None = None
    sort: str = "relevance"
    limit: int = _USUAL
    offset: int = 0

    @classmethod
    def of(cls, params: QueryParams) -> "SearchQuery":
        """Read parameters; an empty one counts as absent. Raises UsageError that names the wrong one."""
        asked = {name: tuple(filter(None, params.getlist(name))) for name in _TEXTS}
        return cls(
            q=params.get("q", ""),
            asked={name: values for name, values in asked.items() if values},
            runnable=_flag(params.get("runnable")),
            min_fair=_number("min_fair", params.get("min_fair"), float, 0.0, 1.0),
            sort=params.get("sort") or "relevance",
            limit=_number("limit", params.get("limit"), int, 1, _MOST) or _USUAL,
            offset=_number("offset", params.get("offset"), int, 0, 10**6) or 0,
        )

    def filters(self) -> dict[str, Any]:
        """Return the conditions as keyword arguments of `Registry.search`."""
        more = {"runnable": self.runnable, "min_fair": self.min_fair}
        return {**self.asked, **{name: value for name, value in more.items() if value is not None}}

    def to_params(self) -> list[tuple[str, str]]:
        """Return the parameters of the shortest address of the same search."""
        found: Iterable[tuple[str, str]] = (
            (name, value) for name in self.asked for value in self.asked[name]
        )
        more = {
            "runnable": None if self.runnable is None else str(self.runnable).lower(),
            "min_fair": None if self.min_fair is None else f"{self.min_fair:g}",
            "sort": None if self.sort == "relevance" else self.sort,
            "limit": None if self.limit == _USUAL else str(self.limit),
            "offset": str(self.offset) if self.offset else None,
        }
        words = [("q", self.q)] if self.q else []
        return [*words, *found, *((name, value) for name, value in more.items() if value)]


def _flag(text: str | None) -> bool | None:
    if not text:
        return None
    if text not in {"true", "false", "1", "0", "on"}:
        raise UsageError(f"runnable is {text!r}, not true or false.")
    return text in {"true", "1", "on"}


def _number(name: str, text: str | None, kind: type, least: float, most: float) -> Any:
    if not text:
        return None
    try:
        found = kind(text)
    except ValueError as error:
        raise UsageError(f"{name} is {text!r}, not a number.") from error
    if not least <= found <= most:
        raise UsageError(f"{name} is {text}; it must be from {least} to {most}.")
    return found
