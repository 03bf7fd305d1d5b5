# SPDX-License-Identifier: MIT
"""Pages of OAI-PMH of which single records are not well-formed."""

import json
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg.errors import BadAnswer
from fairreg.harvesters.common.oai_pmh import read_page
from fairreg.web.listings import MOST_ITEMS, damage_of
from support.bad_items import BAD_RECORDS, oai_page, oai_record
from support.examples import examples

REASONS = {
    "a control character": "it has the character U+000B, which XML forbids",
    "a reference to a control character": "it is not well-formed XML (reference to invalid character number)",
    "a reference to a surrogate": "it is not well-formed XML (reference to invalid character number)",
    "a noncharacter": "it has the character U+FFFF, which XML forbids",
    "an entity of HTML": "it is not well-formed XML (undefined entity &eacute;)",
    "a byte of Latin-1": "it has a byte that is not UTF-8 (0xfc)",
    "an ampersand": "it has an & that is not escaped",
    "a less-than sign": "it is not well-formed XML (not well-formed (invalid token))",
    "a tag that is not closed": "it is not well-formed XML (mismatched tag)",
    "a document type": "it declares a document type or entities, which is refused for safety",
}
GOOD = [oai_record(1), oai_record(2)]
BAD = oai_record(7, b"Q & A")
TOKEN = b"<resumptionToken>next</resumptionToken>"
# The ways to write the token after the records.
TOKENS = {
    "a section": b"<resumptionToken><![CDATA[next]]></resumptionToken>",
    "a comment in it": b"<resumptionToken>ne<!-- > -->xt</resumptionToken>",
    "a comment before it": b"<!-- <resumptionToken/> -->" + TOKEN,
    "a comment behind it": TOKEN + b"<!-- <resumptionToken/> -->",
    "an instruction behind it": TOKEN + b"<?x y?>",
    "a value with a greater-than sign": b'<resumptionToken cursor=">">next</resumptionToken>',
    "another prefix": b'<q:resumptionToken xmlns:q="http://www.openarchives.org/OAI/2.0/">next</q:resumptionToken>',
    "an empty one before it": b"<resumptionToken/>" + TOKEN,
}
LOST = {
    "an ampersand": b"<resumptionToken>ne&xt</resumptionToken>",
    "no end": b"<resumptionToken>next",
    "a cut name": b"<resumptionToken>next</resumption",
    "a control character": b"<resumptionToken>next\x0b</resumptionToken>",
}


def numbers(page):
    return [item["header"]["identifier"].rpartition(":")[2] for item in page.records if not damage_of(item)]


def prefixed(body):
    """The same page with a prefix for the names of OAI-PMH."""
    for name in (
        "OAI-PMH",
        "request",
        "ListRecords",
        "record",
        "header",
        "resumptionToken",
        "identifier>oai",
    ):
        body = body.replace(b"<" + name.encode(), b"<o:" + name.encode())
        body = body.replace(b"</" + name.encode(), b"</o:" + name.encode())
    body = body.replace(b"</identifier><datestamp>", b"</o:identifier><datestamp>")
    return body.replace(b" xmlns=", b" xmlns:o=", 1)


@pytest.mark.parametrize("shape", [bytes, prefixed])
@pytest.mark.parametrize("kind", BAD_RECORDS)
def test_a_bad_record_is_refused_by_its_identifier_and_the_others_are_read(kind, shape):
    body = shape(oai_page(GOOD[0], oai_record(7, BAD_RECORDS[kind]), GOOD[1], token="next"))
    page = read_page(body, title="Z")
    assert (numbers(page), page.token, page.note) == (["1", "2"], "next", None)
    (bad,) = [found for item in page.records if (found := damage_of(item))]
    assert (bad.name, bad.reason) == ("oai:zenodo.org:7", REASONS[kind])


@settings(max_examples=examples(100))
@given(st.integers(10, 400), st.integers(0, 2))
def test_a_record_that_is_cut_leaves_its_neighbours(end, place):
    records = [oai_record(number) for number in (2, 3, 4)]
    records.insert(place, oai_record(7)[:end])
    page = read_page(oai_page(*records, token="t"), title="Z")
    assert {"2", "3", "4"} <= set(numbers(page))
    assert (len(page.records), page.token) == (4, "t")


def test_the_last_record_may_be_the_cut_one():
    page = read_page(oai_page(*GOOD, oai_record(7)[:200], token="next"), title="Z")
    assert (numbers(page), page.token) == (["1", "2"], "next")


@pytest.mark.parametrize(
    "records",
    [GOOD, [GOOD[0], BAD, GOOD[1]], [*GOOD, BAD], [*GOOD, BAD[:200]]],
    ids=["good", "bad", "last", "cut"],
)
@pytest.mark.parametrize("kind", TOKENS)
def test_a_token_is_read_however_it_is_written(kind, records):
    page = read_page(oai_page(*records, token="next").replace(TOKEN, TOKENS[kind]), title="Z")
    assert (numbers(page), page.token) == (["1", "2"], "next")


@pytest.mark.parametrize(
    "records", [GOOD, [GOOD[0], BAD, GOOD[1]], [*GOOD, BAD[:200]]], ids=["good", "bad", "cut"]
)
@pytest.mark.parametrize("kind", LOST)
def test_a_token_that_cannot_be_read_is_a_bad_answer(kind, records):
    with pytest.raises(BadAnswer, match="resumption token, cannot be read"):
        read_page(oai_page(*records, token="next").replace(TOKEN, LOST[kind]), title="Z")


@pytest.mark.parametrize("others", [[], [BAD]], ids=["well-formed", "damaged"])
@pytest.mark.parametrize("words", [b"<resumptionToken/>", b"<resumptionToken>own</resumptionToken>"])
def test_a_token_inside_of_a_record_is_its_text(words, others):
    for token in ("next", ""):
        page = read_page(oai_page(*others, *GOOD, oai_record(3, words), token=token), title="Z")
        assert (numbers(page), page.token) == (["1", "2", "3"], token or None)


@pytest.mark.parametrize("others", [[], [BAD]], ids=["well-formed", "damaged"])
def test_a_token_between_records_is_read(others):
    page = read_page(
        oai_page(GOOD[0], TOKEN, GOOD[1], *others).replace(b"<resumptionToken></resumptionToken>", b""),
        title="Z",
    )
    assert (numbers(page), page.token) == (["1", "2"], "next")


def test_records_inside_of_a_record_are_its_metadata():
    page = read_page(oai_page(GOOD[0], oai_record(2, oai_record(66))), title="Z")
    assert (numbers(page), len(page.records)) == (["1", "2"], 2)


@pytest.mark.parametrize("later", [b"", b"<![CDATA[A & B]]>", b"<!-- c -->", b"--> ]]>"])
@pytest.mark.parametrize(
    "opening", [b"<![CDATA[ x", b"<!-- x", b"<![CDATA[ <!-- x", b"&<![CDATA[ x", b"\x0b<!-- x"]
)
@pytest.mark.parametrize("token", [TOKEN, TOKENS["a section"], TOKENS["a comment behind it"]])
def test_an_opening_without_its_end_spoils_its_own_record_only(opening, later, token):
    body = oai_page(
        GOOD[0],
        oai_record(7, opening),
        GOOD[1],
        oai_record(3, b"<i>%s</i>" % later),
        oai_record(4),
        token="next",
    )
    page = read_page(body.replace(TOKEN, token), title="Z")
    good = ["1", "2", "4"] if later == b"--> ]]>" else ["1", "2", "3", "4"]
    assert (numbers(page), page.token, len(page.records)) == (good, "next", 5)
    assert "oai:zenodo.org:7" in {found.name for item in page.records if (found := damage_of(item))}


@pytest.mark.parametrize("words", [b"<![CDATA[ x", b"<resumptionToken><![CDATA[", b"<!-- <![CDATA[ x"])
@pytest.mark.parametrize("length", [None, -20])
def test_an_opening_in_the_last_record_does_not_hide_the_token(words, length):
    body = oai_page(*GOOD, oai_record(7, words)[:length], token="next").replace(TOKEN, TOKENS["a section"])
    page = read_page(body, title="Z")
    assert (numbers(page), page.token, len(page.records)) == (["1", "2"], "next", 3)


@pytest.mark.parametrize("fault", [b"\x0b", b"&", b"\xff"])
def test_records_in_a_section_that_ends_are_text_even_in_a_bad_record(fault):
    fake = b"<![CDATA[</record>" + oai_record(66) + oai_record(67) + b"<record>]]>" + fault
    page = read_page(oai_page(GOOD[0], oai_record(7, fake), GOOD[1], token="next"), title="Z")
    assert (numbers(page), page.token, len(page.records)) == (["1", "2"], "next", 3)


@pytest.mark.parametrize("before", [b"\n", b"\xef\xbb\xbf\n", b" \r\n", b"\n\n\xef\xbb\xbf"])
def test_what_stands_before_the_declaration_is_skipped_and_said(before):
    page = read_page(before + oai_page(*GOOD), title="Z")
    assert numbers(page) == ["1", "2"]
    assert page.note is not None
    assert read_page(b"\xef\xbb\xbf" + oai_page(*GOOD), title="Z").note is None


def test_a_fault_outside_of_the_records_is_said():
    page = read_page(oai_page(*GOOD, token="t").replace(b"/oai2d", b"/oai2d?a=1&b=2"), title="Z")
    assert (numbers(page), page.token) == (["1", "2"], "t")
    assert page.note == "A page of Z is damaged outside of its records; they were read one by one."


def test_text_in_a_section_of_a_bad_record_is_no_record():
    fake = b"<![CDATA[" + oai_record(66) + b"]]>\x0b<!-- " + oai_record(67) + b"-->"
    page = read_page(oai_page(GOOD[0], oai_record(7, fake), GOOD[1]), title="Z")
    assert numbers(page) == ["1", "2"]
    assert len(page.records) == 3


def test_records_of_another_namespace_are_metadata():
    inner = b'<record xmlns="http://www.loc.gov/MARC21/slim"><leader>&nbsp;</leader></record>'
    page = read_page(oai_page(GOOD[0], oai_record(7, inner), GOOD[1]), title="Z")
    assert (numbers(page), len(page.records)) == (["1", "2"], 3)


@pytest.mark.parametrize(
    "body",
    [
        oai_page(*GOOD, token="t")[:-40],
        oai_page(*GOOD, token="a&b"),
        oai_page(*GOOD).replace(b"<ListRecords>", b"<List Records"),
        oai_page(GOOD[0], oai_record(7, b"\x0b")).replace(
            b"<OAI-PMH", b"<!DOCTYPE x [<!ENTITY a 'b'>]><OAI-PMH"
        ),
        b"\n" + oai_page(*GOOD).replace(b"<OAI-PMH", b"<!DOCTYPE x [<!ENTITY a 'b'>]><OAI-PMH"),
        oai_page(GOOD[0], oai_record(7, b"\x0b")).replace(b"UTF-8", b"no-such-code"),
        oai_page(GOOD[0], oai_record(7, b"\x0b")).decode().encode("utf-16"),
    ],
)
def test_a_page_that_is_damaged_as_a_whole_is_a_bad_answer(body):
    with pytest.raises(BadAnswer):
        read_page(body, title="Z")


@pytest.mark.sliced(5)
@pytest.mark.parametrize(
    "middle",
    [b"<record " * 50_000, b"<record>" * 20_000, b"<!--" * 100_000, b"<![CDATA[" * 50_000,
     b"<record>&" * 20_000, b"<resumptionToken>" * 50_000, b"<record>" * 9_000 + b"</record>" * 9_000,
     b"</record>" * 50_000, (b"<record>" + b"<header>" * 500 + b"&</record>") * 500,
     b"<![CDATA[" * 50_000 + b"</record><record><header>" + b"]]>", b"<OAI-PMH " * 50_000],
)  # fmt: skip
def test_hostile_pages_take_linear_time(middle):
    begun = time.process_time()
    with suppress(BadAnswer):
        read_page(oai_page(GOOD[0], middle, GOOD[1]), title="Z")
    assert time.process_time() - begun < 10


@pytest.mark.parametrize("record", [b"<record/>", b"<record>&</record>"])
def test_a_page_of_very_many_records_is_refused(record):
    assert len(read_page(oai_page(record * MOST_ITEMS), title="Z").records) == MOST_ITEMS
    with pytest.raises(BadAnswer, match=r"Z sent a page of 10,001 records; at most 10,000 are read\."):
        read_page(oai_page(record * (MOST_ITEMS + 1)), title="Z")


def test_the_text_of_a_damaged_record_is_kept_in_part():
    page = read_page(oai_page(GOOD[0], oai_record(7, b"&" * 10**6)), title="Z")
    assert len(json.dumps(page.records[1])) < 10**5


def test_an_answer_of_neither_records_nor_an_error_is_a_bad_answer():
    for body in (b"<OAI-PMH/>", oai_page(*GOOD).replace(b"ListRecords", b"ListSets")):
        with pytest.raises(BadAnswer, match="neither records nor an error"):
            read_page(body, title="Z")
