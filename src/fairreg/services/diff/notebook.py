# SPDX-License-Identifier: MIT
"""Differences of two records or files, and their parts, as a notebook shows them."""

from collections.abc import Sequence
from json import dumps
from typing import Any

from fairreg.schemas.notebook.markup import (
    Html,
    card,
    element,
    facts,
    folded,
    joined,
    notes,
    quiet,
    short,
    size_text,
    table,
)
from fairreg.services.diff.diff import DiffReport
from fairreg.services.diff.files import FileDifference, FileState
from fairreg.services.diff.metadata import FieldDifference
from fairreg.services.diff.scores import VerdictDifference
from fairreg.services.diff.weights import WeightsDifference, WeightsState

__all__ = ["diff_view", "fields_table", "files_table", "verdicts_table", "weights_table"]


def diff_view(report: DiffReport) -> str:
    """Return what differs, part by part, with the parts that were not compared."""
    first, second = report.first, report.second
    return card(
        first.name if first.name == second.name else f"{first.name} and {second.name}",
        ("they differ" if report.differs else "no difference found",),
        facts(
            (
                ("first", first.identifier or first.requested),
                ("second", second.identifier or second.requested),
            )
        ),
        notes(f"{part} not compared: {reason}" for part, reason in report.not_compared.items()),
        fields_table(report.metadata or (), ("first", "second")),
        files_table(report.files or (), ("first", "second")),
        weights_table(report.weights or (), ("first", "second")),
        verdicts_table(report.scores or (), ("first", "second")),
    )


def fields_table(items: Sequence[FieldDifference], sides: tuple[str, str]) -> Html:
    """Return the fields that differ; `sides` are the titles of the two columns."""
    return table(("field", *sides), items, "fields", row=_field, caption="Metadata")


def _field(item: FieldDifference) -> Sequence[object]:
    name = short(item.field.replace("_", " "))
    order = element("div", quiet("in another order")) if item.reordered else ""
    return joined((name, order)), _value(item.first), _value(item.second)


def _value(value: Any) -> object:
    """Return a value as people read it; structures as JSON."""
    if isinstance(value, list | tuple):
        return folded(value, "items", view=_value, shown=3)
    if value is None:
        return quiet("not stated")
    return value if isinstance(value, str) else dumps(value, ensure_ascii=False, default=str)


def files_table(items: Sequence[FileDifference], sides: tuple[str, str]) -> Html:
    """Return the relation of each file to its counterpart."""
    columns = ("file", "result|", f"{sides[0]}#", f"{sides[1]}#", "remark")
    return table(columns, items, "files", row=_file, caption="Files")


def _file(item: FileDifference) -> Sequence[object]:
    return item.name, item.status, _size(item.first), _size(item.second), item.reason


def _size(state: FileState | None) -> str:
    return size_text(state.size) if state else ""


def weights_table(items: Sequence[WeightsDifference], sides: tuple[str, str]) -> Html:
    """Return the relation of the weights in each pair of files."""
    return table((*sides, "result|", "remark"), items, "files", row=_weights, caption="Weights")


def _weights(item: WeightsDifference) -> Sequence[object]:
    return _named(item.first), _named(item.second), item.status, item.reason


def _named(state: WeightsState | None) -> str:
    if state is None:
        return ""
    return state.name + ("" if state.parameters is None else f" ({state.parameters:,} elements)")


def verdicts_table(items: Sequence[VerdictDifference], sides: tuple[str, str]) -> Html:
    """Return the indicators with other verdicts."""
    return table(("indicator|", "question", *sides), items, "indicators", row=_verdict, caption="Scores")


def _verdict(item: VerdictDifference) -> Sequence[object]:
    return item.id, item.title, _word(item.first), _word(item.second)


def _word(verdict: str | None) -> object:
    return quiet("not in this rubric") if verdict is None else verdict.replace("_", " ")
