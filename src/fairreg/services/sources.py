# SPDX-License-Identifier: MIT
"""The sources there are, and what came from each."""

from dataclasses import asdict, dataclass
from typing import Any

from fairreg import harvesters
from fairreg.registry import Registry
from fairreg.settings import Settings

__all__ = ["SourceState", "sources"]


@dataclass(frozen=True)
class SourceState:
    """A source: where requests go, how many records came from it, when it was last harvested."""

    name: str
    title: str
    url: str
    configured: bool
    records: int
    last_harvest: str | None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form."""
        return asdict(self)


def sources(settings: Settings) -> list[SourceState]:
    """Every source by name. Raises RegistryError."""
    with Registry(settings=settings) as registry:
        info = registry.info()
    found = []
    for harvester in harvesters.all_harvesters():
        service = settings.service(harvester.name)
        times = [
            item.updated_at for item in info.harvests if item.source == harvester.name and item.updated_at
        ]
        state = SourceState(
            name=harvester.name,
            title=harvester.title,
            url=service.url,
            configured=service.configured,
            records=info.sources.get(harvester.name, 0),
            last_harvest=max(times, default=None),
        )
        found.append(state)
    return found
