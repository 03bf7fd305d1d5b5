# SPDX-License-Identifier: MIT
"""Prepared files as packed jets, read in slices to keep the dense arrays of a large sample out of memory."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from fairreg.models.hbb_in.inputs import FeatureSelection
from fairreg.models.hbb_in.jet_files import EVENT_BITS, JetSample, open_jets
from fairreg.models.hbb_in.training.packing import PackedJets, pack

__all__ = ["SLICE", "read_packed", "slices"]

SLICE = 4096  # jets; 30 MB


def read_packed(paths: Sequence[Path], selection: FeatureSelection) -> PackedJets:
    """Read the jets of all files, in the order of their names. Raises ModelError and MissingEngine."""
    return pack(slices(paths), selection)


def slices(paths: Sequence[Path]) -> Iterator[JetSample]:
    """Yield the jets of all files by name, SLICE at a time, with distinct indices of files and events.

    Sorted by name, because a training must not depend on the order in which a shell lists files.
    """
    names: tuple[str, ...] = ()
    for path in sorted(paths, key=lambda item: (item.name, str(item))):
        before = len(names)
        with open_jets(path) as content:
            names += tuple(f"{path.name}:{name}" for name in content.files)
            for part in content.slices(SLICE):
                events = part.event + (np.int64(before) << EVENT_BITS)
                yield replace(part, file=part.file + np.int32(before), event=events, files=names)
