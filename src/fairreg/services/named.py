# SPDX-License-Identifier: MIT
"""Objects of the functions of the Python API: an identifier, or a result that carries one."""

from pathlib import Path
from typing import Protocol

from fairreg.errors import UsageError

__all__ = ["Named", "identifier_of", "model_of"]


class _WithIdentifier(Protocol):
    @property
    def identifier(self) -> str: ...


class _WithId(Protocol):
    @property
    def id(self) -> str: ...


class _WithRecord(Protocol):
    @property
    def record(self) -> _WithIdentifier: ...


class _WithEntry(Protocol):
    @property
    def entry(self) -> _WithIdentifier: ...


# An identifier in any spelling; a record, an entry, a row of a search, an assessment, or a report on one.
Named = str | _WithIdentifier | _WithId | _WithRecord | _WithEntry


def identifier_of(named: object) -> str:
    """Return the identifier that is meant. Raises UsageError for what carries none."""
    if isinstance(named, str):
        return named
    for carrier in (named, getattr(named, "record", None), getattr(named, "entry", None)):
        for name in ("identifier", "id"):
            if isinstance(found := getattr(carrier, name, None), str):
                return found
    raise UsageError(
        f"{type(named).__name__} is neither an identifier nor a result that carries one.",
        hint="Give a text such as '10.5281/zenodo.7305227', or a record or a row of a search.",
    )


def model_of(named: object) -> str:
    """Return the path or the identifier of a model as a text. Raises UsageError as `identifier_of`."""
    return str(named) if isinstance(named, Path) else identifier_of(named)
