# SPDX-License-Identifier: MIT
"""Write a reserved identifier into the files of a folder that have a place for it.

Texts first, the models last. Where texts state digests of a file, they get those that it will have, and are
written before it: a command that is killed between them does the same again with the same result.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Set
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from fairreg.errors import ModelError
from fairreg.schemas.identifiers import Identifier
from fairreg.services.new.facts import FACTS_FILE
from fairreg.services.new.readme import README
from fairreg.services.publish.identifier.comparison import is_replaceable
from fairreg.services.publish.identifier.digests import Digests, holds_digest, restated
from fairreg.services.publish.identifier.earlier_versions import EarlierVersions
from fairreg.services.publish.identifier.json_files import JSON_EDITORS, LINKED_DATA, linked_data
from fairreg.services.publish.identifier.onnx_file import write_identifier
from fairreg.services.publish.identifier.project_files import LARGEST_TEXT, ProjectFiles, text_of
from fairreg.services.publish.identifier.text_files import TEXT_EDITORS
from fairreg.storage.files import disk_faults, replacing, unreadable
from fairreg.storage.regular_file import refuse_link
from fairreg.storage.replacement import draft_of

__all__ = ["WrittenIdentifiers", "write_into"]

_EDITORS: Mapping[str, Callable[[str, Identifier, Set[str]], str]] = {**TEXT_EDITORS, **JSON_EDITORS}
# The characters of DOIs that Crossref recommends, and of names of repositories.
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._;()/-]{2,200}")
_LARGEST_WITH_DIGESTS = 1 << 20
_MOST_LINES = 5


class WrittenIdentifiers(NamedTuple):
    """Files that carry the identifier now, those that changed, and notes on files that should and do not.

    `without` are those of the latter that readers are pointed to: citation, cards, facts and models.
    """

    carrying: tuple[str, ...]
    changed: tuple[str, ...]
    notes: tuple[str, ...]
    without: tuple[str, ...] = ()


def write_into(
    folder: Path,
    names: tuple[str, ...],
    identifier: Identifier,
    *,
    earlier: Set[str] = frozenset(),
    versions: EarlierVersions = EarlierVersions(),  # noqa: B008 - immutable
) -> WrittenIdentifiers:
    """Write the identifier into those of the files `names` that have a place for it, each in one step.

    It takes the place of the DOIs `earlier`, in lower case, and of no other. What the texts tell of published
    `versions` before this one stays.
    """
    if not _PLAIN.fullmatch(identifier.value):
        note = f"No file carries {identifier.value}: it has characters that mean something in the files."
        return WrittenIdentifiers((), (), (note,))
    for name in names:  # the text of another place would become a file of this one
        refuse_link(folder, name)
    work = _Writing(folder, names, identifier, earlier, versions)
    project = ProjectFiles(folder, identifier, earlier) if ProjectFiles.are_in(folder) else None
    for name in (name for name in names if name != FACTS_FILE or project is None):
        if project is not None and (text := project.text_of(name)) is not None:
            work.take(name, text)
        elif name.lower() in _EDITORS:
            work.edit(name, project)
    if project is not None:
        work.edit(FACTS_FILE)  # also where it is not published: a refresh writes the others from it
    for name in (name for name in names if name.lower().endswith(".onnx")):
        work.edit_model(name)
    carrying = tuple(name for name in work.carrying if name in names)
    notes = (*work.notes, *work.earlier_mentions(), *(project.notes() if project is not None else ()))
    return WrittenIdentifiers(carrying, tuple(dict.fromkeys(work.changed)), notes, tuple(work.without))


class _Writing:
    def __init__(
        self,
        folder: Path,
        names: tuple[str, ...],
        identifier: Identifier,
        earlier: Set[str],
        versions: EarlierVersions,
    ) -> None:
        self._folder, self._names = folder, names
        self._identifier, self._earlier, self._versions = identifier, earlier, versions
        self.carrying: list[str] = []
        self.changed: list[str] = []
        self.notes: list[str] = []
        self.without: list[str] = []

    def take(self, name: str, text: str) -> None:
        """Write one text that carries the identifier."""
        self.carrying.append(name)
        if text_of(self._folder / name, LARGEST_TEXT) != text:
            self._replace(name, text)

    def edit(self, name: str, project: ProjectFiles | None = None) -> None:
        """Edit one text; one that cannot be edited stays as it is, with a note."""
        text = text_of(self._folder / name, LARGEST_TEXT)
        try:
            if text is None:
                raise ValueError("it is not UTF-8 text of a usual size")
            edited = self._edited(name, text)
            if project is not None and name == README:
                edited = project.cited(edited)
        except (ValueError, RecursionError) as error:
            wanted = self._identifier.value
            self.notes.append(f"{name} does not carry {wanted}: {error}. Write it there yourself.")
            if name.lower() in TEXT_EDITORS:
                self.without.append(name)
            return
        self.carrying.append(name)
        if edited != text:
            self._replace(name, edited)

    def _edited(self, name: str, text: str) -> str:
        if name.lower() in LINKED_DATA:
            return linked_data(text, self._identifier, self._earlier, published=self._versions.dois)
        return _EDITORS[name.lower()](text, self._identifier, self._earlier)

    def edit_model(self, name: str) -> None:
        """Edit one model, and before that what other files say of its digests."""
        path = self._folder / name
        with disk_faults(name), draft_of(path) as draft:
            try:
                changed = write_identifier(path, draft, self._identifier, others=self._is_other)
            except ModelError as error:
                self.notes.append(error.message)
                self.without.append(name)
                return
            self.carrying.append(name)
            if changed:
                draft.chmod(path.stat().st_mode)
                self._restate(Digests.of(path), Digests.of(draft), (name,))
                draft.replace(path)
                self.changed.append(name)

    def earlier_mentions(self) -> Iterator[str]:
        """Yield a sentence for each text that still has an earlier DOI: no edit knows what it means there."""
        earlier = sorted(self._earlier - {self._identifier.value.lower()})
        for name in (name for name in self._names if earlier and not name.lower().endswith(".onnx")):
            text = text_of(self._folder / name, _LARGEST_WITH_DIGESTS) or ""
            for doi in earlier:
                whole = re.compile(rf"(?<![\w.]){re.escape(doi)}(?!\w)")
                found = [number for number, line in _lines(text) if whole.search(unquote(line).lower())]
                if found:
                    lines = ", ".join(map(str, found[:_MOST_LINES])) + ", ..." * (len(found) > _MOST_LINES)
                    told = f"{name}, line {lines}, has {doi}, reserved for this folder before"
                    yield f"{told}: correct that unless it means the earlier version."

    def _is_other(self, stated: str) -> bool:
        return not is_replaceable(stated, self._identifier, self._earlier)

    def _restate(self, old: Digests, new: Digests, within: tuple[str, ...]) -> None:
        """Restate the digests of the last file `within`, which change because of those before it."""
        changed = within[-1]
        twin = self._twin(changed, old)
        for name in (name for name in self._names if name != changed and not name.lower().endswith(".onnx")):
            path = self._folder / name
            text = text_of(path, _LARGEST_WITH_DIGESTS)
            if text is None and holds_digest(path, old):
                self.notes.append(f"{name} states the earlier digest of {changed}. Correct it yourself.")
            if text is None or not old.stands_in(text):
                continue
            if name in within or twin is not None:
                lines = ", ".join(str(number) for number, line in _lines(text) if old.stands_in(line))
                other = f"; {twin} was the same" if twin is not None else ""
                stale = f"{name}, line {lines}, states the earlier digest of {changed}{other}"
                self.notes.append(f"{stale}. Correct it yourself.")
                continue
            edited = restated(text, old, new, within=name, of=changed, earlier=self._versions)
            if edited.kept:
                lines = ", ".join(map(str, edited.kept))
                stays = f"{name}, line {lines}, has the earlier digest of {changed}, and stays as it is"
                self.notes.append(f"{stays}: correct that unless it means the earlier file.")
            if edited.text != text:
                self._replace(name, edited.text, within)

    def _twin(self, changed: str, old: Digests) -> str | None:
        """Return another file with the same digests: lines on it cannot be told from those on this one."""
        places = ((name, self._folder / name) for name in self._names if name != changed)
        with unreadable(changed):
            same = [name for name, path in places if path.stat().st_size == old.size]
            return next((name for name in same if Digests.of(self._folder / name) == old), None)

    def _replace(self, name: str, text: str, within: tuple[str, ...] = ()) -> None:
        path, content = self._folder / name, text.encode()
        self._restate(Digests.of(path), Digests.of_bytes(content), (*within, name))
        with disk_faults(name), replacing(path) as draft:
            draft.write_bytes(content)
            draft.chmod(path.stat().st_mode)
        self.changed.append(name)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a text with their numbers."""
    yield from enumerate(text.splitlines(), 1)
