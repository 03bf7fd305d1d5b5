# SPDX-License-Identifier: MIT
"""Results as a notebook shows them: HTML of texts that others wrote, and representations of one line."""

import pickle
from pathlib import Path

import msgspec
import numpy as np
import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings

from assessment.samples import BARE, HBB, advised, with_record
from fairreg.errors import FairregError
from fairreg.models.base import Demonstration, Recognition
from fairreg.registry import UnheldValue
from fairreg.runners import Runner
from fairreg.runners.batching import Batching
from fairreg.schemas.notebook import markup
from fairreg.schemas.record import Creator, Distribution, Evaluation, Feature, ModelRecord, Provenance, Tensor
from fairreg.services.cite.reference_text import FormattedCitation
from fairreg.services.fetch.download import Downloaded
from fairreg.services.fetch.files.fetched import ArchiveMember, FetchedFiles
from fairreg.services.fetch.files.plan import FetchPlan, PlannedFile
from fairreg.services.fetch.unpacking import UnopenedFile
from fairreg.services.run.batch import FileRun, ManyRuns
from fairreg.services.run.demonstrate import RunReport
from fairreg.services.run.loaded_model import LoadedModel
from fairreg.services.run.origin import WeightsOrigin
from fairreg.services.run.predict import Prediction
from fairreg.services.run.vectors.compare import OutputCheck, Tolerance
from fairreg.services.run.vectors.report import SetCheck, VectorCheck, VectorRun
from fairreg.services.search.report import SearchReport, SearchRow, SourceAnswer, VersionRow
from fairreg.storage.cache import CachedFile
from support.examples import examples
from support.full_record import FULL
from support.hidden_text import IGNORABLE, in_tags
from support.hostile import HOSTILE, LONG, hostile_everywhere

SCRIPT = "<script>alert('1')</script>\"><img src=x onerror=alert(1)>\u202e\x00\ud800" + in_tags("hidden")
TAGS = {
    *("a", "code", "details", "div", "p", "pre", "span", "strong", "style", "summary"),
    *("table", "tbody", "td", "th", "thead", "tr"),
}
ATTRIBUTES = {"aria-hidden", "class", "href", "rel", "scope", "style", "target"}
BARE_RECORD = ModelRecord(identifier="url:a", kind="model", name="A", provenance=Provenance("file", "a"))


class Doubler(Runner):
    """A runner with a signature and nothing behind it."""

    def compute(self, arrays):
        return {"y": arrays["x"] * 2}


def runner(text="x"):
    features = (Feature(name=text, unit=text),) * 12
    made = Doubler(
        text, (Tensor(text, "float32", (text, 3), features),), (Tensor("y", text, (), (), text),), device=text
    )
    made.remarks = (text,)
    return made


def row(text="net", **fields):
    known = {"kind": "model", "sources": (text,), "doi": None, "license": text, "task": (text, text)}
    known |= {"frameworks": (text,), "year": 2024, "score": 1.0, "runnable": True, "runs": text}
    known |= {"fair_score": 0.5, "url": text, "versions": (VersionRow(text, None, text, 2024),), "gone": True}
    return SearchRow(**{"id": text, "name": text, **known, **fields})


def report(text="net", rows=3, **fields):
    known = {"warnings": (text,), "sources": {text: SourceAnswer("error", message=text)}}
    known |= {"facets": {text: {text: 2}}, "unheld": (UnheldValue(text, text),)}
    return SearchReport(text, rows + 1, tuple(row(text) for _ in range(rows)), **{**known, **fields})


def fetched(text="a.onnx"):
    path, folder = Path(text.replace("\0", "") or "x"), Path("/made")
    item = Distribution(name=text or "x", url=text, checksums=("md5:00",))
    file = Downloaded(item, CachedFile(path, "0" * 64, 10), "md5:00", verified=True, from_cache=False)
    member = ArchiveMember(text, folder / "m", text)
    unopened = UnopenedFile(text, path, text)
    return FetchedFiles(
        text, named_record(text), (file,), (folder,), (path,), members=(member,), unopened=(unopened,)
    )


def plan(text="a.onnx"):
    item = PlannedFile(Distribution(name=text or "x", url=text, size=3, size_is_rounded=True), is_here=False)
    return FetchPlan(text, named_record(text), (item,), unmatched=(text,))


def named_record(text):
    return msgspec.structs.replace(BARE_RECORD, name=text or "x", identifier=text or "x")


def origin(text):
    return WeightsOrigin("published", text, text)


def prediction(text="x"):
    arrays = {text: np.array([[1.0, np.nan]]), "words": np.array([text or "x"], object)}
    return Prediction(
        model=text, path=Path("w.onnx"), fingerprint=text, origin=origin(text), runner=runner(text),
        batching=Batching(), source=text, outputs=arrays, items=1, seconds=0.0, metrics={text: 0.5},
        warnings=(text,), converted_from=text, output=Path("/made/out.npz"),
    )  # fmt: skip


def opened(text):
    return LoadedModel(runner(text), Path("w.onnx"), recognition(text), (text,))


def recognition(text):
    return Recognition("hbb_in", text, Path("w.onnx"), "onnx", text, 3, {})


def check(text, **fields):
    compared = OutputCheck(text, 0.5, Tolerance(0.1, 0.1), **{"agrees": False, **fields})
    return VectorCheck((SetCheck(text, (text,), 3, (), (compared,), note=text),), 0.1)


def vector_run(text="x"):
    return VectorRun(opened(text), text, check(text), Batching())


def many_runs(text="x"):
    source = Path(text.replace("\0", "") or "x")
    runs = {source: FileRun(source, 3, {text: 0.5}, Path("/made/o.npz"), skipped=True)}
    return ManyRuns(opened(text), "0" * 64, files=runs, failures={source: FairregError(text)})


def demonstration(text="x"):
    shown = Demonstration(text, 3, {text: 0.9}, 10.0, 1, (text,))
    return RunReport(
        recognition(text), text, text, text, shown, origin(text), Batching(), (text,), vectors=check(text)
    )


def assessment(text="x"):
    return advised(with_record(HBB, identifier=text or "x", license_stated=text, description=text))


VIEWS = {
    "record": hostile_everywhere,
    "row": row,
    "search": report,
    "runner": runner,
    "fetched": fetched,
    "plan": plan,
    "prediction": prediction,
    "vectors": vector_run,
    "many": many_runs,
    "demonstration": demonstration,
    "citation": FormattedCitation,
    "bibtex": lambda text: FormattedCitation(text, "bibtex"),
}


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
