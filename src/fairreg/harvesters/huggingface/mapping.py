# SPDX-License-Identifier: MIT
"""Map a repository of the Hugging Face Hub to a `ModelRecord`, in all shapes that the Hub has sent.

The payload is the repository's info as the API sends it (2022: ``modelId`` only; today ``id``), or that in an
envelope: ``{"info": {...}, "card": "text of README.md", "type": "model" | "dataset"}``, with
``"eval_results": {name: text}`` where the repository has files of results.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from fairreg.formats.contents import file_format, media_type
from fairreg.harvesters.huggingface.base_models import base_models
from fairreg.harvesters.huggingface.evaluations import Results
from fairreg.harvesters.huggingface.gate import access_of
from fairreg.harvesters.huggingface.values import PAGES, REPOSITORY, dataset_named, stated_text, texts
from fairreg.harvesters.huggingface.vocabulary import FRAMEWORKS, is_keyword
from fairreg.schemas.datacite_terms import distinct_identifiers, distinct_relations, identifier_of
from fairreg.schemas.file_address import quoted_part, quoted_path
from fairreg.schemas.identifiers import Identifier, normalise_doi
from fairreg.schemas.json_reader import JsonNode, violation
from fairreg.schemas.licenses import all_of, of_one
from fairreg.schemas.record import (
    Creator,
    Distribution,
    FieldOrigin,
    ModelRecord,
    Provenance,
    Relation,
)
from fairreg.schemas.text import plain_text, split_keywords, title

__all__ = ["envelope", "info_of", "is_dataset", "record_of", "repository_of"]

_HUB_DOI = re.compile(r"10\.57967/hf/(\d+)")
# The Hub's date for everything created before this moment, when it began to record the time.
_BEFORE_TIME = "2022-03-02T23:29"
_SHA256 = re.compile(r"[0-9a-f]{64}")


def envelope(
    info: dict[str, Any],
    card: str | None,
    *,
    dataset: bool = False,
    results: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Return the payload that holds an info with its card and the texts of its files of results."""
    found = {"info": info, "card": card, "type": "dataset" if dataset else "model"}
    return {**found, "eval_results": results} if results else found


def info_of(payload: object) -> JsonNode:
    """Return the place of the info in a payload with or without an envelope."""
    top = JsonNode(payload)
    return top["info"] if top["info"].is_object else top


def repository_of(info: JsonNode) -> str | None:
    """Return the repository's name (``owner/name``, old ones without owner); None where there is none."""
    stated = info["id"].value or info["modelId"].value
    return stated if isinstance(stated, str) and REPOSITORY.fullmatch(stated) else None


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
    return _Mapping(info, JsonNode(payload), repository, dataset=is_dataset(payload)).record()


class _Mapping:
    """One repository: its info, its card, and its card's metadata (the API's parsing before ours)."""

    def __init__(self, info: JsonNode, top: JsonNode, repository: str, *, dataset: bool) -> None:
        from fairreg.formats import model_card  # not needed to list the sources

        self.info = info
        self.dataset = dataset
        self.repository = repository
        self.id = f"datasets/{repository}" if dataset else repository
        card = top["card"].value
        self.card = model_card.read_card(card if isinstance(card, str) else "")
        stated = info["cardData"]
        # JSON paths of what our own parsing of the card found.
        self.meta = stated if stated.is_object else JsonNode(self.card.metadata, "$.card")
        self.tags = [text for item in info["tags"].items() if (text := item.text)]
        self.bases = base_models(info, self.meta, self.tags, repository)
        places = (info["model-index"], self.meta["model-index"], JsonNode(self.card.metadata)["model-index"])
        self.results = Results(places, info["evalResults"], top["eval_results"])

    def record(self) -> ModelRecord:
        """The record."""
        from fairreg.formats import model_card

        doi, files = self._doi(), tuple(self._distributions())
        license_id, license_stated = self._license()
        names = [self.meta["pretty_name"].title, self.repository.rsplit("/", 1)[-1], self.repository]
        names += [item["name"].title for item in self.results.index]
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
            evaluations=tuple(dict.fromkeys(self.results.evaluations())),
            parameter_count=self._parameters(),
            intended_use=model_card.intended_use(self.card),
            limitations=model_card.limitations(self.card),
            usage=model_card.usage(self.card),
            notes=" ".join((*self.card.faults, *self.results.faults)) or None,
            access=access_of(self.info, self.meta),
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
        if self.bases.inferred:
            yield FieldOrigin("relations", "inferred", self.bases.inferred)

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
        yield from self.bases.relations
        for name in (*texts(self.meta["datasets"]), *self._tagged("dataset:")):
            if not self.dataset:
                yield Relation(type="trained_on", target=dataset_named(name), target_kind="Dataset")
        for tested in self.results.datasets():
            yield Relation(type="evaluated_on", target=dataset_named(tested), target_kind="Dataset")
        for number in self._tagged("arxiv:"):
            found = identifier_of(number, "arxiv")
            if found and found.scheme == "arxiv":
                yield Relation(type="cites", target=found)

    def _distributions(self) -> Iterator[Distribution]:
        revision = quoted_part(self.info["sha"].text or "main")
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
        """Return (SPDX expression, words of licences without one); the card names one that is ``other``."""
        stated = texts(self.meta["license"]) or list(self._tagged("license:"))
        name, link = stated_text(self.meta["license_name"]), self.meta["license_link"].text
        page = self.meta["license_link"].address  # a relative link names a file of the repository
        found: list[tuple[str | None, str | None]] = []
        named = [name] if name and not {"other", name} & {word.lower() for word in stated} else []
        for word in (*stated, *named):
            own = word == name or word.lower() in {"other", name}
            known, said = of_one(name, page) if own else of_one(word)
            file = f"{name or word} ({link})" if own and link and not (name and page) else None
            found.append((known, None) if known else (None, file or said or word))
        return all_of(found)

    def _keywords(self) -> tuple[str, ...]:
        taken = {*self._tasks(), *texts(self.meta["language"]), self.info["library_name"].text}
        taken |= set(self._categories()[:1])
        tags = self.tags or texts(self.meta["tags"])
        # Each tag is one keyword and must not be split at its commas.
        kept = [tag for tag in tags if tag not in taken and is_keyword(tag)]
        return split_keywords([*kept, ""]) if len(kept) != 1 else (title(kept[0]) or kept[0],)

    def _language(self) -> str | None:
        stated = self.meta["language"]
        if stated.value is False:
            return "no"
        # AutoNLP writes "unk" for an unknown language.
        return ", ".join(text for text in texts(stated) if text != "unk") or None

    def _tasks(self) -> tuple[str, ...]:
        task = self.info["pipeline_tag"].text or self.meta["pipeline_tag"].text
        several = (*texts(self.meta["task_categories"]), *self._tagged("task_categories:"))
        return (task,) if task else tuple(dict.fromkeys(several)) if self.dataset else ()

    def _categories(self) -> tuple[str, ...]:
        config = self.info["config"]
        found = (config["model_type"].text, *texts(config["architectures"]))
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

    def _parameters(self) -> int | None:
        total = self.info.at("safetensors", "total").count
        return self.info.at("gguf", "total").count if total is None else total


def _number(doi: str) -> int:
    """The running number in a DOI that the Hub minted, 0 for another DOI."""
    match = _HUB_DOI.fullmatch(doi)
    return int(match[1][:18]) if match else 0


def _formats(files: Iterable[Distribution]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item.format for item in files if item.format))
