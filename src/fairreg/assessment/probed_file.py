# SPDX-License-Identifier: MIT
"""The published file whose first bytes are requested, and what its answer can decide.

A host lists its files in any order, often `.gitattributes` and `README.md` first. Such a side file is given
to anybody even where the model is not, and is never the model.
"""

import re
from pathlib import PurePosixPath

from fairreg.assessment.content.documents import role_of
from fairreg.assessment.evidence import Evidence, Probe
from fairreg.assessment.lineage import archives, weight_files
from fairreg.schemas.record import Distribution, ModelRecord, is_apple_double

__all__ = ["file_probe", "file_to_probe", "is_side_file", "why_no_bytes"]

# Roles of files that may be the object itself: the code of a software, a notebook.
_CONTENT = frozenset({"code", "notebook"})
_DATA = frozenset({".csv", ".tsv"})
_PROSE = frozenset({".md", ".rst", ".adoc", ".cff", ".bib"})
# Configuration beside weights, as transformers and its tokenizers name it.
_CONFIGURATION = re.compile(
    r"(^|[/._-])(config|tokenizer|vocab|merges|special_tokens_map|added_tokens|index)[^/]*"
    r"\.(json|txt|toml|ya?ml|ini|cfg)$",
    re.IGNORECASE,
)
_TEXTS = frozenset({".txt", ".json", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".xml", ".html", ".py", ".sh"})
# Suffixes that data and other binaries have as well.
_PERHAPS_WEIGHTS = frozenset({".h5", ".hdf5", ".pb", ".pkl", ".joblib", ".bin"})
_NAMED_MODEL = re.compile(r"model|weights?|checkpoint", re.IGNORECASE)


def is_side_file(name: str) -> bool:
    """Tell whether a published file only describes or configures others: README, licence, citation, config.

    What git and macOS put beside a file is one, too.
    """
    path = PurePosixPath(name)
    if is_apple_double(name) or path.name.startswith("."):
        return True
    suffix = path.suffix.lower()
    if suffix in _PROSE or _CONFIGURATION.search(name):
        return True
    role = role_of(name)
    return role is not None and role not in _CONTENT and suffix not in _DATA


def file_to_probe(record: ModelRecord) -> Distribution | None:
    """Return the file to request: a model file, else an archive, else other data, at last a side file."""
    weights = {item.name for item in weight_files(record)}
    packed = {item.name for item in archives(record)}

    def rank(item: Distribution) -> int:
        suffix = PurePosixPath(item.name).suffix.lower()
        if is_side_file(item.name):
            return 5
        if item.name in weights:
            return 0 if suffix not in _PERHAPS_WEIGHTS or _NAMED_MODEL.search(item.name) else 1
        if item.name in packed:
            return 2
        return 4 if suffix in _TEXTS else 3

    return min((item for item in record.distributions if item.url), key=rank, default=None)


def file_probe(evidence: Evidence) -> Probe:
    """Return the probe of a file's first bytes; as if none was made where it requested a side file."""
    probe = evidence.probe("file_range")
    return probe if _side_file(evidence) is None else Probe(kind="file_range", outcome="not_probed")


def why_no_bytes(evidence: Evidence) -> str:
    """Return the reason why that probe does not decide, as the sentence of an `unknown`."""
    name = _side_file(evidence)
    if name is None:
        return evidence.why_unknown("file_range")
    if any(item.url and not is_side_file(item.name) for item in evidence.record.distributions):
        return f"Only the side file {name} was requested, which is not the model."
    return f"Only side files, such as {name}, have an address in the record."


def _side_file(evidence: Evidence) -> str | None:
    probe = evidence.probe("file_range")
    name = probe.file
    if name is None and probe.url is not None:  # evidence of an earlier release
        listed = evidence.record.distributions
        name = next((item.name for item in listed if item.url == probe.url), None)
    return name if name is not None and is_side_file(name) else None
