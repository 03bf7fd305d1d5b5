# SPDX-License-Identifier: MIT
"""Verbs, arguments and errors of OAI-PMH 2.0 over HTTP; `support.oai` checks the form of each answer."""

import base64
import re
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest
import requests
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fairreg.errors import UsageError
from fairreg.registry import catalogue
from fairreg.server.app import application
from fairreg.server.oai import admin_email_of, document_of
from fairreg.server.oai.tokens import decoded
from fairreg.server.site import Site
from fairreg.services.registry.shared_engine import shared_registry
from fairreg.settings import Settings
from support.examples import examples
from support.metadata_validators import faults
from support.oai import OAI, VERBS, ask, pages

PREFIXES = ("oai_dc", "datacite", "oai_datacite", "rdf")
LISTS = ("ListRecords", "ListIdentifiers")
HBB = "oai:127.0.0.1:doi:10.5281/zenodo.7305227"


@pytest.fixture(scope="module")
def lists(kept):
    """All pages of ListRecords, by prefix."""
    return {prefix: pages(kept, metadataPrefix=prefix) for prefix in PREFIXES}


def test_identify_says_who_keeps_what_since_when(kept):
    body = ask(kept, verb="Identify").body
    text = {item.tag.removeprefix(OAI): item.text for item in body}
    assert text["baseURL"] == f"{kept}/oai"
    assert text["protocolVersion"] == "2.0"
    assert text["adminEmail"] == "registry@example.org"
    assert text["deletedRecord"] == "persistent"
    assert text["granularity"] == "YYYY-MM-DDThh:mm:ssZ"
    stamps = [
        stamp
        for page in pages(kept, "ListIdentifiers", metadataPrefix="oai_dc")
        for _, stamp, *_ in page.headers
    ]
    assert text["earliestDatestamp"] == min(stamps)


@pytest.mark.parametrize(
    ("base_url", "host", "described"),
    [
        ("https://registry.example.org/fair", "registry.example.org", True),
        ("http://localhost:8080", "localhost", False),
        ("http://[::1]:8080", "localhost", False),
        ("http://192.0.2.1", "192.0.2.1", False),
    ],
)
def test_the_public_address_is_in_the_answers_and_its_host_in_the_identifiers(base_url, host, described):
    site = Site(Settings.from_environment(), base_url)
    with shared_registry(site.settings) as registry:
        root, named = (
            ET.fromstring(document_of(site, registry, pairs))
            for pairs in ([("verb", "Identify")], [("verb", "ListIdentifiers"), ("metadataPrefix", "rdf")])
        )
    assert root[1].text == f"{base_url}/oai"
    assert root.findtext(f".//{OAI}adminEmail") == f"no-reply@{host}.invalid"
    assert (root.find(f".//{OAI}description") is not None) == described
    assert all(item.text.startswith(f"oai:{host}:") for item in named.iter(f"{OAI}identifier"))


@pytest.mark.parametrize("given", ["nobody", "a@b", "a b@c.d", "", "a@b.c\x00"])
def test_a_server_does_not_start_with_an_address_that_is_none(given):
    site = Site(Settings.from_environment(), "http://127.0.0.1", admin_email=given)
    with pytest.raises(UsageError, match="is not an e-mail address that OAI-PMH allows"):
        application(site)
    assert (
        admin_email_of(Site(site.settings, site.base_url, "registry@example.org")) == "registry@example.org"
    )


def test_formats_and_sets_are_listed(kept):
    body = ask(kept, verb="ListMetadataFormats").body
    assert tuple(item[0].text for item in body) == PREFIXES
    of_one = ask(kept, verb="ListMetadataFormats", identifier=HBB).body
    assert tuple(item[0].text for item in of_one) == PREFIXES
    sets = {item[0].text: item[1].text for item in ask(kept, verb="ListSets").body}
    assert sets["kind:dataset"] == "Datasets"
    assert {"kind:model", "kind:software", "source:catalogue", "runnable"} <= sets.keys()
    for parent in ("kind", "source"):
        assert sets[parent]
        assert len(ask(kept, verb="ListIdentifiers", metadataPrefix="rdf", set=parent).headers) > 100


def test_an_entry_without_a_date_is_in_the_formats_that_need_none(kept):
    undated = next(record.identifier for record in catalogue.records() if record.year is None)
    listed = ask(kept, verb="ListMetadataFormats", identifier=f"oai:127.0.0.1:{undated}").body
    assert [item[0].text for item in listed] == ["oai_dc", "rdf"]
    asked = {"verb": "GetRecord", "identifier": f"oai:127.0.0.1:{undated}"}
    assert ask(kept, **asked, metadataPrefix="datacite").code == "cannotDisseminateFormat"
    assert ask(kept, **asked, metadataPrefix="oai_dc").code is None


@pytest.mark.parametrize("prefix", PREFIXES)
def test_every_record_is_listed_once_with_metadata_and_its_sets(kept, lists, prefix):
    listed = lists[prefix]
    known = {record.identifier: record for record in catalogue.records()}
    known = {name: item for name, item in known.items() if "datacite" not in prefix or item.year is not None}
    headers = [header for page in listed for header in page.headers]
    assert sorted(name.removeprefix("oai:127.0.0.1:") for name, *_ in headers) == sorted(known)
    assert sum(len(page.metadata) for page in listed) == len(known)
    for name, _, deleted, sets in headers:
        record = known[name.removeprefix("oai:127.0.0.1:")]
        assert not deleted
        assert sets[:2] == [f"kind:{record.kind}", "source:catalogue"]
    assert pages(kept, "ListIdentifiers", metadataPrefix=prefix)[0].headers == headers


@pytest.mark.parametrize(
    ("prefix", "name"), [("oai_dc", "dublin-core"), ("datacite", "datacite-xml"), ("oai_datacite",) * 2]
)
def test_payloads_are_valid_by_their_schemas(lists, prefix, name):
    for page in lists[prefix]:
        for element in page.metadata:
            assert faults(name.replace("_", "-"), ET.tostring(element, encoding="unicode")) == []


def test_a_set_holds_what_its_headers_say(kept):
    every = [
        header for page in pages(kept, "ListIdentifiers", metadataPrefix="rdf") for header in page.headers
    ]
    for spec in ("kind:model", "kind:dataset", "runnable", "source:catalogue"):
        listed = pages(kept, "ListIdentifiers", metadataPrefix="rdf", set=spec)
        found = [header for page in listed for header in page.headers]
        assert found == [header for header in every if spec in header[3]]
    for spec in (
        "kind:paper",
        "kind:software:x",
        "nothing",
        "source:nowhere",
        "source:~00",
        "source:~7e~",
    ):
        assert ask(kept, verb="ListRecords", metadataPrefix="oai_dc", set=spec).code == "noRecordsMatch"


GET = (("verb", "GetRecord"), ("metadataPrefix", "oai_dc"))
LIST = (("verb", "ListRecords"), ("metadataPrefix", "oai_dc"))
TOKEN = (("verb", "ListRecords"), ("resumptionToken", "x"))
DOI = "doi:10.5281/zenodo.7305227"
BAD = [
    ("badVerb", []),
    ("badVerb", [("verb", "")]),
    ("badVerb", [("verb", "identify")]),
    ("badVerb", [("verb", "Identify"), ("verb", "Identify")]),
    ("badVerb", [("Verb", "Identify")]),
    ("badArgument", [("verb", "Identify"), ("identifier", HBB)]),
    ("badArgument", [("verb", "Identify"), ("x", "")]),
    ("badArgument", [("verb", "ListSets"), ("set", "kind:model")]),
    ("badArgument", [("verb", "ListMetadataFormats"), ("metadataPrefix", "oai_dc")]),
    ("badArgument", [("verb", "GetRecord"), ("identifier", HBB)]),
    ("badArgument", [*GET]),
    ("badArgument", [*GET, ("identifier", "")]),
    ("badArgument", [*GET, ("identifier", HBB), ("identifier", HBB)]),
    ("badArgument", [*GET, ("identifier", HBB), ("from", "2026-01-01")]),
    ("badArgument", [("verb", "ListRecords")]),
    ("badArgument", [*LIST, LIST[1]]),
    ("badArgument", [LIST[0], ("metadataPrefix", "oai dc")]),
    ("badArgument", [*LIST, ("set", "kind::model")]),
    ("badArgument", [*LIST, ("set", "a b")]),
    ("badArgument", [*LIST, ("resumptionToken", "x")]),
    ("badArgument", [*TOKEN, ("from", "2026-01-01")]),
    ("badArgument", [*TOKEN, TOKEN[1]]),
    ("badArgument", [LIST[0], ("resumptionToken", "")]),
    ("badArgument", [("verb", "Identify"), *[("a", "b")] * 60]),
    ("badResumptionToken", [*TOKEN]),
    ("badResumptionToken", [("verb", "ListSets"), ("resumptionToken", "x")]),
    ("cannotDisseminateFormat", [LIST[0], ("metadataPrefix", "marc21")]),
    ("cannotDisseminateFormat", [GET[0], ("metadataPrefix", "marc21"), ("identifier", HBB)]),
    ("idDoesNotExist", [*GET, ("identifier", DOI)]),
    ("idDoesNotExist", [*GET, ("identifier", HBB + "%00")]),
    ("idDoesNotExist", [*GET, ("identifier", HBB.replace("/", "%2F"))]),
    ("idDoesNotExist", [*GET, ("identifier", HBB.replace("127", "128"))]),
    ("idDoesNotExist", [("verb", "ListMetadataFormats"), ("identifier", "<&>\"' \r\n")]),
]


@pytest.mark.parametrize("post", [False, True], ids=["GET", "POST"])
@pytest.mark.parametrize(("code", "pairs"), BAD)
def test_an_error_of_the_protocol_has_its_code(kept, code, pairs, post):
    assert ask(kept, *pairs, post=post).code == code


def test_characters_that_xml_forbids_are_left_out_of_the_repeated_arguments(kept):
    asked = {"verb": "ListMetadataFormats", "identifier": "a\x00\x07\x1f\ufffe\udfffb"}
    url = f"{kept}/oai?{urlencode(asked, errors='surrogatepass')}"
    root = ET.fromstring(requests.get(url, timeout=60).content)
    assert root[2].get("code") == "idDoesNotExist"
    assert re.fullmatch("a\ufffd*b", root[1].get("identifier"))


DATES = [
    ("badArgument", "2026", None),
    ("badArgument", "2026-11", None),
    ("badArgument", "2026-02-30", None),
    ("badArgument", "0000-01-01", None),
    ("badArgument", "2026-11-30T12:00Z", None),
    ("badArgument", "2026-11-30T12:00:00", None),
    ("badArgument", "2026-11-30T12:00:00+00:00", None),
    ("badArgument", "2026-11-30T12:00:00.5Z", None),
    ("badArgument", "2026-11-30T24:00:00Z", None),
    ("badArgument", "٢٠٢٦-11-30", None),
    ("badArgument", None, "tomorrow"),
    ("badArgument", "2026-01-02", "2026-01-01"),
    ("badArgument", "2026-01-01T00:00:01Z", "2026-01-01T00:00:00Z"),
    ("badArgument", "2026-01-01", "2026-01-01T00:00:00Z"),
    ("badArgument", "2026-01-01T00:00:00Z", "2026-01-01"),
    ("noRecordsMatch", "9999-12-31", None),
    ("noRecordsMatch", None, "1999-12-31"),
    ("noRecordsMatch", "1999-12-31T00:00:00Z", "1999-12-31T00:00:00Z"),
    (None, "2020-01-01", None),
    (None, None, "9999-12-31T23:59:59Z"),
    (None, "2020-01-01", "9999-12-31"),
]


@pytest.mark.parametrize("verb", LISTS)
@pytest.mark.parametrize(("code", "first", "last"), DATES)
def test_dates_are_days_or_seconds_both_alike_and_in_order(kept, verb, code, first, last):
    window = {name: value for name, value in (("from_", first), ("until", last)) if value is not None}
    assert ask(kept, verb=verb, metadataPrefix="oai_dc", **window).code == code


def test_both_ends_of_a_window_are_in_it(kept):
    (_, stamp, *_), *_ = ask(kept, verb="ListIdentifiers", metadataPrefix="oai_dc").headers
    for first, last in ((stamp, stamp), (stamp[:10], stamp[:10])):
        found = ask(kept, verb="ListIdentifiers", metadataPrefix="oai_dc", from_=first, until=last)
        assert len(found.headers) == len(catalogue.records())


def test_a_token_gives_the_same_page_again(kept):
    token = ask(kept, verb="ListRecords", metadataPrefix="oai_dc").token
    once, again = (ask(kept, verb="ListRecords", resumptionToken=token) for _ in range(2))
    assert once.headers == again.headers
    assert ask(kept, verb="ListRecords", resumptionToken=token, post=True).headers == once.headers
    assert ask(kept, verb="ListIdentifiers", resumptionToken=token).code == "badResumptionToken"
    assert decoded(token, "ListRecords").given == 100


def test_a_token_that_was_changed_is_refused(kept):
    token = ask(kept, verb="ListRecords", metadataPrefix="oai_dc").token
    content = base64.urlsafe_b64decode(token + "==")
    others = [
        token[:-1],
        token + "A",
        token.swapcase(),
        token + "=",
        base64.urlsafe_b64encode(content.replace(b"oai_dc", b"marc21")).decode().rstrip("="),
        "A" * 5000,
        "é",
    ]
    for other in others:
        assert ask(kept, verb="ListRecords", resumptionToken=other).code == "badResumptionToken"


def test_other_requests_are_problems_of_http(kept):
    url = f"{kept}/oai"
    assert requests.put(url, timeout=60).status_code == 405
    assert requests.head(url, params={"verb": "Identify"}, timeout=60).status_code == 200
    json = requests.post(url, json={"verb": "Identify"}, timeout=60)
    assert (json.status_code, json.headers["content-type"]) == (415, "application/problem+json")
    assert requests.post(url, data={"verb": "x" * 70_000}, timeout=60).status_code == 413
    assert ask(kept, ("verb", "Identify"), post=True).code is None
    both = requests.post(f"{url}?verb=Identify", data={"verb": "Identify"}, timeout=60)
    assert 'code="badVerb"' in both.text


def test_no_address_but_the_keepers_is_in_any_answer(lists):
    for listed in lists.values():
        text = "".join(page.response.text for page in listed)
        assert not re.search(r"\w@[\w-]+\.[a-z]{2,}", text)


names = st.sampled_from(
    ["verb", "identifier", "metadataPrefix", "from", "until", "set", "resumptionToken", "x"]
)
values = (
    st.sampled_from([*VERBS, *PREFIXES, HBB, "kind:model", ""])
    | st.sampled_from(["2026-01-01", "2099-01-01", "2026-01-01T00:00:00Z"])
    | st.text(max_size=20)
)  # fmt: skip


@settings(max_examples=examples(200), deadline=None)
@given(pairs=st.lists(st.tuples(names, values), max_size=5), verb=st.none() | st.sampled_from(VERBS))
@example(pairs=[("set", "source:\x00")], verb="ListRecords")
def test_any_arguments_have_a_well_formed_answer(kept, pairs, verb):
    given = [*([] if verb is None else [("verb", verb)]), *pairs]
    given = [(name, value.encode("utf-8", "replace").decode()) for name, value in given]
    response = requests.get(f"{kept}/oai", params=given, timeout=60)
    assert response.status_code == 200
    root = ET.fromstring(response.content)
    code = root[2].get("code")
    assert root[2].tag.removeprefix(OAI) in {*VERBS, "error"}
    verbs = [value for name, value in given if name == "verb"]
    assert (code == "badVerb") == (len(verbs) != 1 or verbs[0] not in VERBS)
    rest = [name for name, _ in given if name != "verb"]
    if code != "badVerb" and (len(rest) != len(set(rest)) or "x" in rest):
        assert code == "badArgument"
    if code in {"badVerb", "badArgument"}:
        assert root[1].attrib == {}
    elif code is None:
        assert root[1].attrib == dict(given)
