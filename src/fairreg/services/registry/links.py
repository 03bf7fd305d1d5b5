# SPDX-License-Identifier: MIT
"""The verbs ``link`` and ``unlink``: a person's word on whether two records are of one model."""

from fairreg.registry import LineageReport, Registry
from fairreg.settings import Settings

__all__ = ["link", "unlink"]


def link(settings: Settings, one: str, other: str) -> LineageReport:
    """Join what two identifiers mean, for good; the model that they make now.

    Raises NotFound, IdentifierError, and UsageError where both mean the same statement.
    """
    with Registry(settings=settings) as registry:
        registry.link(one, other)
        return registry.explain(one)


def unlink(settings: Settings, one: str, other: str) -> tuple[LineageReport, LineageReport]:
    """Keep what two identifiers mean apart, for good; the two models that they are now. Raises as `link`."""
    with Registry(settings=settings) as registry:
        registry.unlink(one, other)
        return registry.explain(one), registry.explain(other)
