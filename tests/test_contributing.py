# SPDX-License-Identifier: MIT
"""CONTRIBUTING.md: its first hour is done as it stands there, and every name that it mentions exists."""

import ast
import json
import re
import shlex
import subprocess
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from fairreg.formats.base import Format, ReadableFormat, RecordFormat
from fairreg.formats.dialects.base import Dialect
from fairreg.harvesters import Harvester
from fairreg.models.base import ModelModule
from fairreg.publish.base import Publisher
from fairreg.runners.base import RunnerModule
from support.commands import fault_of, options
from support.outside import OFFLINE, RUN, new_environment

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
SOURCE_FOLDERS = ("src/fairreg", "tests/packages", "tests/support")
# Where a path in the text may begin.
ROOTS = tuple(ROOT / name for name in ("", "src/fairreg", "src/fairreg/assessment", "tests/packages"))
# Words of recipes: what a reader would write, words of a rubric, of Python and of a database.
INVENTED = {"publisher", 'physhub_upload = "physhub.upload_format"', "F2-4", "modelshelf", "docs", "None"}
STORED = {"leading", "wording_rules"}


def _promised(protocol):
    """Names that a module with the contract must define."""
    return {name for name in (*protocol.__annotations__, *vars(protocol)) if not name.startswith("_")}


def _abstract(base):
    return set(base.__abstractmethods__)


def first_hour():
    """Files by path, and the lines of the console block."""
    section = PAGE.partition("## The first hour")[2].partition("\n## ")[0]
    files = re.findall(r"^`([\w./]+)`[^`]*?:\n\n```\w+\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    (console,) = re.findall(r"^```console\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    return dict(files), console.splitlines()


@pytest.mark.long
@pytest.mark.engines("sqlite")
def test_the_first_hour_of_a_new_engineer(tmp_path, environment, httpserver):
    files, console = first_hour()
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    httpserver.expect_request("/models").respond_with_json(json.loads(files["modelshelf/answer.json"]))
    python = new_environment(tmp_path / "environment")
    printed = {}
    for line in console:
        if line.startswith("$ "):
            command = line.removeprefix("$ ")
            printed[command] = execute(
                command, python, tmp_path, environment, httpserver.url_for("").rstrip("/")
            )
        else:
            assert flat(line) in map(flat, printed[command].splitlines()), line
    listed = next(
        json.loads(text) for command, text in printed.items() if command.startswith("fairreg sources")
    )
    assert "modelshelf" in [item["name"] for item in listed]


def execute(command, python, folder, environment, url):
    """Run a line of the console block; pip without the network, ModelShelf at `url`."""
    words = shlex.split(command.replace("http://localhost:8000", url.rstrip("/")))
    variables = dict(environment)
    while "=" in words[0]:
        name, _, variables[name] = words.pop(0).partition("=")
    programs = {"pip": [python, "-m", "pip"], "fairreg": [python, "-c", RUN]}
    offline = OFFLINE if words[:2] == ["pip", "install"] else ()
    done = subprocess.run(
        [*programs[words[0]], *words[1:], *offline],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stderr}"
    return done.stdout


def flat(line):
    return " ".join(line.split())


@cache
def defined():
    """Every name that the package, its example and the support of its tests define."""
    found = set()
    for folder in SOURCE_FOLDERS:
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef | ast.FunctionDef):
                    found.add(node.name)
                elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    found.add(node.id)
    return found


def in_makefile(word):
    target = word.removeprefix("make ")
    return re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


def is_marker(word):
    mark = re.split(r"\W", word.removeprefix("@pytest.mark."))[0]
    return re.search(rf'^    "{mark}[(:]', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)


def is_stored(word):
    return any(f'"{word}"' in file.read_text("utf-8") for file in (ROOT / "src").rglob("*.py"))


def is_path(word):
    pattern = re.sub(r"<\w+>", "*", word).rstrip("/")
    return any(any(root.glob(pattern)) or any(root.glob(f"**/{pattern}")) for root in ROOTS)


def is_command(word):
    return fault_of(word.removeprefix("fairreg "), complete=False) is None


def is_name(word):
    name = re.sub(r"\(.*\)$", "", word)
    return name in defined() or importable(name) or name in environment_variables()


# The first pattern that fits says how to look for what is meant.
KINDS = {
    r"fairreg |(show|search) --": is_command,
    r"make ": in_makefile,
    r"python ": lambda word: (ROOT / word.split()[1]).is_file(),
    r"(pytest|mypy|ruff)\b|max_examples=": lambda word: True,
    r"--": lambda word: word in options(),
    r"@pytest\.mark\.": is_marker,
    r".*(/|\.(py|md|toml|json)$)": is_path,
    r"": is_name,
}


def exists(word):
    """Whether a text in backticks is something that there is."""
    if word in INVENTED or word in STORED:
        return word in INVENTED or is_stored(word)
    return bool(next(look for pattern, look in KINDS.items() if re.match(pattern, word))(word))


def importable(name):
    """Whether a dotted name is a module of fairreg, a member of one, or a member of a class of fairreg."""
    parts = name.removeprefix("fairreg.").split(".")
    for count in range(len(parts), -1, -1):
        try:
            found = import_module(".".join(["fairreg", *parts[:count]]))
        except ImportError:
            continue
        for part in parts[count:]:
            found = getattr(found, part, None)
        if found is not None:
            return True
    return len(parts) > 1 and ".".join(parts) in members()


@cache
def members():
    """Methods of the package's classes, ``Class.method``."""
    trees = (ast.parse(file.read_text(encoding="utf-8")) for file in (ROOT / "src").rglob("*.py"))
    classes = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    return {f"{one.name}.{part.name}" for one in classes for part in one.body if hasattr(part, "name")}


def environment_variables():
    text = "".join(file.read_text("utf-8") for file in (ROOT / "tests/support").glob("*.py"))
    return set(re.findall(r"FAIRREG_TEST_\w+", text))


def words():
    prose = re.sub(r"^```.*?^```$", "", PAGE, flags=re.MULTILINE | re.DOTALL)
    return sorted(set(re.findall(r"`([^`\n]+)`", prose)))


@pytest.mark.sliced(5)
@pytest.mark.parametrize("word", words())
def test_what_is_in_backticks_exists(word):
    if not word.startswith("modelshelf/"):
        assert exists(word)


def test_a_name_that_does_not_exist_is_noticed():
    assert not exists("rubric.VERSION")
    assert not exists("registry/tables.py")
    assert not exists("read_input")
    assert not exists("fairreg show --shape")


def test_every_recipe_has_an_example_or_a_test_that_follows_it():
    recipes = re.split(r"^##+ (?=Adding )", PAGE, flags=re.MULTILINE)[1:]
    titles = {text.partition("\n")[0]: text for text in recipes}
    assert set(titles) == {
        "Adding a plugin", "Adding a source", "Adding a format", "Adding a dialect of JSON-LD",
        "Adding a runner",
        "Adding a converter to ONNX", "Adding a model", "Adding a publisher",
        "Adding a FAIR indicator", "Adding a search filter", "Adding a task", "Adding a JSON document",
        "Adding an entry column", "Adding a text column",
    }  # fmt: skip
    assert [name for name, text in titles.items() if "`tests/" not in text] == []


@pytest.mark.parametrize(
    ("title", "contract", "also"),
    [
        ("Adding a source", _abstract(Harvester), {"HARVESTER"}),
        ("Adding a format", _promised(Format) | _promised(ReadableFormat) | _promised(RecordFormat), set()),
        ("Adding a dialect of JSON-LD", _promised(Dialect), set()),
        ("Adding a runner", _promised(RunnerModule), {"compute"}),
        ("Adding a model", _promised(ModelModule), set()),
        ("Adding a publisher", _abstract(Publisher), {"NAME", "PUBLISHER"}),
    ],
)
def test_a_recipe_names_all_that_the_contract_asks_for(title, contract, also):
    section = PAGE.partition(f"### {title}\n")[2].partition("\n## ")[0].partition("\n### ")[0]
    assert {name for name in contract | also if f"`{name}`" not in section} == set()
