# SPDX-License-Identifier: MIT
"""A trained network as files: safetensors, ONNX, and the metadata file that lists its features.

The metadata file has the form of the published ones (``models/model_dicts`` of 10.5281/zenodo.7305227), so
that a network with dropped features is read like a published one.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import MissingEngine
from fairreg.models.hbb_in.network import onnx_bytes
from fairreg.models.hbb_in.published import metadata_document
from fairreg.models.hbb_in.training.setup import Setup
from fairreg.storage.files import replacing

__all__ = ["STEM", "save"]

STEM = "weights"


def save(tensors: Mapping[str, NDArray[Any]], folder: Path, setup: Setup, about: Mapping[str, str]) -> None:
    """Write the float32 tensors of a network on raw features as weights.safetensors and weights.onnx.

    `about` is added to the metadata of the safetensors file, a mapping of texts. Raises MissingEngine.
    """
    rounded = {name: np.ascontiguousarray(array, dtype=np.float32) for name, array in tensors.items()}
    _replace(folder / f"{STEM}.safetensors", _safetensors(rounded, _metadata(setup) | dict(about)))
    _replace(folder / f"{STEM}.onnx", onnx_bytes(rounded))
    text = json.dumps(_published_form(setup), indent=2)
    _replace(folder / f"{STEM}_model_metadata.json", text.encode())


def _safetensors(tensors: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> bytes:
    try:
        from safetensors.numpy import save as serialise
    except ImportError as error:
        raise MissingEngine("safetensors", "torch") from error
    content: bytes = serialise(dict(tensors), metadata=dict(metadata))
    return content


def _metadata(setup: Setup) -> dict[str, str]:
    selection = setup.selection
    return {
        "format": "pt",  # required by safetensors' own readers
        "model": "hbb_in",
        "setup": json.dumps(asdict(setup)),
        "features_kept": json.dumps({"tracks": selection.tracks, "vertices": selection.vertices}),
        "inputs": "raw features; the normalisation of the training is folded into the weights",
        "fairreg": version("fairreg"),
        "torch": version("torch"),
        "numpy": version("numpy"),
    }


def _published_form(setup: Setup) -> dict[str, Any]:
    """Keys of the published metadata files; fairreg reads those of the dropped features."""
    about = metadata_document(setup.sizes, setup.selection)
    return {**about, "batch_size": setup.batch_size, "epochs": setup.epochs}


def _replace(path: Path, content: bytes) -> None:
    """Write atomically, so that readers never see an incomplete file."""
    with replacing(path) as draft:
        draft.write_bytes(content)
