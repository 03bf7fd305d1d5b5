# SPDX-License-Identifier: MIT
"""No secret of an address is told."""

import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg.errors import FairregError, NotFound, RateLimited
from fairreg.redaction import MASK, redacted
from fairreg.schemas.identifiers import RequestedIdentifier, parse
from support.examples import examples

SECRET = "S3CR3T"
ADDRESSES = [
    "https://user:{}@zenodo.org/records/1",
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
    "swh:1:dir:d198bc9d7a6bcf6db04f476d29314f157507d505;origin=https://github.com/a/b;path=/x",
    "https://example.org/@lab/tagger",
    "a = b; token = c",
]


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
