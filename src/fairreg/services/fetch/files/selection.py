# SPDX-License-Identifier: MIT
"""Choice among the files of a record by glob patterns."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from fairreg.errors import NotFound
from fairreg.schemas.record import Distribution

__all__ = ["EVERYTHING", "FileSelection", "chosen_names", "listed", "select"]

_MOST_LISTED = 10


@dataclass(frozen=True)
class FileSelection:
    """Files that match one of `patterns` (without patterns: all) and none of `excluded`."""

    patterns: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()

    @classmethod
    def of(cls, patterns: Iterable[str], excluded: Iterable[str]) -> "FileSelection":
        """The selection by these patterns; a text is one pattern."""
        return cls(_texts(patterns), _texts(excluded))

    def among(self, names: Collection[str]) -> frozenset[str]:
        """Names that are chosen."""
        return chosen_names(names, self.patterns) - self.left_out(names)

    def left_out(self, names: Collection[str]) -> frozenset[str]:
        """Names that are excluded."""
        return chosen_names(names, self.excluded) if self.excluded else frozenset()

    def unmatched(self, names: Collection[str]) -> "FileSelection":
        """The selection by those patterns that match none of `names`."""
        idle = (pattern for pattern in self.patterns if not chosen_names(names, [pattern]))
        return FileSelection(tuple(idle), self.excluded)


EVERYTHING = FileSelection()


def select(
    distributions: Iterable[Distribution], patterns: Iterable[str], excluded: Iterable[str] = ()
) -> list[Distribution]:
    """Select distributions whose name, or last part of it, matches a glob pattern; all without patterns.

    A pattern that is the whole name of one selects only that. Raises NotFound listing the available files.
    """
    available, chosen = list(dict.fromkeys(distributions)), FileSelection.of(patterns, excluded)
    names = [item.name for item in available]
    kept = chosen.among(names)
    if available and not kept:
        raise _nothing(names, chosen)
    return [item for item in available if item.name in kept]


def chosen_names(names: Collection[str], patterns: Iterable[str]) -> frozenset[str]:
    """The names that a pattern chooses: the one it equals, else all that match it or whose last part does.

    Without patterns, those are all names.
    """
    wanted = tuple(patterns)
    found = ({pattern} if pattern in names else _matching(names, pattern) for pattern in wanted)
    return frozenset().union(*found) if wanted else frozenset(names)


def listed(names: Sequence[str]) -> str:
    """The names in a sentence, at most ten of them."""
    rest = len(names) - _MOST_LISTED
    return ", ".join(names[:_MOST_LISTED]) + (f" and {rest} more" if rest > 0 else "")


def _matching(names: Iterable[str], pattern: str) -> set[str]:
    """Names that match a glob pattern; a last part that equals it needs no escapes for ``[``."""
    forms = ((name, name.rsplit("/", 1)[-1]) for name in names)
    return {
        name
        for name, last in forms
        if last == pattern or fnmatchcase(name, pattern) or fnmatchcase(last, pattern)
    }


def _nothing(names: Sequence[str], selection: FileSelection) -> NotFound:
    """The error for a selection that leaves no file."""
    hint = f"The files are: {listed(names)}."
    matched = chosen_names(names, selection.patterns)
    patterns = " or ".join(selection.patterns)
    if not matched:
        return NotFound(f"No file matches {patterns}.", hint=hint)
    which = f"each file that matches {patterns}" if patterns else "each file of the record"
    return NotFound(f"No file is left: {' or '.join(selection.excluded)} excludes {which}.", hint=hint)


def _texts(patterns: Iterable[str]) -> tuple[str, ...]:
    return (patterns,) if isinstance(patterns, str) else tuple(patterns)
