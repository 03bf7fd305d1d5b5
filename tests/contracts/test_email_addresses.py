# SPDX-License-Identifier: MIT
"""No e-mail address of a payload or record is in what any harvester or format makes of it."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from fairreg import formats, harvesters
from fairreg.email_addresses import without_addresses_in_payload
from fairreg.errors import RecordError
from fairreg.schemas.record import ModelRecord
from support.fitting import fitting
from support.full_record import FULL
from support.known_services import payloads

HOST = "secretly.example.org"
EMAIL = f"jane.roe@{HOST}"
VIEWS = formats.all_formats()
# What names a file is needed verbatim to fetch it; identifiers and places are not texts.
VERBATIM = ("identifier", "identifiers", "distributions", "relations", "provenance")


def described(record: ModelRecord) -> str:
    plain = {name: value for name, value in record.to_json().items() if name not in VERBATIM}
    return json.dumps(plain)


def written(view: Any, record: ModelRecord) -> str:
    try:
        document = view.write(fitting(view, record))
    except RecordError as error:  # of a format that requires what the record does not state
        return error.message
    return document.decode() if isinstance(document, bytes) else str(document)


def filled() -> ModelRecord:
    """FULL with an address in each of its texts, as the JSON of an older registry would hold it."""

    def visit(value: Any, name: str = "") -> Any:
        if name in VERBATIM:
            return value
        if isinstance(value, dict):
            return {key: visit(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return [visit(item, name) for item in value]
        fixed = name in {"kind", "orcid", "license", "language", "level", "until", "dtype", "shape"}
        if not isinstance(value, str) or fixed or name.startswith("date_"):
            return value
        return f"{value} {EMAIL}"

    return ModelRecord.from_json(visit(FULL.to_json()))


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.NAME)
def test_no_format_writes_an_address(view: Any) -> None:
    assert HOST not in written(view, filled())


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    elif isinstance(value, str):
        yield path


PAYLOADS: dict[str, Any] = {
    name: next(iter(harvesters.get(name).split(payload)))
    for name, payload in payloads().items()
    if name in harvesters.names()
}
each = pytest.mark.parametrize("source", sorted(PAYLOADS))


@each
def test_no_harvester_keeps_an_address_of_any_text_of_its_payload(source: str) -> None:
    """Each text of the payload in turn holds an address; so does a member that no mapping knows."""
    whole = PAYLOADS[source]
    read = 0
    for path in leaves(whole):
        payload = copy.deepcopy(whole)
        place = payload
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = f"{place[path[-1]]} {EMAIL}"
        if isinstance(place, dict):
            place["email"] = EMAIL
        try:
            record = harvesters.get(source).to_record(payload)
        except RecordError:
            continue
        read += 1
        assert HOST not in described(record), path
        if HOST in json.dumps(record.to_json()):
            continue  # in the name of a file or an identifier
        assert all(HOST not in written(view, record) for view in (VIEWS if read == 1 else VIEWS[:1])), path
    assert read


@each
def test_a_payload_without_addresses_makes_the_same_record(source: str) -> None:
    """An exported payload tells the same: only the texts with an address differ."""
    record = harvesters.get(source).to_record(PAYLOADS[source])
    again = json.loads(without_addresses_in_payload(json.dumps(PAYLOADS[source]).encode()))
    assert harvesters.get(source).to_record(again) == record
