# SPDX-License-Identifier: MIT
"""A record as a notebook shows it."""

from collections.abc import Iterator, Sequence

from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.notebook.markup import (
    Html,
    Row,
    card,
    details,
    facts,
    folded,
    joined,
    link,
    prose,
    size_text,
    table,
)
from fairreg.schemas.notebook.tensors import signature
from fairreg.schemas.record import (
    Creator,
    Distribution,
    Evaluation,
    ModelRecord,
    Relation,
)
from fairreg.schemas.runs import runs
from fairreg.sources import ORCID, ROR

__all__ = ["record_view"]

_CREATORS = 6


def record_view(record: ModelRecord) -> str:
    """Return the record: what is asked for first, and long lists behind a click."""
    about = (record.kind, record.version and f"version {record.version}", record.year, _licence(record))
    return card(
        record.name,
        about,
        facts(_rows(record)),
        details(f"files ({len(record.distributions):,})", _files(record.distributions)),
        details("inputs and outputs", signature(record.inputs, record.outputs)),
        details(f"results ({len(record.evaluations):,})", _results(record.evaluations)),
        details(f"relations ({len(record.relations):,})", _relations(record.relations)),
        details(f"identifiers ({len(record.identifiers):,})", _identifiers(record.identifiers)),
    )


def _rows(record: ModelRecord) -> Iterator[Row]:
    yield "DOI", link(record.doi, record.doi_url) if record.doi else None
    yield "id", None if record.doi else record.identifier
    yield "description", prose(record.description)
    yield "creators", folded(record.creators, "creators", view=_creator, separator="; ", shown=_CREATORS)
    yield "task", folded(record.ml_task, "tasks", separator=", ")
    yield "runs here", runs(record)
    yield "architecture", folded(record.model_category, "categories", separator=", ")
    yield "parameters", None if record.parameter_count is None else f"{record.parameter_count:,}"
    yield "frameworks", folded(record.frameworks, "frameworks", separator=", ")
    yield "keywords", folded(record.keywords, "keywords", separator=", ")
    if record.access is not None:
        until = record.access.until and f"until {record.access.until}"
        level = joined((record.access.level, until), " ")
        yield "access", joined((level, prose(record.access.conditions)), ": ")
    yield "notes", prose(record.notes)
    yield "from", link(record.provenance.source, record.provenance.url)


def _licence(record: ModelRecord) -> str:
    return record.license or record.license_stated or "no licence stated"


def _creator(item: Creator) -> Html:
    address = f"{ORCID.resolver}{item.orcid}" if item.orcid else item.ror and f"{ROR.resolver}{item.ror}"
    return link(item.name, address)


def _files(items: Sequence[Distribution]) -> Html:
    return table(("file", "size#", "checksum"), items, "files", row=_file)


def _file(item: Distribution) -> Sequence[object]:
    size = ("about " if item.size_is_rounded else "") + size_text(item.size)
    return link(item.path or item.name, item.url), size, item.checksums[0] if item.checksums else ""


def _results(items: Sequence[Evaluation]) -> Html:
    return table(("metric", "value#", "data", "split"), items, "results", row=_result)


def _result(item: Evaluation) -> Sequence[object]:
    return item.metric, item.value, item.dataset, item.split


def _relations(items: Sequence[Relation]) -> Html:
    return table(("relation|", "object", "kind"), items, "relations", row=_relation)


def _relation(item: Relation) -> Sequence[object]:
    words = item.stated_type or item.type.replace("_", " ")
    return words, _identifier(item.target), item.target_kind


def _identifier(item: Identifier) -> Html:
    return link(item.compact, item.url)


def _identifiers(items: Sequence[Identifier]) -> Html:
    return folded(items, "identifiers", view=_identifier)
