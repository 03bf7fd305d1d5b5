# SPDX-License-Identifier: MIT
import re

import pytest
from bs4 import BeautifulSoup

from assessment.samples import BARE, HBB, replaced, with_record
from fairreg.assessment.rendering.html import to_html
from fairreg.assessment.report import assess
from fairreg.schemas.record import Access

REPORT = assess(HBB)
PAGE = to_html(REPORT, name=HBB.record.name)
SOUP = BeautifulSoup(PAGE, "html.parser")
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


def test_the_profile_draws_a_bar_as_long_as_each_score():
    rows = SOUP.svg.find_all("rect", class_=["good", "fair", "poor"])
    scores = []
    for letter, score in REPORT.letters.items():
        scores += [
            score,
            *(item.score for name, item in REPORT.principles.items() if name.startswith(letter)),
        ]
    assert [float(row["width"]) / 460 for row in rows] == pytest.approx(scores, abs=0.001)


def test_markup_in_a_record_is_harmless_text():
    evidence = with_record(
        HBB, name=SCRIPT, access=Access(level="restricted", conditions=SCRIPT), license=SCRIPT
    )
    soup = BeautifulSoup(to_html(assess(evidence), name=SCRIPT), "html.parser")
    assert not soup.find_all(["script", "img"])
    assert SCRIPT in soup.h1.string
    assert SCRIPT in soup.get_text()


def test_an_address_that_a_browser_would_run_is_no_link():
    strange = with_record(
        HBB, provenance=type(HBB.record.provenance)(source="x", source_id="y", url="javascript:alert(1)")
    )
    soup = BeautifulSoup(to_html(assess(strange)), "html.parser")
    assert not [link for link in soup.find_all("a") if link["href"].startswith("javascript")]
    assert "javascript:alert(1)" in soup.get_text()


def test_what_is_unknown_is_called_so():
    report = assess(replaced(BARE))
    soup = BeautifulSoup(to_html(report), "html.parser")
    assert "unknown" in {tag.string for tag in soup.select(".verdict")}
    assert "F" in soup.svg["aria-label"]


def test_a_dataset_has_its_page_too():
    report = assess(with_record(HBB, kind="dataset"))
    soup = BeautifulSoup(to_html(report), "html.parser")
    assert len(soup.find_all("article")) == sum(len(item.indicators) for item in report.principles.values())
    places = [tag["id"] for tag in soup.find_all(id=True)]
    assert len(places) == len(set(places))
