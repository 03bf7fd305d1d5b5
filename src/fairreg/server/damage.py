# SPDX-License-Identifier: MIT
"""Damaged records that a search left out, named in the log for the keepers."""

import logging
from collections.abc import Iterable

from fairreg.registry.db.damaged_rows import DAMAGED
from fairreg.schemas.text import clean

__all__ = ["log_damaged"]

_LOG = logging.getLogger(__name__)


def log_damaged(identifiers: Iterable[str]) -> None:
    """Log a line for each."""
    for identifier in identifiers:
        _LOG.error(DAMAGED, clean(identifier))
