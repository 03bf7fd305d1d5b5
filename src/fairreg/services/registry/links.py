# SPDX-License-Identifier: MIT
"""The verbs ``link`` and ``unlink``: a person's word on whether two records are of one model."""

from fairreg.registry import LineageReport, Registry
from fairreg.schemas.identifiers import RequestedIdentifier
from fairreg.services.registry.db import existing
from fairreg.settings import Settings

__all__ = ["link", "unlink"]


def link(settings: Settings, one: str, other: str, *, registry: Registry | None = None) -> LineageReport:
    """Join what two identifiers mean, for good; the model that they make now.

    `registry` is used instead of opening that of `settings`. Raises NotFound, IdentifierError, and UsageError
    where both mean the same statement.
    """
    first, second = RequestedIdentifier(one), RequestedIdentifier(other)
    with existing(registry, settings) as used:
        used.link(first, second)
        return used.explain(first)


def unlink(
    settings: Settings, one: str, other: str, *, registry: Registry | None = None
) -> tuple[LineageReport, LineageReport]:
    """Keep what two identifiers mean apart, for good; the two models that they are now. Raises as `link`."""
    first, second = RequestedIdentifier(one), RequestedIdentifier(other)
    with existing(registry, settings) as used:
        used.unlink(first, second)
        return used.explain(first), used.explain(second)
