# SPDX-License-Identifier: MIT
"""Representations of one line, such as ``<ModelRecord doi:10.5281/zenodo.7305227 'Hbb tagger'>``."""

from fairreg.errors import without_secrets
from fairreg.schemas.text import shortened, without_invisible

__all__ = ["brief", "named", "represented"]

_LONGEST = 60


def represented(shown: object, *parts: str | None) -> str:
    """Return the representation of an object by the name of its class and what is said of it."""
    return f"<{' '.join(filter(None, (type(shown).__name__, *parts)))}>"


def brief(text: str, longest: int = _LONGEST) -> str:
    """Return the beginning of a text of others in quotes, with escapes for what is not printable.

    It has at most `longest` characters, and with its escapes twice as many.

    >>> brief("top\\ntagger")
    "'top\\\\ntagger'"
    """
    masked = without_secrets(text[: 4 * longest])
    shown = shortened(masked, longest)
    if shown == "…":  # one long word, such as a path
        shown = masked[: longest - 1] + "…"
    while len(repr(shown)) > 2 * longest:  # escapes take the room of several letters
        shown = shortened(shown, len(shown) // 2)
    return repr(shown)


def named(identifier: str) -> str:
    """Return an identifier as it is where it is one word, else in quotes.

    >>> named("doi:10.5281/zenodo.7305227"), named("two words")
    ('doi:10.5281/zenodo.7305227', "'two words'")
    """
    is_word = identifier.isprintable() and " " not in identifier and "<" not in identifier
    seen = without_invisible(identifier) == identifier
    return (
        without_secrets(identifier)
        if is_word and seen and len(identifier) <= 2 * _LONGEST
        else brief(identifier)
    )
