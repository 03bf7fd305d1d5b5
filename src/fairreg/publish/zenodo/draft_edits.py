# SPDX-License-Identifier: MIT
"""Edits of a draft that somebody made on the pages of the service, beside what was sent from here.

The parts of the draft as the service had them after the last command are known by digests in the deposit: so
a part that somebody changed since is not replaced, and nothing else than what was sent is published.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from fairreg.publish.base import Deposit, FieldFault
from fairreg.publish.zenodo.edits import ACCESS_PARTS, object_of, plain
from fairreg.publish.zenodo.metadata import record_field
from fairreg.schemas.json_reader import JsonNode

__all__ = [
    "access_faults",
    "edit_faults",
    "inherited_parts",
    "merged",
    "part_digests",
    "sent_parts",
    "with_sent",
]

_SENT = "sent"  # detail of the deposit: the digests
# Fields of the metadata that come from the files; the others are their editors' own.
_OURS = (
    *("resource_type", "title", "publication_date", "creators", "publisher", "description", "rights"),
    *("additional_descriptions", "subjects", "languages", "version", "related_identifiers"),
)
_PUBLIC, _EMBARGOED, _RESTRICTED, _HIDDEN = range(4)


def sent_parts(deposit: Deposit) -> dict[str, str]:
    """Return the parts of the draft as they were after the last command; none that is known otherwise."""
    pairs = (pair.partition("=") for pair in deposit.details.get(_SENT, "").split(";"))
    return {name: digest for name, _, digest in pairs if name}


def with_sent(deposit: Deposit, parts: Mapping[str, str]) -> Deposit:
    """Return a deposit that remembers the parts of its draft."""
    return deposit.with_details(**{_SENT: ";".join(f"{name}={digest}" for name, digest in parts.items())})


def inherited_parts(draft: JsonNode, earlier: JsonNode) -> dict[str, str]:
    """Return the parts that a new version has of the earlier one: what is otherwise, somebody edited.

    The service takes date and version away. The access is not the files' own before it was sent from here.
    """
    before, now = part_digests(earlier), part_digests(draft)
    emptied = {name for name in ("publication_date", "version") if name not in now}
    return {name: digest for name, digest in before.items() if name not in {"access", *emptied}}


def part_digests(draft: JsonNode) -> dict[str, str]:
    """Return a short digest of each part of a draft that is not empty."""
    metadata = object_of(draft["metadata"])
    parts: dict[str, Any] = {name: metadata.get(name) for name in _OURS}
    parts["other metadata"] = {name: value for name, value in metadata.items() if name not in _OURS}
    parts["custom fields"] = object_of(draft["custom_fields"])
    access = object_of(draft["access"])
    parts["access"] = {name: access.get(name) for name in ACCESS_PARTS}
    found = {name: plain(value) for name, value in parts.items()}
    return {name: _digest(value) for name, value in found.items() if value}


def edit_faults(draft: JsonNode, sent: Mapping[str, str], content: Mapping[str, Any]) -> list[FieldFault]:
    """Return a fault for each field from the files that is neither as `sent` last nor as in `content`."""
    now, meant = part_digests(draft), part_digests(JsonNode(content))
    message = (
        "it was changed in the draft at the service; take the change over into the files or undo it there, "
        "or replace it with --take-over"
    )
    return [
        FieldFault(f"metadata.{name}", message, record_field(f"metadata.{name}"))
        for name in _OURS
        if now.get(name) not in {sent.get(name), meant.get(name)}
    ]


def access_faults(
    draft: JsonNode, before: JsonNode | None, sent: Mapping[str, str], content: Mapping[str, Any]
) -> Iterator[FieldFault]:
    """Yield a fault where the draft, or the version `before`, is more closed than `content`.

    What an earlier command sent is the files' own to open again. `before` is None where the files say what
    this version is, or where it is the first one.
    """
    wanted = _closedness(content["access"])
    is_sent = part_digests(draft).get("access") == sent.get("access")
    if not is_sent and _closedness(object_of(draft["access"])) > wanted:
        yield FieldFault(
            "access",
            "the draft is closed at the service, and the files would open it; state access_right (and "
            "embargo_date) in .zenodo.json as it is there, or open the draft there",
            "access",
        )
    elif before is not None and _closedness(object_of(before["access"])) > wanted:
        yield FieldFault(
            "access",
            "the version before is closed at the service, and no file says what this one is; state "
            "access_right in .zenodo.json",
            "access",
        )


def merged(draft: JsonNode, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return `content` with what editors of the draft added in fields that the files do not have."""
    others = {name: value for name, value in object_of(draft["metadata"]).items() if name not in _OURS}
    access, there = content["access"], object_of(draft["access"])
    if _closedness(there) == _closedness(access):
        access = {name: there[name] for name in ACCESS_PARTS if there.get(name)}  # with its reason
    preview = draft.at("files", "default_preview").text
    return {
        **content,
        "access": access,
        "files": {**content["files"], **({"default_preview": preview} if preview else {})},
        "metadata": {**others, **content["metadata"]},
        "custom_fields": {**object_of(draft["custom_fields"]), **content["custom_fields"]},
        **_external_doi(draft),
    }


def _external_doi(draft: JsonNode) -> dict[str, Any]:
    """Return the DOI of another registrar, entered on the page: an update without it would remove it."""
    doi = draft.at("pids", "doi")
    stated = {"identifier": doi["identifier"].text, "provider": "external"}
    return {"pids": {"doi": stated}} if doi["provider"].text == "external" else {}


def _closedness(access: Mapping[str, Any]) -> tuple[int, str]:
    """Return how closed an access is, to compare: public, embargoed until a day, restricted, hidden."""
    embargo = access.get("embargo")
    embargo = embargo if isinstance(embargo, dict) and embargo.get("active") else {}
    if access.get("record", "public") != "public":
        return _HIDDEN, ""
    if embargo.get("until"):
        return _EMBARGOED, str(embargo["until"])[:10]
    return (_PUBLIC if access.get("files", "public") == "public" and not embargo else _RESTRICTED), ""


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
