# SPDX-License-Identifier: MIT
"""Files of two records compared: by name, size and digest."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

from fairreg.errors import ChecksumMismatch, FairregError
from fairreg.schemas.record import Distribution
from fairreg.services.fetch.download import Downloaded
from fairreg.storage.checksums import read_published

__all__ = ["FileDifference", "FileState", "FileStatus", "compare_files", "state_of_download", "stated"]

FileStatus = Literal["same", "changed", "renamed", "only in first", "only in second", "not compared"]
_NO_COMMON = "their records state no digest of one kind"


class FileState(NamedTuple):
    """A file: `size` in bytes, None where it is unknown; `digests` are ``algorithm:hex``.

    `fault` is the reason why its bytes were not read: then size and digests are those that the record states.
    """

    name: str
    size: int | None
    digests: frozenset[str] = frozenset()
    fault: FairregError | None = None

    @property
    def sha256(self) -> str | None:
        """Hex SHA-256, None where it is not known."""
        return self.by_algorithm.get("sha256")

    @property
    def by_algorithm(self) -> dict[str, str]:
        """Digests in hex by algorithm."""
        pairs = (text.partition(":")[::2] for text in sorted(self.digests))
        return dict(pairs)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form, without the name."""
        return {"size": self.size, "digests": sorted(self.digests)}


class FileDifference(NamedTuple):
    """The relation of one file to its counterpart; `reason` says why it was not compared, or more of it."""

    name: str
    status: FileStatus
    first: FileState | None
    second: FileState | None
    reason: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form."""
        return {
            "name": self.name,
            "status": self.status,
            "first": self.first.to_json() if self.first else None,
            "second": self.second.to_json() if self.second else None,
            "other_name": self.second.name if self.second and self.second.name != self.name else None,
            "reason": self.reason,
        }


def stated(distribution: Distribution, fault: FairregError | None = None) -> FileState:
    """Return the file as its record states it."""
    published = read_published(distribution.checksums).digests
    digests = frozenset(f"{algorithm}:{value}" for algorithm, value in published)
    return FileState(distribution.name, distribution.exact_size, digests, fault)


def state_of_download(item: Downloaded) -> FileState:
    """Return the file by its bytes: with the computed SHA-256."""
    digests = {*stated(item.distribution).digests, f"sha256:{item.file.sha256}"}
    return FileState(item.distribution.name, item.file.size, frozenset(digests))


def compare_files(first: Iterable[FileState], second: Iterable[FileState]) -> tuple[FileDifference, ...]:
    """Compare the files of two records, by name; what is left on both sides, by digest. Sorted by name.

    A record may have several files of one name: equal ones belong together, then the others in order.
    """
    left, right = _by_name(first), _by_name(second)
    found: list[FileDifference] = []
    only: tuple[list[FileState], list[FileState]] = [], []
    for name in sorted(left.keys() | right.keys()):
        pairs, gone, new = _paired(left[name], right[name])
        found += [_difference(*pair) for pair in pairs]
        only[0].extend(gone)
        only[1].extend(new)
    found += _renamed(*only)
    return tuple(sorted(found, key=lambda item: (item.name, item.status)))


def _by_name(files: Iterable[FileState]) -> defaultdict[str, list[FileState]]:
    found: defaultdict[str, list[FileState]] = defaultdict(list)
    for item in files:
        found[item.name].append(item)
    return found


_Pairs = list[tuple[FileState, FileState]]


def _paired(
    first: Sequence[FileState], second: Sequence[FileState]
) -> tuple[_Pairs, list[FileState], list[FileState]]:
    """Pair the files of one name, equal ones first; return also those that are left on each side."""
    rest, pairs = list(second), []
    left = []
    for item in first:
        twin = next((other for other in rest if _is_same(item, other) is True), None)
        if twin is None:
            left.append(item)
        else:
            rest.remove(twin)
            pairs.append((item, twin))
    pairs += zip(left, rest, strict=False)
    count = min(len(left), len(rest))
    return pairs, left[count:], rest[count:]


def _renamed(first: list[FileState], second: list[FileState]) -> list[FileDifference]:
    """Files without a counterpart of their name; one with the bytes of another has another name there."""
    found, rest = [], list(second)
    for item in first:
        twin = next((other for other in rest if item.size != 0 and _is_same(item, other) is True), None)
        if twin is not None:
            rest.remove(twin)
            found.append(FileDifference(item.name, "renamed", item, twin))
        else:
            found.append(FileDifference(item.name, "only in first", item, None))
    return found + [FileDifference(item.name, "only in second", None, item) for item in rest]


def _difference(first: FileState, second: FileState) -> FileDifference:
    fault = first.fault or second.fault
    if isinstance(fault, ChecksumMismatch):
        return FileDifference(first.name, "changed", first, second, fault.message)
    same = _is_same(first, second)
    if fault is not None and same is not False:
        return FileDifference(first.name, "not compared", first, second, fault.message)
    if same is None:
        return FileDifference(first.name, "not compared", first, second, _NO_COMMON)
    return FileDifference(first.name, "same" if same else "changed", first, second)


def _is_same(first: FileState, second: FileState) -> bool | None:
    """Tell whether two files have the same bytes, None where nothing tells."""
    if first.size is not None and second.size is not None and first.size != second.size:
        return False
    mine, others = first.by_algorithm, second.by_algorithm
    common = mine.keys() & others.keys()
    if "sha256" in common:
        return mine["sha256"] == others["sha256"]
    return all(mine[name] == others[name] for name in common) if common else None
