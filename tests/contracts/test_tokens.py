# SPDX-License-Identifier: MIT
"""No access token appears anywhere but at its own service, not even where that service sends it back."""

import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fairreg import harvesters
from fairreg.cli.app import main
from fairreg.sources import BUILT_IN
from fairreg.web.responses import MASK
from support.services import CONTENT, Services

TOKENS = {
    "ZENODO_TOKEN": "zenodo-planted-5e7b0c91",
    "ZENODO_SANDBOX_TOKEN": "sandbox-planted-c04b77d2",
    "HF_TOKEN": "hf_planted-2f4d8a63",
    "GITHUB_TOKEN": "ghp_planted-91c3e0d7",
}
OWNERS = {row.name: TOKENS[row.token_variable] for row in BUILT_IN if row.token_variable}
# Asked by publish alone (tests/publish/test_publishing.py); it must be found nowhere as well.
UNASKED = {"ZENODO_SANDBOX_TOKEN"}
SOURCES = [item.name for item in harvesters.all_harvesters() if item.name != "garden"]
# Asked to, they log what comes over the wire, and with it the headers in which a service sends a token back.
WIRE = ("httpcore", "httpcore2")
PIDS = (
    "10.5281/zenodo.1000",
    "https://github.com/lab/tagger-4000",
    "https://huggingface.co/lab/tagger-3000",
    "cernopendata:6000",
    "openml:flow/7000",
    "dlhub:lab/tagger_5000",
)


class Session:
    """Commands one after another, all that they print or log, and what they leave on the disk."""

    def __init__(
        self, home: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
    ) -> None:
        self.home, self._capsys, self._caplog = home, capsys, caplog
        self.seen = ""

    def run(self, *arguments: str) -> str:
        """Run a command as the interpreter would, its last exception included."""
        sys.argv = ["fairreg", *arguments]
        try:
            main()
        except (SystemExit, ArithmeticError) as error:
            if isinstance(error, ArithmeticError):
                sys.excepthook(type(error), error, error.__traceback__)
        out, err = self._capsys.readouterr()
        self.seen += out + err
        return out + err

    def everything(self) -> bytes:
        files = [path for path in self.home.rglob("*") if path.is_file()]
        names = " ".join(map(str, files))
        return (
            b"".join(path.read_bytes() for path in files) + (names + self.seen + self._caplog.text).encode()
        )


@pytest.fixture
def services() -> Iterator[Services]:
    stand_in = Services()
    yield stand_in
    stand_in.close()


@pytest.fixture(params=["", "1"], ids=["", "debug"])
def session(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> Session:
    variables = {**services.environment(), **TOKENS, "FAIRREG_DEBUG": request.param}
    for name, value in {**variables, "FAIRREG_HOME": str(tmp_path / "tokens")}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", [])
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="huggingface_hub")
    for name in WIRE:
        caplog.set_level(logging.INFO, logger=name)
    monkeypatch.setattr(logging.getLogger("huggingface_hub"), "propagate", True)
    return Session(tmp_path / "tokens", capsys, caplog)


def run_all(session: Session) -> None:
    """What asks the sources, and what says what came of it."""
    session.run("harvest", *SOURCES, "--query", "tagger", "--json")
    session.run("search", "tagger", "--live", "--save", "--json")
    for pid in PIDS:
        session.run("fetch", pid)
    session.run("assess", PIDS[0], "--json")
    session.run("sources", "--check")
    session.run("sources", "--refused", "--json")


def assert_each_token_went_to_its_owner_only(services: Services) -> None:
    for name in {name for name, _, _ in services.asked}:
        sent = {headers.get("Authorization", "") for asked, _, headers in services.asked if asked == name}
        assert sent <= {"", f"Bearer {OWNERS.get(name)}"}
    got = {headers.get("Authorization") for _, _, headers in services.asked}
    assert got >= {f"Bearer {token}" for variable, token in TOKENS.items() if variable not in UNASKED}


def assert_no_token_in(session: Session) -> None:
    left = session.everything()
    assert [token for token in TOKENS.values() if token.encode() in left] == []


def test_no_token_is_logged_where_everything_is(
    session: Session, services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    for name in WIRE:
        caplog.set_level(logging.DEBUG, logger=name)
    run_all(session)
    session.run("harvest", *SOURCES, "--limit", "5")
    assert_each_token_went_to_its_owner_only(services)
    assert_no_token_in(session)
    assert "response_headers" in caplog.text


def test_no_token_is_left_by_services_that_send_it_back_in_their_records(
    session: Session, services: Services
) -> None:
    services.echo = "records"
    run_all(session)
    session.run("harvest", *SOURCES, "--limit", "5")
    session.run("search", "tagger", "--live")
    for pid in PIDS:
        session.run("show", pid)
    session.run("export", "-")
    assert_each_token_went_to_its_owner_only(services)
    assert_no_token_in(session)
    # The records came, and with them the places where the tokens were.
    left = session.everything()
    assert CONTENT in left
    assert left.count(MASK) > len(TOKENS)
    assert list((session.home / "answers").iterdir())


@pytest.mark.sliced(3)
@pytest.mark.parametrize("session", ["1"], ids=["debug"], indirect=True)
@pytest.mark.parametrize("status", ["302", "400", "401", "403", "404", "410", "412", "422", "500"])
def test_no_token_is_left_by_services_that_send_it_back_when_they_refuse(
    session: Session, services: Services, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fairreg.web.client._backoff", lambda _attempt, _patience: 0.0)
    services.echo = status
    run_all(session)
    assert_each_token_went_to_its_owner_only(services)
    assert_no_token_in(session)
    assert "Error:" in session.seen
    assert "Internal error" not in session.seen
    assert "Traceback" not in session.seen


def test_no_token_is_in_what_a_broken_harvester_leaves(
    session: Session, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.echo = "records"
    zenodo = harvesters.get("zenodo")

    def broken(_self: object, payload: object) -> None:
        raise ArithmeticError(f"cannot map {payload}")

    monkeypatch.setattr(type(zenodo), "to_record", broken)
    session.run("show", PIDS[0])
    assert "ArithmeticError" in session.seen
    assert MASK.decode() in session.seen
    assert_no_token_in(session)
