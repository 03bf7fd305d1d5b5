# SPDX-License-Identifier: MIT
"""The order of a release at GitHub, and the link to the tag."""

import json
import re
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairreg.services.publish.github import clone_of, release_steps
from fairreg.services.publish.project import read_project
from support.examples import examples

REMOTES = {
    "git@github.com:lab/toy-tagger.git": "lab/toy-tagger",
    "https://github.com/lab/toy-tagger": "lab/toy-tagger",
    "https://user:secret@github.com/lab/toy-tagger.git/": "lab/toy-tagger",
    "ssh://git@github.com/lab/toy.tagger.git": "lab/toy.tagger",
    "https://gitlab.com/lab/toy-tagger.git": None,
    "https://github.com.evil.org/lab/toy-tagger.git": None,
    "https://example.org/github.com/lab/toy": None,
    "git@github.com:lab/toy\x1b[31m.git": None,
}


@pytest.fixture
def record(folder):
    return read_project(folder, ("CITATION.cff",)).record


@pytest.fixture
def clone(folder):
    def make(url="git@github.com:lab/toy-tagger.git"):
        up = '[core]\n\tbare = false\n[remote "up"]\n\turl = https://github.com/a/b\n'
        config = f'{up}[remote "origin"]\n\turl = {url}\n'
        (folder / ".git" / "config").write_text(config)
        return folder

    return make


@pytest.mark.parametrize(("url", "name"), REMOTES.items())
def test_the_remote_origin_is_read(clone, record, url, name):
    found = clone_of(clone(url), record)
    assert (found.repository.value if found else None) == name


@settings(
    max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(url=st.text(max_size=60) | st.from_regex(r"git@github\.com:[^\n]{0,20}", fullmatch=True))
def test_any_remote_is_a_repository_at_github_or_none(clone, record, url):
    folder = clone(url.encode("utf-8", "replace").decode())
    found = clone_of(folder, record)
    assert found is None or re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+", found.page)


def test_a_folder_of_another_kind_has_no_release(tmp_path, record):
    assert release_steps(tmp_path, record, doi=None, published=True) == ()
    (tmp_path / ".git").write_text("gitdir: /elsewhere")
    assert clone_of(tmp_path, record) is None


def test_a_clone_made_by_git_is_read(tmp_path, record):
    def git(*words):
        subprocess.run(
            ["git", "-C", tmp_path, "-c", "user.name=a", "-c", "user.email=a@b.ch", *words], check=True
        )

    git("init", "-q")
    git("remote", "add", "origin", "https://github.com/lab/toy-tagger.git")
    git("commit", "-q", "--allow-empty", "-m", "first")
    assert clone_of(tmp_path, record).tag is None
    git("tag", "v1.0")
    assert clone_of(tmp_path, record).tree == "https://github.com/lab/toy-tagger/tree/v1.0"
    git("pack-refs", "--all")
    assert clone_of(tmp_path, record).tag == "v1.0"


def test_the_order_is_identifier_then_tag_then_publication_then_release(run, clone):
    clone()
    report = run(reserve_only=True)
    doi = report.deposit.identifier[4:]
    words = [
        f"carry {doi}",
        "git tag v1.0",
        "without --reserve-only",
        "releases/new?tag=v1.0",
        "off: the bridge",
    ]
    for number, (step, word) in enumerate(zip(report.next_steps, words, strict=True), start=1):
        assert step.startswith(f"Release at GitHub, {number}.: ")
        assert word in step
    published = run().next_steps
    assert not any("--reserve-only" in step for step in published)


def test_the_record_names_the_tag_once_it_is_there(run, stand, clone):
    folder = clone()
    run(draft=True)
    (record,) = stand.records.values()
    assert "https://github.com/lab/toy-tagger" in supplements(record)
    (folder / ".git" / "refs" / "tags").mkdir(parents=True)
    (folder / ".git" / "refs" / "tags" / "v1.0").write_text("0" * 40 + "\n")
    run()
    assert supplements(record) == ["https://github.com/lab/toy-tagger/tree/v1.0"]


def supplements(record):
    named = record.document["metadata"]["related_identifiers"]
    return [item["identifier"] for item in named if item["relation_type"]["id"] == "issupplementto"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"title": "A toy"}', "reads .zenodo.json and ignores CITATION.cff"),
        ('{"metadata": {"title": "A toy"}}', "understands no other shape"),
        ("[", "understands no other shape"),
        (None, "reads CITATION.cff"),
    ],
)
def test_the_files_that_the_bridge_reads_are_named(clone, record, text, words):
    folder = clone()
    path = folder / ".zenodo.json"
    path.unlink() if text is None else path.write_text(text)
    assert words in " ".join(release_steps(folder, record, doi="10.1/a", published=True))


def test_without_a_doi_the_reservation_is_named(clone, record):
    assert "reserve one before the tag" in " ".join(release_steps(clone(), record, doi=None, published=True))


def test_a_deposit_file_of_the_flat_shape_needs_no_correction(clone, record):
    folder = clone()
    (folder / ".zenodo.json").write_text(json.dumps({"title": "A toy", "files": []}))
    assert "no other shape" not in " ".join(release_steps(folder, record, doi="10.1/a", published=True))
