# SPDX-License-Identifier: MIT
"""Terms that a file of a folder states, and whether those of two files agree."""

import re
from typing import NamedTuple

from fairreg.schemas.licenses.statements import is_no_licence
from fairreg.schemas.text import one_line

__all__ = ["Terms"]

_SPELLING = re.compile(r"((?:GPL|GFDL)-\d\.\d)(?:-only|-or-later|\+)")
# Words of a class of licences, which the vocabulary of a service has in place of a name.
_VAGUE = re.compile(r"other(?:-(?:open|closed|at|nc|pd))?", re.IGNORECASE)
_NOT_OPEN = re.compile(r"\bN[CD]\b|^LicenseRef-")


class Terms(NamedTuple):
    """Terms that a file states: an SPDX expression, else words; neither for a text that is not known.

    `is_loose` is True for a file that cannot tell GNU's "only" from "or later": a text, the Hub's card.
    """

    file: str
    license: str | None = None
    words: str | None = None
    is_loose: bool = False

    @property
    def told(self) -> str:
        """The file with its terms, for a message."""
        stated = self.license or self.words or "a text that fairreg does not know as a licence"
        return f"{self.file} ({one_line(stated)[:80]})"

    @property
    def name(self) -> str:
        """The words as one name: of SPDX's LicenseRef-NAME and of the Hub's NAME (address) it is NAME."""
        bare = re.sub(r"^LicenseRef-| \(https?://\S+\)$", "", self.words or "")
        return bare.casefold()

    @property
    def is_vague(self) -> bool:
        """True for the word of a class of licences."""
        return bool(_VAGUE.fullmatch(self.words or ""))

    def allows(self, other: "Terms") -> bool:
        """Tell whether a later file may state the terms `other`: these, a part of them, or their words."""
        if self.license and other.license:
            return self._holds_licences_of(other)
        if known := self.license or other.license:
            words = self.words or other.words
            is_class = (words or "").lower() == "other-open" and not _NOT_OPEN.search(known)
            return words is not None and (is_class or is_no_licence(words, [known]))
        if not self.words or not other.words or self.is_vague or other.is_vague:
            return True
        # A name, or the address of the text that another file has beside the name.
        is_address = f"({other.words})" in self.words or f"({self.words})" in other.words
        return self.name == other.name or is_address

    def covers(self, part: "Terms") -> bool:
        """Tell whether these, of all weight files, state the terms of a part of them.

        Several licences do where all of them apply, and terms that grant no licence do.
        """
        if not self.license:
            return True
        if not part.license or not self._holds_licences_of(part):
            return False
        return " OR " not in self.license or self.license == part.license

    def _holds_licences_of(self, other: "Terms") -> bool:
        is_loose = self.is_loose or other.is_loose
        return _licences_in(other.license or "", is_loose) <= _licences_in(self.license or "", is_loose)


def _licences_in(expression: str, is_loose: bool) -> set[str]:
    plain = _SPELLING.sub(r"\1", expression) if is_loose else expression
    return set(re.findall(r"[A-Za-z0-9.+-]+", plain)) - {"AND", "OR", "WITH"}
