# SPDX-License-Identifier: MIT
"""Layout of the BioImage Model Zoo: test tensors that ``rdf.yaml`` names.

Sources: model descriptions 0.4 (``test_inputs``, ``test_outputs``) and 0.5 (``test_tensor`` of an input or
output, ``config.bioimageio.reproducibility_tolerance``) of bioimage-io/spec-bioimage-io. The tensors are in
the order of the graph's inputs and outputs, before preprocessing and after postprocessing.
"""

import posixpath
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from math import inf, nan
from typing import Any

from fairreg.formats.plain_yaml import YamlFault, load_yaml
from fairreg.schemas.json_reader import JsonNode
from fairreg.services.run.vectors.arrays import arrays_in, text_in
from fairreg.services.run.vectors.base import (
    MOST_DESCRIPTIONS,
    Array,
    Files,
    Tolerance,
    VectorFiles,
    VectorSet,
    unusable,
)

__all__ = ["LAYOUT", "find", "wanted"]

LAYOUT = "BioImage.IO"
_NAMES = ("rdf.yaml", "bioimageio.yaml")
_LONGEST = 65_536  # characters; YAML is slow to read
# Defaults of ReproducibilityTolerance in the description of a model.
_RELATIVE, _ABSOLUTE, _EXEMPT = 1e-3, 1e-4, 100
_MILLION = 1_000_000
_HARMLESS = frozenset({"ensure_dtype"})  # the graph's own element type
_NOTE = (
    "{name} states {what} around the network, which fairreg does not apply: the model ran, and its outputs "
    "are not compared."
)


def wanted(names: Collection[str]) -> set[str]:
    """Descriptions, and the arrays in their folders."""
    described = {name for name in names if posixpath.basename(name).lower() in _NAMES}
    folders = {posixpath.dirname(name) for name in described}
    arrays = {name for name in names if name.lower().endswith(".npy") and posixpath.dirname(name) in folders}
    return described | arrays


def find(files: Files, models: Collection[str]) -> Iterator[VectorFiles]:
    """Yield the set of each description of a model with test inputs that are here."""
    described = sorted(name for name in files if posixpath.basename(name).lower() in _NAMES)
    for name in described[:MOST_DESCRIPTIONS]:
        yield from _described(name, files, models)


def _described(name: str, files: Files, models: Collection[str]) -> Iterator[VectorFiles]:
    document = _document(name, files)
    if document["type"].text not in {"model", None}:
        return
    folder = posixpath.dirname(name)
    inputs = _tensors(document, "inputs", folder)
    if not inputs or not all(item in files for item in inputs):
        return
    outputs = _tensors(document, "outputs", folder)
    model = _place(folder, document.at("weights", "onnx", "source").value)
    here = [item for item in outputs if item in files]
    read = partial(_read, name, files, inputs, outputs)
    yield VectorFiles(LAYOUT, (name, *inputs, *here), model if model in models else None, read)


def _document(name: str, files: Files) -> JsonNode:
    text = text_in(files[name], name)
    if len(text) > _LONGEST:
        raise unusable(name, f"it has more than {_LONGEST} characters")
    try:
        return JsonNode(load_yaml(text))
    except YamlFault as error:
        raise unusable(name, "it is not valid YAML") from error


def _tensors(document: JsonNode, side: str, folder: str) -> list[str]:
    """Names of the files of the test tensors; those that are elsewhere, by an address, are not here."""
    listed = [item.value for item in document[f"test_{side}"].items()]
    listed = listed or [item.at("test_tensor", "source").value for item in document[side].items()]
    return [_place(folder, item) or "" for item in listed]


def _place(folder: str, source: Any) -> str | None:
    return posixpath.normpath(posixpath.join(folder, source)) if isinstance(source, str) else None


def _read(name: str, files: Files, inputs: Sequence[str], outputs: Sequence[str]) -> VectorSet:
    """Read the tensors of a description. Raises ModelError."""
    document = _document(name, files)
    given = tuple(_tensor(files, item) for item in inputs)
    around = [what for what in ("preprocessing", "postprocessing") if _changes(document, what)]
    if around:
        return VectorSet(given, None, note=_NOTE.format(name=name, what=" and ".join(around)))
    if not outputs or not all(item in files for item in outputs):
        return VectorSet(given, None, note=f"The test outputs that {name} names are not published with it.")
    expected = tuple(_tensor(files, item) for item in outputs)
    return VectorSet(given, expected, _tolerances(document, len(outputs)))


def _tensor(files: Files, name: str) -> Array:
    found = arrays_in(files[name], name)
    if isinstance(found, dict):
        raise unusable(name, "it has several arrays, and a test tensor is one")
    return found


def _changes(document: JsonNode, what: str) -> bool:
    side = "inputs" if what == "preprocessing" else "outputs"
    steps = [step for tensor in document[side].items() for step in tensor[what].items()]
    kinds = [step["id"].text or step["name"].text for step in steps if step.is_object]
    return any(kind not in _HARMLESS for kind in kinds)


def _tolerances(document: JsonNode, outputs: int) -> tuple[Tolerance, ...]:
    """The first entry for each output and for ONNX, as the specification says; else its defaults."""
    entries = list(document.at("config", "bioimageio", "reproducibility_tolerance").items())
    ids = [item["id"].text or item["name"].text for item in document["outputs"].items()]
    return tuple(_tolerance(entries, name) for name in [*ids, *[None] * outputs][:outputs])


def _tolerance(entries: Sequence[JsonNode], output: str | None) -> Tolerance:
    for entry in entries:
        of_outputs, of_formats = (
            [item.text for item in entry[key].items()] for key in ("output_ids", "weights_formats")
        )
        if (not of_outputs or output in of_outputs) and (not of_formats or "onnx" in of_formats):
            return Tolerance(
                _limit(entry["absolute_tolerance"], _ABSOLUTE),
                _limit(entry["relative_tolerance"], _RELATIVE),
                int(_limit(entry["mismatched_elements_per_million"], _EXEMPT, _MILLION)),
            )
    return Tolerance(_ABSOLUTE, _RELATIVE, _EXEMPT)


def _limit(node: JsonNode, default: float, most: float = inf) -> float:
    """A number of the description from 0 to below `most`. Raises ModelError for any other value."""
    if node.value is None or node.value in ("null", "~", ""):
        return default
    try:
        number = float(node.value)  # every scalar of the document is a text
    except (TypeError, ValueError):
        number = nan
    if not 0 <= number < most:
        raise unusable("rdf.yaml", f"{node.path} is not a tolerance")
    return number
