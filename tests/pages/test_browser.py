# SPDX-License-Identifier: MIT
"""Both reports in a real browser: nothing logged, nothing requested, no fault of accessibility, no overflow.

``make test-browser`` and ``make test-long`` install Playwright and axe-core; the browser is Chromium or
Chrome of this machine, or the one that FAIRREG_TEST_BROWSER names. FAIRREG_TEST_SCREENSHOTS names a folder
that keeps what was seen.
"""

import numpy as np
import pytest

from assessment.samples import BARE, HBB, TOP, advised, replaced, with_record
from fairreg.assessment.evidence import FileFact
from fairreg.assessment.rendering.html import to_html
from fairreg.models.hbb_in.explain.plots import style
from fairreg.models.hbb_in.network import Hyperparameters, onnx_bytes
from fairreg.models.hbb_in.workflows.explain.activity import activity
from fairreg.models.hbb_in.workflows.explain.lrp import lrp
from fairreg.models.hbb_in.workflows.explain.mask import mask
from fairreg.models.hbb_in.workflows.explain.report import write_report
from support.browsers import faults_of_accessibility, keep, launched, watched
from support.networks import random_tensors
from support.toy import toy_jets

pytestmark = [
    pytest.mark.long,
    # Playwright's driver is a child process, whose pipes its event loop closes late.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]

WIDTHS = (360, 1280)
SCHEMES = ("light", "dark")
PAPER = 680  # pixels: A4 with margins of 15 mm
SMALLEST = 11  # pixels of legible text
DOTS, POINTS = style.DOTS_PER_INCH, style.TEXT_POINTS
OFFLINE = replaced(HBB, offline=True, downloaded=False, probes=(), files=(), documents=(), models=())
MANY = tuple(
    FileFact(path=f"{TOP}/weights/part-{number}.onnx", size=1, format="onnx", verified="sha256")
    for number in range(30)
)
EVIDENCE = {
    "assessed": HBB,
    "undecided": OFFLINE,
    "folded": replaced(HBB, files=(*HBB.files, *MANY)),
    "bare": BARE,
    "dataset": with_record(HBB, kind="dataset"),
}
PAGES = (*EVIDENCE, "explained")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The pages as files."""
    folder = tmp_path_factory.mktemp("pages")
    for name, evidence in EVIDENCE.items():
        (folder / f"{name}.html").write_text(to_html(advised(evidence), name=evidence.record.name), "utf-8")
    explain(folder)
    return folder


def explain(folder):
    """All analyses but the trainings, of a tiny network on toy jets."""
    pytest.importorskip("matplotlib")
    sizes = Hyperparameters(track_features=30, vertex_features=14, hidden=6, d_e=4, d_o=4)
    (folder / "net.onnx").write_bytes(onnx_bytes(random_tensors(sizes)))
    jets = toy_jets(40, 3)
    np.savez(folder / "jets.npz", tracks=jets.tracks, vertices=jets.vertices, labels=jets.labels)
    for analyse in (mask, lrp, activity):
        analyse(folder / "net.onnx", folder / "jets.npz").write(folder / "why")
    write_report(folder / "why", folder / "explained.html")


@pytest.fixture(scope="module")
def browser():
    with launched() as started:
        yield started


@pytest.fixture
def shown(browser, folder):
    """Opens a page at a width and in a scheme of colours; what it logs and requests is in its lists."""
    contexts = []

    def opened(name, width, scheme="light", **options):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce", **options
        )
        contexts.append(context)
        page = watched(context.new_page())
        page.goto((folder / f"{name}.html").as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_logs_nothing_and_requests_nothing(shown, name, width, scheme):
    page = shown(name, width, scheme)
    keep(page, f"{name}-{width}-{scheme}")
    assert faults_of_accessibility(page) == []
    assert page.logged == []
    assert [url for url in page.requested if not url.startswith(("file:", "data:"))] == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_its_window_also_with_all_details_open(shown, name, width):
    page = shown(name, width, java_script_enabled=True)
    page.evaluate("document.querySelectorAll('details').forEach(item => item.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_all_text_is_large_enough_to_read(shown, name, width):
    page = shown(name, width)
    sizes = page.evaluate(
        "[...document.querySelectorAll('main *')].filter(item => item.textContent.trim())"
        ".map(item => parseFloat(getComputedStyle(item).fontSize))"
    )
    assert min(sizes) >= SMALLEST
    scales = page.evaluate("[...document.images].map(item => item.width / item.naturalWidth)")
    assert all(POINTS / 72 * DOTS * scale > SMALLEST - 0.01 for scale in scales)


@pytest.mark.parametrize("name", PAGES)
def test_on_paper_what_is_folded_is_open_and_nothing_is_cut_off(shown, name):
    page = shown(name, PAPER)
    page.emulate_media(media="print")
    keep(page, f"{name}-print")
    hidden = page.evaluate(
        "[...document.querySelectorAll('details:not(.broad) > *')]"
        ".filter(item => !item.checkVisibility()).length"
    )
    assert hidden == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= PAPER


def test_a_page_works_without_scripts_and_by_keyboard(shown):
    page = shown("folded", 360, java_script_enabled=False)
    page.keyboard.press("Tab")
    assert page.locator(".skip").is_visible()
    summary = page.locator("article summary").first
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator("article details").first.get_attribute("open") is not None
    assert page.get_by_text("30 files like").first.count() == 1


@pytest.mark.parametrize("width", [320, 1280])
def test_words_of_the_chart_stay_inside_it(shown, width):
    page = shown("undecided", width)
    notes = page.locator("svg text.tick tspan")
    assert notes.count()
    wide = page.evaluate(
        "[...document.querySelectorAll('figure svg text')].filter(text => {"
        " const box = text.getBoundingClientRect();"
        " return box.right > text.ownerSVGElement.getBoundingClientRect().right + 1 })"
        ".map(text => text.textContent)"
    )
    assert wide == []
