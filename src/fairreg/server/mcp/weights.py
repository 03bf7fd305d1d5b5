# SPDX-License-Identifier: MIT
"""The tool ``find_same_weights``: records whose files hold equal weights, by fingerprint."""

from shlex import quote

from fairreg.errors import UsageError
from fairreg.registry import Entry, Registry
from fairreg.schemas.fingerprint_rule import RULE, rule_in
from fairreg.schemas.identifiers import RequestedIdentifier
from fairreg.server.mcp.answers import SameWeights, WeightsRecord
from fairreg.server.mcp.arguments import WeightsArguments
from fairreg.server.mcp.foreign_text import ITEMS, identifier, line, lines
from fairreg.server.mcp.records import entry_of
from fairreg.services.inspect.published import in_registry

__all__ = ["find_same_weights"]

_SCHEMES = ("fingerprint", "file_fingerprint")
_ONE = "Give either fingerprint or pid."


def find_same_weights(registry: Registry, asked: WeightsArguments) -> SameWeights:
    """Return the records with the fingerprint, or with those of a record. Raises UsageError and NotFound."""
    if (asked.fingerprint is None) == (asked.pid is None):
        given = "Neither fingerprint nor pid was given." if asked.pid is None else "Both were given."
        raise UsageError(given, hint=_ONE)
    entry = None if asked.pid is None else entry_of(registry, asked.pid)
    wanted = _fingerprint(asked.fingerprint or "") if entry is None else _fingerprints(entry)
    found = in_registry(registry, wanted[:ITEMS])
    return SameWeights(
        fingerprints=lines(wanted),
        records=tuple(
            WeightsRecord(
                identifier=identifier(item.identifier),
                fingerprint=line(item.fingerprint) or "",
                name=line(item.title),
                evidence=line(item.stated),
                is_asked=entry is not None and item.identifier == entry.identifier,
            )
            for item in found[:ITEMS]
        ),
        records_in_all=len(found),
        note=_note(
            asked.pid, wanted, others=any(entry is None or i.identifier != entry.identifier for i in found)
        ),
    )


def _fingerprint(text: str) -> tuple[str, ...]:
    """Return the fingerprint in a text. Raises UsageError, as IdentifierError is one."""
    found = RequestedIdentifier.of(text).require()
    if found.scheme not in _SCHEMES:
        raise UsageError("This is not a fingerprint.", hint="Give it as `pid` if it names a record.")
    return (found.value,)


def _fingerprints(entry: Entry) -> tuple[str, ...]:
    """Return the fingerprints of a record by the rule of this release."""
    carried = (item for item in entry.record.identifiers if item.scheme in _SCHEMES)
    return tuple(dict.fromkeys(item.value for item in carried if rule_in(item.evidence) == RULE))


def _note(pid: str | None, wanted: tuple[str, ...], *, others: bool) -> str | None:
    if pid is not None and not wanted:
        return (
            "The fingerprints of its weights are not known here, so nothing can be said. Where the registry "
            f"is kept, run: fairreg fetch {quote(pid.strip())}"
        )
    if not others:
        return "No other record is known to have these weights; most files have not been read."
    return None
