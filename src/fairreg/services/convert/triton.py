# SPDX-License-Identifier: MIT
"""A model as a model repository of Triton Inference Server.

    OUTPUT/NAME/config.pbtxt       names, element types and shapes of inputs and outputs
    OUTPUT/NAME/1/model.onnx       version 1 of the model; side files of its tensors beside it

The layout is that of "Model Repository" in Triton's user guide. OUTPUT may hold other models.
"""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fairreg import runners
from fairreg.errors import ModelError, UsageError
from fairreg.runners import onnx as onnx_runner
from fairreg.runners.base import DEFAULT_BATCH
from fairreg.runners.weights import content_digest
from fairreg.runners.weights.onnx import parse
from fairreg.services.convert.agreement import OutputAgreement, agreement
from fairreg.services.convert.onnx_files import MODEL_FILE, write_onnx
from fairreg.services.convert.triton_config import FREE, TritonConfig, configure, quoted
from fairreg.services.fetch.download import Progress
from fairreg.services.run.loaded_model import LoadedModel, open_model
from fairreg.settings import Settings
from fairreg.storage.files import digest, disk_faults
from fairreg.storage.replacement import draft_folder_of
from fairreg.web import Log, no_log

__all__ = ["ConvertedFile", "TritonConversion", "convert", "known_batch_axis"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_VERSION = "1"


@dataclass(frozen=True)
class ConvertedFile:
    """A file of the repository; `path` is relative to the folder of the model, `size` is in bytes."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class TritonConversion:
    """Report of a conversion. `folder` is that of the model; `existing`: it was there with the same files."""

    opened: LoadedModel
    source_sha256: str
    folder: Path
    config: TritonConfig
    files: tuple[ConvertedFile, ...]
    agreement: OutputAgreement
    existing: bool
    warnings: tuple[str, ...]

    def __repr__(self) -> str:
        from fairreg.schemas.notebook.one_line import brief, represented

        return represented(self, f"{brief(self.opened.title, 40)}:", brief(str(self.folder), 40))

    def _repr_html_(self) -> str:
        """View in a notebook."""
        from fairreg.services.convert.notebook import triton_view

        return triton_view(self)

    def to_json(self) -> dict[str, Any]:
        """The document that ``fairreg convert --json`` prints."""
        return {
            "model": self.opened.title,
            "weights": {
                "file": self.opened.path.name,
                "sha256": self.source_sha256,
                "fingerprint": self.opened.fingerprint,
                "parameters": self.opened.parameters,
            },
            "to": "triton",
            "name": self.config.name,
            "folder": str(self.folder),
            "max_batch_size": self.config.max_batch_size,
            "files": [asdict(item) for item in self.files],
            "agreement": asdict(self.agreement),
            "existing": self.existing,
            "warnings": list(self.warnings),
        }


def convert(
    settings: Settings,
    model: str,
    output: Path,
    *,
    name: str | None = None,
    patterns: Iterable[str] = (),
    log: Log = no_log,
    progress: Progress | None = None,
) -> TritonConversion:
    """Write the model `model`, a file or an identifier, into the model repository `output`.

    `name` is that of the model in Triton, by default made of the name of its file. The written model is
    loaded, and its outputs are compared with those of its source, before it is moved into place. Raises the
    errors of `open_model`, UsageError for a name that Triton does not take and for a folder with other
    content, ModelError for a model that Triton cannot serve.
    """
    _check(output, name)
    opened = open_model(settings, model, patterns=patterns, log=log, progress=progress)
    chosen = name or _name_of(opened.path)
    folder = output / chosen
    with _draft(output) as place:
        draft = place / chosen
        config, found, warnings = _write(opened, chosen, draft)
        files, existing = _files(draft), folder.exists() and not _is_empty(folder)
        if existing and _files(folder) != files:
            raise UsageError(
                f"{folder} is there and has other content.",
                hint="Choose another --name or --output, or remove it.",
            )
        if not existing:
            with disk_faults(str(folder)):
                draft.replace(folder)
    said = (*opened.warnings, *warnings)
    source = content_digest(opened.path)
    return TritonConversion(opened, source, folder, config, files, found, existing, said)


def known_batch_axis(opened: LoadedModel) -> bool:
    """Tell whether the items along the first axis of every input and output are known to be independent.

    They are where the model package says so, or the graph proves or denotes it. A graph whose first axis is
    fixed takes no other number of them.
    """
    batching = opened.runner.batching
    return batching.reason in {"stated", "proven"} and not batching.exact


def _check(output: Path, name: str | None) -> None:
    if name is not None and not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is not a name for a model in Triton.",
            hint="Use at most 100 letters, digits, and . _ -, and begin with a letter or digit.",
        )
    if output.exists() and not output.is_dir():
        raise UsageError(f"{output} is not a folder.", hint="Name the folder of a model repository.")


def _name_of(path: Path) -> str:
    """A name that Triton takes, from the name of a file."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", path.stem).lstrip("._-")[:100]
    return plain or "model"


@contextmanager
def _draft(output: Path) -> Iterator[Path]:
    """Context manager: make `output`, and a new folder on its disk; afterwards remove what is empty."""
    missing = [folder for folder in (output, *output.parents) if not folder.exists()]
    opened = ExitStack()
    try:
        with disk_faults(str(output)):
            output.mkdir(parents=True, exist_ok=True)
            place = opened.enter_context(draft_folder_of(_beside(output) / output.resolve().name))
        with opened:
            yield place
    finally:
        for made in missing:
            with suppress(OSError):  # not empty: the model is there
                made.rmdir()


def _beside(output: Path) -> Path:
    """The folder that holds `output`, if it is writable and on the same disk, else `output` itself.

    A Triton that polls its repository would take a draft inside it for a model.
    """
    parent = output.resolve().parent
    same_disk = parent.stat().st_dev == output.stat().st_dev
    return parent if same_disk and os.access(parent, os.W_OK) else output


def _write(
    opened: LoadedModel, name: str, draft: Path
) -> tuple[TritonConfig, OutputAgreement, tuple[str, ...]]:
    """Write the files of the model into the folder `draft`, and check them."""
    version = draft / _VERSION
    with disk_faults(str(draft)):
        version.mkdir(parents=True)
        write_onnx(opened, version)
    path = version / MODEL_FILE
    written = runners.get(onnx_runner.RUNTIME).load(path)
    if not isinstance(written, onnx_runner.OnnxRunner):
        raise ModelError(f"The runtime {onnx_runner.RUNTIME} is not fairreg's own.")
    config, warnings = configure(
        name,
        written.session,
        max_batch_size=DEFAULT_BATCH if known_batch_axis(opened) else 0,
        is_scalar=_Declared(path),
        lengths={tensor.name: tensor.shape for tensor in opened.runner.inputs if opened.recognition},
    )
    found = agreement(opened.runner, written, opened.recognition)
    remarks = (
        "Written by fairreg.",
        f"Source: {quoted(opened.path.name)}, sha256:{content_digest(opened.path)}",
    )
    with disk_faults(str(draft)):
        (draft / "config.pbtxt").write_text(config.to_text(remarks), encoding="ascii")
    return config, found, (*warnings, *_remarks_on(config, found))


def _remarks_on(config: TritonConfig, found: OutputAgreement) -> Iterator[str]:
    tensors = [*(item for item in config.inputs if not item.optional), *config.outputs]
    if not config.max_batch_size and all(item.dims[0] == FREE for item in tensors):
        yield (
            "max_batch_size is 0, so that Triton does not join requests: the items along the first axis of "
            "this model are not known to be independent."
        )
    if found.reason is not None:
        yield f"The outputs were not compared on {found.inputs}. {found.reason}"


class _Declared:
    """Tells whether an ONNX file declares that a value has no axes; the file is read when first asked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._scalars: frozenset[str] | None = None

    def __call__(self, name: str) -> bool:
        if self._scalars is None:
            graph = parse(self._path.read_bytes(), self._path.name).graph
            values = [(item.name, item.type.tensor_type) for item in (*graph.input, *graph.output)]
            self._scalars = frozenset(
                name for name, tensor in values if tensor.HasField("shape") and not tensor.shape.dim
            )
        return name in self._scalars


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())


def _files(folder: Path) -> tuple[ConvertedFile, ...]:
    """The files in a folder and below it, by path."""
    found = sorted(path for path in folder.rglob("*") if not path.is_dir())
    return tuple(
        ConvertedFile(path.relative_to(folder).as_posix(), path.stat().st_size, digest(path))
        for path in found
    )
