# SPDX-License-Identifier: MIT
"""Running of a model on many files, or on the shards of large ones, in this process or on workers.

This process distributes the shards and is the only one that writes: each output whole, once all its shards
are there, and then its entry in the manifest. A file that fails does not stop the others.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from fairreg.errors import FairregError, ModelError, UsageError
from fairreg.runners.cpu import processors
from fairreg.runners.weights import content_digest
from fairreg.services.parallel.base import Engine, ExecutionTarget, TaskResult, threads
from fairreg.services.parallel.engines import open_engine
from fairreg.services.run.demonstrate import ENGINES
from fairreg.services.run.loaded_model import LoadedModel
from fairreg.services.run.manifest import ManifestEntry, RunManifest
from fairreg.services.run.origin import weights_document
from fairreg.services.run.outputs import described, described_in, write_outputs
from fairreg.services.run.predict import measured, read_inputs
from fairreg.services.run.row_check import ROWS, dependence_warnings
from fairreg.services.run.shards import BATCHES, ModelFile, Shard, ShardOutputs, Shards, ShardTask, shards_of
from fairreg.settings import Settings
from fairreg.storage.files import digest, disk_faults
from fairreg.web import Log, no_log

__all__ = ["FileRun", "ManyRuns", "run_many"]


@dataclass(frozen=True)
class FileRun:
    """Run on one file: number of items, figures of merit, path of the outputs; `skipped`: already there.

    `whole`: it was one task, whose items were not counted before. `outputs` are their names, types, shapes.
    """

    source: Path
    items: int
    metrics: Mapping[str, float]
    output: Path | None = None
    sha256: str | None = None
    skipped: bool = False
    whole: bool = False
    outputs: tuple[Mapping[str, Any], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form."""
        return {
            "source": str(self.source),
            "items": self.items,
            "metrics": dict(self.metrics),
            "output": None if self.output is None else str(self.output),
            "sha256": self.sha256,
            "outputs": [dict(item) for item in self.outputs],
            "skipped": self.skipped,
        }


@dataclass
class ManyRuns:
    """Runs by file, in the order given; `failures` are files with the reason why they could not be run."""

    opened: LoadedModel
    sha256: str
    workers: int = 1
    seconds: float = 0.0
    files: dict[Path, FileRun] = field(default_factory=dict)
    failures: dict[Path, FairregError] = field(default_factory=dict)

    def __repr__(self) -> str:
        from fairreg.schemas.notebook.one_line import brief, represented
        from fairreg.schemas.text import counted

        said = f"{counted(len(self.files), 'file')}, {len(self.failures)} failed"
        return represented(self, f"{brief(self.opened.title)}:", said)

    def _repr_html_(self) -> str:
        """View of the runs in a notebook."""
        from fairreg.services.run.notebook import many_view

        return many_view(self)

    @property
    def computed(self) -> int:
        """Number of items run now, without those of skipped files."""
        return sum(item.items for item in self.files.values() if not item.skipped)

    def to_json(self) -> dict[str, Any]:
        """The document that ``fairreg run --json`` prints for several inputs."""
        runner, files = self.opened.runner, list(self.files.values())
        return {
            "model": self.opened.title,
            "weights": weights_document(
                self.opened.origin,
                self.opened.path.name,
                self.sha256,
                self.opened.fingerprint,
                self.opened.parameters,
            ),
            "runtime": runner.name,
            "engine": runner.engine,
            "converted_from": self.opened.converted_from,
            "device": runner.device,
            "input": {
                "source": [str(item.source) for item in files],
                "items": sum(item.items for item in files),
            },
            "batching": runner.batching.to_json(*(0 if item.whole else item.items for item in files)),
            "files": [item.to_json() for item in files],
            "failures": [
                {"source": str(path), "reason": error.message} for path, error in self.failures.items()
            ],
            "timing": {
                "items_per_second": self.computed / self.seconds if self.seconds else None,
                "batch_size": runner.batch_size,
                "workers": self.workers,
            },
            "warnings": list(self.opened.warnings),
            "vectors": None,  # with inputs of the user nothing is compared
        }


def run_many(
    settings: Settings,
    opened: LoadedModel,
    inputs: Iterable[Path],
    *,
    output: Path | None = None,
    where: ExecutionTarget | None = None,
    progress: Callable[[int, int | None], None] = lambda _done, _total: None,
    log: Log = no_log,
) -> ManyRuns:
    """Run the model on every file; the folder `output` gets NAME.npz for each NAME of an input.

    `progress` is called with the number of items done, and the total where it is known. Raises UsageError for
    outputs that would overwrite each other or their inputs, the errors of `open_engine`, and that of the
    first file if all files failed.
    """
    listed = list(inputs)
    targets = _targets(listed, output)
    opened = replace(opened, warnings=(*opened.warnings, *_dependence(opened, listed)))
    place = where or ExecutionTarget()
    begun, sha256 = perf_counter(), content_digest(opened.path)
    with _engine(place, opened, log) as engine:
        report = ManyRuns(opened, sha256, engine.workers if not place.in_process else 1)
        model = ModelFile(
            path=opened.path.absolute(),  # side files are beside a link to the model, not beside its target
            sha256=sha256,
            runtime=opened.runner.name,
            engines=(settings.cache / ENGINES).resolve(),
            # The last digits of some graphs depend on the number of threads; not those of fairreg's networks.
            threads=engine.threads if opened.recognition else 1,
            batch_size=opened.batch_size,
            device=None if opened.runner.device == "cpu" else opened.runner.device,
        )
        manifest = None if output is None else RunManifest(output)
        _Runs(report, ShardTask(model), manifest, progress).all(engine, targets)
    report.seconds = perf_counter() - begun
    if report.failures and not report.files:
        raise next(iter(report.failures.values()))
    return report


def _dependence(opened: LoadedModel, inputs: list[Path]) -> tuple[str, ...]:
    """Try the first rows of the first file with the batches that a user asked for."""
    if opened.batch_size is None or not inputs:
        return ()
    try:
        given = read_inputs(opened, inputs[0], 0, (opened.runner.batch_size or 0) + ROWS)
        return dependence_warnings(opened.runner, given.arrays)
    except FairregError:
        return ()  # the run itself reports what is wrong with this file


def _engine(where: ExecutionTarget, opened: LoadedModel, log: Log) -> AbstractContextManager[Engine]:
    """Open the engine; in this process one of fairreg's networks uses all CPUs, as does any other one."""
    return open_engine(where, log) if opened.recognition or not where.in_process else threads(processors())


def _targets(inputs: list[Path], output: Path | None) -> dict[Path, Path | None]:
    """Map each input to the path of its outputs."""
    if output is None:
        return dict.fromkeys(inputs)
    if output.resolve() in {path.resolve().parent for path in inputs}:
        raise UsageError(f"{output} also contains the inputs.", hint="Choose another --output folder.")
    targets: dict[str, Path] = {}
    for path in inputs:
        other = targets.setdefault(path.stem, path)
        if other is not path:
            raise UsageError(
                f"The outputs of {other} and {path} would both be {path.stem}.npz.",
                hint="Rename one, or run them with different --output folders.",
            )
    with disk_faults(str(output)):
        output.mkdir(parents=True, exist_ok=True)
    return {path: output / f"{path.stem}.npz" for path in inputs}


@dataclass
class _File:
    """An input being processed: its shards, the path of its outputs, and its initial state."""

    path: Path
    shards: Shards
    target: Path | None
    sha256: str = ""
    state: tuple[int, int] = (0, 0)
    parts: list[ShardOutputs] = field(default_factory=list)

    def outputs(self) -> dict[str, Any]:
        """The outputs for all items, by name."""
        names = self.parts[0].outputs
        return {name: _joined([part.outputs[name] for part in self.parts]) for name in names}

    def labels(self) -> Any:
        """The labels of all items, None where they are unknown."""
        found = [part.labels for part in self.parts if part.labels is not None]
        return _joined(found) if len(found) == len(self.parts) else None


@dataclass
class _Runs:
    report: ManyRuns
    computing: ShardTask
    manifest: RunManifest | None
    progress: Callable[[int, int | None], None]
    _files: dict[Path, _File] = field(default_factory=dict)
    _done: int = 0

    def all(self, engine: Engine, targets: Mapping[Path, Path | None]) -> None:
        """Run the remaining inputs; the files of the report are in the order of the inputs."""
        for path, target in targets.items():
            try:
                shards = shards_of(self.report.opened, path.resolve())
            except FairregError as error:
                self.report.failures[path] = error
                continue
            self._files[path.resolve()] = _File(path, shards, target)
        for done in engine.map(self.computing, self._waiting()):
            self._take(done)
        found = self.report.files
        self.report.files = {path: found[path] for path in targets if path in found}

    def _waiting(self) -> Iterator[Shard]:
        """Yield the shards of the files without a valid output."""
        for file in self._files.values():
            made = self._proven(file)
            if made is None:
                yield from self._until_it_fails(file)
            else:
                self._note(file, made, described_in(file.target) if file.target else (), skipped=True)
                self._tell(made.items)

    def _until_it_fails(self, file: _File) -> Iterator[Shard]:
        for shard in file.shards:
            if file.path in self.report.failures:
                return
            yield shard

    def _proven(self, file: _File) -> ManifestEntry | None:
        if file.target is None or self.manifest is None:
            return None
        file.state, file.sha256 = _state(file.path), digest(file.path)
        return self.manifest.proven(file.target.name, self._by, file.sha256)

    def _take(self, done: TaskResult[Shard, ShardOutputs]) -> None:
        file = self._files[done.task.source]
        if file.path in self.report.failures:
            return
        if isinstance(done.fault, FairregError):
            self.report.failures[file.path] = done.fault
        elif done.result is None:
            raise done.fault or RuntimeError("a task without an outcome")
        else:
            file.parts.append(done.result)
            self._tell(done.result.items)
            if done.task == file.shards.last:
                self._finish(file)

    def _finish(self, file: _File) -> None:
        """Write the outputs of a file with all its shards done."""
        if file.target is not None and _state(file.path) != file.state:
            self.report.failures[file.path] = ModelError(f"{file.path} changed during the run.")
            return
        outputs = file.outputs()
        metrics = measured(self.report.opened, outputs, file.labels())
        items = sum(part.items for part in file.parts)
        file.parts = []
        written = ""
        if file.target is not None:
            write_outputs(outputs, file.target)
            written = digest(file.target)
        made = ManifestEntry(self._by, file.path.name, file.sha256, written, items, metrics)
        if file.target is not None and self.manifest is not None:
            self.manifest.add(file.target.name, made)
        self._note(file, made, described(outputs), skipped=False)

    def _note(
        self, file: _File, made: ManifestEntry, outputs: Iterable[Mapping[str, Any]], *, skipped: bool
    ) -> None:
        self.report.files[file.path] = FileRun(
            source=file.path,
            items=made.items,
            metrics=made.metrics,
            output=file.target,
            sha256=made.sha256 or None,
            skipped=skipped,
            whole=file.shards.last.stop is None,
            outputs=tuple(outputs),
        )

    def _tell(self, items: int) -> None:
        self._done += items
        counts = [file.shards.last.stop for file in self._files.values()]
        self.progress(self._done, None if None in counts else sum(count or 0 for count in counts))

    @cached_property
    def _by(self) -> dict[str, Any]:
        """Everything except the input that determines the bytes of an output."""
        runner = self.report.opened.runner
        return {
            "model": self.report.sha256,
            "fingerprint": self.report.opened.fingerprint,
            "runtime": runner.name,
            "precision": runner.precision,
            "batch_size": runner.batch_size,
            "shard": BATCHES,
            "fairreg": version("fairreg"),
            # The last digits depend on the device.
            **({} if runner.device == "cpu" else {"device": runner.device}),
        }


def _joined(parts: list[Any]) -> Any:
    return np.concatenate(parts) if parts[1:] else parts[0]


def _state(path: Path) -> tuple[int, int]:
    """State of a file, which changes with its content."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns
