# SPDX-License-Identifier: MIT
"""``fairreg mcp``: the Model Context Protocol on standard input and output.

The SDK passes over a line that is no message, so that a client would wait for its answer for ever; here it is
answered with the errors of JSON-RPC 2.0 (section 5.1).
"""

import errno
from typing import Any

import anyio
import mcp_types as types
from anyio.streams.memory import MemoryObjectSendStream
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage
from pydantic import ValidationError

from fairreg.server.mcp.protocol import mcp_server
from fairreg.server.site import Site
from fairreg.services.registry.shared_engine import make_ready
from fairreg.settings import Settings
from fairreg.web import Log, no_log

__all__ = ["serve_stdio"]

_NO_MESSAGE = (
    "This line is not one message of JSON-RPC 2.0, whose id is a text or a whole number; lists of "
    "several are not taken."
)


def serve_stdio(settings: Settings, log: Log = no_log) -> None:
    """Answer until standard input ends. Only messages of the protocol are printed. Raises RegistryError.

    BrokenPipeError where the assistant reads no more.
    """
    site = Site(settings, base_url="", stored=make_ready(settings, log))
    try:
        anyio.run(_serve, site)
    except* BrokenPipeError as group:
        raise BrokenPipeError(errno.EPIPE, "The assistant reads no more.") from group


async def _serve(site: Site) -> None:
    server = mcp_server(site)
    async with stdio_server() as (received, sent), anyio.create_task_group() as tasks:
        forwards, messages = anyio.create_memory_object_stream[SessionMessage | Exception](0)
        tasks.start_soon(_forward, received, forwards, sent)
        await server.run(messages, sent, server.create_initialization_options())


async def _forward(received: Any, forwards: MemoryObjectSendStream[Any], sent: Any) -> None:
    """Pass messages on to the server, and answer what is none."""
    async with forwards:
        async for item in received:
            if isinstance(item, SessionMessage) and not _is_unnumbered(item.message):
                await forwards.send(item)
            elif not _is_blank(item):
                await sent.send(SessionMessage(_refusal(item)))


def _is_unnumbered(message: types.JSONRPCMessage) -> bool:
    """Tell whether a message is a request whose number is none, which the SDK takes for a notification."""
    return isinstance(message, types.JSONRPCNotification) and not message.method.startswith("notifications/")


def _faults(item: Any) -> list[Any]:
    return list(item.errors(include_url=False)) if isinstance(item, ValidationError) else []


def _is_blank(item: Any) -> bool:
    return any(isinstance(fault["input"], str) and not fault["input"].strip() for fault in _faults(item))


def _refusal(item: Any) -> types.JSONRPCError:
    """Return the error for a line that is no message, with its number where it has one."""
    found = _faults(item)
    if any(fault["type"] == "json_invalid" for fault in found):
        told = types.ErrorData(code=types.PARSE_ERROR, message="This line is not JSON.")
        return types.JSONRPCError(jsonrpc="2.0", id=None, error=told)
    told = types.ErrorData(code=types.INVALID_REQUEST, message=_NO_MESSAGE)
    # Where a member is missing, the input is the whole message.
    whole = (fault["input"] for fault in found if fault["type"] == "missing")
    numbers = (line["id"] for line in whole if isinstance(line, dict) and type(line.get("id")) in {int, str})
    return types.JSONRPCError(jsonrpc="2.0", id=next(numbers, None), error=told)
