# SPDX-License-Identifier: MIT
"""What every harvester promises, built-in or not."""

import copy

import pytest

from fairreg import harvesters, plugins
from fairreg.errors import RecordError
from fairreg.schemas.identifiers import Identifier

ALL = harvesters.all_harvesters()
each = pytest.mark.parametrize("harvester", ALL, ids=lambda item: item.name)
GARBAGE = [
    {}, [], None, 0, "<html></html>", {"id": None}, {"data": None}, {"errors": [{"status": "404"}]},
    {"status": 404, "message": "Not Found"}, {"metadata": []}, {"data": {"attributes": []}},
]  # fmt: skip


def test_names_are_those_of_the_modules_and_unique():
    assert tuple(item.name for item in ALL) == plugins.names("fairreg.harvesters")
    assert harvesters.names() == tuple(sorted({item.name for item in ALL}))


@each
def test_get_gives_it_by_name(harvester):
    assert harvesters.get(harvester.name) is harvester
    assert isinstance(harvester, harvesters.Harvester)
    assert harvester.title


@each
@pytest.mark.parametrize("garbage", GARBAGE, ids=repr)
def test_garbage_is_refused_with_a_path_and_left_as_it_is(harvester, garbage):
    before = copy.deepcopy(garbage)
    with pytest.raises(RecordError) as caught:
        harvester.to_record(garbage)
    assert caught.value.violations
    assert caught.value.violations[0][0].startswith("$")
    assert garbage == before


@each
def test_split_of_garbage_gives_only_objects(harvester):
    for garbage in GARBAGE:
        assert all(isinstance(item, dict) for item in harvester.split(garbage))


@each
def test_withdrawn_says_none_of_garbage(harvester):
    assert harvester.withdrawn({}) is None


@each
def test_it_does_not_claim_what_is_nobodys(harvester):
    assert not harvester.handles(Identifier("no-such-scheme", "x"))
    assert not harvester.handles_url("mailto:someone@example.org")


@each
def test_page_limits_are_sane(harvester):
    assert 0 < harvester.page_limit(token=False) <= harvester.page_limit(token=True)
