# SPDX-License-Identifier: MIT
"""The project template: Copier renders it as fairreg does, and merges its later versions."""

import ast
import os
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from fairreg.formats.license_files import read_license_files
from fairreg.services.new.checks import TEXTS_OF
from fairreg.services.new.metadata import METADATA_FILES
from support.projects import ANSWERS, COPIER, content, new

ROOT = Path(__file__).parents[1]
TEMPLATE = ROOT / "src" / "fairreg" / "template"
REPOSITORY = "https://github.com/fairreg/fairreg.git"
OF_A_MODEL = {
    **ANSWERS,
    "project_name": "Hbb — tagger's (2)",
    "license": "CC-BY-4.0",
    "description": 'Two paragraphs, "quoted": ünïcode 𝛼.\n\n# no heading',
    "more_authors": [{"family": "Noether", "given": "Emmy"}, {"name": "CMS Collaboration"}],
    "training_settings": {"optimizer": "Adam", "epochs": 10, "split": {"train": 0.8, "test": 0.2}},
    "evaluations": [{"metric": "ROC AUC", "value": 0.99, "dataset": "jets", "split": "test"}],
    "intended_use": "use: it # well",
    "python_version": "3.11",
}


def needs_copier():
    if COPIER is None:
        pytest.skip("FAIRREG_TEST_COPIER names no interpreter with copier")


@pytest.fixture
def template(tmp_path):
    """A clone of fairreg's repository as far as Copier needs it, in the place of its address."""
    folder = tmp_path / "fairreg"
    (folder / "src" / "fairreg").mkdir(parents=True)
    shutil.copy(ROOT / "copier.yml", folder)
    shutil.copytree(TEMPLATE, folder / "src" / "fairreg" / "template")
    git(folder, "init", "--quiet")
    release(folder, version("fairreg"))
    return folder


def git(folder, *words):
    named = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *named, *words], cwd=folder, check=True, capture_output=True)


def release(folder, number):
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", number)
    git(folder, "tag", f"v{number}")


def copier(template, *words):
    """Run Copier, for which the address of fairreg's repository leads to the clone."""
    env = {
        **os.environ,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.file://{template}.insteadOf",
        "GIT_CONFIG_VALUE_0": REPOSITORY,
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@b",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@b",
    }
    done = subprocess.run(
        [COPIER, "-m", "copier", *words], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.sliced(2)
@pytest.mark.parametrize("answers", [{}, OF_A_MODEL], ids=["defaults", "model"])
def test_copier_renders_the_files_that_fairreg_does(template, tmp_path, answers):
    needs_copier()
    if answers is OF_A_MODEL:
        origin = tmp_path / "origin" / "models"
        origin.mkdir(parents=True)
        shutil.copy(ROOT / "src/fairreg/models/hbb_in/weights/reference.onnx", origin)
        answers = {**answers, "model_file": "models/reference.onnx"}
    (tmp_path / "answers.yml").write_text(yaml.safe_dump(answers, allow_unicode=True), "utf-8")
    copied, made = tmp_path / "one" / "My project", tmp_path / "two" / "My project"
    words = ("--defaults", "--quiet", "--data-file", str(tmp_path / "answers.yml"), REPOSITORY, str(copied))
    copier(template, "copy", *words)
    project = new(made, (tmp_path / "origin") if "model_file" in answers else None, **answers)
    rendered = {name: text for name, text in content(copied).items() if name != "README.md"}
    assert rendered.keys() <= set(project.written)
    assert rendered == {name: text for name, text in content(made).items() if name in rendered}
    # What only fairreg writes: metadata, and what lies beside an existing model.
    more = set(project.written) - set(rendered)
    assert {name for name in more if not name.startswith(("tests/vectors/", "models/", "signature"))} <= set(
        METADATA_FILES
    )


def test_copier_merges_a_later_version_into_a_project_of_fairreg(template, tmp_path):
    needs_copier()
    folder = tmp_path / "p"
    new(folder, **ANSWERS)
    git(folder, "init", "--quiet")
    notes = folder / "docs" / "index.md"
    notes.write_text(notes.read_text("utf-8") + "\nOur own line.\n", "utf-8")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "1")
    later = template / "src/fairreg/template/project"
    (later / "NEWS.md.jinja").write_text("News of {{ package_name }}\n", "utf-8")
    (later / ".gitignore.jinja").write_text("later/\n", "utf-8")
    release(template, "99.0")
    copier(template, "update", "--defaults", "--quiet", str(folder))
    assert (folder / "NEWS.md").read_text("utf-8") == "News of p\n"
    assert (folder / ".gitignore").read_text("utf-8") == "later/\n"
    assert notes.read_text("utf-8").endswith("\nOur own line.\n")
    answers = yaml.safe_load((folder / ".copier-answers.yml").read_text("utf-8"))
    assert answers["_commit"] == "v99.0"
    assert answers["author_orcid"] == ANSWERS["author_orcid"]


def test_copier_refuses_what_the_template_refuses(template, tmp_path):
    needs_copier()
    data = ("--data", "author_family=Noether", "--data", "author_orcid=0000-0002-1825-0098")
    with pytest.raises(AssertionError, match="does not agree with the others"):
        copier(template, "copy", "--defaults", "--quiet", *data, REPOSITORY, str(tmp_path / "p"))


def test_template_folder_alone_is_a_template(template, tmp_path):
    needs_copier()
    copier(template, "copy", "--defaults", "--quiet", str(TEMPLATE), str(tmp_path / "p"))
    assert (tmp_path / "p" / "facts.toml").is_file()


def test_workflows_and_citation_file_meet_their_schemas(tmp_path):
    needs_copier()
    new(tmp_path / "p", **ANSWERS)
    workflows = sorted((tmp_path / "p" / ".github" / "workflows").iterdir())
    assert len(workflows) == 3
    for schema, files in (
        ("vendor.github-workflows", workflows),
        ("vendor.citation-file-format", [tmp_path / "p" / "CITATION.cff"]),
    ):
        done = subprocess.run(
            [COPIER, "-m", "check_jsonschema", "--builtin-schema", schema, *map(str, files)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout


def test_wheel_has_every_file_of_the_template(tmp_path):
    needs_copier()
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE", ".gitignore"):
        shutil.copy(ROOT / name, copy)
    shutil.copytree(TEMPLATE, copy / "src" / "fairreg" / "template")
    words = ("-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path / "dist"))
    done = subprocess.run([COPIER, *words], cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = (tmp_path / "dist").iterdir()
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    own = {f"fairreg/template/{path.relative_to(TEMPLATE)}" for path in TEMPLATE.rglob("*") if path.is_file()}
    assert own <= packed


def test_template_has_no_modules_of_its_own():
    assert list(TEMPLATE.rglob("*.py")) == []


def test_python_of_a_project_is_valid_and_says_what_it_does(tmp_path):
    new(tmp_path / "p")
    sources = sorted((tmp_path / "p").rglob("*.py"))
    assert len(sources) > 10
    for path in sources:
        tree = ast.parse(path.read_text("utf-8"))
        assert ast.get_docstring(tree), path


@pytest.mark.parametrize("licence", TEXTS_OF)
def test_licence_has_its_text(tmp_path, licence):
    # Words of terms in the name of a project are not in its licence.
    new(tmp_path / "p", license=licence, project_name="Reference weights for research only")
    (facts,) = read_license_files({"LICENSE": (tmp_path / "p" / "LICENSE").read_text("utf-8")})
    assert facts.license is not None
    assert facts.license.removesuffix("-only").removesuffix("-or-later") == licence.removesuffix("-or-later")


@pytest.mark.long
def test_two_projects_install_side_by_side(tmp_path):
    target = tmp_path / "site"
    for name in ("jet-tagger", "track-finder"):
        new(tmp_path / name)
        words = ("-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index")
        done = subprocess.run(
            [sys.executable, *words, "--target", str(target), "."],
            cwd=tmp_path / name,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    code = "import jet_tagger.predict as one, track_finder.predict as two; print(one.MODEL, two.MODEL)"
    env = {**os.environ, "PYTHONPATH": str(target)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["models/jet_tagger.onnx", "models/track_finder.onnx"]
