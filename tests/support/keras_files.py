# SPDX-License-Identifier: MIT
"""Keras files made here: by Keras 3 itself, and in the layouts of Keras 1 and 2 by hand."""

import json
import warnings
import zipfile
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np

from fairreg.runners.keras import engine


@contextmanager
def quiet():
    """Context manager: Keras calls numpy in ways that numpy warns of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def randomised(model, seed=0):
    """Give a model of Keras 3 random weights; variances stay positive."""
    random = np.random.default_rng(seed)
    for weight in model.weights:
        if "seed_generator" in weight.path:
            continue
        values = random.normal(0, 0.5, weight.shape)
        weight.assign(np.abs(values) + 0.1 if "variance" in weight.path else values)
    return model


def saved(model, path: Path):
    """Save a model of Keras 3 as .keras or .h5, without the advice that Keras logs for the latter."""
    from keras.src.legacy.saving import legacy_h5_format

    with quiet():
        if path.suffix == ".keras":
            model.save(path)
        elif path.name.endswith(".weights.h5"):
            model.save_weights(path)
        else:
            legacy_h5_format.save_model_to_hdf5(model, str(path), include_optimizer=False)
    return path


def computed(model, arrays):
    """Outputs of a model of Keras 3 by their order."""
    engine()
    import torch

    values = list(arrays.values())
    with torch.inference_mode(), quiet():
        found = model(values if len(values) > 1 else values[0], training=False)
    flat = found if isinstance(found, list | tuple) else [found]
    return [value.cpu().numpy() for value in flat]


def write_legacy(path: Path, layers, weights, *, version=None, backend=None, config=None, **attributes):
    """Write an HDF5 file of Keras 1 or 2: a model, or its weights alone without `config`.

    `weights` maps the name of a layer to [(name, array), ...]; `layers` are all names in their order.
    """
    with h5py.File(path, "w") as file:
        top = file if config is None else file.create_group("model_weights")
        if config is not None:
            file.attrs["model_config"] = json.dumps(config).encode()
        for holder in {file, top}:
            for key, value in (("keras_version", version), ("backend", backend)):
                if value is not None:
                    holder.attrs[key] = value.encode()
        top.attrs["layer_names"] = [name.encode() for name in layers]
        for name in layers:
            group = top.create_group(name)
            arrays = weights.get(name, [])
            group.attrs["weight_names"] = [key.encode() for key, _ in arrays]
            for key, array in arrays:
                group[key] = array
        for key, value in attributes.items():
            file.attrs[key] = value
    return path


def layer(kind, name, **config):
    """The configuration of a layer of Keras 1 and 2."""
    return {"class_name": kind, "config": {"name": name, **config}}


def sequential(*layers):
    """A sequential model of Keras 2 from 2.2.3 on."""
    return {"class_name": "Sequential", "config": {"name": "sequential", "layers": list(layers)}}


def parts(path: Path):
    """The members of a .keras file."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(path: Path, members, *, compression=zipfile.ZIP_STORED):
    """Write a .keras file of `members`."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path
