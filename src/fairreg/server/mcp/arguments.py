# SPDX-License-Identifier: MIT
"""Arguments of the tools, with the limits of each; their JSON Schema is what an assistant sees."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fairreg.schemas.record import Kind

__all__ = [
    "CiteArguments",
    "FormatArguments",
    "IdentifierArguments",
    "NoArguments",
    "PidArguments",
    "SearchArguments",
    "ToolArguments",
    "WeightsArguments",
]

_MOST_RESULTS = 50
_LAST_OFFSET = 10_000
_Word = Annotated[str, Meta(max_length=200)]
_Pid = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=2000,
        description=(
            "Identifier of the record in any spelling: a DOI, an address, or `identifier` of a search result."
        ),
    ),
]


class ToolArguments(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Arguments of a tool; others than those listed are refused, so that none is ignored unnoticed."""


class NoArguments(ToolArguments, frozen=True):
    """None."""


class PidArguments(ToolArguments, frozen=True):
    """A record."""

    pid: _Pid


class SearchArguments(ToolArguments, frozen=True):
    """A query in words and conditions that every result meets."""

    query: Annotated[
        str,
        Meta(
            max_length=500,
            description=(
                "Words of the topic, such as 'jet tagging graph network', or one identifier. Empty lists "
                "all, newest first. Put task, framework, licence, author and year into their own arguments."
            ),
        ),
    ] = ""
    task: Annotated[_Word | None, Meta(description="Term or words of the task: 'jet-tagging'.")] = None
    framework: Annotated[_Word | None, Meta(description="Software of the model: 'PyTorch', 'ONNX'.")] = None
    license: Annotated[
        _Word | None, Meta(description="SPDX identifier or its family: 'MIT', 'CC-BY' (finds CC-BY-4.0).")
    ] = None
    kind: Annotated[
        Kind | None, Meta(description="Kind of object. Ask for 'model' if data and software are not meant.")
    ] = None
    source: Annotated[
        _Word | None, Meta(description="Name of a source as list_sources gives it: 'zenodo'.")
    ] = None
    author: Annotated[_Word | None, Meta(description="Name in any order, or ORCID.")] = None
    year: Annotated[
        Annotated[int, Meta(ge=0, le=9999)] | Annotated[str, Meta(max_length=40)] | None,
        Meta(description="Year of publication, or years: 2021, '2020-2023', '-2019', '2022-'."),
    ] = None
    trained_on: Annotated[_Word | None, Meta(description="Identifier of training data.")] = None
    runnable: Annotated[
        bool | None,
        Meta(description="true: only models that fairreg can run, or may be able to; false: only others."),
    ] = None
    min_fair: Annotated[
        Annotated[float, Meta(ge=0, le=1)] | None,
        Meta(description="Least FAIR score, 0 to 1. Leaves out everything that was not assessed."),
    ] = None
    sort: Annotated[
        Literal["relevance", "year", "fair", "name"], Meta(description="Order of the results.")
    ] = "relevance"
    limit: Annotated[
        int, Meta(ge=1, le=_MOST_RESULTS, description="Most results of this answer, at most 50.")
    ] = 10
    offset: Annotated[
        int,
        Meta(ge=0, le=_LAST_OFFSET, description="Results to pass over: `next_offset` of the last answer."),
    ] = 0


class FormatArguments(PidArguments, frozen=True):
    """A record, and the form in which to give it."""

    format: Annotated[
        str,
        Meta(
            max_length=40,
            description="'summary' for named fields, else a format to quote or save the whole record in.",
        ),
    ] = "summary"


class IdentifierArguments(ToolArguments, frozen=True):
    """A text that is or contains an identifier."""

    identifier: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=2000,
            description="Anything pasted: a DOI, an address, 'owner/name', an arXiv number, an ORCID.",
        ),
    ]


class WeightsArguments(ToolArguments, frozen=True):
    """One of the two."""

    fingerprint: Annotated[
        Annotated[str, Meta(min_length=1, max_length=200)] | None,
        Meta(description="Fingerprint as `fairreg inspect` prints it: 'sha256:' and 64 hexadecimal digits."),
    ] = None
    pid: Annotated[_Pid | None, Meta(description="A record whose weights are looked for.")] = None


class CiteArguments(PidArguments, frozen=True):
    """A record, and what to cite beside it."""

    with_data: Annotated[bool, Meta(description="Cite the training data, too.")] = False
    with_paper: Annotated[bool, Meta(description="Cite the papers that describe it, too.")] = False
    format: Annotated[
        Literal["text", "bibtex", "csl", "ris"], Meta(description="'text' is a reference in APA style.")
    ] = "text"
