# SPDX-License-Identifier: MIT
"""Repository at GitHub that a folder is a clone of, its tags, and the order of a release.

The bridge between GitHub and Zenodo (zenodo-rdm, ``github/release.py``) reads files at the tag: .zenodo.json
in the flat shape of the older deposit API, and CITATION.cff only where there is no .zenodo.json. Git is not
run: its files are read.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from fairreg.errors import IdentifierError
from fairreg.formats.related import page_of_clone
from fairreg.publish.base import version_tags
from fairreg.schemas.identifiers import Identifier, parse
from fairreg.schemas.record import ModelRecord
from fairreg.sources import GITHUB

__all__ = ["GitHubClone", "clone_of", "is_repository", "release_steps"]

_LARGEST = 1 << 20
_ORIGIN = re.compile(r'^\[remote "origin"\][ \t]*$(?P<lines>(?:\n(?!\[).*)*)', re.MULTILINE)
_URL = re.compile(r"^[ \t]*url[ \t]*=[ \t]*(\S+)[ \t]*$", re.MULTILINE)
_LOGIN = re.compile(r"(?<=://)[^@/]*@")


class GitHubClone(NamedTuple):
    """A clone: its repository, owner/name, and the tag of this version if it is there already."""

    repository: Identifier
    tag: str | None

    @property
    def page(self) -> str:
        """Page of the repository."""
        return self.repository.url or ""

    @property
    def tree(self) -> str | None:
        """Page of the source code at the tag, None without one."""
        return f"{self.page}/tree/{quote(self.tag)}" if self.tag else None


def clone_of(folder: Path, record: ModelRecord) -> GitHubClone | None:
    """Return the repository whose remote `origin` is at GitHub, None for another folder."""
    section = _ORIGIN.search(_text(folder / ".git" / "config"))
    found = _URL.search(section["lines"]) if section is not None else None
    repository = _repository(found[1]) if found is not None else None
    if repository is None:
        return None
    names = [name for name in version_tags(record.version) if _has_tag(folder / ".git", name)]
    return GitHubClone(repository, names[0] if names else None)


def is_repository(folder: Path) -> bool:
    """Tell whether a folder is in a clone of git, without running git."""
    place = folder.resolve()
    return any((above / ".git").exists() for above in (place, *place.parents))


def _repository(remote: str) -> Identifier | None:
    """Return the repository behind the address of a remote, None for one at another place."""
    try:
        found = parse(page_of_clone(remote) or _LOGIN.sub("", remote))
    except IdentifierError:
        return None
    return found if found.scheme == GITHUB.name and "@" not in found.value else None


def release_steps(folder: Path, record: ModelRecord, *, doi: str | None, published: bool) -> tuple[str, ...]:
    """Return the steps of a release at GitHub in their order, a sentence each; none for another folder."""
    clone = clone_of(folder, record)
    if clone is None:
        return ()
    tag = clone.tag or next(iter(version_tags(record.version)), "TAG")
    what, message = (f"the files that carry {doi}", "Identifier") if doi else ("all changes", "Release")
    left = [f'Commit {what}, unless that is done, such as with: git commit -am "{message}".']
    if clone.tag and doi:
        left.append(f"The tag {tag} has to be on that commit or after it, because a release has its files.")
    else:
        left.append(f"Tag that commit, and push both: git tag {tag} && git push origin HEAD {tag}")
    if not published:
        left.append("Publish: the same command without --reserve-only.")
    left.append(f"Make the release: {clone.page}/releases/new?tag={quote(tag)}")
    left.extend(_bridge(folder, doi))
    return tuple(f"Release at GitHub, {number}.: {step}" for number, step in enumerate(left, start=1))


def _bridge(folder: Path, doi: str | None) -> Iterator[str]:
    text = _text(folder / ".zenodo.json")
    if text:
        read = ".zenodo.json and ignores CITATION.cff"
    elif (folder / "CITATION.cff").is_file():
        read = "CITATION.cff"
    else:
        read = "no file of this folder, so it takes every contributor for a creator"
    made = "a second record" if doi else "a record"
    yield (
        "Leave the switch of this repository at https://zenodo.org/account/settings/github/ off: the bridge "
        f"makes {made} after the release, whose DOI the tagged files cannot hold. It reads {read}."
    )
    if not doi:
        yield "For a DOI in the tagged files, reserve one before the tag: --to zenodo --reserve-only."
    if text and not _is_flat(text):
        yield "Correct .zenodo.json: the bridge reads fields at its top, and understands no other shape."


def _is_flat(text: str) -> bool:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and not any(
        isinstance(found.get(key), dict) for key in ("metadata", "files")
    )


def _has_tag(git: Path, name: str) -> bool:
    packed = _text(git / "packed-refs")
    return (git / "refs" / "tags" / name).is_file() or f" refs/tags/{name}\n" in packed


def _text(path: Path) -> str:
    """Return the beginning of a text file, "" where there is none."""
    if not path.is_file() or path.is_symlink():
        return ""
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST).decode("utf-8", "replace").replace("\r\n", "\n")
    except OSError:  # of a folder of somebody else; the steps are advice only
        return ""
