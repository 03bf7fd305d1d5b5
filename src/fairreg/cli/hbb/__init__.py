# SPDX-License-Identifier: MIT
"""``hbb``: the Hbb interaction network from data to figures."""

import typer

from fairreg.cli.hbb import data, training

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Make jets and train the Hbb interaction network on them.")
for room in (data, training):
    room.register(app)
