# SPDX-License-Identifier: MIT
"""The tools and resources of an assistant, by the SDK's own client in process."""

import json
import re
from pathlib import Path
from urllib.parse import quote

import jsonschema
import msgspec
import pytest
from mcp.shared.exceptions import MCPError

from fairreg import formats, rubrics
from fairreg.assessment.evidence import Evidence
from fairreg.assessment.report import assess
from fairreg.errors import RegistryError
from fairreg.registry import Registry, Submission
from fairreg.registry.search.filters import FILTERS
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Access, Evaluation
from fairreg.server.mcp.arguments import SearchArguments
from fairreg.server.mcp.foreign_text import DESCRIPTION, DOCUMENT, ITEMS, LINE, SENTENCE
from fairreg.server.mcp.resources import LONGEST_RECORD
from fairreg.server.mcp.tools import find_tool
from fairreg.services.assess.store import AssessmentResult, save
from fairreg.services.cite import FORMATS, cite
from fairreg.services.registry.shared_engine import shared_registry
from fairreg.services.search.search import search
from fairreg.settings import Settings
from support.awkward_records import FINGERPRINT, HOSTILE, LARGE, MERGED, TWINS, WITHDRAWN, record

pytestmark = pytest.mark.engines("sqlite")

NAMES = {
    *("search_models", "get_record", "resolve_identifier", "assess_model", "find_same_weights", "cite"),
    "list_sources",
}
ROOT = Path(__file__).parents[3]
HBB = "doi:10.5281/zenodo.7305227"
WHEN = "2026-11-30T00:00:00Z"


def ids(answer):
    return [item["identifier"] for item in answer["results"]]


def test_every_tool_says_that_it_only_reads_and_has_schemas_of_both_sides(client):
    tools = client("list_tools").tools
    assert {tool.name for tool in tools} == NAMES
    for tool in tools:
        hints = tool.annotations
        assert (hints.read_only_hint, hints.destructive_hint, hints.open_world_hint) == (True, False, False)
        assert len(tool.description) > 100
        for schema in (tool.input_schema, tool.output_schema):
            jsonschema.Draft202012Validator.check_schema(schema)
            assert schema["type"] == "object"
        assert tool.input_schema["additionalProperties"] is False


def test_the_resources_are_the_rubric_and_every_record(client):
    assert client("list_resources").resources[0].uri == "fairreg://rubric"
    (template,) = client("list_resource_templates").resource_templates
    assert template.uri_template == "fairreg://record/{pid}"


def test_an_answer_is_the_same_as_text_and_fits_its_schema(client):
    schemas = {tool.name: tool.output_schema for tool in client("list_tools").tools}
    for name, given in {
        "search_models": {"query": "jets"},
        "get_record": {"pid": HOSTILE},
        "resolve_identifier": {"identifier": HBB},
        "assess_model": {"pid": HBB},
        "find_same_weights": {"pid": TWINS[0]},
        "cite": {"pid": HBB},
        "list_sources": {},
    }.items():
        result = client("call_tool", name, given)
        jsonschema.validate(result.structured_content, schemas[name])
        assert json.loads(result.content[0].text) == result.structured_content


def test_a_search_finds_what_the_command_finds(ask, settings_of_module):
    found = search(settings_of_module, "Hbb tagger", limit=5)
    answer = ask("search_models", query="Hbb tagger", limit=5)
    assert ids(answer) == [row.id for row in found.results]
    assert answer["total"] == found.total
    first = answer["results"][0]
    assert (first["identifier"], first["license"], first["year"]) == (HBB, "MIT", 2022)
    assert first["runnable"] is True
    assert first["description"].startswith("FAIR-packaged")
    assert "fair_score" not in first  # not assessed is not 0


@pytest.mark.parametrize(
    ("given", "held"),
    [
        ({"framework": "PyTorch"}, lambda row: any("PyTorch" in name for name in row["frameworks"])),
        ({"license": "MIT"}, lambda row: row["license"].startswith("MIT")),
        ({"kind": "dataset"}, lambda row: row["kind"] == "dataset"),
        ({"year": 2022}, lambda row: row["year"] == 2022),
        ({"year": "2020-2021"}, lambda row: row["year"] in {2020, 2021}),
        ({"runnable": "true"}, lambda row: row["runnable"]),  # as some assistants write it
    ],
    ids=["framework", "license", "kind", "year", "years", "runnable"],
)
def test_every_result_meets_the_conditions(ask, given, held):
    results = ask("search_models", limit=50, **given)["results"]
    assert results
    assert all(map(held, results))


def test_an_author_is_found_by_name(ask):
    assert HBB in ids(ask("search_models", author="Duarte", limit=50))


def test_pages_follow_each_other_without_repetition(ask):
    seen, offset = [], 0
    while offset is not None:
        answer = ask("search_models", query="jets", limit=50, offset=offset)
        seen += ids(answer)
        offset = answer.get("next_offset")
    assert len(seen) == len(set(seen)) == answer["total"]


def test_what_no_record_has_is_named_with_what_there_is(ask):
    answer = ask("search_models", framework="Pytorhc")
    assert answer["total"] == 0
    (value,) = answer["unknown_values"]
    assert (value["argument"], value["asked"]) == ("framework", "Pytorhc")
    assert "pytorch" in {*value.get("similar", ()), *value.get("frequent", ())}


def test_every_filter_of_a_search_is_an_argument():
    others = {"query", "sort", "limit", "offset"}
    # What was withdrawn is marked in the results.
    assert set(SearchArguments.__struct_fields__) - others == FILTERS.keys() - {"gone"}


def test_blank_conditions_are_none(ask):
    assert ask("search_models", query="", task=" ", license=None)["total"] > 100


def test_a_summary_has_the_facts_of_the_record(ask):
    answer = ask("get_record", pid="https://doi.org/10.5281/ZENODO.7305227")
    summary = answer["summary"]
    assert (answer["identifier"], answer["format"]) == (HBB, "summary")
    assert summary["license"] == "MIT"
    assert summary["creators"][0] == "Duarte, Javier"
    assert {"relation": "trained_on", "identifier": "doi:10.7483/opendata.cms.jgjx.ms7q"} in summary[
        "relations"
    ]
    large = ask("get_record", pid=LARGE)["summary"]
    assert (len(large["creators"]), large["creators_in_all"]) == (30, 400)


def test_a_summary_has_formats_results_and_every_identifier(ask, registry):
    pid = "doi:10.1234/complete"
    results = (Evaluation("accuracy", "0.94", dataset="JetClass", split="test"),)
    more = (Identifier("paper_doi", "10.1234/its-paper"), Identifier("github", "lab/complete"))
    told = record(pid, identifiers=more, formats=("pth", "onnx"), evaluations=results, access=Access("open"))
    registry.put_many([Submission(told)])
    summary = ask("get_record", pid=pid)["summary"]
    assert summary["formats"] == ["pth", "onnx"]
    assert summary["evaluations"] == [
        {"metric": "accuracy", "value": "0.94", "dataset": "JetClass", "split": "test"}
    ]
    assert summary["identifiers"] == [
        {"kind": "doi", "identifier": pid},
        {"kind": "paper_doi", "identifier": "doi:10.1234/its-paper"},
        {"kind": "github", "identifier": "github:lab/complete"},
    ]


def test_results_tell_the_access_that_their_records_state(ask):
    for row in ask("search_models", limit=50)["results"]:
        assert row.get("access") == ask("get_record", pid=row["identifier"])["summary"].get("access")
        assert not row["runnable"] or row["access"] == "open"


def test_an_orcid_tells_how_many_records_its_author_has(ask):
    orcid = "0000-0002-5076-7096"
    found = ask("search_models", author=orcid)["total"]
    answer = ask("resolve_identifier", identifier=orcid)
    assert (answer["scheme"], answer["records_by_author"]) == ("orcid", found)
    assert found > 0
    assert "records_by_author" not in ask("resolve_identifier", identifier=HBB)


def test_a_least_score_where_nothing_is_assessed_says_so(tmp_path):
    fresh = Settings.from_environment({"FAIRREG_HOME": str(tmp_path)})
    with shared_registry(fresh) as opened:
        search_models = find_tool("search_models")
        answer = search_models.call(opened, search_models.read({"min_fair": 0.5}))
        assert answer["note"].startswith("No record of this registry has a FAIR score")
        assert "note" not in search_models.call(opened, search_models.read({"query": "no such words"}))


@pytest.mark.parametrize("tool", sorted(NAMES))
def test_null_is_an_argument_that_was_left_out(client, tool):
    fields = msgspec.structs.fields(find_tool(tool).arguments)
    empty = {field.name: None for field in fields if not field.required}
    needed = {field.name: HBB for field in fields if field.required}
    if tool == "find_same_weights":
        needed = {"pid": HBB}
    here, there = (client("call_tool", tool, given) for given in ({**empty, **needed}, needed))
    assert not here.is_error
    assert here.structured_content == there.structured_content


def test_a_withdrawn_record_says_so(ask):
    answer = ask("get_record", pid=WITHDRAWN)
    assert answer["withdrawn"] is True
    assert answer["summary"]["access"] == "closed"


@pytest.mark.parametrize("name", formats.names())
def test_a_record_leaves_in_every_format_or_a_sentence_says_why_not(client, registry, name):
    result = client("call_tool", "get_record", {"pid": HBB, "format": name})
    if result.is_error:
        assert result.content[0].text.startswith(f"The record of {HBB} ")
        return
    written = formats.get(name).write(registry.get(HBB))
    text = written.decode() if isinstance(written, bytes) else written
    assert result.structured_content["document"] == text
    assert result.structured_content["media_type"] in formats.get(name).MEDIA_TYPES


def test_an_unknown_format_and_an_unknown_record_are_sentences(refused):
    assert refused("get_record", pid=HBB, format="pdf").startswith(
        "There is no format 'pdf'. Formats: bibtex,"
    )
    assert refused("get_record", pid="10.1234/none").startswith(
        "10.1234/none is not in the registry. Find it"
    )
    assert refused("get_record", pid="no identifier").startswith("'no identifier' is not an identifier")


def test_an_identifier_is_resolved_without_asking_anybody(ask):
    answer = ask("resolve_identifier", identifier="https://doi.org/10.5281/zenodo.7305227")
    assert (answer["in_registry"], answer["scheme"]) == (True, "doi")
    assert answer["records"][0]["identifier"] == HBB
    paper = ask("resolve_identifier", identifier="10.1234/paper")
    assert [(item["identifier"], item["matched_by"]) for item in paper["records"]] == [(MERGED, "paper_doi")]
    unknown = ask("resolve_identifier", identifier="10.1234/none")
    assert unknown == {
        "in_registry": False, "identifier": "doi:10.1234/none", "scheme": "doi",
        "url": "https://doi.org/10.1234/none",
    }  # fmt: skip


def test_a_removed_record_is_told_as_removed(ask, registry):
    registry.put_many([Submission(record("doi:10.1234/removed"))])
    registry.forget(["doi:10.1234/removed"])
    assert ask("resolve_identifier", identifier="10.1234/removed")["removed"] is True


def test_what_was_not_assessed_says_so_and_has_no_number(ask):
    answer = ask("assess_model", pid=HBB)
    assert answer == {
        "identifier": HBB,
        "assessed": False,
        "why_not": "It has not been assessed in this registry by the rubric of this release.",
        "how_to": f"Where the registry is kept, run: fairreg assess {HBB}",
    }


def test_a_stored_assessment_has_scores_failed_essentials_and_remedies(ask, registry):
    identifier = "doi:10.1234/assessed"
    registry.put_many([Submission(record(identifier))])
    evidence = Evidence(
        record=registry.get(identifier), requested=Identifier("doi", identifier), gathered_at=WHEN
    )
    report = msgspec.structs.replace(assess(evidence), overall=0.5)
    save(registry, [AssessmentResult(evidence, report)])
    answer = ask("assess_model", pid=identifier)
    assert (answer["assessed"], answer["overall"], answer["assessed_at"]) == (True, 0.5, WHEN)
    assert [answer["lowest"], answer["highest"]] == list(report.interval)
    assert answer["rubric"] == f"fair-ai-models {rubrics.VERSIONS['fair-ai-models']}"
    assert set(answer["letters"]) == set("FAIR")
    verdicts = [item for part in report.principles.values() for item in part.indicators]
    failed = {item.id for item in verdicts if item.weight == 3 and item.verdict == "fail"}
    assert {item["id"] for item in answer["failed_essentials"]} == failed != set()
    assert {item["id"] for item in answer["remedies"]} == {item.id for item in verdicts if item.remedy}
    assert answer["remedies"][0]["first"] is True
    assert answer["remedies"][0]["gain"] > 0


def test_equal_weights_are_found_by_fingerprint_and_by_record(ask):
    by_pid = ask("find_same_weights", pid=TWINS[0])
    assert by_pid["fingerprints"] == [FINGERPRINT]
    found = {item["identifier"]: item.get("is_asked", False) for item in by_pid["records"]}
    assert found == {TWINS[0]: True, TWINS[1]: False}
    by_digest = ask("find_same_weights", fingerprint=FINGERPRINT)
    assert {item["identifier"] for item in by_digest["records"]} == set(TWINS)
    assert "note" not in by_digest


def test_unknown_weights_are_not_taken_for_different_ones(ask, refused):
    assert ask("find_same_weights", pid=HBB)["note"].startswith(
        "The fingerprints of its weights are not known"
    )
    other = ask("find_same_weights", fingerprint=f"sha256:{'6' * 64}")
    assert (other["records"], other["note"]) == (
        [], "No other record is known to have these weights; most files have not been read.",
    )  # fmt: skip
    assert (
        refused("find_same_weights")
        == "Neither fingerprint nor pid was given. Give either fingerprint or pid."
    )
    assert refused("find_same_weights", fingerprint=HBB).startswith("This is not a fingerprint.")


@pytest.mark.parametrize("name", FORMATS)
def test_a_citation_is_that_of_the_command(ask, registry, name):
    answer = ask("cite", pid=HBB, format=name, with_data=True)
    assert answer["citation"] == cite(registry.get(HBB), format=name, with_data=True, registry=registry)


def test_the_sources_have_their_numbers(ask, registry):
    answer = ask("list_sources")
    assert answer["entries"] == registry.listing.count()
    assert {item["name"]: item["records"] for item in answer["sources"]}["zenodo"] > 0
    assert {item["name"] for item in answer["sources"]} >= {"catalogue", "huggingface"}


@pytest.mark.parametrize("pid", [HBB, quote(HBB, safe=""), "10.5281%2Fzenodo.7305227"])
def test_a_record_is_a_resource_however_its_address_is_escaped(client, registry, pid):
    (content,) = client("read_resource", f"fairreg://record/{pid}").contents
    assert content.mime_type == "application/json"
    assert json.loads(content.text) == registry.get(HBB).to_json()


def test_the_rubric_is_a_resource(client):
    document = json.loads(client("read_resource", "fairreg://rubric").contents[0].text)
    found = {item["name"]: item for item in document["rubrics"]}
    assert {name: item["version"] for name, item in found.items()} == rubrics.VERSIONS
    assert all(item["rule"]["pass"] and item["rule"]["fail"] for item in found["fair-datasets"]["indicators"])


@pytest.mark.parametrize(
    "uri", ["fairreg://record/", "fairreg://record/10.1234/none", "fairreg://x", "file:///etc"]
)
def test_what_is_not_there_is_an_error_of_the_protocol(client, uri):
    with pytest.raises(MCPError) as raised:
        client("read_resource", uri)
    assert raised.value.code == -32602


def test_an_unknown_tool_is_an_error_of_the_protocol(client):
    with pytest.raises(MCPError, match=r"There is no such tool\. Tools: search_models, ") as raised:
        client("call_tool", "delete_everything", {})
    assert raised.value.code == -32602


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        ("search_models", {"limit": 51}, "Expected `int` <= 50 - at `$.limit`"),
        ("search_models", {"min_fair": 2}, "Expected `float` <= 1.0 - at `$.min_fair`"),
        ("search_models", {"year": "soon"}, "'soon' is not a year or a range of years."),
        ("search_models", {"words": "x"}, "unknown field `words`"),
        ("get_record", {}, "missing required field `pid`"),
        ("get_record", {"pid": ""}, "length >= 1"),
        ("list_sources", {"x": 1}, "Its arguments: none."),
    ],
    ids=str,
)
def test_wrong_arguments_are_told_with_those_that_there_are(refused, name, given, told):
    text = refused(name, **given)
    assert told in text
    assert "\n" not in text


@pytest.mark.parametrize(
    ("error", "told", "logged"),
    [
        (
            RegistryError("No space left in /home/keeper."),
            "The registry cannot be read at present.",
            "/home/keeper",
        ),
        (ZeroDivisionError("oops"), "This is a fault of the server; it is in its log.", "oops"),
    ],
    ids=["registry", "fault"],
)
def test_what_is_on_this_machine_is_logged_and_not_told(refused, monkeypatch, caplog, error, told, logged):
    def broken(_self, _pid):
        raise error

    monkeypatch.setattr(Registry, "entry_for", broken)
    text = refused("get_record", pid=HBB)
    assert text.startswith(told)
    assert logged not in text
    assert logged in caplog.text


def test_a_tool_is_found_by_its_name():
    assert find_tool("cite").title == "Cite a model"
    assert find_tool("none") is None


def test_the_documentation_names_every_tool_filter_and_limit():
    page = (ROOT / "docs" / "server.md").read_text("utf-8").partition("\n## MCP\n")[2].partition("\n## ")[0]
    table = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", page, re.MULTILINE))
    assert set(table) == NAMES
    fields = set(SearchArguments.__struct_fields__) - {"query", "sort", "limit"}
    assert fields == set(re.findall(r"`(\w+)`", table["search_models"]))
    assert (
        f"names at {LINE} characters, conditions and remedies at {SENTENCE}, "
        f"descriptions at {DESCRIPTION:,}, documents at {DOCUMENT:,}, lists at {ITEMS} items. "
    ) in " ".join(page.split())
    assert f"more than {LONGEST_RECORD:,} characters" in " ".join(page.split())
