# SPDX-License-Identifier: MIT
import pytest

from support import hbb


def test_explain_says_what_each_term_added(cli):
    document = cli("search", "particle flow calorimeter zzzzqq", "--limit", "1", "--explain", "--json").json
    (row,) = document["results"]
    found = document["explanations"][row["id"]]
    assert found["missing"] == ["zzzzqq"]
    assert [part["term"] for part in found["terms"]] == ["particle flow", "calorimeter"]
    total = sum(part["rarity"] * part["strength"] for part in found["terms"])
    assert found["relevance"] == pytest.approx(found["weight"] * total)
    assert all(part["columns"] for part in found["terms"])


def test_explain_for_people_names_terms_places_and_what_is_missing(cli):
    text = cli("search", "particle flow calorimeter zzzzqq", "--limit", "1", "--explain").out
    assert "particle flow: " in text
    assert "rarity" in text
    assert "zzzzqq: not in this record" in text


def test_what_was_found_by_its_identifier_needs_no_terms(cli):
    document = cli("search", hbb.DOI, "--explain", "--json").json
    assert document["explanations"][document["results"][0]["id"]] is None
    assert "found by its identifier" in cli("search", hbb.DOI, "--explain").out


def test_facets_are_counts_and_come_only_when_asked_for(cli):
    document = cli("search", "jet tagging", "--facets", "--json").json
    assert sum(document["facets"]["kind"].values()) == document["total"]
    assert "facets" not in cli("search", "jet tagging", "--json").json
    assert "license: " in cli("search", "jet tagging", "--facets").out


def test_a_mended_word_is_a_warning(cli):
    result = cli("search", "calorimter", "--json")
    (warning,) = result.json["warnings"]
    assert "'calorimter'" in warning
    assert "'calorimeter'" in warning
    assert warning in result.err


@pytest.mark.parametrize("option", ["--explain", "--facets"])
def test_what_sources_say_just_now_is_not_explained(cli, option):
    result = cli("search", "jets", "--live", option)
    assert result.code == 2
    assert "--save" in result.err
