# SPDX-License-Identifier: MIT
"""Runner of the fused kernel."""

from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.hbb_in.fused.compiling import compiled, host_unit
from fairreg.models.hbb_in.fused.kernel import NAME, source
from fairreg.models.hbb_in.fused.plan import planned, workspace
from fairreg.models.hbb_in.inputs import signature
from fairreg.models.hbb_in.network import INPUTS, OUTPUT, Hyperparameters
from fairreg.runners import fused
from fairreg.runners.base import Runner
from fairreg.runners.signature import Arrays

__all__ = ["FusedRunner"]

Floats = NDArray[np.float32]
# Jets that a thread takes at once: whole groups of the kernel, few enough for threads to end together.
_PART = 16


class FusedRunner(Runner):
    """Computes the network in a kernel that is compiled for its sizes and this processor.

    `threads` threads, the caller's among them, take parts of a batch in turns; the memory of each is kept
    between calls. Any number of threads may call it at once.
    """

    def __init__(
        self,
        tensors: Mapping[str, NDArray[Any]],
        sizes: Hyperparameters,
        *,
        batch_size: int,
        threads: int,
        kept: Path | None = None,
    ) -> None:
        super().__init__(fused.RUNTIME, *signature(sizes), batch_size=batch_size)
        self._plan, self._weights = planned(tensors, sizes, host_unit())
        self._kernel = compiled(source(self._plan), NAME, "pppppii", kept)
        self._rooms: deque[tuple[Floats, int]] = deque()  # with their addresses
        self._address = self._weights.ctypes.data
        self._threads = threads
        self._pool = ThreadPoolExecutor(max(threads - 1, 1), thread_name_prefix="hbb_in_fused")
        self.engine = f"llvmlite {version('llvmlite')}"

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()

    def compute(self, arrays: Arrays) -> Arrays:
        """Compute one batch."""
        tracks = _readable(arrays[INPUTS[0]])
        # A network without vertices reads none.
        vertices = _readable(arrays[INPUTS[1]]) if INPUTS[1] in arrays else tracks
        logits = np.empty((len(tracks), 2), np.float32)
        parts = -(-len(tracks) // _PART)
        if self._threads == 1 or parts <= 1:
            self._part(tracks, vertices, logits, 0, len(tracks))
        else:
            self._shared(tracks, vertices, logits, parts)
        return {OUTPUT: _softmax(logits)}

    def _shared(self, tracks: Floats, vertices: Floats, logits: Floats, parts: int) -> None:
        """Compute a batch on several threads: whichever is free takes the next part."""
        numbers = count()

        def work() -> None:
            while (number := next(numbers)) < parts:
                begin = number * _PART
                self._part(tracks, vertices, logits, begin, min(begin + _PART, len(tracks)))

        helpers = [self._pool.submit(work) for _ in range(min(self._threads, parts) - 1)]
        work()
        for helper in helpers:
            helper.result()

    def _part(self, tracks: Floats, vertices: Floats, logits: Floats, first: int, last: int) -> None:
        try:
            room = self._rooms.pop()
        except IndexError:  # one for each call that computes at this moment
            memory = workspace(self._plan, self._weights)
            room = memory, memory.ctypes.data
        given = (array.ctypes.data for array in (tracks, vertices))
        self._kernel(*given, self._address, room[1], logits.ctypes.data, first, last)
        self._rooms.append(room)


def _readable(array: Floats) -> Floats:
    """The array as machine code reads it: numbers side by side, each at a multiple of its size."""
    flags = array.flags
    return array if flags.c_contiguous and flags.aligned else np.require(array, requirements=("C", "A"))


def _softmax(logits: Floats) -> Floats:
    """Probabilities of rows of two logits, in their place."""
    logits -= np.maximum(logits[:, :1], logits[:, 1:])
    np.exp(logits, out=logits)
    logits /= logits[:, :1] + logits[:, 1:]
    return logits
