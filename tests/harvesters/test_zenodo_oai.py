# SPDX-License-Identifier: MIT
"""Zenodo's OAI-PMH, written by hand in the shape of its recorded answers."""

import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug import Request, Response

from fairreg import harvesters
from fairreg.errors import BadAnswer, NotFound, RecordError, UsageError
from fairreg.harvesters.common.oai_pmh import read_page
from fairreg.schemas.identifiers import Identifier, parse
from fairreg.schemas.record import Creator
from fairreg.services.harvest.harvest import harvest
from support.damage import survives_damage
from support.examples import examples

oai = harvesters.get("zenodo_oai")

RESOURCE = """
<resource xmlns="http://datacite.org/schema/kernel-4">
  <identifier identifierType="DOI">10.5281/zenodo.{number}</identifier>
  <creators><creator>
    <creatorName nameType="Personal">Doe, Jane</creatorName>
    <givenName>Jane</givenName><familyName>Doe</familyName>
    <nameIdentifier nameIdentifierScheme="ORCID">0000-0002-1825-0097</nameIdentifier>
    <affiliation>A</affiliation><affiliation>B</affiliation>
  </creator></creators>
  <titles><title titleType="Subtitle">Sub</title><title>A title
     that is folded</title></titles>
  <publisher>Zenodo</publisher><publicationYear>2023</publicationYear><version>v1</version>
  <language>eng</language>
  <subjects><subject>jets</subject><subject>PyTorch</subject></subjects>
  <dates><date dateType="Issued">2023-05-18</date></dates>
  <resourceType resourceTypeGeneral="Model"></resourceType>
  <relatedIdentifiers>
    <relatedIdentifier relatedIdentifierType="URL" relationType="IsSupplementTo">
       https://github.com/o/r/tree/v1</relatedIdentifier>
    <relatedIdentifier relatedIdentifierType="DOI" relationType="IsVersionOf">
       10.5281/zenodo.1</relatedIdentifier>
  </relatedIdentifiers>
  <rightsList>
    <rights rightsURI="https://creativecommons.org/licenses/by/4.0/legalcode">CC BY</rights>
    <rights rightsURI="info:eu-repo/semantics/openAccess">Open Access</rights>
  </rightsList>
  <descriptions><description descriptionType="Abstract">&lt;p&gt;One&lt;/p&gt;</description></descriptions>
</resource>"""


def item(number, stamp="2023-05-23T08:43:15Z", status=""):
    header = (
        f"<header{status}><identifier>oai:zenodo.org:{number}</identifier>"
        f"<datestamp>{stamp}</datestamp><setSpec>user-a</setSpec></header>"
    )
    resource = RESOURCE.format(number=number)
    inner = f"<metadata><oai_datacite><payload>{resource}</payload></oai_datacite></metadata>"
    return f"<record>{header}{'' if status else inner}</record>"


def answer(*items, token="", verb="ListRecords", total=None):
    size = f' completeListSize="{total}"' if total is not None else ""
    more = f"<resumptionToken{size}>{token}</resumptionToken>" if token or total is not None else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
        f"<responseDate>2023-11-14T18:31:59Z</responseDate><{verb}>{''.join(items)}{more}</{verb}></OAI-PMH>"
    )


def fault(code):
    return f'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><error code="{code}">Why</error></OAI-PMH>'


def payload_of(text):
    return next(oai.split(text))


PAYLOAD = payload_of(answer(item(7)))


@pytest.fixture
def server(httpserver):
    """Answers what `server.replies` makes of the parameters; keeps them."""

    def respond(request: Request) -> Response:
        asked = dict(request.args)
        server.asked.append(asked)
        found = server.replies(asked)
        status, body = found if isinstance(found, tuple) else (200, found)
        return Response(body, status=status, content_type="text/xml; charset=utf-8")

    server.asked = []
    httpserver.expect_request("/zenodo/oai2d").respond_with_handler(respond)
    return server


def numbers(pages):
    return [oai.to_record(hit.payload).provenance.source_id for page in pages for hit in page.hits]


def test_a_record_becomes_a_statement_of_zenodo():
    record = oai.to_record(PAYLOAD)
    assert (record.identifier, record.kind) == ("doi:10.5281/zenodo.7", "model")
    assert (record.provenance.source, record.provenance.source_id) == ("zenodo_oai", "7")
    assert record.provenance.url == "https://zenodo.org/records/7"
    assert record.name == "A title that is folded"
    assert record.alternate_names == ("Sub",)
    assert record.description == "One"
    assert record.creators == (Creator(name="Doe, Jane", orcid="0000-0002-1825-0097", affiliation="A; B"),)
    assert record.license == "CC-BY-4.0"
    assert record.access is not None
    assert record.access.level == "open"
    assert record.concept_doi == "10.5281/zenodo.1"
    assert record.value_of("zenodo") == "7"
    assert record.value_of("github") == "o/r"
    assert record.frameworks == ("PyTorch",)
    assert (record.version, record.date_published) == ("v1", "2023-05-18")
    assert record.date_modified == "2023-05-23T08:43:15Z"


def test_the_payload_is_json():
    assert json.loads(json.dumps(PAYLOAD)) == PAYLOAD
    assert PAYLOAD["header"] == {
        "identifier": "oai:zenodo.org:7",
        "datestamp": "2023-05-23T08:43:15Z",
        "setSpec": ["user-a"],
    }
    assert PAYLOAD["attributes"]["doi"] == "10.5281/zenodo.7"


def test_a_deleted_record_is_withdrawn():
    payload = payload_of(answer(item(7, status=' status="deleted"')))
    assert oai.withdrawn(payload) == ("7", "deleted at Zenodo (2023-05-23T08:43:15Z)")
    assert oai.withdrawn(PAYLOAD) is None
    with pytest.raises(RecordError, match=r"\$.attributes is missing"):
        oai.to_record(payload)


def test_what_zenodo_did_not_number_is_refused():
    with pytest.raises(RecordError, match="names no Zenodo record"):
        oai.to_record({"header": {"identifier": "oai:elsewhere.org:7"}, "attributes": {}})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le"])
def test_a_document_type_is_refused_before_entities_are_read(encoding):
    lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE x [<!ENTITY l0 "lol">{lol}]><OAI-PMH>&l11;</OAI-PMH>'
    with pytest.raises(BadAnswer):
        read_page(bomb.encode(encoding), title="Z")
    outside = '<!DOCTYPE x SYSTEM "file:///etc/passwd"><OAI-PMH/>'
    with pytest.raises(BadAnswer, match="document type"):
        read_page(outside.encode("utf-8"), title="Z")


@pytest.mark.parametrize("body", [b"", b"<html></html>", b"<OAI-PMH>", b"\xff\xfe\x00", b"{}"])
def test_what_is_no_oai_is_a_bad_answer(body):
    with pytest.raises(BadAnswer):
        read_page(body, title="Z")
    assert list(oai.split(body)) == []


def test_search_follows_the_tokens(web, server):
    pages = {
        None: answer(item(1), item(2), token="t2", total=3),
        "t2": answer(item(3), total=3),
    }
    server.replies = lambda asked: pages[asked.get("resumptionToken")]
    found = list(oai.search(web, "user-a", since=date(2023, 5, 1)))
    assert numbers(found) == ["1", "2", "3"]
    assert (found[0].total, found[1].cursor) == (3, None)
    assert server.asked == [
        {"verb": "ListRecords", "metadataPrefix": "oai_datacite", "from": "2023-05-01", "set": "user-a"},
        {"verb": "ListRecords", "resumptionToken": "t2"},
    ]
    assert numbers(oai.search(web, "user-a", cursor=found[0].cursor)) == ["3"]
    assert numbers(oai.search(web, "", limit=1)) == ["1"]


@pytest.mark.parametrize("expired", [(422, "{}"), fault("badResumptionToken")])
def test_a_forgotten_token_starts_again_from_the_last_datestamp(web, server, expired):
    first = answer(item(1, "2023-01-01T00:00:00Z"), item(2, "2023-01-02T00:00:00Z"), token="old")
    rest = answer(item(2, "2023-01-02T00:00:00Z"), item(3, "2023-01-03T00:00:00Z"))
    server.replies = lambda asked: (
        expired if "resumptionToken" in asked else rest if asked.get("from", "").startswith("2023") else first
    )
    found = list(oai.search(web, "user-a"))
    assert numbers(found) == ["1", "2", "2", "3"]
    assert server.asked[-1]["from"] == "2023-01-02T00:00:00Z"
    assert server.asked[-1]["set"] == "user-a"


def test_a_list_without_order_starts_again_from_its_beginning(web, server):
    first = answer(item(1, "2023-01-05T00:00:00Z"), item(2, "2023-01-02T00:00:00Z"), token="old")
    whole = answer(item(1), item(2), item(3))
    server.replies = lambda asked: (
        (422, "{}") if "resumptionToken" in asked else first if len(server.asked) == 1 else whole
    )
    assert numbers(oai.search(web, "", since=date(2023, 1, 1))) == ["1", "2", "1", "2", "3"]
    assert server.asked[-1]["from"] == "2023-01-01"


@pytest.mark.parametrize(
    "stamp", ["9024-01-02T03:04:05Z", "soon", "2023-02-30", "2023-01-01 00:00", "", "٢٠٢٣-٠١-٠٩"]
)
@pytest.mark.parametrize("words", ["", "Q & A"], ids=["good", "damaged"])
def test_a_wrong_datestamp_is_no_place_to_start_again_from(web, server, stamp, words):
    odd = item(3, stamp).replace("jets", words or "jets")
    first = answer(item(1, "2023-01-01T00:00:00Z"), item(2, "2023-01-02T00:00:00Z"), odd, token="old")
    rest = answer(item(2, "2023-01-02T00:00:00Z"), item(4, "2023-01-03T00:00:00Z"))
    server.replies = lambda asked: (
        (422, "{}") if "resumptionToken" in asked else rest if "from" in asked else first
    )
    assert [page.cursor is None for page in oai.search(web, "")] == [False, True]
    assert server.asked[-1]["from"] == "2023-01-02T00:00:00Z"


def test_the_datestamp_of_a_damaged_record_is_no_place_to_start_again_from(web, server):
    first = answer(item(1, "2023-01-01T00:00:00Z"), item(2, "2023-01-09").replace("jets", "&"), token="old")
    server.replies = lambda asked: (
        (422, "{}") if "resumptionToken" in asked else answer(item(4)) if "from" in asked else first
    )
    list(oai.search(web, ""))
    assert server.asked[-1]["from"] == "2023-01-01T00:00:00Z"


def test_a_cursor_with_a_wrong_datestamp_starts_again_from_its_first_day(web, server):
    server.replies = lambda asked: (422, "{}") if "resumptionToken" in asked else answer(item(4))
    list(oai.search(web, "", cursor="start=2023-01-01&token=old&latest=9024-01-02&ordered=1"))
    assert server.asked[-1]["from"] == "2023-01-01"


@pytest.mark.parametrize("nothing", [fault("noRecordsMatch"), answer()])
def test_a_restart_that_finds_nothing_is_no_end_of_the_list(web, server, nothing):
    first = answer(item(1, "2023-01-01T00:00:00Z"), token="old")
    server.replies = lambda asked: (
        (422, "{}") if "resumptionToken" in asked else nothing if "from" in asked else first
    )
    with pytest.raises(BadAnswer, match="lost the rest of a list"):
        list(oai.search(web, ""))


def test_a_harvest_whose_rest_is_lost_starts_from_the_beginning_when_repeated(settings, web, server):
    first = answer(item(1, "2023-01-01T00:00:00Z"), token="old")
    server.replies = lambda asked: (
        (422, "{}") if "resumptionToken" in asked else fault("noRecordsMatch") if "from" in asked else first
    )
    with pytest.raises(BadAnswer, match="lost the rest of a list"):
        harvest(settings, "zenodo_oai", web=web)
    server.replies = lambda asked: (
        (422, "{}")
        if "resumptionToken" in asked
        else fault("noRecordsMatch")
        if "from" in asked
        else answer(item(1), item(2))
    )
    report = harvest(settings, "zenodo_oai", web=web)
    assert (report.new, report.seen, report.resumed) == (1, 2, False)


@pytest.mark.parametrize("tokens", ["aa", "abab", "abcb"])
def test_tokens_that_go_round_end_the_harvest(web, server, tokens):
    pages = [answer(item(number), token=token) for number, token in enumerate(tokens)]
    server.replies = lambda asked: pages[len(server.asked) - 1]
    with pytest.raises(BadAnswer, match="repeating"):
        list(oai.search(web, ""))


def test_a_token_that_is_always_forgotten_ends_the_harvest(web, server):
    page = answer(item(1, "2023-01-01T00:00:00Z"), token="old")
    server.replies = lambda asked: (422, "{}") if "resumptionToken" in asked else page
    with pytest.raises(BadAnswer, match="resumption tokens expire"):
        list(oai.search(web, ""))
    assert len(server.asked) <= 6


def test_no_records_is_an_empty_page_and_other_faults_are_said(web, server):
    server.replies = lambda asked: fault("noRecordsMatch")
    assert numbers(oai.search(web, "")) == []
    server.replies = lambda asked: fault("badArgument")
    with pytest.raises(UsageError, match="badArgument: Why"):
        list(oai.search(web, "no set"))
    server.replies = lambda asked: (422, "{}")
    with pytest.raises(BadAnswer):
        list(oai.search(web, ""))
    with pytest.raises(UsageError):
        list(oai.search(web, "", cursor="page=1&size=2"))


def test_one_record_is_fetched(web, server):
    server.replies = lambda asked: (
        answer(item(7), verb="GetRecord")
        if asked["identifier"] == "oai:zenodo.org:7"
        else fault("idDoesNotExist")
    )
    assert oai.fetch(web, parse("10.5281/zenodo.7")).payload == PAYLOAD
    with pytest.raises(NotFound):
        oai.fetch(web, Identifier("zenodo", "8"))
    with pytest.raises(UsageError):
        oai.fetch(web, parse("10.1000/x"))
    assert not oai.handles(parse("10.5281/zenodo.7"))


@settings(max_examples=examples(200))
@given(data=st.data())
def test_a_damaged_payload_gives_a_valid_record_or_a_record_error(data):
    survives_damage(oai, PAYLOAD, data)


@settings(max_examples=examples(100))
@given(st.binary(max_size=200), st.integers(0, 3000), st.integers(0, 200))
def test_damaged_xml_is_read_or_a_bad_answer(junk, start, length):
    whole = answer(item(7)).encode()
    try:
        page = read_page(whole[:start] + junk + whole[start + length :], title="Z")
    except BadAnswer:
        return
    json.dumps(page.records)


@pytest.mark.shared
def test_spot_check_of_a_recorded_answer(shared):
    path = shared / "payloads/zenodo/oai/aiod-list_records_1.xml"
    page = read_page(path.read_bytes(), title="Zenodo")
    assert page.token == ".resumption-token-to-page-2"
    assert page.total == 51
    found = {record.provenance.source_id: record for record in map(oai.to_record, page.records)}
    record = found["7947283"]
    assert record.name == "kogalab21/all-alpha_design"
    assert record.concept_doi == "10.5281/zenodo.7947261"
    assert record.value_of("github") == "kogalab21/all-alpha_design"
    assert found["7961708"].doi == "10.58473/jbs0022"
