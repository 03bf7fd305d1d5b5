# SPDX-License-Identifier: MIT
"""Keras models in HDF5 files, by the attributes of their root (extra ``hep``).

Sources: keras/src/legacy/saving/legacy_h5_format.py (model_config, keras_version, backend, layer_names,
weight_names) for files of Keras 1 to 3, keras/src/saving/saving_lib.py (layers/.../vars) for weights of
Keras 3.
"""

from pathlib import Path
from typing import Any

from fairreg.errors import MissingEngine, ModelError
from fairreg.schemas.text import one_line
from fairreg.storage.formats import WORDS
from fairreg.storage.hdf5 import open_hdf5
from fairreg.storage.hdf5_texts import FAULTS, fault_of_texts
from fairreg.storage.recognition.description import FormatDescription
from fairreg.storage.recognition.json_members import counted, layers, members, text

__all__ = ["describe"]

_TEXTS = ("model_config", "keras_version", "backend")
_MOST_SEARCHED = 1 << 30  # bytes of a file whose texts are read, after a search through all of it
_MAX_ATTRIBUTE = 16 << 20


def describe(path: Path) -> FormatDescription:
    """Recognise an HDF5 file as a Keras model or its weights; else it is an HDF5 file."""
    try:
        searched = path.stat().st_size <= _MOST_SEARCHED
        if searched and (fault := fault_of_texts(path, _TEXTS)):
            return FormatDescription("hdf5", WORDS["hdf5"], note=f"It is damaged: {fault}.")
        with open_hdf5(path) as datasets:
            return _described(datasets.attributes if searched else {}, datasets.names)
    except MissingEngine as error:
        note = f"Its content was not read: {error.message} {error.hint}."
        return FormatDescription("hdf5", WORDS["hdf5"], note=note)
    except ModelError as error:
        return FormatDescription("hdf5", WORDS["hdf5"], note=error.message)
    except FAULTS as error:
        return FormatDescription("hdf5", WORDS["hdf5"], note=f"It is damaged: {one_line(str(error))[:200]}.")


def _described(attributes: Any, names: tuple[str, ...]) -> FormatDescription:
    version = _text(attributes, "keras_version")
    backend = _text(attributes, "backend")
    facts: dict[str, str | int] = {"backend": backend} if backend else {}
    configuration = _text(attributes, "model_config", whole=True)
    if configuration is not None:
        return _model(configuration, version, facts)
    parts = any(f"/{name}".endswith("/vars/0") for name in names)
    if "layer_names" in attributes or (version and names) or parts:
        words = "the weights of a Keras model (HDF5) without its description"
        facts["datasets"] = len(names)
        return FormatDescription("hdf5", words, "Keras", version, facts, weights=True)
    return FormatDescription("hdf5", WORDS["hdf5"], facts={"datasets": len(names)})


def _model(configuration: str, version: str | None, facts: dict[str, str | int]) -> FormatDescription:
    config = members(configuration.encode("utf-8", "replace"), "class_name", "config")
    if name := text(config, "class_name"):
        facts["class"] = name
    if found := layers(config.get("config")):
        facts["layers"] = counted(found)
    note = None if config else "Its model_config is not JSON."
    return FormatDescription("hdf5", "a Keras model (HDF5)", "Keras", version, facts, note)


def _text(attributes: Any, name: str, *, whole: bool = False) -> str | None:
    """A text attribute, None where it is missing, too large or no text."""
    from h5py import check_string_dtype

    if name not in attributes:
        return None
    item = attributes.get_id(name)
    if item.shape != () or item.get_storage_size() > _MAX_ATTRIBUTE or check_string_dtype(item.dtype) is None:
        return None
    value = attributes[name]
    found = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    if not isinstance(found, str):
        return None
    return found if whole else one_line(found)[:100]
