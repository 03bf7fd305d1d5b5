# SPDX-License-Identifier: MIT
"""``validate``, ``add``, ``export`` and ``import``: records as files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fairreg.cli.options import SOURCES, CommandGroup, InputFile, Json, ready

if TYPE_CHECKING:
    from fairreg.schemas.record import OtherRecord
    from fairreg.services.harvest.harvest import HarvestReport

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(rich_help_panel=CommandGroup.JUDGE, epilog="Example: fairreg validate model.jsonld")(validate)
    app.command(rich_help_panel=CommandGroup.KEEP, epilog="Example: fairreg add model.jsonld")(add)
    app.command(rich_help_panel=CommandGroup.KEEP, epilog="Example: fairreg export registry.jsonl")(export)
    app.command(
        "import",
        rich_help_panel=CommandGroup.KEEP,
        epilog="Example: fairreg import dlhub-index.json --source dlhub",
    )(import_)


def validate(file: InputFile, json: Json = False) -> None:
    """Validate a record file (JSON-LD or plain JSON), or a CITATION.cff.

    Each violation is reported with its JSON path. JSON-LD of other tools is read, too; the properties that
    were not read are counted and named, and so are further records in the file.
    """
    from fairreg.cli.output import console, log, print_versioned
    from fairreg.schemas.record import public_text
    from fairreg.services.validate import validate as service

    kind, checked = service(file)
    violations = [(public_text(item.path), public_text(item.message)) for item in checked.violations]
    left_out = tuple(map(public_text, checked.left_out))
    if json:
        listed = [{"path": path, "message": message} for path, message in violations]
        found = {"valid": not listed, "violations": listed, "not_read": list(left_out)}
        others = [item._asdict() for item in checked.others]
        print_versioned("validate", {"file": str(file), **found, "id": checked.record, "others": others})
    elif violations:
        for path, message in violations:
            console().print(f"{path}: {message}")
        if checked.hint:
            log(f"Hint: {checked.hint}")
    else:
        console().print(f"{file} is a valid {kind}.")
        _name_left_out(left_out)
        _name_others(checked.record, checked.others, file)
    if violations:
        raise typer.Exit(1)


def add(file: InputFile, json: Json = False) -> None:
    """Add the record in a file to the registry.

    The file is plain JSON or JSON-LD, of fairreg or another tool: CodeMeta, RO-Crate, schema.org, FAIR4ML,
    Croissant, Bioschemas. Properties that were not read are counted and named. A record that was added before
    under the same identifier is replaced.
    """
    from fairreg.cli.output import console, print_versioned
    from fairreg.schemas.record import public_text
    from fairreg.services.registry.transfer import add as put

    with ready() as (chosen, registry):
        result, reading = put(chosen, file, registry=registry)
    left_out = tuple(map(public_text, reading.left_out))
    others = [item._asdict() for item in reading.others]
    if json:
        print_versioned(
            "add",
            {
                "id": result.identifier,
                "outcome": result.outcome,
                "not_read": list(left_out),
                "others": others,
            },
        )
    else:
        console().print(f"{result.identifier}: {result.outcome}")
        _name_left_out(left_out)
        _name_others(result.identifier, reading.others, file)


def _name_left_out(names: tuple[str, ...]) -> None:
    """Count and name the properties that were not read."""
    from fairreg.cli.output import console
    from fairreg.schemas.text import counted

    if names:
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        properties = counted(len(names), "property", "properties")
        console().print(f"not read: {properties}: {', '.join(names[:_NAMED])}{more}")


def _name_others(taken: str | None, others: "tuple[OtherRecord, ...]", file: Path) -> None:
    """Name the record that was taken of several in a file, and the others with how to add them."""
    from fairreg.cli.output import console, log
    from fairreg.schemas.text import counted

    if others:
        more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
        records = counted(len(others), "more record")
        named = ", ".join(map(str, others[:_NAMED]))
        console().print(f"{file.name} has {records}, of which only {taken} was read: {named}{more}")
        log("Hint: Write each of them to a file of its own, with the same @context, and add that file.")


# Names of unread properties, or of further records, in one line; --json lists all.
_NAMED = 30


def export(
    file: Annotated[
        Path,
        typer.Argument(
            dir_okay=False,
            metavar="FILE",
            help="JSON Lines file (.jsonl), replaced if it exists; - is standard output.",
        ),
    ],
) -> None:
    """Export the registry as JSON Lines.

    The file has the source records, manual links, rejected records and assessments; `fairreg import` reads
    it.
    """
    from fairreg.cli.output import log
    from fairreg.services.registry.transfer import export as write

    with ready() as (chosen, registry):
        counts = write(chosen, file, registry=registry, log=log)
    others = [f"{counts[name]} {words}" for name, words in _OTHERS.items() if counts[name]]
    log(", ".join([f"{counts['statements']} statements", *others]) + " exported")


_OTHERS = {"verdicts": "manual links", "refused": "rejected payloads", "assessments": "assessments"}


def import_(
    file: InputFile,
    source: Annotated[
        str | None,
        typer.Option(
            parser=SOURCES,
            autocompletion=SOURCES.complete,
            metavar="SOURCE",
            help="Source of a saved dump, if it is not recognised.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Import an exported registry, or a saved dump of a source.

    Dumps of DLHub (responses of Globus Search, lists of servables) and of Garden are recognised.
    """
    from fairreg.cli.output import console, counting, print_versioned
    from fairreg.services.registry.export_format import is_exported
    from fairreg.services.registry.transfer import import_ as read

    if not file.is_file():
        from fairreg.errors import UsageError

        raise UsageError(f"{file} is a pipe, which cannot be read twice.", hint="Save it as a file first.")
    if not is_exported(file):
        _import_dump(file, source, json=json)
        return
    if source is not None:
        from fairreg.errors import UsageError

        raise UsageError(f"{file.name} was written by fairreg export.", hint="Leave out --source.")
    with ready() as (chosen, registry), counting("Importing") as progress:
        counts = read(chosen, file, progress=progress, registry=registry)
    if json:
        print_versioned("import", counts)
    else:
        console().print(
            ", ".join(f"{count} {_OTHERS.get(outcome, outcome)}" for outcome, count in counts.items())
        )


def _import_dump(file: Path, source: str | None, *, json: bool) -> None:
    from fairreg.cli.output import counting, log, print_versioned
    from fairreg.services.harvest.import_dump import import_dump

    with ready() as (chosen, registry), counting("Importing") as progress:
        report = import_dump(chosen, file, source, progress=progress, log=log, registry=registry)
    if json:
        print_versioned("import-dump", report.to_json())
    else:
        _print(report)


def _print(report: "HarvestReport") -> None:
    from fairreg.cli.output import console, log_rejected

    counts = report.counts
    counts["rejected"] = counts.pop("refused")
    if not counts["forgotten"]:
        del counts["forgotten"]
    numbers = ", ".join(f"{count} {name}" for name, count in counts.items())
    console().print(f"{report.source}: {numbers}", markup=False)
    log_rejected([item.reason for item in report.refused])
