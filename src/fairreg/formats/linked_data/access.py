# SPDX-License-Identifier: MIT
"""Access to an object, as its document states it."""

import re

from fairreg.formats.datacite_kernel.access_terms import embargo_end, level_of
from fairreg.formats.linked_data.graph import LinkedNode, Literal, Value
from fairreg.formats.linked_data.values import best
from fairreg.schemas.record import Access

__all__ = ["access"]

_TRUTH = re.compile(r"(?:https?://(?:www\.)?schema\.org/|(?:schema|sdo|sc):)?(true|false)", re.IGNORECASE)


def access(node: LinkedNode) -> Access | None:
    """Return the access by the terms that repositories share, and open access where the document says so.

    A level that is not open counts before one that is. Conditions in words need a level beside them.
    """
    free = {_truth(item) for item in node.values("isAccessibleForFree")}
    if len(free) > 1:
        node.leave("isAccessibleForFree")
    stated = [(item, _text(item)) for item in node.values("conditionsOfAccess")]
    levels = [level for _, text in stated if (level := level_of(text))] + ["open"] * (True in free)
    level = next((item for item in levels if item != "open"), next(iter(levels), None))
    if True not in free or level != "open":
        node.leave("isAccessibleForFree")
    if level is None:
        node.leave("conditionsOfAccess")
        return None
    until = next((day for _, text in stated if (day := embargo_end(text))), None)
    words = best(item for item, text in stated if level_of(text) is None and embargo_end(text) is None)
    conditions = words.text if words else None
    return Access(level=level, conditions=conditions, until=until if level == "embargoed" else None)


def _text(value: Value) -> str | None:
    return value.text if isinstance(value, Literal) else value.id


def _truth(value: Value) -> bool | None:
    """Return the truth value that a text or schema.org's ``True`` and ``False`` state, in any case."""
    found = _TRUTH.fullmatch(str(value.value if isinstance(value, Literal) else value.id))
    return found[1].lower() == "true" if found else None
