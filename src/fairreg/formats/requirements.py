# SPDX-License-Identifier: MIT
"""Fields that a format requires of a record, and the refusal of a record without them.

Nothing is made up for a field that is missing: the error names it and what to state.
"""

from collections.abc import Iterable, Mapping

from fairreg.errors import Inexpressible
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.text import one_line, shortened

__all__ = ["called", "refusal", "require", "states"]

# Field -> the form in which to state it.
_FORMS: Mapping[str, str] = {
    "creators": 'people as "Family, Given", organisations by name',
    "date_published": "an ISO 8601 date such as 2026-11-30",
    "description": "what it is, in a paragraph",
    "distributions": "name, address, size and SHA-256 digest of each file",
    "frameworks": "the software that the model was made with",
    "identifiers": "its DOI or the address of its page",
    "inputs": "name, type and shape of each",
    "license": "its SPDX identifier, or else its words in license_stated",
    "name": "its title",
    "outputs": "name, type and shape of each",
}
_LONGEST_NAME = 80
_NEXT = (
    "State {}: write the record with fairreg show PID --format json, fill it in, and fairreg add FILE. "
    "What the publisher states is harvested with the rest."
)


def require(record: ModelRecord, title: str, fields: Iterable[str]) -> None:
    """Check that a record states the fields that the format called `title` requires.

    A licence counts in whatever form it is stated. Raises Inexpressible, which names every missing field.
    """
    missing = [name for name in fields if not states(record, name)]
    if missing:
        forms = "; ".join(f"{name} ({_FORMS[name]})" for name in missing)
        raise refusal(
            f"{title} requires {', '.join(missing)}, which the record of {called(record)} does not state",
            hint=_NEXT.format(forms),
            violations=tuple((f"$.{name}", "is missing") for name in missing),
        )


def states(record: ModelRecord, name: str) -> bool:
    """Tell whether a record states a field in words, or has any item of it."""
    if name == "license":
        return bool(one_line(record.license or "") or one_line(record.license_stated or ""))
    value = getattr(record, name)
    return bool(one_line(value)) if isinstance(value, str) else bool(value)


def refusal(fault: str, *, hint: str, violations: tuple[tuple[str, str], ...] = ()) -> Inexpressible:
    """Make the error for a record that a format cannot hold; `fault` is a sentence without its full stop."""
    return Inexpressible(f"{fault}.", violations=violations, hint=hint)


def called(record: ModelRecord) -> str:
    """Return the name of a record for a message, in quotes."""
    return repr(shortened(one_line(record.name) or record.identifier, _LONGEST_NAME))
