# SPDX-License-Identifier: MIT
"""Lines of an exported file, one JSON document each: statement, manual link, rejected payload or assessment.

A line's ``type`` is ``verdict``, ``refusal`` or ``assessment``; one without is a statement, as in the files
of older releases. Payloads are base64, without e-mail addresses. `gone_reason` is null unless
the source withdrew the record.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from fairreg.email_addresses import without_addresses_in_payload
from fairreg.errors import RecordError
from fairreg.registry import (
    Assessment,
    ExportedStatement,
    LinkOverride,
    RejectedPayload,
    Statement,
    StatementKey,
    Submission,
    Tombstone,
)
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.validation import parse_json

__all__ = ["Item", "is_exported", "line_of", "numbered", "read_line"]

Item = ExportedStatement | LinkOverride | RejectedPayload | Assessment
_TYPES = ("verdict", "refusal", "assessment")
_HINT = "Import files written by fairreg export."


def line_of(item: Statement | LinkOverride | RejectedPayload | Assessment) -> str:
    """Format an item as a line, with its end, for `read_line`; always the same for the same item."""
    return json.dumps(_document(item), ensure_ascii=False, sort_keys=True) + "\n"


def numbered(lines: Iterable[bytes], first: int = 1) -> Iterator[tuple[int, bytes]]:
    """Yield the non-empty lines with their numbers, counted from `first`."""
    return ((number, text) for number, text in enumerate(lines, first) if text.strip())


def read_line(text: bytes, name: str) -> Item:
    """Parse a line; a RecordError calls it by `name`."""
    return _plain_statement(text) or _any(text, name)


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    record: ModelRecord
    payload: str | None = None
    media_type: str | None = None
    gone_reason: str | None = None
    gone_at: str | None = None
    type: str | None = None


_LINE = msgspec.json.Decoder(_Line)


def _plain_statement(text: bytes) -> ExportedStatement | None:
    """Parse a statement without payload or tombstone in one step; nearly all lines of a large file are such.

    None for all other lines and for bad ones, so that only `_any` reports faults.
    """
    try:
        line = _LINE.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    plain = line.payload is None and line.gone_reason is None and line.type is None
    return ExportedStatement(Submission(line.record, None, line.media_type), None) if plain else None


def _any(text: bytes, name: str) -> Item:
    document = _document_in(text, name)
    if isinstance(document, dict) and document.get("type") == "verdict":
        return _verdict(document, name)
    if isinstance(document, dict) and document.get("type") == "refusal":
        return _refusal(document, name)
    if isinstance(document, dict) and document.get("type") == "assessment":
        return _assessment(document, name)
    if not isinstance(document, dict) or "record" not in document:
        raise RecordError(f"{name} is not a line of an exported file.", hint=_HINT)
    return _statement(document, name)


def _document_in(text: bytes, name: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return parse_json(text, name=name)  # slower, with an exact error message


def is_exported(file: Path) -> bool:
    """Tell whether the first line is one of `line_of`."""
    with file.open("rb") as stream:
        first = next((text for text in stream if text.strip()), b"")
    try:
        document = parse_json(first, name=file.name)
    except RecordError:
        return False
    return isinstance(document, dict) and ("record" in document or document.get("type") in _TYPES)


def _document(item: Statement | LinkOverride | RejectedPayload | Assessment) -> dict[str, Any]:
    if isinstance(item, Assessment):
        return {"type": "assessment", **msgspec.to_builtins(_shareable(item))}
    if isinstance(item, LinkOverride):
        decided = {"one": item.one, "other": item.other, "same": item.same, "made_at": item.made_at}
        return {"type": "verdict", **decided}
    payload = None
    if item.payload is not None:
        payload = base64.b64encode(without_addresses_in_payload(item.payload)).decode()
    if isinstance(item, RejectedPayload):
        why = {"reason": item.reason, "path": item.path, "refused_at": item.refused_at}
        return {"type": "refusal", "source": item.source, "payload": payload, **why}
    return {
        "record": item.record.to_json(),
        "payload": payload,
        "media_type": item.media_type,
        "gone_reason": (item.gone_reason or "") if item.gone else None,
        "gone_at": item.gone_at,
    }


def _shareable(item: Assessment) -> Assessment:
    """Return an assessment without e-mail addresses in its documents, under the digest of what is left."""
    report, evidence = map(without_addresses_in_payload, (item.report, item.evidence))
    if evidence == item.evidence:
        return replace(item, report=report)
    return replace(
        item, report=report, evidence=evidence, evidence_sha256=hashlib.sha256(evidence).hexdigest()
    )


def _statement(document: dict[str, Any], name: str) -> ExportedStatement:
    media_type, reason = _text(document, "media_type", name), _text(document, "gone_reason", name)
    at = _text(document, "gone_at", name)
    try:
        record = ModelRecord.from_json(document["record"])
    except RecordError as error:
        raise RecordError(f"{name}: {error.message}", violations=error.violations) from error
    tombstone = None if reason is None else Tombstone(reason, at)
    return ExportedStatement(Submission(record, _payload(document, name), media_type), tombstone)


def _verdict(document: dict[str, Any], name: str) -> LinkOverride:
    one, other = _place(document.get("one")), _place(document.get("other"))
    made_at, same = _text(document, "made_at", name), document.get("same")
    if one is None or other is None or one == other or made_at is None or not isinstance(same, bool):
        raise RecordError(f"{name} is not a verdict about two statements.", hint=_HINT)
    return LinkOverride(min(one, other), max(one, other), same, made_at)


def _place(end: object) -> StatementKey | None:
    match end:
        case [str(source), str(source_id)]:
            return StatementKey(source, source_id)
        case _:
            return None


def _assessment(document: dict[str, Any], name: str) -> Assessment:
    """Parse an assessment, whose report and evidence are base64, as msgspec writes bytes."""
    try:
        stated = {key: document[key] for key in document if key != "type"}
        return _shareable(msgspec.convert(stated, Assessment))
    except msgspec.ValidationError as error:
        raise RecordError(f"{name} is not an assessment: {error}.", hint=_HINT) from error


def _refusal(document: dict[str, Any], name: str) -> RejectedPayload:
    source, reason = _text(document, "source", name), _text(document, "reason", name)
    payload = _payload(document, name)
    if source is None or reason is None or payload is None:
        raise RecordError(f"{name} is not a rejected payload with source, reason and payload.", hint=_HINT)
    path, refused_at = _text(document, "path", name), _text(document, "refused_at", name)
    return RejectedPayload(source, payload, reason, path, refused_at)


def _text(document: dict[str, Any], field: str, name: str) -> str | None:
    value = document.get(field)
    if value is not None and not isinstance(value, str):
        raise RecordError(f"{name} has a {field} that is not text.", hint=_HINT)
    return value


def _payload(document: dict[str, Any], name: str) -> bytes | None:
    """Decode the payload; an empty one is valid."""
    stated = document.get("payload")
    try:
        return base64.b64decode(stated, validate=True) if stated is not None else None
    except (ValueError, TypeError) as error:
        raise RecordError(f"{name} has a payload that is not base64.", hint=_HINT) from error
