# SPDX-License-Identifier: MIT
"""Options and arguments that several commands share, and their question for a confirmation."""

import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from fairreg.errors import FairregError

if TYPE_CHECKING:
    from fairreg.registry import Registry
    from fairreg.settings import Settings

__all__ = [
    "DEVICES",
    "RUNTIMES",
    "SOURCES",
    "TIME",
    "BrokenOff",
    "Choices",
    "CommandGroup",
    "CommandList",
    "Commands",
    "DeviceName",
    "FileOfRecord",
    "InputFile",
    "Json",
    "Limit",
    "ListingCommand",
    "Pid",
    "Scheduler",
    "Verbose",
    "a_number",
    "a_score",
    "a_time",
    "confirmed",
    "is_plain",
    "one_form",
    "propose_identifiers",
    "proposed",
    "ready",
    "settings",
]


class CommandGroup(StrEnum):
    """Groups of commands in the help, in its order; a command names its own as its `rich_help_panel`."""

    FIND = "Find"
    GET = "Get and run"
    JUDGE = "Judge"
    KEEP = "Keep a registry"
    PUBLISH = "Publish and serve"
    HBB = "The Hbb network"


_Function = TypeVar("_Function", bound=Callable[..., Any])
# Letters of a sentence in the help: click would cut a long one.
_LONGEST_SENTENCE = 1000


class CommandList(TyperGroup):
    """Commands that the help lists in their groups, each with its first sentence whole."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write a section for each group that has commands."""
        groups: dict[str, list[tuple[str, str]]] = {group: [] for group in CommandGroup}
        for name in self.list_commands(ctx):
            command: Any = self.get_command(ctx, name)
            panel = command.rich_help_panel
            group = str(panel) if isinstance(panel, str) else "Commands"
            groups.setdefault(group, []).append((name, command.get_short_help_str(_LONGEST_SENTENCE)))
        for group, listed in groups.items():
            if listed:
                with formatter.section(group):
                    formatter.write_dl(listed)


@dataclass(frozen=True)
class Choices:
    """The values of an option, named only where somebody asks: in its help, and on completion.

    `names` finds those of plugins, which is slow. `form` is what the option takes as well, in a word of its
    help. Unless they are `closed`, values are read as they are: the service that takes them refuses others,
    with the list. Used as the `parser` and, by `complete`, as the `autocompletion` of an option.
    """

    names: Callable[[], Iterable[str]]
    form: str = ""
    closed: bool = False

    def __call__(self, text: str) -> str:
        """Return a value as it was typed; BadParameter for another one of `closed` choices."""
        if self.closed and text not in self.names():
            raise typer.BadParameter(f"{text!r} is not one of {', '.join(self.names())}.")
        return text

    @property
    def __name__(self) -> str:
        """Name of the type, which typer asks for."""
        return "choice"

    @property
    def metavar(self) -> str:
        """The values as they stand in the help."""
        return f"<{'|'.join(self._listed)}>"

    @property
    def sentence(self) -> str:
        """The values as a sentence, which can be wrapped."""
        return f"Choices: {', '.join(self._listed)}."

    @property
    def _listed(self) -> tuple[str, ...]:
        return (*self.names(), *([self.form] if self.form else []))

    def complete(self, incomplete: str) -> list[str]:
        """Return the values that begin with a text."""
        return [name for name in self.names() if name.startswith(incomplete)]


class _Form:
    """Form of the output of the command that runs."""

    plain = False


def is_plain() -> bool:
    """Tell whether --plain was given: no styles, no bars, one line per row, and none cut or wrapped."""
    return _Form.plain


def _be_plain(_context: Any, _param: Any, value: bool) -> None:
    from fairreg.cli.output import _log_console, console

    if value != _Form.plain:
        _Form.plain = value
        console.cache_clear()  # they are made in the new form where they are used
        _log_console.cache_clear()


def _plain_option() -> TyperOption:
    return TyperOption(
        param_decls=["--plain"],
        is_flag=True,
        default=False,
        expose_value=False,
        is_eager=True,
        callback=_be_plain,
        help="Print for grep and screen readers: no colour, whole lines, tabs between columns.",
    )


class ListingCommand(TyperCommand):
    """Command whose help lists the choices of its options; those of arguments stand behind their help.

    One that prints results takes --plain: in the command and not before it, because it is added to a line
    that was typed already.
    """

    def __init__(self, *given: Any, params: Sequence[Any] | None = None, **settings: Any) -> None:
        listed = list(params or ())
        if any("--json" in param.opts for param in listed):
            listed.append(_plain_option())
        super().__init__(*given, params=listed, **settings)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options, with the choices found now."""
        param: Any
        for param in self.params:
            parser = getattr(param.type, "func", None)
            if isinstance(parser, Choices) and param.param_type_name == "option":
                param.metavar = parser.metavar
            elif isinstance(parser, Choices) and parser.sentence not in param.help:
                param.help = f"{param.help} {parser.sentence}"
        super().format_options(ctx, formatter)


class Commands(typer.Typer):
    """Typer whose commands are of the class `ListingCommand`."""

    def command(
        self, name: str | None = None, *, cls: type[TyperCommand] | None = None, **settings: Any
    ) -> "Callable[[_Function], _Function]":
        """Add a command."""
        return super().command(name, cls=cls or ListingCommand, **settings)


def _sources() -> Iterable[str]:
    from fairreg import plugins

    return plugins.names("fairreg.harvesters")  # without importing them, unlike `harvesters.names`


def _runtimes() -> Iterable[str]:
    from fairreg import plugins

    return plugins.names("fairreg.runners", skip=plugins.NOT_RUNNERS)  # as `runners.names`


SOURCES = Choices(_sources)
RUNTIMES = Choices(_runtimes)
DEVICES = Choices(lambda: ("cpu", "cuda"), form="cuda:N")


def a_number(value: float | None) -> float | None:
    """Return the value of an option; BadParameter for NaN, which lies within any limits."""
    if value is not None and math.isnan(value):
        raise typer.BadParameter("nan is not a number.")
    return value


def a_score(value: float | None) -> float | None:
    """Return a score of 0 to 1; BadParameter for any other, which names what a percentage is written as."""
    if a_number(value) is None or value is None or 0 <= value <= 1:
        return value
    percentage = f"; write {value / 100:g} for {value:g} %" if 1 < value <= 100 else ""  # noqa: PLR2004
    raise typer.BadParameter(f"{value:g} is not in the range 0 to 1{percentage}.")


# Words of a help for what `a_time` reads.
TIME = "day or UTC time (2026-11-30, 2026-11-30T12:00:00Z)"


def a_time(text: str) -> str:
    """Return a day or a time in UTC as the beginning of the times in it. Raises UsageError."""
    from fairreg.schemas.timestamps import beginning_of

    return beginning_of(text, "--since")


def one_form(asked: str | None, own: str, *, json: bool, usual: str) -> str:
    """Return the form of an output: what --format asks for, `own` with --json, else the `usual` one.

    BadParameter where the two options contradict each other.
    """
    if json and asked not in {None, own}:
        raise typer.BadParameter(f"--json and --format {asked} contradict each other; give one of them.")
    return own if json else asked or usual


def proposed(what: str) -> Callable[[str], list[str]]:
    """Return the completion of what this machine knows: identifiers, licences, frameworks or tasks."""

    def values(incomplete: str) -> list[str]:
        from fairreg.cli.completion import known

        return known(what, incomplete)

    return values


propose_identifiers = proposed("identifiers")

Pid = Annotated[
    str,
    typer.Argument(
        autocompletion=propose_identifiers,
        metavar="PID",
        help="A DOI, a Zenodo, Hugging Face or GitHub URL, an arXiv id, or any id that fairreg prints.",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Limit = Annotated[int, typer.Option("--limit", min=1, metavar="N", help="Maximum number of results.")]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="List every file and its digests, also where there are many.")
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Dask scheduler whose workers share the work, such as tcp://host:8786 (extra dask).",
        show_default=False,
    ),
]
DeviceName = Annotated[
    str | None,
    typer.Option(
        "--device",
        parser=DEVICES,
        autocompletion=DEVICES.complete,
        metavar="DEVICE",
        help="Device to compute on; cuda:N is the GPU N, counted from 0.",
        show_default="cpu; for tensorrt the first GPU",
    ),
]
FileOfRecord = Annotated[
    list[str] | None,
    typer.Option(
        "--file",
        metavar="PATTERN",
        help="Use the file of this name in the record, or those that match the pattern.",
    ),
]


def _usable(file: Path) -> Path:
    """Refuse a path without a file, and a device such as /dev/zero, which has no end; a pipe has one."""
    if not os.path.exists(file):  # noqa: PTH110 - false, not an error, for a name that no disk takes
        from fairreg.storage.files import near_name

        near = near_name(file)
        raise typer.BadParameter(f"File {str(file)!r} does not exist." + (f" Is it {near}?" if near else ""))
    if file.is_char_device() or file.is_block_device():
        raise typer.BadParameter(f"{file} is a device, not a file.")
    return file


InputFile = Annotated[
    Path,
    typer.Argument(
        dir_okay=False,
        readable=True,
        metavar="FILE",
        help="Input file.",
        show_default=False,
        callback=_usable,
    ),
]


def settings() -> "Settings":
    """Read the settings of this process; say what is unsafe about the config file."""
    from fairreg.settings import Settings

    found = Settings.from_environment()
    if found.warnings:
        from fairreg.cli.output import log

        for line in found.warnings:
            log(f"Warning: {line}")
    return found


class BrokenOff(FairregError):
    """A person interrupted a question; unlike after other interrupts its own message says what is kept."""

    exit_code = 130


def confirmed(question: str, *, interrupted: str) -> bool:
    """Ask at the terminal. The end of the input is a no; BrokenOff, with its message, for an interrupt."""
    try:
        return typer.confirm(question, err=True)
    except typer.Abort as end:
        if isinstance(end.__context__, EOFError):
            return False
        raise BrokenOff(interrupted) from end


@contextmanager
def ready() -> "Iterator[tuple[Settings, Registry]]":
    """Context manager: the settings and the open registry for one command.

    The registry is created and migrated as needed, with a message.
    """
    from fairreg.cli.output import log
    from fairreg.services.registry.db import open_registry

    chosen = settings()
    with open_registry(chosen, log) as registry:
        yield chosen, registry
