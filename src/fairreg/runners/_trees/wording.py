# SPDX-License-Identifier: MIT
"""Text of a file in sentences for a reader."""

__all__ = ["plain"]


def plain(text: object, most: int = 200) -> str:
    """Return text of a file as one printable line of at most `most` characters.

    Runs of white space become a space. Control characters and those that turn the direction of writing, which
    a terminal obeys, are escaped.
    """
    words = " ".join(str(text).split())
    shown = "".join(map(_escaped, words[: most + 1]))
    return shown if len(shown) <= most else f"{shown[: most - 3]}..."


def _escaped(letter: str) -> str:
    return letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
