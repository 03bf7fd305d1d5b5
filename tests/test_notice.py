# SPDX-License-Identifier: MIT
"""NOTICE names every package that an extra installs, with the licence that the package states."""

import json
import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from fairreg.registry.catalogue import records
from fairreg.schemas.licenses import spdx
from fairreg.schemas.licenses.texts import license_of_text

ROOT = Path(__file__).parents[1]
NOTICE = (ROOT / "NOTICE").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
GROUPS = {"base": PROJECT["dependencies"], **PROJECT["optional-dependencies"]}
UNSTATED = " (!)"
OWN = (
    "catalogue:fairreg-hbb-reference-1",
    "catalogue:fairreg-hbb-simulation-1-seed-1-jets-220000-110000",
)
# What a package under such terms asks of those who pass it on; no row may leave it out.
COPYLEFT = re.compile(r"\b(?:AGPL|LGPL|GPL|MPL|EUPL|CDDL|EPL)-[\w.-]+")


def requirements(group):
    names = (re.match(r"[\w.-]+", item)[0] for item in GROUPS[group])
    return [name for name in names if name != PROJECT["name"]]


def rows():
    """Licences by group and package, (!) included."""
    table = NOTICE.partition("\nbase: ")[1] + NOTICE.partition("\nbase: ")[2].partition("\n\nNotes")[0]
    lines = re.sub(r"\n  ", " ", table).strip().splitlines()
    groups = (line.split(": ", 1) for line in lines)
    return {group: dict(row.split(" ", 1) for row in text.split("; ")) for group, text in groups}


ROWS = rows()


def stated(package):
    """SPDX identifiers that the metadata and licence files of an installed package name."""
    found = distribution(package)
    about = found.metadata
    texts = [about.get("License-Expression"), about.get("License"), *(about.get_all("Classifier") or [])]
    licences = {spdx(text) for text in texts if text}
    for file in found.files or []:
        if file.parts[0].endswith(".dist-info") and re.fullmatch(r"(?:LICEN[CS]E|COPYING)[\w.-]*", file.name):
            licences.add(license_of_text(file.read_text(encoding="utf-8")))
    return {name for licence in licences if licence for name in identifiers(licence)}


def identifiers(expression):
    return set(re.split(r" (?:AND|OR|WITH) ", expression.replace("(", "").replace(")", "")))


def test_the_table_has_the_packages_of_every_extra():
    expected = {group: requirements(group) for group in GROUPS}
    assert {name: list(found) for name, found in ROWS.items()} == {
        name: packages for name, packages in expected.items() if packages
    }


@pytest.mark.parametrize("group", ROWS)
def test_the_licences_are_spdx_expressions(group):
    for licence in ROWS[group].values():
        expression = licence.removesuffix(UNSTATED)
        assert expression.startswith("LicenseRef-") or spdx(expression) == expression


@pytest.mark.parametrize(("group", "package"), [(group, name) for group in ROWS for name in ROWS[group]])
def test_an_installed_package_states_the_licence_of_its_row(group, package):
    try:
        found = stated(package)
    except PackageNotFoundError:
        return  # of an extra that the tests do not need
    licence = ROWS[group][package]
    named = identifiers(licence.removesuffix(UNSTATED))
    assert licence.endswith(UNSTATED) or named <= found
    assert {name for name in found if COPYLEFT.match(name)} <= named


@pytest.mark.parametrize("package", ["psycopg", "hypothesis"])
def test_a_licence_that_binds_those_who_pass_it_on_is_read_from_the_metadata(package):
    assert any(COPYLEFT.match(name) for name in stated(package))


def brought(names):
    """Installed packages that these need, themselves included."""
    found, waiting = set(), list(names)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        try:
            needed = () if name in found else distribution(name).requires or ()
        except PackageNotFoundError:
            continue
        found.add(name)
        asked = (Requirement(text) for text in needed)
        waiting += [item.name for item in asked if not item.marker or item.marker.evaluate({"extra": ""})]
    return found


def test_what_binds_those_who_pass_on_the_base_install_is_named():
    packages = brought(requirements("base"))
    binding = {name for name in packages if any(COPYLEFT.match(item) for item in stated(name))}
    assert "certifi" in binding
    assert {name for name in binding if name.replace("-", "_") not in NOTICE} == set()


def test_what_the_metadata_does_not_say_has_a_note():
    notes = NOTICE.partition("\nNotes\n")[2]
    for group, packages in ROWS.items():
        for package, licence in packages.items():
            if licence.endswith(UNSTATED):
                assert re.search(rf"^(?:.*, )?(?:{package}|{group})(?:, .*)?: ", notes, re.MULTILINE), package


def test_files_of_others_and_the_jets_are_named():
    before = NOTICE.partition("\nPrograms that fairreg uses\n")[0]
    for path in re.findall(r"src/[\w/.-]+\w", before):
        assert (ROOT / path).exists(), path
    sample = json.loads((ROOT / "src/fairreg/models/hbb_in/sample/sample.json").read_text(encoding="utf-8"))
    assert sample["license"] == "CC0-1.0"
    assert "sample.json beside them states" in before
    own = {record.kind: record.license for record in records() if record.identifier in OWN}
    assert own == {"model": "MIT", "dataset": "CC0-1.0"}


def test_the_readme_says_the_terms_that_are_not_mit():
    text = (
        (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## Licences\n")[2].partition("\n## ")[0]
    )
    for words in ("CC0-1.0", "LGPL", "AGPL-3.0-only", "GPL-2.0-or-later", "`simulate`", "[NOTICE](NOTICE)"):
        assert words in text
