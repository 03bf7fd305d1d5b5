# SPDX-License-Identifier: MIT
"""Statements of a model's record about running it here: recognised weights, or the kinds of its files."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from fairreg.schemas import fingerprint_rule
from fairreg.schemas.fingerprint_rule import recognised_in
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Distribution, ModelRecord, is_apple_double

__all__ = [
    "AUTHORS_CODE",
    "MAY_RUN",
    "NETWORKS",
    "RUNS",
    "Way",
    "has_weights",
    "is_runnable",
    "runs",
    "unrecognised",
    "way",
]

RUNS, AUTHORS_CODE = "runs", "needs the author's code"
# Kinds of files that describe a whole model and that a runner loads, by name or suffix; the first is named.
MAY_RUN: Mapping[str, str] = MappingProxyType(
    {
        "onnx": "ONNX",
        "keras": "Keras",
        "ubj": "XGBoost",
        "skops": "skops",
        "tflite": "TensorFlow Lite",
    }
)
# Names of files of models that share their suffix with others, with the framework that the record has to name
# and whether a runner loads them, or they are converted to ONNX.
_WITH_FRAMEWORK: tuple[tuple[re.Pattern[str], str, str, Literal["runs", "converts"]], ...] = (
    (
        re.compile(r"(?!.*weights\.h5$)(?=.*(?:model|net|keras)).*\.(?:h5|hdf5)$"),
        "keras",
        "Keras (HDF5)",
        "converts",
    ),
    (re.compile(r".*bdt.*\.xml$"), "tmva", "TMVA", "converts"),
    (re.compile(r".*(?:model|xgb|bdt|tree|boost).*\.json$"), "xgboost", "XGBoost", "runs"),
    (re.compile(r".*(?:model|lgb|lightgbm|gbm|tree|boost).*\.txt$"), "lightgbm", "LightGBM", "runs"),
)
_CONVERTED: Mapping[str, str] = MappingProxyType({"keras h5": "Keras (HDF5)"})
# Networks that model packages build from weights alone, as a record names its category.
NETWORKS = (
    "Hbb interaction network",
    "ParticleNet",
    "JetNet's ParticleNet",
    "Particle Transformer",
    "MIParT",
    "Particle Flow Interaction Network",
    "Particle Flow Network",
    "Multi-body top tagger",
    "CDMS impact location regressor",
    "LorentzNet",
    "LundNet",
    "MPGAN generator",
    "EPiC-GAN generator",
    "AresGW residual network",
)
# Formats of weights, by name or suffix, with the words for them.
_WEIGHTS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("pt", "pth", "ckpt", "pytorch state dict", "pytorch checkpoint"), "PyTorch"),
        **dict.fromkeys(("pt2",), "PyTorch program"),
        **dict.fromkeys(("pb", "savedmodel", "tensorflow checkpoint"), "TensorFlow"),
        **dict.fromkeys(("h5", "hdf5", "weights.h5"), "HDF5"),
        **dict.fromkeys(("pkl", "pickle", "joblib"), "pickle"),
        **dict.fromkeys(("safetensors",), "safetensors"),
        **dict.fromkeys(("msgpack",), "Flax"),
        **dict.fromkeys(("gguf",), "GGUF"),
        **dict.fromkeys(("cbm",), "CatBoost"),
    }
)


@dataclass(frozen=True)
class Way:
    """The way in which a model gets to run: `word` with `by`, a format or a network.

    ``runs``: a runner loads the format, or a model package builds the network; ``converts``: the format is
    converted to ONNX; ``recognised``: the format is known, and its authors' code is needed; ``unknown``: no
    file of a known format is listed. `is_seen`: fairreg has recognised the network in the weights.
    """

    word: Literal["runs", "converts", "recognised", "unknown"]
    by: str = ""
    is_seen: bool = False


def way(record: ModelRecord) -> Way:
    """Find how a model gets to run, by its record; the best of several ways."""
    seen = next(filter(None, (recognised_in(item.evidence) for item in record.identifiers)), None)
    if seen is not None:
        return Way("runs", seen, is_seen=True)
    found = _formats(record)
    weights = next((words for name, words in _WEIGHTS.items() if name in found), None)
    format_ = next((words for name, words in MAY_RUN.items() if name in found), None)
    network = _network(record) if weights else None
    if format_ or network:
        return Way("runs", format_ or network or "")
    stated = next((words for name, words in _CONVERTED.items() if name in found), None)
    if stated is not None:
        return Way("converts", stated)
    by_framework = _by_framework(record)
    if by_framework is not None:
        return by_framework
    return Way("recognised", weights) if weights else Way("unknown")


def runs(record: ModelRecord) -> str | None:
    """Return "runs", "may run: ONNX", "needs the author's code", or None where no model file is known.

    It runs where fairreg has recognised the network of its weights; it may run where a file is of a format
    that describes a whole model, or the record names a network that fairreg builds. A statement about the
    record, not a test run; ``fairreg inspect`` opens the files.
    """
    if record.kind != "model":
        return None
    found = way(record)
    if found.is_seen:
        return RUNS
    if found.word in {"runs", "converts"}:
        return f"may run: {found.by}"
    return AUTHORS_CODE if found.word == "recognised" else None


def is_runnable(record: ModelRecord) -> bool:
    """Tell whether a model runs, or may run, here, and its files are open.

    Open as its source states, or as was seen for the catalogue.
    """
    is_open = record.access is not None and record.access.level == "open"
    return is_open and runs(record) not in {None, AUTHORS_CODE}


def unrecognised(record: ModelRecord) -> ModelRecord:
    """Return a record without the networks that its fingerprints are said to be of, as anybody may say so.

    What fairreg recognised itself, in files that it read, stands in a statement of its own.
    """
    if not any(recognised_in(item.evidence) for item in record.identifiers):
        return record
    from msgspec.structs import replace  # records that say so are few

    return replace(record, identifiers=tuple(map(_unrecognised, record.identifiers)))


def _unrecognised(item: Identifier) -> Identifier:
    if item.evidence is None:
        return item
    return Identifier(item.scheme, item.value, fingerprint_rule.unrecognised(item.evidence))


def has_weights(item: Distribution) -> bool:
    """Tell whether a file holds a model or its weights, by the format and suffix that its record states."""
    if is_apple_double(item.path or item.name):
        return False
    named = {(item.format or "").casefold(), (item.path or item.name).rpartition(".")[2].casefold()}
    return not named.isdisjoint({*MAY_RUN, *_WEIGHTS})


def _formats(record: ModelRecord) -> set[str]:
    """Names of formats and suffixes of files, in lower case; "Keras" is said of any file of a framework."""
    formats = {item.casefold() for item in record.formats} - {"keras"}
    for file in _own_files(record):
        formats.add((file.format or "").casefold())
        formats.add((file.path or file.name).rpartition(".")[2].casefold())
    return formats


def _own_files(record: ModelRecord) -> list[Distribution]:
    """The files of a record without the side files of macOS."""
    return [item for item in record.distributions if not is_apple_double(item.path or item.name)]


def _network(record: ModelRecord) -> str | None:
    categories = {item.casefold() for item in record.model_category}
    return next((name for name in NETWORKS if name.casefold() in categories), None)


def _by_framework(record: ModelRecord) -> Way | None:
    """The way of a file whose name and framework together say what it is."""
    frameworks = [item.casefold() for item in record.frameworks]
    names = [(file.path or file.name).rpartition("/")[2].casefold() for file in _own_files(record)]
    names = names or [f"model.{item.casefold()}" for item in record.formats]  # no files are listed
    for pattern, framework, words, word in _WITH_FRAMEWORK:
        if any(framework in item for item in frameworks) and any(map(pattern.fullmatch, names)):
            return Way(word, words)
    return None
