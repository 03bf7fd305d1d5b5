# SPDX-License-Identifier: MIT
"""A draft of a metadata file: its text, the indicators it serves, and the author's remaining tasks."""

from collections.abc import Iterable
from typing import Any

import msgspec

from fairreg.assessment.open_tasks import TODO
from fairreg.schemas.record import Creator
from fairreg.schemas.text import clean

__all__ = ["TODO", "Draft", "commented", "completed", "unsure"]


class Draft(msgspec.Struct, frozen=True):
    """One file to write.

    `serves` are the indicators that read it, `remains` sentences of what the author must add or confirm: an
    unknown value is a TODO comment in the text, or absent in a format without comments.
    """

    name: str
    text: str
    serves: tuple[str, ...]
    remains: tuple[str, ...] = ()


def completed(
    published: dict[str, Any], known: dict[str, Any], *, renewed: Iterable[str] = ()
) -> dict[str, Any]:
    """Complete a published file with `known` values, where it has none.

    The members named in `renewed` are replaced by known values where they exist.
    """
    again = {key: known[key] for key in renewed if known[key]}
    stated = published | again
    return stated | {key: value for key, value in known.items() if not stated.get(key)}


def commented(*lines: str) -> str:
    """Return prominent lines of a YAML comment."""
    words = (" ".join(clean(line).split()) for line in lines)
    # YAML allows no control characters, not even in comments.
    return "".join(f"# {TODO}: {''.join(filter(str.isprintable, line))}\n" for line in words)


def unsure(creators: tuple[Creator, ...]) -> tuple[str, ...]:
    """Return a sentence for the author where a name had to be split without a comma."""
    split = [item.name for item in creators if item.kind == "person" and "," not in item.name]
    several = [name for name in split if len(name.split()) > 1]
    return (f"Check family and given names of {', '.join(several)}.",) if several else ()
