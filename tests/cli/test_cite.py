# SPDX-License-Identifier: MIT
"""`cite`: the citation of a record as people and as reference managers take it."""

import json

import pytest

from fairreg.cli.find.cite import CitationFormat
from fairreg.schemas.record import ModelRecord
from fairreg.services.cite import FORMATS, cite
from support import hbb

PAPER, DATA = "10.1088/2632-2153/ad12e3", "10.7483/opendata.cms.jgjx.ms7q"


def test_the_formats_are_those_of_the_service():
    assert [item.value for item in CitationFormat] == list(FORMATS)


@pytest.mark.parametrize("name", list(FORMATS))
def test_a_record_is_cited_in_every_format(cli, name):
    record = ModelRecord.from_json(cli("show", hbb.DOI, "--format", "json").json)
    result = cli("cite", hbb.DOI, "--format", name)
    assert (result.code, result.err) == (0, "")
    assert result.out == cite(record, format=name)
    assert hbb.DOI in result.out


def test_a_citation_is_one_line_of_text_unless_told_otherwise(cli):
    out = cli("cite", "https://doi.org/10.5281/ZENODO.7305227").out
    assert out.startswith(
        "Duarte, J. M., Li, B., Roy, A., & Zhu, R. (2022). Hbb Interaction Network (FAIR4HEP)"
    )
    assert out.endswith(f"https://doi.org/{hbb.DOI}\n")
    assert out.count("\n") == 1


def test_training_data_and_papers_are_cited_where_they_are_asked_for(cli):
    alone = cli("cite", hbb.DOI).out
    assert DATA not in alone
    assert PAPER not in alone
    assert DATA in cli("cite", hbb.DOI, "--with-data").out
    assert PAPER in cli("cite", hbb.DOI, "--with-paper").out
    items = json.loads(cli("cite", hbb.DOI, "--with-data", "--with-paper", "-f", "csl").out)
    assert [item["DOI"] for item in items] == [hbb.DOI, DATA, PAPER]


def test_a_citation_asks_the_source_for_what_the_registry_has_not(cli, httpserver):
    document = hbb.registration("10.1234/other")
    document["data"]["attributes"]["url"] = "https://repository.example.org/1"
    httpserver.expect_request("/datacite/dois/10.1234/other").respond_with_json(document)
    result = cli("cite", "10.1234/other", "--format", "ris")
    assert "10.1234/other" in result.out
    assert "not in the registry" in result.err


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("nonsense",), 2, "'nonsense' is not an identifier"),
        ((hbb.DOI, "--format", "pdf"), 2, "bibtex"),
        ((), 2, "PID"),
        (("catalogue:nothing",), 1, "catalogue:nothing"),
    ],
)
def test_what_cannot_be_cited_is_refused_as_by_show(cli, words, code, said):
    result = cli("cite", *words)
    assert (result.code, result.out) == (code, "")
    assert said in result.err
    assert cli("show", *words).code == code


@pytest.mark.engines("sqlite")
def test_a_citation_offline_says_what_it_would_have_asked(cli, monkeypatch):
    monkeypatch.setenv("FAIRREG_OFFLINE", "1")
    result = cli("cite", "10.5281/zenodo.99999999")
    assert (result.code, result.out) == (4, "")
    assert "Offline mode is on" in result.err
