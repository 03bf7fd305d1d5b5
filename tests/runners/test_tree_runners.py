# SPDX-License-Identifier: MIT
"""XGBoost, LightGBM and skops run their own files, and their answers are those of the library."""

import json
import re

import numpy as np
import pytest

from fairreg import runners
from fairreg.errors import MissingEngine, ModelError, SecurityRefusal, UsageError
from fairreg.runners.converters import converter_of
from fairreg.storage.recognition import describe
from support import tree_models

SUFFIX = {"xgboost": ".json", "lightgbm": ".txt", "skops": ".skops"}
REAL_XGBOOST = "models-in-the-wild/weights/CoffeaTeam+coffea/tests/samples/xgboost_example.xgb"


@pytest.fixture(autouse=True)
def libraries():
    for name in ("xgboost", "lightgbm", "skops"):
        pytest.importorskip(name)


def made(name, path):
    """A model of each library, and its first answer for the features of the sample."""
    x, _ = tree_models.sample()
    if name == "xgboost":
        return tree_models.xgboost_model(path)(x)
    if name == "lightgbm":
        return tree_models.lightgbm_model(path)(x)
    from sklearn.linear_model import LogisticRegression

    return tree_models.skops_model(path, LogisticRegression(), "binary").predict_proba(x)[:, 1]


@pytest.mark.parametrize("name", SUFFIX)
def test_the_answers_are_those_of_the_library(name, tmp_path):
    path = tmp_path / f"model{SUFFIX[name]}"
    expected = made(name, path)
    runner = runners.load(name, path)
    assert describe(path).format in runners.formats(name)
    found = runner.run({"input": tree_models.sample()[0]})["probabilities"]
    np.testing.assert_array_equal(found[:, 1], expected)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
    assert re.fullmatch(r"(XGBoost|LightGBM|scikit-learn) [\d.]+(, skops [\d.]+)?", runner.engine)
    assert (runner.name, runner.device, runner.inputs[0].shape) == (name, "cpu", ("rows", 5))
    assert {item.name: item.shape for item in runner.outputs}["probabilities"] == ("rows", 2)


@pytest.mark.parametrize("name", SUFFIX)
def test_the_number_of_rows_at_once_changes_nothing(name, tmp_path):
    path = tmp_path / f"model{SUFFIX[name]}"
    made(name, path)
    x, _ = tree_models.sample()
    whole = runners.load(name, path).run({"input": x})
    parts = runners.load(name, path, batch_size=7).run({"input": x})
    for output, values in whole.items():
        np.testing.assert_array_equal(parts[output], values)
        assert runners.load(name, path).run({"input": x[:0]})[output].shape == (0, *values.shape[1:])
    with pytest.raises(UsageError, match="at least 1"):
        runners.load(name, path, batch_size=0)


@pytest.mark.parametrize("name", SUFFIX)
def test_a_gpu_a_missing_library_and_another_file_are_refused_in_a_sentence(name, tmp_path, monkeypatch):
    path = tmp_path / "model"
    path.write_bytes(b'{"learner": 3}')
    with pytest.raises(ModelError, match=r"^model is"):
        runners.load(name, path)
    with pytest.raises(ModelError, match="not ONNX"):
        runners.load(name, b"")
    with pytest.raises(UsageError, match="CPU"):
        runners.load(name, path, device="cuda")
    monkeypatch.setattr(runners.get(name), "find_spec", lambda _name: None)
    assert not runners.get(name).available()
    with pytest.raises(MissingEngine) as caught:
        runners.load(name, path)
    assert caught.value.hint == f"Install it with: pip install 'fairreg[{name}]'"


def test_a_wrong_number_of_features_is_refused(tmp_path):
    tree_models.lightgbm_model(tmp_path / "m.txt")
    with pytest.raises(ModelError, match="input"):
        runners.load("lightgbm", tmp_path / "m.txt").run({"input": np.zeros((3, 4))})


@pytest.mark.parametrize("suffix", ["json", "ubj"])
@pytest.mark.parametrize(
    ("objective", "kind", "settings", "output", "shape"),
    [
        ("multi:softprob", "classes", {"num_class": 3}, "probabilities", (3,)),
        ("multi:softmax", "classes", {"num_class": 3, "booster": "dart"}, "label", ()),
        ("binary:hinge", "binary", {}, "label", ()),
        ("binary:logitraw", "binary", {"booster": "gblinear"}, "margin", ()),
        ("reg:squarederror", "two", {}, "prediction", (2,)),
        ("reg:quantileerror", "value", {"quantile_alpha": [0.1, 0.9]}, "prediction", (2,)),
        ("binary:logistic", "labels", {}, "probabilities", (2,)),
        ("count:poisson", "count", {"num_parallel_tree": 3, "subsample": 0.6}, "prediction", ()),
        ("rank:ndcg", "classes", {}, "prediction", ()),
    ],
)
def test_xgboost_gives_each_objective_its_output(objective, kind, settings, output, shape, suffix, tmp_path):
    path = tmp_path / f"model.{suffix}"
    predict = tree_models.xgboost_model(path, objective, kind, **settings)
    runner = runners.load("xgboost", path, threads=1)
    x, _ = tree_models.sample(missing=True)
    found = runner.run({"input": x.astype(np.float32)})
    assert list(found) == [output]
    np.testing.assert_array_equal(found[output], predict(x))
    assert found[output].shape == (len(x), *shape)
    assert (runner.outputs[0].shape, runner.outputs[0].dtype) == (("rows", *shape), found[output].dtype.name)


def test_xgboost_runs_categories_and_names_its_features(tmp_path):
    predict = tree_models.xgboost_model(tmp_path / "m.json", category=True, max_cat_to_onehot=1)
    document = json.loads((tmp_path / "m.json").read_text())
    assert "1" in str(document["learner"]["gradient_booster"]["model"]["trees"][0]["categories_nodes"])
    document["learner"]["feature_names"] = ["pt", "eta\x1b[2J", "phi", "flavour", "mass\n"]
    (tmp_path / "m.json").write_text(json.dumps(document))
    runner = runners.load("xgboost", tmp_path / "m.json")
    names = [item.name for item in runner.inputs[0].features]
    assert (names[0], names[2:4]) == ("pt", ["phi", "flavour"])
    assert all(name.isprintable() for name in names)
    x, _ = tree_models.sample()
    np.testing.assert_array_equal(runner.run({"input": x})["probabilities"][:, 1], predict(x))


def test_xgboost_reads_what_its_old_versions_wrote(tmp_path):
    """Before 2.1 without rounds, before 3.1 without categories, base_score a single number."""
    import xgboost

    path = tmp_path / "m.json"
    tree_models.xgboost_model(path, "count:poisson", "count", base_score=0.3)
    document = json.loads(path.read_text())
    model = document["learner"]["gradient_booster"]["model"]
    del model["iteration_indptr"], model["cats"]
    document["learner"]["learner_model_param"]["base_score"] = "3E-1"
    document["version"] = [1, 7, 6]
    path.write_text(json.dumps(document))
    x = tree_models.sample()[0].astype(np.float32)
    expected = xgboost.Booster(model_file=path).predict(xgboost.DMatrix(x))
    np.testing.assert_array_equal(runners.load("xgboost", path).run({"input": x})["prediction"], expected)


def test_deep_trees_with_their_nodes_in_any_order_run_as_the_file_says(tmp_path):
    """XGBoost itself takes a right child to follow its left one, which the format does not demand."""
    path = tmp_path / "m.json"
    predict = tree_models.xgboost_model(path, "reg:squarederror", "value", max_depth=9)
    document = json.loads(path.read_text())
    random = np.random.default_rng(0)
    deepest = 0
    for tree in document["learner"]["gradient_booster"]["model"]["trees"]:
        size = len(tree["left_children"])
        place = np.concatenate([[0], 1 + random.permutation(size - 1)])
        order = np.argsort(place)
        for key in ("left_children", "right_children", "parents"):
            tree[key] = [int(place[item]) if 0 <= item < size else item for item in tree[key]]
        for key, values in tree.items():
            if isinstance(values, list) and len(values) == size:
                tree[key] = [values[item] for item in order]
        deepest = max(deepest, size)
    assert deepest > 60
    path.write_text(json.dumps(document))
    x = tree_models.sample(missing=True)[0].astype(np.float32)
    expected = predict(x)
    np.testing.assert_array_equal(runners.load("xgboost", path).run({"input": x})["prediction"], expected)
    made = converter_of(describe(path)).convert(path)
    found = runners.load("onnx", made.model).run({"input": x})["prediction"]
    np.testing.assert_allclose(found, expected, rtol=2e-6, atol=5e-7)


def test_xgboost_says_that_it_takes_no_infinities(tmp_path):
    tree_models.xgboost_model(tmp_path / "m.json")
    with pytest.raises(ModelError, match=r"^XGBoost [\d.]+ could not run the model") as caught:
        runners.load("xgboost", tmp_path / "m.json").run({"input": np.full((2, 5), np.inf, np.float32)})
    assert "infinities" in caught.value.hint


def test_xgboost_with_vectors_at_its_leaves_is_refused_by_name(tmp_path):
    path = tmp_path / "m.json"
    tree_models.xgboost_model(path, "reg:squarederror", "two", multi_strategy="multi_output_tree")
    with pytest.raises(ModelError, match="multi_output_tree"):
        runners.load("xgboost", path)


@pytest.mark.parametrize("settings", [{"linear_tree": True}, {"boosting": "rf", "bagging_freq": 1}])
def test_lightgbm_runs_linear_leaves_and_forests(settings, tmp_path):
    more = {"bagging_fraction": 0.6} if "boosting" in settings else {}
    predict = tree_models.lightgbm_model(tmp_path / "m.txt", "regression", "value", **settings, **more)
    x, _ = tree_models.sample(missing=True)
    found = runners.load("lightgbm", tmp_path / "m.txt").run({"input": x})["prediction"]
    np.testing.assert_array_equal(found, predict(x))


def test_lightgbm_with_an_objective_of_its_author_gives_the_sum_of_its_trees(tmp_path):
    def gradient(predicted, data):
        return predicted - data.get_label(), np.ones_like(predicted)

    predict = tree_models.lightgbm_model(tmp_path / "m.txt", gradient, "value")
    x, _ = tree_models.sample()
    np.testing.assert_array_equal(
        runners.load("lightgbm", tmp_path / "m.txt").run({"input": x})["margin"], predict(x)
    )


def test_an_unknown_objective_is_refused_by_name(tmp_path):
    path = tmp_path / "m.txt"
    tree_models.lightgbm_model(path)
    path.write_text(path.read_text().replace("objective=binary", "objective=survival"))
    with pytest.raises(ModelError, match="'survival sigmoid:1'"):
        runners.load("lightgbm", path)
    tree_models.xgboost_model(tmp_path / "m.json")
    text = (tmp_path / "m.json").read_text().replace("binary:logistic", "reg:mystery")
    (tmp_path / "m.json").write_text(text)
    with pytest.raises(ModelError, match="'reg:mystery'"):
        runners.load("xgboost", tmp_path / "m.json")


def sklearn_models():
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge, SGDClassifier
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PowerTransformer, StandardScaler

    return [
        (make_pipeline(StandardScaler(), PCA(2), LogisticRegression()), "names"),
        (make_pipeline(PowerTransformer(), Ridge()), "two"),
        (SGDClassifier(), "classes"),
        (GaussianNB(), "binary"),
        (PoissonRegressor(), "count"),
        (MLPClassifier((4,), solver="lbfgs", max_iter=400, random_state=0), "binary"),
        (StandardScaler(), "value"),
        (make_pipeline("passthrough", LogisticRegression(max_iter=2000)), "names"),
        (make_pipeline(make_pipeline("passthrough", StandardScaler()), "passthrough", Ridge()), "value"),
        (make_pipeline(StandardScaler(), "passthrough"), "value"),
    ]


@pytest.mark.parametrize("number", range(10))
def test_skops_runs_what_it_trusts(number, tmp_path):
    model, kind = sklearn_models()[number]
    tree_models.skops_model(tmp_path / "m.skops", model, kind)
    runner = runners.load("skops", tmp_path / "m.skops")
    x, _ = tree_models.sample()
    found = runner.run({"input": x})
    asked = {"label": "predict", "prediction": "predict", "probabilities": "predict_proba"}
    for name, values in found.items():
        np.testing.assert_array_equal(values, getattr(model, asked.get(name, "transform"))(x))
    assert {item.name: item.dtype for item in runner.outputs} == {
        name: "str" if values.dtype.kind == "U" else values.dtype.name for name, values in found.items()
    }


def test_skops_refuses_forests_because_skops_does_not_trust_them(tmp_path):
    from sklearn.ensemble import RandomForestClassifier

    tree_models.skops_model(tmp_path / "m.skops", RandomForestClassifier(2, max_depth=2))
    with pytest.raises(SecurityRefusal, match=r"does not trust: sklearn\.tree\._tree\.Tree\.") as caught:
        runners.load("skops", tmp_path / "m.skops")
    assert "fairreg convert FILE --to onnx" in caught.value.hint


@pytest.mark.filterwarnings("ignore")  # of scikit-learn, on toy numbers
def test_skops_advises_a_conversion_only_where_there_is_one(tmp_path):
    from sklearn.ensemble import AdaBoostClassifier, GradientBoostingClassifier
    from sklearn.neural_network import MLPClassifier

    path = tmp_path / "m.skops"
    for model, kind, able in (
        (MLPClassifier((3,), max_iter=20), "binary", True),
        (AdaBoostClassifier(n_estimators=2), "binary", False),
        (GradientBoostingClassifier(loss="exponential", n_estimators=2), "binary", False),
        (MLPClassifier((3,), max_iter=20), "labels", False),
    ):
        tree_models.skops_model(path, model, kind)
        with pytest.raises(SecurityRefusal, match="does not trust") as caught:
            runners.load("skops", path)
        assert ("fairreg convert" in caught.value.hint) == able


def test_a_pipeline_without_any_step_is_refused_in_a_sentence(tmp_path):
    from sklearn.pipeline import make_pipeline

    tree_models.skops_model(tmp_path / "m.skops", make_pipeline("passthrough"), "value")
    with pytest.raises(ModelError, match="has no step that states its features"):
        runners.load("skops", tmp_path / "m.skops")


def test_skops_refuses_by_name_what_compiled_code_computes(tmp_path):
    from sklearn.svm import SVC

    tree_models.skops_model(tmp_path / "m.skops", SVC())
    with pytest.raises(ModelError, match=r"sklearn\.svm\._classes\.SVC, which fairreg does not run"):
        runners.load("skops", tmp_path / "m.skops")


def test_a_model_of_another_scikit_learn_is_run_with_a_remark(tmp_path):
    from sklearn.linear_model import Ridge

    path = tmp_path / "m.skops"
    tree_models.skops_model(path, Ridge(), "value")

    def older(schema):
        schema["content"]["content"]["_sklearn_version"]["content"] = '"1.2.2"'

    tree_models.changed_schema(path, older)
    assert "1.2.2" in runners.load("skops", path).remarks[0]


@pytest.mark.shared
def test_published_models_run_and_agree_with_their_published_onnx(shared):
    folder = shared / "models-in-the-wild/inputs"
    x = np.random.default_rng(0).normal(size=(200, 6)).astype(np.float32)
    for name, file, onnx in (
        ("xgboost", "x.json", "xgb.onnx"),
        ("xgboost", "x.ubj", "xgb.onnx"),
        ("lightgbm", "l.txt", "lgb_zipFalse.onnx"),
    ):
        found = runners.load(name, folder / file).run({"input": x})["probabilities"]
        other = runners.load("onnx", folder / onnx).run({"x": x})["probabilities"]
        np.testing.assert_allclose(found, other, atol=3e-7)
    with pytest.raises(SecurityRefusal, match=r"sklearn\.tree\._tree\.Tree"):
        runners.load("skops", folder / "m.skops")


@pytest.mark.shared
def test_the_old_binary_format_of_xgboost_is_refused_with_its_true_reason(shared):
    with pytest.raises(ModelError, match="old binary format") as caught:
        runners.load("xgboost", shared / REAL_XGBOOST)
    assert "XGBoost 1.5" in caught.value.hint
