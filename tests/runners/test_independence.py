# SPDX-License-Identifier: MIT
"""A graph is said to compute each row by itself only if it does, and common networks are recognised."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnxruntime.capi import onnxruntime_pybind11_state as engine

from fairreg.runners.bare_graph import without_weights
from fairreg.runners.independence import independent_rows, states_batch
from support.examples import examples
from support.graphs import model, rows_apart

rng = np.random.default_rng(5)
_NOT_RUN = (
    engine.Fail,
    engine.InvalidArgument,
    engine.InvalidGraph,
    engine.NotImplemented,
    engine.RuntimeException,
)


def normal(*shape):
    return rng.normal(size=shape).astype(np.float32)


TREE = (
    "label, y = ai.onnx.ml.TreeEnsembleClassifier <nodes_treeids = [0,0,0], nodes_nodeids = [0,1,2], "
    'nodes_featureids = [0,0,0], nodes_values = [0.0,0.0,0.0], nodes_modes = ["BRANCH_LEQ","LEAF","LEAF"], '
    "nodes_truenodeids = [1,0,0], nodes_falsenodeids = [2,0,0], nodes_missing_value_tracks_true = [0,0,0], "
    "nodes_hitrates = [1.0,1.0,1.0], class_treeids = [0,0], class_nodeids = [1,2], class_ids = [0,1], "
    'class_weights = [1.0,1.0], classlabels_int64s = [0,1], post_transform = "NONE"> (x)'
)
APART = {
    "perceptron": model(
        "h = Gemm(x, W, b) r = Relu(h) s = MatMul(r, V) y = Softmax<axis=-1>(s)",
        W=normal(4, 8),
        b=normal(8),
        V=normal(8, 3),
    ),
    "softmax of old, over all axes from the first on": model(
        "s = MatMul(x, W) y = Softmax<axis=1>(s)", opset=11, W=normal(4, 3)
    ),
    "normalised by its own mean": model(
        "m = ReduceMean<axes=[1]>(x) c = Sub(x, m) q = Mul(c, c) v = ReduceMean<axes=[1]>(q) s = "
        "Sqrt(v) y = Div(c, s)"
    ),
    "normalised layer": model("y = LayerNormalization<axis=-1>(x, g, b)", g=normal(4), b=normal(4)),
    "images": model(
        "c = Conv<pads=[1,1,1,1]>(x, W, b) n = BatchNormalization(c, s, t, u, v) r = Relu(n) p = "
        "MaxPool<kernel_shape=[2,2]>(r) "
        "f = Flatten<axis=1>(p) y = MatMul(f, V)",
        given="float[n,1,4,4] x",
        W=normal(2, 1, 3, 3),
        b=normal(2),
        s=normal(2),
        t=normal(2),
        u=normal(2),
        v=np.abs(normal(2)),
        V=normal(18, 3),
    ),
    "recurrent network with the batch first": model(
        "t = Transpose<perm=[1,0,2]>(x) h, l = LSTM<hidden_size=5>(t, W, R, B) a = Squeeze(l, "
        "zero) y = MatMul(a, V)",
        given="float[n,6,4] x",
        W=normal(1, 20, 4),
        R=normal(1, 20, 5),
        B=normal(1, 40),
        zero=np.array([0]),
        V=normal(5, 2),
    ),
    "recurrent network with a state made for each row": model(
        "t = Transpose<perm=[1,0,2]>(x) s = Shape(x) n = Gather(s, first) k = Concat<axis=0>(one, "
        "n, five) z = ConstantOfShape(k) "
        "h, l = GRU<hidden_size=5>(t, W, R, B, , z) y = Squeeze(l, zero)",
        given="float[n,6,4] x",
        W=normal(1, 15, 4),
        R=normal(1, 15, 5),
        B=normal(1, 30),
        zero=np.array([0]),
        first=np.array([0]),
        one=np.array([1]),
        five=np.array([5]),
    ),
    "attention among the tracks of each event": model(
        "q = MatMul(x, Q) k = MatMul(x, K) t = Transpose<perm=[0,2,1]>(k) s = MatMul(q, t) a = "
        "Softmax<axis=-1>(s) "
        "w = MatMul(a, x) y = ReduceMean<axes=[1], keepdims=0>(w)",
        given="float[n,6,4] x",
        Q=normal(4, 3),
        K=normal(4, 3),
    ),
    "attention with the batch merged into the heads, as PyTorch writes it": model(
        "t = Transpose<perm=[1,0,2]>(x) r = Reshape(t, merged) h = Transpose<perm=[1,0,2]>(r) "
        "k = Transpose<perm=[0,2,1]>(h) s = MatMul(h, k) a = Softmax<axis=-1>(s) w = MatMul(a, h) "
        "b = Transpose<perm=[1,0,2]>(w) f = Reshape(b, flat) g = MatMul(f, W) c = Reshape(g, apart) "
        "y = Transpose<perm=[1,0,2]>(c)",
        given="float[n,6,4] x",
        merged=np.array([6, -1, 2]),
        flat=np.array([-1, 4]),
        apart=np.array([6, -1, 4]),
        W=normal(4, 4),
    ),
    "attention in heads, reshaped": model(
        "r = Reshape(x, heads) t = Transpose<perm=[0,2,1,3]>(r) u = Transpose<perm=[0,2,3,1]>(r) s "
        "= MatMul(t, u) "
        "a = Softmax<axis=-1>(s) w = MatMul(a, t) b = Transpose<perm=[0,2,1,3]>(w) y = Reshape(b, flat)",
        given="float[n,6,4] x",
        heads=np.array([0, 6, 2, 2]),
        flat=np.array([-1, 24]),
    ),
    "reshaped by its own size": model(
        "s = Shape(x) n = Gather<axis=0>(s, first) u = Unsqueeze(n, first1) k = Concat<axis=0>(u, "
        "minus) y = Reshape(x, k)",
        given="float[n,6,4] x",
        first=np.array(0),
        first1=np.array([0]),
        minus=np.array([-1]),
    ),
    "flattened as PyTorch's exporter writes it": model(
        "y = Reshape<allowzero=1>(x, flat)", given="float[n,6,4] x", flat=np.array([-1, 24])
    ),
    "reshaped by parts of its own shape, as PyTorch writes recurrent networks": model(
        "s = Shape(x) n = Slice(s, zero, one) t = Slice(s, one, two) u = Slice(s, two, three) p = Mul(t, u) "
        "q = Reshape(p, flat) k = Concat<axis=0>(n, q) y = Reshape(x, k)",
        given="float[n,6,4] x",
        zero=np.array([0]),
        one=np.array([1]),
        two=np.array([2]),
        three=np.array([3]),
        flat=np.array([-1]),
    ),
    "embedding": model(
        "e = Gather(T, x) y = ReduceSum<keepdims=0>(e, one)",
        given="int64[n,3] x",
        T=normal(9, 5),
        one=np.array([1]),
    ),
    "two inputs": model(
        "h = Concat<axis=1>(x, z) y = MatMul(h, W)", given="float[n,4] x, float[n,2] z", W=normal(6, 3)
    ),
    "einstein's sum": model(
        'y = Einsum<equation="nij,jk->nik">(x, W)', given="float[n,6,4] x", W=normal(4, 3)
    ),
    "weights in a node": model("W = Constant<value = float[4,2] {1,2,3,4,5,6,7,8}>() y = MatMul(x, W)"),
    "boosted trees": model(TREE, made="int64[n] label, float[n,m] y"),
    "scaled features": model(
        "s = ai.onnx.ml.Scaler<offset=[0.0], scale=[2.0]>(x) y = Add(s, c)", c=normal(4)
    ),
    "a slice of the features": model(
        "y = Slice(x, a, b, c)", a=np.array([1]), b=np.array([3]), c=np.array([1])
    ),
    "padded tracks": model("y = Pad(x, p)", p=np.array([0, 1, 0, 2])),
}
TOGETHER = {
    "a batch that stays merged into the heads": model(
        "r = Reshape(x, merged) y = Softmax<axis=-1>(r)", given="float[n,6,4] x", merged=np.array([-1, 12])
    ),
    "heads merged with the batch, and compared": model(
        "r = Reshape(x, merged) s = Softmax<axis=0>(r) y = Reshape(s, apart)",
        given="float[n,6,4] x",
        merged=np.array([-1, 12]),
        apart=np.array([-1, 6, 4]),
    ),
    "reshaped by its shape, reversed": model(
        "s = Shape(x) f = Slice(s, last, past, , back) y = Reshape(x, f)",
        made="float[p,q] y",
        last=np.array([1]),
        past=np.array([-9]),
        back=np.array([-1]),
    ),
    "reshaped by a product with the number of rows": model(
        "s = Shape(x) n = Slice(s, zero, one) d = Mul(n, two) k = Concat<axis=0>(d, two) y = Reshape(x, k)",
        zero=np.array([0]),
        one=np.array([1]),
        two=np.array([2]),
    ),
    "softmax over the rows": model("s = MatMul(x, W) y = Softmax<axis=0>(s)", W=normal(4, 3)),
    "softmax of old over everything": model("y = Softmax<axis=0>(x)", opset=11),
    "attention over the rows": model("t = Transpose(x) s = MatMul(x, t) a = Softmax(s) y = MatMul(a, x)"),
    "normalised by the batch": model("m = ReduceMean<axes=[0]>(x) y = Sub(x, m)"),
    "normalised by everything": model("m = ReduceMean(x) y = Sub(x, m)"),
    "training of a normalisation": model(
        "y, a, b = BatchNormalization<training_mode=1>(x, s, t, u, v)",
        s=normal(4),
        t=normal(4),
        u=normal(4),
        v=np.abs(normal(4)),
    ),
    "recurrent network with time first": model(
        "h = LSTM<hidden_size=5>(x, W, R, B) y = Squeeze(h, one)",
        given="float[n,6,4] x",
        W=normal(1, 20, 4),
        R=normal(1, 20, 5),
        B=normal(1, 40),
        one=np.array([1]),
    ),
    "cumulative sum": model("y = CumSum(x, zero)", zero=np.array(0)),
    "reshaped across rows": model("y = Reshape(x, k)", k=np.array([-1, 2])),
    "reshaped and back": model(
        "a = Reshape(x, k) b = Softmax<axis=1>(a) y = Reshape(b, l)", k=np.array([2, -1]), l=np.array([-1, 4])
    ),
    "neighbours": model(
        "a = Pad(x, p) b = Slice(a, s, e, zero) y = Sub(x, b)",
        p=np.array([1, 0, 0, 0]),
        s=np.array([0]),
        e=np.array([-1]),
        zero=np.array([0]),
    ),
    "the number of rows": model(
        "s = Shape(x) f = Cast<to=1>(s) n = Gather(f, zero) y = Mul(x, n)", zero=np.array([0])
    ),
    "an average by the number of rows, as a constant list": model(
        "s = Shape(x) n = Gather(s, zero) b = Cast<to=9>(n) i = Cast<to=7>(b) k = "
        "Concat<axis=0>(i, four) e = Expand(one, k) y = Add(x, e)",
        zero=np.array([0]),
        four=np.array([4]),
        one=normal(1, 4),
    ),
    "parts as long as there are rows": model(
        "n = Shape<start=0, end=1>(x) m = Sub(w, n) l = Concat<axis=0>(n, m) a, b = Split<axis=2>(x, l) "
        "y = GlobalAveragePool(a)",
        given="float[n,2,9] x",
        w=np.array([9]),
    ),
    "ranks": model("v, i = TopK<axis=0>(x, two) y = Identity(v)", two=np.array([2])),
    "sorted": model("y = Gather(x, i)", i=np.array([2, 0, 1])),
    "flipped": model(
        "y = Slice(x, a, b, zero, step)",
        a=np.array([-1]),
        b=np.array([-9999]),
        zero=np.array([0]),
        step=np.array([-1]),
    ),
    "quantised by its own range": model("q, s, z = DynamicQuantizeLinear(x) y = DequantizeLinear(q, s, z)"),
    "a bias for each row": model("y = Add(x, b)", given="float[5,4] x", made="float[5,4] y", b=normal(5, 4)),
    "pairs": model(
        "a = Unsqueeze(x, zero) b = Unsqueeze(x, one) d = Sub(a, b) y = ReduceSum<keepdims=0>(d, zero)",
        zero=np.array([0]),
        one=np.array([1]),
    ),
    "maximum places in the whole array": model(
        "a, y = MaxPool<kernel_shape=[2]>(x)", given="float[n,1,4] x", made="int64[n,1,m] y"
    ),
    "random numbers": model("r = RandomNormalLike(x) y = Add(x, r)"),
    "an operator of somebody else": model("y = com.example.Relu(x)"),
    "a branch": model(
        "m = ReduceMax<keepdims=0>(x) c = Greater(m, zero) y = If (c) <then_branch = t () => "
        "(float[n,4] a) {a = Relu(x)}, "
        "else_branch = e () => (float[n,4] b) {b = Neg(x)}>",
        zero=np.float32(0),
    ),
    "an order that forgets an axis": model("y = Transpose<perm=[1,0]>(x)", given="float[n,6,4] x"),
    "an order that forgets the rows": model("y = Transpose<perm=[1,2]>(x)", given="float[n,6,4] x"),
    "no shape": model("y = Relu(x)", given="float x"),
    "a constant": model("y = Identity(c)", c=normal(3, 4)),
    "one input without rows": model("y = Mul(x, z)", given="float[n,4] x, float z"),
}


@pytest.mark.parametrize("name", APART)
def test_networks_of_independent_rows_are_recognised_and_give_the_same_in_pieces(name):
    graph = APART[name]
    assert independent_rows(graph)
    shape = [dim.dim_value or 7 for dim in graph.graph.input[0].type.tensor_type.shape.dim]
    whole_numbers = graph.graph.input[0].type.tensor_type.elem_type == 7
    arrays = {"x": rng.integers(0, 9, shape) if whole_numbers else normal(*shape)}
    if len(graph.graph.input) > 1:
        arrays["z"] = normal(7, 2)
    whole, pieces = rows_apart(graph.SerializeToString(), arrays, 3)
    for one, other in zip(whole, pieces, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", TOGETHER)
def test_rows_that_may_see_each_other_are_never_called_independent(name):
    assert not independent_rows(TOGETHER[name])


def test_shapes_that_the_author_noted_prove_nothing():
    graph = model("t = Identity(x) r = Reshape(t, k) y = Softmax<axis=1>(r)", k=np.array([-1, 2]))
    from onnx import TensorProto, helper

    graph.graph.value_info.append(helper.make_tensor_value_info("t", TensorProto.FLOAT, ("n", 2)))
    assert not independent_rows(graph)


def test_the_content_of_a_large_constant_is_not_copied():
    from onnx import helper, numpy_helper

    weights = numpy_helper.from_array(normal(4, 5000))
    graph = model("y = MatMul(x, W)")
    graph.graph.node.insert(0, helper.make_node("Constant", [], ["W"], value=weights))
    assert independent_rows(graph)
    assert without_weights(graph).ByteSize() < 1000 < graph.ByteSize()


def test_a_function_of_the_model_is_looked_into():
    from onnx import parser

    text = """<ir_version: 8, opset_import: ["" : 17, "own" : 1]>
    g (float[n,4] x) => (float[n,4] y) {{ y = own.Layer(x) }}
    <opset_import: ["" : 17], domain: "own"> Layer (a) => (b) {{ b = Softmax<axis={axis}>(a) }}"""
    assert independent_rows(parser.parse_model(text.format(axis=1)))
    assert not independent_rows(parser.parse_model(text.format(axis=0)))


def test_two_versions_of_the_standard_operators_prove_nothing():
    """onnxruntime takes the one that comes last, and Softmax means another thing before opset 13."""
    from onnx import helper

    graph = model(
        "t = Transpose<perm=[1,0,2]>(x) s = Softmax(t) y = Transpose<perm=[1,0,2]>(s)", given="float[n,4,3] x"
    )
    assert independent_rows(graph)
    graph.opset_import.append(helper.make_opsetid("ai.onnx", 11))
    assert not independent_rows(graph)


def test_a_batch_is_stated_by_the_denotation_of_every_first_axis():
    graph = model("y = Softmax<axis=0>(x)")
    assert not states_batch(graph)
    for value in (*graph.graph.input, *graph.graph.output):
        value.type.tensor_type.shape.dim[0].denotation = "DATA_BATCH"
    assert states_batch(graph)


# One operator each, on values of three axes; a proof for a chain of them is compared with the engine.
_STEPS = [
    "{y} = Relu({x})",
    "{y} = Softmax<axis={a}>({x})",
    "{y} = Transpose<perm=[1,0,2]>({x})",
    "{y} = Transpose<perm=[2,0,1]>({x})",
    "{y} = ReduceMean<axes=[{a}], keepdims=1>({x})",
    "{y} = Sub({x}, {z})",
    "{y} = Mul({x}, {x})",
    "{y} = CumSum({x}, axis{a})",
    "{y} = ReduceMax<axes=[{a}], keepdims=1>({x})",
    "{y} = MatMul({x}, W)",
    "{y} = MatMul({x}, {z})",
    "{y} = Reshape({x}, k{a})",
    "{y} = Reshape({x}, l{a})",
    "{y} = Reshape({x}, h{a})",
    "{y} = Reshape({x}, m{a})",
    "{y} = Concat<axis={a}>({x}, {z})",
    "{y} = Slice({x}, one, many, list{a})",
    "{y} = Add({x}, B)",
    "{y} = Add({x}, C)",
    "{y} = LpNormalization<axis={a}>({x})",
    "{y} = Gather<axis={a}>({x}, ids)",
    "{y} = LayerNormalization<axis={a}>({x}, S)",
    "{y} = Pad({x}, p{a})",
    "{y} = Tile({x}, t{a})",
]
_LISTS = {
    **{f"axis{a}": np.array(a) for a in range(3)},
    **{f"list{a}": np.array([a]) for a in range(3)},
    "k0": np.array([-1, 4, 4]),
    "k1": np.array([0, -1, 2]),
    "k2": np.array([0, 0, -1]),
    "l0": np.array([4, -1, 4]),
    "l1": np.array([-1, 2, 8]),
    "l2": np.array([0, 16, 1]),
    "h0": np.array([4, -1, 2]),
    "h1": np.array([2, -1, 4]),
    "h2": np.array([-1, 4, 1]),
    "m0": np.array([4, -1, 4]),
    "m1": np.array([-1, 8, 2]),
    "m2": np.array([4, 2, -1]),
    "one": np.array([1]),
    "many": np.array([99]),
    "ids": np.array([0, 0, 1, 1]),
    **{f"p{a}": np.array([int(i == a) for i in range(3)] + [0] * 3) for a in range(3)},
    **{f"t{a}": np.array([1 + int(i == a) for i in range(3)]) for a in range(3)},
}


@settings(max_examples=examples(150), deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(_STEPS), st.integers(0, 2), st.integers(0, 9), st.integers(0, 9)),
        min_size=1,
        max_size=6,
    )
)
def test_a_proof_is_never_contradicted_by_the_engine(steps):
    names, lines = ["x"], []
    for number, (text, axis, first, second) in enumerate(steps):
        name = f"v{number}"
        lines.append(
            text.format(y=name, x=names[-1 - first % len(names) % 2], z=names[second % len(names)], a=axis)
        )
        names.append(name)
    body = " ".join(lines) + f" y = Identity({names[-1]})"
    graph = model(
        body,
        given="float[n,4,4] x",
        made="float[n,p,q] y",
        W=normal(4, 4),
        B=normal(4),
        C=normal(1, 4, 4),
        S=np.float32(1.5),
        **_LISTS,
    )
    if not independent_rows(graph):
        return
    x = normal(6, 4, 4)
    try:
        whole, pieces = rows_apart(graph.SerializeToString(), {"x": x}, 2)
    except _NOT_RUN:
        return  # the shapes of the chain do not fit each other
    np.testing.assert_allclose(whole[0], pieces[0], rtol=1e-3, atol=1e-4)


def test_graphs_of_onnxs_own_node_tests_that_are_proven_give_the_same_in_pieces(request):
    """Judged by onnxruntime on ONNX's node tests, the first input repeated to more rows, the "
    "others constant."""
    cases = _node_tests()[:: 1 if request.config.getoption("--long") else 32]
    compared = 0
    for graph, name, x in cases:
        if not independent_rows(graph):
            continue
        rows = np.concatenate([x, x[::-1], x])
        try:
            whole, pieces = rows_apart(graph.SerializeToString(), {name: rows}, 2)
        except _NOT_RUN:
            continue
        for one, other in zip(whole, pieces, strict=True):
            assert one.shape == other.shape, graph
            if one.dtype.kind in "fiub":
                np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5, err_msg=str(graph.graph.node))
        compared += 1
    assert compared > len(cases) // 10


def _node_tests():
    """Graphs with a free first axis of their first input; their other inputs have become constants."""
    import warnings

    from onnx import numpy_helper

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # expected values of some operators overflow on purpose
        from onnx.backend.test.case.node import collect_testcases

        cases = collect_testcases(None)
    made = []
    for case in cases:
        graph = case.model.graph
        arrays = case.data_sets[0][0]
        usable = all(isinstance(array, np.ndarray) and array.dtype.kind in "fiub" for array in arrays)
        if not arrays or not usable or not arrays[0].ndim or len(arrays) != len(graph.input):
            continue
        for value, array in zip(list(graph.input)[1:], arrays[1:], strict=True):
            graph.initializer.append(numpy_helper.from_array(array, value.name))
            graph.input.remove(value)
        if not graph.input[0].type.tensor_type.shape.dim:
            continue  # an optional value or a sequence
        axis = graph.input[0].type.tensor_type.shape.dim[0]
        axis.ClearField("dim_value")
        axis.dim_param = "rows"
        for value in graph.output:
            if value.type.HasField("tensor_type"):
                value.type.tensor_type.ClearField("shape")
        made.append((case.model, graph.input[0].name, arrays[0]))
    return made
