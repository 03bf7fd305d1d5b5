# SPDX-License-Identifier: MIT
"""Records and run results as fields for people."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fairreg.cli.layout.lines import folded
from fairreg.cli.layout.tables import print_fields, print_table

if TYPE_CHECKING:
    from fairreg.registry import LineageReport
    from fairreg.schemas.record import ModelRecord, Relation
    from fairreg.services.run.demonstrate import RunReport
    from fairreg.services.run.vectors.report import VectorCheck, VectorRun

__all__ = ["lineage_card", "record_card", "run_card", "size_text", "vectors_card"]

# Items of a list that are shown of many.
_SHOWN = 10
_OF_ONE_SCHEME = 3


def record_card(record: "ModelRecord", advice: str | None = None, *, whole: bool = False) -> None:
    """Print the main fields of a record; `advice` says how to get access to its files.

    Of long lists the first items are shown, unless `whole`.
    """
    print_fields(_fields(record, advice, None if whole else _SHOWN))


def lineage_card(report: "LineageReport", *, whole: bool = True) -> None:
    """Print the sources and versions of a model, with the evidence that joins each to the others."""
    if len(report.sources) < 2:  # noqa: PLR2004  # nothing is linked
        return
    rows = []
    for link in report.sources:
        reasons = dict.fromkeys(
            _reason(bond.how, bond.value, bond.evidence) for bond in report.links_of(link)
        )
        shown = "\n".join(folded(reasons, None if whole else _SHOWN))
        rows.append((link.source, link.source_id, link.version or "", shown))
    print_table(("Source", "Id", "Version", "Matched by"), rows, title="Merged from")


def _reason(how: str, value: str, evidence: tuple[str, ...]) -> str:
    seen = f" (seen in: {'; '.join(evidence[:2])})" if evidence else ""
    return f"{how} {value}{seen}"


def _fields(record: "ModelRecord", advice: str | None, most: int | None) -> list[tuple[str, str | None]]:
    from fairreg.schemas.runs import runs
    from fairreg.schemas.tasks import terms_of

    creators = [creator.name for creator in record.creators]
    files = [
        f"{item.path or item.name} {'about ' if item.size_is_rounded else ''}{size_text(item.size)}"
        for item in record.distributions
    ]
    return [
        ("Name", record.name),
        ("Kind", record.kind + (f" (stated as {record.stated_type})" if record.stated_type else "")),
        ("Description", record.description),
        ("Creators", "; ".join(folded(creators, most))),
        ("Version", record.version),
        ("Published", record.date_published),
        ("Licence", _licence(record)),
        ("Task", "; ".join(record.ml_task)),
        ("Task terms", ", ".join(terms_of(record.ml_task))),
        ("Runs here", runs(record)),
        ("Architecture", "; ".join(record.model_category)),
        ("Frameworks", ", ".join(record.frameworks)),
        ("Keywords", ", ".join(folded(record.keywords, most))),
        ("Access", record.access.level if record.access else None),
        ("Conditions", record.access.conditions if record.access else None),
        ("To get access", advice),
        ("Files", "\n".join(folded(files, most))),
        ("Identifiers", "\n".join(_identifiers(record, most))),
        ("Relations", "\n".join(folded(map(_relation, record.relations), most))),
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


def _identifiers(record: "ModelRecord", most: int | None) -> Iterator[str]:
    """Yield the identifiers, of many of one scheme (fingerprints of weights) the first."""
    schemes: dict[str, list[str]] = {}
    for item in record.identifiers:
        schemes.setdefault(item.scheme, []).append(item.value)
    few = None if most is None or len(record.identifiers) <= most else _OF_ONE_SCHEME
    for scheme, values in schemes.items():
        yield from folded([f"{scheme}: {value}" for value in values], few, of=scheme)


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
    fields = [
        ("Runtime", f"{report.runtime}{_place(report.device)}"),
        ("Weights", f"{report.file.rsplit('/', 1)[-1]} ({report.origin})"),
        ("Fingerprint", report.recognition.fingerprint),
        ("Parameters", f"{report.recognition.parameter_count}"),
        ("Input", f"{counted(shown.items, 'item')}: {shown.source}"),
        *((name.replace("_", " "), f"{value:.4f}") for name, value in shown.metrics.items()),
        ("Speed", f"{shown.items_per_second:,.0f} items/s (batch {shown.batch_size})"),
        *(() if report.vectors is None else _vector_fields(report.vectors)),
    ]
    print_fields(fields, title=report.recognition.title)


def vectors_card(report: "VectorRun") -> None:
    """Print the result of a run on published test vectors."""
    opened, runner = report.opened, report.opened.runner
    fields = [
        ("Runtime", f"{runner.name}, {runner.engine or 'version unknown'}{_place(runner.device)}"),
        ("Weights", f"{report.file} ({opened.origin})"),
        ("Fingerprint", opened.fingerprint),
        *_vector_fields(report.check),
    ]
    print_fields(fields, title=opened.title)


def _place(device: str) -> str:
    return "" if device == "cpu" else f" ({device})"


def _vector_fields(check: "VectorCheck") -> Iterator[tuple[str, str]]:
    """Yield the number of test vectors with their files, and the verdict of the comparison."""
    yield "Test vectors", f"{check.items} of {check.source}"
    yield "Verdict", check.verdict
