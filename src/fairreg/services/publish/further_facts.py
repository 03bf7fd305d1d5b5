# SPDX-License-Identifier: MIT
"""Facts of metadata files that a publication needs beyond those of their readers, and what it cannot send."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from fairreg.formats.file_facts import parsed_object
from fairreg.formats.front_matter import strict_mapping
from fairreg.schemas.json_reader import JsonNode
from fairreg.schemas.json_values import TrackedObject
from fairreg.schemas.licenses import spdx

__all__ = ["FurtherFacts", "further_facts"]

_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{1,8})*", re.IGNORECASE)  # BCP 47
_ADDRESS = re.compile(r"https?://[^\s()<>\"]+")
# Members of .zenodo.json that become fields of the record, or that the service states itself.
_SENT = frozenset(
    {
        *("title", "upload_type", "description", "creators", "license", "keywords", "version", "language"),
        *("access_right", "embargo_date", "access_conditions", "related_identifiers", "publication_date"),
        *("doi", "prereserve_doi", "$schema", "@context"),
    }
)


class FurtherFacts(NamedTuple):
    """Fields of the record by name, which count before those of the reader, and notes."""

    fields: Mapping[str, Any]
    notes: tuple[str, ...] = ()


def further_facts(name: str, text: str) -> FurtherFacts:
    """Return the further facts of a file, none for one of another kind and for one that cannot be read."""
    read = _READERS.get(name.lower())
    if read is None:
        return FurtherFacts({})
    if name.lower().endswith(".md"):
        top: Any = TrackedObject(strict_mapping(text.replace("\r\n", "\n")))
    else:
        top = parsed_object(text, name=name).value
    found = read(JsonNode(top))
    fields = {key: value for key, value in found.items() if value}
    return FurtherFacts(fields, tuple(_not_sent(name, top)) if name.lower() == ".zenodo.json" else ())


def _not_sent(name: str, top: Mapping[str, Any] | None) -> Iterator[str]:
    stated = [key for key, value in (top or {}).items() if value and key not in _SENT]
    if stated:
        yield f"{name} has {', '.join(stated)}, which fairreg does not send: add that at the service's page."


def _deposit(top: JsonNode) -> dict[str, Any]:
    return {"language": _language(top["language"]), "date_published": top["publication_date"].date}


def _codemeta(top: JsonNode) -> dict[str, Any]:
    stated = top["inLanguage"]
    places = (item[key] for item in stated.items() for key in ("identifier", "alternateName"))
    return {"language": _language(stated, *places)}


def _card(top: JsonNode) -> dict[str, Any]:
    stated: dict[str, Any] = {"language": _language(*top["language"].items())}
    name, link = top["license_name"].text, top["license_link"].text or ""
    if (top["license"].text or "").lower() == "other" and (name or link) and not spdx(name):
        address = f" ({link})" if _ADDRESS.fullmatch(link) else ""
        stated["license_stated"] = f"{name or 'other'}{address}"
    return stated


def _language(*places: JsonNode) -> str | None:
    """Return the first language tag; words such as "multilingual" are none."""
    texts = (item.text or "" for place in places for item in place.items())
    return next((text for text in texts if _LANGUAGE.fullmatch(text)), None)


_READERS: Mapping[str, Callable[[JsonNode], dict[str, Any]]] = {
    ".zenodo.json": _deposit,
    "codemeta.json": _codemeta,
    "readme.md": _card,
    "model_card.md": _card,
    "modelcard.md": _card,
}
