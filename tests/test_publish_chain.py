# SPDX-License-Identifier: MIT
"""The chain of scripts/publish_chain.py: from an empty folder to an assessed DOI, at the stand-in for Zenodo.

Each of its commands is a process, as for a user; one that fails or scores lower than expected raises.
"""

import json
from pathlib import Path
from subprocess import CalledProcessError

import pytest
from chain_data import described, jets, toy_jets
from deposit_stand_in import served
from hub_stand_in import served as hub_served
from publish_chain import NAMED, PAPER_OF_TOY, TOY, Chain, percent

from support.projects import new, python
from support.validators import VALIDATORS, croissant_faults, faults_by_others

DOI = "10.5281/zenodo.1"
TABLE = (Path(__file__).parents[1] / "docs" / "publishing.md").read_text("utf-8").splitlines()
# Below pass for what no file of a project tells: an entry elsewhere, and the digest of the base image.
OF_OTHERS = {"F4-3": "No entry in a model registry is linked", "R2-3": "which can change"}


@pytest.fixture
def chain(tmp_path):
    with served() as stand, hub_served() as hub:
        yield Chain(tmp_path, stand, hub)


def row(model, scores):
    """The row of docs/publishing.md on a model."""
    return f"| {model} | {percent(scores.overall)} | {', '.join(scores.below)} |"


def publications(chain):
    """Paths of the requests that publish something."""
    return [path for method, path in chain.stand.asked if (method, path[-8:]) == ("POST", "/publish")]


@pytest.mark.long
def test_toy_of_default_answers_reaches_its_score_and_nothing_is_published_unasked(chain, capfd):
    scores = chain.toy()
    assert scores.overall >= TOY
    assert row("toy, default answers", scores) in TABLE
    # What the default answers do not name: data, paper, repository and author.
    assert scores.below.keys() == {"F4-3", "I2-1", "I2-2", "I2-3", "I2-4", "R1.2-3", "R2-3"}
    assert all(": " in reason and reason.endswith(".") for reason in scores.below.values())
    told = capfd.readouterr().out
    assert all(f"{name:6} {reason}" in told for name, reason in scores.below.items())
    assert "The outputs are those of the authors" in told  # of fetch --run, on the published test vectors
    # Of show: what the record at the service has no fields for comes from the published files.
    for part in ("| input | features | float32 |", "## Intended use", "| ROC AUC |", "## Usage"):
        assert part in told
    (record,) = chain.stand.records.values()  # one draft, first kept and then published
    assert publications(chain) == [f"/zenodo/api/records/{record.id}/draft/actions/publish"]
    assert set(chain.stand.authorizations) <= {"", f"Bearer {chain.stand.token}"}


@pytest.mark.long  # 25 s of CPU: the chain of make publish-demo
def test_models_that_name_data_and_paper_reach_their_score(chain):
    chain.toy()
    tagger = chain.toy_with_data()
    assert tagger.overall >= NAMED
    assert row("toy, with author, repository, its data set and a paper; also at the Hub", tagger) in TABLE
    # It is listed at the Hub, and the two name each other.
    assert tagger.below.keys() == {"R2-3"}
    assert OF_OTHERS["R2-3"] in tagger.below["R2-3"]
    assert [item.private for item in chain.hub.repositories.values()] == [False]
    reference = chain.reference()
    assert reference.overall >= NAMED
    assert row("fairreg's reference weights, by `fairreg new --from`", reference) in TABLE
    # Nobody noted the hardware of the training, nor is an author a person with an ORCID.
    assert reference.below.keys() == {*OF_OTHERS, "R1.2-3"}
    assert all(words in reference.below[name] for name, words in OF_OTHERS.items())
    assert {scores.letters["I"] for scores in (tagger, reference)} == {1}
    assert {"trainedOn", "referencePublication", "hasEvaluation", "input"} <= what_is_shown(chain).keys()
    # One publication for each command with --yes: three models, two data sets, and the Hub's own.
    assert len(publications(chain)) == len(chain.stand.published()) == len(chain.stand.records) == 5


def what_is_shown(chain):
    """Members of the tagger's FAIR4ML and CodeMeta documents, for somebody who fetched it by its DOI."""
    home = {"FAIRREG_HOME": str(chain.folder / "home-of-another-tagger")}
    doi = next(
        item.doi for item in chain.stand.published() if item.document["metadata"]["title"] == "Toy tagger"
    )
    texts = (chain.fairreg("show", doi, "--format", name, **home) for name in ("fair4ml", "codemeta"))
    return {name: value for text in texts for name, value in json.loads(text).items()}


def test_a_score_below_the_expected_one_ends_the_chain_with_the_reasons(chain, capfd):
    described(jets(), chain.folder / "jets", repository="https://github.com/a/b")
    chain.fairreg("publish", "jets", "--to", "zenodo", "--yes", "--no-assess")
    (record,) = chain.stand.published()
    with pytest.raises(CalledProcessError) as raised:
        chain.assessed(record.doi, 1.0)
    assert raised.value.returncode == 5
    assert "I2     partial: Some of the metadata resolve" in capfd.readouterr().out


def croissant_documents(folder):
    """Data sets of the chain, written below `folder`: the number of fields, and the document."""
    new(folder / "p")
    assert python(folder / "p", "-m", "p.toy").returncode == 0
    for data, count in ((toy_jets(folder / "p", PAPER_OF_TOY), 5), (jets(), 48)):
        place = folder / data.file.stem
        described(data, place, repository="https://github.com/a/b", doi=DOI)
        assert (place / data.file.name).read_bytes() == data.file.read_bytes()
        yield count, json.loads((place / "croissant.json").read_text("utf-8"))


def test_data_sets_of_the_chain_have_every_field_in_croissant(tmp_path):
    for count, document in croissant_documents(tmp_path):
        fields = [item for table in document["recordSet"] for item in table["field"]]
        assert len({item["name"] for item in fields}) == count
        assert all(item["description"] for item in fields)
        assert not croissant_faults(document)
        assert document["url"].endswith(DOI)


@pytest.mark.long
def test_mlcroissant_finds_no_fault_in_the_data_sets_of_the_chain(tmp_path):
    if VALIDATORS is None:
        pytest.skip("FAIRREG_TEST_VALIDATORS names no interpreter with mlcroissant and the others")
    documents = [document for _, document in croissant_documents(tmp_path)]
    assert faults_by_others({"croissant": documents}) == {"croissant": [[], []]}
