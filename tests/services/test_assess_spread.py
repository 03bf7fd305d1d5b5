# SPDX-License-Identifier: MIT
"""Assessing a registry in this process and in others: the same scores and evidence, byte for byte."""

import multiprocessing
import os
import pickle
import signal
import sys

import pytest
from sqlalchemy import create_engine, text

from fairreg.errors import UsageError
from fairreg.registry import Registry
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import ModelRecord, Provenance, Relation
from fairreg.services.assess import batch as room
from fairreg.services.assess.batch import assess_all
from fairreg.services.assess.batch_task import AssessmentTask
from fairreg.services.harvest.parallel import SourceHarvest
from fairreg.services.registry import db
from fairreg.settings import Settings

NOON = "2026-11-22T12:00:00+00:00"


@pytest.fixture(autouse=True)
def at_noon(monkeypatch):
    monkeypatch.setattr(room, "now", lambda: NOON)
    monkeypatch.setattr("fairreg.registry.assessments.now", lambda: NOON)


def record(number):
    """A model, every fourth one trained on the same data set."""
    place = Identifier("huggingface", f"batch/model-{number}")
    trained = (Relation(type="trained_on", target=Identifier("doi", "10.1234/data")),)
    return ModelRecord(
        identifier=place.compact,
        kind="model",
        name=f"Model {number}",
        provenance=Provenance(source="huggingface", source_id=place.value),
        identifiers=(place,),
        license="MIT" if number % 3 else None,
        relations=() if number % 4 else trained,
    )


def data_set():
    doi = Identifier("doi", "10.1234/data")
    origin = Provenance(source="zenodo", source_id="1")
    return ModelRecord(
        identifier=doi.compact, kind="dataset", name="Data", provenance=origin, identifiers=(doi,)
    )


def fill(settings):
    with Registry(settings=settings) as registry:
        registry.put_many([*(record(number) for number in range(40)), data_set()])


@pytest.fixture
def filled(settings):
    db.ensure(settings, lambda _line: None)
    fill(settings)
    return settings


@pytest.fixture
def assess(databases, tmp_path, monkeypatch):
    """Assess a registry of its own under each name; the report without times, and every row that is kept."""
    monkeypatch.setattr(room, "_PORTION", 6)
    homes = {}

    def run(name, **options):
        if name not in homes:
            homes[name] = databases.home(tmp_path / name, "catalogue")
            fill(homes[name])
        document = assess_all(homes[name], offline=True, **options).to_json()
        del document["seconds"]
        document |= {name: list(document[name]) for name in ("rows", "failures")}
        return document, stored(homes[name].database_url)

    return run


def stored(url):
    engine = create_engine(url)
    with engine.connect() as connection:
        # Rows with the same subject and rubric come in any order unless one is stated.
        query = "SELECT * FROM assessments ORDER BY family, key, rubric, evidence_sha256"
        assessments = connection.execute(text(query)).all()
        scores = connection.execute(text("SELECT identifier, fair_score FROM entries ORDER BY 1")).all()
    engine.dispose()
    return assessments, scores


def kill_a_worker(done, _total):
    if done == 8:
        os.kill(multiprocessing.active_children()[0].pid, signal.SIGKILL)


@pytest.mark.long
def test_one_and_two_processes_and_one_that_is_killed_leave_the_same_bytes(assess):
    alone = assess("alone")
    document, (assessments, scores) = alone
    assert document["assessed"] == len(document["rows"]) == len(scores)
    assert {row.assessed_at for row in assessments} == {NOON}
    assert len(assessments) >= len(scores)
    # Also data that models name by several identifiers is assessed once.
    assert len({(row.family, row.key, row.rubric) for row in assessments}) == len(assessments)
    assert assess("one", workers=1) == alone
    assert assess("killed", workers=2, progress=kill_a_worker) == alone


@pytest.mark.long("postgresql")
def test_a_run_that_was_cut_off_goes_on_in_other_processes(assess, monkeypatch):
    monkeypatch.setattr(room, "_BATCH", 1)

    class Cut(BaseException):
        pass

    def cut(done, _total):
        if done == 15:
            raise Cut

    with pytest.raises(Cut):
        assess("other", progress=cut)
    document, (assessments, scores) = assess("other", workers=1)
    assert document["resumed"]
    # Of entries that fairreg's catalogue alone knows, no training data are assessed beside them.
    assert (document["skipped"], document["assessed"]) == (15, len(scores) - 15)
    assert {row.identifier for row in assessments} >= {row.identifier for row in scores}


def test_workers_without_dask_are_one_process_and_that_is_said(filled, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    said = []
    report = assess_all(filled, query="Model", offline=True, workers=2, limit=3, log=said.append)
    assert report.assessed == 3
    assert any("fairreg[dask]" in line for line in said)


def test_tokens_and_passwords_travel_with_a_task_but_are_in_no_text_of_it(tmp_path):
    variables = {"ZENODO_TOKEN": "secret-1", "FAIRREG_DATABASE_URL": "postgresql://me:secret-2@host/name"}
    settings = Settings.from_environment({"FAIRREG_HOME": str(tmp_path), **variables})
    for task in (AssessmentTask(settings, True, None, NOON), SourceHarvest(settings, {})):
        assert "secret" not in repr(task)
        again = pickle.loads(pickle.dumps(task)).settings
        assert again == settings
        assert (again.service("zenodo").token, again.database_url) == ("secret-1", settings.database_url)


def test_a_scheduler_and_workers_together_are_wrong_usage(filled):
    with pytest.raises(UsageError):
        assess_all(filled, offline=True, workers=2, scheduler="tcp://127.0.0.1:8786")
