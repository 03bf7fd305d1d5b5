# SPDX-License-Identifier: MIT
"""Questions in the query language of search engines that follow Lucene (Zenodo, DataCite)."""

from datetime import date

__all__ = ["changed_since"]


def changed_since(query: str, since: date | None) -> str:
    """`query` narrowed to what was updated from the day `since` on; as it stands without one."""
    if since is None:
        return query
    changed = f"updated:[{since.isoformat()} TO *]"
    return f"({query}) AND {changed}" if query else changed
