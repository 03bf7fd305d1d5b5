# SPDX-License-Identifier: MIT
"""Checked models of XGBoost, written as UBJ for the library. Sources: those of `xgboost_model`."""

from typing import Any

import numpy as np

from fairreg.runners._trees import ubj
from fairreg.runners._trees.forest import Tree
from fairreg.runners._trees.xgboost_model import XGBoostModel

__all__ = ["serialised"]

_NO_PARENT = (1 << 31) - 1


def serialised(model: XGBoostModel) -> bytes:
    """Write the model as UBJ, with what the library needs to predict."""
    content: dict[str, Any]
    if model.linear is not None:
        content = {
            "name": "gblinear",
            "model": {"weights": model.linear.ravel(), "boosted_rounds": int(model.trained)},
        }
    else:
        content = {"name": "gbtree", "model": _forest_document(model)}
    if model.weights is not None:
        content = {"name": "dart", "gbtree": content, "weight_drop": model.weights.tolist()}
    learner = {
        "attributes": {},
        "feature_names": [],
        "feature_types": [],
        "gradient_booster": content,
        "learner_model_param": {
            "base_score": model.base_score,
            "boost_from_average": "1" if model.estimated else "0",
            "num_class": str(model.classes),
            "num_feature": str(model.features),
            "num_target": str(1 if model.classes else model.groups),
        },
        "objective": dict(model.parameters),
    }
    version = [int(part) for part in model.version.split(".") if part]
    return ubj.encode({"learner": learner, "version": version})


def _forest_document(model: XGBoostModel) -> dict[str, Any]:
    count = len(model.trees)
    step = model.parallel * model.groups
    starts = np.append(np.arange(0, count, step), count) if count % step == 0 else np.arange(count + 1)
    return {
        "gbtree_model_param": {"num_parallel_tree": str(model.parallel), "num_trees": str(count)},
        "iteration_indptr": starts.tolist(),
        "tree_info": list(model.targets),
        "trees": [_tree_document(tree, number, model.features) for number, tree in enumerate(model.trees)],
    }


def _tree_document(tree: Tree, number: int, features: int) -> dict[str, Any]:
    size = tree.left.size
    parents = np.full(size, _NO_PARENT, np.int32)
    parents[tree.left[tree.splits]] = parents[tree.right[tree.splits]] = tree.splits
    sizes = np.asarray([item.size for item in tree.sets.values()], np.int64)
    kinds = np.zeros(size, np.uint8)
    kinds[list(tree.sets)] = 1
    listed = np.concatenate([*tree.sets.values(), np.zeros(0, np.int64)])
    return {
        "base_weights": tree.value,
        "categories": listed.astype(np.int32),
        "categories_nodes": np.asarray(list(tree.sets), np.int32),
        "categories_segments": (np.cumsum(sizes) - sizes).astype(np.int64),
        "categories_sizes": sizes,
        "default_left": tree.default_left.astype(np.uint8),
        "id": number,
        "left_children": tree.left.astype(np.int32),
        "loss_changes": np.zeros(size, np.float32),
        "parents": parents,
        "right_children": tree.right.astype(np.int32),
        "split_conditions": tree.threshold,
        "split_indices": tree.feature.astype(np.int32),
        "split_type": kinds,
        "sum_hessian": np.ones(size, np.float32),
        "tree_param": {
            "num_deleted": "0",
            "num_feature": str(features),
            "num_nodes": str(size),
            "size_leaf_vector": "1",
        },
    }
