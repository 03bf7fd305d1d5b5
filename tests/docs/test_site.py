# SPDX-License-Identifier: MIT
"""The documentation as a site: every page has a place in it, and it is built without a warning."""

import inspect
import re
import subprocess
import sys
import tomllib
from functools import cached_property

import build_http_docs
import build_notebook_docs
import pytest
from bs4 import BeautifulSoup

import fairreg
from fairreg.registry import Registry
from fairreg.registry.db.engine import Database
from fairreg.registry.parts import RegistryPart
from support.code_blocks import DOCS, ROOT, pages

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SOURCE = PROJECT["urls"]["Source"]
TREE = re.compile(r"^```\{toctree\}\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def listed(page):
    """Pages in the tables of contents of a page."""
    trees = TREE.findall(page.read_text(encoding="utf-8"))
    names = [line for tree in trees for line in tree.splitlines() if line and not line.startswith(":")]
    return [(page.parent / f"{name}.md").resolve() for name in names]


def test_every_page_has_one_place_in_the_tables_of_contents():
    """A new page belongs into that of docs/how-to, docs/reference or docs/background (index.md)."""
    every = {page for page in pages() if page.is_relative_to(DOCS)}
    places = [page for index in every for page in listed(index)]
    assert sorted(places) == sorted(every - {DOCS / "index.md"})


def test_the_page_on_http_is_what_the_server_says_of_itself():
    """Where it is not: python scripts/build_http_docs.py."""
    assert build_http_docs.PAGE.read_text(encoding="utf-8") == build_http_docs.page()


def test_the_page_on_notebooks_has_each_of_the_folder():
    """Where it has not: python scripts/build_notebook_docs.py."""
    text = build_notebook_docs.PAGE.read_text(encoding="utf-8")
    assert text == build_notebook_docs.page()
    names = [path.name for path in (ROOT / "notebooks").glob("*.ipynb")]
    assert names
    assert [name for name in names if f"(../../notebooks/{name})" not in text] == []


def test_the_page_on_python_has_every_name_of_the_package():
    page = (DOCS / "reference/python.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\.\. (?:auto(?:function|class)|class):: (\w+)", page, re.MULTILINE))
    modules = {name for name in fairreg.__all__ if inspect.ismodule(getattr(fairreg, name))}
    assert named == {name for name in fairreg.__all__ if name not in modules and name != "__version__"}
    assert [name for name in modules if f"`fairreg.{name}`" not in page] == []


def test_the_page_on_python_has_every_method_of_the_registry_and_of_its_parts():
    page = (DOCS / "reference/python.md").read_text(encoding="utf-8")
    methods, parts = public_names(fairreg.Registry)
    assert set(re.findall(r"^   \.\. automethod:: (\w+)", page, re.MULTILINE)) == methods
    rows = re.findall(r"^\| `(\w+)` \| .* \| (.*) \|$", page, re.MULTILINE)
    assert {name: set(re.findall(r"`(\w+)`", listed)) for name, listed in rows} == parts


def test_the_registry_has_few_methods_and_its_parts_have_the_rest():
    methods, parts = public_names(fairreg.Registry)
    assert len(methods) <= 12
    assert not methods & set(parts)
    assert all(parts.values())


def public_names(registry: type) -> tuple[set[str], dict[str, set[str]]]:
    """Return the public methods of a registry, and those of each of its parts, but for what all have."""
    named = {name: getattr(registry, name) for name in dir(registry) if not name.startswith("_")}
    parts = {name: value for name, value in named.items() if isinstance(value, cached_property)}
    with Registry(Database.in_memory()) as opened:
        inside = {part: {n for n in dir(getattr(opened, part)) if not n.startswith("_")} for part in parts}
    return set(named) - set(parts), {part: names - set(dir(RegistryPart)) for part, names in inside.items()}


def test_what_builds_the_site_is_an_extra():
    required = " ".join(PROJECT["optional-dependencies"]["docs"])
    for package in ("fairreg[serve]", "myst-parser", "pydata-sphinx-theme", "sphinx", "sphinx-copybutton"):
        assert package in required


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder of the site. A warning of Sphinx is an error, such as of a link to a missing heading."""
    pytest.importorskip("sphinx", reason="the extra docs is not installed")
    folder = tmp_path_factory.mktemp("site")
    words = ["-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet", "--builder", "html"]
    command = [
        sys.executable,
        *words,
        "--doctree-dir",
        str(folder / "trees"),
        str(DOCS),
        str(folder / "html"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return folder / "html"


@pytest.mark.long
def test_the_site_is_built_without_warnings_and_loads_nothing_from_other_hosts(built):
    files = sorted(built.rglob("*.html"))
    assert len(files) > 60
    for file in files:
        soup = BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")
        loaded = [*soup.select("script[src], img[src], iframe[src]"), *soup.select("link[rel=stylesheet]")]
        addresses = [item.get("src") or item.get("href") for item in loaded]
        assert [item for item in addresses if re.match(r"(https?:)?//", item)] == [], file
    for file in built.rglob("*.css"):
        assert not re.search(r"(@import|url\()\s*[\"']?(https?:)?//", file.read_text(encoding="utf-8")), file


@pytest.mark.long
def test_links_have_the_titles_of_pages_and_lead_to_files_of_the_repository(built):
    rubric = (built / "rubric.html").read_text(encoding="utf-8")
    assert "Scores that say what they rest on" in rubric
    assert ">assessment.md<" not in rubric
    documents = (built / "json.html").read_text(encoding="utf-8")
    assert f"{SOURCE}/blob/main/src/fairreg/schemas/documents/search.json" in documents
