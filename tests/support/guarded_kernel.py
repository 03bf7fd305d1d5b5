# SPDX-License-Identifier: MIT
"""Run the fused kernel on arrays beside protected pages: guarded_kernel.py front|back WIDTH VECTORS OUTPUTS.

With `beyond`, one jet more than there are is computed: the process must die.
"""

import ctypes
import mmap
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from fairreg.models.hbb_in.fused.code import VectorUnit
from fairreg.models.hbb_in.fused.compiling import compiled
from fairreg.models.hbb_in.fused.engine import _softmax
from fairreg.models.hbb_in.fused.kernel import NAME, source
from fairreg.models.hbb_in.fused.layout import CompiledLayout
from fairreg.models.hbb_in.fused.plan import planned, workspace
from fairreg.models.hbb_in.pairwise import definition
from support.networks import PAPER, TRACKS_ONLY, random_jets, random_tensors

PAGE, NO_ACCESS = mmap.PAGESIZE, 0  # PROT_NONE of POSIX
LIBRARY = ctypes.CDLL(None, use_errno=True)
KEPT = []  # mappings live as long as the arrays in them


def guarded(array, edge):
    """A copy of an array between two protected pages, against the one in front of it or behind it."""
    size = -(-array.nbytes // PAGE) * PAGE
    mapping = mmap.mmap(-1, size + 2 * PAGE)
    whole = np.frombuffer(mapping, np.uint8)
    KEPT.append(mapping)
    for begin in (0, PAGE + size):
        address = ctypes.c_void_p(whole.ctypes.data + begin)
        if LIBRARY.mprotect(
            address, ctypes.c_size_t(PAGE), mmap.PROT_NONE if hasattr(mmap, "PROT_NONE") else 0
        ):
            raise OSError(ctypes.get_errno(), "mprotect")
    begin = PAGE if edge == "front" else PAGE + size - array.nbytes
    found = whole[begin : begin + array.nbytes].view(array.dtype).reshape(array.shape)
    found[...] = array
    return found


def main(edge, unit, extra):
    for sizes in (PAPER, TRACKS_ONLY, replace(PAPER, track_features=1, vertex_features=1, hidden=3)):
        tensors, jets = random_tensors(sizes), random_jets(30, sizes)
        plan, weights = planned(tensors, sizes, unit)
        kernel = compiled(source(plan), NAME, "pppppii")
        logits = np.zeros((len(jets[0]), 2), np.float32)
        arrays = [guarded(array, edge) for array in (*jets, weights, workspace(plan, weights), logits)]
        for first, last in ((0, 1), (1, 17), (17, len(logits) + extra)):
            kernel(*(array.ctypes.data for array in arrays), first, last)
        np.testing.assert_allclose(_softmax(arrays[-1].copy()), definition(tensors)(*jets), rtol=0, atol=1e-5)
        layout = CompiledLayout(*jets[0].shape[1:])
        counts, _ = layout.count(arrays[0])
        np.testing.assert_array_equal(counts, jets[0].any(axis=1).sum(axis=1))
        every = guarded(np.arange(len(counts)), edge)
        np.testing.assert_array_equal(layout.cut(arrays[0], every, 59), jets[0][:, :, :59])
    sys.stdout.write("agrees\n")


if __name__ == "__main__":
    main(sys.argv[1], VectorUnit(*map(int, sys.argv[2:5])), int(sys.argv[5:] == ["beyond"]))
