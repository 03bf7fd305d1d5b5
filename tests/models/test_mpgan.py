# SPDX-License-Identifier: MIT
"""Generators of MPGAN: recognised with their arguments, and computed as defined."""

import ast
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg import models, runners
from fairreg.errors import ModelError, SecurityRefusal
from fairreg.models.mpgan.arguments import LARGEST
from fairreg.models.mpgan.definition import particles
from fairreg.models.mpgan.layout import GeneratorLayout
from fairreg.models.mpgan.literals import read_dictionary
from fairreg.runners.weights import fingerprint, fingerprint_of
from support.weight_files import Files

mpgan = models.get("mpgan")

TOLERANCE = 1e-5
RUNTIMES = ["onnx", pytest.param("torch", marks=pytest.mark.torch)]
# The keys of the published args.txt that matter; slots and sizes are smaller.
PUBLISHED = {
    "name": "18_g", "model": "mpgan", "model_D": "mpgan", "jets": "g", "num_hits": 6, "coords": "polarrel",
    "norm": 1, "sd": 0.2, "node_feat_size": 3, "hidden_node_size": 5, "latent_node_size": 4, "clabels": 0,
    "fn": [7, 8], "fe1g": 0, "fe": [6, 9], "mp_iters_gen": 2, "sum": True, "int_diffs": False,
    "pos_diffs": False, "all_ef": False, "deltar": False, "deltacoords": False, "leaky_relu_alpha": 0.2,
    "lfc": False, "lfc_latent_size": 10, "fully_connected": True, "num_knn": 10, "gtanh": True,
    "mask_feat": False, "mask_feat_bin": False, "mask_manual": False, "mask_learn": False,
    "mask_learn_sep": False, "mask_c": True, "mask_fne_np": False, "batch_norm_gen": False,
    "spectral_norm_gen": False, "gen_dropout": 0, "latent_dim": 11, "rgang_fc": [12, 13], "lr_gen": 1e-05,
    "efp_jobs": None,
}  # fmt: skip
LFC = PUBLISHED | {"lfc": True}
OLD = PUBLISHED | {"model": "old_mpgan", "latent_node_size": 0, "mask_c": False}
DISTANCES = OLD | {"pos_diffs": True, "all_ef": True, "deltar": True, "mask_c": True, "jets": "t"}
NEAR = PUBLISHED | {"pos_diffs": True, "deltar": True, "sum": False, "gtanh": False, "jets": "w"}
DENSE = PUBLISHED | {"model": "rgan", "mask_c": False, "jets": "q"}
KINDS = {"mp": PUBLISHED, "mplfc": LFC, "old": OLD, "distances": DISTANCES, "near": NEAR, "fc": DENSE}


def random_tensors(arguments, seed=5):
    """Random weights with the names and shapes of the authors' classes for these arguments."""
    random = np.random.default_rng(seed)
    tensors = {}

    def chain(template, sizes):
        for number, (taken, found) in enumerate(pairwise(sizes)):
            name = template.format(number)
            scale = 1.5 / np.sqrt(taken)
            tensors[f"{name}.weight"] = (scale * random.normal(size=(found, taken))).astype(np.float32)
            tensors[f"{name}.bias"] = (0.3 * random.normal(size=found)).astype(np.float32)

    if arguments["model"] == "rgan":
        chain("model.{0}0", [arguments["latent_dim"], *arguments["rgang_fc"], 6 * 3])
        renamed = {}
        for name, array in tensors.items():
            _, number, kind = name.split(".")
            renamed[f"model.{2 * int(number[:-1])}.{kind}"] = array
        return renamed
    new = arguments["model"] == "mpgan"
    hidden = arguments["hidden_node_size"]
    node = arguments["latent_node_size"] or hidden
    if arguments["lfc"]:
        chain("lfc_layer" if new else "lfc", [arguments["lfc_latent_size"], 6 * node])
    for layer in range(arguments["mp_iters_gen"]):
        last = layer == arguments["mp_iters_gen"] - 1
        fe = f"mp_layers.{layer}.fe.net.{{}}" if new else f"fe.{layer}.{{}}"
        fn = f"mp_layers.{layer}.fn.net.{{}}" if new else f"fn.{layer}.{{}}"
        chain(fe, [2 * node + arguments["pos_diffs"], *arguments["fe"]])
        chain(fn, [arguments["fe"][-1] + node, *arguments["fn"], 3 if last and new else hidden])
        node = hidden
    return tensors


def save(folder, arguments, tensors=None, *, beside=True):
    path = folder / "G_best_epoch.pt"
    path.write_bytes(Files().zipped(random_tensors(arguments) if tensors is None else tensors))
    if beside:
        (folder / "args.txt").write_text(str(arguments))
    return path


def expected(runner, arrays):
    return mpgan.definition(runner.network, arrays)["network_output"]


# Recognition


def test_a_generator_is_recognised_with_its_arguments(tmp_path):
    tensors = random_tensors(PUBLISHED)
    found = models.recognise(save(tmp_path, PUBLISHED, tensors))
    assert (found.model, found.title) == ("mpgan", "MPGAN generator (message passing, gluon jets)")
    assert found.fingerprint == fingerprint_of(tensors)
    assert found.parameter_count == sum(array.size for array in tensors.values())
    for key in (
        "model",
        "jets",
        "num_hits",
        "sd",
        "leaky_relu_alpha",
        "gtanh",
        "sum",
        "mask_c",
        "mp_iters_gen",
    ):
        assert found.hyperparameters[key] == PUBLISHED[key]
    assert all(isinstance(value, int | float | str) for value in found.hyperparameters.values())


def test_without_arguments_a_generator_is_recognised_and_not_run(tmp_path):
    path = save(tmp_path, PUBLISHED, beside=False)
    found = models.recognise(path)
    assert found.model == "mpgan"
    assert "args.txt" in found.obstacle.message
    for attempt in (models.load, models.sample_for, models.onnx_graph):
        with pytest.raises(ModelError, match=r"cannot be run without its args\.txt") as caught:
            attempt(found)
        assert "beside" in caught.value.hint


@pytest.mark.parametrize("arguments", [OLD, DENSE], ids=["old", "fc"])
def test_common_names_need_the_arguments(tmp_path, arguments):
    path = save(tmp_path, arguments, beside=False)
    assert models.recognise(path) is None
    (tmp_path / "args.txt").write_text(str(arguments | {"model": "treegan"}))
    assert models.recognise(path) is None
    (tmp_path / "args.txt").write_text(str(arguments))
    assert models.recognise(path).model == "mpgan"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"spectral_norm_gen": True}, "its spectral_norm_gen is True, and only False is computed"),
        ({"clabels": 1}, "its clabels is 1, and only 0 is computed"),
        ({"fully_connected": False}, "its fully_connected is False, and only True is computed"),
        ({"mask_learn": True}, "its mask_learn is True"),
        ({"gen_dropout": 0.5}, "its gen_dropout is 0.5"),
        (
            {"hidden_node_size": 32, "latent_node_size": 32},
            "its latent_node_size is 32, that of the weights 4",
        ),
        ({"mp_iters_gen": 3}, "its mp_iters_gen is 3, that of the weights 2"),
        ({"node_feat_size": 4}, "its number of features is 4, that of the weights 3"),
        ({"lfc": True}, "its lfc is True, that of the weights False"),
        ({"pos_diffs": True}, "its pos_diffs is True, that of the weights False"),
        ({"gtanh": 1}, "its gtanh is 1, neither True nor False"),
        ({"sd": "0.2"}, "its sd is '0.2', not a number"),
        ({"leaky_relu_alpha": 10**39}, "000, which is not finite in float32"),
        ({"jets": 3}, "its jets is 3, not a printable text"),
        ({"sd": -1}, "its sd is -1.0, and a standard deviation is not negative"),
        ({"norm": -1e39}, "its norm is -1e+39, which is not finite in float32"),
        ({"num_hits": 30_000}, "its num_hits is 30000, and at most 256 particles are computed"),
        ({"model": "rgan"}, "its model is 'rgan', that of the weights 'mpgan'"),
    ],
)
def test_what_is_not_computed_is_said_by_name(tmp_path, change, why):
    path = save(tmp_path, PUBLISHED)
    (tmp_path / "args.txt").write_text(str(PUBLISHED | change))
    found = models.recognise(path)
    assert why in found.obstacle.message
    with pytest.raises(ModelError) as caught:
        models.load(found)
    assert why in caught.value.message


@pytest.mark.parametrize(
    ("arguments", "change", "why"),
    [
        (LFC, {"num_hits": 7}, "product of num_hits and latent_node_size is 28, that of the weights 24"),
        (LFC, {"lfc_latent_size": 9}, "lfc_latent_size is 9, that of the weights 10"),
        (NEAR, {"deltar": False}, "deltar is False"),
        (DENSE, {"rgang_fc": [12, 14]}, r"rgang_fc is \[12, 14\], that of the weights \[12, 13\]"),
        (DENSE, {"rgang_fc": [12]}, r"rgang_fc is \[12\], that of the weights \[12, 13\]"),
        (DENSE, {"rgang_fc": "12,13"}, "rgang_fc is '12,13', not a list"),
        (DENSE, {"num_hits": 7}, "product of num_hits and node_feat_size is 21, that of the weights 18"),
        (OLD, {"clabels": 1}, "its clabels is 1, and only 0 is computed"),
    ],
)
def test_arguments_of_another_generator_are_refused(tmp_path, arguments, change, why):
    path = save(tmp_path, arguments)
    (tmp_path / "args.txt").write_text(str(arguments | change))
    with pytest.raises(ModelError, match=why):
        models.load(models.recognise(path))


@pytest.mark.parametrize("content", [b"\xff\xfe{}", b"{'model': 'rgan', 'sd': }"])
def test_what_is_wrong_with_the_arguments_of_a_dense_generator_is_said(tmp_path, content):
    path = save(tmp_path, DENSE)
    (tmp_path / "args.txt").write_bytes(content)
    found = models.recognise(path)
    assert (found.model, found.title) == ("mpgan", "MPGAN generator (fully connected)")
    assert "args.txt" in found.obstacle.message
    (tmp_path / "args.txt").write_text("{'optimiser': 'adam'}")  # of another program
    assert models.recognise(path) is None


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_whole_numbers_among_the_arguments_run(tmp_path, runtime):
    path = save(tmp_path, PUBLISHED | {"leaky_relu_alpha": 0, "sd": 1})
    with models.load(path, runtime=runtime) as runner:
        assert mpgan.demonstrate(runner).metrics["max_difference"] < TOLERANCE


@pytest.mark.parametrize("number", [0, -5, 7, 1000])
def test_a_number_of_particles_that_no_jet_can_have_is_refused(tmp_path, number):
    runner = models.load(save(tmp_path, PUBLISHED), batch_size=2)
    arrays = {"noise": np.zeros((4, 6, 4), np.float32), "num_particles": np.array([1, 6, 2, number])}
    with pytest.raises(
        ModelError, match=f"num_particles of jet 3 is {number}, and the generator makes 1 to 6"
    ):
        runner.run(arrays)


def test_an_escape_sequence_among_the_arguments_is_refused(tmp_path):
    path = save(tmp_path, PUBLISHED)
    (tmp_path / "args.txt").write_text(str(PUBLISHED).replace("'jets': 'g'", "'jets': 'g\x1b[31m'"))
    assert r"its jets is 'g\x1b[31m', not a printable text" in models.recognise(path).obstacle.message


def test_each_argument_that_matters_is_needed(tmp_path):
    path = save(tmp_path, PUBLISHED)
    for key in ("sum", "gtanh", "mask_c", "leaky_relu_alpha", "num_hits", "clabels", "jets"):
        (tmp_path / "args.txt").write_text(str({k: v for k, v in PUBLISHED.items() if k != key}))
        with pytest.raises(ModelError, match=f"does not say {key}"):
            models.load(path)


@pytest.mark.parametrize(
    "name", ["mp_layers.1.fe.net.1.bias", "mp_layers.0.fn.net.2.weight", "lfc_layer.weight"]
)
def test_a_missing_or_a_single_tensor_is_another_network(tmp_path, name):
    tensors = random_tensors(PUBLISHED)
    if tensors.pop(name, None) is None:
        tensors[name] = np.ones((24, 10), dtype=np.float32)
    assert models.recognise(save(tmp_path, PUBLISHED, tensors)) is None


def test_a_discriminator_is_another_network(tmp_path):
    tensors = random_tensors(PUBLISHED)
    last = "mp_layers.1.fn.net.2"
    with_head = tensors | {"fnd_layer.net.0.weight": np.ones((1, 3), np.float32)}
    assert models.recognise(save(tmp_path, PUBLISHED, with_head)) is None
    one = {f"{last}.weight": tensors[f"{last}.weight"][:1], f"{last}.bias": tensors[f"{last}.bias"][:1]}
    assert models.recognise(save(tmp_path, PUBLISHED, tensors | one)) is None


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(KINDS)), st.data())
def test_a_tensor_of_another_shape_or_type_is_another_network(kind, data):
    tensors = random_tensors(KINDS[kind])
    name = data.draw(st.sampled_from(sorted(tensors)))
    array = tensors[name]
    wider = np.ones((*array.shape[:-1], array.shape[-1] + 3), dtype=np.float32)
    changed = data.draw(st.sampled_from([array.astype(np.int64), array[None], array[:0], wider]))
    try:
        found = GeneratorLayout.from_tensors(tensors | {name: changed})
    except ModelError:
        return
    # Only the noise and its first layer may have any size.
    assert changed is wider
    assert name.removesuffix(".weight") in {found.first, *found.dense[:1]}


@pytest.mark.shared
def test_networks_with_similar_names_are_not_generators(shared):
    folder = shared / "models-in-the-wild/weights/rkansal47+MPGAN"
    for name in ("trained_models/graphcnn_g/G_best_epoch.pt", "ext_models/pcgan_models/pcgan_G_inv_g.pt"):
        assert models.recognise(folder / name) is None


# Arguments as text


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="{}[]'\":, \\a1.e-TrueNon\n", max_size=40))
def test_any_text_is_a_flat_dictionary_or_refused(text):
    try:
        found = read_dictionary(text)
    except ModelError:
        return
    assert found == ast.literal_eval(text.strip())


scalars = st.one_of(
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
    st.text("abc-_/., :{}[]0", max_size=8),
)


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.text("abc_", max_size=5), st.one_of(scalars, st.lists(scalars, max_size=3)), max_size=5
    )
)
def test_what_python_writes_is_read(values):
    assert read_dictionary(str(values)) == values


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "{'model': __import__('os')}",
        "{'model': 'mpgan' 'rgan'}",
        "{'a': [[1]]}",
        "{'a': (1,)}",
        "{'a': 1, 'a': 2}",
        "{'a': 1} {}",
        "{'a': 1} + x",
        "{'a': '\\x41'}",
        "{'a': " + "9" * 5000 + "}",
        "{'a': " + "[" * 50_000,
        "{" * 50_000,
        "{'a': 1e}",
        "",
    ],
)
def test_what_is_no_flat_dictionary_is_refused_and_never_evaluated(tmp_path, text):
    with pytest.raises(ModelError, match="no flat Python dictionary"):
        read_dictionary(text)
    path = save(tmp_path, PUBLISHED)
    (tmp_path / "args.txt").write_text(text)
    assert "no flat Python dictionary" in models.recognise(path).obstacle.message


def test_long_binary_and_linked_arguments_are_refused(tmp_path):
    path, beside = save(tmp_path, PUBLISHED), tmp_path / "args.txt"
    beside.write_text(str(PUBLISHED | {"name": "x" * 70_000}))
    with pytest.raises(ModelError, match="more than 65536"):
        models.load(path)
    beside.write_bytes(b"\xff\xfe{}")
    with pytest.raises(ModelError, match="not a text in UTF-8"):
        models.load(path)
    beside.rename(tmp_path / "elsewhere.txt")
    beside.symlink_to(tmp_path / "elsewhere.txt")
    with pytest.raises(SecurityRefusal, match="is a link"):
        models.recognise(path)


# Agreement


@pytest.mark.sliced(5)
@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_runtime_agrees_with_the_definition(tmp_path, kind, runtime):
    found = models.recognise(save(tmp_path, KINDS[kind]))
    arrays = models.sample_for(found)
    with models.load(found, runtime=runtime) as runner:
        outputs = runner.run(arrays)
        raw = expected(runner, arrays)
        assert mpgan.demonstrate(runner).metrics["max_difference"] < TOLERANCE
    np.testing.assert_allclose(outputs["network_output"], raw, atol=TOLERANCE)
    assert outputs["network_output"][:, :, :3].std() > 0.05
    assert [item.name for item in runner.outputs] == list(outputs)
    assert ("particles" in outputs) == (KINDS[kind]["jets"] in LARGEST)
    if "particles" in outputs:
        scaled = [particles(jet, runner.network.settings) for jet in raw]
        np.testing.assert_allclose(outputs["particles"], np.stack(scaled), atol=2 * TOLERANCE)


@pytest.mark.torch
@pytest.mark.parametrize("kind", ["mp", "mplfc", "distances", "near"])
def test_the_definition_agrees_with_layers_of_torch_on_a_list_of_pairs(tmp_path, kind):
    """A third reading of the equations: PyTorch's own layers on all pairs of nodes in one long list."""
    import torch

    settings_ = KINDS[kind]
    tensors = random_tensors(settings_)
    runner = models.load(save(tmp_path, settings_, tensors))
    arrays = mpgan.sample_for(models.recognise(tmp_path / "G_best_epoch.pt"))
    weights = {name: torch.from_numpy(array).double() for name, array in tensors.items()}

    def layers(value, prefix, *, last):
        names = sorted(
            n.removesuffix(".weight") for n in weights if n.startswith(prefix) and n.endswith("weight")
        )
        for number, name in enumerate(names):
            value = torch.nn.functional.linear(value, weights[f"{name}.weight"], weights[f"{name}.bias"])
            if number < len(names) - 1 or not last:
                value = torch.nn.LeakyReLU(0.2)(value)
        return value

    x = torch.from_numpy(arrays["noise"]).double()
    if settings_["lfc"]:
        x = layers(x, "lfc_layer", last=True).reshape(len(x), 6, -1)
    mask = torch.ones(len(x), 6, 1, dtype=torch.float64)
    if settings_["mask_c"]:
        labels = torch.from_numpy(arrays["num_particles"]) / 6  # as the authors' data have them
        number = (labels * 6).int() - 1
        mask = (x[:, :, 0].argsort(1).argsort(1) <= number[:, None])[:, :, None].double()
    new = settings_["model"] == "mpgan"
    for layer in range(2):
        one, other = x.repeat_interleave(6, dim=1), x.repeat(1, 6, 1)
        parts = [one, other]
        if settings_["pos_diffs"]:
            difference = (other - one) if settings_["all_ef"] else (other - one)[:, :, :2]
            parts.append(torch.norm(difference + 1e-12, dim=2, keepdim=True))
        a = layers(torch.cat(parts, 2), f"mp_layers.{layer}.fe." if new else f"fe.{layer}.", last=False)
        a = a.reshape(len(x), 6, 6, -1) * mask[:, None]
        a = a.sum(2) if settings_["sum"] else a.mean(2)
        x = layers(torch.cat([a, x], 2), f"mp_layers.{layer}.fn." if new else f"fn.{layer}.", last=True)
    x = torch.tanh(x[:, :, :3]) if settings_["gtanh"] else x[:, :, :3]
    found = torch.cat([x, mask - 0.5], 2) if settings_["mask_c"] else x
    np.testing.assert_allclose(found.numpy(), expected(runner, arrays), atol=1e-12)


def test_the_number_of_particles_is_exact_where_the_authors_divide_by_30_and_truncate():
    numbers = np.arange(31, dtype=np.float32)
    for labels in (numbers / np.float32(30), numbers * np.float32(1 / 30)):
        np.testing.assert_array_equal((labels * np.float32(30)).astype(np.int32), numbers)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_permuting_the_noise_permutes_the_particles(tmp_path, runtime):
    runner = models.load(save(tmp_path, PUBLISHED), runtime=runtime)
    arrays = mpgan.sample_for(models.recognise(tmp_path / "G_best_epoch.pt"))
    order = np.random.default_rng(4).permutation(6)
    shuffled = runner.run(arrays | {"noise": arrays["noise"][:, order]})["particles"]
    np.testing.assert_allclose(shuffled, runner.run(arrays)["particles"][:, order], atol=TOLERANCE)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_each_jet_has_the_particles_that_were_asked_for(tmp_path, runtime):
    runner = models.load(save(tmp_path, PUBLISHED), runtime=runtime)
    noise = np.random.default_rng(0).normal(0, 0.2, (6, 6, 4)).astype(np.float32)
    found = runner.run({"noise": noise, "num_particles": np.arange(1, 7)})["particles"]
    np.testing.assert_array_equal(found[:, :, 3].sum(axis=1), np.arange(1, 7))
    assert np.all(found[found[:, :, 3] == 0] == 0)
    assert found[:, :, 2].min() >= 0


def test_what_masked_particles_are_drawn_as_changes_no_other(tmp_path):
    runner = models.load(save(tmp_path, PUBLISHED))
    noise = np.random.default_rng(0).normal(0, 0.2, (1, 6, 4)).astype(np.float32)
    arrays = {"noise": noise, "num_particles": np.array([4])}
    before = runner.run(arrays)["particles"]
    masked = before[0, :, 3] == 0
    arrays["noise"] = noise.copy()
    arrays["noise"][0, masked, 1:] += 5
    np.testing.assert_allclose(runner.run(arrays)["particles"], before, atol=TOLERANCE)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_equal_noise_keeps_its_order(tmp_path, runtime):
    runner = models.load(save(tmp_path, PUBLISHED), runtime=runtime)
    arrays = {"noise": np.zeros((1, 6, 4), np.float32), "num_particles": np.array([2])}
    np.testing.assert_array_equal(runner.run(arrays)["particles"][0, :, 3], [1, 1, 0, 0, 0, 0])


def test_jets_do_not_depend_on_each_other(tmp_path):
    runner = models.load(save(tmp_path, PUBLISHED), batch_size=3)
    arrays = mpgan.sample_for(models.recognise(tmp_path / "G_best_epoch.pt"))
    alone = [runner.run({name: array[[jet]] for name, array in arrays.items()}) for jet in range(8)]
    whole = runner.run(arrays)["particles"]
    np.testing.assert_allclose(whole, np.concatenate([item["particles"] for item in alone]), atol=1e-6)


# Inputs and outputs


def test_inputs_and_outputs_have_physics_names(tmp_path):
    runner = models.load(save(tmp_path, PUBLISHED))
    assert [(item.name, item.shape) for item in runner.inputs] == [
        ("noise", ("jets", 6, 4)),
        ("num_particles", ("jets",)),
    ]
    assert "standard deviation 0.2" in runner.inputs[0].description
    out, raw = runner.outputs
    assert [item.name for item in out.features] == ["eta_rel", "phi_rel", "pt_rel", "mask"]
    assert raw.shape == ("jets", 6, 4)
    dense = models.load(save(tmp_path, DENSE))
    assert [(item.name, item.shape) for item in dense.inputs] == [("noise", ("jets", 11))]
    assert dense.outputs[0].shape == ("jets", 6, 3)


@pytest.mark.sliced(7)
@pytest.mark.parametrize("prefix", ["module.", "model.", "_orig_mod.module.", "net."])
@pytest.mark.parametrize("kind", KINDS)
def test_prefixes_of_wrappers_are_stripped_from_every_kind(tmp_path, kind, prefix):
    path = save(tmp_path, KINDS[kind])
    plain = models.load(path)
    wrapped = {f"{prefix}{name}": array for name, array in random_tensors(KINDS[kind]).items()}
    runner = models.load(save(tmp_path, KINDS[kind], wrapped))
    arrays = mpgan.sample_of(runner.network)
    assert np.array_equal(runner.run(arrays)["network_output"], plain.run(arrays)["network_output"])


def test_a_sequence_of_layers_that_is_no_model_is_another_network(tmp_path):
    tensors = {name.removeprefix("model."): array for name, array in random_tensors(DENSE).items()}
    assert models.recognise(save(tmp_path, DENSE, tensors)) is None


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("kind", KINDS)
def test_no_noise_gives_no_jets(tmp_path, kind, runtime):
    found = models.recognise(save(tmp_path, KINDS[kind]))
    runner, arrays = models.load(found, runtime=runtime), models.sample_for(found)
    some, none = runner.run(arrays), runner.run({name: array[:0] for name, array in arrays.items()})
    assert {name: array.shape for name, array in none.items()} == {
        name: (0, *array.shape[1:]) for name, array in some.items()
    }


def test_jets_without_a_published_scale_give_the_network_output_alone(tmp_path):
    found = models.recognise(save(tmp_path, NEAR))
    assert "no scale" in found.assumptions[0]
    assert [item.name for item in models.load(found).outputs] == ["network_output"]


def test_noise_is_read_from_files(tmp_path):
    arrays = mpgan.sample_inputs()
    assert arrays["noise"].shape == (8, 30, 32)
    np.savez(tmp_path / "noise.npz", **arrays)
    found = mpgan.read_inputs(tmp_path / "noise.npz", 1, 4)
    np.testing.assert_array_equal(found.arrays["num_particles"], arrays["num_particles"][1:4])
    assert (found.labels, mpgan.count_inputs(tmp_path / "noise.npz")) == (None, 8)
    np.savez(tmp_path / "other.npz", x=np.zeros(3))
    with pytest.raises(ModelError, match="no array noise"):
        mpgan.read_inputs(tmp_path / "other.npz")


def test_generated_jets_have_no_figures_of_merit():
    assert mpgan.measure({}, np.zeros(3)) == {}
    with pytest.raises(ModelError, match="not an MPGAN generator"):
        mpgan.demonstrate(None)


@pytest.mark.parametrize("kind", KINDS)
def test_the_graph_has_the_fingerprint_of_the_weights(tmp_path, kind):
    found = models.recognise(save(tmp_path, KINDS[kind]))
    (tmp_path / "graph.onnx").write_bytes(models.onnx_graph(found))
    assert fingerprint(tmp_path / "graph.onnx") == found.fingerprint


def test_the_onnx_graph_is_what_runs(tmp_path):
    found = models.recognise(save(tmp_path, PUBLISHED))
    arrays = models.sample_for(found)
    graph = runners.load("onnx", models.onnx_graph(found), batch_size=8)
    outputs, own = graph.run(arrays), models.load(found).run(arrays)
    for name, array in own.items():
        np.testing.assert_array_equal(outputs[name], array)


# The published generator


@pytest.mark.sliced(2)
@pytest.mark.shared
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_the_published_gluon_generator_agrees_and_makes_jets(shared, runtime):
    path = shared / "models-in-the-wild/weights/rkansal47+MPGAN/trained_models/mp_g/G_best_epoch.pt"
    found = models.recognise(path)
    assert found.title == "MPGAN generator (message passing, gluon jets)"
    runner = models.load(found, runtime=runtime)
    assert mpgan.demonstrate(runner).metrics["max_difference"] < TOLERANCE
    noise = np.random.default_rng(1).normal(0, 0.2, (200, 30, 32)).astype(np.float32)
    jets = runner.run({"noise": noise, "num_particles": np.full(200, 30)})["particles"]
    # Most of a gluon jet's transverse momentum is in 30 particles, spread alike in eta and phi.
    assert 0.8 < jets[:, :, 2].sum(axis=1).mean() < 1
    assert jets[:, :, 0].std() == pytest.approx(jets[:, :, 1].std(), rel=0.15)


@pytest.mark.shared
def test_the_published_dense_generator_runs_with_its_arguments(shared, tmp_path):
    """Its args.txt is not beside it there: these are the values of trained_models/fc_g/args.txt."""
    path = shared / "models-in-the-wild/weights/rkansal47+MPGAN/trained_models/fc_g/G_best_epoch.pt"
    assert models.recognise(path) is None
    (tmp_path / path.name).write_bytes(path.read_bytes())
    stated = {"model": "rgan", "jets": "g", "num_hits": 30, "node_feat_size": 3, "norm": 1, "sd": 0.2}
    more = {"leaky_relu_alpha": 0.2, "latent_dim": 128, "rgang_fc": [64, 128]}
    (tmp_path / "args.txt").write_text(str(stated | more))
    runner = models.load(tmp_path / path.name)
    assert mpgan.demonstrate(runner).metrics["max_difference"] < TOLERANCE
    noise = np.random.default_rng(1).normal(0, 0.2, (200, 128)).astype(np.float32)
    jets = runner.run({"noise": noise})["particles"]
    assert jets.shape == (200, 30, 3)
    assert 0.7 < jets[:, :, 2].sum(axis=1).mean() < 1.1


def test_noise_that_is_not_finite_is_refused(tmp_path):
    found = models.recognise(save(tmp_path, PUBLISHED))
    arrays = dict(models.sample_for(found))
    arrays["noise"][4, 0, 1] = np.nan
    with pytest.raises(ModelError, match=r"noise of row 4 is nan at \(0, 1\)"):
        models.load(found).run(arrays)


def test_weights_in_float16_are_computed(tmp_path):
    half = {name: array.astype(np.float16) for name, array in random_tensors(PUBLISHED).items()}
    found = models.recognise(save(tmp_path, PUBLISHED, half))
    assert mpgan.demonstrate(models.load(found)).metrics["max_difference"] < TOLERANCE
