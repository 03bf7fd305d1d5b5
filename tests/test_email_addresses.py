# SPDX-License-Identifier: MIT
"""E-mail addresses are noted and not kept; what only resembles one stays."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg.email_addresses import (
    NOTE,
    without_addresses,
    without_addresses_in_name,
    without_addresses_in_payload,
)
from fairreg.schemas.record import Creator, Distribution, ModelRecord, Provenance
from support.examples import examples

ADDRESSES = [
    "ada.rossi@cern.ch",
    "ADA@EXAMPLE.ORG",
    "a+b_c-d@mail.example.co.uk",
    "user@163.com",
    "Émile@université.fr",
    "ada&#64;cern.ch",
    "ada&#x40;cern.ch",
    "ada&commat;cern.ch",
    "ada%40cern.ch",
    r"ada\@cern.ch",
    "ada\uff20cern.ch",
    "mailto:ada@cern.ch",
    "{ada,joe}@cern.ch",
    "ada@xn--bcher-kva.example",
]
OTHERS = [
    "git@github.com:owner/name",
    "git@github.com/owner/name",
    "user@host:path",
    "user@lxplus.cern.ch:~/models",
    "@mention",
    "owner/name@v1.0",
    "name@1.2.3.dev0",
    "@user:matrix.org",
    "!room:matrix.org",
    "@ada@mastodon.social",
    "https://user@host.example/path",
    "mAP@0.5",
    "Recall@10",
    "accuracy@5.The",
    "icon@2x.png",
    "x@W.T",
    "q@k.transpose(1, 2)",
    "x@self.weight",
    "@app.route",
    "a @ b",
    "a@b",
    "swh:1:dir:4d77a7f9cc3f2d0b4e0c3b5e3a1bd0ba5a5bb1b6",
    "R&D &#38; more",
    "100%40",
    "",
]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(
    "around", ["{}", "Ask <{}>.", "({});", "[Ada](mailto:{})", "ada,{}, joe", "«{}»", "{}: ask"]
)
def test_an_address_is_replaced_by_a_note(address: str, around: str) -> None:
    said = without_addresses(around.replace("{}", address))
    assert NOTE in said
    assert address.rpartition("mailto:")[2] not in said
    assert "cern.ch" not in said
    assert without_addresses(said) == said


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("around", ["{}", "Run {} twice.", "({})"])
def test_what_is_no_address_stays(other: str, around: str) -> None:
    text = around.replace("{}", other)
    assert without_addresses(text) == text
    assert without_addresses_in_name(text) == text


@pytest.mark.parametrize(
    ("stated", "name"),
    [
        ("Ada Rossi <ada@cern.ch>", "Ada Rossi"),
        ("Ada Rossi (ada@cern.ch)", "Ada Rossi"),
        ("CERN, Geneva; ada@cern.ch", "CERN, Geneva"),
        ("ada@cern.ch", NOTE),
        ("mailto:ada@cern.ch", NOTE),
        ("ATLAS  Collaboration", "ATLAS  Collaboration"),
    ],
)
def test_a_name_loses_the_address_and_keeps_the_rest(stated: str, name: str) -> None:
    assert without_addresses_in_name(stated) == name
    assert Creator(name=stated).name == name


_LABEL = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=8)
_TOP = st.sampled_from(["org", "ch", "museum", "co.uk", "de", "io"])


@given(
    st.text("abcXYZ019._+-", min_size=1, max_size=12).filter(
        lambda word: word[0].isalnum() and word != "git"
    ),
    _LABEL.filter(lambda label: not label.isdigit() and not label.lstrip("v").isdigit()),
    _TOP,
    st.text(' \n<>()[],;!?"', min_size=1, max_size=3),
)
@settings(max_examples=examples(200), deadline=None)
def test_no_form_of_address_survives_between_words(local: str, label: str, top: str, between: str) -> None:
    address = f"{local}@{label}.{top}"
    assert address not in without_addresses(f"Write{between}{address}{between}today")


@given(st.text("ab@.:/ {}<&#64;%0\\\n", max_size=60))
@settings(max_examples=examples(200), deadline=None)
def test_reading_twice_changes_nothing_more(text: str) -> None:
    once = without_addresses(text)
    assert without_addresses(once) == once
    assert without_addresses_in_name(without_addresses_in_name(text)) == without_addresses_in_name(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text('ab@.c\\"\n é', max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text("a@b.cd", max_size=8), inner, max_size=4)
        ),
        max_leaves=12,
    ).filter(lambda value: isinstance(value, dict | list)),
    st.booleans(),
)
@settings(max_examples=examples(200), deadline=None)
def test_a_payload_stays_the_same_json_but_for_addresses(value: object, ascii_only: bool) -> None:
    def noted(part: object) -> object:
        if isinstance(part, dict):
            return {without_addresses(name): noted(item) for name, item in part.items()}
        if isinstance(part, list):
            return [noted(item) for item in part]
        return without_addresses(part) if isinstance(part, str) else part

    content = json.dumps(value, ensure_ascii=ascii_only).encode()
    read = json.loads(without_addresses_in_payload(content))
    expected = noted(value)
    assert read == expected or "@" in json.dumps(value)
    if "@" not in content.decode():
        assert without_addresses_in_payload(content) == content


def test_escapes_and_numbers_of_a_payload_stay_as_they_are() -> None:
    content = rb'{"a\"b": "x\nada@cern.ch", "n": 1e400, "u": "ada\u0040cern.ch", "d": "\ud800"}'
    expected = rb'{"a\"b": "x\n(e-mail address)", "n": 1e400, "u": "(e-mail address)", "d": "\ud800"}'
    assert without_addresses_in_payload(content) == expected
    assert without_addresses_in_payload(b"<m>ada@cern.ch</m>") == b"<m>(e-mail address)</m>"
    assert without_addresses_in_payload(b"\x00\xff@\xfe") == b"\x00\xff@\xfe"


HOSTILE = [
    "a",
    "a@",
    "a@b.",
    "{",
    "{a}",
    "://",
    "://a",
    "a@b.cc:",
    "a@b.cc:x",
    "a'",
    "mailto:",
    "-",
    "a.b-",
    "&#0",
    "\\",
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_time_is_linear(unit: str) -> None:
    text = unit * (400_000 // len(unit)) + "@"
    begun = time.process_time()
    without_addresses(text)
    without_addresses_in_name(text)
    without_addresses_in_payload(b'{"' + text.encode())
    without_addresses_in_payload(b'{\\"' * 100_000 + text.encode())
    assert time.process_time() - begun < 5


def test_names_and_addresses_of_files_stay_because_they_are_fetched_by_them() -> None:
    file = Distribution(name="weights@best.pt", url="https://host.example/f/weights@best.pt")
    record = ModelRecord(
        identifier="x:1",
        kind="model",
        name="Model of ada@cern.ch",
        keywords=("jets", "ada@cern.ch"),
        distributions=(file,),
        provenance=Provenance(source="x", source_id="1"),
    )
    assert record.distributions == (file,)
    assert (record.name, record.keywords) == ("Model of", ("jets", NOTE))
    assert ModelRecord.from_json(record.to_json()) == record
