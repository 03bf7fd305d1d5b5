# SPDX-License-Identifier: MIT
"""What the project says of itself agrees, and its README's commands exist."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_version_and_licence_are_the_same_everywhere(project):
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    codemeta = json.loads((ROOT / "codemeta.json").read_text(encoding="utf-8"))
    assert project["version"] == citation["version"] == codemeta["version"]
    assert project["license"] == citation["license"] == "MIT"
    assert codemeta["license"] == "https://spdx.org/licenses/MIT"
    assert citation["title"] == codemeta["name"] == project["name"]
    assert f"## [{project['version']}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert str(citation["date-released"]) == codemeta["datePublished"]


def test_the_citation_file_has_what_its_schema_requires():
    from fairreg.formats import cff

    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert {"cff-version", "message", "title", "authors"} <= set(yaml.safe_load(text))
    assert cff.violations(text) == []


def test_the_citation_file_and_codemeta_say_the_same(project):
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    codemeta = json.loads((ROOT / "codemeta.json").read_text(encoding="utf-8"))
    assert citation["abstract"] == codemeta["description"]
    assert citation["keywords"] == codemeta["keywords"]
    assert citation["repository-code"] == codemeta["codeRepository"] == project["urls"]["Source"]
    assert citation["url"] == codemeta["softwareHelp"]["url"] == project["urls"]["Documentation"]
    authors = [item["name"] for item in citation["authors"]]
    assert authors == [item["name"] for item in codemeta["author"]]
    assert authors == [item["name"] for item in project["authors"]]
    cited = [codemeta["referencePublication"], *codemeta["citation"]]
    assert [f"https://doi.org/{item['doi']}" for item in citation["references"]] == cited


def test_codemeta_has_the_requirements_of_the_base_install(project):
    codemeta = json.loads((ROOT / "codemeta.json").read_text(encoding="utf-8"))
    assert codemeta["softwareRequirements"] == project["dependencies"]


@pytest.mark.parametrize("file", ["CITATION.cff", "codemeta.json"])
def test_fairreg_reads_its_own_metadata_files(file):
    from fairreg.formats.repository_files import read_files

    (facts,) = read_files({file: (ROOT / file).read_text(encoding="utf-8")})
    assert facts.fault is None
    assert facts.repository == "https://github.com/fairreg/fairreg"
    assert {item.value for item in facts.identifiers} <= {"10.1088/2632-2153/ad12e3"}


def test_the_commands_of_the_readme_exist():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = set(
        re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert set(re.findall(r"^\s*make ([\w-]+)", text, re.MULTILINE)) <= targets
    assert {"make demo", "make test"} <= {line.split("#")[0].strip() for line in text.splitlines()}


def test_every_setting_is_in_the_readme():
    from fairreg.settings import VARIABLES

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in VARIABLES if name not in text] == []


def test_the_table_of_variables_in_the_readme_has_only_settings():
    from fairreg.settings import VARIABLES

    text = (ROOT / "README.md").read_text(encoding="utf-8").partition("| variable |")[2].partition("\n\n")[0]
    named = re.findall(r"`([A-Z][A-Z_]+)`", text)
    assert set(named) == set(VARIABLES)


def test_every_extra_is_in_the_readme(project):
    text = (ROOT / "README.md").read_text(encoding="utf-8").partition("Extras:")[2].partition("\n\n")[0]
    assert set(re.findall(r"`([\w-]+)`", text)) == set(project["optional-dependencies"]) - {"test", "lint"}


def test_every_option_in_the_readme_exists():
    from support.commands import options

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)) <= options() | {"--help"}


def test_every_source_is_in_the_readme():
    from fairreg.harvesters import all_harvesters

    table = (ROOT / "README.md").read_text(encoding="utf-8").partition("## State of the sources")[2]
    assert [item.title for item in all_harvesters() if item.title.split(" (")[0] not in table] == []


def test_every_command_is_in_the_readme():
    from typer.main import get_command

    from fairreg.cli.app import command_line

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in get_command(command_line()).commands if f"fairreg {name}" not in text] == []


def test_every_command_is_found_by_its_first_word_alone():
    from typer.main import get_command

    from fairreg.cli.app import ROOMS, command_line

    assert list(get_command(command_line()).commands) == list(ROOMS)
    assert [name for name in ROOMS if name not in get_command(command_line([name])).commands] == []


def test_every_source_file_says_its_licence():
    files = [
        path
        for folder in ("src", "tests", "scripts", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
        if not {"judged", "files"} <= {*path.parts}
    ]  # the made-up published records have licences of their own
    assert [
        path
        for path in files
        if not path.read_text(encoding="utf-8").startswith("# SPDX-License-Identifier: MIT")
    ] == []


def test_ci_runs_the_test_command_of_the_readme():
    assert "make test" in (ROOT / ".ci/run").read_text(encoding="utf-8")
