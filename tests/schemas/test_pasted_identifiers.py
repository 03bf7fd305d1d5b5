# SPDX-License-Identifier: MIT
"""Identifiers as people paste them: out of PDFs, BibTeX, web pages, library proxies."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg import sources
from fairreg.errors import IdentifierError
from fairreg.schemas.datacite_terms import identifier_of
from fairreg.schemas.identifiers import Identifier, normalise_doi, normalise_orcid, parse
from fairreg.schemas.text import normal_form, visible
from support.examples import examples

DOI = "10.5281/zenodo.7305227"
HBB = Identifier("doi", DOI)
IOP = "10.1088/1748-0221/15/06/p06005"
STARTS = ("", "doi:", "DOI: ", "hdl:", "https://doi.org/", "doi.org/", "info:doi/", "https://doi.org/doi:")


def read(text):
    try:
        return parse(text)
    except IdentifierError:
        return None


@pytest.mark.parametrize(
    ("text", "scheme", "value"),
    [
        ("arXiv:1909.12285v2 [hep-ex]", "arxiv", "1909.12285"),
        ("2012.01563 [hep-ph]", "arxiv", "2012.01563"),
        ("arXiv:2012.01563v1 [hep-ex] 3 Dec 2020", "arxiv", "2012.01563"),
        ("arXiv preprint arXiv:2012.01563", "arxiv", "2012.01563"),
        ("arXiv:hep-ex/0123456 [hep-ex]", "arxiv", "hep-ex/0123456"),
        ("math.GT/0309136", "arxiv", "math.GT/0309136"),
        ("https://huggingface.co/papers/2012.01563", "arxiv", "2012.01563"),
        ("https://ar5iv.labs.arxiv.org/html/2012.01563", "arxiv", "2012.01563"),
        (
            "https://iopscience.iop.org/article/10.1088/2632-2153/ad12e3/pdf",
            "doi",
            "10.1088/2632-2153/ad12e3",
        ),
        *[
            (f"https://iopscience.iop.org/article/10.1088/1748-0221/15/06/P06005{end}", "doi", IOP)
            for end in ("", "/", "/pdf", "/meta", "/pdf?casa=1")
        ],
        ("https://x.example/doi/10.1234/a/b/c/d/full", "doi", "10.1234/a/b/c/d"),
        *[
            (f"{start}10.5281/zenodo.1{end}", "doi", "10.5281/zenodo.1")
            for start in STARTS
            for end in ("/", "//")
        ],
        ("https://ror.org/01GGX4157/", "ror", "01ggx4157"),
        (
            "https://www.frontiersin.org/articles/10.3389/fphy.2020.00001/full",
            "doi",
            "10.3389/fphy.2020.00001",
        ),
        ("https://www.biorxiv.org/content/10.1101/2020.01.01.1v2.full.pdf", "doi", "10.1101/2020.01.01.1"),
        (
            "https://journals.plos.org/plosone/article?id=10.1371/journal.pone.1",
            "doi",
            "10.1371/journal.pone.1",
        ),
        (
            "https://d.example/dataset.xhtml?persistentId=doi:10.7910/DVN/AB&version=1",
            "doi",
            "10.7910/dvn/ab",
        ),
        ("https://doi.org/10.1016/0370-2693(91)90000-1", "doi", "10.1016/0370-2693(91)90000-1"),
        ("10.1234/a\u2010b\u2011c", "doi", "10.1234/a-b-c"),
        ("10.1016/j.j\ufb01neco.2012", "doi", "10.1016/j.jfineco.2012"),
        ("10.1175/1520(1963)020&lt;0130:DNF&gt;2.0.CO;2", "doi", "10.1175/1520(1963)020<0130:dnf>2.0.co;2"),
        ("10/GFVZ2D", "short_doi", "10/gfvz2d"),
        ("https://doi.org/gfvz2d", "short_doi", "10/gfvz2d"),
        ("https://orcid.org/0000-0002-1825-0097/", "orcid", "0000-0002-1825-0097"),
        ("http://www.orcid.org/0000-0002-1825-0097?lang=en", "orcid", "0000-0002-1825-0097"),
        ("https://isni.org/isni/0000000121032683", "isni", "0000000121032683"),
        ("isni:0000 0001 2103 2683", "isni", "0000000121032683"),
        ("https://ror.org/01ggx4157", "ror", "01ggx4157"),
        ("https://inspirehep.net/literature/1772050", "inspire", "1772050"),
        ("https://www.hepdata.net/record/ins1772050?version=2", "hepdata", "ins1772050"),
        ("https://www.openml.org/f/61", "openml", "flow/61"),
        ("https://opendata.cern.ch/record/12102/files/a.root", "cernopendata", "12102"),
        ("git+ssh://git@github.com/org/name.git", "github", "org/name"),
        ("git+https://github.com/org/name.git@v1.0#egg=name", "github", "org/name"),
        ("https://user:secret@github.com/org/name", "github", "org/name"),
        ("https://raw.githubusercontent.com/org/name/main/README.md", "github", "org/name"),
        ("https://github.com/org/name@v1.0", "github", "org/name"),
        ("https://huggingface.co/datasets/org/name/viewer/default", "huggingface", "datasets/org/name"),
        ("https://example.org/a?x=1&amp;y=2", "url", "https://example.org/a?x=1&y=2"),
    ],
)
def test_a_printed_form_is_read(text, scheme, value):
    assert parse(text) == Identifier(scheme, value)


@pytest.mark.parametrize(
    "address",
    [
        "https://huggingface.co/models",
        "https://huggingface.co/docs/hub/index",
        "https://huggingface.co/spaces/lab/demo",
        "https://huggingface.co/collections/lab/jets-123",
        "https://github.com/orgs/lab/repositories",
        "https://github.com/features/actions",
        "https://github.com/lab",
        "https://gist.github.com/lab/0123456789abcdef",
        "https://example.org/data/10.1234/abc/model.onnx",
        "https://example.org/data/10.1234/abc/several/folders/of/files",
        "https://example.org/data/10.1234/abc/several/folders/of/model.pdf",
        "https://inspirehep.net/authors/1010907",
    ],
)
def test_a_page_that_is_no_record_is_an_address(address):
    assert parse(address) == Identifier("url", address)


REFUSED = [
    "0000-0002-5076-7097",  # wrong checksum
    "0000000121032683",  # an ISNI outside the block of ORCID
    "orcid:0000-0002-5076-7097",
    "https://orcid.org/0000-0002-5076-7097",
    "isni:0000000121032684",
    "isni:0000 0001 2103 2684",
    "https://isni.org/isni/000000012103268X",
    "ror:01ggx4158",
    "https://ror.org/01ggx4158",
    "https://ror.org/02ggx4157",
    "10.5281//",
    "hep-ex/012345",  # six digits
    "2013.01563",  # month 13
    "arxiv:1909.1",
    "10.5281/",
    "doi:10.5281",
    "hdl:2027/abc",
    "swh:1:rev:zz",
    "hf:spaces/lab/demo",
    "papers/2012.01563",
    "github:orgs/lab",
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_its_own_reader_refuses_is_caught_by_no_other(text):
    with pytest.raises(IdentifierError):
        parse(text)


# Of CERN, and of organisations in the records of others.
ORGANISATIONS = ["01ggx4157", "00k4n6c32", "028rypz17", "03efmqc40", "03yrm5c26", "04g2vpn86"]


@pytest.mark.parametrize("identifier", ORGANISATIONS)
def test_every_single_wrong_character_of_an_organisation_is_found(identifier):
    assert parse(f"https://ror.org/{identifier}").value == identifier
    signs = "0123456789abcdefghjkmnpqrstvwxyz"
    for place, right in enumerate(identifier[1:], 1):
        for sign in signs[: 10 if place >= len(identifier) - 2 else None]:
            if sign != right:
                with pytest.raises(IdentifierError, match="not valid"):
                    parse(f"https://ror.org/{identifier[:place]}{sign}{identifier[place + 1 :]}")


def test_an_isni_is_no_orcid():
    assert normalise_orcid("0000000121032683") is None
    assert normalise_orcid("0000000218250097") == "0000-0002-1825-0097"


INVISIBLE = st.sampled_from("\u200b\u200d\u00ad\ufeff\u2060\u202a\u202c\u200e\u2066")
WRAPPINGS = [
    "{}", "({})", "<{}>", "“{}”", "«{}»", "{}.", "{},", "doi:{}", "DOI: {}", "DOI {}", "hdl:{}",
    "info:doi/{}",
    "https://doi.org/{}", "http://dx.doi.org/{}", "doi.org/{}",
    "https://doi.org/doi:{}", "https://doi.org/https://doi.org/{}",
    "DOI: https://doi.org/{}", "https://hdl.handle.net/{}", "https://api.datacite.org/dois/{}",
    "https://commons.datacite.org/doi.org/{}", "https://doi-org.ezproxy.example.edu/{}",
    "https://proxy.example.edu/login?url=https://doi.org/{}",
    "\\doi{{{}}}", "doi = {{{}}},", 'doi = "{}"', "doi={}",
    '"doi": "{}",', "[{0}](https://doi.org/{0})", "[paper](https://doi.org/{})", "\\href{{https://doi.org/{0}}}{{{0}}}",
    "DO  - {}", '<a href="https://doi.org/{0}">{0}</a>', "https://user@doi.org/{}", "https://doi.org:443/{}",
]  # fmt: skip
# Without the letters that stand for "your number" in templates.
SUFFIXES = st.from_regex(r"\A[a-wyz][a-z0-9]{1,8}(?:[._-][a-wyz0-9]{1,8}){0,3}\Z")


@settings(max_examples=examples(300))
@given(st.sampled_from(WRAPPINGS), st.integers(1000, 99999), SUFFIXES, st.data())
def test_a_doi_in_any_wrapping_is_that_doi(wrapping, registrant, suffix, data):
    doi = f"10.{registrant}/{suffix}"
    written = wrapping.format(doi)
    place = data.draw(st.integers(0, len(written)))
    hidden = written[:place] + data.draw(INVISIBLE) + written[place:]
    assert read(hidden) == read(written) == Identifier("doi", doi)


def with_checksum(start):
    """Return an identifier of an organisation; Crockford leaves out four letters of Python's base 32."""
    plain = str.maketrans("jkmnpqrstvwxyz", "ijklmnopqrstuv")
    return f"{start}{98 - int(start.translate(plain), 32) * 100 % 97:02}"


VALUES = {
    "doi": SUFFIXES.map(lambda suffix: f"10.1234/{suffix}"),
    "short_doi": st.from_regex(r"\A10/[a-z0-9]{3,6}\Z"),
    "arxiv": st.from_regex(r"\A[0-2][0-9](?:0[1-9]|1[0-2])\.[0-9]{4,5}\Z"),
    "swhid": st.from_regex(r"\Aswh:1:rev:[0-9a-f]{40}\Z"),
    "orcid": st.just("0000-0002-1825-0097"),
    "zenodo": st.from_regex(r"\A[1-9][0-9]{3,8}\Z"),
    "huggingface": st.from_regex(r"\A(?:datasets/)?lab/[a-z][a-z0-9]{1,8}\Z"),
    "github": st.from_regex(r"\Alab/[a-z][a-z0-9_-]{1,8}\Z"),
    "isni": st.just("0000000121032683"),
    "ror": st.from_regex(r"\A0[a-hj-km-np-tv-z0-9]{6}\Z").map(with_checksum),
    "inspire": st.from_regex(r"\A[1-9][0-9]{4,7}\Z"),
    "hepdata": st.from_regex(r"\A(?:ins)?[1-9][0-9]{3,7}\Z"),
    "cernopendata": st.from_regex(r"\A[1-9][0-9]{1,5}\Z"),
    "openml": st.from_regex(r"\A(?:flow|data)/[1-9][0-9]{0,5}\Z"),
    "dlhub": st.from_regex(r"\Alab/[a-z]{2,8}\Z"),
    "kaggle": st.from_regex(r"\Amodels/lab/[a-z]{2,8}\Z"),
    "pypi": st.from_regex(r"\A[a-z]{2,8}\Z"),
    "catalogue": st.from_regex(r"\A[a-z]{2,8}\Z"),
}


def test_every_scheme_has_a_sample():
    assert {scheme.name for row in sources.BUILT_IN for scheme in row.schemes} == set(VALUES)


@given(st.sampled_from(sorted(VALUES)).flatmap(lambda name: st.tuples(st.just(name), VALUES[name])))
def test_what_is_printed_is_read(named):
    identifier = Identifier(*named)
    assert read(identifier.compact) == identifier
    if identifier.url:
        assert read(identifier.url) == identifier
        assert read(f"<{identifier.url}>.") == identifier


@given(st.text(max_size=40))
def test_the_normal_form_is_its_own_normal_form(text):
    assert visible(visible(text)) == visible(text)
    once = normal_form(text)
    assert normal_form(once) == once


def test_hostile_text_has_an_answer():
    for hostile in ("https://a.b/" + "10.1234/" * 5000, "[" * 20000, "&amp;" * 5000, "\\doi{" * 4000):
        read(hostile)


def test_a_related_identifier_as_it_is_printed():
    assert identifier_of("arXiv:2012.01563 [hep-ph]", "arxiv") == Identifier("arxiv", "2012.01563")
    assert identifier_of(
        "https://link.springer.com/article/10.1140/epjc/s10052-020-7608-4", "url"
    ) == Identifier("doi", "10.1140/epjc/s10052-020-7608-4")


@pytest.mark.parametrize(
    "text",
    [
        "doi:10.5281/zenodo.1111111, doi:10.5281/zenodo.2222222",
        "10.5281/zenodo.1111111; 10.5281/zenodo.2222222",
        "10.5281/zenodo.1111111,10.5281/zenodo.2222222",
        "10.5281/zenodo.1111111 10.5281/zenodo.2222222",
        "10.5281/zenodo.1111111 and 10.5281/zenodo.2222222",
        "https://doi.org/10.5281/zenodo.1111111, https://doi.org/10.5281/zenodo.2222222",
        "https://doi.org/10.5281/zenodo.1111111 and https://doi.org/10.5281/zenodo.2222222",
        "doi:10.5281/zenodo.1111111 (see also doi:10.5281/zenodo.2222222)",
    ],
)
def test_several_dois_in_one_text_are_refused_in_a_sentence(text):
    with pytest.raises(IdentifierError, match="holds several DOIs"):
        parse(text)
    assert normalise_doi(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (f"{DOI}, {DOI}", DOI),
        ("10.1000/a,b;c", "10.1000/a,b;c"),
        ("10.1000/a,10.5", "10.1000/a,10.5"),
        ("https://doi.org/10.1000/a;10.b", "10.1000/a;10.b"),
    ],
)
def test_one_doi_is_one_whatever_it_repeats(text, value):
    found = normalise_doi(text)
    assert found in {value, None}
    assert text.startswith(f"{DOI},") or found == value


@pytest.mark.parametrize(
    "text", ["foo/1234567", "lab/2023010", "lab-x/2023010", "jets.EX/1234567", "stat/0701001"]
)
def test_seven_digits_are_of_arxiv_only_after_one_of_its_archives(text):
    assert parse(text) == Identifier("huggingface", text)
    assert parse(f"https://arxiv.org/abs/{text}").scheme == "url"


@pytest.mark.parametrize(
    "text",
    ["acc-phys/9411001", "cs/0112017", "cs.CL/0112017", "cond-mat/0703001", "cond-mat.mes-hall/0703001"],
)
def test_an_identifier_of_an_early_archive_is_of_arxiv(text):
    assert parse(text) == Identifier("arxiv", text)


def test_the_pages_of_a_wiki_are_of_its_repository():
    assert parse("https://raw.githubusercontent.com/wiki/google/bert/Home.md") == Identifier(
        "github", "google/bert"
    )


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/search?q=10.5281/zenodo.2222222",
        "https://www.google.com/search?q=10.5281/zenodo.2222222",
        "https://example.org/find?query=doi:10.5281/zenodo.2222222",
        "https://example.org/search/10.5281/zenodo.2222222",
        "https://example.org/cite?from=10.1000/aaa&to=10.1000/bbb",
        "https://example.org/compare/10.1000/aaa/10.1000/bbb",
        "https://example.org/compare/10.1000/aaa,10.1000/bbb",
        "https://huggingface.co/terms",
        "https://huggingface.co/about",
        "https://huggingface.co/jobs",
        "https://huggingface.co/jobs/",
    ],
)
def test_an_address_of_a_search_or_of_the_host_itself_stays_an_address(address):
    assert parse(address) == Identifier("url", address)
