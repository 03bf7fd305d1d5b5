# SPDX-License-Identifier: MIT
"""A published CITATION.cff that a remedy renews stays valid, and keeps the type of every value.

The judge is the packaged schema of the Citation File Format 1.2.0, by the authors of the format.
"""

import json
from importlib.resources import files

import jsonschema
import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from assessment.samples import BARE, document, replaced, with_record
from fairreg.assessment.remedies import citation
from fairreg.assessment.remedies.facts import Facts
from fairreg.formats import cff
from fairreg.formats.plain_yaml import load_yaml, typed_yaml, yaml_text
from fairreg.schemas.record import Creator

SCHEMA = json.loads(files("fairreg.formats").joinpath("cff-1.2.0.schema.json").read_text(encoding="utf-8"))
LICENSES = SCHEMA["definitions"]["license-enum"]["enum"]
JUDGE = jsonschema.Draft7Validator(SCHEMA)


def rewritten(text, **record):
    evidence = replaced(with_record(BARE, **record), documents=(document("citation", text, "CITATION.cff"),))
    draft = citation.draft(Facts(evidence))
    assert draft is not None
    return draft.text


HEAD = "cff-version: 1.2.0\nmessage: Cite it.\ntitle: T\nauthors:\n- family-names: Rossi\n"


@pytest.mark.parametrize("value", ["123", "1.10", "yes", "null", "2021-01-01", "0o7"])
def test_a_value_tagged_as_text_stays_text_and_the_file_valid(value):
    text = HEAD.replace("title: T", f"title: !!str {value}")
    assert cff.is_valid(text)
    assert cff.is_valid(rewritten(text))
    assert typed_yaml(rewritten(text))["title"] == value


@pytest.mark.parametrize(
    "line",
    [
        "month: 03",
        "month: 7",
        "year: 2021",
        "volume: 12",
        "volume: '12'",
        "number: 1e5",
        "number: '1e5'",
        "issue: 0o7",
        "start: 010",
        "issue: '010'",
        "version: 1.10",
        "notes: 'yes'",
        "notes: 'null'",
        "notes: '2021-01-01'",
    ],
)
def test_a_value_keeps_its_type(line):
    text = f"{HEAD}preferred-citation:\n  type: article\n  title: P\n  authors:\n  - name: X\n  {line}\n"
    assert typed_yaml(rewritten(text))["preferred-citation"] == typed_yaml(text)["preferred-citation"]
    key = line.partition(":")[0]
    written = next(item for item in rewritten(text).splitlines() if item.strip().startswith(f"{key}:"))
    assert (written.strip() == line) or "'" in line


def test_the_version_of_the_format_stays():
    later = rewritten(HEAD.replace("1.2.0", "1.3.0") + "new-key: 1\n")
    assert (typed_yaml(later)["cff-version"], typed_yaml(later)["new-key"]) == ("1.3.0", 1)


def test_an_earlier_file_becomes_one_of_today_only_where_it_is_valid_there():
    earlier = HEAD.replace("1.2.0", "1.1.0")
    made = typed_yaml(rewritten(earlier))
    assert (made["cff-version"], made["type"]) == ("1.2.0", "software")
    kept = typed_yaml(rewritten(earlier + "institution: {name: X}\n"))
    assert (kept["cff-version"], kept["institution"]) == ("1.1.0", {"name": "X"})
    assert "type" not in kept


def test_a_licence_that_the_schema_does_not_list_is_an_address():
    assert set(LICENSES) == {
        item for item in LICENSES if cff.document(with_record(BARE, license=item).record)["license"]
    }
    made = typed_yaml(rewritten(HEAD, license="OpenMDW-1.0"))
    assert "license" not in made
    assert made["license-url"] == "https://spdx.org/licenses/OpenMDW-1.0.html"
    own = "license-url: https://example.org/our\n"
    assert "license" not in typed_yaml(rewritten(HEAD + own, license="MIT"))


WORDS = st.text("abcdefghij :#'\"-éß%@&*!|>{}[],?`", min_size=1, max_size=20).filter(
    lambda text: text.strip()
)
TRICKY = st.sampled_from(
    ["1.10", "007", "1e5", "yes", "null", "~", "2021-01-01", "0x1f", "- a", "a: b", " x", "x\ny", "#"]
)
TEXTS = WORDS | TRICKY
PERSONS = st.fixed_dictionaries(
    {"family-names": TEXTS},
    optional={
        "given-names": TEXTS,
        "affiliation": TEXTS,
        "orcid": st.just("https://orcid.org/0000-0002-1825-0097"),
    },
)
NUMBERS = st.integers(0, 3000)
REFERENCES = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["article", "book", "software"]),
        "title": TEXTS,
        "authors": st.lists(PERSONS, min_size=1, max_size=2),
    },
    optional={
        "month": st.integers(1, 12),
        "year": NUMBERS,
        "volume": NUMBERS | TEXTS,
        "issue": TEXTS | NUMBERS,
        "pages": NUMBERS,
        "start": NUMBERS | TEXTS,
        "doi": st.just("10.1234/abc"),
        "version": TEXTS | st.sampled_from([1.1, 1.25, 2]),
    },
)
FILES = st.fixed_dictionaries(
    {
        "cff-version": st.just("1.2.0"),
        "message": TEXTS,
        "title": TEXTS,
        "authors": st.lists(
            PERSONS | st.fixed_dictionaries({"name": TEXTS}), min_size=1, max_size=3, unique_by=str
        ),
    },
    optional={
        "abstract": TEXTS,
        "version": TEXTS | st.sampled_from([1.1, 2]),
        "license": st.sampled_from(["MIT", "0BSD"]),
        "keywords": st.lists(TEXTS, min_size=1, max_size=3, unique=True),
        "doi": st.just("10.5281/zenodo.1"),
        "date-released": st.sampled_from(["2021-01-01", "2024-02-29"]),
        "preferred-citation": REFERENCES,
        "references": st.lists(REFERENCES, min_size=1, max_size=2, unique_by=str),
        "type": st.sampled_from(["software", "dataset"]),
        "license-url": st.just("https://example.org/licence"),
        "url": st.just("https://example.org"),
    },
)
RECORDS = st.sampled_from(
    [
        {},
        {"license": "MIT", "version": "2.0", "description": "Words: more"},
        {"license": "OpenMDW-1.0", "keywords": ("a", "1"), "creators": (Creator(name="Rossi, Ada"),)},
        {"license": "MIT OR Apache-2.0", "date_published": "2024-05"},
    ]
)


@given(FILES, RECORDS, st.sampled_from([None, True, False]))
def test_a_valid_file_stays_valid_and_loses_nothing(content, record, flow):
    text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, default_flow_style=flow)
    assume(JUDGE.is_valid(typed_yaml(text)))
    made = typed_yaml(rewritten(text, **record))
    JUDGE.validate(made)
    renewed = {*cff.OF_THE_VERSION}
    assert {key: value for key, value in made.items() if key in content and key not in renewed} == {
        key: value for key, value in typed_yaml(text).items() if key not in renewed
    }


@given(
    st.recursive(
        TEXTS | NUMBERS | st.floats(allow_nan=False),
        lambda inner: st.lists(inner) | st.dictionaries(WORDS, inner),
        max_leaves=8,
    )
)
def test_what_is_loaded_by_its_lexical_form_is_written_alike(value):
    text = yaml.safe_dump({"a": value}, allow_unicode=True)
    loaded = load_yaml(text, lexical=True)
    assert typed_yaml(yaml_text(loaded)) == ({} if value in ("", [], {}) else None) or typed_yaml(
        yaml_text(loaded)
    ) == typed_yaml(text)
