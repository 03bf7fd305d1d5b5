# SPDX-License-Identifier: MIT
"""Making a project: all files of a new folder in one step, in an existing folder those that are missing."""

import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from os.path import lexists
from pathlib import Path
from shlex import quote
from typing import Any

from fairreg.errors import UsageError
from fairreg.formats.license_files import is_license_file
from fairreg.services.new import trained
from fairreg.services.new.answer_files import read_answers
from fairreg.services.new.checks import TEXTS_OF, checked
from fairreg.services.new.facts import FACTS_FILE, read_facts
from fairreg.services.new.metadata import METADATA_FILES, license_in, refresh, require_one_version
from fairreg.services.new.template import (
    ANSWERS_FILE,
    Answers,
    Question,
    RenderedFile,
    default_of,
    questions,
    render,
)
from fairreg.storage.files import disk_faults, is_inside, replacing
from fairreg.storage.replacement import draft_folder_of

__all__ = ["NewProject", "answered", "answers_of_project", "create", "is_addition", "refreshed"]

LICENSE_FILE = "LICENSE"
# Asks a person: the question, the default, and the fault of the last answer if there was one.
Ask = Callable[[Question, Any, str | None], Any]


@dataclass(frozen=True)
class NewProject:
    """A project, with the files that were written and those that were left, each with the reason.

    `answers` are those that its files were written from; None where an existing project was written again.
    """

    folder: Path
    written: tuple[str, ...]
    left: Mapping[str, str]
    answers: Answers | None = None

    def to_json(self) -> dict[str, Any]:
        """The document that ``fairreg new --json`` prints."""
        return {
            "folder": str(self.folder),
            "written": list(self.written),
            "left": [{"file": name, "reason": reason} for name, reason in self.left.items()],
            "answers": None if self.answers is None else dict(self.answers),
        }


def answered(folder: Path, given: Answers, ask: Ask | None) -> dict[str, Any]:
    """Return an answer to every question: those `given`, else those of `ask`, else the defaults.

    Raises UsageError for an answer to no question, and for one that is refused; a person may answer again.
    """
    known = {question.name for question in questions()}
    unknown = [name for name in given if name not in known and not name.startswith("_")]
    if unknown:
        raise UsageError(
            f"There is no question {unknown[0]!r}.", hint=f"Questions are {', '.join(sorted(known))}."
        )
    found: dict[str, Any] = {}
    for question in questions():
        found[question.name] = _answer(question, found, folder, given, ask)
    return found


def _answer(question: Question, found: Answers, folder: Path, given: Answers, ask: Ask | None) -> Any:
    if given.get(question.name) is not None:
        return checked(question, given[question.name], found)
    default = default_of(question, found, folder)
    if ask is None or not question.is_asked(found):
        return checked(question, default, found)
    fault: str | None = None
    while True:
        said = ask(question, default, fault)  # its own errors end the command
        try:
            return checked(question, said, found)
        except UsageError as error:
            is_news = error.hint and error.hint != question.help  # the question itself is said again
            fault = f"{error.message} {error.hint}" if is_news else error.message


def answers_of_project(folder: Path) -> dict[str, Any] | None:
    """Return the answers that a project was made of, None for a folder that is none.

    Those of questions that this version of the template does not ask are left out. UsageError for a project
    that lost its answers: nobody knows then what it lacks.
    """
    if not _is_there(folder, FACTS_FILE):
        return None
    kept = folder / ANSWERS_FILE
    if not kept.is_file():
        raise UsageError(
            f"{folder} is a project already, but has no {ANSWERS_FILE}, so it is not known what it lacks.",
            hint=f"fairreg new {quote(str(folder))} --refresh writes its metadata.",
        )
    stated = read_answers(kept)
    asked = {question.name for question in questions()}
    known = {name: value for name, value in stated.items() if name in asked}
    return {**known, "version": read_facts(folder).version}


def create(folder: Path, answers: Answers, *, origin: Path | None = None) -> NewProject:
    """Write the files of a project: `answers` as `answered` returns them.

    A folder that is absent or empty becomes a project in one step; `origin` is then the folder that the
    model is copied from. A folder that is its own `origin` gets the files that it lacks, and what it has
    stays as it is; where it is a project already, its facts are those of its facts.toml. Raises UsageError as
    `is_addition` does, and for a licence whose text nobody has.
    """
    folder = folder.absolute()
    adds = is_addition(folder, origin)
    if answers["model_file"]:
        _require_model(folder if adds else origin, answers["model_file"])
    files = _model_files(folder if adds else origin, answers["model_file"])
    copied = (*files, *_licence_file(origin)) if origin is not None and not adds else ()
    if (
        answers["license"]
        and answers["license"] not in TEXTS_OF
        and not license_in(folder)
        and not any(map(is_license_file, copied))
    ):
        raise UsageError(
            f"The template has no text of the licence {answers['license']}.",
            hint=f"Put it into {LICENSE_FILE} of the folder of --from, or choose {', '.join(TEXTS_OF)}.",
        )
    if adds:
        return _add(folder, answers, files=files)
    with disk_faults(str(folder)):
        if folder.exists():  # not replaced: it may be the current folder of a shell
            return _add(folder, answers, origin=origin, copied=copied, files=files)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with draft_folder_of(folder) as draft:
            place = draft / "project"  # the draft itself is closed to other users
            place.mkdir()
            project = _add(place, answers, called=folder, origin=origin, copied=copied, files=files)
            place.rename(folder)
    return replace(project, folder=folder)


def is_addition(folder: Path, origin: Path | None) -> bool:
    """Tell whether a project is made in a folder that has files, its own `origin`.

    UsageError for any other folder with files.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is not a folder.", hint="Choose another name.")
    has_files = folder.is_dir() and any(folder.iterdir())
    adds = has_files and origin is not None and origin.exists() and folder.samefile(origin)
    if has_files and not adds:
        said = quote(str(folder))
        raise UsageError(
            f"The folder {folder} is not empty.",
            hint=f"fairreg new {said} --from {said} adds what is missing and changes nothing.",
        )
    return adds


def _model_files(place: Path | None, model: str) -> tuple[str, ...]:
    """Return the model and the files with its weights, as they are called in the folder that has them."""
    if place is None or not model:
        return ()
    names = trained.with_side_files(place, model)
    for name in names:
        _require(place, name)
        if not _NAME.fullmatch(name):  # it stands in recipes and workflows
            raise UsageError(
                f"The file {name} with weights of {model} has a name that a project cannot use: its path has "
                "letters, digits, ., _ and - alone.",
                hint="Save the model again with another name of its external data.",
            )
    return names


_NAME = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*")


def _licence_file(origin: Path) -> tuple[str, ...]:
    """Return the licence file of another folder, which the project takes over."""
    name = license_in(origin)
    if name is None:
        return ()
    _require(origin, name)
    return (name,)


def _require_model(place: Path | None, name: str) -> None:
    """Raise UsageError where the folder that a project gets its model from lacks it, or there is none."""
    if place is None:
        raise UsageError(
            f"Nothing says where the model {name} is.",
            hint="--from DIR copies it from a folder. Without model_file the project has a toy model.",
        )
    _require(place, name)


def _require(origin: Path, name: str) -> Path:
    """Return the path of a file in a folder. UsageError where it is not there, or a link leads elsewhere."""
    path = origin / name
    if not path.is_file() or not is_inside(path, origin):
        raise UsageError(f"There is no file {name} in {origin}.", hint="Correct model_file.")
    return path


def _copy(origin: Path, folder: Path, name: str) -> None:
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as draft:
        shutil.copyfile(origin / name, draft)


def _add(
    folder: Path,
    answers: Answers,
    *,
    called: Path | None = None,
    origin: Path | None = None,
    copied: Iterable[str] = (),
    files: tuple[str, ...] = (),
) -> NewProject:
    """Write what is missing in `folder`, later `called` so; files `copied` from `origin` come first.

    `files` are those of the model.
    """
    is_project = _is_there(folder, FACTS_FILE)
    if is_project:
        read_facts(folder)  # a fault is found before anything is written
    else:
        require_one_version(folder, answers["version"], stated_in="the answers")
    written: list[str] = []
    left: dict[str, str] = {}
    # The authors' own: metadata files that were there before, and their model, whose bytes may be published.
    own = [name for name in (*METADATA_FILES, answers["model_file"]) if name and _is_there(folder, name)]
    _require_inside(folder, render(answers, called or folder))
    for name in copied:
        if origin is not None:
            _copy(origin, folder, name)
            written.append(name)
    answers = {**answers, "own_files": list(dict.fromkeys((*answers["own_files"], *own)))}
    named: dict[str, Any] = {"license_file": license_in(folder) or LICENSE_FILE}
    if files:
        places = (name.rpartition("/")[0] or name for name in files)
        named |= {"model_files": files, "model_places": tuple(dict.fromkeys(places))}
    _write_missing(folder, render({**answers, **named}, called or folder), written, left)
    if answers["model_file"]:
        from fairreg.services.new.model_files import beside_model  # brings engines

        _write_missing(folder, beside_model(folder, answers["model_file"]), written, left)
    metadata = refresh(folder, only_missing=is_project)
    names = tuple(dict.fromkeys((*written, *metadata.written)))
    kept = {name: reason for name, reason in {**metadata.left, **left}.items() if name not in names}
    return NewProject(folder, names, kept, answers)


def _require_inside(folder: Path, items: Iterable[RenderedFile]) -> None:
    """Raise UsageError for a link that leads out of the folder, before anything is written."""
    for place in dict.fromkeys((folder / item.path).parent for item in items):
        if not is_inside(place, folder):
            raise UsageError(f"{place} leads out of {folder}.", hint="Remove the link in its place.")


def _write_missing(
    folder: Path, items: Iterable[RenderedFile], written: list[str], left: dict[str, str]
) -> None:
    """Write the files whose places are free, and tell of each in one of the lists."""
    for item in items:
        name = str(item.path)
        in_place = _in_its_place(folder, name)
        if in_place:
            left[name] = f"{in_place} is there already"
        else:
            _write(folder, item)
            written.append(name)


def _in_its_place(folder: Path, name: str) -> str | None:
    """Return what is in the place of a file: itself, another licence text, another build file."""
    if _is_there(folder, name):
        return "it"
    if name == LICENSE_FILE:
        return license_in(folder)
    others = _BUILDS if name == "pyproject.toml" else ()
    return next((other for other in others if _is_there(folder, other)), None)


_BUILDS = ("setup.py", "setup.cfg")


def _is_there(folder: Path, name: str) -> bool:
    """Tell whether a path is taken, also by a link to nothing."""
    return lexists(folder / name)


def _write(folder: Path, item: RenderedFile) -> None:
    path = folder / item.path
    _require_inside(folder, [item])
    with disk_faults(str(path)):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as draft:
            draft.write_bytes(item.content)
            if item.is_executable:
                draft.chmod(0o755)


def refreshed(folder: Path) -> NewProject:
    """Write the metadata files of a project again, after a training or a change of its facts."""
    done = refresh(folder)
    return NewProject(folder, done.written, done.left)
