# SPDX-License-Identifier: MIT
"""The verb ``search``: from a query to a typed report."""

from collections.abc import Mapping
from typing import Any

from fairreg.errors import UsageError
from fairreg.registry import Registry
from fairreg.services.registry.db import existing
from fairreg.services.search.report import (
    DEADLINE,
    PAGE,
    AnswerCallback,
    Page,
    SearchReport,
    UpdateCallback,
    explanation_of,
    row_of,
    search_warnings,
)
from fairreg.settings import Settings

__all__ = ["search"]


def search(
    settings: Settings,
    query: str,
    *,
    live: bool = False,
    save: bool = False,
    deadline: float = DEADLINE,
    explain: bool = False,
    facets: bool = False,
    on_answer: AnswerCallback = lambda _name, _answer: None,
    on_update: UpdateCallback | None = None,
    registry: Registry | None = None,
    limit: int | None = PAGE,
    offset: int = 0,
    sort: str = "relevance",
    **filters: Any,
) -> SearchReport:
    """Search models that match `query`; `filters` are those of `Registry.search`.

    At most `limit` results after the first `offset`, in the order `sort`: relevance, year, fair or name.
    Pages of one search fit together as long as the registry stays as it is. `explain` adds an explanation of
    each rank, `facets` the counts per value over all results; neither works with `live`.

    `live` also queries every enabled source, or those named (`source`) even if FAIRREG_DISABLE lists them,
    for `deadline` seconds; `on_answer` is called with each answer, `on_update` with the updated ranking,
    `save` stores their results. A model that its source withdrew is still found, with a warning. `registry`
    is used instead of opening that of `settings`. Raises RegistryError, and UsageError for a live search
    without a query, and for a number, an order or a value of a filter that has no meaning.
    """
    page = Page.of(limit, offset)
    _require_types(query, deadline, live=live, save=save, explain=explain, facets=facets)
    if live and (explain or facets):
        raise UsageError(
            "Explanations and facets cover only the registry.",
            hint="Leave out live (--live); save the results of a live search first (--save).",
        )
    if live:
        from fairreg.services.search.federated import search_live

        return search_live(
            settings,
            query,
            save=save,
            deadline=deadline,
            on_answer=on_answer,
            on_update=on_update,
            registry=registry,
            page=page,
            sort=sort,
            **filters,
        )
    if save:
        raise UsageError("Only results of a live search can be saved.", hint="Add live=True (--live).")
    with existing(registry, settings) as used:
        results = used.search(
            query, limit=page.limit, offset=page.offset, sort=sort, facets=facets, **filters
        )
        given = {name: value for name, value in filters.items() if value is not None}
        removed = None if results.total or not given else _removed_by(used, query, given)
    explained = {hit.entry.identifier: explanation_of(hit) for hit in results.hits}
    return SearchReport(
        query=query,
        total=results.total,
        results=tuple(map(row_of, results.hits)),
        warnings=(
            *search_warnings(results),
            *(warning for hit in results.hits if (warning := hit.entry.warning)),
        ),
        explanations=explained if explain else None,
        facets=None if results.facets is None else {name: dict(v) for name, v in results.facets.items()},
        offset=page.offset,
        limit=page.limit,
        unheld=results.unheld,
        damaged=results.damaged,
        left_out=results.left_out,
        removed=removed,
    )


def _require_types(query: object, deadline: object, **flags: object) -> None:
    """Raise UsageError for values from Python that a condition would silently take for something else."""
    if not isinstance(query, str):
        raise UsageError(f"The query is {type(query).__name__}, not a text.")
    for name, flag in flags.items():
        if not isinstance(flag, bool):
            raise UsageError(f"{name} is {flag!r}; it takes True or False.")
    if not (isinstance(deadline, int | float) and 0 < deadline < float("inf")):
        raise UsageError(f"deadline is {deadline!r}; it takes a number of seconds, more than 0.")


def _removed_by(registry: Registry, query: str, filters: Mapping[str, Any]) -> dict[str, int]:
    """Return, by the name of each filter, how many results there are under the others alone."""
    others = {name: {key: filters[key] for key in filters if key != name} for name in filters}
    return {name: registry.search(query, limit=0, **left).total for name, left in others.items()}
