# SPDX-License-Identifier: MIT
"""Whether a model meets the conditions of `Filters`, for records that no database holds."""

from collections.abc import Callable, Iterable

from fairreg.registry.entries import Entry, Filters
from fairreg.registry.text.normalization import fold

__all__ = ["meets"]


def meets(entry: Entry, filters: Filters) -> bool:
    """Whether the entry meets all conditions, as a search of the database would have it."""
    record = entry.record
    return (
        _any(filters.source, lambda value: fold(value) in map(fold, entry.sources))
        and _any(filters.kind, lambda value: value.casefold() == record.kind)
        and _any(filters.license, lambda value: _licensed(record.license, value))
        and _any(filters.task, lambda value: _holds(record.ml_task, value))
        and _any(filters.framework, lambda value: _holds(record.frameworks, value))
        and filters.runnable in {None, entry.runnable}
        and filters.gone in {None, entry.gone}
        and _scored(entry.fair_score, filters.min_fair)
    )


def _scored(score: float | None, least: float | None) -> bool:
    return least is None or (score is not None and score >= least)


def _any(values: tuple[str, ...], met: Callable[[str], bool]) -> bool:
    return not values or any(map(met, values))


def _licensed(stated: str | None, wanted: str) -> bool:
    """A family of licences is met by each of its members."""
    held, asked = (stated or "").casefold(), wanted.strip().casefold()
    return held == asked or held.startswith(f"{asked}-")


def _holds(texts: Iterable[str], words: str) -> bool:
    """Whole words only: ``gan`` is not found inside ``organ``."""
    return any(f" {fold(words)} " in f" {fold(text)} " for text in texts)
