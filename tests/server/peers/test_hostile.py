# SPDX-License-Identifier: MIT
"""A registry that lies: what it can write here, and what it can make this one do."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from fairreg import harvesters
from fairreg.errors import BadAnswer, FairregError
from fairreg.formats.rdf_xml import items
from fairreg.formats.rdf_xml.items import StatedEntry, StatedRecord
from fairreg.harvesters.common import peers
from fairreg.registry import Registry, RejectedPayload, build_batch
from fairreg.schemas.record import Creator, Provenance
from fairreg.services.harvest.harvest import HarvestReport
from fairreg.services.harvest.peers import PeerRun
from support.examples import examples
from support.oai import said
from support.registries import OLD, Place, at

pytestmark = pytest.mark.engines("sqlite")
PAGE = """<?xml version="1.0"?>
<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords>{records}{token}</ListRecords></OAI-PMH>"""


@pytest.fixture
def here(places) -> Place:
    return places("here")


def lying(server: HTTPServer, *pages: str) -> str:
    """Serve pages in turn, the last one for ever; return the address."""
    left = list(pages)

    def answer(_request: Request) -> Response:
        return Response(left.pop(0) if left[1:] else left[0], content_type="text/xml")

    server.expect_request("/oai").respond_with_handler(answer)
    return server.url_for("/").rstrip("/")


def page(*records: str, token: str = "") -> str:
    shown = f"<resumptionToken>{token}</resumptionToken>" if token else ""
    return PAGE.format(records="".join(records), token=shown)


def item(
    *stated: StatedRecord, name: str = "oai:there:x", stamp: str = "2026-01-01T00:00:00Z", status: str = ""
) -> str:
    body = ""
    if stated:
        element = items.element_of(StatedEntry(stated[0].record, stated))
        body = f"<metadata>{ET.tostring(element, encoding='unicode')}</metadata>"
    header = f"<identifier>{name}</identifier><datestamp>{stamp}</datestamp>"
    return f"<record><header{status}>{header}</header>{body}</record>"


def test_it_cannot_write_under_the_names_of_this_program(here, httpserver):
    own = said("fairreg", "zenodo:1", "doi:10.1234/1", name="mine")
    here.registry.put(own, payload=b"{}")
    forged = [StatedRecord(replace(own, name="forged"), OLD), StatedRecord(said("catalogue", "hbb"), OLD)]
    other = StatedRecord(said("fairreg", "zenodo:2", "doi:10.1234/2", name="forged"), OLD)
    url = lying(
        httpserver, page(*(item(one, name=f"oai:x:{number}") for number, one in enumerate([*forged, other])))
    )
    here.harvest(url)
    assert [one.record.name for one in here.registry.statements.of_source("fairreg")] == ["mine"]
    assert here.registry.statements.of_source("catalogue") == ()
    (found,) = here.registry.statements.of_source(f"fairreg/{url.partition('//')[2]}")
    assert found.record.identifier == "doi:10.1234/2"


def test_it_cannot_replace_what_a_source_said(here, httpserver):
    pid = "doi:10.5281/zenodo.1"
    here.registry.put(at(OLD, "zenodo", "1", pid, name="true", license="MIT"), payload=b"{}")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    claims = (
        at(now, "zenodo", "1", pid, name="false", license="WTFPL"),
        at(now, "best source", "1", pid, name="false", license="WTFPL", creators=(Creator("Liar"),)),
    )
    here.harvest(lying(httpserver, page(item(*(StatedRecord(one, now) for one in claims)))))
    held = here.registry.get(pid)
    assert (held.name, held.license) == ("true", "MIT")
    withdrawn = StatedRecord(claims[0], now, now, "gone")
    httpserver.clear()
    here.harvest(
        lying(httpserver, page(item(withdrawn), item(name="oai:there:y", status=' status="deleted"')))
    )
    assert not here.registry.entry_for(pid).gone


def test_readings_of_the_future_are_rejected(here, httpserver):
    late = (datetime.now(UTC) + timedelta(days=1)).isoformat(timespec="seconds")
    made = [
        item(StatedRecord(at(late, "zenodo", "1"), late), name="oai:x:1"),
        item(StatedRecord(said("zenodo", "2"), OLD, late, "gone"), name="oai:x:2"),
        item(StatedRecord(said("zenodo", "3"), "x" * 50), name="oai:x:3"),
        item(StatedRecord(said("zenodo", "4"), OLD), name="oai:x:4", stamp="2999-01-01T00:00:00Z"),
    ]
    url = lying(httpserver, page(*made))
    report = here.harvest(url)
    assert (len(report.refused), report.new) == (3, 1)
    assert "in the future" in report.refused[0].reason
    here.harvest(url)
    asked = [parse_qs(request.query_string.decode()) for request, _ in httpserver.log]
    assert asked[-1]["from"][0] < (datetime.now(UTC) + timedelta(seconds=1)).isoformat()


def test_no_address_and_no_control_character_comes_in(here, httpserver):
    mail, bell, csi = "someone@example.org", "\x85", "\x9b"
    made = said(
        "zenodo", "1", name=f"Net{csi}31m", description=f"ask {mail}{bell}", publisher=mail,
        creators=(Creator(f"A. Person {mail}"),), keywords=(f"a{csi}b",),
    )  # fmt: skip
    text = page(item(StatedRecord(made, OLD, OLD, f"ask {mail}{csi}")))
    text = text.replace("</metadata>", "<!-- x --></metadata>")
    here.harvest(lying(httpserver, text))
    (held,) = here.registry.statements.of_source("zenodo")
    shown = f"{held.record} {held.gone_reason}"
    assert "@example" not in shown
    assert held.record.name == "Net31m"
    assert not {bell, csi} & {*shown}


@pytest.mark.parametrize("source", ["a\u202eb", "a\nb", " a", "x" * 101, "me@example.org"])
def test_a_source_has_a_proper_name(here, httpserver, source):
    made = replace(said("zenodo", "1"), provenance=Provenance(source, "1"))
    report = here.harvest(lying(httpserver, page(item(StatedRecord(made, OLD)))))
    assert len(report.refused) == 1
    assert not {"\u202e", "\n", "@"} & {*report.refused[0].reason}
    assert here.registry.listing.count() == 0


def test_one_bad_item_spoils_no_other(here, httpserver):
    good = item(StatedRecord(at(OLD, "zenodo", "1"), OLD), name="oai:x:1")
    wrong = [
        item(name="oai:x:2"),
        item(name=""),
        "<record/>",
        good.replace("zenodo:1", "").replace("oai:x:1", "oai:x:3"),
        item(StatedRecord(said("zenodo", "9"), OLD), name="oai:x:4").replace(
            "recordIdentifier", "recordName"
        ),
    ]
    report = here.harvest(lying(httpserver, page(good, *wrong)))
    assert report.new == 1
    assert len(report.refused) >= 4
    assert len(here.registry.harvests.rejected()) >= 2


@pytest.mark.parametrize("within", ["record", "document"])
def test_an_item_that_is_nested_without_end_is_rejected_alone(here, httpserver, within):
    good = item(StatedRecord(at(OLD, "zenodo", "1"), OLD), name="oai:x:1")
    deep = "<a>" * 5000 + "</a>" * 5000
    record = item(StatedRecord(at(OLD, "zenodo", "2"), OLD), name="oai:x:2")
    if within == "record":
        bad = record.replace("</fairreg:recordIdentifier>", f"</fairreg:recordIdentifier>{deep}", 1)
    else:
        bad = re.sub("<metadata>.*</metadata>", f"<metadata>{_RDF.format(deep)}</metadata>", record)
    assert deep in bad
    report = here.harvest(lying(httpserver, page(bad, good)))
    assert (report.new, len(report.refused)) == (1, 1)
    assert "oai:x:2 is nested" in report.refused[0].reason


_RDF = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">{}</rdf:RDF>'


def test_an_item_of_hundreds_of_statements_is_rejected_alone(here, httpserver):
    many = [StatedRecord(at(OLD, "zenodo", str(number), "doi:10.1234/1"), OLD) for number in range(101)]
    url = lying(httpserver, page(item(*many), item(*many[:100], name="oai:x:2")))
    report = here.harvest(url)
    assert (report.new, len(report.refused)) == (100, 1)
    assert "more than 100 statements" in report.refused[0].reason


@pytest.mark.parametrize("part", ["<a/>", '<a b=""/>'], ids=["elements", "attributes"])
def test_a_page_of_countless_parts_is_not_read(here, httpserver, part):
    with pytest.raises(BadAnswer, match="more than 500,000 elements and attributes"):
        here.harvest(lying(httpserver, page(f"<record>{part * 500_000}</record>")))


def test_a_list_that_goes_round_ends(here, httpserver):
    one = item(StatedRecord(at(OLD, "zenodo", "1"), OLD))
    with pytest.raises(BadAnswer, match="repeating"):
        here.harvest(lying(httpserver, page(one, token="a"), page(one, token="b"), page(one, token="a")))
    assert here.registry.listing.count() == 1
    httpserver.clear()
    with pytest.raises(BadAnswer, match="repeating"):
        here.harvest(lying(httpserver, page(token="c")), query="kind:model")


def test_a_token_that_it_forgot_starts_the_list_again(here, httpserver):
    one = item(StatedRecord(at(OLD, "zenodo", "1"), OLD))
    refused = (
        PAGE.replace("ListRecords", "Nothing")
        .format(records="", token="")
        .replace("<Nothing></Nothing>", '<error code="badResumptionToken">no \x9b such</error>')
    )
    assert here.harvest(lying(httpserver, page(one, token="a"), refused, page(one))).unchanged == 1
    httpserver.clear()
    with pytest.raises(FairregError, match="badResumptionToken"):
        here.harvest(lying(httpserver, refused), query="kind:model")


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE a [<!ENTITY b "c">]><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">&b;</OAI-PMH>',
        b"<a>" * 10_000,
        b'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"/>',
        b'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords><resumptionToken>'
        + b"x" * 5000
        + b"</resumptionToken></ListRecords></OAI-PMH>",
        b"\xff\xfe",
        b"",
    ],
)
def test_what_is_no_list_is_refused(here, httpserver, body):
    httpserver.expect_request("/oai").respond_with_data(body, content_type="text/xml")
    with pytest.raises(BadAnswer):
        here.harvest(httpserver.url_for("/"))
    assert here.registry.listing.count() == 0


def test_an_endless_answer_is_cut_off(here, httpserver, monkeypatch):
    monkeypatch.setattr("fairreg.harvesters.common.peers._MOST_OF_PAGE", 1000)
    with pytest.raises(BadAnswer):
        here.harvest(
            lying(httpserver, page(item(StatedRecord(said("zenodo", "1", description="x" * 2000), OLD))))
        )


def test_it_sends_this_registry_nowhere_else(here, httpserver, places):
    secret = places("secret")
    for where in (f"{secret.url}/oai", "http://169.254.169.254/oai", "http://[::1]/oai"):
        httpserver.clear()
        httpserver.expect_request("/oai").respond_with_response(
            Response(status=302, headers={"Location": where})
        )
        with pytest.raises(BadAnswer, match="which was not followed"):
            here.harvest(httpserver.url_for("/"))
    httpserver.clear()
    httpserver.expect_request("/oai").respond_with_response(
        Response(status=302, headers={"Location": "/there"})
    )
    httpserver.expect_request("/there").respond_with_data(
        page(item(StatedRecord(at(OLD, "zenodo", "1"), OLD)))
    )
    assert here.harvest(httpserver.url_for("/")).new == 1


def test_another_registry_cannot_speak_for_one_that_is_heard_itself(here, httpserver, places):
    there = places("there")
    there.registry.put(at(OLD, "fairreg", "zenodo:1", "doi:10.1234/1", name="theirs"), payload=b"{}")
    here.harvest(there)
    name = f"fairreg/{there.url.partition('//')[2]}"
    now = datetime.now(UTC).isoformat(timespec="seconds")
    here.harvest(lying(httpserver, page(item(StatedRecord(at(now, name, "zenodo:1", name="forged"), now)))))
    assert [one.record.name for one in here.registry.statements.of_source(name)] == ["theirs"]
    assert isinstance(here.registry, Registry)


PARTS = re.findall(
    r"<[^>]*>|[^<]+", item(StatedRecord(said("zenodo", "1", keywords=("a", "b")), OLD, OLD, "x"))
)


@given(
    st.lists(
        st.tuples(st.integers(0, len(PARTS) - 1), st.sampled_from(["", "twice", "next", "9", "\u202e"]))
    ),
)
@settings(max_examples=examples(30), deadline=None)
def test_whatever_an_item_holds_it_is_taken_or_rejected(changes):
    parts = list(PARTS)
    for place, change in changes:
        kinds = {"twice": parts[place] * 2, "next": parts[(place + 1) % len(parts)]}
        parts[place] = kinds.get(change, change)
    try:
        root = ET.fromstring(page("".join(parts)))
    except ET.ParseError:
        return
    run = PeerRun(
        _Nothing(), harvesters.get("http://there"), HarvestReport("http://there"), lambda _line: None
    )
    bad: list[RejectedPayload] = []
    for listed in peers._page_of(root, "there").items:
        heard = run._heard(listed, bad)
        for one in heard.statements or ():
            build_batch([one.submission])


class _Nothing:
    """A registry that knows no statement."""

    def statement(self, _source: str, _source_id: str) -> None:
        return None
