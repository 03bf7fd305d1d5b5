# SPDX-License-Identifier: MIT
"""The table of fields in docs/formats.md is what formats do, also those that refuse a kind of object."""

from types import SimpleNamespace

import build_format_docs
import pytest

from fairreg import formats
from fairreg.errors import RecordError


@pytest.fixture
def fate(monkeypatch):
    """The fate of a field in a format that `write` makes."""

    def judged(write, field):
        monkeypatch.setattr(formats, "get", lambda name: SimpleNamespace(NAME=name, write=write))
        build_format_docs.fate.cache_clear()
        return build_format_docs.fate("shout", field)

    yield judged
    build_format_docs.fate.cache_clear()


def data_only(record):
    if record.kind != "dataset":
        raise RecordError("This format is for datasets only.")
    return f"{record.name}\n".encode()


def test_a_format_of_datasets_is_judged_by_those(fate):
    assert fate(data_only, "name") == "kept"
    assert fate(data_only, "version") == "lost"


def test_a_field_of_which_a_part_is_written_is_narrowed(fate):
    assert fate(lambda record: record.name[:9] + "\n", "name") == "narrowed"


def test_a_format_that_refuses_all_loses_all(fate):
    def refusing(record):
        raise RecordError("No record will do.")

    assert fate(refusing, "name") == "lost"


def test_escapes_of_a_document_do_not_hide_words(fate):
    assert fate(formats.get("json").write, "description") == "kept"
