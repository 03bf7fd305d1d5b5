# SPDX-License-Identifier: MIT
"""Settings and results of a training that an existing folder states, as answers of `fairreg new --from`."""

import json

import pytest
import yaml

from fairreg.services.new.existing import found_in
from support.projects import new
from support.publishing import onnx_bytes

SETTINGS = {"optimizer": "Adam", "learning_rate": 0.001, "epochs": 40, "split": {"train": 0.8}, "seed": 1}
CARD = """\
---
license: mit
model-index:
- name: N
  results:
  - task: {type: tabular-classification}
    dataset: {name: Jets, type: jets, split: test}
    metrics: [{type: roc_auc, name: ROC AUC, value: 0.97}, {type: table, value: {a: 1}}]
---
# N
"""


@pytest.fixture
def lab(tmp_path):
    folder = tmp_path / "lab"
    (folder / "weights").mkdir(parents=True)
    (folder / "weights" / "net.onnx").write_bytes(onnx_bytes())
    return folder


@pytest.mark.parametrize(
    "name",
    [
        *("weights/hyperparameters.json", "weights/hparams.yaml", "hyperparameters.yml"),
        *("train_config.json", "weights/training-args.yaml", "weights/config.json"),
    ],
)
def test_settings_beside_the_weights_are_answers(lab, tmp_path, name):
    write = json.dumps if name.endswith("json") else yaml.safe_dump
    (lab / name).write_text(write(SETTINGS), "utf-8")
    found = found_in(lab)
    assert found.answers["training_settings"] == SETTINGS
    assert found.sources["training_settings"] == name
    assert found.refused == ()
    new(tmp_path / "p", lab, **found.answers)
    assert json.loads((tmp_path / "p" / "training" / "config.json").read_text("utf-8")) == SETTINGS
    assert "| learning_rate | 0.001 |" in (tmp_path / "p" / "README.md").read_text("utf-8")


def test_what_is_not_taken_is_named(lab):
    stated = {"epochs": 3, "api_key": "x", "data": "/home/me/jets", "note": "x" * 300, "seed": None}
    (lab / "hyperparameters.json").write_text(json.dumps(stated), "utf-8")
    (lab / "weights" / "config.json").write_text('{"hidden_size": 4, "vocab_size": 5}', "utf-8")
    found = found_in(lab)
    assert found.answers["training_settings"] == {"epochs": 3}
    assert set(found.refused) == {
        "weights/config.json: training_settings: 2 entries (hidden_size, vocab_size).",
        "hyperparameters.json: training_settings: 3 entries (api_key, data, note).",
    }


@pytest.mark.parametrize(
    ("text", "said"), [("[1]", "no mapping"), ("{", "cannot be read"), ("x" * (300 << 10), "larger")]
)
def test_a_file_without_settings_is_told(lab, text, said):
    (lab / "hyperparameters.json").write_text(text, "utf-8")
    (line,) = found_in(lab).refused
    assert line.startswith("hyperparameters.json: training_settings: it ")
    assert said in line


def test_one_of_two_files_gives_the_settings_and_the_other_is_named(lab):
    for name in ("weights/hyperparameters.json", "hyperparameters.json"):
        (lab / name).write_text(json.dumps(SETTINGS), "utf-8")
    found = found_in(lab)
    assert found.sources["training_settings"] == "weights/hyperparameters.json"
    assert found.refused == ("hyperparameters.json: training_settings: they are taken from another file.",)


def test_results_of_a_card_are_answers(lab, tmp_path):
    (lab / "README.md").write_text(CARD, "utf-8")
    found = found_in(lab)
    result = {"metric": "ROC AUC", "value": 0.97, "dataset": "Jets", "split": "test"}
    assert found.answers["evaluations"] == [result]
    assert found.refused == ("README.md: evaluations: 1 result of model-index without a single value.",)
    new(tmp_path / "p", lab, **found.answers)
    assert "| ROC AUC | 0.97 | Jets | test |" in (tmp_path / "p" / "README.md").read_text("utf-8")


def test_a_toy_gets_no_settings_and_results_of_others(tmp_path):
    (tmp_path / "README.md").write_text(CARD, "utf-8")
    (tmp_path / "hyperparameters.json").write_text(json.dumps(SETTINGS), "utf-8")
    assert not {"evaluations", "training_settings"} & found_in(tmp_path).answers.keys()
