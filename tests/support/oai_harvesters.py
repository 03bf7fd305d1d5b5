# SPDX-License-Identifier: MIT
"""Harvesters by others, as programs of an environment of their own: sickle and oaipmh-scythe."""

import json
import os
import subprocess
from collections.abc import Mapping

import pytest

__all__ = ["HARVESTERS", "harvest"]

# The interpreter of an environment with both.
CLIENTS = os.environ.get("FAIRREG_TEST_CLIENTS")
_SICKLE = """
import json, sys
from sickle import Sickle
from sickle.oaiexceptions import NoRecordsMatch

asked = json.loads(sys.argv[2])
sickle = Sickle(sys.argv[1])
known = sickle.Identify()
found = []
try:
    for record in sickle.ListRecords(**asked):
        header = record.header
        found.append([header.identifier, header.datestamp, header.deleted, header.setSpecs, record.raw])
except NoRecordsMatch:
    pass
formats = [item.metadataPrefix for item in sickle.ListMetadataFormats()]
sets = [item.setSpec for item in sickle.ListSets()]
print(json.dumps([known.granularity, known.deletedRecord, formats, sets, found]))
"""
_SCYTHE = """
import json, sys
from oaipmh_scythe import Scythe
from oaipmh_scythe.exceptions import NoRecordsMatch

asked = json.loads(sys.argv[2])
given = {"from_": asked.get("from"), "set_": asked.get("set"), "metadata_prefix": asked["metadataPrefix"]}
found = []
with Scythe(sys.argv[1]) as scythe:
    known = scythe.identify()
    try:
        for record in scythe.list_records(**given):
            header = record.header
            found.append([header.identifier, header.datestamp, header.deleted, header.setSpecs, str(record)])
    except NoRecordsMatch:
        pass
    formats = [item.metadataPrefix for item in scythe.list_metadata_formats()]
    sets = [item.setSpec for item in scythe.list_sets()]
print(json.dumps([known.granularity, known.deletedRecord, formats, sets, found]))
"""
HARVESTERS: Mapping[str, str] = {"sickle": _SICKLE, "oaipmh-scythe": _SCYTHE}


def harvest(name: str, url: str, **asked: str) -> tuple[str, str, list[str], list[str], list[list[object]]]:
    """Harvest a repository: granularity, deletedRecord, prefixes, sets, and the records.

    Each record is its identifier, datestamp, whether it is deleted, its sets, and its XML.
    """
    if CLIENTS is None:
        pytest.skip("FAIRREG_TEST_CLIENTS names no interpreter with sickle and oaipmh-scythe")
    done = subprocess.run(
        [CLIENTS, "-W", "ignore", "-c", HARVESTERS[name], f"{url}/oai", json.dumps(asked)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return tuple(json.loads(done.stdout))  # type: ignore[return-value]
