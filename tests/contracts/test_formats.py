# SPDX-License-Identifier: MIT
"""What every format promises, built-in or not."""

import json
import os
import re
import subprocess
import sys
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import get_args
from xml.etree import ElementTree as ET

import build_format_docs
import msgspec
import pytest
import yaml
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from rdflib import Graph

from fairreg import formats, plugins
from fairreg.errors import PluginError, RecordError, UsageError
from fairreg.formats.base import FIELDS, can_hold, is_json
from fairreg.schemas.record import Kind, ModelRecord
from support.examples import examples
from support.fitting import fitting, written
from support.full_record import FULL, OTHER
from support.hostile import HOSTILE, LONG, hostile_everywhere
from support.records import records

ALL = formats.all_formats()
READABLE = [item for item in ALL if hasattr(item, "read")]
each = pytest.mark.parametrize("view", ALL, ids=lambda item: item.NAME)
each_readable = pytest.mark.parametrize("view", READABLE, ids=lambda item: item.NAME)
few = settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    deadline=None,
    max_examples=examples(25),
)

# Without what takes the place of other fields, so that those are seen, too.
SPARSE = msgspec.structs.replace(FULL, license=None, relations=())


def changed(record, **fields):
    return msgspec.structs.replace(record, **fields)


def read_fields(view, record):
    """What reading the written document gives, by field of the record."""
    understood = view.read(view.write(record)).understood
    if isinstance(understood, ModelRecord):
        return {name: getattr(understood, name) for name in FIELDS}
    assert understood.fault is None
    return understood.record_fields()


def flat(value):
    """Texts with single blanks, so that two that have the same words are equal."""
    if isinstance(value, str):
        return " ".join(value.split())
    return tuple(map(flat, value)) if isinstance(value, tuple) else value


def entry_of(text):
    """The fields of the one BibTeX entry in `text`, by BibTeX's own rule that every brace counts."""
    start, depth, ends = text.index("{"), 0, []
    for place, character in enumerate(text):
        depth += (character == "{") - (character == "}")
        assert depth >= 0
        if character == "}" and depth == 0:
            ends.append(place)
    assert (depth, ends) == (0, [len(text) - 2])
    assert re.fullmatch(r"@\w+\{[a-z0-9]+,\n", text[: text.index("\n") + 1])
    return re.findall(r"^  (\w+) +=", text[start:], re.MULTILINE)


def parse(view, document):
    """Parse a document by its media type with a reader that is not fairreg's, where there is one."""
    media_type = view.MEDIA_TYPES[0]
    if is_json(media_type):
        json.loads(document)
    elif media_type.endswith("+xml"):
        # What XML 1.0 forbids, or has in another place, is a fault of the parser.
        assert len(ET.fromstring(document)) > 0
    elif media_type == "application/x-research-info-systems":
        assert all(re.match(r"[A-Z][A-Z0-9]  - ", line) for line in document[:-1].split("\n"))
    elif media_type.endswith("+yaml"):
        assert isinstance(yaml.safe_load(document), dict)
    elif media_type == "text/turtle":
        assert len(Graph().parse(data=document, format="turtle")) > 0
    elif media_type == "application/x-bibtex":
        assert set(entry_of(document)) <= {
            "author", "title", "year", "version", "publisher", "doi", "eprint", "eprinttype", "url",
            "license", "note",
        }  # fmt: skip
    elif media_type == "text/markdown":
        body = re.sub(r"(?s)\A---\n.*?\n---\n", "", document)
        # A fence ends at the first line of nothing but its marks, whatever was meant.
        bare = re.sub(r"(?ms)^~~~text\n.*?^ {0,3}~~~+\s*?$", "", body)
        assert re.findall(r"^ {0,3}(?:~~~|```)", bare, re.MULTILINE) == []
        title, *headings = re.findall(r"^ {0,3}(#{1,6}(?: .*)?)$", bare, re.MULTILINE)
        assert title.startswith("# ")
        assert len(set(headings)) == len(headings)
        assert set(headings) <= {
            "## Inputs and outputs", "## Licence", "## Intended use", "## Limitations", "## Evaluation",
            "## Usage",
        }  # fmt: skip
        # A card with the mark of undecodable bytes is read with a fault, whoever wrote it.
        assert (view.read(document).understood.fault is None) == ("\ufffd" not in document)


def test_the_room_holds_the_formats_that_the_command_line_promises():
    promised = {
        "bibtex", "cff", "codemeta", "croissant", "csl", "datacite", "datacite-xml", "dlhub", "dublin-core",
        "fair4ml", "json", "jsonld", "model-card", "prov", "ris", "ro-crate", "ro-crate-1.2", "turtle",
        "zenodo",
    }  # fmt: skip
    assert promised <= set(formats.names())


def test_names_come_without_importing_a_format():
    code = (
        "import sys\nfrom fairreg import formats\n"
        "assert 'cff' in formats.names()\n"
        "assert not [name for name in sys.modules if name.startswith('fairreg.formats.')]\n"
        "assert formats.get('bibtex').NAME == 'bibtex'\n"
        "loaded = [name for name in sys.modules if name.startswith('fairreg.formats.')]\n"
        "assert [name.rpartition('.')[2] for name in loaded] == ['base', 'creator_names', 'bibtex'], loaded"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_unknown_format_is_refused_with_those_there_are():
    with pytest.raises(UsageError) as caught:
        formats.get("pdf")
    assert "turtle" in caught.value.hint


def test_an_outside_module_becomes_a_format_by_its_entry_point(monkeypatch):
    module = ModuleType("outside_shout")
    module.NAME, module.MEDIA_TYPES, module.KEEPS, module.NARROWS = "loud-name", ("text/x-loud",), set(), {}
    module.write = lambda record: record.name.upper() + "\n"
    monkeypatch.setitem(sys.modules, module.__name__, module)
    point = EntryPoint("loud_name", module.__name__, "fairreg.formats")
    monkeypatch.setattr(plugins, "entry_points_of", lambda group: (point,) if group == point.group else ())
    for cached in (plugins.names, plugins.load):
        cached.cache_clear()
    try:
        assert "loud-name" in formats.names()
        assert formats.get("loud-name").write(FULL) == "JET TAGGER\n"
    finally:
        for cached in (plugins.names, plugins.load):
            cached.cache_clear()


def test_media_types_are_unique():
    stated = [name for item in ALL for name in item.MEDIA_TYPES]
    assert len(stated) == len(set(stated))


@each
def test_it_is_called_as_its_module_and_declares_fields_that_exist(view):
    assert formats.get(view.NAME) is view
    assert view.MEDIA_TYPES
    assert set(FIELDS) >= view.KEEPS
    assert set(FIELDS) >= set(view.NARROWS)
    assert not view.KEEPS & set(view.NARROWS)
    assert all(view.NARROWS.values())


@pytest.mark.sliced(13)
@each
@pytest.mark.parametrize("field", FIELDS)
def test_a_field_shows_in_the_document_just_when_it_is_declared(view, field):
    bases = [fitting(view, base) for base in (FULL, SPARSE)]
    others = [OTHER["kind"], FULL.kind] if field == "kind" else [OTHER[field]]
    # Where a format refuses the other value, the field shows as well.
    shows = any(
        written(view, changed(base, **{field: other})) != written(view, base)
        for base in bases
        for other in others
        if getattr(base, field) != other and written(view, base) is not None
    )
    assert shows == (field in view.KEEPS or field in view.NARROWS)


@pytest.mark.sliced(7)
@each
def test_what_a_format_declares_of_a_field_is_what_becomes_of_it(view):
    """A format may narrow values that `support.full_record` does not have; it says which."""
    found = {name: build_format_docs.fate(view.NAME, name) for name in FIELDS}
    assert {name for name, word in found.items() if word != "lost"} == {*view.KEEPS, *view.NARROWS}
    assert {name: found[name] for name in view.KEEPS} == dict.fromkeys(view.KEEPS, "kept")


def test_the_documentation_says_what_they_declare():
    """Where it does not: python scripts/build_format_docs.py."""
    assert build_format_docs.PAGE.read_text(encoding="utf-8") == build_format_docs.page()


@each_readable
def test_what_it_keeps_is_read_back(view):
    record = fitting(view, FULL)
    found = read_fields(view, record)
    assert {name: found[name] for name in view.KEEPS} == {name: getattr(record, name) for name in view.KEEPS}


ORDINARY = st.text("abcXYZ éλ→,.;:'()0129/+=%#@!?$^", min_size=1, max_size=40).filter(
    lambda text: any(map(str.isalnum, text))
)
PLAIN_RECORDS = st.builds(
    changed,
    st.just(FULL),
    name=ORDINARY,
    description=ORDINARY,
    version=ORDINARY,
    publisher=ORDINARY,
    keywords=st.lists(ORDINARY.map(str.strip), unique_by=str.casefold, min_size=2).map(tuple),
    date_published=st.dates().map(str) | st.integers(1000, 2999).map(str),
)


@pytest.mark.sliced(5)
@each_readable
@few
@given(record=PLAIN_RECORDS)
def test_ordinary_words_are_kept(view, record):
    record = fitting(view, record)
    found = read_fields(view, record)
    for name in view.KEEPS:
        assert flat(found[name]) == flat(getattr(record, name)), name


@pytest.mark.sliced(7)
@each
@few
@given(text=HOSTILE)
@example(text=LONG)
@example(text="a\n\n# Heading\n\n## Limitations\n\n~~~\n\nb\n\n---\n\n```\nc\n~~~\n# Heading")
@example(text="}} , note = {{x")
@example(text="'\n---\n...\n: {")
def test_no_text_breaks_the_syntax_of_a_document(view, text):
    record = hostile_everywhere(text)
    for kind in get_args(Kind):
        document = written(view, changed(record, kind=kind))
        if document is not None:
            parse(view, document)


@each
def test_what_it_refuses_for_want_of_a_field_is_told_without_writing(view):
    optional = [item for item in msgspec.structs.fields(ModelRecord) if item.default is not msgspec.NODEFAULT]
    empty = {item.name: item.default for item in optional}
    kinds = [changed(FULL, kind=kind) for kind in get_args(Kind)]
    for record in (FULL, *kinds, *(changed(FULL, **{name: value}) for name, value in empty.items())):
        assert can_hold(view, record) == (written(view, record) is not None)


@pytest.mark.sliced(7)
@each
@few
@given(record=records)
def test_what_it_refuses_is_told_without_writing(view, record):
    for item in (record, fitting(view, record)):
        assert can_hold(view, item) == (written(view, item) is not None)


@pytest.mark.sliced(7)
@each
@few
@given(record=records)
def test_any_record_is_written_in_good_syntax_and_always_alike(view, record):
    record = fitting(view, record)
    document = written(view, record)
    assume(document is not None)
    assert document.endswith("\n")
    assert view.write(ModelRecord.from_json(record.to_json())) == document
    parse(view, document)


FREE = (
    "name",
    "description",
    "version",
    "publisher",
    "license_stated",
    "intended_use",
    "limitations",
    "usage",
    "notes",
)


@pytest.mark.sliced(5)
@each_readable
@few
@given(field=st.sampled_from(FREE), text=HOSTILE.filter(bool))
@example(field="description", text=LONG)
@example(field="description", text="a\n\n## Limitations\n\nnone")
@example(field="intended_use", text="~~~\n\n## Limitations\n\nnone")
@example(field="usage", text="~~~\n## Limitations\nno others\n<!--")
def test_no_text_escapes_its_field(view, field, text):
    # A title that is called like a topic of cards is one to any reader of headings.
    assume(field != "name" or "limitations" not in text.lower())
    record = fitting(view, FULL)
    other = changed(record, **{field: text})
    assume(written(view, other) is not None)  # what is required and holds no word is refused
    before, after = read_fields(view, record), read_fields(view, other)
    assert {name: after.get(name) for name in FIELDS if name != field} == {
        name: before.get(name) for name in FIELDS if name != field
    }


@each_readable
@few
@given(document=st.text() | st.binary() | HOSTILE)
@example(document="9223372036854775808")
@example(document='{"@graph": [{"name": 9223372036854775808}]}')
def test_no_document_is_more_than_a_record_error_or_a_fault(view, document):
    try:
        reading = view.read(document, name="some file")
    except RecordError as error:
        said = error.message
    else:
        said = getattr(reading.understood, "fault", None)
        assert isinstance(reading.left_out, tuple)
    assert said is None or "some file" in said or "model card" in said


LINKED = {"fair4ml:hasCO2eEmissions": "3 g", "creator": [{"name": "B", "email": "e"}]}
UNKNOWN = {
    "cff": ("title: A\nauthors:\n- name: B\n  email: e\nwaffle: 1\n", ("waffle", "authors.email")),
    "codemeta": ('{"name": "A", "funder": "F", "author": {"email": "e"}}', ("funder", "author.email")),
    "zenodo": ('{"title": "A", "grants": [{"id": "1"}], "notes": ""}', ("grants",)),
    "model-card": ("---\nlicense: mit\nthumbnail: x\n---\n# A\n", ("thumbnail",)),
    "datacite": (
        json.dumps({"doi": "10.1234/a", "titles": [{"title": "A", "lang": "en"}], "state": "findable"}),
        ("state", "titles.lang"),
    ),
    "datacite-xml": (
        "<resource><identifier>10.1234/a</identifier><titles><title>A</title></titles><geoLocations/></resource>",
        ("geoLocations",),
    ),
    # The creators were changed, the authors were not: what differs is named.
    "croissant": ({"@type": "sc:Dataset", "recordSet": [{"name": "r"}]}, ("recordSet",)),
    "jsonld": (LINKED, ("fair4ml:hasCO2eEmissions", "author", "creator.email")),
    "fair4ml": ({"sameKind": [{"a": 1}]}, ("sameKind",)),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_properties_that_are_not_understood_are_named(name):
    document, left_out = UNKNOWN[name]
    if isinstance(document, dict):
        document = json.dumps(FULL.to_jsonld() | document)
    assert formats.get(name).read(document).left_out == left_out


def test_plain_json_does_not_pass_for_linked_data_or_the_other_way():
    plain, linked = formats.get("json"), formats.get("jsonld")
    assert plain.recognises(plain.write(FULL))
    assert not plain.recognises(linked.write(FULL))
    assert linked.recognises(linked.write(FULL))
    assert not linked.recognises("no JSON")
    with pytest.raises(RecordError, match="linked data"):
        plain.read(linked.write(FULL))


def test_documents_are_the_same_in_every_process():
    code = (
        "import hashlib\nfrom fairreg import formats\nfrom fairreg.registry import catalogue\n"
        "records = list(catalogue.records())[:5]\n"
        "from fairreg.errors import RecordError\n"
        "def text(view, item):\n"
        "    try:\n        return view.write(item)\n"
        "    except RecordError as error:\n        return error.message\n"
        "whole = ''.join(text(view, item) for item in records for view in formats.all_formats())\n"
        "print(hashlib.sha256(whole.encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_deep_nesting_is_a_fault_and_not_a_crash():
    for name in ("cff", "codemeta", "zenodo", "model-card"):
        deep = '{"keywords": ' + "[" * 100_000 + "]" * 100_000 + "}"
        assert (
            formats.get(name).read(f"---\n{deep}\n---\n" if name == "model-card" else deep).understood.fault
        )
    nested = '{"keywords": ' + "[" * 700 + "1" + "]" * 700 + "}"
    assert formats.get("codemeta").read(nested).understood.fault is None


def test_a_format_that_cannot_write_is_refused_in_a_sentence(monkeypatch, tmp_path):
    (tmp_path / "mute.py").write_text("NAME = 'mute'\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    point = EntryPoint("mute", "mute", "fairreg.formats")
    monkeypatch.setattr(plugins, "_installed", lambda: {"fairreg.formats": (point,)})
    monkeypatch.setattr(plugins, "names", plugins.names.__wrapped__)
    with pytest.raises(PluginError, match="does not define MEDIA_TYPES, KEEPS, NARROWS, write"):
        formats.get("mute")
