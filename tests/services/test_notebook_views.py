# SPDX-License-Identifier: MIT
"""Results as a notebook shows them: HTML of texts that others wrote, and representations of one line."""

import importlib
import importlib.util
import pickle
import pkgutil
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings

import fairreg
from assessment.samples import BARE, HBB, advised
from fairreg.runners.batching import Batching
from fairreg.schemas.notebook import markup
from fairreg.schemas.record import Creator, Distribution, Evaluation
from fairreg.services.cite.reference_text import FormattedCitation
from fairreg.services.run.vectors.report import VectorRun
from fairreg.services.search.report import SearchReport
from support.examples import examples
from support.full_record import FULL
from support.hidden_text import IGNORABLE, in_tags
from support.hostile import HOSTILE, LONG
from support.report_views import REPORTS
from support.shown_results import BARE_RECORD, VIEWS, assessment, check, opened, report, row

SCRIPT = "<script>alert('1')</script>\"><img src=x onerror=alert(1)>\u202e\x00\ud800" + in_tags("hidden")
TAGS = {
    *("a", "caption", "code", "details", "div", "p", "pre", "span", "strong", "style", "summary"),
    *("table", "tbody", "td", "th", "thead", "tr"),
}
ATTRIBUTES = {"aria-hidden", "class", "href", "rel", "scope", "style", "target"}


def require_harmless(view):
    """Nothing runs, nothing is loaded, nothing turns the direction of text or hides in it."""
    view.encode("utf-8")
    assert not set(view) & set("\u202e\u2066\x00\x1b\x7f")
    soup = BeautifulSoup(view, "html.parser")
    assert {tag.name for tag in soup.find_all(True)} <= TAGS
    assert {name for tag in soup.find_all(True) for name in tag.attrs} <= ATTRIBUTES
    assert [style.get_text() for style in soup.find_all("style")] == [markup._STYLE]
    assert all(link["href"].startswith(("http://", "https://")) for link in soup.find_all("a"))
    assert all("noopener" in link["rel"] for link in soup.find_all("a"))
    return soup


@pytest.mark.parametrize("name", VIEWS)
def test_text_of_others_stays_text(name):
    soup = require_harmless(VIEWS[name](SCRIPT)._repr_html_())
    assert "<script>alert('1')</script>" in soup.get_text()


@pytest.mark.parametrize("name", VIEWS)
@settings(max_examples=examples(40))
@given(text=HOSTILE)
def test_no_text_breaks_a_view(name, text):
    require_harmless(VIEWS[name](text)._repr_html_())


@pytest.mark.parametrize("name", VIEWS)
def test_long_and_empty_texts_leave_a_view_of_some_size(name):
    assert len(require_harmless(VIEWS[name](LONG)._repr_html_()).get_text()) < 60_000
    require_harmless(VIEWS[name]("")._repr_html_())


@pytest.mark.parametrize("evidence", [HBB, BARE], ids=["assessed", "bare"])
def test_an_assessment_shows_every_verdict_and_what_to_do_first(evidence):
    made = advised(evidence)
    text = require_harmless(made._repr_html_()).get_text(" ")
    for found in made.principles.values():
        assert all(item.id in text for item in found.indicators)
    assert all(step.title in text for step in made.do_first)


def test_text_of_others_stays_text_in_an_assessment():
    soup = require_harmless(assessment(SCRIPT.replace("\ud800", ""))._repr_html_())
    assert "<script>alert('1')</script>" in soup.get_text()


def test_a_record_shows_what_it_says_and_links_what_resolves():
    soup = require_harmless(FULL._repr_html_())
    text = soup.get_text(" ")
    assert FULL.name in text
    assert all(item.name in text for item in (*FULL.creators, *FULL.distributions, *FULL.inputs))
    assert FULL.doi_url in {link["href"] for link in soup.find_all("a")}


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//x"])
def test_an_address_that_is_no_web_page_is_not_linked(address):
    assert require_harmless(row(url=address)._repr_html_()).find("a") is None


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "JAVASCRIPT:alert(1)", " javascript:x", "data:,x"]
)
@pytest.mark.parametrize("name", VIEWS)
def test_no_view_links_an_address_that_runs(name, address):
    require_harmless(VIEWS[name](address)._repr_html_())


def test_a_secret_in_an_address_is_masked():
    view = row(url="https://example.org/f?token=hf_abcdefghijklmnopqrstuvwxyz123456")._repr_html_()
    assert "abcdefgh" not in view


def test_long_lists_fold_and_very_long_ones_are_counted():
    many = tuple(Creator(name=f"Author {n}") for n in range(100_000))
    files = tuple(Distribution(name=f"file-{n}.onnx") for n in range(100_000))
    results = tuple(Evaluation(metric=f"m{n}", value="1") for n in range(12))
    record = msgspec.structs.replace(BARE_RECORD, creators=many, distributions=files, evaluations=results)
    view = record._repr_html_()
    soup = require_harmless(view)
    assert len(view) < 150_000
    folds = [fold.find("summary").get_text() for fold in soup.find_all("details")]
    assert "and 99,994 more creators" in folds
    assert "and 99,992 more files" in folds
    assert "and 4 more results" in folds
    assert "99,500 more are not shown here" in soup.get_text()
    assert "Author 5" in soup.get_text()
    assert not any(fold.has_attr("open") for fold in soup.find_all("details"))


def test_one_item_beyond_the_limit_is_not_folded():
    names = [f"word-{n}" for n in range(markup.SHOWN + 1)]
    assert "<details>" not in markup.folded(names, "words")
    assert "<details>" in markup.folded([*names, "more"], "words")


def test_columns_without_values_are_left_out():
    shown = report(rows=2, facets=None, sources=None, warnings=())
    bare = SearchReport("x", 2, tuple(row(fair_score=None, runs=None) for _ in range(2)))
    titles = [
        [cell.get_text() for cell in BeautifulSoup(item._repr_html_(), "html.parser").find_all("th")]
        for item in (shown, bare)
    ]
    assert titles == [
        ["name", "kind", "year", "licence", "runs here", "FAIR", "source"],
        ["name", "kind", "year", "licence", "source"],
    ]


def test_a_search_without_results_says_so():
    shown = SearchReport("x", 0, warnings=("Add words.",))
    assert shown._repr_html_().count("nothing found") == 1
    assert "Add words." in shown._repr_html_()
    assert "none of 7 results" in SearchReport("x", 7, offset=7)._repr_html_()


def test_outputs_that_were_not_measured_do_not_count_as_agreeing():
    made = VectorRun(opened("x"), "x", check("x", agrees=True, measured=False), Batching())
    assert "not compared" in made._repr_html_()
    assert ">yes<" not in made._repr_html_()


def test_a_citation_is_a_text_and_shows_its_links():
    made = FormattedCitation("Curie, M. (2026). Net. https://doi.org/10.1234/x.\n")
    link = BeautifulSoup(made._repr_html_(), "html.parser").find("a")
    assert link["href"] == "https://doi.org/10.1234/x"
    again = pickle.loads(pickle.dumps(FormattedCitation("@misc{x}", "bibtex")))
    assert (again, again.form) == ("@misc{x}", "bibtex")
    assert made + "" == str(made)


@pytest.mark.parametrize(
    "name", [*(name for name in VIEWS if name not in {"citation", "bibtex"}), "assessment"]
)
@pytest.mark.parametrize(
    "text",
    ["net", SCRIPT.replace("\ud800", ""), "", LONG, IGNORABLE],
    ids=["plain", "hostile", "empty", "long", "invisible"],
)
def test_a_representation_is_one_short_printable_line(name, text):
    made = {**VIEWS, "assessment": assessment}[name](text)
    shown = repr(made)
    assert shown.startswith(f"<{type(made).__name__} ")
    assert shown.isprintable()
    assert len(shown) < 700


@pytest.mark.parametrize("name", [*REPORTS, "vectors"])
@settings(max_examples=examples(20))
@given(text=HOSTILE)
def test_a_representation_of_a_report_is_short(name, text):
    shown = repr(VIEWS[name](text))
    assert shown.isprintable()
    assert len(shown) < 200


def _types_with_views():
    for found in pkgutil.walk_packages(fairreg.__path__, "fairreg."):
        spec = importlib.util.find_spec(found.name)
        if spec.origin and "def _repr_html_" in Path(spec.origin).read_text(encoding="utf-8"):
            module = importlib.import_module(found.name)
            yield from (
                item
                for item in vars(module).values()
                if isinstance(item, type) and "_repr_html_" in vars(item) and item.__module__ == found.name
            )


def test_every_type_with_a_view_is_tried_with_any_text():
    types = set(_types_with_views())
    assert {made.__name__ for made in types} >= {"InspectionReport", "LockDocument", "ModelRecord"}
    tried = {type(make("x")) for make in (*VIEWS.values(), assessment)}
    assert [made.__name__ for made in types if not any(issubclass(each, made) for each in tried)] == []


@pytest.mark.parametrize("name", VIEWS)
def test_nothing_is_loaded_and_headers_tell_their_scope(name):
    soup = require_harmless(VIEWS[name]("net")._repr_html_())
    assert all(cell["scope"] in {"row", "col"} and cell.get_text() for cell in soup.find_all("th"))
    assert "url(" not in soup.find("style").get_text()
    assert "@import" not in soup.find("style").get_text()


def test_verdicts_of_a_lock_and_a_diff_are_words():
    said = {
        name: BeautifulSoup(VIEWS[name]("net")._repr_html_(), "html.parser").get_text(" ") for name in REPORTS
    }
    assert "not as locked" in said["verification"]
    assert "they differ" in said["diff"]
    assert "runs" in said["inspection"]


def test_a_long_path_is_cut_and_not_left_out():
    made = replace(REPORTS["inspection"]("net"), requested="/data/" + "a" * 90 + ".onnx")
    assert repr(made).startswith("<InspectionReport '/data/aaa")
    assert "…'" in repr(made)


def test_many_inspected_files_fold():
    made = REPORTS["inspection"]("net")
    many = replace(made, files=made.files * 150)
    soup = require_harmless(many._repr_html_())
    assert "and 142 more files" in {fold.find("summary").get_text() for fold in soup.find_all("details")}
    assert "110 more models are not described here" in soup.get_text()
