# SPDX-License-Identifier: MIT
"""A draft of a metadata file: its text, the indicators it serves, and the author's remaining tasks."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from fairreg.assessment.open_tasks import TODO, task
from fairreg.schemas.record import Creator
from fairreg.schemas.text import clean

__all__ = ["TODO", "Draft", "Request", "commented", "completed", "sentences", "unsure"]


class Request(NamedTuple):
    """One task for the author, and the indicators for which the file does not count until it is done."""

    sentence: str
    about: tuple[str, ...] = ()


class Draft(msgspec.Struct, frozen=True):
    """One file to write.

    `serves` are the indicators that it brings to a pass once completed, `helps` those for which it is only a
    part of what they ask. `remains` are sentences of what the author must add or confirm. An
    unknown value is a to-do in the text, or absent in a format without comments; a value that its author has
    not stated is there only beside a to-do, or marked as inferred, and counts for nothing until then.
    """

    name: str
    text: str
    serves: tuple[str, ...]
    remains: tuple[str, ...] = ()
    helps: tuple[str, ...] = ()

    @property
    def purpose(self) -> str:
        """The indicators that the file is for, in words; empty for a list of tasks."""
        part = f"a part of {', '.join(self.helps)}" if self.helps else ""
        return "; ".join(filter(None, (", ".join(self.serves), part)))


def completed(
    published: dict[str, Any], known: dict[str, Any], *, renewed: Iterable[str] = ()
) -> dict[str, Any]:
    """Complete a published file with `known` values, where it has none.

    The members named in `renewed` are replaced by known values where they exist.
    """
    again = {key: known[key] for key in renewed if known[key]}
    stated = published | again
    return stated | {key: value for key, value in known.items() if not stated.get(key)}


def commented(requests: Iterable[Request]) -> str:
    """Return to-dos as prominent lines of a YAML comment."""
    words = (" ".join(clean(task(one.sentence, *one.about)).split()) for one in requests)
    # YAML allows no control characters, not even in comments.
    return "".join(f"# {''.join(filter(str.isprintable, line))}\n" for line in words)


def sentences(requests: Iterable[Request]) -> tuple[str, ...]:
    """Return the tasks in words, for the list of what remains."""
    return tuple(one.sentence for one in requests)


def unsure(creators: tuple[Creator, ...]) -> tuple[Request, ...]:
    """Return a task for the author where a name had to be split without a comma."""
    split = [item.name for item in creators if item.kind == "person" and "," not in item.name]
    several = [name for name in split if len(name.split()) > 1]
    return (Request(f"Check family and given names of {', '.join(several)}."),) if several else ()
