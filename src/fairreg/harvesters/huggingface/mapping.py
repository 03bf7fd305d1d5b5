# SPDX-License-Identifier: MIT
"""Map a repository of the Hugging Face Hub to a `ModelRecord`, in all shapes that the Hub has sent.

The payload is the repository's info as the API sends it (2022: ``modelId`` only; today ``id``), or that in an
envelope with its card: ``{"info": {...}, "card": "text of README.md", "type": "model" | "dataset"}``.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from fairreg.harvesters.common.contents import file_format, media_type
from fairreg.harvesters.huggingface.vocabulary import FRAMEWORKS, is_keyword
from fairreg.schemas.datacite_terms import distinct_identifiers, distinct_relations, identifier_of
from fairreg.schemas.file_address import quoted_path
from fairreg.schemas.identifiers import Identifier, normalise_doi
from fairreg.schemas.json_reader import JsonNode, violation
from fairreg.schemas.licenses import joined, of_one
from fairreg.schemas.record import (
    Access,
    Creator,
    Distribution,
    Evaluation,
    FieldOrigin,
    ModelRecord,
    Provenance,
    Relation,
    RelationType,
)
from fairreg.schemas.text import plain_text, split_keywords, title

__all__ = ["PAGES", "envelope", "info_of", "is_dataset", "record_of", "repository_of"]

PAGES = "https://huggingface.co"
_ID = re.compile(r"[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9._][\w.-]*)?", re.ASCII)
_HUB_DOI = re.compile(r"10\.57967/hf/(\d+)")
# The Hub's date for everything created before this moment, when it began to record the time.
_BEFORE_TIME = "2022-03-02T23:29"
_NOTHING = {"null", "~", "none", "n/a", "unknown", "[more information needed]", "more information needed"}
_RELATIONS: dict[str, RelationType] = {
    "finetune": "fine_tuned_from",
    "adapter": "fine_tuned_from",
    "quantized": "is_derived_from",
    "merge": "is_derived_from",
}
_SHA256 = re.compile(r"[0-9a-f]{64}")


def envelope(info: dict[str, Any], card: str | None, *, dataset: bool = False) -> dict[str, Any]:
    """Return the payload that holds an info with its card."""
    return {"info": info, "card": card, "type": "dataset" if dataset else "model"}


def info_of(payload: object) -> JsonNode:
    """Return the place of the info in a payload with or without an envelope."""
    top = JsonNode(payload)
    return top["info"] if top["info"].is_object else top


def repository_of(info: JsonNode) -> str | None:
    """Return the repository's name (``owner/name``, old ones without owner); None where there is none."""
    stated = info["id"].value or info["modelId"].value
    return stated if isinstance(stated, str) and _ID.fullmatch(stated) else None


def is_dataset(payload: object) -> bool:
    """Tell whether it is a dataset, by the envelope, else by fields that only one of the two has."""
    stated, info = JsonNode(payload)["type"].text, info_of(payload)
    if stated in {"model", "dataset"} and info.path != "$":
        return stated == "dataset"
    if any(name in info.value for name in ("modelId", "pipeline_tag", "library_name", "config")):
        return False
    only = ("citation", "paperswithcode_id", "description", "key")
    return any(name in info.value for name in only) or info.at("cardData", "task_categories").stated


def record_of(payload: object) -> ModelRecord:
    """Map one repository. Raises RecordError naming the path of a missing id."""
    info = info_of(payload)
    if not info.is_object:
        raise violation(info, "is not a JSON object", source="Hugging Face")
    repository = repository_of(info)
    if repository is None:
        raise violation(info["id"], "is not the name of a repository", source="Hugging Face")
    return _Mapping(info, JsonNode(payload)["card"], repository, dataset=is_dataset(payload)).record()


class _Mapping:
    """One repository: its info, its card, and its card's metadata (the API's parsing before ours)."""

    def __init__(self, info: JsonNode, card: JsonNode, repository: str, *, dataset: bool) -> None:
        from fairreg.formats import model_card  # not needed to list the sources

        self.info = info
        self.dataset = dataset
        self.repository = repository
        self.id = f"datasets/{repository}" if dataset else repository
        self.card = model_card.read_card(card.value if isinstance(card.value, str) else "")
        stated = info["cardData"]
        # JSON paths of what our own parsing of the card found.
        self.meta = stated if stated.is_object else JsonNode(self.card.metadata, "$.card")
        self.tags = [text for item in info["tags"].items() if (text := item.text)]

    def record(self) -> ModelRecord:
        """The record."""
        from fairreg.formats import model_card

        doi, files = self._doi(), tuple(self._distributions())
        license_id, license_stated = self._license()
        names = [self.meta["pretty_name"].title, self.repository.rsplit("/", 1)[-1], self.repository]
        names += [item["name"].title for item in self._index()]
        known = list(dict.fromkeys(name for name in names if name))
        return ModelRecord(
            identifier=f"doi:{doi}" if doi else f"huggingface:{self.id}",
            kind="dataset" if self.dataset else "model",
            name=known[0],
            alternate_names=tuple(known[1:]),
            provenance=Provenance(
                source="huggingface",
                source_id=self.id,
                url=f"{PAGES}/{self.id}",
                origins=tuple(self._origins(files)),
            ),
            description=self._description(),
            identifiers=distinct_identifiers(self._identifiers(doi)),
            version=self.info["sha"].text,
            creators=self._creators(),
            publisher="Hugging Face",
            license=license_id,
            license_stated=license_stated,
            keywords=self._keywords(),
            language=self._language(),
            ml_task=self._tasks(),
            model_category=self._categories(),
            frameworks=self._frameworks(),
            formats=_formats(files),
            date_created=self._created(),
            date_modified=self.info["lastModified"].date,
            distributions=files,
            relations=distinct_relations(self._relations(doi)),
            evaluations=tuple(dict.fromkeys(self._evaluations())),
            parameter_count=self._parameters(),
            intended_use=model_card.intended_use(self.card),
            limitations=model_card.limitations(self.card),
            usage=model_card.usage(self.card),
            notes=" ".join(self.card.faults) or None,
            access=self._access(),
        )

    def _origins(self, files: tuple[Distribution, ...]) -> Iterator[FieldOrigin]:
        if self._creators():
            yield FieldOrigin("creators", "inferred", "the account that holds the repository")
        if self._frameworks():
            yield FieldOrigin("frameworks", "inferred", "library_name and tags")
        if _formats(files):
            yield FieldOrigin("formats", "inferred", "file names")
        if self.meta["language"].value is False:
            yield FieldOrigin("language", "inferred", "YAML reads the code of Norwegian as false")

    def _tagged(self, prefix: str) -> Iterator[str]:
        """Yield what follows `prefix` in the tags, whose case differs."""
        for tag in self.tags:
            if tag.lower().startswith(prefix) and tag[len(prefix) :].strip():
                yield tag[len(prefix) :].strip()

    def _dois(self) -> list[str]:
        found = [doi for tag in self._tagged("doi:") if (doi := normalise_doi(tag))]
        return list(dict.fromkeys(found))

    def _doi(self) -> str | None:
        """The newest DOI that the Hub minted; each names the revision of its day."""
        return max((doi for doi in self._dois() if _number(doi)), key=_number, default=None)

    def _identifiers(self, doi: str | None) -> Iterator[Identifier]:
        if doi:
            yield Identifier("doi", doi)
        yield Identifier("huggingface", self.id)
        for other in self._dois():
            # A DOI of another agency was entered by the author and may be the paper's.
            if not _number(other):
                yield Identifier("related_doi", other, "tag doi:")

    def _relations(self, doi: str | None) -> Iterator[Relation]:
        for other in self._dois():
            if _number(other) and other != doi:
                yield Relation(type="is_new_version_of", target=Identifier("doi", other))
        yield from self._bases()
        for name in (*_texts(self.meta["datasets"]), *self._tagged("dataset:")):
            if not self.dataset:
                yield Relation(type="trained_on", target=_dataset(name), target_kind="Dataset")
        for item in self._results():
            tested = _stated_text(item.at("dataset", "type"))
            if tested:
                yield Relation(type="evaluated_on", target=_dataset(tested), target_kind="Dataset")
        for number in self._tagged("arxiv:"):
            found = identifier_of(number, "arxiv")
            if found and found.scheme == "arxiv":
                yield Relation(type="cites", target=found)

    def _bases(self) -> Iterator[Relation]:
        """Base models: tags tell how each was used, the card and an adapter's configuration only which."""
        found: dict[str, RelationType] = {}
        for tag in sorted(self._tagged("base_model:"), key=lambda tag: tag.count(":"), reverse=True):
            how, colon, name = tag.rpartition(":")
            if not colon or how in _RELATIONS:
                found.setdefault(name, _RELATIONS.get(how, "fine_tuned_from"))
        how = _RELATIONS.get(self.meta["base_model_relation"].text or "", "fine_tuned_from")
        adapted = self.info.at("config", "peft", "base_model_name_or_path")
        for name in (*_texts(self.meta["base_model"]), *_texts(adapted)):
            found.setdefault(name, how)
        for name, relation in found.items():
            target = _hub_model(name)
            if target and target.value != self.repository:
                yield Relation(type=relation, target=target, target_kind="Model")

    def _distributions(self) -> Iterator[Distribution]:
        revision = quote(self.info["sha"].text or "main", safe="")
        for item in self.info["siblings"].items():
            name = item["rfilename"].file_name
            if name is None:
                continue
            size, digest = item["size"].count, (item.at("lfs", "sha256").text or "").lower()
            yield Distribution(
                name=name,
                url=f"{PAGES}/{self.id}/resolve/{revision}/{quoted_path(str(item['rfilename'].value))}",
                size=item.at("lfs", "size").count if size is None else size,
                checksums=(f"sha256:{digest}",) if _SHA256.fullmatch(digest) else (),
                media_type=media_type(name),
                format=file_format(name),
            )

    def _description(self) -> str | None:
        from fairreg.formats import model_card

        told = self.info["description"].prose
        return model_card.description(self.card) or (plain_text(told) or None if told else None)

    def _creators(self) -> tuple[Creator, ...]:
        owner, slash, _ = self.repository.partition("/")
        name = self.info["author"].title or (owner if slash else None)
        return (Creator(name=name, kind="organization"),) if name else ()

    def _license(self) -> tuple[str | None, str | None]:
        """(SPDX expression, stated licence without one); for ``other`` the card gives name and link."""
        stated = _texts(self.meta["license"]) or list(self._tagged("license:"))
        name, link = _stated_text(self.meta["license_name"]), self.meta["license_link"].text
        page = self.meta["license_link"].address  # a relative link names a file of the repository
        found: list[str] = []
        unknown: list[str] = []
        for word in stated or ([name] if name else []):
            own = word.lower() in {"other", name}
            known, said = of_one(name, page) if own else of_one(word)
            if known:
                found.append(known)
            elif own and link and not (name and page):
                unknown.append(f"{name or word} ({link})")
            else:
                unknown.append(said or word)
        return joined(found), "; ".join(dict.fromkeys(unknown)) or None

    def _keywords(self) -> tuple[str, ...]:
        taken = {*self._tasks(), *_texts(self.meta["language"]), self.info["library_name"].text}
        taken |= set(self._categories()[:1])
        tags = self.tags or _texts(self.meta["tags"])
        # Each tag is one keyword and must not be split at its commas.
        kept = [tag for tag in tags if tag not in taken and is_keyword(tag)]
        return split_keywords([*kept, ""]) if len(kept) != 1 else (title(kept[0]) or kept[0],)

    def _language(self) -> str | None:
        stated = self.meta["language"]
        if stated.value is False:
            return "no"
        # AutoNLP writes "unk" for an unknown language.
        return ", ".join(text for text in _texts(stated) if text != "unk") or None

    def _tasks(self) -> tuple[str, ...]:
        task = self.info["pipeline_tag"].text or self.meta["pipeline_tag"].text
        several = (*_texts(self.meta["task_categories"]), *self._tagged("task_categories:"))
        return (task,) if task else tuple(dict.fromkeys(several)) if self.dataset else ()

    def _categories(self) -> tuple[str, ...]:
        config = self.info["config"]
        found = (config["model_type"].text, *_texts(config["architectures"]))
        made = config.at("diffusers", "_class_name").text
        return tuple(dict.fromkeys(text for text in (*found, made) if text))

    def _frameworks(self) -> tuple[str, ...]:
        library = self.info["library_name"].text or self.meta["library_name"].text
        library = library or self.meta["library_tag"].text
        first = [FRAMEWORKS.get(library.lower(), library)] if library and not self.dataset else []
        found = [FRAMEWORKS[tag.lower()] for tag in self.tags if tag.lower() in FRAMEWORKS]
        return tuple(dict.fromkeys((*found, *first) if not self.dataset else ()))

    def _created(self) -> str | None:
        moment = self.info["createdAt"].date
        return None if moment is None or moment.startswith(_BEFORE_TIME) else moment

    def _index(self) -> Iterator[JsonNode]:
        """The entries of model-index: a list, a single object, or null."""
        places = (
            self.info["model-index"],
            self.meta["model-index"],
            JsonNode(self.card.metadata)["model-index"],
        )
        stated = next((node for node in places if node.stated), JsonNode(None))
        yield from (item for item in stated.items() if item.is_object)

    def _results(self) -> Iterator[JsonNode]:
        for entry in self._index():
            # The old form has a list of datasets instead of results.
            yield from (item for item in entry["results"].items() if item.is_object)

    def _evaluations(self) -> Iterator[Evaluation]:
        for result in self._results():
            data = result["dataset"]
            name = _stated_text(data["name"]) or _stated_text(data["type"]) or _stated_text(data)
            for metric in (*result["metrics"].items(), *result["metric"].items()):
                what, value = (
                    _stated_text(metric["name"]) or _stated_text(metric["type"]),
                    _value(metric["value"]),
                )
                if what and value:
                    yield Evaluation(
                        metric=what, value=value, dataset=name, split=_stated_text(data["split"])
                    )

    def _parameters(self) -> int | None:
        total = self.info.at("safetensors", "total").count
        return self.info.at("gguf", "total").count if total is None else total

    def _access(self) -> Access | None:
        gated = self.info["gated"]
        if self.info["disabled"].value is True:
            return Access(level="closed", conditions="disabled by the Hub or its owner")
        if gated.value is True or gated.text in {"auto", "manual"}:
            prompt = self.meta["extra_gated_prompt"].prose or self.meta["extra_gated_heading"].prose
            how = {"auto": "granted on request", "manual": "granted by the authors on request"}
            return Access(
                level="gated", conditions=(prompt and plain_text(prompt)) or how.get(gated.text or "")
            )
        if self.info["private"].value is True:
            return Access(level="restricted", conditions="private repository")
        said_open = self.info["private"].value is False or gated.value is False
        return Access(level="open") if said_open else None


def _number(doi: str) -> int:
    """The running number in a DOI that the Hub minted, 0 for another DOI."""
    match = _HUB_DOI.fullmatch(doi)
    return int(match[1][:18]) if match else 0


def _stated_text(node: JsonNode) -> str | None:
    text = node.text
    return None if text is None or text.lower() in _NOTHING else text


def _texts(node: JsonNode) -> list[str]:
    """Return the texts of a text, a list of texts or an object of texts, each once."""
    several = [item for _, item in node.members()] if node.is_object else list(node.items())
    found = [
        text
        for item in several
        if (text := _stated_text(item) or _stated_text(item["name"]) or _stated_text(item["id"]))
    ]
    if any(item.value is False for item in several):
        found.append("no")
    return list(dict.fromkeys(found))


def _formats(files: Iterable[Distribution]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item.format for item in files if item.format))


def _dataset(name: str) -> Identifier:
    plain = name.removeprefix(f"{PAGES}/").removeprefix("datasets/")
    if _ID.fullmatch(plain):
        return Identifier("huggingface", f"datasets/{plain}")
    return identifier_of(name) or Identifier("other", name)


def _hub_model(name: str) -> Identifier | None:
    """Return the base model that `name` or its address names; None for a local folder."""
    plain = name.removeprefix(f"{PAGES}/").removesuffix("/")
    if _ID.fullmatch(plain):
        return Identifier("huggingface", plain)
    found = identifier_of(name) if "://" in name else None
    return found if found and found.scheme != "other" else None


def _value(node: JsonNode) -> str | None:
    """A metric's value as text; numbers as Python writes them, objects as JSON."""
    if isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return str(node.value)
    if isinstance(node.value, dict | list) and node.value:
        return json.dumps(node.value, sort_keys=True)
    return _stated_text(node)
