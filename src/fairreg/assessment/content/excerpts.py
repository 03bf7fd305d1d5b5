# SPDX-License-Identifier: MIT
"""Excerpts of texts, cut between words, with "…" where something was left out."""

__all__ = ["around", "shortened"]

_LONGEST_WORD = 40  # characters; a longer one (a digest, an address) is cut inside


def shortened(text: str, most: int) -> str:
    """Return the first words of a text, at most `most` characters.

    >>> shortened("trained with Adam for 20 epochs", 20)
    'trained with Adam…'
    """
    if len(text) <= most:
        return text
    whole = text[: most - 1]
    last = whole if text[most - 1].isspace() else whole[: whole.rfind(" ") + 1]
    return f"{(last if len(whole) - len(last) < _LONGEST_WORD else whole).rstrip()}…"


def around(text: str, start: int, end: int, margin: int) -> str:
    """Return the words from `start` to `end` with whole words on both sides, within `margin` characters.

    >>> around("It was trained with Adam for 20 epochs.", 20, 24, 10)
    '…with Adam for 20…'
    """
    first, last = max(0, start - margin), min(len(text), end + margin)
    if first and not text[first - 1].isspace():
        first = next((at for at in range(first, start) if text[at].isspace()), start)
    if last < len(text) and not text[last].isspace():
        last = next((at for at in range(last, end, -1) if text[at - 1].isspace()), end)
    before, after = ("…" if text[:first].strip() else ""), ("…" if text[last:].strip() else "")
    return f"{before}{text[first:last].strip()}{after}"
