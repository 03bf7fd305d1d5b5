# SPDX-License-Identifier: MIT
"""What the commands say of a record that its source withdrew."""

import json

import pytest

from support import hbb

DOI = "10.1234/model"
SAID = "withdrawn on 2023-04-05: Error in training"
WARNING = f"Warning: doi:{DOI} was withdrawn by its source: {SAID}"


class Registrar:
    """DataCite with one DOI of a repository that fairreg does not know; it may be withdrawn."""

    def __init__(self, httpserver) -> None:
        self.document = hbb.registration(DOI)
        attributes = self.document["data"]["attributes"]
        attributes |= {"url": "https://repository.example.org/1", "relatedIdentifiers": []}
        self.dates = list(attributes.get("dates", []))
        httpserver.expect_request(f"/datacite/dois/{DOI}").respond_with_handler(
            lambda _: self._answer(self.document)
        )
        httpserver.expect_request("/datacite/dois").respond_with_handler(
            lambda _: self._answer({"data": [self.document["data"]], "meta": {"total": 1}, "links": {}})
        )

    def withdraw(self) -> None:
        date = {"date": "2023-04-05", "dateType": "Withdrawn", "dateInformation": "Error in training"}
        attributes = self.document["data"]["attributes"]
        attributes["dates"] = [*self.dates, date]
        attributes["titles"] = [{"title": "A title after the withdrawal"}]

    @staticmethod
    def _answer(body):
        from werkzeug import Response

        return Response(json.dumps(body), content_type="application/json")


@pytest.fixture
def registrar(httpserver) -> Registrar:
    return Registrar(httpserver)


@pytest.fixture
def withdrawn(cli, registrar):
    """A registry that harvested the record before and after its withdrawal."""
    assert "1 new" in cli("harvest", "datacite").out
    registrar.withdraw()
    assert "1 gone" in cli("harvest", "datacite").out


@pytest.mark.usefixtures("withdrawn")
def test_show_warns_and_the_card_says_that_access_is_closed(cli):
    shown = cli("show", DOI)
    assert WARNING in shown.err
    lines = [line.split() for line in shown.out.splitlines()]
    assert ["Access", "closed"] in lines
    assert SAID in " ".join(shown.out.split())


@pytest.mark.sliced(2)
@pytest.mark.usefixtures("withdrawn")
@pytest.mark.parametrize("name", ["json", "jsonld", "turtle", "zenodo"])
def test_every_format_with_a_place_for_access_says_that_it_is_closed(cli, name):
    shown = cli("show", DOI, "--format", name)
    assert WARNING in shown.err
    assert "closed" in shown.out.lower() or "restricted" in shown.out.lower()
    if name in {"json", "jsonld"}:
        assert SAID in shown.out


@pytest.mark.usefixtures("withdrawn")
def test_a_harvest_keeps_what_the_record_says_after_its_withdrawal(cli):
    shown = cli("show", DOI, "--format", "json").json
    assert shown["name"] == "A title after the withdrawal"
    assert shown["access"] == {"level": "closed", "conditions": SAID}


@pytest.mark.usefixtures("withdrawn")
def test_a_repeated_harvest_leaves_the_record_withdrawn(cli):
    assert "1 gone" in cli("harvest", "datacite").out
    assert WARNING in cli("show", DOI).err


@pytest.mark.usefixtures("withdrawn")
def test_an_offline_assessment_warns_and_scores_the_access_as_closed(cli):
    result = cli("assess", DOI, "--offline", "--json")
    assert WARNING in result.err
    assert result.code == 0


def test_an_assessment_of_older_evidence_warns_of_a_later_withdrawal(cli, registrar):
    cli("assess", DOI)
    registrar.withdraw()
    cli("harvest", "datacite")
    result = cli("assess", DOI, "--offline")
    assert "Scored from the evidence of" in result.err
    assert WARNING in result.err


@pytest.mark.usefixtures("withdrawn")
def test_a_search_result_says_that_it_is_gone(cli):
    found = cli("search", DOI, "--json").json
    assert [row["gone"] for row in found["results"]] == [True]


@pytest.mark.usefixtures("withdrawn")
@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_a_fetch_names_the_withdrawal(cli, more):
    result = cli("fetch", DOI, *more)
    assert result.code == 1
    assert f"{DOI} was withdrawn by its source: {SAID}." in result.err
    assert "download the files manually" not in result.err


def test_a_fetch_without_the_source_warns_of_the_withdrawal(cli, settings, httpserver):
    from fairreg.registry import Registry

    hbb.serve(httpserver, b"content")
    cli("fetch", hbb.DOI)
    with Registry(settings=settings) as registry:
        for said in registry.statements.of_entry(hbb.DOI):
            registry.statements.withdraw(said.source, said.source_id, "Spam.")
    httpserver.clear()
    result = cli("fetch", hbb.DOI)
    assert "was withdrawn by its source: Spam." in result.err


@pytest.mark.parametrize("command", ["show", "fetch", "assess"])
def test_the_registry_is_named_only_to_those_whose_registry_has_the_record(cli, httpserver, command):
    path = "/zenodo/api/records/410"
    body = {"status": 410, "tombstone": {"note": "Retracted"}}
    httpserver.expect_request(path).respond_with_json(body, status=410)
    result = cli(command, "zenodo:410")
    assert result.code == 1
    assert "zenodo:410 was withdrawn from Zenodo: Retracted." in result.err
    assert "in the registry stay" not in result.err


@pytest.mark.parametrize("command", ["fetch", "assess"])
def test_what_the_registry_has_of_a_withdrawn_record_is_named(cli, httpserver, command):
    path = f"/zenodo/api/records/{hbb.DOI.rpartition('.')[2]}"
    httpserver.expect_request(path).respond_with_json({"tombstone": {"note": "Spam"}}, status=410)
    assert "Its data in the registry stay available" in cli(command, hbb.DOI).err
