# SPDX-License-Identifier: MIT
"""A lock as a notebook shows it."""

from collections.abc import Sequence

from fairreg.schemas.documents.changes.locks import LockDocument, LockedFile, LockedModel
from fairreg.schemas.notebook.markup import card, details, element, joined, size_text, table
from fairreg.schemas.text import counted

__all__ = ["lock_view"]

_DETAILED = 40  # models with files of their own


def lock_view(lock: LockDocument) -> str:
    """Return the pinned models, and behind a click the digests of their files."""
    columns = ("model", "identifier", "source|", "files#", "size#", "FAIR#")
    return card(
        f"Lock of {counted(len(lock.models), 'model')}",
        (f"made on {lock.locked}", f"fairreg {lock.fairreg}"),
        table(columns, lock.models, "models", row=_model, caption="Models"),
        joined(
            details(
                f"files of {item.identifier}",
                table(("file", "size#", "SHA-256"), item.files, "files", row=_file),
            )
            for item in lock.models[:_DETAILED]
        ),
    )


def _model(item: LockedModel) -> Sequence[object]:
    score = item.scores.overall
    size = size_text(sum(file.size for file in item.files))
    name = item.metadata.get("name", item.identifier)
    return name, item.identifier, item.source, f"{len(item.files):,}", size, _percent(score)


def _percent(score: float | None) -> str:
    return "not known" if score is None else f"{score:.0%}"


def _file(item: LockedFile) -> Sequence[object]:
    return item.name, size_text(item.size), element("code", item.sha256)
