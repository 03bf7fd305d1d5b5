# SPDX-License-Identifier: MIT
"""Fetched files, and a plan of a fetch, as a notebook shows them."""

from collections.abc import Callable, Sequence
from pathlib import Path

from fairreg.schemas.notebook.markup import (
    Html,
    card,
    details,
    element,
    facts,
    folded,
    joined,
    link,
    quiet,
    size_text,
    table,
)
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.text import counted
from fairreg.services.fetch.download import Downloaded
from fairreg.services.fetch.files.fetched import ArchiveMember, FetchedFiles
from fairreg.services.fetch.files.plan import FetchPlan, PlannedFile

__all__ = ["fetched_view", "plan_view"]


def fetched_view(fetched: FetchedFiles) -> str:
    """Return the files with what was checked of them, the weights among them, and the unpacked archives."""
    about = [counted(len(fetched.files), "file"), size_text(sum(item.file.size for item in fetched.files))]
    return card(
        fetched.record.name,
        (*about, _identifier(fetched.record)),
        table(("file", "size#", "checked|", "place"), fetched.files, "files", row=_file_of(fetched)),
        table(("weights or graph", "place"), fetched.models, "models", row=_model_of(fetched)),
        details("files chosen inside archives", _members(fetched)),
        facts(
            (
                ("unpacked into", folded(fetched.folders, "folders", view=_path)),
                ("not opened", _unopened(fetched)),
            )
        ),
    )


def _identifier(record: ModelRecord) -> Html:
    return link(record.doi or record.identifier, record.doi_url)


def _path(path: Path) -> Html:
    return element("code", str(path))


def _file_of(fetched: FetchedFiles) -> Callable[[Downloaded], Sequence[object]]:
    def row(item: Downloaded) -> Sequence[object]:
        name = item.distribution.name
        return name, size_text(item.file.size), _checked(item), _path(fetched.path_of(item))

    return row


def _checked(item: Downloaded) -> str:
    algorithm = item.checksum.partition(":")[0]
    return f"agrees with the published {algorithm}" if item.verified else "no checksum is published"


def _model_of(fetched: FetchedFiles) -> Callable[[Path], Sequence[object]]:
    return lambda path: (fetched.name_of(path), _path(fetched.path_of_model(path)))


def _members(fetched: FetchedFiles) -> Html:
    def row(item: ArchiveMember) -> Sequence[object]:
        return item.name, item.archive, _path(fetched.path_of_model(item.path))

    return table(("file", "archive", "place"), fetched.members, "files", row=row)


def _unopened(fetched: FetchedFiles) -> Html:
    return folded(fetched.unopened, "files", view=lambda item: joined((item.name, quiet(item.reason)), ": "))


def plan_view(plan: FetchPlan) -> str:
    """Return the files that would be fetched, with their sizes as the record states them."""
    about = [counted(len(plan.files), "file"), size_text(plan.size)]
    missing = plan.download_size
    about += [] if missing is None else [f"{size_text(missing)} to download" if missing else "all are here"]
    return card(
        plan.record.name,
        (*about, _identifier(plan.record)),
        table(("file", "size#", "here", "checksum"), plan.files, "files", row=_planned),
        facts([("no file matches", folded(plan.unmatched, "patterns", separator=", "))]),
    )


def _planned(item: PlannedFile) -> Sequence[object]:
    known = item.distribution
    size = ("about " if known.size_is_rounded else "") + size_text(known.size)
    here = "yes" if item.is_here else ""
    return link(known.name, known.url), size, here, known.checksums[0] if known.checksums else ""
