# SPDX-License-Identifier: MIT
"""Access to an object, as its document states it."""

import re

from fairreg.formats.linked_data.graph import LinkedNode, Literal, Value
from fairreg.formats.linked_data.values import best
from fairreg.schemas.record import Access

__all__ = ["access"]

_TRUTH = re.compile(r"(?:https?://(?:www\.)?schema\.org/|(?:schema|sdo|sc):)?(true|false)", re.IGNORECASE)


def access(node: LinkedNode) -> Access | None:
    """Return open access where the document says so; other conditions need a level that it does not state."""
    values = node.values("isAccessibleForFree")
    free = {_truth(item) for item in values}
    conditions = best(node.values("conditionsOfAccess"))
    is_open = True in free
    if len(free) > 1:
        node.leave("isAccessibleForFree")
    if not is_open:
        node.leave("isAccessibleForFree", "conditionsOfAccess")
        return None
    return Access(level="open", conditions=conditions.text if conditions else None)


def _truth(value: Value) -> bool | None:
    """Return the truth value that a text or schema.org's ``True`` and ``False`` state, in any case."""
    found = _TRUTH.fullmatch(str(value.value if isinstance(value, Literal) else value.id))
    return found[1].lower() == "true" if found else None
