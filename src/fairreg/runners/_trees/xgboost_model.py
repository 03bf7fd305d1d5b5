# SPDX-License-Identifier: MIT
"""XGBoost's models in JSON and UBJ: read and checked.

The library follows indices without looking, so it gets only what `xgboost_writer` writes of checked values.
Sources: doc/model.schema and doc/tutorials/saving_model.rst of dmlc/xgboost for the members;
include/xgboost/tree_model.h for nodes (a leaf's value is in ``split_conditions``, -1 is no child);
src/common/categorical.h for categories (a member of the set goes right, below 2^24).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.runners._trees import ubj
from fairreg.runners._trees.forest import Tree, damaged, features_allowed, reached
from fairreg.runners._trees.wording import plain
from fairreg.storage.recognition import describe

__all__ = ["Objective", "XGBoostModel", "early_stopping", "objective_of", "read"]

_MOST_CATEGORY = 1 << 24
_SPARE_CATEGORIES = 1 << 20
_TEXT = re.compile(r"[\x20-\x7e]{0,400}")
_MOST_TEXTS = 4096


@dataclass(frozen=True)
class Objective:
    """Meaning of an objective: the name of its `output`, and the `link` from the margin to it."""

    output: str
    link: str = "identity"


_IDENTITY = Objective("prediction")
_EXPONENTIAL = Objective("prediction", "exp")
# Objectives of XGBoost 3 (doc/parameter.rst): what predict gives for each.
_OBJECTIVES: Mapping[str, Objective] = {
    "binary:logistic": Objective("probabilities", "sigmoid"),
    "binary:logitraw": Objective("margin"),
    "binary:hinge": Objective("label", "hinge"),
    "multi:softprob": Objective("probabilities", "softmax"),
    "multi:softmax": Objective("label", "argmax"),
    "reg:logistic": Objective("prediction", "sigmoid"),
    **dict.fromkeys(
        ("count:poisson", "reg:gamma", "reg:tweedie", "survival:cox", "survival:aft"), _EXPONENTIAL
    ),
    **dict.fromkeys(
        ("reg:squarederror", "reg:linear", "reg:squaredlogerror", "reg:absoluteerror"), _IDENTITY
    ),
    **dict.fromkeys(("reg:pseudohubererror", "reg:quantileerror"), _IDENTITY),
    **dict.fromkeys(("rank:pairwise", "rank:ndcg", "rank:map"), _IDENTITY),
}


@dataclass(frozen=True)
class XGBoostModel:
    """A checked model. `groups` are its outputs (classes or targets), `targets` the group of each tree.

    `weights` multiply the trees of a dart booster; `linear` has the weights of a linear booster, shape
    (features + 1, groups), the bias last. `base_score` is the text of the file; `estimated` says whether
    XGBoost was to estimate it (``boost_from_average``).
    """

    name: str
    version: str
    booster: str
    objective: str
    parameters: Mapping[str, Any]
    features: int
    feature_names: tuple[str, ...]
    classes: int
    groups: int
    base_score: str
    base: tuple[float, ...]
    trees: tuple[Tree, ...] = ()
    targets: tuple[int, ...] = ()
    parallel: int = 1
    weights: NDArray[np.float32] | None = None
    linear: NDArray[np.float32] | None = None
    linear_rounds: int = 0
    estimated: bool = True
    best_iteration: int | None = None

    @property
    def trained(self) -> bool:
        """Tell whether XGBoost counts rounds in it: if not, a base that it was to estimate is a margin."""
        return bool(self.trees or self.linear_rounds)

    @property
    def categorical(self) -> bool:
        """Tell whether a tree asks for membership in a set of categories."""
        return any(tree.sets for tree in self.trees)


def objective_of(model: XGBoostModel) -> Objective:
    """The meaning of the model's output."""
    return _OBJECTIVES[model.objective]


def early_stopping(model: XGBoostModel) -> tuple[str, ...]:
    """A remark on a training that stopped early, after rounds that scikit-learn's interface would leave out.

    It takes all rounds of a linear booster (python-package/xgboost/sklearn.py).
    """
    best = model.best_iteration
    if best is None or (best + 1) * model.groups * model.parallel >= len(model.trees):
        return ()
    remark = (
        "All trees are used, as Booster.predict does; training stopped early with its best iteration "
        f"{best}, which scikit-learn's interface of XGBoost would end at."
    )
    return (remark,)


def read(path: Path) -> XGBoostModel:
    """Read and check a model. Raises ModelError for a damaged file and for what fairreg does not run."""
    content = path.read_bytes()
    name = plain(path.name)
    try:
        document = _document(content, path, name)
    except (msgspec.MsgspecError, ubj.UbjError, RecursionError, UnicodeDecodeError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else f"{error}"
        raise damaged(name, reason) from error
    try:
        return _model(document, name, len(content))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        fault = f"the member {error} is missing" if isinstance(error, KeyError) else f"{error}"
        raise damaged(name, fault or "a member has a wrong type") from error


def _document(content: bytes, path: Path, name: str) -> Any:
    if content[:2] == b"{L":
        return ubj.decode(content)
    if content[:1] == b"{" or content.lstrip()[:1] == b"{":
        return msgspec.json.decode(content)
    described = describe(path)
    other = "" if described.format == "xgboost" else ", not an XGBoost model in JSON or UBJ"
    raise ModelError(
        f"{name} is {plain(described.words)}{other}.",
        hint=described.next_step or "Ask its authors for the model as JSON: model.save_model('model.json').",
    )


def _model(document: Any, name: str, size: int) -> XGBoostModel:
    learner = document["learner"]
    stated = learner["learner_model_param"]
    features = features_allowed(name, _number(stated["num_feature"]), size)
    objective = _known_objective(learner["objective"]["name"], name)
    classes, groups = _outputs(stated, objective)
    features_allowed(name, groups, size, "outputs")
    booster, content, weights = _booster(learner["gradient_booster"], name)
    common: dict[str, Any] = {
        "name": name,
        "version": ".".join(str(_number(part)) for part in list(document.get("version", []))[:3]),
        "booster": booster,
        "objective": objective,
        "parameters": _parameters(learner["objective"], classes),
        "features": features,
        "feature_names": _names(learner.get("feature_names", ()), features),
        "classes": classes,
        "groups": groups,
        "estimated": _number(stated.get("boost_from_average", "1")) != 0,
        "best_iteration": _best_iteration(learner.get("attributes", {})),
    } | _base(stated["base_score"], name, groups)
    if booster == "gblinear":
        return XGBoostModel(**common, **_linear(content, features, groups, name))
    return XGBoostModel(**common, **_forest(content, features, groups, size, name, weights=weights))


def _known_objective(objective: Any, name: str) -> str:
    if isinstance(objective, str) and objective in _OBJECTIVES:
        return objective
    raise ModelError(
        f"{name} has the objective {_shown(objective)}, which fairreg does not know.",
        hint="Ask its authors for the model as ONNX.",
    )


def _outputs(stated: Mapping[str, Any], objective: str) -> tuple[int, int]:
    """The numbers of classes and of outputs. Raises ValueError where they contradict the objective."""
    classes = _number(stated.get("num_class", "0"))
    targets = _number(stated.get("num_target", "1"))
    if objective.startswith("multi:"):
        if classes < 2 or targets > 1:  # noqa: PLR2004  fewer are no choice
            raise ValueError(f"it has {classes} classes and {targets} targets")
        return classes, classes
    if classes > 1:
        raise ValueError(f"its objective {objective} has no classes, and it states {classes}")
    return classes, max(targets, 1)


def _number(value: Any) -> int:
    """A whole number that XGBoost writes as text. Raises ValueError."""
    if isinstance(value, str) and not re.fullmatch(r"-?\d{1,18}", value):
        raise ValueError(f"{_shown(value)} is not a whole number")
    if isinstance(value, float) or value is None:
        raise ValueError(f"{_shown(value)} is not a whole number")
    return int(value)


def _shown(value: Any) -> str:
    return plain(repr(value), 60)


def _names(names: Sequence[Any], features: int) -> tuple[str, ...]:
    """Names of the features, where there is one for each."""
    stated = tuple(names)
    return stated if len(stated) == features and all(isinstance(item, str) for item in stated) else ()


def _best_iteration(attributes: Mapping[str, Any]) -> int | None:
    value = attributes.get("best_iteration")
    return int(value) if isinstance(value, str) and re.fullmatch(r"\d{1,9}", value) else None


def _base(stated: Any, name: str, groups: int) -> dict[str, Any]:
    """The text of base_score, ``5E-1`` or ``[5E-1,1E0]``, and its numbers: one, or one per group."""
    if not isinstance(stated, str) or not re.fullmatch(r"\[?[-+0-9.eE, ]+\]?", stated):
        raise damaged(name, f"its base_score is {_shown(stated)}")
    numbers = tuple(float(part) for part in stated.strip("[]").split(","))
    if len(numbers) not in {1, groups}:
        raise damaged(name, f"its base_score has {len(numbers)} numbers for {groups} outputs")
    if not np.isfinite(np.asarray(numbers, np.float32)).all():
        raise damaged(name, "its base_score is not finite")
    return {"base_score": stated, "base": numbers}


def _parameters(objective: Mapping[str, Any], classes: int) -> dict[str, Any]:
    """The objective with its parameters, which are texts or objects of texts."""
    found: dict[str, Any] = {}
    for key, value in objective.items():
        texts = value if isinstance(value, Mapping) else {key: value}
        if len(texts) > _MOST_TEXTS or not all(
            isinstance(text, str) and _TEXT.fullmatch(text) for pair in texts.items() for text in pair
        ):
            raise ValueError(f"the objective's parameter {_shown(key)} is not a text")
        found[key] = value
    counted = found.get("softmax_multiclass_param")
    if counted is not None and _number(counted["num_class"]) != classes:
        raise ValueError("its objective has another number of classes than its trees")
    if objective["name"].startswith("multi:") and (counted is None or not classes):
        raise ValueError("its number of classes is missing")
    return found


def _booster(given: Mapping[str, Any], name: str) -> tuple[str, Any, Any]:
    """Name, model and weights of a booster."""
    booster = given["name"]
    if booster == "dart":
        return booster, given["gbtree"]["model"], given["weight_drop"]
    if booster in {"gbtree", "gblinear"}:
        return booster, given["model"], None
    raise ModelError(
        f"{name} has the booster {_shown(booster)}, which fairreg does not know.",
        hint="Ask its authors for the model as ONNX.",
    )


def _linear(content: Mapping[str, Any], features: int, groups: int, name: str) -> dict[str, Any]:
    weights, rounds = _floats(content["weights"]), _number(content.get("boosted_rounds", 0))
    if not weights.size:
        weights = np.zeros((features + 1) * groups, np.float32)  # XGBoost makes them in the first round
    if weights.size != (features + 1) * groups:
        raise damaged(name, f"{weights.size} linear weights do not fit {features} features")
    return {"linear": weights.reshape(features + 1, groups), "linear_rounds": rounds}


def _floats(values: Any) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):
        found = np.asarray(values, np.float32)
    if found.ndim != 1 or (np.asarray(values).dtype.kind not in "fiu" and found.size):
        raise ValueError("an array of numbers has another shape")
    return found


def _integers(values: Any) -> NDArray[np.int64]:
    found = np.asarray(values)
    if found.ndim != 1 or (found.size and found.dtype.kind not in "iub"):
        raise ValueError("an array of whole numbers has other content")
    return found.astype(np.int64)


def _forest(
    content: Mapping[str, Any], features: int, groups: int, size: int, name: str, *, weights: Any
) -> dict[str, Any]:
    targets = _integers(content["tree_info"])
    listed = content["trees"]
    if len(listed) != targets.size:
        raise damaged(name, f"it lists the outputs of {targets.size} trees and has {len(listed)}")
    if targets.size and not (targets.min() >= 0 and targets.max() < groups):
        raise damaged(name, "a tree belongs to an output that it does not have")
    trees = tuple(_tree(tree, features, name) for tree in listed)
    categories = sum(int(item[-1]) + 1 for tree in trees for item in tree.sets.values() if item.size)
    if categories > _SPARE_CATEGORIES + 64 * size:
        raise damaged(name, "its categories are too large")
    parallel = _number(content.get("gbtree_model_param", {}).get("num_parallel_tree", "1"))
    rounds = max(parallel, 1) * groups
    found: dict[str, Any] = {"trees": trees, "targets": tuple(targets.tolist())}
    found["parallel"] = parallel if parallel > 0 and targets.size % rounds == 0 else 1
    if weights is not None:
        found["weights"] = _floats(weights)
        if found["weights"].size != len(trees):
            raise damaged(name, f"it has {found['weights'].size} weights of {len(trees)} trees")
    return found


def _tree(given: Mapping[str, Any], features: int, name: str) -> Tree:
    if _number(given.get("tree_param", {}).get("size_leaf_vector", "0")) > 1:
        raise ModelError(
            f"{name} has trees with vectors at their leaves (multi_strategy='multi_output_tree'), "
            "which fairreg does not run.",
            hint="Ask its authors for a model with one tree per output, or for ONNX.",
        )
    left, right = _integers(given["left_children"]), _integers(given["right_children"])
    columns: dict[str, NDArray[Any]] = {
        "feature": _integers(given["split_indices"]),
        "threshold": _floats(given["split_conditions"]),
        "default_left": _integers(given["default_left"]),
    }
    kinds = _integers(given.get("split_type", ()))
    kinds = kinds if kinds.size else np.zeros(left.size, np.int64)
    if not left.size or any(item.size != left.size for item in (right, kinds, *columns.values())):
        raise damaged(name, "the arrays of a tree have different lengths")
    if np.any((left < 0) != (right < 0)) or np.any(left < -1) or np.any(right < -1):
        raise damaged(name, "a node of a tree has one child")
    order = reached(name, left, right)
    inner = order[left[order] >= 0]
    asked = columns["feature"][inner]
    if asked.size and not (asked.min() >= 0 and asked.max() < features):
        raise damaged(name, f"a tree asks for a feature beyond its {features}")
    return _renumbered(left, right, columns, order, _sets(given, inner[kinds[inner] != 0], name))


def _sets(given: Mapping[str, Any], asking: NDArray[np.int64], name: str) -> dict[int, NDArray[np.int64]]:
    """The categories of the nodes `asking`, by node."""
    if not asking.size:
        return {}
    nodes = _integers(given["categories_nodes"])
    starts, sizes = _integers(given["categories_segments"]), _integers(given["categories_sizes"])
    values = _integers(given["categories"])
    if not nodes.size == starts.size == sizes.size or (starts < 0).any() or (sizes < 0).any():
        raise damaged(name, "the lists of its categories have different lengths")
    if sizes.sum() > values.size or (starts + sizes).max(initial=0) > values.size:
        raise damaged(name, "the categories of a node lie outside their list")
    if values.size and not (values.min() >= 0 and values.max() < _MOST_CATEGORY):
        raise damaged(name, "a category is not a whole number below 2^24")
    found = {
        node: np.unique(values[start : start + count])
        for node, start, count in zip(nodes.tolist(), starts.tolist(), sizes.tolist(), strict=True)
    }
    if missing := set(asking.tolist()) - found.keys():
        raise damaged(name, f"the categories of node {min(missing)} are missing")
    return {node: found[node] for node in asking.tolist()}


def _renumbered(
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    columns: Mapping[str, NDArray[Any]],
    order: NDArray[np.int64],
    sets: Mapping[int, NDArray[np.int64]],
) -> Tree:
    """The tree without the nodes that were pruned, which no index reaches.

    In deep trees XGBoost 3.2 takes the node after the left child for the right one, whatever the file says
    (measured): here it is that node.
    """
    number = np.full(left.size + 1, -1, np.int64)
    number[order] = np.arange(order.size)
    leaf = left[order] < 0
    threshold = columns["threshold"][order]
    return Tree(
        left=number[left[order]],
        right=number[right[order]],
        feature=np.where(leaf, 0, columns["feature"][order]),
        threshold=threshold,
        default_left=columns["default_left"][order] != 0,
        value=np.where(leaf, threshold, np.float32(0)).astype(np.float32),
        sets={int(number[node]): values for node, values in sets.items()},
    )
