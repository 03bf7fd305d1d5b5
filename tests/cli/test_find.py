# SPDX-License-Identifier: MIT
import json
import subprocess
import sys

import pytest
from rdflib import Graph

from fairreg import formats
from fairreg.errors import RecordError
from fairreg.schemas.record import ModelRecord, Provenance
from support import hbb
from support.fitting import written

HBB = "Hbb Interaction Network (FAIR4HEP)"


@pytest.mark.parametrize("query", ["Hbb tagger", "H→bb", "H(bb) jets", "higgs to bottom quarks"])
def test_search_puts_the_hbb_network_first_on_first_use_offline(cli, query, monkeypatch, httpserver):
    monkeypatch.setenv("FAIRREG_OFFLINE", "1")
    result = cli("search", query, "--json")
    assert result.code == 0
    assert result.json["results"][0]["name"] == HBB
    assert httpserver.log == []


def test_the_search_document_has_the_fixed_keys(cli):
    document = cli("search", "Hbb tagger", "--json", "--limit", "2").json
    assert set(document) == {
        "schema_version", "query", "total", "results", "warnings", "offset", "limit",
    }  # fmt: skip
    keys = "id name kind sources doi license task frameworks year score runnable runs fair_score url "
    keys += "concept_doi versions gone task_terms"
    assert all(set(row) == set(keys.split()) for row in document["results"])
    assert len(document["results"]) == 2 < document["total"]


def test_making_the_registry_is_said_on_standard_error_once(cli):
    first, second = cli("search", "jets", "--json"), cli("search", "jets", "--json")
    assert "Creating the registry" in first.err
    assert second.err == ""
    assert first.json == second.json


def test_filters_narrow_the_search(cli):
    rows = cli("search", "jets", "--kind", "dataset", "--license", "CC-BY-4.0", "--json").json["results"]
    assert rows
    assert all((row["kind"], row["license"]) == ("dataset", "CC-BY-4.0") for row in rows)


def test_nothing_found_is_no_error_and_says_what_to_do(cli):
    result = cli("search", "zzzzqqqq")
    assert (result.code, result.out) == (0, "")
    assert "harvest" in result.err


def test_a_table_keeps_identifiers_whole(cli):
    assert hbb.DOI in cli("search", "Hbb tagger").out


def test_show_as_json_and_json_ld_are_the_same_record(cli):
    plain = ModelRecord.from_json(cli("show", hbb.DOI, "--format", "json").json)
    linked = ModelRecord.from_jsonld(cli("show", hbb.DOI, "--format", "jsonld").json)
    assert plain == linked
    assert plain.name == HBB


def test_show_as_turtle_parses(cli):
    assert len(Graph().parse(data=cli("show", hbb.DOI, "-f", "turtle").out, format="turtle")) > 20


def test_show_as_bibtex_cites_the_doi(cli):
    assert f"doi        = {{{hbb.DOI}}}" in cli("show", hbb.DOI, "-f", "bibtex").out


@pytest.mark.sliced(3)
@pytest.mark.parametrize("name", formats.names())
def test_show_writes_every_format_of_the_room(cli, name):
    record = ModelRecord.from_json(cli("show", hbb.DOI, "--format", "json").json)
    shown = cli("show", hbb.DOI, "--format", name)
    document = written(formats.get(name), record)
    if document is not None:
        assert (shown.code, shown.out) == (0, document)
    else:
        with pytest.raises(RecordError) as caught:
            formats.get(name).write(record)
        assert (shown.code, shown.out) == (1, "")
        assert f"Error: {caught.value.message}" in shown.err
        assert f"Hint: {caught.value.hint}" in shown.err


def test_the_croissant_of_a_model_is_that_of_its_training_data(cli):
    shown = cli("show", hbb.DOI, "--format", "croissant")
    assert (shown.code, shown.out) == (1, "")
    assert "Croissant describes datasets" in shown.err
    assert "fairreg show doi:10.7483/opendata.cms.jgjx.ms7q --format croissant" in shown.err


@pytest.mark.parametrize("name", ["datacite", "datacite-xml"])
def test_a_format_that_requires_what_a_record_lacks_names_the_field(cli, tmp_path, name):
    provenance = Provenance(source="lab", source_id="1")
    record = ModelRecord(identifier="lab:tagger", kind="model", name="Jet tagger", provenance=provenance)
    (tmp_path / "record.json").write_text(json.dumps(record.to_json()), encoding="utf-8")
    assert cli("add", str(tmp_path / "record.json")).code == 0
    result = cli("show", "lab:tagger", "--format", name)
    assert (result.code, result.out) == (1, "")
    assert "neither date_published nor date_created is stated" in " ".join(result.err.split())


def test_an_unknown_format_is_refused_with_those_there_are(cli):
    result = cli("show", hbb.DOI, "--format", "pdf")
    assert (result.code, result.out) == (2, "")
    assert all(name in result.err for name in ("text", *formats.names()))


def test_the_help_of_show_lists_the_formats(cli):
    assert f"<text|{'|'.join(formats.names())}>" in cli("show", "--help").out


def test_show_as_text_names_every_identifier(cli):
    out = cli("show", "https://doi.org/10.5281/ZENODO.7305173").out
    for value in (hbb.DOI, hbb.CONCEPT, "FAIR4HEP/hbb_interaction_network"):
        assert value in out


def test_show_asks_the_source_for_what_the_registry_has_not(cli, httpserver):
    document = hbb.registration("10.1234/other")
    document["data"]["attributes"]["url"] = "https://repository.example.org/1"
    httpserver.expect_request("/datacite/dois/10.1234/other").respond_with_json(document)
    result = cli("show", "10.1234/other", "--format", "json")
    assert result.json["provenance"]["source"] == "datacite"
    assert "not in the registry" in result.err


def test_sources_says_where_each_is(cli):
    found = {item["name"]: item for item in cli("sources", "--json").json}
    assert found["zenodo"]["configured"]
    assert found["zenodo"]["records"] == 0


def test_sources_is_a_table_with_token_and_limits(cli, monkeypatch):
    monkeypatch.setenv("ZENODO_TOKEN", "planted-secret")
    (zenodo,) = [item for item in cli("sources", "--json").json if item["name"] == "zenodo"]
    assert zenodo["token"] is True
    assert (zenodo["enabled"], zenodo["live"], zenodo["state"]) == (True, True, None)
    assert "25 per page, 100 with a token" in zenodo["limits"]
    out = cli("sources").out
    assert "Last harvest" in out
    assert "planted-secret" not in out


def test_live_search_says_how_each_source_answered(cli, httpserver):
    hits = {"hits": {"hits": [hbb.record(b"")], "total": 1}}
    httpserver.expect_request("/zenodo/api/records").respond_with_json(hits)
    result = cli("search", "Hbb tagger", "--live", "--source", "zenodo", "--json")
    assert result.json["sources"]["zenodo"]["status"] == "ok"
    assert result.json["results"][0]["sources"] == ["catalogue", "zenodo"]
    assert "zenodo: 1 found in" in result.err
    assert cli("search", "hbb", "--live", "--save", "--source", "zenodo").code == 0
    assert {item["name"]: item["records"] for item in cli("sources", "--json").json}["zenodo"] == 1
    assert cli("search", "hbb", "--save").code == 2


def test_a_live_search_that_nobody_answers_prints_what_the_registry_has_and_ends_with_4(cli, monkeypatch):
    monkeypatch.setenv("FAIRREG_OFFLINE", "1")
    for arguments in ([], ["--json"]):
        result = cli("search", "Hbb tagger", "--live", *arguments)
        assert result.code == 4
        assert hbb.DOI in result.out
        assert "zenodo: offline" in result.err
        assert "Error: All queried sources failed" in result.err
    assert {answer["status"] for answer in result.json["sources"].values()} == {"offline"}
    assert cli("search", "Hbb tagger").code == 0


def test_a_live_search_that_one_source_answers_ends_with_0(cli, httpserver):
    hits = {"hits": {"hits": [], "total": 0}}
    httpserver.expect_request("/zenodo/api/records").respond_with_json(hits)
    result = cli("search", "hbb", "--live", "--source", "zenodo", "--source", "datacite", "--json")
    assert result.code == 0
    assert {name: answer["status"] for name, answer in result.json["sources"].items()} == {
        "zenodo": "ok",
        "datacite": "error",
    }


@pytest.mark.engines("sqlite")
def test_a_live_search_of_what_takes_no_words_says_that_nobody_was_asked(cli):
    result = cli("search", "hbb", "--live", "--source", "openml")
    assert (result.code, result.out) == (0, "")
    assert "No source was queried" in result.err


def test_a_disabled_source_is_asked_only_by_name(cli, httpserver, monkeypatch):
    monkeypatch.setenv("FAIRREG_DISABLE", "zenodo, DataCite")
    found = {item["name"]: item for item in cli("sources", "--check", "--json").json}
    assert {name for name, item in found.items() if not item["enabled"]} == {"zenodo", "datacite"}
    assert found["zenodo"]["state"] is None
    assert found["github"]["state"]
    answers = cli("search", "hbb", "--live", "--json").json["sources"]
    assert "github" in answers
    assert not {"zenodo", "datacite"} & set(answers)
    assert not [request for request, _ in httpserver.log if request.path.startswith(("/zenodo", "/datacite"))]
    assert set(cli("search", "hbb", "--live", "--source", "zenodo", "--json").json["sources"]) == {"zenodo"}


def test_the_table_of_sources_says_which_are_disabled(cli, monkeypatch):
    monkeypatch.setenv("FAIRREG_DISABLE", "zenodo")
    lines = {line.split()[0]: line.split() for line in cli("sources").out.splitlines()}
    assert (lines["zenodo"][1], lines["datacite"][1]) == ("no", "yes")


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize("arguments", [["sources"], ["search", "hbb", "--live"], ["harvest"]])
def test_disabling_what_is_no_source_is_wrong_usage_and_names_the_sources(cli, monkeypatch, arguments):
    monkeypatch.setenv("FAIRREG_DISABLE", "zenodo,nowhere")
    result = cli(*arguments)
    assert (result.code, result.out) == (2, "")
    assert "nowhere" in result.err
    assert "cernopendata" in result.err


def test_every_source_that_sends_requests_says_how_many(cli):
    limits = {item["name"]: item["limits"] for item in cli("sources", "--json").json}
    assert limits.pop("garden") == "sends no requests"
    assert [name for name, said in limits.items() if "requests per minute" not in said] == []


def test_the_cache_counts_and_clears_kept_answers_too(cli, settings, httpserver):
    from fairreg.web import HttpClient

    httpserver.expect_request("/github/x").respond_with_data("[]", headers={"ETag": '"1"'})
    with HttpClient(settings) as web:
        web.get("https://api.github.com/x", use_cache=True)
    info = cli("cache", "info", "--json").json
    assert (info["files"], info["answers"]) == (0, 1)
    assert info["answers_size"] > 0
    assert "1 cached response (" in cli("cache", "info").out
    assert cli("cache", "clear", "--yes", "--json").json == {
        "schema_version": "1.0",
        "freed": info["answers_size"],
    }
    assert cli("cache", "info", "--json").json["answers"] == 0
    assert list(settings.http_cache.iterdir()) == []


def test_a_link_is_made_shown_and_undone(cli):
    other = "arXiv:1902.08570"
    joined = cli("link", hbb.DOI, other, "--json").json
    assert len(joined["entries"]) == 2
    assert {bond["how"] for bond in joined["bonds"]} >= {"fairreg link"}
    assert "linked manually" in " ".join(cli("show", hbb.DOI).out.split())
    first, second = cli("unlink", hbb.DOI, other, "--json").json
    assert (len(first["entries"]), len(second["entries"])) == (1, 1)
    assert "verdict" not in cli("show", hbb.DOI).out
    assert cli("link", hbb.DOI, hbb.DOI).code == 2
    assert cli("unlink", hbb.DOI, "10.1234/none").code == 1


def test_validate_accepts_what_show_writes(cli, tmp_path):
    for view in ("json", "jsonld"):
        file = tmp_path / f"record.{view}"
        file.write_text(cli("show", hbb.DOI, "--format", view).out)
        result = cli("validate", file, "--json")
        assert (result.code, result.json["valid"]) == (0, True)


@pytest.mark.engines("sqlite")
def test_validate_names_the_path_of_each_violation(cli, tmp_path):
    file = tmp_path / "record.json"
    document = cli("show", hbb.DOI, "--format", "json").json
    document["creators"][0]["orcid"] = "none"
    document["kind"] = "soup"
    file.write_text(json.dumps(document))
    result = cli("validate", file, "--json")
    assert result.code == 1
    assert {item["path"] for item in result.json["violations"]} == {"$.creators[0].orcid", "$.kind"}


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize("text", ['{"name": ', "<html></html>", "[1, 2]", "3", ""])
def test_validate_answers_what_is_no_record_with_a_sentence(cli, tmp_path, text):
    file = tmp_path / "record.json"
    file.write_text(text)
    result = cli("validate", file)
    assert result.code == 1
    assert "Traceback" not in result.err


def test_an_added_record_is_found_and_shown(cli, tmp_path):
    file = tmp_path / "model.jsonld"
    document = {
        "@context": {"fair4ml": "https://w3id.org/fair4ml#", "@vocab": "https://schema.org/"},
        "@type": "fair4ml:MLModel",
        "@id": "https://doi.org/10.1234/zebra",
        "name": "Zebrafish tagger",
    }
    file.write_text(json.dumps(document))
    assert cli("add", file, "--json").json["outcome"] == "new"
    assert cli("add", file, "--json").json["outcome"] == "unchanged"
    assert cli("search", "zebrafish", "--json").json["results"][0]["doi"] == "10.1234/zebra"


def test_an_invalid_record_is_not_added(cli, tmp_path):
    file = tmp_path / "model.json"
    file.write_text('{"kind": "model"}')
    result = cli("add", file)
    assert result.code == 1
    assert "Error:" in result.err
    assert cli("db", "info", "--json").json["entries"] == 165


def test_export_and_import_carry_everything_to_another_registry(cli, tmp_path, monkeypatch):
    assert cli("export", tmp_path / "all.jsonl").code == 0
    monkeypatch.setenv("FAIRREG_HOME", str(tmp_path / "other"))
    counts = cli("import", tmp_path / "all.jsonl", "--json").json
    assert counts == {"schema_version": "1.0", "new": 0, "changed": 0, "unchanged": 165}
    assert cli("export", tmp_path / "again.jsonl").code == 0
    assert (tmp_path / "again.jsonl").read_bytes() == (tmp_path / "all.jsonl").read_bytes()


def test_a_broken_line_is_named_and_nothing_is_imported(cli, tmp_path):
    file = tmp_path / "all.jsonl"
    cli("export", file)
    lines = file.read_text().splitlines()
    record = json.loads(lines[0])
    record["record"]["name"] = "Changed"
    file.write_text(json.dumps(record) + "\n" + lines[1][:50] + "\n")
    result = cli("import", file)
    assert result.code == 1
    assert "line 2" in result.err
    assert cli("search", "Changed", "--json").json["total"] == 0


def test_db_and_cache_commands_answer_in_json(cli):
    assert cli("db", "init", "--json").json["entries"] == 165
    assert cli("db", "upgrade", "--json").json["entries"] == 165
    assert cli("db", "check", "--json").json["sound"]
    assert cli("cache", "info", "--json").json["files"] == 0
    assert cli("cache", "verify", "--json").json == {
        "schema_version": "1.0",
        "files": 0,
        "extracted": 0,
        "changed": [],
    }
    assert cli("cache", "clear", "--yes", "--json").json == {"schema_version": "1.0", "freed": 0}


@pytest.mark.engines("sqlite")
def test_a_damaged_database_is_one_sentence(cli, settings):
    settings.home.mkdir(parents=True)
    (settings.home / "registry.sqlite").write_bytes(b"this is no database" * 100)
    result = cli("search", "jets")
    assert result.code == 1
    assert "Error:" in result.err
    assert "Traceback" not in result.err


@pytest.mark.engines("sqlite")
def test_a_home_that_cannot_be_made_is_one_sentence(cli, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FAIRREG_HOME", str(tmp_path / "file" / "home"))
    result = cli("search", "jets")
    assert result.code == 1
    assert "FAIRREG_HOME" in result.err


@pytest.fixture
def bracketed(cli, tmp_path):
    """A registry in which a record's name and its source look like the markup of a terminal library."""
    record = {
        "identifier": "doi:10.1234/brackets",
        "kind": "model",
        "name": "Zebra [/v2] [bold]",
        "ml_task": ["[/task]"],
        "provenance": {"source": "[/source]", "source_id": "1"},
        "identifiers": [{"scheme": "doi", "value": "10.1234/brackets"}],
    }
    (tmp_path / "record.json").write_text(json.dumps(record))
    assert cli("add", tmp_path / "record.json").code == 0
    return cli


def test_brackets_in_a_record_are_no_markup(bracketed):
    for arguments in (["search", "zebra"], ["show", "10.1234/brackets"]):
        result = bracketed(*arguments)
        assert result.code == 0, result.err
        assert "Zebra [/v2] [bold]" in result.out
        assert "[/task]" in result.out
    assert "[/source]" in bracketed("db", "info").out
    assert bracketed("sources").code == 0
    assert bracketed("assess", "10.1234/brackets", "--offline").code == 0


def test_brackets_in_the_name_of_the_home_are_no_markup(cli, tmp_path, monkeypatch):
    monkeypatch.setenv("FAIRREG_HOME", str(tmp_path / "h[/x]"))
    for arguments in (
        ["db", "init"],
        ["db", "check"],
        ["db", "info"],
        ["cache", "info"],
        ["cache", "verify"],
    ):
        result = cli(*arguments)
        assert result.code == 0, result.err
    assert "h[/x]" in cli("cache", "info").out
    assert cli("cache", "clear", "--yes").code == 0


def test_an_identifier_that_is_no_unicode_is_wrong_usage(cli):
    for command in ("fetch", "show"):
        result = cli(command, "10.1234/\udcff")
        assert (result.code, result.out) == (2, "")


def test_a_kind_that_there_is_not_is_wrong_usage(cli):
    result = cli("search", "jets", "--kind", "foo")
    assert (result.code, result.out) == (2, "")
    assert "software" in result.err


def run(environment, *arguments, **changes):
    code = "from fairreg.cli.app import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        env={**environment, **changes},
        check=False,
    )


@pytest.mark.engines("sqlite")
def test_json_is_ascii_where_standard_output_takes_no_utf_8(environment):
    done = run(environment, "search", "H→bb é", "--json", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.decode("ascii"))["query"] == "H→bb é"
    done = run(environment, "search", "H→bb é", "--json", PYTHONIOENCODING="utf-8")
    assert "H→bb é" in done.stdout.decode("utf-8")


@pytest.mark.sliced(7)
@pytest.mark.engines("sqlite")
@pytest.mark.parametrize("view", ["text", "turtle", "bibtex", "cff", "model-card", "json"])
def test_every_view_of_a_record_can_be_printed_without_utf_8(environment, view):
    done = run(environment, "show", hbb.DOI, "--format", view, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert b"Hbb" in done.stdout


@pytest.mark.sliced(2)
@pytest.mark.parametrize("view", ["json", "jsonld", "codemeta"])
def test_a_record_in_json_is_in_ascii_where_standard_output_takes_no_utf_8(environment, cli, tmp_path, view):
    name = "H→bb é 𝒳 \x7f"
    file = tmp_path / "record.json"
    origin = {"source": "file", "source_id": "1"}
    file.write_text(json.dumps({"identifier": "x:1", "kind": "model", "name": name, "provenance": origin}))
    cli("add", file)
    done = run(environment, "show", "x:1", "--format", view, PYTHONIOENCODING="ascii")
    assert json.loads(done.stdout.decode("ascii")) == cli("show", "x:1", "--format", view).json
    assert b"H\\u2192bb \\u00e9 \\ud835\\udcb3 \\u007f" in done.stdout


def test_json_escapes_what_is_no_unicode(cli):
    assert cli("search", "\udcff", "--json").json["query"] == "\udcff"


def test_validate_and_add_agree_on_text_that_is_no_unicode(cli, tmp_path):
    file = tmp_path / "record.json"
    record = cli("show", hbb.DOI, "--format", "json").json | {"description": "half \ud800"}
    file.write_text(json.dumps(record))
    result = cli("validate", file, "--json")
    assert (result.code, result.json["violations"][0]["path"]) == (1, "$.description")
    assert "$.description" in cli("add", file).err


@pytest.mark.engines("sqlite")
def test_a_reader_who_leaves_a_pipe_sees_no_traceback(environment):
    code = "from fairreg.cli.app import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", code, "export", "-"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    ) as process:
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read().decode()
    assert process.returncode == 1
    assert "Traceback" not in said
    assert "Internal error" not in said


def test_a_tombstone_survives_an_import_into_its_own_registry(cli, tmp_path, settings):
    from fairreg.registry import Registry

    cli("db", "init")
    with Registry(settings=settings) as registry:
        origin = registry.get(hbb.DOI).provenance
        registry.statements.withdraw(origin.source, origin.source_id, "Withdrawn.")
    cli("export", tmp_path / "all.jsonl")
    assert cli("import", tmp_path / "all.jsonl", "--json").json == {
        "schema_version": "1.0",
        "new": 0,
        "changed": 0,
        "unchanged": 165,
    }
    with Registry(settings=settings) as registry:
        assert registry.statements.get(origin.source, origin.source_id).gone_reason == "Withdrawn."


@pytest.mark.parametrize("change", [{"record": {"name": "x"}}, {"media_type": 5}, {"payload": "%"}])
def test_a_bad_statement_is_named_by_its_line(cli, tmp_path, change):
    cli("export", tmp_path / "all.jsonl")
    lines = (tmp_path / "all.jsonl").read_text().splitlines()
    (tmp_path / "all.jsonl").write_text("\n".join([lines[0], json.dumps(json.loads(lines[1]) | change)]))
    result = cli("import", tmp_path / "all.jsonl")
    assert result.code == 1
    assert "line 2" in result.err


def test_the_cache_is_not_cleared_when_nobody_can_be_asked(cli):
    result = cli("cache", "clear", "--json")
    assert (result.code, result.out) == (2, "")
    assert "--yes" in result.err
