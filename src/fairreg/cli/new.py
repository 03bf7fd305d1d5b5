# SPDX-License-Identifier: MIT
"""``new``: a project of a FAIR model from the template, and its metadata files."""

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairreg.cli.options import BrokenOff, CommandGroup, Json
from fairreg.errors import UsageError

if TYPE_CHECKING:
    from fairreg.services.new.create import Ask, NewProject
    from fairreg.services.new.template import Answers, Question

__all__ = ["register"]

_EXAMPLES = """\b
Example: fairreg new jet-tagger --defaults  # makes a project with a toy model, to try it
         fairreg new jet-tagger --answers answers.yml  # asks nothing that the file answers
         fairreg new . --from .  # adds what this folder lacks
         fairreg new . --refresh  # writes the metadata again after a training
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel=CommandGroup.PUBLISH, epilog=_EXAMPLES)(new)


def new(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Folder of the project.", show_default=False)
    ],
    origin: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="DIR",
            help="Take answers from this folder, which may be FOLDER itself: from CITATION.cff and other "
            "metadata, the address of its git remote, its ONNX model.",
        ),
    ] = None,
    answers: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Take answers from this YAML or JSON file, before all others."),
    ] = None,
    defaults: Annotated[
        bool,
        typer.Option("--defaults", help="Ask nothing: what is not answered is left out, or has its default."),
    ] = False,
    refresh: Annotated[
        bool,
        typer.Option(
            "--refresh", help="Write only the metadata files of a project, from facts.toml and its model."
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Make a project of a FAIR AI model: code, tests, model card, metadata, containers and workflows.

    The questions are asked at a terminal. The toy model of a new project trains in a second, with NumPy and
    ONNX alone; put your own in its place. No file that is there already is changed. With copier, a later
    version of the template can be merged into the project.
    """
    from fairreg.services.new.create import refreshed

    if refresh:
        if origin or answers or defaults:
            raise UsageError("--refresh takes no answers.", hint="Edit facts.toml, then repeat it alone.")
        _print(refreshed(folder), json=json)
        return
    _print(_created(folder, origin, answers, asks=not defaults), json=json)


def _created(folder: Path, origin: Path | None, answers: Path | None, *, asks: bool) -> "NewProject":
    from fairreg.cli.output import log
    from fairreg.services.new.answer_files import read_answers
    from fairreg.services.new.create import answered, answers_of_project, create, is_addition

    adds = is_addition(folder.absolute(), origin)  # before anybody answers questions
    kept = answers_of_project(folder) if adds else None
    if kept is not None:
        again = f"fairreg new {quote(str(folder))} --refresh"
        if answers:
            raise UsageError(
                f"{folder} is a project already, whose facts are in facts.toml: it takes no answers.",
                hint=f"Edit facts.toml, then write the metadata from it: {again}",
            )
        log(f"{folder} is a project already: it gets the files that it lacks. {again} writes its metadata.")
        return create(folder, answered(folder.absolute(), kept, None), origin=origin)
    given = read_answers(answers) if answers else {}
    if origin is not None:
        from fairreg.services.new.existing import found_in

        found = found_in(origin, model=_text_of(given.get("model_file")))
        for name, source in found.sources.items():
            if name not in given:
                log(f"{name} is taken from {source}")
        for fault in found.refused:
            log(f"Not taken from {fault}")
        given = {**found.answers, **given}
        if not asks and "license" not in given:
            given["license"] = ""  # a default would grant what the authors did not
            log(
                f"No licence was found in {origin} that its files agree on, so the project states none. "
                "Write its SPDX identifier into facts.toml and pyproject.toml, and its text into LICENSE."
            )
    known = answered(folder.absolute(), given, _asking() if asks else None)
    return create(folder, known, origin=origin)


def _text_of(answer: object) -> str | None:
    return None if answer is None else str(answer)


def _asking() -> "Ask":
    """Return the function that asks a person. UsageError where nobody can be asked."""
    import sys

    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError(
            "Cannot ask the questions: standard input is not a terminal.",
            hint="Add --defaults, and answer what matters in a file: --answers FILE.",
        )
    return _ask


def _ask(question: "Question", default: Any, fault: str | None) -> Any:
    """Return what a person answers; for a text that is no YAML the question is asked again."""
    from fairreg.services.new.answer_files import parsed

    while True:
        said = _said(question, default, fault)
        if question.type == "str" or not isinstance(said, str):
            return said
        try:
            return parsed(said, name=question.name)
        except UsageError as error:
            fault = f"{error.message} {error.hint}"


def _said(question: "Question", default: Any, fault: str | None) -> Any:
    """Return the text that a person types, or the default."""
    from fairreg.cli.output import log, visible

    if fault is not None:
        log(fault)
    log(f"{question.help}" + (f" One of {', '.join(question.choices)}." if question.choices else ""))
    is_text = question.type == "str"
    try:
        shown = visible(default) if is_text else ""
        said = typer.prompt(question.name, default=shown, show_default=is_text, err=True)
    except typer.Abort as end:
        if not isinstance(end.__context__, EOFError):
            raise BrokenOff(
                "Interrupted. Nothing was written, and the answers are not kept.",
                hint="Answer them in a file: --answers FILE.",
            ) from end
        raise UsageError(
            "Standard input ended before the questions were answered.",
            hint="Answer them in a file: --answers FILE --defaults.",
        ) from end
    if is_text:
        return default if said == visible(default) else said
    return said or default


def _print(project: "NewProject", *, json: bool) -> None:
    from fairreg.cli.output import console, log, print_versioned

    if json:
        print_versioned("new", project.to_json())
        return
    show = console().print
    for name in project.written:
        show(f"written  {name}", soft_wrap=True)
    for name, reason in project.left.items():
        show(f"left     {name}: {reason}", soft_wrap=True)
    if project.answers is not None:
        guide = "README.md there says how to go on; " if "README.md" in project.written else ""
        log(f"The project is in {project.folder}. {guide}make shows its commands.")
        if "facts.toml" in project.written:
            _print_gaps(project.answers)


def _print_gaps(answers: "Answers") -> None:
    """Say what the answers leave open that a publication should state."""
    from fairreg.cli.output import log

    if not answers["author_family"] and not answers["more_authors"]:
        log("No author was named: write the authors into facts.toml before anything is published.")
    waiting = [name for name in ("training_data", "publication") if answers[name]]
    if waiting and not answers["model_file"]:
        verb = "waits as a comment" if len(waiting) == 1 else "wait as comments"
        log(
            f"{' and '.join(waiting)} {verb} in facts.toml until your own model takes the place of the toy, "
            "which is trained on data/toy.csv and described by no paper."
        )
    if answers["author_ror"] and not answers["author_affiliation"]:
        log(
            "The affiliation has an identifier and no name, so citations show its address: write "
            "`affiliation` into facts.toml, too."
        )
