# SPDX-License-Identifier: MIT
"""Family and given names of creators, in the forms that the metadata formats ask for."""

from fairreg.schemas.record import Creator

__all__ = ["inverted", "parts", "unsure"]


def parts(creator: Creator) -> tuple[str, str]:
    """(family names, given names) of a person; without a comma the last word is taken for the family name."""
    family, comma, given = creator.name.partition(",")
    if comma:
        return family.strip(), given.strip()
    given, _, family = creator.name.strip().rpartition(" ")
    return family, given


def inverted(creator: Creator) -> str:
    """``Family, Given`` of a person, the plain name of an organisation."""
    if creator.kind == "organization":
        return creator.name
    family, given = parts(creator)
    return f"{family}, {given}" if given else family


def unsure(creators: tuple[Creator, ...]) -> tuple[str, ...]:
    """A sentence for the author where a name had to be split without a comma."""
    split = [item.name for item in creators if item.kind == "person" and "," not in item.name]
    several = [name for name in split if len(name.split()) > 1]
    return (f"Check family and given names of {', '.join(several)}.",) if several else ()
