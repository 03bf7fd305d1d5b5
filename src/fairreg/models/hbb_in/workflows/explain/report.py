# SPDX-License-Identifier: MIT
"""All analyses of a folder as one HTML file, by the template ``report.html``."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairreg import pages
from fairreg.errors import ModelError, UsageError
from fairreg.storage.files import replacing

__all__ = ["ORDER", "write_report"]

ORDER = ("mask", "lrp", "activity", "reoptimise")
_LONG = 12  # rows, beyond which a table is folded

Document = Mapping[str, Any]


def write_report(folder: Path, path: Path) -> None:
    """Write one page on all analyses, from their documents in `folder`.

    Raises UsageError if there are none, ModelError if one is damaged or the page cannot be written.
    """
    found = [(name, folder / f"{name}.json") for name in ORDER]
    documents = [_read(file) for _, file in found if file.is_file()]
    if not documents:
        raise UsageError(
            f"{folder} contains no analysis.", hint="Run fairreg hbb explain mask --output first."
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as draft:
            draft.write_text(_page(documents, folder), encoding="utf-8")
    except OSError as error:
        raise ModelError(f"{path.name} cannot be written: {error.strerror or error}.") from error
    except (LookupError, TypeError, AttributeError) as error:
        raise ModelError(
            f"A document in {folder} is not an analysis by fairreg.", hint="Repeat the analyses."
        ) from error


def _read(file: Path) -> Document:
    try:
        document: Document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{file.name} cannot be read.", hint="Repeat the analysis.") from error
    return document


@dataclass(frozen=True)
class FactTable:
    """Single values by name, as text."""

    title: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class FigureImage:
    """A figure; `png` is the picture in base64, None where its `file` is not in the folder."""

    caption: str
    file: str
    png: str | None


@dataclass(frozen=True)
class NumberTable:
    """Rows of cells as text; `numeric` marks the columns of numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]

    @property
    def long(self) -> bool:
        """True for a table that is initially folded."""
        return len(self.rows) > _LONG


@dataclass(frozen=True)
class ReportSection:
    """One analysis on the page."""

    name: str
    title: str
    warnings: tuple[str, ...]
    facts: tuple[FactTable, ...]
    figures: tuple[FigureImage, ...]
    tables: tuple[NumberTable, ...]


def _page(documents: list[Document], folder: Path) -> str:
    return pages.render(
        "fairreg.models.hbb_in.workflows.explain",
        "report.html",
        title=f"Explanations of {documents[0]['model']['file']}",
        several=len({item["model"]["fingerprint"] for item in documents}) > 1,
        sections=[_section(item, folder) for item in documents],
    )


def _section(document: Document, folder: Path) -> ReportSection:
    facts = (
        _facts("Network", document["model"]),
        _facts("Jets", document["input"]),
        _facts("Settings and results", document["facts"]),
        _facts("Versions", document["versions"]),
    )
    return ReportSection(
        name=document["analysis"],
        title=document["title"],
        warnings=tuple(document["warnings"]),
        facts=facts,
        figures=tuple(_figure(figure, folder) for figure in document["figures"]),
        tables=tuple(map(_table, document["tables"])),
    )


def _facts(title: str, values: Mapping[str, Any]) -> FactTable:
    return FactTable(title, tuple((_spaced(name), _shown(value)) for name, value in values.items()))


def _figure(figure: Mapping[str, str], folder: Path) -> FigureImage:
    image = folder / f"{Path(figure['name']).name}.png"
    content = base64.b64encode(image.read_bytes()).decode("ascii") if image.is_file() else None
    return FigureImage(figure["caption"], image.name, content)


def _table(table: Mapping[str, Any]) -> NumberTable:
    columns = tuple(map(_spaced, table["columns"]))
    cells = [[row[number] for row in table["rows"]] for number in range(len(columns))]
    numeric = tuple(any(isinstance(cell, int | float) for cell in column) for column in cells)
    return NumberTable(
        table["title"], columns, tuple(tuple(map(_shown, row)) for row in table["rows"]), numeric
    )


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def _shown(value: Any) -> str:
    """Format a value for people: numbers to five digits, lists with commas."""
    if value is None or value == []:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.5g}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
