# SPDX-License-Identifier: MIT
"""The verbs ``link`` and ``unlink``: manual decisions on whether two records are of one model."""

from fairreg.registry import LineageReport, Registry
from fairreg.schemas.identifiers import RequestedIdentifier
from fairreg.services.registry.db import existing
from fairreg.settings import Settings

__all__ = ["link", "unlink"]


def link(settings: Settings, one: str, other: str, *, registry: Registry | None = None) -> LineageReport:
    """Mark two identifiers as the same model, permanently; return the joined model.

    `registry` is used instead of opening that of `settings`. Raises NotFound, IdentifierError, and UsageError
    where both are of the same statement.
    """
    first, second = RequestedIdentifier(one), RequestedIdentifier(other)
    with existing(registry, settings) as used:
        used.link(first, second)
        return used.explain(first)


def unlink(
    settings: Settings, one: str, other: str, *, registry: Registry | None = None
) -> tuple[LineageReport, LineageReport]:
    """Mark two identifiers as different models, permanently; return both models. Raises as `link`."""
    first, second = RequestedIdentifier(one), RequestedIdentifier(other)
    with existing(registry, settings) as used:
        used.unlink(first, second)
        return used.explain(first), used.explain(second)
