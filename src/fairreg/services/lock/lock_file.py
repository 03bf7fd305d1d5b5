# SPDX-License-Identifier: MIT
"""The lock file: JSON, one fact per line in a fixed order: equal locks have equal bytes.

JSON and not TOML, because Python writes it without another package, any program reads it, and it has null and
nested lists, which metadata need. Nothing in it depends on a machine: no paths, no addresses of mirrors.
"""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from fairreg.errors import IdentifierError, UsageError
from fairreg.schemas import DOCUMENT_VERSIONS, versioned
from fairreg.schemas.documents.changes.locks import LockDocument, LockedModel
from fairreg.schemas.fingerprint_rule import RULE
from fairreg.schemas.identifiers import RequestedIdentifier
from fairreg.services.diff.metadata import digest_of_fields
from fairreg.services.lock.soundness import contradictions
from fairreg.storage.files import disk_faults, replacing

__all__ = ["DEFAULT_NAME", "check_target", "document_of", "in_order", "read_lock", "text_of", "write_lock"]

DEFAULT_NAME = "fairreg.lock"
_VERSION = "schema_version"
_LARGEST = 64 * 2**20  # bytes; a lock of a hundred models has about one
LOCK_NAME = "fairreg.lock"
_MAKE = "Make one with fairreg lock PID."
_AGAIN = "Make it again with fairreg lock, or take it from a copy."


def in_order(models: Iterable[LockedModel]) -> list[LockedModel]:
    """Return the models in the order of a lock, each with its files and weights in theirs."""
    return sorted(map(_ordered, models), key=lambda item: item.identifier)


def _ordered(model: LockedModel) -> LockedModel:
    return msgspec.structs.replace(
        model,
        asked=sorted(set(model.asked)),
        files=sorted(model.files, key=lambda item: (item.name, item.sha256)),
        weights=sorted(model.weights, key=lambda item: (item.name, item.sha256)),
        metadata=dict(sorted(model.metadata.items())),
    )


def document_of(lock: LockDocument) -> dict[str, Any]:
    """Return the JSON document of a lock, with its version."""
    document: dict[str, Any] = versioned("lock", msgspec.to_builtins(lock))
    return document


def text_of(lock: LockDocument) -> str:
    """Return the text of the lock file."""
    text = json.dumps(document_of(lock), indent=2, ensure_ascii=False, allow_nan=False)
    # A lone surrogate, from a name that is not UTF-8, can only be written escaped.
    return text.encode("utf-8", "backslashreplace").decode() + "\n"


def check_target(target: Path) -> None:
    """Refuse to write in the place of a file that `read_lock` does not read. Raises UsageError.

    A lock of a newer fairreg and an edited one are such files, too: what they pin is nowhere else.
    """
    if target.is_dir() or not target.absolute().parent.is_dir():
        what = "is a folder" if target.is_dir() else "is in a folder that does not exist"
        raise UsageError(f"{target} {what}.", hint="Give the lock another name with --output.")
    if not target.is_file() or not target.stat().st_size:
        return
    try:
        if not _pins_nothing(_parsed(target)):
            read_lock(target)
    except UsageError as error:
        raise UsageError(
            f"{error.message} It is no lock file that this fairreg reads, so it is not replaced.",
            hint="Remove it, or choose another name with --output.",
        ) from error


def _pins_nothing(document: dict[str, Any]) -> bool:
    """Tell whether a document is a lock of no models, with which nothing is lost."""
    known = {_VERSION, *LockDocument.__struct_fields__}
    of_this_version = document.get(_VERSION) == DOCUMENT_VERSIONS["lock"]
    return of_this_version and document.keys() <= known and document.get("models") == []


def write_lock(lock: LockDocument, target: Path) -> None:
    """Write the lock file in one step: whatever stops it, the earlier file or the whole new one is there.

    A link stays, and the file that it leads to is written. Raises UsageError as `check_target`, FairregError
    for a disk that refuses.
    """
    check_target(target)
    place = target.resolve() if target.is_symlink() else target
    with disk_faults(f"The lock {target}", "another name with --output"), replacing(place) as draft:
        draft.write_text(text_of(lock), encoding="utf-8", newline="\n")


def read_lock(path: Path) -> LockDocument:
    """Read a lock file. Raises UsageError for one that is missing, damaged or of a newer release."""
    document = _parsed(path)
    _check_version(document.pop(_VERSION, None), path)
    try:
        lock = msgspec.convert(document, LockDocument)
        date.fromisoformat(lock.locked)
    except msgspec.ValidationError as error:
        raise _damaged(path, f"{error}") from error
    except ValueError as error:
        raise _damaged(path, "the day on which it was made is in no calendar") from error
    _check_rule(lock.fingerprint_rule, path)
    _check_models(lock, path)
    return lock


def _parsed(path: Path) -> dict[str, Any]:
    if path.is_dir():
        inside = path / LOCK_NAME
        step = f"Give the lock in it: fairreg verify {inside}" if inside.is_file() else _MAKE
        raise UsageError(f"{path} is a folder, not a lock file.", hint=step)
    if not path.is_file():
        raise UsageError(f"There is no lock file {path}.", hint=_MAKE)
    try:
        if path.stat().st_size > _LARGEST:
            raise _damaged(path, f"it has more than {_LARGEST >> 20} MiB")
        document = json.loads(
            path.read_bytes(), object_pairs_hook=_without_duplicates, parse_constant=_no_number
        )
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}.") from error
    except _TwiceError as error:
        raise _damaged(path, f"it has the key {error.args[0]!r} twice in one object") from error
    except (ValueError, RecursionError) as error:
        raise _damaged(path, "it is not JSON") from error
    if not isinstance(document, dict):
        raise _damaged(path, "it is not a JSON object")
    return document


def _check_version(stated: object, path: Path) -> None:
    own = DOCUMENT_VERSIONS["lock"]
    if stated == own:
        return
    numbers = _numbers(stated)
    if numbers is None:
        raise _damaged(path, f"it states no {_VERSION}")
    if numbers > (_numbers(own) or numbers):
        raise UsageError(
            f"{path} has version {stated} of the lock format, and this fairreg reads up to {own}.",
            hint="Upgrade fairreg: pip install --upgrade fairreg.",
        )
    raise _damaged(path, f"there is no version {stated} of the lock format")


def _numbers(version: object) -> tuple[int, int] | None:
    if not isinstance(version, str):
        return None
    major, _, minor = version.partition(".")
    if not (major.isdecimal() and minor.isdecimal() and version.isascii() and len(version) < 20):  # noqa: PLR2004
        return None
    return int(major), int(minor)


def _check_rule(rule: int, path: Path) -> None:
    if rule > RULE:
        raise UsageError(
            f"{path} has fingerprints of rule {str(rule)[:20]}, and this fairreg knows rules up to {RULE}.",
            hint="Upgrade fairreg: pip install --upgrade fairreg.",
        )
    if rule < 1:
        raise _damaged(path, "there is no such rule of fingerprints")


def _check_models(lock: LockDocument, path: Path) -> None:
    known: set[str] = set()
    for model in lock.models:
        try:
            identifier = RequestedIdentifier.of(model.identifier).require().compact
        except IdentifierError as error:
            raise _damaged(path, f"{model.identifier!r} is not an identifier") from error
        if identifier in known:
            raise _damaged(path, f"it has {identifier} twice")
        known.add(identifier)
        if digest_of_fields(model.metadata) != model.metadata_sha256:
            raise _damaged(path, f"the metadata of {model.identifier} are not those of their digest")
        for contradiction in contradictions(model):
            raise _damaged(path, f"{model.identifier} was edited: {contradiction}")


class _TwiceError(ValueError):
    """A key of an object occurs twice; the only argument is the key."""


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _TwiceError(
            next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)[:100]
        )
    return found


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _damaged(path: Path, why: str) -> UsageError:
    return UsageError(f"{path} is not a sound lock file: {why.rstrip('.')}.", hint=_AGAIN)
