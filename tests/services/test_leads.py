# SPDX-License-Identifier: MIT
"""Where an identifier leads that no service answers, or whose service lists no files."""

import pytest

from fairreg.errors import IdentifierError, NotFound
from fairreg.harvesters import github
from fairreg.schemas.identifiers import Identifier, RequestedIdentifier
from fairreg.schemas.record import ModelRecord, Provenance
from fairreg.services.fetch.fetch import fetch
from fairreg.services.fetch.leads import elsewhere, follow, settled
from fairreg.services.registry.db import open_registry
from support import hbb


def record(name, *identifiers, source="physhub"):
    return ModelRecord(
        identifier=identifiers[0].compact if identifiers else f"{source}:{name}",
        kind="model",
        name=name,
        identifiers=identifiers,
        provenance=Provenance(source=source, source_id=name),
    )


@pytest.fixture
def registry(settings):
    with open_registry(settings) as opened:
        yield opened


def led(registry, text):
    return follow(lambda: registry, RequestedIdentifier(text), lambda _line: None)


def unopened():
    raise AssertionError("the registry was opened")


@pytest.mark.parametrize("text", [hbb.DOI, "zenodo:7305227", "github:FAIR4HEP/hbb", "org/name"])
def test_what_a_service_answers_needs_no_registry(text):
    lead = follow(unopened, RequestedIdentifier(text), lambda _line: None)
    assert (str(lead.target), lead.entry) == (text, None)


def test_a_doi_at_a_host_of_files_comes_before_a_repository_and_both_before_other_dois(registry):
    dataverse, repository = Identifier("doi", "10.7910/dvn/abc"), Identifier("github", "org/tagger")
    archived = Identifier("doi", "10.5281/zenodo.4242")
    registry.put(record("all", Identifier("pypi", "all"), dataverse, repository, archived))
    registry.put(
        record("some", Identifier("pypi", "some"), Identifier("doi", "10.7910/dvn/some"), repository)
    )
    assert str(led(registry, "pypi:all").target) == archived.compact
    assert str(led(registry, "physhub:some").target) == repository.compact


def test_the_statement_of_a_source_leads_to_the_record(registry):
    registry.put(record("tagger-7", Identifier("github", "org/tagger")))
    assert str(led(registry, "physhub:tagger-7").target) == "github:org/tagger"
    found = settled(registry, "physhub:tagger-7")
    assert (found.text, found.identifier) == ("physhub:tagger-7", Identifier("github", "org/tagger"))


def test_the_fingerprint_of_one_file_of_a_collection_leads_to_the_record(registry):
    value = "sha256:" + "a" * 64
    registry.put(record("many", Identifier("github", "org/many"), Identifier("file_fingerprint", value)))
    assert str(led(registry, value).target) == "github:org/many"


def test_references_to_other_objects_are_not_followed(registry):
    copied = Identifier("related_doi", "10.5281/zenodo.1")
    registry.put(record("alone", Identifier("url", "https://example.org/alone"), copied))
    lead = led(registry, "https://example.org/alone")
    assert lead.target is None
    assert "names no DOI and no repository" in lead.fault.message
    assert "example.org/alone" in lead.fault.hint


def test_unknown_texts_stay_what_they_are(registry):
    assert str(led(registry, "pypi:nothing").target) == "pypi:nothing"
    for call in (led, settled):
        with pytest.raises(IdentifierError):
            call(registry, "nothing:at-all")


def test_a_doi_whose_host_lists_no_files_leads_elsewhere(registry):
    doi, repository = Identifier("doi", "10.7910/dvn/abc"), Identifier("github", "org/tagger")
    registry.put(record("both", doi, repository))
    assert str(elsewhere(registry, RequestedIdentifier(doi.value))) == "github:org/tagger"
    assert elsewhere(registry, RequestedIdentifier("10.7910/dvn/other")) is None


@pytest.mark.engines("sqlite")
def test_the_doi_of_a_paper_names_the_records_that_refer_to_it(settings, httpserver):
    with open_registry(settings) as registry:
        registry.put(record("cited", Identifier("github", "org/cited"), Identifier("paper_doi", "10.1234/p")))
    httpserver.expect_request("/datacite/dois/10.1234/p").respond_with_json({"errors": []}, status=404)
    httpserver.expect_request("/doi/10.1234/p").respond_with_data("", status=404)
    with pytest.raises(NotFound, match=r"identifies a paper, .* github:org/cited"):
        fetch(settings, "10.1234/p")


@pytest.mark.engines("sqlite")
def test_the_files_of_a_doi_at_an_unknown_host_are_fetched_from_the_repository(
    settings, httpserver, monkeypatch
):
    doi, repository = Identifier("doi", "10.7910/dvn/abc"), Identifier("github", "org/tagger")
    with open_registry(settings) as registry:
        registry.put(record("both", doi, repository))
    document = hbb.registration(doi.value)
    document["data"]["attributes"]["url"] = "https://dataverse.example.org/1"
    httpserver.expect_request(f"/datacite/dois/{doi.value}").respond_with_json(document)
    lines = []

    def absent(_self, _web, identifier):
        raise NotFound(f"asked for {identifier.compact}")

    monkeypatch.setattr(type(github.HARVESTER), "fetch", absent)
    with pytest.raises(NotFound, match="asked for github:org/tagger"):
        fetch(settings, doi.value, log=lines.append)
    assert any("The registry also names github:org/tagger." in line for line in lines)
