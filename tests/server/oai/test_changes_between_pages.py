# SPDX-License-Identifier: MIT
"""What changes between two pages or two harvests: nothing is skipped, what went is announced as deleted."""

import time

import pytest
import requests

from fairreg.formats.rdf_xml import items
from fairreg.registry import ExportedStatement, Registry, Submission, Tombstone, catalogue
from fairreg.schemas.record import Creator
from fairreg.server.oai import verbs
from fairreg.settings import Settings
from support.databases import Databases
from support.oai import ask, pages, said
from support.postgres import RUN
from support.serving import serving

ITEM = "oai:127.0.0.1:"


@pytest.fixture
def small_pages(monkeypatch):
    """Pages of three items."""
    monkeypatch.setattr(verbs, "_PAGES", dict.fromkeys(verbs._PAGES, 3))


def listed(url, **arguments):
    """Whether each item of a list is deleted, by its identifier, in the order of the list."""
    headers = [header for page in pages(url, metadataPrefix="rdf", **arguments) for header in page.headers]
    assert len(headers) == len({name for name, *_ in headers})
    assert [stamp for _, stamp, *_ in headers] == sorted(stamp for _, stamp, *_ in headers)
    return {name.removeprefix(ITEM): deleted for name, _, deleted, _ in headers}


def a_second_later():
    """Wait for the next second of the datestamps, and return it."""
    now = time.time()
    time.sleep(1.001 - now % 1)
    # gmtime() alone reads a coarser clock, which may still be in the second before.
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time()))


def test_a_second_harvest_brings_changes_and_deletions_and_nothing_else(written):
    url, registry = written
    registry.put_many([said("zenodo", number) for number in ("1", "2", "3", "4")])
    registry.put(said("huggingface", "lab/net", "huggingface:lab/net"))
    since = a_second_later()
    registry.put_many([said("zenodo", "1"), said("zenodo", "2", description="new words")])
    registry.statements.withdraw("zenodo", "3", "retracted")
    registry.forget(["zenodo:4"])
    registry.put(said("zenodo", "5", "doi:10.1234/net", "huggingface:lab/net"))
    assert listed(url, from_=since) == {
        "zenodo:2": False,
        "zenodo:3": False,
        "zenodo:4": True,
        "huggingface:lab/net": True,
        "doi:10.1234/net": False,
    }
    assert len(listed(url)) == len(catalogue.records()) + 6
    assert len(listed(url, until=since[:10])) == len(catalogue.records()) + 6


def test_a_withdrawn_record_is_deleted_for_readers_and_explained_to_registries(written):
    url, registry = written
    registry.put(said("zenodo", "3", "doi:10.1234/3"))
    registry.statements.withdraw("zenodo", "3", "retracted")
    item = ITEM + "doi:10.1234/3"
    for prefix in ("oai_dc", "datacite", "oai_datacite"):
        answer = ask(url, verb="GetRecord", metadataPrefix=prefix, identifier=item)
        ((name, _, deleted, sets),) = answer.headers
        assert (name, deleted, answer.metadata) == (item, True, [])
        assert sets == ["kind:model", "source:zenodo"]
    (metadata,) = ask(url, verb="GetRecord", metadataPrefix="rdf", identifier=item).metadata
    found = items.read_element(metadata)
    (statement,) = found.statements
    assert (statement.reason, statement.record) == ("retracted", registry.get("10.1234/3"))
    assert statement.withdrawn_at == registry.statements.get("zenodo", "3").gone_at
    formats = ask(url, verb="ListMetadataFormats", identifier=item).body
    assert [part[0].text for part in formats] == ["rdf"]


def test_a_forgotten_record_stays_announced_in_its_sets_and_has_no_formats(written):
    url, registry = written
    registry.put(said("zenodo", "3", "doi:10.1234/3", kind="dataset"))
    registry.forget(["10.1234/3"])
    item = ITEM + "doi:10.1234/3"
    for prefix in ("oai_dc", "datacite", "oai_datacite", "rdf"):
        answer = ask(url, verb="GetRecord", metadataPrefix=prefix, identifier=item)
        assert [header[2:] for header in answer.headers] == [(True, ["kind:dataset", "source:zenodo"])]
    for spec in ("kind:dataset", "source:zenodo"):
        assert listed(url, set=spec)["doi:10.1234/3"]
    assert "doi:10.1234/3" not in listed(url, set="kind:model")
    assert ask(url, verb="ListMetadataFormats", identifier=item).code == "noMetadataFormats"


def test_what_two_sources_say_travels_whole(written):
    url, registry = written
    registry.put(said("zenodo", "3", "doi:10.1234/3", publisher="Zenodo"), payload=b"{}")
    registry.put(said("datacite", "10.1234/3", "doi:10.1234/3", publisher="CERN"))
    item = ITEM + "doi:10.1234/3"
    answer = ask(url, verb="GetRecord", metadataPrefix="rdf", identifier=item)
    found = items.read_element(*answer.metadata)
    assert found.record == registry.get("10.1234/3")
    stored = registry.statements.of_entry("10.1234/3")
    assert [item.record for item in found.statements] == [item.record for item in stored]
    assert [item.retrieved_at for item in found.statements] == [item.retrieved_at for item in stored]
    assert answer.headers[0][3] == ["kind:model", "source:datacite", "source:zenodo"]


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("verb", ["ListRecords", "ListIdentifiers"])
def test_changes_between_pages_move_to_the_end_and_nothing_is_skipped(written, verb):
    url, registry = written
    names = [f"zenodo:{number}" for number in range(8)]
    since = a_second_later()
    registry.put_many([said("zenodo", name.removeprefix("zenodo:")) for name in names])
    page = ask(url, verb=verb, metadataPrefix="rdf", from_=since)
    found = [name.removeprefix(ITEM) for name, *_ in page.headers]
    assert found == names[:3]
    registry.put(said("zenodo", "5", description="new"))
    registry.put(said("zenodo", "1", description="new"))
    registry.forget(["zenodo:6"])
    registry.put(said("zenodo", "9"))
    while page.token:
        page = ask(url, verb=verb, resumptionToken=page.token)
        found += [name.removeprefix(ITEM) for name, *_ in page.headers]
    assert found == [*names[:3], *(f"zenodo:{number}" for number in (3, 4, 7, 5, 1, 6, 9))]


@pytest.mark.usefixtures("small_pages")
def test_a_list_whose_rest_has_moved_out_of_its_window_ends_without_an_empty_page(written):
    url, registry = written
    since = a_second_later()
    registry.put_many([said("zenodo", str(number)) for number in range(4)])
    page = ask(url, verb="ListRecords", metadataPrefix="rdf", from_=since, until=since)
    a_second_later()
    registry.put(said("zenodo", "3", description="new"))
    last = ask(url, verb="ListRecords", resumptionToken=page.token)
    assert [name for name, *_ in last.headers] == [f"{ITEM}zenodo:2"]
    assert last.token == ""
    registry.put(said("zenodo", "2", description="new"))
    assert ask(url, verb="ListRecords", resumptionToken=page.token).code == "noRecordsMatch"


@pytest.mark.usefixtures("small_pages")
def test_a_token_is_understood_by_another_process_and_after_a_restart(tmp_path, written):
    url, registry = written
    token = ask(url, verb="ListRecords", metadataPrefix="oai_dc", set="kind:dataset").token
    settings = Settings.from_environment()
    here = ask(url, verb="ListRecords", resumptionToken=token)
    with serving(Settings(home=settings.home, database_url=registry._database.url)) as other:
        assert ask(other, verb="ListRecords", resumptionToken=token).headers == here.headers


def test_names_of_sources_with_other_characters_have_sets(written):
    url, registry = written
    registry.put(said("my source: é~", "1"))
    spec = "source:my~20source~3a~20~c3~a9~7e"
    assert spec in [item[0].text for item in ask(url, verb="ListSets").body]
    assert listed(url, set=spec) == {"my%20source:%20%C3%A9~:1": False}
    other = ask(url, verb="ListRecords", metadataPrefix="rdf", set="source:my~20source")
    assert other.code == "noRecordsMatch"


def test_hostile_texts_stay_in_their_elements(written):
    url, registry = written
    text = "</dc:title></metadata><x>&\u202e\x07\x85\ufffe ]]> \r\n --> <!DOCTYPE a> 粒子"
    texts = {"name": text, "description": text, "keywords": (text,), "publisher": text}
    registry.put(said("zenodo", "a b<>&\"'#%\u202e", **texts))
    for prefix in ("oai_dc", "datacite", "oai_datacite", "rdf"):
        last = pages(url, metadataPrefix=prefix)[-1]
        name = last.headers[-1][0]
        assert name == f"{ITEM}zenodo:a%20b%3C%3E&%22'%23%25%E2%80%AE"
        again = ask(url, verb="GetRecord", metadataPrefix=prefix, identifier=name)
        assert len(again.metadata) == 1
    (metadata,) = again.metadata
    found = items.read_element(metadata).record
    assert found.description == text.replace("\x07", "").replace("\ufffe", "")


def test_another_registry_made_of_the_items_has_every_statement(written, tmp_path, pytestconfig):
    url, registry = written
    people = tuple(Creator(name) for name in ("Zeta, A", "Alpha, Z", "Mu, M"))
    registry.put(said("zenodo", "3", "doi:10.1234/3", creators=people), payload=b"{}")
    registry.put(said("datacite", "10.1234/3", "doi:10.1234/3", publisher="CERN"))
    registry.put(said("huggingface", "lab/net", "huggingface:lab/net", "doi:10.1234/3"))
    registry.put(said("zenodo", "4"))
    registry.statements.withdraw("datacite", "10.1234/3", "")
    registry.statements.withdraw("zenodo", "4", "retracted: see\nthe notice")
    databases = Databases(None, pytestconfig.stash[RUN])
    with Registry(databases.url(tmp_path / "other.sqlite", "tables")) as other:
        for page in pages(url, metadataPrefix="rdf"):
            for entry in map(items.read_element, page.metadata):
                assert entry.left_out == ()
                other.statements.restore(map(exported, entry.statements))
        assert list(map(stated, other.statements.every())) == list(map(stated, registry.statements.every()))
        assert list(other) == list(registry)


def exported(item):
    tombstone = None if item.withdrawn_at is None else Tombstone(item.reason, item.withdrawn_at)
    return ExportedStatement(Submission(item.record), tombstone)


def stated(item):
    return item.record, item.gone_at, item.gone_reason


def test_an_entry_that_leaves_a_set_or_a_format_is_deleted_there_until_it_is_back(written):
    url, registry = written
    doi, item = "doi:10.1234/1", f"{ITEM}doi:10.1234/1"
    registry.put(said("zenodo", "1", doi))
    registry.put(said("github", "lab/net", "github:lab/net", doi))
    since = a_second_later()
    registry.put(said("github", "lab/net", "github:lab/net"))
    registry.put(said("zenodo", "1", doi, kind="dataset", date_published=None))
    assert listed(url, from_=since) == {doi: False, "github:lab/net": False}
    for spec, deleted in (("source:github", True), ("kind:model", True), ("kind:dataset", False)):
        assert listed(url, from_=since, set=spec)[doi] is deleted
    for prefix in ("datacite", "oai_datacite"):
        headers = ask(url, verb="ListRecords", metadataPrefix=prefix, from_=since).headers
        assert {name: deleted for name, _, deleted, _ in headers} == {
            item: True,
            f"{ITEM}github:lab/net": False,
        }
        answer = ask(url, verb="GetRecord", metadataPrefix=prefix, identifier=item)
        assert [header[2] for header in answer.headers] == [True]
        assert answer.headers[0] in headers
    registry.put(said("zenodo", "1", doi))
    assert listed(url, from_=since, set="kind:model")[doi] is False
    assert not ask(url, verb="GetRecord", metadataPrefix="datacite", identifier=item).headers[0][2]


def test_programs_are_told_what_left_the_list_that_they_follow(written):
    url, registry = written
    registry.put(said("zenodo", "1", "doi:10.1234/1"))
    asked = {"kind": "model", "source": "zenodo"}
    cursor = requests.get(f"{url}/api/changes", params=asked, timeout=60).json()["cursor"]
    registry.put(said("zenodo", "1", "doi:10.1234/1", kind="software"))
    answer = requests.get(f"{url}/api/changes", params={**asked, "cursor": cursor}, timeout=60).json()
    assert [(one["identifier"], one["departed"], one["gone"]) for one in answer["changes"]] == [
        ("doi:10.1234/1", "left", True)
    ]
    assert requests.get(f"{url}/api/records/doi:10.1234/1", timeout=60).status_code == 200


def test_names_with_characters_that_xml_forbids_spoil_no_answer(written):
    url, registry = written
    record = said("a\x07b\uffff", "1\x07\uffff", date_published=None)
    registry.put(record)
    assert any("ab" in (item[1].text or "") for item in ask(url, verb="ListSets").body)
    listed = pages(url, "ListIdentifiers", metadataPrefix="oai_dc")
    (name,) = (header[0] for page in listed for header in page.headers if header[0].startswith(f"{ITEM}a%07"))
    answer = ask(url, verb="GetRecord", metadataPrefix="datacite", identifier=name)
    assert answer.code == "cannotDisseminateFormat"
    assert ask(url, verb="GetRecord", metadataPrefix="rdf", identifier=name).metadata


@pytest.mark.usefixtures("small_pages")
def test_a_list_that_has_moved_out_of_its_window_entirely_has_no_records_left(written):
    url, registry = written
    since = a_second_later()
    registry.put_many([said("zenodo", str(number)) for number in range(4)])
    page = ask(url, verb="ListRecords", metadataPrefix="rdf", from_=since, until=since)
    a_second_later()
    registry.put_many([said("zenodo", str(number), description="new") for number in range(4)])
    assert ask(url, verb="ListRecords", resumptionToken=page.token).code == "noRecordsMatch"
