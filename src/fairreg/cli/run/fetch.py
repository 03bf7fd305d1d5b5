# SPDX-License-Identifier: MIT
"""``fetch``: from a DOI to verified files, and with ``--run`` to a result."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairreg.cli.options import RUNTIMES, CommandGroup, DeviceName, Json, Pid, Verbose, settings
from fairreg.cli.output import log

if TYPE_CHECKING:
    from fairreg.errors import Unreachable
    from fairreg.schemas.identifiers import RequestedIdentifier
    from fairreg.services.fetch.fetch import Downloader, FetchedFiles
    from fairreg.services.fetch.files.selection import FileSelection
    from fairreg.services.registry.lazy_registry import LazyRegistry
    from fairreg.services.run.demonstrate import RunReport
    from fairreg.services.run.vectors.report import VectorRun

__all__ = ["register"]


class Weights(StrEnum):
    """Choice of the weights that ``--run`` may use."""

    PUBLISHED = "published"
    REFERENCE = "reference"


class DownloaderName(StrEnum):
    """Choice of the program that downloads the files."""

    FAIRREG = "fairreg"
    ZENODO_GET = "zenodo_get"


_MOST_JOBS = 64
_Runtime = Annotated[
    str | None,
    typer.Option(
        parser=RUNTIMES,
        autocompletion=RUNTIMES.complete,
        metavar="RUNTIME",
        help="Engine of --run.",
        show_default="that of the file's format, else onnx",
    ),
]
_Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", file_okay=False, metavar="FOLDER", help="Folder to copy the files to."),
]
_Files = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATTERN",
        help="Only files that match, with those that belong to them; if no file of the record does, members "
        "of its archives. May be repeated.",
    ),
]
_Excluded = Annotated[
    list[str] | None,
    typer.Option(metavar="PATTERN", help="No files that match this pattern. May be repeated."),
]
_DryRun = Annotated[
    bool, typer.Option("--dry-run", help="List names, sizes and checksums; download nothing.")
]
_WeightsChoice = Annotated[
    Weights | None,
    typer.Option(help="Which weights --run may use.", show_default="published, or reference if out of reach"),
]
_Downloader = Annotated[
    DownloaderName, typer.Option(help="Download program; zenodo_get needs the extra zenodo.")
]
_Jobs = Annotated[
    int,
    typer.Option(min=1, max=_MOST_JOBS, metavar="N", help="Number of files to download at a time."),
]
_Recipe = Annotated[
    Path | None,
    typer.Option(
        dir_okay=False,
        metavar="FILE",
        help="Write how to run the model with its authors' code, as a Containerfile.",
    ),
]
# The first line keeps click from joining the others.
_EXAMPLES = """\b
Example: fairreg fetch 10.5281/zenodo.7305227 --run --json
         fairreg fetch 10.5281/zenodo.7305227 --dry-run
         fairreg fetch 10.5281/zenodo.7305227 --file '*.onnx' --output models
         fairreg fetch 10.5281/zenodo.7305227 --exclude '*.root' --exclude '*.h5'
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel=CommandGroup.GET, epilog=_EXAMPLES)(fetch)


def fetch(
    pid: Pid,
    run: Annotated[bool, typer.Option("--run", help="Run the model on its test vectors or sample.")] = False,
    runtime: _Runtime = None,
    output: _Output = None,
    file: _Files = None,
    exclude: _Excluded = None,
    dry_run: _DryRun = False,
    weights: _WeightsChoice = None,
    downloader: _Downloader = DownloaderName.FAIRREG,
    recipe: _Recipe = None,
    device: DeviceName = None,
    jobs: _Jobs = 4,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Download and verify the files of a record.

    Resolves the identifier and finds the model among its files. --run runs a network that fairreg knows on a
    packaged sample, and any model on the test vectors that are published with it, whose outputs it compares.
    If the source cannot be reached, --run may use fairreg's reference weights instead, with a warning.
    --recipe names the repository, the commit, the environment files and the documented commands; with --run
    it is written only where nothing here runs the model. fairreg never runs the authors' code.
    """
    from fairreg.cli.output import print_versioned
    from fairreg.cli.run.fetched_files import print_origins
    from fairreg.errors import Unreachable
    from fairreg.schemas.identifiers import RequestedIdentifier
    from fairreg.services.fetch.files.selection import FileSelection
    from fairreg.services.registry.lazy_registry import LazyRegistry

    _check_is_no_file(pid)
    requested, selection = RequestedIdentifier(pid), FileSelection.of(file or (), exclude or ())
    if dry_run:
        _check_dry_run(run=run, recipe=recipe, downloader=downloader)
        _plan(requested, selection, json=json)
        return
    if recipe is not None:
        _check_recipe(recipe)
    _check_run_options(requested, run=run, runtime=runtime, device=device, weights=weights)
    report: RunReport | VectorRun | None
    written: dict[str, Any] = {}
    with LazyRegistry.of(settings()) as registry:
        try:
            fetched = _fetched(requested, registry, output, selection, downloader, jobs)
        except Unreachable as error:
            if not run or weights is Weights.PUBLISHED:
                raise
            fetched, report = _stand_in(requested, registry, runtime, device, error)
        else:
            print_origins(fetched, verbose=verbose)
            with _written(recipe, fetched, run=run) as written:
                report = (
                    _run(requested, fetched, selection, registry, runtime, device, weights) if run else None
                )
    if json:
        print_versioned("fetch", fetched.to_json(report.to_json() if report else None, written or None))
    else:
        _print(fetched, report, output, verbose=verbose)
    if report is not None:
        _raise_difference(report)
    _raise_refusal(fetched)


def _check_is_no_file(pid: str) -> None:
    from fairreg.errors import UsageError

    if Path(pid).is_file():
        raise UsageError(
            f"{pid} is a file here, and fetch takes an identifier.",
            hint="To run a model file: fairreg run FILE --input FILE",
        )


def _check_dry_run(*, run: bool, recipe: Path | None, downloader: DownloaderName) -> None:
    from fairreg.errors import UsageError

    if run or recipe is not None or downloader is not DownloaderName.FAIRREG:
        raise UsageError(
            "--dry-run downloads nothing, so it does not go with --run, --recipe or --downloader.",
            hint="Leave one of them out.",
        )


def _raise_difference(report: "RunReport | VectorRun") -> None:
    """Raise the error for outputs that differ from the published ones, once the result is printed."""
    from fairreg.services.run.vectors.report import VectorRun

    check = report.check if isinstance(report, VectorRun) else report.vectors
    if check is not None and check.fault is not None:
        raise check.fault


def _raise_refusal(fetched: "FetchedFiles") -> None:
    """Raise the error of the first archive that was refused, if any, and log those of the others."""
    refused = list(fetched.refused.values())
    for error in refused[1:]:
        log(f"Error: {error.message}")
    for error in refused[:1]:
        if len(fetched.files) > len(refused):
            error.hint = " ".join(filter(None, [error.hint, "The other files are fetched and verified."]))
        raise error


def _plan(pid: "RequestedIdentifier", selection: "FileSelection", *, json: bool) -> None:
    """Print what a fetch would bring."""
    from fairreg.cli.output import print_versioned
    from fairreg.cli.run.fetched_files import print_plan
    from fairreg.services.fetch.files.plan import plan

    found = plan(settings(), pid, patterns=selection.patterns, exclude=selection.excluded, log=log)
    if json:
        print_versioned("fetch-dry-run", found.to_json())
    else:
        print_plan(found)


def _check_recipe(target: Path) -> None:
    from fairreg.services.run.recipe import check_target

    check_target(target)


@contextmanager
def _written(target: Path | None, fetched: "FetchedFiles", *, run: bool) -> Iterator[dict[str, Any]]:
    """Context manager: write the recipe, with --run only where nothing here runs the model.

    It gives a dictionary that holds the recipe's document at the end, and is empty without a recipe.
    """
    from fairreg.errors import MissingEngine, ModelError, SecurityRefusal

    written: dict[str, Any] = {}
    try:
        yield written
    except (ModelError, SecurityRefusal) as error:
        if target is None or isinstance(error, MissingEngine):
            raise
        _write_recipe(fetched, target)
        error.hint = f"The recipe for a container of yours is in {target}."
        raise
    if target is not None and not run:
        written.update(_write_recipe(fetched, target))
    elif target is not None:
        log("The model runs here, so no recipe was written.")


def _write_recipe(fetched: "FetchedFiles", target: Path) -> dict[str, Any]:
    """Write the recipe and return its document."""
    from fairreg.services.run.recipe import write_recipe

    facts = write_recipe(fetched, target)
    log(facts.sentence())
    for text in facts.missing:
        log(f"Not found: {text}")
    log(f"The recipe is in {target}; fairreg has run none of it.")
    return {"path": str(target), **facts.to_json()}


def _fetched(
    pid: "RequestedIdentifier",
    registry: "LazyRegistry",
    output: Path | None,
    selection: "FileSelection",
    downloader: DownloaderName,
    jobs: int,
) -> "FetchedFiles":
    """Fetch, with a progress bar for each file."""
    from fairreg.cli.output import downloading
    from fairreg.services.fetch.fetch import fetch as bring

    with downloading() as progress:
        return bring(
            settings(),
            pid,
            output=output,
            patterns=selection.patterns,
            exclude=selection.excluded,
            downloader=_downloader(downloader),
            log=log,
            progress=progress,
            registry=registry,
            jobs=jobs,
        )


def _print(
    fetched: "FetchedFiles", report: "RunReport | VectorRun | None", output: Path | None, *, verbose: bool
) -> None:
    from fairreg.cli.run.fetched_files import print_files

    print_files(fetched, output, verbose=verbose)
    if report is not None:
        from fairreg.cli.cards import run_card, vectors_card
        from fairreg.services.run.vectors.report import VectorRun

        if isinstance(report, VectorRun):
            vectors_card(report)
        else:
            run_card(report)


def _stand_in(
    pid: "RequestedIdentifier",
    registry: "LazyRegistry",
    runtime: str | None,
    device: str | None,
    error: "Unreachable",
) -> "tuple[FetchedFiles, RunReport]":
    """Run packaged reference weights; raise the error again if the identifier has none."""
    from fairreg.services.run.demonstrate import stand_in

    found = stand_in(settings(), pid, runtime=runtime, device=device, registry=registry)
    if found is None:
        raise error
    log(f"Warning: {error.message}")
    _warn(found[1])
    return found


def _check_run_options(
    pid: "RequestedIdentifier",
    *,
    run: bool,
    runtime: str | None,
    device: str | None,
    weights: Weights | None,
) -> None:
    from fairreg.errors import UsageError

    if not run and (runtime or device or weights):
        raise UsageError("--runtime, --device and --weights need --run.", hint="Add --run.")
    if weights is Weights.REFERENCE:
        from fairreg.services.run.demonstrate import reference

        reference(pid)
    if runtime or device:
        from fairreg.services.run.demonstrate import check_runtime

        check_runtime(runtime, device)


def _downloader(name: DownloaderName) -> "Downloader | None":
    if name is DownloaderName.FAIRREG:
        return None
    from fairreg.services.fetch.zenodo_get import ZenodoGet

    return ZenodoGet(settings())


def _run(
    pid: "RequestedIdentifier",
    fetched: "FetchedFiles",
    selection: "FileSelection",
    registry: "LazyRegistry",
    runtime: str | None,
    device: str | None,
    weights: Weights | None,
) -> "RunReport | VectorRun":
    from fairreg.services.run import demonstrate
    from fairreg.services.run.vectors.trial import run_fetched, with_companions

    chosen = settings()
    if weights is Weights.REFERENCE:
        report = demonstrate.run_reference(chosen, pid, runtime=runtime, device=device)
        _warn(report)
        return report
    whole = with_companions(chosen, fetched, selection, registry=registry, log=log)
    tried = run_fetched(chosen, whole, runtime=runtime, device=device)
    _warn(tried)
    return tried


def _warn(report: "RunReport | VectorRun") -> None:
    from fairreg.services.run.vectors.report import VectorRun

    more = () if isinstance(report, VectorRun) else report.demonstration.warnings
    for warning in (*report.warnings, *more):
        log(f"Warning: {warning}")
