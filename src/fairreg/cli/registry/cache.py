# SPDX-License-Identifier: MIT
"""``cache``: the downloaded files, and the answers of services that are kept."""

import typer

from fairreg.cli.options import Json, settings

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Describe, verify and empty the cache of files and answers.")


@app.command()
def info(json: Json = False) -> None:
    """Say where the cache lies and what is in it."""
    from fairreg.cli.output import console, print_json
    from fairreg.services import cache

    found = cache.info(settings())
    if json:
        print_json(found.to_json())
        return
    from fairreg.cli.cards import size_text

    console().print(
        f"{found.folder}: {found.files} files, {size_text(found.size)}, "
        f"{found.extracted} unpacked archives, {found.partial} unfinished downloads, "
        f"{found.answers} kept answers ({size_text(found.answers_size)})",
        soft_wrap=True,
    )


@app.command()
def verify(json: Json = False) -> None:
    """Hash every file again; exit code 3 when one is not what it was."""
    from fairreg.cli.output import console, print_json
    from fairreg.services import cache

    found = cache.verify(settings())
    changed = [str(path) for path, intact in found if not intact]
    if json:
        print_json({"files": len(found), "changed": changed})
    else:
        console().print(f"{len(found)} files, {len(changed)} changed")
        for path in changed:
            console().print(f"  {path}", soft_wrap=True)
    if changed:
        raise typer.Exit(3)


@app.command()
def clear(
    yes: bool = typer.Option(False, "--yes", "-y", help="Do not ask."),
    json: Json = False,
) -> None:
    """Remove all downloaded files and kept answers; records in the registry stay."""
    import sys

    from fairreg.cli.cards import size_text
    from fairreg.cli.output import console, print_json
    from fairreg.errors import UsageError
    from fairreg.services import cache

    chosen = settings()
    if not yes and (json or not sys.stdin.isatty()):
        raise UsageError("Nobody can be asked whether to remove the files.", hint="Add --yes.")
    if not yes:
        found = cache.info(chosen)
        typer.confirm(
            f"Remove {size_text(found.size)} in {found.folder} and {found.answers} kept answers?",
            abort=True,
            err=True,
        )
    freed = cache.clear(chosen)
    if json:
        print_json({"freed": freed})
    else:
        console().print(f"{size_text(freed)} freed")
