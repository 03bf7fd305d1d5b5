# SPDX-License-Identifier: MIT
"""No secret of an address is told."""

import html
import json
import string
import time
from base64 import b64encode
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg.errors import FairregError, NotFound, RateLimited
from fairreg.redaction import MASK, echoes, redacted
from fairreg.schemas.identifiers import RequestedIdentifier, parse
from support.examples import examples

SECRET = "S3CR3T"
ADDRESSES = [
    "https://user:{}@zenodo.org/records/1",
    "https:/user:{}@zenodo.org/records/1",  # as a path
    "https://{}@github.com/lab/tagger",
    "https://x-access-token:{}@github.com/lab/tagger.git",
    "https://user:a{}@b@zenodo.org/x",
    "user:{}@zenodo.org/records/1",
    "https://zenodo.org/records/1?token={}",
    "https://zenodo.org/records/1?preview=1&token={}#files",
    "zenodo.org/records/1?access_token={}",
    "https://zenodo.org/records/1#access_token={}&type=bearer",
    "https://files.example/x?X-Amz-Algorithm=A&X-Amz-Credential={}&X-Amz-Signature={}",
    "https://files.example/x?X-Amz-Security-Token={}",
    "https://files.example/x?AWSAccessKeyId=1&Signature={}",
    "https://files.example/x?X-Goog-Signature={}",
    "https://blob.example/x?sv=2024&sig={}&se=2030",
    "https://api.example/x?key={}",
    "https://api.example/x?api_key={}",
    "https://api.example/x?apiKey={}&id=1",
    "https://api.example/x?apikey={}",
    "https://api.example/x?a=1;token={}",
    "https://api.example/x?to%6Ben={}",
    "https://api.example/x?password={}",
    "https://api.example/x?client_secret={}",
    "https://api.example/x?auth={};{}",
    "https://api.example/x?jwt={}.{}",
    "https://api.example/x?PRIVATE-TOKEN={}",
]
HARMLESS = [
    "https://zenodo.org/api/records?q=jets&page=2&size=25",
    "https://example.org/view?id=42&keyword=jets&monkey=1",
    "https://zenodo.org/oai2d?verb=ListRecords&resumptionToken=abc",
    "https://api.example/x?pageToken=abc&page_token=2",
    "git@github.com:lab/tagger",
    "mailto:ada@example.org",
    "Ada <ada@example.org> wrote to bob@example.org",
    "doi:10.5281/zenodo.1",
    "C:/me@work/model.onnx",
    "swh:1:dir:d198bc9d7a6bcf6db04f476d29314f157507d505;origin=https://github.com/a/b;path=/x",
    "https://example.org/@lab/tagger",
    "a = b; token = c",
]


@pytest.mark.sliced(3)
@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("around", ["{}", "{!r} is not there.", "See ({}), please.", "<{}>", 'href="{}"'])
def test_secrets_of_an_address_are_masked_wherever_it_stands(address: str, around: str) -> None:
    told = redacted(around.format(address.replace("{}", SECRET)))
    assert SECRET not in told
    assert MASK in told
    assert redacted(told) == told


@pytest.mark.parametrize("text", HARMLESS)
def test_what_names_a_record_or_a_person_stays(text: str) -> None:
    assert redacted(text) == text


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_error_tells_the_secrets_of_an_address(address: str) -> None:
    text = address.replace("{}", SECRET)
    for error in (FairregError(text, hint=text), NotFound(f"{text}."), RateLimited(text, retry_after=1.0)):
        notes = getattr(error, "__notes__", [])
        assert SECRET not in f"{error} {error.args} {error.message} {error.hint} {notes}"


@pytest.mark.parametrize("address", ADDRESSES)
def test_what_a_user_pasted_goes_no_further_than_its_secrets(address: str) -> None:
    asked = RequestedIdentifier(address.replace("{}", SECRET))
    assert SECRET not in f"{asked} {asked.text} {asked.identifier}"


@pytest.mark.parametrize(
    "text",
    [
        "https://user:pw@zenodo.org/records/7305227",
        "https://zenodo.org/records/7305227?token=abc",
        "https://me@www.zenodo.org/records/7305227?preview=1&token=abc#x",
    ],
)
def test_the_record_behind_a_pasted_secret_is_found(text: str) -> None:
    assert RequestedIdentifier(text).require() == parse("https://zenodo.org/records/7305227")


@settings(max_examples=examples(500))
@given(
    st.text(max_size=30),
    st.text(string.ascii_letters + string.digits + "-_.~+/%:!$*,", min_size=8, max_size=30),
    st.sampled_from(["token", "access_token", "sig", "key", "X-Amz-Signature"]),
    st.text(max_size=30),
)
def test_a_token_is_masked_in_any_text(before: str, secret: str, name: str, after: str) -> None:
    told = redacted(f"{before} https://h.example/p?{name}={secret} {after}")
    assert f"{name}={MASK} " in told
    assert redacted(told) == told


@pytest.mark.parametrize(
    "text",
    [
        "a:b," * 50_000 + " @",
        "//a@" * 50_000,
        "//" * 100_000 + "@",
        "&token=" * 50_000,
        "?" + "token" * 50_000 + "=",
        "?a=" + ";" * 200_000,
        ";=;" * 50_000,
        "u:" * 100_000 + "@",
    ],
    ids=lambda text: text[:8],
)
def test_masking_takes_time_in_proportion_to_the_text(text: str) -> None:
    before = time.process_time()
    redacted(text)
    assert time.process_time() - before < 2


@settings(max_examples=examples(500))
@given(st.text("ab:/?#@=&;. tokenkey%\"'*", max_size=60))
def test_masking_twice_is_masking_once(text: str) -> None:
    assert redacted(redacted(text)) == redacted(text)


def basic(login: str) -> str:
    return f"Basic {b64encode(login.encode()).decode()}"


SPELLINGS: list[Callable[[str], bytes]] = [
    lambda text: text.encode(),
    lambda text: json.dumps(text)[1:-1].encode(),
    lambda text: json.dumps(text, ensure_ascii=False)[1:-1].replace("/", "\\/").encode(),
    lambda text: json.dumps(json.dumps(text)[1:-1])[1:-1].encode(),
    lambda text: "".join(f"\\u{ord(letter):04X}" for letter in text).encode(),
    lambda text: quote(text, safe="").encode(),
    lambda text: quote(text, safe="").lower().encode() if text.islower() else quote(text, safe="").encode(),
    lambda text: quote_plus(text).encode(),
    lambda text: html.escape(text).encode(),
    lambda text: "".join(f"&#x{ord(letter):x};" for letter in text).encode(),
    lambda text: text.encode("utf-16-le"),
]


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    "secret", ["hunter2secret", 'to\\ken"with/signs', "p\u00e4ssword word", "a&b<c>d'e+f%g", "\\\\\\\\quoted"]
)
def test_credentials_are_found_in_any_spelling(secret: str, spelling: Callable[[str], bytes]) -> None:
    for authorization in (f"Bearer {secret}", basic(f"bob:{secret}")):
        pattern = echoes(authorization, 8)
        assert pattern is not None
        assert pattern.sub(b"!", b"bad <" + spelling(secret) + b"> login").replace(b"\0", b"") in {
            b"bad <!> login",
            b'bad <!"> login',
        }


def test_the_whole_login_and_its_code_are_found() -> None:
    authorization = basic("bob:pw1234")
    pattern = echoes(authorization, 8)
    assert pattern is not None
    for text in ("bob:pw1234", "bob%3Apw1234", authorization.partition(" ")[2]):
        assert pattern.search(text.encode())


def test_a_short_secret_is_found_as_a_whole_word_only() -> None:
    assert echoes("Bearer jet", 8) is None
    pattern = echoes("Bearer jet", 1)
    assert pattern is not None
    assert pattern.sub(b"!", b"jets: jet, jet_tagging jet.") == b"jets: !, !_tagging !."


@pytest.mark.parametrize("authorization", ["", "Bearer ", "Basic ", "Basic ?", "Basic /w==", "Digest"])
def test_without_credentials_nothing_is_masked(authorization: str) -> None:
    assert not (pattern := echoes(authorization, 8)) or not pattern.search(b"any text")


# The shorter one is a text that a search in quadratic time would still not come through.
@pytest.mark.sliced(2)
@pytest.mark.parametrize("length", [25_000, pytest.param(100_000, marks=pytest.mark.long)])
@pytest.mark.parametrize("secret", ["\\" * 40, '"' * 40, "/" * 40, "%" * 40, "a" * 40])
def test_echoes_are_searched_in_time_in_proportion_to_the_text(secret: str, length: int) -> None:
    pattern = echoes(f"Bearer {secret}", 8)
    assert pattern is not None
    begun = time.process_time()
    again = (secret[:39] + "x") * (length // 100)
    for text in ("\\" * length, "%5c" * 39 + "x", secret[:39] + "x", again):
        pattern.sub(b"", text.encode())
    assert time.process_time() - begun < 5 * length / 100_000
