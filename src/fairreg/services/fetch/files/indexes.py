# SPDX-License-Identifier: MIT
"""Files that a record lists in files of its own: the index files of CERN Open Data."""

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from fairreg import harvesters
from fairreg.errors import SecurityRefusal
from fairreg.schemas.record import Distribution, ModelRecord
from fairreg.services.fetch.download import Downloaded
from fairreg.web import Log

__all__ = ["with_listed_files"]

_LARGEST = 8 * 2**20  # bytes of an index; the largest known has 1.4 MB


def with_listed_files(
    record: ModelRecord,
    patterns: Iterable[str],
    bring: Callable[[Distribution], Downloaded | None],
    log: Log,
) -> ModelRecord | None:
    """Return the record with the files that its index files list; the index files stay among them.

    `bring` gets an index file, None where it is not there: then there is no record either. No index is read
    where each of the `patterns` is the name of a file. Raises the errors of `bring`, SecurityRefusal for an
    index of more than 8 MiB, BadAnswer for a file that is none.
    """
    source = next(
        (item for item in harvesters.all_harvesters() if item.name == record.provenance.source), None
    )
    names, wanted = {item.name for item in record.distributions}, tuple(patterns)
    if source is None or (wanted and names.issuperset(wanted)):
        return record
    contents: dict[str, bytes] = {}
    for item in source.indexes(record):
        _check(item.name, item.size)
        found = bring(item)
        if found is None:
            return None
        _check(item.name, found.file.size)
        contents[item.name] = found.file.path.read_bytes()
    if not contents:
        return record
    whole = replace(record, distributions=source.with_listed(record, contents))
    log(_summary(record, whole))
    return whole


def _check(name: str, size: int | None) -> None:
    if size is not None and size > _LARGEST:
        raise SecurityRefusal(f"{name} is an index of {size} bytes; the limit is {_LARGEST >> 20} MiB.")


def _summary(record: ModelRecord, whole: ModelRecord) -> str:
    known = set(record.distributions)
    listed = [item for item in whole.distributions if item not in known]
    size = sum(item.size or 0 for item in listed)
    return (
        f"The index files of {record.identifier} list {len(listed)} files, {size / 1e9:.3g} GB; "
        "--file chooses among them."
    )
