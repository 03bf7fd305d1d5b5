# SPDX-License-Identifier: MIT
"""A pickle machine of our own that builds only plain values and descriptions of tensors.

It reads the instructions of protocols 0 to 5 but has no way to import or call anything: a name gives the
stand-in in `allowlist`, or ends the reading with UnsafePickle. What a pickle can make is bounded by the
number of its instructions: none makes something larger than its own bytes, and what a call may copy is
counted. Source of the instructions: ``pickletools`` of Python 3.11.
"""

import codecs
import mmap
import struct
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from fairreg.errors import ModelError
from fairreg.runners.weights.torch_format.allowlist import rebuilt
from fairreg.runners.weights.torch_format.descriptions import Lazy, Opaque, Storage
from fairreg.runners.weights.torch_format.machine import Machine
from fairreg.runners.weights.torch_format.strided import UnsetTensor

__all__ = ["Lazy", "Loaded", "Opaque", "Storage", "load"]

_MAX_INSTRUCTIONS = 10_000_000  # a tensor needs about 30
_STOP = ord(".")

# Exceptions of the machine for invalid bytes; RecursionError is not: nothing here recurses.
_CORRUPT = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, struct.error, EOFError)


class Loaded(NamedTuple):
    """The `value` of one pickle, the position behind it, and every storage that it refers to, by key."""

    value: Any
    end: int
    storages: Mapping[str, Storage]


def load(content: bytes | mmap.mmap, start: int, source: str) -> Loaded:
    """Load the pickle at `start` of `content`.

    The value consists of dicts, lists, tuples, sets, plain values, `Lazy` tensors and `Opaque` placeholders.
    `source` names the file in messages. Raises UnsafePickle for a name that is not known to be harmless, and
    ModelError with a clause that describes the fault.
    """
    machine = Machine(content, start, source)
    try:
        _run(machine)
        value = machine.stack.pop()
    except _CORRUPT as error:
        raise ModelError("its pickle is damaged or truncated") from error
    return Loaded(value, machine.at, machine.storages)


def _run(machine: Machine) -> None:
    for _ in range(_MAX_INSTRUCTIONS):
        code = machine.content[machine.at]
        machine.at += 1
        if code == _STOP:
            return
        if code not in _INSTRUCTIONS:
            raise ModelError(
                f"its pickle has the byte {code:#04x} as an instruction, which no protocol up to 5 has"
            )
        _INSTRUCTIONS[code](machine)
    raise ModelError(f"its pickle has more than {_MAX_INSTRUCTIONS} instructions")


_Instruction = Callable[[Machine], None]
_BYTE, _SHORT, _WORD, _LONG = (struct.Struct(layout) for layout in ("<B", "<H", "<I", "<Q"))
_SIGNED, _FLOAT = struct.Struct("<i"), struct.Struct(">d")


def _push(value: object) -> _Instruction:
    return lambda m: m.stack.append(value)


def _container(kind: Callable[[], Any]) -> _Instruction:
    return lambda m: m.container(kind())


def _number(layout: struct.Struct) -> _Instruction:
    return lambda m: m.stack.append(m.number(layout))


def _bytes(layout: struct.Struct) -> _Instruction:
    return lambda m: m.stack.append(m.counted(layout))


def _text(layout: struct.Struct) -> _Instruction:
    return lambda m: m.stack.append(m.counted(layout).decode("utf-8", "surrogatepass"))


def _old_text(layout: struct.Struct) -> _Instruction:
    return lambda m: m.stack.append(_of_python_2(m.counted(layout)))


def _of_python_2(content: bytes) -> str | bytes:
    """Text, or the bytes that are none: Python 2 has one type for both, as in its numpy scalars."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content


def _wide(layout: struct.Struct) -> _Instruction:
    return lambda m: m.stack.append(int.from_bytes(m.counted(layout), "little", signed=True))


def _remember(layout: struct.Struct) -> _Instruction:
    def instruction(m: Machine) -> None:
        m.memo[m.number(layout)] = m.stack[-1]

    return instruction


def _recall(layout: struct.Struct) -> _Instruction:
    return lambda m: m.stack.append(m.memo[m.number(layout)])


def _extension(layout: struct.Struct) -> _Instruction:
    def instruction(m: Machine) -> None:
        code = m.number(layout)
        raise m.unsafe(f"names entry {code} of Python's extension registry, which can be any function")

    return instruction


def _tuple_of(count: int) -> _Instruction:
    def instruction(m: Machine) -> None:
        if len(m.stack) < count:
            raise EOFError
        values = tuple(m.stack[-count:])
        del m.stack[-count:]
        m.container(values)

    return instruction


def _tuple(m: Machine) -> None:
    values = m.above_mark()
    m.container(tuple(values))


def _decimal(m: Machine) -> None:
    text = m.line()
    m.stack.append({"00": False, "01": True}[text] if text in ("00", "01") else int(text))


def _quoted(m: Machine) -> None:
    text = m.line()
    if len(text) < 2 or text[0] != text[-1] or text[0] not in "'\"":  # noqa: PLR2004 - two quotes
        raise ValueError(text)
    m.stack.append(_of_python_2(codecs.escape_decode(text[1:-1].encode())[0]))


def _remember_always(m: Machine) -> None:
    m.memo[len(m.memo)] = m.stack[-1]


def _remember_line(m: Machine) -> None:
    m.memo[int(m.line())] = m.stack[-1]


def _duplicate(m: Machine) -> None:
    m.stack.append(m.stack[-1])


def _discard(m: Machine) -> None:
    if m.stack:
        m.stack.pop()
    else:
        m.above_mark()


def _list(m: Machine) -> None:
    values = m.above_mark()
    m.container(values)


def _dict(m: Machine) -> None:
    values = m.above_mark()
    m.container({})
    _set_items(m, values)


def _frozen_set(m: Machine) -> None:
    values = m.above_mark()
    m.container(frozenset(map(m.keys.checked, values)))


def _append(m: Machine, values: list[Any]) -> None:
    if type(m.stack[-1]) is list:
        m.stack[-1].extend(values)
    elif type(m.stack[-1]) is not Opaque:
        raise ModelError("its pickle appends to something that is not a list")


def _set_items(m: Machine, values: list[Any]) -> None:
    target = m.stack[-1]
    if len(values) % 2 or type(target) not in (dict, Opaque):
        raise ModelError("its pickle sets items of something that is not a dictionary")
    if type(target) is dict:
        for key, value in zip(values[::2], values[1::2], strict=True):
            target[key if type(key) is str else m.keys.checked(key)] = value


def _set_item(m: Machine) -> None:
    value, key = m.stack.pop(), m.stack.pop()
    _set_items(m, [key, value])


def _add_items(m: Machine) -> None:
    values = m.above_mark()
    if type(m.stack[-1]) is set:
        m.stack[-1].update(map(m.keys.checked, values))
    elif type(m.stack[-1]) is not Opaque:
        raise ModelError("its pickle adds to something that is not a set")


def _global(m: Machine) -> None:
    module, name = m.line(), m.line()
    m.stack.append(m.name(module, name))


def _stack_global(m: Machine) -> None:
    name, module = m.stack.pop(), m.stack.pop()
    m.stack.append(m.name(module, name))


def _reduce(m: Machine) -> None:
    arguments = m.stack.pop()
    m.call(m.stack.pop(), arguments)


def _reduce_more(m: Machine) -> None:
    more, arguments = m.stack.pop(), m.stack.pop()
    m.call(m.stack.pop(), arguments, more)


def _instance(m: Machine) -> None:
    module, name = m.line(), m.line()
    m.call(m.name(module, name), tuple(m.above_mark()))


def _object(m: Machine) -> None:
    function, *arguments = m.above_mark()
    m.call(function, tuple(arguments))


def _build(m: Machine) -> None:
    """Drop the state of dicts (such as ``_metadata``), tensors and placeholders; old tensors get values."""
    state, target = m.stack.pop(), m.stack[-1]
    if type(target) is UnsetTensor:
        target.become(rebuilt(*state))
    elif type(target) is not Opaque and not isinstance(target, (dict, Lazy)):
        raise ModelError("its pickle changes the state of a value that has none")


def _buffer(_: Machine) -> None:
    raise ModelError("its pickle keeps bytes outside the file")


_INSTRUCTIONS: Mapping[int, _Instruction] = {
    ord(code): instruction
    for code, instruction in {
        "\x80": lambda m: m.number(_BYTE),
        "\x95": lambda m: m.number(_LONG),
        "N": _push(None),
        "\x88": _push(value=True),
        "\x89": _push(value=False),
        "I": _decimal,
        "L": lambda m: m.stack.append(int(m.line().removesuffix("L"))),
        "F": lambda m: m.stack.append(float(m.line())),
        "J": _number(_SIGNED),
        "K": _number(_BYTE),
        "M": _number(_SHORT),
        "G": _number(_FLOAT),
        "\x8a": _wide(_BYTE),
        "\x8b": _wide(_SIGNED),
        "S": _quoted,
        "U": _old_text(_BYTE),
        "T": _old_text(_SIGNED),
        "V": lambda m: m.stack.append(m.raw_line().decode("raw-unicode-escape")),
        "X": _text(_WORD),
        "\x8c": _text(_BYTE),
        "\x8d": _text(_LONG),
        "B": _bytes(_WORD),
        "C": _bytes(_BYTE),
        "\x8e": _bytes(_LONG),
        "\x96": _bytes(_LONG),
        "(": Machine.mark,
        "0": _discard,
        "1": lambda m: m.above_mark().clear(),
        "2": _duplicate,
        ")": _push(()),
        "t": _tuple,
        "\x85": _tuple_of(1),
        "\x86": _tuple_of(2),
        "\x87": _tuple_of(3),
        "]": _container(list),
        "l": _list,
        "a": lambda m: _append(m, [m.stack.pop()]),
        "e": lambda m: _append(m, m.above_mark()),
        "}": _container(dict),
        "d": _dict,
        "s": _set_item,
        "u": lambda m: _set_items(m, m.above_mark()),
        "\x8f": _container(set),
        "\x90": _add_items,
        "\x91": _frozen_set,
        "q": _remember(_BYTE),
        "r": _remember(_WORD),
        "p": _remember_line,
        "\x94": _remember_always,
        "h": _recall(_BYTE),
        "j": _recall(_WORD),
        "g": lambda m: m.stack.append(m.memo[int(m.line())]),
        "c": _global,
        "\x93": _stack_global,
        "R": _reduce,
        "\x81": _reduce,
        "\x92": _reduce_more,
        "i": _instance,
        "o": _object,
        "b": _build,
        "\x82": _extension(_BYTE),
        "\x83": _extension(_SHORT),
        "\x84": _extension(_SIGNED),
        "P": lambda m: m.refer(m.line()),
        "Q": lambda m: m.refer(m.stack.pop()),
        "\x97": _buffer,
        "\x98": _buffer,
    }.items()
}
