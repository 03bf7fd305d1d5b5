# SPDX-License-Identifier: MIT
"""Ensembles of trees and models of scikit-learn as ONNX compute what their own library computes.

The judges are XGBoost, LightGBM and scikit-learn themselves.
"""

import itertools
import json
import sys

import numpy as np
import onnx
import pytest

from fairreg import runners
from fairreg.errors import ModelError, SecurityRefusal
from fairreg.runners._trees import sklearn_names
from fairreg.runners._trees.ensemble import NO_LABEL, NO_LABEL_TEXT
from fairreg.runners.converters import converter_of
from fairreg.storage.recognition import describe
from support import tree_models


@pytest.fixture(autouse=True)
def libraries():
    for name in ("xgboost", "lightgbm", "skops"):
        pytest.importorskip(name)


def converted(path):
    """The conversion of a file by the converter that its content chooses, and its runner."""
    found = converter_of(describe(path))
    assert found is not None
    made = found.convert(path)
    onnx.checker.check_model(onnx.load_from_string(made.model), full_check=True)
    assert {item.domain: item.version for item in onnx.load_from_string(made.model).opset_import} == {
        "": 17,
        "ai.onnx.ml": 3,
    }
    return made, runners.load("onnx", made.model)


def inputs(made, missing):
    """The sample of the training and the edges of the conversion."""
    return np.concatenate([tree_models.sample(missing)[0], made.edges["input"]])


XGBOOST = [
    ("binary:logistic", "binary", {}),
    ("binary:logitraw", "binary", {}),
    ("binary:hinge", "binary", {}),
    ("multi:softprob", "classes", {"num_class": 3}),
    ("multi:softmax", "classes", {"num_class": 3}),
    ("reg:squarederror", "value", {}),
    ("reg:logistic", "binary", {}),
    ("reg:absoluteerror", "value", {}),
    ("reg:pseudohubererror", "value", {}),
    ("reg:squaredlogerror", "positive", {}),
    ("reg:gamma", "positive", {}),
    ("reg:tweedie", "count", {}),
    ("count:poisson", "count", {}),
    ("survival:cox", "positive", {}),
    ("survival:aft", "positive", {}),
    ("rank:ndcg", "classes", {}),
    ("rank:pairwise", "classes", {}),
    ("rank:map", "binary", {}),
]
MORE_XGBOOST = [
    ("reg:quantileerror", "value", {"quantile_alpha": [0.1, 0.9]}),
    ("reg:squarederror", "two", {}),
    ("binary:logistic", "labels", {}),
    ("binary:logistic", "binary", {"num_parallel_tree": 3, "subsample": 0.6}),
    ("binary:logistic", "binary", {"category": True, "max_cat_to_onehot": 1}),
    ("multi:softprob", "classes", {"num_class": 3, "category": True, "max_cat_to_onehot": 100}),
]


def boosters():
    for objective, kind, settings in XGBOOST:
        for booster in ("gbtree", "dart", "gblinear"):
            if booster != "gbtree" and objective == "survival:aft":
                continue
            given = {**settings, "booster": booster}
            if booster == "dart":
                given |= {"rate_drop": 0.5, "base_score": 0.3}
            yield objective, kind, given
    yield from MORE_XGBOOST


@pytest.mark.sliced(2)
@pytest.mark.parametrize(("objective", "kind", "settings"), list(boosters()))
def test_xgboost_in_onnx_agrees_with_xgboost(objective, kind, settings, tmp_path):
    path = tmp_path / "model.ubj"
    if settings.get("num_class"):
        settings = {key: value for key, value in settings.items() if key != "base_score"}
    predict = tree_models.xgboost_model(path, objective, kind, **settings)
    made, runner = converted(path)
    x = inputs(made, missing=True).astype(np.float32)
    own = runners.load("xgboost", path, threads=1)
    assert [item.name for item in runner.outputs] == [item.name for item in own.outputs]
    name = own.outputs[0].name
    found, expected = runner.run({"input": x})[name], own.run({"input": x})[name]
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    np.testing.assert_allclose(found, expected, rtol=2e-6, atol=5e-7)
    judge = predict(x)
    if judge.shape == expected.shape:
        np.testing.assert_array_equal(expected, judge)
    assert (made.runtime, made.original[:10]) == ("xgboost", "XGBoost 3.")


def test_a_value_at_a_threshold_goes_the_way_it_goes_in_xgboost(tmp_path):
    predict = tree_models.xgboost_model(tmp_path / "m.json", "reg:squarederror", "value")
    made, runner = converted(tmp_path / "m.json")
    edges = made.edges["input"]
    thresholds = {
        np.float32(value)
        for graph_node in onnx.load_from_string(made.model).graph.node
        for attribute in graph_node.attribute
        if attribute.name == "nodes_values"
        for value in attribute.floats
    }
    assert len(thresholds & set(edges.ravel())) > 10
    above = np.nextafter(np.array(sorted(thresholds)), np.float32(np.inf))
    assert len(set(above) & set(edges.ravel())) > 10
    np.testing.assert_allclose(
        runner.run({"input": edges})["prediction"], predict(edges), rtol=2e-6, atol=5e-7
    )


@pytest.mark.parametrize(
    ("booster", "best", "told"),
    [("gbtree", 2, True), ("dart", 0, True), ("gbtree", 3, False), ("gblinear", 2, False)],
)
def test_early_stopping_before_the_last_round_is_told_by_both_ways(booster, best, told, tmp_path):
    path = tmp_path / "m.json"
    settings = {} if booster == "gblinear" else {"num_parallel_tree": 2}
    tree_models.xgboost_model(path, "multi:softprob", "classes", booster=booster, num_class=3, **settings)
    document = json.loads(path.read_text())
    document["learner"]["attributes"] = {"best_iteration": str(best)}
    path.write_text(json.dumps(document))
    for remarks in (converted(path)[0].remarks, runners.load("xgboost", path).remarks):
        assert any(f"best iteration {best}" in remark for remark in remarks) == told


def assert_both_agree_with_xgboost(path):
    """Both ways to a file give what XGBoost gives for it, however rows come out of its shape."""
    import xgboost

    x = tree_models.sample(missing=True)[0].astype(np.float32)
    with xgboost.config_context(verbosity=0):
        judge = xgboost.Booster(model_file=path).predict(xgboost.DMatrix(x), validate_features=False)
    own, written = runners.load("xgboost", path), converted(path)[1]
    name = own.outputs[0].name
    for runner in (own, written):
        found = runner.run({"input": x})[name]
        assert (found.shape[1:], found.dtype.name) == (own.outputs[0].shape[1:], own.outputs[0].dtype)
        found = found[:, 1] if name == "probabilities" and judge.ndim == 1 else found
        np.testing.assert_allclose(found, judge, rtol=2e-6, atol=5e-7)
    return own


@pytest.mark.parametrize("booster", ["gbtree", "dart", "gblinear"])
@pytest.mark.parametrize("estimated", ["0", "1", None])
@pytest.mark.parametrize(
    ("objective", "kind", "settings"),
    [("binary:logistic", "binary", {}), ("count:poisson", "count", {}), ("reg:squarederror", "two", {})],
)
def test_models_without_rounds_give_their_base(objective, kind, settings, estimated, booster, tmp_path):
    """XGBoost takes a base_score that it was still to estimate for a margin, and any other as it is."""
    path = tmp_path / "m.json"
    tree_models.xgboost_model(path, objective, kind, rounds=0, base_score=0.3, booster=booster, **settings)
    document = json.loads(path.read_text())
    stated = document["learner"]["learner_model_param"]
    assert stated.pop("boost_from_average") == "0"
    if estimated is not None:
        stated["boost_from_average"] = estimated
    path.write_text(json.dumps(document))
    assert_both_agree_with_xgboost(path)


def test_classes_without_rounds_have_their_base_too(tmp_path):
    path = tmp_path / "m.json"
    tree_models.xgboost_model(path, "multi:softprob", "classes", rounds=0, num_class=3)
    document = json.loads(path.read_text())
    document["learner"]["learner_model_param"]["base_score"] = "[3E-1,1E0,-2E0]"
    path.write_text(json.dumps(document))
    assert_both_agree_with_xgboost(path)


def test_an_output_without_trees_has_its_base(tmp_path):
    path = tmp_path / "m.json"
    tree_models.xgboost_model(path, "reg:squarederror", "two", rounds=2)
    document = json.loads(path.read_text())
    model = document["learner"]["gradient_booster"]["model"]
    model["trees"] = model["trees"][::2]
    for number, tree in enumerate(model["trees"]):
        tree["id"] = number
    model |= {"tree_info": [0, 0], "iteration_indptr": [0, 1, 2]}
    model["gbtree_model_param"]["num_trees"] = "2"
    document["learner"]["learner_model_param"]["base_score"] = "[3E-1,7E-1]"
    path.write_text(json.dumps(document))
    runner = assert_both_agree_with_xgboost(path)
    x = tree_models.sample()[0]
    assert set(runner.run({"input": x})["prediction"][:, 1].tolist()) == {float(np.float32(0.7))}


@pytest.mark.parametrize("base", ["0E0", "1E0", "1E-8", "9.9999999E-1", "4E-1"])
@pytest.mark.parametrize("objective", ["binary:logistic", "reg:logistic"])
def test_a_base_at_the_ends_of_its_range_is_that_of_xgboost(objective, base, tmp_path):
    path = tmp_path / "m.json"
    tree_models.xgboost_model(path, objective)
    document = json.loads(path.read_text())
    document["learner"]["learner_model_param"]["base_score"] = base
    path.write_text(json.dumps(document))
    assert_both_agree_with_xgboost(path)


def test_a_base_of_zero_of_a_logarithm_is_that_of_xgboost(tmp_path):
    path = tmp_path / "m.json"
    tree_models.xgboost_model(path, "count:poisson", "count")
    document = json.loads(path.read_text())
    document["learner"]["learner_model_param"]["base_score"] = "0E0"
    path.write_text(json.dumps(document))
    assert_both_agree_with_xgboost(path)


def test_hinge_gives_each_of_its_targets(tmp_path):
    tree_models.xgboost_model(tmp_path / "m.json", "binary:hinge", "labels")
    runner = assert_both_agree_with_xgboost(tmp_path / "m.json")
    assert (runner.outputs[0].name, runner.outputs[0].shape) == ("label", ("rows", 2))


@pytest.mark.parametrize(
    ("objective", "kind"),
    [("binary:logistic", "binary"), ("binary:hinge", "labels"), ("reg:gamma", "positive")],
)
@pytest.mark.parametrize("booster", ["gbtree", "gblinear"])
def test_rows_with_infinities_have_no_answer_as_in_xgboost(objective, kind, booster, tmp_path):
    path = tmp_path / "m.json"
    tree_models.xgboost_model(path, objective, kind, booster=booster)
    made, runner = converted(path)
    x = tree_models.sample(missing=True)[0]
    name = runner.outputs[0].name
    expected = runner.run({"input": x})[name]
    assert not np.isnan(expected).any()
    x[::3, 2], x[1::3, 4] = np.inf, -np.inf
    found = runner.run({"input": x})[name]
    none = NO_LABEL if name == "label" else np.nan
    assert np.array_equal(found[::3], np.full_like(found[::3], none), equal_nan=name != "label")
    assert np.array_equal(found[1::3], np.full_like(found[1::3], none), equal_nan=name != "label")
    np.testing.assert_array_equal(found[2::3], expected[2::3])
    assert any(str(none).replace("nan", "NaN") in remark for remark in made.remarks)


LIGHTGBM = [
    ("binary", "binary", {}),
    ("binary", "binary", {"sigmoid": 2.0}),
    ("multiclass", "classes", {}),
    ("multiclassova", "classes", {}),
    ("regression", "value", {}),
    ("regression", "value", {"reg_sqrt": True}),
    ("regression_l1", "value", {}),
    ("huber", "value", {}),
    ("fair", "value", {}),
    ("quantile", "value", {"alpha": 0.3}),
    ("mape", "positive", {}),
    ("poisson", "count", {}),
    ("gamma", "positive", {}),
    ("tweedie", "count", {}),
    ("cross_entropy", "binary", {}),
    ("cross_entropy_lambda", "binary", {}),
    ("lambdarank", "classes", {}),
    ("rank_xendcg", "classes", {}),
    *[
        (objective, kind, settings)
        for objective, kind in (("binary", "binary"), ("multiclass", "classes"), ("poisson", "count"))
        for settings in (
            {"boosting": "dart", "drop_rate": 0.6, "skip_drop": 0.0},
            {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.6},
        )
    ],
    ("binary", "binary", {"category": True}),
    ("multiclass", "classes", {"category": True, "max_cat_to_onehot": 100}),
    ("regression", "value", {"category": True, "missing": True}),
    ("regression", "value", {"missing": True}),
    ("regression", "value", {"missing": True, "zero_as_missing": True}),
    ("binary", "binary", {"missing": True, "zero_as_missing": True, "category": True}),
    ("regression", "value", {"missing": True, "use_missing": False}),
]


@pytest.mark.parametrize(("objective", "kind", "settings"), LIGHTGBM)
def test_lightgbm_in_onnx_agrees_with_lightgbm(objective, kind, settings, tmp_path):
    path = tmp_path / "model.txt"
    predict = tree_models.lightgbm_model(path, objective, kind, **settings)
    made, runner = converted(path)
    x = inputs(made, missing=True)
    assert np.isinf(x).any()
    own = runners.load("lightgbm", path, threads=1)
    name = own.outputs[0].name
    found, expected = runner.run({"input": x})[name], own.run({"input": x})[name]
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=5e-7, atol=3e-7)
    judge = predict(x)
    if judge.shape == expected.shape:
        np.testing.assert_array_equal(expected, judge)


def test_lightgbm_compares_in_double(tmp_path):
    """Of the doubles on both sides of each threshold, one goes left: in float32 both would be one number."""
    tree_models.lightgbm_model(tmp_path / "m.txt", "regression", "value")
    made, runner = converted(tmp_path / "m.txt")
    attributes = {
        item.name: item for node in onnx.load_from_string(made.model).graph.node for item in node.attribute
    }
    modes = attributes["nodes_modes"].strings
    values = onnx.numpy_helper.to_array(attributes["nodes_values_as_tensor"].t)
    features = np.array(attributes["nodes_featureids"].ints)
    splits = [number for number, mode in enumerate(modes) if mode == b"BRANCH_LEQ"]
    own = runners.load("lightgbm", tmp_path / "m.txt")
    rows = np.repeat(tree_models.sample()[0][:1], 2 * len(splits), axis=0)
    for place, split in enumerate(splits):
        rows[2 * place, features[split]] = values[split]
        rows[2 * place + 1, features[split]] = np.nextafter(values[split], np.inf)
    expected = own.run({"input": rows})["prediction"]
    assert (expected[::2] != expected[1::2]).any()
    np.testing.assert_allclose(runner.run({"input": rows})["prediction"], expected, rtol=5e-7, atol=3e-7)


def test_linear_leaves_are_refused_by_name(tmp_path):
    tree_models.lightgbm_model(tmp_path / "m.txt", "regression", "value", linear_tree=True)
    with pytest.raises(ModelError, match="linear_tree"):
        converted(tmp_path / "m.txt")


def sklearn_models():
    """Name -> a model and what it is trained for."""
    from sklearn.decomposition import PCA
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.ensemble import (
        ExtraTreesClassifier,
        ExtraTreesRegressor,
        GradientBoostingClassifier,
        GradientBoostingRegressor,
        HistGradientBoostingClassifier,
        HistGradientBoostingRegressor,
        RandomForestClassifier,
        RandomForestRegressor,
    )
    from sklearn.linear_model import (
        BayesianRidge,
        ElasticNet,
        GammaRegressor,
        HuberRegressor,
        LassoCV,
        LinearRegression,
        LogisticRegression,
        LogisticRegressionCV,
        Perceptron,
        PoissonRegressor,
        Ridge,
        RidgeClassifier,
        SGDClassifier,
        SGDRegressor,
    )
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, Normalizer, RobustScaler, StandardScaler
    from sklearn.svm import LinearSVC, LinearSVR
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    few, seed = {"n_estimators": 4, "max_depth": 4, "random_state": 0}, {"random_state": 0}
    network = {"solver": "lbfgs", "max_iter": 300, **seed}
    return {
        "regressors": [
            (make_pipeline(StandardScaler(), model), "value")
            for model in (
                *(LinearRegression(), Ridge(), ElasticNet(0.01), LassoCV(cv=2), BayesianRidge()),
                *(HuberRegressor(), SGDRegressor(**seed), LinearSVR(**seed)),
            )
        ],
        "exponential": [
            (PoissonRegressor(max_iter=1000), "count"),
            (GammaRegressor(max_iter=1000), "positive"),
        ],
        "two targets": [(Ridge(), "two"), (MLPRegressor(hidden_layer_sizes=(3,), **network), "two")],
        "linear classifiers": [
            (make_pipeline(StandardScaler(), model), kind)
            for kind in ("binary", "classes", "names")
            for model in (
                *(LogisticRegression(), SGDClassifier(loss="log_loss", **seed), SGDClassifier(**seed)),
                *(Perceptron(), RidgeClassifier(), LinearSVC(**seed), LinearDiscriminantAnalysis()),
                GaussianNB(),
            )
        ],
        "logistic with folds": [(make_pipeline(StandardScaler(), LogisticRegressionCV(cv=2)), "binary")],
        "networks": [
            (make_pipeline(StandardScaler(), MLPClassifier((4, 3), activation=name, **network)), kind)
            for name in ("relu", "tanh", "logistic", "identity")
            for kind in ("binary", "classes")
        ],
        "scalers": [
            (make_pipeline(MinMaxScaler(), RobustScaler(), MaxAbsScaler(), Normalizer(), Ridge()), "value"),
            (make_pipeline(StandardScaler(), PCA(2)), "value"),
            (StandardScaler(with_mean=False), "value"),
            (make_pipeline(make_pipeline("passthrough", MinMaxScaler()), PCA(2), MaxAbsScaler()), "value"),
            (make_pipeline(StandardScaler(), "passthrough"), "value"),
            (make_pipeline("passthrough", make_pipeline(StandardScaler(), LogisticRegression())), "names"),
        ],
        "trees": [
            (DecisionTreeClassifier(max_depth=4, **seed), "names"),
            (DecisionTreeRegressor(max_depth=4, **seed), "value"),
        ],
        "forests": [
            (DecisionTreeRegressor(max_depth=3, **seed), "two"),
            *[(kind(**few), "two") for kind in (RandomForestRegressor, ExtraTreesRegressor)],
            (make_pipeline(StandardScaler(), RandomForestClassifier(**few)), "names"),
            *[(kind(**few), "classes") for kind in (RandomForestClassifier, ExtraTreesClassifier)],
            *[(kind(**few), "value") for kind in (RandomForestRegressor, ExtraTreesRegressor)],
        ],
        "boosting": [
            *[(GradientBoostingClassifier(**few), kind) for kind in ("binary", "names")],
            (GradientBoostingClassifier(init="zero", **few), "classes"),
            *[
                (GradientBoostingRegressor(loss=loss, **few), "value")
                for loss in ("squared_error", "absolute_error", "huber", "quantile")
            ],
        ],
        "histograms": [
            *[(HistGradientBoostingClassifier(max_iter=4, **seed), kind) for kind in ("binary", "names")],
            *[
                (HistGradientBoostingRegressor(loss=loss, max_iter=4, quantile=0.3, **seed), "positive")
                for loss in ("squared_error", "absolute_error", "quantile", "poisson", "gamma")
            ],
        ],
    }


FAMILIES = (
    *("regressors", "exponential", "two targets", "linear classifiers", "logistic with folds", "networks"),
    *("scalers", "trees", "forests", "boosting", "histograms"),
)


@pytest.mark.sliced(5)
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.filterwarnings("ignore")  # of scikit-learn, on toy numbers
def test_scikit_learn_in_onnx_agrees_with_scikit_learn(family, tmp_path):
    for model, kind in sklearn_models()[family]:
        tree_models.skops_model(tmp_path / "m.skops", model, kind)
        made, runner = converted(tmp_path / "m.skops")
        x = inputs(made, missing=False)
        x = x[~np.isnan(x).any(axis=1)]
        found = runner.run({"input": x})
        if "label" in found:
            np.testing.assert_array_equal(found["label"], model.predict(x))
            assert ("probabilities" in found) == hasattr(model, "predict_proba")
        asked = {"probabilities": "predict_proba", "prediction": "predict", "transformed": "transform"}
        for name in found.keys() - {"label"}:
            expected = getattr(model, asked[name])(x)
            assert found[name].shape == expected.shape
            tight = 1e-12 if family not in {"trees", "forests", "boosting", "histograms"} else 5e-7
            np.testing.assert_allclose(found[name], expected, rtol=tight, atol=tight)
        assert made.original.startswith("scikit-learn 1.")


@pytest.mark.filterwarnings("ignore")
def test_missing_values_go_their_way_in_forests(tmp_path):
    import skops.io
    from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor

    x, target = tree_models.sample(missing=True)
    for model in (
        RandomForestRegressor(4, random_state=0),
        HistGradientBoostingRegressor(max_iter=4, random_state=0),
    ):
        skops.io.dump(model.fit(x, target), tmp_path / "m.skops")
        made, runner = converted(tmp_path / "m.skops")
        rows = np.concatenate([x, made.edges["input"]])
        assert np.isnan(made.edges["input"]).any()
        np.testing.assert_allclose(
            runner.run({"input": rows})["prediction"], model.predict(rows), rtol=5e-7, atol=5e-7
        )


def test_leaves_of_scikit_learn_before_1_3_hold_counts(tmp_path):
    """The same tree with counts at its leaves gives the same fractions."""
    import io

    from sklearn.tree import DecisionTreeClassifier

    path = tmp_path / "m.skops"
    model = tree_models.skops_model(path, DecisionTreeClassifier(max_depth=3, random_state=0))

    def counts(members, file):
        values = np.load(io.BytesIO(members[file]))
        stream = io.BytesIO()
        np.save(stream, values * np.arange(1, len(values) + 1)[:, None, None])
        members[file] = stream.getvalue()

    import zipfile

    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    tree = next(
        state
        for state in tree_models.states(json.loads(members["schema.json"]))
        if state["__loader__"] == "TreeNode"
    )
    counts(members, tree["content"]["content"]["values"]["file"])
    path.write_bytes(tree_models.zipped(members))
    x, _ = tree_models.sample()
    _, runner = converted(path)
    np.testing.assert_allclose(
        runner.run({"input": x})["probabilities"], model.predict_proba(x), rtol=1e-6, atol=1e-7
    )


def test_a_conversion_needs_no_library_and_names_the_runner_of_the_original(tmp_path, monkeypatch):
    from sklearn.linear_model import LogisticRegression
    from sklearn.tree import DecisionTreeClassifier

    tree_models.xgboost_model(tmp_path / "m.json")
    tree_models.lightgbm_model(tmp_path / "m.txt")
    tree_models.skops_model(tmp_path / "m.skops", LogisticRegression(max_iter=1000))
    tree_models.skops_model(tmp_path / "tree.skops", DecisionTreeClassifier(max_depth=2))
    for library in ("xgboost", "lightgbm", "skops", "skops.io", "sklearn", "skl2onnx", "onnxmltools"):
        monkeypatch.setitem(sys.modules, library, None)
    runtimes = {"m.json": "xgboost", "m.txt": "lightgbm", "m.skops": "skops", "tree.skops": None}
    assert {name: converted(tmp_path / name)[0].runtime for name in runtimes} == runtimes


def strict_models():
    """Models with what scikit-learn refuses in their features: NaN, infinities, numbers beyond float32."""
    from sklearn.ensemble import (
        ExtraTreesClassifier,
        GradientBoostingClassifier,
        GradientBoostingRegressor,
        HistGradientBoostingClassifier,
        RandomForestClassifier,
        RandomForestRegressor,
    )
    from sklearn.linear_model import LogisticRegression, Perceptron, Ridge
    from sklearn.naive_bayes import GaussianNB
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler, Normalizer, StandardScaler
    from sklearn.tree import ExtraTreeRegressor

    few = {"n_estimators": 3, "max_depth": 3, "random_state": 0}
    return [
        (LogisticRegression(max_iter=2000), "names"),
        (Perceptron(), "binary"),
        (Ridge(), "two"),
        (GaussianNB(), "classes"),
        (StandardScaler(), "value"),
        (make_pipeline(StandardScaler(), Ridge()), "value"),
        (make_pipeline(MinMaxScaler(), RandomForestClassifier(**few)), "names"),
        (make_pipeline(Normalizer(), RandomForestRegressor(**few)), "value"),
        (make_pipeline(StandardScaler(), HistGradientBoostingClassifier(max_iter=3)), "classes"),
        (HistGradientBoostingClassifier(max_iter=3), "binary"),
        (RandomForestRegressor(**few), "two"),
        (ExtraTreesClassifier(**few), "classes"),
        (ExtraTreeRegressor(splitter="best", max_depth=3), "value"),
        (GradientBoostingClassifier(**few), "names"),
        (GradientBoostingRegressor(**few), "value"),
    ]


@pytest.mark.sliced(5)
@pytest.mark.parametrize("number", range(15))
@pytest.mark.filterwarnings("ignore")  # of scikit-learn, on toy numbers
def test_what_scikit_learn_refuses_has_no_answer(number, tmp_path):
    """scikit-learn judges each value: a row that it takes is answered as it does, another by NaN."""
    model, kind = strict_models()[number]
    tree_models.skops_model(tmp_path / "m.skops", model, kind)
    made, runner = converted(tmp_path / "m.skops")
    first = model.predict if hasattr(model, "predict") else model.transform
    refused = []
    beyond = 2.0**128 - 2.0**103
    for value in (np.nan, np.inf, -np.inf, 1e300, beyond, -np.nextafter(beyond, 0), 1.0):
        x = tree_models.sample()[0][:4]
        x[2, 1] = value
        found = runner.run({"input": x})
        good = runner.run({"input": np.delete(x, 2, axis=0)})
        for name, values in found.items():
            others = np.delete(values, 2, axis=0)
            if values.dtype.kind == "f":
                np.testing.assert_allclose(others, good[name], rtol=1e-12, atol=1e-12)
            else:
                np.testing.assert_array_equal(others, good[name])
        try:
            first(x)
        except ValueError:
            refused.append(value)
            label = found.pop("label", None)
            assert label is None or label[2] in {NO_LABEL, NO_LABEL_TEXT}
            assert all(np.isnan(values[2]).all() for values in found.values())
        else:
            asked = {"label": "predict", "probabilities": "predict_proba", "prediction": "predict"}
            for name, values in found.items():
                expected = getattr(model, asked.get(name, "transform"))(x)
                if values.dtype.kind == "f":
                    np.testing.assert_allclose(values, expected, rtol=1e-6, atol=1e-6)
                else:
                    np.testing.assert_array_equal(values, expected)
    assert any("refuses" in remark for remark in made.remarks) == bool(refused)
    assert any("NaN or" in remark for remark in made.remarks) == any(map(np.isnan, refused))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("none", "other"), [("nan", "signal"), (NO_LABEL, 1)])
def test_a_class_named_as_the_refused_rows_is_refused(none, other, tmp_path):
    import skops.io
    from sklearn.linear_model import LogisticRegression

    x, target = tree_models.sample()
    model = LogisticRegression().fit(x, np.where(target > 1, other, none))
    skops.io.dump(model, tmp_path / "m.skops")
    with pytest.raises(ModelError, match=f"the class {none!r}"):
        converted(tmp_path / "m.skops")


@pytest.mark.parametrize(
    ("module", "place"),
    [
        *itertools.product(
            ("mylab", "sklearn.mylab", "sklearn_mylab.tree"),
            ("the model", "a step", "a tree of a forest", "the rounds"),
        ),
        ("mylab", "a container"),
    ],
)
def test_an_authors_class_with_a_name_of_scikit_learn_is_refused_by_name(module, place, tmp_path):
    from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model, name = {
        "the model": (LinearRegression(), "LinearRegression"),
        "a step": (make_pipeline(StandardScaler(), LinearRegression()), "StandardScaler"),
        "a tree of a forest": (RandomForestRegressor(2, max_depth=2), "DecisionTreeRegressor"),
        "the rounds": (HistGradientBoostingRegressor(max_iter=2), "TreePredictor"),
        "a container": (RandomForestRegressor(2, max_depth=2), "list"),
    }[place]
    path = tmp_path / "m.skops"
    tree_models.skops_model(path, model, "value")

    def own(schema):
        for state in tree_models.states(schema):
            if state["__class__"] == name:
                state["__module__"] = module

    tree_models.changed_schema(path, own)
    with pytest.raises(ModelError, match=rf"{module}\.{name}"):
        converted(path)


def test_scalers_round_as_numpy_does(tmp_path):
    """Thresholds of histogram gradient boosting are often values of the training."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

    steps = (StandardScaler(), RobustScaler(unit_variance=True), MinMaxScaler((-2, 5)), MaxAbsScaler())
    model = tree_models.skops_model(tmp_path / "m.skops", make_pipeline(*steps), "value")
    x = np.random.default_rng(1).normal(size=(4000, 5)) * 10
    x[:300] = tree_models.sample()[0]
    found = converted(tmp_path / "m.skops")[1].run({"input": x})["transformed"]
    np.testing.assert_array_equal(found, model.transform(x))


def test_the_names_of_scikit_learn_are_those_of_the_installed_one():
    import importlib

    for kind in sklearn_names.KINDS:
        module, _, name = kind.rpartition(".")
        found = getattr(importlib.import_module(module), name)
        assert f"{found.__module__}.{found.__qualname__}" == kind


def test_several_outputs_with_classes_of_their_own_are_refused(tmp_path):
    from sklearn.tree import DecisionTreeClassifier

    tree_models.skops_model(tmp_path / "m.skops", DecisionTreeClassifier(max_depth=2), "labels")
    with pytest.raises(ModelError, match="several outputs"):
        converted(tmp_path / "m.skops")


def refused_models():
    from sklearn.decomposition import PCA
    from sklearn.ensemble import AdaBoostClassifier, GradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.linear_model import Ridge, SGDClassifier, TweedieRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler, Normalizer, PowerTransformer
    from sklearn.svm import SVC

    return [
        (SVC(), "SVC"),
        (AdaBoostClassifier(n_estimators=2), "AdaBoostClassifier"),
        (make_pipeline(PowerTransformer(), Ridge()), "PowerTransformer"),
        (make_pipeline(MinMaxScaler(clip=True), Ridge()), "MinMaxScaler with clip"),
        (SGDClassifier(loss="modified_huber"), "modified_huber"),
        (GradientBoostingClassifier(loss="exponential", n_estimators=2), "exponential"),
        (HistGradientBoostingRegressor(max_iter=2, categorical_features=[3]), "'functools.partial'"),
        (make_pipeline(PCA(2), HistGradientBoostingRegressor(max_iter=2)), "last digits"),
        (make_pipeline(Normalizer(), HistGradientBoostingRegressor(max_iter=2)), "last digits"),
        (make_pipeline("passthrough", "passthrough"), "Pipeline with no step"),
        (TweedieRegressor(), "TweedieRegressor"),
    ]


@pytest.mark.parametrize("number", range(11))
@pytest.mark.filterwarnings("ignore")
def test_what_is_not_written_exactly_is_refused_by_name(number, tmp_path):
    model, name = refused_models()[number]
    tree_models.skops_model(tmp_path / "m.skops", model, "binary")
    with pytest.raises((ModelError, SecurityRefusal), match=name):
        converted(tmp_path / "m.skops")


@pytest.mark.shared
def test_the_forest_in_the_wild_agrees_with_its_published_onnx(shared):
    folder = shared / "models-in-the-wild/inputs"
    _, runner = converted(folder / "m.skops")
    x = np.random.default_rng(0).normal(size=(300, 6)).astype(np.float32)
    other = runners.load("onnx", folder / "skl_nozip.onnx").run({"X": x})
    found = runner.run({"input": x})
    np.testing.assert_array_equal(found["label"], other["label"])
    np.testing.assert_allclose(found["probabilities"], other["probabilities"], atol=3e-7)


@pytest.mark.shared
def test_the_old_binary_format_has_no_converter(shared):
    path = "models-in-the-wild/weights/CoffeaTeam+coffea/tests/samples/xgboost_example.xgb"
    assert converter_of(describe(shared / path)) is None
