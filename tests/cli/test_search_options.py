# SPDX-License-Identifier: MIT
"""Words, filters, orders, pages and forms of `search` on the command line."""

import csv
import io
import json

import pytest

from support import hbb

COLUMNS = ["id", "name", "kind", "task", "license", "runs", "year", "sources", "fair_score", "doi", "url"]


def results(cli, *words):
    found = cli("search", *words, "--json")
    assert found.code == 0, found.err
    return found.json["results"]


def test_several_words_need_no_quotes(cli):
    one, several = cli("search", "top tagging", "--json"), cli("search", "top", "tagging", "--json")
    assert one.json == several.json
    assert several.json["query"] == "top tagging"
    assert (
        cli("search", "top", "--limit", "3", "tagging", "--json").json["results"] == one.json["results"][:3]
    )


def test_a_phrase_is_quoted_within_the_words(cli):
    assert results(cli, '"object condensation"', "tracking") == results(cli, '"object condensation" tracking')


def test_an_empty_word_lists_everything_and_nothing_at_all_is_wrong_usage(cli):
    assert cli("search", "", "--json").json["total"] > 100
    assert cli("search").code == 2


def test_filters_alone_list_what_they_leave(cli):
    listed = cli("search", "--author", "Duarte", "--json").json
    assert listed["total"] > 0
    assert listed == cli("search", "", "--author", "Duarte", "--json").json


@pytest.mark.parametrize(
    ("option", "one", "other"),
    [
        ("--license", "MIT", "Apache-2.0"),
        ("--kind", "model", "dataset"),
        ("--author", "Duarte", "Kasieczka"),
        ("--year", "2019", "2022"),
        ("--task", "jet-tagging", "tracking"),
        ("--framework", "PyTorch", "Keras"),
    ],
)
def test_values_of_a_repeated_filter_are_alternatives(cli, option, one, other):
    def found(*values):
        words = [word for value in values for word in (option, value)]
        return {item["id"] for item in cli("search", *words, "--limit", "500", "--json").json["results"]}

    assert found(one, other) == found(one) | found(other) > found(one)


def test_an_author_is_found_by_any_spelling(cli):
    rows = results(cli, "", "--author", "duarte, j.")
    assert hbb.DOI in [row["doi"] for row in rows]
    assert rows == results(cli, "", "--author", "Javier Duarte")


@pytest.mark.parametrize(
    ("years", "first", "last"),
    [("2022", 2022, 2022), ("2020-2022", 2020, 2022), ("-2019", 0, 2019), ("2025-", 2025, 9999)],
)
def test_years_are_single_or_ranges(cli, years, first, last):
    found = {row["year"] for row in results(cli, "", "--year", years)}
    assert found
    assert all(first <= year <= last for year in found)


def test_a_text_that_is_no_year_is_wrong_usage(cli):
    result = cli("search", "jets", "--year", "soon")
    assert (result.code, result.out) == (2, "")
    assert "'soon' is not a year or a range of years" in result.err


def test_models_are_found_by_their_training_data(cli):
    data = "https://doi.org/10.7483/OPENDATA.CMS.JGJX.MS7Q"
    assert hbb.DOI in [row["doi"] for row in results(cli, "", "--trained-on", data)]
    assert cli("search", "", "--trained-on", "some data").code == 2


def test_results_are_sorted_by_year_and_by_name(cli):
    years = [row["year"] or 0 for row in results(cli, "jets", "--sort", "year", "--limit", "100")]
    assert years == sorted(years, reverse=True)
    names = [row["name"].casefold() for row in results(cli, "jets", "--sort", "name", "--limit", "100")]
    assert names[0][0] <= names[-1][0]
    assert cli("search", "jets", "--sort", "size").code == 2


def test_pages_fit_together_and_say_where_they_are(cli):
    every = results(cli, "jets", "--limit", "30")
    first = cli("search", "jets", "--limit", "10")
    total = cli("search", "jets", "--json").json["total"]
    assert f"10 of {total}; --limit shows more." in first.err
    assert results(cli, "jets", "--limit", "10", "--offset", "10") == every[10:20]
    second = cli("search", "jets", "--limit", "10", "--offset", "10").err
    assert f"11 to 20 of {total}; --offset 20 shows the next." in second
    last = cli("search", "jets", "--offset", str(total - 1))
    assert f"{total} to {total} of {total}." in last.err
    beyond = cli("search", "jets", "--offset", "100000")
    assert (beyond.code, beyond.out) == (0, "")
    assert f"No result after the first 100000; there are {total}." in beyond.err
    assert cli("search", "jets", "--offset", "-1").code == 2


@pytest.mark.engines("sqlite")
def test_csv_has_stable_columns_and_the_values_of_json(cli):
    found = cli("search", "Hbb", "--format", "csv", "--limit", "5")
    assert found.out.count("\r\n") == 6
    rows = list(csv.DictReader(io.StringIO(found.out, newline="")))
    assert list(rows[0]) == COLUMNS
    for row, item in zip(rows, results(cli, "Hbb", "--limit", "5"), strict=True):
        for name, text in row.items():
            value = item[name]
            assert text == (
                "; ".join(value) if isinstance(value, list) else "" if value is None else str(value)
            )


@pytest.mark.engines("sqlite")
def test_csv_keeps_quotes_and_signs_and_has_no_controls(cli, tmp_path):
    name = '=1+1, "net"\x1b[31m\u202e\r\nnext'
    origin = {"source": "lab", "source_id": "1"}
    record = {"identifier": "lab:1", "kind": "model", "name": name, "provenance": origin}
    (tmp_path / "record.json").write_text(json.dumps(record))
    assert cli("add", tmp_path / "record.json").code == 0
    out = cli("search", "net", "--source", "lab", "--format", "csv").out
    (row,) = csv.DictReader(io.StringIO(out, newline=""))
    assert row["name"].startswith('=1+1, "net"')
    assert out.replace("\r\n", "").isprintable()


@pytest.mark.engines("sqlite")
def test_csv_of_nothing_has_a_header_only(cli):
    found = cli("search", "zzzzqqqq", "--format", "csv")
    assert (found.code, found.out) == (0, ",".join(COLUMNS) + "\r\n")


@pytest.mark.engines("sqlite")
def test_the_form_json_is_the_document_of_json(cli):
    asked = ("search", "Hbb", "--limit", "2")
    whole = cli(*asked, "--json")
    assert cli(*asked, "--format", "json").out == whole.out == cli(*asked, "--json", "-f", "json").out
    assert cli(*asked, "--format", "table").out == cli(*asked).out


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize(
    "words",
    [
        ("--json", "--format", "csv"),
        ("--json", "--format", "table"),
        ("--format", "csv", "--facets"),
        ("--format", "csv", "--explain"),
        ("--format", "xml"),
    ],
)
def test_forms_that_contradict_each_other_are_wrong_usage(cli, words):
    result = cli("search", "jets", *words)
    assert (result.code, result.out) == (2, "")


@pytest.mark.sliced(5)
@pytest.mark.parametrize(
    ("option", "value", "others"),
    [
        ("--task", "top taging", ["top-tagging", "jet tagging"]),
        ("--source", "arxiv", ["catalogue", "datacite"]),
        ("--framework", "pytorhc", ["pytorch"]),
        ("--license", "NIT", ["MIT", "Apache-2.0"]),
    ],
)
@pytest.mark.parametrize("form", [(), ("--json",), ("--format", "csv")])
def test_a_value_that_no_record_has_is_wrong_usage_and_comes_with_those_there_are(
    cli, option, value, others, form
):
    result = cli("search", "jets", option, value, *form)
    assert (result.code, result.out) == (2, "")
    assert f"Error: No record has the {option.removeprefix('--')} {value!r}." in result.err
    hint = result.err.partition("Hint: ")[2]
    assert [item for item in others if item not in hint] == []


def test_one_unknown_source_among_several_is_wrong_usage(cli):
    result = cli("search", "jets", "--source", "catalogue", "--source", "cataloge")
    assert (result.code, result.out) == (2, "")
    assert "'cataloge'" in result.err


@pytest.mark.parametrize(
    "words",
    [("--source", "zenodo"), ("--author", "Nobody Atall"), ("--year", "1066"), ("--task", "tracking")],
)
def test_a_value_that_may_be_right_is_no_error(cli, words):
    result = cli("search", "zzzzqqqq", *words)
    assert (result.code, result.out) == (0, "")
    assert "Nothing found." in result.err


def test_where_filters_leave_nothing_each_says_how_many_it_removed(cli):
    words = ("search", "tagger", "--license", "MIT", "--year", "1066", "--author", "Nobody Atall")
    neither = cli("search", "tagger", "--license", "MIT", "--year", "1066").err
    without_year = cli("search", "tagger", "--license", "MIT", "--json").json["total"]
    assert without_year
    assert f"No result: --year 1066 removed {without_year}." in neither
    # Either of the other two alone leaves nothing, so that no single one is to blame.
    assert "removed" not in cli(*words).err
    assert cli(*words, "--json").json["removed"] == {"license": 0, "author": 0, "year": 0}
    assert "removed" not in cli("search", "tagger", "--license", "MIT", "--json").json
    assert "removed" not in cli("search", "zzzzqqqq", "--json").json


def test_a_family_of_licences_finds_its_members_in_any_case(cli):
    found = {row["license"] for row in results(cli, "", "--license", "gpl", "--limit", "50")}
    assert found
    assert all(name.startswith("GPL-") for name in found)
    assert "GPL-" in cli("search", "", "--license", "GPL").out


def test_a_term_of_tasks_finds_what_sources_call_otherwise(cli):
    rows = results(cli, "", "--task", "higgs-tagging")
    assert rows
    assert all("higgs-tagging" in row["task_terms"] for row in rows)
    assert "jet tagging: boosted H→bb vs QCD" in {task for row in rows for task in row["task"]}
    assert rows == results(cli, "", "--task", "Hbb Tagging")
    assert len(rows) < len(results(cli, "", "--task", "jet-tagging", "--limit", "100"))


def test_a_term_that_no_record_has_is_no_mistake(cli):
    result = cli("search", "", "--task", "c-tagging")
    assert (result.code, result.err.count("No record has the task 'c-tagging'")) == (0, 1)


def test_a_term_that_stands_for_other_words_is_told_with_them(cli):
    told = cli("search", "--task", "top tagging").err
    assert "No record says the task 'top tagging'; its term covers: " in told
    assert "jet tagging: top vs QCD" in told


def test_what_is_proposed_finds_something_and_is_another_value(cli):
    told = cli("search", "--task", "b-tagging").err
    similar = told.partition("Similar: ")[2].partition(".")[0].split(", ")
    assert similar
    assert all(cli("search", "--task", item, "--json").json["total"] for item in similar)


def test_a_record_is_shown_with_the_words_of_its_source_and_their_term(cli):
    text = cli("show", hbb.DOI).out
    assert "jet tagging: boosted H→bb vs QCD" in text
    assert "higgs-tagging" in text
