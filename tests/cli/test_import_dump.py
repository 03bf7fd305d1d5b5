# SPDX-License-Identifier: MIT
"""Saved dumps of a service come into the registry without asking it. The documents here are hand-written."""

import json
import sys

import pytest

from fairreg.registry import Registry


def servable(name, *, published="1550000000000", title=None):
    """A servable's document in DLHub's shape."""
    return {
        "datacite": {
            "titles": [{"title": title or f"Servable {name}"}],
            "creators": [
                {"givenName": "Ada", "familyName": "Lovelace", "affiliations": ["Analytical Engines"]}
            ],
            "identifier": {"identifier": "10.YET/UNASSIGNED", "identifierType": "DOI"},
            "publicationYear": "2019",
        },
        "dlhub": {
            "owner": "ada_globusid",
            "name": name,
            "shorthand_name": f"ada_globusid/{name}",
            "publication_date": published,
            "type": "servable",
        },
        "servable": {"type": "Keras Model", "methods": {"run": {}}},
    }


def old_answer(*contents):
    """An answer of Globus Search in the schema of 2017-09-01."""
    gmeta = [
        {"@datatype": "GMetaResult", "subject": str(n), "content": [item]} for n, item in enumerate(contents)
    ]
    return {"@datatype": "GSearchResult", "@version": "2017-09-01", "total": len(contents), "gmeta": gmeta}


def new_answer(*contents):
    """An answer of Globus Search in the schema of 2019-08-27."""
    gmeta = [
        {"@datatype": "GMetaResult", "subject": str(n), "entries": [{"content": item, "entry_id": None}]}
        for n, item in enumerate(contents)
    ]
    return {"@datatype": "GSearchResult", "@version": "2019-08-27", "total": len(contents), "gmeta": gmeta}


GARDEN = {
    "id": 7,
    "title": "A garden",
    "authors": ["Ada"],
    "is_archived": False,
    "doi": None,
    "entrypoint_ids": [],
}
ONE, TWO = servable("one"), servable("two")
UNPUBLISHED = servable("three")
UNPUBLISHED["dlhub"] = {"type": "servable"}


@pytest.fixture
def dump(tmp_path):
    def write(content, name="dump.json"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.sliced(2)
@pytest.mark.parametrize(
    "text",
    [
        json.dumps(old_answer(ONE, TWO)),
        json.dumps(new_answer(ONE, TWO), indent=2),
        json.dumps([ONE, TWO]),
        "\n".join(json.dumps(item) for item in (ONE, TWO)),
        "\r\n".join(["", json.dumps(new_answer(ONE)), json.dumps(old_answer(TWO))]),
        "\ufeff" + json.dumps([ONE, TWO]),
    ],
    ids=["2017-09-01", "2019-08-27", "list", "JSON lines", "pages as JSON lines", "with a byte order mark"],
)
def test_a_dump_of_dlhub_is_recognised_and_kept_with_each_payload(cli, dump, settings, monkeypatch, text):
    monkeypatch.setitem(sys.modules, "globus_sdk", None)
    path = dump(text)
    report = cli("import", path, "--json").json
    assert (report["source"], report["new"], report["refused"]) == ("dlhub", 2, [])
    with Registry(settings=settings) as registry:
        said = registry.statements.get("dlhub", "ada_globusid/one")
        assert json.loads(said.payload) == ONE
        assert registry.get("dlhub:ada_globusid/one").name == "Servable one"
    again = cli("import", path, "--json").json
    assert (again["new"], again["changed"], again["unchanged"]) == (0, 0, 2)


def test_what_is_no_record_is_set_aside_and_listed(cli, dump):
    result = cli("import", dump(json.dumps([ONE, UNPUBLISHED])))
    assert result.code == 0
    assert result.out == "dlhub: 1 new, 0 changed, 0 unchanged, 0 gone, 1 rejected\n"
    assert "never published" in result.err
    assert [item["source"] for item in cli("sources", "--refused", "--json").json] == ["dlhub"]


def test_the_first_reasons_are_listed_and_the_others_counted(cli, dump):
    bad = [UNPUBLISHED | {"number": number} for number in range(25)]
    result = cli("import", dump(json.dumps([ONE, *bad])))
    assert "25 rejected" in result.out
    assert result.err.count("  rejected: ") == 10
    assert "  and 15 more\n  List all rejected payloads with: fairreg sources --refused" in result.err
    assert len(cli("sources", "--refused", "--json").json) == 25


def test_of_several_documents_of_one_record_the_newest_counts_wherever_it_stands(cli, dump, settings):
    newer = servable("one", published="1650000000000", title="The newer one")
    for items in ([newer, ONE], [ONE, newer]):
        result = cli("import", dump(json.dumps(items)))
        assert "Skipped 1 documents" in result.err
        with Registry(settings=settings) as registry:
            assert registry.get("dlhub:ada_globusid/one").name == "The newer one"


def test_a_document_of_garden_is_recognised(cli, dump):
    assert cli("import", dump(json.dumps(GARDEN)), "--json").json["source"] == "garden"
    assert cli("show", "garden:garden/7").code == 0


def test_the_user_says_whose_dump_it_is_where_it_does_not(cli, dump):
    infos = dump('{"id": "lab/tagger", "tags": []}\n{"id": "lab/other", "tags": ["license:mit"]}\n')
    assert "--source" in cli("import", infos).err
    report = cli("import", infos, "--source", "huggingface", "--json").json
    assert (report["source"], report["new"]) == ("huggingface", 2)
    assert cli("show", "huggingface:lab/other", "--format", "json").json["license"] == "MIT"


def test_a_tombstone_of_a_dump_withdraws_what_is_there_and_only_that(cli, dump, settings):
    record = {
        "id": 77,
        "metadata": {"title": "A model", "doi": "10.5281/zenodo.77"},
        "doi": "10.5281/zenodo.77",
    }
    gone = [{"id": number, "tombstone": {"note": "Spam"}} for number in (77, 78)]
    assert cli("import", dump(json.dumps(record)), "--source", "zenodo").code == 0
    report = cli("import", dump(json.dumps(gone)), "--source", "zenodo", "--json").json
    assert report["gone"] == 2
    with Registry(settings=settings) as registry:
        assert registry.statements.get("zenodo", "77").gone_reason == "Spam"
        assert registry.statements.get("zenodo", "78") is None


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize(
    ("content", "arguments", "words"),
    [
        (json.dumps([ONE, TWO])[:700], [], "truncated"),
        (json.dumps(ONE) + "\n" + json.dumps(TWO)[:300], [], "line 2"),
        ("<html><body>Please log in</body></html>", [], "HTML or XML"),
        ("<html><body>Please log in</body></html>", ["--source", "dlhub"], "no record of DLHub"),
        ("[]", [], "is empty"),
        ("{}", ["--source", "dlhub"], "is empty"),
        ("", [], "is empty"),
        (b"\xff\xfe\x00", [], "is not JSON"),
        ('{"a": 1}', [], "neither an export"),
        ('[1, "two", null]', [], "neither an export"),
        ('{"a": 1}', ["--source", "dlhub"], "$.datacite is missing"),
        (json.dumps(old_answer({"project": "other"})), [], "neither an export"),
        (json.dumps([ONE, GARDEN]), [], "neither an export"),
    ],
)
def test_what_is_no_dump_is_one_sentence_with_the_next_step(cli, dump, content, arguments, words):
    cli("db", "init")
    result = cli("import", dump(content), *arguments)
    assert (result.code, result.out) == (1, "")
    assert words in result.err
    assert "Hint:" in result.err
    assert "Traceback" not in result.err
    assert cli("db", "info", "--json").json["sources"] == {"catalogue": 165}
    assert cli("sources", "--refused", "--json").json == []


def test_a_source_is_neither_unknown_nor_said_of_an_export(cli, dump, tmp_path):
    assert cli("import", dump("[]"), "--source", "nowhere").code == 2
    cli("export", tmp_path / "all.jsonl")
    result = cli("import", tmp_path / "all.jsonl", "--source", "dlhub")
    assert (result.code, "Leave out --source" in result.err) == (2, True)


@pytest.mark.shared
def test_the_saved_index_of_dlhub_comes_in_whole(cli, shared):
    folder = shared / "payloads" / "dlhub"
    assert cli("import", folder / "all-servables-2019.json", "--json").json["new"] == 45
    for name in ("garden-garden_nested_metadata_response", "garden-modal_class_metadata"):
        assert cli("import", folder / f"{name}.json", "--json").json["source"] == "garden"
    for path in sorted((shared / "payloads" / "globus-search").glob("*.json")):
        assert "neither an export" in cli("import", path).err, path.name
