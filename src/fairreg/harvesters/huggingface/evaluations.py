# SPDX-License-Identifier: MIT
"""Reported results: ``model-index`` of the card, and the files in ``.eval_results``.

The second form (docs/hub/eval-results.md and eval_results.yaml of huggingface/hub-docs) is a list of entries,
each with `value` and `dataset`: its id, a task of the benchmark, configuration, split. It names no metric;
the Hub calls the value a score. The API gives the entries as ``evalResults``, each alone or in `data`.
"""

from collections.abc import Iterator

from fairreg.formats.model_index import evaluations, metric_value, results, with_part
from fairreg.harvesters.huggingface.values import stated_text
from fairreg.schemas.json_reader import JsonNode
from fairreg.schemas.record import Evaluation

__all__ = ["RESULT_FILES", "Results"]

RESULT_FILES = ".eval_results/"


class Results:
    """Results of one repository: its ``model-index`` from the first of `places` that states one, and entries.

    `listed` is ``evalResults`` of the API, `files` an object of the texts of the files by their names.
    """

    def __init__(self, places: tuple[JsonNode, ...], listed: JsonNode, files: JsonNode) -> None:
        stated = next((node for node in places if node.stated), JsonNode(None))
        # A list, a single object, or null.
        self.index = [item for item in stated.items() if item.is_object]
        self.faults: list[str] = []
        self.entries = list(_unwrapped(listed)) or list(self._of_files(files))

    def datasets(self) -> Iterator[str]:
        """Yield the datasets that the model was tested on, by their ids."""
        for item in results(self.index):
            if tested := stated_text(item.at("dataset", "type")):
                yield tested
        for entry in self.entries:
            if tested := stated_text(entry.at("dataset", "id")):
                yield tested

    def evaluations(self) -> Iterator[Evaluation]:
        """Yield every metric that has a name and a value, then every entry with a value."""
        yield from evaluations(self.index)
        yield from (found for entry in self.entries if (found := _of_entry(entry)))

    def _of_files(self, files: JsonNode) -> Iterator[JsonNode]:
        for name, node in files.members():
            from fairreg.formats.plain_yaml import YamlFault, load_yaml  # few repositories have such files

            try:
                read = load_yaml(node.prose or "")
            except YamlFault:
                self.faults.append(f"{name} is not valid YAML, so its results were not read.")
                continue
            yield from _unwrapped(JsonNode(read, f"$.eval_results[{name!r}]"))


def _unwrapped(entries: JsonNode) -> Iterator[JsonNode]:
    """Yield the entries; one that the Hub refused has an `error` instead of a value."""
    for item in entries.items():
        entry = item["data"] if item["data"].is_object else item
        if entry.is_object and not item["error"].stated:
            yield entry


def _of_entry(entry: JsonNode) -> Evaluation | None:
    data, value, how = entry["dataset"], metric_value(entry["value"]), stated_text(entry["notes"])
    if value is None:
        return None
    name = stated_text(data["id"]) or stated_text(data)
    part = stated_text(data["task_id"]) or stated_text(data["config"])
    return Evaluation(
        metric=f"score ({how})" if how else "score",
        value=value,
        dataset=with_part(name, part),
        split=stated_text(data["split"]),
    )
