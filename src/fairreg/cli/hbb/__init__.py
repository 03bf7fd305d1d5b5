# SPDX-License-Identifier: MIT
"""``hbb``: the Hbb interaction network from data to figures."""

from fairreg.cli.hbb import data, explain, performance, training
from fairreg.cli.options import CommandGroup, CommandList, Commands

__all__ = ["GROUP", "app"]

GROUP = CommandGroup.HBB

app = Commands(
    cls=CommandList,
    no_args_is_help=True,
    help="Simulate jets; train, evaluate and export the Hbb network.",
)
for room in (data, training, performance):
    room.register(app)
app.add_typer(explain.app, name="explain")
