# SPDX-License-Identifier: MIT
"""``doctor``: what this installation has, and what needs doing."""

from typing import TYPE_CHECKING, Any

import typer

from fairreg.cli.options import CommandGroup, Json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fairreg.services.doctor.doctor import DoctorReport

__all__ = ["register"]

_INDENT = 10


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel=CommandGroup.KEEP, epilog="Example: fairreg doctor --json")(doctor)


def doctor(json: Json = False) -> None:
    """Examine versions, engines, settings, database, cache, disk and services.

    Nothing is changed, and no token or password is printed. The exit code is 0 if all is well, 4 if only
    services could not be reached, and 1 if something needs doing; each point has its next step.
    """
    from fairreg.cli.output import print_versioned
    from fairreg.services.doctor.doctor import examine

    report = examine()
    if json:
        print_versioned("doctor", report.to_json())
    else:
        _print(report)
    if report.exit_code:
        raise typer.Exit(report.exit_code)


def _print(report: "DoctorReport") -> None:
    from textwrap import wrap

    from fairreg.cli.output import console

    out = console()
    for name, text in _lines(report):
        lines = wrap(text, max(out.width - _INDENT, 20), break_long_words=False, break_on_hyphens=False)
        for number, line in enumerate(lines):
            title = name if number == 0 else ""
            out.print(f"{title:{_INDENT}}{line}", markup=False, highlight=False, soft_wrap=True)
    for note in report.notes:
        out.print(f"Note: {_short(note)}", markup=False, soft_wrap=True)
    if not report.problems:
        out.print("All is well.")
        return
    out.print("Needs doing:")
    for number, item in enumerate(report.problems, 1):
        out.print(f"  {number}. {_short(item.problem)}", markup=False, soft_wrap=True)
        out.print(f"     {_short(item.next_step)}", markup=False, soft_wrap=True)


def _lines(report: "DoctorReport") -> "Iterator[tuple[str, str]]":
    found = report.versions
    yield "fairreg", f"{found.fairreg}, Python {found.python}, SQLite {found.sqlite}, {found.platform}"
    yield "Packages", ", ".join(f"{name} {known or 'missing'}" for name, known in found.packages.items())
    yield "Runtimes", _listed([item.name for item in report.runtimes if item.available])
    yield "", _not_installed([item.name for item in report.runtimes if not item.available])
    yield "Extras", _listed([item.name for item in report.extras if item.installed])
    yield "", _not_installed([item.name for item in report.extras if not item.installed], "fairreg[NAME]")
    if report.home is None:
        return
    yield "Home", _short(str(report.home))
    yield "Config", _short(str(report.config)) if report.config else "no config file"
    yield "Settings", _listed([f"{name} ({where})" for name, where in report.stated.items()])
    yield "Tokens", _listed([item.service for item in report.tokens if item.stated_in])
    yield from _places(report)
    yield "Services", _listed([item.name for item in report.services if item.status == "reachable"])
    silent: dict[str, list[str]] = {}
    for item in report.services:
        reason = (item.message or "").rstrip(".")
        if item.status == "unreachable":
            yield "", f"{item.name}: {reason}"
        elif item.status == "not asked":
            silent.setdefault(f"not asked ({reason})", []).append(item.name)
    for reason, names in silent.items():
        yield "", f"{reason}: {', '.join(names)}"


def _places(report: "DoctorReport") -> "Iterator[tuple[str, str]]":
    from fairreg.cli.cards import size_text
    from fairreg.schemas.text import counted

    if (database := report.database) is not None:
        parts: list[Any] = [database.engine, _short(database.location or ""), database.state]
        if database.revision is not None:
            parts += [f"schema {database.revision}", f"{database.entries:,} entries"]
        if database.size is not None:
            parts.append(size_text(database.size))
        yield "Database", ", ".join(filter(None, parts))
    if (cache := report.cache) is not None:
        content = (
            f"{counted(cache.files, 'file')}, {size_text(cache.size)}" if cache.exists else "not made yet"
        )
        yield "Cache", f"{_short(str(cache.folder))}, {content}"
    if (disk := report.disk) is not None:
        yield "Disk", f"{size_text(disk.free)} of {size_text(disk.total)} free"


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "none"


def _not_installed(names: list[str], package: str | None = None) -> str:
    """List what is missing, with the command that installs the `package`."""
    if not names:
        return "all installed"
    step = f" (pip install '{package}')" if package else ""
    return f"not installed: {', '.join(names)}{step}"


def _short(text: str) -> str:
    """Write the user's own folder as ``~``: reports are pasted where others read them."""
    import os

    own = os.path.expanduser("~")  # noqa: PTH111  # a text, which is replaced in texts
    return text.replace(f"{own}{os.sep}", f"~{os.sep}") if own not in {"~", os.sep} else text
