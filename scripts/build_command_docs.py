# SPDX-License-Identifier: MIT
"""Write docs/reference/commands.md and the page of each group of commands in docs/reference/commands/.

    python scripts/build_command_docs.py [--check]

Everything is made of the command line itself (`command_tree.py`), but for the introduction here. The README's
table of commands says which pages tell more. `--check` writes nothing and exits with 1 if a page is not up to
date.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from command_tree import EXIT_CODES, Command, Parameter, tree, walked

import fairreg
from fairreg.cli.options import CommandGroup
from fairreg.schemas.documents.table import DOCUMENT_FORMS
from fairreg.settings import options as settings

ROOT = Path(__file__).parents[1]
OVERVIEW = ROOT / "docs" / "reference" / "commands.md"
FOLDER = OVERVIEW.with_suffix("")
MARK = "<!-- Written by scripts/build_command_docs.py from the command line itself; change it there. -->"
INTRODUCTION = f"""\
# Commands

{MARK}

`fairreg COMMAND --help` says at a terminal what stands here, and `man fairreg` where the page is installed.

- A command prints data on standard output and everything else on standard error. The option
  `--json`, where there is one, makes them one [JSON document](../json.md).
- A *PID* is a DOI, a concept DOI, a Zenodo address or record number, an arXiv id, a Hugging Face id or a
  GitHub address, in the spellings that people paste, and any identifier that a command prints
  ([identifiers](../inputs.md#identifiers)).
- Options stand before or behind the arguments. Quote a pattern, such as `'*.onnx'`, lest the shell expand it.
- Every command has `-h` and `--help`."""
# Examples that need more than the packaged data: what runs them, or the same with other files.
RUN_BY: Mapping[str, str] = MappingProxyType(
    {
        "fairreg sources": "tests/cli/test_sources_check.py",
        "fairreg convert": "tests/cli/test_convert.py",
        "fairreg assess": "tests/cli/test_assess.py",
        "fairreg publish": "tests/cli/test_publish.py",
        "fairreg new": "tests/cli/test_new.py",
        "fairreg harvest": "tests/cli/test_harvest.py",
        "fairreg serve": "tests/server/test_serve.py",
        "fairreg mcp": "tests/server/mcp/test_stdio.py",
        "fairreg import": "tests/cli/test_import_dump.py",
        "fairreg db init": "tests/cli/test_doctor.py",
        "fairreg cache rm": "tests/cli/test_cache.py",
        "fairreg cache prune": "tests/cli/test_cache.py",
        "fairreg hbb simulate": "tests/cli/test_hbb_data.py",
        "fairreg hbb prepare": "tests/cli/test_hbb_data.py",
        "fairreg hbb train": "tests/cli/test_hbb_training.py",
        "fairreg hbb benchmark": "tests/cli/test_hbb_performance.py",
        "fairreg hbb explain mask": "tests/cli/test_hbb_explain.py",
        "fairreg hbb explain lrp": "tests/cli/test_hbb_explain.py",
        "fairreg hbb explain activity": "tests/cli/test_hbb_explain.py",
        "fairreg hbb explain reoptimise": "tests/cli/test_hbb_explain.py",
    }
)
# Words of a help text that are typed or replaced.
_TYPED = re.compile(
    r"`[^`]+`|(?<![\w-])--?[a-zA-Z][\w-]*(?: [A-Z]{2,}\b)?|\bFAIRREG_[A-Z_]+|\*\.\w+|\w+://[\w:./]+"
)
_SPECIAL = re.compile(r"([\\`*_<>\[\]|$&~])")


def main() -> int:
    made = pages()
    if "--check" in sys.argv[1:]:
        stale = [path for path, text in made.items() if not path.is_file() or path.read_text("utf-8") != text]
        return int(bool(stale or set(FOLDER.glob("*.md")) - made.keys()))
    FOLDER.mkdir(exist_ok=True)
    for path in set(FOLDER.glob("*.md")) - made.keys():
        path.unlink()
    for path, text in made.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    return 0


def pages() -> dict[Path, str]:
    """Return the text of each page by its path."""
    program = tree()
    groups = {
        str(group): [item for item in program.commands if item.group == group] for group in CommandGroup
    }
    made = {OVERVIEW: "\n".join(_overview(program, groups)) + "\n"}
    for group, commands in groups.items():
        made[path_of(group)] = "\n".join(_group(group, commands)).rstrip() + "\n"
    return made


def path_of(group: str) -> Path:
    """Return the page of a group."""
    return FOLDER / f"{anchor(group)}.md"


def anchor(heading: str) -> str:
    """Return the target of a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _overview(program: Command, groups: Mapping[str, Iterable[Command]]) -> Iterator[str]:
    yield from (INTRODUCTION, "", f"Usage: `{program.usage}`", "")
    for group, commands in groups.items():
        page = f"commands/{path_of(group).name}"
        yield from (f"## {group}", "")
        rows = ((f"[`{each.name}`]({page}#{anchor(each.name)})", each.paragraphs[0]) for each in commands)
        yield from (*_table("command", rows), "")
    yield from ("## Options of fairreg itself", "", *_options(program.options), "")
    yield from (
        "## Exit codes",
        "",
        *_table("code", ((str(code), prose(text)) for code, text in EXIT_CODES.items())),
    )
    yield from (
        "",
        "## Environment",
        "",
        "All of these may stand in a config file, too: [settings](../settings.md).",
        "",
    )
    yield from _table("variable", ((f"`{item.variable}`", prose(item.meaning)) for item in settings()))
    yield from (
        "",
        "```{toctree}",
        ":hidden:",
        "",
        *(f"commands/{path_of(group).stem}" for group in groups),
        "```",
    )


def _group(group: str, commands: Iterable[Command]) -> Iterator[str]:
    yield from (f"# {group}", "", MARK, "")
    for command in commands:
        for item in walked(command):
            yield from _command(item)


def _command(command: Command) -> Iterator[str]:
    """Yield the section of a command; what is below it stands in sections of its own."""
    yield from ("#" * (1 + len(command.words)) + f" {command.name}", "")
    for paragraph in command.paragraphs:
        yield from (prose(paragraph), "")
    yield from (f"Usage: `{command.usage}`", "")
    if command.commands:
        rows = ((f"[`{each.name}`](#{anchor(each.name)})", each.paragraphs[0]) for each in command.commands)
        yield from (*_table("command", rows), "")
    if command.arguments:
        rows = ((_code(item.value), _meaning(item)) for item in command.arguments)
        yield from (*_table("argument", rows), "")
    if shown := list(_options(command.options)):
        yield from (*shown, "")
    yield from _examples(command)
    if more := list(_more(command)):
        yield from (" ".join(more), "")


def _options(options: Iterable[Parameter]) -> Iterator[str]:
    shown = [item for item in options if "--help" not in item.names]
    if shown:
        yield from _table("option", ((named(item), _meaning(item)) for item in shown))


def named(option: Parameter) -> str:
    """Return an option as a cell names it, the value behind its long name."""
    first, *others = option.names
    value = f" {option.value}" if option.value else ""
    return ", ".join((_code(first + value), *map(_code, others)))


def _meaning(item: Parameter) -> str:
    """Say what a parameter is: its help, the values, limits and default, and if it is required."""
    parts = [prose(item.help)]
    if item.choices and not item.value.startswith("<"):
        parts.append(f"One of {', '.join(map(_code, item.choices))}.")
    if item.limits:
        parts.append(f"{'from ' * (' to ' in item.limits)}{item.limits}.".capitalize())
    if item.repeated and "repeated" not in item.help:
        parts.append("May be repeated.")
    if item.default:
        parts.append(f"Default: {_code(item.default) if item.literal else prose(item.default)}.")
    if item.required and item.names:
        parts.append("Required.")
    return " ".join(parts)


def _examples(command: Command) -> Iterator[str]:
    if command.examples:
        if where := RUN_BY.get(command.name):
            yield f"<!-- run-by: {where} -->"
        yield from ("```bash", *command.examples, "```", "")


def _more(command: Command) -> Iterator[str]:
    """Yield sentences that lead to the documents, to Python and to the pages that tell more."""
    words = " ".join(command.words)
    forms = [
        name for name, form in DOCUMENT_FORMS.items() if any(_prints(line, words) for line in form.printed_by)
    ]
    if forms:
        listed = ", ".join(
            f"[`{name}`](../../../src/fairreg/schemas/documents/{name}.json)" for name in forms
        )
        yield f"JSON: {listed}."
    if words in fairreg.__all__:
        yield f"Python: [`fairreg.{words}`](../python.md)."
    if pages := _told(command):
        yield f"More: {', '.join(_link(page) for page in pages)}."


def _prints(line: str, words: str) -> bool:
    """Whether a command line of the table of documents is of this command."""
    return bool(words) and re.match(rf"{re.escape(words)} (?=[^a-z])", line) is not None


def _told(command: Command) -> list[str]:
    """Return the pages that the README's table names for a command, or for those below it."""
    found = (page for words, pages in _rows() if _is_of(words, command.words) for page in pages)
    return list(dict.fromkeys(found))


@cache
def _rows() -> tuple[tuple[list[list[str]], list[str]], ...]:
    """Rows of the README's table: the words of a command, each with its alternatives, and the pages named."""
    table = (ROOT / "README.md").read_text("utf-8").partition("\n## Commands\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| (.+) \|$", table, re.MULTILINE)
    return tuple(
        ([word.split("\\|") for word in words.split()], re.findall(r"\]\(docs/([\w-]+\.md)", about))
        for names, about in rows
        for words in re.findall(r"`fairreg ((?:[a-z][a-z\\|]* ?)+)", names)
    )


def _is_of(alternatives: list[list[str]], words: tuple[str, ...]) -> bool:
    """Whether the words of a command, as far as they go, are among the alternatives of a row."""
    return bool(words) and all(word in choices for word, choices in zip(words, alternatives, strict=False))


@cache
def _link(page: str) -> str:
    title = (ROOT / "docs" / page).read_text("utf-8").partition("\n")[0].removeprefix("# ")
    return f"[{title}](../../{page})"


def prose(text: str) -> str:
    """Return a help text as Markdown: what is typed in backticks, nothing else taken for markup."""
    parts, last = [], 0
    for typed in _TYPED.finditer(text):
        parts += [_SPECIAL.sub(r"\\\1", text[last : typed.start()]), _code(typed[0].strip("`"))]
        last = typed.end()
    return "".join((*parts, _SPECIAL.sub(r"\\\1", text[last:])))


def _code(text: str) -> str:
    return "`" + text.replace("|", "\\|") + "`"


def _table(first: str, rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield from (f"| {first} | meaning |", "|---|---|")
    for cells in rows:
        yield f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    raise SystemExit(main())
