# SPDX-License-Identifier: MIT
"""What the metadata files in a code repository say, as typed facts.

CITATION.cff 1.2 (https://github.com/citation-file-format/citation-file-format), CodeMeta 2 and 3
(https://codemeta.github.io), .zenodo.json (https://developers.zenodo.org/#github), the badges of a README and
the text of a licence. A file that does not parse is a fact too: its `fault` says so, nothing else is known.

A DOI in these files names an archive of the repository, its lineage or a paper, never the repository itself.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import yaml

from fairreg.schemas.datacite_terms import identifier_of, relation_type
from fairreg.schemas.identifiers import Identifier, normalise_doi, normalise_orcid
from fairreg.schemas.json_reader import Place
from fairreg.schemas.licenses import joined, spdx
from fairreg.schemas.record import Creator, Relation, RelationType
from fairreg.schemas.text import one_line, plain_text, split_keywords

__all__ = ["FileFacts", "is_known", "read_files"]

_LONGEST = 2**18  # characters; metadata files are far smaller, and YAML is slow to read
_ROLES = (
    ("citation", re.compile(r"citation\.cff", re.IGNORECASE)),
    ("codemeta", re.compile(r"codemeta\.json", re.IGNORECASE)),
    ("zenodo", re.compile(r"\.zenodo\.json", re.IGNORECASE)),
    ("readme", re.compile(r"readme(?:\.(?:md|markdown|rst|txt))?", re.IGNORECASE)),
    ("license", re.compile(r"(?:licen[cs]e|copying)(?:\.(?:md|rst|txt))?", re.IGNORECASE)),
)
_CONCEPT = re.compile(r"\bconcept\b|\ball (?:the )?versions\b", re.IGNORECASE)
_PAPERS = re.compile(r"article|conference-paper|proceedings|thesis|report|book|unpublished|manual|pamphlet")
_IN_LINK = r"[^\s\"'<>)\]]"
# Every repetition is bounded, so that no README takes long to read.
_BADGE_DOI = re.compile(rf"zenodo\.org/badge/doi/(10\.{_IN_LINK}{{1,200}})", re.IGNORECASE)
_SHIELD_DOI = re.compile(rf"img\.shields\.io/badge/doi-(10\.{_IN_LINK}{{1,200}})-[a-z0-9]{{3,20}}", re.I)
_JOSS_BADGE = re.compile(r"joss\.theoj\.org/papers/(10\.21105/[\w.-]{1,60})/status\.svg", re.IGNORECASE)
_LINKED_IMAGES = (
    re.compile(r"\[!\[[^\]\n]{0,200}\]\([^)\n]{1,500}\)\]\(\s{0,9}<?(https?://[^)\s>]{1,500})"),  # Markdown
    re.compile(
        r"<a\s[^>]{0,200}href=[\"'](https?://[^\"'\s]{1,500})[\"'][^>]{0,200}>\s{0,99}<img\b", re.IGNORECASE
    ),
    re.compile(
        r"image::[^\n]{1,500}\n(?:[ \t]{1,20}:(?!target)[^\n]{1,200}\n){0,9}[ \t]{1,20}:target:[ ]{0,9}(https?://\S{1,500})"
    ),
)
_SWHID = re.compile(r"swh:1:(?:cnt|dir|rev|rel|snp):[0-9a-f]{40}")
_MIT = "permission is hereby granted, free of charge, to any person obtaining a copy"


@dataclass(frozen=True)
class FileFacts:
    """What one file says. `identifiers` and `relations` carry the file's name as their evidence."""

    file: str
    role: str
    fault: str | None = None
    title: str | None = None
    abstract: str | None = None
    version: str | None = None
    released: str | None = None
    type: str | None = None
    license: str | None = None
    license_stated: str | None = None
    repository: str | None = None
    creators: tuple[Creator, ...] = ()
    keywords: tuple[str, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    relations: tuple[Relation, ...] = ()


class _PlainLoader(yaml.BaseLoader):
    """Text, lists and mappings only: no tags, and no aliases, which could grow without end."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        return super().compose_node(parent, index)


def is_known(name: str) -> bool:
    """Whether a file at the top of a repository is one that is read here."""
    return _role(name) is not None


def read_files(files: Mapping[str, str]) -> tuple[FileFacts, ...]:
    """The facts of each known file, the most deliberate statement first: CFF, CodeMeta, Zenodo's, README."""
    roles = [role for role, _ in _ROLES]
    named = sorted((roles.index(role), name) for name in files if (role := _role(name)) is not None)
    return tuple(_read(roles[place], name, files[name]) for place, name in named)


def _role(name: str) -> str | None:
    return next((role for role, pattern in _ROLES if pattern.fullmatch(name)), None)


def _read(role: str, name: str, text: str) -> FileFacts:
    if role in _PROSE:
        return _PROSE[role](name, text[:_LONGEST])
    if len(text) > _LONGEST:
        return FileFacts(name, role, fault=f"{name} is longer than {_LONGEST // 1024} KiB and was not read")
    try:
        value = _yaml(text) if role == "citation" else json.loads(text)
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        return FileFacts(name, role, fault=f"{name} is not valid {_language(role)}{_where(error)}")
    if not isinstance(value, dict):
        return FileFacts(name, role, fault=f"{name} holds no {_language(role)} object")
    return _STRUCTURED[role](name, Place(value))


def _yaml(text: str) -> Any:
    return yaml.load(text, Loader=_PlainLoader)  # noqa: S506 - builds nothing but text


def _language(role: str) -> str:
    return "YAML" if role == "citation" else "JSON"


def _where(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    line = error.lineno if isinstance(error, json.JSONDecodeError) else mark.line + 1 if mark else None
    return f" (line {line})" if line else ""


def _cff(name: str, top: Place) -> FileFacts:
    preferred = top["preferred-citation"]
    return FileFacts(
        name,
        "citation",
        title=top["title"].text,
        abstract=_prose(top["abstract"]),
        version=top["version"].text,
        released=top["date-released"].date,
        type=top["type"].text,
        # CFF 1.2: where several licences are listed, each of them may be chosen.
        **_licence(*top["license"].items(), any_of=True),
        repository=top["repository-code"].address,
        creators=tuple(_creators(top["authors"], _cff_creator)),
        keywords=_keywords(top["keywords"]),
        identifiers=tuple(_cff_identifiers(name, top)),
        relations=(*_cited(_dois_of(preferred), "cites"), *_cited(_dois_of(top["references"]), "references")),
    )


def _cff_identifiers(name: str, top: Place) -> Iterator[Identifier]:
    for item in top["identifiers"].items():
        value, described = item["value"].text, item["description"].text or ""
        if item["type"].text == "doi" or normalise_doi(value or ""):
            yield from _doi(value, f"{name}: identifiers", concept=bool(_CONCEPT.search(described)))
        elif item["type"].text == "swh":
            yield from _swhids(value or "", name)
    yield from _doi(top["doi"].text, f"{name}: doi")
    preferred = top["preferred-citation"]
    paper = preferred["journal"].stated or _PAPERS.search(preferred["type"].text or "")
    for doi in _dois_of(preferred):
        yield Identifier("paper_doi" if paper else "related_doi", doi.value, f"{name}: preferred-citation")


def _codemeta(name: str, top: Place) -> FileFacts:
    papers = [found for item in _listed(top["referencePublication"]) if (found := _reference(item))]
    cited = [found for item in _listed(top["citation"]) if (found := _reference(item))]
    parts = [found for item in _listed(top["isPartOf"]) if (found := _reference(item))]
    return FileFacts(
        name,
        "codemeta",
        title=top["name"].label,
        abstract=_prose(top["description"]),
        version=top["version"].text or top["softwareVersion"].text,
        released=top["datePublished"].date,
        **_licence(*(_named(item) for item in _listed(top["license"]))),
        repository=(top["codeRepository"].text or "").removeprefix("git+") or None,
        creators=tuple(_creators(top["author"], _codemeta_creator)),
        keywords=_keywords(top["keywords"]),
        identifiers=(*_codemeta_identifiers(name, top), *_papers(papers, f"{name}: referencePublication")),
        relations=(*_cited(papers, "cites"), *_cited(cited, "cites"), *_cited(parts, "is_part_of")),
    )


def _codemeta_identifiers(name: str, top: Place) -> Iterator[Identifier]:
    for item in (top["@id"], top["id"], *_listed(top["identifier"])):
        value = _named(item).text or ""
        yield from _doi(value, f"{name}: identifier")
        yield from _swhids(value, name)


def _zenodo(name: str, top: Place) -> FileFacts:
    related = [item for item in top["related_identifiers"].items() if item.is_object]
    pairs = [
        (relation_type(item["relation"].text), identifier_of(item["identifier"].text, item["scheme"].text))
        for item in related
    ]
    return FileFacts(
        name,
        "zenodo",
        title=top["title"].text,
        abstract=_prose(top["description"]),
        version=top["version"].text,
        type=top["upload_type"].text,
        **_licence(top["license"]["id"] if top["license"].is_object else top["license"]),
        creators=tuple(_creators(top["creators"], _zenodo_creator)),
        keywords=_keywords(top["keywords"]),
        identifiers=tuple(_doi(top["doi"].text, f"{name}: doi")),
        relations=tuple(Relation(type=kind, target=target) for kind, target in pairs if target),
    )


def _readme(name: str, text: str) -> FileFacts:
    dois = [
        *(re.sub(r"(?:\.svg)?(?:\?.*)?$", "", item) for item in _BADGE_DOI.findall(text)),
        *(unquote(item).replace("--", "-") for item in _SHIELD_DOI.findall(text)),
    ]
    papers = [Identifier("doi", doi) for item in _JOSS_BADGE.findall(text) if (doi := normalise_doi(item))]
    links = [
        found
        for pattern in _LINKED_IMAGES
        for link in pattern.findall(text)
        if (found := identifier_of(link))
    ]
    dois += [item.value for item in links if item.scheme == "doi"]
    papers += [item for item in links if item.scheme == "arxiv"]
    evidence = f"{name}: badge"
    return FileFacts(
        name,
        "readme",
        identifiers=(
            *_papers(papers, evidence),
            *(found for doi in dois for found in _doi(doi, evidence)),
            *_swhids(text, name),
        ),
        relations=tuple(_cited(papers, "cites")),
    )


def _license_text(name: str, text: str) -> FileFacts:
    lines = [line for line in map(one_line, text.splitlines()[:20]) if line.strip("#=-* ")][:2]
    title = re.sub(r", \w+ \d{4}$|, \d{1,2} \w+ \d{4}$", "", " ".join(lines)).strip("# ")
    mit = "MIT" if _MIT in one_line(text[:4000]).lower() else None
    return FileFacts(name, "license", license=spdx(title, lines[0].strip("# ") if lines else None) or mit)


def _doi(text: str | None, evidence: str, *, concept: bool = False) -> Iterator[Identifier]:
    doi = normalise_doi(text or "")
    if doi:
        joss = doi.startswith("10.21105/")
        yield Identifier("concept_doi" if concept else "paper_doi" if joss else "related_doi", doi, evidence)


def _swhids(text: str, name: str) -> Iterator[Identifier]:
    yield from (Identifier("swhid", value, name) for value in dict.fromkeys(_SWHID.findall(text)))


def _papers(found: list[Identifier], evidence: str) -> Iterator[Identifier]:
    yield from (Identifier("paper_doi", item.value, evidence) for item in found if item.scheme == "doi")


def _cited(targets: list[Identifier], kind: RelationType) -> Iterator[Relation]:
    yield from (Relation(type=kind, target=target) for target in targets)


def _dois_of(place: Place) -> list[Identifier]:
    found = (normalise_doi(item["doi"].text or "") for item in place.items() if item.is_object)
    return [Identifier("doi", doi) for doi in found if doi]


def _reference(item: Place) -> Identifier | None:
    found = identifier_of(_named(item).text)
    return found if found and found.scheme in {"doi", "arxiv", "github", "url"} else None


def _listed(place: Place) -> Iterator[Place]:
    """The elements of a value that may be one thing, a list or JSON-LD's ``@list``."""
    yield from place["@list"].items() if place["@list"].stated else place.items()


def _named(item: Place) -> Place:
    """The text of a value, or of what names an object."""
    fields = ("@id", "id", "@value", "value", "identifier", "url", "name")
    return next((item[name] for name in fields if item[name].text), item)


def _creators(places: Place, read: Callable[[Place], Creator | None]) -> Iterator[Creator]:
    yield from (found for item in _listed(places) if (found := read(item)))


def _creator(name: str | None, orcid: str | None, affiliation: str | None, *, person: bool) -> Creator | None:
    if not name:
        return None
    kind: Any = "person" if person else "organization"
    return Creator(name=name, orcid=normalise_orcid(orcid or ""), affiliation=affiliation, kind=kind)


def _cff_creator(item: Place) -> Creator | None:
    family = " ".join(part for part in (item["name-particle"].text, item["family-names"].text) if part)
    parts = (family, item["given-names"].text, item["name-suffix"].text)
    person = ", ".join(part for part in parts if part) or item["alias"].text
    entity = item["name"].text
    name, affiliation = entity or person or item.text, item["affiliation"].text
    return _creator(name, item["orcid"].text, affiliation, person=not entity)


def _codemeta_creator(item: Place) -> Creator | None:
    person = ", ".join(part for part in (item["familyName"].label, item["givenName"].label) if part)
    groups = [text for place in _listed(item["affiliation"]) if (text := place["name"].label or place.text)]
    ids = [place.text for place in (item["@id"], item["id"], item["identifier"]) if place.text]
    orcid = next((found for text in ids if (found := normalise_orcid(text))), None)
    organisation = "organization" in (item["@type"].text or item["type"].text or "").lower()
    # An author that is only an address is a person whose name the file does not give.
    named = item.text if item.address is None and not normalise_orcid(item.text or "") else None
    return _creator(
        person or item["name"].label or named, orcid, "; ".join(groups) or None, person=not organisation
    )


def _zenodo_creator(item: Place) -> Creator | None:
    return _creator(item["name"].text or item.text, item["orcid"].text, item["affiliation"].text, person=True)


def _keywords(place: Place) -> tuple[str, ...]:
    return split_keywords(text for item in _listed(place) if (text := item["name"].label or item.text))


def _prose(place: Place) -> str | None:
    return (plain_text(place.prose) or None) if place.prose else None


def _licence(*places: Place, any_of: bool = False) -> dict[str, Any]:
    """The SPDX expression, and what is stated without one. An address of another file says nothing."""
    known = [(place, spdx(place.text)) for place in places if place.text]
    unknown = [place.text for place, item in known if item is None and place.address is None]
    found = sorted({item for _, item in known if item})
    return {
        "license": (" OR ".join(found) or None) if any_of else joined(found),
        "license_stated": "; ".join(text for text in unknown if text) or None,
    }


_STRUCTURED: dict[str, Callable[[str, Place], FileFacts]] = {
    "citation": _cff,
    "codemeta": _codemeta,
    "zenodo": _zenodo,
}
_PROSE: dict[str, Callable[[str, str], FileFacts]] = {"readme": _readme, "license": _license_text}
