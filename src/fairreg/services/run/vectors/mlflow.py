# SPDX-License-Identifier: MIT
"""Layout of MLflow: the input example that ``MLmodel`` names. It has no outputs, so a model runs only.

Source: ``mlflow.models.utils`` (saved_input_example_info; the examples of tensors are under ``inputs``,
those of tables have ``columns`` and ``data``).
"""

import posixpath
from collections.abc import Collection, Iterator
from functools import partial

from fairreg.formats.plain_yaml import YamlFault, load_yaml
from fairreg.schemas.json_reader import JsonNode
from fairreg.services.run.vectors.arrays import array_of, json_in, text_in
from fairreg.services.run.vectors.base import MOST_DESCRIPTIONS, Files, VectorFiles, VectorSet, unusable

__all__ = ["LAYOUT", "find", "wanted"]

LAYOUT = "MLflow"
_DESCRIPTION, _EXAMPLE = "MLmodel", "input_example.json"
_LONGEST = 65_536  # characters; YAML is slow to read
_NOTE = "An input example of MLflow comes without outputs: the model ran, and its outputs are not compared."


def wanted(names: Collection[str]) -> set[str]:
    """Descriptions, and the example beside each."""
    folders = {posixpath.dirname(name) for name in names if posixpath.basename(name) == _DESCRIPTION}
    places = {posixpath.join(folder, name) for folder in folders for name in (_DESCRIPTION, _EXAMPLE)}
    return places & set(names)


def find(files: Files, models: Collection[str]) -> Iterator[VectorFiles]:
    """Yield the example of each description that names one."""
    described = sorted(name for name in files if posixpath.basename(name) == _DESCRIPTION)
    for name in described[:MOST_DESCRIPTIONS]:
        document, folder = _document(name, files), posixpath.dirname(name)
        example = document.at("saved_input_example_info", "artifact_path").value
        place = posixpath.normpath(posixpath.join(folder, example)) if isinstance(example, str) else ""
        if place in files:
            data = document.at("flavors", "onnx", "data").value
            model = posixpath.normpath(posixpath.join(folder, data)) if isinstance(data, str) else None
            known = model if model in models else None
            yield VectorFiles(LAYOUT, (name, place), known, partial(_read, files, place))


def _document(name: str, files: Files) -> JsonNode:
    text = text_in(files[name], name)
    if len(text) > _LONGEST:
        raise unusable(name, f"it has more than {_LONGEST} characters")
    try:
        return JsonNode(load_yaml(text))
    except YamlFault as error:
        raise unusable(name, "it is not valid YAML") from error


def _read(files: Files, name: str) -> VectorSet:
    """Read an example of tensors, or a table as one array. Raises ModelError."""
    document = JsonNode(json_in(files[name], name))
    table = document["data"] if document["columns"].stated else None
    value = table or (document["inputs"] if document["inputs"].stated else document)
    if isinstance(value.value, dict):
        return VectorSet({key: array_of(item, name) for key, item in value.value.items()}, None, note=_NOTE)
    return VectorSet((array_of(value.value, name),), None, note=_NOTE)
