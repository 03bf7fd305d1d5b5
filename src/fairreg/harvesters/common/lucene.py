# SPDX-License-Identifier: MIT
"""Queries in the syntax of search engines that follow Lucene (Zenodo, DataCite)."""

from datetime import date

__all__ = ["changed_since"]


def changed_since(query: str, since: date | None) -> str:
    """Restrict `query` to updates from the day `since` on; unchanged without one."""
    if since is None:
        return query
    changed = f"updated:[{since.isoformat()} TO *]"
    return f"({query}) AND {changed}" if query else changed
