# SPDX-License-Identifier: MIT
"""Validate documents against the packaged JSON Schemas (draft 2020-12), each violation with its JSON path."""

import json
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from fairreg.errors import RecordError
from fairreg.schemas.identifiers import may_be_template, template_fault
from fairreg.schemas.json_values import faults
from fairreg.schemas.record import ModelRecord, OtherRecord

__all__ = [
    "RECORD_FILES",
    "CheckedDocument",
    "Violation",
    "check",
    "is_jsonld",
    "parse_json",
    "read_document",
    "read_record",
    "require_valid",
    "schema_of_record",
    "violations",
]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
RECORD_FILES = (
    "A record is a file of JSON or JSON-LD, as fairreg show PID --format jsonld writes it; of a crate, "
    "give ro-crate-metadata.json. CITATION.cff and model cards are read with their repository, by fairreg "
    "harvest. fairreg validate also checks a file NAME.cff; fairreg inspect says what a model file is."
)
_BY_HAND = (
    "A record states at least its identifier, kind, name and provenance. For an example: fairreg show "
    "10.5281/zenodo.7305227 --format json; fairreg new makes a project with a record of your own."
)
MAX_REPORTED = 100
# Members of deposit metadata (https://developers.zenodo.org/#representation), and those that a record needs.
_OF_DEPOSITS = frozenset({"creators", "upload_type", "access_right", "related_identifiers", "communities"})
_OF_RECORDS = frozenset({"identifier", "kind", "name", "provenance"})
_NO_RECORD = "is the metadata of a repository's next release, which has no identifier yet, and not a record"
_OF_RELEASE = (
    "fairreg reads such a file with its repository, as harvest and assess do. Once the release has a DOI, "
    "fairreg show DOI --format jsonld writes a record file."
)


class Violation(NamedTuple):
    """A fault at a JSON path such as ``$.creators[0].orcid``."""

    path: str
    message: str


def is_jsonld(document: object) -> bool:
    """Tell whether a document is linked data rather than the plain JSON of a record.

    It has a keyword, or keys with a prefix or as IRIs; a list of such objects is linked data, too.
    """
    if isinstance(document, list):
        return any(isinstance(item, dict) and is_jsonld(item) for item in document)
    return isinstance(document, dict) and any(key.startswith("@") or ":" in key for key in document)


class CheckedDocument(NamedTuple):
    """Faults of a document, else the properties that were left out of its record; `hint` is the next step.

    `record` is the identifier of the record that is read, `others` are further ones in the document.
    """

    violations: tuple[Violation, ...]
    left_out: tuple[str, ...] = ()
    hint: str | None = None
    record: str | None = None
    others: tuple[OtherRecord, ...] = ()


def violations(document: object) -> list[Violation]:
    """List every violation of the schema of its form, in document order; empty for a valid record."""
    return list(check(document).violations)


def check(document: object) -> CheckedDocument:
    """Check a parsed document, plain JSON or linked data of fairreg or another tool."""
    if isinstance(document, list) and not is_jsonld(document):
        return _of_list(document)
    if _is_deposit(document):
        return CheckedDocument((Violation("$", _NO_RECORD),), hint=_OF_RELEASE)
    unsound = tuple(Violation(*item) for item in islice(faults(document), MAX_REPORTED))
    found = unsound or tuple(_against_schema(document))
    if found:
        return CheckedDocument(found, hint=_BY_HAND if _is_incomplete(document) else None)
    try:
        record, left_out, others = _reading(document)
        return _template(record) or CheckedDocument((), left_out, None, record.identifier, others)
    except RecordError as error:
        listed = tuple(Violation(*item) for item in error.violations)
        return CheckedDocument(listed or (Violation("$", error.message),), hint=error.hint)


def _is_deposit(document: object) -> bool:
    """Tell whether a document is the metadata of a deposit, as a repository has them for its next release."""
    if not isinstance(document, dict) or "title" not in document or is_jsonld(document):
        return False
    return bool(_OF_DEPOSITS & document.keys()) and not _OF_RECORDS & document.keys()


def _is_incomplete(document: object) -> bool:
    """Tell whether a record's plain JSON lacks what every record states, as one written by hand may."""
    return isinstance(document, dict) and not is_jsonld(document) and bool(_OF_RECORDS - document.keys())


def _of_list(document: list[object]) -> CheckedDocument:
    """Return the verdict on a list, which is no record, even where it holds some."""
    from fairreg.schemas.text import counted

    names = [str(item["identifier"]) for item in document if isinstance(item, dict) and "identifier" in item]
    more = f": {', '.join(names[:_NAMED])}{', ...' if names[_NAMED:] else ''}" if names else ""
    message = f"is a list of {counted(len(document), 'value')}, and a file holds one record{more}"
    return CheckedDocument((Violation("$", message),), hint="Write each record to a file of its own.")


# Records of a list that are named.
_NAMED = 10


def _against_schema(document: object) -> list[Violation]:
    """Return the violations of the schema; documents of other tools have none."""
    if not is_jsonld(document):
        return _check("record.schema.json", document)
    from fairreg.schemas.jsonld_reader import canonical, is_own  # plain JSON needs none of it

    if not is_own(document):
        return []
    try:
        return _check("jsonld.schema.json", canonical(document))
    except RecordError as error:
        return [Violation(*item) for item in error.violations]


def _reading(document: object) -> tuple[ModelRecord, tuple[str, ...], tuple[OtherRecord, ...]]:
    """Read a document without violations; return what `CheckedDocument` says of it."""
    if not is_jsonld(document):
        return ModelRecord.from_json(document), (), ()
    from fairreg.schemas.jsonld_reader import is_own, others_in, read_jsonld

    if is_own(document):
        return *read_jsonld(document), tuple(OtherRecord.of(*item) for item in others_in(document))
    from fairreg import formats  # as in `read_record`

    reading = formats.read_linked_data(document)
    return reading.understood, reading.left_out, reading.others


def _template(record: ModelRecord) -> CheckedDocument | None:
    """Return the verdict on a record that is called by a template, None for any other."""
    fault = template_fault(record.identifier) if may_be_template(record.identifier) else None
    if fault is None:
        return None
    return CheckedDocument((Violation("$.identifier", fault.message),), hint=fault.hint)


def require_valid(document: object, *, name: str) -> None:
    """Raise RecordError, which lists the violations, for a document that is not a valid record."""
    checked = check(document)
    found = checked.violations
    if found:
        raise RecordError(
            f"{name} is not a valid record: {found[0].path} {found[0].message.rstrip('.')}.",
            violations=tuple((item.path, item.message) for item in found),
            hint=checked.hint or (RecordError.all_listed.format(len(found)) if len(found) > 1 else None),
        )


def read_record(text: str | bytes, *, name: str = "the document") -> ModelRecord:
    """Read the record in a text of any format that holds whole records, as plain JSON or JSON-LD.

    RecordError lists the violations.
    """
    # A convenience for callers: the readers are in a higher layer, so they are imported only here.
    from fairreg import formats

    return formats.read_record(text, name=name).understood


def read_document(document: object, *, name: str = "the document") -> ModelRecord:
    """Read the record in parsed linked data, of fairreg or another tool. Raises RecordError."""
    from fairreg import formats  # as in `read_record`

    return formats.read_linked_data(document, name=name).understood


def parse_json(text: str | bytes, *, name: str, hint: str | None = None) -> Any:
    """Parse JSON; RecordError states where `text` is invalid, and `hint` what to do."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise RecordError(f"{name} is not JSON: {error.msg} at {where}.", hint=hint) from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise RecordError(f"{name} is not JSON text in UTF-8.", hint=hint) from error
    except ValueError as error:
        raise RecordError(f"{name} holds a number of more digits than fairreg reads.") from error


def schema_of_record() -> dict[str, Any]:
    """Return the JSON Schema of a record's plain form, derived from the type; the packaged file is a copy."""
    (reference,), definitions = msgspec.json.schema_components([ModelRecord])
    for definition in definitions.values():
        definition["description"] = " ".join(definition.get("description", "").split())
        definition.setdefault("additionalProperties", False)
    return {
        "$schema": DIALECT,
        "$id": "https://w3id.org/fairreg/schema/record.json",
        "title": "fairreg record",
        "$ref": reference["$ref"].replace("components/schemas", "$defs"),
        "$defs": json.loads(json.dumps(definitions).replace("components/schemas", "$defs")),
    }


def _check(schema_file: str, document: object) -> list[Violation]:
    errors = sorted(
        _validator(schema_file).iter_errors(document), key=lambda error: list(map(str, error.absolute_path))
    )
    return [Violation(error.json_path, _shortened(error.message)) for error in errors[:MAX_REPORTED]]


def _shortened(message: str, limit: int = 200) -> str:
    return message if len(message) <= limit else message[: limit // 2] + " ... " + message[-limit // 2 :]


@cache
def _validator(schema_file: str) -> Any:
    from jsonschema import Draft202012Validator

    schema = json.loads(files(__package__).joinpath(schema_file).read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)
