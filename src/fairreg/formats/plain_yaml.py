# SPDX-License-Identifier: MIT
"""YAML of foreign files: text, lists and mappings only, in spite of any tag.

Aliases and merge keys are followed as far as the document does not grow beyond a bound; a broken mapping is
read key by key.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from fairreg.formats.base import filled_members

__all__ = [
    "PlainScalar",
    "YamlFault",
    "YamlLimit",
    "load_yaml",
    "recovered_mapping",
    "typed_yaml",
    "yaml_text",
]

_WIDTH = 100
# Errors that `load_yaml` raises.
YamlFault = (ValueError, yaml.YAMLError, RecursionError)
# Values that aliases may add to those that are written; no real file comes near.
MOST_ADDED = 10_000
_DEEPEST = 100
_KEY = re.compile(r"[\w-]+:(?:\s|$)")
# A number of YAML 1.2 that YAML 1.1 takes for text.
_NUMBER = re.compile(r"[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?|0o[0-7]+|0x[0-9a-fA-F]+")
_UNQUOTED = re.compile(r"(\s*(?:- +)*[\w-]+: +)(?=[^\s\"'\[{|>&*!#])(.*?(?:: |:$).*|[@`%].*)")
_MERGE = "<<"


class YamlLimit(yaml.YAMLError):
    """A document that one of fairreg's limits refuses; `reason` continues a sentence about it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PlainScalar(str):
    """A scalar of another type than text, such as ``03`` or ``1.10``, as it is written; `tag` is its type."""

    __slots__ = ("tag",)
    tag: str


class _Extent(NamedTuple):
    """Values in a node with everything that its aliases repeat, and its depth."""

    values: int
    depth: int


class _PlainLoader(yaml.BaseLoader):
    """Composer of a bounded depth; the values are built by `_Builder`, so that no tag has a meaning."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise YamlLimit(f"is nested more than {_DEEPEST} levels deep and was not read")
        found = super().compose_node(parent, index)
        self._depth -= 1
        return found

    def compose_scalar_node(self, anchor: Any) -> yaml.ScalarNode:
        """Compose a scalar; one with the tag of text, whatever it looks like, is as one in quotes."""
        tag = self.peek_event().tag  # type: ignore[no-untyped-call]
        found = super().compose_scalar_node(anchor)
        if tag == yaml.resolver.BaseResolver.DEFAULT_SCALAR_TAG:
            found.style = found.style or "'"
        return found


class _TypedLoader(yaml.SafeLoader):
    """The safe loader without dates, which JSON does not have."""


_TypedLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class _Builder:
    """Values of composed nodes; scalars are texts, with `lexical` those of other types `PlainScalar`."""

    def __init__(self, *, lexical: bool) -> None:
        self._lexical = lexical
        self._resolver = yaml.resolver.Resolver()

    def build(self, node: yaml.Node) -> Any:
        """Return the value of a node."""
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item) for item in node.value]
        if isinstance(node, yaml.MappingNode):
            return dict(self._members(node))
        return self._scalar(node) if isinstance(node, yaml.ScalarNode) else ""

    def _members(self, node: yaml.MappingNode) -> Iterator[tuple[str, Any]]:
        merged = [value for key, value in node.value if _is_merge(key)]
        own = [(key, value) for key, value in node.value if not _is_merge(key)]
        for source in reversed([item for value in merged for item in _mappings(value)]):
            yield from self._members(source)
        for key, value in own:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.YAMLError("a key is a list or a mapping")  # as JSON has none
            yield str(key.value), self.build(value)

    def _scalar(self, node: yaml.ScalarNode) -> str:
        if not self._lexical or node.style is not None:
            return str(node.value)
        tag: str = self._resolver.resolve(yaml.ScalarNode, node.value, (True, False))  # type: ignore[no-untyped-call]
        if tag == yaml.resolver.BaseResolver.DEFAULT_SCALAR_TAG and not _NUMBER.fullmatch(node.value):
            return str(node.value)
        found = PlainScalar(node.value)
        found.tag = tag
        return found


def load_yaml(text: str, *, lexical: bool = False) -> Any:
    """Return the value of a YAML document, every scalar as its text. Raises `YamlFault`.

    With `lexical` a scalar of another type than text is a `PlainScalar`, which `yaml_text` writes as it was.
    Raises `YamlLimit` where aliases would add more than `MOST_ADDED` values, or contain themselves.
    """
    loader = _PlainLoader(text)
    try:
        node = loader.get_single_node()
    finally:
        loader.dispose()
    if node is None:
        return None
    _require_bounded(node)
    return _Builder(lexical=lexical).build(node)


def typed_yaml(text: str) -> Any:
    """Return the value of fairreg's own YAML with numbers as numbers and dates as text, as JSON has them."""
    return yaml.load(text, Loader=_TypedLoader)  # noqa: S506 - a safe loader without dates


def recovered_mapping(text: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the members of a broken mapping that can be read by themselves, and the names of the others.

    A member with tabs or with an unquoted colon is read as it was meant.
    """
    found: dict[str, Any] = {}
    lost: list[str] = []
    for block in _key_blocks(text.splitlines()):
        part = next((value for attempt in _attempts(block) if (value := _mapping(attempt))), None)
        if part is None:
            lost += [block[0].partition(":")[0]] if _KEY.match(block[0]) else []
        found.update(part or {})
    return found, tuple(lost)


def _key_blocks(lines: list[str]) -> Iterator[list[str]]:
    """Yield the lines of each top-level key: a broken one leaves the others readable."""
    block: list[str] = []
    for line in lines:
        if _KEY.match(line) and block:
            yield block
            block = []
        block.append(line)
    if block:
        yield block


def yaml_text(document: dict[str, Any]) -> str:
    """Write a YAML mapping without empty members, in the given order; every text is read back as text."""
    text: str = yaml.dump(
        filled_members(document), Dumper=_PlainDumper, sort_keys=False, allow_unicode=True, width=_WIDTH
    )
    return text


class _PlainDumper(yaml.SafeDumper):
    """The safe dumper, which keeps a `PlainScalar` as it was and repeats what occurs twice."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - a foreign reader may refuse aliases
        return True


def _plain(dumper: yaml.SafeDumper, scalar: PlainScalar) -> yaml.Node:
    return dumper.represent_scalar(scalar.tag, str(scalar))


def _quoted(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "'" if _NUMBER.fullmatch(text) else None
    return dumper.represent_scalar(yaml.resolver.BaseResolver.DEFAULT_SCALAR_TAG, text, style=style)


_PlainDumper.add_representer(PlainScalar, _plain)
_PlainDumper.add_representer(str, _quoted)


def _require_bounded(root: yaml.Node) -> None:
    """Raise `YamlLimit` for a node that contains itself, or grows too much by its aliases."""
    known: dict[int, _Extent | None] = {}
    extent = _extent(root, known)
    if extent.values - len(known) > MOST_ADDED:
        raise YamlLimit(f"would grow by more than {MOST_ADDED:,} values through its aliases and was not read")
    if extent.depth > _DEEPEST:
        raise YamlLimit(f"is nested more than {_DEEPEST} levels deep and was not read")


def _extent(node: yaml.Node, known: dict[int, _Extent | None]) -> _Extent:
    if id(node) in known:
        found = known[id(node)]
        if found is None:
            raise YamlLimit("has an alias that contains itself and was not read")
        return found
    known[id(node)] = None
    parts = [_extent(child, known) for child in _children(node)]
    extent = _Extent(
        1 + sum(part.values for part in parts), 1 + max((part.depth for part in parts), default=0)
    )
    known[id(node)] = extent
    return extent


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.SequenceNode):
        yield from node.value
    elif isinstance(node, yaml.MappingNode):
        yield from (part for member in node.value for part in member)


def _is_merge(key: yaml.Node) -> bool:
    return isinstance(key, yaml.ScalarNode) and key.style is None and key.value == _MERGE


def _mappings(node: yaml.Node) -> Iterator[yaml.MappingNode]:
    """Yield the mappings of a merge key's value; anything else has no members."""
    for item in node.value if isinstance(node, yaml.SequenceNode) else [node]:
        if isinstance(item, yaml.MappingNode):
            yield item


def _attempts(block: list[str]) -> Iterator[str]:
    """Yield the lines of a member as they are, then with tabs replaced, colons quoted, and both."""
    spaced = [_without_tabs(line) for line in block]
    yield "\n".join(block)
    yield "\n".join(spaced)
    yield "\n".join(map(_with_quotes, block))
    yield "\n".join(map(_with_quotes, spaced))


def _without_tabs(line: str) -> str:
    rest = line.lstrip(" \t")
    indent = line[: len(line) - len(rest)].expandtabs(2)
    after_key = re.sub(r"^((?:-[ \t]+)*[\w-]+:|-)[ \t]+", lambda key: key[0].replace("\t", " "), rest)
    return indent + re.sub(r"[ \t]*\t[ \t]*(#|$)", r" \1", after_key).rstrip()


def _with_quotes(line: str) -> str:
    match = _UNQUOTED.fullmatch(line)
    return f"{match[1]}{json.dumps(match[2].rstrip(), ensure_ascii=False)}" if match else line


def _mapping(text: str) -> dict[str, Any] | None:
    try:
        value = load_yaml(text)
    except YamlFault:
        return None
    return value if isinstance(value, dict) else None
