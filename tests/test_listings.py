# SPDX-License-Identifier: MIT
"""Pages of JSON of which single items are damaged."""

import json
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg.web.listings import MOST_LEVELS, damage_of, is_too_deep, parse_listing, payload_of
from support.examples import examples

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(), inside, max_size=4),
    max_leaves=12,
)


def nested(levels):
    return b"[" * levels + b"]" * levels


def page(*items):
    return b'{"hits": {"hits": [' + b" , ".join(items) + b'], "total": 3}, "links": {}}'


@settings(max_examples=examples(100))
@given(VALUES)
def test_json_is_read_as_it_is(value):
    if isinstance(value, dict | list):
        assert parse_listing(json.dumps(value).encode()) == value


@settings(max_examples=examples(100))
@given(st.lists(VALUES, max_size=4), st.lists(VALUES, max_size=4), st.booleans())
def test_a_bad_item_stays_in_its_place_and_all_others_are_as_sent(before, after, ascii_only):
    items = [json.dumps(item, ensure_ascii=ascii_only).encode() for item in (*before, *after)]
    items.insert(len(before), b'{"id": 7, "t": "\x01"}')
    found = parse_listing(page(*items))
    assert (found["hits"]["total"], found["links"]) == (3, {})
    listed = found["hits"]["hits"]
    bad = listed.pop(len(before))
    assert listed == [*before, *after]
    assert damage_of(bad).name == "7"


@settings(max_examples=examples(200))
@given(st.binary(max_size=60), st.integers(0, 80), st.integers(0, 20))
def test_damaged_bytes_are_a_page_or_a_value_error(junk, start, length):
    whole = page(b'{"id": 1, "t": "a"}', b'{"id": 2}')
    try:
        found = parse_listing(whole[:start] + junk + whole[start + length :])
    except ValueError:
        return
    json.dumps(found)


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (b'{"t": "M\xfcller"}', "it has a byte that is not UTF-8 (0xfc)"),
        (b'{"t": "\x0b"}', "it is not JSON: Invalid control character at character 8"),
        (b"", "it is not JSON: Expecting value at character 1"),
        (b"1" * 5000, "it holds a number of more digits than fairreg reads"),
        (nested(MOST_LEVELS + 1), "it is nested in more than 100 levels"),
        (nested(100_000), "it is nested in more than 100 levels"),
    ],
)
def test_the_reason_of_each_damage_is_said(item, reason):
    listed = parse_listing(page(b'{"id": 1}', item, b'{"id": 3}'))["hits"]["hits"]
    assert (listed[0], listed[2]) == ({"id": 1}, {"id": 3})
    assert damage_of(listed[1]).reason == reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "invalid JSON"),
        (b"<html>", "invalid JSON"),
        (b'{"hits": [{"id": 1}', "incomplete JSON"),
        (b'{"hits": [{"t": "a"b"}]}', "incomplete JSON"),
        (b'{"hits": [1, 2}}', "brackets do not match"),
        (b'{"hits": []} {', "more text follows"),
        (b'{"total": nul, "hits": []}', "Expecting value"),
        (b'{[1]: nul, "hits": []}', "member without a name"),
        (b'{"a":' * 20 + b"nul" + b"}" * 20, "Expecting value"),
    ],
)
def test_a_page_that_is_damaged_elsewhere_is_a_value_error(body, reason):
    with pytest.raises(ValueError, match=reason):
        parse_listing(body)


def test_blanks_and_a_byte_order_mark_before_a_page_are_no_damage():
    for body in (b'\xef\xbb\xbf{"a": [1, nul]}', b'\r\n {"a": [1, nul]}'):
        assert parse_listing(body)["a"][0] == 1


def test_only_nesting_beyond_the_limit_is_too_deep():
    assert not is_too_deep(json.loads(nested(MOST_LEVELS)))
    assert is_too_deep(json.loads(nested(MOST_LEVELS + 1)))
    assert damage_of(payload_of({"a": json.loads(nested(MOST_LEVELS))})) is not None
    assert damage_of({"fairreg:damaged": "by the service"}) is None


@pytest.mark.parametrize(
    "body", [b'["\\' * 300_000, b'{"a":' * 200_000, b"[" * 500_000, b'[{"a": nul},' * 30_000 + b"1]"]
)
def test_hostile_pages_take_linear_time(body):
    begun = time.process_time()
    with suppress(ValueError):
        parse_listing(body)
    assert time.process_time() - begun < 10
