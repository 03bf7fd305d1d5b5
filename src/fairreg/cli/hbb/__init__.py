# SPDX-License-Identifier: MIT
"""``hbb``: the Hbb interaction network from data to figures."""

import typer

from fairreg.cli.hbb import data, explain, performance, training

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Simulate jets; train, evaluate and export the Hbb network.")
for room in (data, training, performance):
    room.register(app)
app.add_typer(explain.app, name="explain")
