# SPDX-License-Identifier: MIT
"""`validate` and `add` with JSON-LD of other tools: what is read, what is named, what is refused."""

import json
from pathlib import Path

import pytest

DOCUMENTS = Path(__file__).parents[1] / "data" / "linked-data"


@pytest.mark.engines("sqlite")
def test_what_was_not_read_is_counted_and_named(cli):
    file = DOCUMENTS / "codemeta-2.0.json"
    named = "not read: 3 properties: programmingLanguage, softwareRequirements, author.email"
    assert cli("validate", file).out == f"{file} is a valid record.\n{named}\n"
    assert cli("add", file).out == f"doi:10.1234/tagger-code: new\n{named}\n"
    assert cli("validate", file, "--json").json["not_read"] == named.partition("properties: ")[2].split(", ")
    assert len(cli("add", file, "--json").json["not_read"]) == 3
    shown = cli("show", "10.1234/tagger-code", "--format", "json").json
    assert shown["creators"][0]["orcid"] == "0000-0002-1825-0097"


@pytest.mark.engines("sqlite")
def test_nothing_is_named_where_all_was_read(cli, tmp_path):
    document = json.loads((DOCUMENTS / "schema-org-huggingface.json").read_text(encoding="utf-8"))
    del document["creator"]["url"]
    file = tmp_path / "jets.json"
    file.write_text(json.dumps(document))
    assert "not read" not in cli("validate", file).out + cli("add", file).out


@pytest.mark.engines("sqlite")
def test_two_crates_are_two_records(cli, tmp_path):
    for number in (1, 2):
        file = tmp_path / "ro-crate-metadata.json"
        crate = json.loads((DOCUMENTS / "ro-crate-1.1.json").read_text(encoding="utf-8"))
        crate["@graph"][1]["identifier"] = f"https://doi.org/10.1234/crate-{number}"
        file.write_text(json.dumps(crate))
        assert cli("add", file, "--json").json == {
            "schema_version": "1.0",
            "id": f"doi:10.1234/crate-{number}",
            "outcome": "new",
            "not_read": ["mentions", "publisher.@id", "hasPart.name", "@graph.PropertyValue"],
            "others": [],
        }


@pytest.mark.engines("sqlite")
def test_a_crate_that_nothing_names_is_refused_with_what_to_write(cli, tmp_path):
    file = tmp_path / "ro-crate-metadata.json"
    crate = json.loads((DOCUMENTS / "ro-crate-1.1.json").read_text(encoding="utf-8"))
    del crate["@graph"][1]["identifier"]
    file.write_text(json.dumps(crate))
    for result in (cli("validate", file), cli("add", file)):
        assert result.code == 1
        assert "$.identifier" in result.out + result.err
        assert '"identifier": "https://doi.org/10.1234/abc"' in result.err


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize(
    "content", [b"cff-version: 1.2.0\ntitle: T\n", b"PK\x03\x04\xff", b"@software{a,\n}\n"]
)
def test_a_file_that_is_no_record_is_refused_with_what_is_one(cli, tmp_path, content):
    file = tmp_path / "file"
    file.write_bytes(content)
    for result in (cli("validate", file), cli("add", file)):
        assert result.code == 1
        assert "file is not JSON" in result.err
        assert "--format jsonld" in result.err
        assert "ro-crate-metadata.json" in result.err


def plain(number, source_id):
    return {
        "identifier": f"doi:10.5281/zenodo.{number}",
        "kind": "model",
        "name": f"model {number}",
        "provenance": {"source": "me", "source_id": source_id},
    }


def test_a_plain_record_is_found_by_its_identifier_and_replaces_no_other(cli, tmp_path):
    for number, source_id in ((801, "1"), (802, "2"), (803, "1")):
        (tmp_path / f"{number}.json").write_text(json.dumps(plain(number, source_id)), encoding="utf-8")
    assert cli("add", tmp_path / "801.json").code == cli("add", tmp_path / "802.json").code == 0
    refused = cli("add", tmp_path / "803.json")
    assert refused.code == 1
    assert "is doi:10.5281/zenodo.801 in the registry, so doi:10.5281/zenodo.803 was not added" in refused.err
    for number in (801, 802):
        assert cli("show", f"10.5281/zenodo.{number}", "--format", "json").json["name"] == f"model {number}"
    assert "unchanged" in cli("add", tmp_path / "801.json").out


def several(*nodes):
    return {"@context": "https://schema.org/", "@graph": list(nodes)}


def dataset(name, **more):
    return {"@type": "Dataset", "name": name} | more


@pytest.mark.engines("sqlite")
def test_the_other_records_of_a_file_are_named_with_how_to_add_them(cli, tmp_path):
    file = tmp_path / "catalogue.json"
    doi = "https://doi.org/10.1234/"
    nodes = [dataset(f"Jets {name}", identifier=doi + name) for name in "ab"]
    file.write_text(json.dumps(several(*nodes, dataset("Jets c"))))
    told = "has 2 more records, of which only doi:10.1234/a was read: doi:10.1234/b (Jets b), 'Jets c'"
    others = [{"identifier": "doi:10.1234/b", "name": "Jets b"}, {"identifier": None, "name": "Jets c"}]
    for command in ("validate", "add"):
        result = cli(command, file)
        assert f"{file.name} {told}" in result.out
        assert "to a file of its own, with the same @context" in result.err
        assert cli(command, file, "--json").json["others"] == others


@pytest.mark.engines("sqlite")
def test_the_other_records_of_an_own_document_and_of_a_list_are_named(cli, tmp_path):
    pids = ("catalogue:fairreg-hbb-reference-1", "catalogue:cms-particlenetak8-general-v01")
    own = [cli("show", pid, "--format", "jsonld").json for pid in pids]
    file = tmp_path / "two.jsonld"
    file.write_text(json.dumps({"@context": own[0]["@context"], "@graph": own}))
    (other,) = cli("validate", file, "--json").json["others"]
    assert other["identifier"] in pids
    file.write_text(json.dumps([plain(number, str(number)) for number in range(3)]))
    for result in (cli("validate", file), cli("add", file)):
        assert result.code == 1
        assert "is a list of 3 values, and a file holds one record" in result.out + result.err
        assert "Hint: Write each record to a file of its own." in result.err


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize(
    ("stated", "fault"),
    [
        ({"identifier": "https://doi.org/10.5281/zenodo.XXXXXXX"}, "the template of an identifier"),
        ({"identifier": "model-7"}, "'model-7', which names nothing outside this document"),
        ({"url": "https://arxiv.org/abs/1909.12285"}, "which identifies a paper, not this record"),
        ({}, "$.identifier: is missing"),
        ({"identifier": "https://doi.org/10.1234/a", "name": 7}, "$.name: is 7, which is not a text"),
    ],
)
def test_a_value_that_does_not_count_is_not_called_missing(cli, tmp_path, stated, fault):
    file = tmp_path / "x.json"
    file.write_text(json.dumps({"@context": "https://schema.org/"} | dataset("Jets") | stated))
    for command in ("validate", "add"):
        result = cli(command, file)
        assert result.code == 1
        assert fault in result.out + result.err
        assert bool(stated) is ("missing" not in result.out + result.err)


@pytest.mark.engines("sqlite")
def test_a_record_that_is_called_by_a_template_is_refused(cli, tmp_path):
    file = tmp_path / "x.json"
    record = cli("show", "catalogue:fairreg-hbb-reference-1", "--format", "json").json
    file.write_text(json.dumps(record | {"identifier": "doi:10.5281/zenodo.xxxxxxx"}))
    for command in ("validate", "add"):
        result = cli(command, file)
        assert result.code == 1
        assert "the template of one" in result.out + result.err
        assert "Write the DOI that the archive gave to the record" in result.err


CITATION = """cff-version: 1.2.0
message: Cite it.
title: Jets
authors: [{name: Ada}]
doi: 10.5281/zenodo.7305227
"""


@pytest.mark.parametrize(
    ("text", "said", "code"),
    [
        (CITATION, "is a valid citation file (CFF 1.2.0)", 0),
        (CITATION.replace("title: Jets\n", ""), "$: 'title' is a required property", 1),
        (CITATION.replace("7305227", "XXXXXXX"), "$.doi: '10.5281/zenodo.XXXXXXX' is not an identifier", 1),
        (CITATION + "\tx: [", "is not valid YAML", 1),
        ("- 1\n", "holds no YAML object", 1),
    ],
)
def test_a_citation_file_is_validated_as_what_it_is(cli, tmp_path, text, said, code):
    file = tmp_path / "CITATION.cff"
    file.write_text(text)
    result = cli("validate", file)
    assert (result.code, said in result.out) == (code, True), result
    assert cli("validate", file, "--json").json["valid"] is (code == 0)


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize(
    ("name", "content"), [("CITATION.cff", CITATION.encode()), ("net.pt", b"\x80\x02}.")]
)
def test_a_file_that_is_no_json_comes_with_the_command_that_reads_it(cli, tmp_path, name, content):
    file = tmp_path / name
    file.write_bytes(content)
    result = cli("add", file)
    assert result.code == 1
    assert "is not JSON" in result.err
    assert "Hint: A record is a file of JSON or JSON-LD" in result.err
    assert (
        "fairreg validate also checks a file NAME.cff; fairreg inspect says what a model file is"
        in result.err
    )


@pytest.mark.engines("sqlite")
def test_a_licence_beside_a_restriction_is_not_the_licence(cli, tmp_path):
    document = {
        "@context": "https://schema.org",
        "@type": "SoftwareSourceCode",
        "@id": "https://doi.org/10.1234/gl",
        "name": "GL",
        "license": ["https://spdx.org/licenses/MIT", "Non-commercial use only"],
    }
    file = tmp_path / "gl.json"
    file.write_text(json.dumps(document))
    cli("add", file)
    both = "MIT; Non-commercial use only"
    assert both in cli("show", "10.1234/gl").out
    assert cli("show", "10.1234/gl", "--format", "codemeta").json["license"] == both
    assert "MIT" not in cli("show", "10.1234/gl", "--format", "cff").out
    assert "MIT" not in cli("show", "10.1234/gl", "--format", "bibtex").out
    assert "10.1234/gl" in cli("search", "GL", "--json").out
    assert "10.1234/gl" not in cli("search", "GL", "--license", "MIT", "--json").out


@pytest.mark.parametrize("json_too", [(), ("--json",)])
def test_no_email_address_is_printed_of_a_further_record_or_an_unread_property(cli, tmp_path, json_too):
    further = {"@type": "Dataset", "@id": "https://doi.org/10.1234/b", "name": "Jets by ada@example.org"}
    first = {"@type": "MLModel", "@id": "https://doi.org/10.1234/a", "name": "Jets", "ada@example.org": "x"}
    file = tmp_path / "two.json"
    file.write_text(json.dumps({"@context": "https://schema.org", "@graph": [first, further]}))
    for command in ("validate", "add"):
        said = cli(command, file, *json_too)
        assert "Jets by (e-mail address)" in said.out
        assert "ada@" not in said.out + said.err
    file.write_text(json.dumps({**first, "@context": "https://schema.org", "@id": "mailto:ada@example.org"}))
    refused = cli("validate", file, *json_too)
    assert refused.code == 1
    assert "(e-mail address)" in refused.out
    assert "ada@" not in refused.out + refused.err


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize("lacks", [("provenance",), ("provenance", "kind")], ids=len)
def test_a_record_written_by_hand_is_refused_with_an_example(cli, tmp_path, lacks):
    file = tmp_path / "record.json"
    record = {"name": "x", "identifier": "doi:10.1234/x", "kind": "model", "provenance": {}}
    file.write_text(json.dumps({name: value for name, value in record.items() if name not in lacks}))
    for result in (cli("validate", file), cli("add", file)):
        assert result.code == 1
        assert "fairreg show 10.5281/zenodo.7305227 --format json" in result.err
        assert "fairreg new" in result.err
