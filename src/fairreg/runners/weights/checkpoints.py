# SPDX-License-Identifier: MIT
"""PyTorch files: how they are recognised. `pytorch` reads them and is imported only then."""

from collections.abc import Iterator
from pathlib import Path

from fairreg.runners.weights.tensors import Tensors

__all__ = ["SUFFIXES", "ZIP_START", "knows", "read", "read_candidates", "view_of"]

SUFFIXES = frozenset({".pth", ".pt", ".bin", ".ckpt"})
ZIP_START = b"PK\x03\x04"
_PICKLE_START = b"\x80"


def knows(start: bytes, suffix: str) -> bool:
    """Tell whether a file may be a PyTorch file: a pickle, a zip of one, or one with one of its suffixes."""
    archive = start.startswith(ZIP_START) and b"/data.pkl" in start
    return suffix in SUFFIXES or archive or start.startswith(_PICKLE_START)


def read(path: Path) -> Tensors:
    """Read the tensors of the model in the order of the file. Raises ModelError, UnsafePickle."""
    from fairreg.runners.weights import pytorch

    return pytorch.read(path)


def view_of(path: Path) -> Tensors:
    """Map the file; otherwise as `read`."""
    from fairreg.runners.weights import pytorch

    return pytorch.view_of(path)


def read_candidates(path: Path) -> Iterator[tuple[str, Tensors]]:
    """Map the model and then the other candidates, as their places and tensors. Raises as `read`."""
    from fairreg.runners.weights import pytorch

    return pytorch.read_candidates(path)
