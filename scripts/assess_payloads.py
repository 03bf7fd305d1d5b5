# SPDX-License-Identifier: MIT
"""Assess every recorded payload without the network: letter scores and coverage of each.

    python scripts/assess_payloads.py [--payloads ../shared/payloads] [--source NAME]...

A payload goes through its harvester's `to_record`; nothing is probed or downloaded, so much of the rubric
stays unknown. A payload that is no record is named with the reason. Ends with 1 where nothing could be
assessed.
"""

import argparse
import json
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from fairreg import harvesters
from fairreg.assessment.evidence import Evidence
from fairreg.assessment.report import AssessmentReport, assess
from fairreg.errors import RecordError
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import ModelRecord
from fairreg.services.assess import file_inspection
from fairreg.services.fetch.resolve import stamped

_WIDTH = 60
PAYLOADS = Path(__file__).resolve().parents[2] / "shared" / "payloads"
FOLDERS = {
    "zenodo": ("zenodo/new", "zenodo/legacy", "zenodo/inveniordm-native", "zenodo/deposit"),
    "huggingface": ("huggingface/model-info", "huggingface/model-info-2022", "huggingface/list"),
    "github": ("github",),
    "dlhub": ("dlhub",),
    "datacite": ("datacite",),
    "cernopendata": ("cern-opendata",),
}


class Row(NamedTuple):
    """One payload: its report, or why it is no record."""

    source: str
    file: str
    record: ModelRecord | None = None
    report: AssessmentReport | None = None
    reason: str = ""


def main() -> int:
    asked = _arguments()
    rows = [row for source in asked.source or FOLDERS for row in assessed(asked.payloads, source)]
    print(f"{'source':13} {'F':>4} {'A':>4} {'I':>4} {'R':>4} {'all':>4} {'cover':>5}  record")
    for row in rows:
        print(_line(row))
    done = [row for row in rows if row.report]
    print(f"{len(done)} payloads assessed, {len(rows) - len(done)} are no records")
    return 0 if done else 1


def assessed(folder: Path, source: str) -> Iterator[Row]:
    """A row for each payload of a source below `folder`."""
    harvester = harvesters.get(source)
    for path in _files(folder, source):
        name = path.relative_to(folder).as_posix()
        try:
            page = json.loads(path.read_bytes())
        except ValueError:
            yield Row(source, name, reason="is no JSON")
            continue
        for payload in harvester.split(page):
            yield _row(source, name, payload)


def _files(folder: Path, source: str) -> Iterator[Path]:
    for place in FOLDERS[source]:
        yield from (
            path
            for path in sorted((folder / place).rglob("*.json"))
            if not path.name.endswith(".headers.json")
        )


def _row(source: str, name: str, payload: dict[str, Any]) -> Row:
    raw = json.dumps(payload).encode()
    try:
        record = stamped(harvesters.get(source).to_record(payload), raw)
    except RecordError as error:
        return Row(source, name, reason=error.message)
    asked = next(iter(record.identifiers), Identifier(source, record.provenance.source_id))
    evidence = Evidence(
        record=record,
        requested=asked,
        gathered_at=record.provenance.retrieved or "",
        documents=file_inspection.card(source, raw),
        offline=True,
    )
    return Row(source, name, record, assess(evidence))


def _line(row: Row) -> str:
    if row.report is None or row.record is None:
        return f"{row.source:13} {'no record':>30}  {row.file}: {row.reason}"
    scores = " ".join(f"{_percent(score):>4}" for score in (*row.report.letters.values(), row.report.overall))
    shown = textwrap.shorten(row.record.name, _WIDTH, placeholder="…")
    return f"{row.source:13} {scores} {_percent(row.report.coverage):>5}  {row.report.rubric[5:]:9} {shown}"


def _percent(score: float | None) -> str:
    return "?" if score is None else f"{100 * score:.0f}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--payloads", type=Path, default=PAYLOADS, help="folder of recorded payloads")
    parser.add_argument(
        "--source", action="append", choices=sorted(FOLDERS), help="only this; may be repeated"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
