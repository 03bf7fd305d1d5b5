# SPDX-License-Identifier: MIT
import pytest
from werkzeug import Response

from fairreg.errors import BadAnswer, Gone, IdentifierError, NotFound, Unreachable
from fairreg.harvesters.base import FetchedPayload
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import ModelRecord, Provenance
from fairreg.services.fetch.resolve import check_answer, resolve
from support import hbb

SPELLINGS = [
    hbb.DOI,
    f"https://doi.org/{hbb.DOI}",
    "https://zenodo.org/records/7305227",
    "https://zenodo.org/record/7305227",
    "zenodo.7305227",
    "7305227",
]


@pytest.fixture
def services(httpserver):
    hbb.serve(httpserver, b"content")
    return httpserver


@pytest.mark.parametrize("pid", SPELLINGS)
def test_every_spelling_leads_to_the_record(web, services, pid):
    resolution = resolve(web, pid)
    assert resolution.record.doi == hbb.DOI
    assert resolution.record.concept_doi == hbb.CONCEPT
    assert not resolution.is_concept
    assert [item.name for item in resolution.record.distributions] == [hbb.NAME]


@pytest.mark.parametrize("pid", [hbb.CONCEPT, "https://zenodo.org/records/7305173"])
def test_a_concept_leads_to_its_newest_version_and_says_so(web, services, pid):
    resolution = resolve(web, pid)
    assert resolution.is_concept
    assert resolution.record.doi == hbb.DOI
    assert "concept DOI" in resolution.steps[-1].detail


def test_the_record_says_when_it_was_retrieved_and_from_what(web, services):
    provenance = resolve(web, hbb.DOI).record.provenance
    assert provenance.retrieved
    assert len(provenance.payload_sha256) == 64


def short_doi(httpserver, name, **value):
    answer = {"responseCode": 1, "handle": name, "values": [{"index": 1, "type": "HS_SITE", **value}]}
    httpserver.expect_request(f"/doi/api/handles/{name}").respond_with_json(answer)


@pytest.mark.parametrize("pid", ["10/GFVZ2D", "https://doi.org/gfvz2d"])
def test_a_short_doi_is_resolved_online(web, services, pid):
    short_doi(services, "10/gfvz2d", type="HS_ALIAS", data={"format": "string", "value": hbb.DOI})
    resolution = resolve(web, pid)
    assert resolution.record.doi == hbb.DOI
    assert resolution.steps[0].detail == f"10/gfvz2d is short for {hbb.DOI}"


def test_a_short_doi_without_a_whole_one_is_not_found(web, services):
    short_doi(services, "10/gfvz2d")
    with pytest.raises(NotFound, match="10/gfvz2d is not a short DOI") as caught:
        resolve(web, "10/gfvz2d")
    assert caught.value.hint == "Give the whole DOI."


def test_an_answer_about_another_short_doi_is_a_bad_answer(web, services):
    alias = {"index": 1, "type": "HS_ALIAS", "data": {"format": "string", "value": hbb.DOI}}
    services.expect_request("/doi/api/handles/10/abcde").respond_with_json(
        {"responseCode": 1, "handle": "10/zzzzz", "values": [alias]}
    )
    with pytest.raises(BadAnswer, match="asked for 10/abcde and answered with another record, 10/zzzzz"):
        resolve(web, "10/abcde")


def not_zenodo(httpserver, number):
    for path in (number, f"{number}/versions/latest"):
        httpserver.expect_request(f"/zenodo/api/records/{path}").respond_with_json(
            {"status": 404, "message": "The persistent identifier does not exist."}, status=404
        )
    httpserver.expect_request("/zenodo/api/records").respond_with_json({"hits": {"hits": [], "total": 0}})


def test_a_concept_that_the_source_does_not_know_is_found_by_datacite(web, httpserver):
    not_zenodo(httpserver, "7305173")
    hbb.serve(httpserver, b"content")
    resolution = resolve(web, hbb.CONCEPT)
    assert (resolution.record.doi, resolution.is_concept) == (hbb.DOI, True)


def test_a_source_that_is_down_leaves_the_registered_metadata_and_the_fault(web, httpserver):
    httpserver.expect_request("/zenodo/api/records/7305227").respond_with_data("", status=500)
    hbb.serve(httpserver, b"content")
    resolution = resolve(web, hbb.DOI)
    assert resolution.source is None
    assert isinstance(resolution.fault, Unreachable)
    assert resolution.record.provenance.source == "datacite"


def test_datacite_may_be_down(web, httpserver):
    httpserver.expect_request(f"/datacite/dois/{hbb.DOI}").respond_with_data("", status=503)
    hbb.serve(httpserver, b"content")
    assert resolve(web, hbb.DOI).record.doi == hbb.DOI


def test_a_doi_of_elsewhere_leads_through_doi_org_to_its_source(web, httpserver):
    """A DOI that Zenodo hosts but did not mint."""
    httpserver.expect_request("/datacite/dois/10.1234/model").respond_with_json({"errors": []}, status=404)
    httpserver.expect_request("/doi/10.1234/model").respond_with_response(
        Response(status=302, headers={"Location": "https://zenodo.org/records/7305227"})
    )
    hbb.serve(httpserver, b"content")
    assert resolve(web, "10.1234/model").record.provenance.source == "zenodo"


def test_a_doi_without_a_known_source_gives_its_registered_metadata(web, httpserver):
    document = hbb.registration("10.1234/model")
    document["data"]["attributes"]["url"] = "https://repository.example.org/1"
    httpserver.expect_request("/datacite/dois/10.1234/model").respond_with_json(document)
    resolution = resolve(web, "10.1234/model")
    assert resolution.source is None
    assert "cannot list the files there" in resolution.fault.message


def test_a_withdrawn_record_is_gone_with_its_reason(web, httpserver):
    body = {"status": 410, "message": "Record deleted", "tombstone": {"note": "Withdrawn by its author."}}
    httpserver.expect_request("/zenodo/api/records/7305227").respond_with_json(body, status=410)
    hbb.serve(httpserver, b"content")
    with pytest.raises(Gone, match="Withdrawn by its author"):
        resolve(web, hbb.DOI)


def test_the_reason_of_a_withdrawal_holds_no_email_address(web, httpserver):
    body = {"status": 410, "tombstone": {"note": "Ask ada&#64;cern.ch (Geneva)."}}
    httpserver.expect_request("/zenodo/api/records/7305227").respond_with_json(body, status=410)
    hbb.serve(httpserver, b"content")
    with pytest.raises(Gone, match=r"Ask \(e-mail address\) \(Geneva\)"):
        resolve(web, hbb.DOI)


def test_an_unknown_doi_is_not_found(web, httpserver):
    httpserver.expect_request("/datacite/dois/10.1234/none").respond_with_json({"errors": []}, status=404)
    httpserver.expect_request("/doi/10.1234/none").respond_with_data("", status=404)
    with pytest.raises(NotFound, match="do not know it"):
        resolve(web, "10.1234/none")


def test_nothing_reachable_is_unreachable(web, httpserver):
    for path in ("/datacite/dois/10.1234/none", "/doi/10.1234/none"):
        httpserver.expect_request(path).respond_with_data("", status=503)
    with pytest.raises(Unreachable):
        resolve(web, "10.1234/none")


def test_what_is_no_identifier_is_a_usage_error(web):
    with pytest.raises(IdentifierError):
        resolve(web, "not an identifier")


@pytest.mark.parametrize(
    "answer",
    [
        Response(status=403),
        Response('{"data": {}}', mimetype="application/json"),
        Response("<html>", mimetype="text/html"),
        Response(status=302, headers={"Location": "http://10.0.0.1/x"}),
    ],
)
def test_whatever_datacite_answers_the_source_is_asked(web, httpserver, answer):
    httpserver.expect_request(f"/datacite/dois/{hbb.DOI}").respond_with_response(answer)
    hbb.serve(httpserver, b"content")
    resolution = resolve(web, hbb.DOI)
    assert resolution.record.provenance.source == "zenodo"
    assert resolution.steps[0].outcome == "unreachable"


def test_a_journal_page_behind_a_doi_is_named(web, httpserver):
    """A DOI of another registration agency: DataCite has no answer, doi.org leads to a page."""
    httpserver.expect_request("/datacite/dois/10.1234/paper").respond_with_json({"errors": []}, status=404)
    httpserver.expect_request("/doi/10.1234/paper").respond_with_response(
        Response(status=302, headers={"Location": "https://journal.example.org/1"})
    )
    with pytest.raises(
        NotFound, match=r"10.1234/paper leads to https://journal.example.org/1; fairreg cannot"
    ):
        resolve(web, "10.1234/paper")


def answer(**fields):
    values = {"identifier": "doi:10.5281/zenodo.1020", "kind": "model", "name": "a"} | fields
    return ModelRecord(provenance=Provenance("zenodo", values.pop("source_id", "1020")), **values)


def fetched(url="https://zenodo.org/api/records/424242", *, concept=False):
    return FetchedPayload({}, b"{}", url, asked_concept=concept)


RECORD = answer(identifiers=(Identifier("doi", "10.5281/zenodo.1020"), Identifier("zenodo", "1020")))
REPOSITORY = answer(
    identifier="github:lab/new", source_id="7", identifiers=(Identifier("github", "lab/new"),)
)


@pytest.mark.parametrize(
    ("record", "asked", "how"),
    [
        (RECORD, Identifier("zenodo", "1020"), fetched()),
        (RECORD, Identifier("doi", "10.5281/ZENODO.1020"), fetched()),
        (RECORD, Identifier("zenodo", "424242"), fetched(concept=True)),
        (REPOSITORY, Identifier("github", "LAB/new"), fetched("https://api.github.com/repos/lab/new")),
        (answer(source_id="org/Name"), Identifier("huggingface", "org/name"), fetched("https://hub")),
    ],
)
def test_an_answer_that_names_what_was_asked_is_taken(record, asked, how):
    assert check_answer(record, asked, how, "Service") == ""


@pytest.mark.parametrize(
    ("record", "asked", "how"),
    [
        (RECORD, Identifier("zenodo", "424242"), fetched()),
        (RECORD, Identifier("doi", "10.5281/zenodo.99"), fetched("https://zenodo.org/api/records")),
        (RECORD, Identifier("doi", "10.1234/x/y"), fetched("https://elsewhere")),
        (REPOSITORY, Identifier("github", "lab/old"), fetched("https://api.github.com/repos/lab/old")),
        (REPOSITORY, Identifier("huggingface", "lab/old"), fetched("https://hub")),
        (REPOSITORY, Identifier("github", "lab/old"), fetched("https://api.github.com/repos/evil/other")),
    ],
)
def test_any_other_record_is_a_bad_answer(record, asked, how):
    with pytest.raises(BadAnswer, match="answered with another record"):
        check_answer(record, asked, how, "Service")


def test_a_repository_under_a_new_name_is_taken_and_said():
    moved = fetched("https://api.github.com/repositories/7")
    said = check_answer(REPOSITORY, Identifier("github", "lab/old"), moved, "GitHub")
    assert said == "; lab/old is its former name"


@pytest.mark.parametrize("tag", ["", "@v0.9"])
def test_a_former_name_that_the_record_states_is_said_and_needs_a_new_address(tag):
    names = (Identifier("github", f"lab/new{tag}"), Identifier("github", f"lab/ne{tag}", "an earlier name"))
    record = answer(identifier=f"github:lab/new{tag}", source_id=f"7{tag}", identifiers=names)
    former = names[1].bare
    for moved in ("https://api.github.com/repositories/7", "https://api.github.com/repos/lab/new?x=1"):
        assert check_answer(record, former, fetched(moved), "GitHub") == "; lab/ne is its former name"
    assert check_answer(record, names[0], fetched("https://api.github.com/repositories/7"), "GitHub") == ""
    with pytest.raises(BadAnswer, match="answered with another record"):
        check_answer(record, former, fetched("https://api.github.com/repos/lab/ne"), "GitHub")


def test_tags_that_differ_in_case_are_two_releases():
    record = answer(
        identifier="github:lab/new@V1.0",
        source_id="7@V1.0",
        identifiers=(Identifier("github", "lab/new@V1.0"),),
    )
    page = fetched("https://api.github.com/repos/lab/new")
    assert check_answer(record, Identifier("github", "LAB/new@V1.0"), page, "GitHub") == ""
    with pytest.raises(BadAnswer, match="answered with another record"):
        check_answer(record, Identifier("github", "lab/new@v1.0"), page, "GitHub")
