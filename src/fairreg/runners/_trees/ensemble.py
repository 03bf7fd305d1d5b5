# SPDX-License-Identifier: MIT
"""Tree ensembles as ONNX, and the inputs at which two implementations of them could differ.

Source: the operator TreeEnsembleRegressor of ai.onnx.ml 3 (onnx/docs/Operators-ml.md): tensors in double
keep thresholds in double, and ``nodes_missing_value_tracks_true`` is the direction of NaN.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.runners._trees.forest import Tree

__all__ = ["NO_LABEL", "NO_LABEL_TEXT", "GraphWriter", "Rules", "add_members", "add_trees", "edges"]

OPSETS = {"": 17, "ai.onnx.ml": 3}
_IR_VERSION = 8
# Labels of rows that the library refuses, as NumPy writes NaN in whole numbers and in text.
NO_LABEL, NO_LABEL_TEXT = -(1 << 63), "nan"
_FLOAT, _INT64, _BOOL, _DOUBLE = 1, 7, 9, 11  # of TensorProto
_BEYOND_SINGLE = 2.0**128 - 2.0**103  # the smallest number that rounds to infinity in float32
_LARGEST = 1 << 30  # bytes of nodes; a message of protobuf ends at 2 GiB
_BYTES_OF_NODE = 64
_MOST_ROWS = 4096
_MOST_NUMBERS = 1 << 20


class GraphWriter:
    """An ONNX graph under construction with one input ``input`` of shape ("rows", features)."""

    def __init__(self, features: int, dtype: Any) -> None:
        self.features, self.dtype = features, np.dtype(dtype)
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._outputs: list[Any] = []
        self._taken = ""

    def constant(self, values: Any, dtype: Any = None) -> str:
        """Add a constant of the graph's element type, or of another; return its name."""
        from onnx import numpy_helper

        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.asarray(values, dtype or self.dtype), name))
        return name

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node with one output; return the output's name."""
        from onnx import helper

        name = f"{operator.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, list(inputs), [name], name=name, **attributes))
        return name

    def refuse(self, value: str, *, missing: bool, single: bool = False) -> None:
        """Let the outputs say of rows that the library takes no such row.

        Those are rows of `value`, (rows, columns), with an infinity (for `single`: also a number that float32
        does not hold) and, unless `missing`, with NaN. Their outputs become NaN, labels NO_LABEL or
        NO_LABEL_TEXT.
        """
        taken = self.node(
            "Less", self.node("Abs", value), self.constant(_BEYOND_SINGLE if single else np.inf)
        )
        if missing:
            taken = self.node("Or", taken, self.node("IsNaN", value))
        least = self.node("ReduceMin", self.node("Cast", taken, to=_FLOAT), axes=[1], keepdims=1)
        taken = self.node("Cast", least, to=_BOOL)
        self._taken = self.node("And", self._taken, taken) if self._taken else taken

    def output(self, value: str, name: str, dtype: Any, *shape: int | str) -> None:
        """Give `value` to the outside as the output `name`, without the rows that are refused."""
        from onnx import helper

        if self._taken:
            none = {"i": NO_LABEL, "O": NO_LABEL_TEXT}.get(np.dtype(dtype).kind, np.nan)
            taken = self._taken
            if not shape:
                taken = self.node("Squeeze", taken, self.constant([1], np.int64))
            value = self.node("Where", taken, value, self.constant(none, dtype))
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))  # object is STRING
        self._outputs.append(helper.make_tensor_value_info(name, kind, ["rows", *shape]))

    def serialised(self, name: str) -> bytes:
        """The checked model."""
        import onnx
        from onnx import helper

        kind = helper.np_dtype_to_tensor_dtype(self.dtype)
        given = helper.make_tensor_value_info("input", kind, ["rows", self.features])
        given.type.tensor_type.shape.dim[0].denotation = "DATA_BATCH"  # rows are independent
        graph = helper.make_graph(self._nodes, name, [given], self._outputs, self._constants)
        opsets = [helper.make_opsetid(domain, version) for domain, version in OPSETS.items()]
        model = helper.make_model(graph, opset_imports=opsets, producer_name="fairreg")
        model.ir_version = _IR_VERSION
        onnx.checker.check_model(model)
        content: bytes = model.SerializeToString()
        return content


@dataclass
class _Nodes:
    """Attributes of all nodes of an ensemble, as the operator lists them."""

    tree: list[NDArray[np.int64]] = field(default_factory=list)
    number: list[NDArray[np.int64]] = field(default_factory=list)
    feature: list[NDArray[np.int64]] = field(default_factory=list)
    value: list[NDArray[Any]] = field(default_factory=list)
    mode: list[str] = field(default_factory=list)
    true: list[NDArray[np.int64]] = field(default_factory=list)
    false: list[NDArray[np.int64]] = field(default_factory=list)
    missing: list[NDArray[np.int64]] = field(default_factory=list)
    leaf_tree: list[NDArray[np.int64]] = field(default_factory=list)
    leaf_number: list[NDArray[np.int64]] = field(default_factory=list)
    leaf_value: list[NDArray[Any]] = field(default_factory=list)
    leaf_target: list[NDArray[np.int64]] = field(default_factory=list)

    def add(self, tree: int, mode: str, number: NDArray[np.int64], **columns: NDArray[Any]) -> None:
        """Add nodes of one mode with their columns."""
        self.mode += [mode] * number.size
        self.number.append(number)
        self.tree.append(np.full(number.size, tree))
        for name in ("feature", "value", "true", "false", "missing"):
            getattr(self, name).append(columns[name])


@dataclass(frozen=True)
class Rules:
    """Rules of a library: `mode` compares a value with a threshold.

    `members_left`: a member of the set of a node goes left. `zeros` is the first column with NaN for
    zeros, and `members` the column of membership for each node with a set, by tree and node.
    """

    mode: str
    members_left: bool
    zeros: int = 0
    members: Mapping[tuple[int, int], int] = field(default_factory=dict)


def add_members(
    graph: GraphWriter, categories: str, trees: Sequence[Tree], first: int
) -> tuple[str, dict[tuple[int, int], int]]:
    """Add columns that are 1 where a category belongs to a set, 0 where not, and NaN where it is NaN.

    `categories`, (rows, features), holds whole numbers. Return the columns, (rows, sets), and the column of
    each node with a set, counted from `first`. Chains of comparisons inside the ensemble would need nodes
    with several parents, which the operator does not promise.
    """
    columns: dict[tuple[int, bytes], int] = {}
    sets: list[tuple[int, NDArray[np.int64]]] = []
    members = {}
    for number, tree in enumerate(trees):
        for node, values in tree.sets.items():
            key = (int(tree.feature[node]), values.tobytes())
            if key not in columns:
                columns[key] = len(sets)
                sets.append((key[0], values))
            members[number, node] = first + columns[key]
    return _looked_up(graph, categories, sets), members


def _looked_up(graph: GraphWriter, categories: str, sets: Sequence[tuple[int, NDArray[np.int64]]]) -> str:
    """Membership in `sets`, pairs of a feature and its categories, from one table of all sets."""
    lengths = np.asarray([values[-1] + 1 if values.size else 0 for _, values in sets], np.int64)
    starts = 1 + np.cumsum(lengths) - lengths
    table = np.zeros(1 + lengths.sum(), np.uint8)
    for start, (_, values) in zip(starts, sets, strict=True):
        table[start + values] = 1
    asked = graph.constant([feature for feature, _ in sets], np.int64)
    category = graph.node("Gather", categories, asked, axis=1)
    inside = graph.node(
        "And",
        graph.node("GreaterOrEqual", category, graph.constant(0)),
        graph.node("Less", category, graph.constant(lengths)),
    )
    known = graph.node("Cast", graph.node("Where", inside, category, graph.constant(0)), to=_INT64)
    place = graph.node("Add", known, graph.constant(starts, np.int64))
    place = graph.node("Where", inside, place, graph.constant(0, np.int64))
    found = graph.node("Gather", graph.constant(table, np.uint8), place)
    number = graph.node("Cast", found, to=_DOUBLE if graph.dtype == np.float64 else _FLOAT)
    missing = graph.node("IsNaN", category)
    return graph.node("Where", missing, graph.constant(np.nan), number)


def add_trees(
    graph: GraphWriter,
    value: str,
    trees: Sequence[Tree],
    targets: Sequence[int],
    rules: Rules,
    *,
    outputs: int,
) -> str:
    """Add an ensemble that sums the trees of each target; return its output, (rows, outputs) in float32.

    A base is to be added in a node of its own: onnxruntime (1.32) leaves ``base_values`` out for an output
    that no tree has a leaf for.

    Raises ModelError for an ensemble that exceeds what one ONNX file holds.
    """
    if sum(tree.left.size for tree in trees) * _BYTES_OF_NODE > _LARGEST:
        raise ModelError(
            "The ensemble is too large for one ONNX file.", hint="XGBoost and LightGBM run their own files."
        )
    nodes = _Nodes()
    for number, (tree, target) in enumerate(zip(trees, targets, strict=True)):
        _add_tree(nodes, number, tree, target, rules)
    if not trees:
        _add_leaf(nodes, 0, np.zeros(1, np.int64), np.zeros(1), 0)
    return graph.node(
        "TreeEnsembleRegressor", value, domain="ai.onnx.ml", **_attributes(graph, nodes, outputs)
    )


def _add_tree(nodes: _Nodes, number: int, tree: Tree, target: int, rules: Rules) -> None:
    splits = tree.splits
    feature, threshold = tree.feature.copy(), tree.threshold.copy()
    left, right, missing = tree.left.copy(), tree.right.copy(), tree.default_left.copy()
    if tree.zero_for_nan is not None:
        missing = np.where(tree.zero_for_nan, threshold >= 0, missing)
    if tree.zero is not None:
        feature[tree.zero] += rules.zeros
    for node in tree.sets:
        feature[node], threshold[node] = rules.members[number, node], 0.5
        missing[node] = tree.default_left[node]
        if rules.members_left:
            # A column of 0, for no member, goes to the branch of a true comparison.
            left[node], right[node] = right[node], left[node]
            missing[node] = not missing[node]
    nodes.add(
        number,
        rules.mode,
        splits,
        feature=feature[splits],
        value=threshold[splits],
        true=left[splits],
        false=right[splits],
        missing=missing[splits].astype(np.int64),
    )
    leaves = np.flatnonzero(tree.left < 0)
    _add_leaf(nodes, number, leaves, tree.value[leaves], target)


def _add_leaf(
    nodes: _Nodes, number: int, leaves: NDArray[np.int64], values: NDArray[Any], target: int
) -> None:
    """Add leaves with one value, for `target`, or with a vector of values, for the targets from there on."""
    zero = np.zeros(leaves.size, np.int64)
    nodes.add(number, "LEAF", leaves, feature=zero, value=zero, true=zero, false=zero, missing=zero)
    width = 1 if values.ndim == 1 else values.shape[1]
    nodes.leaf_tree.append(np.full(leaves.size * width, number))
    nodes.leaf_number.append(np.repeat(leaves, width))
    nodes.leaf_value.append(values.ravel())
    nodes.leaf_target.append(np.tile(np.arange(target, target + width), leaves.size))


def _attributes(graph: GraphWriter, nodes: _Nodes, outputs: int) -> dict[str, Any]:
    from onnx import numpy_helper

    numbers = {
        "nodes_values": np.concatenate(nodes.value).astype(graph.dtype),
        "target_weights": np.concatenate(nodes.leaf_value).astype(graph.dtype),
    }
    if graph.dtype == np.float64:
        given: dict[str, Any] = {
            f"{name}_as_tensor": numpy_helper.from_array(value, name) for name, value in numbers.items()
        }
    else:
        given = {name: value.tolist() for name, value in numbers.items()}
    columns = {
        "nodes_treeids": nodes.tree,
        "nodes_nodeids": nodes.number,
        "nodes_featureids": nodes.feature,
        "nodes_truenodeids": nodes.true,
        "nodes_falsenodeids": nodes.false,
        "nodes_missing_value_tracks_true": nodes.missing,
        "target_treeids": nodes.leaf_tree,
        "target_nodeids": nodes.leaf_number,
        "target_ids": nodes.leaf_target,
    }
    given |= {name: np.concatenate(column).tolist() for name, column in columns.items()}
    return given | {
        "nodes_modes": nodes.mode,
        "n_targets": outputs,
        "aggregate_function": "SUM",
        "post_transform": "NONE",
    }


def edges(
    trees: Sequence[Tree], features: int, dtype: Any, *, infinities: bool, more: Sequence[float] = ()
) -> NDArray[Any]:
    """Rows at which a comparison could go either way, shape (rows, features), the same for the same trees.

    The thresholds themselves and their neighbours in float32 and in the element type, categories and the
    halves between them, NaN, zeros, the largest and smallest numbers, and infinities where they are allowed.
    """
    kind = np.dtype(dtype)
    tables = [_values(trees, feature, kind, infinities, more) for feature in range(min(features, 512))]
    longest = max((table.size for table in tables), default=1)
    rows = max(1, min(longest, _MOST_ROWS, _MOST_NUMBERS // features))
    random = np.random.default_rng(0)
    found = np.zeros((2 * rows + 1, features), kind)
    for feature, table in enumerate(tables):
        found[:rows, feature] = np.resize(random.permutation(table), rows)
        found[rows:-1, feature] = random.choice(table, rows)
    found[-1] = np.nan
    return found


def _values(
    trees: Sequence[Tree], feature: int, kind: np.dtype[Any], infinities: bool, more: Sequence[float]
) -> NDArray[Any]:
    """The values of one feature for `edges`."""
    parts: list[Any] = []
    for tree in trees:
        asked = tree.splits[tree.feature[tree.splits] == feature]
        parts += [tree.sets[node] for node in asked.tolist() if node in tree.sets]
        parts.append(tree.threshold[[node for node in asked.tolist() if node not in tree.sets]])
        if sum(map(len, parts)) > _MOST_ROWS:
            break
    largest = np.finfo(kind).max
    special = [np.nan, 0.0, -0.0, 1.0, -1.0, -0.5, 0.5, largest, -largest, np.finfo(kind).tiny, *more]
    special += [np.inf, -np.inf] if infinities else []
    exact = np.unique(np.concatenate([np.asarray(part, kind) for part in parts] or [np.zeros(0, kind)]))
    single = exact.astype(np.float32).astype(kind)
    with np.errstate(over="ignore"):
        around = [np.nextafter(exact, kind.type(side)) for side in (np.inf, -np.inf)]
        around += [np.nextafter(exact.astype(np.float32), np.float32(side)) for side in (np.inf, -np.inf)]
        halves = exact[np.abs(exact) < 1 << 24] + kind.type(0.5)
    found = np.concatenate([np.asarray(special, kind), exact, single, halves, *around]).astype(kind)
    return found if infinities else found[~np.isinf(found)]
