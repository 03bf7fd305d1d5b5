# SPDX-License-Identifier: MIT
"""YAML front matter above Markdown: read strictly for a check, leniently for its content."""

import re
from functools import lru_cache
from typing import Any

from fairreg.formats.plain_yaml import YamlFault, YamlLimit, load_yaml, recovered_mapping

__all__ = ["front_matter", "lenient_mapping", "split_front_matter", "strict_mapping"]

# No real front matter nests deeper than ten; libyaml's composer overflows the stack at some thousands.
_DEEPEST = 50
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
    text = "\n".join(head)
    try:
        whole = _loaded(text)
    except YamlLimit as error:
        return recovered_mapping(text)[0], f"The front matter of the model card {error.reason}."
    except YamlFault:
        return recovered_mapping(text)[0], "The front matter of the model card is not valid YAML."
    if isinstance(whole, dict):
        return whole, None
    return {}, "The front matter of the model card is no mapping."


def _loaded(text: str) -> Any:
    """Return the YAML document. Scalars stay text: ``language: no`` is not a boolean. Raises `YamlFault`."""
    import yaml

    loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    # Events come without recursion, so that nesting is measured before anything is built.
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.AliasEvent):
            return load_yaml(text)  # slower, and bounds what they repeat
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise YamlLimit(f"is nested more than {_DEEPEST} levels deep and was not read as a whole")
    return yaml.load(text, Loader=loader)  # noqa: S506 - BaseLoader builds text, lists and mappings only
