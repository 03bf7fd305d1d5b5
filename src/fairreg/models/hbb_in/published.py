# SPDX-License-Identifier: MIT
"""Facts about the published weights: their fingerprints, and the metadata files beside them.

Source: FAIR4HEP/hbb_interaction_network v0.1.1, 10.5281/zenodo.7305227, folder ``models/trained_models``;
computed with `runners.weights.fingerprint`. The weights themselves are not part of the package.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from fairreg.models.hbb_in.inputs import ALL_FEATURES, ALL_TRACK_FEATURES, FeatureSelection
from fairreg.models.hbb_in.network import Hyperparameters
from fairreg.schemas.identifiers import parse

__all__ = [
    "BASELINE",
    "DOI",
    "FOUNDING",
    "PAPER",
    "kept_features",
    "metadata_document",
    "metadata_file",
    "published_keys",
    "published_names",
]

DOI = "10.5281/zenodo.7305227"
PAPER = Hyperparameters(track_features=30, vertex_features=14, hidden=60, d_e=20, d_o=24)
# The network that it descends from (Moreno et al., 10.5281/zenodo.3891869): eric-moreno/IN, gnn.py, GraphNet.
FOUNDING = replace(PAPER, widths=(("fr2", 30), ("fr2_pv", 30), ("fo2", 30)))

# gnn_baseline_best.pth: the model of the paper (arXiv:2212.05081).
BASELINE = "sha256:3ee06aa0a17d9c832dcfca39752aa713f0c8b6f91a37bf81da65dbd888ebce1c"


# Identifiers of the published network: versions v0.1.0 and v0.1.1, their concept, DLHub, the repository.
_PUBLISHED = (
    DOI,
    "10.5281/zenodo.7305174",
    "10.5281/zenodo.7305173",
    "10.26311/5g6q-d719",
    "zenodo:7305227",
    "zenodo:7305174",
    "github:FAIR4HEP/hbb_interaction_network",
)


@cache
def published_keys() -> frozenset[tuple[str, str]]:
    """Keys of the identifiers under which the network is published."""
    return frozenset(parse(text).key for text in _PUBLISHED)


@cache
def published_names() -> Mapping[str, str]:
    """File name of the published weights by fingerprint, of all 31 different ones.

    The ONNX file of the archive has the fingerprint of random_gnn_new_best.pth, not of the baseline;
    random_gnn_new_last.pth is the same tensors again.
    """
    lines = files(__package__).joinpath("published.tsv").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("\t") for line in lines)
    return {pair[0]: pair[1] for pair in pairs}


def kept_features(path: Path, sizes: Hyperparameters) -> FeatureSelection | None:
    """The features that the network in the weight file `path` takes, None where they are unknown.

    All of them if there are 30 and 14, or 30 in a network of tracks only, else those of the published
    metadata file of these weights (``<name>_model_metadata.json`` beside them or in the sibling folder
    ``model_dicts``). None if there is no such file or it does not fit the tensors.
    """
    every = next((some for some in (ALL_FEATURES, ALL_TRACK_FEATURES) if some.fits(sizes)), None)
    if every is not None:
        return every
    selection = next((_read(file) for file in _metadata_files(path) if file.is_file()), None)
    return selection if selection and selection.fits(sizes) else None


def metadata_file(path: Path) -> Path:
    """The metadata file beside the weight file `path`."""
    return path.with_name(f"{path.stem.removesuffix('_best').removesuffix('_last')}_model_metadata.json")


def metadata_document(sizes: Hyperparameters, selection: FeatureSelection) -> dict[str, Any]:
    """Content of a metadata file in the published form, with `widths` where layers have their own."""
    dropped = [
        ",".join(str(index) for index in every if index not in some)
        for every, some in (
            (ALL_FEATURES.tracks, selection.tracks),
            (ALL_FEATURES.vertices, selection.vertices),
        )
    ]
    return {
        "hidden": sizes.hidden,
        "De": sizes.d_e,
        "Do": sizes.d_o,
        "drop_pfeatures": dropped[0],
        "drop_svfeatures": dropped[1],
        **({"widths": dict(sizes.widths)} if sizes.widths else {}),
    }


def _metadata_files(path: Path) -> tuple[Path, ...]:
    beside = metadata_file(path)
    return (beside, path.parent.parent / "model_dicts" / beside.name)


def _read(file: Path) -> FeatureSelection | None:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        tracks, vertices = (_indices(document[key]) for key in ("drop_pfeatures", "drop_svfeatures"))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    return FeatureSelection(
        tuple(index for index in ALL_FEATURES.tracks if index not in tracks),
        tuple(index for index in ALL_FEATURES.vertices if index not in vertices),
    )


def _indices(text: str) -> frozenset[int]:
    """Parse indices such as ``2,13,14``; none from an empty text."""
    return frozenset(int(part) for part in text.split(",") if part)
