# SPDX-License-Identifier: MIT
"""Result of verifying a lock as a notebook shows it."""

from collections.abc import Sequence

from fairreg.schemas.notebook.markup import Html, card, details, joined, notes, table
from fairreg.schemas.text import counted
from fairreg.services.diff.notebook import fields_table, files_table, verdicts_table, weights_table
from fairreg.services.lock.report import ModelVerification, VerificationReport

__all__ = ["verification_view"]

_SIDES = ("locked", "today")
_DETAILED = 40  # models with tables of their own


def verification_view(report: VerificationReport) -> str:
    """Return whether each model is as locked, and behind a click what has changed of it."""
    changed = [item for item in report.models if item.codes]
    return card(
        str(report.path),
        (
            "as locked" if report.is_as_locked else "not as locked",
            counted(len(report.models), "model"),
            f"locked on {report.lock.locked}",
        ),
        notes([report.fault.message] if report.fault else ()),
        table(
            ("model", "identifier", "result|", "why"), report.models, "models", row=_model, caption="Models"
        ),
        joined(details(f"changes of {item.name}", _changes(item, report)) for item in changed[:_DETAILED]),
    )


def _model(item: ModelVerification) -> Sequence[object]:
    result = "not as locked" if item.codes else "as locked"
    return item.name, item.locked.identifier, result, item.fault.message if item.fault else ""


def _changes(item: ModelVerification, report: VerificationReport) -> Html:
    scores = item.scores
    return joined(
        (
            notes(item.notes(report.lock.fairreg)),
            files_table(item.files, _SIDES),
            weights_table(item.weights, _SIDES),
            fields_table(item.metadata or (), _SIDES),
            verdicts_table(scores.changed if scores else (), _SIDES),
        )
    )
