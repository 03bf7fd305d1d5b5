# SPDX-License-Identifier: MIT
"""Random weights of jet taggers of FAIR4HEP under their published names, with the options of the training."""

import json

import numpy as np

from support.weight_files import Files


def random_weights(shapes, seed=0, gain=2.0, dtype=np.float32):
    """Weights of the size at which outputs depend visibly on inputs; variances are positive."""
    random = np.random.default_rng(seed)
    tensors = {}
    for name, shape in shapes.items():
        scale = gain / np.sqrt(shape[1]) if len(shape) > 1 else 0.2
        values = random.uniform(-scale, scale, shape)
        if name.endswith("running_var"):
            values = values + 1
        tensors[name] = np.array(7) if name.endswith("num_batches_tracked") else values.astype(dtype)
    return tensors


def published(folder, name, tensors, options=None, kind="zipped"):
    """The weights at the place that the training programs give them, with their options."""
    path = folder / "trained_models" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(getattr(Files(), kind)(tensors))
    if options is not None:
        place = folder / "trained_model_dicts"
        place.mkdir(exist_ok=True)
        (place / f"{name.replace('_best', '').replace('_last', '')}.json").write_text(json.dumps(options))
    return path
