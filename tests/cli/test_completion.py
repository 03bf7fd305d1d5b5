# SPDX-License-Identifier: MIT
"""Completion at the TAB key: names that this machine knows, read at once, and nothing made or said."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from fairreg import formats, plugins, runners
from fairreg.cli.app import command_line
from fairreg.cli.completion import joined
from fairreg.collections import collection_names
from fairreg.services.registry import known_names
from fairreg.settings import Settings
from support import hbb

pytestmark = pytest.mark.engines("sqlite")

DOI = f"doi:{hbb.DOI}"
Complete = Callable[..., list[str]]


@pytest.fixture
def complete(cli: Any, monkeypatch: pytest.MonkeyPatch) -> Complete:
    """What is proposed for the last of the words, as bash asks for it."""

    def ask(*words: str) -> list[str]:
        monkeypatch.setenv("_FAIRREG_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", "\n".join(("fairreg", *words)))
        monkeypatch.setenv("COMP_CWORD", str(len(words)))
        done = cli()
        monkeypatch.delenv("_FAIRREG_COMPLETE")
        assert (done.code, done.err) == (0, "")
        return [line for line in done.out.splitlines() if line]

    return ask


def test_closed_choices_are_completed(complete: Complete, settings: Settings) -> None:
    assert complete("run", "m.onnx", "--runtime", "t") == [item for item in runners.names() if item[0] == "t"]
    assert complete("harvest", "--collection", "") == list(collection_names(settings.home))
    assert set(complete("show", "x", "--format", "")) == {"text", *formats.names()}
    assert complete("search", "x", "--source", "z") == ["zenodo", "zenodo_oai"]
    assert complete("harvest", "zenodo", "d") == ["datacite", "dlhub"]
    assert complete("search", "x", "--kind", "d") == ["dataset"]
    assert complete("fetch", "x", "--device", "cu") == ["cuda"]
    assert "zenodo" in complete("publish", "x", "--to", "")
    assert set(plugins.names("fairreg.harvesters")) == set(complete("import", "x", "--source", ""))


def test_registered_identifiers_and_words_are_completed(cli: Any, complete: Complete) -> None:
    cli("db", "init")
    assert hbb.DOI in complete("show", "10.5281/zenodo.73")
    assert DOI in complete("cite", "doi:10.5281/zenodo.73")
    assert complete("show", "catalogue:nothing-like-it") == []
    assert "MIT" in complete("search", "x", "--license", "MI")
    assert all(item.startswith("Py") for item in complete("search", "x", "--framework", "Py"))
    for words in ("run", "inspect", "assess", "lock", "convert", "fetch", "db forget", "cache rm"):
        assert hbb.DOI in complete(*words.split(), hbb.DOI[:-1]), words
    assert len(complete("show", "")) == known_names.MOST


def test_cached_records_are_completed_without_a_registry(
    cli: Any, fetch: Any, complete: Complete, settings: Settings
) -> None:
    fetch({"a.txt": b"a"})
    identifier = cli("cache", "ls", "--json").json[0]["identifier"]
    Path(settings.home / "registry.sqlite").unlink()
    assert identifier in complete("show", identifier[:-1])
    assert not (settings.home / "registry.sqlite").exists()


def test_bash_splits_an_identifier_at_its_colon(cli: Any, complete: Complete) -> None:
    cli("db", "init")
    assert complete("show", "doi", ":", hbb.DOI[:-1]) == [hbb.DOI]  # behind the colon, where bash puts it
    assert hbb.DOI in complete("show", "doi", ":")
    assert complete("run", "m.onnx", "--runtime", "=", "ten") == ["tensorrt"]


@pytest.mark.parametrize(
    ("words", "place", "whole"),
    [
        (["fairreg", "show", "10.5"], 2, (["fairreg", "show", "10.5"], 2)),
        (["fairreg", "show", "doi", ":"], 3, (["fairreg", "show", "doi:"], 2)),
        (
            ["fairreg", "link", "doi", ":", "a", "doi", ":", "b"],
            7,
            (["fairreg", "link", "doi:a", "doi:b"], 3),
        ),
        (["fairreg", "harvest", "http", "://x", ""], 4, (["fairreg", "harvest", "http://x", ""], 3)),
    ],
)
def test_words_of_bash_are_joined(words: list[str], place: int, whole: tuple[list[str], int]) -> None:
    assert joined(words, place) == whole


def test_nothing_is_made_and_a_broken_registry_is_silent(
    cli: Any, complete: Complete, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert complete("show", "10.") == []
    assert not (settings.home / "registry.sqlite").exists()
    cli("db", "init")
    before = {path: path.stat().st_mtime_ns for path in settings.home.rglob("*")}
    assert complete("show", "10.") != []
    assert {path: path.stat().st_mtime_ns for path in settings.home.rglob("*")} == before
    (settings.home / "registry.sqlite").write_bytes(b"no database" * 1000)
    assert complete("show", "10.") == []
    monkeypatch.setenv("FAIRREG_DATABASE_URL", "postgresql://nobody@192.0.2.1/none")
    assert complete("show", "10.") == []  # a server is behind a network
    monkeypatch.setenv("FAIRREG_DATABASE_URL", "no address")
    assert complete("show", "10.") == []


def test_a_locked_registry_is_not_waited_for(cli: Any, complete: Complete, settings: Settings) -> None:
    cli("db", "init")
    with sqlite3.connect(settings.home / "registry.sqlite", isolation_level=None) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        assert complete("show", "10.") == []
    other.close()


def test_completion_asks_no_engine_of_the_registry(cli: Any, environment: dict[str, str]) -> None:
    cli("db", "init")
    code = (
        "import sys; sys.argv = ['fairreg']\n"
        "from fairreg.cli.app import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print('LOADED', *sorted({'sqlalchemy', 'requests', 'numpy', 'rdflib'} & sys.modules.keys()))"
    )
    asked = {"_FAIRREG_COMPLETE": "complete_bash", "COMP_WORDS": "fairreg show 10.", "COMP_CWORD": "2"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**environment, **asked}, check=True
    )
    assert hbb.DOI in done.stdout.splitlines()
    assert done.stdout.splitlines()[-1] == "LOADED"


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_a_bash_completes_an_identifier_behind_its_colon(
    cli: Any, environment: dict[str, str], tmp_path: Path
) -> None:
    cli("db", "init")
    program = tmp_path / "fairreg"
    program.write_text(f"#!{sys.executable}\nfrom fairreg.cli.start import main\nmain()\n")
    program.chmod(0o755)
    places = {**environment, "PATH": f"{tmp_path}:{environment['PATH']}"}
    source = subprocess.run(
        [str(program)],
        capture_output=True,
        text=True,
        env={**places, "_FAIRREG_COMPLETE": "source_bash"},
        check=True,
    ).stdout
    script = (
        f"{source}\nCOMP_WORDS=(fairreg show doi : {hbb.DOI[:-1]}); COMP_CWORD=4\n"
        "$(complete -p | grep -o ' -F [^ ]*' | tail -1 | cut -c5-) fairreg\n"
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", script], capture_output=True, text=True, env=places, check=False
    )
    assert done.stdout.split() == [hbb.DOI], done.stderr


def test_every_identifier_of_a_command_is_completed() -> None:
    group: Any = typer.main.get_command(command_line())
    leaves = [*group.commands.values()]
    leaves += [item for one in leaves for item in getattr(one, "commands", {}).values()]
    for command in leaves:
        for item in command.params:
            if item.metavar and item.metavar.startswith(("PID", "OTHER")):
                assert item._custom_shell_complete is not None, (command.name, item.name)
