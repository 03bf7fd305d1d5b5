# SPDX-License-Identifier: MIT
"""Document of ``new``."""

from typing import Any

from fairreg.schemas.documents.base import DocumentPart

__all__ = ["NewDocument"]


class LeftFile(DocumentPart, frozen=True):
    """File that was not written."""

    file: str
    """Path in the project."""
    reason: str
    """Reason, in words."""


class NewDocument(DocumentPart, frozen=True):
    """Project that was made, completed or written again."""

    folder: str
    """Folder of the project."""
    written: list[str]
    """Paths of the written files in it."""
    left: list[LeftFile]
    """Files that were not written."""
    answers: dict[str, Any] | None
    """Answers by question; null with --refresh, which asks nothing."""
