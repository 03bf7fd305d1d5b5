# SPDX-License-Identifier: MIT
"""Infer formats, frameworks and kind of object from a record's files, title and keywords.

Each inference comes with its evidence for the record's provenance.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from fairreg.schemas.record import FieldOrigin, Kind, is_apple_double

__all__ = ["Contents", "file_format", "media_type", "read_contents"]

_DOUBLE = (".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst", ".root.gz")
# Suffixes used for weights only; the others need a name that says so.
_WEIGHTS = {"onnx", "pt", "pth", "safetensors", "keras", "tflite", "ckpt", "gguf"}
_PERHAPS_WEIGHTS = {"h5", "hdf5", "pb", "pkl", "joblib", "npz"}
_WEIGHTS_NAME = re.compile(
    r"(?<![a-z])(?:weights?|checkpoints?|(?:trained|saved)[ _-]?models?|model)(?![a-z])"
)
_FRAMEWORK_OF_FORMAT = {
    "onnx": "ONNX",
    "pt": "PyTorch",
    "pth": "PyTorch",
    "keras": "Keras",
    "tflite": "TensorFlow",
    "pb": "TensorFlow",
}
_FRAMEWORKS = {
    "pytorch": "PyTorch",
    "torch": "PyTorch",
    "pytorch geometric": "PyTorch",
    "tensorflow": "TensorFlow",
    "keras": "Keras",
    "onnx": "ONNX",
    "jax": "JAX",
    "scikit-learn": "scikit-learn",
    "sklearn": "scikit-learn",
    "xgboost": "XGBoost",
    "lightgbm": "LightGBM",
    "tensorrt": "TensorRT",
    "hls4ml": "hls4ml",
}
_TASKS = {
    "jet tagging",
    "anomaly detection",
    "image classification",
    "image segmentation",
    "object detection",
    "text classification",
    "text generation",
    "time series forecasting",
    "tabular classification",
    "tabular regression",
    "track reconstruction",
    "particle tracking",
    "event generation",
    "super-resolution",
}
_MODEL_WORDS = re.compile(
    r"\b(?:pre-?)?trained (?:\w+ ){0,3}(?:model|network|classifier|weight)s?\b"
    r"|\b(?:model|network) weights\b|\bweights (?:of|for) (?:the |a )?(?:\w+ ){0,3}(?:model|network)\b",
    re.IGNORECASE,
)
_MODEL_KEYWORDS = re.compile(
    r"(?:pre-?)?trained (?:\w+ )?models?|machine[- ]learning models?|deep[- ]learning models?|ai models?"
    r"|model weights|neural network weights",
    re.IGNORECASE,
)
_MEDIA_TYPES = {
    "bz2": "application/x-bzip2",
    "csv": "text/csv",
    "gz": "application/gzip",
    "h5": "application/x-hdf5",
    "hdf5": "application/x-hdf5",
    "html": "text/html",
    "ipynb": "application/x-ipynb+json",
    "jpg": "image/jpeg",
    "json": "application/json",
    "md": "text/markdown",
    "pdf": "application/pdf",
    "png": "image/png",
    "py": "text/x-python",
    "svg": "image/svg+xml",
    "tar": "application/x-tar",
    "tar.gz": "application/gzip",
    "tsv": "text/tab-separated-values",
    "txt": "text/plain",
    "xml": "application/xml",
    "yaml": "application/yaml",
    "yml": "application/yaml",
    "zip": "application/zip",
}


class Contents(NamedTuple):
    """Inferred fields, and the evidence of each."""

    kind: Kind
    frameworks: tuple[str, ...]
    formats: tuple[str, ...]
    ml_task: tuple[str, ...]
    origins: tuple[FieldOrigin, ...]


def file_format(name: str) -> str | None:
    """The suffix of a file name in lower case without its dot (``tar.gz`` whole); None without one.

    A side file of macOS has none, as its name has the suffix of another file.
    """
    if is_apple_double(name):
        return None
    base = name.rsplit("/", 1)[-1].lower()
    double = next((suffix for suffix in _DOUBLE if base.endswith(suffix)), None)
    if double:
        return double[1:]
    stem, dot, suffix = base.rpartition(".")
    return suffix if dot and stem and re.fullmatch(r"[a-z0-9]{1,12}", suffix) else None


def media_type(name: str) -> str | None:
    """Return the media type of the suffix, from a fixed table, so that every machine gives the same."""
    return _MEDIA_TYPES.get(file_format(name) or "")


def read_contents(
    stated_type: str | None, *, title: str, keywords: Iterable[str], file_names: Iterable[str]
) -> Contents:
    """Infer kind, frameworks, formats and tasks; `stated_type` is the source's word for the type.

    A stated model, dataset or software is accepted, but software (or a type such as ``other``) whose title,
    keywords or files clearly indicate a trained model becomes a model. Any other type, such as a poster, is
    represented as a dataset. Both are noted as inferred.
    """
    words, names = tuple(keywords), tuple(file_names)
    kind, why = _kind(stated_type, title, words, names)
    frameworks, shown = _frameworks(words, names)
    formats = tuple(dict.fromkeys(found for name in names if (found := file_format(name))))
    tasks = tuple(word for word in words if kind == "model" and word.casefold() in _TASKS)
    origins = (
        ("kind", why),
        ("frameworks", shown),
        ("formats", "file names" if formats else None),
        ("ml_task", "keywords" if tasks else None),
    )
    noted = tuple(FieldOrigin(field, "inferred", evidence) for field, evidence in origins if evidence)
    return Contents(kind, frameworks, formats, tasks, noted)


def _kind(
    stated: str | None, title: str, keywords: tuple[str, ...], names: tuple[str, ...]
) -> tuple[Kind, str | None]:
    word = re.sub(r"[^a-z]", "", (stated or "").lower())
    if word.startswith(("model", "dataset")):
        return ("model" if word.startswith("model") else "dataset"), None
    software = word.startswith(("software", "workflow", "computationalnotebook"))
    if software or word in {"", "other"}:
        evidence = _model_evidence(title, keywords, names)
        if evidence:
            return "model", evidence
    if software:
        return "software", None
    return "dataset", f"the source's type is {stated!r}" if stated else "the source states no type"


def _model_evidence(title: str, keywords: tuple[str, ...], names: tuple[str, ...]) -> str | None:
    for name in names:
        suffix = file_format(name) or ""
        if suffix in _WEIGHTS or (suffix in _PERHAPS_WEIGHTS and _WEIGHTS_NAME.search(name.lower())):
            return f"file {name!r}"
    for word in keywords:
        if _MODEL_KEYWORDS.fullmatch(word):
            return f"keyword {word!r}"
    match = _MODEL_WORDS.search(title)
    return f"title says {match[0]!r}" if match else None


def _frameworks(keywords: tuple[str, ...], names: tuple[str, ...]) -> tuple[tuple[str, ...], str | None]:
    found: dict[str, str] = {}
    for word in keywords:
        if word.casefold() in _FRAMEWORKS:
            found.setdefault(_FRAMEWORKS[word.casefold()], f"keyword {word!r}")
    for name in names:
        framework = _FRAMEWORK_OF_FORMAT.get(file_format(name) or "")
        if framework:
            found.setdefault(framework, f"file {name!r}")
    return tuple(found), ", ".join(found.values()) or None
