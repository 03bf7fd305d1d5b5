# SPDX-License-Identifier: MIT
"""One model repository of the Hugging Face Hub, through `HfApi` of huggingface_hub.

The client is asked for what it documents: repository, contents of files (Xet or Git LFS, whichever the
installation has), commit on a stated parent, tag, settings. Address and token are passed with each request;
its errors are translated in `faults`.
"""

import logging
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from fairreg.errors import BadAnswer, NotFound, Offline, RateLimited, UsageError
from fairreg.publish.base import LocalFile, PublishingJob
from fairreg.publish.huggingface.faults import translated
from fairreg.publish.huggingface.local_bytes import SMALL, content_of, git_blob, require_same
from fairreg.schemas.text import one_line
from fairreg.settings import Service

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, HfApi

__all__ = ["HubCommit", "HubRepository", "RepositoryContent", "StoredFile"]

_Answer = TypeVar("_Answer")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_CLIENT_LOG = "huggingface_hub.utils._http"


class StoredFile(NamedTuple):
    """A file of the repository: the SHA-256 of one in large file storage, and the id of its Git object."""

    size: int | None
    sha256: str | None
    blob: str | None

    def equals(self, file: LocalFile) -> bool:
        """Tell whether it is the local file, byte for byte."""
        if self.sha256 is not None:
            return self.sha256 == file.sha256
        return self.blob is not None and self.blob == git_blob(file)


class HubCommit(NamedTuple):
    """A commit: its message, and the names of its authors at the Hub."""

    commit: str
    message: str
    authors: tuple[str, ...]


@dataclass(frozen=True)
class RepositoryContent:
    """The repository at one commit, `head`; `doi` is the one that its owner had the Hub make."""

    name: str
    head: str
    private: bool
    doi: str | None
    files: Mapping[str, StoredFile]


class HubRepository:
    """The repository `name`, owner/name. Raises AccessDenied, RateLimited, Unreachable and their like."""

    def __init__(self, job: PublishingJob, service: Service, name: str) -> None:
        self._job, self._service, self.name = job, service, name

    @property
    def page(self) -> str:
        """Its page for people."""
        return f"{self._service.url}/{self.name}"

    @property
    def settings_page(self) -> str:
        """Page of its settings, where its owner has the Hub make a DOI."""
        return f"{self.page}/settings"

    def account(self) -> str:
        """Return the name of the user whose token it is."""
        found = self._call("the account", lambda api: api.whoami())
        name = found.get("name") if isinstance(found, dict) else None
        if not isinstance(name, str) or not name:
            raise BadAnswer(f"{self._service.title} did not say whose token it is.", hint="Try again later.")
        return name

    def content(self, revision: str | None = None) -> RepositoryContent | None:
        """Return what is there, None where there is no such repository or revision."""
        try:
            info = self._call(
                self.name,
                lambda api: api.model_info(self.name, revision=revision, files_metadata=True),
            )
        except NotFound:
            return None
        name, head = info.id, info.sha
        if not isinstance(name, str) or not isinstance(head, str) or not _COMMIT.fullmatch(head):
            raise BadAnswer(f"{self._service.title} answered without a repository.", hint="Try again later.")
        if name.casefold() != self.name.casefold():
            raise UsageError(
                f"{self.name} is called {one_line(name)} at {self._service.title} now.",
                hint=f"Give --repository {one_line(name)}.",
            )
        tags = [tag for tag in info.tags if isinstance(tag, str)] if isinstance(info.tags, list) else []
        dois = [tag.removeprefix("doi:") for tag in tags if tag.startswith("doi:10.")]
        files = {str(item.rfilename): _stored(item) for item in info.siblings or ()}
        # Without a statement it counts as public: then nothing is committed before the confirmation.
        return RepositoryContent(name, head, info.private is True, dois[0] if dois else None, files)

    def create(self) -> bool:
        """Make the repository, which only its owner sees; return False for one that is there already."""

        def is_made(api: "HfApi") -> bool:
            from huggingface_hub.errors import HfHubHTTPError

            try:
                api.create_repo(self.name, private=True, exist_ok=False)
            except HfHubHTTPError as error:
                if error.response.status_code != HTTPStatus.CONFLICT:
                    raise
                return False
            return True

        return self._call(self.name, is_made)

    def send(self, files: list[LocalFile]) -> list["CommitOperationAdd"]:
        """Send the contents of files, which nobody sees before a commit names them; return its operations.

        What the Hub has already, as of an earlier command, is not sent again. Raises FairregError for a file
        that is not any more what was looked at: a commit of a public repository is public at once.
        """
        from huggingface_hub import CommitOperationAdd

        made = [CommitOperationAdd(file.name, content_of(file)) for file in files]
        for batch in _batches(list(zip(files, made, strict=True)), self._job.jobs):
            for file, _ in batch:
                self._job.progress(file.name, 0, file.size)
            self._call(batch[0][0].name, self._preupload([item for _, item in batch]))
            for file, addition in batch:
                # Computed of the bytes that were sent, or of the file where the Hub has it.
                require_same(file, addition.upload_info.sha256.hex())
                self._job.progress(file.name, file.size, file.size)
        return made

    def commit(
        self, additions: list["CommitOperationAdd"], gone: list[str], *, parent: str, mark: str
    ) -> None:
        """Commit on `parent`, with `mark` in the message. FairregError where there is another head by now."""
        from huggingface_hub import CommitOperationDelete

        operations: list[Any] = [*additions, *(CommitOperationDelete(name) for name in gone)]
        message = self._message()
        self._call(
            self.name,
            lambda api: api.create_commit(
                self.name, operations, commit_message=message, commit_description=mark, parent_commit=parent
            ),
        )

    def _message(self) -> str:
        return f"Publish {one_line(self._job.record.name)[:60]} {self._job.record.version or ''}".strip()

    def tag(self, tag: str, head: str) -> bool:
        """Tag a commit; return False where the tag is at another one."""
        there = self.content(tag)
        if there is None:
            self._call(f"the tag {tag}", lambda api: api.create_tag(self.name, tag=tag, revision=head))
        return there is None or there.head == head

    def history(self, commit: str) -> list["HubCommit"]:
        """Return a commit and those before it, the newest first."""

        def listed(api: "HfApi") -> list[HubCommit]:
            return [
                HubCommit(item.commit_id, f"{item.title}\n{item.message}", tuple(item.authors))
                for item in api.list_repo_commits(self.name, revision=commit)
            ]

        found = self._call(f"the history of {self.name}", listed)
        return [item._replace(commit=self._commit_id(item.commit)) for item in found]

    def other_references(self) -> dict[str, str]:
        """Return what else than the branch main leads to commits: "tag v1.0", with the commit of each."""

        def named(api: "HfApi") -> dict[str, str]:
            refs = api.list_repo_refs(self.name, include_pull_requests=True)
            kinds = (
                ("branch", [item for item in refs.branches if item.name != "main"]),
                *(("branch", refs.converts), ("tag", refs.tags), ("pull request", refs.pull_requests or [])),
            )
            return {f"{kind} {item.name}": item.target_commit for kind, items in kinds for item in items}

        found = self._call(f"the tags of {self.name}", named)
        return {name: self._commit_id(commit) for name, commit in found.items()}

    def squash(self, mark: str) -> None:
        """Fold the commits of the branch main into one with `mark` in its message; the others are gone."""
        message = f"{self._message()} ({mark})"
        self._call(
            f"the history of {self.name}",
            lambda api: api.super_squash_history(self.name, commit_message=message),
        )

    def remove_tag(self, tag: str) -> None:
        """Remove a tag."""
        self._call(f"the tag {tag}", lambda api: api.delete_tag(self.name, tag=tag))

    def _commit_id(self, stated: Any) -> str:
        if not isinstance(stated, str) or not _COMMIT.fullmatch(stated):
            raise BadAnswer(f"{self._service.title} named a commit without its id.", hint="Try again later.")
        return stated

    def make_public(self) -> None:
        """Let everybody see the repository."""
        self._call(
            f"the settings of {self.name}", lambda api: api.update_repo_settings(self.name, private=False)
        )

    def _preupload(self, additions: list["CommitOperationAdd"]) -> Callable[["HfApi"], None]:
        def run(api: "HfApi") -> None:
            # Which files are published was chosen before: .gitignore, which is one of them, is not asked.
            api.preupload_lfs_files(
                self.name, additions, num_threads=self._job.jobs, free_memory=False, gitignore_content=""
            )

        return run

    def _call(self, what: str, function: Callable[["HfApi"], _Answer]) -> _Answer:
        """Call the client; wait and repeat where the Hub asks for it and did nothing (429)."""
        web, policy = self._job.web, self._job.web.policy
        for attempt in range(policy.retries + 1):
            web.pace(self._service.url)
            try:
                return self._once(what, function)
            except RateLimited as error:
                wait = error.retry_after
                if attempt == policy.retries or wait is None or wait > policy.longest_wait:
                    raise
                web.rest(self._service.url, attempt, wait, policy)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _once(self, what: str, function: Callable[["HfApi"], _Answer]) -> _Answer:
        if self._job.web.settings.offline:
            raise Offline(
                "Offline mode is on, so no request was sent to the Hub.",
                hint=self._job.web.settings.online_hint,
            )
        from huggingface_hub import HfApi

        api = HfApi(endpoint=self._service.url, token=self._service.token or False, library_name="fairreg")
        with translated(self._service, what), _quiet(self._job.log):
            return function(api)


def _batches(items: list[tuple[LocalFile, Any]], at_a_time: int) -> Iterator[list[tuple[LocalFile, Any]]]:
    """Yield the small files together, then the large ones, a few at a time."""
    small = [item for item in items if item[0].size <= SMALL]
    large = [item for item in items if item[0].size > SMALL]
    if small:
        yield small
    for start in range(0, len(large), at_a_time):
        yield large[start : start + at_a_time]


def _stored(item: Any) -> StoredFile:
    lfs = item.lfs.sha256 if item.lfs is not None else None
    return StoredFile(item.size, lfs, item.blob_id)


@contextmanager
def _quiet(log: Callable[[str], None]) -> Iterator[None]:
    """Context manager: the client's bars and warnings do not reach the terminal, its waits reach `log`."""
    from huggingface_hub import utils

    def told(record: logging.LogRecord) -> bool:
        text = record.getMessage()  # others name addresses that allow an upload
        if text.startswith("Rate limited."):
            log(f"Hugging Face: {one_line(text)}")
        return False

    shown = not utils.are_progress_bars_disabled()  # type: ignore[attr-defined] # lazy export
    logger = logging.getLogger(_CLIENT_LOG)
    level = logger.level  # which a search of the Hub raises, so that waits are not told
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        utils.disable_progress_bars()  # type: ignore[attr-defined]
        logger.addFilter(told)
        logger.setLevel(logging.WARNING)
        try:
            yield
        finally:
            logger.setLevel(level)
            logger.removeFilter(told)
            if shown:
                utils.enable_progress_bars()  # type: ignore[attr-defined]
    for item in warned:
        if issubclass(item.category, UserWarning):
            log(f"Hugging Face: {one_line(str(item.message))}")
