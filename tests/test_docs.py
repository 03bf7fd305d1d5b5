# SPDX-License-Identifier: MIT
"""What the README and the pages of docs name exists: commands, files, modules, links."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from support import code_blocks
from support.commands import fault_of

ROOT = Path(__file__).parents[1]
PAGES = code_blocks.pages()
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# At the start of a line, behind a prompt or a variable, or run in one of our images.
COMMAND = re.compile(
    r"(?:^|&& |\$ |; )(?:\w+=\S+ )*(?:fairreg|(?:docker|apptainer) run [^\n]*fairreg(?::\w+|\.sif)) ([^\n]*)",
    re.MULTILINE,
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)|<img [^>]*src=\"([^\"]+)\"")
# A path in backticks: with a folder, or a module or setting file alone.
PATH = re.compile(
    r"`((?:[\w.-]+/)+[\w.-]*\.(?:py|toml|md|sh|html|json|css)|(?:[\w.-]+/)+|[a-z]\w+\.(?:py|toml))`"
)
WITHIN = ("", "src/fairreg", "src/fairreg/models/hbb_in")
# Folders of a user's machine.
OF_USERS = {"cache/", "answers/", "jets/", "scores/", "config.toml"}


def commands(page):
    found = []
    for language, block in FENCED.findall(page.read_text(encoding="utf-8")):
        # What a shell joins is one line; a transcript also holds what the commands print.
        text = block.replace("\\\n", " ")
        lines = [line for line in text.splitlines() if language != "console" or line.startswith("$ ")]
        found += COMMAND.findall("\n".join(line for line in lines if "--entrypoint" not in line))
    # A command of a pipe, or one whose output goes to a file, ends there.
    return [re.split(r" (?:&&|[|>])(?: |$)", line)[0].strip() for line in found]


@pytest.mark.parametrize(
    ("page", "line"),
    [(code_blocks.name_of(page), line) for page in PAGES for line in dict.fromkeys(commands(page))],
)
def test_every_command_line_parses(page, line):
    assert fault_of(line) is None


def test_a_command_line_that_does_not_exist_is_noticed():
    assert "No such option" in fault_of("show 10.5281/zenodo.7305227 --shape cff")
    assert "not one of" in fault_of("search x --kind shape")
    assert "No such command" in fault_of("db downgrade")
    assert "Missing argument" in fault_of("fetch")


@pytest.mark.parametrize("page", PAGES, ids=code_blocks.name_of)
def test_links_inside_the_repository_lead_somewhere(page):
    links = (first or second for first, second in LINK.findall(page.read_text(encoding="utf-8")))
    inside = {link.partition("#")[0] for link in links if not re.match(r"[a-z]+:|#", link)}
    assert [link for link in inside if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=code_blocks.name_of)
def test_links_to_a_heading_lead_to_one(page):
    links = (first or second for first, second in LINK.findall(page.read_text(encoding="utf-8")))
    parts = [link.partition("#")[::2] for link in links if not re.match(r"[a-z]+:", link)]
    named = {(path, heading) for path, heading in parts if heading and (not path or path.endswith(".md"))}
    assert [f"{path}#{heading}" for path, heading in named if heading not in anchors(page, path)] == []


def anchors(page, path):
    """Targets in the page at `path`, as GitHub makes them of its headings."""
    text = FENCED.sub("", ((page.parent / path) if path else page).read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    words = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {word.replace(" ", "-") for word in words} | set(re.findall(r'id="([^"]+)"', text))


@pytest.mark.parametrize("page", PAGES, ids=code_blocks.name_of)
def test_files_and_folders_in_backticks_exist(page):
    named = set(PATH.findall(FENCED.sub("", page.read_text(encoding="utf-8")))) - OF_USERS
    named = {name for name in named if not name.startswith("modelshelf/")}
    assert sorted(name for name in named if not found(name)) == []


def found(name):
    if any((ROOT / within / name).exists() for within in WITHIN):
        return True
    # A module without its room, or a folder of a room that the text is about.
    return any((ROOT / "src/fairreg").glob(f"**/{name.rstrip('/')}"))


@pytest.mark.parametrize("page", PAGES, ids=code_blocks.name_of)
def test_dotted_names_in_backticks_exist(page):
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    names = set(re.findall(r"`(fairreg(?:\.\w+)+)(?:\(\))?`", text))
    assert sorted(name for name in names if not imports(name)) == []


def imports(name):
    """Whether it is a module, or a member of one."""
    room, _, member = name.rpartition(".")
    try:
        return hasattr(import_module(room), member) or import_module(name)
    except ImportError:
        return False


def test_messages_that_the_documents_quote_are_those_of_the_program():
    program = " ".join(file.read_text("utf-8") for file in (ROOT / "src/fairreg").rglob("*.py"))
    table = (ROOT / "docs/postgresql.md").read_text("utf-8").partition("## When something is wrong")[2]
    quoted = [
        part.strip()
        for text in re.findall(r"^\| \*([^*]+)\*", table, re.MULTILINE)
        for part in re.split(r"\.\.\.|LATIN1", text)
        if part.strip()
    ]
    assert len(quoted) > 5
    assert [part for part in quoted if part not in program] == []
