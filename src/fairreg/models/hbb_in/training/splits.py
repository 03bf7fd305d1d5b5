# SPDX-License-Identifier: MIT
"""Training and validation jets by the paper's three methods; jets of one event stay together.

The methods are those of section 3.2 of Duarte et al. 2023 (10.1088/2632-2153/ad12e3). There, random jets were
split one by one; here whole events are, because the two Higgs bosons of one event are alike.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import UsageError
from fairreg.models.hbb_in.training.packing import PackedJets

__all__ = ["METHODS", "Split", "by_events", "by_files", "by_folds"]

METHODS = ("kfold", "files", "jets")

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """Increasing indices of the labelled jets for training and for validation."""

    training: Indices
    validation: Indices


def by_folds(jets: PackedJets, folds: int, seed: int) -> tuple[Split, ...]:
    """Return one split per fold: its files are for validation, all others for training.

    Raises UsageError for too few files.
    """
    present = _files(jets, seed)
    if not 2 <= folds <= len(present):  # noqa: PLR2004  with one fold no files are left for training
        raise UsageError(
            f"{len(present)} files cannot be divided into {folds} folds.",
            hint="Use another number with --folds, or --split jets.",
        )
    return tuple(_of_files(jets, fold) for fold in np.array_split(present, folds))


def by_files(jets: PackedJets, count: int, seed: int) -> Split:
    """Use the jets of `count` files drawn at random for validation. UsageError for too few files."""
    present = _files(jets, seed)
    if not 1 <= count < len(present):
        raise UsageError(
            f"{count} of {len(present)} files cannot be set aside.",
            hint="Use another number with --validation-files, or --split jets.",
        )
    return _of_files(jets, present[:count])


def by_events(jets: PackedJets, fraction: float, seed: int) -> Split:
    """Use the jets of a fraction of the events, drawn at random, for validation.

    Raises UsageError if a part lacks a class.
    """
    events = _shuffled(np.unique(jets.events), seed)
    count = round(fraction * len(events))
    return _split(jets, np.isin(jets.events, events[:count]))


def _files(jets: PackedJets, seed: int) -> Indices:
    """Files with jets, in a random order that depends on their names only."""
    present = sorted(np.unique(jets.files).tolist(), key=lambda index: (jets.file_names[index], index))
    return _shuffled(np.array(present, dtype=np.int64), seed)


def _shuffled(values: Indices, seed: int) -> Indices:
    return np.random.default_rng(seed).permutation(values)


def _of_files(jets: PackedJets, files: Indices) -> Split:
    return _split(jets, np.isin(jets.files, files))


def _split(jets: PackedJets, set_aside: NDArray[np.bool_]) -> Split:
    labelled = jets.labelled
    found = Split(labelled[~set_aside[labelled]], labelled[set_aside[labelled]])
    for part, indices in (("training", found.training), ("validation", found.validation)):
        if len(np.unique(jets.classes[indices])) < 2:  # noqa: PLR2004  both classes
            raise UsageError(f"The {part} jets of this split lack a class.", hint="Use more jets.")
    return found
