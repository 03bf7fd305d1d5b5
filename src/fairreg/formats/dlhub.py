# SPDX-License-Identifier: MIT
"""dlhub.json, DLHub's document of a servable model (https://github.com/DLHub-Argonne/dlhub_schemas).

The blocks are ``datacite``, ``dlhub`` and ``servable``. DLHub has taken no new models since 2023, so that
this is a file for readers of its documents. A DOI is written where the record has one, never a placeholder.
"""

import re
from collections.abc import Mapping
from typing import Any

from fairreg.formats.base import filled_members, json_text
from fairreg.formats.crates.root import calendar_date
from fairreg.formats.creator_names import inverted, is_group, parts
from fairreg.formats.related import papers_of, training_data_of
from fairreg.formats.requirements import called, refusal, require
from fairreg.schemas.identifiers import normalise_doi
from fairreg.schemas.jsonld_terms import SPDX
from fairreg.schemas.licenses import is_listed
from fairreg.schemas.record import ANY_AXES, Creator, ModelRecord, RelationType, Tensor
from fairreg.schemas.runs import has_weights
from fairreg.schemas.text import one_line

__all__ = ["FILE_NAME", "KEEPS", "MEDIA_TYPES", "NAME", "NARROWS", "document", "require_expressible", "write"]

NAME = "dlhub"
FILE_NAME = "dlhub.json"
MEDIA_TYPES = ("application/vnd.dlhub.servable+json",)
KEEPS = frozenset({"name", "description", "version", "alternate_names"})
NARROWS: Mapping[str, str] = {
    "kind": "models only",
    "identifiers": "DOI and publications",
    "creators": "names, ORCID and affiliation",
    "license": "an SPDX identifier as its address, anything else as text",
    "license_stated": "where there is no SPDX identifier",
    "keywords": "as subjects",
    "language": "the language of the record",
    "formats": "as DataCite's formats",
    "date_published": "its year",
    "distributions": "names: the first file of weights is the model",
    "relations": "training data and works cited by DOI or arXiv number",
    "frameworks": "the first that DLHub serves, as the type of the servable",
    "model_category": "in words",
    "parameter_count": "in a sentence",
    "inputs": "shape with free axes, kind of number, description",
    "outputs": "shape with free axes, kind of number, description",
}
# Framework of a record -> type of the servable and the program of DLHub that serves it.
_SERVED: Mapping[str, tuple[str, str]] = {
    "pytorch": ("Torch Model", "torch.TorchServable"),
    "keras": ("Keras Model", "keras.KerasServable"),
    "tensorflow": ("TensorFlow Model", "tensorflow.TensorFlowServable"),
    "scikit-learn": ("Scikit-learn estimator", "sklearn.ScikitLearnServable"),
}
_NOT_SERVED = (
    "Other models run there as Python functions, which no record names. Write it as fair4ml or ro-crate."
)
_REQUIRED = ("name", "creators", "date_published", "frameworks", "inputs", "outputs")
_VERSION = "2.1.0"  # of the last dlhub_sdk (2023), whose documents have this form
_NUMBERS = re.compile(
    r"(?P<integer>u?int\d*)|(?P<float>b?float\d*|double|half)|(?P<complex>complex\d*)|(?P<boolean>bool)"
)
_RELATIONS: Mapping[RelationType, str] = {
    "cites": "Cites",
    "references": "References",
}
_TYPES = {"doi": "DOI", "arxiv": "arXiv"}


def write(record: ModelRecord) -> str:
    """Return the file's text. Raises Inexpressible for other kinds, and without what DLHub requires."""
    return json_text(document(record))


def document(record: ModelRecord) -> dict[str, Any]:
    """Return the three blocks. Raises Inexpressible."""
    require_expressible(record)
    return {"datacite": _citation(record), "dlhub": _hub(record), "servable": _servable(record)}


def require_expressible(record: ModelRecord) -> None:
    """Raise Inexpressible for what is no model, or lacks what DLHub requires to serve one."""
    if record.kind != "model":
        fault = f"DLHub serves models, and {called(record)} is of kind {record.kind}"
        raise refusal(fault, hint="Write it in a format for data and software: datacite, ro-crate, codemeta.")
    require(record, "DLHub", _REQUIRED)
    _served_by(record)
    for name, tensors in (("inputs", record.inputs), ("outputs", record.outputs)):
        _require_axes(record, name, tensors)


def _require_axes(record: ModelRecord, name: str, tensors: tuple[Tensor, ...]) -> None:
    if any(ANY_AXES in item.shape for item in tensors):
        fault = (
            f"DLHub requires the shapes of {name}, and one of {called(record)} has no stated number of axes"
        )
        hint = "State the shape, with a name for each free axis."
        raise refusal(fault, hint=hint, violations=((f"$.{name}", "has any number of axes"),))


def _served_by(record: ModelRecord) -> tuple[str, str]:
    """Return DLHub's words for the framework. Raises Inexpressible for one that it does not serve."""
    words = (item.casefold() for item in record.frameworks)
    served = next((_SERVED[word] for word in words if word in _SERVED), None)
    if served is None:
        stated = ", ".join(map(one_line, record.frameworks))
        fault = "DLHub serves models of PyTorch, Keras, TensorFlow and scikit-learn, and the frameworks of "
        fault += f"{called(record)} are {stated}"
        raise refusal(fault, hint=_NOT_SERVED, violations=(("$.frameworks", f"is {stated}"),))
    return served


def _citation(record: ModelRecord) -> dict[str, Any]:
    """Return the block of DataCite 4.1 in DLHub's spelling."""
    doi = normalise_doi(record.doi or "")
    return filled_members(
        {
            "identifier": {"identifier": doi, "identifierType": "DOI"} if doi else None,
            "creators": [_creator(item) for item in record.creators],
            "titles": [
                {"title": record.name},
                *({"title": title, "type": "AlternativeTitle"} for title in record.alternate_names if title),
            ],
            "publisher": "DLHub",
            "publicationYear": (calendar_date(record.date_published) or "")[:4],
            "subjects": [{"subject": word} for word in record.keywords if one_line(word)],
            "language": record.language,
            "resourceType": {"resourceTypeGeneral": "InteractiveResource"},
            "relatedIdentifiers": _related(record),
            "formats": list(record.formats),
            "version": record.version,
            "rightsList": [_rights(record)] if record.license or record.license_stated else [],
            "descriptions": _descriptions(record),
        }
    )


def _descriptions(record: ModelRecord) -> list[dict[str, str]]:
    text = record.description
    return [{"description": text, "descriptionType": "Abstract"}] if text else []


def _creator(item: Creator) -> dict[str, Any]:
    family, given = ("", "") if is_group(item) else parts(item)
    known = {"nameIdentifier": item.orcid, "nameIdentifierScheme": "ORCID", "schemeURI": "https://orcid.org"}
    return filled_members(
        {
            "creatorName": inverted(item),
            "familyName": family,
            "givenName": given,
            "nameIdentifiers": [known] if item.orcid else [],
            "affiliations": [item.affiliation] if item.affiliation else [],
        }
    )


def _rights(record: ModelRecord) -> dict[str, str]:
    if record.license and is_listed(record.license):
        return {"rights": record.license, "rightsURI": SPDX + record.license}
    return {"rights": record.license or record.license_stated or ""}


def _related(record: ModelRecord) -> list[dict[str, str]]:
    found = [(item, "IsDescribedBy") for item in papers_of(record)]
    found += [(item, "IsDerivedFrom") for item in training_data_of(record)]
    found += [(item.target, _RELATIONS[item.type]) for item in record.relations if item.type in _RELATIONS]
    return [
        {
            "relatedIdentifier": item.value,
            "relatedIdentifierType": _TYPES[item.scheme],
            "relationType": relation,
        }
        for item, relation in found
        if item.scheme in _TYPES
    ]


def _hub(record: ModelRecord) -> dict[str, Any]:
    names = [
        item.path or item.name
        for item in sorted(record.distributions, key=lambda item: not has_weights(item))
    ]
    files = filled_members({"model": names[0] if names else None, "other": names[1:]})
    short = re.sub(r"[^A-Za-z0-9]+", "_", record.name).strip("_").lower() or "model"
    return filled_members({"version": _VERSION, "name": short, "type": "servable", "files": files})


def _servable(record: ModelRecord) -> dict[str, Any]:
    served, count = _served_by(record), record.parameter_count
    return filled_members(
        {
            "type": served[0],
            "shim": served[1],
            "language": "python",
            "model_type": "; ".join(record.model_category),
            "model_summary": None if count is None else f"Total params: {count:,}",
            "methods": {
                "run": {
                    "input": _arguments(record.inputs),
                    "output": _arguments(record.outputs),
                    "method_details": {"method_name": "predict"},
                }
            },
        }
    )


def _arguments(tensors: tuple[Tensor, ...]) -> dict[str, Any]:
    """Return the one argument of a method: an array, or a tuple of them."""
    found = [_argument(item) for item in tensors]
    return found[0] if len(found) == 1 else {"type": "tuple", "element_types": found}


def _argument(item: Tensor) -> dict[str, Any]:
    kind = _NUMBERS.fullmatch(item.dtype)
    words = ": ".join(filter(None, (one_line(item.name), item.description)))
    shape = [size if isinstance(size, int) and size > 0 else None for size in item.shape]
    number = {"item_type": {"type": kind.lastgroup}} if kind else {}
    return {"type": "ndarray", "description": words, "shape": shape, **number}
