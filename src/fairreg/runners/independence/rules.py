# SPDX-License-Identifier: MIT
"""Rules of the operators that keep rows apart: from the axis of the rows in the inputs to the outputs.

Each rule follows the specification of its operator (https://onnx.ai/onnx/operators/). It answers one axis for
each output, or nothing where rows may meet or a needed size, axis or shape is unknown. Rules are called only
with at least one input that has rows, except those of operators that make rows from a list of sizes.
"""

from collections.abc import Callable
from typing import Any

from fairreg.runners.independence import layouts, products, reshaping
from fairreg.runners.independence.graph import Graph

__all__ = ["RULES"]

Axes = tuple[int | None, ...]
Rule = Callable[[Graph, Any], Axes]

_ELEMENTWISE = """
    Abs Acos Acosh Asin Asinh Atan Atanh BitwiseNot Cast Ceil Celu Cos Cosh Elu Erf Exp Floor Gelu HardSigmoid
    HardSwish Identity IsInf IsNaN LeakyRelu Log Mish Neg Not Reciprocal Relu Round Selu Shrink Sigmoid Sign
    Sin Sinh Softplus Softsign Sqrt Swish Tan Tanh ThresholdedRelu
    Add And BitShift BitwiseAnd BitwiseOr BitwiseXor Clip Div Equal Greater GreaterOrEqual Less LessOrEqual
    Max Mean Min Mod Mul Or PRelu Pow Sub Sum Where Xor
    Binarizer LabelEncoder
"""
_WINDOWS = """
    AveragePool Conv ConvTranspose DepthToSpace GlobalAveragePool GlobalLpPool GlobalMaxPool
    GroupNormalization InstanceNormalization LRN LpPool MaxPool SpaceToDepth
"""
_REDUCTIONS = """
    ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum
    ReduceSumSquare
"""
_ROW_MODELS = """
    FeatureVectorizer Imputer LinearClassifier LinearRegressor Normalizer SVMClassifier SVMRegressor Scaler
    TreeEnsemble TreeEnsembleClassifier TreeEnsembleRegressor
"""


def _same(graph: Graph, node: Any) -> Axes:
    """The axis of the rows in the first input, where no other input has rows."""
    others_are_constant = all(not value or value in graph.constants for value in node.input[1:])
    return (graph.rows.get(node.input[0]),) if others_are_constant else ()


def _windows(graph: Graph, node: Any) -> Axes:
    """Operators on (N, C, ...) that treat every item of the first axis alike."""
    return _same(graph, node) if graph.rows.get(node.input[0]) == 0 else ()


def _batch_normalisation(graph: Graph, node: Any) -> Axes:
    """With given mean and variance, as in inference; in training there are more outputs."""
    single = len([value for value in node.output if value]) == 1
    return _windows(graph, node) if single and not graph.attribute(node, "training_mode", 0) else ()


def _dropout(graph: Graph, node: Any) -> Axes:
    """In inference it passes its input on; its second output, the mask, is true everywhere."""
    training = node.input[2] if len(node.input) > 2 else ""  # noqa: PLR2004  data, ratio, training_mode
    return () if training else (graph.rows.get(node.input[0]),)


def _row_model(graph: Graph, node: Any) -> Axes:
    """Operators of ai.onnx.ml on (N, features); a single axis would hold the features of one row."""
    if not all(graph.rank(value) == 2 and graph.rows.get(value) == 0 for value in node.input):  # noqa: PLR2004
        return ()
    # ONNX infers no shapes for most of them: of two outputs the first has the labels (N,).
    for place, value in enumerate(node.output):
        labels = place == 0 and len(node.output) > 1
        graph.shapes.setdefault(value, (None,) if labels else (None, None))
    return (0,) * len(node.output)


def _mappings(graph: Graph, node: Any) -> Axes:
    """ZipMap: (N, classes) to N mappings."""
    return (0,) if graph.rows.get(node.input[0]) == 0 and graph.rank(node.input[0]) == 2 else ()  # noqa: PLR2004


def _quantised(graph: Graph, node: Any) -> Axes:
    """One scale for the whole tensor, or one for each entry of an axis other than that of the rows."""
    scale, rank, rows = node.input[1], graph.rank(node.input[0]), graph.rows.get(node.input[0])
    if rows is None or rank is None or scale not in graph.constants:
        return ()
    single = graph.shapes.get(scale) in {(), (1,)}
    axis = graph.attribute(node, "axis", 1)
    return _same(graph, node) if single or (graph.rank(scale) == 1 and axis % rank != rows) else ()


def _table(*groups: tuple[str, Rule]) -> dict[str, Rule]:
    return {name: rule for names, rule in groups for name in names.split()}


RULES = _table(
    (_ELEMENTWISE, products.elementwise),
    (_WINDOWS, _windows),
    (_REDUCTIONS, layouts.reduction),
    (_ROW_MODELS, _row_model),
    ("BatchNormalization", _batch_normalisation),
    ("Dropout", _dropout),
    ("ZipMap", _mappings),
    ("QuantizeLinear DequantizeLinear", _quantised),
    ("MatMul", products.matrix_product),
    ("Gemm", products.general_product),
    ("Einsum", products.einstein_sum),
    ("LSTM GRU RNN", products.recurrence),
    ("Softmax LogSoftmax Hardmax", layouts.softmax),
    ("LayerNormalization RMSNormalization", layouts.layer_normalisation),
    ("LpNormalization CumSum", layouts.along_another_axis),
    ("ArgMax ArgMin", layouts.extremum),
    ("TopK", layouts.top),
    ("Transpose", layouts.transposition),
    ("Reshape", reshaping.reshaping),
    ("Flatten", layouts.flattening),
    ("Squeeze", layouts.squeezing),
    ("Unsqueeze", layouts.unsqueezing),
    ("Concat", layouts.concatenation),
    ("Split", layouts.splitting),
    ("Slice", layouts.slicing),
    ("Gather", layouts.gathering),
    ("GatherElements", layouts.gathering_elements),
    ("ArrayFeatureExtractor", layouts.feature_extraction),
    ("Pad", layouts.padding),
    ("Tile", layouts.tiling),
    ("Expand", reshaping.expansion),
    ("ConstantOfShape", reshaping.constant_of_shape),
    ("Trilu", layouts.triangle),
)
