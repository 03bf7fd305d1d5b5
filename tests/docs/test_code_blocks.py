# SPDX-License-Identifier: MIT
"""The code in README.md and docs is executed, or says visibly why it is not.

What is executed runs without a network: a local server takes the place of Zenodo, DataCite and doi.org,
another one serves a registry where docs/server.md asks one. `support.code_blocks` tells of the marks.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib

import pytest
import readme_transcript
import yaml

from fairreg.settings import Settings
from support import hbb
from support.code_blocks import DOCS, EXECUTED, ROOT, blocks, name_of, pages
from support.documented_files import GIVEN, PREPARED
from support.serving import serving

BLOCKS = [block for page in pages() for block in blocks(page)]
# Other files and documents, which tests of their own read: text is no code.
SHOWN = {"text", "ini", "nginx", "dockerfile", "sql"}
READERS = {"json": json.loads, "toml": tomllib.loads, "yaml": yaml.safe_load}
# It may only fall: a new block that is not executed needs another one that is.
NOT_EXECUTED = 25
# The README has tests of its own, which compare all that its commands print.
PAGES = [page for page in pages() if page.name != "README.md" and any(b.executed for b in blocks(page))]
SHORT = {"start.md"}


def place_of(block):
    return f"{name_of(block.page)}:{block.line}"


def test_every_block_names_its_language():
    known = {*EXECUTED, *SHOWN, *READERS}
    assert [place_of(block) for block in BLOCKS if block.language not in known] == []


def test_no_more_blocks_are_left_out_than_before():
    left_out = [place_of(block) for block in BLOCKS if block.mark == "no-run"]
    assert len(left_out) <= NOT_EXECUTED, left_out


def test_what_runs_a_block_elsewhere_exists():
    named = {(place_of(block), block.reason) for block in BLOCKS if block.mark == "run-by"}
    assert len(named) > 10
    assert [item for item in named if not (ROOT / item[1]).is_file()] == []


def test_documents_in_blocks_can_be_read():
    read = [block for block in BLOCKS if block.language in READERS]
    assert len(read) > 4
    for block in read:
        assert READERS[block.language](block.text), place_of(block)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Address of a server of the packaged catalogue."""
    home = tmp_path_factory.mktemp("site")
    with serving(Settings.from_environment({"FAIRREG_HOME": str(home)})) as url:
        yield url


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=() if page.name in SHORT else pytest.mark.long)
        for page in sorted(PAGES, key=name_of)
    ],
    ids=name_of,
)
@pytest.mark.engines("sqlite")
def test_the_code_of_the_page_runs(page, tmp_path, httpserver, environment, request):
    hbb.serve(httpserver, hbb.archive(archived()))
    work = tmp_path / "work"
    work.mkdir()
    PREPARED.get(name_of(page), lambda folder: None)(work)
    text = script(page).replace("/path/to", str(work))
    if "127.0.0.1:8080" in text:
        text = text.replace("http://127.0.0.1:8080", request.getfixturevalue("site"))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        cwd=work,
        env=environment | {"PATH": programs(tmp_path / "bin"), "COLUMNS": "80", "HOME": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert unprinted(page, done.stdout) == []


def archived():
    """Member of the archive that the stand-in for Zenodo serves: the packaged weights."""
    return {"models/hbb.onnx": (ROOT / "src/fairreg/models/hbb_in/weights/reference.onnx").read_bytes()}


def programs(folder):
    """PATH with this Python as `python`, this fairreg, and a curl that fails where a server refuses."""
    folder.mkdir()
    words = {
        "python": [sys.executable],
        "fairreg": [sys.executable, "-c", readme_transcript.RUN],
        "curl": [shutil.which("curl") or "curl", "--fail", "--silent", "--show-error"],
    }
    for name, command in words.items():
        (folder / name).write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
        (folder / name).chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def script(page):
    """The blocks of a page as one script of Bash, which says before each command where it stands."""
    parts = []
    for block in blocks(page):
        if block.executed:
            parts += [f"echo '@@ {block.line}'", *lines_of(block)]
    return "\n".join(parts) + "\n"


def lines_of(block):
    """The lines of Bash that execute a block."""
    if block.language == "python":
        given = GIVEN.get(name_of(block.page), "")
        return ["python - <<'END OF THE BLOCK'", given, block.text, "END OF THE BLOCK"]
    if block.language == "console":
        return [command for command, _ in transcript(block)]
    return [block.text]


def transcript(block):
    """Each command of a console block with the lines that it is said to print."""
    found = re.findall(r"^\$ (.*(?:(?<=\\)\n.*)*)\n?((?:(?!\$ ).*\n?)*)", block.text, re.MULTILINE)
    return [
        (command, [line for line in printed.splitlines() if line.strip() not in {"", "..."}])
        for command, printed in found
    ]


def unprinted(page, output):
    """Lines that the console blocks of the page show, and that were not printed."""
    sections = dict(re.findall(r"^@@ (\d+)\n(.*?)(?=^@@ |\Z)", output, re.MULTILINE | re.DOTALL))
    return [
        f"{place_of(block)}: {line}"
        for block in blocks(page)
        if block.executed and block.language == "console"
        for _, shown in transcript(block)
        for line in shown
        if flat(line) not in flat(sections[str(block.line)])
    ]


def flat(text):
    """Text without breaks of lines, the width of columns, and digits that depend on the processor."""
    return re.sub(r"(?<=\b0\.\d\d)\d+\b", "", " ".join(text.split()))


def test_what_is_not_printed_is_noticed():
    page = DOCS / "start.md"
    output = "".join(f"@@ {block.line}\nNothing.\n" for block in blocks(page))
    assert any("roc auc 0.9896" in " ".join(item.split()) for item in unprinted(page, output))
