# SPDX-License-Identifier: MIT
"""The verbs of the Python API about model files: run, load, inspect, convert, fingerprint."""

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Literal

from fairreg.errors import ModelError, UsageError
from fairreg.runners import Runner
from fairreg.runners.weights import fingerprint as fingerprint_of_file
from fairreg.services.convert import onnx, triton
from fairreg.services.convert.onnx import OnnxConversion
from fairreg.services.convert.triton import TritonConversion
from fairreg.services.fetch.fetch import fetch
from fairreg.services.fetch.files.selection import FileSelection
from fairreg.services.inspect.inspect import InspectionReport, write_sample
from fairreg.services.inspect.inspect import inspect as inspect_with
from fairreg.services.named import Named, model_of
from fairreg.services.parallel.base import ExecutionTarget
from fairreg.services.registry.lazy_registry import LazyRegistry
from fairreg.services.registry.shared_engine import shared_registry
from fairreg.services.run.batch import ManyRuns, run_many
from fairreg.services.run.demonstrate import check_runtime
from fairreg.services.run.input_files import input_files, is_one_run
from fairreg.services.run.loaded_model import (
    BatchSize,
    looks_like_path,
    open_fetched,
    open_model,
    runner_of,
)
from fairreg.services.run.predict import Prediction, predict
from fairreg.services.run.vectors.report import VectorRun
from fairreg.services.run.vectors.trial import run_model
from fairreg.settings import Settings

__all__ = ["convert", "fingerprint", "inspect", "load", "run"]

# A name or pattern of files, or several.
Patterns = str | Iterable[str] | None


def run(
    model: Named | Path,
    input: str | Path | Iterable[str | Path] | None = None,  # noqa: A002  # as the option
    output: str | Path | None = None,
    *,
    runtime: str | None = None,
    file: Patterns = None,
    batch_size: BatchSize = None,
    workers: int | None = None,
    scheduler: str | None = None,
    device: str | None = None,
) -> Prediction | ManyRuns | VectorRun:
    """Run a model, by its identifier or file, on the arrays in files; see `load` for arrays in memory.

    One file `input` gives a `Prediction`; several, a folder, a pattern or `workers` give `ManyRuns`, whose
    `failures` are the files that could not be run. Without `input` the model runs on the test vectors that
    are published with it, a `VectorRun`; ModelError where its outputs are not those of its authors.
    """
    where, target = ExecutionTarget(workers, scheduler), None if output is None else Path(output)
    settings, given = Settings.from_environment(), _given(input)
    check_runtime(runtime, device)
    opening = partial(
        open_model, settings, model_of(model), runtime=runtime, device=device, batch_size=batch_size
    )
    if given is not None:
        opened = opening(patterns=_patterns(file))
        if is_one_run(given, target, where):
            return predict(opened, Path(given[0]), output=target)
        return run_many(settings, opened, input_files(given), output=target, where=where)
    if target is not None or not where.in_process:
        raise UsageError("output, workers and scheduler need an input.", hint="Name its file: input=")
    made = run_model(
        settings,
        model_of(model),
        runtime=runtime,
        device=device,
        patterns=_patterns(file),
        batch_size=batch_size,
    )
    if made.check.fault is not None:
        raise made.check.fault
    return made


def _given(stated: str | Path | Iterable[str | Path] | None) -> list[str] | None:
    if isinstance(stated, Mapping):
        raise UsageError(
            "run reads the arrays of files.", hint="For arrays in memory: fairreg.load(model).run(arrays)"
        )
    if stated is None:
        return None
    given = [str(item) for item in ((stated,) if isinstance(stated, str | Path) else stated)]
    if not given:
        raise UsageError("input has no files.", hint="Name a file, a folder or a pattern.")
    return given


def _patterns(file: Patterns) -> tuple[str, ...]:
    return FileSelection.of(() if file is None else file, ()).patterns


def load(
    pid_or_path: Named | Path,
    runtime: str | None = None,
    device: str | None = None,
    *,
    file: str | None = None,
    batch_size: BatchSize = None,
) -> Runner:
    """Load a runner of a weight or model file, or of the model that an identifier leads to.

    The Hbb network gets its `predict`; any other ONNX file runs by its own graph, with its side files, models
    of other programs by their engine or as ONNX, weights of known networks as these. `file` chooses among the
    models of a record, by name or glob pattern;
    `device` is ``cpu``, ``cuda`` (the first GPU) or ``cuda:N``, by default a GPU for tensorrt, else the CPU.
    `batch_size` is a number of rows, or ``"whole"`` for all at once; None leaves it to what is known of the
    model (docs/running.md).
    """
    named, settings = model_of(pid_or_path), Settings.from_environment()
    path = Path(named)
    if path.is_file() and file is not None:
        raise UsageError(f"file= chooses among the files of a record, but {path} is a file.")
    if not path.is_file() and (isinstance(pid_or_path, Path) or looks_like_path(named)):
        raise ModelError(f"There is no file {path}.", hint="Give a weight or model file, or an identifier.")
    if path.is_file():
        return runner_of(settings, path, runtime, device, batch_size=batch_size)
    check_runtime(runtime, device)
    with LazyRegistry(partial(shared_registry, settings)) as registry:
        fetched = fetch(settings, named, patterns=_patterns(file), registry=registry)
    return open_fetched(settings, fetched, runtime, device, batch_size=batch_size).runner


def inspect(
    model: Named | Path, *, file: Patterns = None, sample: str | Path | None = None, live: bool = False
) -> InspectionReport:
    """Describe a model file, or each model file of a record: format, network, tensors, where it is published.

    Nothing in the file is executed. `sample` names a .npz file to which a sample input of the recognised
    network is written; `live` also asks the registries in FAIRREG_PEERS for the same weights. Raises the
    refusal of a model that is not safe.
    """
    settings = Settings.from_environment()
    with LazyRegistry(partial(shared_registry, settings)) as registry:
        report = inspect_with(
            settings, model_of(model), patterns=_patterns(file), registry=registry, live=live
        )
    if report.refusal is not None:
        raise report.refusal
    if sample is not None:
        write_sample(report, Path(sample))
    return report


def convert(
    model: Named | Path,
    to: Literal["onnx", "triton"],
    output: str | Path | None = None,
    *,
    name: str | None = None,
    file: Patterns = None,
) -> OnnxConversion | TritonConversion:
    """Convert a model to ONNX, or to a model repository of Triton, in the folder `output`; compare both.

    `name` is that of the model in Triton. Raises ModelError where the outputs differ from those of the
    source.
    """
    settings, target = Settings.from_environment(), None if output is None else Path(output)
    if to == "onnx":
        if name is not None:
            raise UsageError("name is for Triton.", hint="Name the ONNX file with output.")
        return onnx.convert(settings, model_of(model), target, patterns=_patterns(file))
    if to != "triton":
        raise UsageError(f"A model is converted to onnx or triton, not to {to!r}.")
    if target is None:
        raise UsageError("Triton needs a folder.", hint="Name it with output.")
    return triton.convert(settings, model_of(model), target, name=name, patterns=_patterns(file))


def fingerprint(path: str | Path) -> str:
    """Return the fingerprint of the parameter tensors in a weight file: equal means the same model."""
    return fingerprint_of_file(Path(path))
