# SPDX-License-Identifier: MIT
"""A trial of a stranger's ONNX model on its test vectors, in a process of its own.

``python -P -m fairreg.services.run.vectors.probe`` reads one `ProbeRequest` from standard input and writes a
`ProbeAnswer` per runtime to standard output, one a line: what ends this process takes no earlier answer away.
The second runtime is ONNX's reference implementation, in NumPy, which shares no code with onnxruntime.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from fairreg.errors import FairregError, ModelError
from fairreg.runners._probe_limits import limit_process
from fairreg.runners.base import Runner
from fairreg.runners.signature import fit
from fairreg.services.run.vectors.base import Array, VectorFiles, VectorSet
from fairreg.services.run.vectors.compare import OutputCheck
from fairreg.services.run.vectors.found import vectors_for, vectors_in
from fairreg.services.run.vectors.run import compared, inputs_of

__all__ = ["PATIENCE", "REFERENCE", "ProbeAnswer", "ProbeRequest", "answers", "main"]

REFERENCE = "onnx-reference"
PATIENCE = 180  # seconds for all runtimes together
_SECONDS = 120
_SHOWN = 300  # characters of what an operator says
Computation = Callable[[Mapping[str, Array]], Mapping[str, Array]]


class ProbeRequest(msgspec.Struct, frozen=True):
    """Model file `name`, the names of all `models`, and the paths of all `files` by name."""

    name: str
    models: list[str]
    files: dict[str, str]


class ProbeAnswer(msgspec.Struct, frozen=True):
    """Outcome in one runtime: `ran`, and `agrees` with the published outputs and with the first runtime."""

    runtime: str
    ran: bool
    agrees: bool
    detail: str | None = None


def main() -> None:
    """Answer the request on standard input."""
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=ProbeRequest)
    limit_process(Path(request.files[request.name]).stat().st_size, _SECONDS)
    for answer in answers(request):
        sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
        sys.stdout.buffer.flush()


def answers(request: ProbeRequest) -> Iterator[ProbeAnswer]:
    """Yield the outcome in onnxruntime, and in the reference implementation where that ran."""
    from fairreg.runners import onnx

    files = {name: Path(path) for name, path in request.files.items()}
    try:
        found = vectors_for(files[request.name], files, vectors_in(files, request.models))
        sets = [(item, item.read()) for item in found]
        runner = onnx.load(files[request.name], threads=1)
        inputs = [inputs_of(runner, given, item) for item, given in sets]
    except FairregError as error:
        yield ProbeAnswer(onnx.RUNTIME, ran=False, agrees=False, detail=error.message)
        return
    first = _Outcome(onnx.RUNTIME, runner, sets)
    yield first.compute(runner.run, inputs)
    if first.outputs:
        second = _Outcome(REFERENCE, runner, sets, measure=first.outputs)
        yield second.compute(_reference(files[request.name], runner), inputs)


class _Outcome:
    """Outputs of one runtime for all sets, compared with the published ones and with those of `measure`."""

    def __init__(
        self,
        runtime: str,
        runner: Runner,
        sets: Sequence[tuple[VectorFiles, VectorSet]],
        measure: Sequence[Mapping[str, Array]] = (),
    ) -> None:
        self._runtime, self._runner, self._sets, self._measure = runtime, runner, sets, measure
        self._is_measured = False
        self._loose: list[str] = []
        self.outputs: list[Mapping[str, Array]] = []

    def compute(self, run: Computation, inputs: Sequence[Mapping[str, Array]]) -> ProbeAnswer:
        """Run on all inputs; `outputs` stay empty where one run fails."""
        try:
            found = [run(item) for item in inputs]
            wrong = [fault for number in range(len(found)) for fault in self._wrong(number, found[number])]
        except Exception as error:  # noqa: BLE001 - operators written in Python raise anything
            said = error.message if isinstance(error, FairregError) else f"{type(error).__name__}: {error}"
            detail = f"{self._runtime} does not run it on its test vectors: {said[:_SHOWN]}"
            return ProbeAnswer(self._runtime, ran=False, agrees=False, detail=detail)
        self.outputs = found
        if not wrong and self._loose:
            wrong = [f"is compared in {self._loose[0]!r} by a tolerance that is too wide to tell anything"]
        if not wrong and not self._is_measured:
            wrong = ["gives outputs with which no published number can be compared"]
        told = f"{self._runtime} {wrong[0]}" if wrong else None
        return ProbeAnswer(self._runtime, ran=True, agrees=not wrong, detail=told)

    def _wrong(self, number: int, outputs: Mapping[str, Array]) -> Iterator[str]:
        """Return the fault of the outputs for one set, as the rest of a sentence."""
        found, given = self._sets[number]
        if not all(np.isfinite(array).all() for array in outputs.values() if array.dtype.kind in "fc"):
            yield "gives numbers that are not finite"
        checks = compared(self._runner.outputs, given, outputs, found)
        self._is_measured |= any(item.measured for item in checks)
        self._loose += [item.name for item in checks if item.loose]
        yield from _beyond(checks, "the published outputs")
        if self._measure:
            first = VectorSet({}, self._measure[number], given.tolerances)
            yield from _beyond(compared(self._runner.outputs, first, outputs, found), "onnxruntime")


def _beyond(checks: Sequence[OutputCheck], other: str) -> Iterator[str]:
    for item in checks:
        if not item.agrees:
            yield f"differs from {other} by {item.max_difference:.2g} in {item.name!r}"


def _reference(path: Path, runner: Runner) -> Computation:
    """The reference implementation of a model, which reads all of it from memory."""

    def run(inputs: Mapping[str, Array]) -> Mapping[str, Array]:
        import onnx
        from onnx.reference import ReferenceEvaluator

        from fairreg.runners.weights.onnx import complete

        content = complete(path, path.name)
        if content.large:
            raise ModelError("its weights are too large for one graph")
        evaluator = ReferenceEvaluator(onnx.load_model_from_string(content.content))
        names = [item.name for item in runner.outputs]
        found: list[Any] = evaluator.run(names, dict(fit(runner.inputs, inputs, strict=False)))
        return {name: np.asarray(value) for name, value in zip(names, found, strict=True)}

    return run


if __name__ == "__main__":
    main()
