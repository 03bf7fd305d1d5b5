# SPDX-License-Identifier: MIT
"""Result of an analysis: numbers in tables, figures, and files of both."""

import csv
import io
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from fairreg.errors import MissingEngine, ModelError
from fairreg.models.hbb_in import roc_plot
from fairreg.models.hbb_in.explain.plots import style
from fairreg.models.hbb_in.workflows.explain.subject import LabelledJets, Model
from fairreg.schemas import versioned
from fairreg.storage.files import replacing

__all__ = ["Analysis", "Cell", "Figure", "Table", "versions"]

Cell = str | int | float | None
_PACKAGES = ("fairreg", "numpy", "onnxruntime", "matplotlib", "torch", "captum")


@dataclass(frozen=True)
class Table:
    """Rows of cells under named columns; `name` is the stem of its CSV file."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def to_json(self) -> dict[str, Any]:
        """The table in the document; non-finite numbers become null."""
        rows = [[_finite(cell) for cell in row] for row in self.rows]
        return {"name": self.name, "title": self.title, "columns": list(self.columns), "rows": rows}

    def to_csv(self) -> str:
        """CSV with one line of column names; missing numbers are empty cells."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows([[_finite(cell) for cell in row] for row in self.rows])
        return out.getvalue()


def _finite(cell: Cell) -> Cell:
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell


@dataclass(frozen=True)
class Figure:
    """A figure drawn by `draw`; `name` is the stem of its files."""

    name: str
    caption: str
    draw: Callable[[], Any]


@dataclass(frozen=True)
class Analysis:
    """One analysis of a network; `facts` are single numbers and settings by their description.

    `files` were written, `warnings` are messages for the user.
    """

    name: str
    title: str
    model: Model
    jets: LabelledJets
    facts: Mapping[str, Any]
    tables: tuple[Table, ...]
    figures: tuple[Figure, ...]
    warnings: tuple[str, ...] = ()
    files: tuple[Path, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """The document of the analysis."""
        return {
            "analysis": self.name,
            "title": self.title,
            "model": self.model.to_json(),
            "input": self.jets.to_json(),
            "facts": dict(self.facts),
            "tables": [table.to_json() for table in self.tables],
            "figures": [{"name": figure.name, "caption": figure.caption} for figure in self.figures],
            "versions": versions(),
            "warnings": list(self.warnings),
        }

    def write(self, folder: Path) -> "Analysis":
        """Write figures (PNG and PDF), tables (CSV) and, last, the document to the folder.

        Without Matplotlib, a warning replaces the figures. Raises ModelError.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            done, drawn = self._draw(folder)
            tables = [_write(folder / f"{table.name}.csv", table.to_csv()) for table in self.tables]
            printed = versioned("hbb-explain", done.to_json())
            text = json.dumps(printed, indent=2, allow_nan=False) + "\n"
            document = _write(folder / f"{self.name}.json", text)
        except OSError as error:
            raise ModelError(f"{folder} cannot be written: {error.strerror or error}.") from error
        return replace(done, files=(*drawn, *tables, document))

    def _draw(self, folder: Path) -> tuple["Analysis", list[Path]]:
        try:
            roc_plot.require()
        except MissingEngine as error:
            warning = f"The figures were not drawn: {error.message} {error.hint}"
            return replace(self, figures=(), warnings=(*self.warnings, warning)), []
        written = [style.write(figure.draw, folder / figure.name) for figure in self.figures]
        return self, [path for paths in written for path in paths]


def _write(path: Path, text: str) -> Path:
    with replacing(path) as draft:
        draft.write_text(text, encoding="utf-8")
    return path


def versions(packages: Sequence[str] = _PACKAGES) -> dict[str, str]:
    """Versions of the installed ones among the packages."""
    found = {}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
