# SPDX-License-Identifier: MIT
"""The command line, and the only place that turns an error into text and an exit code."""

import atexit
import errno
import gc
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from types import FrameType, TracebackType
from typing import Any

import typer

from fairreg.cli.options import CommandList, Commands
from fairreg.cli.output import explain, log, visible
from fairreg.errors import FairregError, without_secrets

__all__ = ["INTERRUPTED", "ROOMS", "InterruptWatch", "command_line", "main", "watched"]

INTERRUPTED = 130
MESSAGE = "Interrupted. What was finished is kept; repeat the command to resume."
# Time for the main thread to notice an interrupt, in seconds.
_PATIENCE = 0.5
_COMPLETING = "_FAIRREG_COMPLETE"  # set by the shell, not by people
_SHOW_CURSOR = "\x1b[?25h"  # progress bars hide it
_LONGEST_PATH = 200
# Errors of writing; those of files are sentences where they are written.
_OF_WRITING = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EPIPE, errno.EBADF})
# Number of new objects between two runs of the garbage collector.
_GARBAGE = 50_000

# Module of each command, in the order of the help. Only the requested one is imported.
ROOMS = {
    "search": "search",
    "show": "find.show",
    "cite": "find.cite",
    "diff": "find.diff",
    "sources": "find.sources",
    "fetch": "run.fetch",
    "run": "run.run",
    "inspect": "run.inspect",
    "convert": "run.convert",
    "publish": "publish",
    "assess": "assess.assess",
    "new": "new",
    "harvest": "registry.harvest",
    "serve": "serve",
    "mcp": "mcp",
    "link": "registry.links",
    "unlink": "registry.links",
    "lock": "lock.lock",
    "verify": "lock.verify",
    "validate": "records",
    "add": "records",
    "export": "records",
    "import": "records",
    "doctor": "registry.doctor",
    "db": "registry.db",
    "cache": "registry.cache",
    "hbb": "hbb",
}


# Typer exports this class, the parent of its errors of wrong usage, only by its children.
_WRONG_USAGE: Any = typer.BadParameter.__base__


class _Commands(CommandList):
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
    app = Commands(
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
            app.add_typer(room.app, name=name.rpartition(".")[2], rich_help_panel=room.GROUP)
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
    if sys.stderr is None:  # closed by who started this process
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123  # pathlib is slow to import
    with watched() as interrupts:
        _run(interrupts)


def _run(interrupts: "InterruptWatch") -> None:
    try:
        _require_output()
        try:
            # Not app(), which would replace our excepthook by its own.
            command = typer.main.get_command(command_line(sys.argv[1:]))
            if os.environ.get(_COMPLETING) == "complete_bash":
                from fairreg.cli.completion import answer_bash

                answer_bash(partial(command, complete_var=_COMPLETING), os.environ)
            command(complete_var=_COMPLETING)
        finally:
            sys.stdout.flush()
    except FairregError as error:
        explain(error)
        sys.exit(error.exit_code)
    except OSError as error:
        _explain_disk_error(error)
        sys.exit(_code_beneath(error))
    except SystemExit as end:
        if end.code == INTERRUPTED:
            log(MESSAGE)
        _exit_without_late_threads(end.code, interrupts)
        raise


def _require_output() -> None:
    if sys.stdout is None:
        raise FairregError(
            "Standard output is closed, so no result can be printed.",
            hint="Redirect it, to a file or to /dev/null.",
        )


def _explain_disk_error(error: OSError) -> None:
    """Say what cannot be used: a path, or standard output, which is then given up."""
    if error.filename is not None:
        explain(FairregError(f"{_named(error.filename)} cannot be used: {error.strerror}."))
        return
    if error.errno not in _OF_WRITING:
        explain(FairregError(f"Reading or writing failed: {error.strerror or error}."))
        return
    with suppress(OSError, ValueError):  # else Python would try to write the rest at exit, and fail again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if error.errno != errno.EPIPE:
        explain(FairregError(f"Standard output cannot be written: {error.strerror or error}."))


def _named(path: object) -> str:
    """Return a path for a message; a long one is cut, because its length may be what is wrong."""
    text = os.fsdecode(path) if isinstance(path, bytes) else str(path)
    return text if len(text) <= _LONGEST_PATH else f"{text[:_LONGEST_PATH]}..."


def _code_beneath(error: OSError) -> int:
    """Return the exit code of the error that could not be printed, 1 where there was none."""
    beneath = error.__context__
    while beneath is not None:
        code = getattr(beneath, "exit_code", None)
        if isinstance(code, int) and code:
            return code
        beneath = beneath.__context__
    return FairregError.exit_code


class InterruptWatch:
    """Counts the interrupts that the main thread has noticed, and ends the process if it does not notice.

    Python runs the handler of a signal between two instructions of the main thread, so not while that is in
    a call of a library such as onnxruntime. The number of the signal is written to a pipe at once, however
    (`signal.set_wakeup_fd`), which another thread reads. Nothing is lost when the process ends there: files
    and records are written in one step, as for a process that is killed.
    """

    def __init__(self) -> None:
        self.noticed = 0

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Raise KeyboardInterrupt for the first SIGINT; end the process at the second."""
        self.noticed += 1
        if self.noticed > 1:
            _end()
        signal.default_int_handler(number, frame)

    def read(self, signals: int) -> None:
        """Read numbers of signals from a pipe until it is closed."""
        with suppress(OSError):
            while received := os.read(signals, 1):
                before = self.noticed
                if received == bytes([signal.SIGINT]) and before == 0:
                    time.sleep(_PATIENCE)
                    if self.noticed == before:
                        _end()


@contextmanager
def watched() -> Iterator[InterruptWatch]:
    """Context manager: an interrupt ends the process even if the main thread is in a call of a library.

    Nothing is changed where interrupts are ignored or handled already, outside the main thread, or without
    the pipes of POSIX.
    """
    watch = InterruptWatch()
    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if os.name != "posix" or not usual or threading.current_thread() is not threading.main_thread():
        yield watch
        return
    signals, wakeup = os.pipe()
    os.set_blocking(wakeup, False)
    earlier = signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)
    signal.signal(signal.SIGINT, watch.handle)
    # A child process inherits the pipe: its interrupts are not ours.
    os.register_at_fork(after_in_child=lambda: _forget(wakeup))
    threading.Thread(target=watch.read, args=(signals,), daemon=True).start()
    try:
        yield watch
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.set_wakeup_fd(earlier)
        os.close(wakeup)


def _forget(wakeup: int) -> None:
    if threading.current_thread() is not threading.main_thread():
        return
    current = signal.set_wakeup_fd(-1)
    if current not in {-1, wakeup}:
        signal.set_wakeup_fd(current)


def _end() -> None:
    """End the process at once, from any thread, with what was printed so far."""
    shown = _SHOW_CURSOR if sys.stderr.isatty() else ""
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        os.write(sys.stderr.fileno(), f"{shown}{MESSAGE}\n".encode())
    os._exit(INTERRUPTED)


def _exit_without_late_threads(code: object, interrupts: "InterruptWatch") -> None:
    """Exit at once if an abandoned query or an interrupted call of an engine could keep the process alive."""
    live = sys.modules.get("fairreg.services.search.federated")
    if (live is not None and live.has_late_threads()) or interrupts.noticed:
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
