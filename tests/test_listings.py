# SPDX-License-Identifier: MIT
"""Pages of JSON of which single items are damaged."""

import json
import time
import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg.web.listings import (
    MOST_DAMAGED,
    MOST_LEVELS,
    damage_of,
    damaged_payload,
    is_too_deep,
    parse_listing,
    payload_of,
)
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
        (b'{"hits": [1, 2}}', "brackets do not match"),
        (b'{"hits": []} {', "more text follows"),
        (b'{"hits": [{"t": "a"b"}], "hits": {}}', "incomplete JSON"),
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


def item(number):
    words = [
        {"id": number, "title": f"Tagger {number}", "files": [{"id": 1}, {"id": 2}], "links": {"a": "b"}}
    ]
    return json.dumps(words)[1:-1].encode()


@pytest.mark.parametrize(
    ("words", "damage"),
    [
        (b'"Tagger 4"', b'"the 12" Tagger"'),
        (b'"Tagger 4"', b'"Tagger 4'),
        (b'"Tagger 4"', b'Tagger 4"'),
        (b'{"id": 2}]', b'{"id": 2}'),
        (b'{"id": 2}]', b"]"),
        (b'{"id": 2}]', b'{"id": 2}}'),
        (b'{"id": 2}]', b'{"id": 2}]]'),
        (b'{"id": 2}]', b'{"id": 2}, {"id": 3, "title": 7, x}]'),
        (b'"links": {', b'"links": '),
        (b'{"id": 4', b'"id": 4'),
        (b'{"a": "b"}}', b'{"a": "b"}'),
        (b'{"a": "b"}}', b'{"a": "b"}}}'),
        (b'{"a": "b"}}', b'{"a": "b}}'),
    ],
)
@pytest.mark.parametrize("place", [0, 2, 4])
@pytest.mark.parametrize("around", [page, lambda *items: b"[" + b", ".join(items) + b"]\n"])
def test_a_quotation_mark_or_bracket_too_many_or_too_few_spoils_its_item_only(words, damage, place, around):
    good = [item(number) for number in (10, 11, 12, 13)]
    found = parse_listing(around(*good[:place], item(4).replace(words, damage), *good[place:]))
    listed = found["hits"]["hits"] if isinstance(found, dict) else found
    assert [value for value in listed if damage_of(value) is None] == [json.loads(value) for value in good]
    assert any(map(damage_of, listed))
    if isinstance(found, dict):
        assert (found["hits"]["total"], found["links"]) == (3, {})


def test_two_items_without_a_comma_between_them_are_two_items():
    listed = parse_listing(page(item(1) + b" " + item(2), item(3)))["hits"]["hits"]
    assert listed == [json.loads(item(number)) for number in (1, 2, 3)]


@pytest.mark.parametrize("fault", [b'the 12" Tagger', b"\x01"])
def test_damaged_items_in_a_row_are_named_one_by_one(fault):
    bad = [item(number).replace(b"Tagger", fault) for number in (4, 5, 6)]
    listed = parse_listing(page(item(1), *bad, item(7)))["hits"]["hits"]
    assert [damage.name for value in listed if (damage := damage_of(value))] == ["4", "5", "6"]
    assert [value["id"] for value in listed if not damage_of(value)] == [1, 7]


@pytest.mark.sliced(3)
@pytest.mark.parametrize("end", range(1, 400, 3))
def test_a_page_that_was_cut_is_never_taken_for_a_whole_one(end):
    whole = page(*(item(number) for number in range(9)))
    with pytest.raises(ValueError, match="JSON"):
        parse_listing(whole[:-end])


def test_a_page_of_damaged_items_only_is_a_damaged_page():
    with pytest.raises(ValueError, match="more than 1,000 damaged items"):
        parse_listing(b"[" + b"x," * (MOST_DAMAGED + 1) + b"1]")


def test_the_text_of_a_damaged_item_is_kept_up_to_a_limit():
    assert len(json.dumps(damaged_payload("it is long", "x" * 1_000_000))) < 20_000


def test_a_page_of_many_damaged_items_takes_no_memory():
    tracemalloc.start()
    with suppress(ValueError):
        parse_listing(b"[" + b"x," * 200_000 + b"x]")
    assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    tracemalloc.stop()


@pytest.mark.sliced(2)
@pytest.mark.parametrize(
    "body",
    [
        b'{"hits": [' + b'{"a": "1", "b": x"}, ' * 60_000 + b"{}]}",
        b'{"hits": [{"a": 1, "b": 2}' + b', {"a": "1", "b": ' * 60_000 + b"]}",
        b'{"hits": [{"a": 1, "b": 2}' + b'}, {"a": 1, "b": [], "c' * 60_000 + b"]}",
        b'{"hits": [' + b'{"a": 1}]' * 100_000,
        b'{"hits": [' + b'{"a": "]' * 100_000 + b"}",
        b'{"hits": [' + b'{"a": 1, "b": {' * 50_000 + b'"]' * 50_000 + b"}",
    ],
)
def test_hostile_pages_of_strings_and_brackets_in_disorder_take_linear_time(body):
    begun = time.process_time()
    with suppress(ValueError):
        parse_listing(body)
    assert time.process_time() - begun < 10


@pytest.mark.parametrize(
    "body", [b'["\\' * 300_000, b'{"a":' * 200_000, b"[" * 500_000, b'[{"a": nul},' * 30_000 + b"1]"]
)
def test_hostile_pages_take_linear_time(body):
    begun = time.process_time()
    with suppress(ValueError):
        parse_listing(body)
    assert time.process_time() - begun < 10
