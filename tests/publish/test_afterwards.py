# SPDX-License-Identifier: MIT
"""After a publication: it is assessed, its record enters the registry, and a fault of that is no failure."""

import shutil

import pytest

from fairreg.errors import Unreachable
from fairreg.services.registry.db import open_registry
from fairreg.settings import Settings

pytestmark = pytest.mark.engines("sqlite")


def test_a_publication_is_assessed_and_enters_the_registry(run, stand, tmp_path):
    report = run(assess=True)
    doi = report.deposit.identifier[4:]
    assert report.next_steps[0].startswith("FAIR score: ")
    assert f"fairreg assess {doi}" in report.next_steps[0]
    missing = [step for step in report.next_steps if step.startswith("Missing, ")]
    assert 1 <= len(missing) <= 5
    assert all(" points): " in step for step in missing)
    settings = Settings.from_environment({**stand.settings, "FAIRREG_HOME": str(tmp_path / "home")})
    with open_registry(settings) as registry:
        (entry,) = registry.listing.entries_for(report.deposit.identifier)
        assert entry.record.name == "A toy tagger"
    assert f"Assessing {doi} ..." in run.talk


def test_an_assessment_that_fails_leaves_the_publication_as_it_is(run, monkeypatch):
    def fails(*_positional, **_named):
        raise Unreachable("doi.org could not be reached.")

    monkeypatch.setattr("fairreg.services.assess.assess.assess", fails)
    report = run(assess=True)
    assert report.deposit.status == "published"
    assert report.next_steps[0].startswith("It could not be assessed yet: doi.org could not be reached.")
    assert f"fairreg assess {report.deposit.identifier[4:]}" in report.next_steps[0]


def test_without_the_assessment_its_command_is_named(run):
    report = run(assess=False)
    assert f"Measure it: fairreg assess {report.deposit.identifier[4:]}" in report.next_steps


def test_a_draft_is_not_assessed(run):
    assert not run(assess=True, draft=True).next_steps


@pytest.mark.parametrize("is_clone", [True, False])
def test_files_are_to_be_committed_only_in_a_repository(run, folder, is_clone):
    if not is_clone:
        shutil.rmtree(folder / ".git")
    steps = run(assess=False).next_steps
    said = "Commit the files that carry the identifier, unless that is done."
    assert (said in steps) == is_clone
