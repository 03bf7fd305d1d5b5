# SPDX-License-Identifier: MIT
"""Requirements to run a model with its authors' code, from the record and the fetched files."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from fairreg.assessment.content.environment import base_images
from fairreg.assessment.evidence import Document
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.text import one_line
from fairreg.services.assess.file_inspection import documents
from fairreg.services.fetch.fetch import FetchedFiles
from fairreg.sources import schemes
from fairreg.storage.files import digest
from fairreg.storage.formats import MODEL_FORMATS
from fairreg.storage.recognition import describe

__all__ = ["CodeSource", "RecipeFacts", "WeightFileFact", "recipe_facts"]

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
    code blocks in their documents, each with the document's name. `loose` are the files outside archives,
    `copies` the paths of all fetched files, by name, in the folder that ``fetch --output`` makes; a recipe
    needs them.
    """

    record: str
    name: str
    code: CodeSource
    weights: tuple[WeightFileFact, ...]
    environments: tuple[str, ...]
    containers: tuple[str, ...]
    images: tuple[str, ...]
    python: str | None
    commands: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]
    loose: tuple[str, ...] = ()
    copies: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The entry ``recipe`` of the document of ``fairreg fetch``."""
        return asdict(self) | {"commands": [{"file": file, "line": line} for file, line in self.commands]}

    def sentence(self) -> str:
        """The requirements, in one sentence."""
        code = self.code
        at = f" at {code.commit}" if code.commit else ""
        parts = [f"the code in {code.repository}{at}" if code.repository else ""]
        parts += [f"the code in {', '.join(code.archives)}"] if code.archives else []
        parts += [f"its environment ({', '.join(self.environments[:3])})"] if self.environments else []
        parts += [f"a command such as {self.commands[0][1]!r}"] if self.commands else []
        told = [part for part in parts if part]
        return f"It takes {'; '.join(told)}." if told else "The record names no code for it."


def recipe_facts(fetched: FetchedFiles) -> RecipeFacts:
    """Gather the facts from the record and the fetched files; nothing is requested or executed."""
    read = documents(fetched)
    environments = [item for item in read if item.role == "requirements"]
    containers = [item for item in read if item.role == "dockerfile"]
    code = _code(fetched.record, fetched)
    packed = {item.file.path for item in fetched.archives}
    commands = tuple(_commands(item for item in read if item.role in {"readme", "model_card", "docs"}))
    return RecipeFacts(
        record=fetched.record.identifier,
        name=one_line(fetched.record.name),
        code=code,
        weights=tuple(_weights(fetched)),
        environments=tuple(item.path for item in environments),
        containers=tuple(item.path for item in containers),
        images=tuple(dict.fromkeys(image for item in containers for image in base_images(item))),
        python=_python(environments),
        commands=commands[:_MOST_COMMANDS],
        missing=tuple(_missing(code, environments, containers, commands)),
        loose=tuple(item.distribution.name for item in fetched.files if item.file.path not in packed),
    )


def _code(record: ModelRecord, fetched: FetchedFiles) -> CodeSource:
    """The repository that the record is of or refers to, and the archives that have code in them."""
    named = (*record.identifiers, *(item.target for item in record.relations))
    repository = next((found for item in named if (found := _repository(item))), None)
    own = repository is not None and any(item.compact == record.identifier for item in record.identifiers)
    addresses = [item.url for item in record.distributions if item.url] if own else []
    commit = next((match[1] for match in map(_AT_COMMIT.search, addresses) if match), None)
    archives = [
        item.distribution.name
        for folder, item in zip(fetched.folders, fetched.archives, strict=True)
        if next(folder.rglob("*.py"), None) or next(folder.rglob("*.ipynb"), None)
    ]
    return CodeSource(repository, commit, tuple(map(one_line, archives)))


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
