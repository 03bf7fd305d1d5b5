# SPDX-License-Identifier: MIT
"""AresGW: recognised by names and shapes, computed as defined, with strain whitened as its authors do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg import models
from fairreg.errors import ModelError
from fairreg.models.aresgw.architecture import INPUT, OUTPUT, ResidualNetwork
from fairreg.models.aresgw.definition import probabilities
from fairreg.models.aresgw.sample import toy_segments, toy_strain
from fairreg.models.aresgw.whitening import amplitude_spectrum, segment_count, whitened
from fairreg.models.common.network_runner import KnownNetwork
from fairreg.runners.weights import fingerprint_of
from support.weight_files import Files

aresgw = models.get("aresgw")

TOLERANCE = 1e-5
RUNTIMES = ["onnx", pytest.param("torch", marks=pytest.mark.torch)]
WIDTHS = [1, 2, 3]  # with 2, the shortcut of the first block is the identity
RATE, SLICE, WINDOW = 2048, 8704, 2560
STORED = "vivinousi+gw-detection-deep-learning/trained_models/d4_model/weights.pt"


def random_tensors(width=1, seed=3):
    """Random weights with the published names and shapes, of sizes with which signals pass all layers."""
    random = np.random.default_rng(seed)
    tensors = {}
    for name, shape in ResidualNetwork(width).shapes().items():
        value = 0.2 * random.normal(size=shape)
        if name.endswith("running_var"):
            value = random.uniform(0.5, 2, shape)
            tensors[name.replace("running_var", "num_batches_tracked")] = np.array(100, dtype=np.int64)
        elif name.endswith(("mean_layer.weight", "scaling_layer.weight")):
            value = np.eye(2) + np.abs(value)
        elif len(shape) == 3:
            value *= 6 / np.sqrt(shape[1] * shape[2])
        elif name.endswith("weight") and len(shape) == 1:
            value += 0.8
        tensors[name] = value.astype(np.float64 if name == "whiten.norm" else np.float32)
    return tensors


def save(folder, tensors, prefix=""):
    path = folder / "weights.pt"
    path.write_bytes(Files().zipped({f"{prefix}{name}": array for name, array in tensors.items()}))
    return path


@pytest.fixture(scope="module")
def tensors():
    return random_tensors()


@pytest.fixture
def stored(shared):
    path = shared / "models-in-the-wild/weights" / STORED
    if not path.is_file():
        pytest.skip("the published weights are not among the reference data")
    return path


def of(tensors):
    return ResidualNetwork.from_tensors(tensors)


def runner(tensors, runtime="onnx", batch_size=64):
    return aresgw.build(KnownNetwork(tensors, of(tensors), None), runtime=runtime, batch_size=batch_size)


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


# Recognition


def test_published_names_and_shapes_are_recognised(tmp_path, tensors):
    path = save(tmp_path, tensors)
    found = models.recognise(path)
    assert (found.model, found.format, found.fingerprint) == ("aresgw", "pytorch", fingerprint_of(tensors))
    assert found.hyperparameters["residual_blocks"] == 27
    assert any("whiten" in sentence for sentence in found.assumptions)


def test_the_widths_of_the_published_classes_have_their_names_and_sizes():
    assert len(random_tensors(8)) == 408
    assert [ResidualNetwork(width).parameter_count for width in (8, 16)] == [329176, 1304096]


@pytest.mark.parametrize("prefix", ["module.", "model."])
def test_weights_under_the_prefix_of_a_wrapper_are_recognised(tmp_path, tensors, prefix):
    assert aresgw.recognise(save(tmp_path, tensors, prefix)).hyperparameters["width"] == 1


def test_counters_of_batches_may_be_missing_but_not_stand_elsewhere(tensors):
    without = {name: array for name, array in tensors.items() if "num_batches" not in name}
    assert of(without) == of(tensors)
    assert of(without | {"net.num_batches_tracked": np.array(1)}) is None
    counter = next(name for name in tensors if "num_batches" in name)
    assert of(tensors | {counter: np.zeros(3, dtype=np.int64)}) is None


@settings(max_examples=60)
@given(data=st.data())
def test_any_tensor_with_another_name_shape_or_type_is_another_network(tensors, data):
    name = data.draw(st.sampled_from([key for key in tensors if "num_batches" not in key]))
    array = tensors[name]
    others = {key: value for key, value in tensors.items() if key != name}
    assert of(others) is None
    assert of(others | {f"{name}2": array}) is None
    assert of(others | {name: array.astype(np.int64)}) is None
    axis = data.draw(st.integers(0, array.ndim - 1))
    assert of(others | {name: np.concatenate([array, array], axis)}) is None
    assert of(others | {name: array[None]}) is None


@pytest.mark.parametrize("shape", [(), (0,), (0, 2, 3), (1,)])
def test_a_first_tensor_of_any_shape_does_not_confuse_the_recognition(tensors, shape):
    first = "net.feature_extractor.0.body.0.weight"
    assert of({first: np.zeros(shape, np.float32)}) is None
    assert of(tensors | {first: np.zeros(shape, np.float32)}) is None


def test_the_residual_network_without_its_normalisation_is_not_recognised(tmp_path, tensors):
    bare = {name: array for name, array in tensors.items() if name.startswith("net.")}
    path = save(tmp_path, bare)
    assert aresgw.recognise(path) is None
    with pytest.raises(ModelError, match="not those of AresGW"):
        aresgw.load(path)


# Outputs


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_the_engines_agree_with_the_definition(runtime, width):
    weights = random_tensors(width)
    found = runner(weights, runtime).run({INPUT: toy_segments()})[OUTPUT]
    expected = probabilities(weights, toy_segments())
    assert np.abs(found - expected).max() < TOLERANCE
    assert np.ptp(expected[:, 0]) > 0.01


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_scale_that_is_not_positive_is_replaced_by_one(runtime, tensors):
    weights = tensors | {"norm.scaling_layer.weight": np.array([[-1, -1], [0, 1]], dtype=np.float32)}
    segments = toy_segments() / 28
    found = runner(weights, runtime).run({INPUT: segments})[OUTPUT]
    assert np.abs(found - probabilities(weights, segments)).max() < TOLERANCE
    doubled = {**weights, "norm.scaling_layer.weight": weights["norm.scaling_layer.weight"] * [[2], [1]]}
    assert np.allclose(probabilities(doubled, segments), probabilities(weights, segments), atol=1e-12)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_segments_do_not_depend_on_each_other(runtime, tensors):
    segments = toy_segments()[:5]
    whole = runner(tensors, runtime).run({INPUT: segments})[OUTPUT]
    with runner(tensors, runtime, batch_size=1) as single:
        assert np.abs(single.run({INPUT: segments})[OUTPUT] - whole).max() < 1e-6
        assert np.abs(single.run({INPUT: segments[::-1]})[OUTPUT][::-1] - whole).max() < 1e-6


@pytest.mark.torch
@pytest.mark.parametrize("width", WIDTHS)
def test_the_definition_is_that_of_the_layers_of_pytorch(width):
    """The layers in PyTorch's own classes, which take the tensors under their published names."""
    import torch
    from torch import nn

    class Residual(nn.Module):
        def __init__(self, before, after, stride):
            super().__init__()
            same = before == after and stride == 1
            self.x_transform = nn.Identity() if same else nn.Conv1d(before, after, 1, stride)
            first = nn.Conv1d(before, after, 3, padding="same"), nn.BatchNorm1d(after), nn.ReLU()
            self.body = nn.Sequential(*first, nn.Conv1d(after, after, 3, stride, 1), nn.BatchNorm1d(after))

        def forward(self, x):
            return torch.relu(self.x_transform(x) + self.body(x))

    weights = random_tensors(width)
    sizes = [2, *(width * factor for factor in [1] * 4 + [2] * 3 + [4] * 3 + [8] * 9 + [4] * 5 + [2] * 3)]
    strides = [2 if index in {4, 7, 10, 13, 16} else 1 for index in range(27)]
    parts = {
        "feature_extractor": nn.Sequential(*map(Residual, sizes[:-1], sizes[1:], strides)),
        "cls_head": nn.Sequential(
            nn.Conv1d(2 * width, 4 * width, 64),
            nn.BatchNorm1d(4 * width),
            nn.ReLU(),
            nn.Conv1d(4 * width, 2, 1),
            nn.Softmax(dim=1),
        ),
    }
    net = nn.Sequential()
    for name, part in parts.items():
        net.add_module(name, part)
    own = {name: torch.from_numpy(array) for name, array in weights.items() if name.startswith("net.")}
    net.load_state_dict({name.removeprefix("net."): array for name, array in own.items()})
    net.double().eval()
    x = torch.from_numpy(toy_segments()[:4].astype(np.float64))
    layers = {name: weights[f"norm.{name}_layer.weight"] for name in ("mean", "scaling", "gating")}
    shift, scale, gate = (torch.from_numpy(array).double() for array in layers.values())
    x = x - torch.einsum("ij,njt->nit", shift, x.mean(2, keepdim=True))
    x = x / torch.einsum("ij,njt->nit", scale, ((x**2).mean(2, keepdim=True) + 1e-8).sqrt())
    bias = torch.from_numpy(weights["norm.gating_layer.bias"])[:, None]
    x = x * torch.sigmoid(torch.einsum("ij,njt->nit", gate, x.mean(2, keepdim=True)) + bias)
    with torch.inference_mode():
        found = net(x).squeeze(2).numpy()
    assert np.abs(found - probabilities(weights, toy_segments()[:4])).max() < 1e-9


def test_the_unit_of_the_input_does_not_matter(tensors):
    segments = toy_segments()[:3].astype(np.float64)
    found = probabilities(tensors, segments)
    assert np.abs(probabilities(tensors, 7 * segments) - found).max() < 1e-7


def test_the_detectors_are_not_interchangeable(tensors):
    segments = toy_segments()[:3]
    swapped = probabilities(tensors, segments[:, ::-1])
    assert np.abs(swapped - probabilities(tensors, segments)).max() > 1e-4


def test_the_spectrum_of_the_training_changes_nothing(tensors):
    other = tensors | {"whiten.norm": np.full((2, 1281), np.nan)}
    found = runner(other).run({INPUT: toy_segments()})[OUTPUT]
    assert np.array_equal(found, runner(tensors).run({INPUT: toy_segments()})[OUTPUT])


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_segments_that_are_not_finite_are_refused_by_number(tensors, value):
    segments = toy_segments()[:4].copy()
    segments[2, 1, 7] = value
    with pytest.raises(ModelError, match=r"row 2 .* must be finite"):
        runner(tensors).run({INPUT: segments})


def test_segments_of_another_length_are_refused(tensors):
    with pytest.raises(ModelError, match=INPUT):
        runner(tensors).run({INPUT: toy_segments()[:, :, :-1]})


def test_the_signature_names_detectors_and_classes(tensors):
    loaded = runner(tensors)
    assert [item.name for item in loaded.inputs[0].features] == ["H1", "L1"]
    assert [item.name for item in loaded.outputs[0].features] == ["signal", "noise"]
    assert "2048 Hz" in loaded.inputs[0].description


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_the_demonstration_measures_the_difference_to_the_definition(tmp_path, tensors, runtime):
    source = aresgw.recognise(save(tmp_path, tensors))
    found = aresgw.demonstrate(aresgw.load(source, runtime=runtime))
    assert found.metrics["max_difference"] < TOLERANCE
    assert "toy" in found.source
    assert "toy" in found.warnings[0]
    assert found.items == len(aresgw.sample_for(source)[INPUT])


def test_the_demonstration_refuses_runners_of_other_models():
    with pytest.raises(ModelError, match="not of AresGW"):
        aresgw.demonstrate(object())


def test_the_exported_graph_is_the_one_that_runs(tmp_path, tensors):
    from fairreg.runners import onnx

    path = save(tmp_path, tensors)
    content = aresgw.onnx_graph(aresgw.recognise(path))
    found = onnx.load(content).run({INPUT: toy_segments()})[OUTPUT]
    assert np.array_equal(found, aresgw.load(path).run({INPUT: toy_segments()})[OUTPUT])


def test_figures_of_merit_are_perfect_for_perfect_outputs():
    labels = np.array([[1, 0], [0, 1], [1, 0]])
    found = aresgw.measure({OUTPUT: 0.8 * labels + 0.1}, labels)
    assert found == {"accuracy": 1.0, "roc_auc": 1.0}


# Whitening


def test_white_noise_has_a_flat_spectrum_of_the_size_that_is_stated():
    spectrum = amplitude_spectrum(3e-21 * noise(60 * RATE))
    assert np.abs(spectrum[20:1250] * np.sqrt(800) / 3e-21 - 1).max() < 0.2


@pytest.mark.torch
def test_the_spectrum_is_that_of_its_steps_in_pytorch():
    import torch

    series = torch.from_numpy(np.cumsum(noise(SLICE)) + 3)
    window, taper = (torch.hann_window(length, dtype=torch.float64) for length in (1280, 1024))
    power = (torch.fft.rfft(series.unfold(0, 1280, 640) * window, norm="forward").abs() ** 2).mean(0)
    power[0], power[-1] = power[0] / 2, power[-1] / 2
    power *= 2 * 1.6 * 1280 / (window**2).sum()
    power = torch.nn.functional.interpolate(power[None, None], 1281)[0, 0]
    frequency = torch.arange(1281) * 0.8
    inverse = torch.where((frequency > 7) & (frequency < 1024), power**-0.5, 0)
    lag = torch.cat([taper, torch.zeros(WINDOW - 1024)]).roll(-512)
    response = torch.fft.rfft(torch.fft.irfft(inverse, WINDOW) * lag)
    expected = (1 / response.abs() ** 2 / 2).sqrt().numpy()
    assert np.allclose(amplitude_spectrum(series.numpy()), expected, rtol=1e-9, atol=0)


def test_whitened_white_noise_has_the_standard_deviation_that_is_stated():
    assert whitened(noise(1, 2, 30 * RATE)).std() == pytest.approx(np.sqrt(800), rel=0.05)


def test_coloured_noise_becomes_white():
    coloured = np.diff(noise(1, 2, 30 * RATE + 1))  # its density rises by a factor of 28 from 64 to 400 Hz
    power = np.abs(np.fft.rfft(whitened(coloured)[::10] * np.hanning(2048))) ** 2
    low, high = (power[:, :, band].mean() for band in (slice(50, 80), slice(380, 420)))
    assert low / high == pytest.approx(1, abs=0.15)


def test_the_spectrum_of_a_slice_is_only_its_own():
    strain = noise(2, 2, SLICE) * np.array([1e-21, 5e-22])[:, None, None]
    both = whitened(strain)
    assert np.array_equal(both, np.concatenate([whitened(strain[:1]), whitened(strain[1:])]))


@settings(max_examples=10)
@given(exponent=st.floats(-30, 20))
def test_the_unit_of_the_strain_does_not_matter(exponent):
    strain = noise(1, 2, WINDOW)
    assert np.allclose(whitened(strain * 10**exponent), whitened(strain), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("index", [0, 1, 30])
def test_segments_begin_where_it_is_stated(index):
    """A spike in the noise appears at its place in the segment: the filter has no delay."""
    strain = noise(1, 2, SLICE)
    strain[0, :, 204 * index + 256 + 1000] += 1000
    segment = whitened(strain)[index]
    assert np.abs(segment).argmax(axis=1).tolist() == [1000, 1000]


@pytest.mark.parametrize(("seconds", "count"), [(1.2, 0), (1.25, 1), (4.25, 31), (6.25, 51)])
def test_the_number_of_segments_is_that_of_the_authors(seconds, count):
    samples = int(seconds * RATE)
    assert segment_count(samples) == count
    if count:
        assert len(whitened(noise(1, 2, samples))) == count


def test_slices_that_are_too_short_are_refused():
    with pytest.raises(ModelError, match="2559 samples") as caught:
        whitened(noise(3, 2, 2559))
    assert "2048 Hz" in caught.value.hint


@pytest.mark.parametrize("value", [0, np.nan, np.inf])
def test_a_slice_without_a_spectrum_is_refused_by_number_and_detector(value):
    strain = noise(3, 2, SLICE)
    strain[1, 1] = value
    with pytest.raises(ModelError, match="L1 in slice 5"):
        whitened(strain, first=4)


# Files


@pytest.fixture(scope="module")
def strain_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("strain") / "strain.npz"
    np.savez(path, strain=toy_strain())
    return path


@settings(max_examples=15)
@given(start=st.integers(0, 70), stop=st.none() | st.integers(0, 70))
def test_parts_of_a_file_of_strain_are_parts_of_its_segments(strain_file, start, stop):
    found = aresgw.read_inputs(strain_file, start, stop)
    assert np.array_equal(found.arrays[INPUT], whitened(toy_strain())[start:stop])
    assert found.labels is None


def test_files_of_strain_and_of_segments_count_segments(tmp_path, strain_file):
    assert aresgw.count_inputs(strain_file) == 62
    path = tmp_path / "segments.npz"
    labels = np.eye(2)[[0, 1, 1]]
    np.savez(path, whitened_strain=toy_segments()[:3], strain=toy_strain(), labels=labels)
    found = aresgw.read_inputs(path, 1, 3)
    assert set(found.arrays) == {INPUT}
    assert np.array_equal(found.arrays[INPUT], toy_segments()[1:3])
    assert np.array_equal(found.labels, labels[1:])


def test_labels_beside_strain_are_those_of_its_segments(tmp_path):
    path = tmp_path / "strain.npz"
    labels = np.tile([0, 1], (62, 1))
    np.savez(path, strain=toy_strain(), labels=labels)
    assert np.array_equal(aresgw.read_inputs(path, 30, 33).labels, labels[30:33])
    np.savez(path, strain=toy_strain(), labels=labels[:2])
    with pytest.raises(ModelError, match="62 segments"):
        aresgw.read_inputs(path)


@pytest.mark.parametrize(
    "strain", [np.zeros((2, 3, 9000)), np.zeros((2, 9000)), np.zeros((2, 2, 9000), int), np.float64(1)]
)
def test_strain_of_another_shape_or_type_is_refused(tmp_path, strain):
    path = tmp_path / "strain.npz"
    np.savez(path, strain=strain)
    for read in (aresgw.read_inputs, aresgw.count_inputs):
        with pytest.raises(ModelError, match="element type") as caught:
            read(path)
        assert "H1 before L1" in caught.value.hint


def test_a_file_without_strain_says_which_arrays_are_taken(tmp_path):
    path = tmp_path / "other.npz"
    np.savez(path, jets=np.zeros(3))
    with pytest.raises(ModelError, match="whitened_strain or strain"):
        aresgw.read_inputs(path)
    path.write_bytes(b"no arrays")
    with pytest.raises(ModelError, match="cannot be read"):
        aresgw.count_inputs(path)


# The published weights


@pytest.mark.shared
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_the_published_weights_find_the_chirp(stored, runtime):
    found = models.recognise(stored)
    assert found.model == "aresgw"
    assert "Virgo-AUTH" in found.title
    loaded = aresgw.load(found, runtime=runtime)
    assert aresgw.demonstrate(loaded).metrics["max_difference"] < TOLERANCE
    signal = loaded.run(aresgw.sample_for(found))[OUTPUT][:, 0]
    # The merger lies 0.6 s after the beginning of this segment, as in the training, and of no other one.
    assert signal.argmax() == 10
    assert signal[10] > 0.99
    assert np.delete(signal, 10).max() < 0.8
