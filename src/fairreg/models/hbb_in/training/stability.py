# SPDX-License-Identifier: MIT
"""Variation of a figure between trainings: the paper's Tables 4 and 5.

Duarte et al. 2023, 10.1088/2632-2153/ad12e3, sections 3.1.1 and 3.2.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from fairreg.models.hbb_in.training.loop import Epoch

__all__ = ["RunStatistics", "comparison", "run_statistics", "stability", "upper_tail"]


@dataclass(frozen=True)
class RunStatistics:
    """Mean and standard deviation of a figure over trainings; the deviation needs at least two."""

    mean: float
    deviation: float | None
    values: tuple[float, ...]


def run_statistics(values: Sequence[float]) -> RunStatistics:
    """Mean and unbiased standard deviation."""
    mean = math.fsum(values) / len(values)
    if len(values) < 2:  # noqa: PLR2004  one value does not spread
        return RunStatistics(mean, None, tuple(values))
    variance = math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return RunStatistics(mean, math.sqrt(variance), tuple(values))


def upper_tail(reference: float, found: RunStatistics) -> float | None:
    """Probability of a value not below `reference`, given the trainings: the p-value of the paper's Table 4.

    Assumes normally distributed values. The paper does not state this assumption; its two p-values (12.69 %
    and 9.27 %) agree with it within the rounding of its means and deviations. None where the trainings have
    no spread.
    """
    if not found.deviation:
        return None
    return math.erfc((reference - found.mean) / found.deviation / math.sqrt(2)) / 2


def stability(rows: Sequence[tuple[str, Epoch, int]]) -> str:
    """Table 5 in Markdown, one row per training: name, best epoch and number of epochs."""
    head = (
        "| Training | Epochs | Accuracy | Valid. loss | Train. (valid.) time/epoch [s] | AUC |",
        "|---|---|---|---|---|---|",
    )
    return "\n".join([*head, *(_row(*row) for row in rows)]) + "\n"


def _row(name: str, best: Epoch, epochs: int) -> str:
    times = f"{best.seconds:.1f} ({best.validation_seconds:.1f})"
    figures = f"{best.accuracy:.4f} | {best.validation_loss:.4f} | {times} | {best.roc_auc:.4f}"
    return f"| {name} | {epochs} | {figures} |"


def comparison(
    accuracy: RunStatistics, auc: RunStatistics, references: tuple[float | None, float | None]
) -> str:
    """Table 4 in Markdown: both figures over the trainings, and the p-values of given references."""
    columns = list(zip((accuracy, auc), references, strict=True))
    rows = [("This work", [_pm(found) for found, _ in columns])]
    if any(reference is not None for reference in references):
        rows += [
            ("Reference", ["" if value is None else f"{value:.4f}" for value in references]),
            ("p-value (consistency)", [_p_value(found, value) for found, value in columns]),
        ]
    lines = [f"| {name} | {' | '.join(cells)} |" for name, cells in rows]
    return "\n".join(["| | Validation accuracy | AUC |", "|---|---|---|", *lines]) + "\n"


def _pm(found: RunStatistics) -> str:
    return f"{found.mean:.4f}" + ("" if found.deviation is None else f" ± {found.deviation:.4f}")


def _p_value(found: RunStatistics, reference: float | None) -> str:
    value = None if reference is None else upper_tail(reference, found)
    return "" if value is None else f"{100 * value:.2f} %"
