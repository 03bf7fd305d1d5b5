# SPDX-License-Identifier: MIT
"""Files that the host does not give: nothing is read of them, whatever the cache holds of the same bytes."""

import hashlib
import struct

import pytest
from werkzeug import Response

from assessment.samples import replaced
from fairreg.assessment.report import assess as judge
from fairreg.errors import AccessDenied, NotFound, Unreachable
from fairreg.registry import Registry
from fairreg.services.assess.assess import assess, examine
from fairreg.services.assess.evidence_collector import EvidenceCollector
from fairreg.services.registry import db
from fairreg.settings import Settings
from support import hbb

pytestmark = pytest.mark.engines("sqlite")

_HEADER = b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
WEIGHTS = struct.pack("<Q", len(_HEADER)) + _HEADER + bytes(4)  # safetensors of no network that would be run
OPEN, OTHER = "10.5281/zenodo.1", "10.5281/zenodo.2"


@pytest.fixture
def ready(settings):
    db.ensure(settings, lambda _line: None)
    return settings


def verdicts(report):
    return {item.id: item.verdict for part in report.principles.values() for item in part.indicators}


def _content(name):
    return WEIGHTS + name.encode() if name.startswith("part") else WEIGHTS


class Zenodo:
    """A stand-in for Zenodo with records of the same weights; `answers` are the status codes for files."""

    def __init__(self, httpserver):
        self.server, self.answers = httpserver, {}

    def add(self, number, *, names=("model.safetensors",), **metadata):
        document = hbb.another(number)
        document["metadata"] |= metadata
        document["files"] = [self._file(number, name) for name in names]
        self.server.expect_request(f"/zenodo/api/records/{number}").respond_with_json(document)
        for name in names:
            path = f"/zenodo/api/records/{number}/files/{name}/content"
            self.server.expect_request(path).respond_with_handler(self._answer)

    def _file(self, number, name):
        link = f"https://zenodo.org/api/records/{number}/files/{name}/content"
        content = _content(name)
        digest = hashlib.md5(content).hexdigest()
        return {"key": name, "size": len(content), "checksum": f"md5:{digest}", "links": {"self": link}}

    def _answer(self, request):
        _, _, _, _, number, _, name, _ = request.path.split("/")
        status = self.answers.get(number, 200)
        if status == "by token":
            status = 200 if request.headers.get("Authorization") else 403
        if status == "one of them":
            status = 200 if name.startswith("part00") else 403
        return Response(_content(name) if status == 200 else "", status=status)

    def asked(self, number):
        paths = [request.path for request, _ in self.server.log]
        return [path for path in paths if path.startswith(f"/zenodo/api/records/{number}/files/")]


@pytest.fixture
def zenodo(httpserver):
    return Zenodo(httpserver)


@pytest.mark.parametrize(
    ("access", "status", "verdict"),
    [("restricted", 403, "unknown"), ("restricted", 503, "unknown"), ("open", 404, "fail")],
)
def test_bytes_of_another_record_are_none_of_a_record_whose_host_gives_nothing(
    ready, zenodo, access, status, verdict
):
    zenodo.add(1)
    zenodo.add(2, access_right=access)
    zenodo.answers["2"] = status
    alone = assess(ready, OTHER)
    assert verdicts(assess(ready, OPEN))["A1-1"] == "pass"
    report = assess(ready, OTHER)
    assert verdicts(report) == verdicts(alone)
    found = verdicts(report)
    assert (report.overall, found["A1-1"], found["A1-2"]) == (None, verdict, "unknown")


def test_a_file_that_was_given_once_and_is_gone_leads_to_no_bytes(ready, zenodo):
    zenodo.add(1)
    assert verdicts(assess(ready, OPEN))["A1-1"] == "pass"
    zenodo.answers["1"] = 404
    found = verdicts(assess(ready, OPEN))
    assert (found["A1-1"], found["A1.1-2"], found["I1-1"]) == ("fail", "unknown", "unknown")


@pytest.mark.parametrize("status", [403, 404])
def test_stored_evidence_whose_host_gave_nothing_leads_to_no_bytes(ready, zenodo, status):
    zenodo.add(1)
    evidence, _ = examine(ready, OPEN)
    zenodo.answers["1"] = status
    refused = examine(ready, OPEN)[0].probe("file_range")
    before = replaced(evidence, probes=(refused,))
    found = verdicts(judge(before))
    assert found["A1-1"] == ("unknown" if status == 403 else "fail")
    assert found["A1-2"] == "unknown"


def test_what_a_token_opens_is_read_and_said_to_be_refused_without_one(environment, zenodo):
    zenodo.add(1, access_right="restricted")
    zenodo.answers["1"] = "by token"
    settings = Settings.from_environment({**environment, "ZENODO_TOKEN": "made-up"})
    db.ensure(settings, lambda _line: None)
    evidence, report = examine(settings, OPEN)
    probe = evidence.probe("file_range")
    assert (probe.outcome, probe.found, probe.withheld) == ("denied", ("safetensors",), False)
    assert "given for a token" in probe.detail
    assert (verdicts(report)["A1-1"], verdicts(report)["A1.1-2"]) == ("pass", "partial")
    assert "made-up" not in str(evidence)


def test_offline_the_cache_answers_for_no_record_that_is_not_open(ready, zenodo):
    zenodo.add(1)
    zenodo.add(2, access_right="restricted")
    assess(ready, OPEN)
    zenodo.answers["2"] = 403
    with Registry(settings=ready) as registry:
        assess(ready, OTHER, registry=registry)
        evidence = EvidenceCollector(ready, registry, None).gather(OTHER)
        opened = EvidenceCollector(ready, registry, None).gather(OPEN)
    assert (evidence.downloaded, evidence.files) == (False, ())
    assert opened.downloaded


@pytest.mark.parametrize(("status", "most"), [(403, 2), ("one of them", 12)])
def test_a_record_whose_files_are_refused_is_asked_for_a_few_of_them_only(ready, zenodo, status, most):
    zenodo.add(1, names=[f"part{number:02}.safetensors" for number in range(60)], access_right="restricted")
    zenodo.answers["1"] = status
    assert assess(ready, OPEN).overall is None
    assert 0 < len(zenodo.asked(1)) <= most


@pytest.mark.parametrize("fault", [AccessDenied("no"), NotFound("gone"), Unreachable("HTTP 503")])
def test_a_whole_transfer_begins_no_file_after_a_fault(fault):
    from fairreg.schemas.record import Distribution
    from fairreg.services.fetch.transfer.parallel import transfer_all

    begun = []

    def transfer(file, _progress):
        begun.append(file.name)
        raise fault

    with pytest.raises(type(fault)):
        transfer_all(transfer, [Distribution(name=f"f{n}") for n in range(50)], jobs=1, whole=True)
    assert begun == ["f0"]
