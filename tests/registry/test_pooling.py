# SPDX-License-Identifier: MIT
"""Large registries, made small by lower limits."""

from collections.abc import Callable

import pytest

from fairreg.registry import Registry
from fairreg.registry.search import candidates
from fairreg.schemas.record import ModelRecord

Make = Callable[..., ModelRecord]


@pytest.fixture
def crowded(registry: Registry, make_record: Make, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """Sixty entries of common words among which a word is common that more than ten have."""
    monkeypatch.setattr(candidates, "_MAX_POSTINGS", 10)
    monkeypatch.setattr(candidates, "_MAX_CANDIDATES", 20)
    monkeypatch.setattr(candidates, "_MAX_BY_NAME", 8)
    common = [
        make_record("z", str(n), name=f"network {n}", description="a jet network", frameworks=("PyTorch",))
        for n in range(60)
    ]
    rare = [
        make_record("z", "rare", name="Okapi", description="a jet network for okapis", frameworks=("JAX",)),
        make_record("z", "named", name="jet network zoo"),
    ]
    registry.put_many([*common[:30], *rare, *common[30:]])
    return registry


def test_a_rare_word_finds_its_entry_among_common_ones(crowded: Registry) -> None:
    results = crowded.search("okapi jet network")
    assert results.hits[0].record.name == "Okapi"
    assert not results.complete


def test_a_name_that_holds_all_common_words_comes_first(crowded: Registry) -> None:
    assert crowded.search("jet network").hits[0].record.name == "jet network zoo"


def test_a_name_that_begins_with_a_common_word_is_found(crowded: Registry) -> None:
    assert "jet network zoo" in {hit.record.name for hit in crowded.search("jet").hits}


def test_filters_hold_among_common_words(crowded: Registry) -> None:
    results = crowded.search("jet network", framework="JAX")
    assert [hit.record.name for hit in results.hits] == ["Okapi"]
    assert results.complete


def test_only_rare_words_are_compared_completely(crowded: Registry) -> None:
    results = crowded.search("okapi")
    assert results.complete
    assert results.total == 1


def test_the_order_is_the_same_whatever_the_limits(
    crowded: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited = [hit.entry.identifier for hit in crowded.search("okapi jet network", limit=1).hits]
    for name in ("_MAX_POSTINGS", "_MAX_CANDIDATES"):
        monkeypatch.setattr(candidates, name, 1000)
    whole = crowded.search("okapi jet network")
    assert whole.complete
    assert [hit.entry.identifier for hit in whole.hits][:1] == limited
