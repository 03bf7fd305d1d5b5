# SPDX-License-Identifier: MIT
"""Files that an assessment writes: page, badge, linked data, and drafts that improve the metadata."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fairreg.assessment.evidence import Evidence
from fairreg.assessment.remedies.base import Draft
from fairreg.assessment.remedies.drafts import TODO_NAME, drafts, is_unedited, todo_list
from fairreg.assessment.remedies.facts import Facts
from fairreg.assessment.remedies.requirements import engine_versions
from fairreg.assessment.rendering.badge import badge_svg
from fairreg.assessment.rendering.comparison import Compared, compared
from fairreg.assessment.rendering.dqv import to_jsonld
from fairreg.assessment.rendering.html import to_html
from fairreg.assessment.report import AssessmentReport
from fairreg.storage.files import disk_faults, replacing

__all__ = ["Compared", "FixReport", "compared", "fix", "write_badge", "write_html", "write_jsonld"]


_TASK = "- [ ] "
_LONGEST = 2**20  # characters of a list that is read


@dataclass(frozen=True)
class FixReport:
    """Files that `fix` wrote, and existing ones that it left unchanged.

    `unlisted` are to-dos that an edited list of them, which was left unchanged, does not have.
    """

    folder: Path
    written: tuple[Draft, ...]
    kept: tuple[Draft, ...]
    unresolved: tuple[str, ...]
    unlisted: tuple[str, ...] = ()


def write_html(report: AssessmentReport, file: Path, *, name: str | None = None) -> None:
    """Write the report as one page; `name` is the object's. Raises FairregError for disk errors."""
    _write(file, to_html(report, name=name))


def write_badge(report: AssessmentReport, file: Path) -> None:
    """Write the badge as SVG. Raises FairregError for disk errors."""
    _write(file, badge_svg(report))


def write_jsonld(report: AssessmentReport, file: Path) -> None:
    """Write the report as JSON-LD. Raises FairregError for disk errors."""
    _write(file, json.dumps(to_jsonld(report), indent=2, ensure_ascii=False) + "\n")


def fix(evidence: Evidence, report: AssessmentReport, folder: Path, *, force: bool = False) -> FixReport:
    """Write into `folder` the files that fix the failed indicators which files can fix.

    An existing file is left unchanged, except with `force`; the list of what remains is written anew until
    somebody edits it. Raises FairregError for disk errors.
    """
    offered = drafts(report, Facts(evidence, engine_versions()))
    whole = (*offered, todo_list(report, offered)) if offered else ()
    # A dangling link counts as an existing file.
    kept = tuple(item for item in whole if not force and _is_kept(folder / item.name))
    written = tuple(item for item in whole if item not in kept)
    if written:
        with disk_faults(f"The folder {folder}"):
            folder.mkdir(parents=True, exist_ok=True)
    for item in written:
        _write(folder / item.name, item.text)
    unlisted = _unlisted(folder, whole[-1]) if whole and whole[-1] in kept else ()
    return FixReport(folder, written, kept, _unresolved(report, offered), unlisted)


def _is_kept(file: Path) -> bool:
    """Tell whether a file is there and may be somebody's work."""
    return os.path.lexists(file) and not (file.name == TODO_NAME and is_unedited(_text(file)))


def _unlisted(folder: Path, todo: Draft) -> tuple[str, ...]:
    held = _text(folder / todo.name)
    tasks = (line for line in todo.text.splitlines() if line.startswith(_TASK))
    return tuple(line.removeprefix(_TASK) for line in tasks if line.removeprefix(_TASK) not in held)


def _text(file: Path) -> str:
    """Return the text of a small file; empty for one that cannot be read."""
    try:
        with file.open(encoding="utf-8", errors="replace", newline="") as opened:
            return opened.read(_LONGEST)
    except OSError:
        return ""


def _unresolved(report: AssessmentReport, offered: Iterable[Draft]) -> tuple[str, ...]:
    served = {number for item in offered for number in item.serves}
    asked = (item for found in report.principles.values() for item in found.indicators)
    return tuple(item.id for item in asked if item.remedy and item.id not in served)


def _write(file: Path, text: str) -> None:
    """Write a file atomically: after an error the previous content is still there."""
    with disk_faults(str(file)), replacing(file) as draft:
        # A file name from an archive may contain lone surrogates, which UTF-8 cannot encode.
        draft.write_bytes(text.encode("utf-8", "backslashreplace"))
