# SPDX-License-Identifier: MIT
"""DLHub's index in Globus Search, written by hand in the shapes that the saved answers have."""

import builtins
import json
import sys
import time
from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug import Request, Response

from fairreg import harvesters
from fairreg.errors import (
    AccessDenied,
    BadAnswer,
    MissingEngine,
    NotFound,
    Offline,
    RateLimited,
    RecordError,
    Unreachable,
    UsageError,
)
from fairreg.harvesters import dlhub as module
from fairreg.schemas.identifiers import Identifier, parse
from fairreg.schemas.record import Access, Creator
from fairreg.schemas.validation import violations
from fairreg.web import HttpClient
from support.damage import changed, survives_damage
from support.examples import examples

dlhub = harvesters.get("dlhub")

SERVABLE = {
    "datacite": {
        "alternateIdentifiers": [
            {
                "alternateIdentifier": "https://github.com/o/zoo/tree/main/one",
                "alternateIdentifierType": "URL",
            },
            {"alternateIdentifier": "https://github.com/o/one", "alternateIdentifierType": "URL"},
            {"alternateIdentifier": "10.1000/paper", "alternateIdentifierType": "DOI"},
        ],
        "creators": [
            {"affiliations": "A lab", "familyName": "Doe", "givenName": "Jane"},
            {"affiliations": ["B", "C"], "familyName": "Roe", "givenName": "R."},
            {"familyName": "Poe", "givenName": "Edgar"},
        ],
        "descriptions": [{"description": "Says <i>things</i>.", "descriptionType": "Abstract"}],
        "identifier": {"identifier": "10.YET/UNASSIGNED", "identifierType": "DOI"},
        "publicationYear": "2019",
        "publisher": "DLHub",
        "relatedIdentifiers": [
            {
                "relatedIdentifier": "globus:abc",
                "relatedIdentifierType": "Globus",
                "relationType": "IsDescribedBy",
            },
            {
                "relatedIdentifier": "1409.1556",
                "relatedIdentifierType": "arXiv",
                "relationType": "IsDescribedBy",
            },
            {
                "relatedIdentifier": "10.5281/zenodo.817332",
                "relatedIdentifierType": "DOI",
                "relationType": "Requires",
            },
        ],
        "rightsList": [{"rights": "Apache License 2.0"}],
        "resourceType": {"resourceTypeGeneral": "InteractiveResource"},
        "titles": [{"title": "One"}],
    },
    "dlhub": {
        "dependencies": {"python": {"keras": "2.2.4", "h5py": None}},
        "domains": ["physics"],
        "files": {"model": "model.h5", "other": ["variables\\index", "notes.txt"], "arch": None},
        "id": "037c8768-45fd-4466-aa53-95d2044ae14f",
        "identifier": "globus:abc",
        "name": "one",
        "owner": "jane",
        "publication_date": "1551124925604",
        "shorthand_name": "jane/one",
        "type": "servable",
        "version": "0.8.0",
        "visible_to": ["public"],
    },
    "servable": {
        "methods": {
            "run": {
                "input": {
                    "type": "tuple",
                    "description": "Two",
                    "element_types": [
                        {"type": "ndarray", "description": "image", "shape": ["None", "28", 28, None]},
                        {"type": "list", "description": "names", "item_type": {"type": "string"}},
                    ],
                },
                "output": {
                    "type": "ndarray",
                    "description": "scores",
                    "shape": ["None", "10"],
                    "item_type": {"type": "float"},
                },
            }
        },
        "model_summary": "x\nTotal params: 244,397,083\nTrainable params: 1\n",
        "model_type": "Deep NN",
        "type": "Keras Model",
    },
}
# The schema of 2018, with an owner.
FLAT = {
    "datacite": {
        "title": "Glass",
        "creators": ["Ren, Fang"],
        "publicationYear": 2018,
        "description": "Predicts",
        "associatedPubliations": ["http://dx.doi.org/10.1126/sciadv.aaq1566"],
        "license": "None",
    },
    "dlhub": {"domain": "materials science", "visible_to": "group", "owner": "ward"},
    "servable": {
        "name": "bmg",
        "type": "model",
        "ml_model": "Random Forest Regression",
        "run": {"input": {"shape": "(3,)", "type": "composition"}, "output": {"type": "probability"}},
    },
}


def envelope(*contents, old=False, total=None):
    results = (
        [{"@datatype": "GMetaResult", "@version": "2017-09-01", "content": [item]} for item in contents]
        if old
        else [{"@version": "2019-08-27", "entries": [{"content": item}]} for item in contents]
    )
    return {"gmeta": results, "count": len(results), "total": len(results) if total is None else total}


def named(number, published="1551124925604"):
    document = changed(SERVABLE, ("dlhub", "shorthand_name"), f"jane/m{number}")
    return changed(document, ("dlhub", "publication_date"), published)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(module, "RETRIES", 0)


@pytest.fixture
def globus():
    """What asks the index; the mapping needs it not."""
    return pytest.importorskip("globus_sdk")


@pytest.fixture
def search(httpserver, globus):
    """Answers searches of the index with what is put into it; keeps the questions."""

    def answer(request: Request) -> Response:
        assert "Authorization" not in request.headers
        question = request.get_json()
        search.asked.append(question)
        offset, size = question.get("offset", 0), question["limit"]
        page = envelope(*search.found[offset : offset + size], total=len(search.found))
        return Response(json.dumps(page), content_type="application/json")

    search.asked, search.found = [], []
    httpserver.expect_request(f"/globus{module.PATH}", method="POST").respond_with_handler(answer)
    return search


def test_a_servable_becomes_a_record():
    record = dlhub.to_record(SERVABLE)
    assert (record.identifier, record.kind, record.name) == ("dlhub:jane/one", "model", "One")
    assert record.provenance.source_id == "jane/one"
    assert record.creators == (
        Creator(name="Doe, Jane", affiliation="A lab"),
        Creator(name="Roe, R.", affiliation="B; C"),
        Creator(name="Poe, Edgar"),
    )
    assert record.description == "Says things."
    assert record.date_published == "2019-02-25T20:02:05+00:00"
    assert record.license == "Apache-2.0"
    assert record.frameworks == ("Keras",)
    assert record.parameter_count == 244_397_083
    assert record.model_category == ("Deep NN",)
    assert [item.name for item in record.distributions] == ["model.h5", "variables/index", "notes.txt"]
    assert record.doi is None
    assert violations(record.to_json()) == []


def test_the_methods_become_signatures():
    record = dlhub.to_record(SERVABLE)
    assert [(item.name, item.dtype, item.shape) for item in (*record.inputs, *record.outputs)] == [
        ("input_0", "unknown", ("input_0_axis_0", 28, 28, "input_0_axis_3")),
        ("input_1", "string", ("input_1_items",)),
        ("output", "float", ("output_axis_0", 10)),
    ]


def test_a_folder_of_a_repository_and_a_paper_do_not_identify_the_servable():
    record = dlhub.to_record(SERVABLE)
    assert {(item.scheme, item.value) for item in record.identifiers} == {
        ("dlhub", "jane/one"),
        ("dlhub_uuid", "037c8768-45fd-4466-aa53-95d2044ae14f"),
        ("globus", "abc"),
        ("url", "https://github.com/o/zoo/tree/main/one"),
        ("github", "o/one"),
        ("related_doi", "10.1000/paper"),
    }
    assert [(item.type, item.target.compact) for item in record.relations] == [
        ("is_described_by", "arxiv:1409.1556"),
        ("requires", "doi:10.5281/zenodo.817332"),
    ]


def test_a_real_doi_identifies_it():
    payload = changed(SERVABLE, ("datacite", "identifier", "identifier"), "10.26311/5G6Q-D719")
    record = dlhub.to_record(payload)
    assert record.identifier == "doi:10.26311/5g6q-d719"
    assert record.value_of("dlhub") == "jane/one"


@pytest.mark.parametrize(
    ("kind", "files", "expected"),
    [
        ("Python static method", {"other": ["app.py"]}, "software"),
        ("Python static method", {"other": ["app.py", "model.h5"]}, "model"),
        ("Scikit-learn estimator", {"model": "model.pkl"}, "model"),
        ("TensorFlow Model", {}, "model"),
    ],
)
def test_the_type_and_the_files_say_whether_it_is_a_model(kind, files, expected):
    payload = changed(changed(SERVABLE, ("servable", "type"), kind), ("dlhub", "files"), files)
    record = dlhub.to_record(payload)
    assert record.kind == expected
    assert any(item.field == "kind" and item.origin == "inferred" for item in record.provenance.origins)


def test_the_schema_of_2018_is_read():
    record = dlhub.to_record(FLAT)
    assert (record.identifier, record.name, record.kind) == ("dlhub:ward/bmg", "Glass", "model")
    assert record.creators == (Creator(name="Ren, Fang"),)
    assert record.date_published == "2018"
    assert record.license is None
    assert record.license_stated is None
    assert record.access == Access(level="restricted", conditions="not public")
    assert record.relations[0].target == Identifier("doi", "10.1126/sciadv.aaq1566")
    assert record.inputs[0].shape == (3,)


def test_columns_of_a_data_set_are_its_outputs():
    data = changed(changed(SERVABLE, ("servable",), ...), ("dlhub", "type"), "dataset")
    data["dataset"] = {"columns": [{"name": "length", "units": "cm", "type": "float"}, {"name": "s"}, {}]}
    record = dlhub.to_record(data)
    assert record.kind == "dataset"
    assert [item.name for item in record.outputs[0].features] == ["length", "s"]
    assert record.outputs[0].features[0].unit == "cm"


def test_what_was_never_published_is_refused():
    payload = changed(changed(SERVABLE, ("dlhub", "shorthand_name"), ...), ("dlhub", "owner"), ...)
    with pytest.raises(RecordError, match="never published") as caught:
        dlhub.to_record(payload)
    assert caught.value.violations[0][0] == "$.dlhub.shorthand_name"


@pytest.mark.parametrize(
    "dump",
    [
        SERVABLE,
        [SERVABLE],
        envelope(SERVABLE),
        envelope(SERVABLE, old=True),
        envelope(SERVABLE)["gmeta"][0],
        [envelope(SERVABLE)["gmeta"][0]],
    ],
)
def test_every_form_of_a_dump_is_split(dump):
    assert list(dlhub.split(dump)) == [SERVABLE]


def test_search_pages_through_the_index(web, search):
    search.found = [named(number) for number in range(5)]
    pages = list(dlhub.search(web, "", page_size=2))
    assert [len(page.hits) for page in pages] == [2, 2, 1]
    assert pages[0].total == 5
    assert search.asked[0]["q"] == "(dlhub.type:servable)"
    assert search.asked[0]["advanced"] is True
    resumed = list(dlhub.search(web, "", cursor=pages[0].cursor))
    assert [hit.payload for page in resumed for hit in page.hits] == search.found[2:]


def test_search_keeps_the_limit_and_the_date(web, search):
    search.found = [named(number, published) for number, published in enumerate(["1551124925604"] * 3)]
    search.found += [named(9, "1651124925604")]
    assert sum(len(page.hits) for page in dlhub.search(web, "jets", limit=3)) == 3
    assert search.asked[-1] == {"q": "jets", "offset": 0, "limit": 3}
    since = list(dlhub.search(web, "", since=date(2020, 1, 1)))
    assert [dlhub.to_record(hit.payload).provenance.source_id for hit in since[0].hits] == ["jane/m9"]


def test_fetch_gives_the_newest_of_a_name(web, search):
    search.found = [named(1), named(1, "1651124925604"), named(2, "1751124925604")]
    fetched = dlhub.fetch(web, parse("dlhub:Jane/M1"))
    assert fetched.payload == search.found[1]
    assert json.loads(fetched.raw) == fetched.payload
    assert fetched.url == web.settings.service("globus").url + module.PATH
    with pytest.raises(NotFound):
        dlhub.fetch(web, parse("dlhub:jane/m3"))


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, BadAnswer),
        (403, AccessDenied),
        (404, NotFound),
        (429, RateLimited),
        (500, Unreachable),
        (302, BadAnswer),
    ],
)
def test_refusals_become_our_errors(globus, web, httpserver, status, error):
    head = {"Location": "http://169.254.169.254/"} if status == 302 else None
    httpserver.expect_request(f"/globus{module.PATH}").respond_with_json(
        {"code": "X", "message": "no"}, status=status, headers=head
    )
    with pytest.raises(error):
        list(dlhub.search(web, ""))


@pytest.mark.parametrize("body", ["<html>", "[]", '{"gmeta": {}}', "{}"])
def test_nonsense_is_a_bad_answer(globus, web, httpserver, body):
    httpserver.expect_request(f"/globus{module.PATH}").respond_with_data(
        body, content_type="application/json"
    )
    with pytest.raises(BadAnswer):
        list(dlhub.search(web, ""))


def test_a_service_that_is_gone_is_unreachable(globus, web):
    gone = replace(web.settings.service("globus"), url="http://127.0.0.1:1")
    settings_ = replace(web.settings, services={**web.settings.services, "globus": gone})
    with HttpClient(settings_) as client, pytest.raises(Unreachable):
        list(dlhub.search(client, ""))


def test_nothing_is_sent_offline(web):
    with HttpClient(replace(web.settings, offline=True)) as client, pytest.raises(Offline):
        list(dlhub.search(client, ""))


def test_the_engine_is_named_where_it_is_missing(web, monkeypatch):
    imported = builtins.__import__

    def without(name, *rest, **more):
        if name == "globus_sdk":
            raise ImportError(name)
        return imported(name, *rest, **more)

    monkeypatch.delitem(sys.modules, "globus_sdk", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingEngine) as caught:
        list(dlhub.search(web, ""))
    assert "fairreg[dlhub]" in str(caught.value.hint)


def test_what_is_not_its_own_is_refused(web):
    assert dlhub.handles(parse("dlhub:jane/one"))
    assert not dlhub.handles(parse("10.26311/5g6q-d719"))
    with pytest.raises(UsageError):
        dlhub.fetch(web, parse("10.26311/5g6q-d719"))
    with pytest.raises(UsageError):
        list(dlhub.search(web, "", cursor="page=2"))


def test_dois_of_dlhub_are_datacites():
    found = harvesters.for_identifier(parse("10.26311/5G6Q-D719"))
    assert [item.name for item in found if item.name != "datacite" and not item.general] == []


@settings(max_examples=examples(200))
@given(data=st.data())
def test_a_damaged_document_gives_a_valid_record_or_a_record_error(data):
    survives_damage(dlhub, data.draw(st.sampled_from([SERVABLE, FLAT])), data)


@pytest.mark.shared
def test_spot_checks_of_the_index(shared):
    path = shared / "payloads/dlhub/all-servables-2019.json"
    found = [dlhub.to_record(item) for item in dlhub.split(json.loads(path.read_text(encoding="utf-8")))]
    assert len({item.identifier for item in found}) == len(found) == 45
    assert all(item.doi is None for item in found)
    by_name = {item.value_of("dlhub"): item for item in found}
    tomo = by_name["lzhengchun_globusid/TomoGAN"]
    assert tomo.value_of("arxiv") == "1902.07582"
    assert tomo.frameworks == ("TensorFlow",)
    candle = by_name["ryan_globusid/candle_p1b1_demo1"]
    assert candle.parameter_count == 244_397_083
    assert candle.value_of("github") is None
    schnet = by_name["loganw_globusid/g4mp2_delta_schnet"]
    assert schnet.related("requires") == (Identifier("doi", "10.1021/acs.jctc.8b00908"),)
    assert Counter(item.kind for item in found) == {"model": 33, "software": 12}


@pytest.mark.parametrize("sign", ["[", "<p>", "a", "- "])
def test_a_long_type_of_a_servable_takes_linear_time(sign):
    begun = time.process_time()
    dlhub.to_record({**SERVABLE, "servable": {**SERVABLE["servable"], "type": sign * 100_000}})
    assert time.process_time() - begun < 2
