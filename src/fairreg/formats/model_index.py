# SPDX-License-Identifier: MIT
"""Results under ``model-index``, as the front matter of model cards and the API of the Hub state them."""

import json
from collections.abc import Iterable, Iterator

from fairreg.schemas.json_reader import JsonNode
from fairreg.schemas.record import Evaluation

__all__ = ["evaluations", "metric_value", "results", "stated_text", "with_part"]

_NOTHING = {
    "null",
    "~",
    "none",
    "n/a",
    "unknown",
    "[more information needed]",
    "more information needed",
}


def stated_text(node: JsonNode) -> str | None:
    """Return the text at a place, None for a word that says nothing."""
    text = node.text
    return None if text is None or text.lower() in _NOTHING else text


def results(index: Iterable[JsonNode]) -> Iterator[JsonNode]:
    """Yield the results of the entries of an index."""
    for entry in index:
        # The old form has a list of datasets instead of results.
        yield from (item for item in entry["results"].items() if item.is_object)


def evaluations(index: Iterable[JsonNode]) -> Iterator[Evaluation]:
    """Yield every metric of an index that has a name and a value."""
    for result in results(index):
        data = result["dataset"]
        name = stated_text(data["name"]) or stated_text(data["type"]) or stated_text(data)
        name = with_part(name, stated_text(data["config"]) or stated_text(data["args"]))
        for metric in _metrics(result):
            what = stated_text(metric["name"]) or stated_text(metric["type"])
            value = metric_value(metric["value"])
            if what and value:
                yield Evaluation(metric=what, value=value, dataset=name, split=stated_text(data["split"]))


def _metrics(result: JsonNode) -> Iterator[JsonNode]:
    """Yield the metrics of a result; spaCy writes them inside of the task, also called `tasks`."""
    for place in (result, result["task"], result["tasks"]):
        yield from (*place["metrics"].items(), *place["metric"].items())


def with_part(name: str | None, part: str | None) -> str | None:
    """Return the name of a dataset with its configuration or task, unless it says it already."""
    if name is None or part is None or part == "default" or part.casefold() in name.casefold().split():
        return name
    return name if part.casefold() == name.casefold() else f"{name} ({part})"


def metric_value(node: JsonNode) -> str | None:
    """Return a metric's value as text; numbers as Python writes them, objects as JSON."""
    if isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return str(node.value)
    if isinstance(node.value, dict | list) and node.value:
        return json.dumps(node.value, sort_keys=True)
    return stated_text(node)
