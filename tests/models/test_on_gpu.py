# SPDX-License-Identifier: MIT
"""The Hbb network on an NVIDIA GPU, where there is one: agreement in every runtime, and training."""

import numpy as np
import pytest

from fairreg.errors import FairregError
from fairreg.models.hbb_in.pairwise import definition
from fairreg.models.hbb_in.runner import build
from fairreg.runners import check_device, devices, get
from support.networks import PAPER, random_jets, random_tensors

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not devices.count(), reason="there is no GPU"),
]
TENSORS = random_tensors(PAPER)


def usable(runtime):
    """Skip where the engine is missing or has no support of GPUs; the reason is its own."""
    if not get(runtime).available():
        pytest.skip(f"{runtime} is not installed")
    try:
        check_device(runtime, "cuda")
    except FairregError as error:
        pytest.skip(error.message)


@pytest.mark.parametrize("runtime", ["onnx", "torch", "tensorrt"])
def test_float32_agrees_with_the_definition_for_single_jets_and_for_many(runtime):
    usable(runtime)
    tracks, vertices = random_jets(1500, PAPER)
    expected = definition(TENSORS)(tracks, vertices)
    with build(TENSORS, runtime=runtime, device="cuda", batch_size=1400) as runner:
        assert runner.device == "cuda:0"
        np.testing.assert_allclose(runner.predict(tracks, vertices), expected, rtol=0, atol=1e-5)
        for jet in range(3):
            one = slice(jet, jet + 1)
            found = runner.predict(tracks[one], vertices[one])
            np.testing.assert_allclose(found, expected[one], rtol=0, atol=1e-5)


@pytest.mark.parametrize("precision", ["tf32", "bfloat16"])
@pytest.mark.parametrize("runtime", ["onnx", "torch", "tensorrt"])
def test_lower_precisions_change_probabilities_a_little(runtime, precision):
    usable(runtime)
    tracks, vertices = random_jets(300, PAPER)
    with build(TENSORS, runtime=runtime, device="cuda", precision=precision) as runner:
        found = runner.predict(tracks, vertices)
    np.testing.assert_allclose(found, definition(TENSORS)(tracks, vertices), rtol=0, atol=0.05)


def test_a_training_step_on_the_gpu_has_the_gradients_of_the_cpu():
    usable("torch")
    import torch

    from fairreg.models.hbb_in.pytorch import network

    gradients = []
    for device in ("cpu", "cuda"):
        torch.manual_seed(1)
        module = network.layers(PAPER).to(device)
        inputs = (torch.from_numpy(array).to(device) for array in random_jets(40, PAPER))
        loss = network.forward(module, *inputs)[:, 1].square().mean()
        found = torch.autograd.grad(loss, list(module.parameters()))
        gradients.append([item.cpu() for item in found])
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)
