# SPDX-License-Identifier: MIT
"""Input files given as names, folders and patterns."""

from collections.abc import Iterable
from glob import glob, has_magic
from pathlib import Path

from fairreg.errors import UsageError
from fairreg.services.parallel.base import ExecutionTarget
from fairreg.services.run.outputs import OUTPUT_SUFFIXES

__all__ = ["SUFFIXES", "input_files", "is_one_run"]

# Suffixes of input files in a folder; a file given by name may have any.
SUFFIXES = frozenset({".npz", ".npy", ".h5", ".hdf5", ".root"})


def _is_one_file(given: Iterable[str]) -> bool:
    """Tell whether a single file is named, existing or not."""
    listed = list(given)
    return len(listed) == 1 and not Path(listed[0]).is_dir() and not _is_pattern(listed[0])


def is_one_run(given: Iterable[str], output: Path | None, where: ExecutionTarget) -> bool:
    """Tell whether one file is run in this process, into no folder; else outputs are kept for each file.

    Raises UsageError where many outputs would go into one file.
    """
    into_folder = output is not None and output.is_dir()
    if where.in_process and _is_one_file(given) and not into_folder:
        return True
    if output is not None and output.suffix in OUTPUT_SUFFIXES and not into_folder:
        raise UsageError("With several inputs or workers, the output must be a folder.")
    return False


def input_files(given: Iterable[str]) -> list[Path]:
    """List the files in the order given, those of a folder or pattern by name, without duplicates.

    Raises UsageError for an empty name, and for a folder or pattern without files.
    """
    found = [path for name in given for path in _meant(name)]
    return list({path.resolve(): path for path in found}.values())


def _meant(name: str) -> list[Path]:
    if not name:
        raise UsageError("An input has an empty name.", hint="Name a file, a folder or a pattern.")
    path = Path(name)
    if path.is_dir():
        files = sorted(item for item in path.iterdir() if item.suffix.lower() in SUFFIXES and item.is_file())
    elif _is_pattern(name):
        matches = sorted(glob(name, recursive=True))  # noqa: PTH207  a pattern may be absolute
        files = [item for match in matches if (item := Path(match)).is_file()]
    else:
        return [path]
    if not files:
        raise UsageError(
            f"There are no input files in {name}.", hint=f"They end in {', '.join(sorted(SUFFIXES))}."
        )
    return files


def _is_pattern(name: str) -> bool:
    return has_magic(name) and not Path(name).exists()
