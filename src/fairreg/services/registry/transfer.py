# SPDX-License-Identifier: MIT
"""Records as files: adding one, and copying a whole registry to another (format: `export_format`)."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from msgspec.structs import replace

from fairreg import formats
from fairreg.errors import DamagedRecord, IdentifierError, RecordError, RegistryError
from fairreg.registry import Assessment, ExportedStatement, LinkOverride, PutResult, Registry, RejectedPayload
from fairreg.schemas.identifiers import parse, version_named
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.runs import unrecognised
from fairreg.schemas.text import counted
from fairreg.services.registry.db import existing, silent
from fairreg.settings import Settings
from fairreg.storage.files import disk_faults, replacing

if TYPE_CHECKING:
    from fairreg.formats.base import Reading
    from fairreg.registry import Statement
    from fairreg.services.registry.bulk_import import ImportBatch

__all__ = ["add", "export", "import_"]


def add(
    settings: Settings, file: Path, *, registry: Registry | None = None
) -> "tuple[PutResult, Reading[ModelRecord]]":
    """Store the record in `file`, JSON-LD or plain, in `registry` or else that of `settings`.

    The result comes with what was read, and the names of what was not. Raises RecordError, also where the
    record would replace one of another identifier.
    """
    content = file.read_bytes()
    reading = formats.read_record(content, name=file.name)
    record = unrecognised(_findable(reading.understood))  # the file may name fairreg as its source
    with existing(registry, settings) as used:
        _refuse_other(used, record)
        # Whoever adds a record wants it, even if it was removed for good.
        stored = used.put(record, payload=content, media_type="application/json", readmit=True)
    return stored, reading


def _findable(record: ModelRecord) -> ModelRecord:
    """Return the record with its main identifier among its identifiers, by which it is looked up."""
    try:
        own = version_named(record.identifier) or parse(record.identifier)
    except IdentifierError:
        return record
    if own.key in {item.key for item in record.identifiers}:
        return record
    return replace(record, identifiers=(own, *record.identifiers))


def _refuse_other(registry: Registry, record: ModelRecord) -> None:
    """Raise RecordError if a record of another identifier has the place of this one in its source."""
    place = record.provenance
    known = registry.statements.get(place.source, place.source_id)
    if known is None or known.record.identifier.casefold() == record.identifier.casefold():
        return
    raise RecordError(
        f"{place.source_id!r} of the source {place.source!r} is {known.record.identifier} in the registry, "
        f"so {record.identifier} was not added.",
        hint="Give each record a source_id of its own under provenance.",
    )


def export(
    settings: Settings, file: Path, *, registry: Registry | None = None, log: Callable[[str], None] = silent
) -> dict[str, int]:
    """Write all of `registry`, or else that of `settings`, to `file`; return the number of items per kind.

    Statements, ordered by source and its id, then manual links, rejected payloads, assessments: registries of
    equal content write the same bytes. The file appears under its name only when it is complete; ``-`` is
    standard output. What is damaged is left out and named to `log`, each in a sentence; once all else is
    written, a RegistryError says how much that is.
    """
    from fairreg.services.registry.export_format import line_of

    counts: Counter[str] = Counter(statements=0, verdicts=0, refused=0, assessments=0)
    damaged: list[DamagedRecord] = []
    with existing(registry, settings) as used, _written(file) as out:
        for kind, item in _every_item(used):
            if isinstance(item, DamagedRecord):
                damaged.append(item)
            else:
                out.write(line_of(item))
                counts[kind] += 1
    for fault in damaged:
        log(f"Not exported: {fault.message}")
    if damaged:
        raise RegistryError(
            f"The export lacks what is damaged in the registry ({counted(len(damaged), 'item')}); "
            f"it has all else, {counted(counts.total(), 'item')}.",
            hint="Harvest, add or assess again what is named above, then repeat the export.",
        )
    return dict(counts)


def _every_item(
    registry: Registry,
) -> "Iterator[tuple[str, Statement | LinkOverride | RejectedPayload | Assessment | DamagedRecord]]":
    """Yield all that an export holds, each with the word by which it is counted."""
    yield from (("statements", item) for item in registry.statements.every())
    yield from (("verdicts", item) for item in registry.links.every())
    yield from (
        ("refused", item) for item in sorted(registry.harvests.every_rejected(), key=_order_of_rejected)
    )
    yield from (("assessments", item) for item in registry.assessments.every())


def _order_of_rejected(item: RejectedPayload | DamagedRecord) -> tuple[str, str]:
    return ("", item.whose) if isinstance(item, DamagedRecord) else (item.source, item.payload_sha256 or "")


def import_(
    settings: Settings,
    file: Path,
    *,
    progress: Callable[[int, int | None], None] | None = None,
    registry: Registry | None = None,
) -> dict[str, int]:
    """Import an exported file into the registry; return the numbers of new, changed, unchanged statements.

    The result also has the numbers of `verdicts`, `refused` payloads and `assessments` in the file; of two
    verdicts about the same statements the newer one counts. Every line is checked before the first is stored.
    `registry` is used instead of opening that of `settings`. Raises RecordError with the number of the bad
    line.
    """
    from fairreg.services.registry.bulk_import import ExportReader

    counts: Counter[str] = Counter(new=0, changed=0, unchanged=0)
    with ExportReader(file) as reading, existing(registry, settings) as used, used.upkeep.bulk_write():
        total = reading.count()
        for batch in reading.batches():
            counts.update(_take(used, batch))
            if progress is not None:
                progress(counts.total(), total)
        used.upkeep.analyze()
    return dict(counts)


def _take(registry: Registry, batch: "ImportBatch") -> Counter[str]:
    withdrawn = [item for item in batch.others if isinstance(item, ExportedStatement)]
    verdicts = [item for item in batch.others if isinstance(item, LinkOverride)]
    refused = [item for item in batch.others if isinstance(item, RejectedPayload)]
    judged = [item for item in batch.others if isinstance(item, Assessment)]
    counts: Counter[str] = Counter(stored.outcome for stored in registry.put_many(batch.statements))
    counts.update(registry.statements.restore(withdrawn))
    if judged:
        registry.assessments.save(judged)
        counts["assessments"] = len(judged)
    if verdicts:
        registry.links.restore(verdicts)
        counts["verdicts"] = len(verdicts)
    if refused:
        registry.put_many([], rejected=refused)
        counts["refused"] = len(refused)
    return counts


@contextmanager
def _written(file: Path) -> Iterator[TextIO]:
    if str(file) == "-":
        yield sys.stdout
        return
    with disk_faults(str(file)), replacing(file) as draft, draft.open("w", encoding="utf-8") as out:
        yield out
