# SPDX-License-Identifier: MIT
"""Counting and cutting of jets for an accelerator in machine code, as `packing.NumpyLayout` does in numpy.

Each jet is read once to find its real objects and once to copy them, without arrays in between. Other threads
of Python run meanwhile.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numpy.typing import NDArray

from fairreg.models.hbb_in.fused.code import COUNT, FLOATS, INTEGERS, Code, VectorUnit
from fairreg.models.hbb_in.fused.compiling import compiled, host_unit
from fairreg.models.hbb_in.fused.gathering import write_real
from fairreg.models.hbb_in.packing import NumpyLayout

__all__ = ["CompiledLayout"]

Array = NDArray[Any]
_COUNT, _CUT = "fairreg_count", "fairreg_cut"


class CompiledLayout(NumpyLayout):
    """Functions for jets (N, features, slots) in float32 and C order."""

    def __init__(self, features: int, slots: int) -> None:
        self._unit = host_unit()
        source = _source(features, slots, self._unit)
        self._count, self._cut = compiled(source, _COUNT, "pppi"), compiled(source, _CUT, "pppii")

    def count(self, objects: Array) -> tuple[NDArray[np.intp], bool]:
        """Numbers of the real objects of each jet (N,), and whether they are in front in all jets."""
        found = np.empty((2, len(objects)), dtype=np.int64)
        self._count(objects.ctypes.data, found[0].ctypes.data, found[1].ctypes.data, len(objects))
        return found[0].astype(np.intp, copy=False), bool(found[1].all())

    def cut(self, objects: Array, jets: NDArray[np.intp], slots: int) -> Array:
        """The first `slots` slots of some jets, (jets, features, slots)."""
        if slots < self._unit.width:  # numpy is faster where most lanes would be empty
            return super().cut(objects, jets, slots)
        shape = (len(jets), objects.shape[1], slots)
        size = int(np.prod(shape))
        room = np.empty(size + self._unit.width, dtype=np.float32)  # whole vectors are written
        chosen = np.ascontiguousarray(jets, dtype=np.int64)
        self._cut(objects.ctypes.data, chosen.ctypes.data, room.ctypes.data, len(jets), slots)
        return room[:size].reshape(shape)


def _source(features: int, slots: int, unit: VectorUnit) -> str:
    module = ir.Module("fairreg_layout")
    count = Code(module, _COUNT, (FLOATS, INTEGERS, INTEGERS, COUNT), unit, public=True)
    _write_count(count, features, slots)
    cut = Code(module, _CUT, (FLOATS, INTEGERS, FLOATS, COUNT, COUNT), unit, public=True)
    _write_cut(cut, features, slots)
    return str(module)


def _write_count(code: Code, features: int, slots: int) -> None:
    objects, counts, in_front, jets = code.arguments
    order, seen = code.table(slots + 1), code.floats(slots + code.unit.width)
    with code.loop(jets) as jet:
        count = write_real(code, objects.at(jet * (features * slots)), seen, order, (features, slots))
        counts[jet] = count
        # The last real one of c objects in front is in slot c - 1; without any, slot 0 was noted last.
        last = order[code.choice(count.compared("==", 0), 0, count - 1)]
        spread = code.choice(last.compared("==", count - 1), 1, 0)
        in_front[jet] = code.choice(count.compared("==", 0), 1, spread)
    code.done()


def _write_cut(code: Code, features: int, slots: int) -> None:
    objects, jets, target, count, kept = code.arguments
    width = code.unit.width
    with code.loop(count) as number:
        given, here = objects.at(jets[number] * (features * slots)), target.at(number * kept * features)
        with code.loop(features) as feature:
            row, place = given.at(feature * slots), here.at(feature * kept)
            with code.loop(code.vectors(kept)) as vector:
                lane = vector * width
                place.at(lane).set_vector(row.at(lane).masked(code.first_lanes(kept - lane)))
    code.done()
