# SPDX-License-Identifier: MIT
"""Manual links and separations, as `Registry.link` and `Registry.unlink` make them.

Modules that only some methods need are imported there.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fairreg.registry.parts import RegistryPart, changing

if TYPE_CHECKING:
    from fairreg.registry.ingest.link_overrides import LinkOverride
    from fairreg.registry.resolution.lineage import LinkOverrides

__all__ = ["Links"]


class Links(RegistryPart):
    """Manual links and separations, as `Registry.link` and `Registry.unlink` make them."""

    def overrides(self) -> "LinkOverrides":
        """Return the manual links and separations, made by `link` and `unlink`."""
        from fairreg.registry.ingest.lineage_update import load_overrides

        with self._database.reading() as connection:
            return load_overrides(connection)

    def every(self) -> "tuple[LinkOverride, ...]":
        """Return the manual links and separations with their times."""
        from fairreg.registry.ingest.link_overrides import every_override

        with self._database.reading() as connection:
            return every_override(connection)

    def restore(self, items: "Iterable[LinkOverride]") -> int:
        """Import manual links and separations in one transaction; return the number of new ones."""
        from fairreg.registry.ingest.link_overrides import restore_override

        with changing(self._database) as connection:
            return sum(restore_override(connection, item) for item in items)
