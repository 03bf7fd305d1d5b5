# SPDX-License-Identifier: MIT
"""The model in a checkpoint is found in any container, by the rule of docs/fingerprints.md."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg.errors import ModelError
from fairreg.runners.weights import candidates, fingerprint, fingerprint_of, read_tensors
from fairreg.runners.weights.containers import select
from support.examples import examples


@dataclass(frozen=True, eq=False)
class Described:
    """A tensor as the readers describe it: all that the rule looks at is its shape."""

    shape: tuple[int, ...] = (4, 2)


def chosen(checkpoint):
    return select(checkpoint, lambda item: isinstance(item, Described))


def network(width=4):
    return {
        "0.weight": Described((width, 2)),
        "0.bias": Described((width,)),
        "1.running_mean": Described((width,)),
        "1.num_batches_tracked": Described(()),
    }


def moments(names):
    state = {
        number: {"step": Described(()), "exp_avg": Described(), "exp_avg_sq": Described()}
        for number in range(names)
    }
    return {"state": state, "param_groups": [{"lr": 0.1, "params": list(range(names))}]}


RANDOM = Described((5056,))
ADAM = moments(2)
MODEL = network()
NUMBER = Described(())
WRAPPED = {
    "one mapping": {"model": MODEL},
    "a name that says nothing": {"my_tagger": MODEL, "epoch": 3},
    "camel case": {"modelStateDict": MODEL, "optimizerStateDict": {"anything": Described()}},
    "an optimizer under any name": {"backbone": MODEL, "x": ADAM},
    "moments without their mapping": {
        "net": MODEL,
        "x": {"0.weight": {"exp_avg": Described(), "step": NUMBER}},
    },
    "Lightning": {
        "pytorch-lightning_version": "2.0",
        "state_dict": MODEL,
        "callbacks": {"ModelCheckpoint": {"best_model_score": NUMBER}},
        "of a plugin": {"weight": Described()},
        "optimizer_states": [ADAM],
    },
    "detectron": {"model": MODEL, "optimizer": ADAM, "scheduler": {"last_lr": NUMBER}, "iteration": 9},
    "DeepSpeed": {
        "module": MODEL,
        "optimizer": None,
        "param_shapes": [{"0.weight": (4, 2)}],
        "ds_version": "0",
    },
    "fastai": {"model": MODEL, "opt": {"state": [{"grad_avg": Described()}], "hypers": [{"lr": 1}]}},
    "mixed precision": {"network": MODEL, "scaler": {"scale": NUMBER}, "amp": {"scale": NUMBER}},
    "losses and metrics": {"model": MODEL, "best_loss": NUMBER, "metrics": {"auc": Described((9,))}},
    "histories": {"model": MODEL, "history": {"loss": [NUMBER, NUMBER]}, "confusion": Described((2, 2))},
    "learned loss": {"model": MODEL, "criterion": {"weight": Described((2, 2))}},
    "statistics of inputs": {"net": MODEL, "scaler": {"mean": Described((4,)), "std": Described((4,))}},
    "class weights": {"model": MODEL, "class_weights": Described((2,))},
    "random states": {
        "net": MODEL,
        "rng_state": [{"torch_rng_state": RANDOM, "numpy": ("MT19937", 1)}],
        "x": {"python": (3, 1), "numpy": ("MT19937", 1), "cpu": RANDOM, "cuda": [RANDOM]},
    },
    "progress as tensors": {"my_tagger": MODEL, "epoch": NUMBER, "best_acc": NUMBER},
    "a number of any name": {"my_tagger": MODEL, "lowest_error": NUMBER},
    "a mapping in a mapping": {"checkpoint": {"model": MODEL, "optimizer": ADAM, "best": NUMBER}},
    "state dict in a state dict": {"state_dict": {"model": MODEL}},
    "a pair": (MODEL, ADAM),
    "a list": [MODEL, ADAM, 7],
    "everything in one": {**MODEL, "optimizer": ADAM, "best_loss": NUMBER},
    "plain values between": {**MODEL, "epoch": 3, "best_loss": NUMBER, "torch_rng_state": RANDOM},
    "flat names of an optimizer": {
        **MODEL,
        "optimizer.state.0.exp_avg": Described(),
        "optimizer.state.0.step": NUMBER,
    },
}


@pytest.mark.parametrize("saved", WRAPPED.values(), ids=WRAPPED)
def test_a_network_keeps_its_names_and_nothing_else_counts(saved):
    assert dict(chosen(saved).model) == MODEL


COPIES = {
    "EMA": ({"model": MODEL, "ema": network(), "optimizer": ADAM}, "model", ["ema"]),
    "BasicSR": ({"params": MODEL, "params_ema": network()}, "params", ["params_ema"]),
    "timm": (
        {"state_dict": MODEL, "state_dict_ema": network(), "epoch": 1},
        "state_dict",
        ["state_dict_ema"],
    ),
    "other names": ({"live": MODEL, "ema": network()}, "live", ["ema"]),
    "self-distillation": (
        {"student": MODEL, "teacher": network(), "dino_loss": {"center": Described((1, 4))}},
        "student",
        ["teacher"],
    ),
    "target network": (
        {"policy": MODEL, "policy_target": network(), "optim": ADAM},
        "policy",
        ["policy_target"],
    ),
    "stochastic weight averaging": (
        {
            "model": MODEL,
            "swa_model": {"n_averaged": NUMBER, **{f"module.{k}": v for k, v in network().items()}},
        },
        "model",
        ["swa_model"],
    ),
    "shadow parameters": (
        {"model": MODEL, "ema": {"decay": 0.9, "shadow_params": [Described()]}},
        "model",
        ["ema"],
    ),
}


@pytest.mark.parametrize(("saved", "model", "others"), COPIES.values(), ids=COPIES)
def test_a_copy_gives_way_to_its_network_and_is_listed(saved, model, others):
    found = chosen(saved)
    assert (dict(found.model), found.name) == (MODEL, model)
    assert [name.partition(".")[0] for name in found.others] == others


def test_the_count_of_averages_is_no_tensor_of_the_average():
    averaged = {f"module.{name}": tensor for name, tensor in MODEL.items()}
    assert dict(chosen({"n_averaged": NUMBER, **averaged}).model) == averaged
    assert dict(chosen({"model": MODEL, "ema": {"n_averaged": NUMBER, **averaged}}).others["ema"]) == averaged


def test_an_average_alone_is_the_model():
    assert dict(chosen({"ema": MODEL, "epoch": 1}).model) == MODEL


def test_an_average_of_something_else_stays():
    saved = {"generator_ema": network(3), "discriminator": network(9)}
    assert set(chosen(saved).model) == {f"{place}.{name}" for place in saved for name in MODEL}


@pytest.mark.parametrize(
    "saved",
    [
        {"generator": network(3), "discriminator": network(5), "optimizer": ADAM},
        {"generator": network(3), "discriminator": network(5)},
        {"g_state_dict": network(3), "d_state_dict": network(5), "g_optim": ADAM, "d_optim": ADAM},
        {"model": network(3), "critic": network(5), "epoch": 1},
        {"gan": {"a": network(3), "b": network(3)}, "optimizer": ADAM},
        {"models": [network(3), network(3)], "optimizers": [ADAM, ADAM]},
    ],
)
def test_two_networks_stay_two_and_each_is_a_candidate(saved):
    found = chosen(saved)
    parts = sorted({name.partition(".")[0] for name in found.model})
    assert len(parts) == 2
    assert set(found.model) == {f"{part}.{name}" for part in parts for name in MODEL}
    assert [len(found.others[place]) for place in found.others] == [4, 4]


def test_what_is_left_out_is_said():
    inner = {"model": MODEL, "optimizer": ADAM, "class_weights": Described((2,))}
    assert sorted(chosen({"checkpoint": inner, "loss": NUMBER}).left_out) == [
        "checkpoint.class_weights",
        "checkpoint.optimizer",
        "loss",
    ]


@pytest.mark.parametrize(
    "saved",
    [
        {"embedding": Described(), "head": {"w": Described((2,)), "initial": {"w": Described((2,))}}},
        {"scheduler_net": {"w": Described()}},
        {"dense": {"w": Described()}, "out": {"w": Described()}, "temperature": NUMBER},
        {"w": Described(), "best_loss": NUMBER},
        {"loss": {"w": Described()}},
        {"state_dict": {"scheduler": {"betas": Described((9,))}, "unet": {"w": Described()}}},
        {"params": {"dense": {"kernel": Described()}}, "batch_stats": {"dense": {"mean": Described((2,))}}},
        {"opt": network(), "epoch": 1},
    ],
)
def test_of_a_nested_state_dict_nothing_is_lost(saved):
    assert chosen({"x": [saved]}).left_out == ()
    assert chosen(saved).left_out == ()


@pytest.mark.parametrize(
    ("saved", "names"),
    [
        (Described(), ["tensor"]),
        ([Described(), Described()], ["0", "1"]),
        ({"layers": [Described(), {"w": Described()}]}, ["layers.0", "layers.1.w"]),
        ({("a", 1): Described(), ("a", 2): Described()}, ["('a', 1)", "('a', 2)"]),
        ({7: Described(), None: Described(), 0.5: Described()}, ["7", "None", "0.5"]),
        ({"a.b": Described(), "a": {"b": Described()}}, ["a.b", "a.b#2"]),
        ({1: Described(), "1": Described(), "1#2": Described()}, ["1", "1#2", "1#2#2"]),
        ({("a", ("b",)): Described(), object(): Described()}, ["(0)", "(1)"]),
        ({"module.w": Described(), "_orig_mod.v": Described()}, ["module.w", "_orig_mod.v"]),
        ({"a": {"": Described()}}, ["a"]),
    ],
)
def test_names_follow_the_file_and_are_unique(saved, names):
    assert list(chosen(saved).model) == names


def test_one_mapping_under_two_names_has_both():
    shared = {"w": Described((3,))}
    assert list(chosen({"ema": shared, "live": shared}).model) == ["ema.w", "live.w"]


def test_twenty_levels_are_read():
    deep = {"w": Described()}
    for level in range(20):
        deep = {f"n{level}": deep}
    (name,) = chosen(deep).model
    assert name == ".".join([*(f"n{level}" for level in reversed(range(20))), "w"])


def grown(levels, step):
    tree = {"w": Described()}
    for _ in range(levels):
        tree = step(tree)
    return tree


def looped(tensors):
    tree = {"a": {}, **tensors}
    tree["a"]["b"] = [tree]
    return tree


@pytest.mark.parametrize(
    ("saved", "reason"),
    [
        ({"epoch": 3}, "does not contain tensors"),
        (3, "does not contain tensors"),
        (ADAM, "the state of an optimizer, but no parameters"),
        ([ADAM, ADAM], "the state of an optimizer, but no parameters"),
        ({"python": (3,), "numpy": 1, "cpu": RANDOM}, "the state of random numbers, but no parameters"),
        (looped({}), "contains itself"),
        (looped({"w": Described()}), "contains itself"),
        (grown(60, lambda tree: {"a": tree, "b": tree}), "more than 500,000 names"),
        (grown(14, lambda tree: {"a": tree, "b": tree}), "have 16,384 names, more than 20 each"),
        (grown(5000, lambda tree: {"a": tree}), "more than 100 levels"),
        (
            {"k" * 10**6: {str(number): Described() for number in range(60)}},
            "more than 50,000,000 characters",
        ),
    ],
    ids=[
        "no tensors",
        "a number",
        "optimizer",
        "optimizers",
        "random",
        "cycle",
        "cycle with a tensor",
        "doubling",
        "doubling a little",
        "deep",
        "long",
    ],
)
def test_a_checkpoint_without_a_model_or_too_large_is_refused_with_its_reason(saved, reason):
    with pytest.raises(ModelError, match=reason):
        chosen(saved)


def test_metadata_that_contains_itself_does_no_harm():
    config = {"name": "x"}
    config["self"] = config
    assert dict(chosen({"model": MODEL, "config": config}).model) == MODEL


keys = st.sampled_from(
    ["model", "ema", "optimizer", "loss", "a", "b.weight", "state", "param_groups", 1, ("a", 1), None]
)
trees = st.recursive(
    st.one_of(st.builds(Described, st.sampled_from([(), (1,), (3,), (2, 3)])), st.none(), st.integers(0, 3)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=20,
)


def described_in(tree):
    if isinstance(tree, Described):
        return [tree]
    inside = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    return [leaf for item in inside for leaf in described_in(item)]


@settings(max_examples=examples(150), deadline=None)
@given(trees)
def test_any_tree_gives_tensors_of_it_or_a_reason(tree):
    inside = described_in(tree)
    try:
        found = chosen(tree)
    except ModelError:
        return
    held = [id(leaf) for leaf in inside]
    assert {id(leaf) for leaf in found.model.values()} <= set(held)
    assert len(found.model) <= len(held)
    if not found.left_out and not found.others:
        assert sorted(map(id, found.model.values())) == sorted(held)


@settings(max_examples=examples(60), deadline=None)
@given(st.dictionaries(st.text(max_size=8), st.one_of(st.none(), st.integers(), st.text()), max_size=4))
def test_plain_values_beside_a_model_change_nothing(beside):
    assert dict(chosen({**beside, "model": MODEL}).model) == MODEL


# --- through files ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["legacy", "zipped"])
def test_model_and_average_of_a_file_are_candidates_with_their_fingerprints(tmp_path, files, kind):
    arrays = {"w": np.arange(6, dtype=np.float32).reshape(2, 3), "average": np.ones((2, 3), np.float32)}

    def build(op, items):
        model, average = op.mapping({"w": items["w"]}), op.mapping({"w": items["average"]})
        return op.mapping({"model": model, "ema": average, "epoch": op.integer(3)})

    path = tmp_path / "x.pt"
    path.write_bytes(files.checkpoint(arrays, build, kind))
    assert list(read_tensors(path)) == ["w"]
    listed = {item.name: (item.fingerprint, item.tensors, item.numbers) for item in candidates(path)}
    expected = {"model": arrays["w"], "ema": arrays["average"]}
    assert listed == {name: (fingerprint_of({"w": array}), 1, 6) for name, array in expected.items()}
    assert next(iter(listed)) == "model"


def test_a_file_of_another_format_has_one_candidate(tmp_path, files, tensors):
    (tmp_path / "x.safetensors").write_bytes(files.safetensors(tensors))
    (only,) = candidates(tmp_path / "x.safetensors")
    assert (only.name, only.fingerprint) == ("", fingerprint(tmp_path / "x.safetensors"))


def test_what_pytorch_saves_in_any_container_has_the_fingerprint_of_its_weights(tmp_path):
    torch = pytest.importorskip("torch")
    net = torch.nn.Sequential(torch.nn.Linear(4, 2), torch.nn.BatchNorm1d(2))
    adam = torch.optim.Adam(net.parameters())
    net(torch.randn(5, 4)).sum().backward()
    adam.step()
    weights = net.state_dict()
    averaged = torch.optim.swa_utils.AveragedModel(net).state_dict()
    torch.save(weights, tmp_path / "plain.pt")
    for number, saved in enumerate(
        [
            {"net": weights, "optim": adam.state_dict(), "rng": torch.get_rng_state()},
            {"model": weights, "model_ema": averaged, "scaler": {"scale": torch.tensor(2.0)}},
            {f"module.{name}": tensor for name, tensor in weights.items()},
            averaged,
            [weights, adam.state_dict()],
        ]
    ):
        torch.save(saved, tmp_path / f"{number}.pt")
        assert fingerprint(tmp_path / f"{number}.pt") == fingerprint(tmp_path / "plain.pt")
    torch.save(adam.state_dict(), tmp_path / "optimizer.pt")
    with pytest.raises(ModelError, match="the state of an optimizer"):
        read_tensors(tmp_path / "optimizer.pt")
