# SPDX-License-Identifier: MIT
"""Closed choices stand in the help of every option, and each option means the same in every command."""

import re
import subprocess
import sys
from typing import Any

import pytest
import typer

from cli.test_help import LEAVES
from fairreg.cli.hbb import explain, performance, training
from fairreg.cli.options import Choices
from fairreg.models.hbb_in.explain.relevance import RULES, STARTS
from fairreg.models.hbb_in.export import FORMATS
from fairreg.models.hbb_in.training.schedule import SCHEDULES
from fairreg.models.hbb_in.training.splits import METHODS

pytestmark = pytest.mark.engines("sqlite")  # nothing here opens a registry

# Texts with values that nobody can list, by their name in the help: why.
OPEN = {
    "ADDRESS": "of a scheduler or of a proxy",
    "AGE": "a number with a unit, which the help shows",
    "E-MAIL": "of a person",
    "FILE...": "any files",
    "FILE|FOLDER": "any file or folder",
    "HOST": "of a machine",
    "LICENCE": "hundreds of SPDX licences; completed from the registry",
    "NAME": "of a person, a framework, a repository, a feature or a model",
    "NUMBERS": "numbers separated by commas",
    "N|whole": "any number, or the one word that the help names",
    "OTHER": "any identifier",
    "PATTERN": "any pattern of file names",
    "PID": "any identifier",
    "PID...": "any identifiers",
    "PID|DIGEST...": "any identifiers or digests",
    "PID|FILE": "any identifier or file",
    "QUERY": "in the language of a source",
    "TIME": "any day or time; the help shows the forms",
    "SIZE": "a number with a unit, which the help shows",
    "TASK": "many, with words of their own",
    "URL": "any address",
    "WORDS": "any words",
    "WORDS...": "any words",
    "Y[-Y]": "any years; the help shows the forms",
}
PARAMS = [(words, item) for words, command in LEAVES.items() for item in command.params]
TEXTS = [pair for pair in PARAMS if pair[1].type.name in {"str", "choice", "a_time"}]


def listed(item: Any) -> tuple[str, ...]:
    """The choices of an option or argument; none for an open text."""
    parser = getattr(item.type, "func", None)
    return tuple(parser.names() if isinstance(parser, Choices) else getattr(item.type, "choices", ()))


def named(pairs: list[tuple[str, Any]]) -> list[Any]:
    return [pytest.param(words, item, id=f"{words} {item.opts[0]}") for words, item in pairs]


@pytest.mark.parametrize(("words", "item"), named(TEXTS))
def test_an_option_lists_its_choices_or_has_none(cli: Any, words: str, item: Any) -> None:
    choices = listed(item)
    if not choices:
        assert item.metavar in OPEN, "choices are listed with Choices, an Enum or a Literal"
        return
    told = cli(*words.split(), "--help").out
    start = told.index(item.opts[0] if item.param_type_name == "option" else f"\n  {item.metavar}")
    entry = re.split(r"\n {2}-", told[start:])[0]
    assert set(choices) <= set(re.split(r"[\s|<>,]+|\.\s", entry)), entry


def test_no_reason_is_left_of_a_name_that_is_gone() -> None:
    assert {item.metavar for _, item in TEXTS if not listed(item)} == set(OPEN)


def test_the_choices_of_the_network_are_those_that_it_takes() -> None:
    assert training.SCHEDULES.names() == SCHEDULES
    assert training.SPLITS.names() == METHODS
    assert performance.FORMATS.names() == tuple(FORMATS)
    assert (explain.RULES.names(), explain.STARTS.names()) == (RULES, STARTS)


def test_a_closed_choice_refuses_others_with_the_list() -> None:
    choices = Choices(lambda: ("one", "two"), closed=True)
    assert choices("one") == "one"
    assert choices.complete("t") == ["two"]
    with pytest.raises(typer.BadParameter, match="'three' is not one of one, two"):
        choices("three")


HEAVY = {"torch", "onnxruntime", "onnx", "rdflib", "sqlalchemy", "alembic", "requests", "jsonschema", "numpy"}


@pytest.mark.parametrize("words", [words for words, item in LEAVES.items() if any(map(listed, item.params))])
def test_a_help_with_choices_imports_no_engine(environment: dict[str, str], words: str) -> None:
    code = (
        f"import sys; sys.argv = {['fairreg', *words.split(), '--help']!r}\n"
        "from fairreg.cli.app import main\n"
        "try: main()\n"
        f"except SystemExit: print('LOADED', *sorted({HEAVY!r} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert done.stdout.splitlines()[-1] == "LOADED", done.stderr
