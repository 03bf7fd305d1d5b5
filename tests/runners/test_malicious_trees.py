# SPDX-License-Identifier: MIT
"""Files of trees that would crash, hang or mislead their library are refused in a sentence.

What is refused never reaches the library: the children, features, sizes and types are checked before.
"""

import io
import json
import random
import re
import sys
import zipfile

import numpy as np
import pytest

from fairreg import plugins, runners
from fairreg.errors import FairregError, ModelError, SecurityRefusal, UnsafeArchive
from fairreg.runners._trees import ubj
from fairreg.runners._trees.forest import MAX_DEPTH
from support import tree_models

pytestmark = pytest.mark.filterwarnings("ignore")  # of libraries, on toy numbers


@pytest.fixture(autouse=True)
def libraries():
    for name in ("xgboost", "lightgbm", "skops"):
        pytest.importorskip(name)


def ways(name):
    """Both ways to a model: run by its library, and written as ONNX."""
    module = plugins.load("fairreg.runners.converters", name)
    return (lambda path: runners.load(name, path), module.convert)


def assert_refused(name, path, error=ModelError, match="."):
    for way in ways(name):
        with pytest.raises(error, match=match) as caught:
            way(path)
        assert caught.value.message.endswith(".")
        assert "\n" not in caught.value.message
        assert len(caught.value.message) < 500


@pytest.fixture(scope="module")
def xgboost_document(tmp_path_factory):
    path = tmp_path_factory.mktemp("xgboost") / "m.json"
    tree_models.xgboost_model(path, category=True, max_cat_to_onehot=1)
    return path.read_text()


def first_tree(document):
    return document["learner"]["gradient_booster"]["model"]["trees"][0]


def inner(tree, number=0):
    """A node with two children, the number-th of them."""
    return [node for node, child in enumerate(tree["left_children"]) if child >= 0][number]


def chain(tree, length):
    """Replace a tree by one that descends to the left for so many levels."""
    size = 2 * length + 1
    left, right = [-1] * size, [-1] * size
    node = 0
    for level in range(length):
        left[node], right[node] = 2 * level + 1, 2 * level + 2
        node = left[node]
    for key, value in {
        "default_left": 0,
        "split_indices": 0,
        "split_type": 0,
        "split_conditions": 0.5,
    }.items():
        tree[key] = [value] * size
    tree |= {"left_children": left, "right_children": right}


def set_child(side, node, child):
    def change(document):
        tree = first_tree(document)
        tree[side][inner(tree, node)] = child(tree) if callable(child) else child

    return change


def at(*path):
    """A change of the member at `path`, the last item of which is its new value."""
    *keys, last, value = path

    def change(document):
        found = document
        for key in keys:
            found = found[key]
        found[last] = value

    return change


MODEL = ("learner", "gradient_booster", "model")
TREE = (*MODEL, "trees", 0)
STATED = ("learner", "learner_model_param")
XGBOOST = {
    "a child that is its own parent": set_child("left_children", 1, lambda tree: inner(tree, 1)),
    "a child that is the root": set_child("left_children", 1, 0),
    "a child that is its grandparent's": set_child("right_children", 1, lambda tree: inner(tree, 0)),
    "a child of two nodes": set_child("right_children", 0, lambda tree: tree["left_children"][0]),
    "a child outside the tree": set_child("left_children", 0, 10_000),
    "a child far outside the tree": set_child("left_children", 0, 2**31 - 1),
    "a child below -1": set_child("left_children", 0, -5),
    "one child": set_child("left_children", 0, -1),
    "a feature outside": lambda document: first_tree(document)["split_indices"].__setitem__(
        inner(first_tree(document)), 5
    ),
    "a negative feature": lambda document: first_tree(document)["split_indices"].__setitem__(
        inner(first_tree(document)), -1
    ),
    "a short array": lambda document: first_tree(document)["split_conditions"].pop(),
    "no nodes": lambda document: [first_tree(document)[key].clear() for key in ("left_children",)],
    "too deep": lambda document: chain(first_tree(document), MAX_DEPTH + 1),
    "two billion features": at(*STATED, "num_feature", "2147483647"),
    "no features": at(*STATED, "num_feature", "0"),
    "a negative number of features": at(*STATED, "num_feature", "-4"),
    "a number of features in words": at(*STATED, "num_feature", "four"),
    "classes without an objective for them": at(*STATED, "num_class", "3"),
    "a billion targets": at(*STATED, "num_target", "1000000000"),
    "a base_score that is no number": at(*STATED, "base_score", "nan"),
    "an infinite base_score": at(*STATED, "base_score", "1E999"),
    "a base_score for other outputs": at(*STATED, "base_score", "[1E-1,2E-1]"),
    "a tree of an output that is not there": lambda document: document["learner"]["gradient_booster"][
        "model"
    ]["tree_info"].__setitem__(0, 7),
    "a list of outputs of other trees": at(*MODEL, "tree_info", [0]),
    "a tree that is a number": at(*MODEL, "trees", [1, 2, 3, 4]),
    "categories outside their list": lambda document: first_tree(document)["categories_sizes"].__setitem__(
        0, 10**9
    ),
    "categories before their list": lambda document: first_tree(document)["categories_segments"].__setitem__(
        0, -8
    ),
    "a negative category": lambda document: first_tree(document)["categories"].__setitem__(0, -1),
    "a category beyond all": lambda document: first_tree(document)["categories"].__setitem__(0, 2**24),
    "a large category in each of many nodes": lambda document: [
        tree["categories"].__setitem__(slice(None), [2**24 - 1] * len(tree["categories"]))
        for tree in document["learner"]["gradient_booster"]["model"]["trees"]
    ],
    "a node without categories": lambda document: first_tree(document)["categories_nodes"].__setitem__(
        0, 10**6
    ),
    "an unknown booster": at("learner", "gradient_booster", "name", "gbforest"),
    "an objective that is a list": at("learner", "objective", "name", ["binary:logistic"]),
    "a parameter that is a list": at("learner", "objective", "reg_loss_param", [1]),
    "a parameter with a line break": at("learner", "objective", "reg_loss_param", {"a\n": "1"}),
    "a learner that is a list": at("learner", []),
    "weights of other trees": at(
        "learner",
        "gradient_booster",
        {"name": "dart", "gbtree": {"model": {"trees": [], "tree_info": []}}, "weight_drop": [1.0]},
    ),
    "linear weights of other features": at(
        "learner", "gradient_booster", {"name": "gblinear", "model": {"weights": [0.5, 0.5]}}
    ),
}


def as_ubj(value):
    """A document as XGBoost writes it in UBJ: lists of numbers as they are."""
    if isinstance(value, dict):
        return {key: as_ubj(item) for key, item in value.items()}
    if isinstance(value, list):
        if value and all(type(item) is int and abs(item) < 2**31 for item in value):
            return np.asarray(value, np.int32)
        if value and all(type(item) is float for item in value):
            return np.asarray(value, np.float32)
        return [as_ubj(item) for item in value]
    return value


@pytest.mark.parametrize("case", XGBOOST)
def test_xgboost_that_contradicts_itself_is_refused(case, xgboost_document, tmp_path):
    document = json.loads(xgboost_document)
    XGBOOST[case](document)
    (tmp_path / "m.json").write_text(json.dumps(document))
    assert_refused("xgboost", tmp_path / "m.json")
    (tmp_path / "m.ubj").write_bytes(ubj.encode(as_ubj(document)))
    assert_refused("xgboost", tmp_path / "m.ubj")


def test_what_xgboost_needs_not_is_not_passed_on(xgboost_document, tmp_path):
    """Parents, rounds, sums and attributes of a file mean nothing for a prediction."""
    document = json.loads(xgboost_document)
    x = tree_models.sample()[0]
    (tmp_path / "m.json").write_text(xgboost_document)
    expected = runners.load("xgboost", tmp_path / "m.json").run({"input": x})
    tree = first_tree(document)
    tree["parents"] = [10**9] * len(tree["parents"])
    tree["tree_param"] |= {"num_nodes": "4000000000", "num_feature": "4000000000", "num_deleted": "7"}
    del tree["sum_hessian"]
    document["learner"]["gradient_booster"]["model"]["iteration_indptr"] = [0, 10**9]
    document["learner"]["gradient_booster"]["model"]["gbtree_model_param"]["num_trees"] = "10000000"
    document["learner"]["attributes"] = {"best_iteration": "-1", "scikit_learn": "{}"}
    document["learner"]["feature_types"] = ["c"] * 9
    (tmp_path / "m.json").write_text(json.dumps(document))
    found = runners.load("xgboost", tmp_path / "m.json").run({"input": x})
    np.testing.assert_array_equal(found["probabilities"], expected["probabilities"])


def test_a_base_score_outside_its_range_has_no_margin(xgboost_document, tmp_path):
    document = json.loads(xgboost_document)
    document["learner"]["learner_model_param"]["base_score"] = "[2E0]"
    (tmp_path / "m.json").write_text(json.dumps(document))
    with pytest.raises(ModelError, match=r"base_score outside \[0, 1\]"):
        ways("xgboost")[1](tmp_path / "m.json")


@pytest.mark.parametrize(
    "content",
    [
        b'{"learner":' + b"[" * 100_000,
        b'{"learner":' + b'{"a":' * 100_000,
        b"{L\0\0\0\0\0\0\0\x07learner" + b"[" * 100_000,
        b"{L\0\0\0\0\0\0\0\x07learner" + b"{L\0\0\0\0\0\0\0\x01a" * 10_000,
        b"{L\0\0\0\0\0\0\0\x07learner[$d#L\x00\x00\x7f\xff\xff\xff\xff\xff",
        b"{L\0\0\0\0\0\0\0\x07learner[#L\x7f\xff\xff\xff\xff\xff\xff\xff",
        b"{L\0\0\0\0\0\0\0\x07learner[$d#L\xff\xff\xff\xff\xff\xff\xff\xff",
        b"{L\0\0\0\0\0\0\0\x07learner[$Z#L\x00\x00\x00\x7f\xff\xff\xff\xff",
        b"{L\0\0\0\0\0\0\0\x07learner[#Lx",
        b"{L\0\0\0\0\0\0\0\x07learnerSL\x7f\xff\xff\xff\xff\xff\xff\xff",
        b"{L\xff\xff\xff\xff\xff\xff\xff\xff",
        b"{L\0\0\0\0\0\0\0\x01\xff",
        b"{L\0\0\0\0\0\0\0\x07learner[#d\0\0\0\0",
        b"{}",
        b"{",
        b"",
    ],
)
def test_sizes_and_depths_that_a_document_states_are_not_believed(content, tmp_path):
    (tmp_path / "m.ubj").write_bytes(content)
    assert_refused("xgboost", tmp_path / "m.ubj")


def test_a_document_that_is_cut_off_anywhere_is_refused(xgboost_document, tmp_path):
    whole = ubj.encode(as_ubj(json.loads(xgboost_document)))
    for place in range(0, len(whole), len(whole) // 60):
        (tmp_path / "m.ubj").write_bytes(whole[:place])
        assert_refused("xgboost", tmp_path / "m.ubj")


@pytest.fixture(scope="module")
def lightgbm_text(tmp_path_factory):
    path = tmp_path_factory.mktemp("lightgbm") / "m.txt"
    tree_models.lightgbm_model(path, "multiclass", "classes", rounds=3, category=True)
    return path.read_text()


def line(key, change, *, number=0):
    """A change of the words of the number-th line `key`, given as a list."""

    def apply(text):
        parts = text.split("\n")
        places = [place for place, part in enumerate(parts) if part.startswith(f"{key}=")]
        place = places[number]
        words = parts[place].partition("=")[2].split(" ")
        parts[place] = f"{key}=" + " ".join(change(words))
        return "\n".join(parts)

    return apply


def word(value, place=0):
    return lambda words: [*words[:place], value, *words[place + 1 :]]


def all_categorical_with(words):
    return ["999" for _ in words]


LIGHTGBM = {
    "a child that is its own parent": line("left_child", word("0")),
    "a child that is the root": line("left_child", word("0", 1)),
    "a child of two nodes": line("right_child", lambda words: ["1"] * len(words)),
    "a child outside the tree": line("left_child", word("1000")),
    "a leaf outside the tree": line("left_child", word("-1000")),
    "the lowest child of all": line("left_child", word("-2147483648")),
    "a feature outside": line("split_feature", word("5")),
    "a negative feature": line("split_feature", word("-1")),
    "a short array": line("threshold", lambda words: words[:-1]),
    "a long array": line("leaf_value", lambda words: [*words, "1"]),
    "a threshold that is no number": line("threshold", word("0x10")),
    "a leaf that is no number": line("leaf_value", word("one")),
    "an unknown decision": line("decision_type", word("255")),
    "a negative decision": line("decision_type", word("-1")),
    "no leaves": line("num_leaves", word("0")),
    "a billion leaves": line("num_leaves", word("1000000000")),
    "a negative number of leaves": line("num_leaves", word("-7")),
    "a billion features": line("max_feature_idx", word("1000000000")),
    "no features": line("max_feature_idx", word("-1")),
    "names of other features": line("feature_names", lambda words: words[1:]),
    "a billion classes": line("num_class", word("1000000000")),
    "other trees per round": line("num_tree_per_iteration", word("2")),
    "no trees per round": line("num_tree_per_iteration", word("0")),
    "classes of another objective": line("objective", word("num_class:7", 1)),
    "sizes of other trees": line("tree_sizes", lambda words: words[1:]),
    "sets outside their list": line("cat_boundaries", lambda words: [*words[:-1], "1000"]),
    "sets that end before they begin": line("cat_boundaries", lambda words: ["5", *words[1:]]),
    "a negative number of sets": line("num_cat", word("-1")),
    "a billion sets": line("num_cat", word("1000000000")),
    "a set that is no number of 32 bits": line("cat_threshold", word("4294967296")),
    "a set that is not there": line("threshold", all_categorical_with),
    "no end": lambda text: text[: text.index("end of trees")],
    "no trees": lambda text: text[: text.index("\nTree=0")] + "\n\nend of trees\n",
    "another tree": lambda text: text.replace("\nTree=1\n", "\nTree=one\n"),
    "an objective of many words": line("objective", lambda words: [*words, "evil"]),
    "a sigmoid below zero": lambda text: text.replace(
        "objective=multiclass num_class:3", "objective=multiclassova num_class:3 sigmoid:-1"
    ),
}


@pytest.mark.parametrize("case", LIGHTGBM)
def test_lightgbm_that_contradicts_itself_is_refused(case, lightgbm_text, tmp_path):
    changed = LIGHTGBM[case](lightgbm_text)
    assert changed != lightgbm_text
    (tmp_path / "m.txt").write_text(changed)
    assert_refused("lightgbm", tmp_path / "m.txt")


def test_sizes_and_parameters_of_a_text_are_not_passed_on_to_lightgbm(lightgbm_text, tmp_path):
    """``tree_sizes`` are steps in the memory of LightGBM, and its parameters name files."""
    (tmp_path / "m.txt").write_text(lightgbm_text)
    x, _ = tree_models.sample()
    expected = runners.load("lightgbm", tmp_path / "m.txt").run({"input": x})
    changed = line("tree_sizes", lambda words: ["9" * 18 for _ in words])(lightgbm_text)
    changed = changed.partition("\nend of trees")[0] + "\nend of trees\nparameters:\n[output_model: /x]\n"
    (tmp_path / "m.txt").write_text(changed)
    found = runners.load("lightgbm", tmp_path / "m.txt").run({"input": x})
    np.testing.assert_array_equal(found["probabilities"], expected["probabilities"])


def test_linear_leaves_are_checked(tmp_path):
    path = tmp_path / "m.txt"
    tree_models.lightgbm_model(path, "regression", "value", linear_tree=True)
    text = path.read_text()
    for key, value in (("leaf_features", "77"), ("num_features", "-1"), ("num_features", "1000000")):
        path.write_text(line(key, word(value), number=2)(text))
        with pytest.raises(ModelError, match="damaged"):
            runners.load("lightgbm", path)


def test_a_sound_file_of_many_features_is_not_called_damaged(xgboost_document, tmp_path):
    document = json.loads(xgboost_document)
    document["learner"]["learner_model_param"]["num_feature"] = "90000"
    (tmp_path / "m.json").write_text(json.dumps(document))
    match = r"states 90000 features in \d+ bytes; fairreg takes no more"
    assert_refused("xgboost", tmp_path / "m.json", match=match)


HOSTILE = "\x1b[31mX\x1b]0;title\x07\u202e\x9b31m\u2028\u200f Z\r\nFAKE: runs"


def shown(path, name):
    """All text about a file that its runner and its converter give: errors, hints, remarks, features."""
    for way in ways(name):
        try:
            found = way(path)
        except FairregError as error:
            yield from (error.message, error.hint or "")
            continue
        yield from found.remarks
        if hasattr(found, "original"):
            yield found.original
        else:
            for item in (*found.inputs, *found.outputs):
                yield from (item.description or "", *(feature.name for feature in item.features or ()))


def assert_plain(path, name):
    texts = list(shown(path, name))
    assert texts
    for text in texts:
        assert text.isprintable(), ascii(text)
        assert len(text) < 500


def hostile_documents():
    objective, booster = ("learner", "objective"), ("learner", "gradient_booster")
    return {
        "objective": at(*objective, "name", HOSTILE),
        "parameter": at(*objective, HOSTILE, HOSTILE),
        "inner parameter": at(*objective, HOSTILE, {"a": "1"}),
        "booster": at(*booster, "name", HOSTILE),
        "version": at("version", [HOSTILE, 1, 1]),
        "names": at("learner", "feature_names", [HOSTILE, "b", "c", "d", "e"]),
        "features": at(*STATED, "num_feature", HOSTILE),
        "base": at(*STATED, "base_score", HOSTILE),
        "estimated": at(*STATED, "boost_from_average", HOSTILE),
        "weights": at(*TREE, "split_conditions", [HOSTILE]),
        "best": at("learner", "attributes", {"best_iteration": HOSTILE}),
    }


@pytest.mark.parametrize("case", hostile_documents())
def test_text_of_an_xgboost_file_is_plain_wherever_it_is_shown(case, xgboost_document, tmp_path):
    document = json.loads(xgboost_document)
    hostile_documents()[case](document)
    (tmp_path / "m\x1b[2J.json").write_text(json.dumps(document))
    assert_plain(tmp_path / "m\x1b[2J.json", "xgboost")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version=v4", "version=v4{}"),
        ("objective=multiclass", "objective={}"),
        ("objective=multiclass num_class:3", "objective=multiclassova num_class:3 sigmoid:{}"),
        ("objective=multiclass num_class:3", "objective=multiclass num_class:{}"),
        ("feature_names=Column_0", "feature_names={}"),
        ("num_leaves=", "num_leaves={}"),
        ("threshold=", "threshold={}"),
        ("num_class=3", "num_class={}"),
    ],
)
def test_text_of_a_lightgbm_file_is_plain_wherever_it_is_shown(old, new, lightgbm_text, tmp_path):
    hostile = re.sub(r"[\s\u2028]", "", HOSTILE)
    (tmp_path / "m\x1b[2J.txt").write_text(lightgbm_text.replace(old, new.format(hostile), 1))
    assert_plain(tmp_path / "m\x1b[2J.txt", "lightgbm")


@pytest.mark.sliced(3)
@pytest.mark.parametrize(
    "old", ["LogisticRegression", "ObjectNode", "lbfgs", "classes_", "sklearn.linear_model", "coef_", "auto"]
)
def test_text_of_a_skops_file_is_plain_wherever_it_is_shown(old, tmp_path):
    from sklearn.linear_model import LogisticRegression

    path = tmp_path / "m\x1b[2J.skops"
    tree_models.skops_model(path, LogisticRegression(max_iter=1000), "binary")
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    hostile = json.dumps(HOSTILE)[1:-1].encode()
    for kept in (b"", old.encode()):
        changed = members["schema.json"].replace(old.encode(), kept + hostile)
        path.write_bytes(tree_models.zipped({**members, "schema.json": changed}))
        assert_plain(path, "skops")


@pytest.mark.parametrize("key", ["_skops_version", "_sklearn_version"])
def test_the_versions_of_a_skops_file_are_shown_plain(key, tmp_path):
    from sklearn.linear_model import LogisticRegression

    path = tmp_path / "m.skops"
    tree_models.skops_model(path, LogisticRegression(max_iter=1000), "binary")

    def change(schema):
        if key in schema:
            schema[key] = HOSTILE
            del schema["content"]["content"]["_sklearn_version"]
        else:
            schema["content"]["content"][key]["content"] = json.dumps(HOSTILE)

    tree_models.changed_schema(path, change)
    assert "X" in ways("skops")[1](path).original
    assert_plain(path, "skops")


def deep_tree(depth):
    """A tree of LightGBM that descends to the right for so many levels."""
    nodes = range(depth)
    lines = {
        "num_leaves": depth + 1,
        "num_cat": 0,
        "split_feature": " ".join("0" for _ in nodes),
        "threshold": " ".join(str(node) for node in nodes),
        "decision_type": " ".join("2" for _ in nodes),
        "left_child": " ".join(str(~node) for node in nodes),
        "right_child": " ".join(str(node + 1 if node < depth - 1 else ~depth) for node in nodes),
        "leaf_value": " ".join(str(node) for node in range(depth + 1)),
    }
    head = (
        "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx=0\nobjective=regression\n"
    )
    body = "".join(f"{key}={value}\n" for key, value in lines.items())
    return f"{head}feature_names=x\n\nTree=0\n{body}\n\nend of trees\n"


def test_trees_as_deep_as_allowed_are_run_and_deeper_ones_refused(tmp_path):
    (tmp_path / "m.txt").write_text(deep_tree(MAX_DEPTH))
    x = np.array([[-1.0], [3.0], [3.5], [1e9]])
    found = runners.load("lightgbm", tmp_path / "m.txt").run({"input": x})["prediction"]
    np.testing.assert_array_equal(found, [0, 3, 4, MAX_DEPTH])
    made = ways("lightgbm")[1](tmp_path / "m.txt")
    np.testing.assert_array_equal(runners.load("onnx", made.model).run({"input": x})["prediction"], found)
    (tmp_path / "m.txt").write_text(deep_tree(100_000))
    assert_refused("lightgbm", tmp_path / "m.txt", match="levels deep")


def node(kind, loader, **members):
    module, _, name = kind.rpartition(".")
    return {"__class__": name, "__module__": module, "__loader__": loader, **members}


def text(value):
    return node("builtins.str", "JsonNode", content=json.dumps(value), is_json=True)


def sequence(*items):
    return node("builtins.list", "ListNode", content=list(items))


def mapping(**items):
    return node(
        "builtins.dict",
        "DictNode",
        key_types=sequence(*[node("builtins.str", "TypeNode") for _ in items]),
        content=items,
    )


EVIL = "fairreg_evil_module"


def attacks():
    """Name -> a schema that would import or call something."""
    arguments = node("builtins.tuple", "TupleNode", content=[text("touch evil")])
    return {
        "an object of a module": node(f"{EVIL}.Thing", "ObjectNode", content=mapping(a=text(1))),
        "a type of a module": node(f"{EVIL}.Thing", "TypeNode"),
        "a function of a module": node(f"{EVIL}.run", "FunctionNode"),
        "os.system": node("os.system", "FunctionNode"),
        "a call from reduce": node("os.system", "ConstructorFromReduceNode", content=arguments),
        "a method": node(
            "subprocess.Popen",
            "MethodNode",
            content={"func": "kill", "obj": node("subprocess.Popen", "ObjectNode")},
        ),
        "a partial function": node(
            "functools.partial",
            "PartialNode",
            content={
                "func": node("os.system", "FunctionNode"),
                "args": arguments,
                "kwds": mapping(),
                "namespace": text(None),
            },
        ),
        "an operator": node("operator.methodcaller", "OperatorFuncNode", attrs=arguments),
        "a loss of a module": node(
            f"{EVIL}.Thing", "LossNode", content=mapping(), __reduce__={"args": arguments}
        ),
        "a list of a module": node(f"{EVIL}.Thing", "ListNode", content=[]),
        "an array of a module": node(
            f"{EVIL}.Thing", "NdArrayNode", type="json", content=[], shape=sequence()
        ),
        "a generator of random numbers": node(
            "numpy.random._generator.Generator",
            "RandomGeneratorNode",
            content={"bit_generator": mapping(bit_generator=text("seed")), "seed_seq": mapping()},
        ),
        "a cached node": node(f"{EVIL}.Thing", "CachedNode"),
        "a quantile forest": node(f"{EVIL}.Thing", "QuantileForestNode"),
    }


@pytest.mark.sliced(5)
@pytest.mark.parametrize("protocol", [0, 1, 2, 99, -1, "2", None])
@pytest.mark.parametrize("place", ["alone", "as a step", "as an attribute"])
@pytest.mark.parametrize("case", attacks())
def test_skops_that_names_code_is_refused_before_anything_is_imported(
    case, place, protocol, tmp_path, monkeypatch
):
    mark = tmp_path / "evil"
    (tmp_path / f"{EVIL}.py").write_text(f"open({str(mark)!r}, 'w').close()\nclass Thing: pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    attack = attacks()[case]
    if place == "as a step":
        steps = sequence(node("builtins.tuple", "TupleNode", content=[text("a"), attack]))
        attack = node("sklearn.pipeline.Pipeline", "ObjectNode", content=mapping(steps=steps))
    if place == "as an attribute":
        attack = node(
            "sklearn.linear_model._base.LinearRegression", "ObjectNode", content=mapping(coef_=attack)
        )
    schema = attack | {"protocol": protocol, "_skops_version": "0.16.0"}
    (tmp_path / "m.skops").write_bytes(tree_models.zipped({"schema.json": json.dumps(schema)}))
    for way in ways("skops"):
        with pytest.raises((SecurityRefusal, ModelError)) as caught:
            way(tmp_path / "m.skops")
        assert "\n" not in caught.value.message
    assert not mark.exists()
    assert EVIL not in sys.modules


@pytest.fixture(scope="module")
def skops_file(tmp_path_factory):
    from sklearn.linear_model import LogisticRegression

    path = tmp_path_factory.mktemp("skops") / "m.skops"
    tree_models.skops_model(path, LogisticRegression(max_iter=1000))
    return path.read_bytes()


def laughs(schema):
    """Sixty nodes that each hold the one before twice: 2^60 visits."""
    last = text(1) | {"__id__": 1}
    for number in range(2, 62):
        again = node("builtins.list", "ListNode", content=[], __id__=number - 1)
        last = node("builtins.list", "ListNode", content=[last, again], __id__=number)
    schema["content"]["content"]["extra"] = last


def endless(schema):
    inside = node("builtins.list", "ListNode", content=[], __id__=5)
    schema["content"]["content"]["coef_"] = node("builtins.list", "ListNode", content=[inside], __id__=5)


def nested(schema):
    last = text(1)
    for _ in range(200):
        last = sequence(last)
    schema["content"]["content"]["extra"] = last


SCHEMAS = {
    "a node for 2^60 visits": laughs,
    "a node inside itself": endless,
    "a deep node": nested,
    "an identifier that is a list": lambda schema: schema.update(__id__=[1]),
    "a class that is a number": lambda schema: schema.update(__class__=3),
    "content that is a text": lambda schema: schema["content"].update(content="x"),
    "an array that is not there": lambda schema: schema["content"]["content"]["coef_"].update(file="no.npy"),
    "one array for two nodes": lambda schema: schema["content"]["content"]["coef_"].update(
        file=schema["content"]["content"]["intercept_"]["file"]
    ),
    "no classes": lambda schema: schema["content"]["content"].pop("classes_"),
    "features that are a text": lambda schema: schema["content"]["content"]["n_features_in_"].update(
        content='"many"'
    ),
    "a billion features": lambda schema: schema["content"]["content"]["n_features_in_"].update(
        content="1000000000"
    ),
    "other features": lambda schema: schema["content"]["content"]["n_features_in_"].update(content="7"),
}


@pytest.mark.parametrize("case", SCHEMAS)
def test_a_skops_schema_that_contradicts_itself_is_refused(case, skops_file, tmp_path):
    (tmp_path / "m.skops").write_bytes(skops_file)
    tree_models.changed_schema(tmp_path / "m.skops", SCHEMAS[case])
    assert_refused("skops", tmp_path / "m.skops")


def npy(header, data=b""):
    padded = header.encode().ljust(118 - 10 - 1) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(padded).to_bytes(2, "little") + padded + data


ARRAYS = {
    "a terabyte": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (137438953472,), }"),
    "an overflow": npy(
        "{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296, 4294967296), }"
    ),
    "a negative length": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-3,), }"),
    "objects": npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", b"cos\nsystem\n"),
    "no header": b"\x93NUMPY\x01\x00\xff\xff",
    "a call": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (exit(),), }"),
    "deep brackets": npy("(" * 90),
    "a pickle": b"cos\nsystem\n(S'true'\ntR.",
    "nothing": b"",
}


@pytest.mark.parametrize("case", ARRAYS)
def test_an_array_of_skops_that_is_not_what_it_states_is_refused(case, skops_file, tmp_path):
    with zipfile.ZipFile(io.BytesIO(skops_file)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(members["schema.json"])
    members[schema["content"]["content"]["coef_"]["file"]] = ARRAYS[case]
    (tmp_path / "m.skops").write_bytes(tree_models.zipped(members))
    assert_refused("skops", tmp_path / "m.skops")


def archive_with(*members, compression=zipfile.ZIP_DEFLATED):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return target.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_tricks_of_the_archive_are_refused(tmp_path):
    zeros = bytes(80 << 20)
    schema = json.dumps(text(1) | {"protocol": 2})
    cases = {
        "a bomb": (archive_with(("schema.json", schema), ("a.npy", zeros)), UnsafeArchive),
        "a schema of zeros": (archive_with(("schema.json", zeros)), UnsafeArchive),
        "a member twice": (archive_with(("schema.json", schema), ("schema.json", schema)), UnsafeArchive),
        "no schema": (archive_with(("a.npy", b"")), ModelError),
        "a schema that is no JSON": (archive_with(("schema.json", b"\xff{")), ModelError),
        "a deep schema": (archive_with(("schema.json", b"[" * 100_000)), ModelError),
        "an archive cut off": (archive_with(("schema.json", schema))[:-9], ModelError),
        "no archive": (b"PK\x03\x04", ModelError),
    }
    for content, error in cases.values():
        (tmp_path / "m.skops").write_bytes(content)
        assert_refused("skops", tmp_path / "m.skops", error)


@pytest.mark.parametrize("field", ["left_child", "right_child", "feature"])
@pytest.mark.parametrize("value", [-7, 0, 1, 2**40])
def test_the_indices_of_a_forest_of_scikit_learn_are_checked(field, value, tmp_path):
    from sklearn.ensemble import RandomForestClassifier

    path = tmp_path / "m.skops"
    tree_models.skops_model(path, RandomForestClassifier(1, max_depth=3, random_state=0))
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    tree = next(
        item
        for item in tree_models.states(json.loads(members["schema.json"]))
        if item["__loader__"] == "TreeNode"
    )
    file = tree["content"]["content"]["nodes"]["file"]
    nodes = np.load(io.BytesIO(members[file])).copy()
    place = 1 if field != "feature" else 0
    before = nodes[field][place]
    nodes[field][place] = value
    stream = io.BytesIO()
    np.save(stream, nodes)
    members[file] = stream.getvalue()
    path.write_bytes(tree_models.zipped(members))
    if field == "feature" and value in {0, 1}:
        assert before >= 0
        assert ways("skops")[1](path).model
        return
    with pytest.raises(ModelError, match="damaged: a"):
        ways("skops")[1](path)


def mutated(content, choices):
    """Bytes with some of them changed, left out or repeated."""
    found = bytearray(content)
    for _ in range(choices.choice([1, 2, 5])):
        place, action = choices.randrange(len(found)), choices.random()
        if action < 0.6:
            found[place] = choices.choice([0, 1, 127, 128, 255, 45, 48 + choices.randrange(10)])
        elif action < 0.8:
            del found[place : place + choices.choice([1, 4, 40])]
        else:
            found[place:place] = found[place : place + choices.choice([1, 8, 60])]
    return bytes(found)


def survive(name, path, contents, rows):
    """Load, run and convert each content: it works, or it is refused by an error of fairreg."""
    outcomes = set()
    for content in contents:
        path.write_bytes(content)
        found = {}
        try:
            runner = runners.load(name, path)
            found = runner.run({"input": rows})
            made = runners.load("onnx", ways(name)[1](path).model).run({"input": rows})
        except FairregError as error:
            outcomes.add(type(error).__name__)
            continue
        outcomes.add("run")
        for output in found.keys() & made.keys():
            if found[output].dtype.kind == "f":
                np.testing.assert_allclose(made[output], found[output], rtol=3e-5, atol=3e-6)
    return outcomes


@pytest.mark.parametrize("name", ["xgboost", "lightgbm", "skops"])
@pytest.mark.parametrize("count", [40, pytest.param(4000, marks=pytest.mark.long)])
def test_any_change_of_a_file_is_run_or_refused(
    name, count, xgboost_document, lightgbm_text, skops_file, tmp_path
):
    content = {"xgboost": xgboost_document.encode(), "lightgbm": lightgbm_text.encode(), "skops": skops_file}[
        name
    ]
    choices = random.Random(count)
    rows = np.concatenate([tree_models.sample()[0][:20], np.zeros((1, 5))]).astype(np.float32)
    outcomes = survive(name, tmp_path / "m", (mutated(content, choices) for _ in range(count)), rows)
    assert "ModelError" in outcomes
