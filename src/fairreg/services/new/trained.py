# SPDX-License-Identifier: MIT
"""Facts that a project's files tell by themselves: signature, training run, evaluation, the model file."""

import json
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import msgspec

from fairreg.errors import ModelError, RecordError
from fairreg.formats.prov import TrainingRun
from fairreg.schemas.record import Distribution, Evaluation, Tensor
from fairreg.storage.files import digest, is_inside, unreadable

__all__ = [
    "EVALUATION_FILE",
    "RUN_FILE",
    "SIGNATURE_FILE",
    "evaluations",
    "model_file",
    "model_files",
    "signature",
    "training_run",
    "with_side_files",
]

SIGNATURE_FILE = "signature.json"
RUN_FILE = "models/training_run.json"
EVALUATION_FILE = "models/evaluation.json"
_LONGEST = 2**22  # bytes
Time = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}")]


class _Signature(msgspec.Struct, frozen=True):
    """Members of signature.json that are used here."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


class _Figure(msgspec.Struct, frozen=True):
    metric: str
    value: float | str
    split: str | None = None


class _Evaluation(msgspec.Struct, frozen=True):
    results: tuple[_Figure, ...]


class _Run(msgspec.Struct, frozen=True):
    """Members of training_run.json that are used here; settings and the rest may have any others."""

    started: Time | None = None
    ended: Time | None = None
    commit: str | None = None
    settings: dict[str, Any] = {}
    software: dict[str, str] = {}
    hardware: dict[str, str] = {}
    data: dict[str, str] = {}


def signature(folder: Path) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Return the inputs and outputs in signature.json, none without the file. Raises RecordError."""
    found = _read(folder, SIGNATURE_FILE, _Signature)
    return (found.inputs, found.outputs) if found else ((), ())


def evaluations(folder: Path, dataset: str | None) -> tuple[Evaluation, ...]:
    """Return the results in evaluation.json, on the data that `dataset` names. Raises RecordError."""
    found = _read(folder, EVALUATION_FILE, _Evaluation)
    listed = found.results if found else ()
    return tuple(
        Evaluation(item.metric, str(item.value), dataset=dataset, split=item.split) for item in listed
    )


def training_run(folder: Path) -> TrainingRun | None:
    """Return the run in training_run.json, None without the file. Raises RecordError."""
    found = _read(folder, RUN_FILE, _Run)
    if found is None:
        return None
    return TrainingRun(
        started=found.started,
        ended=found.ended,
        commit=found.commit,
        settings={**found.settings, **found.software, **found.hardware},
        data=found.data.get("file"),
        data_sha256=found.data.get("sha256"),
    )


def with_side_files(folder: Path, name: str) -> tuple[str, ...]:
    """Return the model file and the files with its weights, which an ONNX model may have beside it.

    Raises ModelError, SecurityRefusal for weights outside the folder of the model.
    """
    from fairreg.runners.weights import onnx

    path = folder / name
    if path.suffix not in onnx.SUFFIXES or not path.is_file() or not is_inside(path, folder):
        return (name,)
    place = PurePosixPath(name).parent
    return (name, *(str(place / beside) for beside in onnx.side_files(path)))


def model_files(folder: Path, name: str) -> tuple[Distribution, ...]:
    """Return the files of the model with size and digest, none where it is not there. Raises RecordError."""
    try:
        names = with_side_files(folder, name)
    except ModelError:  # whoever reads the model says what is wrong with it
        names = (name,)
    found = (model_file(folder, item) for item in names)
    return tuple(item for item in found if item is not None)


def model_file(folder: Path, name: str) -> Distribution | None:
    """Return the model file with size and digest, None where it is not there. Raises RecordError."""
    path = folder / name
    if not is_inside(path, folder):
        raise RecordError(
            f"The model {name} of facts.toml is outside of the project.", hint="Copy it into models/."
        )
    if not path.is_file():
        return None
    with unreadable(str(path)):
        return Distribution(
            name=name,
            size=path.stat().st_size,
            checksums=(f"sha256:{digest(path)}",),
            format=path.suffix.lstrip(".") or None,
        )


def _read(folder: Path, name: str, kind: type[Any]) -> Any:
    path = folder / name
    if not is_inside(path, folder):
        raise RecordError(f"{name} leads out of {folder}.", hint="Remove the link in its place.")
    if not path.is_file():
        return None
    with unreadable(str(path)), path.open("rb") as stream:
        content = stream.read(_LONGEST + 1)
    try:
        return msgspec.convert(json.loads(content[:_LONGEST]), kind)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"{path} is not as the project's programs write it: {error}.") from error
