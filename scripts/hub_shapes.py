# SPDX-License-Identifier: MIT
"""A repository of the Hub's stand-in, and the documents that the Hub gives of it."""

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any

import yaml

_TIME = "2026-11-30T12:00:00.000Z"


@dataclass
class Repository:
    """A repository: `commits` maps a commit to its files, with the newest last; `large` are names in LFS.

    `messages` are author and message of each commit.
    """

    name: str
    private: bool
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    large: set[str] = field(default_factory=set)
    tags: dict[str, str] = field(default_factory=dict)
    doi: str | None = None
    made: int = 0
    root: str | None = None
    messages: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def head(self) -> str:
        """Commit of the branch main."""
        return list(self.commits)[-1]

    @property
    def files(self) -> dict[str, bytes]:
        """Files of the branch main."""
        return self.commits[self.head]

    def at(self, revision: str) -> str | None:
        """Return the commit of a branch, a tag, or a commit."""
        known = {"main": self.head, **self.tags, **{commit: commit for commit in self.commits}}
        return known.get(revision)

    def commit(self, files: dict[str, bytes], *, author: str = "colleague", message: str = "Edit") -> str:
        """Make a commit of these files."""
        text = f"{self.name} {self.made} {sorted(files)}"
        self.made += 1
        made = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
        self.commits[made] = dict(files)
        self.messages[made] = (author, message)
        return made

    def history(self, commit: str) -> list[str]:
        """Return a commit and those before it, the newest first; after `squash` only those since."""
        known = list(self.commits)
        before = known[: known.index(commit) + 1]
        return before[before.index(self.root) if self.root in before else 0 :][::-1]

    def squash(self, *, author: str = "colleague", message: str = "Squash") -> None:
        """Fold the commits of the branch main into one; a commit stays where a tag leads to it."""
        files, tagged = self.files, {old for tag in self.tags.values() for old in self.history(tag)}
        self.commits = {commit: kept for commit, kept in self.commits.items() if commit in tagged}
        self.root = self.commit(files, author=author, message=message)


def blob(repository: Repository, name: str, content: bytes) -> str:
    """Return the id of the Git object: of the content, or of the pointer to it in LFS."""
    if name in repository.large:
        digest = hashlib.sha256(content).hexdigest()
        content = (
            f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(content)}\n".encode()
        )
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def info(repository: Repository, commit: str) -> dict[str, Any]:
    """Return a repository as /api/models gives it, with the data of its files."""
    files = repository.commits[commit]
    siblings = []
    for name, content in files.items():
        shown = {"rfilename": name, "size": len(content), "blobId": blob(repository, name, content)}
        if name in repository.large:
            digest = hashlib.sha256(content).hexdigest()
            shown["lfs"] = {"sha256": digest, "size": len(content), "pointerSize": 130}
        siblings.append(shown)
    front = re.match(r"---\n(.*?)\n---", files.get("README.md", b"").decode(), re.DOTALL)
    card = yaml.safe_load(front[1]) if front else {}
    tags = [f"license:{card['license']}"] if card.get("license") else []
    return {
        "_id": "0" * 24,
        "id": repository.name,
        "modelId": repository.name,
        "author": repository.name.partition("/")[0],
        "sha": commit,
        "private": repository.private,
        "gated": False,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "createdAt": _TIME,
        "lastModified": _TIME,
        "tags": [*tags, *([f"doi:{repository.doi}"] if repository.doi else [])],
        "cardData": card,
        "siblings": siblings,
    }


def references(repository: Repository) -> dict[str, Any]:
    """Return the branch and the tags as /refs gives them."""

    def named(kind: str, name: str, commit: str) -> dict[str, str]:
        return {"name": name, "ref": f"refs/{kind}/{name}", "targetCommit": commit}

    tags = [named("tags", name, commit) for name, commit in repository.tags.items()]
    return {"branches": [named("heads", "main", repository.head)], "tags": tags}


def log_entry(repository: Repository, commit: str) -> dict[str, Any]:
    """Return a commit as /commits gives it."""
    author, (title, _, rest) = repository.messages[commit][0], repository.messages[commit][1].partition("\n")
    return {"id": commit, "authors": [{"user": author}], "date": _TIME, "title": title, "message": rest}
