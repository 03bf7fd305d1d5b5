# SPDX-License-Identifier: MIT
"""Full names of the classes of scikit-learn whose predictions fairreg computes.

An author's own class may have the name of one of scikit-learn and compute something else: only the module
tells them apart. Source: the modules of scikit-learn 1.9, the same since 0.22.
"""

from collections.abc import Mapping

__all__ = ["KINDS", "short_name"]

_MODULES: Mapping[str, tuple[str, ...]] = {
    "pipeline": ("Pipeline",),
    "preprocessing._data": ("StandardScaler", "RobustScaler", "MaxAbsScaler", "MinMaxScaler", "Normalizer"),
    "preprocessing._label": ("LabelBinarizer",),
    "decomposition._pca": ("PCA",),
    "linear_model._base": ("LinearRegression",),
    "linear_model._ridge": ("Ridge", "RidgeCV", "RidgeClassifier", "RidgeClassifierCV"),
    "linear_model._coordinate_descent": ("Lasso", "LassoCV", "ElasticNet", "ElasticNetCV"),
    "linear_model._bayes": ("BayesianRidge", "ARDRegression"),
    "linear_model._huber": ("HuberRegressor",),
    "linear_model._quantile": ("QuantileRegressor",),
    "linear_model._glm.glm": ("PoissonRegressor", "GammaRegressor"),
    "linear_model._stochastic_gradient": ("SGDRegressor", "SGDClassifier"),
    "linear_model._perceptron": ("Perceptron",),
    "linear_model._logistic": ("LogisticRegression", "LogisticRegressionCV"),
    "svm._classes": ("LinearSVR", "LinearSVC"),
    "discriminant_analysis": ("LinearDiscriminantAnalysis",),
    "naive_bayes": ("GaussianNB",),
    "neural_network._multilayer_perceptron": ("MLPClassifier", "MLPRegressor"),
    "dummy": ("DummyClassifier", "DummyRegressor"),
    "tree._tree": ("Tree",),
    "tree._classes": (
        *("DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor"),
    ),
    "ensemble._forest": (
        *("RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor"),
    ),
    "ensemble._gb": ("GradientBoostingClassifier", "GradientBoostingRegressor"),
    "ensemble._hist_gradient_boosting.gradient_boosting": (
        *("HistGradientBoostingClassifier", "HistGradientBoostingRegressor"),
    ),
    "ensemble._hist_gradient_boosting.predictor": ("TreePredictor",),
}
KINDS: Mapping[str, str] = {
    f"sklearn.{module}.{name}": name for module, names in _MODULES.items() for name in names
}


def short_name(kind: str) -> str:
    """Return the name of a class of scikit-learn without its module, and every other name in full."""
    return KINDS.get(kind, kind)
