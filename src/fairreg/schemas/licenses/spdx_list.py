# SPDX-License-Identifier: MIT
"""The SPDX list as packaged data: identifiers, names and addresses (https://spdx.org/licenses/).

``spdx.json`` is written by ``scripts/build_licenses.py``; ``aliases.toml`` holds the spellings beyond the
list. Both are read when a licence is first looked up.
"""

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

__all__ = ["Aliases", "aliases", "by_location", "by_words", "known", "list_name", "location", "words"]

# Endings of variants of one text: the licence without them is meant by its bare address.
_VARIANT = re.compile(
    r"(?:-no)?-(?:RFN|invariants)\b|-no-copyleft-exception|-Combined-Work-Exception|-(?:only|or-later)$"
)
_DROPPED = frozenset({"the", "license", "licenses", "licensed", "agreement"})


class Aliases(NamedTuple):
    """Content of ``aliases.toml``; names are `words`, model licences lead to their address."""

    names: Mapping[str, str]
    ambiguous: frozenset[str]
    addresses: Mapping[str, str]
    catalogues: tuple[str, ...]
    models: Mapping[str, str]


@cache
def aliases() -> Aliases:
    """Read the spellings beyond the SPDX list."""
    import tomllib

    stated = tomllib.loads(_packaged("aliases.toml"))
    return Aliases(
        {words(name): expression for name, expression in stated["names"].items()},
        frozenset(map(words, stated["ambiguous"]["names"])),
        stated["addresses"],
        tuple(stated["catalogues"]["hosts"]),
        {words(name): item["address"] for item in stated["models"] for name in item["names"]},
    )


def words(text: str) -> str:
    """Return the words of a name in their normal form, as ``bsd 3 clause`` or ``apache 2.0``."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("licence", "license")
    folded = re.sub(r"[\"'`*“”„‘’«»®™©]", "", folded)
    folded = re.sub(r"\b(?:version|ver|v)\.? ?(?=\d)", "", re.sub(r"[^\w.+]+", " ", folded))
    return " ".join(word for part in folded.split() if (word := part.strip("._")) not in _DROPPED and word)


def location(address: str) -> tuple[str, str] | None:
    """Return (host without www, path with query and fragment) of a web address in lower case.

    Endings such as ``.html`` are left out.
    """
    try:
        parts = urlsplit(address if "://" in address else f"https://{address}")
    except ValueError:
        return None
    path = re.sub(r"\.(?:html?|txt|json|php|md)$", "", unquote(parts.path).lower().rstrip("/"))
    query = f"?{parts.query.lower()}" if parts.query else ""
    fragment = f"#{parts.fragment.lower()}" if parts.fragment else ""
    return parts.netloc.lower().removeprefix("www."), path + query + fragment


def by_words(text: str) -> str | None:
    """Return the licence with these `words` as its name or identifier; None where several have them."""
    return _names().get(text) or aliases().names.get(text)


def by_location(host: str, path: str) -> str | None:
    """Return the licence that the list says is published there; None where it says so of several."""
    place, found = host + path, _locations()
    return found.get(place) or found.get(place.partition("#")[0])


def list_name(identifier: str) -> str | None:
    """Return the full name of an identifier of the list."""
    return _list().get(identifier, {}).get("name")


def known(text: str) -> str | None:
    """Return an identifier or expression in SPDX spelling; None without one (also for a LicenseRef-)."""
    folded = text.casefold()
    current, deprecated = _identifiers().get(folded), folded in _deprecated()
    if current is not None or "licenseref" in folded:
        return current
    if not deprecated and not re.search(r"[\s()+]", text):
        return None  # neither an expression nor an earlier identifier: the library has nothing to add
    # Most deprecated identifiers have a successor, which the library knows.
    return _parsed(text) or (
        _deprecated()[folded] if deprecated and words(text) not in aliases().names else None
    )


def _parsed(text: str) -> str | None:
    from license_expression import ExpressionError, ExpressionParseError

    try:
        parsed = _licensing().parse(text, validate=True, strict=True)
    except (ExpressionError, ExpressionParseError, AssertionError, IndexError, TypeError):
        # The library's parser raises the last three on misplaced parentheses and operators.
        return None
    written = str(parsed)
    return None if parsed is None or "LicenseRef" in written else written


def _packaged(name: str) -> str:
    return files("fairreg.schemas.licenses").joinpath(name).read_text(encoding="utf-8")


@cache
def _list() -> dict[str, dict[str, Any]]:
    licences: dict[str, dict[str, Any]] = json.loads(_packaged("spdx.json"))["licenses"]
    return licences


@cache
def _identifiers() -> dict[str, str]:
    """Return every identifier in use by its spelling in lower case."""
    return {key.casefold(): key for key, item in _list().items() if "deprecated" not in item}


@cache
def _deprecated() -> dict[str, str]:
    return {key.casefold(): key for key, item in _list().items() if "deprecated" in item}


@cache
def _licensing() -> Any:
    """Return the library's list, with the identifiers that are newer, without families for a version."""
    from license_expression import LicenseSymbol, Licensing, get_spdx_licensing

    library = get_spdx_licensing()
    symbols = list(library.known_symbols.values())
    for symbol in symbols:
        # The library takes GPL for its first version or any later one.
        versioned = re.search(r"\d", symbol.key) is not None
        symbol.aliases = tuple(name for name in symbol.aliases if not versioned or re.search(r"\d", name))
    taken = {name.casefold() for symbol in symbols for name in (symbol.key, *symbol.aliases)}
    newer = [LicenseSymbol(key) for folded, key in _identifiers().items() if folded not in taken]
    return Licensing([*symbols, *newer])


@cache
def _names() -> dict[str, str]:
    found = ((words(name), key) for key, item in _listed() for name in (key, item["name"]))
    return _unique(found)


@cache
def _locations() -> dict[str, str]:
    found = (
        (place, key)
        for key, item in _listed()
        for address in item.get("addresses", ())
        # A text among others on its page has a fragment.
        for place in _with_and_without_fragment("".join(location(address) or ()))
    )
    return _unique(found)


def _with_and_without_fragment(place: str) -> set[str]:
    return {place, place.partition("#")[0]}


def _listed() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the identifiers in use with their facts."""
    yield from ((key, item) for key, item in _list().items() if "deprecated" not in item)


def _unique(found: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the licence of each key that has one, or several variants of one."""
    grouped: defaultdict[str, set[str]] = defaultdict(set)
    for name, key in found:
        grouped[name].add(key)
    chosen = ((name, _base(keys)) for name, keys in grouped.items())
    return {name: key for name, key in chosen if key is not None}


def _base(keys: set[str]) -> str | None:
    """Return the licence of which all `keys` are variants: of GNU's, the one without later versions."""
    if len(keys) == 1:
        return next(iter(keys))
    stems = {_VARIANT.sub("", _VARIANT.sub("", key)) for key in keys}
    stem = next(iter(stems)) if len(stems) == 1 else None
    return next((key for key in (stem, f"{stem}-only") if key in keys), None)
