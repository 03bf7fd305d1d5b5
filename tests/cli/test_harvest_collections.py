# SPDX-License-Identifier: MIT
"""``harvest --collection`` at a terminal."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from support.services import Services

pytestmark = pytest.mark.engines("sqlite")

MINE = """[[query]]
source = "zenodo"
query = "jets"
reason = "Records that mention jets."
limit = 2

[[query]]
source = "datacite"
query = ""
reason = "All of DataCite."
limit = 1
"""


@pytest.fixture
def services() -> Iterator[Services]:
    with closing(Services(strict=True)) as stand_in:
        yield stand_in


@pytest.fixture
def home(cli, services, settings, monkeypatch):
    for name, value in services.environment().items():
        monkeypatch.setenv(name, value)
    folder = settings.home / "collections"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text(MINE)
    return settings.home


def test_a_collection_fills_the_registry_with_one_row_per_query(cli, home, services):
    result = cli("harvest", "--collection", "mine")
    assert result.code == 0, result.err
    rows = result.out.splitlines()
    assert rows[0].startswith("zenodo jets: 2 new, 0 changed")
    assert rows[1].startswith("datacite: 1 new")
    assert len(rows) == 2
    assert f"mine: {home / 'collections' / 'mine.toml'}" in result.err
    kept = {item["name"]: item["records"] for item in cli("sources", "--json").json}
    assert (kept["zenodo"], kept["datacite"]) == (2, 1)


def test_the_reports_are_one_document(cli, home):
    found = cli("harvest", "--collection", "mine", "--json").json
    assert [(item["source"], item["query"], item["limit"], item["new"]) for item in found] == [
        ("zenodo", "jets", 2, 2),
        ("datacite", "", 1, 1),
    ]


def test_a_dry_run_shows_each_query_with_its_reason_and_sends_nothing(cli, home, services):
    result = cli("harvest", "--collection", "mine", "--dry-run")
    assert result.code == 0
    assert result.out.splitlines()[1:] == [
        "zenodo: jets (at most 2)",
        "  Records that mention jets.",
        "datacite: all records (at most 1)",
        "  All of DataCite.",
    ]
    document = cli("harvest", "--collection", "mine", "--dry-run", "--json").json
    keys = {"name", "title", "description", "file", "replaces_packaged", "queries"}
    assert set(document) == {"schema_version", *keys}
    assert document["queries"][0] == {
        "source": "zenodo",
        "query": "jets",
        "reason": "Records that mention jets.",
        "limit": 2,
        "skipped": None,
    }
    assert services.asked == []
    assert not (home / "registry.sqlite").exists()


def test_a_packaged_collection_is_shown_without_a_home(cli, settings):
    result = cli("harvest", "--collection", "hep", "--dry-run")
    assert result.code == 0
    assert result.out.startswith("hep: High-energy physics (packaged)\n")
    assert not settings.home.exists()


def test_that_a_users_file_replaces_a_packaged_one_is_said(cli, home):
    file = home / "collections" / "mine.toml"
    replaced = file.rename(file.with_name("hep.toml"))
    said = f"{replaced}, used instead of the packaged collection"
    assert said in cli("harvest", "--collection", "hep", "--dry-run").out
    assert said in cli("harvest", "--collection", "hep").err


def test_sources_limits_and_jobs_combine_with_a_collection(cli, home, services):
    result = cli("harvest", "zenodo", "--collection", "mine", "--limit", "1", "--jobs", "1", "--json")
    assert [(item["source"], item["new"]) for item in result.json] == [("zenodo", 1)]
    assert {name for name, _, _ in services.asked} == {"zenodo"}


def test_processes_may_share_the_queries(cli, home):
    result = cli("harvest", "--collection", "mine", "--workers", "1", "--json")
    assert result.code == 0, result.err
    assert [item["new"] for item in result.json] == [2, 1]


def test_a_skipped_source_is_shown(cli, home, monkeypatch):
    monkeypatch.setenv("FAIRREG_DISABLE", "datacite")
    assert (
        "  Skipped: FAIRREG_DISABLE lists datacite.\n"
        in cli("harvest", "--collection", "mine", "--dry-run").out
    )
    result = cli("harvest", "--collection", "mine")
    assert result.code == 0
    assert "Skipped datacite '': FAIRREG_DISABLE lists datacite." in result.err
    assert "datacite" not in result.out


def test_one_query_that_fails_does_not_stop_the_others(cli, home, services):
    services.faults["datacite"] = "500"
    result = cli("harvest", "--collection", "mine")
    assert result.code == 4
    assert "zenodo jets: 2 new" in result.out
    assert "stopped early" in result.out.splitlines()[1]
    services.faults.clear()
    again = cli("harvest", "--collection", "mine").out.splitlines()
    assert again[0] == "zenodo jets: finished before the run was stopped"
    assert again[1].startswith("datacite: 1 new")


def test_one_reason_of_many_queries_is_explained_once(cli, home, services, monkeypatch):
    monkeypatch.setenv("FAIRREG_OFFLINE", "1")
    result = cli("harvest", "zenodo", "github", "--collection", "hep")
    assert result.code == 4
    rows = result.out.splitlines()
    assert len(rows) == 12
    assert rows[0].startswith('zenodo ("jet tagging" OR "top tagging" OR ')
    assert rows[0].index("...: 0 new, ") == 77  # a long query is cut, so that the numbers are seen
    assert result.err.count("Error: ") == 1
    assert services.asked == []


def test_the_collections_are_listed(cli, home):
    (home / "collections" / "bad.toml").write_text("title")
    lines = cli("harvest", "--collections").out.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "astro", "bad", "bio", "fair4ml", "hep", "materials", "mine",
    ]  # fmt: skip
    assert "cannot be used: " in lines[1]
    assert "line 1" in lines[1]
    listed = cli("harvest", "--collections", "--json").json
    assert {"schema_version", "name", "title", "queries", "file", "fault"} == set(listed[0])


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--collection", "physics"], 2, "There is no collection called 'physics'."),
        (["--collection", "../mine"], 2, "Collections: astro, bio, fair4ml, hep, materials, mine."),
        (["--collection", "mine", "--query", "x"], 2, "give --query or --collection, not both"),
        (["zenodo", "--dry-run"], 2, "give --collection NAME"),
        (["openml", "--collection", "mine"], 2, "The collection mine has no query of openml."),
        (["nowhere", "--collection", "mine"], 2, "There is no source called 'nowhere'."),
    ],
)
def test_wrong_usage_is_explained(cli, home, services, words, code, said):
    result = cli("harvest", *words)
    assert result.code == code
    assert said in " ".join(result.err.replace("│", " ").split())
    assert services.asked == []


def test_a_fault_in_a_file_is_one_sentence_with_its_line(cli, home, services):
    file = home / "collections" / "mine.toml"
    file.write_text(MINE + "limits = 3\n")
    result = cli("harvest", "--collection", "mine")
    assert result.code == 1
    assert result.err.startswith(f"Error: {file}, line 12: the query has an unknown key 'limits'; keys are")
    assert len(result.err.splitlines()) == 2
    assert services.asked == []


def test_a_file_cannot_control_the_terminal(cli, home):
    (home / "collections" / "mine.toml").write_text(MINE.replace("mention", "mention \\u001b[31m"))
    assert "\x1b" not in cli("harvest", "--collection", "mine", "--dry-run").out


@pytest.mark.parametrize(
    ("source", "query", "said"),
    [
        ("github", "", 'the search of GitHub needs a query, such as "topic:jet-tagging"'),
        ("github", "   ", "the search of GitHub needs a query"),
        ("garden", "jets", "Garden cannot be harvested; import its saved documents with fairreg import"),
        ("garden", "", "Garden cannot be harvested"),
    ],
)
@pytest.mark.parametrize("more", [(), ("--dry-run",), ("zenodo",)])
def test_a_query_that_its_source_refuses_is_named_by_its_line_before_any_is_sent(
    cli, home, services, source, query, said, more
):
    text = '[[query]]\nsource = "zenodo"\nquery = "jets"\nreason = "Jets."\n\n'
    text += f'[[query]]\nsource = "{source}"\nquery = "{query}"\nreason = "Code."\n'
    file = home / "collections" / "refused.toml"
    file.write_text(text)
    result = cli("harvest", "--collection", "refused", *more)
    assert result.code == 1
    assert f"{file}, line 6: {said}" in result.err
    assert services.asked == []


def test_a_list_of_collections_counts_a_single_query_as_one(cli, home):
    file = home / "collections" / "single.toml"
    file.write_text('[[query]]\nsource = "zenodo"\nquery = "jets"\nreason = "Jets."\n')
    assert f"single: single, 1 query ({file})" in cli("harvest", "--collections").out
