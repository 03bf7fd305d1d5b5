# SPDX-License-Identifier: MIT
"""CITATION.cff (Citation File Format 1.2.0) with this version's DOI.

A published CITATION.cff is kept as it is; only members that name the version of the model are renewed.
"""

from typing import Any

from fairreg.assessment.remedies.base import Draft, Request, commented, completed, sentences, unsure
from fairreg.assessment.remedies.facts import Facts
from fairreg.formats import cff

__all__ = ["NAME", "SERVES", "draft"]

NAME = cff.FILE_NAME
SERVES = ("F3-2", "I2-3", "I2-4", "R1.1-2")
_MEMBERS = {
    "creators": "authors",
    "description": "abstract",
    "keywords": "keywords",
    "repository": "repository-code",
}


def draft(facts: Facts) -> Draft | None:
    """Draft the file; None where neither a title nor an author is known."""
    published = facts.published("citation")
    stated = _renewed(published, cff.document(facts.described))
    if not stated.get("authors"):
        return None
    asked = _requests(facts, stated, published)
    return Draft(NAME, cff.text_of(stated) + commented(asked), SERVES, sentences(asked))


def _renewed(published: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    """Return the members of the file, of version 1.2 of the format where they meet its schema."""
    if published.get("license") or published.get("license-url"):
        known = known | {"license": None, "license-url": None}
    stated = completed(published, known, renewed=cff.OF_THE_VERSION)
    if not str(stated["cff-version"]).startswith(("1.0", "1.1")):
        return stated
    today = stated | {"cff-version": known["cff-version"]}
    if cff.is_valid(cff.text_of(today)):
        return today
    # The type is of 1.2 and would make an earlier file invalid.
    return completed(published, known | {"type": None}, renewed=cff.OF_THE_VERSION)


def _requests(facts: Facts, stated: dict[str, Any], published: dict[str, Any]) -> tuple[Request, ...]:
    missing = {
        "doi": ("Reserve a DOI for this version at the archive and add it as doi.", ("F3-2",)),
        "license": ("Add the licence's SPDX identifier as license.", ("R1.1-2",)),
        "date-released": ("Add the day of the release as date-released (YYYY-MM-DD).", ()),
    }
    present = {**stated, "license": stated.get("license") or stated.get("license-url")}
    asked = [Request(*missing[key]) for key in missing if not present.get(key)]
    if not stated.get("commit"):
        both = "commit" if stated.get("repository-code") else "repository-code, and commit"
        # What the author's own file says of the code keeps counting.
        about = ("I2-4",) if "repository" in facts.open_members("citation", _MEMBERS) else ()
        asked.append(Request(f"Add {both}: the commit of the code that made the model.", about))
    if not stated.get("preferred-citation"):
        known = f" of {facts.papers[0].value}" if facts.papers else ""
        sentence = (
            f"Add preferred-citation with type, title, authors and doi{known}, if there is a publication."
        )
        asked.append(Request(sentence, ("I2-3",)))
    drafted = facts.open_members("citation", _MEMBERS)
    split = () if published.get("authors") else unsure(facts.creators)
    return (*split, *asked, *facts.to_confirm(**drafted))
