# SPDX-License-Identifier: MIT
"""Weight files and the published ones."""

from pathlib import Path

import numpy as np
import pytest

from support.weight_files import Files


@pytest.fixture(scope="session")
def files() -> Files:
    return Files()


@pytest.fixture(scope="session")
def tensors() -> dict[str, np.ndarray]:
    random = np.random.default_rng(1)
    return {
        "b.weight": random.normal(size=(3, 4)).astype(np.float32),
        "a.bias": random.normal(size=3).astype(np.float32),
        "scale": np.array(2.5),
        "half": random.normal(size=(2, 2)).astype(np.float16),
    }


@pytest.fixture
def published(shared) -> Path:
    """Folder of the published facts and weights."""
    return shared / "published"
