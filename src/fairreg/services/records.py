# SPDX-License-Identifier: MIT
"""Records as files: adding one, and carrying all of them from one registry to another.

An exported file has one JSON document a line: what one source said, with its raw payload and its tombstone.
"""

import base64
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from fairreg.errors import RecordError
from fairreg.registry import PutResult, Registry, Statement, Submission
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.validation import parse_json, read_record
from fairreg.settings import Settings
from fairreg.storage.cache import disk_faults

__all__ = ["add", "export", "import_"]

_BATCH = 500


@dataclass(frozen=True)
class _Line:
    submission: Submission
    gone_reason: str | None


def add(settings: Settings, file: Path) -> PutResult:
    """Put the record in `file`, JSON-LD or plain, into the registry. Raises RecordError."""
    content = file.read_bytes()
    record = read_record(content, name=file.name)
    with Registry(settings=settings) as registry:
        return registry.put(record, payload=content, media_type="application/json")


def export(settings: Settings, file: Path) -> int:
    """Write all statements to `file` (``-``: standard output); the number of them.

    The file appears under its name only when it is complete.
    """
    count = 0
    with Registry(settings=settings) as registry, _written(file) as out:
        for entry in registry.entries():
            for statement in registry.statements(entry):
                out.write(json.dumps(_document(statement), ensure_ascii=False, sort_keys=True) + "\n")
                count += 1
    return count


def import_(
    settings: Settings, file: Path, *, progress: Callable[[int, int | None], None] | None = None
) -> dict[str, int]:
    """Put every statement of an exported file into the registry: how many were new, changed, unchanged.

    Every line is checked before the first is stored. Raises RecordError with the number of the bad line.
    """
    total = sum(1 for _ in _lines(file))
    counts: Counter[str] = Counter(new=0, changed=0, unchanged=0)
    with Registry(settings=settings) as registry:
        for batch in _batches(_lines(file)):
            fresh = [line for line in batch if not _is_known_gone(registry, line)]
            counts["unchanged"] += len(batch) - len(fresh)
            counts.update(result.outcome for result in registry.put_many([line.submission for line in fresh]))
            _bury(registry, fresh)
            if progress is not None:
                progress(counts.total(), total)
    return dict(counts)


def _is_known_gone(registry: Registry, line: _Line) -> bool:
    """Whether this very tombstone is here already, so that the record need not live for a moment."""
    origin = line.submission.record.provenance
    known = registry.statement(origin.source, origin.source_id) if line.gone_reason is not None else None
    return known is not None and known.gone and known.record == line.submission.record


def _bury(registry: Registry, batch: Iterable[_Line]) -> None:
    for line in batch:
        if line.gone_reason is not None:
            origin = line.submission.record.provenance
            registry.mark_gone(origin.source, origin.source_id, line.gone_reason)


def _document(statement: Statement) -> dict[str, Any]:
    payload = base64.b64encode(statement.payload).decode() if statement.payload is not None else None
    return {
        "record": statement.record.to_json(),
        "payload": payload,
        "media_type": statement.media_type,
        "gone_reason": (statement.gone_reason or "") if statement.gone else None,
    }


def _lines(file: Path) -> Iterator[_Line]:
    with file.open("rb") as stream:
        for number, text in enumerate(stream, 1):
            if text.strip():
                yield _line(text, f"{file.name} line {number}")


def _line(text: bytes, name: str) -> _Line:
    document = parse_json(text, name=name)
    if not isinstance(document, dict) or "record" not in document:
        raise RecordError(f"{name} is no exported statement.", hint="fairreg export writes files to import.")
    try:
        payload = base64.b64decode(document["payload"], validate=True) if document.get("payload") else None
    except (ValueError, TypeError) as error:
        raise RecordError(f"{name} has a payload that is not base64.") from error
    texts = (document.get("media_type"), document.get("gone_reason"))
    if not all(item is None or isinstance(item, str) for item in texts):
        raise RecordError(f"{name} has a media_type or gone_reason that is no text.")
    try:
        record = ModelRecord.from_json(document["record"])
    except RecordError as error:
        raise RecordError(f"{name}: {error.message}", violations=error.violations) from error
    return _Line(Submission(record, payload, texts[0]), texts[1])


def _batches(lines: Iterator[_Line]) -> Iterator[list[_Line]]:
    batch: list[_Line] = []
    for line in lines:
        batch.append(line)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


@contextmanager
def _written(file: Path) -> Iterator[TextIO]:
    if str(file) == "-":
        yield sys.stdout
        return
    fresh = file.with_name(f".{file.name}.part")
    with disk_faults(str(file)):
        stream = fresh.open("w", encoding="utf-8")
    try:
        with stream:
            yield stream
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)
