# SPDX-License-Identifier: MIT
"""Decision whether a file runs here, by opening it as ``fairreg run`` does, without computing anything."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from fairreg import runners
from fairreg.errors import FairregError, MissingEngine, SecurityRefusal
from fairreg.models.base import Recognition
from fairreg.runners.converters import converter_of
from fairreg.schemas.text import one_line
from fairreg.services.run.demonstrate import recognise
from fairreg.services.run.loaded_model import LoadedModel, open_recognised
from fairreg.storage.formats import MODEL_FORMATS
from fairreg.storage.recognition import FormatDescription

__all__ = ["Runnability", "Verdict", "runnability"]

Verdict = Literal[
    "runs",
    "may run: ONNX",
    "may run: TensorRT",
    "needs a file beside it",
    "needs the author's code",
    "does not run here",
    "refused for safety",
    "is not a model",
]


@dataclass(frozen=True)
class Runnability:
    """The verdict, with the `reason` and a `hint` where the file does not run; `opened` where it does.

    `recognition` is the finding of a model package.
    """

    verdict: Verdict
    reason: str | None = None
    hint: str | None = None
    opened: LoadedModel | None = None
    fault: FairregError | None = None
    recognition: Recognition | None = None

    def to_json(self) -> dict[str, Any]:
        """The entry ``runs`` of the document."""
        found: dict[str, Any] = {"verdict": self.verdict, "reason": self.reason, "hint": self.hint}
        if self.opened is not None:
            found |= {
                "runtime": self.opened.runner.name,
                "engine": self.opened.runner.engine,
                "converted_from": self.opened.converted_from,
                "computed": str(self.opened.runner.batching),
            }
        return found


def runnability(path: Path, described: FormatDescription, engines: Path, *, sharded: bool) -> Runnability:
    """Open a model file as ``fairreg run`` would. Files that could run code are not opened at all."""
    if described.format == "pickle":
        reason = f"{path.name} is {described.words}; fairreg never opens one."
        hint = "Ask its authors for ONNX or safetensors, or use their code in a container of yours."
        return Runnability("needs the author's code", reason, hint)
    if described.format == "tensorrt_plan":
        reason = f"{path.name} is {described.words}; it was not loaded."
        return Runnability("may run: TensorRT", reason)
    loads = runners.loads(path)
    if not (described.format in MODEL_FORMATS or described.framework or sharded or loads):
        return Runnability("is not a model", f"{path.name} is {described.words}.", described.note)
    known = None
    try:
        known = recognise(path)
        if known is not None and known.obstacle is not None:
            error = known.obstacle
            return Runnability(
                "needs a file beside it", error.message, error.hint, fault=error, recognition=known
            )
        opened = open_recognised(path, known, engines)
        return Runnability("runs", opened=opened, recognition=opened.recognition)
    except FairregError as error:
        return replace(_refused(error, described, sharded=sharded), recognition=known)


def _refused(error: FairregError, described: FormatDescription, *, sharded: bool) -> Runnability:
    verdict: Verdict = "does not run here"
    if isinstance(error, SecurityRefusal):
        verdict = "refused for safety"
    elif isinstance(error, MissingEngine):
        verdict = "may run: ONNX" if described.format == "onnx" else "does not run here"
    elif sharded or (described.weights and converter_of(described) is None):
        verdict = "needs the author's code"
    return Runnability(verdict, one_line(error.message), error.hint, fault=error)
