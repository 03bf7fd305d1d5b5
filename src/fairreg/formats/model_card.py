# SPDX-License-Identifier: MIT
"""Model cards: a README in Markdown, in most cases behind YAML front matter (https://huggingface.co/docs/hub).

People write them by hand, so half have no front matter and some have a broken one. Whatever a card is, what
can be read of it is; what is wrong with it becomes a sentence in `Card.faults`.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from fairreg.schemas.text import clean, plain_text

__all__ = ["Card", "decoded", "description", "intended_use", "limitations", "read_card", "usage"]

# No real front matter nests deeper than ten; libyaml's composer overflows the stack at some thousands.
_DEEPEST = 50
# A level below all headings: outside of any section.
_NOWHERE = 7
_KEY = re.compile(r"[\w-]+:(?:\s|$)")
_YAML_LINE = re.compile(r"\s*$|\s+\S|-\s+\S|[\w-]+:(?:\s|$)")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*\s*$")
_FENCE = re.compile(r"\s{0,3}(```|~~~)")
_IMAGE = re.compile(r"!\[[^\[\]\n]*\]\([^()\n]*\)")
_LINK = re.compile(r"\[([^\[\]\n]*)\]\([^()\n]*\)")
_EMPHASIS = re.compile(r"(\*\*|__)(?=\S)([^*_\n]+)\1")
# What the templates of the Hub and of its trainers leave behind where nobody wrote anything.
_UNFILLED = re.compile(
    r"\[\s*(?:more information needed|needs? more information|todo|tbd)\s*\]|\{\{[^{}]*\}\}"
    r"|^\W*(?:more information (?:is )?needed|needs? more information|todo|tbd|n/?a|none|null|coming soon)"
    r"\W*$",
    re.IGNORECASE,
)
_TEMPLATE = (
    "more information needed for further recommendations",
    "this modelcard aims to be a base template for new models",
    "this is the model card of a 🤗 transformers model that has been pushed on the hub",
    "users (both direct and downstream) should be made aware of the risks, biases and limitations",
    "use the code below to get started with the model",
    "you can include sample code which will be formatted",
    "provide examples of latent issues and potential remediations",
    "describe the data you used to train the model",
    "if you initialized it with pre-trained weights, add a link to the pre-trained model card",
    "this model card has been generated automatically",
)

_INTENDED = re.compile(
    r"(?:primary )?intended (?:use|purpose|application|user)s?(?: cases?)?(?:,? (?:&|and) limitations?)?"
    r"|(?:model )?uses?(?: cases?)?|(?:direct|downstream) use"
)
_LIMITS = re.compile(r"\blimitations?\b|\bout of scope\b|\bbias(?:es)?\b|\brisks?\b|\bcaveats?\b|\bmisuse\b")
_USAGE = re.compile(
    r"how to (?:use|get started|run)\b|usage\b|quick ?start\b|getting started\b|(?:model|example) usage\b"
)
_DESCRIBES = re.compile(
    r"(?:(?:model|dataset|short|brief|general) )?(?:description|summary|overview)"
    r"|introduction|abstract|tl;?dr"
)


class _Section(NamedTuple):
    level: int
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Card:
    """The front matter (each scalar as the text that was written), the Markdown behind it, what is amiss."""

    metadata: dict[str, Any]
    sections: tuple[_Section, ...]
    faults: tuple[str, ...] = ()


def decoded(raw: bytes) -> str:
    """The text of a card's bytes: UTF-8, UTF-16 behind its mark, else with replacement characters."""
    marked = raw[:2] in {b"\xff\xfe", b"\xfe\xff"}
    return raw.decode("utf-16" if marked else "utf-8-sig", errors="replace")


def read_card(text: str) -> Card:
    """Read a card; never fails."""
    lines = clean(text.removeprefix("\ufeff")).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    head, body, closed = _parted(lines)
    faults = ["The model card holds characters that could not be decoded."] if "\ufffd" in text else []
    if not closed:
        faults.append("The front matter of the model card is opened and never closed.")
    metadata, fault = _mapping(head)
    if fault:
        faults.append(fault)
    return Card(metadata, tuple(_sections(_COMMENT.sub("", "\n".join(body)))), tuple(faults))


def description(card: Card) -> str | None:
    """What the card says before its first topic, and under a heading such as "Model description"."""
    intro = next((text for item in _opening(card.sections) if (text := _prose(item.lines))), "")
    told = _under(card, _whole(_DESCRIBES), lambda title: not _DESCRIBES.fullmatch(title) and _topic(title))
    return "\n\n".join(dict.fromkeys(part for part in (intro, told) if part)) or None


def intended_use(card: Card) -> str | None:
    """What the model is meant for, where the card says more than its template."""
    return _under(card, _whole(_INTENDED), lambda title: bool(_USAGE.match(title) or _is_limit(title)))


def limitations(card: Card) -> str | None:
    """Limitations, biases, risks and what is out of scope; where intended use is told with them, both."""
    told = _under(card, _is_limit, lambda title: bool(_USAGE.match(title)))
    both = _whole(re.compile(r".*\buses?\b.*\blimitations?"))
    return told or _under(card, both, lambda title: bool(_USAGE.match(title)))


def usage(card: Card) -> str | None:
    """How to use it, code included."""
    return _under(card, lambda title: bool(_USAGE.match(title)), _is_limit, code=True)


def _parted(lines: list[str]) -> tuple[list[str], list[str], bool]:
    """(front matter, body, whether the front matter is closed) of a card."""
    start = next((number for number, line in enumerate(lines) if line.strip()), 0)
    if lines[start].rstrip() != "---":
        return [], lines, True
    inside = lines[start + 1 :]
    end = next((number for number, line in enumerate(inside) if line.rstrip() == "---"), None)
    if end is not None:
        return inside[:end], inside[end + 1 :], True
    end = next((number for number, line in enumerate(inside) if not _YAML_LINE.match(line)), len(inside))
    return inside[:end], inside[end:], False


def _mapping(head: list[str]) -> tuple[dict[str, Any], str | None]:
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
    """The lines of each top-level key: a broken one leaves the others readable."""
    block: list[str] = []
    for line in lines:
        if _KEY.match(line) and block:
            yield block
            block = []
        block.append(line)
    yield block


def _loaded(text: str) -> tuple[Any, bool]:
    """(the YAML document, whether it is one). Scalars stay text: ``language: no`` is no boolean."""
    import yaml

    loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        # The events come without recursion, so that nesting is measured before anything is built of it.
        depth = 0
        for event in yaml.parse(text, Loader=loader):
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEEPEST:
                return None, False
        return yaml.load(text, Loader=loader), True  # noqa: S506 - BaseLoader builds text, lists and mappings only
    except (yaml.YAMLError, ValueError, RecursionError):
        return None, False


def _sections(body: str) -> Iterator[_Section]:
    """The sections in order; the first, of level 0, is what stands before any heading."""
    level, title, lines, fence = 0, "", list[str](), ""
    for line in body.split("\n"):
        mark = _FENCE.match(line)
        if mark and fence in {"", mark[1]}:
            fence = "" if fence else mark[1]
        heading = None if fence or mark else _HEADING.match(line)
        if heading:
            yield _Section(level, title, tuple(lines))
            level, title, lines = len(heading[1]), _plain_title(heading[2]), []
        else:
            lines.append(line)
    yield _Section(level, title, tuple(lines))


def _plain_title(stated: str) -> str:
    text = _LINK.sub(r"\1", _IMAGE.sub("", stated)).lower().replace("-", " ")
    return " ".join(re.sub(r"[^\w&,;' ]", " ", text).split())


def _opening(sections: tuple[_Section, ...]) -> Iterator[_Section]:
    """What stands before the first topic: the text before any heading, then that of the title."""
    for number, item in enumerate(sections[:3]):
        if number and _topic(item.title):
            return
        yield item


def _topic(title: str) -> bool:
    """Whether a heading opens one of the usual topics of a card, other than its description."""
    usual = r"training|evaluation|results?|citation|licen[cs]e|contact|authors?|table of contents|references"
    found = _INTENDED.fullmatch(title) or _USAGE.match(title) or re.match(usual, title)
    return bool(found) or _is_limit(title)


def _is_limit(title: str) -> bool:
    return bool(_LIMITS.search(title)) and not _INTENDED.fullmatch(title)


def _whole(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda title: bool(pattern.fullmatch(title))


def _under(
    card: Card, wanted: Callable[[str], bool], unwanted: Callable[[str], bool], *, code: bool = False
) -> str | None:
    """The text of the sections whose heading is `wanted`, with what lies under it but the `unwanted`."""
    parts: list[str] = []
    taken = left_out = _NOWHERE
    for item in card.sections:
        taken = _NOWHERE if item.level <= taken else taken
        left_out = _NOWHERE if item.level <= left_out else left_out
        outside = taken == _NOWHERE
        if outside and item.level and wanted(item.title):
            taken = item.level
        elif not outside and unwanted(item.title):
            left_out = min(left_out, item.level)
        if taken != _NOWHERE and left_out == _NOWHERE and (text := _prose(item.lines, code=code)):
            parts.append(text)
    return "\n\n".join(dict.fromkeys(parts)) or None


def _prose(lines: tuple[str, ...], *, code: bool = False) -> str:
    """The words of Markdown lines without pictures, addresses and what a template left; code on demand."""
    kept: list[str] = []
    fence = ""
    for line in lines:
        mark = _FENCE.match(line)
        if mark and fence in {"", mark[1]}:
            fence = "" if fence else mark[1]
        elif fence or not _left_by_template(line):
            kept += [line] if code or not fence else []
    text = _LINK.sub(r"\1", _IMAGE.sub("", "\n".join(kept)))
    words = plain_text(_EMPHASIS.sub(r"\2", text))
    return words if re.search(r"\w", words) else ""


def _left_by_template(line: str) -> bool:
    lowered = line.strip(" *_>#-").lower()
    return bool(_UNFILLED.search(line.strip())) or lowered.startswith(_TEMPLATE)
