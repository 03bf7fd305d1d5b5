# SPDX-License-Identifier: MIT
"""The chain of scripts/publish_chain.py: from an empty folder to an assessed DOI, at the stand-in for Zenodo.

Each of its commands is a process, as for a user; one that fails or scores lower than expected raises.
"""

import json

import pytest
from chain_data import described, jets, toy_jets
from deposit_stand_in import served
from publish_chain import NAMED, PAPER_OF_TOY, TOY, Chain

from support.projects import new, python
from support.validators import VALIDATORS, croissant_faults, faults_by_others

# What is below pass for a reason that only people can change: others list the model, and others know the digest.
OF_OTHERS = {"F4-3": "No entry in a model registry is linked", "R2-3": "which can change"}


@pytest.fixture
def chain(tmp_path):
    with served() as stand:
        yield Chain(tmp_path, stand)


def publications(chain):
    """Paths of the requests that publish something."""
    return [path for method, path in chain.stand.asked if (method, path[-8:]) == ("POST", "/publish")]


def test_toy_of_default_answers_reaches_its_score_and_nothing_is_published_unasked(chain, capfd):
    scores = chain.toy()
    assert scores.overall >= TOY
    # What the default answers do not name: data, paper, repository and author.
    assert scores.below.keys() == {"F4-3", "I2-1", "I2-2", "I2-3", "I2-4", "R1.2-3", "R2-3"}
    assert all(": " in reason and reason.endswith(".") for reason in scores.below.values())
    told = capfd.readouterr().out
    assert all(f"{name:6} {reason}" in told for name, reason in scores.below.items())
    assert "The outputs are those of the authors" in told  # of fetch --run, on the published test vectors
    (record,) = chain.stand.records.values()  # one draft, first kept and then published
    assert publications(chain) == [f"/zenodo/api/records/{record.id}/draft/actions/publish"]
    assert set(chain.stand.authorizations) <= {"", f"Bearer {chain.stand.token}"}


@pytest.mark.long
def test_models_that_name_data_and_paper_reach_their_score(chain):
    chain.toy()
    asked = len(publications(chain))
    for scores in (chain.toy_with_data(), chain.reference()):
        assert scores.overall >= NAMED
        assert scores.letters["A"] == scores.letters["I"] == 1
        for name, words in OF_OTHERS.items():
            assert words in scores.below.pop(name)
        # Nobody noted who trained the reference weights on what hardware.
        assert scores.below.keys() <= {"R1.2-3"}
    assert len(publications(chain)) == asked + 4  # two data sets and two models
    assert len(chain.stand.published()) == len(chain.stand.records) == 5


def test_data_sets_of_the_chain_have_every_field_in_croissant(tmp_path):
    new(tmp_path / "p")
    assert python(tmp_path / "p", "-m", "p.toy").returncode == 0
    for data, count in ((toy_jets(tmp_path / "p"), 5), (jets(), 46)):
        folder = tmp_path / data.file.stem
        described(data, folder, paper=PAPER_OF_TOY, repository="https://github.com/a/b", doi="10.5281/zenodo.1")
        document = json.loads((folder / "croissant.json").read_text("utf-8"))
        fields = document["recordSet"][0]["field"]
        assert len(fields) == count
        assert all(item["description"] for item in fields)
        assert not croissant_faults(document)
        assert (folder / data.file.name).read_bytes() == data.file.read_bytes()
