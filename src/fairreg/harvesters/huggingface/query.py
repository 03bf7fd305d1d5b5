# SPDX-License-Identifier: MIT
"""Queries of the Hub's lists: words of a model's name, tags, and an author.

``tag:biology author:lab bert`` are the parameters ``filter=biology``, ``author=lab`` and ``search=bert`` of
https://huggingface.co/docs/hub/api. A value with blanks stands in double quotes: ``tag:"drug design"``.
"""

import re
from dataclasses import dataclass

from fairreg.errors import UsageError

__all__ = ["HubQuery"]

_FILTER = re.compile(r'(?<!\S)(tag|author):(?:"([^"]+)"|([^\s"]+))(?!\S)')

_LEFT_OVER = re.compile(r'(?<!\S)(?:tag|author):|"')


@dataclass(frozen=True)
class HubQuery:
    """Conditions that all hold: `words` in the name, every one of `tags`, and the `author`."""

    words: str = ""
    tags: tuple[str, ...] = ()
    author: str | None = None

    @classmethod
    def of(cls, text: str) -> "HubQuery":
        """Parse a query. Raises UsageError for two authors, of which the Hub knows one only."""
        found = [(match[1], match[2] or match[3]) for match in _FILTER.finditer(text)]
        authors = [value for kind, value in found if kind == "author"]
        if len(authors) > 1:
            raise UsageError(
                "The Hub lists the models of one author at a time.", hint="Give one author: per query."
            )
        words = " ".join(_FILTER.sub(" ", text).split()) if found else text
        tags = tuple(value for kind, value in found if kind == "tag")
        return cls(words, tags, next(iter(authors), None))

    @property
    def fault(self) -> str | None:
        """Reason why the query is not what its author meant: part of a filter is among the words."""
        if not _LEFT_OVER.search(self.words):
            return None
        return 'tag: and author: need a value each, with blanks in double quotes, as tag:"drug design"'

    @property
    def params(self) -> list[tuple[str, str]]:
        """Parameters of the list, in its order: tags, author, words."""
        params = [("filter", tag) for tag in self.tags]
        params += [("author", self.author)] if self.author else []
        return params + ([("search", self.words)] if self.words else [])
