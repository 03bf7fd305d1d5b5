# SPDX-License-Identifier: MIT
"""No fault of cookiecutter4fair is in a project of the template.

The faults are those that were found by generating one project of FAIR4HEP/cookiecutter4fair (b40fb9b, 2023).
"""

import ast
import json
import re
import subprocess
import tomllib

import pytest
import yaml

from fairreg.formats import cff
from fairreg.services.new.create import refreshed
from support.projects import ANSWERS, content, new


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("template") / "jet-tagger"
    new(folder, **ANSWERS)
    return folder


def test_citation_file_is_valid_and_has_a_licence(folder):
    text = (folder / "CITATION.cff").read_text("utf-8")
    assert cff.violations(text) == []
    assert yaml.safe_load(text)["license"] == "MIT"


def test_date_of_release_is_a_day(folder):
    facts = (folder / "facts.toml").read_text("utf-8")
    dated = facts.replace('version = "0.1.0"', 'version = "0.1.0"\ndate_published = "2026-11-30"')
    (folder / "facts.toml").write_text(dated, "utf-8")
    refreshed(folder)
    assert "date-released: '2026-11-30'" in (folder / "CITATION.cff").read_text("utf-8")


def test_family_and_given_names_are_apart(folder):
    (author,) = yaml.safe_load((folder / "CITATION.cff").read_text("utf-8"))["authors"]
    assert (author["family-names"], author["given-names"]) == ("Curie", "Marie")


def test_default_answers_leave_no_placeholder(tmp_path):
    new(tmp_path / "p")
    for name, text in content(tmp_path / "p").items():
        assert not re.search(rb"10\.X+|Your |orcid\.org/[^0{]", text), name


def test_licence_is_an_spdx_identifier_everywhere(folder):
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    codemeta = json.loads((folder / "codemeta.json").read_text("utf-8"))
    assert project["license"] == "MIT"
    assert codemeta["license"] == "https://spdx.org/licenses/MIT"


def test_make_installs_into_the_project_alone(folder):
    """Prerequisites are targets, and every pip is that of an environment below .venv."""
    text = (folder / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([\w-]+):", text, re.MULTILINE))
    (named,) = re.findall(r"^model: ([\w ]+?)  ##", text, re.MULTILINE)
    assert set(named.split()) <= targets
    installs = [line for line in text.splitlines() if "pip" in line and "pin-image" not in line]
    assert all(re.search(r"\$\((?:PIP|BIN|VENV)\)", line) for line in installs), installs
    assert "upgrade" not in text
    assert (folder / "Makefile").read_text("utf-8").count("VENV := .venv") == 1


def test_fairreg_is_that_on_the_path_and_never_of_an_index(folder, tmp_path):
    """On an index the name may be that of another program, which `make` would install and run."""
    from_index = re.compile(rb"install.*fairreg|fairreg *[=><~]=", re.IGNORECASE)
    for name, text in content(folder).items():
        lines = [line for line in text.splitlines() if from_index.search(line)]
        assert all(b"install git+https://" in line for line in lines), (name, lines)
    own = tmp_path / "bin" / "fairreg"
    own.parent.mkdir()
    own.write_text("#!/bin/sh\necho own $@\n", "utf-8")
    own.chmod(0o755)
    plain = "/usr/bin:/bin"
    for given, status, said in (
        (f"{own.parent}:{plain}", 0, "own new . --refresh"),
        (plain, 2, "no program fairreg"),
    ):
        words = ["make", "--silent", "metadata"]
        done = subprocess.run(
            words, cwd=folder, env={"PATH": given}, capture_output=True, text=True, check=False
        )
        assert done.returncode == status
        assert said in done.stdout + done.stderr


def test_assessment_without_a_doi_says_how_to_get_one(tmp_path):
    new(tmp_path / "p")
    words = ["make", "--silent", "assess", "FAIRREG=true"]
    done = subprocess.run(words, cwd=tmp_path / "p", capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "facts.toml has no doi yet: true publish . --to zenodo --reserve-only writes one." in done.stderr
    text = (tmp_path / "p" / "facts.toml").read_text("utf-8")
    (tmp_path / "p" / "facts.toml").write_text(
        text.replace('# doi = ""', 'doi = "10.5281/zenodo.1"'), "utf-8"
    )
    assert subprocess.run(words, cwd=tmp_path / "p", capture_output=True, check=False).returncode == 0


def test_make_shows_its_targets(folder):
    done = subprocess.run(["make", "help"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for target in ("model", "test", "metadata", "assess", "lock", "pin-image"):
        assert re.search(rf"^{target}\t", done.stdout, re.MULTILINE), target


def test_package_has_a_name_of_its_own(folder, tmp_path):
    new(tmp_path / "Other model")
    names = []
    for place in (folder, tmp_path / "Other model"):
        project = tomllib.loads((place / "pyproject.toml").read_text("utf-8"))
        names.append((project["project"]["name"], *project["tool"]["setuptools"]["packages"]))
    assert names == [("jet-tagger", "jet_tagger"), ("other-model", "other_model")]


def test_programs_are_not_empty(folder):
    for name in ("train", "predict", "preprocess", "toy", "export", "evaluate"):
        tree = ast.parse((folder / "src" / "jet_tagger" / f"{name}.py").read_text("utf-8"))
        assert any(isinstance(node, ast.FunctionDef) for node in tree.body), name


def test_readme_is_a_card_with_its_sections(folder):
    text = (folder / "README.md").read_text("utf-8")
    for title in (
        "Intended use",
        "Out of scope",
        "Limitations",
        "Training data",
        "Evaluation",
        "How to run",
    ):
        assert f"\n## {title}\n" in text


def test_every_requirement_has_an_exact_version(folder):
    lines = (folder / "requirements.lock").read_text("utf-8").splitlines()
    packages = [line.partition("==")[0] for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines if not line.startswith("#"))
    assert {"numpy", "onnx", "onnxruntime", "pytest"} <= set(packages)
    assert not {"awscli", "flake8"} & set(packages)


def test_base_image_is_named_with_the_command_that_pins_it(folder):
    text = (folder / "Containerfile").read_text("utf-8")
    assert "FROM docker.io/library/python:3.12-slim" in text
    assert "make pin-image" in text
    assert "sha256" not in text  # a digest that nobody read would be invented


def test_the_digest_that_the_registry_gives_is_written_in_the_place_of_the_tag(tmp_path):
    new(tmp_path / "p")
    digest = f"docker.io/library/python@sha256:{'0123456789abcdef' * 4}"
    program = tmp_path / "podman"
    program.write_text(f"#!/bin/sh\ntest $1 = pull || echo {digest}\n", "utf-8")
    program.chmod(0o755)
    words = ["make", "--silent", "pin-image", f"CONTAINER={program}"]
    done = subprocess.run(words, cwd=tmp_path / "p", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"\nFROM {digest}\n" in (tmp_path / "p" / "Containerfile").read_text("utf-8")
    assert f"\nFrom: {digest}\n" in (tmp_path / "p" / "apptainer.def").read_text("utf-8")
    assert not list((tmp_path / "p").glob("*.bak"))


def test_its_tests_ask_only_for_what_the_template_makes(folder):
    sources = "\n".join(path.read_text("utf-8") for path in (folder / "tests").glob("*.py"))
    named = re.findall(r"[\"']((?:data|models|src|training)/[\w./-]+)[\"']", sources)
    assert [name for name in named if not (folder / name).exists()] == []


def test_nothing_that_was_missing_is_missing(folder):
    made = content(folder)
    for name in (
        "README.md", "CITATION.cff", "codemeta.json", ".zenodo.json", "fair4ml.jsonld", "requirements.lock",
        "tests/test_model.py", ".github/workflows/test.yml", ".github/workflows/assess.yml",
        ".github/workflows/release.yml", ".copier-answers.yml", "binder/requirements.txt", "reana.yaml",
        "apptainer.def", "training/config.json", "docs/release.md",
    ):  # fmt: skip
        assert name in made
    assert b"10.5281/zenodo.7305227" in made["CITATION.cff"]  # the DOI, before any release
