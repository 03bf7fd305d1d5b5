# SPDX-License-Identifier: MIT
"""Parameters of a search: any address is read or refused with a name, and the shortest one says the same."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from fairreg.errors import UsageError
from fairreg.schemas.record import Kind
from fairreg.server.query import MOST_OFFSET, MOST_RESULTS, SORTS, TEXTS, SearchQuery

NAMES = ("q", *TEXTS, "runnable", "min_fair", "sort", "limit", "offset", "other")
VALUES = st.sampled_from(["", "0", "1", "true", "name", "0.5", "1e-3", "20", "-1", "٣", "nan"]) | st.text(
    max_size=4
)
WORDS = st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=3).map(tuple)

KINDS = st.lists(st.sampled_from(get_args(Kind)), min_size=1, max_size=3).map(tuple)
# The kinds are a closed list; other conditions take any words.
OPEN = st.sampled_from([name for name in TEXTS if name != "kind"])
ASKED = st.builds(
    lambda words, kinds: words | kinds,
    st.dictionaries(OPEN, WORDS, max_size=3),
    st.dictionaries(st.just("kind"), KINDS, max_size=1),
)


@given(pairs=st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=6))
def test_any_parameters_are_read_or_one_is_named(pairs):
    named = None
    try:
        query = SearchQuery.of(QueryParams(pairs))
    except UsageError as error:
        named = error.message.split(" ")[0]
    if named is not None:
        assert named in NAMES
        return
    assert 1 <= query.limit <= MOST_RESULTS
    assert 0 <= query.offset <= MOST_OFFSET
    assert SearchQuery.of(QueryParams(query.to_params())) == query


@given(
    query=st.builds(
        SearchQuery,
        q=st.text(max_size=8),
        asked=ASKED,
        runnable=st.none() | st.booleans(),
        min_fair=st.sampled_from([None, 0.0, 0.25, 1.0]),
        sort=st.sampled_from(SORTS),
        limit=st.integers(1, MOST_RESULTS),
        offset=st.integers(0, MOST_OFFSET),
    )
)
def test_the_shortest_address_of_a_search_is_that_search(query):
    params = QueryParams(query.to_params())
    assert SearchQuery.of(params) == query
    assert SearchQuery.of(dict(params.multi_items())).q == query.q
    assert "" not in params.values()


def test_a_field_that_a_form_left_empty_counts_as_absent():
    form = QueryParams([(name, "") for name in NAMES])
    assert SearchQuery.of(form) == SearchQuery()
    assert SearchQuery().to_params() == []


def test_a_search_has_a_bounded_number_of_words_and_alternatives():
    assert len(SearchQuery.of(QueryParams([("task", "a")] * 20)).asked["task"]) == 20
    with pytest.raises(UsageError, match="task is given 21 times"):
        SearchQuery.of(QueryParams([("task", "a")] * 21))
    with pytest.raises(UsageError, match="q has 501 characters"):
        SearchQuery.of({"q": "x" * 501})


def test_alternatives_are_kept_and_a_single_value_may_be_repeated():
    query = SearchQuery.of(QueryParams("kind=model&kind=dataset&limit=5&limit=5"))
    assert query.filters() == {"kind": ("model", "dataset")}
    assert query.limit == 5
    with pytest.raises(UsageError, match="sort is given 2 times"):
        SearchQuery.of(QueryParams("sort=name&sort=year"))


@pytest.mark.parametrize(
    ("words", "meant"), [(("true", "1", "on", "yes"), True), (("false", "0", "off", "no"), False)]
)
def test_yes_and_no_are_understood_in_the_usual_words(words, meant):
    for word in words:
        query = SearchQuery.of(QueryParams([("runnable", word)]))
        assert query.runnable is meant
        assert query.to_params() == [("runnable", str(meant).lower())]
