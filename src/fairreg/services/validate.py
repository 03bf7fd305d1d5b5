# SPDX-License-Identifier: MIT
"""The verb ``validate``: a file with a record, or a CITATION.cff, against the rules of its kind."""

from pathlib import Path
from typing import NamedTuple

from fairreg.schemas.validation import RECORD_FILES, CheckedDocument, Violation, check, parse_json

__all__ = ["CheckedFile", "validate"]


class CheckedFile(NamedTuple):
    """Kind that a file was taken for, and what was found: `found.violations` is empty for a valid one."""

    kind: str
    found: CheckedDocument

    @property
    def is_valid(self) -> bool:
        """Tell whether the file has no fault."""
        return not self.found.violations


def validate(file: Path) -> CheckedFile:
    """Check a record in JSON or JSON-LD of any tool, or by its suffix a citation file.

    Raises RecordError for what is no JSON, and OSError.
    """
    content = file.read_bytes()
    if file.suffix.lower() != ".cff":
        return CheckedFile("record", check(parse_json(content, name=file.name, hint=RECORD_FILES)))
    from fairreg.formats import cff  # whose reader of YAML is slow to import

    reading = cff.read(content, name=file.name)
    fault = reading.understood.fault
    found = [("$", fault)] if fault else cff.violations(content.decode("utf-8", "replace"))
    listed = tuple(Violation(path, message) for path, message in found)
    return CheckedFile("citation file (CFF 1.2.0)", CheckedDocument(listed, reading.left_out))
