# SPDX-License-Identifier: MIT
"""Random Particle Transformers of the published names and shapes, and jets of massive particles."""

import numpy as np

from fairreg.models.particle_transformer.architecture import ParticleTransformerArchitecture

SMALL = ParticleTransformerArchitecture(7, (6, 8), (5, 4), 2, 2, 12, (), 10)
DEEP = ParticleTransformerArchitecture(3, (4,), (2,), 1, 1, 6, (5, 4), 3)
EVERY = {"small": SMALL, "deep": DEEP}


def random_tensors(sizes, seed=1):
    """Weights by published name, with running statistics and the counters of PyTorch's BatchNorm."""
    random = np.random.default_rng(seed)
    tensors = {}
    for name, shape in sizes.shapes().items():
        values = random.normal(size=shape) / np.sqrt(shape[1] if len(shape) > 1 else 4)
        if name.endswith("running_var"):
            values = random.uniform(0.3, 2, shape) * (
                20 if name.startswith(("pair_embed.embed.0", "pair_embed.embed1.0")) else 1
            )
            tensors[name.removesuffix("running_var") + "num_batches_tracked"] = np.array(7)
        elif name.endswith(("c_attn", "w_resid")) or (name.endswith("weight") and len(shape) == 1):
            values = random.uniform(0.5, 1.5, shape)
        tensors[name] = values.astype(np.float32)
    return tensors


def random_jets(sizes, jets=4, slots=6, seed=3):
    """Jets with 1 to `slots` particles in random slots; padding holds numbers that must not matter."""
    random = np.random.default_rng(seed)
    mask = np.zeros((jets, 1, slots), np.float32)
    for jet, count in enumerate(np.linspace(1, slots, jets).astype(int)):
        mask[jet, 0, random.permutation(slots)[:count]] = 1
    momenta = random.normal(scale=20, size=(jets, 3, slots))
    energy = np.sqrt((momenta**2).sum(axis=1, keepdims=True) + random.uniform(0, 4, (jets, 1, slots)))
    return {
        "features": random.normal(size=(jets, sizes.features, slots)).astype(np.float32),
        "lorentz_vectors": np.concatenate((momenta, energy), axis=1).astype(np.float32),
        "mask": mask,
    }
