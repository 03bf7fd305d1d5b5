# SPDX-License-Identifier: MIT
"""Packaged catalogue: models, datasets and software of high-energy physics, usable without any network.

`records.json` is kept by hand: each identifier has evidence that a reader can open
(``scripts/check_catalogue.py`` checks it). `own.json` holds the reference weights and samples that fairreg
ships (``scripts/package_reference.py``).
"""

import hashlib
from pathlib import Path

import msgspec

from fairreg.errors import RecordError
from fairreg.schemas.record import ModelRecord

__all__ = ["digest", "records"]


def records() -> tuple[ModelRecord, ...]:
    """Return all records of the catalogue, in its order."""
    try:
        return tuple(
            record
            for document in _documents()
            for record in msgspec.json.decode(document, type=tuple[ModelRecord, ...])
        )
    except msgspec.ValidationError as error:
        raise RecordError(
            f"The packaged catalogue is damaged: {error}", hint="Install fairreg again."
        ) from error


def digest() -> str:
    """Hex SHA-256 of the packaged documents; releases with the same catalogue share it."""
    return hashlib.sha256(b"".join(_documents())).hexdigest()


def _documents() -> tuple[bytes, ...]:
    return tuple(Path(__file__).with_name(name).read_bytes() for name in ("records.json", "own.json"))
