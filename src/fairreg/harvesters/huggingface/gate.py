# SPDX-License-Identifier: MIT
"""Access to a repository: open, private, disabled, or gated by a form (docs/hub/models-gated.md of the Hub).

The form's texts stand in the card's metadata and say nothing where the repository is not gated.
"""

from collections.abc import Iterator

from fairreg.schemas.json_reader import JsonNode
from fairreg.schemas.record import Access
from fairreg.schemas.text import one_line, plain_text

__all__ = ["access_of"]

_TEXTS = ("extra_gated_heading", "extra_gated_prompt", "extra_gated_description")
_GRANTED = {"auto": "granted on request", "manual": "granted by the authors on request"}
_NOT_GATED = frozenset({"", "false", "none"})
_MOST_FIELDS = 50


def access_of(info: JsonNode, meta: JsonNode) -> Access | None:
    """Return the access to the files, None where the info does not state it."""
    if info["disabled"].value is True:
        return Access(level="closed", conditions="disabled by the Hub or its owner")
    gated = info["gated"]
    # A mode of gating that is not known is one, too; a text may also say that there is none.
    if gated.value is True or (gated.text or "").casefold() not in _NOT_GATED:
        return Access(level="gated", conditions="\n".join(_conditions(meta, gated.text or "")) or None)
    if info["private"].value is True:
        return Access(level="restricted", conditions="private repository")
    said_open = info["private"].value is False or gated.value is False
    return Access(level="open") if said_open else None


def _conditions(meta: JsonNode, gated: str) -> Iterator[str]:
    """Yield the texts of the form, what it asks for, and who grants the access."""
    for name in _TEXTS:
        text = meta[name].prose
        if text and plain_text(text):
            yield plain_text(text)
    fields = [
        text for name, _ in meta["extra_gated_fields"].members() if (text := one_line(plain_text(name)))
    ]
    if fields:
        more = "; ..." if len(fields) > _MOST_FIELDS else ""
        yield f"The form asks for: {'; '.join(fields[:_MOST_FIELDS])}{more}"
    if gated in _GRANTED:
        yield _GRANTED[gated]
