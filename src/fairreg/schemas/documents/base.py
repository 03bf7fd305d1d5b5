# SPDX-License-Identifier: MIT
"""Base of the types of JSON documents.

The string below a field describes its key in the schema: the unit of a number, and what null means where it
may be null. The key ``schema_version`` is added where a document is printed, and where a schema is made.
"""

from msgspec import Struct

__all__ = ["DocumentPart", "Scalar"]

Scalar = str | int | float | bool | None


class DocumentPart(Struct, frozen=True, forbid_unknown_fields=True):
    """An object in a document, with these keys and no others."""
