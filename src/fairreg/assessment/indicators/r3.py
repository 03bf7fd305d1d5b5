# SPDX-License-Identifier: MIT
"""R3 (Duarte et al. 2023, Table 1).

The AI model meets domain-relevant community standards.
"""

import re

from fairreg.assessment.base import Citation, Finding, indicator
from fairreg.assessment.content.claims import is_nothing
from fairreg.assessment.content.documents import parsed, stated_in
from fairreg.assessment.content.packaged_metadata import is_confirmed
from fairreg.assessment.content.prose import is_placeholder
from fairreg.assessment.evidence import Document, Evidence, Role
from fairreg.assessment.findings import (
    cite_datacite,
    cite_document,
    cite_file,
    failed,
    graded,
    partial,
    passed,
    unknown,
    unread_files,
)
from fairreg.formats.file_facts import listed_as_written
from fairreg.formats.front_matter import strict_mapping
from fairreg.sources import source_named
from fairreg.storage.formats import BARE_WEIGHTS, ENSEMBLE_FORMATS

_SHARED = frozenset({"onnx", "keras", "saved_model", "gguf"})
_CONVERTIBLE = frozenset(
    {"safetensors", "zip_torch", "legacy_torch", "hdf5", "tflite", "skops", "flax", *ENSEMBLE_FORMATS}
)
_LAYOUT = frozenset({"data", "docs", "models", "notebooks", "references", "reports", "src", "tests"})
_ENOUGH_FOLDERS = 4
_VECTOR = re.compile(
    r"(?:^|/)(?:tests?|samples?|examples?)/[^ ]*\.(?:npz?|npy|h5|root|parquet|csv|json|pb)$"
    r"|(?:^|/)(?:test|sample)[_-](?:input|output|vector|data)[^/]*$",
    re.IGNORECASE,
)
_ARRAYS = r"\.(?:npz?|npy|h5|root|parquet|csv|json|pb)$"
_INPUTS = re.compile(rf"(?:^|/)(?:reference[_-])?inputs?{_ARRAYS}", re.IGNORECASE)
_OUTPUTS = re.compile(rf"(?:^|/)(?:reference[_-]|expected[_-])?outputs?{_ARRAYS}", re.IGNORECASE)
# Front matter without one of these (license, doi, tags) describes anything as well as a model.
_CARD_KEYS = ("pipeline_tag", "task", "model-index", "library_name", "datasets", "base_model")
_HUB_KEYS = ("license", "metrics", "tags")
_FIELDS = {
    "mlmodel": ("flavors",),
    "rdf": ("format_version", "type"),
    "bioimageio": ("format_version", "type"),
}


@indicator(
    "R3-1",
    weight=2,
    title="Community metadata standard, valid",
    passes="one for AI models (FAIR4ML, model card metadata, BioImage.IO, MLmodel), valid",
    partial="a generic one (CITATION.cff, CodeMeta, DataCite), valid",
    fails="none",
    corresponds_to=("FsF-R1.3-01M", "ML-R3-01M"),
)
def metadata_standard(evidence: Evidence) -> Finding:
    """Metadata files that parse and hold what their format requires."""
    for document in evidence.of_role("standard"):
        if _is_valid(document) and is_confirmed(document):
            return passed(f"{document.path} is valid.", cite_document(document, document.text))
    stated = [item for item in stated_in(evidence) if item.facts.complete]
    for card in evidence.of_role("model_card", "readme"):
        if keys := _keys_of_models(evidence, card):
            return passed("The model card has valid metadata.", cite_document(card, keys))
    remedy = (
        "Add metadata of an AI model: pipeline_tag, library_name, datasets and model-index in the front "
        "matter of MODEL_CARD.md, or fair4ml.jsonld."
    )
    generic = [
        cite_document(item.document, "valid")
        for item in stated
        if item.document.role in {"citation", "codemeta"}
    ]
    if evidence.datacite and evidence.datacite.state == "findable":
        generic += cite_datacite(evidence, "state", "findable")
    if generic:
        return partial("Only generic metadata standards are used.", *generic, remedy=remedy)
    roles: tuple[Role, ...] = ("standard", "model_card", "readme", "citation", "codemeta", "zenodo_json")
    what = "valid metadata of a community standard"
    return unread_files(evidence, what, remedy=remedy, roles=roles, registered=True)


def _keys_of_models(evidence: Evidence, card: Document) -> tuple[str, ...]:
    """Return the filled keys of front matter that only a model has; at the Hub every card is of a model."""
    stated = strict_mapping(card.text)
    at_hub = bool(source_named(evidence.record.provenance.source).card)
    keys = (*_CARD_KEYS, *_HUB_KEYS) if at_hub else _CARD_KEYS
    return tuple(key for key in keys if any(map(_is_value, listed_as_written(stated.get(key)))))


def _is_value(item: object) -> bool:
    return bool(item) and not (isinstance(item, str) and (is_nothing(item) or is_placeholder(item)))


def _is_valid(document: Document) -> bool:
    content = parsed(document)
    if not isinstance(content, dict):
        return False
    stem = document.path.rsplit("/", 1)[-1].split(".")[0].lower()
    required = _FIELDS.get(stem, ("@context", "@type"))
    is_of_data = "dataset" in str(content.get("@type")).lower()  # Croissant beside a model
    return all(content.get(key) for key in required) and not is_of_data


@indicator(
    "R3-2",
    weight=2,
    title="Community file format",
    passes="a format that the community's tools read (ONNX, Keras, safetensors with a known architecture)",
    partial="one that can be converted",
    fails="another one",
    corresponds_to=("FsF-R1.3-02D", "ML-R3-02S"),
)
def file_format(evidence: Evidence) -> Finding:
    """Magic bytes of the model files."""
    files = evidence.model_files
    is_open = any(file.format == "safetensors" for file in files)
    other = "state in the record the architecture and the library that builds it (library_name)"
    remedy = f"Export the model to ONNX, or {other if is_open else 'its weights to safetensors'}."
    if not files:
        return unread_files(evidence, "a model file of a known format", remedy=remedy, roles=())
    shared = [file for file in files if file.format in _SHARED]
    if not shared:
        return _with_network(evidence, remedy)
    return passed(f"{shared[0].path} is {shared[0].format}.", *map(cite_file, shared))


def _with_network(evidence: Evidence, remedy: str) -> Finding:
    """Return the finding for files whose network may be known by its name, or by its code.

    A state dict is converted with its network; safetensors are open whoever built it.
    """
    from fairreg.assessment.content.network_code import named_architecture, network_code  # of files alone

    files, architecture = evidence.model_files, named_architecture(evidence)
    named = [file for file in files if file.format == "safetensors" and architecture]
    if named:
        reason = f"{named[0].path} is safetensors of {architecture[0]}."
        return passed(reason, *map(cite_file, named))
    known = architecture or network_code(evidence)
    bare = frozenset() if known else BARE_WEIGHTS - {"safetensors"}
    convertible = [file for file in files if file.format in _CONVERTIBLE - bare]
    if convertible:
        reason = f"{convertible[0].format} can be converted."
        return partial(reason, *map(cite_file, convertible), remedy=remedy)
    if unread := evidence.why_unread("code"):
        return unknown(unread, *map(cite_file, files))
    return failed(f"{files[0].format} is no format of the community.", *map(cite_file, files), remedy=remedy)


@indicator(
    "R3-3",
    weight=2,
    title="Community project practice",
    passes="at least 2 of template layout, continuous integration, test vectors",
    partial="1 of them",
    fails="none",
    corresponds_to=("FRSM-14-R1-1", "FRSM-14-R1-2", "FRSM-14-R1-3", "howfairis checklist"),
)
def practice(evidence: Evidence) -> Finding:
    """Folders of the project template, CI configurations, and files with test inputs."""
    folders = {part for file in evidence.files for part in file.path.split("/")[:-1] if part in _LAYOUT}
    laid_out = [file for file in evidence.files if folders & set(file.path.split("/")[:-1])]
    present = {
        "template layout": [cite_file(file) for file in laid_out] if len(folders) >= _ENOUGH_FOLDERS else [],
        "continuous integration": _integration(evidence),
        "test vectors": _vectors(evidence),
    }
    found = {name: citations for name, citations in present.items() if citations}
    cited = [citations[0] for citations in found.values()]
    reason = f"Found: {', '.join(found) or 'nothing of template layout, CI and test vectors'}."
    asked = [words for name, words in _PRACTICES.items() if name not in found]
    remedy = f"Do {'one' if found else 'two'} of these: {', '.join(asked)}."
    return graded(len(found), reason, *cited, full=2, half=1, remedy=remedy, unread=evidence.why_unread())


_PRACTICES = {
    "template layout": "follow the cookiecutter4fair layout",
    "continuous integration": "run tests in CI",
    "test vectors": "publish a test vector",
}


def _vectors(evidence: Evidence) -> list[Citation]:
    """Cite files for tests: by folder or name, or arrays of inputs with the outputs that belong to them."""
    named = [file for file in evidence.files if _VECTOR.search(file.path)]
    sides = [[file for file in evidence.files if side.search(file.path)] for side in (_INPUTS, _OUTPUTS)]
    paired = [file for side in sides for file in side] if all(sides) else []
    return [cite_file(file) for file in named or paired]


def _integration(evidence: Evidence) -> list[Citation]:
    documents = [cite_document(item, item.text) for item in evidence.of_role("ci")]
    named = [
        file for file in evidence.files if re.search(r"\.github/workflows/|\.gitlab-ci\.yml$", file.path)
    ]
    return [*documents, *map(cite_file, named)]
