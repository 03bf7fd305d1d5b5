# SPDX-License-Identifier: MIT
"""DOIs that the files of a folder call it by, in the places that an identifier is written to."""

from collections.abc import Callable, Mapping
from pathlib import Path

from fairreg.errors import ModelError
from fairreg.schemas.identifiers import normalise_doi
from fairreg.services.publish.identifier.json_files import JSON_READERS
from fairreg.services.publish.identifier.onnx_file import stated_identifiers
from fairreg.services.publish.identifier.project_files import LARGEST_TEXT, text_of
from fairreg.services.publish.identifier.text_files import TEXT_READERS
from fairreg.storage.files import unreadable

__all__ = ["stated_dois"]

_READERS: Mapping[str, Callable[[str], list[object]]] = {**TEXT_READERS, **JSON_READERS}


def stated_dois(folder: Path, names: tuple[str, ...]) -> dict[str, frozenset[str]]:
    """Return the DOIs of each of the files `names` that has any, in lower case.

    Those of a text below the folder are left out: it may be about another object.
    """
    found = {name: frozenset(filter(None, map(_doi, _values(folder, name)))) for name in names}
    return {name: dois for name, dois in found.items() if dois}


def _values(folder: Path, name: str) -> list[object]:
    read = _READERS.get(name.lower())
    try:
        if name.lower().endswith(".onnx"):
            with unreadable(name):
                return [*stated_identifiers(folder / name)]
        text = text_of(folder / name, LARGEST_TEXT) if read is not None else None
        return read(text) if read is not None and text is not None else []
    except (ValueError, RecursionError, ModelError):
        return []  # whoever writes the identifier says what is wrong with the file


def _doi(value: object) -> str | None:
    return normalise_doi(value) if isinstance(value, str) else None
