# SPDX-License-Identifier: MIT
"""The licence of a folder by all of its files that state terms, also those that are not published."""

import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from fairreg.formats import fair4ml
from fairreg.formats.crates.data import DESCRIPTOR
from fairreg.formats.repository_files import is_known
from fairreg.publish.base import FieldFault
from fairreg.schemas.record import Kind
from fairreg.services.new.facts import FACTS_FILE
from fairreg.services.publish.selection import EXCLUDED, LINK, LeftOutFile
from fairreg.services.publish.terms.licences import FoundLicence, found_licence, further_terms
from fairreg.services.publish.terms.own import CARDS, cards_beside, own_terms, texts_at_top
from fairreg.services.publish.terms.prose import terms_in_prose
from fairreg.services.publish.terms.statements import Terms
from fairreg.storage.files import unreadable

__all__ = ["FAIR4ML", "READ_HERE", "faults_of_left_out", "licence_of_folder", "states_terms", "unsent_files"]

FAIR4ML = frozenset({fair4ml.FILE_NAME, "fair4ml.json"})
READ_HERE = FAIR4ML | set(CARDS)
_LARGEST_TEXT = 1 << 20
_ONLY = re.compile(r"(?:GPL|FDL|General Public|Documentation)[^\n\"']{0,60}\bonly\b", re.IGNORECASE)


def licence_of_folder(
    folder: Path,
    metadata: Sequence[Terms],
    texts: Sequence[Terms],
    *,
    sent: Sequence[str],
    unsent: Sequence[str],
    weights: Sequence[str],
    kind: Kind,
) -> FoundLicence:
    """Return the licence on which the terms of the `weights` and the files at the top agree."""
    names = [*sent, *unsent]
    own = own_terms(folder, sent, weights, kind)
    found = found_licence(
        [*(_as_told(folder, item) for item in metadata), *further_terms(folder, names)],
        [*(item._replace(is_loose=not _tells_later(item)) for item in texts), *texts_at_top(folder)],
        own,
        kind=kind,
    )
    cards = {name: _text(folder / name) for name in names if name.lower() in CARDS}
    texts_of_cards = {**cards, **cards_beside(folder, weights)}
    told = list(terms_in_prose(texts_of_cards, found.fields.get("license")))
    notes = (*found.notes, *(item.told for item in told))
    if own.everywhere or not any(item.on_weights for item in told) or kind != "model":
        return found._replace(notes=notes)
    said = next(item.told for item in told if item.on_weights).rstrip(".")
    fault = FieldFault("license", f"{said}; state the terms of the weights in LICENSE-WEIGHTS")
    return FoundLicence({}, notes, (fault,))


def _tells_later(terms: Terms) -> bool:
    return (terms.license or "").endswith("-or-later")


def unsent_files(folder: Path, sent: Collection[str]) -> tuple[str, ...]:
    """Return the files at the top of a folder that may state terms, and are not published."""
    listed = sorted(path.name for path in folder.iterdir() if path.is_file() and not path.is_symlink())
    return tuple(name for name in listed if name not in sent and states_terms(name))


def faults_of_left_out(left_out: Iterable[LeftOutFile]) -> tuple[FieldFault, ...]:
    """Return a fault for each file of metadata, card or licence that is left out without the user's wish."""
    return tuple(
        FieldFault("files", f"{item.name} is left out ({item.reason}): {_remedy(item)}")
        for item in left_out
        if item.reason != EXCLUDED and states_terms(item.name)
    )


def _remedy(item: LeftOutFile) -> str:
    if item.reason == LINK:
        return "replace the link by the file"
    return f"take that out of the file, or publish without it, with --exclude {item.name}"


def states_terms(name: str) -> bool:
    """Tell whether a path is that of a file which may state the licence of the whole."""
    return is_known(name) or name.lower() in READ_HERE or name in {FACTS_FILE, DESCRIPTOR}


def _as_told(folder: Path, terms: Terms) -> Terms:
    """Return the terms as loose where a file has GNU's old identifier, GPL-3.0, also for "or later"."""
    if terms.is_loose or not (terms.license or "").endswith("-only"):
        return terms
    return terms._replace(is_loose=_ONLY.search(_text(folder / terms.file)) is None)


def _text(path: Path) -> str:
    with unreadable(path.name), path.open("rb") as file:
        return file.read(_LARGEST_TEXT).decode("utf-8-sig", "replace")
