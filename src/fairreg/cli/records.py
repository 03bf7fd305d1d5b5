# SPDX-License-Identifier: MIT
"""``validate``, ``add``, ``export`` and ``import``: records as files."""

from pathlib import Path
from typing import Annotated

import typer

from fairreg.cli.options import InputFile, Json, ready

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog="Example: fairreg validate model.jsonld")(validate)
    app.command(epilog="Example: fairreg add model.jsonld")(add)
    app.command(epilog="Example: fairreg export registry.jsonl")(export)
    app.command("import", epilog="Example: fairreg import registry.jsonl")(import_)


def validate(file: InputFile, json: Json = False) -> None:
    """Check a record file (JSON-LD or plain JSON); each violation is named by its JSON path."""
    from fairreg.cli.output import console, print_json
    from fairreg.schemas.validation import parse_json, violations

    found = violations(parse_json(file.read_bytes(), name=file.name))
    if json:
        listed = [{"path": item.path, "message": item.message} for item in found]
        print_json({"file": str(file), "valid": not found, "violations": listed})
    elif found:
        for item in found:
            console().print(f"{item.path}: {item.message}")
    else:
        console().print(f"{file} is a valid record.")
    if found:
        raise typer.Exit(1)


def add(file: InputFile, json: Json = False) -> None:
    """Add the record in a file to the registry, or replace the one it was added as before."""
    from fairreg.cli.output import console, print_json
    from fairreg.services.records import add as put

    result = put(ready(), file)
    if json:
        print_json({"id": result.identifier, "outcome": result.outcome})
    else:
        console().print(f"{result.identifier}: {result.outcome}")


def export(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="A .jsonl file; - is standard output.")],
) -> None:
    """Write what every source said, one JSON document a line; `import` reads it."""
    from fairreg.cli.output import talk
    from fairreg.services.records import export as write

    count = write(ready(), file)
    talk(f"{count} statements exported")


def import_(file: InputFile, json: Json = False) -> None:
    """Read what `export` wrote, here or in another registry."""
    from fairreg.cli.output import console, counting, print_json
    from fairreg.services.records import import_ as read

    chosen = ready()
    with counting("Importing") as progress:
        counts = read(chosen, file, progress=progress)
    if json:
        print_json(counts)
    else:
        console().print(", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
