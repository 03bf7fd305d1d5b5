# SPDX-License-Identifier: MIT
"""The sources that are queried by default."""

from fairreg import harvesters
from fairreg.errors import UsageError
from fairreg.harvesters import Harvester
from fairreg.schemas.text import visible
from fairreg.settings import Settings

__all__ = ["enabled"]


def enabled(settings: Settings) -> tuple[Harvester, ...]:
    """Sources that the setting `disable` does not list. Raises UsageError where it lists an unknown one."""
    known = harvesters.all_harvesters()
    unknown = settings.disabled - {harvester.name for harvester in known}
    if unknown:
        stated_in = settings.names.get("FAIRREG_DISABLE", "FAIRREG_DISABLE")
        raise UsageError(
            f"{stated_in} lists what is no source: {visible(', '.join(sorted(unknown)))}.",
            hint=f"Sources: {', '.join(harvester.name for harvester in known)}.",
        )
    return tuple(harvester for harvester in known if harvester.name not in settings.disabled)
