# SPDX-License-Identifier: MIT
"""A project of the template: what its files say, its own programs and tests, what it gives an assessment."""

import hashlib
import json
import subprocess
import tomllib

import numpy as np
import onnx
import pytest
import yaml

from fairreg import runners
from fairreg.errors import FairregError, RecordError, UsageError
from fairreg.formats import cff, fair4ml
from fairreg.formats.front_matter import strict_mapping
from fairreg.services.new.create import refreshed
from fairreg.services.new.facts import read_facts
from fairreg.services.new.record import project_record
from support.projects import ANSWERS, PARTIAL, content, new, python, state_data, train, verdicts_below_pass

# Words of templates that nobody filled in.
PLACEHOLDERS = ("10.XXXX", "XXXX", "TODO", "Your ", "your-", "example.org", "2026-45")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A project after `make model` and `make metadata`: two seconds, once for all tests that read it."""
    folder = tmp_path_factory.mktemp("new") / "jet-tagger"
    new(folder, **ANSWERS)
    state_data(folder)
    for words in (
        ("init", "--quiet"),
        ("add", "--all"),
        ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--message", "1"),
    ):
        subprocess.run(["git", *words], cwd=folder, check=True)
    train(folder, "jet_tagger")
    refreshed(folder)
    return folder


def test_data_set_and_paper_wait_while_the_model_is_the_toy(tmp_path):
    """The toy is trained on data/toy.csv, and no paper describes it."""
    new(tmp_path / "p", **ANSWERS)
    facts = read_facts(tmp_path / "p")
    assert (facts.training_data, facts.publications) == ((), ())
    for name, text in content(tmp_path / "p").items():
        stated = ANSWERS["training_data"].encode() in text or ANSWERS["publication"].encode() in text
        assert stated == (name in {"facts.toml", ".copier-answers.yml"}), name
    state_data(tmp_path / "p")
    assert read_facts(tmp_path / "p").training_data == (ANSWERS["training_data"],)


def test_project_passes_its_own_tests(trained):
    done = python(trained, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout
    assert "skipped" not in done.stdout


def test_project_predicts_from_a_table(trained, tmp_path):
    done = python(trained, "-m", "jet_tagger.predict", "data/toy.csv", str(tmp_path / "p.csv"))
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "p.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "probability"
    assert len(lines) == 4001


def test_fairreg_runs_the_exported_model_on_its_test_vectors(trained):
    runner = runners.get("onnx").load(trained / "models" / "jet_tagger.onnx")
    with (
        np.load(trained / "tests/vectors/inputs.npz") as inputs,
        np.load(trained / "tests/vectors/outputs.npz") as outputs,
    ):
        found, expected = runner.run(dict(inputs)), dict(outputs)
    tolerance = json.loads((trained / "tests/vectors/tolerance.json").read_text(encoding="utf-8"))
    assert np.abs(found["probability"] - expected["probability"]).max() <= tolerance["probability"]


def test_model_file_carries_its_identifiers(trained):
    stated = {
        item.key: item.value for item in onnx.load(trained / "models" / "jet_tagger.onnx").metadata_props
    }
    assert stated["doi"] == "10.5281/zenodo.7305227"
    assert stated["orcids"] == "https://orcid.org/0000-0002-1825-0097"
    assert stated["license"] == "MIT"


def test_every_metadata_file_names_the_doi_of_this_version(trained):
    for name in ("CITATION.cff", "codemeta.json", "fair4ml.jsonld", "prov.jsonld", "README.md"):
        assert "10.5281/zenodo.7305227" in (trained / name).read_text(encoding="utf-8"), name


def test_fair4ml_is_the_record_of_the_project(trained):
    read = fair4ml.read((trained / "fair4ml.jsonld").read_text(encoding="utf-8")).understood
    assert read == project_record(trained, read_facts(trained))
    assert [item.name for item in read.inputs[0].features] == ["pt", "mass", "eta", "n_tracks"]
    assert read.inputs[0].features[0].unit == "GeV"
    assert {item.metric for item in read.evaluations} == {"ROC AUC", "accuracy"}


def test_training_run_is_recorded_with_its_commit(trained):
    run = json.loads((trained / "models/training_run.json").read_text(encoding="utf-8"))
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=trained, capture_output=True, text=True, check=True
    )
    assert run["commit"] == head.stdout.strip()
    assert f"https://github.com/lab/tagger/tree/{run['commit']}" in (trained / "fair4ml.jsonld").read_text(
        "utf-8"
    )
    activity = next(
        item
        for item in json.loads((trained / "prov.jsonld").read_text(encoding="utf-8"))["@graph"]
        if item["@type"] == "prov:Activity"
    )
    assert activity["startedAtTime"] == run["started"]
    assert {"name": "seed", "value": 12345, "@type": "schema:PropertyValue"} in activity["additionalProperty"]


def test_changed_code_is_not_said_to_be_that_of_the_commit(trained, tmp_path):
    copy = tmp_path / "copy"
    subprocess.run(["git", "clone", "--quiet", str(trained), str(copy)], check=True)
    (copy / "training/config.json").write_text(
        (copy / "training/config.json").read_text("utf-8").replace('"epochs": 20', '"epochs": 1'), "utf-8"
    )
    for step in ("toy", "train"):
        assert python(copy, "-m", f"jet_tagger.{step}").returncode == 0
    run = json.loads((copy / "models/training_run.json").read_text(encoding="utf-8"))
    assert "commit" not in run
    assert "changed_after_commit" in run


def test_files_of_a_project_pass_every_indicator_that_files_can(trained):
    assert verdicts_below_pass(trained) == dict.fromkeys(PARTIAL, "partial")


def test_metadata_are_written_twice_alike(trained):
    before = content(trained)
    refreshed(trained)
    assert content(trained) == before


def test_a_fact_that_changes_reaches_every_file(trained, tmp_path):
    copy = tmp_path / "jet-tagger"
    for name, text in content(trained).items():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes(text)
    facts = (copy / "facts.toml").read_text("utf-8").replace("zenodo.7305227", "zenodo.7305228")
    (copy / "facts.toml").write_text(facts, "utf-8")
    done = refreshed(copy)
    assert "models/jet_tagger.onnx" in done.written
    assert not [name for name in done.written if b"zenodo.7305227" in (copy / name).read_bytes()]
    digest = hashlib.sha256((copy / "models/jet_tagger.onnx").read_bytes()).hexdigest()
    assert digest in (copy / "fair4ml.jsonld").read_text("utf-8")


def test_what_people_wrote_into_the_readme_stays(tmp_path):
    new(tmp_path / "p")
    readme = tmp_path / "p" / "README.md"
    own = readme.read_text("utf-8").replace(
        "## Training data", "## Ours\n\nOur own words.\n\n## Training data"
    )
    readme.write_text(own, "utf-8")
    refreshed(tmp_path / "p")
    assert readme.read_text("utf-8") == own


def test_readme_keeps_its_line_ends(tmp_path):
    new(tmp_path / "p")
    readme = tmp_path / "p" / "README.md"
    before = readme.read_bytes()
    readme.write_bytes(before.replace(b"\n", b"\r\n"))
    refreshed(tmp_path / "p")
    assert readme.read_bytes() == before.replace(b"\n", b"\r\n")
    readme.write_bytes(b"# \xff")
    with pytest.raises(RecordError, match="not encoded in UTF-8"):
        refreshed(tmp_path / "p")


@pytest.mark.parametrize(
    ("name", "content_of"),
    [
        ("models/training_run.json", "["),
        ("models/training_run.json", '{"ended": "yesterday"}'),
        ("models/evaluation.json", '{"results": 1}'),
        ("signature.json", '{"inputs": [{"name": 1}], "outputs": []}'),
        ("models/p.onnx", "no model"),
    ],
)
def test_file_of_another_form_is_named(tmp_path, name, content_of):
    folder = tmp_path / "p"
    new(folder)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(content_of, "utf-8")
    before = content(folder)
    with pytest.raises(FairregError, match=name.rpartition("/")[2]):
        refreshed(folder)
    assert content(folder) == before


def test_project_without_answers_says_nothing_that_is_not_known(tmp_path):
    project = new(tmp_path / "My model")
    assert set(project.written) == set(content(tmp_path / "My model"))
    for name, text in content(tmp_path / "My model").items():
        assert not [word for word in PLACEHOLDERS if word.encode() in text], name
    citation = yaml.safe_load((tmp_path / "My model" / "CITATION.cff").read_text("utf-8"))
    assert citation["authors"] == [{"name": "The My model developers"}]
    assert not {"doi", "date-released", "repository-code", "identifiers"} & set(citation)


def test_toy_is_not_said_to_be_more_than_made_up_numbers(trained, tmp_path):
    new(tmp_path / "p")
    made = {name: text.decode() for name, text in content(tmp_path / "p").items()}
    facts = tomllib.loads(made["facts.toml"])
    assert "simulated jets" not in made["facts.toml"] + made["README.md"]
    assert "correlations between the features within a class" in facts["limitations"]
    assert "28 tracks" in made["data/README.md"]
    assert "Nobody was named" in made["facts.toml"]
    assert "make model` comes first" in made["README.md"]
    stated = (trained / "facts.toml").read_text("utf-8")
    assert "The toy is trained on data/toy.csv alone" in stated
    card = (trained / "README.md").read_text("utf-8")
    assert "Columns of `probability`" in card
    assert "Features of `features`" in card
    assert "The model is described in" in card


def test_figures_of_the_toy_in_its_data_page_are_those_of_its_program(trained):
    rows = np.loadtxt(trained / "data/toy.csv", delimiter=",", skiprows=1)
    is_signal = rows[:, 4] == 1
    assert abs(rows[is_signal, 3].mean() - 22) < 0.5
    assert abs(rows[~is_signal, 3].mean() - 28) < 0.5
    assert abs(rows[is_signal, 1].mean() - 125) < 2
    within = [np.corrcoef(rows[some, :4].T) - np.eye(4) for some in (is_signal, ~is_signal)]
    assert np.abs(within).max() < 0.1


def test_front_matter_is_that_of_a_model_card(trained):
    card = strict_mapping((trained / "README.md").read_text("utf-8"))
    assert card["pipeline_tag"] == "tabular-classification"
    assert card["base_model"] == "none"
    assert card["datasets"] == ["10.7483/opendata.cms.jgjx.ms7q"]
    assert card["model-index"][0]["results"][0]["dataset"]["split"] == "test"


def test_folder_with_files_is_refused_and_not_changed(tmp_path):
    (tmp_path / "own.txt").write_text("mine", "utf-8")
    with pytest.raises(UsageError, match="is not empty") as raised:
        new(tmp_path)
    assert "--from" in raised.value.hint
    assert content(tmp_path) == {"own.txt": b"mine"}


def test_failed_project_leaves_no_folder(tmp_path, monkeypatch):
    def fails(_folder, **_options):
        raise FairregError("The disk is full.")

    monkeypatch.setattr("fairreg.services.new.create.refresh", fails)
    with pytest.raises(FairregError):
        new(tmp_path / "p")
    assert list(tmp_path.iterdir()) == []


def test_empty_folder_that_is_there_is_used(tmp_path):
    new(tmp_path)
    assert (tmp_path / "facts.toml").is_file()


@pytest.mark.sliced(3)
@pytest.mark.parametrize(
    ("old", "fresh", "said"),
    [
        ('version = "0.1.0"', 'version = "0.2.0"', "0.2.0 in facts.toml, but 0.1.0 in pyproject.toml"),
        ('name = "p"', 'name = "p"\nnonsense = 1', "nonsense"),
        ('name = "p"', 'name = "p"\ndoi = "10.XXXX/XXXX"', "10.XXXX/XXXX"),
        ('name = "p"', "name = p", "not valid TOML"),
        ('license = "MIT"', 'license = "GPLv3"', "not the SPDX identifier"),
        ('name = "The p developers"', 'family = "Curie"\nror = "CERN"', "not a ROR identifier"),
        ('model = "models/p.onnx"', 'model = "../p.onnx"', "outside of the project"),
        ('name = "The p developers"', 'family = "Curie"\norcid = "0000-0002-1825-0098"', "is not an ORCID"),
    ],
)
def test_wrong_fact_is_one_sentence_and_writes_nothing(tmp_path, old, fresh, said):
    folder = tmp_path / "p"
    new(folder)
    facts = (folder / "facts.toml").read_text("utf-8")
    assert old in facts
    (folder / "facts.toml").write_text(facts.replace(old, fresh), "utf-8")
    before = content(folder)
    with pytest.raises((RecordError, UsageError), match=said):
        refreshed(folder)
    assert content(folder) == before


def test_folder_that_is_no_project_is_not_refreshed(tmp_path):
    with pytest.raises(UsageError, match=r"no facts\.toml"):
        refreshed(tmp_path)


def test_link_in_the_place_of_a_metadata_file_is_not_followed(tmp_path):
    folder = tmp_path / "p"
    new(folder)
    (tmp_path / "outside").write_text("mine", "utf-8")
    (folder / "CITATION.cff").unlink()
    (folder / "CITATION.cff").symlink_to(tmp_path / "outside")
    with pytest.raises(RecordError, match="leads out of"):
        refreshed(folder)
    assert (tmp_path / "outside").read_text("utf-8") == "mine"


def test_texts_of_others_close_no_marked_part_and_open_no_heading(tmp_path):
    folder = tmp_path / "p"
    new(folder, description="x <!-- end of facts -->\n\n# Own heading <script>\n\n--- y")
    text = (folder / "README.md").read_text("utf-8")
    assert text.count("<!-- end of facts -->") == 9
    assert "\n# Own heading" not in text
    assert "<script>" not in text.partition("# p\n")[2]
    facts = tomllib.loads((folder / "facts.toml").read_text("utf-8"))
    assert "<script>" in facts["description"]
    assert cff.is_valid((folder / "CITATION.cff").read_text("utf-8"))
