# SPDX-License-Identifier: MIT
"""Family and given names of creators, in the forms that metadata formats require."""

from fairreg.schemas.record import Creator

__all__ = ["inverted", "parts"]


def parts(creator: Creator) -> tuple[str, str]:
    """Return (family names, given names) of a person; without a comma the last word is the family name."""
    family, comma, given = creator.name.partition(",")
    if comma:
        return family.strip(), given.strip()
    given, _, family = creator.name.strip().rpartition(" ")
    return family, given


def inverted(creator: Creator) -> str:
    """Return ``Family, Given`` of a person, the plain name of an organisation."""
    if creator.kind == "organization":
        return creator.name
    family, given = parts(creator)
    return f"{family}, {given}" if given else family
