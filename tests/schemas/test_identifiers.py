# SPDX-License-Identifier: MIT
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg import harvesters
from fairreg.errors import IdentifierError
from fairreg.schemas import identifiers
from fairreg.schemas.identifiers import (
    Identifier,
    RequestedIdentifier,
    normalise_doi,
    normalise_orcid,
    parse,
    zenodo_of_doi,
)
from fairreg.source_row import is_tag
from support.examples import examples

HBB = Identifier("doi", "10.5281/zenodo.7305227")


@pytest.mark.parametrize(
    "text",
    [
        "10.5281/zenodo.7305227",
        "10.5281/ZENODO.7305227",
        " doi:10.5281/zenodo.7305227 ",
        "DOI: 10.5281/zenodo.7305227",
        "https://doi.org/10.5281/zenodo.7305227",
        "http://dx.doi.org/10.5281/zenodo.7305227",
        "doi.org/10.5281/zenodo.7305227",
        "https://www.doi.org/10.5281%2Fzenodo.7305227",
        "doi:10.5281%2Fzenodo.7305227",
        "(https://doi.org/10.5281/zenodo.7305227).",
        "<10.5281/zenodo.7305227>,",
        "info:doi/10.5281/zenodo.7305227",
        "https://zenodo.org/doi/10.5281/zenodo.7305227",
        "https://zenodo.org/badge/DOI/10.5281/zenodo.7305227.svg",
        "zenodo.7305227",
        "Zenodo.7305227",
    ],
)
def test_every_spelling_of_a_doi_is_the_same_identifier(text):
    assert parse(text) == HBB


@pytest.mark.parametrize(
    ("text", "scheme", "value"),
    [
        ("https://zenodo.org/records/7305227", "zenodo", "7305227"),
        ("https://zenodo.org/record/7305227#.Y2", "zenodo", "7305227"),
        ("zenodo.org/records/7305227/files/a.zip?download=1", "zenodo", "7305227"),
        ("https://zenodo.org/api/records/7305227", "zenodo", "7305227"),
        ("zenodo:7305227", "zenodo", "7305227"),
        ("oai:zenodo.org:7305227", "zenodo", "7305227"),
        ("7305227", "zenodo", "7305227"),
        ("arXiv:2212.05081v3", "arxiv", "2212.05081"),
        ("https://arxiv.org/abs/2212.05081", "arxiv", "2212.05081"),
        ("https://arxiv.org/pdf/2212.05081v1.pdf", "arxiv", "2212.05081"),
        ("hep-ph/9901234", "arxiv", "hep-ph/9901234"),
        ("0000-0002-5076-7096", "orcid", "0000-0002-5076-7096"),
        ("https://orcid.org/0000-0002-1694-233X", "orcid", "0000-0002-1694-233X"),
        ("swh:1:dir:" + "d" * 40, "swhid", "swh:1:dir:" + "d" * 40),
        ("https://archive.softwareheritage.org/swh:1:rev:" + "1" * 40, "swhid", "swh:1:rev:" + "1" * 40),
        ("hf:org/name", "huggingface", "org/name"),
        ("org/name", "huggingface", "org/name"),
        ("https://huggingface.co/org/name/tree/main", "huggingface", "org/name"),
        ("hf.co/datasets/org/name", "huggingface", "datasets/org/name"),
        (
            "https://github.com/FAIR4HEP/hbb_interaction_network/tree/v0.1.1",
            "github",
            "FAIR4HEP/hbb_interaction_network",
        ),
        ("git@github.com:FAIR4HEP/hbb.git", "github", "FAIR4HEP/hbb"),
        ("github:FAIR4HEP/hbb", "github", "FAIR4HEP/hbb"),
        ("https://opendata.cern.ch/record/12102", "cernopendata", "12102"),
        ("10.1016/S0370-2693(97)00015-5", "doi", "10.1016/s0370-2693(97)00015-5"),
        ("https://example.org/model?x=1", "url", "https://example.org/model?x=1"),
    ],
)
def test_pasted_identifiers_of_each_kind_are_recognised(text, scheme, value):
    assert parse(text) == Identifier(scheme, value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "10.YET/UNASSIGNED",
        "10.XXXX/XXXX",
        "10.5281/",
        "Hbb tagger",
        "0000-0002-5076-7097",
        "file:///etc/passwd",
        "1",
    ],
)
def test_what_is_no_identifier_is_refused_in_one_sentence_with_a_hint(text):
    with pytest.raises(IdentifierError, match="is not an identifier") as caught:
        parse(text)
    assert caught.value.exit_code == 2
    assert caught.value.hint


def test_a_sandbox_record_is_not_taken_for_one_of_zenodo():
    assert parse("https://sandbox.zenodo.org/records/1234").scheme == "url"


@pytest.mark.parametrize("orcid", ["0000-0002-5076-7097", "####", "Your ORCID", "0000-0000-0000-0000"])
def test_an_orcid_with_a_wrong_checksum_is_none(orcid):
    assert normalise_orcid(orcid) is None


def test_doi_schemes_share_a_key_but_differ():
    assert Identifier("concept_doi", "10.1234/a").key == Identifier("doi", "10.1234/A").key
    assert Identifier("concept_doi", "10.1234/a") != Identifier("doi", "10.1234/a")


def test_only_dois_of_zenodo_hold_a_record_number():
    assert zenodo_of_doi("10.5281/zenodo.7305227") == "7305227"
    assert zenodo_of_doi("10.1234/zenodo.7305227") is None


@given(st.from_regex(r"\A10\.[0-9]{4,9}/[a-z0-9._:;()+-]{1,20}\Z"))
def test_a_doi_survives_its_own_url(text):
    found = normalise_doi(text)
    if found is not None:
        assert found == found.lower()
        assert parse(str(Identifier("doi", found).url)).value == found


@given(st.text(max_size=60))
def test_parsing_any_text_gives_an_identifier_or_an_identifier_error(text):
    try:
        found = parse(text)
    except IdentifierError:
        return
    assert found.value
    if found.url is not None:
        assert parse(found.url).key == found.key


@pytest.mark.parametrize("text", ["10.1234/\udcff", "https://example.org/\ud800", "org/name\udfff"])
def test_half_of_a_surrogate_pair_is_in_no_identifier(text):
    with pytest.raises(IdentifierError):
        parse(text)


@pytest.mark.parametrize(
    ("text", "scheme", "value"),
    [
        ("https://pypi.org/project/fairreg/", "pypi", "fairreg"),
        ("https://www.kaggle.com/models/org/name", "kaggle", "models/org/name"),
        ("https://opendata.cern.ch/docs/about", "url", "https://opendata.cern.ch/docs/about"),
    ],
)
def test_pages_of_tagged_hosts_are_identifiers_where_the_path_says_so(text, scheme, value):
    assert parse(text) == Identifier(scheme, value)


def test_however_many_brackets_stand_around_an_identifier_it_is_the_same():
    assert parse("(((10.1234/x))))") == Identifier("doi", "10.1234/x")


def test_what_was_asked_for_is_parsed_once(monkeypatch):
    parsed = []
    original = identifiers.parse
    monkeypatch.setattr(identifiers, "parse", lambda text: parsed.append(text) or original(text))
    requested = RequestedIdentifier("doi:10.5281/ZENODO.7305227")
    assert RequestedIdentifier.of(requested) is requested
    assert requested.require() == requested.identifier == Identifier("doi", "10.5281/zenodo.7305227")
    assert str(requested) == requested.text == "doi:10.5281/ZENODO.7305227"
    assert parsed == [requested.text]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("github:lab/tagger@v1.0", "lab/tagger@v1.0"),
        ("gh:lab/tagger@v1.0", "lab/tagger@v1.0"),
        ("lab/tagger@v1.0", "lab/tagger@v1.0"),
        ("<lab/tagger@release/2024-01>", "lab/tagger@release/2024-01"),
        ("https://github.com/lab/tagger/releases/tag/v1.0", "lab/tagger@v1.0"),
        ("github.com/lab/tagger/releases/tag/v1%2B2", "lab/tagger@v1+2"),
        ("github:lab/tagger.git@v1.0", "lab/tagger@v1.0"),
        ("github: lab/tagger@v1.0", "lab/tagger@v1.0"),
        ("https://github.com/lab/tagger/releases", "lab/tagger"),
        ("https://github.com/lab/tagger/releases/download/v1.0/a.zip", "lab/tagger"),
        ("https://github.com/lab/tagger/blob/main/a@b.py", "lab/tagger"),
        ("git+https://github.com/lab/tagger@v1.0", "lab/tagger@v1.0"),
        ("git+https://github.com/lab/tagger.git@v1.0#egg=tagger", "lab/tagger@v1.0"),
        ("git+ssh://git@github.com/lab/tagger.git@v1.0", "lab/tagger@v1.0"),
        ("git@github.com:lab/tagger.git@v1.0", "lab/tagger@v1.0"),
        ("https://github.com/lab/tagger@v1.0", "lab/tagger@v1.0"),
        ("https://github.com/lab/tagger/releases/tag/v1.0/", "lab/tagger@v1.0"),
        ("https://github.com/lab/tagger/releases/tag/v1.0#assets", "lab/tagger@v1.0"),
        ("https://github.com/lab/tagger/releases/tag/v1.0?x=1", "lab/tagger@v1.0"),
        ("https://u:p@github.com/lab/tagger/releases/tag/v1.0", "lab/tagger@v1.0"),
        ("github:lab/tagger@svelte@5.0.0", "lab/tagger@svelte@5.0.0"),
        ("lab/tagger@@scope/part@1.0", "lab/tagger@@scope/part@1.0"),
        ("https://github.com/lab/tagger/releases/tag/%40scope%2Fpart%401.0", "lab/tagger@@scope/part@1.0"),
    ],
)
def test_a_release_is_asked_for_by_its_tag(text, value):
    found = RequestedIdentifier(text).identifier
    assert (found.scheme, found.value) == ("github", value)
    if "@" in value:
        assert RequestedIdentifier(found.compact).identifier == found
        assert RequestedIdentifier(found.url).identifier == found
        assert found.url == f"https://github.com/{value.replace('@', '/releases/tag/', 1)}"


NO_TAGS = [
    *("", "a:b", "v1?x", "a b", "-v1", "v" * 201, "v1/", "/v1", ".v1", "a/.b", "a//b", "a..b"),
    *("v1.lock", "v1.lock/a", "a@{1}", "a~1", "a^b", "a*", "a[b", "a\\b", "a\x1bb", "a\x7fb", "a\ud800b"),
    *("../../../../attacker/fork/commits/main", "%2e%2e/%2e%2e/attacker/fork", "v1%1b%5b31m"),
]


@pytest.mark.parametrize("tag", NO_TAGS)
def test_what_is_no_tag_is_refused_rather_than_dropped(tag):
    assert not is_tag(tag)
    for text in (f"github:lab/tagger@{tag}", f"(lab/tagger@{tag})"):
        requested = RequestedIdentifier(text)
        with pytest.raises(IdentifierError) as caught:
            requested.require()
        assert caught.value.exit_code == 2
    assert not harvesters.get("github").handles(Identifier("github", f"lab/tagger@{tag}"))


def test_the_address_of_a_release_is_decoded_before_its_tag_is_judged():
    for path in ("../../evil/other", "%2e%2e/%2e%2e/evil/other", "a%00b"):
        with pytest.raises(IdentifierError, match="not the name of a tag"):
            RequestedIdentifier(f"https://github.com/lab/tagger/releases/tag/{path}").require()


def test_the_key_of_a_release_keeps_the_case_of_its_tag():
    assert Identifier("github", "Lab/Tagger@V1.0").key == Identifier("github", "lab/tagger@V1.0").key
    assert Identifier("github", "lab/tagger@V1.0").key != Identifier("github", "lab/tagger@v1.0").key
    assert Identifier("doi", "10.1234/A@B").key == Identifier("doi", "10.1234/a@b").key
    assert Identifier("github", "lab/tagger@a@b").whole == Identifier("github", "lab/tagger")
    assert Identifier("doi", "10.1234/a@b").whole == Identifier("doi", "10.1234/a@b")


@settings(max_examples=examples(200))
@given(st.text("aZ0.-_/@+#=%é", min_size=1, max_size=12).filter(is_tag))
def test_the_printed_name_of_a_release_is_read_back(tag):
    printed = Identifier("github", f"lab/tagger@{tag}")
    for text in (printed.compact, printed.url):
        assert RequestedIdentifier(text).identifier == printed


@pytest.mark.parametrize(
    "text", ["jane@example.org", "a@b/c", "10.5281/zenodo.1@v1", "@lab/tagger", "a" * 9999 + "@"]
)
def test_other_texts_with_an_at_sign_are_no_releases(text):
    assert identifiers.version_named(text) is None


def test_what_is_no_identifier_says_so_to_whoever_needs_one():
    requested = RequestedIdentifier("catalogue : something")
    assert requested.identifier is None
    for _ in range(2):
        with pytest.raises(IdentifierError, match="something"):
            requested.require()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("https://opendata.cern.ch/record/%C2%8512102%20", "12102"),
        ("https://doi.org/10.1000/a(b)c<?>", "10.1000/a(b)c"),
        ("https://doi.org/10.1000/a(b)", "10.1000/a(b)"),
        ("git@github.com:a/b.git.git", "a/b"),
    ],
)
def test_what_is_printed_of_an_address_is_the_same_identifier(text, value):
    found = parse(text)
    assert found.value == value
    assert parse(found.compact) == found


@pytest.mark.parametrize(
    "text", ["git@github.com:a/b.#readme", "github:a/b.@v1", "https://github.com/a/b..git", "github:a/b."]
)
def test_a_dot_at_the_end_of_a_repository_is_that_of_a_sentence(text):
    found = parse(text)
    assert found.compact == "github:a/b"
    assert parse(found.compact).key == found.key


@pytest.mark.parametrize("value", ["10.1/\ud800", "10.1/a\udfff"])
def test_an_address_never_fails_for_what_utf_8_lacks(value):
    assert Identifier("arxiv", value).url.startswith("https://")
    assert Identifier("doi", value).url.startswith("https://doi.org/10.1/")
