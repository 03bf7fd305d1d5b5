# SPDX-License-Identifier: MIT
"""``cache``: downloaded files and cached responses of services."""

import re
from typing import TYPE_CHECKING, Annotated

import typer

from fairreg.cli.options import (
    CommandGroup,
    CommandList,
    Commands,
    Json,
    confirmed,
    propose_identifiers,
    settings,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import timedelta

    from fairreg.services.cache.contents import CachedRecord
    from fairreg.services.cache.removal import RemovedFromCache

__all__ = ["GROUP", "app"]

GROUP = CommandGroup.KEEP

app = Commands(cls=CommandList, no_args_is_help=True, help="List, verify and remove cached files.")

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be removed, and remove nothing.")]


@app.command(epilog="Example: fairreg cache info")
def info(json: Json = False) -> None:
    """Show the location and the content of the cache."""
    from fairreg.cli.output import console, print_versioned
    from fairreg.services import cache

    found = cache.info(settings())
    if json:
        print_versioned("cache-info", found.to_json())
        return
    from fairreg.cli.cards import size_text
    from fairreg.schemas.text import counted

    console().print(
        f"{found.folder}: {counted(found.files, 'file')}, {size_text(found.size)}, "
        f"{counted(found.extracted, 'unpacked archive')} ({size_text(found.extracted_size)}), "
        f"{counted(found.partial, 'unfinished download')}, "
        f"{counted(found.answers, 'cached response')} ({size_text(found.answers_size)})",
        soft_wrap=True,
    )


@app.command(epilog="Example: fairreg cache verify")
def verify(json: Json = False) -> None:
    """Hash every file and unpacked archive again; exit with code 3 if one has changed.

    They are counted as in `fairreg cache info`.
    """
    from fairreg.cli.output import console, print_versioned
    from fairreg.schemas.text import counted
    from fairreg.services import cache

    found = cache.verify(settings())
    if json:
        print_versioned("cache-verify", found.to_json())
    else:
        console().print(
            f"{counted(found.files, 'file')}, {counted(found.extracted, 'unpacked archive')}, "
            f"{len(found.changed)} changed"
        )
        for path in found.changed:
            console().print(f"  {path}", soft_wrap=True)
    if found.changed:
        raise typer.Exit(3)


@app.command(epilog="Example: fairreg cache clear --yes")
def clear(
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Remove all downloaded files and cached responses.

    Records in the registry are kept.
    """
    from fairreg.cli.cards import size_text
    from fairreg.cli.output import console, print_versioned
    from fairreg.services import cache

    chosen = settings()
    _require_answer(yes=yes, json=json)
    if not yes:
        found = cache.info(chosen)
        size = size_text(cache.clearable(chosen))
        question = f"Remove {size} in {found.folder} and {found.answers} cached responses?"
        if not confirmed(question, interrupted="Interrupted. Nothing was removed."):
            raise typer.Abort
    freed = cache.clear(chosen)
    if json:
        print_versioned("cache-clear", {"freed": freed})
    else:
        console().print(f"{size_text(freed)} freed")


@app.command(epilog="Example: fairreg cache ls --verify")
def ls(
    verify: Annotated[
        bool, typer.Option("--verify", help="Hash every file again; exit with code 3 if one has changed.")
    ] = False,
    json: Json = False,
) -> None:
    """List the records whose files are cached, the last used first."""
    from fairreg.cli.output import log, print_versioned
    from fairreg.services.cache.contents import contents
    from fairreg.storage.cache import Cache

    rows = contents(Cache(settings().cache), verify=verify)
    if json:
        print_versioned("cache-ls", [row.to_json() for row in rows])
    elif rows:
        _print_rows(rows)
    else:
        log("The cache has no files.")
    if any(row.state == "changed" for row in rows):
        raise typer.Exit(3)


@app.command(epilog="Example: fairreg cache rm 10.5281/zenodo.7305227 --dry-run")
def rm(
    target: Annotated[
        list[str],
        typer.Argument(
            autocompletion=propose_identifiers,
            metavar="PID|DIGEST...",
            help="Records in any spelling of their identifiers, or files by the first 8 digits or more of "
            "their SHA-256.",
            show_default=False,
        ),
    ],
    dry_run: DryRun = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Remove the files of records from the cache.

    Records in the registry are kept, and so is a file that other cached records have as well.
    """
    from functools import partial

    from fairreg.cli.output import print_versioned
    from fairreg.services.cache.removal import remove

    found = _agreed(partial(remove, settings(), target), dry_run=dry_run, yes=yes, json=json)
    print_versioned("cache-rm", found.to_json()) if json else _print_removed(found)


@app.command(epilog="Example: fairreg cache prune --older-than 90d --keep-size 20GB")
def prune(
    older_than: Annotated[
        str | None,
        typer.Option(
            metavar="AGE",
            help="Remove the files of records not used for this long, such as 12h, 30d or 8w.",
            show_default=False,
        ),
    ] = None,
    keep_size: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE",
            help="Remove those not used for longest until the others fit into this size, such as 20GB.",
            show_default=False,
        ),
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Remove unfinished downloads and parts of files that are gone from the cache.

    With an age or a size the files of records that are not used go as well. What another process is
    downloading stays.
    """
    from functools import partial

    from fairreg.cli.output import print_versioned
    from fairreg.services.cache import removal

    age = None if older_than is None else _age(older_than)
    size = None if keep_size is None else _size(keep_size)
    ask = partial(removal.prune, settings(), older_than=age, keep_size=size)
    found = _agreed(ask, dry_run=dry_run, yes=yes, json=json)
    print_versioned("cache-prune", found.to_json()) if json else _print_removed(found)


def _require_answer(*, yes: bool, json: bool) -> None:
    """Raise UsageError where a confirmation is needed and nobody can be asked."""
    import sys

    from fairreg.errors import UsageError

    if not yes and (json or not sys.stdin.isatty()):
        raise UsageError("Cannot ask for confirmation: standard input is not a terminal.", hint="Add --yes.")


def _agreed(
    remove: "Callable[..., RemovedFromCache]", *, dry_run: bool, yes: bool, json: bool
) -> "RemovedFromCache":
    """Remove after a confirmation, or say what would be removed."""
    from fairreg.cli.cards import size_text

    if not dry_run:
        _require_answer(yes=yes, json=json)
    if dry_run or not yes:
        planned = remove(dry_run=True)
        if dry_run or not (planned.removed or planned.leftovers):
            return planned
        _print_rows(planned.removed)
        question = f"Remove {size_text(planned.freed)} from the cache?"
        if not confirmed(question, interrupted="Interrupted. Nothing was removed."):
            raise typer.Abort
    return remove()


def _age(text: str) -> "timedelta":
    from datetime import timedelta

    units = {"h": "hours", "d": "days", "w": "weeks"}
    match = re.fullmatch(r"(\d{1,5})\s*([hdw])", text.strip().lower(), re.ASCII)
    if match is None:
        raise typer.BadParameter(f"{text!r} is not an age; write 12h, 30d or 8w.", param_hint="--older-than")
    return timedelta(**{units[match[2]]: int(match[1])})


def _size(text: str) -> int:
    powers = {"k": 1, "m": 2, "g": 3, "t": 4}
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,3})?)\s*(?:([kmgt])(i?))?b?", text.strip().lower(), re.ASCII)
    if match is None:
        raise typer.BadParameter(f"{text!r} is not a size; write 500MB or 20GB.", param_hint="--keep-size")
    unit: int = (1024 if match[3] else 1000) ** powers.get(match[2], 0)
    return round(float(match[1]) * unit)


def _print_rows(rows: "Sequence[CachedRecord]") -> None:
    from fairreg.cli.cards import size_text
    from fairreg.cli.layout.tables import print_table
    from fairreg.schemas.text import counted

    listed = []
    for row in rows:
        name = row.name if row.identifier else f"{row.name} (sha256:{row.files[0].sha256[:12]})"
        used = f"{row.last_used.astimezone():%Y-%m-%d %H:%M}"
        files = counted(len(row.files), "file")
        listed.append((name, row.identifier or "", size_text(row.size), row.state, used, files))
    titles = ("Name", "Identifier", "Size", "State", "Last used", "Files")
    print_table(titles, listed, narrow="Name")


def _print_removed(found: "RemovedFromCache") -> None:
    from fairreg.cli.cards import size_text
    from fairreg.cli.output import console, log
    from fairreg.schemas.text import counted

    verb = "would be removed" if found.dry_run else "removed"
    for row in found.removed:
        console().print(f"{row.identifier or row.name}: {verb}", markup=False, soft_wrap=True)
    for row in found.in_use:
        log(f"{row.identifier or row.name} stays: another process works on its files.")
    if found.leftovers:
        console().print(f"{counted(found.leftovers, 'unfinished download or part')}: {verb}")
    would = "would be " if found.dry_run else ""
    console().print(f"{size_text(found.freed)} {would}freed")
