# SPDX-License-Identifier: MIT
"""Choice of what is downloaded of a record, and of what of it is given: files and members of archives."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from fairreg.errors import AccessDenied, NotFound
from fairreg.schemas.record import Distribution, ModelRecord
from fairreg.services.fetch.download import Downloaded
from fairreg.services.fetch.files.fetched import ArchiveMember, FetchedFiles
from fairreg.services.fetch.files.selection import FileSelection, chosen_names, listed, select
from fairreg.services.fetch.placement import place
from fairreg.services.fetch.side_files import members_of
from fairreg.storage.archive import ARCHIVE_SUFFIXES
from fairreg.web import Log, no_log

__all__ = ["chosen_files", "narrowed", "open_files", "placed", "with_indexed", "without_excluded"]


def open_files(record: ModelRecord) -> tuple[Distribution, ...]:
    """The files for download. Raises AccessDenied where access is not open, NotFound without files."""
    files = tuple(item for item in record.distributions if item.url)
    level = record.access.level if record.access else "open"
    if files:
        return files
    where = record.provenance.url or record.identifier
    if level != "open":
        until = f" until {record.access.until}" if record.access and record.access.until else ""
        raise AccessDenied(
            f"The files of {record.identifier} are {level}{until}.",
            hint=f"{(record.access and record.access.conditions) or 'Request access from them'}: {where}",
        )
    raise NotFound(f"{record.identifier} lists no files.", hint=f"See {where}.")


def chosen_files(record: ModelRecord, selection: FileSelection, log: Log = no_log) -> list[Distribution]:
    """The files to download; if no file matches, the archives, as a pattern may match a member of one.

    Raises NotFound, and AccessDenied as `open_files`.
    """
    files = open_files(record)
    lost = [item for item in record.distributions if not item.url]
    try:
        chosen = select(files, selection.patterns, selection.excluded)
    except NotFound:
        _refuse_lost(record, selection, lost)
        left = without_excluded(files, selection)
        chosen = [item for item in left if item.name.lower().endswith(ARCHIVE_SUFFIXES)]
        if not chosen or selection.unmatched([item.name for item in files]).patterns != selection.patterns:
            raise
    names = sorted(selection.among([item.name for item in lost]))
    if names:
        log(f"Not fetched, because the record states no address for them: {listed(names)}.")
    return chosen


def with_indexed(
    record: ModelRecord,
    selection: FileSelection,
    bring: Callable[[Distribution], Downloaded | None],
    log: Log = no_log,
) -> ModelRecord | None:
    """The record with the files in its index files, see `indexes`; None if `bring` lacks one of these."""
    if not any(item.is_index for item in record.distributions):
        return record
    from fairreg.services.fetch.files.indexes import with_listed_files  # few records have such files

    return with_listed_files(record, selection.patterns, bring, log)


def without_excluded(files: Iterable[Distribution], selection: FileSelection) -> list[Distribution]:
    """The files that are not excluded."""
    available = list(files)
    excluded = selection.left_out([item.name for item in available])
    return [item for item in available if item.name not in excluded]


def narrowed(fetched: FetchedFiles, selection: FileSelection, log: Log) -> FetchedFiles:
    """Choose members of archives by the patterns that match no file of the record.

    Raises NotFound if all patterns are such and none matches a member.
    """
    names = [item.distribution.name for item in fetched.files]
    inside = selection.unmatched(names)
    members = _members(fetched, inside) if inside.patterns else ()
    only_inside = bool(inside.patterns) and inside.patterns == selection.patterns
    if only_inside and not members:
        for error in fetched.refused.values():
            raise error
        patterns = " or ".join(selection.patterns)
        raise NotFound(f"No file matches {patterns}, and no file inside {listed(names)} does.")
    _log_idle(fetched, inside.unmatched([item.name for item in members]), log)
    hidden = selection.left_out([fetched.name_of(path) for path in fetched.models])
    wanted = {item.path for item in members} if only_inside else set(fetched.models)
    models = [path for path in fetched.models if path in wanted and fetched.name_of(path) not in hidden]
    return replace(fetched, models=tuple(models), members=members)


def placed(fetched: FetchedFiles, output: Path | None, selection: FileSelection) -> FetchedFiles:
    """Copy what was chosen to the folder `output`, if there is one; not an archive that only contains it."""
    if output is None:
        return fetched
    names = selection.among([item.distribution.name for item in fetched.files])
    files = fetched.files
    if fetched.members:
        files = tuple(item for item in files if {item.distribution.name, item.model} & names)
    return replace(fetched, placed=place(files, output, fetched.members))


def _refuse_lost(record: ModelRecord, selection: FileSelection, lost: list[Distribution]) -> None:
    """Raise NotFound if all that the patterns match are files without an address."""
    names = sorted(selection.among([item.name for item in lost])) if selection.patterns else ()
    if names:
        where = record.provenance.url or record.identifier
        raise NotFound(f"The record states no address for {listed(names)}.", hint=f"See {where}.")


def _log_idle(fetched: FetchedFiles, idle: FileSelection, log: Log) -> None:
    """Name the patterns that match no file, neither of the record nor inside the fetched archives."""
    for pattern in idle.patterns:
        log(f"No file matches {pattern}.")
    if idle.excluded:
        names = [item.name for item in fetched.record.distributions]
        names += [fetched.name_of(path) for folder in fetched.folders for path in _files_in(folder)]
        for pattern in idle.excluded:
            if not chosen_names(names, [pattern]):
                log(f"No file matches {pattern}, so it excludes nothing.")


def _members(fetched: FetchedFiles, selection: FileSelection) -> tuple[ArchiveMember, ...]:
    """The members of the unpacked archives that match, each model with the files that belong to it."""
    found: dict[Path, ArchiveMember] = {}
    for folder, archive in zip(fetched.folders, fetched.archives, strict=True):
        paths = {fetched.name_of(path): path for path in _files_in(folder)}
        excluded = selection.left_out(paths)
        for name in sorted(selection.among(paths)):
            found.setdefault(paths[name], ArchiveMember(name, paths[name], archive.distribution.name))
            for part, where in members_of(name, paths[name], paths).items():
                if part not in excluded:
                    found[paths[part]] = ArchiveMember(
                        part, paths[part], archive.distribution.name, model=name, place=where
                    )
    return tuple(found.values())


def _files_in(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]
