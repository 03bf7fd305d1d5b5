# SPDX-License-Identifier: MIT
"""Every value of a document of another tool is in its record, or is named as not read.

Each leaf of each document in tests/data/linked-data is replaced by other words. Where neither the record nor
the names of what was not read differ then, and no name points at the leaf, its value was lost in silence.
"""

import copy
import json
import re
from pathlib import Path

import pytest

from fairreg.errors import RecordError
from fairreg.formats import dialects
from fairreg.schemas.record import Distribution

FOLDER = Path(__file__).parents[1] / "data" / "linked-data"
FILES = sorted(FOLDER.glob("*.json"))
# Words of a vocabulary: types, profiles, and the scheme of an identifier that states its own.
VOCABULARY = {"@type", "type", "conformsTo", "dct:conformsTo", "propertyID"}
# A crate's root and its descriptor have the names that the specification gives them.
NAMES_OF_CRATE = {"./", "ro-crate-metadata.json", "tagger-ro-crate-metadata.json"}
NO_VALUE = {"", None, "Not extracted"}


def leaves(value, path=()):
    """Path and value of every text, number and truth value, contexts left out."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key != "@context":
                yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from leaves(item, (*path, place))
    else:
        yield path, value


def others(value):
    """Other values of its kind; a reader may well take one for the same (a licence of any version)."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1]
    ending = re.sub(r"[A-Za-z0-9](?=[^A-Za-z0-9]*$)", lambda found: "7" if found[0] == "8" else "8", value)
    return [ending, f"Zz {value}", value.replace("://", "://zz."), value.replace("//", "//example.org/")]


def replaced(document, path, value):
    changed = copy.deepcopy(document)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return changed


def outcome(document):
    try:
        found = dialects.read(document)
    except RecordError as error:
        return error.violations, ()
    return found.understood, found.left_out


def is_named(path, left_out):
    return any(name == key or name.endswith(f".{key}") for name in left_out for key in map(str, path))


def is_exempt(path, value):
    codes = path[-2:] == ("inLanguage", "name")  # the language's code is stated beside it, and kept
    return value in NO_VALUE or value in NAMES_OF_CRATE or codes or bool(VOCABULARY & set(map(str, path)))


def lost_in_silence(document):
    """Paths of the leaves that nothing tells of."""
    before = outcome(document)
    return [
        path
        for path, value in leaves(document)
        if not is_exempt(path, value)
        and not is_named(path, before[1])
        and all(outcome(replaced(document, path, other)) == before for other in others(value))
    ]


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_every_value_of_a_document_is_read_or_named(file):
    document = json.loads(file.read_text(encoding="utf-8"))
    assert lost_in_silence(document) == []


BASE = {
    "@context": "https://schema.org/",
    "@type": "Dataset",
    "@id": "https://doi.org/10.1234/abc",
    "name": "D",
}
ADA = {"@type": "Person", "@id": "https://orcid.org/0000-0002-1825-0097", "name": "Ada Rossi"}


@pytest.mark.parametrize(
    ("members", "left_out"),
    [
        ({"author": {**ADA, "@id": "https://example.org/~ada"}}, "author.@id"),
        ({"author": {**ADA, "name": ["Ada Rossi", "阿达"]}}, "author.name"),
        ({"author": {"name": "A. Rossi", "givenName": "Ada"}}, "author.givenName"),
        ({"author": {**ADA, "identifier": "https://orcid.org/0000-0002-5076-7096"}}, "author.identifier"),
        (
            {"author": {**ADA, "affiliation": {"@id": "https://ror.org/01ggx4157", "name": "CERN"}}},
            "author.affiliation.@id",
        ),
        ({"publisher": {"@id": "https://ror.org/01ggx4157", "name": "CERN"}}, "publisher.@id"),
        (
            {"distribution": {"name": "a.csv", "encodingFormat": ["text/csv", "PRONOM x-fmt/18"]}},
            "distribution.encodingFormat",
        ),
        ({"author": {"name": "Ada", "sameAs": [ADA["@id"], "https://example.org/ada"]}}, "author.sameAs"),
        ({"distribution": {"name": ["a.csv", "b.csv"]}}, "distribution.name"),
        ({"distribution": {"name": "a", "contentSize": ["1 B", "2 B"]}}, "distribution.contentSize"),
        ({"keywords": {"@id": "https://example.org/term", "name": "jets"}}, "keywords.@id"),
        ({"keywords": {"name": "jets", "termCode": "x1"}}, "keywords.termCode"),
        ({"hasEvaluation": {"metric": "AUC", "value": [0.9, 0.8]}}, "hasEvaluation.value"),
        ({"isAccessibleForFree": [True, False]}, "isAccessibleForFree"),
        ({"url": ["https://example.org/a", "https://example.org/b"]}, "url"),
        (
            {"license": {"name": "Our own", "url": ["https://example.org/1", "https://example.org/2"]}},
            "license.url",
        ),
        (
            {"citation": {"@id": "https://doi.org/10.1234/x", "url": "https://example.org/other"}},
            "citation.url",
        ),
        (
            {"identifier": {"value": "doi:10.1234/abc", "url": "https://example.org/other"}},
            "identifier.url",
        ),
    ],
)
def test_what_a_record_has_no_field_for_is_named(members, left_out):
    assert dialects.read({**BASE, **members}).left_out == (left_out,)


def test_two_affiliations_of_one_person_in_two_lists_are_both_kept():
    here, there = ({**ADA, "affiliation": {"name": name}} for name in ("Institute of Jets", "Lab of Tracks"))
    del here["@id"], there["@id"]
    found = dialects.read({**BASE, "author": here, "creator": there})
    assert [item.affiliation for item in found.understood.creators] == ["Institute of Jets; Lab of Tracks"]
    assert found.left_out == ()


FILE = {"@type": "DataDownload", "contentUrl": "https://example.org/a.bin"}
WHOLE = {**FILE, "contentSize": "15", "sha256": "a" * 64}


@pytest.mark.parametrize(
    "listed",
    [
        [WHOLE, FILE["contentUrl"]],
        [FILE["contentUrl"], WHOLE],
        [WHOLE, FILE],
        [{**FILE, "contentSize": "15"}, {**FILE, "sha256": "a" * 64}],
        [WHOLE, WHOLE],
    ],
)
def test_a_file_that_is_listed_twice_has_the_facts_of_both(listed):
    found = dialects.read({**BASE, "distribution": listed})
    expected = Distribution(name="a.bin", url=FILE["contentUrl"], size=15, checksums=("sha256:" + "a" * 64,))
    assert (found.understood.distributions, found.left_out) == ((expected,), ())


@pytest.mark.parametrize(
    "listed", [[{**WHOLE, "name": "model"}, FILE["contentUrl"]], [FILE, {**WHOLE, "name": "model"}]]
)
def test_an_address_alone_is_the_file_of_that_address(listed):
    (file,) = dialects.read({**BASE, "distribution": listed}).understood.distributions
    assert (file.name, file.size) == ("model", 15)


def test_files_with_names_of_their_own_stay_apart_at_one_address():
    for first in (["a", "b"], ["a", "a.bin"]):
        named = [{**FILE, "name": name} for name in first]
        for listed in ([*named, FILE["contentUrl"]], [FILE["contentUrl"], *named]):
            found = dialects.read({**BASE, "distribution": listed})
            assert [item.name for item in found.understood.distributions] == first


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"contentSize": "16"}, "contentSize"),
        ({"sha256": "b" * 64}, "sha256"),
        ({"encodingFormat": "a/b"}, "encodingFormat"),
    ],
)
def test_facts_that_contradict_those_of_a_file_listed_before_are_named(change, name):
    one = {**WHOLE, "encodingFormat": "text/csv"}
    found = dialects.read({**BASE, "distribution": [one, {**one, **change}]})
    (file,) = found.understood.distributions
    assert (file.size, file.checksums, file.media_type) == (15, ("sha256:" + "a" * 64,), "text/csv")
    assert found.left_out == (f"distribution.{name}",)


def named(*people):
    return [{"name": name} | ({"affiliation": home} if home else {}) for name, home in people]


WEI_X, WEI_Y, BO = ("Wei Li", "X"), ("Wei Li", "Y"), ("Bo Li", None)


@pytest.mark.parametrize(
    ("authors", "others", "expected"),
    [
        ([WEI_X, WEI_Y], [WEI_X, WEI_Y], [WEI_X, WEI_Y]),
        ([WEI_X, WEI_Y], [WEI_Y, WEI_X], [WEI_X, WEI_Y]),
        ([WEI_X, WEI_Y], [WEI_X, WEI_Y, BO], [WEI_X, WEI_Y, BO]),
        ([WEI_X], [WEI_X, WEI_Y], [WEI_X, WEI_Y]),
        ([WEI_X, WEI_X], [WEI_X], [WEI_X, WEI_X]),
        ([WEI_X, BO], [BO, WEI_Y], [("Wei Li", "X; Y"), BO]),
        ([("Wei Li", None)], [WEI_X, WEI_Y], [("Wei Li", None), WEI_X, WEI_Y]),
        ([BO], [BO, ("Bo Li", "X")], [BO, ("Bo Li", "X")]),
    ],
)
def test_namesakes_in_two_lists_are_matched_as_they_are(authors, others, expected):
    document = {**BASE, "author": named(*authors), "creator": named(*others)}
    found = dialects.read(document).understood.creators
    assert [(item.name, item.affiliation) for item in found] == expected


@pytest.mark.parametrize(
    ("text", "names", "left_out"),
    [
        ("A; Bo Li (@bo)", ["A", "Bo Li"], ()),
        ("A; Bo Li @bo", ["A", "Bo Li"], ()),
        ("A; Bo Li <bo@example.org>", ["A", "Bo Li"], ()),
        ("A; Bo Li bo@example.org;", ["A", "Bo Li"], ()),
        ("A; Bo Li (https://example.org/bo)", ["A", "Bo Li"], ("author",)),
        ("A; bo@example.org", ["A"], ("author",)),
        ("A; Bo Li @ CERN", ["A"], ("author",)),
        ("A; Bo Li (https://orcid.org/0000-0002-1825-0097)", ["A", "Bo Li"], ()),
    ],
)
def test_a_person_in_a_text_loses_an_address_only(text, names, left_out):
    found = dialects.read({**BASE, "author": text})
    assert ([item.name for item in found.understood.creators], found.left_out) == (names, left_out)
