# SPDX-License-Identifier: MIT
"""Base models of a repository, and what was made of each (https://huggingface.co/docs/hub/model-cards).

The Hub knows four relations: finetune, adapter, quantized, merge. It writes them in tags
(``base_model:quantized:org/name``), authors in ``base_model_relation`` of the card. Where neither says it, it
is inferred from signs of the repository; without any, the model counts as fine-tuned.
"""

from collections.abc import Iterable
from typing import NamedTuple

from fairreg.harvesters.huggingface.values import model_named, stated_text, texts
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.json_reader import JsonNode
from fairreg.schemas.record import Relation, RelationType

__all__ = ["BaseModels", "base_models"]

_FINETUNE, _ADAPTER, _QUANTIZED, _MERGE = "finetune", "adapter", "quantized", "merge"
# An adapter was trained on its base and computes nothing without it.
_RELATIONS: dict[str, tuple[RelationType, ...]] = {
    _FINETUNE: ("fine_tuned_from",),
    _ADAPTER: ("fine_tuned_from", "requires"),
    _QUANTIZED: ("is_derived_from",),
    _MERGE: ("is_derived_from",),
}
_MERGE_TAGS = frozenset({"merge", "mergekit"})
_QUANTIZED_TAGS = frozenset({"gguf", "gptq", "awq", "exl2", "bitsandbytes"})


class BaseModels(NamedTuple):
    """Relations to the base models, with the sign by which their kind was inferred (None: it is stated)."""

    relations: tuple[Relation, ...]
    inferred: str | None


def base_models(info: JsonNode, meta: JsonNode, tags: Iterable[str], repository: str) -> BaseModels:
    """Return the relations of an info and the metadata of its card to the base models, without itself."""
    words = list(tags)
    tagged = _tagged(words)
    kinds = {name: kind for name, kind in tagged.items() if kind}
    named = (*texts(meta["base_model"]), *texts(info.at("config", "peft", "base_model_name_or_path")))
    untold = [name for name in dict.fromkeys((*named, *tagged)) if name not in kinds]
    word = (stated_text(meta["base_model_relation"]) or "").lower()
    inferred = None
    if untold and not word:
        word, inferred = _inferred(info, {tag.lower() for tag in words}, len(untold))
    kinds.update(dict.fromkeys(untold, word))
    found = tuple(item for name, kind in kinds.items() for item in _relations(name, kind, repository))
    return BaseModels(found, inferred if any(_relations(name, word, repository) for name in untold) else None)


def _tagged(tags: Iterable[str]) -> dict[str, str]:
    """Return the relation of each base model that a tag names, "" where it gives none."""
    found: dict[str, str] = {}
    for tag in tags:
        head, _, rest = tag.partition(":")
        kind, colon, name = rest.partition(":")
        address = colon and name.startswith("//")
        kind, name = ("", rest) if address or not colon else (kind, name)
        if head.lower() == "base_model" and name.strip():
            found[name.strip()] = found.get(name.strip()) or kind.strip().lower()
    return found


def _inferred(info: JsonNode, tags: set[str], bases: int) -> tuple[str, str]:
    """Return the relation that nobody stated, and the sign that shows it."""
    library = (info["library_name"].text or "").lower()
    if info.at("config", "peft").is_object or library in {"peft", "adapter-transformers"}:
        return _ADAPTER, "the repository holds an adapter (peft)"
    if bases > 1 and not tags.isdisjoint(_MERGE_TAGS):
        return _MERGE, "several base models and a tag of a merge"
    if info["gguf"].is_object or library == "gguf" or not tags.isdisjoint(_QUANTIZED_TAGS):
        return _QUANTIZED, "the repository holds quantized weights"
    return _FINETUNE, "a base model without base_model_relation"


def _relations(name: str, kind: str, repository: str) -> tuple[Relation, ...]:
    """Return the relations to one base model; a word that is not the Hub's is kept beside a wider one."""
    target = model_named(name)
    if target is None or target.value.casefold() == repository.casefold():
        return ()
    if kind != _FINETUNE:
        target = Identifier(target.scheme, target.value, f"base_model_relation: {kind}")
    types = _RELATIONS.get(kind, ("is_derived_from",))
    return tuple(Relation(type=item, target=target, target_kind="Model") for item in types)
