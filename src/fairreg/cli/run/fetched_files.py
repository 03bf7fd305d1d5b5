# SPDX-License-Identifier: MIT
"""Fetched files for people: where each is, how it was checked, and what a fetch would bring."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from fairreg.cli.output import console, log
from fairreg.schemas.text import counted

if TYPE_CHECKING:
    from fairreg.services.fetch.download import Downloaded
    from fairreg.services.fetch.fetch import FetchedFiles
    from fairreg.services.fetch.files.plan import FetchPlan

__all__ = ["print_files", "print_origins", "print_plan"]

_LONGEST_CHECKSUM = 60
# Files of a record that are listed one by one unless --verbose asks for all.
_MOST_LISTED = 10


def print_origins(fetched: "FetchedFiles", *, verbose: bool) -> None:
    """Print the resolution, the verification and the origin of the files, of many together."""
    from fairreg.services.fetch.unpacking import unopened_notes

    record = fetched.record
    if fetched.resolution is not None and fetched.resolution.is_concept:
        log(f"{fetched.requested} is a concept DOI; its newest version is {record.doi or record.identifier}.")
    told = [f"{_where(item)}, {_how_checked(item)}" for item in fetched.files]
    if verbose or len(told) <= _MOST_LISTED:
        for item, words in zip(fetched.files, told, strict=True):
            log(f"{item.distribution.name}: {words}")
    else:
        for words, count in Counter(told).items():
            log(f"{counted(count, 'file')}: {words}")
    for sentence in unopened_notes(fetched.unopened):
        log(f"Warning: {sentence}")


def _where(item: "Downloaded") -> str:
    return "from the cache" if item.from_cache else "in fairreg" if item.packaged else "downloaded"


def _how_checked(item: "Downloaded") -> str:
    """Describe what the published checksums of a file promise."""
    algorithm = item.checksum.partition(":")[0]
    unknown = ", ".join(text[:_LONGEST_CHECKSUM] for text in item.unknown_checksums)
    if item.checked_for is None:
        return f"not verified: {unknown} is of an unknown algorithm" if unknown else "no checksum published"
    how = f"verified against {algorithm}"
    if item.checked_for == "transmission errors":
        how = f"checked against transmission errors ({algorithm}), not verified"
    return f"{how}; not compared, of an unknown algorithm: {unknown}" if unknown else how


def print_plan(plan: "FetchPlan") -> None:
    """Print what a fetch would bring."""
    from fairreg.cli.cards import size_text  # rich is slow to import

    record, out = plan.record, console()
    out.print(f"{record.name} ({record.identifier}{', ' + record.version if record.version else ''})")
    for item in plan.files:
        file = item.distribution
        facts = (
            "size not stated" if file.size is None else size_text(file.size),
            ", ".join(file.checksums) or "no checksum published",
            *(("already here",) if item.is_here else ()),
        )
        out.print(f"  {file.name} ({'; '.join(facts)})", soft_wrap=True)
    files = counted(len(plan.files), "file")
    size = "an unknown number of bytes" if plan.download_size is None else size_text(plan.download_size)
    out.print(f"  {files}; {size} to download, nothing was downloaded")


def print_files(fetched: "FetchedFiles", output: Path | None, *, verbose: bool) -> None:
    """Print the record and where its files are; of many files only their number and those of the model."""
    from fairreg.cli.cards import size_text  # rich is slow to import
    from fairreg.services.fetch.unpacking import are_graphs

    record, out = fetched.record, console()
    out.print(f"{record.name} ({record.identifier}{', ' + record.version if record.version else ''})")
    is_long = len(fetched.files) > _MOST_LISTED and not verbose
    if is_long:
        size = size_text(sum(item.file.size for item in fetched.files))
        where = f"in {output}" if output is not None else "in the cache (--output FOLDER copies them)"
        number = counted(len(fetched.files), "file")
        out.print(f"  {number}, {size}, {where}; --verbose lists them", soft_wrap=True)
    few = fetched.models if len(fetched.models) <= _MOST_LISTED else ()
    for item in fetched.files:
        if not is_long or item.file.path in few:
            out.print(f"  {fetched.path_of(item)} ({size_text(item.file.size)})", soft_wrap=True)
    for folder in fetched.folders:
        out.print(f"  unpacked in {folder}", soft_wrap=True)
    for member in fetched.members:
        path, size = fetched.path_of_model(member.path), size_text(member.path.stat().st_size)
        out.print(f"  {path} ({size}, from {member.archive})", soft_wrap=True)
    if fetched.models:
        count, name = len(fetched.models), fetched.models[0].name
        kind = "model" if are_graphs(fetched.models) else "weight"
        out.print(f"  1 {kind} file: {name}" if count == 1 else f"  {count} {kind} files, such as {name}")
