# SPDX-License-Identifier: MIT
"""YAML of foreign files: text, lists and mappings only, in spite of any tag."""

from typing import Any

import yaml

from fairreg.formats.base import filled_members

__all__ = ["YamlFault", "load_yaml", "yaml_text"]

_WIDTH = 100
# Errors that `load_yaml` raises; deep nesting ends in a RecursionError.
YamlFault = (ValueError, yaml.YAMLError, RecursionError)


class _PlainLoader(yaml.BaseLoader):
    """Text, lists and mappings only: no tags, and no aliases, which could expand without limit."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        return super().compose_node(parent, index)


def load_yaml(text: str) -> Any:
    """Return the value of a YAML document, every scalar as its text. Raises `YamlFault`."""
    return yaml.load(text, Loader=_PlainLoader)  # noqa: S506 - builds nothing but text


def yaml_text(document: dict[str, Any]) -> str:
    """Write a YAML mapping without empty members, in the given order; every text is read back as text."""
    text: str = yaml.safe_dump(filled_members(document), sort_keys=False, allow_unicode=True, width=_WIDTH)
    return text
