# SPDX-License-Identifier: MIT
"""The reference of the command line has every command, option, choice and example that the parser has."""

import re

import build_command_docs as docs
import pytest
from command_tree import EXIT_CODES, tree, walked
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from fairreg.errors import FairregError
from support.code_blocks import ROOT, blocks
from support.commands import program
from support.examples import examples

pytestmark = pytest.mark.engines("sqlite")  # nothing here opens a registry


def leaves(command, words=()):
    """Yield the words of every command below, with the command as the parser has it."""
    for name, item in getattr(command, "commands", {}).items():
        yield (*words, name), item
        yield from leaves(item, (*words, name))


EVERY = {" ".join(("fairreg", *words)): item for words, item in leaves(program())}
PAGES = docs.pages()
TEXT = "\n".join(text for path, text in PAGES.items() if path != docs.OVERVIEW)
SECTIONS = dict(re.findall(r"^#{2,} (fairreg .*)\n((?:(?!^#).*\n?)*)", TEXT, re.MULTILINE))


def test_the_pages_are_what_the_command_line_says_of_itself():
    """Where they are not: python scripts/build_command_docs.py."""
    written = {path: path.read_text(encoding="utf-8") for path in docs.FOLDER.glob("*.md")}
    assert written | {docs.OVERVIEW: docs.OVERVIEW.read_text(encoding="utf-8")} == PAGES


def test_a_page_that_is_not_up_to_date_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["build_command_docs.py", "--check"])
    monkeypatch.setattr(docs, "OVERVIEW", tmp_path / "commands.md")
    monkeypatch.setattr(docs, "FOLDER", tmp_path / "commands")
    assert docs.main() == 1
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr("sys.argv", ["build_command_docs.py"])
    assert docs.main() == 0
    (tmp_path / "commands" / "gone.md").write_text("# Of a group that there is no more\n")
    monkeypatch.setattr("sys.argv", ["build_command_docs.py", "--check"])
    assert docs.main() == 1


def test_every_command_has_a_section_and_a_place_in_the_overview():
    assert SECTIONS.keys() == EVERY.keys()
    overview = PAGES[docs.OVERVIEW]
    assert [name for name in EVERY if name.count(" ") == 1 and f"[`{name}`](" not in overview] == []


@pytest.mark.parametrize("name", EVERY)
def test_a_section_has_every_option_choice_and_argument(name):
    section = SECTIONS[name].replace("\\|", "|")
    for item in EVERY[name].params:
        for option in (*item.opts, *item.secondary_opts):
            if item.param_type_name == "option":
                assert re.search(rf"^\|.*`{re.escape(option)}[ `]", section, re.MULTILINE), option
        for choice in getattr(item.type, "choices", ()):
            assert re.search(rf"[<|`]{re.escape(choice)}[>|`]", section), choice
        assert item.help is None or item.help.split()[0] in section


@pytest.mark.parametrize("name", EVERY)
def test_a_section_has_every_example(name):
    lines = (EVERY[name].epilog or "").replace("\b", "").splitlines()
    commands = [found[0].strip() for line in lines if (found := re.search(r"(?:\w+=\S+ )*fairreg .*", line))]
    assert all(f"\n{line}\n" in SECTIONS[name] for line in commands)
    assert bool(commands) != hasattr(EVERY[name], "commands")


def test_defaults_and_limits_are_those_that_the_help_states():
    found = {item.name: item for item in walked(tree())}
    jobs = next(item for item in found["fairreg fetch"].options if "--jobs" in item.names)
    assert (jobs.value, jobs.default, jobs.limits, jobs.literal) == ("N", "4", "1 to 64", True)
    weights = next(item for item in found["fairreg fetch"].options if "--weights" in item.names)
    assert (weights.choices, weights.literal) == (("published", "reference"), False)
    assert "or reference" in weights.default
    biases = next(item for item in found["fairreg hbb explain lrp"].options if "--biases" in item.names)
    assert (biases.names, biases.default) == (("--biases", "--no-biases"), "--biases")
    formats = next(item for item in found["fairreg show"].options if "--format" in item.names)
    assert {"text", "datacite-xml", "turtle"} < set(formats.choices)


def test_a_usage_names_what_has_to_be_given():
    found = {item.name: item.usage for item in walked(tree())}
    assert found["fairreg convert"] == "fairreg convert --to <onnx|triton> [OPTIONS] PID|FILE"
    assert found["fairreg verify"] == "fairreg verify [OPTIONS] [FILE]"
    assert found["fairreg db"] == "fairreg db [OPTIONS] COMMAND"


def test_exit_codes_are_those_of_the_errors():
    kinds, codes = [FairregError], set()
    while kinds:
        kind = kinds.pop()
        codes.add(kind.exit_code)
        kinds += kind.__subclasses__()
    assert EXIT_CODES.keys() == codes | {0, 130}


def test_what_runs_an_example_elsewhere_runs_that_command():
    assert docs.RUN_BY.keys() <= EVERY.keys()
    for name, place in docs.RUN_BY.items():
        text = (ROOT / place).read_text(encoding="utf-8")
        word = name.split()[-1]
        assert re.search(rf"[\"' ]{word}[\"' ]", text), (name, place)


def test_most_examples_are_executed():
    found = [block for path in PAGES for block in blocks(path) if block.language == "bash"]
    assert sum(block.executed for block in found) > len(found) / 2


def test_pages_that_tell_more_are_those_of_the_readme():
    assert "[Search: how a query is understood](../../searching.md)" in SECTIONS["fairreg search"]
    assert "(../../lock.md)" in SECTIONS["fairreg verify"]
    assert "(../../downloads.md)" in SECTIONS["fairreg cache"]
    assert "(../../hbb-explanations.md)" in SECTIONS["fairreg hbb explain lrp"]


@given(
    st.text(
        st.characters(
            codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"], exclude_characters="`"
        )
    )
)
@settings(max_examples=examples(200))
def test_markdown_shows_a_help_text_as_it_is(text):
    (inline,) = MarkdownIt("gfm-like", {"linkify": False}).parseInline(docs.prose(text).replace("\\|", "|"))
    assert "".join(item.content for item in inline.children) == text
    assert {item.type for item in inline.children} <= {"text", "code_inline", "text_special"}
