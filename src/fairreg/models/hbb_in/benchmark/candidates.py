# SPDX-License-Identifier: MIT
"""The compared forms of the network, each on a runtime and loaded on demand."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.hbb_in.inputs import signature
from fairreg.models.hbb_in.network import OUTPUT, Hyperparameters, onnx_bytes
from fairreg.models.hbb_in.pairwise import LARGEST_CALL, pairwise_bytes
from fairreg.models.hbb_in.runner import HbbRunner, build
from fairreg.runners import Runner, names, onnx, torch
from fairreg.runners import load as load_engine
from fairreg.runners.signature import Arrays
from fairreg.schemas.record import Tensor

__all__ = ["Candidate", "candidates", "foreign_name"]

Tensors = Mapping[str, NDArray[Any]]
_UNBOUNDED = 1 << 30


@dataclass(frozen=True)
class Candidate:
    """A form of the network: `name` is a short word, `title` gives engine and form.

    `load` returns the runner or raises the errors of `fairreg.runners`. A call of more than `largest` jets
    would take gigabytes.
    """

    name: str
    title: str
    load: Callable[[], HbbRunner]
    largest: int = _UNBOUNDED


def candidates(
    tensors: Tensors,
    *,
    published: Sequence[Path] = (),
    batch_size: int = 128,
    threads: int | None = None,
    engines: Path | None = None,
    device: str | None = None,
) -> tuple[Candidate, ...]:
    """Every form of the network with these weights, including those whose engine is missing.

    They take the network's own features. `published` are ONNX files of the network by others; runtimes from
    plugins are among the candidates. Raises ModelError for tensors of another network.
    """
    forms = _Forms(tensors, Hyperparameters.from_tensors(tensors), batch_size, threads, engines, device)
    others = [name for name in names() if name not in {onnx.RUNTIME, torch.RUNTIME}]
    return (
        Candidate("onnx", "onnxruntime, packed", partial(forms.packed, onnx.RUNTIME)),
        Candidate("onnx-full", "onnxruntime, factorised, all slots", forms.all_slots, LARGEST_CALL),
        Candidate("onnx-pairwise", "onnxruntime, definition", forms.pairwise, LARGEST_CALL),
        *(
            Candidate(
                foreign_name(path), f"onnxruntime, {path.name}", partial(forms.foreign, path), LARGEST_CALL
            )
            for path in published
        ),
        Candidate("torch-definition", "PyTorch, definition", forms.torch_definition, LARGEST_CALL),
        Candidate("torch", "PyTorch, packed", partial(forms.packed, torch.RUNTIME)),
        *(Candidate(name, f"{name}, packed", partial(forms.packed, name)) for name in others),
    )


def foreign_name(path: Path) -> str:
    """Name of the candidate that is the ONNX file `path`."""
    return f"onnx:{path}"


@dataclass(frozen=True)
class _Forms:
    """Loaders of the forms."""

    tensors: Tensors
    sizes: Hyperparameters
    batch_size: int
    threads: int | None
    engines: Path | None
    device: str | None

    def packed(self, runtime: str) -> HbbRunner:
        """The form that `fairreg run` uses: factorised, without padding."""
        return build(
            self.tensors,
            runtime=runtime,
            batch_size=self.batch_size,
            threads=self.threads,
            engines=self.engines,
            device=self.device,
        )

    def all_slots(self) -> HbbRunner:
        """The same graph, given all slots of a whole batch."""
        return self._of(self._graph(onnx_bytes(self.tensors)))

    def pairwise(self) -> HbbRunner:
        """The definition as an ONNX graph."""
        return self._of(self._graph(pairwise_bytes(self.tensors)))

    def foreign(self, path: Path) -> HbbRunner:
        """An ONNX file from another program, unchanged; ModelError if its inputs or outputs differ."""
        engine = self._graph(path)
        inputs, outputs = signature(self.sizes)
        if not _takes(engine.inputs, inputs) or len(engine.outputs) != len(outputs):
            raise ModelError(f"{path.name} takes other inputs than these weights: {_listed(engine.inputs)}.")
        return self._of(_Renamed(engine, self.sizes))

    def torch_definition(self) -> HbbRunner:
        """The definition in PyTorch."""
        place = str(torch.place(self.device))
        from fairreg.models.hbb_in.pytorch.definition import network

        engine = torch.wrap(
            network(self.tensors, place),
            *signature(self.sizes),
            device=place,
            batch_size=self._largest,
        )
        return self._of(engine)

    def _graph(self, source: Path | bytes) -> Runner:
        return load_engine(
            onnx.RUNTIME, source, batch_size=self._largest, threads=self.threads, device=self.device
        )

    def _of(self, engine: Runner) -> HbbRunner:
        return HbbRunner(engine, self.sizes)

    @property
    def _largest(self) -> int:
        return min(self.batch_size, LARGEST_CALL)


class _Renamed(Runner):
    """An engine whose one output has another name."""

    def __init__(self, engine: Runner, sizes: Hyperparameters) -> None:
        super().__init__(
            engine.name,
            *signature(sizes),
            device=engine.device,
            precision=engine.precision,
            batch_size=engine.batch_size,
        )
        self._engine = engine

    def compute(self, arrays: Arrays) -> Arrays:
        """Outputs of one batch."""
        return {OUTPUT: next(iter(self._engine.compute(arrays).values()))}


def _takes(found: tuple[Tensor, ...], wanted: tuple[Tensor, ...]) -> bool:
    """Tell whether the inputs have the wanted names, and the wanted sizes or free axes."""
    shapes = {item.name: item.shape for item in found}
    return shapes.keys() == {item.name for item in wanted} and all(
        len(shapes[item.name]) == len(item.shape)
        and all(
            isinstance(one, str) or one == other
            for one, other in zip(shapes[item.name], item.shape, strict=True)
        )
        for item in wanted
    )


def _listed(inputs: tuple[Tensor, ...]) -> str:
    return ", ".join(f"{item.name} ({', '.join(map(str, item.shape))})" for item in inputs)
