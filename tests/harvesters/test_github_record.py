# SPDX-License-Identifier: MIT
"""GitHub's payloads and the metadata files of repositories as records; no network."""

import copy
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg import harvesters
from fairreg.errors import RecordError
from fairreg.formats.repository_files import read_files
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.validation import violations
from harvesters.github_server import CFF, COMMIT, FILES, POINTER, README, RELEASE, REPOSITORY, tree_of
from support.examples import examples

github = harvesters.get("github")
ENVELOPE = {
    "repository": REPOSITORY,
    "release": RELEASE,
    "commit": {"sha": COMMIT, "date": "2022-11-09T09:00:00Z", "ref": "tags/v1.0"},
    "tree": tree_of(FILES),
    "files": {"CITATION.cff": CFF, "README.md": README, "LICENSE": "MIT License\n"},
    "pointers": {"models/large.pt": POINTER},
    "notes": [],
}


def mapped(files=None, release=None, **repository):
    return github.to_record(
        {"repository": {**REPOSITORY, **repository}, "release": release, "files": files or {}}
    )


def check(record, name=""):
    assert violations(record.to_json()) == [], name
    document = json.loads(json.dumps(record.to_jsonld()))
    assert violations(document) == [], name
    assert ModelRecord.from_jsonld(document) == record, name


def evidence(record, field):
    return next((item.evidence for item in record.provenance.origins if item.field == field), None)


def test_a_bare_repository_maps_too():
    record = github.to_record(REPOSITORY)
    assert (record.identifier, record.name, record.kind) == ("github:lab/tagger", "tagger", "software")
    assert (record.version, record.license) == (None, "MIT")
    assert [(item.name, item.kind) for item in record.creators] == [("lab", "organization")]
    assert evidence(record, "creators") == "owner of the repository"
    assert evidence(record, "kind") == "a code repository that states no type"
    check(record)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"full_name": None}, "$.full_name"),
        ({"full_name": "lab"}, "$.full_name"),
        ({"full_name": "lab/.."}, "$.full_name"),
        ({"id": None}, "$.id"),
        ({"html_url": "https://codeberg.org/lab/tagger"}, "$.html_url"),
        ({"html_url": None, "url": None}, "$.html_url"),
    ],
)
def test_what_is_no_repository_of_github_is_refused_with_its_path(change, path):
    with pytest.raises(RecordError) as caught:
        github.to_record({**REPOSITORY, **change})
    assert caught.value.violations[0][0] == path


def test_topics_can_say_that_it_is_a_trained_model():
    record = mapped(topics=["pretrained-model"])
    assert (record.kind, evidence(record, "kind")) == ("model", "keyword 'pretrained model'")


def test_cff_can_say_that_it_is_a_dataset():
    assert mapped({"CITATION.cff": "title: Jets\ntype: dataset\n"}).kind == "dataset"


def test_a_licence_without_an_identifier_stays_as_stated():
    other = {"key": "other", "name": "Other", "spdx_id": "NOASSERTION", "url": None}
    record = mapped(license=other)
    assert (record.license, record.license_stated) == (None, "Other")
    record = mapped({"LICENSE": "Apache License\nVersion 2.0, January 2004\n"}, license=other)
    assert (record.license, evidence(record, "license")) == ("Apache-2.0", "LICENSE")


def test_two_licences_that_differ_are_noted():
    record = mapped({"CITATION.cff": "title: T\nlicense: BSD-3-Clause\n"})
    assert record.license == "MIT"
    assert record.notes == "The licence is MIT by GitHub, but CITATION.cff says BSD-3-Clause."


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"CITATION.cff": "title: T\nlicense: House-Rules\n"}, "CITATION.cff says House-Rules"),
        ({"codemeta.json": '{"license": ["MIT", "ask us"]}'}, "codemeta.json says MIT; ask us"),
    ],
)
def test_a_licence_that_is_not_recognised_is_noted_beside_that_of_the_repository(files, said):
    record = mapped(files)
    assert (record.license, record.notes) == ("MIT", f"The licence is MIT by GitHub, but {said}.")


def test_only_the_authors_know_whether_a_gnu_licence_is_or_later():
    gnu = {"key": "gpl-3.0", "spdx_id": "GPL-3.0"}
    record = mapped({"CITATION.cff": "license: GPL-3.0-or-later"}, license=gnu)
    assert (record.license, evidence(record, "license"), record.notes) == (
        "GPL-3.0-or-later",
        "CITATION.cff",
        None,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MIT License\n\nCopyright (c) 2020 X", "MIT"),
        (
            "(c) 2020 X\n\nPermission is hereby granted, free of charge, to any\nperson obtaining a copy",
            "MIT",
        ),
        ("BSD 3-Clause License\n\nCopyright", "BSD-3-Clause"),
        ("   GNU GENERAL PUBLIC LICENSE\n   Version 3, 29 June 2007\n", "GPL-3.0-only"),
        ("Mozilla Public License Version 2.0\n====\n", "MPL-2.0"),
        ("# All rights reserved", None),
        ("", None),
    ],
)
def test_licences_are_recognised_by_their_text(text, expected):
    assert [fact.license for fact in read_files({"LICENSE": text})] == [expected]


def test_several_licences_in_cff_are_a_choice():
    (facts,) = read_files({"CITATION.cff": "license:\n  - MIT\n  - Apache-2.0\n"})
    assert facts.license == "Apache-2.0 OR MIT"


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("CITATION.cff", "title: [a\nlicense: MIT", "CITATION.cff is not valid YAML (line 2)"),
        ("CITATION.cff", "a: &a [*a]\n", "CITATION.cff has an alias that contains itself and was not read"),
        ("CITATION.cff", "just text", "CITATION.cff holds no YAML object"),
        ("codemeta.json", '{"name": https://x}', "codemeta.json is not valid JSON (line 1)"),
        ("codemeta.json", "[]", "codemeta.json holds no JSON object"),
        (".zenodo.json", "[" * 100_000, ".zenodo.json is not valid JSON"),
        ("codemeta.json", " " * 300_000, "codemeta.json is longer than 256 KiB and was not read"),
    ],
)
def test_a_malformed_file_is_a_fact(name, text, fault):
    record = mapped({name: text})
    assert record.notes == f"{fault}."
    assert record.creators[0].name == "lab"
    check(record)


def test_codemeta_is_read_in_the_spellings_that_occur():
    document = {
        "@context": "https://doi.org/10.5063/schema/codemeta-2.0",
        "name": "Tagger",
        "version": "1.0",
        "identifier": [{"@type": "PropertyValue", "value": "10.5281/zenodo.1002"}, "tagger"],
        "author": {"@list": [
            {"@id": "https://orcid.org/0000-0002-1825-0097", "givenName": "Jane", "familyName": "Doe",
             "affiliation": [{"name": "A"}, "B"]},
            {"@type": "Organization", "name": "Lab"},
            "https://orcid.org/0000-0002-1825-0097",
        ]},
        "license": {"@id": "https://spdx.org/licenses/MIT"},
        "referencePublication": {"@id": "https://doi.org/10.1000/paper"},
        "codeRepository": "git+https://github.com/lab/tagger.git",
        "keywords": "jets, tagging",
    }  # fmt: skip
    record = mapped({"codemeta.json": json.dumps(document)}, release=RELEASE)
    assert [(item.name, item.orcid, item.affiliation, item.kind) for item in record.creators] == [
        ("Doe, Jane", "0000-0002-1825-0097", "A; B", "person"),
        ("Lab", None, None, "organization"),
    ]
    assert record.keywords == ("jet-tagging", "pytorch", "jets", "tagging")
    assert record.value_of("paper_doi") == "10.1000/paper"
    assert record.value_of("related_doi") == "10.5281/zenodo.1002"
    assert record.notes is None


def test_zenodo_json_gives_relations_and_creators():
    document = {
        "creators": [{"name": "Doe, Jane", "orcid": "0000-0002-1825-0097", "affiliation": "A"}],
        "upload_type": "software",
        "related_identifiers": [
            {"relation": "isSupplementTo", "identifier": "arXiv:1909.12285", "scheme": "arxiv"},
            {"relation": "isSupplementTo", "identifier": "https://github.com/lab/tagger/tree/v1.0"},
        ],
    }
    record = mapped({".zenodo.json": json.dumps(document)})
    assert [(item.type, item.target.compact) for item in record.relations] == [
        ("is_supplement_to", "arxiv:1909.12285")
    ]
    assert (record.creators[0].orcid, record.stated_type) == ("0000-0002-1825-0097", "software")


@pytest.mark.parametrize(
    "badge",
    [
        "![D](https://zenodo.org/badge/DOI/10.5281/zenodo.7.svg)",
        "![D](https://zenodo.org/badge/DOI/10.5281/zenodo.7.svg?style=flat)",
        "![D](https://img.shields.io/badge/DOI-10.5281%2Fzenodo.7-blue.svg)",
        "[![x](https://a.b/c.svg)](https://doi.org/10.5281/zenodo.7)",
        '<a href="https://doi.org/10.5281/zenodo.7"><img src="b.svg"></a>',
        ".. image:: b.svg\n   :alt: DOI\n   :target: https://doi.org/10.5281/zenodo.7\n",
    ],
)
def test_a_doi_badge_names_something_related(badge):
    (facts,) = read_files({"README.md": badge})
    assert {(item.scheme, item.value) for item in facts.identifiers} == {("related_doi", "10.5281/zenodo.7")}


def test_other_badges_name_papers_and_archives():
    swhid = "swh:1:dir:0123456789012345678901234567890123456789"
    joss = "![J](https://joss.theoj.org/papers/10.21105/joss.02685/status.svg)"
    (facts,) = read_files({"README.md": f"{joss} ![S](https://archive.softwareheritage.org/badge/{swhid}/)"})
    assert [(item.scheme, item.value) for item in facts.identifiers] == [
        ("paper_doi", "10.21105/joss.02685"),
        ("swhid", swhid),
    ]


def test_a_doi_in_the_prose_of_a_readme_is_no_badge():
    (facts,) = read_files({"README.md": "We use the data of https://doi.org/10.5281/zenodo.7 and others."})
    assert facts.identifiers == ()


@pytest.mark.parametrize(
    "piece", ["[![](", "<a href=", "zenodo.org/badge/doi/10.", "image::x\n :a:", "[![a]"]
)
def test_no_readme_takes_long(piece):
    begun = time.thread_time()
    read_files({"README.md": piece * (2**18 // len(piece))})
    assert time.thread_time() - begun < 10


def test_a_fork_is_derived_from_its_parent():
    parent = {"full_name": "other/tagger"}
    record = mapped(fork=True, parent=parent)
    assert [(item.type, item.target.compact) for item in record.relations] == [
        ("is_derived_from", "github:other/tagger")
    ]
    assert "fork" in mapped(fork=True).notes


def test_files_about_another_repository_or_version_are_noted():
    cff = "version: 2.0\nrepository-code: https://github.com/other/thing\n"
    notes = mapped({"CITATION.cff": cff}, release=RELEASE).notes.splitlines()
    assert notes == [
        "CITATION.cff states version 2.0, the release is v1.0.",
        "CITATION.cff is about another repository, other/thing.",
    ]


@pytest.mark.parametrize(
    ("change", "level"),
    [
        ({"private": True}, "restricted"),
        ({"visibility": "internal"}, "restricted"),
        ({"disabled": True}, "closed"),
    ],
)
def test_files_that_are_not_open_have_no_address(change, level):
    payload = {**ENVELOPE, "repository": {**REPOSITORY, **change}}
    record = github.to_record(payload)
    assert record.access.level == level
    assert {item.url for item in record.distributions} == {None}


def test_an_archived_repository_is_read_only():
    assert "read-only" in mapped(archived=True).notes


def test_many_files_are_listed_up_to_a_bound():
    tree = tree_of({f"models/{number}.onnx": b"x" for number in range(600)})
    record = github.to_record({**ENVELOPE, "tree": tree, "release": None})
    assert len(record.distributions) == 500
    assert "first 500 of 600" in record.notes


def test_a_pointer_with_more_in_it_is_read_and_a_broken_one_is_not():
    extended = POINTER.replace("oid", "ext-0-x sha256:00\noid")
    for text, found in ((extended, True), (POINTER.replace("oid", "old"), False), ("x", False)):
        record = github.to_record({**ENVELOPE, "pointers": {"models/large.pt": text}})
        large = next(item for item in record.distributions if item.name == "models/large.pt")
        assert large.checksums[0].startswith("sha256:") is found


def places(value, path=()):
    yield path
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(item, (*path, key))


PLACES = list(places(ENVELOPE))
JUNK = st.sampled_from(
    [
        None,
        [],
        {},
        "",
        "x",
        0,
        -1,
        2**70,
        True,
        1.5,
        "\x00",
        "\ud800",
        [None],
        {"a": [1]},
        "a/b",
        "://",
        "[",
        "%",
    ]
)


@settings(max_examples=examples(300))
@given(st.lists(st.tuples(st.sampled_from(PLACES), JUNK), min_size=1, max_size=4))
def test_a_mutated_payload_is_a_valid_record_or_refused(changes):
    payload = copy.deepcopy(ENVELOPE)
    for path, junk in changes:
        payload = changed(payload, path, junk)
    before = copy.deepcopy(payload)
    record, error = attempt(payload)
    if record is not None:
        check(record)
    assert (record is None) == (error is not None and error.violations[0][0].startswith("$"))
    assert payload == before


def attempt(payload):
    try:
        return github.to_record(payload), None
    except RecordError as error:
        return None, error


def changed(value, path, junk):
    if not path:
        return junk
    key = path[0]
    if isinstance(value, dict) and key in value:
        return {**value, key: changed(value[key], path[1:], junk)}
    if isinstance(value, list) and isinstance(key, int) and key < len(value):
        return [*value[:key], changed(value[key], path[1:], junk), *value[key + 1 :]]
    return value


NAMES = st.sampled_from(
    [
        *("authors", "author", "creators", "license", "identifier", "identifiers", "keywords", "name", "doi"),
        *("type", "value", "title", "version", "preferred-citation", "related_identifiers", "@list"),
    ]
)
DOCUMENTS = st.recursive(
    JUNK,
    lambda inner: st.dictionaries(NAMES, inner) | st.lists(inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=examples(200))
@given(
    st.sampled_from(["CITATION.cff", "codemeta.json", ".zenodo.json", "README.md", "LICENSE"]),
    st.text(max_size=300) | DOCUMENTS.map(json.dumps),
)
def test_any_text_in_a_metadata_file_gives_facts(name, text):
    check(mapped({name: text}))


def recorded(shared):
    """(path, payload) of each recorded answer, search hits one by one, and each repository seen whole."""
    root = shared / "payloads" / "github"
    for path in sorted(root.rglob("*.json")):
        if ".headers." not in path.name:
            document = json.loads(path.read_text(encoding="utf-8"))
            yield from ((str(path.relative_to(root)), item) for item in github.split(document))
    for folder in sorted((root / "iga").iterdir()):
        yield f"{folder.name}/*", whole(folder)


def whole(folder):
    """The envelope of a repository from the answers and files that were saved of it."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    repository, release = json.loads(texts.pop("repo.json")), json.loads(texts.pop("release.json", "null"))
    files = {name.replace(".malformed.txt", ".json"): text for name, text in texts.items()}
    return {
        "repository": repository,
        "release": release if release and "tag_name" in release else None,
        "files": files,
    }


@pytest.mark.shared
def test_every_recorded_repository_is_a_valid_record_and_all_else_is_refused(shared):
    valid, refused = 0, []
    for name, payload in recorded(shared):
        record, error = attempt(payload)
        if record is None:
            refused.append((name, error))
            continue
        check(record, name)
        valid += 1
        assert "full_name" in payload or "repository" in payload, name
    assert (valid, len(refused)) == (62, 126)
    assert all(error.violations[0][0].startswith("$") for _, error in refused)
    named = {name for name, _ in refused if "repo" in name and not name.startswith(("octokit", "somef"))}
    assert named == set()
    assert "codeberg.org" in dict(refused)["somef/codeberg_forgejo.json"].message


@pytest.mark.shared
def test_fields_agree_with_what_the_recorded_answers_say(shared):
    iga = shared / "payloads" / "github" / "iga"
    handprint = github.to_record(whole(iga / "caltechlibrary-handprint"))
    assert (handprint.version, handprint.license, len(handprint.distributions)) == (
        "v1.6.0",
        "BSD-3-Clause",
        6,
    )
    assert handprint.creators[0].orcid == "0000-0001-9105-5960"
    assert handprint.value_of("related_doi") == "10.22002/20207"
    summary = github.to_record(whole(iga / "ddsjoberg-gtsummary"))
    assert (summary.license, evidence(summary, "license")) == ("MIT", "codemeta.json")
    assert summary.value_of("paper_doi") == "10.32614/rj-2021-053"
    flow = github.to_record(whole(iga / "tensorflow-tensorflow"))
    assert (flow.concept_doi, flow.doi, len(flow.creators)) == ("10.5281/zenodo.4724125", None, 40)
    sim = github.to_record(whole(iga / "KarrLab-de_sim"))
    assert sim.notes == "codemeta.json is not valid JSON (line 25)."
    finder = github.to_record(whole(iga / "gem-pasteur-Integron_Finder"))
    assert "CITATION.cff is not valid YAML (line 49)." in finder.notes


@pytest.mark.shared
def test_the_citation_file_of_the_hbb_network_is_read(shared):
    text = (shared / "payloads" / "github" / "fair4hep-CITATION.cff").read_text(encoding="utf-8")
    (facts,) = read_files({"CITATION.cff": text})
    assert facts.title == "Hbb Interaction Network"
    assert [item.orcid for item in facts.creators] == [
        "0000-0002-5076-7096",
        "0000-0003-1642-5794",
        "0000-0002-0116-1012",
        "0000-0002-4265-2352",
    ]
    assert [(item.scheme, item.value) for item in facts.identifiers] == [
        ("related_doi", "10.5281/zenodo.7305173")
    ]
