# SPDX-License-Identifier: MIT
import re

import msgspec
import pytest
from bs4 import BeautifulSoup

from assessment.samples import BARE, HBB, SHA, advised, replaced, with_record
from fairreg.assessment.evidence import FileFact
from fairreg.assessment.priorities import points
from fairreg.assessment.rendering.html import to_html
from fairreg.assessment.report import not_enough, why_no_overall
from fairreg.schemas.record import Access

REPORT = advised(HBB)
PAGE = to_html(REPORT, name=HBB.record.name)
SOUP = BeautifulSoup(PAGE, "html.parser")
OFFLINE = replaced(HBB, offline=True, downloaded=False, probes=(), files=(), documents=(), models=())
ITEMS = [item for found in REPORT.principles.values() for item in found.indicators]
SCRIPT = '<script>alert("1")</script><img src=x onerror=alert(1)>'


def test_every_verdict_stands_there_with_rule_evidence_and_next_step():
    articles = SOUP.find_all("article")
    assert len(articles) == len(ITEMS)
    for article, item in zip(articles, ITEMS, strict=True):
        text = " ".join(article.get_text(" ").split())
        said = (item.id, item.title, item.reason, item.rule.passes, item.rule.fails, item.remedy or "")
        assert all(" ".join(part.split()) in text for part in said)
        assert len(article.find_all("li")) == max(1, len(item.evidence))
        assert all(metric in text for metric in item.corresponds_to)


def test_nothing_is_loaded_from_elsewhere_and_nothing_runs():
    loading = {
        "script",
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "base",
        "form",
        "video",
        "audio",
        "source",
    }
    assert not SOUP.find_all(loading)
    assert not [tag for tag in SOUP.find_all(True) if any(name.startswith("on") for name in tag.attrs)]
    style = SOUP.style.string
    assert not re.search(r"url\(|@import|@font-face", style)
    policy = SOUP.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
    assert "default-src 'none'" in policy


def test_links_are_web_addresses_or_places_in_the_page_that_exist():
    places = {tag["id"] for tag in SOUP.find_all(id=True)}
    for link in SOUP.find_all("a"):
        target = link["href"]
        assert target.startswith(("https://", "http://")) or target.removeprefix("#") in places
    assert len(places) == len(SOUP.find_all(id=True))


def test_the_page_can_be_read_without_seeing_it():
    assert SOUP.html["lang"] == "en"
    assert SOUP.title.string
    assert len(SOUP.find_all("h1")) == 1
    assert SOUP.find("main")
    picture = SOUP.find("svg")
    assert picture["role"] == "img"
    assert "F 80 %" in picture["aria-label"]
    for table in SOUP.find_all("table"):
        assert table.caption.string
        assert all(cell.get("scope") for cell in table.find_all("th"))
    # A verdict is a word, and not a colour alone.
    assert {tag.string for tag in SOUP.select(".verdict")} <= {
        "pass",
        "partial",
        "fail",
        "unknown",
        "not applicable",
    }


def test_it_is_made_for_light_dark_and_paper():
    style = SOUP.style.string
    assert "prefers-color-scheme: dark" in style
    assert "@media print" in style


def test_the_chart_draws_of_each_letter_what_is_known_and_what_is_not():
    for report in (REPORT, advised(OFFLINE), advised(BARE)):
        svg = BeautifulSoup(to_html(report), "html.parser").svg
        known = svg.find_all("rect", class_=["good", "fair", "poor", "undecided"])
        ends = [report.letter_intervals[letter] for letter in "FAIR"]
        assert [share(bar["width"]) for bar in known] == pytest.approx([low for low, _ in ends], abs=0.001)
        open_, hatched = [end for end in ends if end[1] > end[0]], svg.find_all("svg")
        assert [share(part["x"]) for part in hatched] == pytest.approx([low for low, _ in open_], abs=0.001)
        widths = [share(part["width"]) for part in hatched]
        assert widths == pytest.approx([high - low for low, high in open_], abs=0.001)
        assert len(svg.find_all(class_="whisker")) == len(open_)


def share(text):
    return float(text.removesuffix("%")) / 100


def test_a_letter_without_enough_evidence_has_no_number_but_an_interval_and_the_reason():
    report = advised(OFFLINE)
    lacking = [letter for letter, score in report.letters.items() if score is None]
    assert lacking
    soup = BeautifulSoup(to_html(report), "html.parser")
    for letter in lacking:
        assert not_enough(report, letter) in soup.svg.get_text()
        assert f"{letter} not enough evidence" in soup.svg["aria-label"]
    lead = soup.find(class_="lead")
    assert "No overall score" in lead.get_text()
    unknown = soup.find_all("article", class_="unknown")
    said = lead.find_next("p").get_text()
    assert said.startswith(f"{len(unknown)} of {len(ITEMS)} checks could not be made. Once they are, ")
    assert why_no_overall(report) in lead.find_next("details").p.get_text()


def test_a_line_below_a_letter_of_the_chart_is_short_enough_for_a_telephone():
    svg = BeautifulSoup(to_html(advised(OFFLINE)), "html.parser").svg
    notes = [text for text in svg.find_all("text", class_="tick") if text.tspan]
    assert notes
    for note in notes:
        lines = [note.contents[0], note.tspan.string]
        assert max(map(len, lines)) <= 36, lines
        assert note.tspan["x"] == "0"


def test_what_asks_nothing_of_a_keeper_is_folded_with_its_title_to_be_seen():
    for article, item in zip(SOUP.find_all("article"), ITEMS, strict=True):
        folded = item.verdict.value in {"pass", "unknown", "not_applicable"}
        assert (article.h3.find_parent("summary") is not None) == folded
        assert (article.p.find_parent("details") is not None) == folded
        assert item.title in article.h3.get_text()
    assert all(table.find_parent("details") for table in SOUP.select("#comparison table"))


def test_the_steps_to_do_first_stand_before_the_principles_with_gain_file_and_link():
    names = [section.get("id") for section in SOUP.find_all("section")]
    assert names.index("first") < names.index("principles")
    assert SOUP.find(id="first").h2.string == "Do these five first"
    for row, step in zip(SOUP.select(".steps li"), REPORT.do_first, strict=True):
        text = " ".join(row.get_text(" ").split())
        assert f"+{points(step.gain)} points" in text
        assert step.remedy in text
        assert step.file is None or f"--fix drafts {step.file}" in text
        assert SOUP.find(id=row.a["href"].removeprefix("#")).name == "article"


def test_what_is_unknown_is_listed_with_the_way_to_know_it():
    soup = BeautifulSoup(to_html(advised(OFFLINE)), "html.parser")
    told = soup.select_one("#first .note")
    assert "checks could not be made. Assess again without --offline" in told.p.get_text()
    links = {link["href"].removeprefix("#"): link.string for link in told.find_all("a")}
    assert links
    for place, title in links.items():
        assert title in soup.find(id=place).h3.get_text()


def test_principles_have_names_and_the_identifier_is_a_link_and_times_are_for_people():
    assert "F1 Identifiers" in SOUP.find(id="principles").get_text()
    assert SOUP.find(id="R1.2").h2.get_text().startswith("R1.2 Provenance")
    assert SOUP.header.a["href"] == "https://doi.org/10.5281/zenodo.7305227"
    assert SOUP.header.time.string == "22 November 2026, 00:00 UTC"
    assert SOUP.header.time["datetime"] == REPORT.assessed_at


def test_evidence_of_many_similar_files_is_folded():
    weights = [FileFact(path=f"w/part-{n}.onnx", size=9, format="onnx", sha256=SHA) for n in range(30)]
    soup = BeautifulSoup(to_html(advised(replaced(HBB, files=tuple(weights)))), "html.parser")
    folded = [item for item in soup.select("article details details") if item.summary]
    assert "30 files like w/part-0.onnx" in {item.summary.string for item in folded}
    assert all(len(item.find_all("li")) > 4 for item in folded)


def test_markup_in_a_record_is_harmless_text():
    evidence = with_record(
        HBB, name=SCRIPT, access=Access(level="restricted", conditions=SCRIPT), license=SCRIPT
    )
    soup = BeautifulSoup(to_html(advised(evidence), name=SCRIPT), "html.parser")
    assert not soup.find_all(["script", "img"])
    assert SCRIPT in soup.h1.string
    assert SCRIPT in soup.get_text()


def test_an_address_that_a_browser_would_run_is_no_link():
    strange = with_record(
        HBB, provenance=type(HBB.record.provenance)(source="x", source_id="y", url="javascript:alert(1)")
    )
    soup = BeautifulSoup(to_html(advised(strange)), "html.parser")
    assert not [link for link in soup.find_all("a") if link["href"].startswith("javascript")]
    assert "javascript:alert(1)" in soup.get_text()


def test_what_is_unknown_is_called_so():
    report = advised(replaced(BARE))
    soup = BeautifulSoup(to_html(report), "html.parser")
    assert "unknown" in {tag.string for tag in soup.select(".verdict")}
    assert "F" in soup.svg["aria-label"]


def test_a_dataset_has_its_page_too():
    report = advised(with_record(HBB, kind="dataset"))
    soup = BeautifulSoup(to_html(report), "html.parser")
    assert len(soup.find_all("article")) == sum(len(item.indicators) for item in report.principles.values())
    places = [tag["id"] for tag in soup.find_all(id=True)]
    assert len(places) == len(set(places))


def test_a_letter_that_does_not_apply_has_neither_number_nor_interval():
    none = msgspec.structs.replace(
        REPORT,
        letters=REPORT.letters | {"I": None},
        letter_intervals=REPORT.letter_intervals | {"I": None},
        principles={
            name: found if name[0] != "I" else msgspec.structs.replace(found, indicators=())
            for name, found in REPORT.principles.items()
        },
    )
    svg = BeautifulSoup(to_html(none), "html.parser").svg
    assert "I not applicable" in svg["aria-label"]
    assert "not applicable" in {text.string for text in svg.find_all("text")}
