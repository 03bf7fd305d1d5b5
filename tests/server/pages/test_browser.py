# SPDX-License-Identifier: MIT
"""The web page in a real browser: typing, choosing, keyboard alone, no script, small windows, dark, paper.

``make test-browser`` installs Playwright and axe-core; the browser is Chromium or Chrome of this machine, or
the one that FAIRREG_TEST_BROWSER names. FAIRREG_TEST_SCREENSHOTS names a folder that keeps what was seen.
"""

import re

import pytest

from fairreg.server import live
from fairreg.settings import Settings
from support.browsers import faults_of_accessibility, keep, launched, watched
from support.deadlines import FAR
from support.served_site import BARE_MODEL, HOSTILE, MODEL, REFERENCE, SAMPLE
from support.serving import serving

pytestmark = [
    pytest.mark.long,
    pytest.mark.engines("sqlite"),
    # Playwright's driver is a child process, whose pipes its event loop closes late.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]

PAGES = {
    "home": "/",
    "search": "/search?q=Hbb&kind=model",
    "nothing": "/search?q=nothingofthiskind&kind=dataset",
    "record": f"/records/{MODEL}",
    "reference": f"/records/{REFERENCE}",
    "dataset": f"/records/{SAMPLE}",
    "hostile": f"/records/{HOSTILE}",
    "related": f"/records/{MODEL}/related",
    "assessment": f"/records/{MODEL}/assessment",
    "sources": "/sources",
    "source": "/sources/zenodo",
    "help": "/help",
}
ERRORS = {
    "missing": "/records/hbb.tagger",
    "wrong": "/search?year=never",
    "unassessed": f"/records/{BARE_MODEL}/assessment",
}
WIDTHS = (320, 768, 1280)
SCHEMES = ("light", "dark")
PAPER = 680  # pixels: A4 with margins of 15 mm
SMALLEST = 11  # pixels of legible text


@pytest.fixture(scope="module")
def browser():
    with launched() as started:
        yield started


@pytest.fixture(scope="module")
def asking_url(site_url, tmp_path_factory):
    """Base URL of a server that may ask the site and a registry that is down."""
    home = str(tmp_path_factory.mktemp("asking"))
    peers = f"{site_url},http://127.0.0.1:9"
    settings = Settings.from_environment({"FAIRREG_HOME": home, "FAIRREG_PEERS": peers})
    with pytest.MonkeyPatch.context() as patch, serving(settings) as url:
        patch.setattr(live, "SECONDS", FAR)  # a busy machine is no slow registry
        yield url


@pytest.fixture
def opened(browser, site_url):
    """Opens an address in a window of its own."""
    contexts = []

    def opens(path, width=1280, scheme="light", **options):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce", **options
        )
        contexts.append(context)
        page = watched(context.new_page())
        page.goto(path if path.startswith("http") else f"{site_url}{path}", wait_until="load")
        return page

    yield opens
    for context in contexts:
        context.close()


def results(page):
    return page.locator(".cards h3 a")


def number(page):
    return int(re.match(r"\d+", page.locator("#count").inner_text())[0])


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_fits_its_window_and_logs_nothing(opened, site_url, name, width, scheme):
    page = opened(PAGES[name], width, scheme)
    keep(page, f"site-{name}-{width}-{scheme}")
    assert faults_of_accessibility(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.logged == []
    assert [url for url in page.requested if not url.startswith((site_url, "data:"))] == []


@pytest.mark.parametrize("name", ERRORS)
def test_a_page_of_an_error_is_accessible_too(opened, name):
    page = opened(ERRORS[name], 320, "dark")
    keep(page, f"site-{name}")
    assert faults_of_accessibility(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_all_text_is_large_enough_to_read_also_with_all_details_open(opened, name, width):
    page = opened(PAGES[name], width)
    page.evaluate("document.querySelectorAll('details').forEach(item => item.open = true)")
    sizes = page.evaluate(
        "[...document.querySelectorAll('body :not(svg *, script)')]"
        ".filter(item => item.checkVisibility() && item.textContent.trim())"
        ".map(item => parseFloat(getComputedStyle(item).fontSize))"
    )
    assert min(sizes) >= SMALLEST
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_typing_searches_and_the_address_can_be_passed_on(opened, site_url):
    page = opened("/")
    before = number(page)
    page.locator("#words").press_sequentially("Hbb tagger", delay=20)
    page.wait_for_url("**/search?q=Hbb+tagger")
    page.wait_for_function(f"!document.querySelector('#count').innerText.startsWith('{before}')")
    assert 0 < number(page) < before
    assert page.locator("#words").input_value() == "Hbb tagger"
    assert page.evaluate("document.activeElement.id") == "words"
    seen = results(page).all_inner_texts()
    page.reload()
    assert results(page).all_inner_texts() == seen
    assert page.logged == []


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_a_search_of_other_registries_is_accessible_and_loads_nothing_from_them(
    opened, asking_url, width, scheme
):
    page = opened(f"{asking_url}/search?q=alert", width, scheme, java_script_enabled=width != 320)
    page.get_by_role("link", name="Ask 2 other registries, too").press("Enter")
    page.wait_for_url("**/search?q=alert&live=1")
    keep(page, f"site-live-{width}-{scheme}")
    assert page.locator(".via").count() == 1
    assert page.get_by_role("status").locator("li").count() == 2
    if width != 320:  # axe-core is a script
        assert faults_of_accessibility(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.logged == []
    assert [url for url in page.requested if not url.startswith((asking_url, "data:"))] == []


def test_typing_further_asks_no_other_registry(opened, asking_url):
    page = opened(f"{asking_url}/search?q=Hbb&live=1")
    page.locator("#words").press("End")
    page.locator("#words").press_sequentially(" tagger", delay=20)
    page.wait_for_url("**/search?q=Hbb+tagger")
    page.get_by_role("link", name="Ask 2 other registries, too").wait_for()
    assert page.locator(".via").count() == 0


def test_a_value_is_chosen_and_removed_again(opened):
    page = opened("/search?q=Hbb")
    before = number(page)
    link = page.get_by_role("navigation", name="Narrow the search").get_by_role("link", name="Models")
    count = int(link.locator(".count").inner_text())
    link.click()
    page.wait_for_url("**/search?q=Hbb&kind=model")
    assert number(page) == count < before
    page.get_by_role("link", name="Remove Kind: Models").click()
    page.wait_for_url("**/search?q=Hbb")
    assert number(page) == before


def test_the_order_changes_at_once_and_keeps_the_conditions(opened):
    page = opened("/search?q=tagger&kind=model")
    page.locator("#sort").select_option("name")
    page.wait_for_url("**/search?q=tagger&kind=model&sort=name")
    page.wait_for_function("document.querySelector('#sort').value == 'name'")
    names = results(page).all_inner_texts()
    page.reload()
    assert results(page).all_inner_texts() == names


def test_back_leads_to_the_search_before(opened):
    page = opened("/search?q=Hbb")
    first = results(page).all_inner_texts()
    page.locator("#words").fill("ParticleNet")
    page.wait_for_url("**/search?q=ParticleNet")
    page.go_back()
    page.wait_for_url("**/search?q=Hbb")
    page.wait_for_function("name => document.querySelector('.cards h3 a').innerText == name", arg=first[0])
    assert results(page).all_inner_texts() == first


def test_a_line_is_copied(opened):
    page = opened(f"/records/{MODEL}", permissions=["clipboard-read", "clipboard-write"])
    button = page.locator("#use .copy").first
    button.click()
    page.wait_for_function("document.querySelector('#use .copy').innerText == 'Copied'")
    assert page.evaluate("navigator.clipboard.readText()") == "fairreg fetch 10.5281/zenodo.7305227 --run"


def test_everything_works_without_script(opened):
    page = opened("/", 320, java_script_enabled=False)
    page.locator("#words").fill("Hbb")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=Hbb")
    page.locator(".filters > summary").click()
    page.get_by_role("link", name="Models").click()
    page.wait_for_url("**/search?q=Hbb&kind=model")
    keep(page, "site-no-script-320")
    page.locator(".filters > summary").click()
    page.locator("#year").fill("2022")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**/search?q=Hbb&kind=model&year=2022")
    results(page).first.click()
    page.wait_for_url(f"**/records/{MODEL}")
    assert page.locator(".copy").first.is_hidden()
    page.locator(".at-a-glance").get_by_role("link", name="76 %").click()
    assert page.locator("#first h2").inner_text() == "Do these five first"


def test_the_keyboard_alone_leads_from_the_search_to_a_record(opened):
    page = opened("/help")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").is_visible()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.goto(page.url.partition("/help")[0])
    assert page.evaluate("document.activeElement.id") == "words"
    page.keyboard.type("Hbb interaction network FAIR4HEP")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=Hbb*")
    page.wait_for_function("document.querySelector('.cards h3 a').innerText.startsWith('Hbb')")
    reached = set()
    for _ in range(80):
        page.keyboard.press("Tab")
        assert page.evaluate(
            "(() => { const item = document.activeElement, style = getComputedStyle(item);"
            " return item == document.body || style.outlineStyle != 'none' || style.boxShadow != 'none' })()"
        )
        reached.add(page.evaluate("document.activeElement.tagName"))
        if page.evaluate("document.activeElement.matches('.cards h3 a')"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/records/**")
    assert reached >= {"BUTTON", "SELECT", "INPUT", "A"}


def test_the_keyboard_passes_the_filters_and_asks_for_what_runs(opened):
    page = opened("/search?q=tagger")
    page.locator("#words").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "runnable"
    before = number(page)
    page.keyboard.press("Space")
    page.wait_for_url("**/search?q=tagger&runnable=true")
    page.wait_for_function(f"!document.querySelector('#count').innerText.startsWith('{before}')")
    assert 0 < number(page) < before
    page.keyboard.press("Tab")
    assert page.get_by_role("link", name="To the results").is_visible()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "results"
    for _ in range(3):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.cards h3 a')"):
            break
    assert page.evaluate("document.activeElement.matches('.cards h3 a')")
    assert page.logged == []


def test_a_folded_check_opens_by_keyboard(opened):
    page = opened(f"/records/{MODEL}/assessment")
    check = page.locator("article .settled").first
    reason = check.locator("p").first
    assert reason.is_hidden()
    check.locator("summary").first.press("Enter")
    assert reason.is_visible()


def test_conditions_are_beside_the_results_where_there_is_room_and_folded_elsewhere(opened):
    wide, narrow = opened("/", 1280), opened("/", 320)
    assert wide.locator("#year").is_visible()
    assert wide.locator(".filters > summary").is_hidden()
    assert narrow.locator("#year").is_hidden()
    narrow.locator(".filters > summary").press("Enter")
    assert narrow.locator("#year").is_visible()


@pytest.mark.parametrize("path", [f"/records/{MODEL}", f"/records/{REFERENCE}", f"/records/{HOSTILE}"])
def test_words_stay_inside_the_boxes_of_the_drawing(opened, path):
    page = opened(path)
    wide = page.evaluate(
        "[...document.querySelectorAll('.graph .node')].flatMap(node => {"
        " const box = node.querySelector('.box').getBBox();"
        " return [...node.querySelectorAll('text')].map(text => text.getBBox())"
        "  .filter(text => text.x + text.width > box.x + box.width"
        "   || text.y + text.height > box.y + box.height)"
        "  .map(text => text.width) })"
    )
    assert wide == []


def test_a_box_of_the_drawing_leads_to_its_record(opened):
    page = opened(f"/records/{MODEL}")
    page.locator(".graph a").filter(has_text="CMS").first.click()
    page.wait_for_url(f"**/records/{SAMPLE}")


@pytest.mark.parametrize("name", ["search", "record", "hostile", "assessment"])
def test_on_paper_there_is_no_navigation_and_nothing_is_cut_off(opened, name):
    page = opened(PAGES[name], PAPER)
    page.emulate_media(media="print")
    keep(page, f"site-{name}-print")
    assert page.locator("header.masthead").is_hidden()
    assert page.locator(".copy").count() == 0 or page.locator(".copy").first.is_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= PAPER
    hidden = page.evaluate(
        "[...document.querySelectorAll('main details:not(.filters, .filters *) > *')]"
        ".filter(item => !item.checkVisibility()).length"
    )
    assert hidden == 0
