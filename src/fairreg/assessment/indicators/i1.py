# SPDX-License-Identifier: MIT
"""I1 (Duarte et al. 2023, Table 1).

The AI model reads, writes and exchanges data by standards of its community.
"""

import re
from itertools import product

from fairreg.assessment.base import Citation, Finding, indicator
from fairreg.assessment.content.packaged_metadata import Signature, shipped_signatures
from fairreg.assessment.evidence import Evidence, ModelFact
from fairreg.assessment.findings import (
    SIGNATURE_EXAMPLE,
    cite_document,
    cite_file,
    cite_model,
    cite_record,
    cite_text,
    failed,
    free_texts,
    origin_of,
    partial,
    passed,
    unknown,
    unread_files,
)
from fairreg.schemas.record import ANY_AXES, Tensor
from fairreg.storage.formats import BARE_WEIGHTS, ENSEMBLE_FORMATS

_GRAPHS = frozenset({"onnx", "keras", "saved_model", "tflite", "gguf", "skops", *ENSEMBLE_FORMATS})
_OPAQUE = BARE_WEIGHTS | {"pickle"}
_AGREE = 2
_NO_GRAPH = "holds weights but no graph; the code of the network is needed too, and none is published"
# What a reader misses of a file alone, by its format; BARE_WEIGHTS are weights of which no code was found.
_LACKS = {
    **dict.fromkeys(BARE_WEIGHTS, _NO_GRAPH),
    "pickle": "holds objects of Python; it runs code when it is read and needs the classes of its authors",
    "tensorrt_plan": "holds a network compiled for one kind of device and version of TensorRT",
}
# Libraries and files of data formats in code and requirements, where nobody says it in words.
_SHOWN = {
    "ROOT": r"\buproot\b|\bROOT\.T\w+|\bimport ROOT\b|\.root\b",
    "HDF5": r"\bh5py\b|\bpytables\b|\bHDF5\b",
    "Parquet": r"\b(?:read|to|write)_?parquet\b|\bpyarrow\b|\.parquet\b",
    "NPY": r"\bnp\.(?:load|save)|\.np[yz]\b",
    "FITS": r"\bastropy\b|\.fits\b",
    "NetCDF": r"\bnetCDF4?\b|\bxarray\b",
    "CSV": r"\b(?:read|to)_csv\b|\.csv\b",
    "JSON": r"\.jsonl\b",
    "DICOM": r"\bpydicom\b|\bDICOM\b",
    "WAV": r"\.wav\b|\bsoundfile\b",
}


_DATA_FILE = re.compile(
    r"\.(?:root|parquet|hepmc3?|lhe|npz)$|(?:^|/)(?:data|samples?|examples?|inputs?|events?|jets?)\b.*\.(?:h5|hdf5|npy|csv)$",
    re.IGNORECASE,
)


@indicator(
    "I1-1",
    weight=3,
    title="Open exchange format",
    passes="ONNX or another self-describing graph, or safetensors with a standard architecture",
    partial="weights (state dict or safetensors) with the code that loads them",
    fails="an opaque pickle or a device-bound plan only",
    corresponds_to=("FRSM-10-I1-1", "FRSM-10-I1-2", "ML-R3-02S"),
)
def exchange_format(evidence: Evidence) -> Finding:
    """Magic bytes of every model file."""
    files = evidence.model_files
    if not files:
        return unread_files(
            evidence, "a file of a known model format", remedy="Export the model to ONNX.", roles=()
        )
    graphs = [file for file in files if file.format in _GRAPHS]
    if graphs:
        reason = f"{len(graphs)} of {len(files)} model files are self-describing graphs ({graphs[0].format})."
        return passed(reason, *map(cite_file, graphs))
    weights = [file for file in files if file.format in BARE_WEIGHTS]
    from fairreg.assessment.content.network_code import named_architecture, network_code  # of files alone

    architecture = named_architecture(evidence)
    named = [file for file in weights if file.format == "safetensors" and architecture]
    if named:
        category = cite_record(evidence, "model_category", architecture)
        return passed("safetensors with a named architecture.", *map(cite_file, named), category)
    remedy = "Export the model to ONNX and publish that file beside the weights."
    code = network_code(evidence)
    if weights and code:
        reason = f"{weights[0].format} weights need the Python code beside them."
        return partial(reason, *map(cite_file, weights), *map(cite_file, code), remedy=remedy)
    if unread := evidence.why_unread("code"):
        return unknown(unread, *map(cite_file, files))
    lacks = _LACKS.get(files[0].format, "cannot be read without its authors")
    return failed(f"{files[0].format} {lacks}.", *map(cite_file, files), remedy=remedy)


@indicator(
    "I1-2",
    weight=3,
    title="Declared signature of inputs and outputs that matches the graph",
    passes="declared, and the graph has the same",
    partial="only the graph tells, or the declaration cannot be compared",
    fails="none, or a contradiction",
    corresponds_to=("DLHub methods.run", "BioImage.IO axes"),
)
def signature(evidence: Evidence) -> Finding:
    """Names, types and axes that the record or a signature file declares, against those of a graph."""
    declared = _declared(evidence)
    graphs = [model for model in evidence.models if model.inputs and model.outputs]
    cited = [citation for _, citation in declared]
    if not graphs:
        if declared and evidence.why_unread() is None:
            return partial(
                "The signature is declared, no graph confirms it.", *cited, remedy="Publish an ONNX file."
            )
        added = evidence.added  # of which a draft is made
        remedy = _DECLARE if added is not None and added.inputs and added.outputs else _BY_HAND
        return unread_files(
            evidence, "a signature of inputs and outputs", remedy=remedy, roles=("definitions",)
        )
    seen = [cite_model(model, [item.name for item in (*model.inputs, *model.outputs)]) for model in graphs]
    return _compared(evidence, declared, graphs, seen)


def _compared(
    evidence: Evidence,
    declared: list[tuple[Signature, Citation]],
    graphs: list[ModelFact],
    seen: list[Citation],
) -> Finding:
    """Return the finding where a graph was read; another declaration or graph may be in what was not."""
    unread, cited = evidence.why_unread("definitions"), [citation for _, citation in declared]
    if not declared:
        reason = "Only the graph tells what goes in and out."
        return unknown(f"{reason} {unread}", *seen) if unread else partial(reason, *seen, remedy=_DECLARE)
    pairs = product((said for said, _ in declared), graphs)
    if any(_agrees(one.inputs, two.inputs) and _agrees(one.outputs, two.outputs) for one, two in pairs):
        return passed("The declared signature is that of the graph.", *cited, *seen)
    if unread:
        return unknown(f"The declared signature is not that of the graph. {unread}", *cited, *seen)
    return failed(
        "The declared signature contradicts the graph.", *cited, *seen, remedy="Correct the declaration."
    )


_DECLARE = "Declare name, type, axes, features and units of each input and output in a signature.json."
_BY_HAND = f"{_DECLARE} Without an ONNX graph or a stated signature fairreg drafts none; {SIGNATURE_EXAMPLE}."


def _declared(evidence: Evidence) -> list[tuple[Signature, Citation]]:
    record = evidence.record
    shipped = shipped_signatures(evidence)
    names = [item.name for item in (*record.inputs, *record.outputs)]
    found = [
        (said, cite_document(document, [item.name for item in said.inputs])) for document, said in shipped
    ]
    if record.inputs and record.outputs and origin_of(record, "inputs") == "stated":
        found.insert(0, (Signature(record.inputs, record.outputs), cite_record(evidence, "inputs", names)))
    return found


def _agrees(declared: tuple[Tensor, ...], graph: tuple[Tensor, ...]) -> bool:
    held = {item.name: item for item in graph}
    if set(held) != {item.name for item in declared}:
        return False
    return all(item.dtype == held[item.name].dtype and _fits(item, held[item.name]) for item in declared)


def _fits(declared: Tensor, graph: Tensor) -> bool:
    if ANY_AXES in declared.shape or ANY_AXES in graph.shape:
        return True
    if len(declared.shape) != len(graph.shape):
        return False
    pairs = zip(declared.shape, graph.shape, strict=True)
    return all(one == two or not (isinstance(one, int) and isinstance(two, int)) for one, two in pairs)


@indicator(
    "I1-3",
    weight=2,
    title="Domain-standard data formats",
    passes="inputs in a format of the community's list (ROOT, HDF5, Parquet, NPY, ...), documented",
    partial="in such a format, but only code or requirements tell",
    fails="none of them",
    corresponds_to=("FRSM-10-I1-1", "FRSM-10-I1-2", "FRSM-10-I1-3", "FsF-R1.3-02D"),
)
def data_format(evidence: Evidence) -> Finding:
    """A sentence that names the format of inputs or outputs, else code, requirements and definitions."""
    remedy = "Say in the README in which file format inputs are read and outputs are written."
    for document in free_texts(evidence, "readme", "model_card", "docs"):
        from fairreg.assessment.content import inputs

        if told := inputs.data_format(document):
            name, sentence = told
            cited = cite_text(evidence, document, sentence)
            return passed(f"{document.path} documents {name} for its data.", cited)
    for document in free_texts(evidence, "readme", "model_card", "docs"):
        if shown := inputs.format_of_command(document):
            reason = f"{document.path} has a command with {shown[0]}, no sentence says so."
            return partial(reason, cite_text(evidence, document, shown[1]), remedy=remedy)
    for document in evidence.of_role("requirements", "code", "definitions"):
        for name, pattern in _SHOWN.items():
            if hit := re.search(pattern, document.text):
                reason = f"{document.path} shows {name}, no document says so."
                return partial(reason, cite_document(document, hit[0]), remedy=remedy)
    models = {file.path for file in evidence.model_files}
    for file in evidence.files:
        if _DATA_FILE.search(file.path) and file.path not in models:
            return partial(
                f"{file.path} is there, no document says what it is.", cite_file(file), remedy=remedy
            )
    return unread_files(
        evidence,
        "a data format of the community's list",
        remedy=remedy,
        roles=("readme", "model_card", "docs", "requirements", "code", "definitions"),
    )


@indicator(
    "I1-4",
    weight=2,
    title="Runs, and runtimes agree",
    passes="at least two runtimes run it and agree within tolerance",
    partial="one runs it",
    fails="none does",
    corresponds_to=("FRSM-14-R1-1",),
)
def runs(evidence: Evidence) -> Finding:
    """Runs that were made on bundled or generated input."""
    tried = [model for model in evidence.models if model.ran is not None]
    if not tried:
        return _untried(evidence)
    agreed = [model for model in tried if model.ran and len(model.runtimes) >= _AGREE]
    if agreed:
        reason = f"{' and '.join(agreed[0].runtimes)} run {agreed[0].file} and agree."
        return passed(reason, *(_cite_run(model) for model in agreed))
    has_onnx = any(file.format == "onnx" for file in evidence.model_files)
    published = "Publish a test vector" if has_onnx else "Publish an ONNX file and a test vector"
    remedy = f"{published}, and check that two runtimes give the same."
    ran = [model for model in tried if model.ran]
    if ran:
        return partial(
            f"{ran[0].file} runs in one runtime.", *(_cite_run(model) for model in ran), remedy=remedy
        )
    reason = f"{tried[0].file} does not run: {tried[0].detail or 'no runtime accepts it'}."
    if unread := evidence.why_unread():
        return unknown(f"{reason} {unread}", *map(_cite_run, tried))
    return failed(reason, *(_cite_run(model) for model in tried), remedy=remedy)


def _untried(evidence: Evidence) -> Finding:
    """Fail for bare weights and pickles alone, which nobody can run; unknown for all that others could."""
    files = evidence.model_files
    unread = evidence.why_unread("code")
    if not files and not evidence.models and evidence.why_unread() is None:
        return failed("There is no model to run.", remedy="Publish the trained model, as an ONNX file.")
    closed = files and all(file.format in _OPAQUE for file in files)
    if closed and not unread and not _can_be_built(evidence):
        reason = (
            f"{files[0].path} is {files[0].format} without the code of its network, which nobody can run."
        )
        return failed(
            reason, *map(cite_file, files), remedy="Publish an ONNX file, or the code of the network."
        )
    reason = "No run was tried." if evidence.models else "fairreg recognised no model that it could run."
    return unknown(reason if evidence.models or not unread else unread)


def _can_be_built(evidence: Evidence) -> bool:
    from fairreg.assessment.content.network_code import named_architecture, network_code  # of files alone

    return bool(network_code(evidence) or named_architecture(evidence))


def _cite_run(model: ModelFact) -> Citation:
    return cite_model(
        model, ", ".join(model.runtimes) or model.detail or ("ran" if model.ran else "did not run")
    )
