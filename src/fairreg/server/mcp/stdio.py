# SPDX-License-Identifier: MIT
"""``fairreg mcp``: the Model Context Protocol on standard input and output."""

import anyio
from mcp.server.stdio import stdio_server

from fairreg.server.mcp.protocol import mcp_server
from fairreg.server.site import Site
from fairreg.services.registry.shared_engine import make_ready
from fairreg.settings import Settings
from fairreg.web import Log, no_log

__all__ = ["serve_stdio"]


def serve_stdio(settings: Settings, log: Log = no_log) -> None:
    """Answer until standard input ends. Only messages of the protocol are printed. Raises RegistryError."""
    anyio.run(_serve, Site(settings, base_url="", stored=make_ready(settings, log)))


async def _serve(site: Site) -> None:
    server = mcp_server(site)
    async with stdio_server() as (received, sent):
        await server.run(received, sent, server.create_initialization_options())
