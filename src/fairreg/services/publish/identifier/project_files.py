# SPDX-License-Identifier: MIT
"""Metadata files of a project of `fairreg new`, which `fairreg new --refresh` writes from its facts.

One that is as the facts give it stays so with the identifier, so that a later refresh changes nothing. What
is otherwise, by hand or since the last training, is edited in its own places as any other file.
"""

from collections.abc import Mapping, Set
from functools import cached_property
from pathlib import Path
from shlex import quote

from fairreg.errors import FairregError
from fairreg.schemas.identifiers import Identifier
from fairreg.services.new.facts import FACTS_FILE, ProjectFacts, facts_of, read_facts
from fairreg.services.publish.identifier.text_files import TEXT_EDITORS
from fairreg.storage.files import unreadable

__all__ = ["LARGEST_TEXT", "ProjectFiles", "text_of"]

LARGEST_TEXT = 4 << 20


class ProjectFiles:
    """The files of the project in `folder`, before and after the identifier is written into its facts."""

    def __init__(self, folder: Path, identifier: Identifier, earlier: Set[str]) -> None:
        self._folder, self._identifier, self._earlier = folder, identifier, earlier

    @staticmethod
    def are_in(folder: Path) -> bool:
        """Tell whether a folder is a project."""
        path = folder / FACTS_FILE
        return path.is_file() and not path.is_symlink()

    def text_of(self, name: str) -> str | None:
        """Return the text of a file with the identifier; None for one that is edited as any other."""
        text = self._after.get(name)
        if text is None or self._identifier.value not in text:
            return None
        # The latter where an earlier command was killed before it came to the facts.
        return text if text_of(self._folder / name, LARGEST_TEXT) in {self._before.get(name), text} else None

    def cited(self, text: str) -> str:
        """Return a README with the identifier in its marked part on the citation, where it has that."""
        from fairreg.services.new.metadata import with_citation

        try:
            return with_citation(self._folder, self._facts, text) if self._facts is not None else text
        except FairregError:
            return text

    def notes(self) -> tuple[str, ...]:
        """Return a sentence on the files that are otherwise than the facts and the model give them."""
        try:
            wanted = self._texts(read_facts(self._folder))
        except FairregError as error:
            return (f"The metadata files do not follow {FACTS_FILE}: {error.message}",)
        there = {name: path for name in wanted if (path := self._folder / name).is_file()}
        others = [name for name, path in there.items() if text_of(path, LARGEST_TEXT) != wanted[name]]
        if not others:
            return ()
        told = f"By {FACTS_FILE} and the model, {', '.join(others)} would have another content"
        return (f"{told}, which fairreg new {quote(str(self._folder))} --refresh writes.",)

    @cached_property
    def _facts(self) -> ProjectFacts | None:
        """The facts with the identifier; None where it cannot stand in them."""
        text = text_of(self._folder / FACTS_FILE, LARGEST_TEXT)
        try:
            edited = TEXT_EDITORS[FACTS_FILE](text or "", self._identifier, self._earlier)
            return facts_of(edited.encode(), FACTS_FILE)
        except (ValueError, RecursionError, FairregError):
            return None

    @cached_property
    def _before(self) -> Mapping[str, str]:
        return self._texts(read_facts(self._folder))

    @cached_property
    def _after(self) -> Mapping[str, str]:
        try:
            return self._texts(self._facts) if self._facts is not None and self._before else {}
        except FairregError:
            return {}

    def _texts(self, facts: ProjectFacts) -> Mapping[str, str]:
        from fairreg.services.new.metadata import metadata_texts  # most folders are no such project

        return metadata_texts(self._folder, facts)


def text_of(path: Path, largest: int) -> str | None:
    """Return the text of a file with its line ends, None for a large one and for other bytes."""
    with unreadable(path.name):
        if path.stat().st_size > largest:
            return None
        try:
            return path.read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            return None
