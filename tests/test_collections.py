# SPDX-License-Identifier: MIT
"""Collections: the packaged files, what a user's file may say, and faults with their line."""

import os
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg import harvesters
from fairreg.collections import MAX_BYTES, collection, collection_names
from fairreg.errors import RecordError, UsageError
from fairreg.harvesters.huggingface.query import HubQuery
from fairreg.registry import catalogue
from support import query_syntax
from support.examples import examples

PACKAGED = ("astro", "bio", "fair4ml", "hep", "materials")
TEXT = 'description = """ \\"\n[[query]]\nlimit = 1 # "\n\n"""\n'
INLINE = """title = "x{["

query = [  # { [
  {source = "zenodo", query = "jets [{", reason = "Jets."},

  # {
  {source = "zenodo", query = "tracks", reason = "Tracks."},
]
"""
QUERY = '[[query]]\nsource = "zenodo"\nquery = "jets"\nreason = "Jets."\n'


@pytest.fixture
def home(tmp_path):
    (tmp_path / "collections").mkdir()
    return tmp_path


def write(home, text, name="mine"):
    file = home / "collections" / f"{name}.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def fault(home, text):
    file = write(home, text)
    with pytest.raises(RecordError) as caught:
        collection("mine", home)
    assert caught.value.hint
    assert "\n" not in caught.value.message
    return caught.value.message.removeprefix(str(file))


@pytest.mark.parametrize("name", PACKAGED)
def test_a_packaged_collection_asks_known_sources_each_for_a_reason(name, tmp_path):
    known = collection(name, tmp_path)
    assert known.file is None
    assert known.title
    assert known.description.endswith(".")
    assert {query.source for query in known.queries} <= set(harvesters.names())
    assert all(query.reason.endswith(".") and len(query.reason) > 10 for query in known.queries)
    assert len({query.source for query in known.queries}) >= 4


@pytest.mark.parametrize("name", PACKAGED)
def test_the_service_understands_each_packaged_query(name, tmp_path):
    for query in collection(name, tmp_path).queries:
        query_syntax.parse(query.source, query.query)


def test_the_packaged_collections_are_listed(tmp_path):
    assert collection_names(tmp_path) == PACKAGED


@pytest.mark.parametrize(
    ("source", "query"),
    [
        ("zenodo", '"jet tagging'),
        ("zenodo", "(jets OR tracks"),
        ("zenodo", "jets AND"),
        ("zenodo", "AND jets"),
        ("zenodo", "jets)"),
        ("zenodo", "keyword:jets"),
        ("zenodo", "resource_type.type:network"),
        ("datacite", "types.resourceTypeGeneral:(Dataset OR"),
        ("github", "topics:jets"),
        ("github", "topic:jet tagging/x topic:"),
        ("github", "x" * 257),
        ("github", ""),
        ("huggingface", 'tag:"jets'),
        ("openml", "two words"),
        ("zenodo_oai", "user lab"),
    ],
)
def test_the_stand_in_rejects_what_a_service_rejects(source, query):
    with pytest.raises(query_syntax.BadQuery):
        query_syntax.parse(source, query)


def test_models_of_the_catalogue_on_the_hub_are_in_hep_or_astro(tmp_path):
    queries = [
        HubQuery.of(query.query)
        for name in ("hep", "astro")
        for query in collection(name, tmp_path).queries
        if query.source == "huggingface"
    ]
    authors = {query.author for query in queries}
    named = {
        identifier.value
        for record in catalogue.records()
        if record.kind == "model"
        for identifier in record.identifiers
        if identifier.scheme == "huggingface"
    }
    assert len(named) >= 5
    assert {name.partition("/")[0] for name in named} <= authors


def test_a_users_file_is_read(home):
    text = QUERY + 'limit = 7\nneeds_token = true\n[[query]]\nsource = "dlhub"\nquery = ""\nreason = "All."\n'
    file = write(home, f'title = "Mine"\ndescription = "My field."\n\n{text}')
    known = collection("mine", home)
    assert (known.title, known.description, known.file) == ("Mine", "My field.", file)
    first, second = known.queries
    assert (first.source, first.query, first.reason, first.limit) == ("zenodo", "jets", "Jets.", 7)
    assert (first.needs_token, first.line) == (True, 4)
    assert (second.query, second.limit, second.needs_token, second.line) == ("", None, False, 10)
    assert collection_names(home) == tuple(sorted((*PACKAGED, "mine")))


def test_a_file_without_a_title_is_called_by_its_name(home):
    write(home, QUERY)
    assert collection("mine", home).title == "mine"


def test_a_users_file_has_precedence_over_a_packaged_one(home):
    file = write(home, QUERY, "hep")
    known = collection("hep", home)
    assert (known.file, known.replaces_packaged, len(known.queries)) == (file, True, 1)
    assert collection_names(home) == PACKAGED


def test_a_byte_order_mark_and_windows_lines_are_read(home):
    write(home, b"\xef\xbb\xbf" + QUERY.replace("\n", "\r\n").encode())
    assert collection("mine", home).queries[0].query == "jets"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ", line 1: the file has no [[query]] table."),
        ('title = "x"\n', ", line 1: the file has no [[query]] table."),
        ("query = []\n", ", line 1: it has no queries."),
        ("title = 5\n" + QUERY, ", line 1: title must be a text."),
        ("\n\nname = 5\n" + QUERY, ", line 3: the file has an unknown key 'name'; keys are"),
        (QUERY + "limit = 0\n", ", line 5: limit must be at least 1."),
        (QUERY + f"limit = 0x{'f' * 3900}\n", ", line 5: limit must be at most 1,000,000,000."),
        (QUERY + 'limit = "7"\n', ", line 5: limit must be a whole number."),
        (QUERY + "limit = true\n", ", line 5: limit must be a whole number."),
        (QUERY + 'needs_token = "yes"\n', ", line 5: needs_token must be true or false."),
        (QUERY + 'quer = "y"\n', ", line 5: the query has an unknown key 'quer'; keys are source, query"),
        (QUERY + '\n[[query]]\nsource = "zenodo"\n', ", line 6: the query has no query."),
        (QUERY + '\n[[query]]\nsource = "zenodo"\nquery = "x"\n', ", line 6: the query has no reason."),
        (QUERY.replace('"Jets."', '" "'), ", line 4: reason is empty."),
        (QUERY.replace('"jets"', f'"{"x" * 2001}"'), ", line 3: query has more than 2000 characters."),
        (QUERY + "\n" + QUERY, ", line 6: the same query of zenodo is in line 1."),
        ('query = ["jets"]\n', ", line 1: a query must be a [[query]] table."),
        ('query = "jets"\n', ", line 1: query must be a list of [[query]] tables."),
        (QUERY + "limit 7\n", ", line 5: not valid TOML (expected '='"),
        (QUERY + 'title = "jets', ", line 5: not valid TOML ("),
        (QUERY + "\n[[queries]]\n", ", line 6: the file has an unknown key 'queries'"),
        (QUERY + "\n[extra]\nx = 1\n", ", line 6: the file has an unknown key 'extra'"),
        ("# mine\n\n[title]\nx = 1\n" + QUERY, ", line 3: title must be a text."),
        ('# mine\n\n[query]\nsource = "x"\n', ", line 3: query must be a list of [[query]] tables."),
        (QUERY + "[query.limit]\nx = 1\n", ", line 5: limit must be a whole number."),
        (TEXT + QUERY + "limit = 0\n", ", line 10: limit must be at least 1."),
        (TEXT.replace('"""', "'''") + QUERY + "limit = 0\n", ", line 10: limit must be at least 1."),
        (QUERY.replace("[[query]]", '[[ "query" ]]') + "\n" + QUERY + "limit = 0\n", ", line 10: limit"),
        (QUERY.replace('"jets"', '"""\nlimit = 1\n"""') + "limit = 0\n", ", line 7: limit"),
        (
            INLINE.replace(', reason = "Tracks."', ', raison = "Tracks."'),
            ", line 7: the query has an unknown key 'raison'",
        ),
        (INLINE.replace('"tracks"', "5"), ", line 7: query must be a text."),
        (b"\n\ntitle = '\xff'\n", ", line 3: the text is not UTF-8."),
    ],
)
def test_a_fault_is_one_sentence_with_its_line(home, text, said):
    assert fault(home, text).startswith(said)


def test_the_table_header_may_stand_in_a_text(home):
    write(home, 'description = """\n[[query]]\n"""\n' + QUERY)
    assert collection("mine", home).queries[0].query == "jets"


def test_lines_are_counted_as_an_editor_counts_them(home):
    text = QUERY.replace("Jets.", "Jets\u2028\x85and tracks.") + "limit = 0\n"
    assert fault(home, text).startswith(", line 5: limit")


def test_a_file_that_would_exhaust_the_reader_is_refused(home):
    assert "has more than 256 KiB" in fault(home, "#" * (MAX_BYTES + 1))
    assert "has more than 1000 queries" in fault(home, QUERY * 1001)
    assert "nested too deeply" in fault(home, f"title = {'[' * 3000}")
    assert ", line 5: it has more than 4000 characters" in fault(home, f"{QUERY}{'a.' * 100_000}b = 1")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes in folders")
def test_a_pipe_in_the_place_of_a_file_is_refused(home):
    os.mkfifo(home / "collections" / "mine.toml")
    with pytest.raises(RecordError, match="is not a file"):
        collection("mine", home)


@pytest.mark.parametrize("name", ["", "../hep", "hep.toml", "/etc/passwd", "x" * 300, "hep\0", "__init__"])
def test_an_unknown_name_lists_the_known_ones(home, name):
    with pytest.raises(UsageError) as caught:
        collection(name, home)
    assert "astro, bio, fair4ml, hep, materials" in caught.value.hint


def test_a_slip_in_a_name_is_noticed(home):
    with pytest.raises(UsageError) as caught:
        collection("material", home)
    assert caught.value.hint.startswith("Did you mean materials? ")


VALUES = st.sampled_from(
    ['"jets"', "5", "0", "-1", "true", "[]", "{}", '""', "nan", "1979-05-27", "[[query]]"]
)
LINES = st.one_of(
    st.builds(
        "{} = {}".format, st.sampled_from(["source", "query", "reason", "limit", "title", "x"]), VALUES
    ),
    st.sampled_from(["[[query]]", "[query]", "# query", "", '"""', "query.source = 1"]),
    st.text(max_size=20),
)


@given(st.lists(LINES, max_size=12).map("\n".join))
@settings(max_examples=examples(200))
def test_any_text_is_a_collection_or_refused(tmp_path_factory, text):
    home = tmp_path_factory.mktemp("home")
    (home / "collections").mkdir()
    write(home, text.encode("utf-8", "surrogatepass"))
    try:
        known = collection("mine", home)
    except RecordError as error:
        known, message = None, error.message
    if known is None:
        assert "mine.toml" in message
    else:
        assert known.queries
        assert all(query.reason for query in known.queries)
