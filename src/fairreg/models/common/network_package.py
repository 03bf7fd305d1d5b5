# SPDX-License-Identifier: MIT
"""The interface of a model package for a network that fairreg builds from the tensors of a weight file.

A package that is one of these defines a subclass of `NetworkPackage` and ``PACKAGE``, an object of it, which
`fairreg.models` takes in the place of the module's functions.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from types import MappingProxyType
from typing import Any, ClassVar, Generic, cast

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.base import Demonstration, Inputs, Recognition
from fairreg.models.common.network_runner import KnownNetwork, NetworkRunner, SettingsT, SizesT
from fairreg.models.common.tensor_shapes import check_values
from fairreg.models.common.weight_file import WeightFile
from fairreg.runners.base import DEFAULT_BATCH, Runner
from fairreg.runners.weights import format_of, read_tensors
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Tensor

__all__ = ["Description", "NetworkPackage", "Signature", "Tensors"]

Array = NDArray[Any]
Tensors = Mapping[str, Array]
Signature = tuple[tuple[Tensor, ...], tuple[Tensor, ...]]
_GRAPHS = "onnx"  # the format of files that hold a graph with their weights


@dataclass(frozen=True)
class Description:
    """A package's statements on a network, under the names of the fields of `Recognition`."""

    title: str
    hyperparameters: Mapping[str, int | float | str]
    assumptions: tuple[str, ...] = ()
    preference: int = 0
    published_name: str | None = None


class NetworkPackage(ABC, Generic[SizesT, SettingsT]):
    """A model package (`fairreg.models.base`) from what is particular to its network.

    A subclass defines the names and methods down to `definition`; those with a default here may be
    overridden. `model` is the package's name, `called` what its runner is ("a LorentzNet"). Of the arrays in
    files of inputs, `input_names` are read, `beside` may be there, `alone` is the one without a name. `masks`
    names for each input that is a mask the inputs in whose padded places anything may stand, `unused` are
    tensors that no output depends on. `sample_source` and `sample_warning` say what the toy sample is and is
    not. Modules that only loading needs are imported inside the methods: every file that somebody looks at is
    shown to every package.
    """

    model: ClassVar[str]
    called: ClassVar[str]
    input_names: ClassVar[tuple[str, ...]]
    sample_source: ClassVar[str]
    sample_warning: ClassVar[str]
    default_batch: ClassVar[int] = DEFAULT_BATCH
    masks: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({})
    alone: ClassVar[str | None] = None
    beside: ClassVar[tuple[str, ...]] = ()
    unused: ClassVar[frozenset[str]] = frozenset()

    @abstractmethod
    def identify(self, file: WeightFile, /) -> tuple[Tensors, SizesT]:
        """Return the network's tensors and their sizes; ModelError for a file of another network."""

    def settings(self, path: Path, tensors: Tensors, sizes: SizesT, /) -> SettingsT:  # noqa: ARG002
        """Return what the tensors of `path` do not show; ModelError where it is missing or does not fit."""
        return cast("SettingsT", None)

    @abstractmethod
    def describe(self, file: WeightFile, sizes: SizesT, settings: SettingsT | None, /) -> Description | None:
        """Describe the network; `settings` are None where they are missing. None: it is another after all."""

    @abstractmethod
    def signature(self, network: KnownNetwork[SizesT, SettingsT], /) -> Signature:
        """Inputs and outputs with descriptions, units and names of features."""

    @abstractmethod
    def graph(self, network: KnownNetwork[SizesT, SettingsT], /) -> bytes:
        """Serialise the network as an ONNX model with the names of `signature`, for any number of rows."""

    @abstractmethod
    def torch_network(self, network: KnownNetwork[SizesT, SettingsT], device: str, /) -> Callable[..., Any]:
        """Return the network on `device` as a function of torch tensors, in the order of `signature`."""

    @abstractmethod
    def toy_sample(self, sizes: SizesT | None, /) -> Mapping[str, Array]:
        """Return toy inputs by name; without sizes, for networks with the inputs of the published ones."""

    @abstractmethod
    def definition(
        self, network: KnownNetwork[SizesT, SettingsT], arrays: Mapping[str, Array], /
    ) -> Mapping[str, Array]:
        """Outputs by name that the definition gives in float64: those that `demonstrate` compares."""

    def sample_of(self, network: KnownNetwork[SizesT, SettingsT], /) -> Mapping[str, Array]:
        """Toy inputs for a network; a package whose inputs depend on its settings overrides this."""
        return self.toy_sample(network.sizes)

    def difference(self, found: Array, expected: Array, /) -> float:
        """Largest difference of an output to the definition."""
        return float(np.abs(found - expected).max())

    def runner(
        self, engine: Runner, network: KnownNetwork[SizesT, SettingsT], /
    ) -> NetworkRunner[SizesT, SettingsT]:
        """Make the runner; a package that checks its inputs has a class of its own."""
        return NetworkRunner(engine, self, network)

    # The interface of `fairreg.models.base`.

    def recognise(self, path: Path) -> Recognition | None:
        """Identify the weights in a file; None if it is not a weight file or holds another network.

        Raises ModelError for a damaged weight file, SecurityRefusal (UnsafePickle) for an unsafe one.
        """
        file = WeightFile.read(path)
        return None if file is None else self.recognise_weights(file)

    def recognise_weights(self, file: WeightFile) -> Recognition | None:
        """Identify the weights in a file that was read, as `recognise`; missing settings are the `obstacle`.

        None for an ONNX model, whose own graph is what it computes. Raises SecurityRefusal where a file
        beside the weights that states the settings is a link.
        """
        if file.format == _GRAPHS:
            return None
        try:
            tensors, sizes = self.identify(file)
        except ModelError:
            return None
        settings, obstacle = None, None
        try:
            settings = self.settings(file.path, tensors, sizes)
            check_values(tensors, self.unused)
        except ModelError as error:
            obstacle = error
        found = self.describe(file, sizes, settings)
        if found is None:
            return None
        said = found.assumptions
        if obstacle is None:
            network = KnownNetwork(tensors, sizes, cast("SettingsT", settings))
            said = (*said, *_one_class(self.signature(network)[1]))
        return Recognition(
            model=self.model,
            title=found.title,
            path=file.path,
            format=file.format,
            fingerprint=file.fingerprint,
            parameter_count=sizes.parameter_count,
            hyperparameters=found.hyperparameters,
            published_name=found.published_name,
            preference=found.preference,
            assumptions=said,
            obstacle=obstacle,
        )

    def read(self, source: Recognition | Path) -> KnownNetwork[SizesT, SettingsT]:
        """Read the network in a file, its tensors in float16 as float32.

        Raises ModelError for another network, for missing settings and for tensors that are not finite.
        """
        path = source.path if isinstance(source, Recognition) else source
        file = _opened(path)
        if file.format == _GRAPHS:
            raise ModelError(f"{path.name} is an ONNX model.", hint="Run it as the graph that it is.")
        tensors, sizes = self.identify(file)
        settings = self.settings(path, tensors, sizes)
        check_values(tensors, self.unused)
        return KnownNetwork({name: _widened(array) for name, array in tensors.items()}, sizes, settings)

    def load(
        self,
        source: Recognition | Path,
        *,
        runtime: str = "onnx",
        batch_size: int | None = None,
        threads: int | None = None,
        engines: Path | None = None,
        device: str | None = None,
    ) -> NetworkRunner[SizesT, SettingsT]:
        """Load the network in a weight file on `runtime`.

        Raises ModelError as `read`, UsageError, UnsafePickle, MissingEngine.
        """
        return self.build(
            self.read(source),
            runtime=runtime,
            device=device,
            batch_size=batch_size,
            threads=threads,
            engines=engines,
        )

    def build(
        self,
        network: KnownNetwork[SizesT, SettingsT],
        *,
        runtime: str = "onnx",
        device: str | None = None,
        batch_size: int | None = None,
        threads: int | None = None,
        engines: Path | None = None,
    ) -> NetworkRunner[SizesT, SettingsT]:
        """Build a runner of the network; every runtime but torch gets the ONNX graph. Raises as `load`."""
        from fairreg import runners
        from fairreg.runners import torch

        size = batch_size or self.default_batch
        if runtime != torch.RUNTIME:
            graph, options = self.graph(network), {"threads": threads, "engines": engines}
            engine = runners.load(runtime, graph, batch_size=size, device=device, **options)
            return self.runner(engine, network)
        place = str(torch.place(device))
        function, signature = self.torch_network(network, place), self.signature(network)
        wrapped = torch.wrap(function, *signature, device=place, batch_size=size)
        return self.runner(wrapped, network)

    def onnx_graph(self, source: Recognition | Path) -> bytes:
        """Serialise the network of a recognised file as the ONNX graph that `load` runs. Raises as `read`."""
        return self.graph(self.read(source))

    def companions(self, name: str, /) -> tuple[str, ...]:  # noqa: ARG002  most weights need none
        """Paths of the files that are read with weights called `name`."""
        return ()

    def reference(self, identifier: Identifier) -> Recognition | None:  # noqa: ARG002
        """Return None: most packages have no weights of their own."""
        return None

    def read_inputs(self, path: Path, start: int = 0, stop: int | None = None) -> Inputs:
        """Read rows `start` to before `stop` of a file of arrays, and `labels` where it has them.

        Raises ModelError for a file without such arrays or with others, MissingEngine for HDF5 without h5py.
        """
        from fairreg.models.common.array_files import read_named

        only = self.input_names[0] if len(self.input_names) == 1 else None
        return read_named(path, self.input_names, start, stop, alone=self.alone or only, beside=self.beside)

    def count_inputs(self, path: Path) -> int | None:
        """Number of rows in the file, None where its arrays differ in length. Raises as `read_inputs`."""
        from fairreg.models.common.array_files import count_rows

        return count_rows(path)

    def measure(self, outputs: Mapping[str, Array], labels: Array, /) -> Mapping[str, float]:
        """Accuracy, and ROC AUC of two classes, of the probabilities for labels (n, classes)."""
        from fairreg.models.common.classification import figures

        return figures(outputs["probabilities"], labels)

    def sample_inputs(self) -> Mapping[str, Array]:
        """Toy inputs for networks with the inputs of the published ones."""
        return self.toy_sample(None)

    def sample_for(self, source: Recognition, /) -> Mapping[str, Array]:
        """Toy inputs for the recognised network, also where its settings are missing."""
        _, sizes = self.identify(_opened(source.path))
        return self.toy_sample(sizes)

    def demonstrate(self, runner: Runner) -> Demonstration:
        """Compare `runner` with the definition in float64 on the toy sample; ModelError for another model.

        The rate is that of a second pass: the first one includes what engines do only once.
        """
        if not isinstance(runner, NetworkRunner) or runner.package is not self:
            raise ModelError(f"The runner is not {self.called}.")
        arrays = self.sample_of(runner.network)
        runner.run(arrays)
        begun = perf_counter()
        found = runner.run(arrays)
        seconds = perf_counter() - begun
        expected = self.definition(runner.network, arrays)
        items = len(next(iter(expected.values())))
        differences = [self.difference(found[name], value) for name, value in expected.items()]
        return Demonstration(
            source=self.sample_source,
            items=items,
            metrics={"max_difference": max(differences)},
            items_per_second=items / seconds if seconds else float("inf"),
            batch_size=runner.batch_size or items,
            warnings=(self.sample_warning,),
        )


def _one_class(outputs: tuple[Tensor, ...]) -> tuple[str, ...]:
    single = any(item.name == "probabilities" and item.shape[-1] == 1 for item in outputs)
    return ("The network has one class, whose probability is always 1.",) if single else ()


def _widened(array: Array) -> Array:
    return array.astype(np.float32) if array.dtype == np.float16 else array


def _opened(path: Path) -> WeightFile:
    return WeightFile(path, format_of(path), read_tensors(path))
