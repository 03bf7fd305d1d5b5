# SPDX-License-Identifier: MIT
"""Limits of an edit: it changes a value to this identifier, and no other DOI is lost for it."""

import json
from collections.abc import Set
from typing import Any

from fairreg.schemas.identifiers import Identifier, normalise_doi

__all__ = ["check_edit", "is_replaceable", "refuse_other"]

# Members that an edit may add to an object.
_ADDED = {"doi", "identifier", "related_identifiers"}


def is_replaceable(stated: object, identifier: Identifier, earlier: Set[str]) -> bool:
    """Tell whether a value may give way: the identifier, one reserved here before, or no DOI at all."""
    if stated is None:
        return True
    if not isinstance(stated, str):
        return False
    found = normalise_doi(stated)
    # Of several DOIs in one text none is normalised.
    return found in {identifier.value.lower(), *earlier} if found else stated.count("10.") < 2  # noqa: PLR2004


def refuse_other(stated: object, identifier: Identifier, earlier: Set[str]) -> None:
    """Raise ValueError for a value that must not give way."""
    if not is_replaceable(stated, identifier, earlier):
        named = (
            f"the DOI {normalise_doi(stated) or stated}"
            if isinstance(stated, str)
            else "DOIs in a form of its own"
        )
        raise ValueError(f"it has {named}, not one that was reserved for this folder before")


def check_edit(before: Any, after: Any, identifier: Identifier, earlier: Set[str]) -> None:
    """Raise ValueError unless two documents differ in places of the identifier only."""
    if not _is_only_it(before, after, identifier, earlier):
        raise ValueError("a DOI cannot be written into its layout without changing something else")


def _is_only_it(before: Any, after: Any, identifier: Identifier, earlier: Set[str]) -> bool:
    if isinstance(before, dict) and isinstance(after, dict):
        added = {key: value for key, value in after.items() if key not in before}
        return (
            before.keys() <= after.keys()
            and added.keys() <= _ADDED
            and all(_states(value, identifier) for value in added.values())
            and all(_is_only_it(value, after[key], identifier, earlier) for key, value in before.items())
        )
    if isinstance(before, list) and isinstance(after, list):
        if len(after) == len(before) + 1:
            return after[1:] == before and _states(after[0], identifier)
        return len(after) == len(before) and all(
            _is_only_it(one, other, identifier, earlier) for one, other in zip(before, after, strict=True)
        )
    if before == after:
        return True
    if isinstance(after, list):
        return bool(after) and _states(after[0], identifier) and after[1:] in ([], [before])
    return _names(after, identifier) and is_replaceable(before, identifier, earlier)


def _names(value: object, identifier: Identifier) -> bool:
    text = value if isinstance(value, str) else ""
    spellings = {identifier.value, identifier.compact, identifier.url}
    return text in spellings or normalise_doi(text) == identifier.value.lower()


def _states(value: object, identifier: Identifier) -> bool:
    return identifier.value in json.dumps(value)
