# SPDX-License-Identifier: MIT
"""Standard streams that cannot be written: closed, on a full disk, or a pipe whose reader has gone."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from fairreg.settings import Settings
from support import hbb
from support.databases import Databases

pytestmark = [
    pytest.mark.engines("sqlite"),
    pytest.mark.skipif(sys.platform != "linux", reason="/dev/full and the shell of Linux"),
]

Run = Callable[[str], "subprocess.CompletedProcess[str]"]
COMMANDS = [
    "search hbb",
    "search hbb --json",
    f"show {hbb.DOI} --format json",
    "export -",
    "sources",
    "--help",
]


@pytest.fixture
def shell(settings: Settings, databases: Databases) -> Run:
    """Runs a line of the shell in which FAIRREG is the command."""
    settings.home.mkdir(parents=True, exist_ok=True)
    databases.url(settings.home / "registry.sqlite", "catalogue")
    program = f"{sys.executable} -c 'from fairreg.cli.app import main; main()'"

    def run(line: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["bash", "-c", line.replace("FAIRREG", program)],
            env={**os.environ, "FAIRREG_HOME": str(settings.home), "FAIRREG_OFFLINE": "1", "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.sliced(2)
@pytest.mark.parametrize("command", COMMANDS)
def test_output_to_a_full_disk_is_a_sentence(shell: Run, command: str) -> None:
    done = shell(f"FAIRREG {command} > /dev/full")
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["Error: Standard output cannot be written: No space left on device."]


@pytest.mark.parametrize("command", COMMANDS)
def test_closed_output_is_a_sentence(shell: Run, command: str) -> None:
    done = shell(f"FAIRREG {command} >&-")
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == "Error: Standard output is closed, so no result can be printed."


@pytest.mark.sliced(2)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_reader_that_has_gone_is_silence(shell: Run, command: str) -> None:
    done = shell(f"FAIRREG {command} | true; exit ${{PIPESTATUS[0]}}")
    assert done.returncode in {0, 1}  # 0 where all fitted into the pipe before its reader ended
    assert "Error" not in done.stderr
    assert "Exception" not in done.stderr


@pytest.mark.sliced(3)
@pytest.mark.parametrize("target", ["/dev/full", "&-"])
@pytest.mark.parametrize(
    ("command", "code"),
    [("search hbb", 0), ("show nonsense", 2), ("show hbb --nonsense", 2), ("export /", 2)],
)
def test_messages_that_nobody_gets_change_no_exit_code(
    shell: Run, command: str, code: int, target: str
) -> None:
    assert shell(f"FAIRREG {command} 2>{target}").returncode == code


@pytest.mark.parametrize("command", ["validate", "add", "import"])
def test_a_device_without_an_end_is_not_read(shell: Run, command: str) -> None:
    done = shell(f"ulimit -v 4000000; FAIRREG {command} /dev/zero")
    assert done.returncode == 2
    assert "/dev/zero is a device, not a file." in done.stderr


def test_a_pipe_is_read_to_its_end(shell: Run) -> None:
    assert shell(f"FAIRREG show {hbb.DOI} --format jsonld | FAIRREG validate /dev/stdin").returncode == 0
    done = shell("FAIRREG export - | FAIRREG import /dev/stdin")
    assert done.returncode == 2
    assert "is a pipe, which cannot be read twice" in done.stderr


@pytest.mark.sliced(2)
@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        ("export ''", 1, "cannot be written: Is a directory"),
        (f"inspect {'a' * 300}", 1, "cannot be used: File name too long."),
        (f"validate {'a' * 300}", 2, "does not exist"),
        ("link $'\\xff' zenodo:7305227", 2, "bytes that are not UTF-8"),
        ("show $'\\xff'", 2, "is not an identifier"),
    ],
)
def test_words_that_no_file_and_no_registry_takes_are_a_sentence(
    shell: Run, command: str, code: int, words: str
) -> None:
    done = shell(f"FAIRREG {command}")
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert done.stderr.count("Error: ") == 1
