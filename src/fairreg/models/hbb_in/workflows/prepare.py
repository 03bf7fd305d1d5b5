# SPDX-License-Identifier: MIT
"""Prepare: convert ntuples of CMS or of the simulation to one file of padded arrays in bounded memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from glob import glob, has_magic
from pathlib import Path

from fairreg.errors import NotFound
from fairreg.models.hbb_in.jet_files import JetWriter
from fairreg.models.hbb_in.preparation import Ntuples

__all__ = ["PreparationReport", "prepare"]

_RECORD_FILE = "dataset.jsonld"


@dataclass(frozen=True)
class PreparationReport:
    """Numbers of written jets, with and without a class, and the spectators found."""

    path: Path
    files: tuple[str, ...]
    jets: int
    qcd: int
    hbb: int
    neither: int
    spectators: tuple[str, ...]


def prepare(
    patterns: Sequence[str],
    output: Path,
    *,
    drop_neither: bool,
    progress: Callable[[int, int | None], None],
) -> PreparationReport:
    """Write the jets of all files that the patterns match to `output`, in the order of the files' names.

    The same files give the same bytes. Raises NotFound for a pattern without a match, ModelError for a file
    that is not such an ntuple, MissingEngine without the extra ``hep``.
    """
    ntuples = Ntuples.open(_found(patterns))
    names = tuple(Path(path).name for path in ntuples.paths)
    qcd = hbb = neither = 0
    with JetWriter(output, files=names, spectators=ntuples.spectators, source=_source(ntuples.paths)) as file:
        for arrays in ntuples.batches():
            labelled = arrays["labels"].any(axis=1)
            qcd += int(arrays["labels"][:, 0].sum())
            hbb += int(arrays["labels"][:, 1].sum())
            neither += int((~labelled).sum())
            kept = labelled if drop_neither else slice(None)
            file.append(**{name: values[kept] for name, values in arrays.items()})
            progress(qcd + hbb + neither, ntuples.jets)
    jets = qcd + hbb + (0 if drop_neither else neither)
    return PreparationReport(output, names, jets, qcd, hbb, neither, ntuples.spectators)


def _found(patterns: Sequence[str]) -> list[str]:
    """Addresses of all files, each once."""
    found: dict[str, None] = {}
    for pattern in patterns:
        if "://" in pattern:
            found[pattern] = None
            continue
        # Path.glob does not accept absolute patterns.
        matches = glob(pattern, recursive=True) if has_magic(pattern) else [pattern]  # noqa: PTH207
        files = [match for match in matches if Path(match).is_file()]
        if not files:
            raise NotFound(f"No file matches {pattern}.")
        found |= dict.fromkeys(files)
    return list(found)


def _source(paths: Sequence[str]) -> str:
    """The record beside the files if it is the same for all of them; empty otherwise."""
    folders = {Path(path).parent for path in paths if "://" not in path}
    record = next(iter(folders)) / _RECORD_FILE if len(folders) == 1 else None
    return record.read_text(encoding="utf-8") if record and record.is_file() else ""
