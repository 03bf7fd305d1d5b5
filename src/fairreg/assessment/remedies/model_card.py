# SPDX-License-Identifier: MIT
"""MODEL_CARD.md: a card with what is known filled in, and a TODO comment wherever only the author knows."""

import html
import re

from fairreg.assessment.content.documents import front_matter
from fairreg.assessment.content.prose import clean
from fairreg.assessment.remedies.base import TODO, Draft, as_yaml
from fairreg.assessment.remedies.facts import Facts
from fairreg.schemas.record import Tensor

__all__ = ["NAME", "SERVES", "draft"]

NAME = "MODEL_CARD.md"
SERVES = ("F2-3", "F3-2", "I2-1", "R1-2", "R1-3", "R1-4", "R1.1-3", "R1.2-1", "R1.2-3", "R2-2", "R3-1")
_ASKED = {
    "Intended use": "Say in at least 30 words what the model is for and who it is for.",
    "Limitations": "Say in at least 30 words where it must not be applied, and what is known to go wrong.",
    "Evaluation": "Give metric, value, dataset and split of each result, also in fair4ml.jsonld.",
    "Training": "Give settings, optimiser, number of epochs, split, seed, hardware and versions of software.",
    "Related models": "Name the model that this one starts from, or say that there is none.",
}
_PLAIN_PATH = re.compile(r"[\w./ +-]+")
_NUMERIC = re.compile(r"(?:float|u?int)(?:8|16|32|64)|bool")


def draft(facts: Facts) -> Draft | None:
    """The card; None where one was published, which only its author can complete."""
    cards = facts.evidence.of_role("model_card", "readme")
    if any(item.role == "model_card" or front_matter(item.text) for item in cards):
        return None
    parts = [_head(facts), _about(facts), _signature(facts), _running(facts), _licence(facts)]
    parts += [f"## {title}\n\n{_todo(sentence)}" for title, sentence in _ASKED.items()]
    text = "\n\n".join(part for part in parts if part) + "\n"
    return Draft(NAME, text, SERVES, _remains(facts))


def _head(facts: Facts) -> str:
    licence = (facts.text("license") or "").lower()
    stated = {
        "license": licence if re.fullmatch(r"[\w.+-]+", licence) else None,
        "library_name": ", ".join(facts.texts("frameworks")[:1]).lower(),
        "tags": list(facts.texts("keywords")),
        "datasets": [item.value for item in facts.training_data],
        "arxiv": [item.value for item in facts.papers if item.scheme == "arxiv"],
        "doi": facts.doi,
    }
    return f"---\n{as_yaml(stated)}---" if any(stated.values()) else ""


def _about(facts: Facts) -> str:
    lines = [f"# {_shown(facts.record.name)}", _shown(clean(facts.text("description")))]
    task = ", ".join(map(_shown, facts.texts("ml_task")))
    kind = ", ".join(map(_shown, facts.texts("model_category")))
    rows = {
        "Identifier": f"https://doi.org/{facts.doi}" if facts.doi else "",
        "Task": task,
        "Architecture": kind,
        "Parameters": str(facts.parameter_count or ""),
        "Training data": ", ".join(item.url or item.value for item in facts.training_data),
        "Publication": ", ".join(item.url or item.value for item in facts.papers),
        "Source code": facts.code or facts.repository or "",
    }
    lines += ["\n".join(f"- {name}: {value}" for name, value in rows.items() if value)]
    return "\n\n".join(line for line in lines if line)


def _signature(facts: Facts) -> str:
    if facts.graph is None:
        return f"## Inputs and outputs\n\n{_todo('Give name, type, shape, features and units of each.')}"
    rows = ["| | name | type | shape |", "|---|---|---|---|"]
    rows += [_row("input", item) for item in facts.graph.inputs]
    rows += [_row("output", item) for item in facts.graph.outputs]
    asked = _todo("Give the features in their order with units, and what each output number means.")
    return "## Inputs and outputs\n\n" + "\n".join(rows) + f"\n\n{asked}"


def _row(word: str, item: Tensor) -> str:
    shape = ", ".join(map(str, item.shape))
    return f"| {word} | {_shown(item.name)} | {item.dtype} | ({_shown(shape)}) |".replace("|  |", "| |")


def _running(facts: Facts) -> str:
    asked = _todo("Show how inputs are prepared from your data, and what comes out.")
    return f"## Running it\n\n{_code(facts) or _todo('Show a command that runs it.')}\n\n{asked}"


def _code(facts: Facts) -> str:
    """Python that runs the published graph on zeros of the right shape; empty without an ONNX graph."""
    graph = facts.graph
    path = facts.inside(graph.file) if graph else ""
    if graph is None or not (path.endswith(".onnx") and _PLAIN_PATH.fullmatch(path)):
        return ""
    if not all(_NUMERIC.fullmatch(item.dtype) for item in graph.inputs):
        return ""
    zeros = [f"    {item.name!r}: np.zeros({_sizes(item)}, {item.dtype!r})," for item in graph.inputs]
    lines = [
        "import numpy as np",
        "import onnxruntime",
        "",
        f'session = onnxruntime.InferenceSession("{path}")',
        "inputs = {",
        *zeros,
        "}",
        "outputs = session.run(None, inputs)",
    ]
    return "```python\n" + "\n".join(lines) + "\n```"


def _sizes(item: Tensor) -> tuple[int, ...]:
    return tuple(size if isinstance(size, int) and size > 0 else 1 for size in item.shape)


def _licence(facts: Facts) -> str:
    stated = facts.text("license") or facts.record.license_stated
    told = f"The record states {_shown(stated)}." if stated else _todo("Choose a licence.")
    return f"## Licence\n\n{told}\n\n{_todo('Say whether the licence also holds for the trained weights.')}"


def _todo(sentence: str) -> str:
    return f"<!-- {TODO}: {sentence} -->"


def _shown(text: str | None) -> str:
    """One line of Markdown in which nothing is markup of HTML or of a table."""
    return html.escape(" ".join((text or "").split()), quote=False).replace("|", "\\|").replace("`", "'")


def _remains(facts: Facts) -> tuple[str, ...]:
    asked = [f"{title}: {sentence}" for title, sentence in _ASKED.items()]
    asked.append("Licence: Say whether the licence also holds for the trained weights.")
    fields = ("description", "license", "keywords", "ml_task", "model_category", "frameworks")
    return (*asked, *facts.to_confirm(*fields))
