# SPDX-License-Identifier: MIT
"""The packaged template: questions (copier.yml) and files, rendered by jinja2 as Copier renders them."""

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.metadata import metadata, version
from importlib.resources import files
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import yaml

if TYPE_CHECKING:
    from jinja2 import Environment, Template

__all__ = [
    "ANSWERS_FILE",
    "Answers",
    "Question",
    "RenderedFile",
    "default_of",
    "questions",
    "refusal",
    "render",
]

ANSWERS_FILE = ".copier-answers.yml"
_SUFFIX = ".jinja"
_EXECUTABLE = frozenset({"postBuild"})
Answers = Mapping[str, Any]


class Question(msgspec.Struct, frozen=True):
    """A question of copier.yml. `type` is ``str`` or ``yaml``; `validator` renders to a fault or nothing."""

    name: str
    type: str
    help: str
    default: str | list[Any] | dict[str, Any] = ""
    validator: str = ""
    choices: tuple[str, ...] = ()
    when: str = "true"

    def is_asked(self, known: Answers) -> bool:
        """Tell whether the question is asked after these answers; else its default holds."""
        return _compiled(self.when).render(known).strip().lower() == "true"


class RenderedFile(NamedTuple):
    """A file of the project, by its path in it."""

    path: PurePosixPath
    content: bytes
    is_executable: bool = False


def _folder() -> Path:
    return Path(str(files("fairreg").joinpath("template")))


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(_folder().joinpath("copier.yml").read_text(encoding="utf-8"))
    return document


@cache
def questions() -> tuple[Question, ...]:
    """Return the questions in the order in which they are asked."""
    stated = ((name, item) for name, item in _document().items() if not name.startswith("_"))
    return tuple(msgspec.convert({"name": name, **item}, Question, strict=False) for name, item in stated)


def default_of(question: Question, known: Answers, folder: Path) -> Any:
    """Return the default of a question, which may depend on the earlier answers and the project's folder."""
    if not isinstance(question.default, str):
        return question.default
    return _compiled(question.default).render(_names(known, folder)).strip()


def refusal(question: Question, known: Answers) -> str | None:
    """Return the template's sentence on an answer in `known` that it refuses, None where it takes it."""
    said = _compiled(question.validator).render(known)
    return " ".join(said.split()) or None


def render(answers: Answers, folder: Path) -> tuple[RenderedFile, ...]:
    """Return the files of a project with these answers, in the order of their paths."""
    names = _names(answers, folder)
    project = _folder() / str(_document()["_subdirectory"])
    found = (_rendered(path, project, names) for path in project.rglob("*") if path.is_file())
    return tuple(sorted((item for item in found if item is not None), key=lambda item: item.path))


def _rendered(path: Path, project: Path, names: Mapping[str, Any]) -> RenderedFile | None:
    """Return a file, None where one part of its path is empty: it does not belong to these answers."""
    relative = PurePosixPath(path.relative_to(project).as_posix())
    parts = [_compiled(part.removesuffix(_SUFFIX)).render(names) for part in relative.parts]
    if not all(parts):
        return None
    content = path.read_bytes()
    if relative.suffix == _SUFFIX:
        content = _compiled(content.decode("utf-8")).render(names).encode("utf-8")
    return RenderedFile(PurePosixPath(*parts), content, is_executable=parts[-1] in _EXECUTABLE)


def _names(answers: Answers, folder: Path) -> dict[str, Any]:
    """Return the names that a template of Copier may use."""
    source = {"_commit": f"v{version('fairreg')}", "_src_path": f"{_repository()}.git"}
    asked = {
        item.name: answers[item.name]
        for item in questions()
        if item.name in answers and item.is_asked(answers)
    }
    return {
        **answers,
        "_copier_answers": {**source, **asked},
        "_copier_conf": SimpleNamespace(answers_file=ANSWERS_FILE, dst_path=folder),
    }


@cache
def _repository() -> str:
    """Return the address of fairreg's repository, a template of Copier by the copier.yml at its top."""
    stated = metadata("fairreg").get_all("Project-URL") or []
    return str(dict(item.split(", ", 1) for item in stated)["Source"])


@cache
def _compiled(source: str) -> "Template":
    return _environment().from_string(source)


@cache
def _environment() -> "Environment":
    """Return Copier's environment: its filters are those of jinja2-ansible-filters that the template uses."""
    from jinja2 import Environment, StrictUndefined

    found = Environment(
        autoescape=False,  # noqa: S701 - the files are no HTML; the template itself quotes every answer
        undefined=StrictUndefined,
        **_document()["_envops"],
    )
    found.filters |= {
        "regex_replace": _replaced,
        "regex_search": lambda value, pattern: re.search(pattern, value) is not None,
        "to_json": json.dumps,
        "to_nice_json": lambda value, **options: json.dumps(
            value, indent=4, sort_keys=True, separators=(",", ": "), **options
        ),
        "to_nice_yaml": lambda value: yaml.dump(
            value, indent=4, allow_unicode=True, default_flow_style=False
        ),
    }
    return found


def _replaced(value: str, pattern: str, replacement: str) -> str:
    return re.sub(pattern, replacement, value)
