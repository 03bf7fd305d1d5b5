# SPDX-License-Identifier: MIT
"""The CERN Open Data portal, written by hand in the shapes that its own client and repository have."""

import json
from datetime import date
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug import Request, Response

from fairreg import formats, harvesters
from fairreg.errors import BadAnswer, NotFound, UsageError
from fairreg.schemas.identifiers import Identifier, parse
from fairreg.schemas.record import Creator, Distribution, Feature
from fairreg.schemas.validation import violations
from support.damage import changed, survives_damage
from support.examples import examples
from support.fitting import fitting

cern = harvesters.get("cernopendata")

METADATA = {
    "abstract": {"description": "<p>Jets.</p><p>Many.</p>"},
    "authors": [
        {"name": "Doe, Jane", "orcid": "0000-0002-1825-0097", "affiliation": "A; B"},
        {"name": "Roe", "orcid": "0000-0000-0000-0002"},
    ],
    "collaboration": {"name": "CMS Collaboration", "recid": "450"},
    "dataset_semantics": [
        {"variable": "pt", "type": "Float_t", "description": "momentum"},
        {"variable": "n", "type": "Int_t"},
    ],
    "date_created": ["2018", "2019"],
    "date_published": "2019",
    "distribution": {"formats": ["root", "h5"], "number_files": 2},
    "doi": "10.7483/OPENDATA.CMS.JGJX.MS7Q",
    "experiment": ["CMS"],
    "files": [
        {
            "checksum": "adler32:F71E044F",
            "size": 2433,
            "uri": "root://eospublic.cern.ch//eos/opendata/cms/a b/x.root",
        },
        {"checksum": "sha1:zz", "size": 1, "uri": "http://opendata.cern.ch/y.h5"},
        {"size": 3},
    ],
    "keywords": ["datascience"],
    "license": {"attribution": "CC0-1.0"},
    "links": [{"url": "https://www.kaggle.com/c/higgs-boson"}],
    "methodology": {"description": "Made with:", "links": [{"recid": "12103"}]},
    "publisher": "CERN Open Data Portal",
    "recid": "12102",
    "relations": [
        {"recid": "12000", "type": "isChildOf"},
        {"recid": "12200", "type": "isParentOf"},
        {"doi": "10.1000/x", "type": "isRelatedTo"},
    ],
    "run_period": ["Run2"],
    "system_details": {"description": "A machine", "recid": "252", "release": "CMSSW_8_0_26"},
    "title": "Jets for taggers",
    "type": {"primary": "Dataset", "secondary": ["Derived"]},
    "usage": {"description": "Read it.", "links": [{"url": "https://github.com/o/notebook"}]},
    "use_with": {"description": "Use with", "links": [{"recid": "1"}]},
}
PEOPLE = ("authors", "collaboration", "experiment")
RECORD = {"id": 12102, "created": "2020-08-27T00:39:40.879546+00:00", "metadata": METADATA}
API = "/cernopendata/api/records"


def numbered(number):
    return {
        "id": number,
        "metadata": {**METADATA, "recid": str(number), "doi": f"10.7483/OPENDATA.X.{number}"},
    }


@pytest.fixture
def portal(httpserver):
    """Answers searches with what is put into it; keeps the questions."""

    def answer(request: Request) -> Response:
        portal.asked.append(dict(request.args))
        page, size = int(request.args["page"]), int(request.args["size"])
        hits = portal.found[(page - 1) * size : page * size]
        total = portal.total or len(portal.found)
        return Response(json.dumps({"hits": {"hits": hits, "total": total}}), content_type="application/json")

    portal.asked, portal.found, portal.total = [], [], None
    httpserver.expect_request(API).respond_with_handler(answer)
    return portal


def test_a_record_of_the_portal_becomes_a_record():
    record = cern.to_record(RECORD)
    assert (record.identifier, record.kind) == ("doi:10.7483/opendata.cms.jgjx.ms7q", "dataset")
    assert record.provenance.source_id == "12102"
    assert record.provenance.url == "https://opendata.cern.ch/record/12102"
    assert record.creators == (
        Creator(name="Doe, Jane", orcid="0000-0002-1825-0097", affiliation="A; B"),
        Creator(name="Roe"),
    )
    assert record.description == "Jets.\n\nMany."
    assert record.license == "CC0-1.0"
    assert record.keywords == ("datascience", "CMS", "Run2")
    assert (record.date_created, record.date_published) == ("2018", "2019")
    assert record.formats == ("root", "h5")
    assert record.usage == "Read it."
    assert "methodology: Made with:" in str(record.notes)
    assert "software release: CMSSW_8_0_26" in str(record.notes)
    assert violations(record.to_json()) == []


GROUPS = (
    ({"collaboration": {"name": "ATLAS Collaboration", "recid": "451"}}, ("ATLAS Collaboration",), False),
    ({"collaboration": "OPERA collaboration"}, ("OPERA collaboration",), False),
    ({"collaboration": {"recid": "451"}, "experiment": ["CMS"]}, ("CMS",), True),
    ({"authors": [], "experiment": ["ATLAS", "CMS", "ATLAS"]}, ("ATLAS", "CMS"), True),
    ({"authors": [{"orcid": "0000-0002-1825-0097"}], "experiment": "Delphi"}, ("Delphi",), True),
    ({"experiment": []}, (), False),
    ({"experiment": {"CMS": 1}, "collaboration": [None, 7.5]}, (), False),
)


@pytest.mark.parametrize(("stated", "names", "inferred"), GROUPS)
def test_without_authors_the_collaboration_or_the_experiment_is_the_creator(stated, names, inferred):
    bare = {name: value for name, value in METADATA.items() if name not in PEOPLE}
    record = cern.to_record({**bare, **stated})
    assert record.creators == tuple(Creator(name=name, kind="organization") for name in names)
    said = [item.evidence for item in record.provenance.origins if item.field == "creators"]
    assert said == (["experiment"] if inferred else [])


# Formats that name creators beside those with an ORCID.
NAMING = [name for name in formats.names() if name not in {"model-card", "prov"}]


@pytest.mark.parametrize("name", NAMING)
def test_an_experiment_as_creator_is_an_organisation_in_every_format(name):
    view, bare = formats.get(name), {key: METADATA[key] for key in METADATA if key not in PEOPLE}
    text = view.write(fitting(view, cern.to_record({**bare, "experiment": ["CERN SPS"]})))
    assert "CERN SPS" in text
    if name == "bibtex":
        assert "{{CERN SPS}}" in text
    # .zenodo.json has one way to write a creator.
    if hasattr(view, "read") and name != "zenodo":
        understood = view.read(text).understood
        assert [(item.name, item.kind) for item in understood.creators] == [("CERN SPS", "organization")]


def test_an_author_may_be_a_group_and_affiliations_have_ror_identifiers():
    authors = [
        {"name": "Cowan, Glen", "affiliation": "A; B", "rorid": "https://ror.org/04g2vpn86; 028rypz17;x"},
        {"name": "CMS Collaboration"},
    ]
    person, group = cern.to_record({**METADATA, "authors": authors}).creators
    assert (person.kind, person.affiliation_rors) == ("person", ("04g2vpn86", "028rypz17"))
    assert (group.kind, group.affiliation_rors) == ("organization", ())


def test_its_bare_metadata_give_the_same_record():
    assert cern.to_record(METADATA) == cern.to_record(RECORD)


def test_files_have_an_address_on_the_portal_and_a_checksum_where_that_is_one():
    assert cern.to_record(RECORD).distributions == (
        Distribution(
            name="x.root",
            url="https://opendata.cern.ch/eos/opendata/cms/a%20b/x.root",
            size=2433,
            checksums=("adler32:f71e044f",),
            format="root",
        ),
        Distribution(
            name="y.h5",
            url="http://opendata.cern.ch/y.h5",
            size=1,
            media_type="application/x-hdf5",
            format="h5",
        ),
    )


def test_variables_are_the_features_of_one_output():
    (tensor,) = cern.to_record(RECORD).outputs
    assert (tensor.dtype, tensor.shape) == ("mixed", ("entries", 2))
    assert tensor.features == (
        Feature(name="pt", description="momentum (Float_t)"),
        Feature(name="n", description="Int_t"),
    )
    alike = changed(METADATA, ("dataset_semantics", 1, "type"), "Float_t")
    assert cern.to_record(alike).outputs[0].dtype == "Float_t"


def test_relations_are_typed():
    assert [(item.type, item.target.compact) for item in cern.to_record(RECORD).relations] == [
        ("is_derived_from", "cernopendata:12000"),
        ("is_source_of", "cernopendata:12200"),
        ("related_to", "doi:10.1000/x"),
        ("is_compiled_by", "cernopendata:12103"),
        ("requires", "cernopendata:252"),
        ("related_to", "cernopendata:1"),
        ("is_documented_by", "github:o/notebook"),
        ("related_to", "kaggle:c/higgs-boson"),
    ]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ({"description": "This network was trained on the dataset:"}, "Dataset"),
        ({"description": "Made from these:", "title": "Derived ntuples with leptons"}, "Dataset"),
        ({"description": "Produced with the software:"}, None),
        ({"description": "The databases of the run"}, None),
        ({}, None),
    ],
)
def test_a_relation_says_in_words_that_it_leads_to_data(words, kind):
    stated = {"recid": "90", "type": "isDerivedFrom", **words}
    record = cern.to_record({**METADATA, "relations": [stated]})
    assert record.relations[0].target_kind == kind


def test_software_is_identified_by_its_repository_too():
    tool = {
        **METADATA,
        "type": {"primary": "Software"},
        "authors": [],
        "source_code_repository": {"url": "https://github.com/o/tool"},
    }
    record = cern.to_record(tool)
    assert record.kind == "software"
    assert record.value_of("github") == "o/tool"
    assert record.creators == (Creator(name="CMS Collaboration", kind="organization"),)


@pytest.mark.parametrize("pasted", ["cernopendata:12102", "https://opendata.cern.ch/record/12102"])
def test_a_record_is_fetched_by_number(web, httpserver, pasted):
    httpserver.expect_request(f"{API}/12102").respond_with_json(RECORD)
    fetched = cern.fetch(web, parse(pasted))
    assert fetched.payload == RECORD
    assert json.loads(fetched.raw) == RECORD


def test_a_doi_is_found_by_search_and_checked(web, portal):
    portal.found = [numbered(7), RECORD]
    assert cern.handles(parse(METADATA["doi"]))
    assert cern.fetch(web, parse(METADATA["doi"])).payload == RECORD
    assert portal.asked[0]["q"] == 'doi:"10.7483/OPENDATA.CMS.JGJX.MS7Q"'
    with pytest.raises(NotFound):
        cern.fetch(web, parse("10.7483/OPENDATA.CMS.NONE"))


def test_an_unknown_number_is_not_found(web, httpserver):
    httpserver.expect_request(f"{API}/5").respond_with_json({"status": 404, "message": "no"}, status=404)
    with pytest.raises(NotFound):
        cern.fetch(web, parse("cernopendata:5"))


def test_what_is_not_its_own_is_refused(web):
    assert not cern.handles(parse("10.5281/zenodo.3602260"))
    with pytest.raises(UsageError):
        cern.fetch(web, parse("10.5281/zenodo.3602260"))
    with pytest.raises(UsageError):
        list(cern.search(web, "", cursor="offset=3"))


def test_search_pages_resumes_and_keeps_the_limit(web, portal):
    portal.found = [numbered(number) for number in range(5)]
    pages = list(cern.search(web, "jets", page_size=2))
    assert [len(page.hits) for page in pages] == [2, 2, 1]
    assert (pages[0].total, pages[0].note, pages[-1].cursor) == (5, None, None)
    resumed = [hit.payload for page in cern.search(web, "jets", cursor=pages[0].cursor) for hit in page.hits]
    assert resumed == portal.found[2:]
    assert sum(len(page.hits) for page in cern.search(web, "jets", limit=3)) == 3
    assert portal.asked[0] == {"q": "jets", "page": "1", "size": "2"}


def test_search_says_that_a_date_narrows_nothing(web, portal):
    portal.found = [numbered(1)]
    (page,) = cern.search(web, "", since=date(2024, 1, 1))
    assert len(page.hits) == 1
    assert "no modification dates" in str(page.note)


def test_search_stops_at_the_window_and_says_so(web, portal):
    portal.found, portal.total = [numbered(number) for number in range(3)] * 4000, 12_000
    pages = list(cern.search(web, "", cursor="page=2&size=5000"))
    assert len(pages) == 1
    assert "first 10,000 of 12000" in str(pages[0].note)


def test_nonsense_is_a_bad_answer(web, httpserver):
    httpserver.expect_request(API).respond_with_json([1])
    with pytest.raises(BadAnswer):
        list(cern.search(web, ""))
    httpserver.expect_request(f"{API}/5").respond_with_json([1])
    with pytest.raises(BadAnswer):
        cern.fetch(web, parse("cernopendata:5"))


@settings(max_examples=examples(200))
@given(data=st.data())
def test_a_damaged_payload_gives_a_valid_record_or_a_record_error(data):
    survives_damage(cern, RECORD, data)


@pytest.mark.shared
def test_spot_checks_of_the_training_data_of_the_hbb_network(shared):
    path = shared / "payloads/cern-opendata/record-12102-HiggsToBBNTuple.json"
    payload = json.loads(path.read_text(encoding="utf-8"))
    record = cern.to_record(payload)
    assert record.doi == "10.7483/opendata.cms.jgjx.ms7q"
    assert record.license == "CC0-1.0"
    assert record.creators == (Creator(name="Duarte, Javier", orcid="0000-0002-5076-7096"),)
    assert [item.name for item in record.outputs[0].features] == [
        item["variable"] for item in payload["dataset_semantics"]
    ]
    assert record.distributions[0].checksums == ("adler32:f71e044f",)
    assert len(record.distributions) == len(payload["files"])
    listing = "HiggsToBBNTuple_HiggsToBB_QCD_RunII_13TeV_MC_{}_file_index.json"
    assert [item.name for item in cern.indexes(record)] == [
        listing.format(part) for part in ("test_h5", "test_root", "train_h5", "train_root")
    ]
    assert len(record.related("is_derived_from")) == 21
    assert record.related("is_compiled_by") == (Identifier("cernopendata", "12103"),)


EOS = "root://eospublic.cern.ch//eos/opendata/cms/"
INDEXED = {
    "recid": "12102",
    "title": "Jets",
    "type": {"primary": "Dataset"},
    "files": [
        {"size": 9, "type": "index.json", "uri": f"{EOS}x/train_h5_file_index.json"},
        {"size": 5, "type": "index.txt", "uri": f"{EOS}x/train_h5_file_index.txt"},
        {"size": 5, "type": "index.txt", "uri": f"{EOS}x/alone.txt"},
        {"size": 7, "uri": f"{EOS}x/README.md"},
    ],
}


def listed(*places):
    return json.dumps([{"checksum": "adler32:00ab12cd", "size": 3, "uri": f"{EOS}{item}"} for item in places])


def test_index_files_are_known_by_their_type_and_say_nothing_about_the_data():
    record = cern.to_record(INDEXED)
    assert [item.name for item in record.distributions if item.is_index] == [
        *("train_h5_file_index.json", "train_h5_file_index.txt", "alone.txt")
    ]
    assert record.formats == ("md",)
    assert [item.name for item in cern.indexes(record)] == ["train_h5_file_index.json", "alone.txt"]


def test_index_files_without_a_type_are_known_by_their_name():
    names = ["a_file_index.json", "a_file_index.txt", "index.json", "x_file_index.root"]
    files = [{"uri": f"{EOS}{name}"} for name in names]
    found = cern.to_record({**INDEXED, "files": files}).distributions
    assert [item.name for item in found if item.is_index] == names[:2]


def test_a_port_in_an_address_of_eos_changes_nothing():
    uri = f"{EOS}a/n.h5".replace(".ch/", ".ch:1094/")
    (file,) = cern.to_record({**INDEXED, "files": [{"uri": uri}]}).distributions
    assert file.url == "https://opendata.cern.ch/eos/opendata/cms/a/n.h5"


def test_what_index_files_list_keeps_name_size_checksum_and_an_address_on_the_portal():
    record = cern.to_record(INDEXED)
    contents = {
        "train_h5_file_index.json": listed("train/n_0.h5").encode(),
        "alone.txt": f"{EOS}other.root\n\n".encode(),
    }
    assert cern.with_listed(record, contents) == (
        *record.distributions,
        Distribution(
            name="n_0.h5",
            url="https://opendata.cern.ch/eos/opendata/cms/train/n_0.h5",
            size=3,
            checksums=("adler32:00ab12cd",),
            media_type="application/x-hdf5",
            format="h5",
        ),
        Distribution(
            name="other.root",
            url="https://opendata.cern.ch/eos/opendata/cms/other.root",
            format="root",
        ),
    )


def test_files_of_one_name_get_the_folders_that_tell_them_apart():
    record = cern.to_record(INDEXED)
    places = ["a/train/n.h5", "a/test/n.h5", "b/test/n.h5", "a/one.h5"]
    found = cern.with_listed(record, {"train_h5_file_index.json": listed(*places).encode()})
    assert [item.name for item in found[4:]] == ["a/train/n.h5", "a/test/n.h5", "b/test/n.h5", "one.h5"]


def test_a_file_that_is_listed_twice_is_one_file():
    record = cern.to_record(INDEXED)
    twice = listed("a/n.h5", "a/n.h5", "x/README.md").encode()
    found = cern.with_listed(record, {"train_h5_file_index.json": twice})
    assert [item.name for item in found[3:]] == ["README.md", "n.h5"]


def test_files_that_many_folders_would_tell_apart_keep_their_name():
    deep = [f"{first}{'/x' * 60}/n.h5" for first in ("a", "b")]
    found = cern.with_listed(cern.to_record(INDEXED), {"alone.txt": listed(*deep).encode()})
    assert [item.name for item in found[4:]] == ["n.h5", "n.h5"]


def test_the_indices_of_the_portal_are_the_files():
    """The portal's key of a listed file is the number in its index (FileIndexMetadata.create)."""
    files = [
        {
            "key": f"i.json_{number}",
            "filename": f"n_{number}.h5",
            "size": number,
            "uri": f"{EOS}d/n_{number}.h5",
        }
        for number in (0, 1)
    ]
    meta = {**INDEXED, "files": [], "_file_indices": [{"key": "i.json", "number_files": 2, "files": files}]}
    found = cern.to_record(meta).distributions
    assert [(item.name, item.size, item.is_index) for item in found] == [
        ("n_0.h5", 0, False),
        ("n_1.h5", 1, False),
    ]


def test_an_index_that_the_answer_has_unwound_already_is_not_read_again():
    index = {"key": "train_h5_file_index.json", "files": [{"uri": f"{EOS}n.h5", "size": 1}]}
    record = cern.to_record({**INDEXED, "_file_indices": [index]})
    assert [item.name for item in cern.indexes(record)] == ["alone.txt"]
    assert "n.h5" in [item.name for item in record.distributions]


@settings(max_examples=examples(100))
@given(data=st.data())
def test_damaged_indices_give_a_valid_record_or_a_record_error(data):
    index = {
        "key": "k",
        "number_files": 1,
        "files": [{"uri": f"{EOS}n.h5", "size": 1, "checksum": "adler32:1"}],
    }
    survives_damage(cern, {**INDEXED, "_file_indices": [index]}, data)


@settings(max_examples=examples(200))
@given(
    st.one_of(st.binary(max_size=80), st.text(max_size=80).map(str.encode), st.from_regex(rb"\[(\{\},?)*\]"))
)
def test_index_files_of_any_content_are_read_or_refused(content):
    record = cern.to_record(INDEXED)
    try:
        found = cern.with_listed(record, {"alone.txt": content})
    except BadAnswer:
        return
    assert found[:4] == record.distributions
    assert all(item.url for item in found)


def test_an_index_of_more_files_than_any_record_has_is_refused():
    content = b"http://a.example/b\n" * 200_001
    with pytest.raises(BadAnswer, match="lists more than 200,000 files"):
        cern.with_listed(cern.to_record(INDEXED), {"alone.txt": content})


@pytest.mark.sliced(3)
@pytest.mark.parametrize("place", ["run{}/n.h5", "run/n{}.h5", "run{}/x/x/x/x/x/x/x/x/n.h5"])
def test_thousands_of_listed_files_take_little_time(place):
    files = [{"uri": f"{EOS}{place.format(number)}", "size": 1} for number in range(20_000)]
    started = process_time()
    record = cern.to_record({**INDEXED, "_file_indices": [{"key": "i.json", "files": files}]})
    found = cern.with_listed(record, {"alone.txt": json.dumps(files).encode()})
    assert process_time() - started < 4
    assert len(found) == 20_004
