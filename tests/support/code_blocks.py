# SPDX-License-Identifier: MIT
"""Code blocks of Markdown pages, and why some of them are not executed.

A comment on the line before a block says so, or one below a heading, with an empty line after it, for all
blocks up to the next heading:

- ``<!-- no-run: REASON -->``: nothing executes it;
- ``<!-- run-by: PATH -->``: the test or script at this path does what it shows.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

__all__ = ["DOCS", "EXECUTED", "ROOT", "Block", "blocks", "name_of", "pages"]

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
EXECUTED = ("bash", "console", "python", "sh")
_MARK = re.compile(r" *<!-- (no-run|run-by): (.+) -->")
_FENCE = re.compile(r"( *)(`{3,})(.*)")
_NONE = ("", "")


class Block(NamedTuple):
    """A fenced block: its page, line, language and text, and its mark with the reason, if it has one."""

    page: Path
    line: int
    language: str
    text: str
    mark: str = ""
    reason: str = ""

    @property
    def executed(self) -> bool:
        """Whether it is code, and nothing says that it is not executed here."""
        return self.language in EXECUTED and not self.mark


def pages() -> list[Path]:
    """README.md, CONTRIBUTING.md and every page of the documentation."""
    found = sorted(DOCS.rglob("*.md"))
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(page for page in found if not _is_example(page))]


def name_of(page: Path) -> str:
    """The path of a page in docs, or the name of one outside."""
    return page.relative_to(DOCS).as_posix() if page.is_relative_to(DOCS) else page.name


def _is_example(page: Path) -> bool:
    """Whether it is a document in a format that the reference entry is shown in."""
    return page.parent.parent.name == "reference-entry"


def blocks(page: Path) -> Iterator[Block]:
    """Yield the code blocks of a page in their order; directives of MyST are none."""
    lines = page.read_text(encoding="utf-8").splitlines()
    place, near, of_section, below_heading = 0, _NONE, _NONE, False
    while place < len(lines):
        line = lines[place]
        place += 1
        if line.startswith("#"):
            near, of_section, below_heading = _NONE, _NONE, True
        elif found := _MARK.fullmatch(line):
            near = found[1], found[2]
            if below_heading and not _FENCE.fullmatch(lines[place]):
                of_section = near
        elif fence := _FENCE.fullmatch(line):
            end = next(number for number in range(place, len(lines)) if lines[number].strip() == fence[2])
            if not fence[3].startswith("{"):
                text = "\n".join(item.removeprefix(fence[1]) for item in lines[place:end])
                yield Block(page, place, fence[3].strip(), text, *(near if near[0] else of_section))
            place, near, below_heading = end + 1, _NONE, False
        elif line.strip():
            near, below_heading = _NONE, False
