# SPDX-License-Identifier: MIT
"""Model cards: a README in Markdown, in most cases behind YAML front matter (https://huggingface.co/docs/hub).

People write them by hand, so half have no front matter and some have a broken one. Each card is read as far
as possible; its faults become sentences in `Card.faults`.
"""

import html
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fairreg.formats.base import Reading
from fairreg.formats.file_facts import (
    AsWritten,
    FileFacts,
    cited,
    doi_identifiers,
    dois_as_written,
    first_as_written,
    licence,
    listed_as_written,
)
from fairreg.formats.front_matter import lenient_mapping, split_front_matter, strict_mapping
from fairreg.formats.markdown import Section, address, code_block, inline, paragraphs, prose, sections
from fairreg.formats.plain_yaml import yaml_text
from fairreg.formats.related import code_of, papers_of, repository_of, training_data_of
from fairreg.schemas.datacite_terms import identifier_of
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.json_reader import JsonNode
from fairreg.schemas.json_values import TrackedObject
from fairreg.schemas.jsonld_terms import identifier_in
from fairreg.schemas.licenses import in_words, of_one
from fairreg.schemas.licenses.hub import card_license
from fairreg.schemas.record import Evaluation, ModelRecord, Tensor
from fairreg.schemas.text import clean
from fairreg.sources import DOI, OWNER_SLASH_NAME

__all__ = [
    "FILE_NAME",
    "KEEPS",
    "MEDIA_TYPES",
    "NAME",
    "NARROWS",
    "Card",
    "as_written",
    "compose",
    "decoded",
    "description",
    "intended_use",
    "licence_told",
    "limitations",
    "read",
    "read_card",
    "signature_table",
    "usage",
    "write",
]

NAME = "model-card"
FILE_NAME = "MODEL_CARD.md"
MEDIA_TYPES = ("text/markdown",)
KEEPS = frozenset({"keywords"})
NARROWS: Mapping[str, str] = {
    "name": "without its markup",
    "description": "without its markup, followed by a list of facts",
    "identifiers": "DOI and publications",
    "license": "one SPDX identifier, not an expression",
    "license_stated": "where there is no SPDX identifier, in a sentence",
    "frameworks": "the first, in lower case",
    "ml_task": "in the list of facts",
    "model_category": "in the list of facts",
    "parameter_count": "in the list of facts",
    "relations": "training data, models that it was fine-tuned from, and source code at its version",
    "inputs": "name, type and shape",
    "outputs": "name, type and shape",
    "evaluations": "as a table",
    "intended_use": "without its markup",
    "limitations": "without its markup",
    "usage": "as a block of code",
}
# Keys of front matter that describe a model.
_DESCRIBING = (
    "license", "pipeline_tag", "library_name", "datasets", "base_model", "metrics", "tags", "model-index",
)  # fmt: skip
_OTHER = "other"
# A level below all headings: outside of any section.
_NOWHERE = 7
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
# Placeholders that the templates of the Hub and of its trainers leave where nothing was filled in.
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


@dataclass(frozen=True)
class Card:
    """The front matter (each scalar as its text), the Markdown after it, and the faults."""

    metadata: dict[str, Any]
    sections: tuple[Section, ...]
    faults: tuple[str, ...] = ()


def write(record: ModelRecord) -> str:
    """Return a card of the record; sections without content are left out."""
    told = {
        "Inputs and outputs": signature_table(record.inputs, record.outputs),
        "Licence": licence_told(record),
        "Intended use": paragraphs(record.intended_use),
        "Limitations": paragraphs(record.limitations),
        "Evaluation": _results_table(record.evaluations),
        # Last, because a comment opened in foreign code hides what follows from simple readers.
        "Usage": code_block(record.usage) if record.usage else "",
    }
    return compose(record, told)


def compose(record: ModelRecord, told: Mapping[str, str], *, open_keys: Sequence[str] = ()) -> str:
    """Compose the card of a record: front matter, introduction, then the sections of `told` with content.

    Front matter ends with comments: a line for each of the `open_keys` that has no value.
    """
    parts = [_head(record, open_keys), _introduction(record)]
    parts += [f"## {title}\n\n{body}" for title, body in told.items() if body]
    return "\n\n".join(part for part in parts if part) + "\n"


def signature_table(inputs: tuple[Tensor, ...], outputs: tuple[Tensor, ...]) -> str:
    """Return a table with name, type and shape of each input and output, empty without any."""
    rows = [_tensor_row("input", item) for item in inputs] + [_tensor_row("output", item) for item in outputs]
    return "\n".join(["| | name | type | shape |", "|---|---|---|---|", *rows]) if rows else ""


def licence_told(record: ModelRecord) -> str:
    """Return the licence in a sentence, empty without one."""
    stated = in_words(record.license, record.license_stated)
    return f"The record states {inline(stated)}." if stated else ""


def _head(record: ModelRecord, open_keys: Sequence[str] = ()) -> str:
    stated = {
        **card_license(record.license),
        "library_name": ", ".join(record.frameworks[:1]).lower(),
        "tags": list(record.keywords),
        "datasets": [item.value for item in training_data_of(record)],
        "base_model": [_base_model(item) for item in record.related("fine_tuned_from")],
        "arxiv": [item.value for item in papers_of(record) if item.scheme == "arxiv"],
        "doi": record.doi,
    }
    known = {key: value for key, value in stated.items() if value}
    asked = "".join(f"# {key}:\n" for key in open_keys if key not in known)
    return f"---\n{yaml_text(stated) if known else ''}{asked}---" if known or asked else ""


def _base_model(item: Identifier) -> str:
    """Return the name of a model on the Hub, another one's DOI or address."""
    return item.value if item.scheme in {OWNER_SLASH_NAME.name, DOI.name} else item.url or item.compact


def _introduction(record: ModelRecord) -> str:
    rows = {
        "Identifier": address(record.doi_url) if record.doi_url else "",
        "Task": ", ".join(map(inline, record.ml_task)),
        "Architecture": ", ".join(map(inline, record.model_category)),
        "Parameters": str(record.parameter_count or ""),
        "Training data": _addresses(training_data_of(record)),
        "Publication": _addresses(papers_of(record)),
        "Source code": address(code_of(record) or repository_of(record)),
    }
    facts = "\n".join(f"- {name}: {value}" for name, value in rows.items() if value)
    parts = (f"# {inline(record.name)}", paragraphs(record.description), facts)
    return "\n\n".join(part for part in parts if part)


def _addresses(found: tuple[Identifier, ...]) -> str:
    return ", ".join(address(item.url or item.value) for item in found)


def _tensor_row(word: str, item: Tensor) -> str:
    shape = ", ".join(map(str, item.shape))
    return f"| {word} | {inline(item.name)} | {inline(item.dtype)} | ({inline(shape)}) |".replace(
        "|  |", "| |"
    )


def _results_table(results: tuple[Evaluation, ...]) -> str:
    rows = [
        f"| {inline(item.metric)} | {inline(item.value)} | {inline(item.dataset)} | {inline(item.split)} |"
        for item in results
    ]
    head = ["| metric | value | dataset | split |", "|---|---|---|---|"]
    return "\n".join([*head, *rows]) if rows else ""


def read(document: str | bytes, *, name: str = FILE_NAME) -> Reading[FileFacts]:
    """Read a card into typed facts; sentences on its faults are the `fault`."""
    text = decoded(document) if isinstance(document, bytes) else document
    card = read_card(text)
    metadata = TrackedObject(card.metadata)
    return Reading(_facts(name, card, JsonNode(metadata), text), metadata.unread())


def _facts(name: str, card: Card, top: JsonNode, text: str) -> FileFacts:
    library, task = top["library_name"].text, top["pipeline_tag"].text
    data = [found for item in top["datasets"].items() if (found := identifier_of(item.text))]
    bases = [found for item in top["base_model"].items() if (found := identifier_in(item.text or ""))]
    preprints = (identifier_of(item.text, "arxiv") for item in top["arxiv"].items())
    return FileFacts(
        name,
        "model_card",
        fault=" ".join(card.faults) or None,
        title=next((html.unescape(item.heading) for item in card.sections if item.level == 1), None),
        abstract=description(card),
        **_licence(top),
        keywords=tuple(tag for item in top["tags"].items() if (tag := item.text)),
        identifiers=(
            *doi_identifiers(top["doi"].text, f"{name}: doi"),
            *(Identifier(item.scheme, item.value, f"{name}: arxiv") for item in preprints if item),
        ),
        relations=(*cited(data, "trained_on"), *cited(bases, "fine_tuned_from")),
        frameworks=(library,) if library else (),
        ml_task=(task,) if task else (),
        intended_use=intended_use(card),
        limitations=limitations(card),
        usage=usage(card),
        as_written=as_written(text),
    )


def _licence(top: JsonNode) -> dict[str, Any]:
    """Return the licence; one that the Hub has no word for stands in ``license_name`` beside "other"."""
    stated = tuple(top["license"].items())
    name, link = top["license_name"].text, top["license_link"].address
    known, _ = of_one(name, link) if [item.text for item in stated] == [_OTHER] else (None, None)
    return {"license": known, "license_stated": None} if known else licence(*stated)


def as_written(text: str) -> AsWritten:
    """Return the values of valid front matter as written; nothing of a broken one."""
    stated = strict_mapping(text)
    preprints = (item for item in listed_as_written(stated.get("arxiv")) if isinstance(item, str))
    filled = tuple(key for key in _DESCRIBING if stated.get(key))
    is_other = stated.get("license") == _OTHER and bool(stated.get("license_name"))
    return AsWritten(
        complete=bool(filled),
        dois=dois_as_written([stated.get("doi")]),
        license=first_as_written(stated.get("license_name") if is_other else stated.get("license")),
        publications=tuple(preprints),
        filled=filled,
    )


def decoded(raw: bytes) -> str:
    """Decode a card's bytes: UTF-8, UTF-16 with a byte order mark, else with replacement characters."""
    marked = raw[:2] in {b"\xff\xfe", b"\xfe\xff"}
    return raw.decode("utf-16" if marked else "utf-8-sig", errors="replace")


def read_card(text: str) -> Card:
    """Read a card; never fails."""
    lines = clean(text.removeprefix("\ufeff")).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    head, body, closed = split_front_matter(lines)
    faults = ["The model card holds characters that could not be decoded."] if "\ufffd" in text else []
    if not closed:
        faults.append("The front matter of the model card is opened and never closed.")
    metadata, fault = lenient_mapping(head)
    if fault:
        faults.append(fault)
    return Card(metadata, tuple(sections(_COMMENT.sub("", "\n".join(body)))), tuple(faults))


def description(card: Card) -> str | None:
    """Return the text before the first topic, and that under a heading such as "Model description"."""
    intro = next((text for item in _opening(card.sections) if (text := _prose(item.lines))), "")
    told = _under(card, _whole(_DESCRIBES), lambda title: not _DESCRIBES.fullmatch(title) and _topic(title))
    return "\n\n".join(dict.fromkeys(part for part in (intro, told) if part)) or None


def intended_use(card: Card) -> str | None:
    """Return the purpose of the model, where the card says more than its template."""
    return _under(card, _whole(_INTENDED), lambda title: bool(_USAGE.match(title) or _is_limit(title)))


def limitations(card: Card) -> str | None:
    """Return limitations, biases, risks and out-of-scope use, with intended use if in the same section."""
    told = _under(card, _is_limit, lambda title: bool(_USAGE.match(title)))
    both = _whole(re.compile(r".*\buses?\b.*\blimitations?"))
    return told or _under(card, both, lambda title: bool(_USAGE.match(title)))


def usage(card: Card) -> str | None:
    """Return the instructions for use, code included."""
    return _under(card, lambda title: bool(_USAGE.match(title)), _is_limit, code=True)


def _opening(sections: tuple[Section, ...]) -> Iterator[Section]:
    """Yield the sections before the first topic: the text before any heading, then that of the title."""
    for number, item in enumerate(sections[:3]):
        if number and _topic(item.title):
            return
        yield item


def _topic(title: str) -> bool:
    """Tell whether a heading opens one of the usual topics of a card, other than its description."""
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
    """Return the text under the `wanted` headings and their subsections, without the `unwanted`."""
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
    """Return the words of lines, without placeholders of templates; code on demand."""
    return prose(lines, without=_left_by_template, code=code)


def _left_by_template(line: str) -> bool:
    lowered = line.strip(" *_>#-").lower()
    return bool(_UNFILLED.search(line.strip())) or lowered.startswith(_TEMPLATE)
