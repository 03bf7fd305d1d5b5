# SPDX-License-Identifier: MIT
"""MODEL_CARD.md: a card of the known facts, with a TODO comment wherever only the author knows."""

import re
from collections.abc import Iterable, Mapping

import msgspec

from fairreg.assessment.open_tasks import task
from fairreg.assessment.remedies.base import Draft, Request, sentences
from fairreg.assessment.remedies.facts import Facts
from fairreg.formats import model_card
from fairreg.formats.front_matter import front_matter
from fairreg.schemas.record import ANY_AXES, Tensor

__all__ = ["NAME", "SERVES", "draft"]

NAME = model_card.FILE_NAME
SERVES = ("F2-3", "I2-1", "R1-2", "R1-3", "R1-4", "R1.1-3", "R2-2", "R3-1")
# Keys of front matter for the to-dos below; they are written as comments.
_KEYS = (
    "pipeline_tag", "architecture", "library_name", "inputs", "outputs", "intended_use", "limitations",
    "weights_license", "datasets", "base_model", "model-index",
)  # fmt: skip
_ASKED = {
    "Intended use": Request(
        "Say in at least 30 words what the model is for and for whom, as intended_use in front matter.",
        ("R1-3", "F2-3"),
    ),
    "Limitations": Request(
        "Say in at least 30 words where it fails or must not be used, as limitations in the front matter.",
        ("R1-3",),
    ),
    "Evaluation": Request(
        "Give metric, value, dataset and split of each result, as model-index in front matter.",
        ("R1-2",),
    ),
    "Training": Request(
        "Say how it was trained; settings, hardware and versions of software also belong into a data file.",
    ),
    "Training data": Request(
        "Name the training data by DOI, as datasets in the front matter.", ("I2-1", "I2-2")
    ),
    "Related models": Request(
        "Name the model that it starts from, as base_model in front matter; without one write none there.",
        ("R2-2",),
    ),
    "Metadata": Request(
        "Fill in pipeline_tag (the task), architecture, library_name, inputs and outputs in front matter.",
        ("F2-3", "R3-1"),
    ),
}
_OF_THE_WEIGHTS = Request(
    "Name the licence of the trained weights as weights_license of the front matter.", ("R1.1-3",)
)
_PLAIN_PATH = re.compile(r"[\w./ +-]+")
_NUMERIC = re.compile(r"(?:float|u?int)(?:8|16|32|64)|bool")


def draft(facts: Facts) -> Draft | None:
    """Draft the card; None where one was published, which only its author can complete."""
    cards = facts.evidence.of_role("model_card", "readme")
    if any(item.role == "model_card" or front_matter(item.text) for item in cards):
        return None
    told = {
        "Inputs and outputs": _signature(facts),
        "Running it": _running(facts),
        "Licence": _licence(facts),
    }
    asked = _asked(facts)
    told |= {title: _todos(requests) for title, requests in asked.items() if requests}
    # Words that only the catalogue has would read as the author's.
    described = msgspec.structs.replace(facts.described, description=facts.stated.description)
    text = model_card.compose(described, told, open_keys=_KEYS)
    return Draft(NAME, text, SERVES, _remains(facts, asked))


def _asked(facts: Facts) -> dict[str, tuple[Request, ...]]:
    """Return the to-dos by section: what is to be added, and what stands there and is to be confirmed."""
    asked: dict[str, tuple[Request, ...]] = {title: (request,) for title, request in _ASKED.items()}
    if facts.training_data:
        confirm = facts.to_confirm(training_data="datasets in the front matter, the training data")
        asked["Training data"] = confirm
    if facts.described.frameworks:
        left = Request(_ASKED["Metadata"].sentence.replace(" library_name,", ""), _ASKED["Metadata"].about)
        asked["Metadata"] = (left, *facts.to_confirm(frameworks="library_name"))
    listed = {"papers": "the publication", "repository": "the source code", "keywords": "tags"}
    return asked | {"To confirm": facts.to_confirm(**listed)}


def _signature(facts: Facts) -> str:
    if facts.graph is None:
        return _todo("Give name, type, shape, features and units of each.")
    table = model_card.signature_table(facts.graph.inputs, facts.graph.outputs)
    asked = _todo("Give the features in their order with units, and what each output number means.")
    return f"{table}\n\n{asked}"


def _running(facts: Facts) -> str:
    asked = _todo("Show how inputs are prepared from your data, and what comes out.")
    return f"{_code(facts) or _todo('Show a command that runs it.', 'R1-4')}\n\n{asked}"


def _code(facts: Facts) -> str:
    """Return Python that runs the published graph on zeros of its shape; empty without an ONNX graph."""
    graph = facts.graph
    path = facts.inside(graph.file) if graph else ""
    if graph is None or not (path.endswith(".onnx") and _PLAIN_PATH.fullmatch(path)):
        return ""
    if not all(_NUMERIC.fullmatch(item.dtype) and ANY_AXES not in item.shape for item in graph.inputs):
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
    told = model_card.licence_told(facts.described) or _todo("Choose a licence.")
    return f"{told}\n\n{_todos((_OF_THE_WEIGHTS,))}"


def _todo(sentence: str, *about: str) -> str:
    return f"<!-- {task(sentence, *about)} -->"


def _todos(requests: Iterable[Request]) -> str:
    return "\n\n".join(_todo(one.sentence, *one.about) for one in requests)


def _remains(facts: Facts, asked: Mapping[str, tuple[Request, ...]]) -> tuple[str, ...]:
    found = [f"{title}: {one}" for title, requests in asked.items() for one in sentences(requests)]
    found.append(f"Licence: {_OF_THE_WEIGHTS.sentence}")
    if not _code(facts):
        found.append("Running it: Show a command that runs it.")
    return tuple(found)
