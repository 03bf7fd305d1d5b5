# SPDX-License-Identifier: MIT
from collections.abc import Callable

import pytest

from fairreg.registry import Registry
from fairreg.registry.search.results import Correction
from fairreg.schemas.record import Creator, ModelRecord

Make = Callable[..., ModelRecord]


@pytest.mark.parametrize(
    ("query", "asked", "used"),
    [
        ("calorimter", "calorimter", "calorimeter"),
        ("anomoly detection", "anomoly", "anomaly"),
        ("particlenett", "particlenett", "particlenet"),
        ("transfomer", "transfomer", "transformer"),
    ],
)
def test_a_slip_is_mended_and_said(read_only_registry: Registry, query: str, asked: str, used: str) -> None:
    results = read_only_registry.search(query)
    assert results.corrections == (Correction(asked, used),)
    first = read_only_registry.search(query.replace(asked, used)).hits[0]
    assert results.hits[0].entry == first.entry


def test_a_name_is_mended_too(registry: Registry, make_record: Make) -> None:
    registry.put(make_record("z", "1", name="okapi", creators=(Creator("Torbjörn Sjöstrand"),)))
    results = registry.search("Sjöstrnd")
    assert results.corrections == (Correction("Sjöstrnd", "sjostrand"),)
    assert results.total == 1


@pytest.mark.parametrize("query", ["xqzvw", '"calorimter"', "gna", "12345678", "hbbbbb3"])
def test_what_resembles_nothing_or_is_meant_so_stays(read_only_registry: Registry, query: str) -> None:
    assert read_only_registry.search(query).corrections == ()


def test_a_word_of_entries_that_are_gone_is_no_correction(registry: Registry, make_record: Make) -> None:
    registry.put(make_record("z", "1", name="giraffe"))
    registry.put(make_record("z", "1", name="okapi"))
    assert registry.search("girafe").total == 0
