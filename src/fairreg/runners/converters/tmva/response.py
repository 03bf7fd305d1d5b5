# SPDX-License-Identifier: MIT
"""Formula of a forest by its analysis type and boosting, as TMVA's reader computes it.

Source: root-project/root, tmva/tmva/src, MethodBDT.cxx (DeclareOptions for the defaults, PrivateGetMvaValue,
GetGradBoostMVA, GetMulticlassValues, GetRegressionValues) and DecisionTree.cxx (CheckEvent). With the value
t_i of the leaf that an event reaches in tree i and the boost weight w_i of that tree:

- classification, Grad: 2 / (1 + exp(-2 sum t_i)) - 1, t_i the leaf's response;
- classification, other boosting: sum w_i t_i / sum w_i, t_i the leaf's nType (UseYesNoLeaf) or its purity;
- multiclass, Grad: of class k, 1 / (1 + sum over j != k of exp(s_j - s_k)), s_k = sum t_i of the trees
  k, k + K, k + 2K ... of K classes;
- regression, Grad: w_0 + sum t_i; Bagging: sum w_i t_i / sum w_i.

Sum w_i at or below the epsilon of float64 gives 0. All sums are in float64.
"""

from dataclasses import dataclass
from typing import Literal

from fairreg.errors import ModelError
from fairreg.runners.converters.tmva.forest import Forest, MethodSetup

__all__ = ["Formula", "Leaf", "formula_of"]

Leaf = Literal["response", "purity", "kind"]
_GRAD = "Grad"
_EPSILON = 2.0**-52
_AVERAGED = frozenset({"AdaBoost", "RealAdaBoost", "AdaCost", "Bagging"})
_PURITY_ONLY = frozenset({"RealAdaBoost", "AdaCost"})  # their training switches UseYesNoLeaf off
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
_WITHOUT = frozenset({"", "none"})
_FEWEST_CLASSES = 2


@dataclass(frozen=True)
class Formula:
    """The last steps of the response: `output` names it, `outputs` are the values per event.

    `factors` multiply the leaves of each tree, `offset` is added to the sum; `link` comes last.
    """

    output: Literal["response", "probabilities", "prediction"]
    leaf: Leaf
    factors: tuple[float, ...]
    offset: float = 0.0
    outputs: int = 1
    link: Literal["sigmoid", "softmax"] | None = None


def formula_of(forest: Forest, name: str) -> Formula:
    """Choose the formula of a weight file. Raises ModelError for a method or option that is not converted."""
    setup = forest.setup
    _check(setup, name)
    analysis = setup.info.get("AnalysisType", "").lower()
    boosting = setup.options.get("BoostType", "AdaBoostR2" if analysis == "regression" else "AdaBoost")
    _check_trees(setup, forest, analysis, boosting, name)
    if analysis == "classification":
        return _classification(forest, boosting, name)
    if analysis == "multiclass":
        return _multiclass(forest, boosting, name)
    if analysis == "regression":
        return _regression(forest, boosting, name)
    raise ModelError(
        f"{name} states the analysis type {analysis[:60]!r}: fairreg converts classification, multiclass and "
        "regression."
    )


def _check(setup: MethodSetup, name: str) -> None:
    """Raise ModelError for what changes the response and is not converted."""
    if not setup.method.startswith("BDT::"):
        raise ModelError(
            f"{name} is of TMVA's method {setup.method[:60]!r}; fairreg converts BDT, boosted decision trees."
        )
    transform = setup.options.get("VarTransform", "")
    if setup.transformation_count or setup.transformations or transform.lower() not in _WITHOUT:
        stated = ", ".join(setup.transformations) or transform or "of an unknown name"
        raise _refused(name, f"transforms its variables ({stated[:100]})")
    weights = setup.weights or {}
    if _truth(setup, "DoPreselection", name, default=False) or any(
        key.startswith("Preselection") for key in weights
    ):
        raise _refused(name, "cuts on its variables before the trees (DoPreselection)")
    if _truth(setup, "Normalise", name, default=False):
        raise _refused(name, "normalises its variables (Normalise)")


def _refused(name: str, what: str) -> ModelError:
    return ModelError(f"{name} {what}, which fairreg does not convert.", hint="Run it with TMVA.")


def _check_trees(setup: MethodSetup, forest: Forest, analysis: str, boosting: str, name: str) -> None:
    """Raise ModelError where the stated numbers and the trees disagree."""
    weights, trees = setup.weights, len(forest.boost)
    if weights is None or not trees:
        raise ModelError(f"{name} has no trees.")
    if weights.get("NTrees", "").strip() != str(trees):
        raise ModelError(f"{name} states {weights.get('NTrees', 'no')[:20]!r} trees and has {trees}.")
    # Before 4.1.0 the attribute had another name.
    kind = weights.get("TreeType", weights.get("AnalysisType", "")).strip()
    expected = "1" if boosting == _GRAD or analysis == "regression" else "0"
    if kind != expected:
        raise ModelError(
            f"{name} states trees of the type {kind[:20]!r}; {analysis[:60] or 'this analysis'} by "
            f"{boosting[:60]!r} has those of the type {expected}."
        )


def _classification(forest: Forest, boosting: str, name: str) -> Formula:
    trees = len(forest.boost)
    if boosting == _GRAD:
        return Formula("response", "response", (1.0,) * trees, link="sigmoid")
    if boosting not in _AVERAGED:
        raise _unknown(boosting, "classification", name)
    yes_no = _truth(forest.setup, "UseYesNoLeaf", name, default=True)
    if yes_no and boosting in _PURITY_ONLY:
        raise ModelError(
            f"{name} states {boosting} with UseYesNoLeaf, which TMVA switches off in training: it is unclear "
            "which response is meant."
        )
    return Formula("response", "kind" if yes_no else "purity", _mean(forest))


def _multiclass(forest: Forest, boosting: str, name: str) -> Formula:
    if boosting != _GRAD:
        raise _unknown(boosting, "multiclass", name)
    setup, trees = forest.setup, len(forest.boost)
    count = len(setup.classes) or setup.class_count or 0
    if count != setup.class_count or count < _FEWEST_CLASSES or trees % count:
        raise ModelError(
            f"{name} has {trees} trees, names {len(setup.classes)} classes and states {setup.class_count}: "
            "each class needs as many trees as the others."
        )
    return Formula("probabilities", "response", (1.0,) * trees, outputs=count, link="softmax")


def _regression(forest: Forest, boosting: str, name: str) -> Formula:
    if forest.setup.targets > 1:
        raise ModelError(f"{name} has {forest.setup.targets} targets; TMVA's BDT has one.")
    if boosting == _GRAD:
        return Formula("prediction", "response", (1.0,) * len(forest.boost), forest.boost[0])
    if boosting == "AdaBoostR2":
        raise _refused(name, "takes a weighted median of its trees (AdaBoostR2)")
    if boosting != "Bagging":
        raise _unknown(boosting, "regression", name)
    return Formula("prediction", "response", _mean(forest))


def _mean(forest: Forest) -> tuple[float, ...]:
    """Boost weights by their sum; all 0 where TMVA's response is 0."""
    norm = sum(forest.boost)
    return tuple(weight / norm if norm > _EPSILON else 0.0 for weight in forest.boost)


def _unknown(boosting: str, analysis: str, name: str) -> ModelError:
    return ModelError(
        f"{name} is boosted by {boosting[:60]!r}, which fairreg does not convert for {analysis}."
    )


def _truth(setup: MethodSetup, option: str, name: str, *, default: bool) -> bool:
    text = setup.options.get(option)
    if text is None:
        return default
    if text.lower() not in _TRUTHS:
        raise ModelError(f"{name} states {option}={text[:60]!r}, neither True nor False.")
    return _TRUTHS[text.lower()]
