# SPDX-License-Identifier: MIT
"""A citation as Python gets it: a text, which a notebook shows with its links."""

import re
from typing import Self

from fairreg.schemas.notebook.markup import Html, card, element, html, joined, link

__all__ = ["FormattedCitation"]

_ADDRESS = re.compile(r"(https?://[^\s<>\"]*[^\s<>\".,;:)\]])")
# Characters that a notebook shows; `print` gives all.
_SHOWN = 20_000


class FormattedCitation(str):
    """A citation in one of the formats of ``fairreg cite``; a text like any other, to print or to write."""

    __slots__ = ("form",)
    form: str

    def __new__(cls, text: str, form: str = "text") -> Self:
        """Return the citation in the format `form`."""
        made = super().__new__(cls, text)
        made.form = form
        return made

    def __reduce__(self) -> tuple[type[Self], tuple[str, str]]:
        return type(self), (str(self), self.form)

    def _repr_html_(self) -> str:
        """View of the citation in a notebook."""
        shown = self[:_SHOWN]
        if self.form != "text":
            return card("Citation", (self.form,), element("pre", shown))
        return card("Citation", (), *(element("p", _linked(part)) for part in shown.strip().split("\n\n")))


def _linked(text: str) -> Html:
    parts = _ADDRESS.split(text)
    return joined(link(part, part) if number % 2 else html(part) for number, part in enumerate(parts))
