# SPDX-License-Identifier: MIT
"""Records and run results as tables for people."""

from typing import TYPE_CHECKING

from rich.table import Table

from fairreg.cli.output import console

if TYPE_CHECKING:
    from fairreg.registry import LineageReport
    from fairreg.schemas.record import ModelRecord, Relation
    from fairreg.services.run.demonstrate import RunReport
    from fairreg.services.run.vectors.report import VectorCheck, VectorRun

__all__ = ["lineage_card", "record_card", "run_card", "size_text", "vectors_card"]

_SHOWN = 12


def record_card(record: "ModelRecord", advice: str | None = None) -> None:
    """Print the main fields of a record, one per line; `advice` says how to get access to its files."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in _fields(record, advice):
        if value:
            table.add_row(name, value)
    console().print(table)


def lineage_card(report: "LineageReport") -> None:
    """Print the sources and versions of a model, with the evidence that joins each to the others."""
    if len(report.sources) < 2:  # noqa: PLR2004  # nothing is linked
        return
    table = Table(box=None, pad_edge=False, header_style="bold", title="Merged from", title_justify="left")
    for title in ("Source", "Id", "Version", "Matched by"):
        table.add_column(title, overflow="fold")
    for link in report.sources:
        reasons = [_reason(bond.how, bond.value, bond.evidence) for bond in report.links_of(link)]
        table.add_row(link.source, link.source_id, link.version or "", "\n".join(dict.fromkeys(reasons)))
    console().print(table, markup=False)


def _reason(how: str, value: str, evidence: tuple[str, ...]) -> str:
    seen = f" (seen in: {'; '.join(evidence[:2])})" if evidence else ""
    return f"{how} {value}{seen}"


def _fields(record: "ModelRecord", advice: str | None) -> list[tuple[str, str | None]]:
    from fairreg.schemas.runs import runs

    creators = [creator.name for creator in record.creators]
    files = [
        f"{item.path or item.name} {'about ' if item.size_is_rounded else ''}{size_text(item.size)}"
        for item in record.distributions
    ]
    return [
        ("Name", record.name),
        ("Kind", record.kind + (f" (stated as {record.stated_type})" if record.stated_type else "")),
        ("Description", record.description),
        ("Creators", _few(creators, "; ")),
        ("Version", record.version),
        ("Published", record.date_published),
        ("Licence", _licence(record)),
        ("Task", "; ".join(record.ml_task)),
        ("Runs here", runs(record)),
        ("Architecture", "; ".join(record.model_category)),
        ("Frameworks", ", ".join(record.frameworks)),
        ("Keywords", _few(list(record.keywords), ", ")),
        ("Access", record.access.level if record.access else None),
        ("Conditions", record.access.conditions if record.access else None),
        ("To get access", advice),
        ("Files", _few(files, "\n")),
        ("Identifiers", "\n".join(f"{item.scheme}: {item.value}" for item in record.identifiers)),
        ("Relations", _few([_relation(item) for item in record.relations], "\n")),
        ("Notes", record.notes),
        ("From", f"{record.provenance.source} {record.provenance.url or record.provenance.source_id}"),
    ]


def _licence(record: "ModelRecord") -> str | None:
    if not record.license or not record.license_stated:
        return record.license or record.license_stated
    from fairreg.schemas.licenses import in_words

    return in_words(record.license, record.license_stated)


def _relation(item: "Relation") -> str:
    seen = f" ({item.target.evidence})" if item.target.evidence else ""
    return f"{item.type}: {item.target.compact}{seen}"


def _few(items: list[str], separator: str) -> str:
    more = [f"and {len(items) - _SHOWN} more"] if len(items) > _SHOWN else []
    return separator.join([*items[:_SHOWN], *more])


def size_text(size: int | None) -> str:
    """Format a size in bytes with a decimal unit."""
    if size is None:
        return ""
    from rich.filesize import decimal

    return decimal(size)


def run_card(report: "RunReport") -> None:
    """Print the result of a run."""
    from fairreg.schemas.text import counted

    shown = report.demonstration
    table = Table(
        box=None, pad_edge=False, show_header=False, title=report.recognition.title, title_justify="left"
    )
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    place = "" if report.device == "cpu" else f" ({report.device})"
    table.add_row("Runtime", f"{report.runtime}{place}")
    table.add_row("Weights", f"{report.file.rsplit('/', 1)[-1]} ({report.origin})")
    table.add_row("Fingerprint", report.recognition.fingerprint)
    table.add_row("Parameters", f"{report.recognition.parameter_count}")
    table.add_row("Input", f"{counted(shown.items, 'item')}: {shown.source}")
    for name, value in shown.metrics.items():
        table.add_row(name.replace("_", " "), f"{value:.4f}")
    table.add_row("Speed", f"{shown.items_per_second:,.0f} items/s (batch {shown.batch_size})")
    if report.vectors is not None:
        _add_vectors(table, report.vectors)
    console().print(table)


def vectors_card(report: "VectorRun") -> None:
    """Print the result of a run on published test vectors."""
    opened, runner = report.opened, report.opened.runner
    table = Table(box=None, pad_edge=False, show_header=False, title=opened.title, title_justify="left")
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    place = "" if runner.device == "cpu" else f" ({runner.device})"
    table.add_row("Runtime", f"{runner.name}, {runner.engine or 'version unknown'}{place}")
    table.add_row("Weights", f"{report.file} ({opened.origin})")
    if opened.fingerprint is not None:
        table.add_row("Fingerprint", opened.fingerprint)
    _add_vectors(table, report.check)
    console().print(table)


def _add_vectors(table: Table, check: "VectorCheck") -> None:
    """Add the number of test vectors, their files, and what the comparison says."""
    table.add_row("Test vectors", f"{check.items} of {check.source}")
    table.add_row("Verdict", check.verdict)
