# SPDX-License-Identifier: MIT
"""Notes of a merged record that repeat fields which another statement has by themselves."""

import re
from collections.abc import Mapping

__all__ = ["without_repeats"]

# Leads of the paragraphs in which `publish` states fields that a service has no place for.
_LEADS = {"intended_use": "Intended use", "limitations": "Limitations"}
_LONGEST = 1 << 16


def without_repeats(values: Mapping[str, object]) -> str | None:
    """Return the notes among the values of a record without the paragraphs that state other fields whole.

    >>> told = "Intended use: Tests.\\n\\nSee the paper."
    >>> without_repeats({"notes": told, "intended_use": "Tests.", "limitations": None})
    'See the paper.'
    """
    notes = values.get("notes")
    if not isinstance(notes, str) or len(notes) > _LONGEST:
        return None if notes is None else str(notes)
    left = notes
    for name, lead in _LEADS.items():
        stated = values.get(name)
        if isinstance(stated, str) and stated:
            whole = r"\s+".join(map(re.escape, f"{lead}: {stated}".split()))
            left = re.sub(rf"(?:\A|\n)[ \t]*{whole}[ \t]*(?=\n|\Z)", "\n", left)
    return notes if left == notes else re.sub(r"\n{3,}", "\n\n", left).strip() or None
