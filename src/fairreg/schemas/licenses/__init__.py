# SPDX-License-Identifier: MIT
"""Licences in the spellings of repositories, as SPDX expressions.

Identifiers, names and addresses are those of the packaged SPDX list, expressions are read by the
license-expression library. ``aliases.toml`` adds common short names, the identifiers that Zenodo used before
2023 (opendefinition.org's) and those of the Hugging Face Hub. A family without a version is not a licence.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from fairreg.schemas.text import one_line

__all__ = ["agreed", "all_of", "in_words", "is_listed", "joined", "of_one", "spdx", "with_address"]

_LONGEST = 200
# The library takes these families for their first version.
_UNVERSIONED = frozenset({"gpl", "lgpl", "agpl", "gnu", "bsd", "gfdl"})
_LINK = re.compile(r"\[([^\]]*)\]\(\s*(\S+?)\s*\)")  # Markdown
_ADDRESS = re.compile(r"[(<\[]?\s*(?:see:? )?(https?://[^\s<>()\[\]]+)\s*[)>\]]?", re.IGNORECASE)


def spdx(*stated: str | None) -> str | None:
    """Return the SPDX expression of the first recognised of `stated`; None where none is recognised.

    Each may be an identifier, an expression, a name or an address. ``other-open`` and ``notspecified`` are
    not recognised.

    >>> spdx("GNU Lesser General Public License v2.1 or later")
    'LGPL-2.1-or-later'
    """
    return next((found for text in stated if text and (found := _one(one_line(text)))), None)


def agreed(*stated: str) -> str | None:
    """Return the licence of one thing with several names and addresses; None where they contradict.

    A name that is not recognised must be part of the licence's own: ``Creative Commons`` beside an address.

    >>> agreed("MIT", "https://creativecommons.org/licenses/by-nc/4.0/")
    """
    read = {text: spdx(text) for text in stated}
    found = {licence for licence in read.values() if licence}
    # GNU's licences have one address for both: "only" is not stated by it.
    of_pages = {licence for text, licence in read.items() if licence and "/" in text}
    found -= {item for item in of_pages if f"{item.removesuffix('-only')}-or-later" in found}
    licence = found.pop() if len(found) == 1 else None
    return licence if licence and _contradiction(licence, stated) is None else None


def _contradiction(licence: str, texts: Iterable[str]) -> str | None:
    """Return the first of the texts that is not recognised and has other terms than the licence."""
    from fairreg.schemas.licenses.addresses import is_port
    from fairreg.schemas.licenses.names import is_part_of_name

    for text in texts:
        if spdx(text):
            continue
        name = _ADDRESS.sub(" ", text).strip()
        # One word with such signs is an address, a reference or a file of the repository.
        is_name = " " in name or not re.search(r"[:/]|^#", name)
        says_more = is_name and not is_part_of_name(name, licence) and not _have_no_terms([name], [licence])
        if says_more or is_port(text):
            return text
    return None


def of_one(*stated: str | None) -> tuple[str | None, str | None]:
    """Return (SPDX expression, None) of one licence by all its names and addresses, else (None, its words).

    Names and addresses that contradict each other are no licence: both are said, and that they disagree.

    >>> of_one("MIT", "https://creativecommons.org/licenses/by/4.0/")
    (None, 'MIT, contradicted by https://creativecommons.org/licenses/by/4.0/')
    """
    texts = list(dict.fromkeys(one_line(text) for text in stated if text and text.strip()))
    if not texts:
        return None, None
    licence = agreed(*(text for text in texts if not _is_notice(text, texts)))
    if licence:
        return licence, None
    first = next((text for text in texts if spdx(text)), None)
    other = next((text for text in texts if first and spdx(text) not in {None, spdx(first)}), None)
    if other is None and first == texts[0]:
        # The known name alone would be read as the licence again.
        other = _contradiction(spdx(first) or "", texts)
    if other:
        return None, f"{first}, contradicted by {other}"
    address = next((text for text in texts[1:] if "://" in text), None)
    return None, f"{texts[0]} ({address})" if address else with_address(texts[0])


def _is_notice(text: str, texts: list[str]) -> bool:
    """Tell whether `text` is a notice that names the licence of the others, without terms of its own."""
    from fairreg.schemas.licenses.spdx_list import list_name, words
    from fairreg.schemas.licenses.texts import has_other_terms

    if spdx(text) or "://" in text:
        return False
    licence = agreed(*(other for other in texts if other != text))
    names = (words(licence), words(list_name(licence) or "")) if licence else ()
    return any(name and f" {name} " in f" {words(text)} " for name in names) and not has_other_terms(text)


def is_listed(identifier: str) -> bool:
    """Tell whether the SPDX list has an identifier, which therefore has an address there.

    >>> is_listed("MIT"), is_listed("LicenseRef-Foo")
    (True, False)
    """
    from fairreg.schemas.licenses.spdx_list import list_name

    return list_name(identifier) is not None


def joined(expressions: Iterable[str]) -> str | None:
    """Join `expressions` with AND, each once: where a source names several licences, all apply."""
    unique = sorted(set(expressions))
    parts = [f"({part})" if " OR " in part and len(unique) > 1 else part for part in unique]
    return " AND ".join(parts) or None


def all_of(each: Iterable[tuple[str | None, str | None]]) -> tuple[str | None, str | None]:
    """Return (SPDX expression, None) of one thing under several licences, else (None, the words of all).

    Each comes as `of_one` returns it. An expression would hide a licence that is not recognised, so beside
    one there is none. Statements that are no licences (on access, a notice of copyright, the name of a
    recognised one without its version) are words beside an expression.

    >>> all_of([("MIT", None), (None, "Non-commercial use only")])
    (None, 'MIT; Non-commercial use only')
    >>> all_of([("MIT", None), (None, "info:eu-repo/semantics/openAccess")])
    ('MIT', 'info:eu-repo/semantics/openAccess')
    """
    stated = list(dict.fromkeys(pair for pair in each if any(pair)))
    known = [licence for licence, _ in stated if licence]
    words = [text for licence, text in stated if text and not licence]
    if known and (not words or _have_no_terms(words, known)):
        return joined(known), "; ".join(words) or None
    return None, "; ".join(licence or text or "" for licence, text in stated) or None


def in_words(license_id: str | None, stated: str | None) -> str | None:
    """Return a record's licence to show: its expression, and what is stated beside it with other words.

    >>> in_words("MIT", "MIT License"), in_words("MIT", "(c) 2020 CERN")
    ('MIT', 'MIT; stated beside it: (c) 2020 CERN')
    """
    if not license_id or not stated:
        return license_id or stated
    return license_id if spdx(stated) == license_id else f"{license_id}; stated beside it: {stated}"


def _have_no_terms(words: list[str], known: list[str]) -> bool:
    from fairreg.schemas.licenses.statements import is_no_licence

    return all(is_no_licence(text, known) for text in words)


def with_address(stated: str) -> str:
    """Return a licence that SPDX does not list as it is stated, with the address of its text where known.

    >>> with_address("gemma")
    'gemma (https://ai.google.dev/gemma/terms)'
    """
    from fairreg.schemas.licenses.spdx_list import aliases, words

    address = aliases().models.get(words(stated)) if len(stated) <= _LONGEST else None
    return f"{stated} ({address})" if address else stated


# The readers are imported where a licence is read: most commands read none.
@lru_cache(maxsize=4096)
def _one(text: str) -> str | None:
    from fairreg.schemas.licenses.addresses import is_address
    from fairreg.schemas.licenses.names import of_name
    from fairreg.schemas.licenses.spdx_list import known

    if len(text) > _LONGEST:
        return None
    bare = text.strip(" <>\"'")
    if is_address(bare):
        return _at(bare)
    link = _LINK.fullmatch(bare)
    if link:
        return _agreed(link[1], link[2])
    address = _ADDRESS.search(bare)
    if address:
        return _agreed((bare[: address.start()] + " " + bare[address.end() :]).strip(" :,;."), address[1])
    if bare.lower() in _UNVERSIONED:
        return None
    return known(bare) or of_name(bare)


def _at(address: str) -> str | None:
    from fairreg.schemas.licenses.addresses import is_address, name_in_catalogue, of_address

    name = name_in_catalogue(address)
    found = of_address(address)
    return found or (_one(name) if name and not is_address(name) else None)


def _agreed(name: str, address: str) -> str | None:
    """Return the licence of a name with an address, which must not contradict each other."""
    from fairreg.schemas.licenses.addresses import is_address, is_port

    named, published = _one(name) if name and not is_address(name) else None, _at(address)
    if named and (published or is_port(address)):
        return named if named == published else None
    return named
