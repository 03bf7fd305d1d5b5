# SPDX-License-Identifier: MIT
"""Files of CERN Open Data, which publishes Adler-32 and nothing else; the record is written by hand."""

import zlib

import pytest

CONTENT = b"events" * 1000
PATH = "/eos/opendata/cms/events.bin"


@pytest.fixture
def record(httpserver):
    """Serve record 12102 with one file, whose content the test gives."""

    def serve(content):
        file = {
            "checksum": f"adler32:{zlib.adler32(CONTENT):08X}",
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
    assert (file["verified"], file["checksum"]) == (False, f"adler32:{zlib.adler32(CONTENT):08x}")
    assert file["checked_for"] == "transmission errors"
    assert "checked against transmission errors (adler32), not verified" in result.err


def test_a_file_with_a_wrong_adler32_is_refused(cli, record):
    record(CONTENT[:-1] + b"?")
    result = cli("fetch", "cernopendata:12102")
    assert (result.code, result.out) == (3, "")
    assert "adler32" in result.err
