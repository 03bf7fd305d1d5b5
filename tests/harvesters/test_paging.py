# SPDX-License-Identifier: MIT
"""A limit on a search gives so many hits, and asks for no page that it does not need."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairreg.harvesters.base import Hit, HitPage
from fairreg.harvesters.common.paging import is_last, within
from fairreg.web.listings import damaged_payload


@given(st.lists(st.integers(0, 5), max_size=6), st.none() | st.integers(0, 12))
def test_a_limit_takes_the_first_hits_and_stops_asking(sizes, limit):
    asked = []

    def pages():
        for number, size in enumerate(sizes):
            asked.append(number)
            hits = tuple(Hit({"id": [number, item]}, b"") for item in range(size))
            yield HitPage(hits, str(number), 42, f"page {number}")

    taken = list(within(pages(), limit))
    every = [[number, item] for number, size in enumerate(sizes) for item in range(size)]
    assert [hit.payload["id"] for page in taken for hit in page.hits] == every[:limit]
    assert [(page.cursor, page.total, page.note) for page in taken] == [
        (str(number), 42, f"page {number}") for number in asked
    ]
    needed = next((n + 1 for n in range(len(sizes)) if limit and sum(sizes[: n + 1]) >= limit), len(sizes))
    assert len(asked) == (0 if limit == 0 else needed)


@pytest.mark.parametrize(
    ("items", "reached", "total", "last"),
    [
        ([{}], 2, 5, False),
        ([{}], 6, 5, True),
        ([], 2, 5, True),
        ([{}], 2, None, True),
        ([{}, {}], 2, None, False),
        ([damaged_payload("it is damaged", "x")], 2, None, False),
        ([], 2, None, True),
    ],
)
def test_a_short_page_is_the_last_unless_the_total_or_a_damaged_item_says_otherwise(
    items, reached, total, last
):
    assert is_last(items, 2, reached=reached, total=total) is last
