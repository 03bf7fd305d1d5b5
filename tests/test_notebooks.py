# SPDX-License-Identifier: MIT
"""The notebooks: they run without asking another machine, keep little, and what they name exists."""

import ast
import json
import os
import re
import resource
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from support.commands import fault_of

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CPU = 360  # seconds: three minutes on two cores
SIZE = 300_000  # bytes of a notebook with its figures
# Python runs it at its start: notes in HOSTS each other machine that is looked up or connected to.
WITNESS = """
import os, sys
def note(event, arguments):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname"}:
        address = arguments[1] if event == "socket.connect" else arguments
        host = str(address[0]) if isinstance(address, tuple) else "127.0.0.1"
        if host not in {"127.0.0.1", "::1", "localhost"}:
            with open(os.environ["HOSTS"], "a") as hosts:
                hosts.write(host + chr(10))
sys.addaudithook(note)
"""
FENCED = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)

pytestmark = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path, kind):
    return [cell for cell in json.loads(path.read_text("utf-8"))["cells"] if cell["cell_type"] == kind]


def text(path):
    return "\n\n".join("".join(cell["source"]) for cell in cells(path, "markdown"))


def witnessed(folder):
    """Environment in which every Python notes in `folder / "hosts"` the other machines that it asks."""
    (folder / "sitecustomize.py").write_text(WITNESS)
    (folder / "hosts").touch()
    paths = filter(None, (str(folder), os.environ.get("PYTHONPATH")))
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths), "HOSTS": str(folder / "hosts")}


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_it_runs_from_top_to_bottom_and_asks_no_other_machine(path, tmp_path):
    if find_spec("nbclient") is None:
        pytest.skip("the extra notebooks is not installed")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, ROOT / "scripts" / "run_notebooks.py", "--check", path]
    done = subprocess.run(command, env=witnessed(tmp_path), capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "hosts").read_text() == ""
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < CPU


def test_it_keeps_small_outputs_without_errors_and_nothing_of_the_machine(path):
    kept = path.read_text("utf-8")
    assert len(kept.encode()) < SIZE
    assert not re.search(r"/(?:tmp|home|root|work)/", kept)
    code = cells(path, "code")
    assert [cell["execution_count"] is not None for cell in code] == [True] * len(code)
    outputs = [output for cell in code for output in cell["outputs"]]
    assert {output["output_type"] for output in outputs} <= {"stream", "display_data", "execute_result"}
    assert {output["name"] for output in outputs if output["output_type"] == "stream"} <= {"stdout"}
    assert any("image/png" in output.get("data", {}) for output in outputs)


def test_what_a_cell_prints_is_one_output_however_slowly_it_came(path):
    for cell in cells(path, "code"):
        assert [output["output_type"] for output in cell["outputs"]].count("stream") <= 1


def test_ids_of_cells_are_their_numbers(path):
    found = [cell["id"] for cell in json.loads(path.read_text("utf-8"))["cells"]]
    assert found == [f"cell-{number:02}" for number in range(1, len(found) + 1)]


def test_a_cell_is_short_and_reads_no_private_name(path):
    for cell in cells(path, "code"):
        source = "".join(cell["source"])
        assert len(source.splitlines()) <= 25
        names = {node.attr for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)}
        assert not {name for name in names if re.match("_[^_]", name)}


def test_it_asks_the_reader_something(path):
    assert text(path).count("*Try:*") >= 2


def test_its_links_and_commands_exist(path):
    links = re.findall(r"\]\(([^)\s]+)\)", text(path))
    inside = [link.partition("#")[0] for link in links if not link.startswith("http")]
    assert [link for link in inside if not (path.parent / link).exists()] == []
    blocks = "\n".join(FENCED.findall(text(path) + "\n"))
    commands = re.findall(r"^fairreg (.+)$", blocks, re.MULTILINE)
    assert [line for line in commands if fault_of(line) is not None] == []


def test_the_list_of_notebooks_has_it(path):
    assert f"({path.name})" in (ROOT / "notebooks" / "README.md").read_text("utf-8")
