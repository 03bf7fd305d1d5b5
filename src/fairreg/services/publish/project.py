# SPDX-License-Identifier: MIT
"""The record of a folder: its metadata files read by their formats, and merged.

The first file that states a field gives it, in the order FAIR4ML, CITATION.cff, codemeta.json, .zenodo.json,
model card, licence texts; what a later one says instead is noted. Identifiers and relations are those of all,
the access is the strictest, and on the licence all have to agree.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from shlex import quote
from typing import Any, NamedTuple

from msgspec import structs

from fairreg.errors import FairregError, ModelError, RecordError
from fairreg.formats import fair4ml, model_card
from fairreg.formats.contents import Contents, file_format, media_type, read_contents
from fairreg.formats.file_facts import FileFacts
from fairreg.formats.plain_yaml import YamlFault, load_yaml
from fairreg.formats.repository_files import is_known, read_files
from fairreg.publish.base import FieldFault
from fairreg.publish.zenodo.metadata import relation_word
from fairreg.runners.weights import onnx as onnx_files
from fairreg.schemas.datacite_terms import (
    distinct_identifiers,
    distinct_relations,
    identifier_of,
    stated_relation,
)
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import (
    Access,
    Distribution,
    FieldOrigin,
    Kind,
    ModelRecord,
    Provenance,
    Relation,
    Tensor,
)
from fairreg.schemas.runs import has_weights
from fairreg.services.publish.access import (
    access_faults,
    access_files,
    crate_access,
    gated_cards,
    strictest,
    unlicensed,
    words_elsewhere,
)
from fairreg.services.publish.further_facts import further_facts
from fairreg.services.publish.identifier.json_files import JSON_EDITORS
from fairreg.services.publish.local_files.payload import missing_payload, payload_notes
from fairreg.services.publish.terms.folder import FAIR4ML, READ_HERE, licence_of_folder, unsent_files
from fairreg.services.publish.terms.licences import FoundLicence
from fairreg.services.publish.terms.own import CARDS
from fairreg.services.publish.terms.statements import Terms
from fairreg.sources import DOI, OWN_SOURCE
from fairreg.storage.files import unreadable

__all__ = ["ProjectRecord", "is_data_set", "licence_of", "read_project", "version_files"]

# Beside the suffixes that mean weights everywhere; names that say data are left out.
_WEIGHTS = re.compile(
    r"(?!.*(?:data|jets|events|sample|scaler|test|train[-_.]|valid|feature|metrics|history))"
    r".*\.(?:h5|hdf5|pkl|joblib)|(?:pytorch_model|model|weights)[\w.-]*\.(?:bin|npz|pb)"
)
_LARGEST_TEXT = 1 << 20
_LARGEST_GRAPH = 256 << 20
# Fields that the first file with a value gives.
_SINGLE = (
    *("name", "description", "version", "publisher", "language", "parameter_count"),
    *("date_created", "date_published", "date_modified", "intended_use", "limitations", "usage"),
    *("creators", "keywords", "ml_task", "model_category", "frameworks", "evaluations", "inputs", "outputs"),
)
# Those in which files that say something else are named, with the comparable form of a value.
_COMPARED: Mapping[str, Callable[[Any], object]] = {
    "name": lambda value: " ".join(str(value).casefold().split()),
    "version": lambda value: str(value).lstrip("vV"),
    "creators": lambda value: sorted(item.orcid or item.name.casefold() for item in value),
}
# Identifiers of versions and archives; relations between versions are the service's to state.
_OF_VERSIONS = frozenset({DOI.name, "related_doi", "concept_doi"})


class ProjectRecord(NamedTuple):
    """The record of a folder, and what the user should know of the files that it comes from.

    `faults` are statements that are not understood, and without which nothing is to become public;
    `before_doi` are the notes to read before an identifier is reserved.
    """

    record: ModelRecord
    notes: tuple[str, ...]
    faults: tuple[FieldFault, ...] = ()
    before_doi: tuple[str, ...] = ()


class _Statement(NamedTuple):
    """Fields that a file states. The heading of a `card` need not be the title; a `text` is a licence."""

    file: str
    fields: Mapping[str, Any]
    card: bool = False
    text: bool = False
    repository: str | None = None


def read_project(folder: Path, names: tuple[str, ...]) -> ProjectRecord:
    """Read the record of a folder from those of its files that are published. Raises FairregError."""
    statements, notes = _statements(folder, names)
    fields = {name: value for name in _SINGLE if (value := _first(statements, name)) is not None}
    access, unclear = _access(folder, names, statements)
    fields |= {"access": access} if access is not None else {}
    signature, fault = _signature(folder, names) if "inputs" not in fields else ((), None)
    if signature:
        fields |= dict(zip(("inputs", "outputs"), signature, strict=True))
    contents = read_contents(
        _stated_type(statements),
        title=fields.get("name", ""),
        keywords=fields.get("keywords", ()),
        file_names=names,
    )
    fields.setdefault("name", folder.resolve().name)
    fields.setdefault("frameworks", contents.frameworks)
    kind, origins = _kind(contents, names)
    distributions = tuple(_distribution(folder, name) for name in names)
    licence = _licence(folder, statements, distributions, kind)
    fields |= licence.fields
    if signature:
        origins = (*origins, FieldOrigin("inputs", "computed", "the graph of the model"))
    record = ModelRecord(
        identifier=f"folder:{folder.resolve().name}",
        kind=kind,
        provenance=Provenance(source=OWN_SOURCE, source_id=folder.resolve().name, origins=origins),
        identifiers=distinct_identifiers(_identifiers(statements)),
        relations=distinct_relations(_relations(statements)),
        formats=contents.formats,
        distributions=distributions,
        **fields,
    )
    notes += [*((fault,) if fault else ()), *_contradictions(statements), *licence.notes]
    notes += _unsent_relations(statements)
    notes += payload_notes(record, is_typed=_stated(statements) is not None)
    early = (*_placeholder(folder, names, record), *(() if licence.faults else unlicensed(record)))
    faults = (*unclear, *licence.faults, *missing_payload(record))
    return ProjectRecord(record, (*notes, *early), faults, early)


def is_data_set(folder: Path, names: tuple[str, ...]) -> bool:
    """Tell whether the files `names` of a folder describe a data set. Raises FairregError."""
    stated = _stated_type(_statements(folder, names)[0])
    return read_contents(stated, title="", keywords=(), file_names=names).kind == "dataset"


def licence_of(folder: Path, names: tuple[str, ...]) -> FoundLicence:
    """Return the licence that the files `names` of a folder agree on, else the fault. Raises FairregError."""
    statements = _statements(folder, names)[0]
    contents = read_contents(_stated_type(statements), title="", keywords=(), file_names=names)
    files = tuple(_distribution(folder, name) for name in names)
    return _licence(folder, statements, files, _kind(contents, names)[0])


def _placeholder(folder: Path, names: tuple[str, ...], record: ModelRecord) -> tuple[str, ...]:
    """Return a sentence on a creator whom the template put in the place of authors that nobody named."""
    called = {record.name}
    if _PROJECT_FACTS in names and (folder / _ANSWERS).is_file():
        with suppress(*YamlFault, AttributeError):  # the name of the record is left to compare with
            called.add(str(load_yaml(_text(folder / _ANSWERS)).get("project_name")))
    group = next(
        (item.name for item in record.creators if item.name in map(_DEVELOPERS.format, called)), None
    )
    if group is None or _PROJECT_FACTS not in names:
        return ()
    todo = f"write the authors into {_PROJECT_FACTS}, then {_refresh(folder)}"
    said = f"No author was named, so the creator is a group, {group!r}"
    return (f"{said}. A DOI names its creators for ever: {todo}.",)


# Of the template: what stands for authors, and the file with the answers.
_DEVELOPERS = "The {} developers"
_ANSWERS = ".copier-answers.yml"


def version_files(folder: Path, names: tuple[str, ...]) -> str:
    """Return the files of a folder in which its version is changed, in words for a hint."""
    packaged = ["pyproject.toml"] if "pyproject.toml" in names else []
    if _PROJECT_FACTS in names:
        return f"{' and '.join((_PROJECT_FACTS, *packaged))} (then {_refresh(folder)})"
    stating = [item.file for item in _statements(folder, names)[0] if item.fields.get("version")]
    return ", ".join((*stating, *packaged)) or "CITATION.cff"


def _refresh(folder: Path) -> str:
    return f"fairreg new {quote(str(folder))} --refresh"


# From which `_refresh` writes the metadata files of a project.
_PROJECT_FACTS = "facts.toml"


def _access(
    folder: Path, sent: tuple[str, ...], statements: list[_Statement]
) -> tuple[Access | None, tuple[FieldFault, ...]]:
    """Return the strictest access that any file states, also one that is not published, and the faults."""
    names = access_files(folder)
    read = _statements(folder, names)[0]
    texts = {name: _text(folder / name) for name in names}
    understood = {item.file: item.fields.get("access") for item in read} | crate_access(texts)
    faults = access_faults(texts, understood)
    access = strictest((*(item.fields.get("access") for item in statements), *understood.values()))
    elsewhere = words_elsewhere(folder) if access is None else ()
    return access, (*faults, *elsewhere, *gated_cards(folder, sent, access))


def _statements(folder: Path, names: tuple[str, ...]) -> tuple[list[_Statement], list[str]]:
    """Return what the files say, the most deliberate first, and notes on those that cannot be read."""
    texts = {name: _text(folder / name) for name in names if is_known(name) or name.lower() in READ_HERE}
    found: list[_Statement] = []
    notes: list[str] = []
    for name in (name for name in texts if name.lower() in FAIR4ML):
        try:
            read = _read_fair4ml(texts[name], name)
        except RecordError as error:
            notes.append(f"{error.message.rstrip('.')}; it was not read.")
            continue
        found.append(_Statement(name, structs.asdict(read)))
    facts = read_files({name: text for name, text in texts.items() if is_known(name)})
    cards = [model_card.read(texts[name], name=name).understood for name in texts if name.lower() in CARDS]
    deliberate = [item for item in facts if item.role not in {"readme", "license"}]
    rest = [item for item in facts if item.role == "license"]
    readme = [item for item in facts if item.role == "readme"]
    found += [_statement(item) for item in (*deliberate, *cards, *readme, *rest)]
    notes += [f"{item.fault.rstrip('.')}." for item in (*facts, *cards) if item.fault]
    further = {name: further_facts(name, text) for name, text in texts.items()}
    notes += [note for item in further.values() for note in item.notes]
    more = {name: item.fields for name, item in further.items()}
    # Licence texts to choose from are one statement, which no file has as its name.
    return [item._replace(fields={**item.fields, **more.get(item.file, {})}) for item in found], notes


def _read_fair4ml(text: str, name: str) -> ModelRecord:
    """Read a FAIR4ML file, also one without an identifier, as before the first deposit.

    Raises RecordError.
    """
    try:
        return fair4ml.read(text, name=name).understood
    except RecordError as error:
        try:
            return fair4ml.read(
                JSON_EDITORS[name.lower()](text, _NONE_YET, frozenset()), name=name
            ).understood
        except (RecordError, ValueError, RecursionError):
            raise error from None


# Of DataCite's prefix for tests, so it names nothing; identifiers of versions are left out of the record.
_NONE_YET = Identifier(DOI.name, "10.5072/none-yet")


def _statement(facts: FileFacts) -> _Statement:
    return _Statement(
        facts.file,
        facts.record_fields() | ({"stated_type": facts.type} if facts.type else {}),
        card=facts.role in {"model_card", "readme"},
        text=facts.role == "license",
        repository=facts.repository,
    )


def _text(path: Path) -> str:
    with unreadable(path.name), path.open("rb") as file:
        return file.read(_LARGEST_TEXT).decode("utf-8-sig", "replace")


def _first(statements: Iterable[_Statement], field: str) -> Any:
    """Return the first value of a field; the heading of a card only where nothing else has a name."""
    stated = [item for item in statements if item.fields.get(field)]
    ordered = sorted(stated, key=lambda item: item.card) if field == "name" else stated
    return ordered[0].fields[field] if ordered else None


def _licence(
    folder: Path, statements: Iterable[_Statement], files: tuple[Distribution, ...], kind: Kind
) -> FoundLicence:
    """Return the licence of the weights, else that on which metadata files and licence texts agree.

    Those count also where they are not published.
    """
    names = [item.name for item in files]
    weights = [item.name for item in files if has_weights(item) or _is_weights(item.name)]
    unsent = unsent_files(folder, names)
    stated = [*statements, *_statements(folder, unsent)[0]]
    return licence_of_folder(
        folder,
        [_terms(item) for item in stated if not item.text],
        [_terms(item) for item in stated if item.text],
        sent=names,
        unsent=unsent,
        weights=weights if kind == "model" else (),
        kind=kind,
    )


def _terms(item: _Statement) -> Terms:
    stated, words = item.fields.get("license"), item.fields.get("license_stated")
    return Terms(item.file, stated, words, is_loose=item.card or item.text)


def _stated(statements: Iterable[_Statement]) -> str | None:
    kinds = (item.fields.get("kind") or item.fields.get("stated_type") for item in statements)
    return next((str(kind) for kind in kinds if kind), None)


def _stated_type(statements: Iterable[_Statement]) -> str:
    return _stated(statements) or "software"


def _kind(contents: Contents, names: tuple[str, ...]) -> tuple[Kind, tuple[FieldOrigin, ...]]:
    """Return the kind: beside weights "software" is the usual word of a file for the whole, and a model here.

    Elsewhere such files may hold anything; a folder that is published leaves its data out.
    """
    weights = next(filter(_is_weights, names), None)
    if contents.kind != "software" or weights is None:
        return contents.kind, contents.origins
    return "model", (*contents.origins, FieldOrigin("kind", "inferred", f"file {weights!r}"))


def _is_weights(name: str) -> bool:
    return _WEIGHTS.fullmatch(name.rpartition("/")[2].lower()) is not None


def _identifiers(statements: Iterable[_Statement]) -> Iterator[Identifier | None]:
    for item in statements:
        yield from (one for one in item.fields.get("identifiers", ()) if one.scheme not in _OF_VERSIONS)
        if item.repository:
            yield identifier_of(item.repository, evidence=item.file)


def _relations(statements: Iterable[_Statement]) -> Iterator[Relation]:
    """Yield the relations to other objects; those between versions are the service's to state."""
    for item in statements:
        yield from (one for one in item.fields.get("relations", ()) if one.type not in _BETWEEN_VERSIONS)


def _unsent_relations(statements: Iterable[_Statement]) -> Iterator[str]:
    """Yield a sentence for each file with relations that the record of a service does not get."""
    for item in statements:
        lost = [
            f"{one.target.value} ({one.stated_type or stated_relation(one)[0]})"
            for one in item.fields.get("relations", ())
            if one.type in _BETWEEN_VERSIONS or relation_word(one) is None
        ]
        if lost:
            more = f" and {len(lost) - _MOST_TOLD} more" if lost[_MOST_TOLD:] else ""
            told = f"{', '.join(lost[:_MOST_TOLD])}{more}"
            lead = f"{item.file} relates it to {told}, which fairreg does not send"
            yield f"{lead}: add that at the service's page."


_MOST_TOLD = 5
_BETWEEN_VERSIONS = frozenset({"is_version_of", "has_version", "is_new_version_of", "is_previous_version_of"})


def _signature(
    folder: Path, names: tuple[str, ...]
) -> tuple[tuple[tuple[Tensor, ...], tuple[Tensor, ...]] | tuple[()], str | None]:
    """Return inputs and outputs of the first ONNX graph of a usual size, or why there are none."""
    graphs = [name for name in names if file_format(name) == "onnx"]
    if not graphs or (folder / graphs[0]).stat().st_size > _LARGEST_GRAPH:
        return (), None
    try:
        return onnx_files.signature(folder / graphs[0]), None
    except ModelError as error:
        return (), error.message


def _distribution(folder: Path, name: str) -> Distribution:
    try:
        size = (folder / name).stat().st_size
    except OSError as error:
        raise FairregError(f"{name} cannot be read: {error.strerror}.") from error
    return Distribution(name=name, size=size, media_type=media_type(name), format=file_format(name))


def _contradictions(statements: list[_Statement]) -> Iterator[str]:
    """Yield a sentence for each field in which a file says something else than the record."""
    for field, comparable in _COMPARED.items():
        stated = [
            item for item in statements if item.fields.get(field) and not (item.card and field == "name")
        ]
        for item in stated[1:]:
            first, other = stated[0].fields[field], item.fields[field]
            if comparable(first) != comparable(other):
                used = f"{stated[0].file} {_words(field, first)}; the latter is used"
                yield f"{item.file} has {_words(field, other)}, {used}."


def _words(field: str, value: Any) -> str:
    if field == "creators":
        return f"the creators {'; '.join(item.name for item in value)}"
    return f"the {field} {value}"
