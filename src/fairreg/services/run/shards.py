# SPDX-License-Identifier: MIT
"""The task of running a model on a shard of an input file, in any process.

The division into shards depends only on the file and the model's batch size, and every batch has the same
items as in a run of the whole file, because the composition of a batch can change the last digits.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.runners.weights import content_digest
from fairreg.services.run.loaded_model import BatchSize, LoadedModel, open_file
from fairreg.services.run.predict import count_inputs, count_items, read_inputs

__all__ = ["BATCHES", "ModelFile", "Shard", "ShardOutputs", "ShardTask", "Shards", "shards_of"]

# Batches per shard: about a second of the Hbb network on one core, and a few tens of megabytes of jets.
BATCHES = 32


@dataclass(frozen=True)
class ModelFile:
    """Description of a model for every process: file and digest, runtime, folder of engines, threads,
    device (None: the runtime's choice) and the batch size that a user asked for."""

    path: Path
    sha256: str
    runtime: str
    engines: Path
    threads: int | None
    batch_size: BatchSize = None
    device: str | None = None


@dataclass(frozen=True)
class Shard:
    """The items of a file from `start` to before `stop`."""

    source: Path
    start: int = 0
    stop: int | None = None


@dataclass(frozen=True)
class ShardOutputs:
    """Outputs by name for the items of a shard, and their labels where they are known."""

    outputs: Mapping[str, NDArray[Any]]
    labels: NDArray[Any] | None
    items: int


@dataclass(frozen=True)
class ShardTask:
    """Runs a model on shards. Raises ModelError if model or input have changed or do not fit."""

    model: ModelFile

    def __call__(self, shard: Shard) -> ShardOutputs:
        """Compute the outputs for the items of a shard."""
        try:
            opened = _opened(self.model)
            given = read_inputs(opened, shard.source, shard.start, shard.stop)
            outputs = opened.runner.run(given.arrays)
        except ModelError as error:
            if not shard.start:
                raise
            raise ModelError(
                f"In the part from item {shard.start} on: {error.message}", hint=error.hint
            ) from error
        return ShardOutputs(outputs, given.labels, count_items(given.arrays))


@dataclass(frozen=True)
class Shards:
    """The shards of `size` items of a file, in order; one of all where `count`, their number, is None.

    They are made one by one: a few bytes in the file can state any number of items.
    """

    source: Path
    count: int | None = None
    size: int = 1

    def __iter__(self) -> Iterator[Shard]:
        if self.count is None:
            yield Shard(self.source)
            return
        for start in range(0, self.count, self.size):
            yield Shard(self.source, start, min(start + self.size, self.count))

    @property
    def last(self) -> Shard:
        """The shard at the end of the file."""
        if self.count is None:
            return Shard(self.source)
        return Shard(self.source, (self.count - 1) // self.size * self.size, self.count)


def shards_of(opened: LoadedModel, source: Path) -> Shards:
    """Divide the file into shards; one for a file whose items cannot be counted. Raises ModelError."""
    count, size = count_inputs(opened, source), BATCHES * (opened.runner.batch_size or 0)
    if not count or not size:
        return Shards(source)
    return Shards(source, count, size)


@lru_cache(maxsize=1)
def _opened(model: ModelFile) -> LoadedModel:
    """The model, opened once in each process."""
    if not model.path.is_file():
        raise ModelError(
            f"The worker has no model file {model.path}.",
            hint="Workers on other machines need models and inputs on a path that all of them share.",
        )
    if content_digest(model.path) != model.sha256:
        raise ModelError(f"The worker has another model at {model.path}.")
    return open_file(
        model.path,
        model.runtime,
        model.engines,
        model.threads,
        model.device,
        batch_size=model.batch_size,
    )
