# SPDX-License-Identifier: MIT
"""Map DLHub's servable document to a `ModelRecord`.

A document has the blocks ``datacite`` (DataCite 4 with `affiliations` and without `types`), ``dlhub`` (owner,
name, files, dates) and ``servable`` or ``dataset``. The schema of 2018 is read too: a flat ``datacite``, the
name and the method ``run`` in ``servable``.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from fairreg.formats.contents import Contents, file_format, media_type, read_contents
from fairreg.harvesters.common.authors import with_kind
from fairreg.schemas.datacite_terms import (
    distinct_identifiers,
    distinct_relations,
    identifier_of,
    typed_relation,
)
from fairreg.schemas.identifiers import Identifier, normalise_doi, normalise_orcid
from fairreg.schemas.json_reader import JsonNode, violation
from fairreg.schemas.licenses import all_of, of_one
from fairreg.schemas.record import (
    Access,
    Creator,
    Distribution,
    Feature,
    FieldOrigin,
    Kind,
    ModelRecord,
    Provenance,
    Relation,
    Tensor,
)
from fairreg.schemas.text import plain_text, split_keywords

__all__ = ["published_at", "record_of", "shorthand_name"]

# Python packages that are frameworks, and the beginnings of `servable.type` that name one.
_FRAMEWORKS = {
    "keras": "Keras",
    "tensorflow": "TensorFlow",
    "torch": "PyTorch",
    "scikit-learn": "scikit-learn",
    "sklearn": "scikit-learn",
    "xgboost": "XGBoost",
    "onnx": "ONNX",
    "onnxruntime": "ONNX",
    "jax": "JAX",
}
_MODEL_TYPE = re.compile(r"(?i)(keras|tensorflow|torch|pytorch|scikit-learn|xgboost)\b.*|model$")
_PARAMETERS = re.compile(r"Total params: ([\d,]+)")
_YEARS = 9999  # a smaller number is a year
_LATEST_MS = 253_402_300_799_999  # the end of the year 9999
_FREE = {"", "none", "null", "?", "-1"}


def record_of(payload: object) -> ModelRecord:
    """Map one servable's document. Raises RecordError naming the path of a missing title or name."""
    top, name, title = _essentials(payload)
    cite, hub, servable = top["datacite"], top["dlhub"], top["servable"]
    doi = normalise_doi(cite.at("identifier", "identifier").text or "")
    files = tuple(_files(hub))
    contents = _contents(top, title, files)
    license_id, license_stated = _license(cite)
    parameters = _parameters(servable)
    return ModelRecord(
        identifier=f"doi:{doi}" if doi else f"dlhub:{name}",
        kind=contents.kind,
        name=title,
        provenance=Provenance(source="dlhub", source_id=name or doi or "", origins=contents.origins),
        description=_description(cite),
        identifiers=distinct_identifiers(_identifiers(top, name, doi)),
        version=cite["version"].text,
        creators=tuple(creator for item in cite["creators"].items() if (creator := _creator(item))),
        publisher=cite["publisher"].title or "DLHub",
        stated_type=servable["type"].text or cite.at("resourceType", "resourceTypeGeneral").text,
        license=license_id,
        license_stated=license_stated,
        keywords=_keywords(top),
        model_category=tuple(text for field in ("model_type", "ml_model") if (text := servable[field].text)),
        frameworks=contents.frameworks,
        formats=contents.formats,
        date_published=published_at(payload) or cite["publicationYear"].date,
        distributions=files,
        relations=distinct_relations(_relations(cite)),
        inputs=tuple(_signature(_method(servable)["input"], "input")),
        outputs=tuple(_signature(_method(servable)["output"], "output")) or _columns(top["dataset"]),
        parameter_count=parameters,
        access=_access(hub),
    )


def shorthand_name(payload: object) -> str | None:
    """Return ``owner/name``, DLHub's name of a servable; None before it is published."""
    top = JsonNode(payload)
    hub = top["dlhub"]
    owner, name = hub["owner"].text, hub["name"].text or top.at("servable", "name").text
    stated = hub["shorthand_name"].text or (f"{owner}/{name}" if owner and name else None)
    return stated if stated and re.fullmatch(r"[^\s/]+/[^\s/]+", stated) else None


def published_at(payload: object) -> str | None:
    """Return the publication time (DLHub states milliseconds since 1970 as text) as ISO 8601."""
    stated = JsonNode(payload).at("dlhub", "publication_date")
    milliseconds = stated.count
    if milliseconds is None or not _YEARS < milliseconds <= _LATEST_MS:
        return stated.date
    return datetime.fromtimestamp(milliseconds // 1000, UTC).isoformat()


def _essentials(payload: object) -> tuple[JsonNode, str | None, str]:
    top = JsonNode(payload)
    cite = top["datacite"]
    if not cite.is_object:
        raise violation(cite, "is missing", source="DLHub")
    stated = (item["title"].title or item.title for item in (*cite["titles"].items(), *cite["title"].items()))
    title = next((text for text in stated if text), None)
    if title is None:
        raise violation(cite["titles"], "is missing", source="DLHub")
    name = shorthand_name(payload)
    if name is None and normalise_doi(cite.at("identifier", "identifier").text or "") is None:
        # Another owner may use the same name, so it identifies nothing.
        raise violation(
            top.at("dlhub", "shorthand_name"),
            "is missing, and there is neither an owner nor a DOI: it was never published",
            source="DLHub",
        )
    return top, name, title


def _identifiers(top: JsonNode, name: str | None, doi: str | None) -> Iterator[Identifier | None]:
    cite, hub = top["datacite"], top["dlhub"]
    yield Identifier("doi", doi) if doi else None
    yield Identifier("dlhub", name) if name else None
    for node in (hub["identifier"], cite.at("identifier", "identifier")):
        yield _globus(node.text, "dlhub.identifier")
    for item in cite["relatedIdentifiers"].items():
        yield _globus(item["relatedIdentifier"].text, "datacite.relatedIdentifiers")
    uuid = hub["id"].text
    yield Identifier("dlhub_uuid", uuid, "dlhub.id") if uuid else None
    for item in cite["alternateIdentifiers"].items():
        yield _alternate(item["alternateIdentifier"].text, item["alternateIdentifierType"].text)


def _globus(stated: str | None, evidence: str) -> Identifier | None:
    """DLHub's own persistent identifier (``globus:7WKVDWQfOB7D``), which minid.org's service kept."""
    scheme, _, value = (stated or "").partition(":")
    return Identifier("globus", value, evidence) if scheme.lower() == "globus" and value else None


def _alternate(text: str | None, scheme: str | None) -> Identifier | None:
    """Return an alternate identifier. A folder is not its repository; a paper is not the model."""
    found = identifier_of(text, scheme, evidence="datacite.alternateIdentifiers")
    if found is None:
        return None
    if found.scheme == "github" and re.search(r"/(?:tree|blob)/", text or ""):
        return Identifier("url", text or "", found.evidence)
    if found.scheme == "doi":
        return Identifier("related_doi", found.value, found.evidence)
    return found


def _relations(cite: JsonNode) -> Iterator[Relation | None]:
    for item in cite["relatedIdentifiers"].items():
        text = item["relatedIdentifier"].text
        target = identifier_of(text, item["relatedIdentifierType"].text)
        own = _globus(text, "") is not None
        yield None if own else typed_relation(target, item["relationType"].text)
    for item in cite["associatedPubliations"].items():  # spelled so in the schema of 2018
        target = identifier_of(item.text)
        yield Relation(type="is_described_by", target=target) if target else None


def _creator(item: JsonNode) -> Creator | None:
    parts = (item["familyName"].title, item["givenName"].title)
    name = item.title or item["creatorName"].title or item["name"].title
    name = name or ", ".join(part for part in parts if part)
    if not name:
        return None
    orcids = (
        normalise_orcid(entry["nameIdentifier"].text or "") for entry in item["nameIdentifiers"].items()
    )
    places = (*item["affiliations"].items(), *item["affiliation"].items())
    return with_kind(
        Creator(
            name=name,
            orcid=next((orcid for orcid in orcids if orcid), None),
            affiliation="; ".join(text for node in places if (text := node.title)) or None,
        ),
        organization=item["nameType"].text == "Organizational",
    )


def _description(cite: JsonNode) -> str | None:
    items = list(cite["descriptions"].items())
    items.sort(key=lambda item: item["descriptionType"].text != "Abstract")
    for node in (*(item["description"] for item in items), cite["description"]):
        if node.prose and (text := plain_text(node.prose)):
            return text
    return None


def _license(cite: JsonNode) -> tuple[str | None, str | None]:
    """Return (SPDX expression, words of licences without one)."""
    found: list[tuple[str | None, str | None]] = []
    for item in (*cite["rightsList"].items(), *cite["license"].items()):
        known, stated = of_one(item["rights"].title, item["rightsURI"].title, item.title)
        if known or (stated or "").lower() not in _FREE:
            found.append((known, stated))
    return all_of(found)


def _keywords(top: JsonNode) -> tuple[str, ...]:
    domains = (*top.at("dlhub", "domains").items(), *top.at("dlhub", "domain").items())
    subjects = (item["subject"].text or item.text for item in top.at("datacite", "subjects").items())
    return split_keywords(text for text in (*(node.text for node in domains), *subjects) if text)


def _files(hub: JsonNode) -> Iterator[Distribution]:
    """Files inside the servable, without addresses: DLHub does not serve them."""
    for _, node in hub["files"].members():
        for item in node.items():
            name = (item.text or "").replace("\\", "/")
            if name:
                yield Distribution(name=name, media_type=media_type(name), format=file_format(name))


def _contents(top: JsonNode, title: str, files: tuple[Distribution, ...]) -> Contents:
    stated = top["servable"]["type"].text or ""
    names = [item.name for item in files]
    is_data = top.at("dlhub", "type").text == "dataset" or (
        top["dataset"].is_object and not top["servable"].stated
    )
    word: Kind = "dataset" if is_data else "model" if _MODEL_TYPE.match(stated) else "software"
    found = read_contents(word, title=title, keywords=_keywords(top), file_names=names)
    packages = _packages(top)
    frameworks = dict.fromkeys((*packages.values(), *found.frameworks))
    noted = [item for item in found.origins if item.field not in {"frameworks", "kind"}]
    if packages:
        noted.append(FieldOrigin("frameworks", "inferred", "dependencies " + ", ".join(packages)))
    elif found.frameworks:
        noted += [item for item in found.origins if item.field == "frameworks"]
    shown = next((item.evidence for item in found.origins if item.field == "kind"), None)
    noted.append(FieldOrigin("kind", "inferred", shown or f"type {stated or word!r}"))
    if _parameters(top["servable"]) is not None:
        noted.append(FieldOrigin("parameter_count", "inferred", "servable.model_summary"))
    return found._replace(frameworks=tuple(frameworks), origins=tuple(noted))


def _packages(top: JsonNode) -> dict[str, str]:
    """Framework of each Python package or type that names one."""
    places = (top["servable"]["dependencies"]["python"], top["dlhub"]["dependencies"]["python"])
    named = [name for node in places for name, _ in node.members()]
    # Each word up to its last letter; greedy, so that a long run of signs takes linear time.
    words = (re.match(r".*\w", word) for word in (top["servable"]["type"].text or "").split())
    named += [word[0] for word in words if word]
    return {name: _FRAMEWORKS[name.lower()] for name in named if name.lower() in _FRAMEWORKS}


def _parameters(servable: JsonNode) -> int | None:
    """The count at the end of a Keras summary."""
    match = _PARAMETERS.search(servable["model_summary"].prose or "")
    return JsonNode(match[1].replace(",", "")).count if match else None


def _method(servable: JsonNode) -> JsonNode:
    """The method `run`; in the schema of 2018 it stands outside of `methods`."""
    return servable["methods"]["run"] if servable["methods"]["run"].is_object else servable["run"]


def _signature(node: JsonNode, name: str) -> Iterator[Tensor]:
    """One tensor, or one for each element of a tuple."""
    if not node.is_object:
        return
    elements = [item for item in node["element_types"].items() if item.is_object]
    if not elements:
        yield _tensor(node, name)
    for index, item in enumerate(elements):
        yield _tensor(item, f"{name}_{index}")


def _tensor(node: JsonNode, name: str) -> Tensor:
    """A tensor; a list is a free axis before its items. Types other than arrays are kept as stated."""
    stated, item = node["type"].text or "unknown", node["item_type"]
    dtype = item["type"].text or ("unknown" if stated in {"ndarray", "list", "tuple"} else stated)
    shape = _shape(node["shape"])
    if stated == "list":
        shape = (f"{name}_items", *_shape(item["shape"]))
    return Tensor(
        name=name,
        dtype="unknown" if dtype == "ndarray" else dtype,
        shape=tuple(f"{name}_axis_{axis}" if size is None else size for axis, size in enumerate(shape)),
        description=node["description"].text or item["description"].text,
    )


def _shape(stated: JsonNode) -> tuple[int | str | None, ...]:
    """Sizes; None where an axis is free. The schema of 2018 writes ``(3,)`` as text."""
    if isinstance(stated.value, str):
        return tuple(int(size) for size in re.findall(r"\d{1,9}", stated.value))
    if not isinstance(stated.value, list):
        return ()
    return tuple(
        item.count if item.count is not None or (item.text or "").lower() in _FREE else item.text
        for item in stated.items()
    )


def _columns(dataset: JsonNode) -> tuple[Tensor, ...]:
    """The columns of a table as one tensor."""
    features = tuple(
        Feature(name, item["units"].text, item["description"].text)
        for item in dataset["columns"].items()
        if (name := item["name"].text)
    )
    types = {text for item in dataset["columns"].items() if (text := item["type"].text)}
    if not features:
        return ()
    dtype = types.pop() if len(types) == 1 else "mixed"
    return (Tensor(name="table", dtype=dtype, shape=("rows", len(features)), features=features),)


def _access(hub: JsonNode) -> Access | None:
    seen = {text for node in hub["visible_to"].items() if (text := node.text)}
    return Access(level="restricted", conditions="not public") if seen and "public" not in seen else None
