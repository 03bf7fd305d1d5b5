# SPDX-License-Identifier: MIT
"""A weight file that several model packages look at, read once for all of them."""

from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from fairreg.errors import ModelError, NoParameters
from fairreg.runners.weights import Tensors, fingerprint_of, format_of, view_tensors

__all__ = ["WeightFile", "unwrapped"]

# What wrappers of a network put before the names of its tensors: DataParallel and DistributedDataParallel of
# PyTorch, the models of weaver-core, Lightning modules, torch.compile.
_WRAPPERS = ("module.", "mod.", "model.", "_orig_mod.", "network.", "net.")


class WeightFile:
    """Tensors of the file `path` by name, with its format (one of ``runners.weights.FORMATS``).

    Those of a file that was `read` are views of it, for looking at its names, shapes and values at once.
    """

    def __init__(self, path: Path, format: str, tensors: Tensors) -> None:  # noqa: A002  as in Recognition
        self.path, self.format, self.tensors = path, format, tensors

    @classmethod
    def read(cls, path: Path) -> "WeightFile | None":
        """Read a file; None if it is no weight file or has no parameters.

        Raises ModelError for a damaged weight file, SecurityRefusal (UnsafePickle) for an unsafe one.
        """
        try:
            found = format_of(path)
        except ModelError:
            return None
        try:
            return cls(path, found, view_tensors(path))
        except NoParameters:
            return None

    @cached_property
    def fingerprint(self) -> str:
        """The fingerprint of the tensors."""
        return fingerprint_of(self.tensors)

    @cached_property
    def unwrapped(self) -> Mapping[str, NDArray[Any]]:
        """The tensors under their names in the network itself, without the prefixes that all names share."""
        return unwrapped(self.tensors)


def unwrapped(tensors: Tensors) -> Mapping[str, NDArray[Any]]:
    """Strip the prefixes of wrappers that all names share."""
    found = dict(tensors)
    while prefix := next((item for item in _WRAPPERS if _is_shared(item, found)), None):
        found = {name.removeprefix(prefix): array for name, array in found.items()}
    return found


def _is_shared(prefix: str, names: Collection[str]) -> bool:
    return bool(names) and all(name.startswith(prefix) and name != prefix for name in names)
