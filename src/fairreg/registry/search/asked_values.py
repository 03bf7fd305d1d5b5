# SPDX-License-Identifier: MIT
"""Values of filters that mean more than their text: authors, years, and training data."""

import re
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, false, literal_column, or_, select

from fairreg.errors import UsageError
from fairreg.registry.db.key_conditions import in_key_pairs
from fairreg.registry.db.row_mapping import author_values, training_data
from fairreg.registry.db.tables import LONGEST_KEY, identifiers
from fairreg.registry.search.lookup import spellings
from fairreg.registry.text.normalization import author_words, holds_words, is_initial, leading_words
from fairreg.schemas.identifiers import NEIGHBOUR_DOIS, POINTING_SCHEMES, normalise_orcid
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.text import shortened

__all__ = ["AskedAuthor", "TrainingData", "Years"]

# Identifiers that a record carries and that are not its own.
_OF_OTHERS = frozenset({*NEIGHBOUR_DOIS, *POINTING_SCHEMES})
_MOST_KEYS = 300
_LONGEST_ASKED = 60
_RANGE = re.compile(r"([0-9]{4})?\s*([-\u2013\u2014])?\s*([0-9]{4})?")


@dataclass(frozen=True)
class AskedAuthor:
    """An author to look for: the ORCID, or the words of a name."""

    asked: str
    orcid: str | None
    words: tuple[str, ...]

    def __str__(self) -> str:
        return self.asked

    @classmethod
    def of(cls, asked: str) -> "AskedAuthor":
        """Read a name in any order, or an ORCID in any spelling. A text without letters finds nobody."""
        orcid = normalise_orcid(asked)
        return cls(asked, orcid, () if orcid else author_words(asked))

    def condition(self, key: ColumnElement[str]) -> ColumnElement[bool]:
        """Return the condition on the key of a row of `facets`; each part is a range of the index."""
        if self.orcid is not None:
            return key == self.orcid
        rest = key + literal_column("' '")
        parts = [
            and_(
                key >= self.words[place],
                key < f"{self.words[place]}!",  # the character after the blank
                *(_expresses(rest, word) for number, word in enumerate(self.words) if number != place),
            )
            for place in leading_words(self.words)
        ]
        return or_(*parts) if parts else false()

    def made(self, record: ModelRecord) -> bool:
        """Tell whether the author is among the creators."""
        keys = author_values(record)
        return self.orcid in keys if self.orcid is not None else holds_words(keys, self.words)


def _expresses(rest: ColumnElement[str], word: str) -> ColumnElement[bool]:
    """Condition that a name goes on with the word, or with its initial; see `normalization.holds_words`."""
    if is_initial(word):
        return rest.contains(f" {word}", autoescape=True)
    whole = rest.contains(f" {word} ", autoescape=True)
    return or_(whole, rest.contains(f" {word[0]} ", autoescape=True)) if is_initial(word[0]) else whole


@dataclass(frozen=True)
class Years:
    """Years of publication, both ends included; None leaves an end open."""

    asked: str
    first: int | None
    last: int | None

    def __str__(self) -> str:
        return self.asked

    def __contains__(self, year: int) -> bool:
        return (self.first is None or year >= self.first) and (self.last is None or year <= self.last)

    @classmethod
    def of(cls, given: Any) -> "Years":
        """Read ``2021``, ``2020-2023``, ``-2019`` or ``2022-``. Raises UsageError.

        >>> Years.of("2022-").first, Years.of(2021).last
        (2022, 2021)
        """
        asked = str(given).strip()
        read = _RANGE.fullmatch(asked)
        first, dash, last = read.groups() if read else (None, None, None)
        if not (first or last) or (not dash and last):
            raise UsageError(
                f"{shortened(asked, _LONGEST_ASKED)!r} is not a year or a range of years.",
                hint="Give a year such as 2021, or a range: 2020-2023, -2019 or 2022-.",
            )
        if first and last and first > last:
            raise UsageError(
                f"The years {asked} end before they begin.",
                hint=f"Write {last}-{first} for the years between.",
            )
        end = last if dash else first
        return cls(asked, int(first) if first else None, int(end) if end else None)


@dataclass(frozen=True)
class TrainingData:
    """Training data to look for: the keys of all identifiers that it is known to have."""

    asked: str
    keys: frozenset[str]

    def __str__(self) -> str:
        return self.asked

    @classmethod
    def of(cls, given: Any) -> "TrainingData":
        """Read an identifier in any spelling. Raises IdentifierError."""
        keys = (":".join(item.key) for item in spellings(given))
        return cls(str(given), frozenset(key for key in keys if len(key.encode()) <= LONGEST_KEY))

    def known_as(self, connection: Connection) -> "TrainingData":
        """Add the other identifiers of the data that the registry knows: of its versions, at other places."""
        if not self.keys:
            return self
        pairs = ((family, key) for family, _, key in (key.partition(":") for key in sorted(self.keys)))
        named = in_key_pairs(identifiers.c.family, identifiers.c.key, pairs)
        homes = select(identifiers.c.entry_id).where(named, identifiers.c.scheme.not_in(_OF_OTHERS))
        query = select(identifiers.c.family, identifiers.c.key).where(
            identifiers.c.entry_id.in_(homes), identifiers.c.scheme.not_in(_OF_OTHERS)
        )
        found = {f"{row.family}:{row.key}" for row in connection.execute(query.limit(_MOST_KEYS))}
        return replace(self, keys=self.keys | found)

    def taught(self, record: ModelRecord) -> bool:
        """Tell whether a record states that its model was trained on the data."""
        return not self.keys.isdisjoint(training_data(record))
