# SPDX-License-Identifier: MIT
"""The interaction network from jets to logits, written in the language of LLVM for a `Plan`.

Pairs are the lanes of the vector unit. Those of a jet are taken diagonal by diagonal, track r with track
(r + d) mod c of its c real tracks for d = 1 to c - 1: each diagonal is a row of c receivers beside c senders,
without the pair of a track with itself. Rows of several jets fill a tile one after another; a full tile goes
through the layers within the first-level cache, and the messages are added to the sums of their receivers.
Every sum has the same order wherever its lanes lie, so that results depend neither on the batch nor on the
number of threads. Empty slots are equal: one lane stands for all of a jet (see `network`).

Whole vectors are written, also where fewer lanes are meant: those behind are written again by the next jet or
row, or belong to no one.
"""

from typing import Any

from llvmlite import ir

from fairreg.models.hbb_in.fused.code import COUNT, FLOATS, INTEGERS, Code, Floats, Integers, Number
from fairreg.models.hbb_in.fused.functions import LANE, TRACKS, VERTEX_LANE, VERTICES
from fairreg.models.hbb_in.fused.gathering import Gathering
from fairreg.models.hbb_in.fused.plan import Plan
from fairreg.models.hbb_in.fused.tiles import Tiles

__all__ = ["NAME", "source"]

NAME = "fairreg_hbb_logits"


def source(plan: Plan) -> str:
    """LLVM code of `NAME`(tracks, vertices, weights, work, logits, first, last).

    It writes logits (N, 2) of the jets `first` to before `last` of tracks (N, features, 60) and vertices (N,
    features, 5), in C order, with the weights and a `workspace` of `planned`.
    """
    kernel = _Kernel(plan)
    kernel.main()
    return str(kernel.module)


class _Kernel(Gathering, Tiles):
    def main(self) -> None:
        code = self.code(NAME, *(FLOATS,) * 5, COUNT, COUNT, public=True)
        tracks, vertices, weights, work, logits, first, last = code.arguments
        gather, pairs, decide = self.gather(), self.pairs_of_tracks(), self.decide()
        of_vertices = self.pairs_with_vertices() if self.plan.vertices else None
        objects = self.through_objects()
        table, jet = code.table(self.table_size), code.variable(first)
        with code.loop_while((jet, "<", last)):
            code.call(gather, tracks, vertices, work, table, jet.get(), last)
            count, lanes = table[self.found], table[self.found + 1]
            code.call(pairs, weights, work, table, count, lanes)
            if of_vertices:
                code.call(of_vertices, weights, work, table, count, lanes, table[self.found + 2])
            code.call(objects, weights, work, lanes)
            with code.loop(count) as number:
                lane, real = self.jet(table, number, LANE), self.jet(table, number, TRACKS)
                code.call(decide, weights, work, logits.at((jet.get() + number) * 2), lane, real)
            jet.set(jet.get() + count)
        code.done()

    # Pairs

    def clear(self, code: Code, target: Floats, rows: int, lanes: Number) -> None:
        with code.loop(rows) as row, code.loop(code.vectors(lanes)) as vector:
            target.at(row * self.plan.step + vector * self.unit.width).set_vector(code.zero)

    def pairs_of_tracks(self) -> Any:
        """Function (weights, work, table, count, lanes): sum the messages between the tracks of each jet."""
        plan, places, layers, step = self.plan, self.places, self.plan.tracks, self.plan.step
        units, messages = layers[0].outputs, layers[3].outputs
        code = self.code("pairs_of_tracks", FLOATS, FLOATS, INTEGERS, COUNT, COUNT)
        weights, work, table, count, lanes = code.arguments
        flush = self.flush("tracks", layers)
        pairs = self.push("tracks", units, flush, (plan.jet_step, 1), (plan.double_step, 1))
        from_empty = self.push("from_empty", units, flush, (plan.jet_step, 1), (0, 0))
        to_empty = self.push("to_empty", units, flush, (self.unit.width, 0), (step, 1))
        objects = work.at(places.objects)
        for layer, place in zip(layers[:2], (places.receivers, places.senders), strict=True):
            code.call(self.of_group(layer, step), weights.at(layer.at), objects, work.at(place), lanes)
        sums = places.objects + plan.sizes.track_features * step
        self.clear(code, work.at(sums), messages, lanes)
        self.clear(code, work.at(places.to_empty), messages, lanes)
        table[self.state] = table[self.state + 1] = 0
        with code.loop(count) as number:
            lane, real = self.jet(table, number, LANE), self.jet(table, number, TRACKS)
            self._lay_out(code, work, lane, real)
            target = lane + sums
            with code.loop(real - 1) as distance:
                senders = distance + (places.twice + 1)
                code.call(pairs, weights, work, table, real, places.one_jet, senders, target, 1)
            with code.when(real.compared("<", self.slots)):
                empty = self.slots - real
                code.call(from_empty, weights, work, table, real, places.one_jet, places.zeros, target, empty)
                senders, target = lane + places.senders, lane + places.to_empty
                code.call(to_empty, weights, work, table, real, places.empty_receiver, senders, target, 1)
        code.call(flush, weights, work, table)
        with code.loop(count) as number:
            self._receive_empty(code, weights, work, table, number)
        return code.done()

    def _lay_out(self, code: Code, work: Floats, lane: Number, real: Number) -> None:
        """Copy the receivers of a jet to a cache line, and its senders twice in a row."""
        places, step, vectors = self.places, self.plan.step, code.vectors(real)
        with code.loop(self.plan.tracks[0].outputs) as unit:
            row = work.at(lane + unit * step)
            receivers, senders = row.at(places.receivers), row.at(places.senders)
            one = work.at(unit * self.plan.jet_step + places.one_jet)
            twice = work.at(unit * self.plan.double_step + places.twice)
            for given, target in ((receivers, one), (senders, twice), (senders, twice.at(real))):
                with code.loop(vectors) as vector:
                    at = vector * self.unit.width
                    target.at(at).set_vector(given.at(at).vector())

    def _receive_empty(
        self, code: Code, weights: Floats, work: Floats, table: Integers, number: Number
    ) -> None:
        """Sum the messages to the empty slots of a jet: from its tracks and its other empty slots."""
        build, step = code.builder, self.plan.step
        lane, real = self.jet(table, number, LANE), self.jet(table, number, TRACKS)
        sums = work.at(self.places.objects + self.plan.sizes.track_features * step)
        with code.when(real.compared("<", self.slots)):
            others = build.sitofp((self.slots - 1 - real).value, ir.FloatType())
            with code.loop(self.plan.tracks[3].outputs) as message:
                empty = weights.at(message + self.plan.between_empty).number()
                total = self.sum_of(code, work.at(lane + message * step + self.places.to_empty), real)
                place = sums.at(lane + real + message * step)
                place.set_number(build.fadd(total, build.fmul(others, empty)))

    def pairs_with_vertices(self) -> Any:
        """Function (weights, work, table, count, lanes, vertex lanes): sum the messages from vertices."""
        plan, places, layers, step = self.plan, self.places, self.plan.vertices, self.plan.step
        units, messages, width = layers[0].outputs, layers[3].outputs, self.unit.width
        code = self.code("pairs_with_vertices", FLOATS, FLOATS, INTEGERS, *(COUNT,) * 3)
        weights, work, table, count, lanes, vertex_lanes = code.arguments
        flush = self.flush("vertices", layers)
        push = self.push("vertices", units, flush, (step, 1), (width, 0))
        receivers, senders = work.at(places.receivers), work.at(places.vertex_senders)
        of_tracks, of_vertices = self.of_group(layers[0], step), self.of_group(layers[1], plan.vertex_step)
        code.call(of_tracks, weights.at(layers[0].at), work.at(places.objects), receivers, lanes)
        code.call(of_vertices, weights.at(layers[1].at), work.at(places.vertices), senders, vertex_lanes)
        sums = places.objects + (plan.sizes.track_features + plan.tracks[3].outputs) * step
        self.clear(code, work.at(sums), messages, lanes)
        with code.loop(count) as number:
            lane, real = self.jet(table, number, LANE), self.jet(table, number, VERTICES)
            objects = (self.jet(table, number, TRACKS) + 1).smaller(self.slots)
            with code.loop((real + 1).smaller(self.vertex_slots)) as vertex:
                column = senders.at(self.jet(table, number, VERTEX_LANE) + vertex)
                with code.loop(units) as unit:
                    value = column.at(unit * plan.vertex_step).number()
                    work.at(unit * width + places.one_vertex).set_vector(code.spread(value))
                empty = self.vertex_slots - real
                weight = code.choice(vertex.compared("==", real), empty, 1)
                given, target = lane + places.receivers, lane + sums
                code.call(push, weights, work, table, objects, given, places.one_vertex, target, weight)
        code.call(flush, weights, work, table)
        return code.done()

    # Objects and jets

    def through_objects(self) -> Any:
        """Function (weights, work, lanes): take every track with its sums through f_O."""
        places, step, tile_step = self.places, self.plan.step, self.plan.tile_step
        first, second, third = self.plan.objects
        code = self.code("through_objects", FLOATS, FLOATS, COUNT)
        weights, work, lanes = code.arguments
        units, more = work.at(places.second), work.at(places.first)
        with code.loop(self.tiles(lanes)) as tile:
            given, target = (
                work.at(tile * self.unit.lanes + place) for place in (places.objects, places.summands)
            )
            code.call(self.layer(first, step, tile_step), weights.at(first.at), given, units)
            code.call(self.layer(second, tile_step, tile_step), weights.at(second.at), units, more)
            code.call(self.layer(third, tile_step, step), weights.at(third.at), more, target)
        return code.done()

    def decide(self) -> Any:
        """Function (weights, work, logits, lane, real): sum the tracks of a jet and write its logits."""
        code = self.code("decide", FLOATS, FLOATS, FLOATS, COUNT, COUNT)
        weights, work, logits, lane, real = code.arguments
        build, inputs, number = code.builder, self.plan.objects[2].outputs, ir.FloatType()
        empty = build.sitofp((self.slots - real).value, number)
        some = real.compared("<", self.slots)
        last = weights.at(self.plan.last)
        for output in range(2):
            logits.at(output).set_number(last.at(2 * inputs + output).number())
        with code.loop(inputs) as summand:
            row = work.at(lane + summand * self.plan.step + self.places.summands)
            of_empty = build.select(some, build.fmul(empty, row.at(real).number()), ir.Constant(number, 0.0))
            total = build.fadd(self.sum_of(code, row, real), of_empty)
            for output in range(2):
                product = build.fmul(last.at(summand + output * inputs).number(), total)
                place = logits.at(output)
                place.set_number(build.fadd(place.number(), product))
        return code.done()
