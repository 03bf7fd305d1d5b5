# SPDX-License-Identifier: MIT
"""Templates of identifiers are told apart from identifiers, and every spelling of the page in docs is one."""

from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg.errors import IdentifierError
from fairreg.formats import cff
from fairreg.schemas.datacite_terms import identifier_of
from fairreg.schemas.identifier_templates import is_template
from fairreg.schemas.identifiers import (
    Identifier,
    RequestedIdentifier,
    normalise_doi,
    normalise_orcid,
    parse,
    version_named,
)
from support.examples import examples
from support.spellings import spellings

TEMPLATES = [
    *(
        "https://doi.org/",
        "doi.org/",
        "http://dx.doi.org/",
        "doi:",
        "https://orcid.org/",
        "<doi>",
        "{doi}",
        "[DOI]",
    ),
    *("10.5281/zenodo.XXXXXXX", "10.5281/zenodo.xxxxx", "10.xxxx/...", "10.XXXX/XXXX", "10.NNNN/zenodo.1"),
    *("https://doi.org/10.5281/zenodo.XXXXXXX", "doi:10.5281/zenodo.TODO", "10.5281/zenodo.", "10.5281/"),
    *("10.5281/zenodo.0000000", "10.5281/zenodo.<record>", "10.5281/zenodo.{id}", "10.5281/zenodo.###"),
    *(
        "10.1234/your-doi",
        "10.5281/zenodo.RECORD_ID",
        "https://doi.org/<doi>",
        "https://zenodo.org/record/XXXXXXX",
    ),
    *("https://zenodo.org/records/", "https://arxiv.org/abs/XXXX.XXXXX", "arXiv:xxxx.xxxxx", "TODO", "TBD"),
    *("https://orcid.org/0000-0000-0000-0000", "0000-0000-0000-0000", "https://github.com/<owner>/<repo>"),
    *(
        "https://github.com/your-username/your-repo",
        "your-org/your-model",
        "https://github.com/USERNAME/REPO",
    ),
]


@pytest.mark.parametrize("text", TEMPLATES)
def test_a_template_is_refused_with_what_to_write(text):
    for ask in (parse, lambda given: RequestedIdentifier(given).require()):
        with pytest.raises(IdentifierError, match="is not an identifier, but the template of one") as caught:
            ask(text)
        assert caught.value.exit_code == 2
        assert "such as" in str(caught.value.hint)
    assert normalise_doi(text) is None
    assert normalise_orcid(text) is None
    assert identifier_of(text) is None


@pytest.mark.parametrize(
    ("text", "scheme"),
    [
        *(("https://github.com/x/todo", "github"), ("x/todo", "huggingface"), ("me/my-model", "huggingface")),
        *(("org/name", "huggingface"), ("pypi:todo", "pypi"), ("https://gitlab.com/u/todo", "url")),
        *(("https://xxx.lanl.gov/abs/1909.12285", "arxiv"), ("10.5281/zenodo.1000000", "doi")),
        ("10.1002/(SICI)1097-4571(199806)49:8<693::AID-ASI4>3.0.CO;2-O", "doi"),
        *(("https://github.com/a/b/compare/v1...v2", "github"), ("https://example.org/a?q={x}", "url")),
        *(("https://example.org/view?record_id=55", "url"), ("https://zenodo.org/records/1000", "zenodo")),
    ],
)
def test_what_only_resembles_a_template_stays_an_identifier(text, scheme):
    assert parse(text).scheme == scheme


SWH = "swh:1:cnt:" + "d" * 40


@pytest.mark.parametrize(
    ("text", "compact"),
    [
        (f"{SWH};path=/TODO.md", f"swhid:{SWH};path=/TODO.md"),
        (f"{SWH};origin=https://github.com/u/todo-app", f"swhid:{SWH};origin=https://github.com/u/todo-app"),
        ("https://zenodo.org/records/7305227/files/todo.txt", "zenodo:7305227"),
        ("https://zenodo.org/records/7305227/files/model-xxx.onnx?download=1", "zenodo:7305227"),
        ("https://zenodo.org/api/records/7305227/files/TODO.md/content", "zenodo:7305227"),
        ("https://arxiv.org/abs/1909.12285?context=xxx", "arxiv:1909.12285"),
        ("https://doi.org/10.5281/zenodo.7305227#todo", "doi:10.5281/zenodo.7305227"),
        ("https://huggingface.co/silky/deep-todo", "huggingface:silky/deep-todo"),
        ("https://huggingface.co/org/model/resolve/main/TODO.md", "huggingface:org/model"),
        ("https://huggingface.co/org/model/blob/main/{x}/model.onnx", "huggingface:org/model"),
        ("https://huggingface.co/x/the-id-model", "huggingface:x/the-id-model"),
        ("https://huggingface.co/datasets/org/todo-data", "huggingface:datasets/org/todo-data"),
        ("10.1109/TBD.2021.3067548", "doi:10.1109/tbd.2021.3067548"),
        ("https://ieeexplore.ieee.org/document/10.1109/TBD.2019.1", "doi:10.1109/tbd.2019.1"),
        *(
            (
                f"10.1577/1548-8659(1987)116{part}2.0.CO;2",
                f"doi:10.1577/1548-8659(1987)116{part.lower()}2.0.co;2",
            )
            for part in ("<735:TBD>", "[0001:TODO]", "<0001:xxx>")
        ),
    ],
)
def test_what_stands_beside_the_number_may_be_any_word(text, compact):
    for ask in (parse, lambda given: RequestedIdentifier(given).require()):
        assert ask(text).compact == compact


@pytest.mark.parametrize(
    "text",
    [
        *("10.5281/zenodo.xxx.1", "https://zenodo.org/records/TODO/files/a.txt", "10.1145/1122445.XXXXXXX"),
        *(
            "https://huggingface.co/<org>/<name>",
            "hf:{org}/{name}",
            "10.5281/zenodo.$RECORD",
            "swh:1:dir:xxxx",
        ),
        *(
            "https://huggingface.co/your-org/model",
            "https://arxiv.org/abs/xxxx.xxxxx",
            "10.21203/rs.3.rs-xxx/v1",
        ),
    ],
)
def test_a_blank_in_the_place_of_the_identifier_is_a_template_still(text):
    with pytest.raises(IdentifierError, match="the template of one"):
        parse(text)


_WORDS = ("todo", "TBD", "xxx", "the-id", "doi-number", "record-id", "zenodo-here", "fixme", "my-model", "n4")
_NAMES = st.lists(st.sampled_from(_WORDS), min_size=1, max_size=3).map("-".join)


@settings(max_examples=examples(100))
@given(st.sampled_from(["github", "huggingface"]), _NAMES, _NAMES)
def test_the_address_of_a_repository_of_any_name_is_that_repository(scheme, owner, name):
    repository = Identifier(scheme, f"{owner}/{name}")
    assert parse(repository.url) == repository
    assert parse(repository.compact) == repository


def test_a_template_in_a_citation_file_is_no_identifier():
    facts = cff.read(
        "cff-version: 1.2.0\nmessage: m\ntitle: t\nauthors: [{name: a}]\ndoi: 10.5281/zenodo.XXXXXXX\n"
        "identifiers:\n- {type: doi, value: 10.5281/zenodo.XXXXXXX}\n- {type: url, value: 'https://doi.org/'}\n"
    ).understood
    assert facts.identifiers == ()
    assert facts.as_written.dois == ()


@settings(max_examples=examples(200))
@given(st.text(alphabet="x0X10./<>{}$# todyur-_:doi", max_size=400))
def test_telling_a_template_takes_no_time(text):
    begun = process_time()
    is_template(text)
    is_template("10." + text * 50)
    assert process_time() - begun < 0.5


def test_every_spelling_in_the_docs_is_an_identifier():
    assert len(spellings()) > 40
    for text in spellings():
        assert RequestedIdentifier(text).require() == (version_named(text) or parse(text))
        assert parse(text).scheme not in {"url", "other"}, text


@pytest.mark.parametrize(
    "text",
    [
        *("git+ssh://git@github.com/owner/name", "git+ssh://git@github.com/owner/name.git"),
        *("ssh://git@github.com:22/owner/name.git", "git+ssh://me@github.com/owner/name"),
        *("https://me:secret@github.com/owner/name", "git+https://github.com/owner/name.git#egg=x"),
    ],
)
def test_the_address_of_a_clone_names_its_repository(text):
    requested = RequestedIdentifier(text)
    assert requested.require().compact == "github:owner/name"
    assert "secret" not in requested.text
