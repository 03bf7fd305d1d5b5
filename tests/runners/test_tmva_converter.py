# SPDX-License-Identifier: MIT
"""TMVA's weight files as ONNX, against a plain reading of the files and numbers computed by hand."""

import json
import math
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg import runners
from fairreg.errors import ModelError
from fairreg.runners.converters import converter_of, tmva
from fairreg.runners.converters.tmva.numbers import single
from fairreg.runners.weights import onnx as weights
from fairreg.storage.recognition import describe
from support.tmva_files import document, expected, leaf, random_trees, split, tree

# Float32 of the output; the response itself lies within [-1, 1], or is near to it.
TOLERANCE = 2.5e-7
KINDS = {
    "adaboost": ("Classification", {}, "response"),
    "adaboost-purity": ("Classification", {"UseYesNoLeaf": "False"}, "response"),
    "real": ("Classification", {"BoostType": "RealAdaBoost", "UseYesNoLeaf": "False"}, "response"),
    "bagging": ("Classification", {"BoostType": "Bagging"}, "response"),
    "grad": ("Classification", {"BoostType": "Grad"}, "response"),
    "multiclass": ("Multiclass", {"BoostType": "Grad"}, "probabilities"),
    "regression": ("Regression", {"BoostType": "Grad"}, "prediction"),
    "regression-bagging": ("Regression", {"BoostType": "Bagging"}, "prediction"),
}


@pytest.fixture
def write(tmp_path):
    def written(content: str | bytes) -> Path:
        path = tmp_path / "TMVAClassification_BDT.weights.xml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


def run(path: Path, rows, output: str = "response"):
    model = tmva.convert(path).model
    onnx.checker.check_model(model, full_check=True)
    return runners.load("onnx", model).run({"input": np.asarray(rows, np.float32)})[output]


def forest(kind: str, seed: int = 0, count: int = 12) -> str:
    analysis, options, _ = KINDS[kind]
    classes = ("a", "b", "c") if analysis == "Multiclass" else ("Signal", "Background")
    trees = random_trees(np.random.default_rng(seed), count, 4)
    named = ("pt", "eta", "log(m)", "n<2")
    return document(
        trees,
        variables=named,
        analysis=analysis,
        options=options,
        classes=classes,
        targets=int(analysis == "Regression"),
    )


@pytest.mark.parametrize("kind", KINDS)
def test_the_graph_gives_what_a_walk_through_the_file_gives(write, kind):
    path, output = write(forest(kind)), KINDS[kind][2]
    rows = np.random.default_rng(1).normal(size=(200, 4)).astype(np.float32)
    found = run(path, rows, output)
    assert found.shape == (200, 3 if kind == "multiclass" else 1)
    assert found.dtype == np.float32
    assert len(np.unique(found)) > 20
    np.testing.assert_allclose(found, expected(path, rows), rtol=0, atol=TOLERANCE)


@settings(max_examples=15, deadline=None)
@given(kind=st.sampled_from(sorted(KINDS)), seed=st.integers(0, 10**6), count=st.integers(1, 4))
def test_any_forest_agrees_at_its_cuts_and_one_step_beside_them(tmp_path_factory, kind, seed, count):
    path = tmp_path_factory.mktemp("forest") / "a.xml"
    path.write_text(forest(kind, seed, 3 * count))
    rows = tmva.convert(path).edges["input"]
    np.testing.assert_allclose(run(path, rows, KINDS[kind][2]), expected(path, rows), rtol=0, atol=TOLERANCE)


def test_the_edges_hold_every_cut_and_its_two_neighbours(write):
    cuts = [0.5, -1.25, 3.0]
    path = write(document([tree(split(1, cut, leaf(-1), leaf(1))) for cut in cuts]))
    column = tmva.convert(path).edges["input"][:, 1]
    wanted = {np.nextafter(np.float32(cut), np.float32(at)) for cut in cuts for at in (-np.inf, cut, np.inf)}
    assert set(column) == wanted


@pytest.mark.parametrize(
    "value", [0.5, np.nextafter(np.float32(0.5), np.float32(-1)), 7, -7, np.inf, -np.inf]
)
@pytest.mark.parametrize("cut_type", [0, 1])
def test_a_value_at_the_cut_passes_it_and_a_cut_type_of_zero_swaps_the_sides(write, value, cut_type):
    path = write(document([tree(split(0, 0.5, leaf(-1), leaf(1), cType=cut_type))]))
    passes = value >= 0.5
    assert run(path, [[value, 0]]) == (1 if passes == (cut_type == 1) else -1)


@pytest.mark.parametrize(("cut_type", "response"), [(1, -1), (0, 1)])
def test_nan_is_never_at_or_above_a_cut(write, cut_type, response):
    path = write(document([tree(split(0, 0.5, leaf(-1), leaf(1), cType=cut_type))]))
    assert run(path, [[math.nan, 0]]) == response


def test_rows_do_not_depend_on_each_other(write):
    path = write(forest("multiclass"))
    rows = np.random.default_rng(2).normal(size=(300, 4)).astype(np.float32)
    alone = np.concatenate([run(path, rows[start : start + 1], "probabilities") for start in range(5)])
    np.testing.assert_array_equal(run(path, rows, "probabilities")[:5], alone)


def test_adaboost_by_hand(write):
    path = write(document([tree(leaf(1), 0.5), tree(leaf(-1), 1.5)]))
    assert run(path, [[0, 0]]) == (0.5 * 1 + 1.5 * -1) / 2


def test_adaboost_with_purities_by_hand(write):
    trees = [tree(leaf(-1, purity=0.25), 1), tree(leaf(1, purity=0.75), 3)]
    assert (
        run(write(document(trees, options={"UseYesNoLeaf": "False"})), [[0, 0]]) == (1 * 0.25 + 3 * 0.75) / 4
    )


def test_gradient_boosting_by_hand(write):
    # The boost weights are not used: 2 / (1 + exp(-2 * 0.75)) - 1 = tanh(0.75)
    trees = [tree(leaf(1, res=0.5), 7), tree(leaf(1, res=0.25), 9)]
    found = run(write(document(trees, options={"BoostType": "Grad"})), [[0, 0]])
    np.testing.assert_allclose(found, math.tanh(0.75), rtol=1e-7)


def test_classes_by_hand(write):
    # Trees 0 and 3 are of the first class: sums log(2), 0, 0.
    values = [math.log(2) / 2, 0, 0, math.log(2) / 2, 0, 0]
    path = write(
        document(
            [tree(leaf(1, res=value)) for value in values],
            analysis="Multiclass",
            options={"BoostType": "Grad"},
            classes=("top", "W", "QCD"),
        )
    )
    np.testing.assert_allclose(run(path, [[0, 0]], "probabilities"), [[0.5, 0.25, 0.25]], rtol=1e-7)
    stated = {
        item.key: json.loads(item.value)
        for item in onnx.load_from_string(tmva.convert(path).model).metadata_props
    }
    assert stated == {
        "fairreg.columns.input": ["pt", "eta"],
        "fairreg.columns.probabilities": ["top", "W", "QCD"],
    }


def test_regression_starts_from_the_first_boost_weight(write):
    trees = [tree(leaf(1, res=0.5), 2.25), tree(leaf(1, res=-1), 1)]
    path = write(document(trees, analysis="Regression", options={"BoostType": "Grad"}, targets=1))
    assert run(path, [[0, 0]], "prediction") == 1.75


def test_boost_weights_that_sum_to_nothing_give_zero(write):
    path = write(document([tree(leaf(1), 0.5), tree(leaf(-1), -0.5)]))
    assert run(path, [[0, 0]]) == 0


def test_large_sums_do_not_overflow(write):
    options = {"BoostType": "Grad"}
    for sign in (1, -1):
        path = write(document([tree(leaf(1, res=sign * 1e6))], options=options))
        assert run(path, [[0, 0]]) == sign


def test_a_leaf_may_have_children_that_are_never_reached(write):
    under = split(0, 0.5, leaf(-1), leaf(-1), nType=1)
    assert run(write(document([tree(under)])), [[0, 0]]) == 1


def test_old_files_state_numbers_of_events_and_another_name_of_the_type(write):
    old = leaf(1, nS=3, nB=1).replace('purity="0.5"', "")
    path = write(document([tree(old)], options={"UseYesNoLeaf": "False"}, type='TreeType="0"'))
    assert run(path, [[0, 0]]) == 0.75


def test_options_that_are_not_stated_have_tmvas_defaults(write):
    content = document([tree(leaf(-1, purity=0.25))])
    path = write(content[: content.index("<Option ")] + content[content.index("</Options>") :])
    assert run(path, [[0, 0]]) == -1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", float(np.float32(0.1))),
        ("-1.5e0", -1.5),
        (" 3. ", 3.0),
        ("1e-60", 0.0),
        # Ties of float32 that float64 cannot tell from the decimals beside them.
        ("1.00000005960464477539062500001", float(np.float32(1 + 2**-23))),
        ("1.000000059604644775390625", 1.0),
        ("1.00000005960464477539062499999", 1.0),
    ],
)
def test_decimals_become_the_nearest_float32_in_one_step(text, value):
    assert single(text) == value


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_numbers_as_tmva_writes_them_keep_every_bit(value):
    assert single(f"{value:.16e}") == value


def test_the_file_states_release_variables_and_spectators(write):
    spectators = '<Spectators NSpec="1"><Spectator SpecIndex="0" Expression="run"/></Spectators>'
    path = write(document([tree(leaf())], variables=("log(pt)", "x\x85y"), spectators=spectators))
    found = tmva.convert(path)
    assert found.original == "TMVA 4.2.1"
    assert found.runtime is None
    assert "log(pt), x\\x85y." in found.remarks[0]
    assert "formula is that of ROOT's source code" in found.remarks[1]
    assert found.remarks[2] == "Spectators of the training are no inputs: 1."


def test_the_converter_is_found_by_the_content_of_a_file(write):
    assert converter_of(describe(write(forest("grad")))) is tmva


def test_different_forests_have_different_fingerprints(write, tmp_path):
    found = []
    for seed in (0, 1):
        path = tmp_path / f"{seed}.onnx"
        path.write_bytes(tmva.convert(write(forest("grad", seed))).model)
        found.append({name: array.tobytes() for name, array in weights.read(path).items()})
    assert found[0]
    assert found[0] != found[1]


def of_sklearn(fitted, number: int = 0) -> str:
    """A tree of scikit-learn, which goes left for value <= threshold, as TMVA's, right for value >= cut."""
    inner = fitted.tree_
    if inner.children_left[number] < 0:
        return leaf(1, res=f"{np.float32(inner.value[number].item()):.16e}")
    threshold = inner.threshold[number]
    cut = np.float32(threshold)
    if cut <= threshold:
        cut = np.nextafter(cut, np.float32(np.inf))
    children = [
        of_sklearn(fitted, int(child[number])) for child in (inner.children_left, inner.children_right)
    ]
    return split(int(inner.feature[number]), f"{cut:.16e}", *children)


def test_trees_reach_the_leaves_that_scikit_learn_reaches(write):
    sklearn = pytest.importorskip("sklearn.tree")
    random = np.random.default_rng(5)
    rows = random.normal(size=(400, 2)).astype(np.float32)
    trees = [
        sklearn.DecisionTreeRegressor(max_depth=6, random_state=seed).fit(rows, random.normal(size=400))
        for seed in range(5)
    ]
    content = document(
        [tree(of_sklearn(item), 0) for item in trees],
        analysis="Regression",
        options={"BoostType": "Grad"},
        targets=1,
    )
    path = write(content)
    inputs = np.concatenate([rows, tmva.convert(path).edges["input"]])
    leaves = [np.float32(item.predict(inputs)).astype(np.float64) for item in trees]
    found = run(path, inputs, "prediction")[:, 0]
    np.testing.assert_allclose(found, np.sum(leaves, axis=0), rtol=0, atol=1e-6)


def refusals() -> dict[str, tuple[str, str]]:
    one = [tree(leaf())]
    grad = {"BoostType": "Grad"}
    norm = '<Transformations NTransformations="1"><Transform Name="Normalize"/></Transformations>'
    return {
        "method": (document(one, method="MLP::MLP"), "method 'MLP::MLP'"),
        "fisher": (
            document([tree(split(0, 0, leaf(), leaf()).replace('NCoef="0"', 'NCoef="3"', 1))]),
            "Fisher",
        ),
        "transformation": (document(one, transformations=norm), "(Normalize)"),
        "transform option": (document(one, options={"VarTransform": "D"}), "(D)"),
        "preselection": (document(one, options={"DoPreselection": "True"}), "DoPreselection"),
        "preselection cuts": (document(one, weights='PreselectionLowBkgVar0="1"'), "DoPreselection"),
        "normalised": (document(one, options={"Normalise": "True"}), "Normalise"),
        "unclear": (document(one, options={"BoostType": "RealAdaBoost"}), "RealAdaBoost with UseYesNoLeaf"),
        "boosting": (document(one, options={"BoostType": "New"}), "boosted by 'New'"),
        "median": (
            document(one, options={"BoostType": "AdaBoostR2"}, analysis="Regression"),
            "weighted median",
        ),
        "multiclass": (document(one, analysis="Multiclass"), "'AdaBoost'"),
        "unequal": (document(one, options=grad, analysis="Multiclass"), "1 trees, names 2 classes"),
        "analysis": (document(one, analysis="Maybe"), "analysis type 'maybe'"),
        "type": (document(one, options=grad, type='AnalysisType="0"'), "trees of the type '0'"),
        "trees": (document(one, NTrees="2"), "states '2' trees and has 1"),
        "no trees": (document([]), "no trees"),
        "targets": (document(one, analysis="Regression", options=grad, targets=2), "2 targets"),
        "truth": (document(one, options={"UseYesNoLeaf": "perhaps"}), "UseYesNoLeaf='perhaps'"),
        "variables": (document(one, NVar="3"), "3 variables and has 2"),
        "variable": (document([tree(split(2, 0, leaf(), leaf()))]), "variable 2 of 2"),
        "child": (document([tree(split(0, 0, leaf(), ""))]), "without two children"),
        "leaf": (
            document([tree(leaf().replace('res="0.0"', ""))], options=grad),
            "without the attribute res",
        ),
        "infinite": (document([tree(leaf(res="1e38"))], options=grad), "1e+30"),
    }


@pytest.mark.parametrize("case", refusals())
def test_what_is_not_converted_is_refused_by_its_name(write, case):
    content, words = refusals()[case]
    with pytest.raises(ModelError) as caught:
        tmva.convert(write(content))
    assert words in caught.value.message
