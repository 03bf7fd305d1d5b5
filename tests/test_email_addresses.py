# SPDX-License-Identifier: MIT
"""E-mail addresses are noted and not kept; what only resembles one stays."""

import base64
import json
import time
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg.email_addresses import (
    NOTE,
    without_addresses,
    without_addresses_in_name,
    without_addresses_in_payload,
)
from fairreg.schemas.record import Creator, Distribution, ModelRecord, Provenance, may_hold_address
from fairreg.schemas.text import clean, visible
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
    "ada\u200b@cern.ch",
    "ada@\u2060cern\u00ad.ch",
    "ada\x00@cern.ch",
    "mailto://ada@cern.ch",
    "ada@cern.ch:Geneva",
    "ada@cern.ch:8080",
    "ada@cern.ch_",
    "ada@cern.ch-",
    "ada@cern.ch.In",
    "ada*@cern.ch",
    "ada@12.com",
    "ada@self.com",
    '"ada rossi"@cern.ch',
    "ada&#64cern.ch",
    "ada&amp;#64;cern.ch",
    "ada@cern&#46;ch",
    "ada@cern&shy;.ch",
    "ada%40cern%2Ech",
    "&#97;&#100;&#97;&#64;&#99;&#101;&#114;&#110;&#46;&#99;&#104;",
    "ada@<b>cern.ch</b>",
    "<i>ada</i>@cern<wbr>.ch",
    "ada\uff20cern\uff0ech",
    "ada@cern\u3002ch",
    "ada\\@cern\\.ch",
    "ada@new.photography",
    "ada@gmail.copm",
    "ada@uottawa.bitnet",
    "https://host.example/?mail=ada@cern.ch",
    "ftp://anonymous:ada@cern.ch@host.example/",
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
    "q@k.mT",
    "A@B.inverse()",
    "x@W.to(device)",
    "x@w.dot(y)",
    "a@b.squeeze(0)",
    "owner/name@v1.0-beta.rc",
    "@scope/pkg@next.foo",
    "pkg@next.js",
    "https://cdn.jsdelivr.net/npm/chart.js@latest.min.js",
    "https://flickr.com/photos/12345678@N00.com",
    "www.flickr.com/photos/12345678@N00.com",
    "https://x.org/a%40b.com/",
    "10.1000/abc@def.gh",
    "AP@IoU.small",
    "Precision@k.This",
    "hits@k.In",
    "13 TeV@LHC.The data",
    "weights@best.pt",
    "train@run.sh",
    "foo@bar.py",
    "python@sha256.abc",
    "user@lxplus.cern.ch:models/jets.onnx",
]


@pytest.mark.sliced(5)
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


@pytest.mark.sliced(3)
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


@pytest.mark.parametrize("other", ["ada@lab.intern", "ada@cern.root"])
def test_a_domain_that_nobody_registered_counts_where_the_text_says_it_is_an_address(other: str) -> None:
    assert without_addresses(f"Use {other}.") == f"Use {other}."
    assert without_addresses(f"Ask mailto:{other}, <{other}>.") == f"Ask {NOTE}, <{NOTE}>."


def test_tags_inside_an_address_stay() -> None:
    assert without_addresses("ada@<b>cern.ch</b> <i>ada</i>@cern.ch") == f"{NOTE}<b></b> <i>{NOTE}</i>"


@cache
def unseen() -> list[str]:
    """Every character that some format drops; a look at all there are, so not before a test asks."""
    return [
        char
        for char in map(chr, range(0x110000))
        if (visible(f"a{char}b") == "ab" or clean(f"a{char}b") == "ab") and not char.isspace()
    ]


def test_no_character_that_a_format_drops_hides_an_address() -> None:
    assert len(unseen()) > 100
    for char in unseen():
        for hidden in (f"ada{char}@cern.ch", f"ada@{char}cern.ch", f"ada@cern.{char}ch"):
            assert without_addresses(hidden) == NOTE, ascii(hidden)


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_quick_look_misses_no_address(address: str) -> None:
    assert may_hold_address(f"Ask {address} today")


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


_WORD = st.from_regex(r"[a-z]{1,8}", fullmatch=True)


@given(
    _WORD,
    _WORD,
    st.sampled_from(["inverse", "squeeze", "mT", "kernel", "safetensors", "onnx", "root", "js", "png", "gz"]),
    st.sampled_from([" ", "\n", "(", ")", ", ", "/", "()"]),
)
@settings(max_examples=examples(200), deadline=None)
def test_no_method_or_file_is_damaged_between_words(left: str, right: str, end: str, after: str) -> None:
    text = f"Use {left}@{right}.{end}{after}today"
    assert without_addresses(text) == text


@given(
    _WORD,
    _WORD,
    st.sampled_from(["org", "ch", "de"]),
    st.lists(st.deferred(lambda: st.sampled_from(unseen())), max_size=4),
)
@settings(max_examples=examples(200), deadline=None)
def test_no_spelling_of_letters_hides_an_address(local: str, label: str, top: str, unseen: list[str]) -> None:
    address = f"x{local}@{label}.{top}"
    assert without_addresses("".join(f"&#{ord(char)};" for char in address)) == NOTE
    assert without_addresses("".join(f"&#x{ord(char):X};" for char in address)) == NOTE
    assert without_addresses(f"{''.join(unseen)}".join(address)) == NOTE


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


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_payload_is_read_in_its_encoding(encoding: str) -> None:
    content = '{"é": "x\\nada@cern.ch"}'.encode(encoding)
    noted = without_addresses_in_payload(content)
    assert json.loads(noted) == {"é": f"x\n{NOTE}"}
    assert noted[:2] == content[:2]


@pytest.mark.parametrize("address", ["josé@example.org", "ada@universität.de", "田@cern.ch"])
def test_letters_of_all_alphabets_are_part_of_an_address(address: str) -> None:
    assert without_addresses_in_payload(f"<a>{address}</a>".encode()) == f"<a>{NOTE}</a>".encode()


@pytest.mark.parametrize(
    "content",
    [
        b'{"a": "ada\\uff20cern.ch"}',
        b'{"a": "ada\\u200b@cern.ch"}',
        b'{"a": "\\u0061da@cern.c\\u0068"}',
        b'{"a": "caf\xe9", "b": "ada@cern.ch"}',
        b'"ada@cern.ch"',
        b'"Ada Rossi" <ada@cern.ch>',
        b"[Ada](mailto:ada@cern.ch)",
    ],
)
def test_an_address_of_a_payload_is_found_however_it_is_escaped(content: bytes) -> None:
    noted = without_addresses_in_payload(content)
    assert NOTE.encode() in noted
    assert b"cern" not in noted
    assert b"caf\xe9" in noted or b"caf" not in content


def test_texts_in_base64_inside_a_payload_are_read() -> None:
    def packed(text: bytes) -> bytes:
        return b'{"xml": "' + base64.b64encode(text) + b'", "sha": "' + b"ab12" * 16 + b'"}'

    xml, picture = b"<mail>ada@cern.ch</mail>", b"\xff\xd8ada@cern.ch\xfe"
    assert without_addresses_in_payload(packed(xml)) == packed(f"<mail>{NOTE}</mail>".encode())
    assert without_addresses_in_payload(packed(packed(xml))) == packed(
        packed(f"<mail>{NOTE}</mail>".encode())
    )
    assert without_addresses_in_payload(packed(picture)) == packed(picture)


@pytest.mark.parametrize(
    "payload",
    [
        {"files": [{"key": "weights@best.pt", "links": {"self": "https://x.org/weights@best.pt"}}]},
        {
            "siblings": [
                {"rfilename": "data/ada@cern.ch.txt"},
                {"rfilename": "a@b.zip"},
                {"rfilename": "a@b.ch/c"},
            ]
        },
        {"url": "https://x.org/a%40b.com/c"},
    ],
)
def test_names_and_addresses_of_files_in_a_payload_stay(payload: object) -> None:
    content = json.dumps(payload).encode()
    assert without_addresses_in_payload(content) == content


def test_members_named_by_different_addresses_stay_different() -> None:
    content = b'{"ada@cern.ch": 1, "joe@cern.ch": 2, "in": {"ada@cern.ch": 3}}'
    expected = {NOTE: 1, f"{NOTE} 2": 2, "in": {NOTE: 3}}
    assert json.loads(without_addresses_in_payload(content)) == expected


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
    '"',
    '"a ',
    "a@b.cc.",
    "a://",
    "<b>",
    "<b ",
    "&amp;",
    "\u200b",
    "a@b.c_",
    "www.",
]


# The shorter one is a text that a search in quadratic time would still not come through.
@pytest.mark.sliced(13)
@pytest.mark.parametrize("length", [100_000, pytest.param(400_000, marks=pytest.mark.long)])
@pytest.mark.parametrize("unit", HOSTILE)
def test_time_is_linear(unit: str, length: int) -> None:
    text = unit * (length // len(unit)) + "@"
    begun = time.process_time()
    without_addresses(text)
    without_addresses_in_name(text)
    without_addresses_in_payload(b'{"' + text.encode())
    may_hold_address(text)
    without_addresses_in_payload(b'{\\"' * (length // 4) + text.encode())
    assert time.process_time() - begun < 5 * length / 400_000


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


def described(**fields: object) -> ModelRecord:
    stated = {
        "identifier": "x:1",
        "kind": "model",
        "name": "n",
        "provenance": {"source": "x", "source_id": "1"},
    }
    return ModelRecord.from_json(stated | fields)


def test_words_beside_what_is_needed_verbatim_hold_no_address() -> None:
    said = "ask ada@cern.ch"
    noted = "ask (e-mail address)"
    url = {"scheme": "url", "value": "https://x.org/a", "evidence": said}
    record = described(
        identifiers=[url],
        relations=[{"type": "cites", "target": url, "target_kind": said, "stated_type": said}],
        distributions=[{"name": "f.onnx", "media_type": said, "path": "a@b.ch/f.onnx"}],
    )
    (relation,), (file,), (identifier,) = record.relations, record.distributions, record.identifiers
    assert (relation.target.evidence, relation.target_kind, relation.stated_type) == (noted, noted, noted)
    assert (file.media_type, file.path, identifier.evidence) == (noted, "a@b.ch/f.onnx", noted)
    assert ModelRecord.from_json(record.to_json()) == record


@pytest.mark.parametrize(
    ("scheme", "value"),
    [
        ("other", "ada@cern.ch"),
        ("url", "mailto:ada@cern.ch"),
        ("handle", "contact ada@cern.ch"),
        ("x", "a@b.ch"),
    ],
)
def test_an_address_is_no_identifier(scheme: str, value: str) -> None:
    address, kept = {"scheme": scheme, "value": value}, {"scheme": "doi", "value": "10.1000/abc@def.gh"}
    related = [{"type": "cites", "target": target} for target in (address, kept)]
    record = described(identifiers=[address, kept], relations=related)
    assert [item.value for item in record.identifiers] == ["10.1000/abc@def.gh"]
    assert [item.target.value for item in record.relations] == ["10.1000/abc@def.gh"]


@pytest.mark.parametrize(
    ("scheme", "value"),
    [("github", "owner/name@v1.0"), ("url", "https://x.org/?a=ada@cern.ch"), ("doi", "10.1000/x@y.ch")],
)
def test_identifiers_that_resolve_stay_as_they_are(scheme: str, value: str) -> None:
    record = described(identifiers=[{"scheme": scheme, "value": value}])
    assert [item.value for item in record.identifiers] == [value]
