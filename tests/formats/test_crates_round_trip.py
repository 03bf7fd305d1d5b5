# SPDX-License-Identifier: MIT
"""Crates and Croissant read back to the record that they were written of, as far as they declare."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace

from fairreg import formats
from fairreg.errors import Inexpressible
from fairreg.formats import croissant, ro_crate, ro_crate_1_2
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Access, Creator, Distribution, Relation
from formats.test_round_trips import stated_records
from support.examples import examples
from support.fitting import fitting
from support.full_record import FULL

usual = settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
each = pytest.mark.parametrize("view", [croissant, ro_crate, ro_crate_1_2], ids=lambda view: view.NAME)
SHA = "sha256:" + "a" * 64


def read(view, record):
    return formats.read_record(view.write(record))


def entities(view, record):
    return {item["@id"]: item for item in json.loads(view.write(record))["@graph"]}


def people(record):
    return [(item.name, item.orcid, item.kind) for item in record.creators]


def files(record):
    return [(item.name, item.url, item.size, item.checksums) for item in record.distributions]


@each
@usual
@given(record=stated_records())
def test_the_facts_of_a_record_come_back(view, record):
    record = fitting(view, record)
    found = read(view, record).understood
    for name in ("name", "description", "version", "publisher", "language", "license", "keywords"):
        assert getattr(found, name) == getattr(record, name), name
    for name in ("date_created", "date_published", "date_modified", "doi"):
        assert getattr(found, name) == getattr(record, name), name
    orcids = [item.orcid for item in record.creators if item.orcid]
    if len(set(orcids)) == len(orcids):  # two of one ORCID are one person to a reader
        assert people(found) == people(record)
    gated = record.access is not None and record.access.level == "gated"
    assert found.access == (replace(record.access, level="restricted") if gated else record.access)
    if len({item.url for item in record.distributions}) == len(record.distributions):
        assert files(found) == files(record)


@usual
@given(record=stated_records())
def test_a_crate_of_1_2_keeps_every_relation_and_the_results(record):
    record = fitting(ro_crate_1_2, record)
    reading = read(ro_crate_1_2, record)
    found = {(item.type, item.target.key) for item in reading.understood.relations}
    stated = {(item.type, item.target.key) for item in record.relations}
    # The DOI of all versions and publications are identifiers of the record, told as related objects.
    assert stated <= found
    assert {kind for kind, _ in found - stated} <= {"is_version_of", "cites"}
    assert reading.understood.evaluations == record.evaluations
    assert reading.understood.kind == ("dataset" if record.kind == "software" else record.kind)
    # Files of one address are one file to a reader, who names the digests in which they differ.
    one_each = len({item.url for item in record.distributions}) == len(record.distributions)
    left_out = {name for name in reading.left_out if one_each or not name.startswith("hasPart.")}
    assert left_out <= {"mentions", "conditionsOfAccess"}


@each
def test_what_a_format_requires_is_named_and_nothing_is_made_up(view):
    bare = replace(FULL, kind="dataset", license=None, license_stated=None, date_published=None)
    with pytest.raises(Inexpressible) as caught:
        view.write(bare)
    assert "requires" in caught.value.message
    assert "license" in caught.value.message
    assert "date_published" in caught.value.message
    assert "SPDX" in caught.value.hint
    assert {path for path, _ in caught.value.violations} == {"$.license", "$.date_published"}


def test_croissant_names_the_data_of_a_model_or_that_there_are_none():
    with pytest.raises(Inexpressible) as caught:
        croissant.write(FULL)
    assert caught.value.exit_code == 1
    assert "fairreg show doi:10.7483/opendata.cms.jgjx.ms7q --format croissant" in caught.value.hint
    with pytest.raises(Inexpressible, match="is of kind software") as caught:
        croissant.write(replace(FULL, kind="software", relations=()))
    assert "no training data" in caught.value.hint


def test_croissant_requires_a_page_and_files_of_one_name_have_ids_of_their_own():
    file = FULL.distributions[0]
    data = replace(FULL, kind="dataset", distributions=(file, file), identifiers=())
    ids = [item["@id"] for item in json.loads(croissant.write(data))["distribution"]]
    assert ids == ["a.onnx", "a.onnx#2"]
    unknown = replace(data.provenance, url=None)
    with pytest.raises(Inexpressible, match="the address of a page, which the identifiers of") as caught:
        croissant.write(replace(data, identifier="lab:1", identifiers=(), provenance=unknown))
    assert "DOI" in caught.value.hint


def test_croissant_requires_a_digest_of_each_file_that_is_in_no_archive():
    archive = Distribution(name="a.zip", url="https://x.org/a.zip", checksums=("md5:" + "b" * 32, SHA))
    inside = Distribution(name="a.zip", url="https://x.org/a.zip", path="b.csv", media_type="text/csv")
    data = replace(FULL, kind="dataset", distributions=(inside, archive))
    document = json.loads(croissant.write(data))
    assert [item["@id"] for item in document["distribution"]] == ["a.zip", "b.csv"]
    assert document["distribution"][0]["sha256"] == "a" * 64
    assert "md5" not in document["distribution"][0]
    assert document["distribution"][1]["containedIn"] == {"@id": "a.zip"}
    assert read(croissant, data).understood.distributions[1].path == "b.csv"
    unknown = Distribution(name="c.root", url="https://x.org/c.root", checksums=("adler32:0a",))
    with pytest.raises(Inexpressible, match=r"do not state for 'c\.root'") as caught:
        croissant.write(replace(data, distributions=(archive, unknown)))
    assert caught.value.violations == (("$.distributions[1].checksums", "is missing"),)
    assert "sha256sum" in caught.value.hint


def test_a_deposit_needs_both_names_of_a_person_and_a_crate_of_1_2_does_not():
    alone = replace(FULL, creators=(Creator(name="Curie, Marie"), Creator(name="Aristoteles")))
    with pytest.raises(Inexpressible, match="number 2 is called 'Aristoteles'") as caught:
        ro_crate.write(alone)
    assert "ro-crate-1.2" in caught.value.hint
    assert [item.name for item in read(ro_crate_1_2, alone).understood.creators][1] == "Aristoteles"


def test_a_name_of_a_person_is_told_in_parts_and_a_group_is_none():
    record = replace(FULL, creators=(Creator(name="Ada B. Rossi"), Creator(name="CMS Collaboration")))
    found = entities(ro_crate, record)
    assert (found["#creator-1"]["givenName"], found["#creator-1"]["familyName"]) == ("Ada B.", "Rossi")
    assert found["#creator-2"]["@type"] == "Organization"


def test_two_creators_with_one_orcid_keep_their_names():
    orcid = "0000-0002-5076-7096"
    record = replace(FULL, creators=(Creator(name="A, B", orcid=orcid), Creator(name="C, D", orcid=orcid)))
    found = entities(ro_crate, record)
    assert found[f"https://orcid.org/{orcid}"]["name"] == "A, B"
    assert found["#creator-1"]["identifier"] == f"https://orcid.org/{orcid}"


def test_a_single_ror_names_an_affiliation():
    home = Creator(name="A, B", affiliation="CERN", affiliation_rors=("01ggx4157",))
    assert entities(ro_crate, replace(FULL, creators=(home,)))["https://ror.org/01ggx4157"]["name"] == "CERN"


def test_the_training_is_told_as_far_as_the_record_states_it():
    found = entities(ro_crate_1_2, FULL)
    action = found["#training-1"]
    assert found["./"]["mentions"] == [{"@id": "#training-1"}]
    assert found["./"]["conformsTo"] == [{"@id": "https://w3id.org/ro/wfrun/process/0.5"}]
    assert action["instrument"] == {"@id": "https://github.com/lab/x/tree/v2"}
    assert action["object"] == [{"@id": "https://doi.org/10.7483/opendata.cms.jgjx.ms7q"}]
    assert action["result"] == [{"@id": "https://zenodo.org/a.onnx"}]
    assert not {"startTime", "endTime", "agent"} & set(action)
    assert (found["https://github.com/lab/x/tree/v2"]["version"], found["./"]["trainedOn"]) == (
        "v2",
        action["object"],
    )


def test_without_code_at_a_version_there_is_no_action():
    data = tuple(item for item in FULL.relations if item.type == "trained_on")
    bare = replace(FULL, relations=data, identifiers=FULL.identifiers[:1])
    assert "mentions" not in entities(ro_crate_1_2, bare)["./"]
    code = Relation(type="is_supplement_to", target=Identifier("url", "https://github.com/lab/x"))
    assert "mentions" not in entities(ro_crate_1_2, replace(bare, relations=(*data, code)))["./"]


def test_code_that_a_page_in_it_shows_is_told_by_its_tree():
    seen = Identifier("github", "lab/x", "https://github.com/lab/x/blob/0123abc/README.md")
    record = replace(FULL, relations=(), identifiers=(FULL.identifiers[0], seen))
    assert entities(ro_crate_1_2, record)["https://github.com/lab/x/tree/0123abc"]["version"] == "0123abc"


def test_files_are_named_by_address_or_by_their_path_in_the_crate():
    files = (
        Distribution(name="models/a b.onnx", size=12, size_is_rounded=True),
        Distribution(
            name="sub/c.pt", url="https://x.org/resolve/main/sub/c.pt", size=5000, size_is_rounded=True
        ),
        Distribution(name="../out.onnx"),
        Distribution(name="ro-crate-metadata.json"),
        Distribution(name="d.txt", url="https://x.org/resolve/main/other.txt"),
    )
    record = replace(FULL, distributions=files)
    found = entities(ro_crate_1_2, record)
    assert found["models/a%20b.onnx"]["@type"] == ["File", "MLModel"]
    assert found["models/a%20b.onnx"]["contentSize"] == "0.012 kB"
    assert found["https://x.org/resolve/main/sub/c.pt"]["contentSize"] == "5 kB"
    assert [item["@id"] for item in found["./"]["hasPart"]][2:4] == ["#file-1", "#file-2"]
    back = read(ro_crate_1_2, record).understood.distributions
    names = ["models/a b.onnx", "sub/c.pt", "../out.onnx", "ro-crate-metadata.json", "other.txt"]
    assert [item.name for item in back] == names
    assert [(item.size, item.size_is_rounded) for item in back[:2]] == [(12, True), (5000, True)]


@each
def test_no_document_needs_a_network(view, monkeypatch):
    import socket

    def refuse(*_):
        raise AssertionError

    monkeypatch.setattr(socket.socket, "connect", refuse)
    record = fitting(view, FULL)
    assert read(view, record).understood.name == record.name


def test_a_time_that_no_calendar_has_is_cut_to_what_is_valid_of_it():
    record = replace(
        FULL, date_published="2022-11-31", date_created="2022-11-09T25:00", access=Access(level="open")
    )
    found = entities(ro_crate, record)["./"]
    assert (found["datePublished"], found["dateCreated"]) == ("2022-11", "2022-11-09")
