# SPDX-License-Identifier: MIT
"""Checkpoints, from which a training resumes exactly where it stopped; one file per training."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairreg.errors import ModelError, UsageError
from fairreg.storage.files import replacing

__all__ = ["NAME", "Checkpoint", "read", "write"]

NAME = "checkpoint.pt"


@dataclass(frozen=True)
class Checkpoint:
    """The state after the last epoch of `history`, and the best weights so far.

    `identity` describes the training; only an identical one may resume from it.
    """

    identity: Mapping[str, Any]
    history: list[dict[str, Any]]
    weights: Mapping[str, Any]
    best: Mapping[str, Any]
    optimizer: Mapping[str, Any]


def write(checkpoint: Checkpoint, folder: Path) -> None:
    """Replace the checkpoint in `folder` atomically."""
    import torch

    text = json.dumps({"identity": dict(checkpoint.identity), "history": checkpoint.history})
    states = {name: dict(getattr(checkpoint, name)) for name in ("weights", "best", "optimizer")}
    with replacing(folder / NAME) as draft:
        torch.save({"about": text, **states}, draft)


def read(folder: Path, identity: Mapping[str, Any]) -> Checkpoint | None:
    """Read the checkpoint in `folder`; None where there is none.

    Raises UsageError if it is of another training, ModelError if it cannot be read.
    """
    path = folder / NAME
    if not path.exists():
        return None
    content = _content(path)
    about = json.loads(content.pop("about"))
    if unlike := sorted(key for key in identity if about["identity"].get(key) != identity[key]):
        raise UsageError(
            f"{folder.name} contains a training with another {unlike[0]}: "
            f"{about['identity'].get(unlike[0])}, not {identity[unlike[0]]}.",
            hint="Choose another --output, or repeat the same options to resume that training.",
        )
    return Checkpoint(about["identity"], about["history"], **content)


def _content(path: Path) -> dict[str, Any]:
    import pickle

    import torch

    try:
        content: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
    except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
        raise ModelError(
            f"{path.name} is damaged.", hint=f"Delete {path} to train from the start."
        ) from error
    return content
