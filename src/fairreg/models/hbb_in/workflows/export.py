# SPDX-License-Identifier: MIT
"""Export: a weight file as files for other programs, each checked before it is moved into place."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from fairreg.errors import ModelError, UsageError
from fairreg.models.hbb_in.export import FORMATS, check, serialised
from fairreg.models.hbb_in.inputs import ALL_FEATURES, FeatureSelection
from fairreg.models.hbb_in.network import Hyperparameters
from fairreg.models.hbb_in.published import kept_features, metadata_document, metadata_file
from fairreg.runners.weights import Tensors, fingerprint, fingerprint_of, read_tensors
from fairreg.storage.replacement import draft_folder_of

__all__ = ["Export", "Exported", "export"]


@dataclass(frozen=True)
class Exported:
    """One written file; `max_difference` is the largest in probability to the definition in float64."""

    path: Path
    format: str
    size: int
    sha256: str
    fingerprint: str
    max_difference: float
    checked_jets: int


@dataclass(frozen=True)
class Export:
    """Result of an export. `fingerprint` is that of the source, equal to that of every file unless float64
    weights were rounded."""

    weights: Path
    fingerprint: str
    files: tuple[Exported, ...]

    def to_json(self) -> dict[str, Any]:
        """The document of an export."""
        return {
            "weights": {"file": str(self.weights), "fingerprint": self.fingerprint},
            "files": [{**asdict(item), "path": str(item.path)} for item in self.files],
        }


def export(weights: Path, output: Path, formats: Sequence[str] = ()) -> Export:
    """Write the weights in each of `formats` to the file `output`, or into the folder of that name.

    Without `formats`, the suffix of a file decides; a folder gets ONNX. Every file is loaded, run and
    compared with the definition before it is moved into place. A network without some features also gets the
    metadata file, in the published form, that lists them. Raises UsageError, ModelError, UnsafePickle,
    MissingEngine.
    """
    chosen = _formats(output, formats)
    targets = {
        name: output if _is_file(output) else output / f"{weights.stem}{FORMATS[name]}" for name in chosen
    }
    if weights.resolve() in {path.resolve() for path in targets.values()}:
        raise UsageError(
            f"{weights.name} would be replaced by its own export.", hint="Choose another --output."
        )
    tensors = read_tensors(weights)
    selection = kept_features(weights, Hyperparameters.from_tensors(tensors))
    files = tuple(_write(path, name, tensors, selection) for name, path in targets.items())
    return Export(weights, fingerprint_of(tensors), files)


def _is_file(output: Path) -> bool:
    return bool(output.suffix) and not output.is_dir()


def _formats(output: Path, formats: Sequence[str]) -> tuple[str, ...]:
    if unknown := [name for name in formats if name not in FORMATS]:
        raise UsageError(f"There is no format {unknown[0]!r}.", hint=f"Formats are: {', '.join(FORMATS)}.")
    if not _is_file(output):
        return tuple(dict.fromkeys(formats)) or ("onnx",)
    fitting = [name for name, suffix in FORMATS.items() if Path(f"x{suffix}").suffix == output.suffix]
    if len(set(formats)) > 1 or not set(formats) <= set(fitting) or not fitting:
        raise UsageError(
            f"{output.name} cannot contain {' and '.join(formats) or 'a network'}.",
            hint="Name a .onnx or .safetensors file for one format, or a folder for several.",
        )
    return (*formats[:1],) or (fitting[0],)


def _write(path: Path, file_format: str, tensors: Tensors, selection: FeatureSelection | None) -> Exported:
    """Write and check beside the target, then move, so that readers never see an incomplete file."""
    content = serialised(tensors, file_format)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft_folder_of(path) as folder:
            draft = folder / path.name
            draft.write_bytes(content)
            difference, jets = check(draft, file_format, tensors, selection)
            written = fingerprint(draft)
            if selection is not None and selection != ALL_FEATURES:
                about = metadata_document(Hyperparameters.from_tensors(tensors), selection)
                _replace(folder / "metadata.json", about, metadata_file(path))
            draft.replace(path)
    except OSError as error:
        raise ModelError(f"{path} cannot be written: {error.strerror or error}.") from error
    return Exported(path, file_format, len(content), sha256(content).hexdigest(), written, difference, jets)


def _replace(draft: Path, document: dict[str, Any], target: Path) -> None:
    draft.write_text(json.dumps(document, indent=2), encoding="utf-8")
    draft.replace(target)
