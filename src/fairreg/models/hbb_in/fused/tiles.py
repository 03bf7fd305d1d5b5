# SPDX-License-Identifier: MIT
"""Tiles: as many lanes as registers hold for a block of outputs; a tile goes through all layers of a pair."""

from typing import Any, NamedTuple

from llvmlite import ir

from fairreg.models.hbb_in.fused.code import COUNT, FLOATS, INTEGERS, Code, Floats
from fairreg.models.hbb_in.fused.functions import COLUMNS, Functions
from fairreg.models.hbb_in.fused.plan import BlockedLayer

__all__ = ["Tiles"]


class _Shape(NamedTuple):
    """Inputs and outputs of a block, the steps between the rows of both."""

    inputs: int
    width: int
    step: int
    target_step: int


class Tiles(Functions):
    """Functions that fill a tile with pairs and take tiles through layers."""

    def layer(self, layer: BlockedLayer, step: int, target_step: int, *, linear: bool = False) -> Any:
        """Function (weights, source, target) of a tile: rows `target` = relu(b + w `source`)."""
        kind = "linear" if linear else "relu"
        name = f"layer_{layer.inputs}_{layer.outputs}_{step}_{target_step}_{kind}"
        if name in self.module.globals:
            return self.module.globals[name]
        code = self.code(name, FLOATS, FLOATS, FLOATS)
        weights, given, target = code.arguments
        for width, count in layer.blocks():
            size = (layer.inputs + 1) * width
            with code.loop(count) as number:
                place = target.at(number * (width * target_step))
                shape = _Shape(layer.inputs, width, step, target_step)
                for row, found in enumerate(self._sums(code, weights.at(number * size), given, shape)):
                    self._write(code, found, place.at(row * target_step), linear=linear)
            weights, target = weights.at(count * size), target.at(count * width * target_step)
        return code.done()

    def _sums(self, code: Code, weights: Floats, given: Floats, shape: _Shape) -> list[list[Any]]:
        """Biases and products of a block; the sums stay in registers over all inputs."""
        build, vectors = code.builder, range(self.unit.vectors)
        sums = [code.accumulators(self.unit.vectors) for _ in range(shape.width)]
        for output, row in enumerate(sums):
            bias = code.spread(weights.at(output).number())
            for place in row:
                build.store(bias, place)
        with code.loop(shape.inputs) as unit:
            row_of_inputs, column = given.at(unit * shape.step), weights.at(unit * shape.width + shape.width)
            values = [row_of_inputs.at(vector * self.unit.width).vector() for vector in vectors]
            for output, row in enumerate(sums):
                weight = code.spread(column.at(output).number())
                for value, place in zip(values, row, strict=True):
                    build.store(code.multiply_add(weight, value, build.load(place)), place)
        return sums

    def _write(self, code: Code, sums: list[Any], row: Floats, *, linear: bool) -> None:
        for vector, place in enumerate(sums):
            found = code.builder.load(place)
            target = row.at(vector * self.unit.width)
            target.set_vector(found if linear else code.rectified(found))

    def of_group(self, layer: BlockedLayer, step: int) -> Any:
        """Function (weights, source, target, lanes): a layer without ReLU for all tiles of a group."""
        name = f"group_{layer.inputs}_{layer.outputs}_{step}"
        if name in self.module.globals:
            return self.module.globals[name]
        code = self.code(name, *(FLOATS,) * 3, COUNT)
        weights, given, target, lanes = code.arguments
        function = self.layer(layer, step, step, linear=True)
        with code.loop(self.tiles(lanes)) as tile:
            lane = tile * self.unit.lanes
            code.call(function, weights, given.at(lane), target.at(lane))
        return code.done()

    def flush(self, name: str, layers: tuple[BlockedLayer, ...]) -> Any:
        """Function (weights, work, table): take the tile through the layers, add its messages, empty it."""
        plan, places, step = self.plan, self.places, self.plan.tile_step
        code = self.code(f"flush_{name}", FLOATS, FLOATS, INTEGERS)
        weights, work, table = code.arguments
        first, second, third = (work.at(place) for place in (places.first, places.second, places.third))
        code.call(self.layer(layers[2], step, step), weights.at(layers[2].at), first, second)
        code.call(self.layer(layers[3], step, step), weights.at(layers[3].at), second, third)
        with code.loop(table[self.state + 1]) as number:
            begin, lanes, target, weight = (table[number * COLUMNS + column] for column in range(COLUMNS))
            factor = code.spread(code.builder.sitofp(weight.value, ir.FloatType()))
            with code.loop(code.vectors(lanes)) as vector:
                lane = vector * self.unit.width
                inside = code.first_lanes(lanes - lane)
                messages, sums = third.at(begin + lane), work.at(target + lane)
                with code.loop(layers[3].outputs) as output:
                    total = sums.at(output * plan.step)
                    before = total.vector()
                    after = code.multiply_add(factor, messages.at(output * step).vector(), before)
                    total.set_vector(code.builder.select(inside, after, before))
        table[self.state] = table[self.state + 1] = 0
        return code.done()

    def push(self, name: str, units: int, flush: Any, a: tuple[int, int], b: tuple[int, int]) -> Any:
        """Function (weights, work, table, lanes, a, b, target, weight): add a row of pairs to the tile.

        `a` and `b` are the parts of its first layer; they have the steps between rows, and 1, or 0 where one
        vector serves all lanes. The messages go to `target`, times `weight`.
        """
        code = self.code(f"push_{name}", FLOATS, FLOATS, INTEGERS, *(COUNT,) * 5)
        weights, work, table, lanes, first, second, target, weight = code.arguments
        done, width, tile_step = code.variable(), self.unit.width, self.plan.tile_step
        with code.loop_while((done, "<", lanes)):
            begin, number = table[self.state], table[self.state + 1]
            count = (lanes - done.get()).smaller(self.unit.lanes - begin)
            with code.loop(code.vectors(count)) as vector:
                lane = vector * width
                firsts, seconds = (
                    work.at(place + (done.get() + lane) * moves)
                    for place, (_, moves) in ((first, a), (second, b))
                )
                pairs = work.at(begin + lane + self.places.first)
                with code.loop(units) as unit:
                    total = code.builder.fadd(
                        firsts.at(unit * a[0]).vector(), seconds.at(unit * b[0]).vector()
                    )
                    pairs.at(unit * tile_step).set_vector(code.rectified(total))
            for column, value in enumerate((begin, count, target + done.get(), weight)):
                table[number * COLUMNS + column] = value
            table[self.state], table[self.state + 1] = begin + count, number + 1
            done.set(done.get() + count)
            with code.when((begin + count).compared("==", self.unit.lanes)):
                code.call(flush, weights, work, table)
        return code.done()
