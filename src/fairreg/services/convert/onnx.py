# SPDX-License-Identifier: MIT
"""A model as one ONNX file, with a report of how far its outputs agree with those of its source."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg import models, runners
from fairreg.errors import ModelError, SecurityRefusal, UsageError
from fairreg.runners import Runner
from fairreg.runners import onnx as onnx_runner
from fairreg.runners.converters import Conversion
from fairreg.runners.weights import content_digest
from fairreg.services.convert.agreement import OutputAgreement, compare, generated
from fairreg.services.convert.onnx_files import conversion_of
from fairreg.services.fetch.download import Progress
from fairreg.services.fetch.fingerprints import fingerprint_of
from fairreg.services.run.loaded_model import ModelChoice, choose_model
from fairreg.services.run.not_runnable import not_runnable
from fairreg.settings import Settings
from fairreg.storage.files import digest, disk_faults, replacing
from fairreg.web import Log, no_log

__all__ = ["OnnxConversion", "convert"]

_ROWS = 256  # of generated inputs
_SAMPLE = 32  # items of a packaged sample
_NOT_COMPARED = "Not compared with {}, which fairreg does not run."
Array = NDArray[Any]


@dataclass(frozen=True)
class OnnxConversion:
    """Report of a conversion; `existing`: the file was there with the same content.

    `original` names the program, or the network, that the source is of. `compared_with` names the engine
    that computed the outputs of the source, None where none did; then `reason` says why, or how the converter
    has compared them.
    """

    chosen: ModelChoice
    source_sha256: str
    output: Path
    size: int
    sha256: str
    opset: int
    original: str
    compared_with: str | None
    reason: str | None
    agreement: tuple[OutputAgreement, ...]
    existing: bool
    warnings: tuple[str, ...]

    def __repr__(self) -> str:
        from fairreg.schemas.notebook.one_line import brief, represented

        return represented(self, f"{brief(self.chosen.path.name, 40)}:", brief(str(self.output), 40))

    def _repr_html_(self) -> str:
        """View in a notebook."""
        from fairreg.services.convert.notebook import onnx_view

        return onnx_view(self)

    def to_json(self) -> dict[str, Any]:
        """The document that ``fairreg convert --to onnx --json`` prints."""
        known = self.chosen.recognition
        return {
            "model": known.title if known else self.chosen.path.name,
            "weights": {
                "file": self.chosen.path.name,
                "sha256": self.source_sha256,
                "fingerprint": self.chosen.fingerprint,
                "parameters": self.chosen.parameters,
            },
            "original": self.original,
            "to": "onnx",
            "file": {"path": str(self.output), "size": self.size, "sha256": self.sha256}
            | {"fingerprint": fingerprint_of(self.output)},
            "opset": self.opset,
            "compared_with": self.compared_with,
            "reason": self.reason,
            "agreement": [asdict(item) for item in self.agreement],
            "existing": self.existing,
            "warnings": list(self.warnings),
        }


def convert(
    settings: Settings,
    model: str,
    output: Path | None = None,
    *,
    patterns: Iterable[str] = (),
    log: Log = no_log,
    progress: Progress | None = None,
) -> OnnxConversion:
    """Write the model `model`, a file or an identifier, as the ONNX file `output`.

    By default that is NAME.onnx in the current folder. Nothing is written before the outputs were compared,
    where an engine of the source is installed: on the sample of the model package, or on generated rows and
    on those of the converter, at which implementations differ. Raises the errors of `choose_model`,
    ModelError for a model that cannot be written exactly or whose outputs differ, UsageError for an output
    that is the source, or there with other content.
    """
    chosen = choose_model(settings, model, patterns=patterns, log=log, progress=progress)
    target = output or Path(f"{chosen.path.stem}.onnx")
    if target.exists() and target.samefile(chosen.path):
        raise UsageError(f"{target} is the model itself.", hint="Choose another --output.")
    conversion = conversion_of(chosen.path, chosen.recognition)
    if conversion is None:
        raise not_runnable(chosen.path)
    written = runners.load(onnx_runner.RUNTIME, conversion.model)
    found = _compared(chosen, conversion, written)
    existing = _write(conversion.model, target)
    return OnnxConversion(
        chosen=chosen,
        source_sha256=content_digest(chosen.path),
        output=target,
        size=len(conversion.model),
        sha256=sha256(conversion.model).hexdigest(),
        opset=_opset(conversion.model),
        original=conversion.original,
        compared_with=found.engine,
        reason=found.reason,
        agreement=found.agreement,
        existing=existing,
        warnings=(*chosen.warnings, *conversion.remarks),
    )


@dataclass(frozen=True)
class _Comparison:
    engine: str | None
    reason: str | None
    agreement: tuple[OutputAgreement, ...] = ()


def _compared(chosen: ModelChoice, conversion: Conversion, written: Runner) -> _Comparison:
    """Compare with the source where its engine is installed. Raises ModelError where outputs differ."""
    if conversion.runtime is None:
        return _Comparison(None, conversion.checked or _NOT_COMPARED.format(conversion.original))
    if not runners.get(conversion.runtime).available():
        return _Comparison(None, f"Not compared: the engine {conversion.runtime} is not installed.")
    try:
        source = _source(chosen, conversion.runtime)
    except (ModelError, SecurityRefusal) as error:
        return _Comparison(None, f"Not compared: {error.message}")
    with source:
        found = tuple(
            _on(arrays, title, source, written) for title, arrays in _inputs(chosen, conversion, source)
        )
        return _Comparison(source.engine or source.name, None, found)


def _source(chosen: ModelChoice, runtime: str) -> Runner:
    if chosen.recognition is not None:
        return models.load(chosen.recognition, runtime=runtime)
    return runners.load(runtime, chosen.path)


def _inputs(
    chosen: ModelChoice, conversion: Conversion, source: Runner
) -> Iterator[tuple[str, Mapping[str, Array]]]:
    """Inputs to compare on, with their titles."""
    if chosen.recognition is not None:
        arrays = models.sample_for(chosen.recognition)
        part = {item.name: arrays[item.name][:_SAMPLE] for item in source.inputs if item.name in arrays}
        yield f"{len(next(iter(part.values()), ()))} items of the packaged sample", part
        return
    yield f"{_ROWS} generated rows", generated(source.inputs, _ROWS)
    if conversion.edges:
        count = len(next(iter(conversion.edges.values())))
        yield f"{count} rows at the edges", conversion.edges


def _on(arrays: Mapping[str, Array], title: str, source: Runner, written: Runner) -> OutputAgreement:
    expected = source.run(arrays)
    numbers = [np.asarray(array) for array in expected.values()]
    floats = [array for array in numbers if array.dtype.kind == "f" and array.size]
    if floats and not any(np.isfinite(array).any() for array in floats):
        return OutputAgreement(title, None, "The outputs of the source are not finite on any of them.")
    return compare(source, arrays, expected, written.run(arrays), title, same_types=False)


def _opset(model: bytes) -> int:
    """Version of the default operator set."""
    from fairreg.runners.weights.onnx import parse

    found = {item.domain or "ai.onnx": item.version for item in parse(model, "The model").opset_import}
    return int(found.get("ai.onnx", 0))


def _write(content: bytes, target: Path) -> bool:
    """Write the file in one step; True if it was there with this content. Raises UsageError for other."""
    if target.is_dir():
        raise UsageError(f"{target} is a folder.", hint="Give --output the name of a file.")
    if target.exists():
        if digest(target) != sha256(content).hexdigest():
            raise UsageError(
                f"{target} is there and has other content.", hint="Choose another --output, or remove it."
            )
        return True
    with disk_faults(str(target)):
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as draft:
            draft.write_bytes(content)
    return False
