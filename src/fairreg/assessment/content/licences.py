# SPDX-License-Identifier: MIT
"""Classification of licence texts by their characteristic phrases, and comparison of SPDX expressions."""

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import PurePosixPath

from fairreg.assessment.evidence import Document

__all__ = ["classify", "licence_texts", "same_licence"]

# A text is of the licence whose first phrase comes first in it, with all of its phrases: later ones are
# mentions, as of the AGPL in section 13 of the GPL. Of two at one place the more specific comes first here.
_PHRASES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Apache-2.0", ("apache license", "version 2.0")),
    ("AGPL-3.0", ("gnu affero general public license", "version 3")),
    ("LGPL-3.0", ("gnu lesser general public license", "version 3")),
    ("LGPL-2.1", ("gnu lesser general public license", "version 2.1")),
    ("GPL-3.0", ("gnu general public license", "version 3")),
    ("GPL-2.0", ("gnu general public license", "version 2")),
    ("MPL-2.0", ("mozilla public license", "2.0")),
    ("EUPL-1.2", ("european union public licence", "1.2")),
    ("CC0-1.0", ("cc0 1.0 universal",)),
    ("CC-BY-NC-SA-4.0", ("attribution-noncommercial-sharealike 4.0",)),
    ("CC-BY-NC-ND-4.0", ("attribution-noncommercial-noderivatives 4.0",)),
    ("CC-BY-NC-4.0", ("attribution-noncommercial 4.0",)),
    ("CC-BY-ND-4.0", ("attribution-noderivatives 4.0",)),
    ("CC-BY-SA-4.0", ("attribution-sharealike 4.0",)),
    ("CC-BY-4.0", ("attribution 4.0 international",)),
    ("BSD-3-Clause", ("redistribution and use in source and binary forms", "neither the name")),
    ("BSD-2-Clause", ("redistribution and use in source and binary forms",)),
    ("ISC", ("permission to use, copy, modify, and/or distribute this software", "isc")),
    ("Unlicense", ("free and unencumbered software released into the public domain",)),
    ("MIT", ("permission is hereby granted, free of charge", "the software is provided")),
)
# "This is not the Apache License" names none.
_DENIED = re.compile(r"\b(?:not|no|never|neither|nor|without|instead of)\b[^.;]{0,40}$")
# Terms by which a text with the phrases of a free licence takes back what these grant.
_TAKES_BACK = re.compile(
    r"\b(?:sale|selling|resale|(?:re)?distribution|modification|commercial use|any use|use)\b(?: \w+){0,4}"
    r" (?:is|are)"
    r" (?:\w+ )?(?:forbidden|prohibited|not (?:permitted|allowed))"
    r"|\b(?:may|must|can) ?not be (?:used(?! to endorse)|sold|copied|redistributed|modified)\b"
)
_FREE = frozenset({"MIT", "ISC", "Unlicense", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause"})
# A licence file that is one of several.
_PART = re.compile(
    r"(?:licen[cs]e|copying)[-_.](?!(?:md|rst|txt)$)\w[^/]*$|(?:^|/)LICENSES/[^/]+$", re.IGNORECASE
)


def classify(text: str) -> str | None:
    """Return the SPDX identifier of a licence text (GNU ones without -only or -or-later), None if unknown."""
    plain = _plain(text)
    found = (
        (plain.index(phrases[0]), order, name)
        for order, (name, phrases) in enumerate(_PHRASES)
        if all(phrase in plain for phrase in phrases) and not _DENIED.search(plain[: plain.index(phrases[0])])
    )
    return min(found, default=(0, 0, None))[2]


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[\"“”]", "", text).lower().split())


def _with_terms(text: str) -> str | None:
    """Return the licence of a text, and that it has further terms where these take back what it grants."""
    from fairreg.schemas.licenses.texts import has_other_terms  # of archives with a licence file

    name = classify(text)
    own = re.sub(
        r"third[- ]party notices|additional terms or conditions", " ", text
    )  # words of the Apache License itself
    if name in _FREE and (has_other_terms(own) or _TAKES_BACK.search(_plain(text))):
        return f"{name} with further terms"
    return name


def licence_texts(documents: Iterable[Document]) -> list[tuple[str, str, Document]]:
    """Return (licence, expression, document) of each recognised text.

    LICENSE-MIT beside LICENSE-APACHE, COPYING beside COPYING.LESSER and the files of ``LICENSES/`` are one
    statement, whose expression names the licence of each. Commons Clause below the MIT licence is another
    licence than MIT.
    """
    found = [(name, document) for document in documents if (name := _with_terms(document.text))]
    together: defaultdict[str, set[str]] = defaultdict(set)
    for name, document in found:
        together[_folder(document.path)].add(name)
    split = {_folder(document.path) for _, document in found if _PART.search(document.path)}
    return [
        (
            name,
            " and ".join(sorted(together[folder])) if (folder := _folder(item.path)) in split else name,
            item,
        )
        for name, item in found
    ]


def _folder(path: str) -> str:
    return str(PurePosixPath(re.sub(r"(?:^|(?<=/))LICENSES/", "", path)).parent)


def same_licence(first: str, second: str) -> bool:
    """Tell whether two SPDX identifiers name one licence, ignoring case, -only and -or-later.

    Of an expression one licence is enough: a file holds the text of one among several.
    """
    one, other = _families(first), _families(second)
    return one <= other or other <= one


def _families(expression: str) -> set[str]:
    parts = re.split(r"\s+(?:and|or)\s+", re.sub(r"[()]", " ", expression).strip().lower())
    return {re.sub(r"(?:-only|-or-later|\+)$", "", part.strip()) for part in parts}
