# SPDX-License-Identifier: MIT
"""Choice by glob patterns: what is downloaded of a record, and which files and archive members are given."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from fairreg.errors import AccessDenied, FairregError, NotFound
from fairreg.schemas.record import Distribution, ModelRecord
from fairreg.services.fetch.download import Downloaded
from fairreg.services.fetch.files.fetched import ArchiveMember, FetchedFiles
from fairreg.services.fetch.side_files import members_of, texts_among
from fairreg.storage.archive import ARCHIVE_SUFFIXES
from fairreg.web import Log, no_log

__all__ = [
    "EVERYTHING",
    "FileSelection",
    "chosen_files",
    "narrowed",
    "open_files",
    "placed",
    "select",
    "with_indexed",
    "without_excluded",
]

_MOST_LISTED = 10


@dataclass(frozen=True)
class FileSelection:
    """Files that match one of `patterns` (without patterns: all) and none of `excluded`."""

    patterns: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()

    @classmethod
    def of(cls, patterns: Iterable[str], excluded: Iterable[str]) -> "FileSelection":
        """The selection by these patterns; a text is one pattern."""
        return cls(_texts(patterns), _texts(excluded))

    def among(self, names: Collection[str]) -> frozenset[str]:
        """Names that are chosen."""
        return _chosen_names(names, self.patterns) - self.left_out(names)

    def left_out(self, names: Collection[str]) -> frozenset[str]:
        """Names that are excluded."""
        return _chosen_names(names, self.excluded) if self.excluded else frozenset()

    def unmatched(self, names: Collection[str]) -> "FileSelection":
        """The selection by those patterns that match none of `names`."""
        idle = (pattern for pattern in self.patterns if not _chosen_names(names, [pattern]))
        return FileSelection(tuple(idle), self.excluded)


EVERYTHING = FileSelection()


def select(
    distributions: Iterable[Distribution], patterns: Iterable[str], excluded: Iterable[str] = ()
) -> list[Distribution]:
    """Select distributions whose name, or last part of it, matches a glob pattern; all without patterns.

    A pattern that is the whole name of one selects only that. Raises NotFound listing the available files.
    """
    available, chosen = list(dict.fromkeys(distributions)), FileSelection.of(patterns, excluded)
    names = [item.name for item in available]
    kept = chosen.among(names)
    if available and not kept:
        raise _nothing(names, chosen)
    return [item for item in available if item.name in kept]


def _chosen_names(names: Collection[str], patterns: Iterable[str]) -> frozenset[str]:
    """The names that a pattern chooses: the one it equals, else all that match it or whose last part does.

    Without patterns, those are all names.
    """
    wanted = tuple(patterns)
    found = ({pattern} if pattern in names else _matching(names, pattern) for pattern in wanted)
    return frozenset().union(*found) if wanted else frozenset(names)


def _listed(names: Sequence[str]) -> str:
    """The names in a sentence, at most ten of them."""
    rest = len(names) - _MOST_LISTED
    return ", ".join(names[:_MOST_LISTED]) + (f" and {rest} more" if rest > 0 else "")


def _matching(names: Iterable[str], pattern: str) -> set[str]:
    """Names that match a glob pattern; a last part that equals it needs no escapes for ``[``."""
    forms = ((name, name.rsplit("/", 1)[-1]) for name in names)
    return {
        name
        for name, last in forms
        if last == pattern or fnmatchcase(name, pattern) or fnmatchcase(last, pattern)
    }


def _nothing(names: Sequence[str], selection: FileSelection) -> NotFound:
    """The error for a selection that leaves no file."""
    hint = f"The files are: {_listed(names)}."
    matched = _chosen_names(names, selection.patterns)
    patterns = " or ".join(selection.patterns)
    if not matched:
        return NotFound(f"No file matches {patterns}.", hint=hint)
    which = f"each file that matches {patterns}" if patterns else "each file of the record"
    return NotFound(f"No file is left: {' or '.join(selection.excluded)} excludes {which}.", hint=hint)


def _texts(patterns: Iterable[str]) -> tuple[str, ...]:
    return (patterns,) if isinstance(patterns, str) else tuple(patterns)


def open_files(record: ModelRecord) -> tuple[Distribution, ...]:
    """The files for download. Raises AccessDenied where access is not open, NotFound without files."""
    files = tuple(item for item in record.distributions if item.url)
    level = record.access.level if record.access else "open"
    if files:
        return files
    where = record.provenance.url or record.identifier
    if level != "open":
        until = f" until {record.access.until}" if record.access and record.access.until else ""
        stated = " ".join(
            ((record.access and record.access.conditions) or "Request access from them").split()
        )
        raise AccessDenied(f"The files of {record.identifier} are {level}{until}.", hint=f"{stated}: {where}")
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
        patterns, archives = " or ".join(selection.patterns), _listed([item.name for item in chosen])
        log(f"No file of the record matches {patterns}; it may be in {archives}.")
    names = sorted(selection.among([item.name for item in lost]))
    if names:
        log(f"Not fetched, because the record states no address for them: {_listed(names)}.")
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

    Raises NotFound if all patterns are such and none matches a member, or the error of a refused archive,
    which may have what was asked for.
    """
    names = [item.distribution.name for item in fetched.files]
    inside = selection.unmatched(names)
    members = _members(fetched, inside) if inside.patterns else ()
    only_inside = bool(inside.patterns) and inside.patterns == selection.patterns
    if only_inside and not members:
        raise _nothing_inside(fetched, names, selection)
    _log_idle(fetched, inside.unmatched([item.name for item in members]), log)
    hidden = selection.left_out([fetched.name_of(path) for path in fetched.models])
    wanted = {item.path for item in members} if only_inside else set(fetched.models)
    models = [path for path in fetched.models if path in wanted and fetched.name_of(path) not in hidden]
    return replace(fetched, models=tuple(models), members=members)


def _nothing_inside(fetched: FetchedFiles, names: Sequence[str], selection: FileSelection) -> FairregError:
    patterns = " or ".join(selection.patterns)
    nothing = f"No file matches {patterns}"
    for error in fetched.refused.values():
        opened = _listed([item.distribution.name for item in fetched.archives])
        said = f"{nothing}, and no file inside {opened} does." if opened else f"{nothing}."
        error.hint = f"{said} {error.hint}" if error.hint else said
        return error
    return NotFound(f"{nothing}, and no file inside {_listed(names)} does.")


def placed(fetched: FetchedFiles, output: Path | None, selection: FileSelection) -> FetchedFiles:
    """Copy what was chosen to the folder `output`, if there is one; not an archive that only contains it."""
    if output is None:
        return fetched
    from fairreg.services.fetch.placement import place

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
        raise NotFound(f"The record states no address for {_listed(names)}.", hint=f"See {where}.")


def _log_idle(fetched: FetchedFiles, idle: FileSelection, log: Log) -> None:
    """Name the patterns that match no file, neither of the record nor inside the fetched archives."""
    for pattern in idle.patterns:
        log(f"No file matches {pattern}.")
    if idle.excluded:
        names = [item.name for item in fetched.record.distributions]
        names += [fetched.name_of(path) for folder in fetched.folders for path in _files_in(folder)]
        for pattern in idle.excluded:
            if not _chosen_names(names, [pattern]):
                log(f"No file matches {pattern}, so it excludes nothing.")


def _members(fetched: FetchedFiles, selection: FileSelection) -> tuple[ArchiveMember, ...]:
    """The members of the unpacked archives that match, each model with the files that belong to it."""
    found: dict[Path, ArchiveMember] = {}
    for folder, archive in zip(fetched.folders, fetched.archives, strict=True):
        paths = {fetched.name_of(path): path for path in _files_in(folder)}
        excluded, texts = selection.left_out(paths), texts_among(paths)
        for name in sorted(selection.among(paths)):
            found.setdefault(paths[name], ArchiveMember(name, paths[name], archive.distribution.name))
            for part, where in members_of(name, paths[name], paths, texts).items():
                if part not in excluded:
                    found[paths[part]] = ArchiveMember(
                        part, paths[part], archive.distribution.name, model=name, place=where
                    )
    return tuple(found.values())


def _files_in(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]
