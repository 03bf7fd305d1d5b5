# SPDX-License-Identifier: MIT
"""Assessments of records of which something cannot be read."""

import struct

import pytest

from support import hbb

pytestmark = pytest.mark.engines("sqlite")  # it is about what is read of files
MEMBERS = {
    "README.md": b"# Tagger\n\nTrained with Adam, learning rate 0.001.\n",
    "LICENSE": b"MIT License\n",
    "requirements.txt": b"torch==2.1.0\n",
    "m.pkl": b"\x80\x04N.",
}


def encrypted(archive: bytes) -> bytes:
    """The same zip, each of whose members claims to be encrypted."""
    found = bytearray(archive)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = found.find(signature)
        while at >= 0:
            (flags,) = struct.unpack_from("<H", found, at + offset)
            struct.pack_into("<H", found, at + offset, flags | 1)
            at = found.find(signature, at + 4)
    return bytes(found)


def verdicts(cli, httpserver, content):
    httpserver.clear()
    hbb.serve(httpserver, content)
    report = cli("assess", hbb.DOI, "--json").json
    listed = [item for part in report["principles"].values() for item in part["indicators"]]
    return report, {item["id"]: item for item in listed}


def test_a_refused_archive_is_unknown_and_no_fail(cli, httpserver):
    archive = hbb.archive(MEMBERS)
    before, opened = verdicts(cli, httpserver, archive)
    after, refused = verdicts(cli, httpserver, encrypted(archive))
    assert before["overall"] is not None
    assert after["overall"] is None
    changed = {number for number, item in refused.items() if item["verdict"] != opened[number]["verdict"]}
    assert {"A1-1", "I1-1", "R2-1", "R1.2-1", "R3-2"} <= changed
    assert {refused[number]["verdict"] for number in changed} == {"unknown"}
    assert "an archive that was refused" in refused["R2-1"]["reason"]
    assert after["interval"][0] <= before["interval"][0]


def test_without_a_network_the_hint_names_offline_only_for_what_is_stored(cli, httpserver):
    httpserver.clear()
    stored, unknown = (cli("assess", doi) for doi in (hbb.DOI, "10.5281/zenodo.99999999"))
    assert (stored.code, unknown.code) == (4, 4)
    assert "--offline scores what is stored of it" in stored.err
    assert "--offline" not in unknown.err
