# SPDX-License-Identifier: MIT
"""Result of a harvest as a notebook shows it."""

from collections.abc import Iterator, Sequence

from fairreg.schemas.notebook.markup import Row, card, element, facts, notes, table
from fairreg.services.harvest.harvest import HarvestReport, Refusal

__all__ = ["harvest_view"]


def harvest_view(report: HarvestReport) -> str:
    """Return the numbers of records by what became of them, and the payloads that were rejected."""
    about = (
        f"{report.seen:,} records read",
        f"{report.seconds:,.1f} s",
        "resumed" if report.resumed else None,
    )
    return card(
        report.label,
        about,
        notes([*([f"Stopped early: {report.fault}"] if report.fault else ()), *report.notes]),
        facts(_rows(report)),
        table(
            ("rejected because", "place", "payload"),
            report.refused,
            "payloads",
            row=_refusal,
            caption="Rejected",
        ),
    )


def _rows(report: HarvestReport) -> Iterator[Row]:
    names = {"refused": "rejected", "gone": "withdrawn at the source"}
    yield from ((names.get(name, name), f"{number:,}") for name, number in report.counts.items())
    yield "changed since", report.since
    yield "at most", None if report.limit is None else f"{report.limit:,} records"
    yield "not run", "an earlier run has finished it" if report.finished_before else None


def _refusal(item: Refusal) -> Sequence[object]:
    return item.reason, item.path, item.payload_sha256 and element("code", item.payload_sha256)
