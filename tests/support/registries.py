# SPDX-License-Identifier: MIT
"""A registry that is served and harvests others."""

import json
from contextlib import ExitStack
from functools import cached_property
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


class Place:
    """A registry to write to and to harvest into, which is served once its address is asked for."""

    def __init__(self, settings: Settings, opened: ExitStack) -> None:
        self.settings, self._opened = settings, opened
        self.registry = opened.enter_context(Registry(settings=settings))

    @cached_property
    def url(self) -> str:
        """Base URL of its server."""
        return self._opened.enter_context(serving(self.settings))

    def harvest(self, other: "Place | str", **options: Any) -> HarvestReport:
        """Harvest another registry."""
        url = other if isinstance(other, str) else other.url
        return harvest(self.settings, url, registry=self.registry, **options)

    def lines(self) -> list[tuple[object, ...]]:
        """Record and withdrawal of each line of an export."""
        lines = (json.loads(line_of(item)) for item in self.registry.statements.every())
        return [(line["record"], line["gone_at"], line["gone_reason"]) for line in lines]

    def stamps(self) -> list[tuple[str, str]]:
        """Identifier and time of change of every entry and departure, as others see them."""
        return [
            (item.identifier, item.changed_at) for item in self.registry.changes.page(None, None, None, 1000)
        ]


def at(time: str, source: str, source_id: str, *pids: str, **fields: object) -> ModelRecord:
    """A statement that was read at a time."""
    return said(source, source_id, *pids, provenance=Provenance(source, source_id, retrieved=time), **fields)
