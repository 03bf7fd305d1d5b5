# SPDX-License-Identifier: MIT
"""The report on many assessments: rows on the disk, sums that need none of them."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairreg.cli.output import print_json
from fairreg.services.assess import batch_report
from fairreg.services.assess.batch_report import BatchReport, BatchRow, Failure, Spool

scores = st.none() | st.floats(0, 1)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
rows = st.builds(
    BatchRow,
    id=text,
    name=text,
    source=st.sampled_from(["zenodo", "github"]),
    rubric=st.sampled_from(["models", "datasets"]),
    overall=scores,
    interval=st.none() | st.tuples(st.floats(0, 0.5), st.floats(0.5, 1)),
    coverage=st.floats(0, 1),
    letters=st.fixed_dictionaries(dict.fromkeys("FAIR", scores)),
    letter_coverage=st.fixed_dictionaries(dict.fromkeys("FAIR", st.floats(0, 1))),
    failed=st.lists(st.sampled_from(["F1-1", "A1-1", "R1-1"]), unique=True).map(tuple),
)


def report_of(found, **options):
    report = BatchReport("words", offline=True, **options)
    for row in found:
        report.add(row)
    return report


@given(st.lists(rows, max_size=12))
def test_rows_come_back_as_they_were_and_the_sums_are_theirs(found):
    report = report_of(found)
    assert list(report.rows) == list(report.rows) == found
    assert report.assessed == len(report.rows) == len(found)
    for source, means in report.by_source().items():
        own = [row for row in found if row.source == source]
        scored = [row.overall for row in own if row.overall is not None]
        assert means["count"] == len(own)
        assert means["overall"] == (pytest.approx(sum(scored) / len(scored)) if scored else None)
        assert set(means["letters"]) == set("FAIR")


@given(st.lists(rows, max_size=12))
def test_without_rows_the_sums_are_the_same(found):
    report = report_of(found, with_rows=False)
    assert list(report.rows) == []
    assert {**report.to_json(), "rows": None} == {**report_of(found).to_json(), "rows": None, "failures": []}
    assert report.commonest() == report_of(found).commonest()


def test_many_rows_go_to_the_disk_and_come_back(monkeypatch):
    monkeypatch.setattr(batch_report, "_IN_MEMORY", 1000)
    spool = Spool(Failure)
    for number in range(200):
        spool.append(Failure(f"{number}", "It is not there."))
    assert [item.id for item in spool] == [str(number) for number in range(200)]
    assert len(spool) == 200


def test_the_document_is_written_row_by_row_as_json(capsys):
    row = BatchRow(
        "a:1", "Näme", "zenodo", "models", 0.5, (0.5, 0.5), 1.0, {"F": None}, {"F": 0.0}, ("F1-1",)
    )
    found = [replace(row, id=f"a:{number}") for number in range(3)]
    report = report_of(found)
    report.failures.append(Failure("a:9", "It is not there."))
    print_json(report.to_json())
    document = json.loads(capsys.readouterr().out)
    assert [row["id"] for row in document["rows"]] == ["a:0", "a:1", "a:2"]
    assert document["rows"][0]["failed"] == ["F1-1"]
    assert document["failures"] == [{"id": "a:9", "reason": "It is not there."}]
    assert (document["assessed"], document["commonest_failures"][0]["count"]) == (3, 3)


def test_a_document_without_rows_is_json_too(capsys):
    print_json(report_of([]).to_json())
    assert json.loads(capsys.readouterr().out)["rows"] == []
