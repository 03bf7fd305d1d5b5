# SPDX-License-Identifier: MIT
"""Writing of functions in the language of LLVM, with Python's operators, `with` for loops and conditions.

    code = Code(module, "sum", (FLOATS, COUNT))
    data, count = code.arguments
    with code.loop(count) as place: ...

Numbers are 64-bit integers; floats are float32 in memory, read and written as vectors of the width of
`VectorUnit`. Nothing is checked here: who writes a function answers for its places.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from llvmlite import ir

__all__ = ["COUNT", "FLOATS", "INTEGERS", "Code", "Floats", "Integers", "Number", "VectorUnit", "vector_unit"]

_I1, _I32, _I64, _F32 = ir.IntType(1), ir.IntType(32), ir.IntType(64), ir.FloatType()
COUNT, FLOATS, INTEGERS = _I64, _F32.as_pointer(), _I64.as_pointer()


@dataclass(frozen=True)
class VectorUnit:
    """Shape of a tile of sums that fits the registers: `vectors` of `width` lanes for each of `outputs`."""

    width: int
    vectors: int
    outputs: int

    @property
    def lanes(self) -> int:
        """Lanes of a tile."""
        return self.width * self.vectors


def vector_unit(triple: str, features: str) -> VectorUnit:
    """Choose the tile for a target of LLVM: its triple and its features (``+avx2,-avx512f``).

    Beside the sums, registers hold the inputs and a weight: 27 of the 32 of AVX-512 and NEON are taken, 15 of
    the 16 of AVX2 and SSE.
    """
    enabled = set(features.split(","))
    if "+avx512f" in enabled:
        return VectorUnit(width=16, vectors=2, outputs=12)
    if {"+avx2", "+fma"} <= enabled:
        return VectorUnit(width=8, vectors=2, outputs=6)
    return VectorUnit(width=4, vectors=2, outputs=12 if triple.startswith(("aarch64", "arm64")) else 6)


class Number:
    """An integer of the function that is written; `value` is LLVM's."""

    def __init__(self, code: "Code", value: Any) -> None:
        self.code, self.value = code, value

    def __add__(self, other: "Number | int") -> "Number":
        return self._with("add", other)

    def __sub__(self, other: "Number | int") -> "Number":
        return self._with("sub", other)

    def __rsub__(self, other: int) -> "Number":
        return Number(self.code, self.code.integer(other)) - self

    def __mul__(self, other: "Number | int") -> "Number":
        return self._with("mul", other)

    def __floordiv__(self, other: "Number | int") -> "Number":
        return self._with("udiv", other)

    __radd__, __rmul__ = __add__, __mul__

    def compared(self, relation: str, other: "Number | int") -> Any:
        """A condition for `Code.when` and `Code.choice`: ``<``, ``==``."""
        return self.code.builder.icmp_signed(relation, self.value, self.code.integer(other))

    def smaller(self, other: "Number | int") -> "Number":
        """The smaller of two."""
        return self.code.choice(self.compared("<", other), self, other)

    def _with(self, operation: str, other: "Number | int") -> "Number":
        found = getattr(self.code.builder, operation)(self.value, self.code.integer(other))
        return Number(self.code, found)


class Floats:
    """A place in an array of float32."""

    def __init__(self, code: "Code", pointer: Any) -> None:
        self.code, self.pointer = code, pointer

    def at(self, place: Number | int) -> "Floats":
        """The place so many numbers further on."""
        return Floats(self.code, self.code.builder.gep(self.pointer, [self.code.integer(place)]))

    def number(self) -> Any:
        """Read one number."""
        return self.code.builder.load(self.pointer)

    def is_not_zero(self) -> "Number":
        """1 where the number here is not 0.0 or -0.0, whose bits but the sign are 0; else 0."""
        build = self.code.builder
        bits = build.load(build.bitcast(self.pointer, _I32.as_pointer()))
        shifted = build.shl(bits, ir.Constant(_I32, 1))
        return Number(self.code, build.zext(build.icmp_unsigned("!=", shifted, ir.Constant(_I32, 0)), _I64))

    def set_number(self, value: Any) -> None:
        """Write one number."""
        self.code.builder.store(value, self.pointer)

    def vector(self) -> Any:
        """Read a vector; it may begin anywhere."""
        found = self.code.builder.load(self._vector_pointer(self.code.vector_type))
        found.align = 4
        return found

    def set_vector(self, value: Any) -> None:
        """Write a vector of numbers, or of bits."""
        self.code.builder.store(value, self._vector_pointer(value.type)).align = 4

    def masked(self, mask: Any) -> Any:
        """Read the lanes of `mask`, the others are 0: no memory outside them is touched."""
        kind = self.code.vector_type
        function = self.code.intrinsic(
            f"llvm.masked.load.v{kind.count}f32.p0",
            kind,
            [kind.as_pointer(), _I32, ir.VectorType(_I1, kind.count), kind],
        )
        arguments = [self._vector_pointer(kind), ir.Constant(_I32, 4), mask, self.code.zero]
        return self.code.builder.call(function, arguments)

    def _vector_pointer(self, kind: Any) -> Any:
        return self.code.builder.bitcast(self.pointer, kind.as_pointer())


class Integers:
    """An array of integers."""

    def __init__(self, code: "Code", pointer: Any) -> None:
        self.code, self.pointer = code, pointer

    def at(self, place: Number | int) -> "Integers":
        """The place so many numbers further on."""
        return Integers(self.code, self._pointer(place))

    def __getitem__(self, place: Number | int) -> Number:
        return Number(self.code, self.code.builder.load(self._pointer(place)))

    def __setitem__(self, place: Number | int, value: Number | int) -> None:
        self.code.builder.store(self.code.integer(value), self._pointer(place))

    def _pointer(self, place: Number | int) -> Any:
        return self.code.builder.gep(self.pointer, [self.code.integer(place)])


class Code:
    """A function that is being written to `module`; `done` ends it.

    `kinds` are those of its arguments. All pointers among them lead to different memory.
    """

    def __init__(
        self, module: Any, name: str, kinds: Sequence[Any], unit: VectorUnit, *, public: bool = False
    ) -> None:
        self.module, self.unit = module, unit
        self.function = ir.Function(module, ir.FunctionType(ir.VoidType(), kinds), name)
        self.function.attributes.add("noinline")
        if not public:
            self.function.linkage = "internal"
        entry = self.function.append_basic_block("entry")
        self.builder = ir.IRBuilder(self.function.append_basic_block("body"))
        self._stack = ir.IRBuilder(entry)
        self.arguments: Any = tuple(self._wrapped(argument) for argument in self.function.args)
        self.vector_type = ir.VectorType(_F32, unit.width)
        self.zero = ir.Constant(self.vector_type, None)
        self._entry, self._body = entry, self.builder.block

    def done(self) -> Any:
        """End the function and return it."""
        self.builder.ret_void()
        self._stack.branch(self._body)
        return self.function

    def _wrapped(self, argument: Any) -> Any:
        kind: Any = {FLOATS: Floats, INTEGERS: Integers, COUNT: Number}[argument.type]
        return kind(self, argument)

    def integer(self, value: Number | int) -> Any:
        """LLVM's value of an integer."""
        return value.value if isinstance(value, Number) else ir.Constant(_I64, value)

    def number(self, value: int) -> Number:
        """An integer that is known now."""
        return Number(self, self.integer(value))

    def call(self, function: Any, *arguments: Any) -> None:
        """Call a function that was written before."""
        self.builder.call(function, [self._raw(argument) for argument in arguments])

    def _raw(self, argument: Any) -> Any:
        return argument.pointer if isinstance(argument, Floats | Integers) else self.integer(argument)

    def intrinsic(self, name: str, result: Any, kinds: Sequence[Any]) -> Any:
        """An operation of LLVM's own."""
        return self.module.globals.get(name) or ir.Function(self.module, ir.FunctionType(result, kinds), name)

    @contextmanager
    def loop(self, count: Number | int) -> Iterator[Number]:
        """Repeat what is written inside for 0, 1, ... below `count`."""
        before = self.builder.block
        head, inside, after = (self.builder.append_basic_block(name) for name in ("head", "inside", "after"))
        self.builder.branch(head)
        self.builder.position_at_end(head)
        place = self.builder.phi(_I64)
        place.add_incoming(ir.Constant(_I64, 0), before)
        self.builder.cbranch(self.builder.icmp_signed("<", place, self.integer(count)), inside, after)
        self.builder.position_at_end(inside)
        yield Number(self, place)
        place.add_incoming(self.builder.add(place, ir.Constant(_I64, 1)), self.builder.block)
        self.builder.branch(head)
        self.builder.position_at_end(after)

    @contextmanager
    def loop_while(self, *conditions: tuple["Variable", str, Number | int]) -> Iterator[None]:
        """Repeat what is written inside while all `conditions` on variables hold."""
        head, inside, after = (self.builder.append_basic_block(name) for name in ("head", "inside", "after"))
        self.builder.branch(head)
        self.builder.position_at_end(head)
        holds = ir.Constant(_I1, 1)
        for variable, relation, other in conditions:
            holds = self.builder.and_(holds, variable.get().compared(relation, other))
        self.builder.cbranch(holds, inside, after)
        self.builder.position_at_end(inside)
        yield
        self.builder.branch(head)
        self.builder.position_at_end(after)

    @contextmanager
    def when(self, condition: Any) -> Iterator[None]:
        """Do what is written inside where `condition` holds."""
        with self.builder.if_then(condition):
            yield

    def choice(self, condition: Any, first: Number | int, second: Number | int) -> Number:
        """`first` where the condition holds, else `second`."""
        return Number(self, self.builder.select(condition, self.integer(first), self.integer(second)))

    def variable(self, value: Number | int = 0) -> "Variable":
        """An integer that changes."""
        found = Variable(self, self._stack.alloca(_I64))
        found.set(value)
        return found

    def table(self, size: int) -> Integers:
        """Integers on the stack, of any value."""
        kind = ir.ArrayType(_I64, size)
        pointer = self._stack.bitcast(self._stack.alloca(kind), INTEGERS)
        return Integers(self, pointer)

    def floats(self, size: int) -> Floats:
        """Numbers on the stack, of any value."""
        return Floats(self, self._stack.bitcast(self._stack.alloca(ir.ArrayType(_F32, size)), FLOATS))

    def accumulators(self, count: int) -> list[Any]:
        """Vectors that change; those that fit are kept in registers."""
        return [self._stack.alloca(self.vector_type) for _ in range(count)]

    def spread(self, number: Any) -> Any:
        """A vector of one number."""
        return self._spread(number, self.vector_type)

    def _spread(self, number: Any, kind: Any) -> Any:
        empty = ir.Constant(kind, ir.Undefined)
        first = self.builder.insert_element(empty, number, ir.Constant(_I32, 0))
        return self.builder.shuffle_vector(
            first, empty, ir.Constant(ir.VectorType(_I32, kind.count), [0] * kind.count)
        )

    def first_lanes(self, count: Number | int) -> Any:
        """Mask of the first `count` lanes of a vector."""
        kind = ir.VectorType(_I32, self.unit.width)
        limit = self._spread(self.builder.trunc(self.integer(count), _I32), kind)
        return self.builder.icmp_signed("<", ir.Constant(kind, list(range(kind.count))), limit)

    def multiply_add(self, first: Any, second: Any, third: Any) -> Any:
        """first * second + third, rounded once where the processor can."""
        kind = self.vector_type
        function = self.intrinsic(f"llvm.fmuladd.v{kind.count}f32", kind, [kind] * 3)
        return self.builder.call(function, [first, second, third])

    def rectified(self, vector: Any) -> Any:
        """Negative numbers become 0; NaN stays, as in ONNX's Relu."""
        return self.builder.select(self.builder.fcmp_ordered("<", vector, self.zero), self.zero, vector)

    def folded(self, vector: Any) -> Any:
        """The sum of the lanes of a vector, half upon half."""
        width = self.unit.width
        while width > 1:
            width //= 2
            low, high = (
                self.builder.shuffle_vector(
                    vector, vector, ir.Constant(ir.VectorType(_I32, width), list(range(begin, begin + width)))
                )
                for begin in (0, width)
            )
            vector = self.builder.fadd(low, high)
        return self.builder.extract_element(vector, ir.Constant(_I32, 0))

    def vectors(self, lanes: Number) -> Number:
        """Number of vectors that hold so many lanes."""
        return (lanes + (self.unit.width - 1)) // self.unit.width


class Variable:
    """An integer on the stack."""

    def __init__(self, code: Code, pointer: Any) -> None:
        self._code, self._pointer = code, pointer

    def get(self) -> Number:
        """Its value now."""
        return Number(self._code, self._code.builder.load(self._pointer))

    def set(self, value: Number | int) -> None:
        """Give it another value."""
        self._code.builder.store(self._code.integer(value), self._pointer)
