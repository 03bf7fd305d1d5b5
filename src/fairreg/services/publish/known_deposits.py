# SPDX-License-Identifier: MIT
"""Choice of the deposit that a command goes on with, from the notes of its folder.

The notes come with the folder, perhaps from somebody else: what was not made or asked for by this folder on
this machine is neither gone on with nor believed unless the user says that it is his.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from fairreg.errors import UsageError
from fairreg.publish.base import MADE_HERE, VERSION_OF, Deposit, PublishingJob
from fairreg.schemas.identifiers import Identifier, parse
from fairreg.services.publish.own_drafts import OwnDrafts
from fairreg.services.publish.state import FILE_NAME as STATE_FILE
from fairreg.services.publish.state import PublishingState
from fairreg.settings import Service

__all__ = ["KnownDeposits", "name_of"]


@dataclass(frozen=True)
class KnownDeposits:
    """The deposits in the notes of a folder; `to` is the name of the publisher at `service`.

    `files` reads the SHA-256 of the files of the folder by name, and is called only where they count.
    """

    state: PublishingState
    own: OwnDrafts
    to: str
    service: Service
    folder: Path
    files: Callable[[], Mapping[str, str]]
    take_over: bool = False

    def is_own(self, deposit: Deposit) -> bool:
        """Tell whether a deposit was made from this folder on this machine, or is taken over."""
        return self.take_over or self.own.has(deposit)

    def hint_for_copy(self, deposit: Deposit) -> str:
        """Return what to do where a copy of a folder holds another model; nothing for the folder itself."""
        if self.is_own(deposit):
            return ""
        notes = self.folder / STATE_FILE
        return f" Where this copy holds another model, remove {notes} and the DOI in its files."

    def all_own(self) -> tuple[Deposit, ...]:
        """Return the deposits that are the folder's."""
        return tuple(filter(self.is_own, self.state.deposits))

    def published(self) -> Deposit | None:
        """Return the last publication of the folder at the service, if it is the folder's."""
        found = self.state.published(self.to, self.service.url)
        return found if found is not None and self.is_own(found) else None

    def choose(self, wanted: Identifier | None) -> tuple[Deposit | None, Identifier | None]:
        """Return the deposit to go on with, and the version to follow; `wanted` is the user's.

        Raises UsageError for a draft that is not the folder's, and for a version without any change.
        """
        draft = self.state.draft(self.to, self.service.url)
        published = self.state.published(self.to, self.service.url)
        begun = (draft.details.get(VERSION_OF) if draft is not None else None) or None
        if draft is None or not (draft.id or begun):
            # A request for a first draft without an answer: what was published before goes first.
            if published is not None and (wanted is None or self._is_made(published, wanted)):
                return published, None
        elif draft.id and wanted is not None and begun != wanted.compact:
            raise UsageError(
                f"The folder has a draft at {self.service.title}, not of a new version of {wanted.compact}.",
                hint=f"Publish or discard it at {draft.page or self.service.url}, then repeat the command.",
            )
        return self._checked(draft), wanted or (parse(begun) if begun else None)

    def _is_made(self, published: Deposit, wanted: Identifier) -> bool:
        """Tell whether the version that is asked for was published by an earlier command.

        Raises UsageError for one with the files of the published version itself.
        """
        if self.files() != dict(published.files):
            return False
        if wanted.compact in {published.details.get(VERSION_OF), published.concept}:
            return True
        raise UsageError(
            f"The files are those that were published as {name_of(published)}, so there is no new version.",
            hint="Change the files first, such as the version in CITATION.cff, and repeat the command.",
        )

    def taken_over(self, job: PublishingJob) -> PublishingJob:
        """Return a job that replaces what others changed only in a draft that was this folder's before.

        The command that makes a draft the folder's has named nothing of that yet.
        """
        known = job.known
        if not job.take_over or known is None or not known.id or self.own.has(known):
            return job
        job.log(
            f"The draft {known.id} is this folder's from now on. What others changed in it stays, unless "
            "--take-over is given once more."
        )
        return replace(job, take_over=False)

    def _checked(self, draft: Deposit | None) -> Deposit | None:
        """Return a draft of this folder. Raises UsageError for another one that is not taken over."""
        if draft is None or self.own.has(draft):
            return draft
        if self.take_over:
            # That its place held nothing before is known only of what was made here.
            details = {name: text for name, text in draft.details.items() if name != MADE_HERE}
            return replace(draft, details=details)
        named = f"the draft {draft.id}" if draft.id else "a request for a draft"
        raise UsageError(
            f"The folder's notes name {named} at {self.service.title}, which was not made from "
            "this folder on this machine; its files and metadata would be replaced.",
            hint="If the draft is of this folder, as after a move, repeat the command with --take-over. "
            f"Else remove {self.folder / STATE_FILE} and the DOI in its files, for a draft of its own.",
        )


def name_of(deposit: Deposit) -> str:
    """Return the identifier of a deposit without its scheme, else its id."""
    return parse(deposit.identifier).value if deposit.identifier else deposit.id
