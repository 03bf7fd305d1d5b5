# SPDX-License-Identifier: MIT
"""LightGBM's models as text: read and checked, and written anew for the library.

The library follows indices and sizes without looking, so it gets only what is written here from checked
values; their digits stay those of the file. Sources (microsoft/LightGBM): GBDT::SaveModelToString and
LoadModelFromString in src/boosting/gbdt_model_text.cpp, Tree::ToString in src/io/tree.cpp, and
include/LightGBM/tree.h: bit 0 of decision_type is a categorical split, bit 1 is default_left, bits 2 and 3
are the missing type (0 none, 1 zero, 2 NaN); a child below 0 is the leaf ~child; a category below 0 or
outside the set goes right, as NaN does.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.runners._trees.forest import Tree, damaged, reached
from fairreg.runners._trees.wording import plain

__all__ = ["ZERO", "LightGBMModel", "read", "serialised"]

# Numbers up to this one count as zero: kZeroThreshold = 1e-35f in include/LightGBM/meta.h.
ZERO = float(np.float32(1e-35))
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*([eE][-+]?\d+)?|inf|nan)", re.IGNORECASE)
_WHOLE = re.compile(r"-?\d{1,10}")
_MOST_LEAVES = 1 << 20
_CATEGORICAL, _DEFAULT_LEFT, _MISSING_ZERO, _MISSING_NAN = 1, 2, 4, 8
# Links of the objectives (src/objective/*.hpp, ConvertOutput).
_LINKS: Mapping[str, str] = {
    "binary": "sigmoid",
    "multiclass": "softmax",
    "multiclassova": "sigmoid",
    "cross_entropy": "sigmoid",
    "cross_entropy_lambda": "log1p(exp)",
    **dict.fromkeys(("poisson", "gamma", "tweedie"), "exp"),
    **dict.fromkeys(("regression_l1", "huber", "fair", "quantile", "mape"), "identity"),
    **dict.fromkeys(("lambdarank", "rank_xendcg"), "identity"),
    "regression": "identity",
}
_CLASSIFIERS = frozenset({"binary", "multiclass", "multiclassova"})


@dataclass(frozen=True)
class LightGBMModel:
    """A checked model; `groups` are its outputs, and tree i belongs to the output i modulo `groups`.

    `objective` is empty where the model was trained with one of its author's own: its output is then the sum
    of the trees. `link` is that of the objective, `slope` the factor of the margin in a sigmoid; `average`
    divides the sum by the number of rounds. `header` and `texts` are the lines for the library.
    """

    name: str
    version: str
    objective: str
    link: str
    slope: float
    features: int
    feature_names: tuple[str, ...]
    groups: int
    average: bool
    linear: bool
    trees: tuple[Tree, ...]
    header: tuple[str, ...]
    texts: tuple[str, ...]

    @property
    def is_classifier(self) -> bool:
        """Tell whether the outputs are probabilities of classes."""
        return self.objective in _CLASSIFIERS

    @property
    def output(self) -> str:
        """Name of the output."""
        if self.is_classifier:
            return "probabilities"
        return "prediction" if self.objective else "margin"

    @property
    def rounds(self) -> int:
        """Number of trees per output."""
        return len(self.trees) // self.groups


def read(path: Path) -> LightGBMModel:
    """Read and check a model. Raises ModelError for a damaged file and for what fairreg does not run."""
    name = plain(path.name)
    try:
        text = path.read_bytes().decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ModelError(
            f"{name} is not a LightGBM model as text.",
            hint="Ask its authors for booster.save_model('model.txt').",
        ) from error
    if not re.match(r"tree\nversion=v\d", text):
        raise ModelError(
            f"{name} is not a LightGBM model as text.",
            hint="Ask its authors for booster.save_model('model.txt').",
        )
    head, *parts = re.split(r"\nTree=\d{1,9}\n", text.partition("\nend of trees")[0])
    if "\nend of trees" not in text:
        raise damaged(name, "it ends before its last tree")
    try:
        return _model(_lines(head), parts, name)
    except (KeyError, ValueError, OverflowError) as error:
        fault = f"the line {error} is missing" if isinstance(error, KeyError) else f"{error}"
        raise damaged(name, fault) from error


def _lines(text: str) -> dict[str, str]:
    parts = (line.partition("=") for line in text.split("\n") if line)
    return {key: value for key, _, value in parts}


def _model(head: Mapping[str, str], parts: Sequence[str], name: str) -> LightGBMModel:
    features = _whole(head["max_feature_idx"]) + 1
    names = tuple(head["feature_names"].split(" "))
    if len(names) != features:
        raise damaged(name, f"it names {len(names)} features and states {features}")
    groups, classes = _whole(head["num_tree_per_iteration"]), _whole(head["num_class"])
    if groups < 1 or classes not in {1, groups} or (len(parts) % groups):
        raise damaged(name, f"{len(parts)} trees do not fit {groups} trees per round and {classes} classes")
    if "tree_sizes" in head and len(head["tree_sizes"].split()) != len(parts):
        raise damaged(name, f"it states {len(head['tree_sizes'].split())} trees and has {len(parts)}")
    objective, link, slope = _objective(head.get("objective", ""), groups, name)
    found = [_tree(_lines(part), features, name) for part in parts]
    average = "average_output" in head
    return LightGBMModel(
        name,
        plain(head["version"], 20),
        objective,
        link,
        slope,
        features,
        () if names == tuple(f"Column_{number}" for number in range(features)) else names,
        groups,
        average,
        any(item[2] for item in found),
        tuple(item[0] for item in found),
        _header(head, features, groups, classes, average=average),
        tuple(item[1] for item in found),
    )


def _objective(stated: str, groups: int, name: str) -> tuple[str, str, float]:
    """Name, link and slope of an objective such as ``binary sigmoid:1``."""
    words = stated.split()
    if not words or words[0] == "custom":
        return "", "identity", 1.0
    objective, settings = words[0], dict(word.split(":", 1) for word in words[1:] if ":" in word)
    flags = [word for word in words[1:] if ":" not in word]
    known = {"sigmoid", "num_class", "alpha", "c", "tweedie_variance_power", "fair_c", "max_position"}
    if objective not in _LINKS or set(flags) - {"sqrt"} or settings.keys() - known:
        raise ModelError(
            f"{name} has the objective '{plain(stated, 80)}', which fairreg does not know.",
            hint="Ask its authors for the model as ONNX.",
        )
    multiple = objective in {"multiclass", "multiclassova"}
    if multiple != (groups > 1) or (multiple and _whole(settings["num_class"]) != groups):
        raise damaged(name, f"its objective {objective} does not fit {groups} trees per round")
    slope = float(settings.get("sigmoid", "1")) if _LINKS[objective] == "sigmoid" else 1.0
    if not (np.isfinite(slope) and slope > 0):
        raise damaged(name, f"its objective has the sigmoid {plain(settings['sigmoid'], 20)}")
    link = "square" if "sqrt" in flags else _LINKS[objective]
    return objective, link, slope


def _header(
    head: Mapping[str, str], features: int, groups: int, classes: int, *, average: bool
) -> tuple[str, ...]:
    """The lines before the trees, without those that mean nothing for a prediction."""
    objective = head.get("objective", "")
    return (
        "tree",
        f"version={'v4' if head['version'] >= 'v4' else 'v3'}",
        f"num_class={classes}",
        f"num_tree_per_iteration={groups}",
        "label_index=0",
        f"max_feature_idx={features - 1}",
        *([f"objective={objective}"] if objective and not objective.startswith("custom") else []),
        *(["average_output"] if average else []),
        "feature_names=" + " ".join(f"Column_{number}" for number in range(features)),
        "feature_infos=" + " ".join(["none"] * features),
    )


def _whole(text: str) -> int:
    if not _WHOLE.fullmatch(text.strip()):
        raise ValueError(f"'{plain(text, 40)}' is not a whole number")
    return int(text)


def _wholes(lines: Mapping[str, str], key: str, count: int) -> NDArray[np.int64]:
    words = lines[key].split()
    if len(words) != count:
        raise ValueError(f"{key} has {len(words)} numbers where {count} are needed")
    if not all(map(_WHOLE.fullmatch, words)):
        raise ValueError(f"{key} has something else than whole numbers")
    return np.asarray([int(word) for word in words], np.int64)


def _reals(lines: Mapping[str, str], key: str, count: int) -> NDArray[np.float64]:
    words = lines[key].split()
    if len(words) != count:
        raise ValueError(f"{key} has {len(words)} numbers where {count} are needed")
    if not all(map(_NUMBER.fullmatch, words)):
        raise ValueError(f"{key} has something else than numbers")
    return np.asarray([float(word) for word in words], np.float64)


def _tree(lines: Mapping[str, str], features: int, name: str) -> tuple[Tree, str, bool]:
    """A tree, its text for the library, and whether its leaves are linear."""
    leaves = _whole(lines["num_leaves"])
    if not 0 < leaves <= _MOST_LEAVES:
        raise damaged(name, f"a tree has {leaves} leaves")
    kept = {"num_leaves": str(leaves), "num_cat": "0"}
    splits = leaves - 1
    values = _reals(lines, "leaf_value", leaves)
    if splits:
        tree, text = _split_tree(lines, splits, values, features, name)
        kept |= text
    else:
        none = np.full(1, -1, np.int64)
        tree = Tree(none, none, np.zeros(1, np.int64), np.zeros(1), np.zeros(1, bool), values)
    kept["leaf_value"] = lines["leaf_value"]
    linear = _whole(lines.get("is_linear", "0")) == 1
    kept |= _linear(lines, leaves, features, name) if linear else {"is_linear": "0"}
    kept["shrinkage"] = "1"
    return tree, "".join(f"{key}={value}\n" for key, value in kept.items()), linear


def _split_tree(
    lines: Mapping[str, str], splits: int, values: NDArray[np.float64], features: int, name: str
) -> tuple[Tree, dict[str, str]]:
    names = ("split_feature", "decision_type", "left_child", "right_child")
    feature, decision, left, right = (_wholes(lines, key, splits) for key in names)
    threshold = _reals(lines, "threshold", splits)
    if feature.min() < 0 or feature.max() >= features:
        raise damaged(name, f"a tree asks for a feature beyond its {features}")
    if decision.min() < 0 or (decision > _CATEGORICAL + _DEFAULT_LEFT + _MISSING_NAN).any():
        raise damaged(name, "a node of a tree has an unknown decision_type")
    left, right = (_node_of(child, splits, values.size, name) for child in (left, right))
    order = reached(name, *(np.append(child, np.full(values.size, -1)) for child in (left, right)))
    if order.size != splits + values.size:
        raise damaged(name, "a node of a tree is reached by no other")
    kept = {key: lines[key] for key in (*names, "threshold")} | {"split_gain": " ".join("0" * splits)}
    categorical = np.flatnonzero(decision & _CATEGORICAL)
    sets: dict[int, NDArray[np.int64]] = {}
    if categorical.size:
        sets, listed = _sets(lines, categorical, threshold, name)
        kept |= listed
    padding = np.zeros(values.size)
    wide = {
        "left": np.append(left, padding - 1).astype(np.int64),
        "right": np.append(right, padding - 1).astype(np.int64),
        "feature": np.append(feature, padding).astype(np.int64),
    }
    kinds = np.append(decision, padding).astype(np.int64)
    tree = Tree(
        **wide,
        threshold=np.append(threshold, padding),
        default_left=((kinds & _DEFAULT_LEFT) != 0) & ((kinds & _CATEGORICAL) == 0),
        value=np.append(np.zeros(splits), values),
        sets=sets,
        zero=(kinds & _MISSING_ZERO) != 0,
        zero_for_nan=(kinds & (_MISSING_ZERO | _MISSING_NAN)) == 0,
    )
    return tree, kept


def _node_of(child: NDArray[np.int64], splits: int, leaves: int, name: str) -> NDArray[np.int64]:
    """Indices of nodes and leaves in one numbering: leaves follow the nodes."""
    if child.min() < -leaves or child.max() >= splits:
        raise damaged(name, "a node of a tree has a child outside its tree")
    return np.where(child < 0, splits - 1 - child, child)


def _sets(
    lines: Mapping[str, str], asking: NDArray[np.int64], threshold: NDArray[np.float64], name: str
) -> tuple[dict[int, NDArray[np.int64]], dict[str, str]]:
    """The categories of the nodes `asking`, and the lines that state them."""
    count = _whole(lines["num_cat"])
    if not 0 < count <= _MOST_LEAVES:
        raise damaged(name, f"a tree has {count} sets of categories")
    limits = _wholes(lines, "cat_boundaries", count + 1)
    words = _wholes(lines, "cat_threshold", len(lines["cat_threshold"].split()))
    if limits[0] != 0 or (np.diff(limits) < 0).any() or limits[-1] != words.size:
        raise damaged(name, "the categories of a node lie outside their list")
    if words.size and not (words.min() >= 0 and words.max() < 1 << 32):
        raise damaged(name, "a set of categories is not a number of 32 bits")
    chosen = threshold[asking]
    if not ((chosen >= 0) & (chosen < count) & (chosen == np.floor(chosen))).all():
        raise damaged(name, "a node of a tree asks for a set of categories that it does not have")
    bits = np.unpackbits(words.astype("<u4").view(np.uint8), bitorder="little")
    sets = {
        node: np.flatnonzero(bits[32 * limits[index] : 32 * limits[index + 1]])
        for node, index in zip(asking.tolist(), chosen.astype(np.int64).tolist(), strict=True)
    }
    if sum(int(item[-1]) + 1 for item in sets.values() if item.size) > bits.size:
        raise damaged(name, "many nodes share one set of categories")
    return sets, {key: lines[key] for key in ("num_cat", "cat_boundaries", "cat_threshold")}


def _linear(lines: Mapping[str, str], leaves: int, features: int, name: str) -> dict[str, str]:
    """The lines of the linear functions at the leaves of a tree."""
    counts = _wholes(lines, "num_features", leaves)
    if (counts < 0).any():
        raise damaged(name, "a leaf has a negative number of features")
    asked = _wholes(lines, "leaf_features", int(counts.sum()))
    _reals(lines, "leaf_const", leaves)
    _reals(lines, "leaf_coeff", int(counts.sum()))
    if asked.size and not (asked.min() >= 0 and asked.max() < features):
        raise damaged(name, f"a leaf asks for a feature beyond its {features}")
    keys = ("leaf_const", "num_features", "leaf_features", "leaf_coeff")
    return {"is_linear": "1"} | {key: lines[key] for key in keys}


def serialised(model: LightGBMModel) -> str:
    """Write the model as text, with what the library needs to predict."""
    blocks = [f"Tree={number}\n{text}\n\n" for number, text in enumerate(model.texts)]
    sizes = " ".join(str(len(block)) for block in blocks)
    return "\n".join([*model.header, f"tree_sizes={sizes}", "", "".join(blocks)]) + "end of trees\n"
