# SPDX-License-Identifier: MIT
"""The last commit of a folder's commands, and the changes of others since, which none of them overwrites."""

from collections.abc import Collection
from uuid import uuid4

from fairreg.errors import FairregError
from fairreg.publish.base import Deposit, PublishingJob
from fairreg.publish.huggingface.repository import HubRepository, RepositoryContent
from fairreg.schemas.text import one_line

__all__ = ["HEAD", "begun", "is_told", "require_no_conflict", "told"]

HEAD = "head"  # the commit that the last command made, or the one that it began with
_MARK = "commit"  # mark in the message of a commit whose answer may be lost
_TOLD = "told"  # head with changes of others that a command named
_MOST_NAMES = 3


def begun(deposit: Deposit) -> tuple[Deposit, str]:
    """Return the deposit with the mark of a commit that is about to be made, and the mark."""
    mark = f"fairreg {uuid4().hex[:16]}"
    return deposit.with_details(**{_MARK: mark}), mark


def told(deposit: Deposit, there: RepositoryContent) -> Deposit:
    """Return the deposit with the note that the user was told of what others committed up to a head."""
    return deposit.with_details(**{_TOLD: there.head})


def is_told(deposit: Deposit, there: RepositoryContent) -> bool:
    """Tell whether an earlier command told the user."""
    return deposit.details.get(_TOLD) == there.head


def require_no_conflict(
    job: PublishingJob,
    deposit: Deposit,
    place: HubRepository,
    there: RepositoryContent,
    names: Collection[str],
) -> None:
    """Raise FairregError where others changed the repository since the last commit of this folder.

    Changes beside the files `names`, which are about to be replaced or removed, are named once. In those
    they stop each command until the folder has them, or until the user overwrites what was named.
    """
    ours = _last_own(deposit, place, there)
    if ours == there.head:
        return
    before = place.content(ours) if ours else None
    touched = sorted(
        name for name in names if before is None or before.files.get(name) != there.files.get(name)
    )
    if is_told(deposit, there) and (not touched or job.take_over):
        return
    job.save(told(deposit, there))
    what = f": {_words(touched)}" if touched else ""
    way = "Take the change over into the folder"
    raise FairregError(
        f"{place.name} was changed at Hugging Face since the last command (commit {there.head[:9]}){what}.",
        hint=f"{way}, or overwrite it with --take-over."
        if touched
        else f"{way}; the same command then goes on from there.",
    )


def _last_own(deposit: Deposit, place: HubRepository, there: RepositoryContent) -> str | None:
    """Return the last commit of this folder, also one whose answer was lost."""
    head, mark = deposit.details.get(HEAD), deposit.details.get(_MARK)
    if head == there.head or not mark:
        return head
    found = (item.commit for item in place.history(there.head) if mark in item.message)
    return next(found, head)


def _words(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(map(one_line, names[:_MOST_NAMES])) + more
