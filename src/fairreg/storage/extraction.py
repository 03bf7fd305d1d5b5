# SPDX-License-Identifier: MIT
"""Members of zip and tar archives: which are unpacked, and where each of them lands.

Skipped are links, symbolic and hard, which are never made or followed, devices, pipes and encrypted members.
Side files of macOS (AppleDouble) are ignored. A name that is absolute or leads upwards serves only to write
elsewhere: it refuses the whole archive. Names that some file system does not take, and those that fall on one
path where case is ignored, are changed as in `file_names`.
"""

import stat
import tarfile
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

from fairreg.errors import UnsafeArchive
from fairreg.schemas.record import is_apple_double
from fairreg.storage.archive import DAMAGE, TAR_SUFFIXES, Limits, open_zip, too_large
from fairreg.storage.file_names import distinct_places
from fairreg.storage.files import disk_faults, unreadable
from fairreg.storage.tar_headers import check_end, open_tar, undamaged

__all__ = ["extract"]

_BLOCK = 2**18
_LINK, _DEVICE, _ENCRYPTED = "a link", "a device or pipe", "encrypted"


@dataclass(frozen=True)
class _Member:
    """A member of an archive, `size` in bytes as stated; one with an `obstacle` ("a link") is skipped."""

    name: str
    is_folder: bool
    size: int
    obstacle: str | None
    source: zipfile.ZipInfo | tarfile.TarInfo


def _zip_member(item: zipfile.ZipInfo) -> _Member:
    """Read a member of a zip archive; the upper half of its attributes is the mode of Unix."""
    mode = item.external_attr >> 16
    special = bool(stat.S_IFMT(mode)) and not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
    obstacle = _LINK if stat.S_ISLNK(mode) else _DEVICE if special else None
    if obstacle is None and item.flag_bits & 0x1:
        obstacle = _ENCRYPTED
    # Not item.is_dir(), which fails for an empty name.
    return _Member(item.filename, item.filename.endswith("/"), item.file_size, obstacle, item)


def _tar_member(item: tarfile.TarInfo) -> _Member:
    """Read a member of a tar archive."""
    obstacle = _LINK if item.issym() or item.islnk() else None
    if obstacle is None and not (item.isreg() or item.isdir()):
        obstacle = _DEVICE
    return _Member(item.name, item.isdir(), item.size, obstacle, item)


def _check_name(archive: str, name: str) -> None:
    """Check that a member's name leads into the folder of its archive. Raises UnsafeArchive."""
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    leaves = posix.is_absolute() or windows.drive or windows.root or ".." in windows.parts or "\0" in name
    if leaves or not posix.parts:
        raise UnsafeArchive(f"Refused to unpack {archive}: {name!r} leads outside its folder.")


def _placed(members: Iterable[_Member]) -> list[tuple[_Member, PurePosixPath]]:
    """Give each member that is unpacked a relative path of its own, in the order of the archive."""
    kept = [item for item in members if item.obstacle is None and not is_apple_double(item.name)]
    # A folder is placed by a file in it of a name that no member has.
    names = [f"{item.name}/\0" if item.is_folder else item.name for item in kept]
    places = distinct_places(names, hidden=True)
    return [
        (item, place.parent if item.is_folder else place) for item, place in zip(kept, places, strict=True)
    ]


def _notes(members: Iterable[_Member], places: Iterable[tuple[_Member, PurePosixPath]]) -> Iterator[str]:
    """Say which members were skipped, one sentence for each obstacle, and which got another name."""
    skipped: dict[str, list[str]] = defaultdict(list)
    for item in members:
        if item.obstacle is not None:
            skipped[item.obstacle].append(item.name)
    for obstacle, names in skipped.items():
        if names[1:]:
            yield f"{len(names)} members were skipped, such as {names[0]!r}, which is {obstacle}."
        else:
            yield f"{names[0]!r} is {obstacle} and was skipped."
    changed = [(item.name, place) for item, place in places if _differs(item, place)]
    if changed:
        name, place = changed[0]
        more = f", and {len(changed) - 1} more were renamed" if changed[1:] else ""
        yield f"{name!r} is unpacked as {str(place)!r}, which every file system takes{more}."


def _differs(item: _Member, place: PurePosixPath) -> bool:
    return not item.is_folder and PurePosixPath(item.name.replace("\\", "/")) != place


def extract(path: Path, folder: Path, limits: Limits) -> list[str]:
    """Write the members of the archive `path` to `folder`; return sentences on those skipped or renamed.

    Raises UnsafeArchive; what was written until then is left to the caller.
    """
    try:
        if not path.name.lower().endswith(TAR_SUFFIXES):
            if not zipfile.is_zipfile(path):
                raise zipfile.BadZipFile("its end, with the list of its members, is missing")
            with open_zip(path) as archive:
                return _write_all(path, folder, list(map(_zip_member, archive.infolist())), archive, limits)
        with open_tar(path, lambda: too_large(path)) as (tar, listed):
            said = _write_all(path, folder, list(_tar_members(listed, path, limits)), tar, limits)
            check_end(tar)
            return said
    except DAMAGE as error:
        raise UnsafeArchive(
            f"{path.name} cannot be unpacked: {str(error).rstrip('.') or 'it is damaged'}.",
            hint="The file itself is in the cache. Report the fault to its authors.",
        ) from error


def _write_all(
    path: Path,
    folder: Path,
    members: list[_Member],
    archive: zipfile.ZipFile | tarfile.TarFile,
    limits: Limits,
) -> list[str]:
    allowance = limits.bytes_for(path.stat().st_size)
    _check_all(path, members, allowance, limits)
    places = _placed(members)
    for member, place in places:
        target = folder / place
        with disk_faults("The cache"):
            if member.is_folder:
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with _open(archive, member) as source:
                allowance = _copy(path, source, target, allowance)
    return list(_notes(members, places))


def _check_all(path: Path, members: list[_Member], allowance: int, limits: Limits) -> None:
    """Check the archive by its own statements, before a byte is written. Raises UnsafeArchive."""
    if len(members) > limits.members:
        raise _too_many(path, limits)
    for member in members:
        _check_name(path.name, member.name)
    kept = [member for member in members if member.obstacle is None]
    skipped = next((member for member in members if member.obstacle is not None), None)
    if skipped is not None and all(member.is_folder for member in kept):
        raise UnsafeArchive(
            f"Refused to unpack {path.name}: {skipped.name!r} is {skipped.obstacle}.",
            hint="No other file is in the archive.",
        )
    if sum(member.size for member in kept) > allowance:
        raise too_large(path)


def _copy(path: Path, source: IO[bytes], target: Path, allowance: int) -> int:
    """Copy a member; return the remaining allowance. Counts real bytes, as stated sizes may be false."""
    with target.open("xb") as out:
        for block in _blocks(path, source):
            allowance -= len(block)
            if allowance < 0:
                raise too_large(path)
            out.write(block)
    return allowance


def _blocks(path: Path, source: IO[bytes]) -> Iterator[bytes]:
    """Yield the bytes of a member. Its disk errors are those of the archive, not of what is written."""
    with unreadable(path.name):
        while block := undamaged(source.read, _BLOCK):
            yield block


def _too_many(path: Path, limits: Limits) -> UnsafeArchive:
    return UnsafeArchive(f"Refused to unpack {path.name}: it has more than {limits.members} members.")


def _tar_members(
    members: Iterable[tuple[tarfile.TarInfo, int]], path: Path, limits: Limits
) -> Iterator[_Member]:
    total, allowance = 0, limits.bytes_for(path.stat().st_size)
    for count, (item, size) in enumerate(members):
        total += size
        if count >= limits.members:
            raise _too_many(path, limits)
        if total > allowance:
            raise too_large(path)
        # "." itself, as `tar -C folder .` writes it, is the existing folder.
        if item.name.strip("./"):
            yield _tar_member(item)


def _open(archive: zipfile.ZipFile | tarfile.TarFile, member: _Member) -> IO[bytes]:
    if isinstance(archive, zipfile.ZipFile) and isinstance(member.source, zipfile.ZipInfo):
        return archive.open(member.source)
    if isinstance(archive, tarfile.TarFile) and isinstance(member.source, tarfile.TarInfo):
        stream = archive.extractfile(member.source)
        if stream is not None:
            return stream
    raise UnsafeArchive(f"{member.name!r} is not a regular file.")
