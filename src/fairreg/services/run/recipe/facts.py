# SPDX-License-Identifier: MIT
"""Requirements to run a model with its authors' code, from the record and the fetched files."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from fairreg.assessment.content.environment import base_images
from fairreg.assessment.evidence import Document
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Distribution, ModelRecord
from fairreg.schemas.text import one_line
from fairreg.services.assess.file_inspection import located_documents
from fairreg.services.fetch.download import Downloaded
from fairreg.services.fetch.fetch import FetchedFiles
from fairreg.sources import schemes
from fairreg.storage.archive import member_names
from fairreg.storage.files import digest
from fairreg.storage.formats import MODEL_FORMATS
from fairreg.storage.recognition import describe

__all__ = ["CodeSource", "EnvironmentFile", "RecipeFacts", "WeightFileFact", "recipe_facts"]

_MOST_COMMANDS, _MOST_WEIGHTS = 12, 20
_LONGEST_COMMAND = 300
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}")
# An address of a file in a repository's record: the commit is a part of it.
_AT_COMMIT = re.compile(r"/([0-9a-f]{40})/")
_FENCE = re.compile(r"^ {0,3}(```|~~~)")
_COMMAND = re.compile(
    r"(?:\$\s*)?((?:[A-Z_]{1,40}=\S{1,100}\s+){0,8}(?:(?:python3?|bash|sh|snakemake|make)\s|\./).*)"
)
# The version that a conda environment or a pyproject.toml asks for, or the lowest one; not one to stay below.
_PYTHONS = (
    re.compile(r"^\s*-\s*[\"']?python\s*(?:=|==|>=|~=)\s*(3\.\d{1,2})\b", re.MULTILINE),
    re.compile(r"requires-python\s*=\s*[\"'][^\"'\n]{0,60}?(?:==|>=|~=)\s*(3\.\d{1,2})"),
)


@dataclass(frozen=True)
class CodeSource:
    """The place of the code: a Git `repository` at a `commit` (None: not stated), or fetched `archive`s."""

    repository: str | None = None
    commit: str | None = None
    archives: tuple[str, ...] = ()


@dataclass(frozen=True)
class EnvironmentFile:
    """A file that describes an environment: a `download`, or packed in one.

    `cloned` ones are in the repository too; `renamed` ones have another name in the archive itself.
    """

    name: str
    download: Downloaded
    packed: bool = False
    cloned: bool = False
    renamed: bool = False


@dataclass(frozen=True)
class WeightFileFact:
    """A file of weights: its name, what it is, and the digest of its content."""

    name: str
    words: str
    sha256: str


@dataclass(frozen=True)
class RecipeFacts:
    """Requirements of the authors' code; `missing` are sentences on what was not found.

    `environments` and `containers` are files that describe an environment, `python` the version of Python
    that one of them states, `images` the base images of the authors' containers. `commands` are lines of
    code blocks in their documents, each with the document's name. `unpacked` are the archives that the code,
    an environment or a command is in, `copies` the paths of all fetched files in the folder that
    ``fetch --output`` makes; a recipe needs them.
    """

    record: str
    name: str
    code: CodeSource
    weights: tuple[WeightFileFact, ...]
    environments: tuple[EnvironmentFile, ...]
    containers: tuple[str, ...]
    images: tuple[str, ...]
    python: str | None
    commands: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]
    unpacked: tuple[Downloaded, ...] = ()
    copies: Mapping[Distribution, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The findings in the entry ``recipe`` of the document of ``fairreg fetch``."""
        return {
            "record": self.record,
            "name": self.name,
            "code": {**asdict(self.code), "archives": list(self.code.archives)},
            "weights": [asdict(item) for item in self.weights],
            "environments": [
                {
                    "name": item.name,
                    "archive": one_line(item.download.distribution.name) if item.packed else None,
                }
                for item in self.environments
            ],
            "containers": list(self.containers),
            "images": list(self.images),
            "python": self.python,
            "commands": [{"file": file, "line": line} for file, line in self.commands],
            "missing": list(self.missing),
        }

    def sentence(self) -> str:
        """The requirements, in one sentence."""
        code = self.code
        at = f" at {code.commit}" if code.commit else ""
        parts = [f"the code in {code.repository}{at}" if code.repository else ""]
        parts += [f"the code in {', '.join(code.archives)}"] if code.archives else []
        names = ", ".join(item.name for item in self.environments[:3])
        parts += [f"its environment ({names})"] if self.environments else []
        parts += [f"a command such as {self.commands[0][1]!r}"] if self.commands else []
        told = [part for part in parts if part]
        return f"It takes {'; '.join(told)}." if told else "The record names no code for it."


def recipe_facts(fetched: FetchedFiles) -> RecipeFacts:
    """Gather the facts from the record and the fetched files; nothing is requested or executed."""
    located = list(located_documents(fetched))
    read = [item for item, _ in located]
    environments = [item for item in read if item.role == "requirements"]
    containers = [item for item in read if item.role == "dockerfile"]
    archives = _code_archives(fetched)
    code = _code(fetched.record, archives)
    commands, explained = _documented(located)
    described = tuple(_environments(located, fetched))
    needed = {*archives, *explained, *(item.download for item in described)}
    return RecipeFacts(
        record=fetched.record.identifier,
        name=one_line(fetched.record.name),
        code=code,
        weights=tuple(_weights(fetched)),
        environments=described,
        containers=tuple(item.path for item in containers),
        images=tuple(dict.fromkeys(image for item in containers for image in base_images(item))),
        python=_python(environments),
        commands=commands,
        missing=tuple(_missing(code, environments, containers, commands)),
        unpacked=tuple(item for item in fetched.archives if item in needed),
    )


def _environments(
    located: Iterable[tuple[Document, Downloaded]], fetched: FetchedFiles
) -> Iterator[EnvironmentFile]:
    packed, names_in = frozenset(fetched.archives), cache(member_names)
    for item, download in located:
        if item.role != "requirements":
            continue
        is_packed = download in packed
        yield EnvironmentFile(
            item.path,
            download,
            packed=is_packed,
            cloned=bool(_AT_COMMIT.search(download.distribution.url or "")),
            renamed=is_packed and item.path not in names_in(download.file.path),
        )


def _code_archives(fetched: FetchedFiles) -> tuple[Downloaded, ...]:
    """The archives that have code in them."""
    return tuple(
        item
        for folder, item in zip(fetched.folders, fetched.archives, strict=True)
        if next(folder.rglob("*.py"), None) or next(folder.rglob("*.ipynb"), None)
    )


def _code(record: ModelRecord, archives: Iterable[Downloaded]) -> CodeSource:
    """The repository that the record is of or refers to, and these archives."""
    named = (*record.identifiers, *(item.target for item in record.relations))
    repository = next((found for item in named if (found := _repository(item))), None)
    own = repository is not None and any(item.compact == record.identifier for item in record.identifiers)
    addresses = [item.url for item in record.distributions if item.url] if own else []
    commit = next((match[1] for match in map(_AT_COMMIT.search, addresses) if match), None)
    names = (one_line(item.distribution.name) for item in archives)
    return CodeSource(repository, commit, tuple(names))


def _repository(identifier: Identifier) -> str | None:
    """The address of a Git repository; None for other things and for names of an unusual form."""
    scheme = next((item for item in schemes() if item.name == identifier.scheme), None)
    if scheme is None or scheme.names != "code" or scheme.resolver is None:
        return None
    return f"{scheme.resolver}{identifier.value}" if _SLUG.fullmatch(identifier.value) else None


def _weights(fetched: FetchedFiles) -> Iterator[WeightFileFact]:
    found = ((path, describe(path)) for path in _paths(fetched))
    models = ((path, said.words) for path, said in found if said.format in MODEL_FORMATS or said.framework)
    for path, words in islice(models, _MOST_WEIGHTS):
        yield WeightFileFact(one_line(fetched.name_of(path)), words, digest(path))


def _paths(fetched: FetchedFiles) -> Iterator[Path]:
    """The fetched files outside archives and those inside."""
    archives = fetched.archives
    yield from (item.file.path for item in fetched.files if item not in archives)
    for folder in fetched.folders:
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file())


def _python(environments: Sequence[Document]) -> str | None:
    matches = (pattern.search(item.text) for item in environments for pattern in _PYTHONS)
    return next((match[1] for match in matches if match), None)


def _documented(
    located: Iterable[tuple[Document, Downloaded]],
) -> tuple[tuple[tuple[str, str], ...], tuple[Downloaded, ...]]:
    """The commands in the documents, each with the document's name, and the downloads they were found in."""
    explaining = ((item, place) for item, place in located if item.role in {"readme", "model_card", "docs"})
    found = ((command, place) for item, place in explaining for command in _commands([item]))
    pairs = list(islice(found, _MOST_COMMANDS))
    return tuple(command for command, _ in pairs), tuple(place for _, place in pairs)


def _commands(read: Iterable[Document]) -> Iterator[tuple[str, str]]:
    """Lines of code blocks that start a program, as their authors wrote them."""
    for item in read:
        fence: str | None = None
        for line in item.text.splitlines():
            mark = _FENCE.match(line)
            if mark and fence in {None, mark[1]}:
                fence = mark[1] if fence is None else None
                continue
            found = _COMMAND.fullmatch(one_line(line)) if fence else None
            if found and len(found[1]) <= _LONGEST_COMMAND:
                yield item.path, found[1]


def _missing(
    code: CodeSource,
    environments: Sequence[Document],
    containers: Sequence[Document],
    commands: Sequence[tuple[str, str]],
) -> Iterator[str]:
    if not code.repository and not code.archives:
        yield "The record names no repository, and no archive of it has code."
    if code.repository and not code.commit and not code.archives:
        yield "No commit is stated: the default branch may have changed since the weights were made."
    if not environments and not containers:
        yield "No file that describes an environment was fetched; the repository may have one."
    if not commands:
        yield "No command is documented in the fetched files."
