# SPDX-License-Identifier: MIT
"""The check of the services: what changed is named, what is saved holds nothing of the user."""

import base64
import json
import re
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairreg import harvesters
from fairreg.errors import UsageError
from fairreg.services.check.check import SourceCheck, check_sources
from fairreg.services.check.comparison import compare_facts, compare_shape, shape_of
from fairreg.services.check.known_answer import KnownAnswer, known_answer
from fairreg.services.check.recording import sanitised
from fairreg.settings import Settings
from support.known_services import SOURCES, payloads, put, serve
from support.services import Services

pytestmark = pytest.mark.engines("sqlite")

# By source: a member of an object that fairreg reads, and another value for it.
READ = {
    "zenodo": ("$.metadata.title", 7),
    "datacite": ("$.data.attributes.publicationYear", "2018"),
    "huggingface": ("$.info.lastModified", 7),
    "github": ("$.repository.description", 7),
    "dlhub": ("$.datacite.publicationYear", 2019),
    "cernopendata": ("$.metadata.publisher", ["CERN"]),
    "openml": ("$.flow.licence", 7),
}
# By source: where its answer says which record it is of.
IDENTITY = {
    "zenodo": ("$.doi", "10.5281/zenodo.99999999"),
    "datacite": ("$.data.attributes.doi", "10.5281/zenodo.99999999"),
    "huggingface": ("$.info.id", "google-bert/another"),
    "github": ("$.repository.id", 7),
    "dlhub": ("$.dlhub.owner", "somebody"),
    "cernopendata": ("$.metadata.doi", "10.7483/OPENDATA.CMS.OTHER"),
    "openml": ("$.flow.id", "2"),
}


# By source: fields by which a harvester itself tells that an answer is about another record.
SAYS_WHICH = {"dlhub": {"$.dlhub.shorthand_name"}}
# Facts of a payload that the harvester adds, and no service sends.
ADDED = {("huggingface", "$.type")}


def comparison_text(value: Any) -> str:
    """A value as a difference shows it."""
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 80 else f"{text[:80]}..."


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)


def check(settings: Settings, **options: Any) -> dict[str, SourceCheck]:
    return {item.name: item for item in check_sources(settings, **options)}


def sentences(found: SourceCheck) -> list[str]:
    return [item.sentence for item in found.differences] + ([found.message] if found.message else [])


def take(document: Any, path: str) -> Any:
    """Remove the member at a path of plain names; give its value."""
    *steps, last = path.split(".")[1:]
    for step in steps:
        document = document[step]
    return document.pop(last)


def test_every_source_that_sends_requests_has_a_known_record():
    without = {item.name for item in harvesters.all_harvesters()} - set(SOURCES)
    assert without == {"garden"}
    assert set(READ) == set(IDENTITY) == set(SOURCES) - {"zenodo_oai"}


@pytest.mark.parametrize("name", SOURCES)
def test_a_known_answer_states_whence_it_is_and_what_identifies_the_record(name):
    known = known_answer(harvesters.get(name))
    assert known is not None
    assert known.seen
    assert set(known.facts) <= set(known.shape) | {"$.info.cardData.license"}
    assert set(known.shape.values()) <= {
        f"{types}{end}"
        for types in ("object", "list", "text", "number", "boolean", "null", "null|text")
        for end in ("", "?")
    }


def test_answers_as_expected_are_called_so_with_few_requests(settings, httpserver):
    serve(httpserver, payloads())
    found = check(settings)
    assert {item.status for name, item in found.items() if name != "garden"} == {"as expected"}
    assert {item.state for name, item in found.items() if name != "garden"} == {"ok"}
    assert (found["garden"].status, found["garden"].message) == ("not checked", "sends no requests")
    assert sum(item.answers for item in found.values()) == len(httpserver.log) <= 25


@pytest.mark.sliced(3)
@pytest.mark.parametrize("name", READ)
def test_a_renamed_member_is_missing_and_new_by_name(settings, httpserver, name):
    made, (path, _) = payloads(), READ[name]
    put(made[name], f"{path}_renamed", take(made[name], path))
    serve(httpserver, made)
    found = check(settings)[name]
    assert found.status == "changed"
    assert f"{path} is missing (fairreg reads it)" in sentences(found)
    assert any(line.startswith(f"{path}_renamed is new") for line in sentences(found))


@pytest.mark.sliced(3)
@pytest.mark.parametrize("name", READ)
def test_a_member_of_another_type_is_named_with_both_types(settings, httpserver, name):
    made, (path, other) = payloads(), READ[name]
    put(made[name], path, other)
    serve(httpserver, made)
    found = check(settings)[name]
    expected = shape_of(payloads()[name])[path]
    (difference,) = [item for item in found.differences if (item.kind, item.where) == ("type", path)]
    assert (difference.expected, difference.read) == ("|".join(expected), True)
    assert difference.sentence.startswith(f"{path} is ")


@pytest.mark.sliced(3)
@pytest.mark.parametrize("name", READ)
def test_a_removed_member_is_missing_by_name_and_no_other_source_is_concerned(settings, httpserver, name):
    made, (path, _) = payloads(), READ[name]
    take(made[name], path)
    serve(httpserver, made)
    found = check(settings)
    assert any(line.startswith(f"{path} is missing") for line in sentences(found[name]))
    assert [item.name for item in found.values() if item.status == "changed"] == [name]


def facts():
    """Every fact that is compared, of every source whose answers are JSON."""
    for name in READ:
        known = known_answer(harvesters.get(name))
        assert known is not None
        for path, value in known.facts.items():
            if (name, path) not in ADDED:
                yield pytest.param(name, path, value, id=f"{name}-{path}")


@pytest.mark.parametrize(("name", "path", "value"), list(facts()))
def test_a_field_with_another_value_is_named_with_both_values(settings, httpserver, name, path, value):
    made = payloads()
    other = not value if isinstance(value, bool) else value + 1 if isinstance(value, int) else f"{value}9"
    put(made[name], path, other)
    serve(httpserver, made)
    found = check(settings)
    assert [item.name for item in found.values() if item.status == "changed"] == [name]
    told = {item.where: item for item in found[name].differences if item.kind == "fact"}
    if found[name].message is None:
        assert told[path].expected == comparison_text(value)
        assert comparison_text(other) in str(told[path].found)
        assert set(told) == {path}
    else:  # refused before anything is compared, as the answer is about another record
        assert path in SAYS_WHICH[name]
        assert str(value) in str(found[name].message)


@pytest.mark.parametrize("name", IDENTITY)
def test_another_record_than_the_one_asked_for_is_said(settings, httpserver, name):
    made, (path, other) = payloads(), IDENTITY[name]
    put(made[name], path, other)
    serve(httpserver, made)
    found = check(settings)[name]
    assert found.status == "changed"
    # A harvester may refuse the answer by itself.
    assert found.message or any(item.where == path and item.kind == "fact" for item in found.differences)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("titles>", "headlines>", "is missing"),
        ("oai:zenodo.org:7901584</identifier>", "oai:zenodo.org:1</identifier>", "$.header.identifier is"),
        ("<version>0.0.1", "<version>0.0.2", "$.attributes.version is 0.0.2, expected 0.0.1"),
        ("<publisher>Zenodo", "<publisher>CERN", "$.attributes.publisher is CERN, expected Zenodo"),
        (">2023-05-05", ">2023-05-06", "$.attributes.dates[*].date is 2023-05-06, expected 2023-05-05"),
        ("<language>eng", "<language>deu", "$.attributes.language is deu, expected eng"),
        (
            "cc-by-4.0",
            "cc0-1.0",
            "$.attributes.rightsList[*].rightsIdentifier is cc0-1.0, expected cc-by-4.0",
        ),
        (">2023<", ">2024<", "$.attributes.publicationYear is 2024, expected 2023"),
        ('General="Software"', 'General="Dataset"', "resourceTypeGeneral is Dataset, expected Software"),
        ("publicationYear>", "year>", "$.attributes.publicationYear is missing"),
        ('resourceTypeGeneral="Software"', 'kind="Software"', "resourceTypeGeneral"),
        ("<GetRecord>", "<Get>", "invalid XML"),
    ],
)
def test_a_changed_oai_pmh_answer_is_named(settings, httpserver, old, new, said):
    made = payloads()
    made["zenodo_oai"] = made["zenodo_oai"].replace(old, new)
    serve(httpserver, made)
    found = check(settings)["zenodo_oai"]
    assert found.status == "changed"
    assert any(said in line for line in sentences(found))


def test_files_without_their_checksum_algorithm_are_said(settings, httpserver):
    made = payloads()
    put(made["zenodo"], "$.files[*].checksum", "sha512:" + 128 * "0")
    serve(httpserver, made)
    assert "the checksum of the files is sha512, expected md5" in sentences(check(settings)["zenodo"])


def test_another_rate_limit_and_content_type_are_said(settings, httpserver):
    serve(httpserver, payloads(), {"zenodo": {"X-RateLimit-Limit": "60", "Content-Type": "text/json"}})
    found = sentences(check(settings)["zenodo"])
    assert found == [
        "the header content-type is text/json, expected application/json",
        "the header x-ratelimit-limit is 60, expected 133",
    ]


@pytest.mark.parametrize("target", ["https://zenodo.org/records/1", "https://example.org/"])
def test_another_landing_page_is_said(settings, httpserver, target):
    made = {**payloads(), "doi": target}
    serve(httpserver, made)
    found = check(settings)["doi"]
    assert found.status == "changed"
    assert "landing page" in sentences(found)[0] or found.message


def test_a_search_that_finds_nothing_is_said(settings, httpserver):
    made = payloads()
    httpserver.expect_request("/zenodo/api/records").respond_with_json({"hits": {"hits": [], "total": 0}})
    serve(httpserver, made)
    assert "the search for 'model': no hits" in sentences(check(settings)["zenodo"])


def test_a_service_that_is_down_is_unreachable_and_the_others_are_checked(settings, httpserver):
    serve(httpserver, {**payloads(), "zenodo": None, "openml": None})
    found = check(settings)
    assert {name for name, item in found.items() if item.status == "unreachable"} == {"zenodo", "openml"}
    assert found["datacite"].status == "as expected"
    assert "internal error (HTTP 503)" in str(found["zenodo"].state)


def test_a_service_that_hangs_is_unreachable_after_the_longest_time(tmp_path, monkeypatch):
    services = Services()
    services.faults["openml"] = "slow"
    settings = Settings.from_environment({**services.environment(), "FAIRREG_HOME": str(tmp_path)})
    monkeypatch.setattr("fairreg.services.check.check._LONGEST", 3.0)
    found = check(settings)
    services.close()
    assert (found["openml"].status, found["zenodo"].status) == ("unreachable", "as expected")
    assert found["openml"].message == "No complete answer within 3 s."


def test_no_access_token_is_sent(settings, httpserver):
    serve(httpserver, payloads())
    services = {name: replace(item, token="planted-token") for name, item in settings.services.items()}
    check(replace(settings, services=services))
    assert httpserver.log
    assert [request.path for request, _ in httpserver.log if "Authorization" in request.headers] == []


def test_offline_mode_sends_no_request(settings, httpserver):
    found = check(replace(settings, offline=True))
    assert {item.status for item in found.values()} == {"unreachable", "not checked"}
    assert httpserver.log == []


def test_a_harvester_that_fails_is_said_and_stops_no_other(settings, httpserver, monkeypatch):
    serve(httpserver, payloads())

    def broken(_self: object, _payload: object) -> None:
        raise KeyError("surprise")

    monkeypatch.setattr(type(harvesters.get("openml")), "to_record", broken)
    found = check(settings)
    assert found["openml"].message == "its harvester failed (KeyError)"
    assert found["zenodo"].status == "as expected"


def test_a_source_without_a_known_record_is_asked_and_not_compared(settings, httpserver, monkeypatch):
    serve(httpserver, payloads())
    monkeypatch.setattr("fairreg.services.check.check.known_answer", lambda _harvester: None)
    found = check(settings)
    assert (found["zenodo"].status, found["zenodo"].state) == ("not compared", "ok")
    assert (found["openml"].status, found["openml"].message) == ("not checked", "no known record")


def test_kept_answers_of_the_home_are_not_what_is_compared(settings, httpserver):
    serve(httpserver, payloads())
    check(settings)
    assert not settings.http_cache.exists()


# --- what is saved ------------------------------------------------------------------------------------------


def test_saved_answers_hold_no_token_cookie_or_address_of_the_user(settings, httpserver, tmp_path):
    made = payloads()
    hidden = {"token": "zenodo-planted-5e7b0c91", "mail": "jane.doe@example.org", "ip": "192.0.2.55"}
    said = "{token} {mail} {ip} 2001:db8::7 https://x.org/f?access_token=abc123 hf_abcdefghijklmnop"
    put(made["zenodo"], "$.metadata.title", said.format(**hidden))
    headers = {"zenodo": {"Set-Cookie": "session=s3cret", "X-Client": hidden["ip"], "ETag": '"jane@x.org"'}}
    serve(httpserver, made, headers)
    services = {
        name: replace(item, token=hidden["token"]) if item.takes_token else item
        for name, item in settings.services.items()
    }
    found = check(replace(settings, services=services), record=tmp_path / "answers")
    left = b"".join(path.read_bytes() for path in (tmp_path / "answers").iterdir()).decode()
    for secret in (*hidden.values(), "s3cret", "abc123", "2001:db8::7", "hf_abc", "jane@x.org", "localhost"):
        assert secret not in left
    assert "(access token)" in left
    assert "(e-mail address)" in left
    assert "(IP address)" in left
    assert found["zenodo"].answers == 2


def test_the_folder_holds_the_report_the_payloads_and_every_answer(settings, httpserver, tmp_path):
    serve(httpserver, payloads())
    found = check(settings, record=tmp_path)
    answers = sorted(path.name for path in tmp_path.glob("*-answer-*.json"))
    assert len(answers) == len(httpserver.log)
    first = json.loads((tmp_path / "zenodo-answer-1.json").read_bytes())
    assert first["url"] == "https://zenodo.org/api/records/7834392"
    assert first["headers"]["x-ratelimit-limit"] == "133"
    assert (
        first["body"] == json.loads((tmp_path / "zenodo-payload.json").read_bytes()) == payloads()["zenodo"]
    )
    report = json.loads((tmp_path / "report.json").read_bytes())
    assert [item["name"] for item in report["checks"]] == sorted(found)
    check(settings, record=tmp_path)
    assert sorted(path.name for path in tmp_path.glob("*-answer-*.json")) == answers


def test_refusals_are_saved_too_and_nothing_of_an_earlier_check_stays(settings, httpserver, tmp_path):
    serve(httpserver, payloads())
    check(settings, record=tmp_path)
    assert list(tmp_path.glob("github-payload.json"))
    httpserver.clear()
    httpserver.expect_request(re.compile(".*")).respond_with_json({"message": "nothing here"}, status=404)
    found = check(settings, record=tmp_path)
    for name in ("datacite", "github", "huggingface", "openml", "zenodo"):
        assert found[name].status == "changed"
        saved = [json.loads(path.read_bytes()) for path in tmp_path.glob(f"{name}-answer-*.json")]
        assert saved
        assert all(item["status"] == 404 for item in saved)
        assert not list(tmp_path.glob(f"{name}-payload.json"))
    (refusal,) = [json.loads(path.read_bytes()) for path in tmp_path.glob("openml-answer-*.json")][:1]
    assert refusal["body"] == {"message": "nothing here"}


def test_a_folder_with_other_files_is_refused_before_any_request(settings, httpserver, tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(UsageError):
        check(settings, record=tmp_path)
    assert httpserver.log == []
    assert (tmp_path / "thesis.tex").read_text() == "mine"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("version 1.2.3 of 12:30:45", "version 1.2.3 of 12:30:45"),
        (
            "swh:1:dir:247168dd727c19cef2ce885476d3e4102d2ca7de",
            "swh:1:dir:247168dd727c19cef2ce885476d3e4102d2ca7de",
        ),
        ("from 10.0.0.7, ::1", "from (IP address), (IP address)"),
        ("10.5281/zenodo.7834392", "10.5281/zenodo.7834392"),
        ("https://u:p@host/x", "https://***@host/x"),
        ("https://h/f?X-Amz-Signature=0f&x=1", "https://h/f?X-Amz-Signature=***&x=1"),
        ("Authorization: Bearer abcdefghi", "Authorization: (access token)"),
        ("write to a.b+c@x-y.example.org.", "write to (e-mail address)."),
    ],
)
def test_only_what_is_of_people_or_secret_is_replaced(text, left):
    assert sanitised(text) == left


YAML = "authors:\n  - email: ada@cern.ch\n    host: 137.138.10.20\n"


@pytest.mark.parametrize(
    "text",
    [
        "ada&#64;cern.ch",
        "ada%40cern.ch",
        "mailto:ada%40cern.ch",
        "{ada,joe}@cern.ch",
        "<b>ada</b>@cern.ch",
        "ada\uff20cern.ch",
        "$['ada@cern.ch'] is new",
        "137.138.10.20:5555",
        "http://137.138.10.20:8080/x",
        "https://x.org/?next=http%3A%2F%2F137.138.10.20%2Fx",
        "IP:137.138.10.20",
        "client_137.138.10.20",
        "::ffff:137.138.10.20",
        "[2001:db8::7]:5555",
        "node:2001:db8::7",
        base64.b64encode(YAML.encode()).decode(),
        base64.encodebytes(YAML.encode()).decode(),
        base64.b64encode(base64.b64encode(YAML.encode())).decode(),
    ],
)
def test_no_spelling_of_an_address_of_people_is_left(text):
    """As a text, as JSON, and as what base64 in the result says."""
    document = json.dumps({"said": text}, indent=1, ensure_ascii=False)
    kept = json.loads(sanitised(document))["said"]
    for left in (sanitised(text), sanitised(document), kept, *decoded(kept)):
        read = left.replace("\uff20", "@")
        assert not re.search(r"ada[^ ]*cern|137[.]138|2001:db8", read), left


def decoded(text: str) -> list[str]:
    try:
        inner = base64.b64decode(text, validate=True).decode()
    except ValueError:
        return []
    return [inner, *decoded(inner)]


def test_what_is_printed_of_an_answer_holds_no_address_of_people(settings, httpserver):
    made = payloads()
    made["zenodo"]["metadata"]["ada@cern.ch"] = 1
    made["zenodo"]["x" * 70 + " ada.lovelace@cern.ch"] = 1  # the path is cut in the address
    put(made["zenodo"], "$.doi", "x" * 70 + " ada.lovelace@cern.ch 137.138.10.20:80")
    serve(httpserver, made)
    found = check(settings)["zenodo"]
    said = "\n".join([*sentences(found), json.dumps(found.to_json())])
    assert "(e-mail" in said
    assert not re.search(r"ada[.@]|137[.]138", said)


# The shorter one is a text that a search in quadratic time would still not come through.
@pytest.mark.sliced(5)
@pytest.mark.parametrize("length", [500_000, pytest.param(2_000_000, marks=pytest.mark.long)])
@pytest.mark.parametrize(
    "letter", ["a", ":", "a@", "?x-token", "1.", "https://", "hf_a", "1.2.3.4:", "aG:", "-", "YWFh\\n"]
)
def test_sanitising_takes_linear_time(letter, length):
    begun = time.process_time()
    sanitised(letter * (length // len(letter)))
    assert time.process_time() - begun < 10 * length / 2_000_000


# --- comparison ---------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


def known_of(document: Any) -> KnownAnswer:
    shape = {path: "|".join(sorted(types)) for path, types in shape_of(document).items()}
    return KnownAnswer("x", "x", "x", shape=shape)


@given(JSON)
def test_any_document_has_the_shape_that_was_taken_of_it(document):
    assert [
        item for item in compare_shape(known_of(document), document, frozenset()) if item.kind != "type"
    ] == []


@given(JSON, JSON)
def test_any_two_documents_can_be_compared(first, second):
    for item in compare_shape(known_of(first), second, frozenset()):
        assert item.where.startswith("$")
        assert item.sentence


def test_an_open_place_may_hold_anything_and_a_null_says_nothing():
    known = KnownAnswer(
        "x", "x", "x", open=("$.free", "$.partly.*"),
        shape={"$": "object", "$.free": "object", "$.none": "null",
               "$.partly": "object", "$.partly.a": "text"},
    )  # fmt: skip
    document = {"free": {"x": {"y": 1}}, "none": {"z": [1]}, "partly": {"b": 1}}
    assert [item.sentence for item in compare_shape(known, document, frozenset())] == [
        "$.partly.a is missing"
    ]


def test_a_new_branch_and_a_missing_one_are_named_once():
    known = known_of({"old": {"a": {"b": 1}}, "kept": [{"c": 1}]})
    found = compare_shape(known, {"new": {"x": {"y": 1}}, "kept": []}, frozenset({"$.old"}))
    assert [item.sentence for item in found] == [
        "$.old is missing (fairreg reads it)",
        "$.new is new: object",
    ]


def test_a_fact_of_a_list_is_stated_by_any_element():
    known = KnownAnswer("x", "x", "x", facts={"$.a[*].b": 2})
    assert list(compare_facts(known, {"a": [{"b": 1}, {"b": 2}, 3]}, frozenset())) == []
    (difference,) = compare_facts(known, {"a": [{"b": 1}, {"b": 3}]}, frozenset())
    assert difference.sentence == "$.a[*].b is 1 and 3, expected 2"
