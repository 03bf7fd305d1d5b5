# SPDX-License-Identifier: MIT
"""Random ParticleNets of the published names and shapes, and the network in weaver's order of operations."""

import numpy as np

from fairreg.models.particlenet.architecture import ObjectStream, ParticleNetArchitecture

SMALL = ParticleNetArchitecture((ObjectStream("", 7),), ((6, 5), (9, 8, 9), (9,)), (10,), 10)
FUSED = ParticleNetArchitecture((ObjectStream("", 4),), ((6, 6),), (7, 5), 2, fused=8, normalised=False)
TAGGER = ParticleNetArchitecture(
    (ObjectStream("pf_", 5), ObjectStream("sv_", 5)),
    ((6, 6), (8, 8)),
    (7,),
    3,
    embedded=4,
    fused=8,
    normalised=False,
)
EVERY = {"small": SMALL, "fused": FUSED, "tagger": TAGGER}


def random_tensors(sizes, seed=1):
    """Weights by published name, with running statistics and the counters of PyTorch's BatchNorm."""
    random = np.random.default_rng(seed)
    tensors = {}
    for name, shape in sizes.shapes().items():
        fan_in = int(np.prod(shape[1:])) or 1
        values = random.normal(size=shape) / np.sqrt(fan_in if len(shape) > 1 else 4)
        if name.endswith("running_var"):
            values = random.uniform(0.3, 2, shape)
            tensors[name.removesuffix("running_var") + "num_batches_tracked"] = np.array(7)
        elif name.endswith("weight") and len(shape) == 1:
            values = random.uniform(0.5, 1.5, shape)
        tensors[name] = values.astype(np.float32)
    return tensors


def random_jets(sizes, jets=5, slots=12, seed=3, fewest=0):
    """Jets with `fewest` to `slots` objects in random slots; padding holds numbers that must not matter."""
    random = np.random.default_rng(seed)
    arrays = {}
    for stream in sizes.streams:
        mask = np.zeros((jets, 1, slots), np.float32)
        for jet, count in enumerate(np.linspace(fewest, slots, jets).astype(int)):
            mask[jet, 0, random.permutation(slots)[:count]] = 1
        values = (
            random.normal(size=(jets, 2, slots)),
            random.normal(size=(jets, stream.features, slots)),
            mask,
        )
        arrays |= {name: item.astype(np.float32) for name, item in zip(stream.names, values, strict=True)}
    return arrays


def as_in_weaver(tensors, sizes, points, features, mask, neighbours):
    """Class scores with torch's own layers in float64, in the order of operations of weaver-core's forward.

    That is: padding moved by 1e9, distances by products, the nearest of k + 1 dropped, edges concatenated
    (hqucms/weaver-core, weaver/nn/model/ParticleNet.py). For one stream and at least k + 1 slots.
    """
    import torch
    from torch.nn import functional

    weights = {name: torch.from_numpy(np.asarray(array, np.float64)) for name, array in tensors.items()}
    points, features, mask = (torch.from_numpy(item.astype(np.float64)) for item in (points, features, mask))

    def norm(name, value):
        parts = (weights[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
        return functional.batch_norm(value, *parts, training=False)

    def edge_convolution(name, searched, value):
        squares = searched.square().sum(1, keepdim=True)
        nearness = -squares + 2 * searched.transpose(2, 1) @ searched - squares.transpose(2, 1)
        chosen = nearness.topk(neighbours + 1, dim=-1)[1][:, :, 1:]
        rows = torch.arange(len(value)).view(-1, 1, 1)
        others = value.transpose(1, 2)[rows, chosen].permute(0, 3, 1, 2)
        own = value.unsqueeze(3).expand_as(others)
        edges, layer = torch.cat((own, others - own), dim=1), 0
        while f"{name}.convs.{layer}.weight" in weights:
            edges = functional.conv2d(edges, weights[f"{name}.convs.{layer}.weight"])
            edges, layer = norm(f"{name}.bns.{layer}", edges).relu(), layer + 1
        if f"{name}.sc.weight" in weights:
            value = norm(f"{name}.sc_bn", functional.conv1d(value, weights[f"{name}.sc.weight"]))
        return (value + edges.mean(3)).relu()

    points, features = points * mask, features * mask
    value = norm("bn_fts", features) * mask if sizes.normalised else features
    outputs = []
    for index in range(len(sizes.blocks)):
        searched = (value if index else points) + (mask == 0) * 1e9
        value = edge_convolution(f"edge_convs.{index}", searched, value) * mask
        outputs.append(value)
    if sizes.fused:
        fused = functional.conv1d(torch.cat(outputs, dim=1), weights["fusion_block.0.weight"])
        value = norm("fusion_block.1", fused).relu() * mask
    value = value.sum(2) / mask.sum(2).clamp(min=1)
    for layer in range(len(sizes.hidden)):
        value = functional.linear(
            value, *(weights[f"fc.{layer}.0.{part}"] for part in ("weight", "bias"))
        ).relu()
    last = f"fc.{len(sizes.hidden)}"
    return functional.linear(value, weights[f"{last}.weight"], weights[f"{last}.bias"]).numpy()
