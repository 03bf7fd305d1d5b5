# SPDX-License-Identifier: MIT
"""Random networks and jets, the published files, and the definition of the network."""

from pathlib import Path

import pytest

from fairreg.models.hbb_in.network import Hyperparameters
from support.networks import PAPER, definition, random_jets, random_tensors


@pytest.fixture(scope="session")
def reference():
    return definition


@pytest.fixture(scope="session")
def make_jets():
    return random_jets


@pytest.fixture(scope="session")
def make_tensors():
    return random_tensors


@pytest.fixture(scope="session")
def paper_sizes() -> Hyperparameters:
    return PAPER


@pytest.fixture(scope="session")
def small_sizes() -> Hyperparameters:
    return Hyperparameters(track_features=5, vertex_features=3, hidden=7, d_e=4, d_o=6)


@pytest.fixture
def published(shared) -> Path:
    """Folder ``models`` of the published archive, with weights and metadata."""
    return shared / "published/hbb_interaction_network-v0.1.1/models"
