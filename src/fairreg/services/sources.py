# SPDX-License-Identifier: MIT
"""The available sources, the records from each, and their current state."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairreg import harvesters
from fairreg.harvesters import Harvester
from fairreg.registry import Info, Registry, RejectedPayload
from fairreg.services.enabled_sources import enabled
from fairreg.services.registry.db import existing
from fairreg.settings import Service, Settings
from fairreg.sources import MetadataTerms, source_named

if TYPE_CHECKING:
    from fairreg.services.check.check import DoneCallback, SourceCheck

__all__ = ["RejectedPayloadRow", "SourceState", "rejected", "sources"]


@dataclass(frozen=True)
class SourceState:
    """A source: address of its requests, records from it, availability and limits.

    `enabled`: its engine is installed, and FAIRREG_DISABLE does not list it. `live`: it supports search.
    `state` and `check` are None until the source was checked, then `state` is ``ok`` or names the fault.
    `token`: true if an access token is set, None for a source without tokens. `limits` is a phrase
    for people. `terms` are those of its metadata, None where its row states none.
    """

    name: str
    title: str
    url: str | None
    configured: bool
    records: int
    last_harvest: str | None
    enabled: bool = True
    live: bool = True
    token: bool | None = None
    limits: str = ""
    terms: MetadataTerms | None = None
    refused: int = 0
    state: str | None = None
    check: "SourceCheck | None" = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form."""
        return {
            **asdict(replace(self, check=None)),
            "terms": self.terms._asdict() if self.terms else None,
            "check": self.check.to_json() if self.check else None,
        }


@dataclass(frozen=True)
class RejectedPayloadRow:
    """A rejected payload, by its digest; `size` is in bytes."""

    source: str
    reason: str
    path: str | None
    payload_sha256: str | None
    size: int
    refused_at: str | None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form."""
        return asdict(self)


def sources(
    settings: Settings,
    *,
    check: bool = False,
    record: Path | None = None,
    on_done: "DoneCallback" = lambda _check: None,
    registry: Registry | None = None,
) -> list[SourceState]:
    """List every source by name; `check` compares an answer of each enabled one with the known one.

    With it the DOI resolver is in the list too. `record` is a folder for the sanitised answers, `on_done` is
    called with each source that is checked. `registry` is used instead of opening that of `settings`. Raises
    RegistryError, and UsageError where FAIRREG_DISABLE names an unknown source or `record` is in use.
    """
    enabled(settings)
    with existing(registry, settings) as known:
        info, bad = known.info(), known.harvests.rejected()
        heard = known.peers.statement_counts() if _peers(settings, info) else {}
    found = [_state(settings, harvester, info, bad) for harvester in harvesters.all_harvesters()]
    found += [_peer_state(settings, url, info, bad, heard.get(url, 0)) for url in _peers(settings, info)]
    if not check:
        return found
    from fairreg.services.check.check import check_sources  # not needed to list the sources

    checks = {item.name: item for item in check_sources(settings, record=record, on_done=on_done)}
    known_names = {item.name for item in found}
    found += [_service_state(settings, item) for name, item in checks.items() if name not in known_names]
    return [
        replace(item, state=checks[item.name].state, check=checks[item.name]) if item.name in checks else item
        for item in found
    ]


def rejected(settings: Settings, *, registry: Registry | None = None) -> list[RejectedPayloadRow]:
    """List every rejected payload that has not become a record since. Raises RegistryError."""
    with existing(registry, settings) as known:
        return [
            RejectedPayloadRow(
                source=item.source,
                reason=item.reason,
                path=item.path,
                payload_sha256=item.payload_sha256,
                size=len(item.payload),
                refused_at=item.refused_at,
            )
            for item in known.harvests.rejected()
        ]


def _service_state(settings: Settings, check: "SourceCheck") -> SourceState:
    """State of a service that is no source of records."""
    service = settings.service(check.name)
    return SourceState(check.name, check.title, service.url, service.configured, 0, None, live=False)


def _state(
    settings: Settings, harvester: Harvester, info: Info, bad: Sequence[RejectedPayload]
) -> SourceState:
    service = settings.services.get(harvester.service)
    times = [item.updated_at for item in info.harvests if item.source == harvester.name and item.updated_at]
    return SourceState(
        name=harvester.name,
        title=harvester.title,
        url=service.url if service else None,
        configured=service is not None and service.configured,
        records=info.sources.get(harvester.name, 0),
        last_harvest=max(times, default=None),
        enabled=harvester.name not in settings.disabled
        and (harvester.engine is None or find_spec(harvester.engine) is not None),
        live=harvester.searchable,
        token=service.token is not None if service and service.takes_token else None,
        limits=_limits(harvester, service),
        terms=source_named(harvester.name).metadata_terms,
        refused=sum(item.source == harvester.name for item in bad),
    )


def _peers(settings: Settings, info: Info) -> list[str]:
    """Return the base URLs of the other registries that are set, or were harvested before."""
    harvested = (item.source for item in info.harvests if harvesters.is_peer(item.source))
    return list(dict.fromkeys((*settings.peers, *harvested)))


def _peer_state(
    settings: Settings, url: str, info: Info, bad: Sequence[RejectedPayload], records: int
) -> SourceState:
    """State of another registry; `records` are the statements that came from it."""
    times = [item.updated_at for item in info.harvests if item.source == url and item.updated_at]
    known = url in settings.peers
    return SourceState(
        name=url,
        title=f"fairreg at {harvesters.get(url).title}",
        url=url,
        configured=True,
        records=records,
        last_harvest=max(times, default=None),
        enabled=known,
        live=known,
        limits="another registry" if known else "another registry, not in FAIRREG_PEERS",
        refused=sum(item.source == url for item in bad),
    )


def _limits(harvester: Harvester, service: Service | None) -> str:
    if service is None:
        return "sends no requests"
    guest, known = harvester.page_limit(token=False), harvester.page_limit(token=True)
    page = f"{guest} per page" + (f", {known} with a token" if service.takes_token and known != guest else "")
    pace = service.allowed_pace
    return f"{page}; {pace.search} requests per minute" if pace else page
