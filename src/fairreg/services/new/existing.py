# SPDX-License-Identifier: MIT
"""Answers from an existing folder: metadata files, licence, the address in its git configuration, model.

Files are read and never executed; a folder without any of them gives no answer.
"""

import configparser
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from shlex import quote
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from fairreg.errors import FairregError, ModelError, UsageError
from fairreg.formats import fair4ml
from fairreg.formats.creator_names import is_group, parts
from fairreg.formats.file_facts import LONGEST, FileFacts, parsed_object
from fairreg.formats.license_files import is_license_file
from fairreg.formats.related import page_of_clone
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.json_reader import JsonNode
from fairreg.schemas.licenses import is_listed
from fairreg.schemas.record import Creator
from fairreg.services.new.checks import checked
from fairreg.services.new.file_faults import faults_of
from fairreg.services.new.template import questions
from fairreg.services.new.training_files import Statement, results_of, settings_beside
from fairreg.storage.files import is_inside

__all__ = ["FoundAnswers", "found_in"]

_MOST_FILES = 20_000
_CARDS = ("MODEL_CARD.md", "README.md")
_LEFT_OUT = frozenset({"node_modules", "__pycache__", "site-packages"})
_MODEL = ".onnx"
_PACKAGE = "pyproject.toml"
# Answers in which all files have to agree: a file that says something else is named.
_OF_THE_VERSION = frozenset({"version", "date_published", "doi"})
_TOY = "An empty model_file in --answers FILE makes a project with the toy model instead."
_OTHER_WEIGHTS = frozenset({".pt", ".pth", ".safetensors", ".h5", ".keras", ".ckpt", ".tflite"})


class FoundAnswers(NamedTuple):
    """Answers by question, for each the file that gave it, and sentences on those that are refused."""

    answers: dict[str, Any]
    sources: dict[str, str]
    refused: tuple[str, ...] = ()


def found_in(folder: Path, *, model: str | None = None) -> FoundAnswers:
    """Return the answers that a folder gives; a `model` that was named, or denied by "", is not looked for.

    Raises UsageError without a folder, ModelError for several models and UsageError for one of an unfit name.
    """
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}.", hint="--from takes an existing folder.")
    answers: dict[str, Any] = {}
    sources: dict[str, str] = {}
    refused: list[str] = []
    asked = {item.name: item for item in questions()}
    for source, given, faults in _statements(folder, model):
        refused += (f"{source}: {fault}" for fault in faults)
        for name, value in given.items():
            if not value or (name in answers and name not in _OF_THE_VERSION):
                continue
            try:
                found = checked(asked[name], value, dict.fromkeys(asked, "") | answers)
            except UsageError as error:  # the words of a file, which nobody chose as an answer
                if name == "model_file":  # a toy must not take its place
                    raise _unfit(folder, source) from error
                refused.append(f"{source}: {error.message}")
            else:
                if answers.setdefault(name, found) != found:
                    used = f"{answers[name]} of {sources[name]} is"
                    refused.append(f"{source}: {name}: it says {found}, and {used} taken.")
                sources.setdefault(name, source)
    if "license" in answers:
        refused += _agree_on_licence(folder, answers, sources)
    return FoundAnswers(answers, sources, tuple(dict.fromkeys(refused)))


def _agree_on_licence(folder: Path, answers: dict[str, Any], sources: dict[str, str]) -> Iterator[str]:
    """Take the terms of the weights for the licence; yield a sentence where no file may answer it."""
    from fairreg.services.publish.project import licence_of

    listed = (path for path in _files(folder) if len(path.parts) == 1 or path.suffix.lower() == _MODEL)
    found = licence_of(folder, tuple(path.as_posix() for path in listed))
    stated = found.fields.get("license")
    if stated == answers["license"]:
        return
    source, words = sources["license"], found.fields.get("license_stated")
    if stated and is_listed(stated):
        answers["license"], sources["license"] = stated, found.file or sources["license"]
        return
    del answers["license"], sources["license"]
    faults = [item.message for item in found.faults] or [f"the terms of the weights are {stated or words}"]
    yield from (f"{source}: license: {fault}." for fault in faults)


def _unfit(folder: Path, name: str) -> UsageError:
    """Return the error on a model whose path the project's programs cannot have in their text."""
    fit = "/".join(re.sub(r"[^A-Za-z0-9._-]+", "_", part).lstrip(".") or "_" for part in name.split("/"))
    fit = str(Path(fit).with_suffix(_MODEL))
    return UsageError(
        f"The model {name} in {folder} has a name that a project cannot use: its path has letters, digits, "
        f"., _ and - alone, and ends in {_MODEL}.",
        hint=f"Rename it, for example to {fit}. {_TOY}",
    )


def _statements(folder: Path, named: str | None) -> Iterator[Statement]:
    """Yield (file, answers, sentences on what it states in vain), the most deliberate first."""
    from fairreg.services.publish.further_facts import further_facts

    for facts in _metadata(folder):
        path = folder / facts.file
        doi, faults = _own_doi(folder, facts)
        text = _text(path) if path.is_file() else ""
        day = facts.released or further_facts(facts.file, text).fields.get("date_published")
        answers = {**_answers(facts), "doi": doi, "date_published": day}
        yield facts.file, answers, (*faults_of(facts, text), *faults)
    yield from _of_fair4ml(folder)
    yield _PACKAGE, {"version": _packaged_version(folder)}, ()
    yield ".git/config", {"repository": _remote(folder)}, ()
    found, other = _model(folder) if named is None else (None, None)
    if other is not None:
        yield other.as_posix(), {}, (f"weights of another format: the model is {found}.",)
    if found is not None:
        yield found.as_posix(), {"model_file": found.as_posix()}, ()
    model = named or (found.as_posix() if found is not None else None)
    if model:
        if is_inside(folder / model, folder):
            yield model, _of_model(folder / model), ()
        yield from _on_training(folder, PurePosixPath(model))


def _own_doi(folder: Path, facts: FileFacts) -> tuple[str | None, tuple[str, ...]]:
    """Return the DOI of the version that a file describes, and a sentence where that is not certain."""
    from fairreg.services.publish.identifier.stated import stated_dois

    others = {item.value for item in facts.identifiers if item.scheme in {"concept_doi", "paper_doi"}}
    stated = stated_dois(folder, (facts.file,)).get(facts.file, frozenset()) - others
    if len(stated) > 1:
        return None, (f"doi: it names {', '.join(sorted(stated))}, and one is that of this version.",)
    return next(iter(stated), None), ()


def _of_fair4ml(folder: Path) -> Iterator[Statement]:
    """Yield the version and the day that a FAIR4ML file states, which `publish` reads before all others."""
    path = folder / fair4ml.FILE_NAME
    if path.is_file() and is_inside(path, folder):
        top = JsonNode(parsed_object(_text(path), name=path.name).value)
        yield path.name, {"version": top["version"].text, "date_published": top["datePublished"].date}, ()


def _packaged_version(folder: Path) -> str | None:
    """Return the version in pyproject.toml, None for one that is computed when the package is built."""
    path = folder / _PACKAGE
    if not path.is_file() or not is_inside(path, folder):
        return None
    try:
        stated = tomllib.loads(_text(path)).get("project", {}).get("version")
    except (tomllib.TOMLDecodeError, AttributeError):
        return None
    return stated if isinstance(stated, str) else None


def _of_model(path: Path) -> dict[str, Any]:
    """Return what an ONNX file says of its version: a copy of it in a project says the same."""
    from fairreg.services.publish.identifier.onnx_file import stated_properties

    try:
        return {name: next(iter(stated_properties(path, name)), None) for name in ("version", "doi")}
    except (ModelError, ValueError, OSError):
        return {}  # whoever reads the model says what is wrong with it


def _on_training(folder: Path, model: PurePosixPath) -> Iterator[Statement]:
    """Yield what is known of the training of an own model; that of the toy is known."""
    for name in _CARDS:
        if (folder / name).is_file():
            results, faults = results_of(_text(folder / name))
            yield name, {"evaluations": results}, faults
    if (folder / model).is_file() and is_inside(folder / model, folder):
        yield from settings_beside(folder, model)


def _metadata(folder: Path) -> Iterator[FileFacts]:
    from fairreg.formats import model_card
    from fairreg.formats.repository_files import is_known, read_files

    names = [item.name for item in folder.iterdir() if item.is_file()]
    known = {name: _text(folder / name) for name in names if is_known(name) or is_license_file(name)}
    yield from read_files(known)
    for name in _CARDS:
        if name in names:
            yield model_card.read(_text(folder / name), name=name).understood


def _text(path: Path) -> str:
    with path.open("rb") as stream:
        return stream.read(LONGEST).decode("utf-8", "replace")


def _answers(facts: FileFacts) -> dict[str, Any]:
    """Return what a metadata file answers. A name of a README is often that of a file, so it is not taken."""
    first, *others = facts.creators or (None,)
    is_person = first is not None and not is_group(first)
    family, given = parts(first) if first is not None and is_person else ("", "")
    named = others if is_person else facts.creators
    return {
        "project_name": facts.title if facts.role != "readme" else None,
        "description": facts.abstract if facts.role != "readme" else None,
        "keywords": ", ".join(item for item in facts.keywords if "," not in item),
        "author_family": family,
        "author_given": given,
        "author_orcid": first.orcid if first is not None and is_person else None,
        "author_affiliation": first.affiliation if first is not None and is_person else None,
        "more_authors": [_author(item) for item in named],
        "license": facts.license,
        "version": facts.version,
        "repository": facts.repository,
        "training_data": _first_doi(facts, "trained_on"),
        "publication": _paper(facts),
        "task": next(iter(facts.ml_task), None),
        "intended_use": facts.intended_use,
        "limitations": facts.limitations,
    }


def _author(item: Creator) -> dict[str, str]:
    if is_group(item):
        return {"name": item.name}
    family, given = parts(item)
    found = {"family": family, "given": given, "orcid": item.orcid, "affiliation": item.affiliation}
    return {key: value for key, value in found.items() if value}


def _first_doi(facts: FileFacts, relation: str) -> str | None:
    return next(
        (item.target.value for item in facts.relations if item.type == relation and _is_doi(item.target)),
        None,
    )


def _is_doi(item: Identifier) -> bool:
    return item.key[0] == "doi"


def _paper(facts: FileFacts) -> str | None:
    papers = (item.value for item in facts.identifiers if item.scheme in {"paper_doi", "arxiv"})
    return next(papers, None) or next(iter(facts.as_written.publications), None)


def _remote(folder: Path) -> str | None:
    """Return the web address of the remote ``origin``, without user and password; git itself is not run."""
    path = folder / ".git" / "config"
    if not path.is_file():
        return None
    read = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        read.read_string(_text(path))
        stated = read.get('remote "origin"', "url", fallback=None)
    except configparser.Error:
        return None
    if not stated:
        return None
    page = page_of_clone(stated) or stated
    try:
        parsed = urlsplit(page)
        host = parsed.hostname
    except ValueError:
        return None
    return f"https://{host}{parsed.path}" if parsed.scheme in {"http", "https"} and host else None


def _model(folder: Path) -> tuple[Path | None, Path | None]:
    """Return the path of the folder's ONNX model, None where it holds no model, and weights beside it.

    Raises ModelError for several, and for weights of other formats alone.
    """
    graphs: list[Path] = []
    others: list[Path] = []
    for path in _files(folder):
        if path.suffix.lower() == _MODEL:
            graphs.append(path)
        elif path.suffix.lower() in _OTHER_WEIGHTS:
            others.append(path)
    if len(graphs) > 1:
        names = ", ".join(path.as_posix() for path in graphs[:5])
        raise ModelError(
            f"{folder} has several models: {names}.", hint="Name one as model_file in --answers FILE."
        )
    if not graphs and others:
        name = others[0].as_posix()
        raise ModelError(
            f"{folder} has weights ({name}), but no ONNX model.",
            hint=f"Convert them first: fairreg convert {quote(str(folder / name))} --to onnx. {_TOY}",
        )
    return next(iter(graphs), None), others[0] if graphs and others else None


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder, relative to it, by name.

    No link is followed and no hidden folder entered.
    """
    count = 0
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _LEFT_OUT)
        for name in sorted(names):
            count += 1
            if count > _MOST_FILES:
                raise FairregError(
                    f"{folder} has more than {_MOST_FILES} files.",
                    hint="Name the folder of the model itself.",
                )
            path = Path(place, name)
            if not path.is_symlink():
                yield path.relative_to(folder)
