# SPDX-License-Identifier: MIT
"""Earlier states of a private repository: whoever sees a public one can fetch each of them.

So a file that was removed or replaced before the publication must not be in a commit that a branch, a tag or
a pull request leads to.
"""

from collections.abc import Iterable

from fairreg.errors import FairregError, NotFound
from fairreg.publish.base import PublishingJob
from fairreg.publish.huggingface.repository import HubCommit, HubRepository, RepositoryContent
from fairreg.schemas.text import one_line

__all__ = ["MADE_BY_THE_HUB", "OthersCommits", "without_earlier_states"]

MADE_BY_THE_HUB = frozenset({".gitattributes"})
_THE_HUB = "system"  # author of the first commit (huggingface_hub, list_repo_commits)
_MOST_COMMITS = 200  # each is one request
_MOST_NAMES = 3


def without_earlier_states(
    job: PublishingJob,
    place: HubRepository,
    there: RepositoryContent,
    *,
    made_here: bool,
    tag: str | None,
    mark: str,
    of_others: bool,
) -> RepositoryContent:
    """Return a private repository without files that are in earlier commits only.

    In a repository that was made by this folder's commands its commits are folded into one, with `mark` in
    its message, and `tag`, which an earlier command may have set, is removed. Raises FairregError in any
    other, and OthersCommits where a commit is of another author, unless those `of_others` are folded, too.
    """
    states = _States(place, there)
    old_tag = False
    for name, commit in place.other_references().items():
        hidden = states.hidden(place.history(commit))
        if hidden and made_here and name == f"tag {tag}":
            old_tag = True
        elif hidden:
            raise _refusal(place, f"The {name}", hidden)
    commits = place.history(there.head)
    hidden = states.hidden(commits)
    if hidden and not made_here:
        raise _refusal(place, "An earlier commit", hidden)
    if hidden and not of_others:
        _require_own_commits(place, commits, hidden)
    if old_tag and tag is not None:
        place.remove_tag(tag)
    if not hidden:
        return there
    place.squash(mark)
    job.log(f"The commits of {place.name} were folded into one: {_words(hidden)} of before stays unseen.")
    after = place.content()
    if after is None or after.files.keys() != there.files.keys():
        raise FairregError(f"{place.name} has other files than before.", hint="Repeat the command.")
    left = _States(place, after).hidden(place.history(after.head))
    if left:
        raise _refusal(place, "An earlier commit", left)
    return after


def _require_own_commits(place: HubRepository, commits: list[HubCommit], hidden: list[str]) -> None:
    own = {place.account(), _THE_HUB}
    other = next((name for item in commits for name in item.authors if name not in own), None)
    if other is not None:
        raise OthersCommits(
            f"An earlier commit of {place.name} holds {_words(hidden)}, which everybody would see in a "
            f"public repository, and some commits are of {one_line(other)}: nobody else folds them unasked.",
            hint="Fold them with --take-over, which keeps only what is published now.",
        )


class OthersCommits(FairregError):
    """Commits of another author are among those that would be folded."""


class _States:
    """The states of a repository, each read once, against what is published: `there`."""

    def __init__(self, place: HubRepository, there: RepositoryContent) -> None:
        self._place, self._there = place, there
        self._seen: dict[str, set[str]] = {there.head: set()}

    def hidden(self, commits: list[HubCommit]) -> list[str]:
        """Return the files of commits that what is published has not, or has otherwise."""
        if len(commits) > _MOST_COMMITS:
            return [f"what {len(commits)} commits hold"]
        return sorted(set().union(*(self._of_commit(item.commit) for item in commits)))

    def _of_commit(self, commit: str) -> set[str]:
        if commit not in self._seen:
            then = self._place.content(commit)
            if then is None:
                raise NotFound(f"{self._place.name} has no commit {commit[:9]} any more.", hint="Try again.")
            self._seen[commit] = {name for name in then.files if not self._is_published(then, name)}
        return self._seen[commit]

    def _is_published(self, then: RepositoryContent, name: str) -> bool:
        stored, now = then.files[name], self._there.files.get(name)
        known = stored.sha256 or stored.blob
        return name in MADE_BY_THE_HUB or (
            now is not None and known is not None and known == (now.sha256 or now.blob)
        )


def _refusal(place: HubRepository, where: str, hidden: list[str]) -> FairregError:
    return FairregError(
        f"{where} of {place.name} holds {_words(hidden)}, which everybody would see in a public repository.",
        hint=f"Remove it there, or make the repository public yourself ({place.settings_page}).",
    )


def _words(names: Iterable[str]) -> str:
    shown = [one_line(name) for name in names]
    more = f" and {len(shown) - _MOST_NAMES} more" if len(shown) > _MOST_NAMES else ""
    return ", ".join(shown[:_MOST_NAMES]) + more
