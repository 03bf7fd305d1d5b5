# SPDX-License-Identifier: MIT
"""The files that a record is about: the data of a data set, the weights of a model.

Without them a DOI is of use to nobody.
"""

import re
from collections.abc import Iterator

from fairreg.formats.license_files import is_license_file
from fairreg.formats.repository_files import is_known
from fairreg.publish.base import FieldFault
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.runs import has_weights

__all__ = ["missing_payload", "payload_notes"]

_PROGRAM = re.compile(
    r".*\.(?:py|pyi|ipynb|r|rmd|jl|js|ts|c|cc|cpp|cu|h|hpp|f90|java|go|rs|m|sh|bat|ps1|mk|cmake)|makefile",
    re.IGNORECASE,
)
# What tells of the files, and is neither data nor weights.
_DOCUMENT = re.compile(
    r".*\.(?:md|markdown|rst|cff|bib|tex|css|html?|svg|license|jsonld|toml|cfg|ini|lock)"
    r"|(?:readme|changelog|changes|history|notice|authors|contributors|copying|license|licence|requirements|"
    r"makefile|dockerfile|environment|codemeta|croissant|datacite|ro-crate-metadata|model_card)(?:[._-].*)?"
    r"|\..*",
    re.IGNORECASE,
)
# Of models, also what only tells how one was trained or used, unless its name says that it is one.
_BESIDE_MODEL = re.compile(
    r"(?!.*(?:model|weight|xgb|lgb|booster|forest|tmva|checkpoint)).*\.(?:csv|tsv|json|ya?ml|txt|log|xml)"
    r"|.*\.(?:png|jpe?g|gif|pdf)|(?:config|metrics|params|history|schema|facts)\.(?:json|ya?ml|csv)",
    re.IGNORECASE,
)


def missing_payload(record: ModelRecord) -> Iterator[FieldFault]:
    """Yield a fault for a data set without any data, and for a model where no file can be its weights."""
    names = [item.name for item in record.distributions]
    if record.kind == "dataset" and all(map(_is_document, names)):
        message = (
            "the files describe a data set, and none of them is of its data; put the data into the folder, "
            "or name what was left out with --include"
        )
        yield FieldFault("files", message, "distributions")
    elif record.kind == "model" and all(_is_document(name) or _is_beside_model(name) for name in names):
        message = (
            "the files describe a model, and none of them holds its weights; train or export it first, or "
            "name what was left out with --include"
        )
        yield FieldFault("files", message, "distributions")


def payload_notes(record: ModelRecord, *, is_typed: bool) -> Iterator[str]:
    """Yield a sentence where no file is known as that of a model, or nothing says what the files are."""
    if record.kind == "model" and not any(map(has_weights, record.distributions)):
        yield "No file of the folder is known as that of a model: train or export it first."
    names = [item.name for item in record.distributions]
    is_data = not any(map(_is_program, names)) and not all(map(_is_document, names))
    if record.kind == "software" and not is_typed and is_data:
        yield (
            "No file states a type and none is a program, and the record is one of software: for data write "
            "type: dataset into CITATION.cff."
        )


def _is_program(name: str) -> bool:
    return _PROGRAM.fullmatch(name.rpartition("/")[2]) is not None


def _is_document(name: str) -> bool:
    last = name.rpartition("/")[2]
    return (
        is_known(name) or is_license_file(name) or _DOCUMENT.fullmatch(last) is not None or _is_program(name)
    )


def _is_beside_model(name: str) -> bool:
    return _BESIDE_MODEL.fullmatch(name.rpartition("/")[2]) is not None
