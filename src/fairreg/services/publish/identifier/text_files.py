# SPDX-License-Identifier: MIT
"""The identifier of this version in CITATION.cff, front matter, Markdown and facts.toml: one line each.

What was written is parsed again, and refused where anything else has changed.
"""

import re
import tomllib
from collections.abc import Callable, Mapping, Set
from typing import Any

from fairreg.formats.front_matter import front_matter, lenient_mapping
from fairreg.schemas.identifiers import Identifier
from fairreg.services.publish.identifier.comparison import check_edit, is_replaceable, refuse_other
from fairreg.sources import DOI

__all__ = ["TEXT_EDITORS", "TEXT_READERS"]

# At the margin: of the whole mapping. A comment behind the value stays.
_LINE = r"^doi[ \t]*:[^\r\n]*?(?=[ \t]+#|[ \t]*\r?$)"
_AFTER = (r"^version[ \t]*:[^\r\n]*", r"^cff-version[ \t]*:[^\r\n]*")
_TOML_LINE = r"^doi[ \t]*=[^\r\n#]*?(?=[ \t]*#|[ \t]*\r?$)"
_TOML_AFTER = r"^version[ \t]*=[^\r\n]*"
# Of a new project, among the keys that are not known yet.
_TOML_WAITING = re.compile(r"^# doi = \"\"[ \t]*\r?\n", re.MULTILINE)
_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)
_HEADING = re.compile(r"^(?:#[ \t]+[^\r\n]+|[^\r\n#>|`-][^\r\n]*\r?\n=+[ \t]*)(?:\r?\n|\Z)", re.MULTILINE)
_HTML_HEADING = re.compile(r"^[ \t]*<h1[\s>]", re.MULTILINE | re.IGNORECASE)
_HTML_END = re.compile(r"</h1>[^\r\n]*(?:\r?\n|\Z)", re.IGNORECASE)
_OWN_LINE = re.compile(r"^DOI: \[(10\.[^\]\r\n]*)\]\(https://doi\.org/[^)\r\n]*\)", re.MULTILINE)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_MARK = "\ufeff"


def _citation(text: str, identifier: Identifier, earlier: Set[str]) -> str:
    """Return a CITATION.cff with its `doi`."""
    _refuse_scheme(identifier)
    new = _with_line(text, _LINE, _AFTER, f"doi: {identifier.value}", _newline(text))
    _check_yaml(text, new, identifier, earlier)
    return new


def _refuse_scheme(identifier: Identifier) -> None:
    if identifier.scheme != DOI.name:
        raise ValueError("it has a place for a DOI only")


def _check_yaml(before: str, after: str, identifier: Identifier, earlier: Set[str]) -> None:
    stated = _mapping(before)
    refuse_other(stated.get("doi"), identifier, earlier)
    try:
        found = _mapping(after)
    except ValueError as error:
        raise ValueError("no line can be added to its YAML") from error
    lines = len(after.splitlines()) - len(before.splitlines())
    # A key in quotes or a second one would stand beside the new line.
    if ("doi" in stated and lines) or found.get("doi") != identifier.value:
        raise ValueError("its doi stands in a form that cannot be changed in one line")
    check_edit(stated, found, identifier, earlier)


def _mapping(text: str) -> dict[str, Any]:
    found, fault = lenient_mapping(text.removeprefix(_MARK).splitlines())
    if fault is not None:
        raise ValueError("it is not valid YAML")
    return found


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


def _markdown(text: str, identifier: Identifier, earlier: Set[str]) -> str:
    """Return a README or model card with the DOI: in its front matter, and else below its title."""
    mark = _MARK if text.startswith(_MARK) else ""
    text = text.removeprefix(_MARK)
    newline = _newline(text)
    if front_matter(text.replace("\r\n", "\n")) is not None:
        return mark + _in_front_matter(text, identifier, earlier, newline)
    _refuse_scheme(identifier)
    link = f"DOI: [{identifier.value}]({identifier.url})"
    shown = _without_code(text)
    own = [item for item in _OWN_LINE.finditer(shown) if is_replaceable(item[1], identifier, earlier)]
    if own:
        return mark + text[: own[0].start()] + link + text[own[0].end() :]
    place = _below_title(shown)
    if place is None:
        return f"{mark}{link}{newline}{newline}{text}"
    before, rest = text[:place], text[place:]
    gap = "" if before.endswith(("\n", "\r")) else newline
    below = rest if rest.startswith(("\n", "\r")) else f"{newline}{rest}"
    return f"{mark}{before}{gap}{newline}{link}{newline}{below}"


def _below_title(text: str) -> int | None:
    """Return the place behind the first heading of the first level, in Markdown or HTML."""
    title, element = _HEADING.search(text), _HTML_HEADING.search(text)
    end = _HTML_END.search(text, element.end()) if element is not None else None
    if element is not None and end is not None and (title is None or element.start() < title.start()):
        return end.end()
    return title.end() if title is not None else None


def _without_code(text: str) -> str:
    """Return a text of the same length in which the lines of code blocks and comments say nothing."""
    lines, fence = [], ""
    for line in text.splitlines(keepends=True):
        found = _FENCE.match(line)
        inside = bool(fence) or found is not None
        if found is not None and not fence:
            fence = found[1]
        elif found is not None and found[1].startswith(fence) and not line[found.end() :].strip():
            fence = ""
        lines.append(_blanked(line) if inside else line)
    return re.sub(r"<!--.*?(?:-->|\Z)", lambda item: _blanked(item[0]), "".join(lines), flags=re.DOTALL)


def _blanked(text: str) -> str:
    return re.sub(r"[^\r\n]", "`", text)


def _in_front_matter(text: str, identifier: Identifier, earlier: Set[str], newline: str) -> str:
    opening = re.compile(r"\A---[ \t]*\r?\n").match(text)
    closing = re.compile(r"^---[ \t]*\r?$", re.MULTILINE).search(text, opening.end() if opening else 0)
    if opening is None or closing is None:
        raise ValueError("its front matter is not closed")
    head = text[opening.end() : closing.start()]
    new = f"doi: {identifier.value}"
    found = re.search(_LINE, head, re.MULTILINE)
    edited = head[: found.start()] + new + head[found.end() :] if found else f"{head}{new}{newline}"
    _check_yaml(head, edited, identifier, earlier)
    return text[: opening.end()] + edited + text[closing.start() :]


def _facts(text: str, identifier: Identifier, earlier: Set[str]) -> str:
    """Return the facts of a project made by fairreg's template with the `doi` that its other files follow."""
    _refuse_scheme(identifier)
    table = _TABLE.search(text)
    end = table.start() if table else len(text)
    line = f'doi = "{identifier.value}"'
    head = _TOML_WAITING.sub("", text[:end])
    new = _with_line(head, _TOML_LINE, (_TOML_AFTER,), line, _newline(text)) + text[end:]
    stated = _toml(text)
    refuse_other(stated.get("doi"), identifier, earlier)
    found = _toml(new)
    if found.get("doi") != identifier.value:
        raise ValueError("a DOI has no line of its own in it")
    check_edit(stated, found, identifier, earlier)
    return new


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text.removeprefix(_MARK))
    except tomllib.TOMLDecodeError as error:
        raise ValueError("it is not valid TOML, or a DOI has no line of its own in it") from error


def _stated_in_yaml(text: str) -> list[object]:
    return [_mapping(text).get("doi")]


def _stated_in_markdown(text: str) -> list[object]:
    text = text.removeprefix(_MARK).replace("\r\n", "\n")
    if front_matter(text) is not None:
        head = text.partition("\n")[2]
        closing = re.search(r"^---[ \t]*$", head, re.MULTILINE)
        return _stated_in_yaml(head[: closing.start()] if closing else head)
    return [found[1] for found in _OWN_LINE.finditer(_without_code(text))]


def _newline(text: str) -> str:
    """Return the line end of a text."""
    return "\r\n" if "\r\n" in text else "\n"


Editor = Callable[[str, Identifier, Set[str]], str]
# Function that edits a file of this name, in lower case; each raises ValueError for a text that it cannot,
# and where it has a DOI that is neither the identifier nor one of those reserved earlier.
TEXT_EDITORS: Mapping[str, Editor] = {
    "citation.cff": _citation,
    "readme.md": _markdown,
    "model_card.md": _markdown,
    "modelcard.md": _markdown,
    "facts.toml": _facts,
}
# Function that reads by which values such a file calls what it is about; each raises ValueError.
TEXT_READERS: Mapping[str, Callable[[str], list[object]]] = {
    "citation.cff": _stated_in_yaml,
    "readme.md": _stated_in_markdown,
    "model_card.md": _stated_in_markdown,
    "modelcard.md": _stated_in_markdown,
    "facts.toml": lambda text: [_toml(text).get("doi")],
}
