# SPDX-License-Identifier: MIT
"""Entry point, and the only place that turns an error into text and an exit code."""

import atexit
import gc
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import TracebackType
from typing import Any

import typer
from typer.core import TyperGroup

from fairreg.cli.output import explain, log, visible
from fairreg.errors import FairregError, without_secrets

__all__ = ["ROOMS", "command_line", "main"]

INTERRUPTED = 130
# Number of new objects between two runs of the garbage collector.
_GARBAGE = 50_000

# Module of each command, in the order of the help. Only the requested one is imported.
ROOMS = {
    "search": "search",
    "show": "find.show",
    "sources": "find.sources",
    "fetch": "run.fetch",
    "run": "run.run",
    "inspect": "run.inspect",
    "convert": "run.convert",
    "assess": "assess.assess",
    "harvest": "registry.harvest",
    "link": "registry.links",
    "unlink": "registry.links",
    "validate": "records",
    "add": "records",
    "export": "records",
    "import": "records",
    "db": "registry.db",
    "cache": "registry.cache",
    "hbb": "hbb",
}


# Typer exports this class, the parent of its errors of wrong usage, only by its children.
_WRONG_USAGE: Any = typer.BadParameter.__base__


class _Commands(TyperGroup):
    """The commands; an argument that is quoted in an error is printed as all texts are."""

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """Read the options before the command."""
        with _plain_usage():
            return super().make_context(*arguments, **options)

    def invoke(self, *arguments: Any, **options: Any) -> Any:
        """Read the arguments of the command and run it."""
        with _plain_usage():
            return super().invoke(*arguments, **options)


@contextmanager
def _plain_usage() -> Iterator[None]:
    try:
        yield
    except _WRONG_USAGE as error:
        error.message = visible(without_secrets(error.message))
        raise


def command_line(words: Sequence[str] = ()) -> typer.Typer:
    """Build the commands: all of them, or only those of the module that the first of `words` requires."""
    app = typer.Typer(
        name="fairreg",
        cls=_Commands,
        no_args_is_help=True,
        add_completion=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,  # plain help starts twice as fast
        context_settings={"help_option_names": ["-h", "--help"]},
        help="Find, fetch, verify, run and assess trained AI models by DOI.\n\n"
        'Try fairreg search "Hbb tagger", then fairreg fetch DOI --run.',
        epilog=None if words and words[0] in ROOMS else _environment(),
    )
    app.callback(invoke_without_command=True)(_common)
    asked = ROOMS.get(words[0]) if words else None
    for name in dict.fromkeys(ROOMS.values()) if asked is None else (asked,):
        room = import_module(f"fairreg.cli.{name}")
        if hasattr(room, "register"):
            room.register(app)
        else:
            app.add_typer(room.app, name=name.rpartition(".")[2])
    return app


def _environment() -> str:
    """Return the last lines of the help; a command's own help is printed without them."""
    from fairreg.settings import VARIABLES

    return "Environment: " + ", ".join(VARIABLES) + ". See the README for their meaning."


def _common(
    version: bool = typer.Option(False, "--version", help="Print the version and exit.", is_eager=True),
) -> None:
    if version:
        from importlib.metadata import version as installed

        typer.echo(f"fairreg {installed('fairreg')}")
        raise typer.Exit


def main() -> None:
    """Run the command line and exit with its code; 1 if the reader of a pipe closed it (Typer's rule)."""
    # The collector would scan all imported modules again and again, and once more at exit, where the process
    # frees everything anyway.
    gc.set_threshold(_GARBAGE)
    atexit.register(gc.freeze)
    sys.excepthook = _unexpected
    try:
        # Not app(), which would replace our excepthook by its own.
        typer.main.get_command(command_line(sys.argv[1:]))()
    except FairregError as error:
        explain(error)
        sys.exit(error.exit_code)
    except SystemExit as end:
        if end.code == INTERRUPTED:
            log("Interrupted. What was finished is kept; repeat the command to resume.")
        _exit_without_late_threads(end.code)
        raise


def _exit_without_late_threads(code: object) -> None:
    """Exit at once if an abandoned query of a source would keep the process alive."""
    live = sys.modules.get("fairreg.services.search.federated")
    if live is not None and live.has_late_threads():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else int(code is not None))


def _unexpected(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Report an internal error: one sentence for people, the traceback in debug mode."""
    if _debugging():
        told = "".join(traceback.format_exception(kind, error, trace))
        sys.stderr.write(visible(without_secrets(told)).encode("utf-8", "backslashreplace").decode())
        return
    log(f"Internal error in fairreg ({kind.__name__}: {error}).")
    log("Repeat the command with FAIRREG_DEBUG=1 and report its output.")


def _debugging() -> bool:
    """Tell whether tracebacks are requested; False if the settings themselves are invalid."""
    from fairreg.settings import Settings

    try:
        return Settings.from_environment().debug
    except FairregError:
        return False
