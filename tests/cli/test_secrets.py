# SPDX-License-Identifier: MIT
"""Passwords and access tokens of addresses reach neither a screen nor a file of the home."""

import re
from pathlib import Path

import numpy as np
import pytest
from werkzeug import Response

from support import hbb

pytestmark = pytest.mark.engines("sqlite")

SECRET = "S3CR3T"


@pytest.fixture
def served(httpserver):
    """The services with the published record; a record 1 that is gone, and 2 that needs a login."""
    hbb.serve(httpserver, hbb.archive({"README.md": b"# Hbb"}))
    for number, status in (("1", 410), ("2", 401), ("3", 500)):
        place = f"/zenodo/api/records/{number}"
        httpserver.expect_request(place).respond_with_json({"message": f"no {place}"}, status=status)


@pytest.fixture
def told(cli, settings, tmp_path):
    """Runs a command; the places where the secret shows up."""

    def run(*arguments) -> list[str]:
        result = cli(*arguments)
        assert "Internal error" not in result.err
        places = ["screen"] if SECRET in result.out + result.err else []
        files = [path for path in Path(settings.home).rglob("*") if path.is_file()]
        return places + [path.name for path in files if SECRET.encode() in path.read_bytes()]

    return run


COMMANDS = [
    ("fetch", hbb.DOI),
    ("fetch", hbb.DOI, "--json"),
    ("fetch", "zenodo:1"),
    ("fetch", "zenodo:2"),
    ("fetch", "zenodo:3"),
    ("fetch", "zenodo:999999"),
    ("assess", hbb.DOI, "--json"),
    ("sources",),
    ("sources", "--json"),
    ("sources", "--check"),
    ("show", "zenodo:7305227"),
    ("search", "hbb", "--live", "--source", "zenodo", "--json"),
    ("harvest", "zenodo", "--query", "hbb"),
]


@pytest.mark.sliced(5)
@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_the_password_of_a_base_url_is_told_nowhere(told, served, settings, monkeypatch, arguments):
    own = settings.service("zenodo").url.replace("://", f"://user:{SECRET}@")
    monkeypatch.setenv("FAIRREG_ZENODO_URL", own)
    assert told(*arguments) == []


PASTED = [
    f"https://zenodo.org/records/7305227?token={SECRET}",
    f"https://zenodo.org/records/77777?access_token={SECRET}",
    f"https://user:{SECRET}@zenodo.org/records/7305227",
    f"user:{SECRET}@zenodo.org/records/7305227",
    f"https://{SECRET}@github.com/lab/tagger",
    f"https://example.org/x?X-Amz-Credential={SECRET}&X-Amz-Signature={SECRET}",
    f"https://example.org/x?sig={SECRET}#access_token={SECRET}",
    f"url: https://example.org/x?key={SECRET}",
]


OTHER_COMMANDS = ("inspect", "run", "convert", "link", "unlink", "validate", "add", "search")


@pytest.mark.sliced(13)
@pytest.mark.parametrize(
    ("command", "pid"),
    [(command, pid) for pid in PASTED for command in ("fetch", "show")]
    + [(command, pid) for pid in (PASTED[2], PASTED[5]) for command in ("assess", *OTHER_COMMANDS)],
)
def test_a_secret_that_was_pasted_is_told_nowhere(told, served, tmp_path, command, pid):
    np.savez(tmp_path / "x.npz", x=np.ones((2, 4), np.float32))
    more = {
        "run": ("--input", tmp_path / "x.npz"),
        "convert": ("--to", "onnx"),
        "link": ("10.1234/other",),
        "unlink": (pid,),
    }
    assert told(command, pid, *more.get(command, ())) == []


def test_the_record_behind_a_pasted_token_is_fetched_and_named_without_it(cli, served):
    result = cli("fetch", PASTED[0], "--json")
    assert (result.code, result.json["doi"]) == (0, hbb.DOI)
    assert result.json["requested"] == "https://zenodo.org/records/7305227?token=***"


def test_a_signed_redirect_of_a_file_is_in_no_evidence(told, httpserver):
    content = hbb.archive({"README.md": b"# Hbb"})
    hbb.serve(httpserver, content)
    place = f"https://zenodo.org/signed?X-Amz-Signature={SECRET}"
    signed = httpserver.expect_oneshot_request(re.compile(".*/7305227/files/.*"))
    signed.respond_with_response(Response(status=302, headers={"Location": place}))
    httpserver.expect_request("/zenodo/signed").respond_with_data(content)
    assert told("assess", hbb.DOI, "--json") == []
    assert [request.path for request, _ in httpserver.log if "signed" in request.path] == ["/zenodo/signed"]


def test_an_argument_that_is_wrong_is_quoted_without_its_secret(cli):
    result = cli("sources", f"https://example.org/x?token={SECRET}", "\u202e\x9b31m")
    assert result.code == 2
    assert SECRET not in result.err
    assert "\\u202e\\x9b31m" in result.err


def test_the_traceback_of_an_internal_error_has_no_secret(cli, monkeypatch, capsys):
    from fairreg.cli import app

    monkeypatch.setenv("FAIRREG_DEBUG", "1")
    app._unexpected(ValueError, ValueError(f"https://user:{SECRET}@host/\x1b"), None)
    said = capsys.readouterr().err
    assert "ValueError: https://***@host/\\x1b" in said


@pytest.mark.parametrize("token", ["a\nb", "a b", "\u00e9"])
def test_a_token_that_no_header_carries_ends_with_2_and_one_sentence(cli, monkeypatch, token):
    monkeypatch.setenv("ZENODO_TOKEN", f"{SECRET}{token}")
    result = cli("fetch", hbb.DOI)
    assert result.code == 2
    assert result.err.startswith("Error: ZENODO_TOKEN holds a character that no access token has")
    assert SECRET not in result.err
