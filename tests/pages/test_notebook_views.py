# SPDX-License-Identifier: MIT
"""What a notebook shows, in a real browser: accessible, narrow, light and dark, and loading nothing."""

import pytest

from support.browsers import faults_of_accessibility, keep, launched, watched
from support.full_record import FULL
from support.hostile import LONG
from support.shown_results import VIEWS, assessment

pytestmark = [
    pytest.mark.long,
    # Playwright's driver is a child process, whose pipes its event loop closes late.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]

SHOWN = {**VIEWS, "record": lambda _text: FULL, "assessment": assessment}
SCHEMES = {"light": ("#fff", "#1f1f1f"), "dark": ("#111", "#e0e0e0")}  # as JupyterLab sets them
WIDTH = 800


@pytest.fixture(scope="module")
def browser():
    with launched() as started:
        yield started


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": WIDTH, "height": 900})
    yield watched(context.new_page())
    context.close()


def put_into_a_notebook(page, view, scheme):
    """Show a view in a cell, with every fold open: what is closed is not looked at by axe-core."""
    paper, ink = SCHEMES[scheme]
    page.set_content(
        f'<!doctype html><html lang="en"><title>notebook</title><body style="background:{paper};color:{ink};'
        f'font:13px/1.5 sans-serif"><main><h1>Cell</h1>{view}</main>'
    )
    page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", SHOWN)
def test_a_view_is_accessible_and_loads_nothing(page, name, scheme):
    put_into_a_notebook(page, SHOWN[name]("net")._repr_html_(), scheme)
    keep(page, f"notebook-{name}-{scheme}")
    assert faults_of_accessibility(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH
    assert page.logged == []
    assert page.requested == []


@pytest.mark.parametrize("name", SHOWN)
def test_long_texts_do_not_widen_a_notebook(page, name):
    put_into_a_notebook(page, SHOWN[name](LONG)._repr_html_(), "light")
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH
