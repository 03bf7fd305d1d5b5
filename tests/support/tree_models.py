# SPDX-License-Identifier: MIT
"""Small models of XGBoost, LightGBM and scikit-learn, trained on toy numbers."""

import io
import json
import zipfile

import numpy as np

ROWS = 300


def sample(missing=False):
    """Features (rows, 5): three normal, one category of 0 to 69, one with many zeros; and a target."""
    random = np.random.default_rng(0)
    x = random.normal(size=(ROWS, 5))
    x[:, 3] = random.integers(0, 70, ROWS)
    x[:, 4] = np.where(random.random(ROWS) < 0.4, 0, x[:, 4])
    target = x[:, 0] - x[:, 1] * x[:, 2] + x[:, 3] % 3 + x[:, 4] + 0.3 * random.normal(size=ROWS)
    if missing:
        x[random.random(x.shape) < 0.1] = np.nan
    return x, target


def targets(target):
    """Targets by what they are for."""
    random = np.random.default_rng(1)
    return {
        "value": target,
        "positive": abs(target) + 0.1,
        "count": random.poisson(np.exp(0.3 * target.clip(-2, 2))).astype(float),
        "binary": (target > 1).astype(int),
        "classes": np.digitize(target, [0, 1.5]),
        "two": np.stack([target, abs(target)], axis=1),
        "labels": np.stack([target > 0, target > 1], axis=1).astype(int),
    }


def xgboost_model(path, objective="binary:logistic", kind="binary", rounds=4, category=False, **settings):
    """Train a model, save it, and return the library's own predictions of float32 features."""
    import xgboost

    x, target = sample(missing=True)
    y = targets(target)[kind]
    types = ["q", "q", "q", "c", "q"] if category else None

    def data(features, **more):
        return xgboost.DMatrix(
            features.astype(np.float32), feature_types=types, enable_categorical=category, nthread=1, **more
        )

    training = data(x, label=None if objective == "survival:aft" else y)
    if objective.startswith("rank:"):
        training.set_group([ROWS // 2, ROWS // 2])
    if objective == "survival:aft":
        training.set_float_info("label_lower_bound", y)
        training.set_float_info("label_upper_bound", y + 0.1)
    given = {"objective": objective, "max_depth": 3, "nthread": 1, "verbosity": 0, "seed": 1, **settings}
    with xgboost.config_context(verbosity=0):
        booster = xgboost.train(given, training, rounds)
        booster.save_model(path)

    def predict(features):
        with xgboost.config_context(verbosity=0):
            return booster.predict(data(features), validate_features=False)

    return predict


def lightgbm_model(path, objective="binary", kind="binary", rounds=5, category=False, missing=False, **more):
    """Train a model, save it, and return the library's own predictions."""
    import lightgbm

    x, target = sample(missing)
    dataset = lightgbm.Dataset(
        x,
        label=targets(target)[kind],
        categorical_feature=[3] if category else "auto",
        group=[ROWS // 3] * 3 if "rank" in str(objective) else None,
    )
    settings = {
        "objective": objective,
        "num_leaves": 7,
        "verbose": -1,
        "num_threads": 1,
        "seed": 1,
        "min_data_in_leaf": 5,
        "cat_smooth": 0,
        "cat_l2": 0,
        "max_cat_to_onehot": 1,
        "min_data_per_group": 1,
        "num_class": 3 if str(objective).startswith("multi") else 1,
        **more,
    }
    booster = lightgbm.train(settings, dataset, rounds)
    path.write_text(booster.model_to_string())
    return lambda features: booster.predict(features, num_threads=1)


def skops_model(path, model, kind="classes"):
    """Train a model of scikit-learn, save it, and return it."""
    import skops.io

    x, target = sample()
    y = (
        np.array(["b", "c", "light"])[targets(target)["classes"]]
        if kind == "names"
        else targets(target)[kind]
    )
    model.fit(x, y)
    skops.io.dump(model, path)
    return model


def changed_schema(path, change):
    """Write the archive at `path` anew with a schema that `change` altered in place."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(members["schema.json"])
    change(schema)
    members["schema.json"] = json.dumps(schema).encode()
    path.write_bytes(zipped(members))


def zipped(members):
    """An archive of members by name."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


def states(state):
    """All nodes of a skops schema."""
    if isinstance(state, dict):
        if "__loader__" in state:
            yield state
        for value in state.values():
            yield from states(value)
    elif isinstance(state, list):
        for value in state:
            yield from states(value)
