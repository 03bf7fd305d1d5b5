# SPDX-License-Identifier: MIT
"""Which sources are asked where none is named."""

from fairreg import harvesters
from fairreg.errors import UsageError
from fairreg.harvesters import Harvester
from fairreg.settings import Settings

__all__ = ["enabled"]


def enabled(settings: Settings) -> tuple[Harvester, ...]:
    """All but those that FAIRREG_DISABLE names. Raises UsageError where it names what is no source."""
    known = harvesters.all_harvesters()
    unknown = settings.disabled - {harvester.name for harvester in known}
    if unknown:
        raise UsageError(
            f"FAIRREG_DISABLE names what is no source: {', '.join(sorted(unknown))}.",
            hint=f"Sources: {', '.join(harvester.name for harvester in known)}.",
        )
    return tuple(harvester for harvester in known if harvester.name not in settings.disabled)
