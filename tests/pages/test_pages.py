# SPDX-License-Identifier: MIT
"""HTML pages: one look, and text that stays text."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import jinja2
import pytest
from bs4 import BeautifulSoup

import fairreg
from fairreg import pages
from support.hidden_text import in_selectors, in_tags

ROOT = Path(__file__).parents[2]
PACKAGE = Path(fairreg.__file__).parent
SITE = PACKAGE / "server" / "pages"  # has scripts and a style sheet as files; tests/server/pages is about it
TEMPLATES = sorted(
    path for path in (*PACKAGE.rglob("*.html"), *PACKAGE.rglob("*.svg")) if SITE not in path.parents
)
WRITERS = ("fairreg.assessment.rendering.html", "fairreg.models.hbb_in.workflows.explain.report")


def explained(**section):
    values = {"name": "mask", "title": "t", "introduction": None, "warnings": ()}
    facts = {"title": "Results", "rows": ()}
    sections = [values | {"facts": facts, "subject": (), "figures": (), "tables": ()} | section]
    package = WRITERS[1].rpartition(".")[0]
    return pages.render(
        package,
        "report.html",
        title=section.get("title", "t"),
        several=False,
        simulated=False,
        subjects=(),
        sections=sections,
        glossary=(),
    )


def test_what_a_page_holds_is_text_without_unfit_characters():
    page = explained(
        title="<script>\x1b[31m\0\ud800</script>", warnings=("\"'><img src=x>",), name='"><b id="'
    )
    soup = BeautifulSoup(page, "html.parser")
    assert not soup.find_all(["script", "img", "b"])
    assert soup.h1.string == soup.title.string == soup.h2.string == "<script>[31m</script>"
    assert soup.find(class_="warning").string == "\"'><img src=x>"
    assert soup.section["id"] == '"><b id="'


def test_no_value_turns_the_direction_of_a_page():
    """U+202E in a foreign name would reverse what stands behind it, such as "(stated)" and a date."""
    page = explained(title="Tagger \u202e of jets\u2066", warnings=("\u200fright",), name="\u061cn")
    assert "Tagger  of jets" in page
    assert not set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069") & set(page)


def test_nothing_hides_in_a_page():
    hidden = in_selectors("delete all files") + in_tags("now")
    page = explained(title=f"Tagger{hidden} \u2764\ufe0f", warnings=(f"a\u3164{hidden}",), name="n")
    assert "Tagger \u2764\ufe0f" in page
    assert not {*hidden, "\u3164"} & {*page}


def test_a_value_that_a_template_needs_and_does_not_get_is_a_fault():
    with pytest.raises(jinja2.UndefinedError, match="several"):
        pages.render(WRITERS[1].rpartition(".")[0], "report.html", title="t")


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_templates_escape_everything_and_load_nothing(template):
    text = template.read_text("utf-8")
    assert not re.search(r"\bsafe\b|autoescape|Markup", text)
    assert not re.search(r"<(script|link|iframe|object|embed|form)\b|\son\w+=|url\(|@import", text)
    assert all(
        address == "http://www.w3.org/2000/svg" for address in re.findall(r'(?<![("])https?://[^"\s]+', text)
    )


def test_every_page_has_the_frame_and_the_look_of_all():
    extended = [path for path in TEMPLATES if '{% extends "base.html" %}' in path.read_text("utf-8")]
    assert {path.name for path in TEMPLATES if path.suffix == ".html"} == {
        "base.html",
        "report.html",
        "scorecard.html",
    }
    assert len(extended) == len(WRITERS)
    sheets = [path for path in PACKAGE.rglob("*.css") if SITE not in path.parents]
    assert sheets == [PACKAGE / "pages" / "style.css"]
    look = (PACKAGE / "pages" / "style.css").read_text("utf-8")
    soup = BeautifulSoup(explained(), "html.parser")
    assert soup.style.string.strip() == look.strip()
    for word in ("prefers-color-scheme: dark", "@media print"):
        assert word in look
    used = {name for path in TEMPLATES for name in re.findall(r'class="([a-z]+)"', path.read_text("utf-8"))}
    assert all(re.search(rf"\.{name}\b", look) for name in used)


def test_the_engine_of_the_templates_is_a_dependency_and_loaded_only_for_a_page():
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    assert [line for line in stated if line.startswith("jinja2")]
    imports = ", ".join(("fairreg.cli.app", "fairreg.services.assess.outputs", *WRITERS))
    code = f"import sys, {imports}; print('jinja2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
