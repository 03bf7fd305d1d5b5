# SPDX-License-Identifier: MIT
"""Metadata formats: a record to a document, and back where the format can be read. Each module is one format.

`base` states what such a module defines, `file_facts` the content of formats that hold no whole record.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from fairreg import plugins
from fairreg.errors import UsageError

if TYPE_CHECKING:  # the command line lists the names at its start and needs no record for that
    from fairreg.formats.base import Format, Reading, RecordFormat
    from fairreg.schemas.record import ModelRecord

__all__ = ["NOT_PLUGINS", "all_formats", "get", "names", "read_linked_data", "read_record"]

_ROOM = "fairreg.formats"
_TEXT = "text"
# Modules shared by the formats.
NOT_PLUGINS = frozenset(
    {
        "base",
        "contents",
        "crates",
        "creator_names",
        "datacite_kernel",
        "dialects",
        "file_facts",
        "front_matter",
        "license_files",
        "linked_data",
        "model_index",
        "markdown",
        "plain_yaml",
        "rdf_xml",
        "related",
        "repository_files",
        "requirements",
    }
)


def names() -> tuple[str, ...]:
    """Names of the formats, sorted, without importing them."""
    return tuple(sorted(_modules()))


def get(name: str) -> "Format":
    """Return the format called `name`; UsageError lists the known names, PluginError what one lacks."""
    module = _modules().get(name)
    if module is None:
        raise UsageError(f"There is no format {name!r}.", hint=f"Formats: {', '.join(names())}.")
    from fairreg.formats.base import Format  # listing the names needs no contract

    return cast("Format", plugins.load_complete(_ROOM, module, Format))


def all_formats() -> "tuple[Format, ...]":
    """Every format, built-in or from an outside plugin, by name."""
    return tuple(get(name) for name in names())


def read_record(document: str | bytes, *, name: str = "the document") -> "Reading[ModelRecord]":
    """Read a document in the first format that recognises it; RecordError states what is wrong with it."""
    fitting = (item for item in _record_formats() if item.recognises(document))
    # A document that no format recognises is rejected as JSON, the most common format.
    chosen = next(fitting, None) or cast("RecordFormat", get("json"))
    return chosen.read(document, name=name)


def read_linked_data(parsed: object, *, name: str = "the document") -> "Reading[ModelRecord]":
    """Read the record in parsed JSON-LD, of fairreg or another tool. Raises RecordError."""
    from fairreg.formats.jsonld import read_parsed

    return read_parsed(parsed, name=name)


# The formats in which whole records are kept most. They are asked first, so that others are seldom imported.
_COMMON = ("json", "jsonld")


def _record_formats() -> "Iterator[RecordFormat]":
    for name in (*_COMMON, *(name for name in names() if name not in _COMMON)):
        item = get(name)
        if hasattr(item, "recognises"):
            yield cast("RecordFormat", item)


def _modules() -> dict[str, str]:
    """Module of each format by the format's name. Raises PluginError for a package that takes `_TEXT`."""
    taken = plugins.outside(_ROOM, _TEXT)
    if taken is not None:
        raise plugins.refusal(taken, "that is the name of a record's view at a terminal")
    return {_name_of(module): module for module in plugins.names(_ROOM, skip=NOT_PLUGINS)}


def _name_of(module: str) -> str:
    """Return the name of a module's format: hyphens for underscores, a dot between two digits.

    >>> _name_of("model_card"), _name_of("ro_crate_1_2")
    ('model-card', 'ro-crate-1.2')
    """
    return re.sub(r"(?<=\d)_(?=\d)", ".", module).replace("_", "-")
