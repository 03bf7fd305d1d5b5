# SPDX-License-Identifier: MIT
"""Single members of JSON documents, without building the rest: memory does not grow with what is in them."""

from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from fairreg.schemas.text import one_line

__all__ = ["counted", "layers", "members", "text"]

_FAULTS = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)
_MAX_TEXT = 1 << 16
_MAX_LAYERS = 4 << 20
_SHOWN = 20

Members = Mapping[str, msgspec.Raw]


@cache
def _type(names: tuple[str, ...]) -> type[msgspec.Struct]:
    fields = [(f"m{number}", msgspec.Raw, msgspec.UNSET) for number in range(len(names))]
    return msgspec.defstruct(
        "Members", fields, rename={f"m{number}": name for number, name in enumerate(names)}
    )


def members(content: bytes | msgspec.Raw | None, *names: str) -> Members:
    """The members `names` of a JSON object that has them, each as a document of its own.

    Empty for None, for another document, and for one that is nested too deeply.
    """
    try:
        found = msgspec.json.decode(content or b"null", type=_type(names))
    except _FAULTS:
        return {}
    values = ((name, getattr(found, f"m{number}")) for number, name in enumerate(names))
    return {name: value for name, value in values if value is not msgspec.UNSET}


def text(document: Members, name: str) -> str | None:
    """A text of `members` on one line, None where it is missing, long or no text."""
    value = document.get(name)
    if value is None or len(bytes(value)) > _MAX_TEXT:
        return None
    try:
        return one_line(msgspec.json.decode(value, type=str))[:200]
    except _FAULTS:
        return None


def layers(config: bytes | msgspec.Raw | None) -> Counter[str]:
    """Layers in the member ``config`` of a model of Keras 1 to 3: class names with their numbers."""
    listed = members(config, "layers").get("layers", config)
    if listed is None or len(bytes(listed)) > _MAX_LAYERS:
        return Counter()
    kind = _type(("class_name",))
    try:
        found: list[Any] = msgspec.json.decode(listed, type=list[kind])  # type: ignore[valid-type]
    except _FAULTS:
        return Counter()
    names = (text({"class_name": item.m0}, "class_name") for item in found if item.m0 is not msgspec.UNSET)
    return Counter(name for name in names if name)


def counted(names: Counter[str]) -> str:
    """Names with their numbers: ``Dense (3), Flatten``; at most 20 of them."""
    shown = [f"{name} ({count})" if count > 1 else name for name, count in names.most_common(_SHOWN)]
    return ", ".join([*shown, *(["..."] if len(names) > len(shown) else [])])
