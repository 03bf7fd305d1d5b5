# SPDX-License-Identifier: MIT
"""What lies in fetched files, as facts that an assessment rests on: formats, documents, models."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fairreg import models, runners
from fairreg.assessment.documents import role_of
from fairreg.assessment.evidence import Document, FileFact, ModelFact, Verified
from fairreg.errors import FairregError
from fairreg.models.base import Recognition
from fairreg.services.download import Downloaded
from fairreg.services.fetch import Fetched
from fairreg.services.run import find_model
from fairreg.storage.cache import digest
from fairreg.storage.formats import format_of_file

__all__ = ["documents", "files", "model_facts"]

_MAX_TEXT = 200_000
_MAX_DOCUMENTS = 400
# Two runtimes agree when every probability does to this (the rubric's tolerance for float32).
_TOLERANCE = 1e-5


def files(fetched: Fetched) -> tuple[FileFact, ...]:
    """Every downloaded file and every file inside the archives among them."""
    found = [_download(item) for item in fetched.files]
    for folder, item in zip(fetched.folders, fetched.archives, strict=True):
        found += [_inside(folder, path, item.distribution.name) for path in _paths(folder)]
    return tuple(found)


def documents(fetched: Fetched) -> tuple[Document, ...]:
    """Small text files by their role, as far as a role is known for their place and name."""
    found: list[Document] = []
    for folder in fetched.folders:
        for path in _paths(folder):
            role = role_of(path.relative_to(folder).as_posix())
            if role is not None and len(found) < _MAX_DOCUMENTS:
                text = path.read_bytes()[:_MAX_TEXT].decode("utf-8", "replace")
                found.append(Document(role=role, path=fetched.name_of(path), text=text, sha256=digest(path)))
    return tuple(found)


def model_facts(fetched: Fetched) -> tuple[ModelFact, ...]:
    """What reading the model files says, and for the one that is meant, what running it says."""
    known = [found for path in fetched.models if (found := _recognised(path)) is not None]
    try:
        chosen, _ = find_model(fetched.models, where=fetched.requested)
    except FairregError:
        chosen = None
    return tuple(_fact(item, fetched, is_chosen=item == chosen) for item in known)


def _recognised(path: Path) -> Recognition | None:
    try:
        return models.recognise(path)
    except FairregError:
        # A damaged or unsafe file stays in `files` by its format; it is no model that anybody can use.
        return None


def _fact(item: Recognition, fetched: Fetched, *, is_chosen: bool) -> ModelFact:
    graph = runners.get("onnx").load(item.path) if item.format == "onnx" else None
    agreed, detail = _agreement(item) if is_chosen else ((), None)
    return ModelFact(
        file=fetched.name_of(item.path),
        fingerprint=item.fingerprint,
        parameter_count=item.parameter_count,
        inputs=graph.inputs if graph else (),
        outputs=graph.outputs if graph else (),
        ran=bool(agreed) if is_chosen else None,
        runtimes=agreed,
        detail=detail,
    )


def _agreement(item: Recognition) -> tuple[tuple[str, ...], str | None]:
    """The runtimes that ran the model and gave the same outputs, the first one's taken as the measure."""
    arrays = models.get(item.model).sample_inputs()
    agreed: list[str] = []
    measure: dict[str, np.ndarray] | None = None
    for name in runners.available():
        try:
            outputs = models.load(item, runtime=name).run(arrays)
        except FairregError as error:
            return tuple(agreed), error.message
        if measure is None:
            measure = outputs
        elif any(np.abs(outputs[key] - measure[key]).max() > _TOLERANCE for key in measure):
            return tuple(agreed), f"{name} and {agreed[0]} differ by more than {_TOLERANCE}"
        agreed.append(name)
    return tuple(agreed), None


def _download(item: Downloaded) -> FileFact:
    algorithm = item.checksum.partition(":")[0]
    verified: Verified | None = _verified(algorithm) if item.verified else None
    return FileFact(
        path=item.distribution.name,
        size=item.file.size,
        sha256=item.file.sha256,
        format=format_of_file(item.file.path),
        verified=verified,
    )


def _verified(algorithm: str) -> Verified | None:
    known: tuple[Verified, ...] = ("sha512", "sha256", "sha1", "md5")
    return next((name for name in known if name == algorithm), None)


def _inside(folder: Path, path: Path, archive: str) -> FileFact:
    return FileFact(
        path=path.relative_to(folder).as_posix(),
        size=path.stat().st_size,
        format=format_of_file(path),
        archive=archive,
    )


def _paths(folder: Path) -> Iterator[Path]:
    yield from (path for path in sorted(folder.rglob("*")) if path.is_file())
