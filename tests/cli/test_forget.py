# SPDX-License-Identifier: MIT
import base64
import json

import pytest

from fairreg import formats
from fairreg.registry.parts.removals import Removals
from support import hbb

CREATORS = [
    {"name": "林, 小明"},
    {"name": "Zábó, Ágnes", "orcid": "0000-0002-5076-7096"},
    {"name": "ATLAS Collaboration", "kind": "organization"},
    {"name": "Петров, Иван"},
    {"name": "العربية, سارة"},
]
EMAIL = "jane.roe@secret.example.org"
RECORD = {
    "identifier": "doi:10.1234/scripts",
    "kind": "model",
    "name": "Zyzzyvaquark tagger",
    "description": f"Ask {EMAIL}, or clone git@github.com:lab/tagger.",
    "identifiers": [{"scheme": "doi", "value": "10.1234/scripts"}],
    "creators": CREATORS,
    "provenance": {"source": "document", "source_id": "doi:10.1234/scripts"},
}


@pytest.fixture
def added(cli, tmp_path):
    file = tmp_path / "record.json"
    file.write_text(json.dumps(RECORD), "utf-8")
    assert cli("add", str(file)).code == 0
    return file


def test_forgetting_asks_first_and_says_what_goes(cli):
    refused = cli("db", "forget", hbb.DOI)
    assert refused.code == 2
    assert "--yes" in refused.err
    dry = cli("db", "forget", hbb.DOI, "--dry-run")
    assert "would be removed (statements: 1" in dry.out
    assert cli("show", hbb.DOI).code == 0
    done = cli("db", "forget", hbb.DOI, "--yes", "--json").json
    assert [item["name"] for item in done["removed"]] == ["Hbb Interaction Network (FAIR4HEP)"]
    assert hbb.DOI not in cli("search", "Hbb tagger").out
    (listed,) = cli("db", "forgotten", "--json").json
    assert f"doi:{hbb.DOI}" in listed["marks"]
    again = cli("db", "forget", hbb.DOI, "--yes")
    assert (again.code, again.out) == (0, "")
    assert cli("db", "check").code == 0


def test_undoing_brings_the_packaged_record_back(cli):
    cli("db", "forget", hbb.DOI, "--yes")
    assert cli("db", "forget", hbb.DOI, "--undo", "--json").json == {
        "schema_version": "1.0",
        "readmitted": [f"doi:{hbb.DOI}"],
    }
    assert hbb.DOI in cli("search", "Hbb tagger").out
    assert cli("db", "forgotten", "--json").json == []


def test_wrong_uses_are_explained(cli):
    assert cli("db", "forget", "10.1234/unknown", "--yes").code == 1
    assert cli("db", "forget", hbb.DOI, "--undo").code == 1
    assert cli("db", "forget", hbb.DOI, "--undo", "--dry-run").code == 2
    assert cli("show", hbb.DOI).code == 0


def test_a_concept_is_refused_with_its_versions(cli, tmp_path):
    concept = {"scheme": "concept_doi", "value": "10.1234/all"}
    for number in (1, 2):
        own = {"scheme": "doi", "value": f"10.1234/v{number}"}
        said = {"source": "document", "source_id": f"v{number}"}
        file = tmp_path / f"{number}.json"
        file.write_text(
            json.dumps(
                RECORD
                | {"identifier": f"doi:{own['value']}", "identifiers": [own, concept], "provenance": said}
            )
        )
        assert cli("add", str(file)).code == 0
    refused = cli("db", "forget", "10.1234/all", "--yes")
    assert refused.code == 2
    assert "doi:10.1234/v1" in refused.err
    assert "doi:10.1234/v2" in refused.err
    assert cli("search", "zyzzyvaquark", "--json").json["total"]


def test_repeating_an_interrupted_removal_overwrites_its_bytes(cli, added, monkeypatch):
    with monkeypatch.context() as interrupted:
        interrupted.setattr(Removals, "erase", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        cli("db", "forget", "10.1234/scripts", "--yes")
    erased = []
    monkeypatch.setattr(Removals, "erase", lambda _: erased.append(True))
    assert cli("db", "forget", "https://doi.org/10.1234/SCRIPTS", "--yes").code == 0
    assert erased == [True]


def test_a_file_that_cannot_be_stored_leaves_its_record_forgotten(cli, added, tmp_path):
    cli("db", "forget", "10.1234/scripts", "--yes")
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps(RECORD | {"name": "N\0x"}))
    assert cli("add", str(bad)).code == 1
    assert len(cli("db", "forgotten", "--json").json) == 1


def test_an_import_leaves_it_out_and_adding_brings_it_back(cli, added, tmp_path):
    exported = tmp_path / "all.jsonl"
    cli("export", str(exported))
    cli("db", "forget", "10.1234/scripts", "--yes")
    counts = cli("import", str(exported), "--json").json
    assert counts["forgotten"] == 1
    assert cli("search", "zyzzyvaquark", "--json").json["total"] == 0
    assert cli("add", str(added), "--json").json["outcome"] == "new"
    assert cli("search", "zyzzyvaquark", "--json").json["total"] == 1


def test_neither_a_view_nor_an_export_has_an_address(cli, added, tmp_path):
    exported = tmp_path / "all.jsonl"
    cli("export", str(exported))
    lines = [json.loads(line) for line in exported.read_text("utf-8").splitlines()]
    (payload,) = [base64.b64decode(line["payload"]) for line in lines if line.get("payload")]
    assert json.loads(payload)["creators"] == CREATORS
    texts = [payload.decode(), exported.read_text("utf-8"), cli("search", "zyzzyvaquark", "--json").out]
    texts += [cli("show", "10.1234/scripts", "--format", name).out for name in ("text", *formats.names())]
    assert not [text for text in texts if "secret.example.org" in text]
    assert "git@github.com:lab/tagger" in texts[1]


def test_authors_keep_order_kind_and_script_through_export_and_import(cli, added, tmp_path, monkeypatch):
    exported = tmp_path / "all.jsonl"
    cli("export", str(exported))
    monkeypatch.setenv("FAIRREG_HOME", str(tmp_path / "other"))
    cli("db", "init")
    cli("import", str(exported))
    assert cli("show", "10.1234/scripts", "--format", "json").json["creators"] == CREATORS
    linked = cli("show", "10.1234/scripts", "--format", "jsonld").json["creator"]
    assert [item["name"] for item in linked] == [item["name"] for item in CREATORS]
    shown = cli("show", "10.1234/scripts").out
    places = [shown.find(item["name"]) for item in CREATORS]
    assert -1 not in places
    assert places == sorted(places)


def test_sources_state_the_terms_of_their_metadata(cli):
    terms = {item["name"]: item["terms"] for item in cli("sources", "--json").json}
    assert all(item["words"] and item["url"].startswith("https://") for item in terms.values())
    assert {name for name, item in terms.items() if item["license"]} == {"datacite", "zenodo", "zenodo_oai"}
    assert terms["cernopendata"]["words"].startswith("Not stated")
    assert "https://help.zenodo.org" in cli("sources").out


def test_every_command_says_of_a_removed_record_that_nothing_is_stored_and_how_to_undo_that(cli, httpserver):
    hbb.serve(httpserver, hbb.archive({"README.md": b"# Hbb"}))
    cli("assess", hbb.DOI)
    cli("db", "forget", hbb.DOI, "--yes")
    undo = f"fairreg db forget doi:{hbb.DOI} --undo"
    for words in (("show", hbb.DOI), ("assess", hbb.DOI), ("assess", hbb.DOI, "--history")):
        told = " ".join(cli(*words).err.split())
        assert f"doi:{hbb.DOI} was removed for good on 20" in told, words
        assert undo in told, words
    offline = cli("assess", hbb.DOI, "--offline")
    assert offline.code == 1
    assert undo in " ".join(offline.err.split())
    assert "fairreg harvest" not in offline.err
    assert cli(*undo.split()[1:]).code == 0
    assert "was removed" not in cli("assess", hbb.DOI).err
    assert cli("assess", hbb.DOI, "--history", "--json").json
