# SPDX-License-Identifier: MIT
"""The functions of a kernel share a module of LLVM, the plan of a network, and a table of integers."""

from typing import Any

from llvmlite import ir

from fairreg.models.hbb_in.fused.code import Code, Floats, Integers, Number
from fairreg.models.hbb_in.fused.plan import MOST_JETS, Plan

__all__ = ["COLUMNS", "LANE", "TRACKS", "VERTEX_LANE", "VERTICES", "Functions"]

COLUMNS = 4  # of the jets of a group, and of the rows of a tile
LANE, TRACKS, VERTEX_LANE, VERTICES = range(COLUMNS)  # of a jet: where its lanes begin, its real objects


class Functions:
    """Functions of a network; a method that returns a function writes it.

    The table of a call has the rows of the tile that is filled, at `state` its numbers of lanes and of rows,
    then the jets of the group, at `found` results of functions, and at `order` the real slots of a jet.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan, self.unit, self.places = plan, plan.unit, plan.places
        self.module = ir.Module("fairreg_hbb")
        self.slots, self.vertex_slots = plan.sizes.n_tracks, plan.sizes.n_vertices
        self.state = COLUMNS * self.unit.lanes
        self.jets = self.state + 2
        self.found = self.jets + COLUMNS * MOST_JETS
        self.order = self.found + 3
        self.table_size = self.order + max(self.slots, self.vertex_slots) + 1

    def code(self, name: str, *kinds: Any, public: bool = False) -> Code:
        """A new function of the module."""
        return Code(self.module, name, kinds, self.unit, public=public)

    def jet(self, table: Integers, number: Number, column: int) -> Number:
        """A column of a jet of the group."""
        return table[number * COLUMNS + (self.jets + column)]

    def tiles(self, lanes: Number) -> Number:
        """Number of tiles that hold so many lanes."""
        return (lanes + (self.unit.lanes - 1)) // self.unit.lanes

    def sum_of(self, code: Code, row: Floats, lanes: Number) -> Any:
        """Sum of the first `lanes` numbers of a row."""
        build = code.builder
        (total,) = code.accumulators(1)
        build.store(code.zero, total)
        with code.loop(code.vectors(lanes)) as vector:
            begin = vector * self.unit.width
            value = build.select(code.first_lanes(lanes - begin), row.at(begin).vector(), code.zero)
            build.store(build.fadd(build.load(total), value), total)
        return code.folded(build.load(total))
