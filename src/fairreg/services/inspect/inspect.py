# SPDX-License-Identifier: MIT
"""From a file, or an identifier by way of its files, to what each model file is."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fairreg import models
from fairreg.errors import FairregError, ModelError, RegistryError, UsageError
from fairreg.models.base import Recognition
from fairreg.runners import weights
from fairreg.runners.weights import ModelCandidate, sharded
from fairreg.schemas.record import Tensor
from fairreg.schemas.text import counted
from fairreg.services.fetch.download import Progress
from fairreg.services.fetch.fetch import FetchedFiles, fetch
from fairreg.services.inspect.onnx_graph import OnnxFacts, onnx_facts, tensor_document
from fairreg.services.inspect.published import PublishedWeights, at_peers, in_registry, known_to_package
from fairreg.services.inspect.runnable import Runnability, runnability
from fairreg.services.inspect.tensors import TensorCounts, weight_facts
from fairreg.services.registry.lazy_registry import LazyRegistry
from fairreg.services.run.demonstrate import ENGINES
from fairreg.services.run.loaded_model import local_file
from fairreg.services.run.outputs import write_outputs
from fairreg.settings import Settings
from fairreg.storage.files import digest
from fairreg.storage.formats import MODEL_FORMATS
from fairreg.storage.recognition import FormatDescription, describe
from fairreg.web import Log, no_log

__all__ = ["FileInspection", "InspectionReport", "inspect", "inspect_file", "write_sample"]

_MOST_FILES = 200
_NAMED_WEIGHTS = re.compile(r"model|weight|checkpoint|param", re.IGNORECASE)
_NOT_A_MODEL = Runnability("is not a model")


@dataclass(frozen=True)
class FileInspection:
    """Findings about a file. `sha256` is of the file alone, `content_digest` of it with its side files."""

    name: str
    path: Path
    size: int
    sha256: str
    described: FormatDescription
    counts: TensorCounts | None = None
    models: tuple[ModelCandidate, ...] = ()
    architecture: Recognition | None = None
    onnx: OnnxFacts | None = None
    side_files: tuple[str, ...] = ()
    content_digest: str | None = None
    runs: Runnability = _NOT_A_MODEL
    published: tuple[PublishedWeights, ...] = ()
    faults: tuple[FairregError, ...] = ()

    @property
    def fingerprint(self) -> str | None:
        """The fingerprint of the model that is read by default."""
        return self.models[0].fingerprint if self.models else None

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """The inputs of the loaded model, else those that an ONNX graph declares."""
        return self.runs.opened.runner.inputs if self.runs.opened else self.onnx.inputs if self.onnx else ()

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """The outputs, as `inputs`."""
        return self.runs.opened.runner.outputs if self.runs.opened else self.onnx.outputs if self.onnx else ()

    def to_json(self) -> dict[str, Any]:
        """An item of ``files`` in the document."""
        said = self.described
        return {
            "name": self.name,
            "path": str(self.path),
            "size": self.size,
            "sha256": self.sha256,
            "content_digest": self.content_digest,
            "format": said.format,
            "description": said.words,
            "framework": said.framework,
            "version": said.version,
            "states": dict(said.facts),
            "note": said.note,
            "tensors": self.counts.to_json() if self.counts else None,
            "architecture": _architecture(self.architecture),
            "fingerprint": self.fingerprint,
            "models": [_model(item) for item in self.models],
            "onnx": self.onnx.to_json() if self.onnx else None,
            "inputs": [tensor_document(item) for item in self.inputs],
            "outputs": [tensor_document(item) for item in self.outputs],
            "side_files": list(self.side_files),
            "runs": self.runs.to_json(),
            "published": [item.to_json() for item in self.published],
            "faults": [error.message for error in self.faults],
        }


@dataclass(frozen=True)
class InspectionReport:
    """Findings about a file, or about the model files of a record; `record` is its identifier."""

    requested: str
    record: str | None
    files: tuple[FileInspection, ...]
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        from fairreg.schemas.notebook.one_line import brief, represented

        return represented(
            self, f"{brief(self.requested, 40)}:", counted(len(self.files), "file"), _verdicts(self.files)
        )

    def _repr_html_(self) -> str:
        """View in a notebook."""
        from fairreg.services.inspect.notebook import inspection_view

        return inspection_view(self)

    @property
    def refusal(self) -> FairregError | None:
        """The refusal for safety of the first file, where all files are refused."""
        faults = [item.runs.fault for item in self.files if item.runs.verdict == "refused for safety"]
        return faults[0] if faults and len(faults) == len(self.files) else None

    def to_json(self) -> dict[str, Any]:
        """The document that ``fairreg inspect --json`` prints."""
        return {
            "requested": self.requested,
            "id": self.record,
            "files": [item.to_json() for item in self.files],
            "warnings": list(self.warnings),
        }


def _verdicts(files: Iterable[FileInspection]) -> str:
    """Count files by their verdict: ``(1 runs, 2 is not a model)``."""
    found = Counter(item.runs.verdict for item in files)
    return (
        f"({', '.join(f'{number} {verdict}' for verdict, number in found.most_common(2))})" if found else ""
    )


def _architecture(found: Recognition | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "model": found.model,
        "title": found.title,
        "parameters": found.parameter_count,
        "hyperparameters": dict(found.hyperparameters),
        "assumptions": list(found.assumptions),
    }


def _model(item: ModelCandidate) -> dict[str, Any]:
    return {
        "place": item.name,
        "fingerprint": item.fingerprint,
        "tensors": item.tensors,
        "parameters": item.numbers,
    }


def inspect(
    settings: Settings,
    model: str,
    *,
    patterns: Iterable[str] = (),
    log: Log = no_log,
    progress: Progress | None = None,
    registry: LazyRegistry | None = None,
    live: bool = False,
) -> InspectionReport:
    """Describe a local file, or each model file of a record, which is fetched first.

    `patterns` choose among the files of a record. `registry` is used instead of that of `settings`. `live`
    asks the other registries of `settings` for the same weights, too. Raises the errors of `fetch`,
    ModelError for a missing file and UsageError for patterns with a local file, and for `live` without a
    registry to ask.
    """
    patterns = tuple(patterns)
    if live and not settings.peers:
        raise UsageError("There is no other registry to ask.", hint="Set FAIRREG_PEERS to their addresses.")
    path = local_file(model, patterns)
    engines = settings.cache / ENGINES
    with nullcontext(registry) if registry else LazyRegistry.of(settings) as known:
        if path is not None:
            report = InspectionReport(model, None, (inspect_file(path, engines),))
        else:
            fetched = fetch(settings, model, patterns=patterns, log=log, progress=progress, registry=known)
            report = _of_record(fetched, engines)
        report = _with_published(report, known, log)
    return _with_peers(report, settings, log) if live else report


def write_sample(report: InspectionReport, target: Path) -> int:
    """Write the sample of the first recognised network to the .npz file `target`; return its number of items.

    It is that of the model package, the same every time. Raises ModelError where no network was recognised,
    UsageError for a file that is there or of another kind.
    """
    if target.suffix != ".npz" or target.exists():
        fault = "exists" if target.exists() else "is not a .npz file"
        raise UsageError(f"{target} {fault}.", hint="Choose another name for --sample.")
    opened = [item.runs.opened for item in report.files if item.runs.opened is not None]
    known = next((item for item in opened if item.recognition is not None), None)
    if known is None or known.recognition is None:
        raise ModelError(
            "No network that fairreg knows was recognised, so there is no sample for it.",
            hint="The names and shapes of the inputs are listed.",
        )
    arrays = models.sample_for(known.recognition)
    taken = {item.name: arrays[item.name] for item in known.runner.inputs if item.name in arrays}
    write_outputs(taken, target)
    return len(next(iter(taken.values()), ()))


def _of_record(fetched: FetchedFiles, engines: Path) -> InspectionReport:
    paths = list(_model_files(fetched))
    files = tuple(inspect_file(path, engines, fetched.name_of(path)) for path in paths[:_MOST_FILES])
    if not files:
        for error in fetched.refused.values():
            raise error
        raise ModelError(
            f"No file of {fetched.requested} is a model in a format that fairreg knows.",
            hint="The files are fetched and verified nevertheless: fairreg fetch lists them.",
        )
    left = len(paths) - len(files)
    warnings = [f"{left} more model files were not inspected; choose them with --file."] if left else []
    warnings += [item.sentence for item in fetched.unopened]
    return InspectionReport(fetched.requested, fetched.record.identifier, files, tuple(warnings))


def _model_files(fetched: FetchedFiles) -> Iterator[Path]:
    """The model files that ``fetch`` found, then other files whose content is a model."""
    archives = {item.file.path for item in fetched.archives}
    loose = [item.file.path for item in fetched.files if item.file.path not in archives]
    inside = [path for folder in fetched.folders for path in sorted(folder.rglob("*")) if path.is_file()]
    parts = {path.parent / name for path in fetched.models for name in _side_files(path)[0]}
    seen: set[Path] = set()
    for path in (*fetched.models, *loose, *inside):
        if path in seen or path in parts:
            continue
        seen.add(path)
        if path in fetched.models or _is_model(path):
            yield path


def _is_model(path: Path) -> bool:
    """Tell whether a file is a model by its content; of archives of arrays, which may be data, by name."""
    said = describe(path)
    if said.format == "npz":
        return _NAMED_WEIGHTS.search(path.name) is not None
    return said.format in MODEL_FORMATS or said.framework is not None


def inspect_file(path: Path, engines: Path, name: str | None = None) -> FileInspection:
    """Describe one file, without the records of the registry. Raises ModelError where it cannot be read."""
    try:
        size, sha256, said = path.stat().st_size, digest(path), describe(path)
    except OSError as error:
        raise ModelError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    base = FileInspection(name or path.name, path, size, sha256, said)
    is_sharded = said.format == "text" and sharded.knows(path)
    found = weight_facts(path, said, sharded=is_sharded)
    graph = onnx_facts(path) if said.format == "onnx" else None
    side_files, side_fault = _side_files(path)
    runs = runnability(path, said, engines, sharded=is_sharded)
    known = runs.recognition
    faults = (found.fault, graph if isinstance(graph, FairregError) else None, side_fault)
    return replace(
        base,
        counts=found.counts,
        models=found.models,
        architecture=known,
        onnx=graph if isinstance(graph, OnnxFacts) else None,
        side_files=side_files,
        content_digest=_content_digest(path) if side_files else sha256,
        runs=runs,
        published=known_to_package(known),
        faults=_unique(faults, runs.fault),
    )


def _side_files(path: Path) -> tuple[tuple[str, ...], FairregError | None]:
    try:
        return weights.side_files(path), None
    except FairregError as error:
        return (), error


def _content_digest(path: Path) -> str | None:
    try:
        return weights.content_digest(path)
    except FairregError:
        return None  # a side file is missing or outside its folder: opening the model has said so


def _unique(errors: Iterable[FairregError | None], said: FairregError | None) -> tuple[FairregError, ...]:
    """Errors of different messages, without the one that the verdict gives already."""
    found = {error.message: error for error in errors if error is not None}
    return tuple(error for text, error in found.items() if said is None or text != said.message)


def _with_published(report: InspectionReport, registry: LazyRegistry, log: Log) -> InspectionReport:
    """Add the records of the registry with the same weights; one that cannot be opened is a warning."""
    if not any(item.models for item in report.files):
        return report
    try:
        known = registry.open(log)
        files = tuple(
            replace(item, published=_merged(item, in_registry(known, _fingerprints(item))))
            for item in report.files
        )
    except RegistryError as error:
        warning = f"The registry was not searched for the same weights: {error.message}"
        return replace(report, warnings=(*report.warnings, warning))
    return replace(report, files=files)


def _with_peers(report: InspectionReport, settings: Settings, log: Log) -> InspectionReport:
    """Add the records of other registries with the same weights; one that does not answer is a warning."""
    asked = list(dict.fromkeys(value for item in report.files for value in _fingerprints(item)))
    found, faults = at_peers(settings, asked, log)
    files = tuple(
        replace(item, published=_merged(item, tuple(one for one in found if one.fingerprint in held)))
        for item in report.files
        for held in (_fingerprints(item),)
    )
    return replace(report, files=files, warnings=(*report.warnings, *faults))


def _fingerprints(item: FileInspection) -> list[str]:
    return list(dict.fromkeys(model.fingerprint for model in item.models if model.numbers))


def _merged(item: FileInspection, found: tuple[PublishedWeights, ...]) -> tuple[PublishedWeights, ...]:
    """Records of the package and of the registry, each once."""
    own = {known.identifier for known in item.published}
    return (*item.published, *(other for other in found if other.identifier not in own))
