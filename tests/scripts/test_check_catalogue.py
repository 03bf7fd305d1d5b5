# SPDX-License-Identifier: MIT
"""The packaged catalogue has no fault, and each kind of fault is found."""

import json
from pathlib import Path

import check_catalogue
import pytest

COMMIT = "fd8b998d7814c5d26e5a597cb1a4d89bf2051004"
FILE = f"https://github.com/FAIR4HEP/hbb_interaction_network/blob/{COMMIT}/README.md"


def entry(**changes):
    identifier = {"scheme": "github", "value": "o/r", "evidence": FILE}
    return {
        "identifier": "github:o/r",
        "kind": "model",
        "name": "A tagger",
        "provenance": {"source": "catalogue", "source_id": "a-tagger"},
        "identifiers": [identifier],
        **changes,
    }


def with_evidence(evidence):
    return entry(identifiers=[{"scheme": "github", "value": "o/r", "evidence": evidence}])


@pytest.fixture
def check(tmp_path, capsys):
    """Exit status and output for a document of these entries."""

    def run(*entries):
        file = tmp_path / "records.json"
        file.write_text(json.dumps(entries), encoding="utf-8")
        status = check_catalogue.main([str(file)])
        return status, capsys.readouterr().out

    return run


def test_the_packaged_catalogue_has_no_fault(capsys):
    assert check_catalogue.main([]) == 0
    assert capsys.readouterr().out == "165 records, no fault\n"


@pytest.mark.parametrize(
    "evidence",
    [
        FILE,
        f"{FILE} (badge)",
        "https://github.com/cms-sw/cmssw/pull/44641",
        "https://github.com/uboone/OpenSamples",
        "https://arxiv.org/abs/2212.05081 (reference 61)",
        "https://doi.org/10.5281/zenodo.8099322",
        "https://huggingface.co/datasets/jet-universe/jetclass",
        "https://opendata.cern.ch/record/12102",
        f"https://raw.githubusercontent.com/o/r/{COMMIT}/LICENSE",
        'J. Duarte, "FAIR4HEP: findable frameworks for AI in HEP", IRIS-HEP topical meeting, 2021',
        'A. Roy, "FAIR principles for data and AI models", ICHEP 2022 (reference 8)',
    ],
)
def test_public_addresses_and_citations_are_evidence(check, evidence):
    assert check(with_evidence(evidence)) == (0, "1 records, no fault\n")


@pytest.mark.parametrize(
    "evidence",
    [
        # A private index, and the words of notes.
        "stored GitHub-index file id 8752937480 (README text); index gives no repo/path for ids",
        "stored GitHub-index file id 61551028545 (README)",
        "seed 001 L128 and seed 003 L478 (v1.0.0)",
        "same record",
        "README links zenodo.org/record/6975118",
        "general knowledge",
        # Lines of an extracted text.
        "Duarte et al., arXiv:2212.05081 ref [61], L507 (v0.1.1)",
        "Roy, ICHEP 2022 proceedings (FAIR principles for data and AI models in HEP) L121",
        # Mirrors, copies and servers for tests.
        "page mirror hf.global-rail.com/datasets/jet-universe/jetclass2 README front matter",
        "https://hf-mirror.com/datasets/jet-universe/jetclass2",
        "https://huggingface.co./datasets/jet-universe/jetclass",
        "https://opendata-qa.cern.ch/record/80030",
        "https://huggingface.co/datasets/a/b (seen on a mirror)",
        "https://arxiv.org/abs/2212.05081 (stored GitHub index)",
        # A repository's file without a commit, on a branch, or in another notation.
        "FAIR4HEP/hbb_interaction_network:README.md@fd8b998d7814c5d26e5a597cb1a4d89bf2051004",
        "https://github.com/FAIR4HEP/hbb_interaction_network/blob/main/README.md",
        "https://github.com/search?q=hbb",
        # Addresses that lead nowhere.
        "http://arxiv.org/abs/2212.05081",
        "https://arxiv.org",
        "https://arxiv.org/abs/2212.05081; README",
        "https://doi.org/10.XXXX/zenodo.1",
        "file:///etc/hosts",
        "",
    ],
)
def test_what_no_reader_can_open_is_no_evidence(check, evidence):
    status, said = check(with_evidence(evidence))
    assert status == 1
    assert said.startswith("A tagger: github o/r: ")


def test_an_identifier_without_evidence_is_found(check):
    status, said = check(entry(identifiers=[{"scheme": "github", "value": "o/r"}]))
    assert (status, said) == (1, "A tagger: github o/r: no evidence\n")


def test_the_target_of_a_relation_needs_evidence_too(check):
    target = {"scheme": "doi", "value": "10.5281/zenodo.1", "evidence": "README"}
    status, said = check(entry(relations=[{"type": "trained_on", "target": target}]))
    assert status == 1
    assert "doi 10.5281/zenodo.1: neither an address nor a citation: README" in said


def test_the_evidence_of_a_field_is_checked_where_there_is_some(check):
    def of(*origins):
        return entry(provenance={"source": "catalogue", "source_id": "a-tagger", "origins": list(origins)})

    assert check(of({"field": "frameworks", "origin": "inferred"}))[0] == 0
    assert check(of({"field": "license", "origin": "stated", "evidence": FILE}))[0] == 0
    status, said = check(of({"field": "license", "origin": "stated", "evidence": "LICENSE (MIT text tail)"}))
    assert status == 1
    assert said.startswith("A tagger: license: neither")


@pytest.mark.parametrize(
    "note",
    [
        "Frameworks: not_seen.",
        "Paper link made by title; the stored README does not name it.",
        "ONNX portability from the seed paper.",
        "Weights at the cited commit.",
        "confidence high: main identifier seen",
        "See L507 of the talk.",
        "Licence was not seen.",
    ],
)
def test_notes_that_makers_write_for_each_other_are_found(check, note):
    status, said = check(entry(notes=note))
    assert (status, said) == (1, f"A tagger: an internal note: {note}\n")


@pytest.mark.parametrize(
    ("doi", "fault"),
    [
        ("10.5821/zenodo.4286175", "prefix and suffix are of different services"),
        ("10.5281/opendata.cms.jgjx.ms7q", "prefix and suffix are of different services"),
        ("10.5281/4286175", "prefix and suffix are of different services"),
        ("10.XXXX/XXXX", "not a DOI in its normal form"),
        ("10.5281/zenodo.XXXXXXX", "not a DOI in its normal form"),
        ("10.1103/PhysRevD.102.012010", "not a DOI in its normal form"),
        ("https://doi.org/10.5281/zenodo.1", "not a DOI in its normal form"),
    ],
)
def test_damaged_dois_are_found(check, doi, fault):
    status, said = check(entry(identifiers=[{"scheme": "related_doi", "value": doi, "evidence": FILE}]))
    assert (status, said) == (1, f"A tagger: {fault}: {doi}\n")


@pytest.mark.parametrize("orcid", ["0000-0002-5076-7097", "0000-0000-0000-0000"])
def test_an_orcid_that_fails_its_checksum_is_found(check, orcid):
    status, said = check(entry(creators=[{"name": "Javier Duarte", "orcid": orcid}]))
    assert (status, said) == (1, f"A tagger: the ORCID of Javier Duarte fails its checksum: {orcid}\n")


def test_what_a_record_says_twice_is_found(check):
    twice = [{"scheme": "github", "value": "o/r", "evidence": FILE}] * 2
    assert check(entry(identifiers=twice)) == (1, "A tagger: github o/r stands there 2 times\n")


def test_two_entries_of_one_identifier_id_or_name_are_found(check):
    status, said = check(entry(), entry())
    assert status == 1
    assert set(said.splitlines()) == {
        "2 entries have the identifier github:o/r",
        "2 entries have the id a-tagger",
        "2 entries have the name a tagger",
    }


def test_two_entries_of_one_doi_are_found(check):
    def owner(number, scheme):
        return entry(
            identifier=f"catalogue:{number}",
            name=f"Entry {number}",
            provenance={"source": "catalogue", "source_id": str(number)},
            identifiers=[{"scheme": scheme, "value": "10.5281/zenodo.1", "evidence": FILE}],
        )

    assert check(owner(1, "doi"), owner(2, "concept_doi")) == (1, "2 entries have the DOI 10.5281/zenodo.1\n")
    assert check(owner(1, "doi"), owner(2, "related_doi"))[0] == 0  # another version of it
    assert check(owner(1, "paper_doi"), owner(2, "paper_doi"))[0] == 0  # one paper on two things


def test_a_document_that_holds_no_records_is_refused(tmp_path, capsys):
    file = tmp_path / "records.json"
    for text in ("{}", "[1]", "no JSON"):
        file.write_text(text, encoding="utf-8")
        assert check_catalogue.main([str(file)]) == 2
    assert check_catalogue.main([str(tmp_path / "absent.json")]) == 2
    assert capsys.readouterr().err.startswith("Not a catalogue: ")


def test_the_table_of_weights_has_one_row_for_each_model(monkeypatch, tmp_path):
    records = check_catalogue.read(check_catalogue.CATALOGUE / "records.json")
    assert list(check_catalogue.weights_faults(records)) == []
    table = check_catalogue.WEIGHTS.read_text(encoding="utf-8").splitlines()
    kept = (line for line in table if "PELICAN" not in line)
    changed = [line.replace("32 .pth, 1 .onnx\tpth, onnx", "32 .pth\tpth") for line in kept]
    monkeypatch.setattr(check_catalogue, "WEIGHTS", tmp_path / "weights.tsv")
    Path(check_catalogue.WEIGHTS).write_text(
        "\n".join((*changed, "github:o/r\tnone")) + "\n", encoding="utf-8"
    )
    assert [fault.partition(": ")[2] for fault in check_catalogue.weights_faults(records)] == [
        "github:abogatskiy/PELICAN has no row",
        "github:o/r has no model",
        "doi:10.5281/zenodo.7305227 has other formats than its record",
    ]


def test_make_lint_runs_it():
    makefile = Path(check_catalogue.__file__).parents[1] / "Makefile"
    lint = makefile.read_text(encoding="utf-8").partition("\nlint:")[2].partition("\n\n")[0]
    assert "scripts/check_catalogue.py" in lint
