# SPDX-License-Identifier: MIT
"""All analyses of a folder as one HTML file, by the template ``report.html``."""

import base64
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairreg import pages
from fairreg.errors import ModelError, UsageError
from fairreg.models.common.uncertainties import with_uncertainty
from fairreg.models.hbb_in.explain.plots import style
from fairreg.models.hbb_in.features import TRACK_FEATURES, VERTEX_FEATURES
from fairreg.models.hbb_in.network import CLASSES
from fairreg.models.hbb_in.workflows.explain.subject import PACKAGED
from fairreg.models.hbb_in.workflows.explain.words import (
    Introduction,
    class_words,
    column_words,
    fact_words,
    feature_words,
    introduction,
)
from fairreg.storage.files import replacing

__all__ = ["ORDER", "write_report"]

ORDER = ("mask", "lrp", "activity", "reoptimise")
_LONG = 12  # rows, beyond which a table is folded
_BROAD = 12  # columns, beyond which it is not printed

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
class Label:
    """Words for people, and the name that documents and code use; None where it says the same."""

    words: str
    raw: str | None = None


@dataclass(frozen=True)
class Fact:
    """A single value by its name, as text."""

    name: Label
    value: str


@dataclass(frozen=True)
class FactTable:
    """Single values under a title."""

    title: str
    rows: tuple[Fact, ...]


@dataclass(frozen=True)
class FigureImage:
    """A figure; `png` is the picture in base64, None where its `file` is not in the folder.

    `width` is that of the picture in dots.
    """

    caption: str
    file: str
    png: str | None
    width: int = 0

    @property
    def least(self) -> int:
        """Width in pixels below which the words in it are too small to read."""
        return math.ceil(_SMALLEST / _TEXT * self.width)

    @property
    def most(self) -> int:
        """Width in pixels at which its words are as large as those of the page."""
        return round(_USUAL / _TEXT * self.width)


@dataclass(frozen=True)
class NumberTable:
    """Rows of cells, as in the CSV `file`; `numeric` marks the columns of numbers."""

    title: str
    file: str
    columns: tuple[Label, ...]
    rows: tuple[tuple[Label, ...], ...]
    numeric: tuple[bool, ...]

    @property
    def long(self) -> bool:
        """True for a table that is initially folded."""
        return len(self.rows) > _LONG

    @property
    def broad(self) -> bool:
        """True for a table that no paper is wide enough for."""
        return len(self.columns) > _BROAD


@dataclass(frozen=True)
class ReportSection:
    """One analysis on the page."""

    name: str
    title: str
    introduction: Introduction | None
    warnings: tuple[str, ...]
    facts: FactTable
    subject: tuple[FactTable, ...]
    figures: tuple[FigureImage, ...]
    tables: tuple[NumberTable, ...]


def _page(documents: list[Document], folder: Path) -> str:
    return pages.render(
        "fairreg.models.hbb_in.workflows.explain",
        "report.html",
        title=f"Explanations of {documents[0]['model']['file']}",
        several=len({item["model"]["fingerprint"] for item in documents}) > 1,
        simulated=any(item["input"]["source"] == PACKAGED for item in documents),
        subjects=list(dict.fromkeys(map(_subject, documents))),
        sections=[_section(item, folder) for item in documents],
        glossary=_GLOSSARY,
    )


def _subject(document: Document) -> str:
    """Input and settings of an analysis, in one line."""
    model, jets = document["model"], document["input"]
    counts = ", ".join(f"{jets[name]:,} {class_words(name)}" for name in CLASSES)
    return (
        f"{model['file']} ({model['parameters']:,} parameters) on {jets['items']:,} jets ({counts}): "
        f"{jets['source']}"
    )


def _section(document: Document, folder: Path) -> ReportSection:
    return ReportSection(
        name=document["analysis"],
        title=document["title"],
        introduction=introduction(document["analysis"]),
        warnings=tuple(document["warnings"]),
        facts=_facts("Results and settings", document["facts"]),
        subject=tuple(
            _facts(title, document[name])
            for title, name in (("Network", "model"), ("Jets", "input"), ("Versions", "versions"))
        ),
        figures=tuple(_figure(figure, folder) for figure in document["figures"]),
        tables=tuple(map(_table, document["tables"])),
    )


def _facts(title: str, values: Mapping[str, Any]) -> FactTable:
    rows = []
    for name, value in values.items():
        if name.removesuffix(_ERROR) in values and name.endswith(_ERROR):
            continue  # told with its value
        error = values.get(name + _ERROR)
        text = with_uncertainty(value, error) if isinstance(error, float) else _shown(value)
        rows.append(Fact(_label(fact_words(name), name), text))
    return FactTable(title, tuple(rows))


def _label(words: str, raw: str) -> Label:
    return Label(words, None if words.casefold() == raw.casefold() else raw)


def _figure(figure: Mapping[str, str], folder: Path) -> FigureImage:
    image = folder / f"{Path(figure['name']).name}.png"
    if not image.is_file():
        return FigureImage(figure["caption"], image.name, None)
    content = image.read_bytes()
    width = int.from_bytes(content[_PNG_WIDTH], "big")
    return FigureImage(figure["caption"], image.name, base64.b64encode(content).decode("ascii"), width)


_PNG_WIDTH = slice(16, 20)  # of the header chunk, the first of every PNG file
_SMALLEST, _USUAL = 11, 16  # pixels of legible text, and of the page's
_TEXT = style.TEXT_POINTS / 72 * style.DOTS_PER_INCH  # dots


def _table(table: Mapping[str, Any]) -> NumberTable:
    """Lay out a table for people: an uncertainty goes into the column of its value."""
    names, rows = table["columns"], table["rows"]
    errors = {name: error for name in names if (error := _error_of(name)) in names}
    kept = [name for name in names if name not in errors.values()]
    places = {name: place for place, name in enumerate(names)}
    cells = [[row[places[name]] for row in rows] for name in kept]
    numeric = tuple(any(isinstance(cell, int | float) for cell in column) for column in cells)
    return NumberTable(
        table["title"],
        f"{table['name']}.csv",
        tuple(_label(column_words(name), name) for name in kept),
        tuple(tuple(_cell(row, name, errors.get(name), places) for name in kept) for row in rows),
        numeric,
    )


_ERROR = "_uncertainty"
_NAMING = {"feature", "one", "other", "class"}  # columns with the name of a feature or class in each cell


def _error_of(name: str) -> str:
    """Name of the column with the uncertainties of a column, if there is one."""
    return (name.removesuffix("_mean") if name.endswith("_mean") else name) + _ERROR


def _cell(row: Sequence[Any], name: str, error: str | None, places: Mapping[str, int]) -> Label:
    value = row[places[name]]
    if error is not None and isinstance(value, int | float):
        return Label(with_uncertainty(value, row[places[error]]))
    words = (feature_words(value) or class_words(value)) if name in _NAMING else None
    return Label(_shown(value)) if words is None else _label(words, value)


def _shown(value: Any) -> str:
    """Format a value for people: numbers to five digits, lists with commas."""
    if value is None or value == []:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.5g}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


# Meaning and unit of every feature, by its name.
_GLOSSARY = tuple((item.name, feature_words(item.name) or "") for item in (*TRACK_FEATURES, *VERTEX_FEATURES))
