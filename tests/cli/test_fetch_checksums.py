# SPDX-License-Identifier: MIT
"""Files of CERN Open Data, which publishes Adler-32 and nothing else; the record is written by hand."""

import io
import zlib

import pytest
from rich import progress
from rich.console import Console

from fairreg.cli import output

CONTENT = b"events" * 1000
ADLER32 = f"adler32:{zlib.adler32(CONTENT):08X}"
PATH = "/eos/opendata/cms/events.bin"


@pytest.fixture
def record(httpserver):
    """Serve record 12102 with one file, whose content the test gives."""

    def serve(content, checksum=ADLER32):
        file = {
            "checksum": checksum,
            "size": len(CONTENT),
            "uri": f"root://eospublic.cern.ch/{PATH}",
        }
        metadata = {"recid": "12102", "title": "Events", "files": [file]}
        httpserver.expect_request("/cernopendata/api/records/12102").respond_with_json(
            {"id": 12102, "metadata": metadata}
        )
        httpserver.expect_request(f"/cernopendata{PATH}").respond_with_data(content)

    return serve


def test_a_file_with_the_right_adler32_is_checked_against_transmission_errors_only(cli, record):
    record(CONTENT)
    result = cli("fetch", "cernopendata:12102", "--json")
    (file,) = result.json["files"]
    assert (file["verified"], file["checksum"]) == (True, f"adler32:{zlib.adler32(CONTENT):08x}")
    assert file["checked_for"] == "transmission errors"
    assert "checked against transmission errors (adler32), not verified" in result.err


def test_a_file_with_a_wrong_adler32_is_refused(cli, record):
    record(CONTENT[:-1] + b"?")
    result = cli("fetch", "cernopendata:12102")
    assert (result.code, result.out) == (3, "")
    assert "adler32" in result.err


@pytest.mark.parametrize("stated", ["adler23:f71e044f", "md6:00"])
def test_a_checksum_of_an_unknown_or_mistyped_algorithm_is_said(cli, record, stated):
    record(CONTENT, stated)
    result = cli("fetch", "cernopendata:12102", "--json")
    (file,) = result.json["files"]
    facts = (file["verified"], file["checked_for"], file["unknown_checksums"])
    assert (result.code, facts) == (0, (False, None, [stated]))
    assert f"not verified: {stated} is of an unknown algorithm" in result.err
    assert file["checksum"].startswith("sha256:")


@pytest.mark.parametrize("jobs", ["0", "65", "many"])
def test_a_number_of_jobs_that_makes_no_sense_is_wrong_usage(cli, jobs):
    assert cli("fetch", "cernopendata:12102", "--jobs", jobs).code == 2


def test_bars_of_complete_files_make_room_for_those_under_way(monkeypatch):
    made, screen = [], io.StringIO()

    class Kept(progress.Progress):
        def __init__(self, *columns, **options):
            super().__init__(*columns, **options)
            made.append(self)

    monkeypatch.setattr(progress, "Progress", Kept)
    monkeypatch.setattr(output, "_log_console", lambda: Console(file=screen, force_terminal=True))
    monkeypatch.setattr("sys.stderr", type("Terminal", (io.StringIO,), {"isatty": lambda _self: True})())
    with output.downloading() as report:
        for number in range(200):
            report(f"f{number}", 50, 100)
            report(f"f{number}", 100, 100)
            assert len(made[0].tasks) <= 9
        report("last", 5, None)
        assert [task.description for task in made[0].tasks if not task.finished] == ["last"]
