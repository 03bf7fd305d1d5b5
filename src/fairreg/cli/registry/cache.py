# SPDX-License-Identifier: MIT
"""``cache``: downloaded files and cached responses of services."""

import typer

from fairreg.cli.options import CommandGroup, CommandList, Json, confirmed, settings

__all__ = ["GROUP", "app"]

GROUP = CommandGroup.KEEP

app = typer.Typer(cls=CommandList, no_args_is_help=True, help="Describe, verify and empty the cache.")


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
    yes: bool = typer.Option(False, "--yes", "-y", help="Do not ask for confirmation."),
    json: Json = False,
) -> None:
    """Remove all downloaded files and cached responses.

    Records in the registry are kept.
    """
    import sys

    from fairreg.cli.cards import size_text
    from fairreg.cli.output import console, print_versioned
    from fairreg.errors import UsageError
    from fairreg.services import cache

    chosen = settings()
    if not yes and (json or not sys.stdin.isatty()):
        raise UsageError("Cannot ask for confirmation: standard input is not a terminal.", hint="Add --yes.")
    if not yes:
        found = cache.info(chosen)
        size = size_text(found.size + found.extracted_size)
        question = f"Remove {size} in {found.folder} and {found.answers} cached responses?"
        if not confirmed(question, interrupted="Interrupted. Nothing was removed."):
            raise typer.Abort
    freed = cache.clear(chosen)
    if json:
        print_versioned("cache-clear", {"freed": freed})
    else:
        console().print(f"{size_text(freed)} freed")
