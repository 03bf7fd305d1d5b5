# SPDX-License-Identifier: MIT
"""A draft of a metadata file: its text, the indicators it serves, and what its author must still do."""

import json
from typing import Any

import msgspec
import yaml

from fairreg.schemas.text import clean

__all__ = ["TODO", "Draft", "as_json", "as_yaml", "commented", "filled"]

TODO = "TODO (author)"
_WIDTH = 100


class Draft(msgspec.Struct, frozen=True):
    """One file to write.

    `serves` are the indicators that read it, `remains` sentences of what the author must add or confirm: what
    is not known stands in the text as a TODO comment, or not at all in a format without comments.
    """

    name: str
    text: str
    serves: tuple[str, ...]
    remains: tuple[str, ...] = ()


def as_json(document: dict[str, Any]) -> str:
    """A JSON document for people to edit, without its empty members."""
    kept = {key: value for key, value in document.items() if value not in (None, "", [], {}, ())}
    return json.dumps(kept, indent=2, ensure_ascii=False) + "\n"


def as_yaml(document: dict[str, Any]) -> str:
    """A YAML mapping without its empty members, in the given order; every text survives a reader's guess."""
    kept = {key: value for key, value in document.items() if value not in (None, "", [], {}, ())}
    text: str = yaml.safe_dump(kept, sort_keys=False, allow_unicode=True, width=_WIDTH)
    return text


def filled(
    published: dict[str, Any], known: dict[str, Any], renewed: dict[str, Any] | None = None
) -> dict[str, Any]:
    """What a published file says, what is `known` where it says nothing, and what must be `renewed` in it."""
    stated = published | {key: value for key, value in (renewed or {}).items() if value}
    return stated | {key: value for key, value in known.items() if not stated.get(key)}


def commented(*lines: str) -> str:
    """Lines of a YAML comment that nobody overlooks."""
    return "".join(f"# {TODO}: {' '.join(clean(line).split())}\n" for line in lines)
