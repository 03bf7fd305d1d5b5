# SPDX-License-Identifier: MIT
from assessment.samples import HBB
from fairreg.assessment import rubric
from fairreg.assessment.rendering.comparison import compared, tool_of
from fairreg.assessment.report import assess

REPORT = assess(HBB)
ROWS = compared(REPORT)


def test_every_metric_that_the_rubric_names_stands_under_its_tool():
    named = {(metric, item.id) for item in rubric.indicators() for metric in item.corresponds_to}
    assert {(row.metric, row.indicator) for rows in ROWS.values() for row in rows} == named
    assert all(tool_of(row.metric) == tool for tool, rows in ROWS.items() for row in rows)


def test_the_three_tools_come_with_their_own_names():
    assert next(row.metric for row in ROWS["F-UJI's metrics for data"]) == "FsF-A1-01M"
    assert ROWS["F-UJI's metrics for software (FRSM)"]
    assert ROWS["FAIRshake's rubric 146"]


def test_a_row_has_the_verdict_of_its_indicator():
    verdicts = {item.id: item.verdict for found in REPORT.principles.values() for item in found.indicators}
    assert all(row.verdict == verdicts[row.indicator] for rows in ROWS.values() for row in rows)
