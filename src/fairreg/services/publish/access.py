# SPDX-License-Identifier: MIT
"""Access that the files of a folder state, and statements of it that are not understood.

What is published once is public for ever, so a file that may restrict the access counts also where it is not
published itself, and one that cannot be read is a fault.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from fairreg.errors import FairregError, RecordError
from fairreg.formats import codemeta, fair4ml, jsonld
from fairreg.formats.crates.data import DESCRIPTOR
from fairreg.formats.front_matter import front_matter
from fairreg.publish.base import FieldFault
from fairreg.schemas.record import Access, ModelRecord
from fairreg.storage.files import unreadable

__all__ = [
    "access_faults",
    "access_files",
    "access_words",
    "crate_access",
    "gated_cards",
    "strictest",
    "unlicensed",
    "words_elsewhere",
]

_ZENODO = ".zenodo.json"
_NAMES = frozenset({_ZENODO, fair4ml.FILE_NAME, "fair4ml.json", codemeta.FILE_NAME, DESCRIPTOR})
_METADATA = frozenset({".json", ".jsonld", ".xml", ".yaml", ".yml"})
_LARGEST_TEXT = 1 << 20
# Terms of OpenAIRE and COAR for access that is not open, in any vocabulary's spelling.
_TERM = re.compile(
    r"info:eu-repo/semantics/(?:closed|restricted|embargoed)Access"
    r"|purl\.org/coar/access_right/(?:c_16ec|c_f1cf|c_14cb)"
)
_STRICTNESS = {"open": 0, "embargoed": 1, "gated": 2, "restricted": 2, "closed": 3}
_LEVELS = ("closed", "embargoed", "open", "restricted")
# Members that belong to `access_right`, and that of the records of InvenioRDM.
_BESIDE_LEVEL = ("access", "access_conditions", "embargo_date")
# Cards at the top and in the usual folders of weights, and keys of their front matter for gated models
# (hub-docs, "Gated models").
_CARD = re.compile(r"(?:(?:models?|weights|checkpoints)/)?(?:readme|model_card|modelcard)\.md", re.IGNORECASE)
_GATE = re.compile(
    r"^[\"']?(?P<key>extra_gated_\w+|gated)[\"']?[ \t]*:(?![ \t]*(?:[\"']?(?:false|no|off|null|none)\b|~|$))",
    re.MULTILINE | re.IGNORECASE,
)
# Properties of schema.org that restrict the access without a level that a service knows.
_IN_WORDS = ("conditionsOfAccess", "isAccessibleForFree")


def access_files(folder: Path) -> tuple[str, ...]:
    """Return the files of a folder that may restrict the access. Raises FairregError for a link."""
    found = sorted(path for path in folder.iterdir() if path.name.lower() in _NAMES)
    for path in found:
        if path.is_symlink():
            raise FairregError(
                f"{path.name} may restrict the access, and is a link, which is not followed.",
                hint="Replace the link by the file.",
            )
    return tuple(path.name for path in found if path.is_file())


def crate_access(texts: Mapping[str, str]) -> dict[str, Access | None]:
    """Return the access that RO-Crates among files state of their root; one that cannot be read is left out.

    A crate has no other fields for a publication: its files are those of the folder.
    """
    found = {}
    for name in (name for name in texts if name.lower() == DESCRIPTOR):
        try:
            read = jsonld.read_parsed(json.loads(texts[name]), name=name, place="folder:.")
        except (RecordError, ValueError, RecursionError):
            continue
        found[name] = read.understood.access
    return found


def strictest(stated: Iterable[Access | None]) -> Access | None:
    """Return the access that opens the least, of equals the first: what one file closes, none opens."""
    return max((item for item in stated if item is not None), key=_strictness, default=None)


def _strictness(access: Access) -> tuple[int, str]:
    return _STRICTNESS[access.level], access.until or "without end"


def words_elsewhere(folder: Path) -> tuple[FieldFault, ...]:
    """Return a fault for each other file of metadata that names an access which is not open.

    Such files, as those of DataCite, state the access of a record that was made of them before.
    """
    listed = (path for path in folder.iterdir() if path.suffix.lower() in _METADATA and not path.is_symlink())
    files = sorted(path for path in listed if path.name.lower() not in _NAMES and path.is_file())
    found = []
    for path in files:
        with unreadable(path.name), path.open("rb") as file:
            word = _TERM.search(file.read(_LARGEST_TEXT).decode("utf-8", "replace"))
        if word is not None:
            found.append(_fault(f"{path.name} has {word[0]}; state access_right in {_ZENODO}, such as open"))
    return tuple(found)


def gated_cards(folder: Path, names: Iterable[str], access: Access | None) -> tuple[FieldFault, ...]:
    """Return a fault for each card that asks for something before its files are given, as the Hub shows it.

    Cards count also where they are not published; .zenodo.json may open the files all the same.
    """
    has_level = (folder / _ZENODO).is_file() and "access_right" in _text(folder / _ZENODO)
    if has_level or (access is not None and access.level != "open"):
        return ()
    listed = {path.name for path in folder.iterdir() if path.is_file() and not path.is_symlink()}
    cards = sorted(name for name in {*names, *listed} if _CARD.fullmatch(name))
    asked = {name: _GATE.search(front_matter(_text(folder / name)) or "") for name in cards}
    return tuple(
        _fault(f"{name} has {found['key']}, so its files are not open; state access_right in {_ZENODO}")
        for name, found in asked.items()
        if found is not None
    )


def _text(path: Path) -> str:
    with unreadable(path.name), path.open("rb") as file:
        return file.read(_LARGEST_TEXT).decode("utf-8-sig", "replace").replace("\r\n", "\n")


def access_faults(
    texts: Mapping[str, str], understood: Mapping[str, Access | None]
) -> tuple[FieldFault, ...]:
    """Return a fault for each file whose access is not understood; `understood` has that of the readable."""
    documents: dict[str, Any] = {}
    found = []
    for name, text in texts.items():
        try:
            documents[name] = json.loads(text)
        except (ValueError, RecursionError):
            documents[name] = None
        if not isinstance(documents[name], dict) or name not in understood:
            found.append(_fault(f"{name} cannot be read, and may restrict the access; correct or remove it"))
            del documents[name]
    stated = {
        name: document["access_right"]
        for name, document in documents.items()
        if name.lower() == _ZENODO and "access_right" in document
    }
    for name, level in stated.items():
        if level not in _LEVELS:
            known = ", ".join(_LEVELS)
            found.append(_fault(f"{name} has an access_right that is not known; known are {known}"))
    found += _without_level(documents)
    found += _without_end(understood)
    if not stated and all(access is None for access in understood.values()):
        found += _told_in_words(documents)
    return tuple(found)


def access_words(access: Access | None) -> str:
    """Return the access to the files in words: "embargoed until 2030-01-01"."""
    if access is None or access.level == "open":
        return "public"
    until = f" until {access.until[:10]}" if access.level == "embargoed" and access.until else ""
    return f"{access.level}{until}"


def _without_level(documents: Mapping[str, Any]) -> Iterator[FieldFault]:
    """Yield a fault for a .zenodo.json that restricts the access in another shape than the flat one."""
    for name, document in documents.items():
        nested = document.get("metadata")
        inner = nested if isinstance(nested, dict) else {}
        other = [key for key in _BESIDE_LEVEL if key in document]
        other += [f"metadata.{key}" for key in ("access_right", *_BESIDE_LEVEL) if key in inner]
        if name.lower() == _ZENODO and other and "access_right" not in document:
            yield _fault(f"{name} has {other[0]} without access_right at the top of the file")


def _without_end(understood: Mapping[str, Access | None]) -> Iterator[FieldFault]:
    """Yield a fault for an embargo without the day of its end, which another file may state."""
    ends = {
        name: _is_day(item.until) for name, item in understood.items() if item and item.level == "embargoed"
    }
    for name, has_end in ends.items():
        if not has_end and (name.lower() == _ZENODO or not any(ends.values())):
            yield _fault(f"{name} has an embargo without the day of its end, such as embargo_date 2030-01-31")


def _is_day(text: str | None) -> bool:
    try:
        return bool(date.fromisoformat((text or "")[:10]))
    except ValueError:
        return False


def _told_in_words(documents: Mapping[str, Any]) -> Iterator[FieldFault]:
    for name, document in documents.items():
        graph = document.get("@graph")
        nodes = [document, *(graph if isinstance(graph, list) else ())]
        stated = {
            key.rpartition(":")[2].rpartition("/")[2]: value
            for node in nodes
            if isinstance(node, dict)
            for key, value in node.items()
        }
        free = stated.get("isAccessibleForFree")
        if free is not True and any(word in stated for word in _IN_WORDS):
            yield _fault(f"{name} states the access in words; state access_right in {_ZENODO}, such as open")


def _fault(message: str) -> FieldFault:
    return FieldFault("access", message)


def unlicensed(record: ModelRecord) -> tuple[str, ...]:
    """Return a sentence on a record that everybody may see, and nobody may use: no file states a licence."""
    is_public = record.access is None or record.access.level == "open"
    if record.license or record.license_stated or not is_public:
        return ()
    todo = "State one in CITATION.cff, or in facts.toml of a project, and put its text into LICENSE"
    return (f"No file states a licence, so nobody may use what is published. {todo}.",)
