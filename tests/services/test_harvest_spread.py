# SPDX-License-Identifier: MIT
"""Harvesting in processes of their own: each source as the harvest of one process has it."""

import json
import multiprocessing
import os
import signal

import pytest
from werkzeug import Response

from fairreg.errors import BadAnswer, UsageError
from fairreg.registry import Registry
from fairreg.services.harvest.parallel import harvest_all
from fairreg.services.parallel.base import ExecutionTarget
from support import hbb


@pytest.fixture
def zenodo(httpserver):
    """60 records, 25 a page, and what happens before a page is sent; gives the pages that were asked for."""
    asked, before = [], {}

    def respond(request):
        number, size = int(request.args["page"]), int(request.args["size"])
        asked.append(number)
        before.pop(number, lambda: None)()
        numbers = range((number - 1) * size, min(number * size, 60))
        hits = [hbb.another(8_000_000 + index) for index in numbers]
        document = {"hits": {"hits": hits, "total": 60}}
        return Response(json.dumps(document), mimetype="application/json")

    httpserver.expect_request("/zenodo/api/records").respond_with_handler(respond)
    return asked, before


def held(settings):
    with Registry(settings=settings) as registry:
        return {(item.source, item.source_id) for item in registry.statements.every()}


@pytest.mark.long
def test_sources_in_processes_bring_what_they_bring_in_one(settings, zenodo, httpserver):
    httpserver.expect_request("/datacite/dois").respond_with_data("<html>")
    told = []
    reports, faults = harvest_all(
        settings,
        ["zenodo", "datacite", "zenodo"],
        ExecutionTarget(workers=2),
        query="hbb",
        progress=lambda name, done, total: told.append((name, done, total)),
    )
    assert [report.source for report in reports] == ["zenodo", "datacite"]
    assert (reports[0].new, reports[0].fault) == (60, None)
    assert reports[1].fault
    assert [type(fault) for fault in faults] == [BadAnswer]
    assert told == [("zenodo", 60, 60), ("datacite", 0, 0)]
    before = held(settings)
    (again,), _ = harvest_all(settings, ["zenodo"], query="hbb")
    assert (again.new, again.unchanged) == (0, 60)
    assert held(settings) == before


@pytest.mark.long("postgresql")
def test_a_harvest_whose_worker_is_killed_resumes_after_its_last_page(settings, zenodo):
    asked, before = zenodo
    before[2] = lambda: os.kill(multiprocessing.active_children()[0].pid, signal.SIGKILL)
    (report,), faults = harvest_all(settings, ["zenodo"], ExecutionTarget(workers=1))
    assert (faults, report.fault, report.resumed) == ([], None, True)
    assert asked == [1, 2, 2, 3]
    assert len({place for place in held(settings) if place[0] == "zenodo"}) == 60


def test_an_unknown_source_is_wrong_usage_before_any_worker_starts(settings):
    with pytest.raises(UsageError, match="nowhere"):
        harvest_all(settings, ["zenodo", "nowhere"], ExecutionTarget(workers=1))
