# SPDX-License-Identifier: MIT
"""``mcp``: answer an assistant on standard input and output."""

import sys

import typer

from fairreg.cli.options import CommandGroup, settings
from fairreg.errors import FairregError, MissingEngine

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel=CommandGroup.PUBLISH, epilog="Example: fairreg mcp")(mcp)


def mcp() -> None:
    """Let an assistant search the registry, by the Model Context Protocol on standard input and output.

    Assistants start it themselves; docs/server.md says how to add it to one. Reads only, and asks no service.
    """
    from fairreg.cli.output import log

    if sys.stdin is None:
        raise FairregError(
            "Standard input is closed, so no assistant can ask.", hint="Let the assistant start fairreg mcp."
        )
    try:
        from fairreg.server.mcp.stdio import serve_stdio
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"mcp", "mcp_types", "starlette"}:
            raise
        raise MissingEngine("mcp", "mcp") from error
    if sys.stdin.isatty():
        log("fairreg waits for an assistant that speaks the Model Context Protocol. Stop it with Ctrl-C.")
    serve_stdio(settings(), log)
