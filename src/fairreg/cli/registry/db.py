# SPDX-License-Identifier: MIT
"""``db``: the registry's database as a whole."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from fairreg.cli.options import Json, settings

if TYPE_CHECKING:
    from fairreg.registry import Registry
    from fairreg.services.registry.db import Info

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Create, migrate, check and describe the registry's database.")


@app.command(epilog="Example: FAIRREG_HOME=/data/fairreg fairreg db init")
def init(json: Json = False) -> None:
    """Create the registry with the packaged catalogue, if needed."""
    from fairreg.services.registry import db

    _print(db.init(settings()), json=json)


@app.command()
def upgrade(json: Json = False) -> None:
    """Migrate the registry to this release's schema, catalogue and rule of fingerprints."""
    from fairreg.services.registry import db

    chosen = settings()
    _print(db.upgrade(chosen, afterwards=partial(_recompute, chosen.cache)), json=json)


def _recompute(cache: Path, registry: "Registry") -> None:
    """Compute fingerprints of an earlier rule again, and log how many."""
    from fairreg.cli.output import log
    from fairreg.services.fetch.recompute import recompute_fingerprints

    found = recompute_fingerprints(registry, cache)
    if found.records:
        log(f"Fingerprints of {found.records} records were computed again, by the rule of this release.")
    if found.not_cached:
        log(f"Fingerprints of {found.not_cached} records keep an earlier rule: their files are not cached.")


@app.command()
def info(json: Json = False) -> None:
    """Count the content of the registry."""
    from fairreg.services.registry import db

    _print(db.info(settings()), json=json)


@app.command()
def check(json: Json = False) -> None:
    """Check the integrity of the registry; exit with code 1 on faults."""
    from dataclasses import asdict

    from fairreg.cli.output import console, print_json
    from fairreg.services.registry.integrity import check as look

    report = look(settings())
    if json:
        print_json(asdict(report) | {"sound": report.sound})
    else:
        verdict = "sound" if report.sound else f"{len(report.problems)} problems"
        console().print(
            f"{report.place}: {report.entries} entries, {report.statements} statements, {verdict}"
        )
        for problem in (*report.problems, *report.unchecked):
            console().print(f"  {problem}")
    if not report.sound:
        raise typer.Exit(1)


def _print(found: "Info", *, json: bool) -> None:
    from dataclasses import asdict

    from fairreg.cli.output import console, print_json

    if json:
        print_json(asdict(found))
        return
    out = console()
    out.print(f"{found.place} (schema {found.revision})", soft_wrap=True)
    out.print(f"  {found.entries} entries, {found.runnable} runnable, {found.gone} gone")
    for name, count in found.sources.items():
        out.print(f"  {count} from {name}")
