# SPDX-License-Identifier: MIT
"""Answers from an existing folder, and what a project adds to it."""

import json
import re
import shutil
import tomllib
from importlib.resources import files
from pathlib import Path

import numpy as np
import onnx
import pytest
import yaml

from fairreg import runners
from fairreg.errors import ModelError, RecordError, UsageError
from fairreg.services.new.checks import checked
from fairreg.services.new.create import answers_of_project, refreshed
from fairreg.services.new.existing import found_in
from fairreg.services.new.template import questions
from support.projects import ANSWERS, PARTIAL, content, new, python, verdicts_below_pass
from support.publishing import onnx_bytes
from support.small_graphs import identity, tensor

CITATION = """\
cff-version: 1.2.0
message: Cite it.
title: Jet tagger of our lab
abstract: It tags jets.
authors:
  - family-names: Noether
    given-names: Emmy
    orcid: https://orcid.org/0000-0002-1825-0097
    affiliation: Göttingen
  - family-names: Curie
    given-names: Marie
  - name: CMS Collaboration
license: BSD-3-Clause
keywords: [jets, tagging]
repository-code: https://github.com/lab/tagger
preferred-citation:
  type: article
  title: Tagging
  doi: 10.1088/2632-2153/ace1a1
  authors: [{family-names: Noether}]
"""
# A crate has a day of publication, which a project gets with its first release.
NEEDS_A_DATE = {"ro-crate-metadata.json"}
SETTINGS = {"optimizer": "Adam", "learning_rate": 0.001, "epochs": 40, "split": "80/10/10", "seed": 1}


@pytest.fixture
def lab(tmp_path):
    folder = tmp_path / "lab"
    (folder / ".git").mkdir(parents=True)
    (folder / "CITATION.cff").write_text(CITATION, "utf-8")
    (folder / ".git" / "config").write_text(
        '[remote "origin"]\n\turl = git@github.com:lab/other.git\n', "utf-8"
    )
    return folder


@pytest.fixture
def reference(tmp_path):
    """A folder with the Hbb reference weights and their card."""
    folder = tmp_path / "hbb"
    folder.mkdir()
    packaged = Path(str(files("fairreg.models.hbb_in").joinpath("weights")))
    for name in ("reference.onnx", "MODEL_CARD.md"):
        shutil.copy(packaged / name, folder)
    return folder


def test_citation_file_answers_most_questions(lab):
    found = found_in(lab)
    assert found.answers == {
        "project_name": "Jet tagger of our lab",
        "description": "It tags jets.",
        "keywords": "jets, tagging",
        "author_family": "Noether",
        "author_given": "Emmy",
        "author_orcid": "0000-0002-1825-0097",
        "author_affiliation": "Göttingen",
        "more_authors": [{"family": "Curie", "given": "Marie"}, {"name": "CMS Collaboration"}],
        "license": "BSD-3-Clause",
        "repository": "https://github.com/lab/tagger",
        "publication": "10.1088/2632-2153/ace1a1",
    }
    assert set(found.sources.values()) == {"CITATION.cff"}


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("git@github.com:lab/tagger.git", "https://github.com/lab/tagger"),
        ("https://me:secret@github.com/lab/tagger", "https://github.com/lab/tagger"),
        ("https://gitlab.cern.ch/lab/tagger.git", "https://gitlab.cern.ch/lab/tagger"),
        ("/home/me/tagger", None),
        ("ext::sh -c touch% x", None),
    ],
)
def test_git_remote_gives_the_repository_without_secrets(tmp_path, url, address):
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text(f'[core]\n\tx\n[remote "origin"]\n\turl = {url}\n', "utf-8")
    assert found_in(tmp_path).answers.get("repository") == address


def test_words_that_are_no_answer_are_left_out_and_named(lab):
    text = CITATION.replace("title: Jet tagger of our lab", 'title: "[beta] <b>"')
    (lab / "CITATION.cff").write_text(text.replace("BSD-3-Clause", "[MIT, Apache-2.0]"), "utf-8")
    found = found_in(lab)
    assert not {"project_name", "license"} & set(found.answers)
    assert [line.split(": ")[1] for line in found.refused] == ["project_name", "license"]
    assert found.answers["author_family"] == "Noether"


@pytest.mark.parametrize(
    ("old", "fresh", "said"),
    [
        ("title: Jet", 'title: "Jet', "it is not valid YAML (line"),
        ("0000-0002-1825-0097", "0000-0002-1825-0098", "is not an ORCID: its last character is a checksum"),
        ("BSD-3-Clause", "NOPE", "license: 'NOPE' is not one licence of the SPDX list."),
        ("10.1088/2632-2153/ace1a1", "10.1/zz", "'10.1/zz' is not a DOI"),
        ("cff-version", "identifiers: [{type: doi, value: 10.1/zz}]\ncff-version", "'10.1/zz' is not a DOI"),
    ],
)
def test_fault_in_a_metadata_file_is_named(lab, old, fresh, said):
    (lab / "CITATION.cff").write_text(CITATION.replace(old, fresh), "utf-8")
    (line,) = found_in(lab).refused
    assert line.startswith("CITATION.cff: ")
    assert said in line


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (".zenodo.json", "{", "it is not valid JSON (line 1)"),
        (
            ".zenodo.json",
            '{"creators": [{"name": "a", "orcid": "0000-0002"}]}',
            "'0000-0002' is not an ORCID",
        ),
        ("codemeta.json", '{"author": {"@id": "https://orcid.org/0000-0002"}}', "is not an ORCID"),
        ("README.md", "---\nlicense: nope\ndoi: 10.1/zz\n---\n", "license: 'nope' is not one licence"),
        ("LICENSE", "All rights reserved.", "its text is that of no licence that is known here"),
    ],
)
def test_fault_in_any_kind_of_file_is_named(tmp_path, name, text, said):
    (tmp_path / name).write_text(text, "utf-8")
    refused = found_in(tmp_path).refused
    assert any(line.startswith(f"{name}: ") and said in line for line in refused)
    assert len(refused) == len(set(refused))


def test_folder_with_nothing_known_answers_nothing(tmp_path):
    (tmp_path / "notes.txt").write_text("x", "utf-8")
    assert found_in(tmp_path).answers == {}


def test_only_what_is_missing_is_added(lab):
    (lab / "Makefile").write_text("all:\n\techo mine\n", "utf-8")
    (lab / "setup.py").write_text("", "utf-8")
    (lab / "LICENSE.txt").write_text("mine", "utf-8")
    before = content(lab)
    project = new(lab, lab, **found_in(lab).answers)
    after = content(lab)
    assert {name: after[name] for name in before} == before
    assert {name: reason for name, reason in project.left.items() if "there already" in reason} == {
        "Makefile": "it is there already",
        "pyproject.toml": "setup.py is there already",
        "LICENSE": "LICENSE.txt is there already",
    }
    assert "CITATION.cff" in project.left
    assert set(project.written) == set(after) - set(before)
    assert refreshed(lab).left.keys() - NEEDS_A_DATE == {"CITATION.cff"}
    assert (lab / "CITATION.cff").read_text("utf-8") == CITATION


def test_a_second_time_nothing_is_added(lab):
    new(lab, lab, **found_in(lab).answers)
    before = content(lab)
    assert not set(new(lab, lab, **found_in(lab).answers).written) - set(before)
    assert content(lab) == before


def test_hand_edits_of_a_project_stay_and_what_was_removed_comes_back(tmp_path):
    folder = tmp_path / "mine"
    new(folder, project_name="Mine")
    for name in ("CITATION.cff", "codemeta.json", ".zenodo.json", "README.md"):
        (folder / name).write_text("by hand", "utf-8")
    (folder / "fair4ml.jsonld").unlink()
    (folder / "Makefile").unlink()
    before = content(folder)
    project = new(folder, folder, **answers_of_project(folder))
    assert set(project.written) == {"fair4ml.jsonld", "Makefile"}
    assert {name: content(folder)[name] for name in before} == before
    assert project.left["CITATION.cff"] == "it is there already"


def test_reference_weights_become_a_project_that_passes_its_tests(reference, tmp_path):
    answers = found_in(reference).answers
    assert answers["model_file"] == "reference.onnx"
    assert answers["task"] == "tabular-classification"
    folder = tmp_path / "hbb-project"
    before = content(reference)
    project = new(folder, reference, **answers, training_settings=SETTINGS, base_model="none")
    assert content(reference) == before
    assert {"reference.onnx", "signature.json", "tests/vectors/inputs.npz"} <= set(project.written)
    assert not any("toy" in name for name in project.written)
    signature = json.loads((folder / "signature.json").read_text("utf-8"))
    assert {"name": "track_phirel", "unit": "rad"}.items() <= signature["inputs"][0]["features"][2].items()
    (package,) = (folder / "src").iterdir()
    done = python(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout
    done = python(folder, "-m", f"{package.name}.predict", "tests/vectors/inputs.npz", "out.npz")
    assert done.returncode == 0, done.stderr
    with np.load(folder / "out.npz") as found, np.load(folder / "tests/vectors/outputs.npz") as expected:
        assert all(np.allclose(found[name], expected[name], atol=1e-5) for name in expected)
    facts = tomllib.loads((folder / "facts.toml").read_text("utf-8"))
    assert facts["model"] == "reference.onnx"
    assert json.loads((folder / "training/config.json").read_text("utf-8")) == SETTINGS


def test_reference_weights_with_full_answers_pass_every_indicator_that_files_can(reference, tmp_path):
    told = (
        "in thirty words or more, which say in whole sentences what this network of the published kind is "
        "meant for, by whom it can be used, and where it was never tested and must not be used for results."
    )
    answers = {
        **ANSWERS,
        **found_in(reference).answers,
        "project_name": "Hbb network",
        "keywords": "Higgs boson, jet tagging, interaction network",
        "description": f"{told} {told}",
        "architecture": "interaction network",
        "base_model": "none",
        "intended_use": f"The weights are useful for tests and teaching, {told}",
        "limitations": f"The network fails outside of its simulated data, {told}",
        "code_version": "v0.1.0",
        "training_settings": SETTINGS | {"hardware": "AMD EPYC", "software": "torch 2.13.0"},
        "evaluations": [{"metric": "ROC AUC", "value": 0.9926, "dataset": "jets", "split": "test"}],
    }
    new(tmp_path / "p", reference, **answers)
    assert verdicts_below_pass(tmp_path / "p") == dict.fromkeys(PARTIAL, "partial")


def test_own_model_is_not_changed_where_it_is(reference):
    before = content(reference)
    new(reference, reference, **found_in(reference).answers, doi="10.5281/zenodo.7305227")
    refreshed(reference)
    assert {name: content(reference)[name] for name in before} == before


def test_copied_model_carries_the_identifiers_and_the_same_weights(reference, tmp_path):
    folder = tmp_path / "p"
    new(folder, reference, **found_in(reference).answers, doi="10.5281/zenodo.7305227")
    assert b"10.5281/zenodo.7305227" in (folder / "reference.onnx").read_bytes()
    runner = runners.get("onnx")
    one, two = runner.load(reference / "reference.onnx"), runner.load(folder / "reference.onnx")
    with np.load(folder / "tests/vectors/inputs.npz") as arrays:
        inputs = dict(arrays)
    for name, array in one.run(inputs).items():
        assert (array == two.run(inputs)[name]).all()


def test_model_of_an_unknown_network_has_a_signature_and_no_vectors(tmp_path):
    origin = tmp_path / "origin"
    origin.mkdir()
    (origin / "net.onnx").write_bytes(identity(tensor("x", shape=["n", 3]), tensor("y", shape=["n", 3])))
    project = new(tmp_path / "p", origin, **found_in(origin).answers)
    assert "signature.json" in project.written
    assert not any(name.startswith("tests/vectors") for name in project.written)
    done = python(tmp_path / "p", "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout
    assert "3 passed, 2 skipped" in done.stdout
    assert "vectors inputs.npz makes them" in done.stdout
    reana = yaml.safe_load((tmp_path / "p" / "reana.yaml").read_text("utf-8"))["inputs"]
    assert "net.onnx" in reana["files"]
    assert all((tmp_path / "p" / name).is_file() for name in reana["files"])
    assert all((tmp_path / "p" / name).is_dir() for name in reana["directories"])


@pytest.mark.long
def test_commands_of_the_readme_of_an_own_model_work_with_the_inputs_that_it_names(tmp_path):
    origin, folder = tmp_path / "origin", tmp_path / "p"
    (origin / "models").mkdir(parents=True)
    (origin / "models" / "net.onnx").write_bytes(
        identity(tensor("x", shape=["n", 3]), tensor("y", shape=["n", 3]))
    )
    new(folder, origin, **found_in(origin).answers)
    card = (folder / "README.md").read_text("utf-8")
    assert 'np.load("inputs.npz")' in card
    np.savez(folder / "inputs.npz", x=np.ones((2, 3), np.float32))
    for program, words in (("predict", ("inputs.npz", "outputs.npz")), ("vectors", ("inputs.npz",))):
        command = ("-m", f"p.{program}", *words)
        assert f".venv/bin/python {' '.join(command)}" in card
        done = python(folder, *command)
        assert done.returncode == 0, done.stderr
    (code,) = re.findall("```python\n(.*?)```", card, re.DOTALL)
    done = python(folder, "-c", code)
    assert done.returncode == 0, done.stderr
    done = python(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert "5 passed" in done.stdout
    assert "models" in yaml.safe_load((folder / "reana.yaml").read_text("utf-8"))["inputs"]["directories"]


def test_several_models_are_not_chosen_among(tmp_path):
    for name in ("a.onnx", "b.onnx"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(ModelError, match=r"several models: a\.onnx, b\.onnx") as raised:
        found_in(tmp_path)
    assert "model_file" in raised.value.hint
    assert found_in(tmp_path, model="x.onnx").answers == {}


@pytest.mark.parametrize(
    "name", ["my net v2.onnx", "NET.ONNX", "my models/net.onnx", ".net.onnx", "Übung.onnx"]
)
def test_model_with_a_name_of_other_characters_gets_no_toy_but_a_sentence(tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(UsageError, match="name that a project cannot use") as raised:
        found_in(tmp_path)
    fit = re.search("to ([A-Za-z0-9_/.-]+)[.] An empty", raised.value.hint)[1]
    assert checked(questions_by_name()["model_file"], fit, {}) == fit
    assert found_in(tmp_path, model="x.onnx").answers == {}


def questions_by_name():
    return {item.name: item for item in questions()}


def test_weights_of_another_format_are_to_be_converted_first(tmp_path):
    (tmp_path / "net.pt").write_bytes(b"")
    with pytest.raises(ModelError, match=r"net\.pt") as raised:
        found_in(tmp_path)
    assert "fairreg convert" in raised.value.hint


def test_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match="There is no folder"):
        found_in(tmp_path / "nothing")


def test_links_and_hidden_folders_are_not_entered(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "x.onnx").write_bytes(b"")
    (tmp_path / "secret.onnx").write_bytes(b"")
    (tmp_path / "one" / "link.onnx").symlink_to(tmp_path / "secret.onnx")
    (tmp_path / "one" / "loop").symlink_to(tmp_path)
    assert "model_file" not in found_in(tmp_path / "one").answers


def test_a_link_that_leads_out_is_refused_before_anything_is_written(lab, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (lab / "docs").symlink_to(tmp_path / "elsewhere")
    before = content(lab)
    with pytest.raises(UsageError, match=r"docs leads out"):
        new(lab, lab)
    assert content(lab) == before


@pytest.mark.parametrize("name", ["models/training_run.json", "models/evaluation.json", "signature.json"])
def test_no_fact_is_read_through_a_link_that_leads_out(tmp_path, name):
    new(tmp_path / "p")
    (tmp_path / "outside.json").write_text('{"settings": {"db_password": "x"}, "results": []}', "utf-8")
    place = tmp_path / "p" / name
    place.parent.mkdir(exist_ok=True)
    place.unlink(missing_ok=True)
    place.symlink_to(tmp_path / "outside.json")
    with pytest.raises(RecordError, match=f"{name} leads out"):
        refreshed(tmp_path / "p")


@pytest.mark.parametrize(
    ("files", "licence", "said"),
    [
        ({"LICENSE-WEIGHTS": "All rights reserved.\n"}, None, "LICENSE-WEIGHTS (a text"),
        ({"README.md": "---\nlicense: cc-by-nc-4.0\n---\n# M\n"}, None, "README.md (CC-BY-NC-4.0)"),
        ({"LICENSE": "BSD 3-Clause License\n"}, "BSD-3-Clause", None),
        (
            {"LICENSE-WEIGHTS": "Creative Commons Attribution 4.0 International\n", "CITATION.cff": ""},
            "CC-BY-4.0",
            None,
        ),
    ],
)
def test_no_licence_is_an_answer_where_files_disagree_on_it(lab, files, licence, said):
    (lab / "LICENSE").write_text("BSD 3-Clause License\n", "utf-8")
    (lab / "net.onnx").write_bytes(onnx_bytes())
    for name, text in files.items():
        (lab / name).write_text(text, "utf-8")
    found = found_in(lab)
    assert found.answers.get("license") == licence
    told = [line for line in found.refused if "license: the files state different licences" in line]
    assert len(told) == bool(said)
    assert all(said in line for line in told)


OF_THE_VERSION = {"version": "3.2.1", "date_published": "2026-11-29", "doi": "10.5281/zenodo.555"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("CITATION.cff", f"{CITATION}version: v3.2.1\ndate-released: 2026-11-29\ndoi: 10.5281/zenodo.555\n"),
        (
            "codemeta.json",
            json.dumps(
                {
                    "@context": "https://w3id.org/codemeta/3.0",
                    "version": "3.2.1",
                    "datePublished": "2026-11-29",
                    "identifier": "https://doi.org/10.5281/zenodo.555",
                }
            ),
        ),
    ],
)
@pytest.mark.parametrize("in_place", [True, False])
def test_version_day_and_doi_of_a_published_model_are_kept(tmp_path, name, text, in_place):
    origin = tmp_path / "origin"
    origin.mkdir()
    (origin / name).write_text(text, "utf-8")
    found = found_in(origin)
    assert OF_THE_VERSION.items() <= found.answers.items()
    folder = origin if in_place else tmp_path / "p"
    new(folder, origin, **found.answers)
    facts = tomllib.loads((folder / "facts.toml").read_text("utf-8"))
    assert OF_THE_VERSION.items() <= facts.items()
    assert tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]["version"] == "3.2.1"
    assert json.loads((folder / "fair4ml.jsonld").read_text("utf-8"))["version"] == "3.2.1"
    assert "git tag v3.2.1" in (folder / "docs" / "release.md").read_text("utf-8")


def test_files_that_state_another_version_are_named(tmp_path):
    (tmp_path / "CITATION.cff").write_text(f"{CITATION}version: 1.0.0\n", "utf-8")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "a"\nversion = "1.1.0"\n', "utf-8")
    (tmp_path / ".zenodo.json").write_text('{"version": "main", "publication_date": "2026-11-29"}', "utf-8")
    (tmp_path / "fair4ml.jsonld").write_text('{"version": "1.0.0"}', "utf-8")
    (tmp_path / "net.onnx").write_bytes(with_properties(version="2.3.0", doi="10.5281/zenodo.555"))
    found = found_in(tmp_path)
    assert found.sources["version"] == "CITATION.cff"
    assert found.answers["date_published"] == "2026-11-29"
    assert found.answers["doi"] == "10.5281/zenodo.555"
    of_version = [line.partition(": version: ") for line in found.refused]
    assert [(file, said) for file, _, said in of_version] == [
        (".zenodo.json", "main is not a version that a Python package can have, such as 1.0.0 or 1.1rc1."),
        ("pyproject.toml", "it says 1.1.0, and 1.0.0 of CITATION.cff is taken."),
        ("net.onnx", "it says 2.3.0, and 1.0.0 of CITATION.cff is taken."),
    ]
    before = content(tmp_path)
    with pytest.raises(RecordError, match=r"1\.0\.0 in the answers, but 1\.1\.0 in pyproject\.toml"):
        new(tmp_path, tmp_path, **found.answers)
    assert content(tmp_path) == before


def test_weights_of_another_format_beside_the_model_are_named(tmp_path):
    (tmp_path / "net.onnx").write_bytes(onnx_bytes())
    (tmp_path / "net.pt").write_bytes(b"x")
    found = found_in(tmp_path)
    assert found.answers["model_file"] == "net.onnx"
    assert found.refused == ("net.pt: weights of another format: the model is net.onnx.",)


def test_own_file_with_another_version_is_named(lab):
    (lab / "CITATION.cff").write_text(f"{CITATION}version: 1.0.0\n", "utf-8")
    new(lab, lab, **found_in(lab).answers)
    for name in ("facts.toml", "pyproject.toml"):
        text = (lab / name).read_text("utf-8")
        (lab / name).write_text(text.replace('version = "1.0.0"', 'version = "1.1.0"'), "utf-8")
    said = refreshed(lab).left["CITATION.cff"]
    assert said.endswith("own_files; its version 1.0.0 is not 1.1.0, and is yours to raise")


def test_copied_model_keeps_its_version(tmp_path):
    origin = tmp_path / "origin"
    origin.mkdir()
    (origin / "net.onnx").write_bytes(with_properties(version="2.3.0"))
    new(tmp_path / "p", origin, **found_in(origin).answers)
    model = onnx.load(tmp_path / "p" / "net.onnx")
    assert {item.key: item.value for item in model.metadata_props}["version"] == "2.3.0"


def with_properties(**properties):
    model = onnx.load_from_string(identity(tensor("x", shape=["n", 3]), tensor("y", shape=["n", 3])))
    onnx.helper.set_model_props(model, properties)
    return model.SerializeToString()
