# SPDX-License-Identifier: MIT
"""Records whose files hold the same weights, by fingerprint, in the registry and among packaged facts."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fairreg.errors import FairregError, IdentifierError
from fairreg.models.base import Recognition
from fairreg.registry import Entry, Registry
from fairreg.schemas.fingerprint_rule import RULE, rule_in
from fairreg.schemas.identifiers import Identifier, parse
from fairreg.schemas.record import public_text
from fairreg.schemas.text import one_line, shortened
from fairreg.settings import Settings
from fairreg.web import Log, no_log

if TYPE_CHECKING:
    from fairreg.harvesters.common.peers import Peer
    from fairreg.web import HttpClient

__all__ = ["PublishedWeights", "at_peers", "in_registry", "known_to_package"]

_LONGEST_TITLE, _LONGEST_EVIDENCE = 300, 500
_SCHEMES = ("fingerprint", "file_fingerprint")


@dataclass(frozen=True)
class PublishedWeights:
    """A record with weights of `fingerprint`; `evidence` is a sentence, `title` the record's name.

    `stated` are the record's own words on how the fingerprint is known.
    """

    identifier: str
    title: str | None
    fingerprint: str
    evidence: str
    stated: str | None = None

    def to_json(self) -> dict[str, Any]:
        """An item of the entry ``published`` of the document."""
        return {
            "id": self.identifier,
            "title": self.title,
            "fingerprint": self.fingerprint,
            "evidence": self.evidence,
        }


def known_to_package(recognition: Recognition | None) -> tuple[PublishedWeights, ...]:
    """The record that the model package knows these weights from, if any."""
    if recognition is None or recognition.record is None:
        return ()
    name = recognition.published_name
    evidence = (
        f"The fingerprint is that of {name} in the record." if name else "They are packaged with fairreg."
    )
    return (PublishedWeights(recognition.record, recognition.title, recognition.fingerprint, evidence),)


def in_registry(registry: Registry, fingerprints: Iterable[str]) -> tuple[PublishedWeights, ...]:
    """Records of the registry with a file of these fingerprints, by today's rule. Raises RegistryError."""
    found: dict[tuple[str, str], PublishedWeights] = {}
    for value in fingerprints:
        for scheme in _SCHEMES:
            for entry in registry.listing.entries_for(Identifier(scheme, value)):
                item = _as_published(entry, value)
                if item is not None:
                    found.setdefault((item.identifier, value), item)
    return tuple(found.values())


def at_peers(
    settings: Settings, fingerprints: Sequence[str], log: Log = no_log
) -> tuple[list[PublishedWeights], list[str]]:
    """Ask the other registries for these fingerprints; return their records, and warnings on failures."""
    from fairreg.harvesters.common.peers import peer_at  # only for --live
    from fairreg.web import HttpClient, RetryPolicy

    found: dict[tuple[str, str], PublishedWeights] = {}
    warnings = []
    policy = RetryPolicy(retries=1, longest_wait=2, connect_timeout=5, read_timeout=10, body_seconds=10)
    with HttpClient(settings, log=log, patience=policy) as web:
        for peer in map(peer_at, settings.peers):
            try:
                for item in (item for value in fingerprints for item in _told(peer, web, value)):
                    found.setdefault((item.identifier, item.fingerprint), item)
            except FairregError as error:
                warnings.append(f"{peer.host} was not searched for the same weights: {error.message}")
    return list(found.values()), warnings


def _told(peer: "Peer", web: "HttpClient", value: str) -> Iterator[PublishedWeights]:
    for row in peer.with_fingerprint(web, value):
        try:
            identifier = parse(row["id"].text or "").compact
        except IdentifierError:
            continue  # no command could look it up
        title, evidence = (row[name].text for name in ("title", "evidence"))
        words = f"The registry at {peer.host} has it."
        if evidence:
            words += f" {shortened(one_line(public_text(evidence)), _LONGEST_EVIDENCE)}"
        named = shortened(one_line(public_text(title)), _LONGEST_TITLE) if title else None
        yield PublishedWeights(identifier, named, value, words)


def _as_published(entry: Entry, value: str) -> PublishedWeights | None:
    """The entry as a finding, None where its fingerprint is of another rule."""
    carried = [item for item in entry.record.identifiers if item.scheme in _SCHEMES and item.value == value]
    own = next((item for item in carried if rule_in(item.evidence) == RULE), None)
    if own is None:
        return None
    return PublishedWeights(
        entry.identifier,
        one_line(entry.record.name),
        value,
        f"The fingerprint was {one_line(own.evidence or 'stated by the record')}.",
        own.evidence,
    )
