# SPDX-License-Identifier: MIT
"""Every page: its structure, names for the ear, no script or style in it, links that lead somewhere."""

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest

import fairreg
from fairreg.server.pages.frame import CONTENT_SECURITY_POLICY
from support.served_site import BARE_MODEL, HOSTILE, HOSTILE_TEXT, MODEL, REFERENCE, SAMPLE, WITHDRAWN

pytestmark = pytest.mark.engines("sqlite")

SITE = Path(fairreg.__file__).parent / "server" / "pages"
STATUS = {
    "/": 200,
    "/search?q=Hbb&kind=model&source=zenodo&source=catalogue": 200,
    "/search?q=nothingofthiskind&kind=dataset": 200,
    "/search?offset=20": 200,
    f"/records/{MODEL}": 200,
    f"/records/{MODEL}/related": 200,
    f"/records/{MODEL}/assessment": 200,
    f"/records/{BARE_MODEL}/assessment": 404,
    f"/records/{REFERENCE}": 200,
    f"/records/{SAMPLE}": 200,
    f"/records/{WITHDRAWN}": 410,
    f"/records/{HOSTILE}": 200,
    f"/records/{HOSTILE}/related": 200,
    "/search?q=alert": 200,
    "/sources": 200,
    "/sources/zenodo": 200,
    "/help": 200,
    "/records/hbb.tagger": 404,
    "/search?year=never": 400,
    "/nothing": 404,
}
DATA_BLOCK = "application/ld+json"


@pytest.fixture(scope="module")
def pages(page):
    return {path: page(path, status) for path, status in STATUS.items()}


@pytest.mark.sliced(7)
@pytest.mark.parametrize("path", STATUS)
def test_a_page_has_one_heading_a_title_and_a_way_past_the_navigation(pages, path):
    soup = pages[path]
    assert soup.html["lang"] == "en"
    assert len(soup.find_all("h1")) == len(soup.find_all("main")) == 1
    assert soup.title.string.strip().endswith("fairreg") or soup.title.string.startswith("fairreg")
    assert soup.find(class_="skip")["href"] == f"#{soup.main['id']}"
    levels = [int(item.name[1]) for item in soup.find_all(re.compile(r"h[1-6]$"))]
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("path", STATUS)
def test_what_is_named_by_an_id_is_there_once(pages, path):
    soup = pages[path]
    ids = Counter(item["id"] for item in soup.find_all(id=True))
    assert [name for name, number in ids.items() if number > 1] == []
    named = [
        item[name] for name in ("for", "form", "aria-labelledby") for item in soup.find_all(**{name: True})
    ]
    inside = [item["href"][1:] for item in soup.find_all(href=re.compile("^#."))]
    assert {*named, *inside} - set(ids) == set()


@pytest.mark.parametrize("path", STATUS)
def test_every_field_picture_and_region_has_a_name(pages, path):
    soup = pages[path]
    labels = {item["for"] for item in soup.find_all("label")}
    fields = soup.find_all(["input", "select"], type=lambda kind: kind != "hidden")
    assert [item for item in fields if item["id"] not in labels] == []
    drawn = [
        item
        for item in soup.find_all("svg")
        if item.get("aria-hidden") != "true" and not item.find_parent("svg")
    ]
    assert all(item.get("role") in {"img", "group"} and item["aria-label"].strip() for item in drawn)
    assert all(item.get("aria-label") for item in soup.find_all(tabindex="0"))
    assert all(item.get_text(strip=True) for item in soup.find_all(["a", "button"]))
    assert all(item.get("scope") for item in soup.find_all("th"))


@pytest.mark.parametrize("path", STATUS)
def test_no_script_or_style_stands_in_a_page_and_none_comes_from_elsewhere(pages, path):
    soup = pages[path]
    assert not soup.find_all("style")
    assert not soup.find_all(["iframe", "object", "embed", "base"])
    assert not [
        item
        for item in soup.find_all(True)
        if any(name.startswith("on") or name == "style" for name in item.attrs)
    ]
    scripts = [item for item in soup.find_all("script") if item.get("type") != DATA_BLOCK]
    loaded = [item["src"] for item in (*scripts, *soup.find_all("img"))]
    loaded += [item["href"] for item in soup.find_all("link", rel=["stylesheet", "icon"])]
    assert [address for address in loaded if not address.startswith("/static/")] == []
    assert all(not item.get_text(strip=True) for item in scripts)


@pytest.mark.parametrize("path", STATUS)
def test_only_web_addresses_lead_to_other_sites_and_none_is_followed_with_our_name(pages, path):
    for item in pages[path].body.find_all("a", href=True):
        address = urlsplit(item["href"])
        assert address.scheme in {"", "http", "https"}, item
        if address.scheme and address.hostname != "127.0.0.1":
            assert item["rel"] == ["noopener", "noreferrer"]


def test_a_page_states_its_policy_of_content(fetched):
    for path in ("/", f"/records/{MODEL}", "/nothing"):
        assert fetched(path).headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert "unsafe" not in CONTENT_SECURITY_POLICY


def test_text_of_others_is_text(pages):
    shown = HOSTILE_TEXT.replace("\u202e", "")
    for path in (f"/records/{HOSTILE}", "/search?q=alert"):
        soup = pages[path]
        assert shown in soup.get_text()
        assert "\u202e" not in soup.get_text()
        assert "49" not in soup.find(["h1", "h3"]).get_text()
        assert not soup.find_all("img")
    assert pages[f"/records/{HOSTILE}"].h1.string == shown


def test_links_within_the_site_lead_somewhere(pages, fetched, site_url):
    """Of the many searches that facets lead to, each page gives some."""
    found = set()
    for path, soup in ((path, soup) for path, soup in pages.items() if STATUS[path] == 200):
        inside = [urljoin(f"{site_url}{path}", item["href"]) for item in soup.find_all("a", href=True)]
        inside = [
            link.partition("#")[0] for link in inside if link.startswith(site_url) and "?format=" not in link
        ]
        searches = [link for link in inside if "/search?" in link]
        found |= {link for link in inside if "/search?" not in link} | set(searches[:1])
    statuses = {link: fetched(link).status_code for link in sorted(found)}
    assert len(statuses) > 40
    failed = {link for link, status in statuses.items() if status not in {200, 302, 410}}
    assert {link for link in failed if not link.endswith("/assessment") or statuses[link] != 404} == set()


def test_templates_escape_everything():
    templates = [*SITE.rglob("*.html"), *SITE.rglob("*.svg")]
    assert len(templates) > 10
    for path in templates:
        text = path.read_text("utf-8")
        assert not re.search(r"\|\s*safe\b|autoescape|Markup", text), path
        assert not re.search(r"\son\w+=|\sstyle=|javascript:", text), path
        addresses = re.findall(r'https?://[^"\s]+', text)
        assert set(addresses) <= {"http://www.w3.org/2000/svg"}, path
