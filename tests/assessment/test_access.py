# SPDX-License-Identifier: MIT
"""Access to restricted objects: what counts as an address to request it at, and the verdicts per source."""

import copy

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg import harvesters
from fairreg.assessment import access
from fairreg.assessment.datasets.accessible import access as datasets_access
from fairreg.assessment.evidence import DataCiteFacts, Probe
from fairreg.assessment.indicators.a1_2 import says_how
from fairreg.email_addresses import NOTE
from fairreg.schemas.record import Access, Distribution
from harvesters.zenodo_payloads import RECORD
from support.examples import examples

from .samples import BARE, replaced, with_record

ANSWERS = ("ok", "denied", "absent")
FORM = "https://example.org/ask"
PAGE = "https://zenodo.org/records/1002"


def stated(conditions=None, level="restricted", **fields):
    return with_record(BARE, access=Access(level=level, conditions=conditions, **fields))


def answered(evidence, outcome, kind="file_range"):
    return replaced(evidence, probes=(Probe(kind=kind, outcome=outcome, detail="timed out"),))


@pytest.mark.parametrize(
    "conditions",
    [
        f"Ask the group at {FORM}",
        f"Access is granted to researchers after registration at {FORM}.",
        f"Apply: {FORM}",
        f"See {FORM}",
        FORM,
        f"For non-commercial use only.\nFill in the form ({FORM}).",
        f"Not public; request it via {FORM}",
        f"The data cannot be shared freely, but may be requested from {FORM}.",
        f"No access will be given without an application at {FORM}.",
        "Write to ada@example.org.",
        "Data access committee: ada@example.org",
        "mailto:ada@example.org",
        f"Do not hesitate to contact {FORM}",
        "Please do not hesitate to write to ada@example.org.",
        f"Access is restricted. Request it:\n{FORM}",
        f"The data are closed. Request access at {FORM}.",
        f"Restricted to members of the collaboration. {FORM}",
        "For access to the code and the data write to ada@example.org.",
    ],
)
def test_an_address_that_the_conditions_give_for_requests_counts(conditions):
    found = access.request_address(stated(conditions))
    assert found == (NOTE if "ada@" in conditions else FORM)


@pytest.mark.parametrize(
    "conditions",
    [
        "Ask the group.",
        "Please cite https://doi.org/10.1234/paper.",
        "The licence is at https://creativecommons.org/licenses/by-nc/4.0/.",
        "See the paper https://arxiv.org/abs/2212.05081 for details.",
        f"Access cannot be requested at {FORM}.",
        f"No requests are answered at {FORM}",
        "The detector is described at https://example.org/detector.",
        "Acknowledge ada@example.org in papers.",
        "TODO",
        "private repository",
        "withdrawn on 2024-01-01: see https://example.org/why",
        None,
    ],
)
def test_an_address_of_something_else_does_not_count(conditions):
    assert access.request_address(stated(conditions)) is None


@pytest.mark.parametrize(
    "conditions",
    [
        "The files are restricted. See https://home.cern for more about CERN.",
        f"See {FORM} for figures of the results.",
        f"For questions about the paper contact {FORM}.",
        f"The data policy of the experiment is available at {FORM}.",
        f"Photographs of the detector can be found via {FORM}",
        f"Follow the seminar at {FORM}",
    ],
)
def test_a_clause_that_points_to_something_else_gives_no_address(conditions):
    assert access.request_address(stated(conditions)) is None


@pytest.mark.parametrize(
    "conditions",
    [
        f"How to request access: TODO (link will be added here, e.g. {FORM}).",
        f"A request form will be available at {FORM}.",
        f"Access via {FORM} is planned.",
        f"The address to request access at is to be announced: {FORM}",
        f"Requests will be possible at {FORM} from next year on.",
        f"The request form at {FORM} has not been opened yet.",
        f"Access requests are not possible yet; see {FORM}",
        f"Access is granted to nobody before 2030, see {FORM}.",
        f"No access is given until May 2030, see {FORM}.",
    ],
)
def test_a_planned_address_gives_no_access_today(conditions):
    assert access.request_address(stated(conditions)) is None


@pytest.mark.parametrize(
    "conditions",
    [
        f"Details: {FORM}",
        f"For more information see {FORM}",
        f"See {FORM} for the conditions of access.",
        f"The weights are available via {FORM}",
        f"Follow the instructions at {FORM}",
        f"Access will be granted after registration at {FORM}.",
        f"A link to the files will be sent to you: ask at {FORM}",
        f"For questions about access contact {FORM}",
        f"No files are given before you sign the form at {FORM}",
        "Members of the collaboration log in at https://example.org/ask",
    ],
)
def test_a_clause_that_points_to_the_way_to_the_files_gives_an_address(conditions):
    assert access.request_address(stated(conditions)) == FORM


def test_an_address_for_the_training_data_is_none_for_the_model():
    told = f"The dataset it was trained on can be requested at {FORM}; the model cannot."
    assert access.request_address(stated(told)) is None
    assert access.request_address(stated(told), of_data=True) == FORM
    both = f"The model and the training data can be requested at {FORM}."
    assert access.request_address(stated(both)) == FORM


CLOSED = (
    f"Access was formerly requested at {FORM}, the form is closed.",
    "Requests to ada@example.org are refused.",
    f"The request form {FORM} does not work any more.",
    f"Access cannot be requested; see {FORM} for reasons.",
    "Access is granted to nobody. Complaints: ada@example.org.",
    "The files are not given to anybody. The code is available at https://github.com/org/repo.",
    "The data are closed. See https://group.example.org for our other work.",
    "Access is closed for good. Follow us at https://twitter.com/group.",
    f"We are unable to grant access, see {FORM}.",
    f"All requests will be refused: {FORM}",
    f"Data access is impossible; see {FORM}",
    f"Requests are declined. {FORM}",
    "The address ada@example.org for requests is no longer in use.",
    "The data are closed for good.",
)


@pytest.mark.parametrize(
    "conditions",
    [
        *CLOSED,
        "Report bugs to bugs@example.org",
        f"Copyright forms apply. {FORM}",
        f"Project web page: {FORM}",
    ],
)
def test_words_that_refuse_access_or_give_another_address_are_no_way_to_it(conditions):
    evidence = answered(stated(conditions), "denied")
    assert access.request_address(evidence) is None
    assert says_how.assess(evidence).verdict == "partial"


@pytest.mark.parametrize("conditions", CLOSED)
def test_a_dataset_that_is_closed_for_good_fails_the_essential_check(conditions):
    assert datasets_access.assess(stated(conditions, level="closed")).verdict == "fail"


@pytest.mark.parametrize(
    "note", ["private repository", "not public", "metadata-only", "withdrawn by its source", "TODO", None]
)
def test_a_note_of_a_harvester_states_no_conditions(note):
    assert access.stated_conditions(stated(note)) is None


@pytest.mark.long
def test_conditions_of_any_length_are_read_in_linear_time():
    for text in ("ask " * 100_000, "no " * 100_000, "https://" * 50_000, "(e-mail address) but " * 20_000):
        access.request_address(stated(text))


@pytest.mark.parametrize(
    ("outcome", "conditions", "verdict"),
    [
        ("denied", f"Ask at {FORM}", "pass"),
        ("denied", "Ask the group.", "partial"),
        ("denied", None, "partial"),
        ("absent", f"Ask at {FORM}", "partial"),
        ("absent", "Ask the group.", "partial"),
        ("absent", None, "fail"),
        ("ok", f"Ask at {FORM}", "partial"),
        ("ok", "Ask the group.", "partial"),
        ("ok", None, "fail"),
        ("failed", f"Ask at {FORM}", "unknown"),
        ("failed", "Ask the group.", "partial"),  # whatever the host would answer
        ("failed", None, "unknown"),
        ("not_probed", "Ask the group.", "unknown"),
        ("not_probed", None, "unknown"),
    ],
)
@pytest.mark.parametrize("kind", ["file_range", "file_access"])
def test_the_answer_of_the_host_and_the_address_decide(outcome, conditions, verdict, kind):
    found = says_how.assess(answered(stated(conditions), outcome, kind))
    assert found.verdict == verdict, found.reason


def test_a_probe_that_was_not_made_is_named():
    assert "No file has an address" in says_how.assess(stated(f"Ask at {FORM}")).reason
    assert "timed out" in says_how.assess(answered(stated(), "failed", "file_access")).reason
    assert "offline" in says_how.assess(replaced(stated(), offline=True)).reason


@pytest.mark.parametrize(
    ("until", "outcome", "verdict"),
    [
        ("2026-01-01", "ok", "not_applicable"),
        ("2026-01-01", "denied", "partial"),
        ("2030-01-01", "ok", "partial"),
        ("2030-01-01", "denied", "partial"),
        (None, "ok", "fail"),
    ],
)
def test_an_embargo_ends_on_its_date(until, outcome, verdict):
    found = says_how.assess(answered(stated(None, "embargoed", until=until), outcome))
    assert found.verdict == verdict


def test_the_access_that_only_datacite_states_is_read_and_cited():
    closed = with_record(BARE, access=Access(level="closed", conditions=f"Apply at {FORM}")).record
    evidence = replaced(answered(BARE, "denied"), datacite=DataCiteFacts(closed, "findable"))
    found = says_how.assess(evidence)
    assert (found.verdict, found.evidence[0].source) == ("pass", "datacite")


def zenodo(**fields):
    payload = copy.deepcopy(RECORD)
    metadata = {**payload["metadata"], **fields.pop("metadata", {"access_right": "restricted"})}
    return harvesters.get("zenodo").to_record({**payload, "metadata": metadata, **fields})


def settings_of(**values):
    return {"access": {"settings": values}}


@pytest.mark.parametrize(
    ("fields", "address"),
    [
        ({"parent": settings_of(allow_user_requests=True, allow_guest_requests=False)}, PAGE),
        ({"parent": settings_of(allow_guest_requests=True, accept_conditions_text="<p>Be fair</p>")}, PAGE),
        ({"parent": settings_of(allow_user_requests=False, allow_guest_requests=False)}, None),
        ({"links": {"access_request": f"{PAGE}/access/request"}}, None),  # any record has that link
        (
            {
                "links": {"access_request": "https://zenodo.org/api/records/1002/access/request"},
                "metadata": {"access_right": "restricted", "access_conditions": "Be fair."},
            },
            PAGE,
        ),
        (
            {
                "links": {"access_request": "https://zenodo.org/api/records/1002/access/request"},
                "metadata": {"access_right": "restricted", "access_conditions": "Be fair."},
                "parent": settings_of(allow_user_requests=False, allow_guest_requests=False),
            },
            None,
        ),
        (
            {
                "metadata": {
                    "access_right": "restricted",
                    "access_conditions": f'<p>Apply <a class="b" href="{FORM}">here</a>.</p>',
                }
            },
            FORM,
        ),
        (
            {
                "metadata": {
                    "access_right": "closed",
                    "access_conditions": '<a href="mailto:ada@example.org">Write to us</a>',
                }
            },
            NOTE,
        ),
    ],
)
def test_zenodo_has_a_request_form_where_the_payload_says_so(fields, address):
    record = zenodo(**fields)
    assert access.request_address(replaced(BARE, record=record)) == address


def test_the_page_of_a_gated_repository_of_the_hub_is_its_form():
    record = harvesters.get("huggingface").to_record({"id": "lab/x", "gated": "auto", "sha": "1"})
    assert access.request_address(replaced(BARE, record=record)) == "https://huggingface.co/lab/x"


SERVABLE = {
    "datacite": {"titles": [{"title": "Tagger"}]},
    "dlhub": {"owner": "ada", "name": "tagger", "visible_to": ["urn:globus:auth:identity:1"]},
    "servable": {"type": "Keras Model"},
}
WORDS = st.sampled_from(
    [None, "Ask the group.", f"<p>Ask at {FORM}</p>", "TODO", "<a href='mailto:a@b.org'>Us</a>"]
)


@st.composite
def zenodo_records(draw):
    """Draw restricted records in both shapes."""
    level = draw(st.sampled_from(["restricted", "embargoed", "closed"]))
    parent = settings_of(allow_user_requests=draw(st.sampled_from([None, True, False])))
    fields = {"files": draw(st.sampled_from([[], RECORD["files"]])), "parent": parent}
    until = draw(st.sampled_from([None, "2020-01-01", "2040-01-01"]))
    if draw(st.booleans()):
        native = {"status": level, "files": "restricted", "embargo": {"until": until, "reason": draw(WORDS)}}
        return zenodo(metadata={"access_right": None}, access=native, **fields)
    metadata = {"access_right": level, "access_conditions": draw(WORDS), "embargo_date": until}
    return zenodo(metadata=metadata, **fields)


@st.composite
def hub_records(draw):
    """Draw gated, private and disabled repositories."""
    state = draw(
        st.sampled_from([{"gated": "auto"}, {"gated": "manual"}, {"private": True}, {"disabled": True}])
    )
    files = [{"rfilename": name} for name in draw(st.sampled_from([[], ["model.onnx", "README.md"]]))]
    info = {"id": "lab/x", "sha": "1", "siblings": files, "cardData": {"extra_gated_prompt": draw(WORDS)}}
    return harvesters.get("huggingface").to_record({**info, **state})


@st.composite
def github_records(draw):
    """Draw private and disabled repositories."""
    state = draw(st.sampled_from([{"private": True}, {"visibility": "internal"}, {"disabled": True}]))
    repository = {"id": 1, "full_name": "lab/x", "html_url": "https://github.com/lab/x", **state}
    return harvesters.get("github").to_record(repository)


@st.composite
def other_records(draw):
    """Draw restricted records of DLHub and DataCite."""
    if draw(st.booleans()):
        return harvesters.get("dlhub").to_record(SERVABLE)
    rights = draw(st.sampled_from(["Restricted Access", "Closed Access", "Embargoed Access"]))
    attributes = {
        "doi": "10.1234/x",
        "titles": [{"title": "Tagger"}],
        "rightsList": [{"rights": rights}],
        "dates": [{"dateType": "Available", "date": "2040-01-01"}],
    }
    return harvesters.get("datacite").to_record({"data": {"id": "10.1234/x", "attributes": attributes}})


RECORDS = st.one_of(zenodo_records(), hub_records(), github_records(), other_records())


@settings(max_examples=examples(300))
@given(record=RECORDS, outcome=st.sampled_from(ANSWERS), kind=st.sampled_from(["file_range", "file_access"]))
def test_a_restricted_record_of_any_source_has_a_verdict_where_the_probe_was_answered(record, outcome, kind):
    evidence = answered(replaced(BARE, record=record), outcome, kind)
    found = says_how.assess(evidence)
    if access.embargo_ended(evidence) and outcome == "ok":
        assert found.verdict in {"not_applicable", "fail", "partial"}
        return
    address, words = access.request_address(evidence), access.stated_conditions(evidence)
    met = (outcome == "denied") + (address is not None)
    expected = "pass" if met == 2 else "partial" if met or words else "fail"
    assert found.verdict == expected


@settings(max_examples=examples(100))
@given(record=RECORDS, outcome=st.sampled_from(["failed", "not_probed"]))
def test_without_an_answer_the_verdict_is_unknown_unless_no_answer_could_change_it(record, outcome):
    evidence = answered(replaced(BARE, record=record), outcome)
    found = says_how.assess(evidence)
    alike = access.stated_conditions(evidence) and not access.request_address(evidence)
    assert found.verdict == ("partial" if alike and outcome == "failed" else "unknown")
    assert "not" in found.reason or "timed out" in found.reason


@settings(max_examples=examples(100))
@given(record=RECORDS, outcome=st.sampled_from(["ok", "absent", "failed", "not_probed"]))
def test_an_open_record_needs_no_way_to_get_access(record, outcome):
    opened = msgspec.structs.replace(record, access=Access(level="open", conditions=record.access.conditions))
    assert says_how.assess(answered(replaced(BARE, record=opened), outcome)).verdict == "not_applicable"


@pytest.mark.parametrize(
    ("conditions", "of_model", "of_data"),
    [
        (None, "partial", "fail"),
        ("Please cite the paper.", "partial", "fail"),
        ("Ask the group.", "partial", "partial"),
        (f"Ask at {FORM}", "pass", "pass"),
    ],
)
def test_what_is_stated_as_open_and_refused_is_not_open(conditions, of_model, of_data):
    refused = answered(stated(conditions, "open"), "denied")
    assert says_how.assess(refused).verdict == of_model
    found = datasets_access.assess(refused)
    assert found.verdict == of_data, found.reason
    assert "stated as open, and the host refuses a file" in found.reason
    assert any(item.source == "probe" for item in found.evidence)
    side_file = replaced(refused, probes=(Probe(kind="file_range", outcome="denied", file="README.md"),))
    assert datasets_access.assess(side_file).verdict == "pass"


@pytest.mark.parametrize("outcome", ["ok", "absent", "failed", "not_probed"])
def test_open_data_that_nobody_refuses_state_their_access(outcome):
    assert datasets_access.assess(answered(stated(None, "open"), outcome)).verdict == "pass"


@pytest.mark.parametrize(
    ("until", "outcome", "verdict"),
    [
        ("2026-01-01", "ok", "pass"),
        ("2026-01-01", "denied", "partial"),
        ("2026-01-01", "not_probed", "partial"),
        ("2030-01-01", "ok", "partial"),
        (None, "ok", "fail"),
    ],
)
def test_data_whose_embargo_has_ended_are_open_where_the_file_is_given(until, outcome, verdict):
    found = datasets_access.assess(answered(stated(None, "embargoed", until=until), outcome))
    assert found.verdict == verdict, found.reason


@settings(max_examples=examples(100))
@given(record=st.one_of(github_records(), other_records()))
def test_what_a_harvester_notes_of_a_closed_record_is_no_procedure(record):
    words = access.stated_conditions(replaced(BARE, record=record))
    assert words is None or words.startswith("embargoed until")


@pytest.mark.parametrize("state", [{"private": True}, {"disabled": True}])
def test_a_private_or_disabled_repository_of_the_hub_states_no_conditions(state):
    record = harvesters.get("huggingface").to_record({"id": "lab/x", "sha": "1", **state})
    evidence = replaced(BARE, record=record)
    assert access.stated_conditions(evidence) is None
    assert access.request_address(evidence) is None


def test_a_side_file_that_is_given_says_nothing():
    files = (Distribution(name="README.md", url="https://x.org/README.md"),)
    evidence = with_record(stated(f"Ask at {FORM}"), distributions=files)
    probe = Probe(kind="file_range", outcome="ok", file="README.md")
    assert says_how.assess(replaced(evidence, probes=(probe,))).verdict == "unknown"
    listed = Probe(kind="file_access", outcome="denied")
    assert says_how.assess(replaced(evidence, probes=(probe, listed))).verdict == "pass"
