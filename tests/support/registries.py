# SPDX-License-Identifier: MIT
"""A registry that is served and harvests others."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from fairreg.registry import Registry
from fairreg.schemas.record import ModelRecord, Provenance
from fairreg.services.harvest.harvest import HarvestReport, harvest
from fairreg.services.registry.export_format import line_of
from fairreg.settings import Settings
from support.oai import said
from support.serving import serving

__all__ = ["OLD", "Place", "at"]

OLD = "2026-01-02T03:04:05+00:00"


@dataclass(frozen=True)
class Place:
    """A served registry, to write to and to harvest into."""

    url: str
    settings: Settings
    registry: Registry

    @classmethod
    @contextmanager
    def serving(cls, settings: Settings) -> "Iterator[Place]":
        with serving(settings) as url, Registry(settings=settings) as registry:
            yield cls(url, settings, registry)

    def harvest(self, other: "Place | str", **options: Any) -> HarvestReport:
        """Harvest another registry."""
        url = other if isinstance(other, str) else other.url
        return harvest(self.settings, url, registry=self.registry, **options)

    def lines(self) -> list[tuple[object, ...]]:
        """Record and withdrawal of each line of an export."""
        lines = (json.loads(line_of(item)) for item in self.registry.every_statement())
        return [(line["record"], line["gone_at"], line["gone_reason"]) for line in lines]

    def stamps(self) -> list[tuple[str, str]]:
        """Identifier and time of change of every entry and departure, as others see them."""
        return [(item.identifier, item.changed_at) for item in self.registry.changes(None, None, None, 1000)]


def at(time: str, source: str, source_id: str, *pids: str, **fields: object) -> ModelRecord:
    """A statement that was read at a time."""
    return said(source, source_id, *pids, provenance=Provenance(source, source_id, retrieved=time), **fields)
