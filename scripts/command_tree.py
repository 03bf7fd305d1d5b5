# SPDX-License-Identifier: MIT
"""The command line as data, for the reference and the manual page: nothing is laid out, nothing is executed.

Everything is read from the parser itself, after its own preparation of the help, so that a command, an option
or an example that is added there is here as well.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import typer

from fairreg.cli.app import INTERRUPTED, command_line

__all__ = ["EXIT_CODES", "PROGRAM", "Command", "Parameter", "tree", "walked"]

PROGRAM = "fairreg"
EXIT_CODES: Mapping[int, str] = MappingProxyType(
    {
        0: "Done.",
        1: "Failed; of many things, at least one failed. The message says why, its hint what to do next.",
        2: "Wrong usage: an option, an argument, an identifier or a setting.",
        3: "Refused for safety: a checksum, an archive, a pickle or an address.",
        4: "A needed service could not be reached, or offline mode is on.",
        5: "Below --min-score, or other metadata or scores than those of a lock file.",
        INTERRUPTED: "Interrupted. What was finished is kept; repeat the command to resume.",
    }
)
_RANGE = re.compile(r"(?:; |^)(?:[-\d.]+<=?)?x(?:[<>]=?[-\d.]+)?$")
_REQUIRED = re.compile(r"(?:; |^)required$")


class Parameter(NamedTuple):
    """An argument or an option.

    `value` is the word for what is given to it, empty for a flag; `choices` are all values that there are,
    empty where they are open; `default` is empty where there is none to tell, and `literal` if it can be
    typed as it stands.
    """

    names: tuple[str, ...]
    value: str
    help: str
    choices: tuple[str, ...]
    default: str
    literal: bool
    limits: str
    required: bool
    repeated: bool


class Command(NamedTuple):
    """A command: its words after the program's name, what it says of itself, and its sub-commands."""

    words: tuple[str, ...]
    group: str
    usage: str
    paragraphs: tuple[str, ...]
    arguments: tuple[Parameter, ...]
    options: tuple[Parameter, ...]
    examples: tuple[str, ...]
    commands: tuple["Command", ...]

    @property
    def name(self) -> str:
        """The words that a user types."""
        return " ".join((PROGRAM, *self.words))


def tree() -> Command:
    """Read the whole command line."""
    return _command(typer.main.get_command(command_line()), (), "", None)


def walked(command: Command) -> Iterator[Command]:
    """Yield a command and all below it, in the order of the help."""
    yield command
    for item in command.commands:
        yield from walked(item)


def _command(item: Any, words: tuple[str, ...], group: str, parent: typer.Context | None) -> Command:
    name = words[-1] if words else PROGRAM
    context = typer.Context(item, info_name=name, parent=parent, **item.context_settings)
    group = str(panel) if isinstance(panel := item.rich_help_panel, str) else group
    before = {parameter.name: parameter.metavar for parameter in item.params}
    item.format_options(context, context.make_formatter())  # some fill in their choices only for the help
    shown = [found for found in item.get_params(context) if not getattr(found, "hidden", False)]
    found = [(each.param_type_name, _parameter(each, before.get(each.name), context)) for each in shown]
    arguments = tuple(parameter for kind, parameter in found if kind == "argument")
    options = tuple(parameter for kind, parameter in found if kind == "option")
    inside = getattr(item, "commands", {}).items()
    return Command(
        words,
        group,
        _usage((PROGRAM, *words), arguments, options, bool(inside)),
        _paragraphs(item.help or ""),
        arguments,
        options,
        _examples(item.epilog or ""),
        tuple(_command(each, (*words, name), group, context) for name, each in inside if not each.hidden),
    )


def _parameter(item: Any, metavar: str | None, context: Any) -> Parameter:
    choices = _choices(item)
    default, literal = _default(item, context)
    named = metavar if metavar and not metavar.startswith("<") else ""
    value = named or (f"<{'|'.join(choices)}>" if choices else "")
    is_argument = item.param_type_name == "argument"
    # The parser keeps those of the help as a set, so their order is ours: the long one first.
    names = sorted(item.opts, key=lambda name: (not name.startswith("--"), name))
    return Parameter(
        names=() if is_argument else (*names, *item.secondary_opts),
        value=value or ("" if getattr(item, "is_flag", False) else item.make_metavar(context)),
        help=" ".join((item.help or "").split()),
        choices=choices,
        default=default,
        literal=literal,
        limits=_limits(item.type),
        required=item.required,
        repeated=bool(getattr(item, "multiple", False)),
    )


def _choices(item: Any) -> tuple[str, ...]:
    """Return the closed choices: those of the type, or those that a metavariable such as <a|b> lists."""
    if stated := getattr(item.type, "choices", None):
        return tuple(str(getattr(choice, "value", choice)) for choice in stated)
    listed = re.fullmatch(r"<(.+)>", item.metavar or "")
    return tuple(listed[1].split("|")) if listed else ()


def _default(item: Any, context: Any) -> tuple[str, bool]:
    """Return what the help says of the default, and if it is a value that can be typed."""
    record = item.get_help_record(context)
    extra = record[1].removeprefix(item.help or "").strip() if record else ""
    extra = _RANGE.sub("", _REQUIRED.sub("", extra.removeprefix("[").removesuffix("]")))
    default = extra.partition("default: ")[2]
    if isinstance(item.show_default, str):
        told = default.removeprefix("(").removesuffix(")")
        return told, told in _choices(item)
    if default and item.secondary_opts:
        return f"--{default}", True
    return default, True


def _limits(kind: Any) -> str:
    """Say within which limits a number lies."""
    least, most = getattr(kind, "min", None), getattr(kind, "max", None)
    if least is None:
        return "" if most is None else f"at most {_number(most)}"
    return f"at least {_number(least)}" if most is None else f"{_number(least)} to {_number(most)}"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


def _usage(
    words: tuple[str, ...], arguments: tuple[Parameter, ...], options: tuple[Parameter, ...], group: bool
) -> str:
    needed = [f"{item.names[0]} {item.value}" for item in options if item.required]
    given = [
        item.value if item.required or item.value.startswith("[") else f"[{item.value}]" for item in arguments
    ]
    return " ".join((*words, *needed, "[OPTIONS]", *given, *(("COMMAND",) if group else ())))


def _paragraphs(text: str) -> tuple[str, ...]:
    """Return the paragraphs of a help text, each in one line."""
    return tuple(" ".join(part.split()) for part in text.partition("\f")[0].split("\n\n") if part.strip())


def _examples(text: str) -> tuple[str, ...]:
    """Return the command lines behind "Example:", one a line."""
    found = re.fullmatch(r"\s*Examples?:(.*)", text.replace("\b", ""), re.DOTALL)
    return tuple(line.strip() for line in found[1].splitlines() if line.strip()) if found else ()
