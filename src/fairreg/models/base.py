# SPDX-License-Identifier: MIT
"""Interface of a model package, and the types that it returns.

A model package (``fairreg/models/<model>/``, or an entry point in the group ``fairreg.models``) defines, as
functions of its module or as methods of an object ``PACKAGE`` in it (`models.common.network_package` has a
base class that implements all of them for a network that is built from its tensors),

- ``recognise(path) -> Recognition | None``: its finding, None for a file without weights of its network;
- ``load(source, *, runtime="onnx", batch_size=None, threads=None, engines=None, device=None) -> Runner``: a
  runner of a recognised file; `engines` is the folder that runners keep what they build in. Arguments that
  nobody asked for are not passed;
- ``read_inputs(path, start=0, stop=None) -> Inputs``: inputs in a file of the model's own field, or some of
  them in the order of the file;
- ``count_inputs(path) -> int | None``: how many there are, None where only reading them all tells;
- ``measure(outputs, labels) -> figures by name``: how well the outputs agree with the truth;
- ``reference(identifier) -> Recognition | None``: the package's own weights, where `identifier` is that of
  their record, or where they may stand in for the published ones because those cannot be had;
- ``sample_inputs() -> arrays by name``: inputs for every network of the model; it may take only some;
- ``demonstrate(runner) -> Demonstration``: what such a runner makes of the package's own sample.

It may also define

- ``onnx_graph(source) -> bytes``: the network of a recognised file as an ONNX model, with the input and
  output names of `load`. ``fairreg convert`` needs it;
- ``recognise_weights(file: WeightFile) -> Recognition | None``: as `recognise`, of a file that was read
  already; a package that has it is not asked to `recognise` a file among others;
- ``companions(name) -> paths``: of the files that `recognise` and `load` read with weights called `name`,
  relative to their folder, such as ``args.json``; ``fetch`` brings those that the record has, and puts them
  beside the weights under the last part of their path;
- ``sample_for(source: Recognition) -> arrays by name``: inputs for the recognised network, where networks of
  the model take different ones; it is asked in the place of `sample_inputs`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.runners import Runner
from fairreg.schemas.identifiers import Identifier

__all__ = ["Demonstration", "Inputs", "ModelModule", "Recognition"]


@dataclass(frozen=True)
class Inputs:
    """Inputs by name; `labels` say what is true of each item, where that is known."""

    arrays: Mapping[str, NDArray[Any]]
    labels: NDArray[Any] | None = None


@dataclass(frozen=True)
class Recognition:
    """A weight file as its model package recognised it.

    `model` is the package's name, `title` the network's, `format` one of `runners.weights.FORMATS`.
    `published_name` is the name of the published file with the same fingerprint, `baseline` whether that is
    the published baseline, None where the package knows of none. `known_as` and `record` say where weights of
    this fingerprint are kept, None where the package does not know them: in the record `record` as
    ``published``, or with fairreg as ``reference``. Of several files of one archive the one of highest
    `preference` is chosen. `assumptions` are sentences on
    what neither names nor shapes of the tensors show, with the source of what is taken for it. `obstacle` is
    the error that `load` raises for a recognised network of which something is missing, such as a file of
    options beside the weights; None where it can be loaded.
    """

    model: str
    title: str
    path: Path
    format: str
    fingerprint: str
    parameter_count: int
    hyperparameters: Mapping[str, int | float | str]
    published_name: str | None = None
    baseline: bool | None = None
    preference: int = 0
    known_as: Literal["published", "reference"] | None = None
    record: str | None = None
    assumptions: tuple[str, ...] = ()
    obstacle: ModelError | None = None


@dataclass(frozen=True)
class Demonstration:
    """Result of running a model on the sample of its package.

    `source` names the sample, `metrics` are figures by name (``roc_auc``), `warnings` say what they are not.
    """

    source: str
    items: int
    metrics: Mapping[str, float]
    items_per_second: float
    batch_size: int
    warnings: tuple[str, ...] = ()


class ModelModule(Protocol):
    """The interface described above, of a module or of its object ``PACKAGE``."""

    def recognise(self, path: Path, /) -> Recognition | None:
        """Identify the weights in a file; None if it is not a weight file or holds another network."""
        ...

    def load(
        self,
        source: Recognition | Path,
        /,
        *,
        runtime: str = ...,
        batch_size: int | None = ...,
        threads: int | None = ...,
        engines: Path | None = ...,
        device: str | None = ...,
    ) -> Runner:
        """Return a runner of the network with the weights of `source`."""
        ...

    def reference(self, identifier: Identifier, /) -> Recognition | None:
        """Packaged weights of the architecture published as `identifier`, None where there are none."""
        ...

    def read_inputs(self, path: Path, /, start: int = ..., stop: int | None = ...) -> Inputs:
        """Read inputs for networks of this model, from item `start` to before `stop`.

        Raises ModelError if the file contains none.
        """
        ...

    def count_inputs(self, path: Path, /) -> int | None:
        """Number of items in the file, None where it takes reading them all. Raises as `read_inputs`."""
        ...

    def measure(self, outputs: Mapping[str, NDArray[Any]], labels: NDArray[Any], /) -> Mapping[str, float]:
        """Figures of merit of outputs for labelled items."""
        ...

    def sample_inputs(self) -> Mapping[str, NDArray[Any]]:
        """Inputs by name for every network of this model, to compare runtimes on."""
        ...

    def demonstrate(self, runner: Runner, /) -> Demonstration:
        """Figures of merit of `runner`, which `load` has returned, on the packaged sample."""
        ...
