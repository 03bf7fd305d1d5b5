# SPDX-License-Identifier: MIT
"""Inspection of fetched files for an assessment: formats, documents, models."""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from fairreg import models, runners
from fairreg.assessment.content.documents import LONGEST_PARSED, PARSED_ROLES, role_of
from fairreg.assessment.evidence import Document, FileFact, ModelFact, Role, Unread, Verified
from fairreg.assessment.lineage import is_weights
from fairreg.errors import FairregError
from fairreg.models.base import Recognition
from fairreg.runners.weights import onnx
from fairreg.schemas.record import ModelRecord, Tensor
from fairreg.services.fetch.download import Downloaded
from fairreg.services.fetch.fetch import FetchedFiles
from fairreg.services.run.demonstrate import meant, recognise_fetched
from fairreg.sources import source_named
from fairreg.storage.files import digest
from fairreg.web import Log, no_log

if TYPE_CHECKING:
    from fairreg.services.fetch.unpacking import UnopenedFile

__all__ = [
    "BESIDE",
    "all_unread",
    "card",
    "documents",
    "files",
    "leaves_out",
    "located_documents",
    "model_facts",
    "stated_documents",
    "too_large",
    "unparsed",
    "unread",
]

Signature = tuple[tuple[Tensor, ...], tuple[Tensor, ...]]
_MAX_TEXT = 200_000
_MAX_DOCUMENTS = 400
# The note on files that a record leaves out and that are not stored with it.
BESIDE = (Unread(path="the list of the files beside the model", reason="not stored"),)
# Largest difference of a probability between runtimes that agree (the rubric's tolerance for float32).
_TOLERANCE = 1e-5


def files(fetched: FetchedFiles) -> tuple[FileFact, ...]:
    """List every downloaded file and every file inside the archives among them."""
    found = [_download(item) for item in fetched.files]
    for folder, item in zip(fetched.folders, fetched.archives, strict=True):
        found += [_inside(folder, path, item.distribution.name) for path in _paths(folder)]
    return tuple(found)


def documents(fetched: FetchedFiles) -> tuple[Document, ...]:
    """Read small text files beside the model and in archives whose role follows from place and name."""
    return tuple(item for item, _ in located_documents(fetched))


def located_documents(
    fetched: FetchedFiles, roles: Collection[Role] = ()
) -> Iterator[tuple[Document, Downloaded]]:
    """Yield the same documents, each with the download that it is or, for a member, that it is packed in.

    With `roles`, only documents of these are read.
    """
    found = [item for item in _describing(fetched) if not roles or item[0] in roles]
    for role, name, path, download in found[:_MAX_DOCUMENTS]:
        yield _document(role, name, path), download


def _describing(fetched: FetchedFiles) -> list[tuple[Role, str, Path, Downloaded]]:
    """Return the files with a role, code last: where there is much of it, it crowds nothing else out."""
    named = [(item.distribution.name, item.file.path, item) for item in fetched.files]
    for folder, archive in zip(fetched.folders, fetched.archives, strict=True):
        named += [(fetched.name_of(path), path, archive) for path in _paths(folder)]
    found = [(role, *item) for item in named if (role := role_of(item[0])) is not None]
    return sorted(found, key=lambda item: item[0] == "code")


def all_unread(
    fetched: FetchedFiles | None, documents: tuple[Document, ...], noted: tuple[Unread, ...]
) -> tuple[Unread, ...]:
    """Return what was not read of files and documents, each with one note, and what is `noted` already.

    Without fetched files nothing says which there are.
    """
    found = (*unparsed(documents), *noted, *(unread(fetched) if fetched else ()))
    return tuple({item.path: item for item in found}.values())


def unread(fetched: FetchedFiles) -> Iterator[Unread]:
    """Yield what was not read of the fetched files: unopened archives, documents beyond a limit.

    A pointer of Git LFS is all that its author published there: it was read.
    """
    yield from filter(None, (_unopened(item, fetched) for item in fetched.unopened))
    brought = {item.distribution for item in fetched.files}
    for listed in fetched.record.distributions:
        if listed.path is None and (listed.is_index or listed not in brought):
            reason = "a list of files that were not downloaded" if listed.is_index else "not downloaded"
            yield Unread(path=listed.name, reason=reason)
    described = _describing(fetched)
    for role, name, path, _ in described[:_MAX_DOCUMENTS]:
        if path.stat().st_size > _MAX_TEXT:
            yield Unread(path=_spelled(name), reason="longer than what was read of it", role=role)
    beyond = {role: name for role, name, _, _ in reversed(described[_MAX_DOCUMENTS:])}
    for role, name in beyond.items():
        yield Unread(path=_spelled(name), reason=f"beyond the first {_MAX_DOCUMENTS} texts", role=role)


def _unopened(item: "UnopenedFile", fetched: FetchedFiles) -> Unread | None:
    """Return the note on a packed file; None for a pointer, and for compressed data."""
    from fairreg.services.fetch.unpacking import is_pointer  # it comes with the engines

    name, role = _spelled(item.name), None
    if is_pointer(item.path):
        return None
    if item.reason.startswith("compressed with"):
        inner = name.rpartition(".")[0]
        role, suffix = role_of(inner), PurePosixPath(inner).suffix
        if role is None and suffix not in {"", ".tar"} and not is_weights(inner):
            return None
    folders = zip(fetched.folders, fetched.archives, strict=True)
    archive = next((one.distribution.name for folder, one in folders if folder in item.path.parents), None)
    reason = "an archive that was refused" if item.error else item.reason
    return Unread(path=name, reason=reason, role=role, archive=archive)


def unparsed(documents: Iterable[Document]) -> Iterator[Unread]:
    """Yield the documents that are cut or too long to be parsed: not all that they state was read."""
    for item in documents:
        if item.role in PARSED_ROLES and len(item.text) > LONGEST_PARSED:
            yield Unread(path=item.path, reason="too long to be parsed", role=item.role)
        elif len(item.text) >= _MAX_TEXT:
            yield Unread(path=item.path, reason="longer than what was read of it", role=item.role)


def _document(role: Role, name: str, path: Path) -> Document:
    with path.open("rb") as stream:
        text = stream.read(_MAX_TEXT).decode("utf-8", "replace")
    return Document(role=role, path=_spelled(name), text=text, sha256=digest(path))


def _spelled(name: str) -> str:
    """Escape the bytes of a file's name that are not valid UTF-8, which JSON cannot represent."""
    return name.encode("utf-8", "backslashreplace").decode()


def card(source: str, payload: bytes | None) -> tuple[Document, ...]:
    """The model card in the Hub's payload, which is the repository's README.md."""
    member = source_named(source).card
    if member is None or not payload:
        return ()
    try:
        document = json.loads(payload)
    except (ValueError, RecursionError):
        return ()
    text = document.get(member) if isinstance(document, dict) else None
    if not isinstance(text, str) or not text.strip():
        return ()
    raw = text.encode("utf-8", "replace")
    shown = raw.decode()[:_MAX_TEXT]
    return (Document(role="readme", path="README.md", text=shown, sha256=hashlib.sha256(raw).hexdigest()),)


def too_large(record: ModelRecord, largest: int) -> str | None:
    """Return why the files of a record are not downloaded, as a clause; None if they have `largest` bytes."""
    sizes = [item.size for item in record.distributions]
    if None in sizes:
        return "A file has no stated size"
    size = sum(item or 0 for item in sizes)
    if size <= largest:
        return None
    return f"The files have {size / 1e9:.2f} GB"


def leaves_out(record: ModelRecord) -> bool:
    """Tell whether the record's source has files beside those that the record lists."""
    return source_named(record.provenance.source).leaves_out_files


def stated_documents(source: str, payload: bytes | None) -> tuple[Document, ...]:
    """Return the statements of a source's own fields, each as the file that others state it in."""
    if not payload or not source_named(source).states_files:
        return ()
    from fairreg import harvesters  # few sources state any

    try:
        document = json.loads(payload)
    except (ValueError, RecursionError):
        return ()
    found = harvesters.get(source).stated_files(document) if isinstance(document, dict) else {}
    told = ((role_of(name), name, text) for name, text in found.items())
    return tuple(
        Document(role=role, path=f"{source_named(source).title}'s {name}", text=text[:_MAX_TEXT])
        for role, name, text in told
        if role is not None
    )


def model_facts(fetched: FetchedFiles, log: Log = no_log) -> tuple[ModelFact, ...]:
    """Facts from reading the model files, and from running the chosen one."""
    # A damaged or unsafe file stays in `files` by its format; it is not a usable model.
    known, refused = recognise_fetched(fetched)
    try:
        # Without any there is nothing to choose; to say why not would read all files again.
        chosen = meant(known, refused, fetched=fetched)[0] if known else None
    except FairregError:
        chosen = None
    recognised = (_fact(item, fetched, log, is_chosen=item == chosen) for item in known)
    return (*recognised, *_other_graphs(fetched, {item.path for item in known}, log))


def _other_graphs(fetched: FetchedFiles, known: Collection[Path], log: Log) -> Iterator[ModelFact]:
    """Declarations of ONNX files of other networks, and the outcome of running them on their test vectors."""
    graphs: dict[Path, Signature] = {}
    for path in fetched.models:
        if path not in known and onnx.knows(b"", path.suffix):
            with suppress(FairregError):  # a damaged file stays in `files` by its format
                graphs[path] = onnx.signature(path)
    if not graphs:
        return
    from fairreg.services.assess.vector_trials import trials  # most models are no such graphs

    tried = trials(fetched, graphs, log)
    for path, (inputs, outputs) in graphs.items():
        name, trial = _spelled(fetched.name_of(path)), tried.get(path)
        if trial is None:
            yield ModelFact(file=name, inputs=inputs, outputs=outputs)
            continue
        yield ModelFact(
            file=name,
            inputs=inputs,
            outputs=outputs,
            ran=trial.ran,
            runtimes=trial.runtimes,
            detail=trial.detail,
        )


def _fact(item: Recognition, fetched: FetchedFiles, log: Log, *, is_chosen: bool) -> ModelFact:
    graph, fault = _graph(item)
    agreed, detail = _agreement(item, log) if is_chosen else ((), None)
    return ModelFact(
        file=_spelled(fetched.name_of(item.path)),
        fingerprint=item.fingerprint,
        parameter_count=item.parameter_count,
        inputs=graph.inputs if graph else (),
        outputs=graph.outputs if graph else (),
        ran=bool(agreed) if is_chosen else None,
        runtimes=agreed,
        detail=detail or fault,
    )


def _graph(item: Recognition) -> tuple[runners.Runner | None, str | None]:
    """Return the graph of an ONNX file, or the reason why it does not load."""
    if item.format != "onnx":
        return None, None
    try:
        return runners.get("onnx").load(item.path), None
    except FairregError as error:
        return None, error.message


def _agreement(item: Recognition, log: Log) -> tuple[tuple[str, ...], str | None]:
    """Return the runtimes whose outputs agree with those of the first one, and the first disagreement."""
    try:
        arrays = models.sample_for(item)
    except FairregError as error:
        return (), error.message
    engines = [name for name in runners.available() if runners.takes_onnx(name)]
    if engines:  # loading torch and the run may take half a minute
        purpose = " to compare them" if len(engines) > 1 else ""
        log(f"Running the model in {' and '.join(engines)}{purpose}")
    agreed: list[str] = []
    measure: dict[str, np.ndarray] | None = None
    for name in engines:
        try:
            outputs = models.load(item, runtime=name).run(arrays)
        except FairregError as error:
            return tuple(agreed), error.message
        if not all(np.isfinite(array).all() for array in outputs.values()):
            return tuple(agreed), f"{name} gives numbers that are not finite"
        if measure is None:
            measure = outputs
        elif not all(np.abs(outputs[key] - measure[key]).max() <= _TOLERANCE for key in measure):
            return tuple(agreed), f"{name} and {agreed[0]} differ by more than {_TOLERANCE}"
        agreed.append(name)
    return tuple(agreed), None


def _download(item: Downloaded) -> FileFact:
    from fairreg.storage.recognition import format_of_file

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
    known: tuple[Verified, ...] = ("sha512", "sha256", "sha1", "git-blob-sha1", "md5", "adler32", "crc32")
    return next((name for name in known if name == algorithm), None)


def _inside(folder: Path, path: Path, archive: str) -> FileFact:
    from fairreg.storage.recognition import format_of_file

    return FileFact(
        path=_spelled(path.relative_to(folder).as_posix()),
        size=path.stat().st_size,
        format=format_of_file(path),
        archive=archive,
    )


def _paths(folder: Path) -> Iterator[Path]:
    yield from (path for path in sorted(folder.rglob("*")) if path.is_file())
