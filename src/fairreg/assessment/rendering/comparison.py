# SPDX-License-Identifier: MIT
"""Verdicts under the names of other tools' metrics, where the rubric states a correspondence."""

import msgspec

from fairreg.assessment.base import Verdict
from fairreg.assessment.report import AssessmentReport

__all__ = ["Compared", "compared", "tool_of"]

_TOOLS = {
    "FsF-": "F-UJI's metrics for data",
    "FRSM-": "F-UJI's metrics for software (FRSM)",
    "ML-": "FAIRshake's rubric 146",
    "FC ": "FAIR-Checker's metrics",
    "Chen ": "the checks of Chen et al. 2022",
    "Duarte ": "the principles of Duarte et al. 2023",
    "howfairis": "howfairis' checks",
}
_OTHERS = "other"


class Compared(msgspec.Struct, frozen=True):
    """One metric of another tool, and the indicator here with the same or nearly the same question."""

    metric: str
    indicator: str
    title: str
    verdict: Verdict


def tool_of(metric: str) -> str:
    """Return the tool or paper of a metric, from the metric's name."""
    return next((tool for start, tool in _TOOLS.items() if metric.startswith(start)), _OTHERS)


def compared(report: AssessmentReport) -> dict[str, tuple[Compared, ...]]:
    """Return the metrics of each tool in the order of their names; tools in the order of the table above."""
    rows = [
        Compared(metric, item.id, item.title, item.verdict)
        for found in report.principles.values()
        for item in found.indicators
        for metric in item.corresponds_to
    ]
    grouped = {
        tool: [row for row in rows if tool_of(row.metric) == tool] for tool in (*_TOOLS.values(), _OTHERS)
    }
    return {
        tool: tuple(sorted(found, key=lambda row: (row.metric, row.indicator)))
        for tool, found in grouped.items()
        if found
    }
