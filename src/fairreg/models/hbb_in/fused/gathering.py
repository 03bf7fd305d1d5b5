# SPDX-License-Identifier: MIT
"""Gathering of jets: their real tracks and vertices go to lanes side by side, without padding."""

from typing import Any

from llvmlite import ir

from fairreg.models.hbb_in.fused.code import COUNT, FLOATS, INTEGERS, Code, Floats, Integers, Number
from fairreg.models.hbb_in.fused.functions import COLUMNS, LANE, VERTEX_LANE, Functions
from fairreg.models.hbb_in.fused.plan import GROUP_LANES, MOST_JETS

__all__ = ["Gathering", "write_real"]


class Gathering(Functions):
    """Functions that copy jets to the lanes of a group."""

    def gather(self) -> Any:
        """Function (tracks, vertices, work, table, first, last): copy jets from `first` on to a group.

        It leaves the numbers of jets, of lanes and of lanes of vertices in the table.
        """
        plan, places = self.plan, self.places
        code = self.code("gather", *(FLOATS,) * 3, INTEGERS, COUNT, COUNT)
        tracks, vertices, work, table, first, last = code.arguments
        features, vertex_features = plan.sizes.track_features, plan.sizes.vertex_features
        copy = self.copy("tracks", features, self.slots, plan.step)
        copy_vertices = self.copy("vertices", vertex_features, self.vertex_slots, plan.vertex_step)
        count, lanes, vertex_lanes = code.variable(), code.variable(), code.variable()
        most = (last - first).smaller(MOST_JETS)
        with code.loop_while((count, "<", most), (lanes, "<", GROUP_LANES - self.slots + 1)):
            jet, row = first + count.get(), count.get() * COLUMNS + self.jets
            given, target = tracks.at(jet * (features * self.slots)), lanes.get() + places.objects
            table[row + LANE] = lanes.get()
            code.call(copy, given, work, table, target, row + LANE)
            lanes.set(lanes.get() + self._kept(table, row + LANE, self.slots))
            if plan.vertices:
                given = vertices.at(jet * (vertex_features * self.vertex_slots))
                target = vertex_lanes.get() + places.vertices
                table[row + VERTEX_LANE] = vertex_lanes.get()
                code.call(copy_vertices, given, work, table, target, row + VERTEX_LANE)
                kept = self._kept(table, row + VERTEX_LANE, self.vertex_slots)
                vertex_lanes.set(vertex_lanes.get() + kept)
            count.set(count.get() + 1)
        for place, value in enumerate((count, lanes, vertex_lanes)):
            table[self.found + place] = value.get()
        return code.done()

    def _kept(self, table: Integers, row: Number, slots: int) -> Number:
        """Lanes of a jet: its real objects, and one for its empty slots unless there are none."""
        return (table[row + 1] + 1).smaller(slots)

    def copy(self, name: str, features: int, slots: int, step: int) -> Any:
        """Function (objects, work, table, target, row): copy the real slots of a jet to lanes at `target`.

        Their number goes to the place after `row` of the table. A lane of zeros follows, for the empty slots.
        """
        code = self.code(f"copy_{name}", FLOATS, FLOATS, INTEGERS, COUNT, COUNT)
        objects, work, table, target, row = code.arguments
        order = table.at(self.order)
        count = write_real(code, objects, work.at(self.places.seen), order, (features, slots))
        table[row + 1] = count
        last = order[(count - 1).smaller(slots)]
        in_front = last.compared("==", count - 1)
        in_place, elsewhere = code.choice(in_front, count, 0), code.choice(in_front, 0, count)
        with code.loop(features) as feature:
            given, lanes = objects.at(feature * slots), work.at(target + feature * step)
            with code.loop(code.vectors((count + 1).smaller(slots))) as vector:
                begin = vector * self.unit.width
                mask = code.first_lanes(in_place - begin)
                lanes.at(begin).set_vector(given.at(begin).masked(mask))
            with code.loop(elsewhere) as lane:
                lanes.at(lane).set_number(given.at(order[lane]).number())
        return code.done()


def write_real(code: Code, objects: Floats, seen: Floats, order: Integers, shape: tuple[int, int]) -> Number:
    """Write the slots of a jet (features, slots) that are not empty to `order`; return their number.

    -0.0 is empty, too. `seen` is room for a row of slots in whole vectors.
    """
    features, slots = shape
    build, width = code.builder, code.unit.width
    bits = ir.VectorType(ir.IntType(32), width)
    found = code.accumulators(-(-slots // width))
    for vector in found:
        build.store(code.zero, vector)
    with code.loop(features) as feature:
        for number, vector in enumerate(found):
            mask = code.first_lanes(slots - number * width)
            value = objects.at(feature * slots + number * width).masked(mask)
            both = build.or_(build.bitcast(value, bits), build.bitcast(build.load(vector), bits))
            build.store(build.bitcast(both, code.vector_type), vector)
    for number, vector in enumerate(found):
        seen.at(number * width).set_vector(build.load(vector))
    count = code.variable()
    count.set(0)
    with code.loop(slots) as slot:
        order[count.get()] = slot
        count.set(count.get() + seen.at(slot).is_not_zero())
    return count.get()
