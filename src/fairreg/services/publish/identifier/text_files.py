# SPDX-License-Identifier: MIT
"""The identifier of this version in CITATION.cff, front matter, Markdown and facts.toml: one line each."""

import re
from collections.abc import Callable, Mapping

from fairreg.formats.front_matter import front_matter
from fairreg.schemas.identifiers import Identifier
from fairreg.sources import DOI

__all__ = ["TEXT_EDITORS"]

_LINE = r"^doi[ \t]*:[^\r\n]*"  # at the margin: of the whole mapping
_AFTER = (r"^version[ \t]*:[^\r\n]*", r"^cff-version[ \t]*:[^\r\n]*")
_TOML_LINE = r"^doi[ \t]*=[^\r\n]*"
_TOML_AFTER = r"^version[ \t]*=[^\r\n]*"
_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)
_HEADING = re.compile(r"^(?:#[ \t]+[^\r\n]+|[^\r\n#>|`-][^\r\n]*\r?\n=+[ \t]*)(?:\r?\n|\Z)", re.MULTILINE)
_OWN_LINE = re.compile(r"^DOI: \[10\.[^\]\r\n]*\]\(https://doi\.org/[^)\r\n]*\)", re.MULTILINE)


def _citation(text: str, identifier: Identifier) -> str:
    """Return a CITATION.cff with its `doi`."""
    if identifier.scheme != DOI.name:
        raise ValueError("it has a place for a DOI only")
    return _with_line(text, _LINE, _AFTER, f"doi: {identifier.value}", _newline(text))


def _with_line(text: str, line: str, after: tuple[str, ...], new: str, newline: str) -> str:
    """Replace a line, else insert it behind the first line that is found."""
    found = re.search(line, text, re.MULTILINE)
    if found is not None:
        return text[: found.start()] + new + text[found.end() :]
    for pattern in after:
        place = re.search(pattern, text, re.MULTILINE)
        # A value may go on in the next lines, which are indented.
        if place is not None and text[place.end() :].lstrip("\r\n")[:1] not in {" ", "\t"}:
            return f"{text[: place.end()]}{newline}{new}{text[place.end() :]}"
    raise ValueError("there is no line at which a DOI is to stand")


def _markdown(text: str, identifier: Identifier) -> str:
    """Return a README or model card with the DOI: in its front matter, and else below its title."""
    newline = _newline(text)
    block = front_matter(text.removeprefix("\ufeff").replace("\r\n", "\n"))
    if block is not None:
        return _in_front_matter(text, identifier, newline)
    link = f"DOI: [{identifier.value}]({identifier.url})"
    if identifier.scheme != DOI.name:
        raise ValueError("it has a place for a DOI only")
    own = _OWN_LINE.search(text)
    if own is not None:
        return text[: own.start()] + link + text[own.end() :]
    title = _HEADING.search(text)
    if title is None:
        return f"{link}{newline}{newline}{text}"
    before = text[: title.end()]
    gap = "" if before.endswith(("\n", "\r")) else newline
    rest = text[title.end() :]
    below = rest if rest.startswith(("\n", "\r")) else f"{newline}{rest}"
    return f"{before}{gap}{newline}{link}{newline}{below}"


def _in_front_matter(text: str, identifier: Identifier, newline: str) -> str:
    opening = re.compile(r"\A\ufeff?---[ \t]*\r?\n").match(text)
    closing = re.compile(r"^---[ \t]*\r?$", re.MULTILINE).search(text, opening.end() if opening else 0)
    if opening is None or closing is None:
        raise ValueError("its front matter is not closed")
    head = text[opening.end() : closing.start()]
    new = f"doi: {identifier.value}"
    found = re.search(_LINE, head, re.MULTILINE)
    head = head[: found.start()] + new + head[found.end() :] if found else f"{head}{new}{newline}"
    return text[: opening.end()] + head + text[closing.start() :]


def _facts(text: str, identifier: Identifier) -> str:
    """Return the facts of a project made by fairreg's template with the `doi` that its other files follow."""
    table = _TABLE.search(text)
    end = table.start() if table else len(text)
    if identifier.scheme != DOI.name:
        raise ValueError("it has a place for a DOI only")
    new = f'doi = "{identifier.value}"'
    return _with_line(text[:end], _TOML_LINE, (_TOML_AFTER,), new, _newline(text)) + text[end:]


def _newline(text: str) -> str:
    """Return the line end of a text."""
    return "\r\n" if "\r\n" in text else "\n"


Editor = Callable[[str, Identifier], str]
# Function that edits a file of this name, in lower case; each raises ValueError for a text that it cannot.
TEXT_EDITORS: Mapping[str, Editor] = {
    "citation.cff": _citation,
    "readme.md": _markdown,
    "model_card.md": _markdown,
    "modelcard.md": _markdown,
    "facts.toml": _facts,
}
