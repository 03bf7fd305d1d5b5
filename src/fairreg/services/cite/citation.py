# SPDX-License-Identifier: MIT
"""The verb ``cite``: a record as a reference, with its training data and papers where that is wanted."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fairreg.errors import UsageError
from fairreg.formats import bibtex, csl, ris
from fairreg.formats.base import filled_members, json_text
from fairreg.registry import Registry
from fairreg.schemas.record import ModelRecord
from fairreg.services.cite.apa import named_reference, reference
from fairreg.services.cite.works import NamedWork, Work, papers_of, training_data_of, work_of

__all__ = ["FORMATS", "cite"]

Works = Sequence[Work | NamedWork]


def cite(
    record: ModelRecord,
    *,
    format: str = "text",  # noqa: A002  # as the option
    with_data: bool = False,
    with_paper: bool = False,
    registry: Registry | None = None,
) -> str:
    """Return the citation of a record as text (APA), bibtex, csl (JSON) or ris, ending in a line feed.

    `with_data` adds what it was trained on, as `registry` describes it, else by its identifier; `with_paper`
    the papers that describe it, by their identifiers. The DOI is that of this version. A record as
    `Entry.present_record` gives it says that it was withdrawn. Raises UsageError for another format.

    >>> from fairreg.schemas.record import Creator, ModelRecord, Provenance
    >>> place = Provenance("zenodo", "1", url="https://zenodo.org/records/1")
    >>> authors = (Creator(name="Javier Duarte"),)
    >>> net = ModelRecord(identifier="zenodo:1", kind="model", name="Net", creators=authors, provenance=place)
    >>> print(cite(net), end="")
    Duarte, J. (n.d.). Net [Machine learning model]. https://zenodo.org/records/1
    """
    if format not in FORMATS:
        raise UsageError(
            f"There is no format {format!r} of citations.", hint=f"Formats: {', '.join(FORMATS)}."
        )
    data = list(training_data_of(record, registry)) if with_data else []
    papers = list(papers_of(record)) if with_paper else []
    main = work_of(record)
    if format == "text":
        missing = [("training data", data)] * with_data + [("paper", papers)] * with_paper
        said = tuple(f"The record names no {what}." for what, works in missing if not works)
        main = Work(record, (*main.remarks, *said))
    return FORMATS[format]([main, *data, *papers])


def _text(works: Works) -> str:
    """One paragraph for each work."""
    told = (named_reference(work) if isinstance(work, NamedWork) else reference(work) for work in works)
    return "\n\n".join(dict.fromkeys(told)) + "\n"


def _bibtex(works: Works) -> str:
    told = (
        bibtex.named_entry(work.identifier, note=work.remark)
        if isinstance(work, NamedWork)
        else bibtex.write(work.record, remark=" ".join(work.remarks))
        for work in works
    )
    return "\n".join(dict.fromkeys(told))


def _ris(works: Works) -> str:
    told = (
        ris.named_reference(work.identifier, is_data=work.kind == "data", note=work.remark)
        if isinstance(work, NamedWork)
        else ris.write(work.record, remark=" ".join(work.remarks))
        for work in works
    )
    return "\n".join(dict.fromkeys(told))


def _csl(works: Works) -> str:
    items = {json.dumps(item): item for item in map(_item, works)}
    return json_text(list(items.values()))


def _item(work: Work | NamedWork) -> dict[str, Any]:
    if not isinstance(work, NamedWork):
        return csl.item_of(work.record, remark=" ".join(work.remarks))
    return filled_members(
        {
            "type": "dataset" if work.kind == "data" else "article",
            "id": bibtex.key_of_identifier(work.identifier),
            "title": work.identifier.compact,
            "DOI": work.identifier.value if work.identifier.scheme == "doi" else None,
            "URL": work.address,
            "note": work.remark,
        }
    )


# Formats of citations, by name.
FORMATS: Mapping[str, Callable[[Works], str]] = {
    "text": _text,
    "bibtex": _bibtex,
    "csl": _csl,
    "ris": _ris,
}
