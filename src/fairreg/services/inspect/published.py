# SPDX-License-Identifier: MIT
"""Records whose files hold the same weights, by fingerprint, in the registry and among packaged facts."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fairreg.models.base import Recognition
from fairreg.registry import Entry, Registry
from fairreg.schemas.fingerprint_rule import RULE, rule_in
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.text import one_line

__all__ = ["PublishedWeights", "in_registry", "known_to_package"]

_SCHEMES = ("fingerprint", "file_fingerprint")


@dataclass(frozen=True)
class PublishedWeights:
    """A record with weights of `fingerprint`; `evidence` is a sentence, `title` the record's name."""

    identifier: str
    title: str | None
    fingerprint: str
    evidence: str

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
            for entry in registry.entries_for(Identifier(scheme, value)):
                item = _as_published(entry, value)
                if item is not None:
                    found.setdefault((item.identifier, value), item)
    return tuple(found.values())


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
    )
