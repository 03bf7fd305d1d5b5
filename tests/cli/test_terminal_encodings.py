# SPDX-License-Identifier: MIT
"""Terminals that are not UTF-8, such as cp1252 on Windows: nothing fails, what they lack is escaped."""

import io
import json
import subprocess
import sys

import pytest
from rich.table import Table

from fairreg.cli import output
from fairreg.errors import FairregError
from fairreg.services.registry import db

NAME = "Σ→bb̄ データ 🙂 é.csv"
ENCODINGS = ("cp1252", "ascii", "cp437", "latin-1", "utf-8")


class Terminal(io.TextIOWrapper):
    """Standard output of an encoding; `text` is what was shown."""

    def __init__(self, encoding, *, interactive=False):
        super().__init__(io.BytesIO(), encoding=encoding)
        self.interactive = interactive

    def isatty(self):
        return self.interactive

    @property
    def shown(self):
        self.flush()
        return self.buffer.getvalue()


@pytest.fixture(autouse=True)
def fresh():
    output.console.cache_clear()
    output._log_console.cache_clear()
    yield
    output.console.cache_clear()
    output._log_console.cache_clear()


@pytest.fixture
def streams(monkeypatch):
    """Replace both streams by terminals of an encoding."""

    def replace(encoding, **how):
        out, err = Terminal(encoding, **how), Terminal(encoding)
        err.reconfigure(errors="backslashreplace")  # as Python opens standard error
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        return out, err

    return replace


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_tables_and_lines_show_what_the_terminal_can(streams, encoding):
    out, err = streams(encoding)
    table = Table("name")
    table.add_row(NAME)
    output.console().print(table)
    output.console().print(f"  {NAME}", soft_wrap=True)
    output.log(f"{NAME} was read.")
    output.explain(FairregError(f"{NAME} is damaged.", hint=f"Fetch {NAME} again."))
    wanted = NAME.encode(encoding, "backslashreplace")
    assert out.shown.count(wanted) == 2
    assert err.shown.count(wanted) == 3


@pytest.mark.parametrize("encoding", ENCODINGS[:-1])
def test_a_table_stays_aligned(streams, encoding):
    out, _ = streams(encoding)
    table = Table("name", "size", box=None)
    table.add_row(NAME, "1 kB")
    table.add_row("plain", "2 kB")
    output.console().print(table)
    _, first, second = out.shown.decode(encoding).splitlines()
    assert first.index("1 kB") == second.index("2 kB")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_json_is_the_same_document_in_every_encoding(streams, encoding):
    out, _ = streams(encoding)
    output.print_json({"name": NAME})
    assert json.loads(out.shown.decode(encoding)) == {"name": NAME}
    assert out.shown.isascii() == (encoding != "utf-8")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_documents_are_utf_8_in_a_file_and_readable_in_a_terminal(streams, encoding):
    out, _ = streams(encoding)
    output.print_document(f"title: {NAME}\n", media_type="text/plain")
    assert out.shown.decode("utf-8").split() == f"title: {NAME}".split()
    out, _ = streams(encoding, interactive=True)
    output.print_document(f"title: {NAME}\n", media_type="text/plain")
    assert f"title: {NAME}".encode(encoding, "backslashreplace") in out.shown


@pytest.mark.sliced(13)
@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "cp1252:strict"])
@pytest.mark.parametrize(
    ("code", "is_first", "arguments"),
    [
        (2, True, ("fetch", "Σ→bb̄", "--dry-run")),
        (0, True, ("search", "Σ→bb̄ データ")),
        (0, False, ("search", "H→bb", "--json")),
        (0, False, ("show", "catalogue:fairreg-hbb-reference-1", "--format", "turtle")),
    ],
)
def test_commands_run_in_a_terminal_of_another_encoding(
    environment, settings, encoding, code, is_first, arguments
):
    if not is_first:
        db.ensure(settings, lambda _line: None)
    command = [sys.executable, "-c", "from fairreg.cli.app import main; main()", *arguments]
    variables = {**environment, "PYTHONIOENCODING": encoding, "FAIRREG_OFFLINE": "1"}
    done = subprocess.run(command, capture_output=True, env=variables, check=False)
    assert done.returncode == code
    for text in (b"Traceback", b"Internal error", b"UnicodeEncodeError"):
        assert text not in done.stdout + done.stderr
