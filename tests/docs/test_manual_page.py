# SPDX-License-Identifier: MIT
"""The manual page: every command and option, nothing that a formatter misreads, no warning of groff."""

import re
import shutil
import subprocess

import build_manual_page as manual
import pytest
from command_tree import tree, walked
from hypothesis import given, settings
from hypothesis import strategies as st

from support.examples import examples

pytestmark = pytest.mark.engines("sqlite")  # nothing here opens a registry
TEXT = manual.PAGE.read_text(encoding="ascii")
LINES = TEXT.splitlines()
MACROS = {"TH", "SH", "SS", "PP", "TP", "RS", "RE", "EX", "EE", "ad", "nh", "nr"}
SIGNS = {escape: sign for sign, escape in manual.ESCAPED.items()}
ESCAPE = re.compile(r"\\(?:f[BIP]|&|[e-]|\([a-z]{2}|\[u[0-9A-F]{4,6}\])")
NAMES = [item.name for item in walked(tree())]
# Any text of one line, as texts of the help are.
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]))


def plain(line):
    """What a line of the page prints."""

    def sign(found):
        if found[0] in SIGNS:
            return SIGNS[found[0]]
        return chr(int(found[0][3:-1], 16)) if found[0].startswith("\\[u") else ""

    return ESCAPE.sub(sign, line)


def test_the_page_is_what_the_command_line_says_of_itself():
    """Where it is not: python scripts/build_manual_page.py."""
    assert manual.page() == TEXT


def test_a_page_that_is_not_up_to_date_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr(manual, "PAGE", tmp_path / "man" / "fairreg.1")
    monkeypatch.setattr("sys.argv", ["build_manual_page.py", "--check"])
    assert manual.main() == 1
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr("sys.argv", ["build_manual_page.py"])
    assert manual.main() == 0
    assert manual.PAGE.read_text(encoding="ascii") == TEXT


def test_sections_stand_in_the_order_of_manual_pages():
    sections = [line.removeprefix(".SH ") for line in LINES if line.startswith(".SH ")]
    assert sections[:4] == ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS"]
    assert sections[-4:] == ["EXIT STATUS", "ENVIRONMENT", "FILES", "SEE ALSO"]
    assert LINES[LINES.index(".SH NAME") + 1].startswith(r"fairreg \- ")
    requests = [line for line in LINES if line.startswith(".") and not line.startswith(r".\"")]
    assert requests[0].startswith(".TH FAIRREG 1 ")


def test_only_macros_of_manual_pages_and_known_escapes_are_used():
    for line in LINES[2:]:
        assert line == line.rstrip()
        assert line, "an empty line is a request for one"
        if line[0] == ".":
            assert line[1:].split()[0] in MACROS, line
        assert line[0] != "'", line
        assert "\\" not in ESCAPE.sub("", line), line
    for opening, closing in (("RS", "RE"), ("EX", "EE")):
        assert LINES.count(f".{opening}") == LINES.count(f".{closing}") > 0


@pytest.mark.parametrize("name", NAMES[1:])
def test_a_command_has_a_part_with_all_that_can_be_typed(name):
    part = TEXT.partition(f"\n.SS {manual.roff(name).join((chr(92) + 'fB', chr(92) + 'fP'))}\n")[2]
    part = re.split(r"^\.S[SH] ", part, flags=re.MULTILINE)[0]
    lines = [plain(line) for line in part.splitlines()]
    (item,) = (item for item in walked(tree()) if item.name == name)
    assert item.usage in lines
    for option in (found for found in item.options if "--help" not in found.names):
        assert f"{', '.join(option.names)} {option.value}".strip() in lines
    for example in item.examples:
        assert example in lines


def test_all_variables_and_exit_codes_are_there():
    shown = {plain(line) for line in LINES}
    assert {item.variable for item in manual.settings()} <= shown
    assert {str(code) for code in manual.EXIT_CODES} <= shown


@given(TEXTS)
@settings(max_examples=examples(300))
def test_no_text_is_taken_for_a_request_or_an_escape(text):
    line = manual.roff(text)
    assert line.isascii()
    assert not line.startswith((".", "'"))
    assert plain(line) == text
    assert "\\" not in ESCAPE.sub("", line)


def formatted(page, *words):
    """What groff prints of a page; it fails at a warning."""
    if shutil.which("groff") is None:
        pytest.skip("there is no groff here")
    done = subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8", "-P-cbou", *words],
        input=page,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_groff_has_nothing_to_warn_of():
    assert formatted(TEXT, "-z") == ""


def test_groff_prints_what_can_be_typed_as_it_is_typed():
    shown = formatted(TEXT, "-rLL=120n")
    for item in walked(tree()):
        for example in item.examples:
            assert example in shown
    assert "--new-version-of PID" in shown
    assert "'*.onnx'" in shown
    assert "‐" not in shown, "names are divided by hyphens at the ends of lines"


@pytest.mark.parametrize(
    "text",
    [
        ".so /etc/passwd",
        "'br",
        "\\fBbold\\fP",
        "C:\\models",
        "--no-run -o",
        "`a` ^ ~ \"b\" 'c'",
        "H→bb",
        "\\",
    ],
)
def test_groff_prints_texts_that_look_like_its_own_as_they_are(text):
    page = f'.TH X 1 "" "" ""\n.SH NAME\nx \\- y\n.SH TEXT\n{manual.roff(text)}\n'
    assert f"       {text}\n" in formatted(page)


def test_man_has_nothing_to_warn_of():
    if shutil.which("man") is None or shutil.which("groff") is None:
        pytest.skip("there is no man here")
    command = ["man", "--warnings", "--encoding=UTF-8", "--local-file", "--troff-device=utf8", "--ditroff"]
    done = subprocess.run([*command, manual.PAGE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
