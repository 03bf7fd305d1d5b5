# SPDX-License-Identifier: MIT
"""Ensembles of trees and models of scikit-learn as ONNX compute what their own library computes.

The judges are XGBoost, LightGBM and scikit-learn themselves.
"""

import sys

import numpy as np
import onnx
import pytest

from fairreg import runners
from fairreg.errors import ModelError, SecurityRefusal
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


def test_early_stopping_is_told(tmp_path):
    path = tmp_path / "m.json"
    tree_models.xgboost_model(path)
    text = path.read_text().replace('"attributes":{}', '"attributes":{"best_iteration":"2"}')
    path.write_text(text)
    assert any("best iteration 2" in remark for remark in converted(path)[0].remarks)


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
        ],
        "trees": [
            (DecisionTreeClassifier(max_depth=4, **seed), "names"),
            (DecisionTreeRegressor(max_depth=4, **seed), "value"),
        ],
        "forests": [
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

    import json
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


def test_several_outputs_with_classes_of_their_own_are_refused(tmp_path):
    from sklearn.tree import DecisionTreeClassifier

    tree_models.skops_model(tmp_path / "m.skops", DecisionTreeClassifier(max_depth=2), "labels")
    with pytest.raises(ModelError, match="several outputs"):
        converted(tmp_path / "m.skops")


def refused_models():
    from sklearn.ensemble import AdaBoostClassifier, GradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.linear_model import Ridge, SGDClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler, PowerTransformer
    from sklearn.svm import SVC

    return [
        (SVC(), "SVC"),
        (AdaBoostClassifier(n_estimators=2), "AdaBoostClassifier"),
        (make_pipeline(PowerTransformer(), Ridge()), "PowerTransformer"),
        (make_pipeline(MinMaxScaler(clip=True), Ridge()), "MinMaxScaler with clip"),
        (SGDClassifier(loss="modified_huber"), "modified_huber"),
        (GradientBoostingClassifier(loss="exponential", n_estimators=2), "exponential"),
        (HistGradientBoostingRegressor(max_iter=2, categorical_features=[3]), "'functools.partial'"),
    ]


@pytest.mark.parametrize("number", range(7))
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
