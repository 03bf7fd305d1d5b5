# SPDX-License-Identifier: MIT
"""CITATION.cff as authors write it: aliases, tabs, colons, identifiers of every type."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairreg.formats import cff, model_card
from fairreg.formats.plain_yaml import MOST_ADDED, YamlLimit, load_yaml, recovered_mapping

HEAD = "cff-version: 1.2.0\ntitle: Jet GNN\n"
ROSSI = "authors:\n  - family-names: Rossi\n    given-names: Ada\n"


def facts(text):
    return cff.read(text).understood


def names(text):
    return [item.name for item in facts(text).creators]


def test_an_alias_stands_for_what_it_names():
    text = (
        HEAD + "authors: &who\n- family-names: Rossi\n  given-names: Ada\nlicense: MIT\n"
        "preferred-citation:\n  authors: *who\n"
    )
    assert (names(text), facts(text).license, facts(text).fault) == (["Rossi, Ada"], "MIT", None)
    word = HEAD + "references: [{license: &l Apache-2.0}]\nlicense: *l\n"
    assert facts(word).license == "Apache-2.0"


def test_a_merge_key_adds_members_that_are_not_there():
    text = "a: &a {family-names: Rossi, affiliation: CERN}\nauthors:\n- <<: *a\n  given-names: Ada\n"
    text += "  affiliation: DESY\n"
    (creator,) = facts(HEAD + text).creators
    assert (creator.name, creator.affiliation) == ("Rossi, Ada", "DESY")
    assert load_yaml("a: &a {x: 1}\nb: &b {x: 2, y: 3}\nc: {<<: [*a, *b]}\n")["c"] == {"x": "1", "y": "3"}
    assert load_yaml("a: {'<<': {x: 1}}") == {"a": {"<<": {"x": "1"}}}


def bomb(width, levels):
    lines = [f"a0: &a0 [{', '.join('x' * width)}]"]
    lines += [f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * width)}]" for n in range(levels)]
    return HEAD + "license: MIT\n" + "\n".join(lines) + "\n"


@pytest.mark.sliced(2)
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (bomb(10, 9), f"would grow by more than {MOST_ADDED:,} values through its aliases"),
        ("a: &a\n  features: *a\n", "has an alias that contains itself"),
        ("a: &a {<<: *a}\n", "has an alias that contains itself"),
        ("a: " + "[" * 200 + "]" * 200, "is nested more than 100 levels deep"),
        ("title: " + "[" * 100_000, "is nested more than 100 levels deep"),
    ],
)
def test_what_a_limit_refuses_is_not_called_invalid(text, reason):
    started = time.thread_time()
    assert facts(text).fault == f"CITATION.cff {reason} and was not read"
    assert time.thread_time() - started < 5
    with pytest.raises(YamlLimit):
        load_yaml(text)


@given(st.integers(1, 6), st.integers(0, 5))
def test_the_bound_is_on_what_aliases_add(width, levels):
    text = bomb(width, levels)
    added = (
        sum(sum(width**step for step in range(1, level + 1)) + 1 for level in range(1, levels + 1)) * width
    )
    try:
        found = load_yaml(text)
    except YamlLimit:
        assert added > MOST_ADDED / 2
    else:
        assert found["license"] == "MIT"


def test_tabs_are_read_as_indents():
    text = (
        HEAD + "license: MIT\nauthors:\n\t- family-names: Rossi\n\t  given-names: Ada\n"
        "doi: 10.5281/zenodo.1234567\n"
    )
    found = facts(text)
    assert (found.license, names(text), found.fault) == (
        "MIT",
        ["Rossi, Ada"],
        "CITATION.cff is not valid YAML (line 5)",
    )
    assert [item.value for item in found.identifiers] == ["10.5281/zenodo.1234567"]


@pytest.mark.parametrize(
    "line",
    [
        "license:\tMIT",
        "license: \tMIT",
        "license: MIT\t# of the code",
        "license: MIT\t",
        "license:\tMIT\t#\tx\t",
    ],
)
def test_a_tab_between_the_parts_of_a_line_is_a_blank(line):
    reading = cff.read(f"{HEAD}{line}\nversion: 1.0\n")
    assert (reading.understood.license, reading.understood.version) == ("MIT", "1.0")
    assert reading.left_out == ()


def test_a_date_that_no_calendar_has_and_a_false_orcid_are_named():
    text = HEAD + "date-released: 2020-02-30\n" + ROSSI + "    orcid: https://orcid.org/0000-0002-5076-7097\n"
    reading = cff.read(text)
    assert (reading.understood.released, reading.understood.creators[0].orcid) == (None, None)
    assert reading.left_out == ("date-released", "authors.orcid")
    sound = text.replace("02-30", "02-28").replace("7097", "7096")
    assert cff.read(sound).left_out == ()


def test_an_unquoted_colon_belongs_to_the_text():
    text = "title: Jet GNN: tagging b jets\n" + ROSSI + "    affiliation: Dept: Physics\nlicense: MIT\n"
    found = facts(text)
    assert (found.title, found.license) == ("Jet GNN: tagging b jets", "MIT")
    assert found.creators[0].affiliation == "Dept: Physics"
    assert found.fault == "CITATION.cff is not valid YAML (line 1)"


def test_a_member_that_cannot_be_read_is_named():
    reading = cff.read("title: [a\nlicense: MIT\n")
    assert (reading.understood.license, reading.understood.fault) == (
        "MIT",
        "CITATION.cff is not valid YAML (line 2)",
    )
    assert "title" in reading.left_out


@given(
    st.lists(
        st.sampled_from(
            ["title: a", "license: MIT", "authors:", "  - name: x", "\t- y", "x: [", "'", "a: b: c", ""]
        ),
        max_size=8,
    )
)
def test_any_broken_file_gives_what_can_be_read(lines):
    members, lost = recovered_mapping("\n".join(lines))
    assert set(lost) <= {"title", "license", "authors", "x", "a"}
    if lines and lines[0] == "license: MIT" and not any(line.startswith((" ", "\t", "'")) for line in lines):
        assert members["license"] == "MIT"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("license-url: https://opensource.org/license/mit\n", ("MIT", None)),
        ("license-url: https://example.org/ours\n", (None, "https://example.org/ours")),
        (
            "license: House rules\nlicense-url: https://example.org/ours\n",
            (None, "House rules (https://example.org/ours)"),
        ),
        ("license: [MIT, Apache-2.0]\nlicense-url: https://example.org/ours\n", ("Apache-2.0 OR MIT", None)),
    ],
)
def test_the_address_of_a_licence(lines, expected):
    found = facts(HEAD + lines)
    assert (found.license, found.license_stated) == expected


def test_identifiers_of_every_type():
    swhid = "swh:1:rev:309cf2674ee7a0749978cf8265ab91a60aea0f7d"
    found = facts(
        HEAD + "identifiers:\n"
        "- {type: other, value: 'arXiv:2012.01563'}\n"
        "- {type: url, value: 'https://zenodo.org/record/1234567'}\n"
        f"- {{type: swh, value: '{swhid}'}}\n"
        "- {type: doi, value: 'https://doi.org/10.1234/abc'}\n"
        "- {type: other, value: 'ascl:1207.001'}\n"
        "- {type: url, value: 'https://huggingface.co/lab/tagger'}\n"
    )
    assert [(item.scheme, item.value) for item in found.identifiers] == [
        ("arxiv", "2012.01563"),
        ("related_doi", "10.5281/zenodo.1234567"),
        ("swhid", swhid),
        ("related_doi", "10.1234/abc"),
        ("ascl", "1207.001"),
    ]
    assert [item.target.compact for item in found.relations] == ["huggingface:lab/tagger"]


def test_members_of_a_later_version_are_named_and_cost_nothing():
    reading = cff.read("cff-version: 1.3.0\ntitle: T\nlicense: MIT\nnew-key: {a: 1}\n")
    assert (reading.understood.license, reading.understood.fault) == ("MIT", None)
    assert "new-key" in reading.left_out


def test_a_model_card_has_the_same_bound():
    card = "---\nlicense: mit\n" + bomb(10, 9).partition("MIT\n")[2] + "tags: *a9\n---\n# T\n"
    reading = model_card.read(card)
    assert reading.understood.license == "MIT"
    assert "would grow by more than" in (reading.understood.fault or "")
    alias = model_card.read("---\nlicense: &l mit\ntags: [*l]\n---\n# T\n").understood
    assert (alias.license, alias.keywords, alias.fault) == ("MIT", ("mit",), None)
