# SPDX-License-Identifier: MIT
"""What the record of a model says about running it here: recognised weights, or the kinds of its files."""

from collections.abc import Mapping
from types import MappingProxyType

from fairreg.schemas.fingerprint_rule import recognised_in
from fairreg.schemas.record import ModelRecord

__all__ = ["AUTHORS_CODE", "MAY_RUN", "RUNS", "is_runnable", "runs"]

RUNS, AUTHORS_CODE = "runs", "needs the author's code"
# Kinds of files that describe a whole model, by name or suffix, in the order in which one is named.
MAY_RUN: Mapping[str, str] = MappingProxyType(
    {
        "onnx": "ONNX",
        "keras": "Keras",
        "ubj": "XGBoost",
        "skops": "skops",
        "tflite": "TensorFlow Lite",
    }
)
# Suffixes that models of several programs share, with the framework that the record has to name.
_WITH_FRAMEWORK: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"h5": ("keras", "Keras"), "hdf5": ("keras", "Keras"), "xml": ("tmva", "TMVA")}
)
_WEIGHTS = frozenset(
    {
        *(
            "pt",
            "pth",
            "pt2",
            "ckpt",
            "pb",
            "pkl",
            "pickle",
            "joblib",
            "safetensors",
            "h5",
            "hdf5",
            "msgpack",
        ),
        *("gguf", "cbm", "params", "checkpoint", "savedmodel"),
    }
)


def runs(record: ModelRecord) -> str | None:
    """Return "runs", "may run: ONNX", "needs the author's code", or None where no model file is known.

    It runs where fairreg has recognised the network of its weights; it may run where a file is of a format
    that describes a whole model. Anything else is weights that only their authors' code can use. A statement
    about the record, not a test run; ``fairreg inspect`` opens the files.
    """
    if record.kind != "model":
        return None
    if any(recognised_in(item.evidence) for item in record.identifiers):
        return RUNS
    found = _formats(record)
    named = next((words for name, words in MAY_RUN.items() if name in found), None)
    named = named or _by_framework(record, found)
    if named is not None:
        return f"may run: {named}"
    return AUTHORS_CODE if _WEIGHTS & found else None


def is_runnable(record: ModelRecord) -> bool:
    """Tell whether a model runs, or may run, here, and its files are open.

    Open as its source states, or as was seen for the catalogue.
    """
    is_open = record.access is not None and record.access.level == "open"
    return is_open and runs(record) not in {None, AUTHORS_CODE}


def _formats(record: ModelRecord) -> set[str]:
    """Names of formats and suffixes of files, in lower case."""
    formats = {item.casefold() for item in record.formats}
    for file in record.distributions:
        formats.add((file.format or "").casefold())
        formats.add((file.path or file.name).rpartition(".")[2].casefold())
    return formats


def _by_framework(record: ModelRecord, found: set[str]) -> str | None:
    frameworks = {item.casefold() for item in record.frameworks}
    matches = (
        words
        for suffix, (framework, words) in _WITH_FRAMEWORK.items()
        if suffix in found and any(framework in item for item in frameworks)
    )
    return next(matches, None)
