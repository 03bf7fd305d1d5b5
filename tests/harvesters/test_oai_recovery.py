# SPDX-License-Identifier: MIT
"""Pages of OAI-PMH of which single records are not well-formed."""

import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg.errors import BadAnswer
from fairreg.harvesters.common.oai_pmh import read_page
from fairreg.web.listings import damage_of
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


@pytest.mark.parametrize(
    "middle",
    [b"<record " * 50_000, b"<record>" * 20_000, b"<!--" * 100_000, b"<![CDATA[" * 50_000,
     b"<record>&" * 20_000, b"<resumptionToken>" * 50_000],
)  # fmt: skip
def test_hostile_pages_take_linear_time(middle):
    begun = time.process_time()
    with suppress(BadAnswer):
        read_page(oai_page(GOOD[0], middle, GOOD[1]), title="Z")
    assert time.process_time() - begun < 10
