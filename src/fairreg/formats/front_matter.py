# SPDX-License-Identifier: MIT
"""YAML front matter above Markdown: read strictly for a check, leniently for its content."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from fairreg.formats.plain_yaml import YamlFault, load_yaml

__all__ = ["front_matter", "lenient_mapping", "split_front_matter", "strict_mapping"]

# No real front matter nests deeper than ten; libyaml's composer overflows the stack at some thousands.
_DEEPEST = 50
_KEY = re.compile(r"[\w-]+:(?:\s|$)")
_YAML_LINE = re.compile(r"\s*$|\s+\S|-\s+\S|[\w-]+:(?:\s|$)")
_LONGEST = 65_536  # characters; YAML is slow to read


@lru_cache(maxsize=64)
def front_matter(text: str) -> str | None:
    """Return the YAML block between ``---`` lines at the very top of a card."""
    match = re.match(r"\A---\s*\n(.*?)\n---\s*(?:\n|\Z)", text, re.DOTALL)
    return match[1] if match else None


@lru_cache(maxsize=64)
def strict_mapping(text: str) -> dict[str, Any]:
    """Return the front matter, empty where it is not valid YAML or too long; read-only.

    `lenient_mapping` recovers more of a broken one: use it for the content, this one for checking the card.
    """
    block = front_matter(text)
    if block is None or len(block) > _LONGEST:
        return {}
    try:
        content = load_yaml(block)
    except YamlFault:
        return {}
    return content if isinstance(content, dict) else {}


def split_front_matter(lines: list[str]) -> tuple[list[str], list[str], bool]:
    """Return lines of the front matter, lines of the body, and whether the front matter is closed."""
    start = next((number for number, line in enumerate(lines) if line.strip()), 0)
    if lines[start].rstrip() != "---":
        return [], lines, True
    inside = lines[start + 1 :]
    end = next((number for number, line in enumerate(inside) if line.rstrip() == "---"), None)
    if end is not None:
        return inside[:end], inside[end + 1 :], True
    end = next((number for number, line in enumerate(inside) if not _YAML_LINE.match(line)), len(inside))
    return inside[:end], inside[end:], False


def lenient_mapping(head: list[str]) -> tuple[dict[str, Any], str | None]:
    """Return the mapping in front matter, a broken one key by key, and a sentence on its fault."""
    if not any(line.strip() for line in head):
        return {}, None
    whole, valid = _loaded("\n".join(head))
    if valid:
        mapping = whole if isinstance(whole, dict) else {}
        fault = "" if isinstance(whole, dict) else "The front matter of the model card is no mapping."
        return mapping, fault or None
    found: dict[str, Any] = {}
    for block in _blocks(head):
        part, _ = _loaded("\n".join(block))
        found.update(part if isinstance(part, dict) else {})
    return found, "The front matter of the model card is not valid YAML."


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    """Yield the lines of each top-level key: a broken one leaves the others readable."""
    block: list[str] = []
    for line in lines:
        if _KEY.match(line) and block:
            yield block
            block = []
        block.append(line)
    yield block


def _loaded(text: str) -> tuple[Any, bool]:
    """(the YAML document, whether it is valid). Scalars stay text: ``language: no`` is not a boolean."""
    import yaml

    loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        # Events come without recursion, so that nesting is measured before anything is built.
        depth = 0
        for event in yaml.parse(text, Loader=loader):
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEEPEST:
                return None, False
        return yaml.load(text, Loader=loader), True  # noqa: S506 - BaseLoader builds text, lists and mappings only
    except (yaml.YAMLError, ValueError, RecursionError):
        return None, False
