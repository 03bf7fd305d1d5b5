# SPDX-License-Identifier: MIT
"""``publish``: a folder of weights becomes a published record."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fairreg.cli.options import (
    Choices,
    CommandGroup,
    Json,
    Verbose,
    confirmed,
    is_plain,
    propose_identifiers,
    settings,
)
from fairreg.errors import FairregError, UsageError
from fairreg.services.publish import DEFAULT_JOBS

if TYPE_CHECKING:
    from fairreg.publish.base import UploadProgress
    from fairreg.services.publish.report import PublicationReport

__all__ = ["register"]

_MOST_LEFT_OUT = 20
# Files that are listed one by one unless --verbose asks for all.
_MOST_LISTED = 10
_EXAMPLES = """\b
Example: fairreg publish my-model --to zenodo --reserve-only  # writes a DOI into the files
         fairreg publish my-model --to zenodo  # uploads, shows the draft and asks
         fairreg publish my-model --to zenodo --new-version-of 10.5281/zenodo.7305227 --yes
         fairreg publish my-model --to huggingface --repository lab/my-model
"""


def _services() -> list[str]:
    from fairreg import publish as publishers

    return list(publishers.names())


_SERVICES = Choices(_services)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel=CommandGroup.PUBLISH, epilog=_EXAMPLES)(publish)


_Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of the model.", show_default=False)]
_To = Annotated[
    str,
    typer.Option(
        "--to",
        parser=_SERVICES,
        autocompletion=_SERVICES.complete,
        metavar="SERVICE",
        help="Service to publish at.",
        show_default=False,
    ),
]
_Sandbox = Annotated[
    bool, typer.Option("--sandbox", help="Use the sandbox of the service, whose DOIs do not resolve.")
]
_ReserveOnly = Annotated[
    bool, typer.Option("--reserve-only", help="Stop when the identifier stands in the files.")
]
_DraftOnly = Annotated[bool, typer.Option("--draft", help="Stop before the publication, without a question.")]
_NewVersionOf = Annotated[
    str | None,
    typer.Option(
        autocompletion=propose_identifiers,
        metavar="PID",
        help="Make a new version of this published record.",
        show_default=False,
    ),
]
_Repository = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Repository at a service whose users name them.", show_default=False),
]
_Include = Annotated[
    list[str] | None,
    typer.Option(metavar="PATTERN", help="Publish files that would be left out, such as data/toy.csv."),
]
_Exclude = Annotated[
    list[str] | None, typer.Option(metavar="PATTERN", help="Leave out files that match the pattern.")
]
_Jobs = Annotated[int, typer.Option(min=1, max=16, metavar="N", help="Number of files to send at a time.")]
_Assess = Annotated[
    bool, typer.Option("--assess/--no-assess", help="Assess what was published, and store its record.")
]
_TakeOver = Annotated[
    bool,
    typer.Option("--take-over", help="Go on with a draft of another place; in yours, replace others' edits."),
]
_Yes = Annotated[bool, typer.Option("--yes", "-y", help="Publish without a question.")]


def publish(
    folder: _Folder,
    to: _To,
    sandbox: _Sandbox = False,
    reserve_only: _ReserveOnly = False,
    draft: _DraftOnly = False,
    new_version_of: _NewVersionOf = None,
    repository: _Repository = None,
    include: _Include = None,
    exclude: _Exclude = None,
    jobs: _Jobs = DEFAULT_JOBS,
    assess: _Assess = True,
    take_over: _TakeOver = False,
    yes: _Yes = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Publish a folder with model files: a draft, a reserved DOI, files, metadata, and publication.

    The DOI is written into CITATION.cff, codemeta.json, README, .zenodo.json, FAIR4ML and ONNX files before
    they are sent. Nothing becomes public before a confirmation at the terminal or --yes; without either the
    draft is kept. What was done is kept in FOLDER/.fairreg, so the same command goes on after an
    interruption. Version control, hidden files, caches, data and what may hold a secret are left out.
    """
    from fairreg.cli.output import log, print_versioned
    from fairreg.services.publish.publish import PublishingChoices
    from fairreg.services.publish.publish import publish as run

    choices = PublishingChoices(
        to=to,
        sandbox=sandbox,
        reserve_only=reserve_only,
        draft=draft,
        version_of=new_version_of,
        repository=repository,
        include=tuple(include or ()),
        exclude=tuple(exclude or ()),
        jobs=jobs,
        assess=assess,
        take_over=take_over,
    )
    if yes and (draft or reserve_only):
        raise UsageError("--yes publishes, and --draft and --reserve-only do not.", hint="Choose one.")
    with ExitStack() as bars:
        sent = bars.enter_context(_sending())
        # The bar is drawn again and again, over a question as well.
        silent = json or not sys.stdin.isatty()
        question = _Question(yes=yes, silent=silent, before=bars.close, verbose=verbose)
        report = run(settings(), folder, choices, confirm=question.ask, log=log, progress=sent)
    if json:
        print_versioned("publish", report.to_json())
    elif not question.asked:
        _print(report, verbose=verbose)
    _conclude(report, stopped=draft or reserve_only)


@contextmanager
def _sending() -> Iterator["UploadProgress"]:
    """Show one progress bar of the bytes of all files that were begun; silent without a terminal."""
    from fairreg.cli.output import bytes_bar

    if is_plain() or not sys.stderr.isatty():
        yield lambda _name, _done, _total: None
        return
    bar = bytes_bar()
    begun: dict[str, tuple[int, int]] = {}
    with bar:
        task = bar.add_task("Sending", total=None, visible=False)

        def report(name: str, done: int, total: int) -> None:
            begun[name] = (done, total)
            files = list(begun.values())  # other threads begin files meanwhile
            done, total = (sum(sizes) for sizes in zip(*files, strict=True))
            bar.update(task, completed=done, total=total, visible=True)

        yield report


class _Question:
    """The question before the publication: answered by --yes, not asked where nobody can answer."""

    def __init__(self, *, yes: bool, silent: bool, before: Callable[[], None], verbose: bool) -> None:
        self._yes, self._silent, self._before, self._verbose = yes, silent, before, verbose
        self.asked = False

    def ask(self, report: "PublicationReport") -> bool:
        """Show the draft at a terminal and ask; False keeps it a draft.

        Raises FairregError for --yes where the draft holds files of somebody else, as nobody has seen them,
        where a file that says how to cite does not carry the identifier, and where no file states a licence.
        """
        from fairreg.services.publish.access import unlicensed

        if self._yes and report.others:
            raise FairregError(
                f"The draft also holds {', '.join(report.others)}, not of this folder, "
                "which --yes alone does not publish.",
                hint="Remove it there, or publish at a terminal without --yes, which shows it and asks.",
            )
        if self._yes and report.without:
            named = ", ".join(report.without)
            raise FairregError(
                f"{named} would be published without {_bare(report)}, which --yes alone does not do: "
                + " ".join(note for note in report.notes if note.startswith(report.without)),
                hint="Correct the files, or publish at a terminal without --yes, which shows it and asks.",
            )
        is_draft = report.deposit.status == "draft"
        if self._yes and is_draft and (fault := " ".join(unlicensed(report.record))):
            raise FairregError(
                f"{fault} --yes alone does not publish that.",
                hint="Publish at a terminal without --yes, which shows it and asks, if no licence is meant.",
            )
        if self._yes or self._silent:
            return self._yes
        self.asked = True
        self._before()
        _print(report, verbose=self._verbose)
        question = f"Publish this at {report.service}? It cannot be undone."
        return confirmed(question, interrupted="Interrupted at the question, so nothing became public.")


def _conclude(report: "PublicationReport", *, stopped: bool) -> None:
    """Say what became of the deposit. Raises FairregError where refused fields prevent its publication."""
    from fairreg.cli.output import log

    if report.is_new:
        log(f"Published as {_bare(report)}: {report.deposit.page or report.deposit.url}")
    for sentence in report.next_steps:
        log(sentence)
    if report.faults and stopped:
        for words in _fault_words(report):
            log(f"Missing before the publication: {words}")
    elif report.faults:
        fields = "; ".join(_fault_words(report))
        raise FairregError(
            f"The metadata cannot be published at {report.service}: {fields}.",
            hint=f"Correct the files and repeat the command; the draft is kept ({report.deposit.page}).",
        )
    if report.deposit.status == "draft":
        where = report.deposit.page or report.deposit.id
        log(f"The draft is kept, and not public: {where}")
        if not stopped:
            log("Publish it with the same command, at a terminal or with --yes.")


def _fault_words(report: "PublicationReport") -> Iterator[str]:
    for item in report.faults:
        of_record = f" (from {item.record_field})" if item.record_field else ""
        yield f"{item.field}{of_record}: {item.message.rstrip('.')}"


def _bare(report: "PublicationReport") -> str:
    """Return the identifier without its scheme."""
    return (report.deposit.identifier or "").partition(":")[2] or "none yet"


def _print(report: "PublicationReport", *, verbose: bool) -> None:
    from fairreg.cli.layout.tables import print_fields
    from fairreg.cli.output import log, visible

    print_fields((name, visible(value, kept="")) for name, value in _lines(report))
    if verbose or len(report.files) <= _MOST_LISTED:
        _print_files(report)
    else:
        log("--verbose lists all files with their digests.")
    most = None if verbose else _MOST_LEFT_OUT
    for other in report.left_out[:most]:
        log(f"Left out: {other.name} ({other.reason})")
    if most is not None and len(report.left_out) > most:
        log(f"Left out: {len(report.left_out) - most} more (--verbose lists all)")
    for note in report.notes:
        log(f"Note: {note}")


def _print_files(report: "PublicationReport") -> None:
    """Print all files; the SHA-256 has a line of its own, as nobody can compare half of one."""
    from fairreg.cli.cards import size_text
    from fairreg.cli.layout.tables import print_table
    from fairreg.cli.output import visible

    rows = [
        (visible(item.name, kept=""), size_text(item.size), f"{item.md5}\n{item.sha256}")
        for item in report.files
    ]
    print_table(("File", "Size", "MD5 and SHA-256"), rows)


def _lines(report: "PublicationReport") -> Iterator[tuple[str, str]]:
    from fairreg.cli.cards import size_text
    from fairreg.schemas.text import counted
    from fairreg.services.publish.access import access_words

    record, deposit = report.record, report.deposit
    yield "Title", record.name
    yield "Type", record.kind
    yield "Creators", "; ".join(item.name for item in record.creators) or "none stated"
    yield "License", record.license or record.license_stated or "none stated"
    yield "Access", access_words(record.access)
    yield "Version", record.version or "none stated"
    yield "At", f"{report.service} ({deposit.url}), {deposit.status}"
    if deposit.page:
        yield "Page", deposit.page
    yield "Identifier", _bare(report)
    if deposit.concept:
        yield "All versions", deposit.concept.partition(":")[2]
    if report.carrying:
        yield "Carried by", ", ".join(report.carrying)
    if report.others:
        yield (
            "Other files",
            f"{', '.join(report.others)} (in the draft, not of this folder; published with it)",
        )
    yield "Files", f"{counted(len(report.files), 'file')}, {size_text(report.size)}"
    models = report.models
    if models:
        named = ", ".join(f"{item.name} ({size_text(item.size)})" for item in models[:_MOST_LISTED])
        more = len(models) - _MOST_LISTED
        yield "Model files", f"{named} and {more} more" if more > 0 else named
    if report.left_out:
        yield "Left out", counted(len(report.left_out), "file or folder", "files and folders")
