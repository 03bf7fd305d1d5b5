# SPDX-License-Identifier: MIT
"""Structured statements about the model in files beside it: FAIR4ML records, signatures, cards.

These are the author's own words, like the host's record. A FAIR4ML file of another model does not count.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Literal

import msgspec

from fairreg.assessment.content.documents import parsed
from fairreg.assessment.evidence import Document, Evidence
from fairreg.assessment.findings import origin_of
from fairreg.assessment.lineage import is_persistent, is_weights, lineage_dois
from fairreg.errors import RecordError
from fairreg.formats.file_facts import listed_as_written
from fairreg.formats.front_matter import strict_mapping
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.jsonld_terms import identifier_in
from fairreg.schemas.record import Evaluation, ModelRecord, Tensor

__all__ = [
    "ENOUGH_WORDS",
    "Signature",
    "Topic",
    "base_model_told",
    "inferred_fields",
    "is_confirmed",
    "named_datasets",
    "shipped_evaluations",
    "shipped_records",
    "shipped_signatures",
    "stated_about",
    "stated_fields",
    "stated_training_data",
    "weights_licence",
    "weights_refused",
]

_FIELDS = ("ml_task", "model_category", "frameworks", "intended_use")
_OF_MODELS = ("limitations", "evaluations", "inputs", "parameter_count")
Topic = Literal["intended_use", "limitations"]
ENOUGH_WORDS = 30
_TOPIC_KEYS: dict[Topic, tuple[str, ...]] = {
    "intended_use": ("intended_use", "intended_uses", "intendedUse", "direct_use", "intended-use"),
    "limitations": (
        "limitations", "out_of_scope_use", "out_of_scope", "bias_risks_limitations", "risks", "bias",
        "modelRisksBiasLimitations", "out-of-scope",
    ),
}  # fmt: skip
_LICENCE_KEYS = ("weights_license", "weights_licence", "license_weights", "model_license", "model_licence")
# Keys of front matter by the field of a record that they state; inputs count together with outputs.
_CARD_FIELDS: dict[str, tuple[str, ...]] = {
    "ml_task": ("pipeline_tag", "task", "ml_task", "mlTask"),
    "model_category": ("architecture", "model_category", "modelCategory"),
    "frameworks": ("library_name", "framework", "frameworks"),
    "inputs": ("inputs", "input"),
    "outputs": ("outputs", "output"),
    "intended_use": _TOPIC_KEYS["intended_use"],
}
_NO_BASE_MODEL = frozenset({"none", "null", "~", "trained from scratch", "from scratch"})


class Signature(msgspec.Struct, frozen=True):
    """Inputs and outputs that a signature file declares."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


def shipped_records(evidence: Evidence) -> tuple[tuple[Document, ModelRecord], ...]:
    """Return the FAIR4ML files with their records; those that name a DOI must name one of this model."""
    lineage = lineage_dois(evidence)
    read = ((document, _record(document)) for document in evidence.of_role("standard"))
    return tuple(
        (document, record)
        for document, record in read
        if record is not None and (record.doi is None or record.doi in lineage)
    )


@lru_cache(maxsize=64)
def _record(document: Document) -> ModelRecord | None:
    content = parsed(document)
    if not isinstance(content, dict) or "@context" not in content:
        return None
    from fairreg.formats.jsonld import read_parsed  # few archives have such a file

    try:
        # A file beside a model is about that model, even where it names no identifier.
        return read_parsed(content, name=document.path, place=f"file:{document.path}").understood
    except RecordError:
        return None


@lru_cache(maxsize=64)
def inferred_fields(document: Document) -> dict[str, str]:
    """Return the fields with a value that a FAIR4ML file marks as inferred, with what they name.

    Relations are those to training data; of other fields the value is not needed.
    """
    record = _record(document) if "fieldOrigin" in document.text else None
    if record is None:
        return {}
    marked = [item.field for item in record.provenance.origins if item.origin == "inferred"]
    data = ", ".join(item.compact for item in record.related("trained_on"))
    values = {name: data if name == "relations" else name for name in marked}
    return {name: value for name, value in values.items() if value and getattr(record, name, None)}


def is_confirmed(document: Document) -> bool:
    """Tell whether a metadata file says something of a model that it does not mark as inferred.

    A file without such marks is its author's word.
    """
    record, inferred = _record(document), inferred_fields(document)
    if record is None or not inferred:
        return True
    held = {name for name in (*_FIELDS, *_OF_MODELS) if getattr(record, name)}
    held |= {"relations"} if record.related("trained_on") else set()
    return bool(held - set(inferred))


def shipped_signatures(evidence: Evidence) -> tuple[tuple[Document, Signature], ...]:
    """Return the signature.json or .yml files that hold named inputs and outputs."""
    named = (item for item in evidence.of_role("definitions") if "signature." in item.path.rsplit("/", 1)[-1])
    read = ((document, _signature(document)) for document in named)
    return tuple((document, found) for document, found in read if found is not None)


def _signature(document: Document) -> Signature | None:
    content = parsed(document)
    sides = [content.get(name) for name in ("inputs", "outputs")] if isinstance(content, dict) else [None]
    if not all(isinstance(side, list) and side for side in sides):
        return None
    try:
        return msgspec.convert(
            {name: [_tensor(item) for item in content[name]] for name in ("inputs", "outputs")},
            Signature,
            strict=False,
        )
    except msgspec.ValidationError:
        return None


def _tensor(stated: object) -> object:
    """Return the members that a tensor has here; an open size is called by its axis, others are left out."""
    if not isinstance(stated, dict):
        return stated
    shape, axes = stated.get("shape"), stated.get("axes")
    names = axes if isinstance(axes, list) else []
    known = {key: stated[key] for key in ("name", "dtype") if key in stated}
    if isinstance(shape, list):
        open_sizes = {at: str(name) for at, name in enumerate(names)}
        sizes = [open_sizes.get(at, "n") if size is None else size for at, size in enumerate(shape)]
        known["shape"] = sizes
    features = stated.get("features")
    listed = [item for item in features if isinstance(item, dict)] if isinstance(features, list) else []
    told = [{key: item[key] for key in ("name", "unit", "description") if item.get(key)} for item in listed]
    return {**known, "features": told} if told else known


def stated_fields(evidence: Evidence) -> dict[str, tuple[Document, object]]:
    """Return fields of a model's description that a shipped file states, with the file; none inferred."""
    found: dict[str, tuple[Document, object]] = {}
    for document, record in shipped_records(evidence):
        for name in _FIELDS:
            if getattr(record, name) and origin_of(record, name) == "stated":
                found.setdefault(name, (document, getattr(record, name)))
    for document in evidence.of_role("model_card", "readme"):
        for name, value in _fields_of_card(document).items():
            found.setdefault(name, (document, value))
    for document, signature in shipped_signatures(evidence):
        found.setdefault("inputs", (document, [item.name for item in signature.inputs]))
    return found


def _fields_of_card(document: Document) -> dict[str, object]:
    """Return what the named keys of front matter state, by the field of a record."""
    card = strict_mapping(document.text)
    stated = {
        name: next((card[key] for key in keys if _says_something(card.get(key))), None)
        for name, keys in _CARD_FIELDS.items()
    }
    outputs = stated.pop("outputs")
    return {name: value for name, value in stated.items() if value and (name != "inputs" or outputs)}


def _says_something(value: object) -> bool:
    """Tell whether a value of front matter, or one below it, is neither empty nor a placeholder."""
    if isinstance(value, dict | list):
        return any(map(_says_something, value.values() if isinstance(value, dict) else value))
    if not isinstance(value, str):
        return False
    from fairreg.assessment.content.claims import is_nothing
    from fairreg.assessment.content.prose import is_placeholder

    return not (is_nothing(value) or is_placeholder(value))


def base_model_told(document: Document) -> str | None:
    """Return what front matter says under ``base_model``: a model, or "none" where it starts from none.

    An empty key or a placeholder says nothing.
    """
    stated = strict_mapping(document.text)
    told = stated.get("base_model")
    if told == [] or (isinstance(told, str) and told.strip().lower() in _NO_BASE_MODEL):
        return "none"
    names = [name for name in listed_as_written(told) if isinstance(name, str) and _says_something(name)]
    return ", ".join(names) or None


def shipped_evaluations(evidence: Evidence) -> tuple[tuple[Document, Evaluation], ...]:
    """Return the results that FAIR4ML files state, then those under ``model-index`` of cards."""
    found = [(document, one) for document, record in shipped_records(evidence) for one in record.evaluations]
    for document in evidence.of_role("model_card", "readme"):
        found += [(document, one) for one in _card_results(document)]
    return tuple(found)


def stated_training_data(evidence: Evidence) -> tuple[tuple[Document, Identifier], ...]:
    """Return persistent ids of training data: ``trainedOn`` of a FAIR4ML file, ``datasets`` of a card."""
    found = [
        (document, item)
        for document, record in shipped_records(evidence)
        if origin_of(record, "relations") == "stated"
        for item in record.related("trained_on")
    ]
    found += [
        (document, item) for document, name in named_datasets(evidence) if (item := identifier_in(name))
    ]
    return tuple(item for item in found if is_persistent(item[1]))


def named_datasets(evidence: Evidence) -> Iterator[tuple[Document, str]]:
    """Yield the entries of ``datasets`` of the cards, with an identifier or a name alone."""
    from fairreg.assessment.content.claims import is_nothing

    for document in evidence.of_role("model_card", "readme"):
        listed = strict_mapping(document.text).get("datasets")
        names = listed if isinstance(listed, list) else [listed]
        yield from ((document, name) for name in names if isinstance(name, str) and not is_nothing(name))


def _card_results(document: Document) -> list[Evaluation]:
    """Return the results in ``model-index`` of a card: metrics with a value, dataset and split."""
    listed = (entry.get("results") for entry in _mappings(strict_mapping(document.text).get("model-index")))
    return [
        Evaluation(
            metric=metric,
            value=value,
            dataset=_stated(data.get("name")) or _stated(data.get("type")) or None,
            split=_stated(data.get("split")) or None,
        )
        for results in listed
        for result in _mappings(results)
        for data in [next(iter(_mappings(result.get("dataset"))), {})]
        for item in _mappings(result.get("metrics"))
        if (metric := _stated(item.get("name")) or _stated(item.get("type")))
        and (value := _stated(item.get("value")))
    ]


def _mappings(value: object) -> list[dict[str, Any]]:
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict)]


def _stated(value: object) -> str:
    """Return a scalar as text, empty where it is a placeholder."""
    from fairreg.assessment.content.claims import is_nothing

    text = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    return "" if is_nothing(text) else text


def stated_about(document: Document, topic: Topic) -> str | None:
    """Return the text under a named key of front matter, of at least 30 words."""
    from fairreg.assessment.content.claims import is_no_answer
    from fairreg.assessment.content.prose import words

    stated = strict_mapping(document.text)
    found = (stated.get(key) for key in _TOPIC_KEYS[topic])
    texts = (" ".join(map(str, item)) if isinstance(item, list) else item for item in found)
    long = (item for item in texts if isinstance(item, str) and words(item) >= ENOUGH_WORDS)
    return next((item for item in long if not is_no_answer(item)), None)


def weights_licence(document: Document) -> str | None:
    """Return the licence stated of the weights, in front matter (``weights_license``) or in JSON-LD."""
    from fairreg.assessment.content.claims import is_nothing
    from fairreg.assessment.content.conditions import grants

    stated = _stated_of_weights(document)
    return next((item for item in stated if not is_nothing(item) and grants(item)), None)


def weights_refused(document: Document) -> str | None:
    """Return what denies a licence of the weights where `weights_licence` would stand, as "proprietary"."""
    from fairreg.assessment.content.conditions import refuses

    return next(filter(refuses, _stated_of_weights(document)), None)


def _stated_of_weights(document: Document) -> Iterator[str]:
    found: Iterator[object]
    if document.role in {"standard", "provenance"}:
        found = _licences_of_files(parsed(document), 8)
    else:
        stated = strict_mapping(document.text)
        found = (stated.get(key) for key in _LICENCE_KEYS)
    return (item for item in found if isinstance(item, str))


def _licences_of_files(value: object, depth: int) -> Iterator[str]:
    """Yield the licence of each file of weights that a JSON-LD document describes (RO-Crate, FAIR4ML)."""
    members = value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []
    if isinstance(value, dict):
        stated = value.get("license") or value.get("schema:license")
        licence = stated.get("@id") or stated.get("name") if isinstance(stated, dict) else stated
        names = (value.get(key) for key in ("@id", "name", "contentUrl", "url"))
        if isinstance(licence, str) and any(isinstance(name, str) and is_weights(name) for name in names):
            yield licence
    if depth:
        for member in members:
            yield from _licences_of_files(member, depth - 1)
