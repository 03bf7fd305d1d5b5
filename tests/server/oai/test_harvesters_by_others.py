# SPDX-License-Identifier: MIT
"""sickle and oaipmh-scythe harvest the whole repository, and later only what changed."""

import time
from xml.etree import ElementTree as ET

import pytest

from fairreg.formats.rdf_xml import items
from fairreg.registry import catalogue
from support.oai import OAI, said
from support.oai_harvesters import HARVESTERS, harvest

ITEM = "oai:127.0.0.1:"
each = pytest.mark.parametrize("name", HARVESTERS)


def element_of(xml):
    """The metadata in the XML of a record."""
    return ET.fromstring(xml).find(f"{OAI}metadata")[0]


@each
def test_all_packaged_records_are_harvested_whole(kept, name):
    granularity, deleted, prefixes, sets, found = harvest(name, kept, metadataPrefix="rdf")
    assert (granularity, deleted) == ("YYYY-MM-DDThh:mm:ssZ", "persistent")
    assert prefixes == ["oai_dc", "datacite", "oai_datacite", "rdf"]
    assert "kind:dataset" in sets
    known = {record.identifier: record for record in catalogue.records()}
    assert sorted(identifier.removeprefix(ITEM) for identifier, *_ in found) == sorted(known)
    for identifier, _, gone, _, xml in found:
        record = known[identifier.removeprefix(ITEM)]
        assert not gone
        assert items.read_element(element_of(xml)).statements[0].record == record


@each
def test_a_second_harvest_brings_only_changes_and_deletions(written, name):
    url, registry = written
    registry.put_many([said("zenodo", number) for number in "123"])
    assert len(harvest(name, url, metadataPrefix="oai_dc")[4]) == len(catalogue.records()) + 3
    now = time.time()
    time.sleep(1.001 - now % 1)
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time()))  # alone it lags some milliseconds
    assert harvest(name, url, metadataPrefix="oai_dc", **{"from": since})[4] == []
    registry.put(said("zenodo", "1", description="new words"))
    registry.statements.withdraw("zenodo", "2", "retracted")
    registry.forget(["zenodo:3"])
    found = harvest(name, url, metadataPrefix="oai_dc", **{"from": since})[4]
    assert [(identifier, deleted) for identifier, _, deleted, *_ in found] == [
        (f"{ITEM}zenodo:1", False),
        (f"{ITEM}zenodo:2", True),
        (f"{ITEM}zenodo:3", True),
    ]
