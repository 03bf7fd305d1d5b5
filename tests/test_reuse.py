# SPDX-License-Identifier: MIT
"""REUSE.toml states the licence of every file, as NOTICE and the files do; each licence has its text."""

import re
import tomllib

from support.code_blocks import ROOT
from test_packaging import tracked

TABLES = tomllib.loads((ROOT / "REUSE.toml").read_text(encoding="utf-8"))["annotations"]
TEXTS = {path.stem for path in (ROOT / "LICENSES").glob("*.txt")}
NOTICE = (ROOT / "NOTICE").read_text(encoding="utf-8").partition("\nPrograms that fairreg uses\n")[0]
FILES = sorted(tracked())
HEADER = re.compile(r"SPDX-License-Identifier: ([\w .-]+\w)")


def paths(table):
    """The patterns of a table."""
    return [table["path"]] if isinstance(table["path"], str) else table["path"]


def pattern(text):
    """Return what a path of REUSE.toml matches: ** anything, * anything but a slash."""
    parts = {"**": ".*", "*": "[^/]*"}
    return re.compile("".join(parts.get(part) or re.escape(part) for part in re.split(r"(\*\*|\*)", text)))


def licence_of(file):
    """Licence of a file: that of the last table that names it."""
    found = [table for table in TABLES if any(pattern(path).fullmatch(file) for path in paths(table))]
    return found[-1]["SPDX-License-Identifier"]


def test_every_file_has_a_licence_whose_text_is_there():
    used = {word for file in FILES for word in re.split(r" (?:AND|OR) ", licence_of(file))}
    assert used == TEXTS


def test_every_table_names_files_and_who_holds_the_rights():
    for table in TABLES:
        assert table["SPDX-FileCopyrightText"]
        assert table["precedence"] == "override"
        for path in paths(table):
            assert any(pattern(path).fullmatch(file) for file in FILES), path


def test_a_pattern_matches_as_the_specification_says():
    assert pattern("**").fullmatch("src/fairreg/__init__.py")
    assert pattern("src/*").fullmatch("src/x.py")
    assert not pattern("src/*").fullmatch("src/fairreg/x.py")
    assert not pattern("src/x.py").fullmatch("src/xapy")


def test_a_file_that_states_its_licence_states_this_one():
    stated = 0
    for file in FILES:
        beginning = (ROOT / file).read_bytes()[:300].decode("utf-8", "replace")
        lines = beginning.splitlines()[:3]
        if found := next((HEADER.search(line) for line in lines if "SPDX-License-Identifier" in line), None):
            stated += 1
            assert found[1] == licence_of(file), file
    assert stated > 1000


def test_files_under_other_terms_are_those_that_the_notice_names():
    named = set(re.findall(r"^- (src/[\w/.-]+\w)", NOTICE, re.MULTILINE))
    others = {file for file in FILES if file.startswith("src/") and licence_of(file) != "MIT"}
    assert [name for name in named if not any(file.startswith(name) for file in FILES)] == []
    assert [file for file in others if not any(file.startswith(name) for name in named)] == [
        "src/fairreg/server/pages/static/htmx.LICENSE"
    ]
    for name, about in re.findall(r"^- (src/[\w/.-]+\w): ((?:.|\n(?!- ))*)", NOTICE, re.MULTILINE):
        words = {
            word for file in FILES if file.startswith(name) for word in re.split(" AND ", licence_of(file))
        }
        known = {"CC0-1.0", "CC-BY-4.0", "MPL-2.0", "0BSD"} & words
        assert [word for word in known if word not in about] == [], name
