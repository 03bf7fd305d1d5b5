# SPDX-License-Identifier: MIT
"""One fact in every legal spelling: names of properties, identifiers, people, licences, files."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg.errors import RecordError
from fairreg.formats import codemeta, dialects
from fairreg.formats.linked_data import agents, graph
from fairreg.formats.linked_data.sizes import in_bytes
from fairreg.schemas.record import Creator
from fairreg.schemas.validation import check, read_record
from support.examples import examples

ORCID = "0000-0002-1825-0097"
BASE = {
    "@context": "https://schema.org/",
    "@type": "Dataset",
    "@id": "https://doi.org/10.1234/abc",
    "name": "D",
}


def read(**more):
    return dialects.read({**BASE, **more})


def record(**more):
    return read(**more).understood


def people(**more):
    return [(item.name, item.orcid) for item in record(**more).creators]


@pytest.mark.parametrize(
    ("context", "key"),
    [
        ("https://schema.org/", "keywords"),
        ("http://schema.org", "schema:keywords"),
        (None, "http://schema.org/keywords"),
        ({"sdo": "https://schema.org/"}, "sdo:keywords"),
        ({"words": "https://schema.org/keywords"}, "words"),
        ({"words": {"@id": "schema:keywords", "@container": "@set"}}, "words"),
        ({"sdo": "http://schema.org/", "words": "sdo:keywords"}, "words"),
        ({"@vocab": "http://schema.org/"}, "keywords"),
        (["https://schema.org", {"dcat": "http://www.w3.org/ns/dcat#"}], "dcat:keyword"),
        ({"@vocab": "https://w3id.org/ro/crate/1.1/context"}, "keywords"),
    ],
)
def test_a_property_is_read_in_every_spelling_of_its_name(context, key):
    found = dialects.read({**BASE, "@context": context, key: ["a", "b"]})
    assert (found.understood.keywords, found.left_out) == (("a", "b"), ())


@pytest.mark.parametrize(
    ("context", "key"),
    [
        ({"ex": "https://example.org/terms/"}, "ex:keywords"),
        ({"keywords": "https://example.org/terms/keywords"}, "keywords"),
        ({"keywords": None}, "keywords"),
        ({}, "unknown:keywords"),
        ({"a": "b", "b": "a"}, "a"),
    ],
)
def test_a_word_of_a_vocabulary_that_is_not_known_is_named_and_not_read(context, key):
    found = dialects.read({**BASE, "@context": context, key: ["a", "b"]})
    assert (found.understood.keywords, found.left_out) == ((), (key,))


def test_a_vocabulary_that_is_not_known_makes_no_record():
    with pytest.raises(RecordError):
        dialects.read({**BASE, "@context": {"@vocab": "https://example.org/terms/"}})


def test_a_nested_context_holds_inside_its_node_alone():
    author = {"@context": {"called": "https://schema.org/name"}, "@type": "Person", "called": "Ada Rossi"}
    found = read(author=author, called="no name")
    assert ([item.name for item in found.understood.creators], found.left_out) == (["Ada Rossi"], ("called",))


@pytest.mark.parametrize(
    "name", ["./", "#model", "data/model", "model.onnx", "12345", "10.1234/abc", "_:b0", "../x", "lab/tagger"]
)
def test_a_relative_id_never_becomes_an_identifier(name):
    document = {"@context": "https://schema.org/", "@type": "Dataset", "@id": name, "name": "D"}
    with pytest.raises(RecordError) as caught:
        dialects.read(document, name="x.json")
    assert caught.value.message.startswith("x.json is not a valid record: $.identifier is missing")
    assert '"identifier": "https://doi.org/' in caught.value.hint
    found = dialects.read({**document, "identifier": "https://doi.org/10.1234/abc"}).understood
    assert [item.compact for item in found.identifiers] == ["doi:10.1234/abc"]


@pytest.mark.parametrize(
    ("stated", "compact"),
    [
        ("https://doi.org/10.1234/ABC", "doi:10.1234/abc"),
        ("doi:10.1234/abc", "doi:10.1234/abc"),
        ("10.1234/abc", "doi:10.1234/abc"),
        ({"@type": "PropertyValue", "propertyID": "doi", "value": "10.1234/abc"}, "doi:10.1234/abc"),
        ({"@type": "PropertyValue", "value": "https://doi.org/10.1234/abc"}, "doi:10.1234/abc"),
        ({"@id": "https://doi.org/10.1234/abc"}, "doi:10.1234/abc"),
        (["internal-1", "https://zenodo.org/records/12"], "zenodo:12"),
        ("https://huggingface.co/lab/tagger", "huggingface:lab/tagger"),
        ("urn:uuid:0b0e", "urn:uuid:0b0e"),
        ("ark:/12345/abc", "ark:/12345/abc"),
        ("swh:1:rev:" + "a" * 40, "swhid:swh:1:rev:" + "a" * 40),
        ("https://example.org/models/7", "url:https://example.org/models/7"),
    ],
)
def test_an_identifier_is_read_in_every_form(stated, compact):
    document = {"@context": "https://schema.org/", "@type": "Dataset", "name": "D", "identifier": stated}
    assert dialects.read(document).understood.identifier == compact


@pytest.mark.parametrize(
    "stated",
    [
        "42", 42, "lab/tagger", "internal id", "https://orcid.org/" + ORCID, "http://localhost:8000/crate",
        {"@type": "PropertyValue", "propertyID": "internal", "value": "42"}, "file:///home/ada/crate",
    ],
)  # fmt: skip
def test_what_names_nothing_outside_the_document_is_no_identifier(stated):
    document = {"@context": "https://schema.org/", "@type": "Dataset", "name": "D", "identifier": stated}
    with pytest.raises(RecordError, match=r"identifier is '.+', which names nothing outside this document"):
        dialects.read(document)


def test_a_page_or_a_repository_names_a_record_where_nothing_better_does():
    code = {"@context": "https://w3id.org/codemeta/3.0", "type": "SoftwareSourceCode", "name": "tagger"}
    repository = {**code, "codeRepository": "https://github.com/lab/tagger"}
    assert dialects.read(repository).understood.identifier == "github:lab/tagger"
    page = {**code, "url": "https://example.org/tagger"}
    found = dialects.read(page).understood
    assert (found.identifier, found.provenance.url) == ("url:https://example.org/tagger", page["url"])
    with pytest.raises(RecordError):
        dialects.read(code)


def test_code_is_told_of_a_model_and_never_its_name():
    model = {"@context": "https://schema.org/", "@type": "MLModel", "name": "M"}
    code = {"codeRepository": "https://github.com/lab/tagger/tree/v1"}
    found = dialects.read({**model, **code, "identifier": "https://example.org/m"}).understood
    assert found.identifier == "url:https://example.org/m"
    assert found.value_of("github") == "lab/tagger"
    assert [(item.type, item.target.evidence) for item in found.relations] == [
        ("is_supplement_to", code["codeRepository"])
    ]
    with pytest.raises(RecordError):
        dialects.read({**model, **code})


PLAIN = {"@context": "https://schema.org/", "@type": "MLModel", "name": "M"}


@pytest.mark.parametrize(
    "address",
    [
        "https://huggingface.co/lab/zoo/blob/main/{}.onnx",
        "https://huggingface.co/lab/zoo/tree/{}",
        "https://huggingface.co/lab/zoo?model={}",
        "https://huggingface.co/lab/zoo#{}",
        "https://github.com/org/mono/tree/main/{}",
        "https://zenodo.org/records/1234/files/{}.onnx",
        "https://doi.org/10.1234/zoo?model={}",
        "https://models.example.org/{}?paper=10.1103/PhysRevD.1.2",
        "https://{}.example.org/10.1103/PhysRevD.1.2",
    ],
)
@pytest.mark.parametrize("term", ["url", "identifier", "@id", "sameAs", "mainEntityOfPage"])
def test_models_at_two_addresses_are_two_records(term, address):
    found = [dialects.read({**PLAIN, term: address.format(part)}).understood for part in ("alpha", "beta")]
    assert [item.identifier for item in found] == [
        f"url:{address.format(part)}" for part in ("alpha", "beta")
    ]
    for item in found:
        (other,) = item.relations
        assert (other.type, item.value_of("doi")) == ("related_to", None)


@pytest.mark.parametrize(
    ("address", "compact"),
    [
        ("https://huggingface.co/lab/zoo/", "huggingface:lab/zoo"),
        ("https://huggingface.co/lab/zoo/tree/main", "huggingface:lab/zoo"),
        ("https://huggingface.co/api/datasets/lab/jets/croissant", "huggingface:datasets/lab/jets"),
        ("https://zenodo.org/record/1234#.Yx3-b", "zenodo:1234"),
        ("https://zenodo.org/badge/DOI/10.5281/zenodo.12.svg", "doi:10.5281/zenodo.12"),
        ("https://hdl.handle.net/10.1234/abc", "doi:10.1234/abc"),
        ("https://doi.org/10.1234/a%23b", "doi:10.1234/a#b"),
        ("https://github.com/lab/tagger.git", "github:lab/tagger"),
    ],
)
def test_an_address_of_a_whole_object_is_its_identifier(address, compact):
    found = dialects.read({**PLAIN, "url": address}).understood
    assert (found.identifier, found.relations) == (compact, ())


@pytest.mark.parametrize("folders", [("main/a", "main/b"), ("v1/a", "v1/b")])
def test_software_in_folders_of_one_repository_is_several_records(folders):
    root = "https://github.com/org/mono/tree"
    code = {"@context": "https://w3id.org/codemeta/3.0", "type": "SoftwareSourceCode", "name": "tool"}
    found = [dialects.read({**code, "codeRepository": f"{root}/{item}"}).understood for item in folders]
    assert [item.identifier for item in found] == [f"url:{root}/{item}" for item in folders]
    assert [item.relations[0].target.compact for item in found] == ["github:org/mono"] * 2
    whole = dialects.read({**code, "codeRepository": f"{root}/v1"}).understood
    assert whole.identifier == "github:org/mono"


@pytest.mark.parametrize("term", ["sameAs", "identifier", "url", "@id"])
@pytest.mark.parametrize(
    "paper", ["https://arxiv.org/abs/2212.05081", "https://inspirehep.net/literature/12345"]
)
def test_a_paper_is_related_to_a_model_and_never_its_name(term, paper):
    with pytest.raises(
        RecordError, match=r"identifier is 'https.+', which identifies a paper, not this record"
    ):
        dialects.read({**PLAIN, term: paper})
    found = dialects.read({**PLAIN, "cite-as": "https://doi.org/10.1234/m", term: paper})
    assert ([item.compact for item in found.understood.identifiers], found.left_out) == (
        ["doi:10.1234/m"],
        (),
    )
    assert [item.target.url for item in found.understood.relations] == [paper]


@pytest.mark.parametrize(
    "page", ["https://huggingface.co/google", "https://github.com/lab", "https://www.kaggle.com/google"]
)
def test_the_page_of_an_owner_names_no_model(page):
    with pytest.raises(RecordError, match=r"identifier is 'https.+', which is the address of something else"):
        dialects.read({**PLAIN, "url": page})
    found = dialects.read({**PLAIN, "url": page, "identifier": "https://doi.org/10.1234/m"})
    assert ([item.compact for item in found.understood.identifiers], found.left_out) == (
        ["doi:10.1234/m"],
        ("url",),
    )


ADA = [("Ada Rossi", ORCID)]
PERSON = {"@type": "Person", "@id": f"https://orcid.org/{ORCID}", "name": "Ada Rossi"}


@pytest.mark.parametrize(
    "stated",
    [
        PERSON,
        [PERSON],
        {"@list": [PERSON]},
        {"id": f"https://orcid.org/{ORCID}", "type": "Person", "givenName": "Ada", "familyName": "Rossi"},
        {"@type": "Person", "name": "Ada Rossi", "identifier": f"https://orcid.org/{ORCID}"},
        {"@type": "Person", "name": "Ada Rossi", "sameAs": f"https://orcid.org/{ORCID}"},
        {
            "name": "Ada Rossi",
            "identifier": {"@type": "PropertyValue", "propertyID": "ORCID", "value": ORCID},
        },
        {"@type": "Role", "author": PERSON, "roleName": "writer"},
        {"@type": "Person", "name": {"@value": "Ada Rossi", "@language": "en"}, "identifier": ORCID},
        f"Ada Rossi (https://orcid.org/{ORCID})",
    ],
)
@pytest.mark.parametrize("term", ["author", "creator", "schema:author", "http://purl.org/dc/terms/creator"])
def test_a_person_is_read_in_every_form(term, stated):
    assert people(**{term: stated}) == ADA


def test_author_and_creator_name_a_person_once_and_complete_each_other():
    plain = {"@type": "Person", "name": "Rossi, Ada"}
    at_home = {"@type": "Person", "name": "Ada Rossi", "affiliation": "Institute of Jets"}
    assert people(author=PERSON, creator=plain) == ADA
    found = record(author=plain, creator=[PERSON, at_home, "Ben Okafor"]).creators
    assert found == (
        Creator(name="Rossi, Ada", orcid=ORCID, affiliation="Institute of Jets"),
        Creator(name="Ben Okafor"),
    )


def test_what_is_not_understood_of_a_person_is_named():
    person = {
        **PERSON,
        "affiliation": {"@id": "https://ror.org/00example"},
        "url": "https://example.org/~ada",
    }
    found = read(author={**person, "givenName": ["Ada", "B."]})
    assert found.understood.creators == (Creator(name="Ada Rossi", orcid=ORCID),)
    assert found.left_out == ("author.affiliation", "author.url", "author.givenName")
    assert people(author={"givenName": ["Ada", "B."], "familyName": "Rossi"}) == [("Ada B. Rossi", None)]


def test_two_people_of_one_name_stay_two():
    assert people(author=["Li Wang", "Li Wang"]) == [("Li Wang", None)] * 2
    other = {**PERSON, "@id": "https://orcid.org/0000-0002-5076-7096"}
    assert len(people(author=PERSON, creator=other)) == 2


def test_an_address_of_electronic_mail_is_no_part_of_a_name():
    assert people(author="Ada Rossi <ada@example.org>; Ben Okafor") == [
        ("Ada Rossi", None),
        ("Ben Okafor", None),
    ]
    found = read(author="ada@example.org")
    assert (found.understood.creators, found.left_out) == ((), ("author",))


@pytest.mark.parametrize(
    "text",
    [
        "M&uuml;ller, Anna; H&ouml;lzl, B.",
        "M&#252;ller, Anna; H&#xf6;lzl, B.",
        "M&amp;uuml;ller, Anna; H&amp;ouml;lzl, B.",
        "Müller, Anna&#59; Hölzl, B.",
    ],
)
def test_the_end_of_an_entity_separates_no_people(text):
    assert people(author=text) == [("Müller, Anna", None), ("Hölzl, B.", None)]
    assert people(author=[text]) == people(author=text)


def test_an_author_without_a_name_counts_as_not_read():
    found = read(author=[{"@id": f"https://orcid.org/{ORCID}"}, "Ben Okafor"])
    assert ([item.name for item in found.understood.creators], found.left_out) == (
        ["Ben Okafor"],
        ("author",),
    )


@pytest.mark.parametrize(
    ("stated", "expression", "as_stated"),
    [
        ("https://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0", None),
        ({"@id": "https://spdx.org/licenses/MIT"}, "MIT", None),
        (
            {"@id": "https://creativecommons.org/licenses/by-nc/4.0/", "name": "MIT"},
            None,
            "MIT (https://creativecommons.org/licenses/by-nc/4.0/)",
        ),
        (
            {"name": "Custom non-commercial license", "sameAs": "https://spdx.org/licenses/MIT"},
            None,
            "Custom non-commercial license (https://spdx.org/licenses/MIT)",
        ),
        ({"@type": "CreativeWork", "name": "The MIT License"}, "MIT", None),
        ({"name": "MIT", "identifier": "House rules"}, None, "MIT, contradicted by House rules"),
        ({"@type": "CreativeWork", "identifier": "Apache-2.0"}, "Apache-2.0", None),
        (["MIT", "Apache-2.0"], "Apache-2.0 AND MIT", None),
        (["https://spdx.org/licenses/MIT", "Non-commercial use only"], None, "MIT; Non-commercial use only"),
        (["Ask us", "MIT", {"name": "GPL"}], None, "Ask us; MIT; GPL"),
        (["MIT", "info:eu-repo/semantics/openAccess"], "MIT", "info:eu-repo/semantics/openAccess"),
        ("https://example.org/our-licence", None, "https://example.org/our-licence"),
        ({"@type": "CreativeWork", "name": "Our own"}, None, "Our own"),
        (
            {"name": "OpenRAIL of Lab", "url": "https://example.org/l"},
            None,
            "OpenRAIL of Lab (https://example.org/l)",
        ),
    ],
)
def test_a_licence_is_read_in_every_form_or_kept_as_stated(stated, expression, as_stated):
    found = record(license=stated)
    assert (found.license, found.license_stated) == (expression, as_stated)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("12", (12, False)), ("117743 B", (117743, False)), ("0042 Bytes", (42, False)),
        ("1,234 bytes", (1234, False)), ("1.5 MB", (1_500_000, True)), ("33.9 KB", (33_900, True)),
        ("2 GiB", (2**31, True)), ("1 kB", (1000, True)), ("12.0", (12, False)), ("1.5", None),
        ("large", None), ("1,23 MB", None), ("-1", None), ("9" * 40, None), ("9999999 PB", None), ("", None),
    ],
)  # fmt: skip
def test_a_size_in_words_is_a_number_of_bytes(text, size):
    assert in_bytes(text) == size


def test_a_rounded_size_does_not_stand_against_a_download():
    stated = {"@type": "DataDownload", "contentUrl": "https://example.org/a.onnx", "contentSize": "1.5 MB"}
    (file,) = record(distribution=stated).distributions
    assert (file.size, file.exact_size) == (1_500_000, None)
    (exact,) = record(distribution={**stated, "contentSize": "12"}).distributions
    assert (exact.size, exact.exact_size) == (12, 12)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("Rossi, A. (2023). Jets. https://doi.org/10.1234/paper.", "doi:10.1234/paper"),
        ("See doi:10.1234/paper (2023)", "doi:10.1234/paper"),
        ("arXiv:2212.05081", "arxiv:2212.05081"),
        ("2212.05081", "arxiv:2212.05081"),
    ],
)
def test_a_citation_as_text_gives_the_paper(text, target):
    found = read(citation=text)
    assert [item.target.compact for item in found.understood.relations] == [target]
    assert found.left_out == ()
    assert read(citation="Rossi, A. Jets.").left_out == ("citation",)


PAPERS = ["doi:10.1234/a", "doi:10.1234/b"]


@pytest.mark.parametrize(
    "text",
    [
        "Rossi, A. https://doi.org/10.1234/a. Okafor, B. https://doi.org/10.1234/b.",
        "10.1234/a; 10.1234/b",
        "10.1234/a,10.1234/b",
        "https://doi.org/10.1234/a https://doi.org/10.1234/b",
        {"@type": "CreativeWork", "name": "See doi:10.1234/a and doi:10.1234/b"},
    ],
)
@pytest.mark.parametrize("term", ["citation", "referencePublication", "trainedOn"])
def test_a_text_gives_every_doi_in_it(term, text):
    found = read(**{term: text})
    assert [item.target.compact for item in found.understood.relations] == PAPERS
    published = [item.compact for item in found.understood.identifiers if item.scheme == "paper_doi"]
    assert published == (PAPERS if term == "referencePublication" else [])


def test_the_members_below_nest_are_those_of_the_object():
    nested = {"keywords": ["a"], "more": {"license": "MIT", "@type": "MLModel"}}
    context = {"@vocab": "https://schema.org/", "about": "@nest", "more": "@nest"}
    found = dialects.read({**BASE, "@context": context, "@nest": [{"version": "2"}], "about": nested})
    assert found.left_out == ()
    understood = found.understood
    assert (understood.keywords, understood.license, understood.version) == (("a",), "MIT", "2")
    assert understood.kind == "model"


@pytest.mark.parametrize(
    "meaning", [{"@reverse": "schema:isPartOf"}, {"@reverse": "https://schema.org/isPartOf", "@type": "@id"}]
)
@pytest.mark.parametrize("key", ["whole", "isPartOf", "author", "trainedOn"])
def test_a_reverse_term_is_named_and_states_nothing_of_the_object(key, meaning):
    context = {"@vocab": "https://schema.org/", key: meaning}
    found = dialects.read({**BASE, "@context": context, key: {"@id": "https://doi.org/10.1234/part"}})
    assert (found.understood.relations, found.understood.creators, found.left_out) == ((), (), (key,))


@pytest.mark.parametrize(
    ("stated", "description", "left_out"),
    [
        (["One.", "Two."], "One.\n\nTwo.", ()),
        ([{"@value": "One.", "@language": "en"}, "Two."], "One.\n\nTwo.", ()),
        (["One.", {"@type": "TextObject", "text": "Two."}], "One.", ("description",)),
        (["One.", {"@value": "Zwei.", "@language": "de"}], "One.", ("description",)),
        ({"en": "One.", "de": "Eins."}, "One.", ("description",)),
        (["One.", True], "One.", ("description",)),
    ],
)
def test_a_description_of_a_list_is_read_or_named(stated, description, left_out):
    found = read(description=stated)
    assert (found.understood.description, found.left_out) == (description, left_out)


@pytest.mark.parametrize(
    ("term", "values"),
    [
        ("datePublished", ["2020-01-02", "2021-03-04"]),
        ("dateModified", ["2020", {"@value": "2021"}]),
        ("inLanguage", ["en", "de"]),
        ("parameterCount", [10, 20]),
        ("version", ["1", "2"]),
    ],
)
def test_a_second_value_of_a_property_with_one_is_named(term, values):
    assert read(**{term: values}).left_out == (term,)
    assert read(**{term: [values[0]] * 2}).left_out == ()


@pytest.mark.parametrize(
    "word", ["Dataset", "SoftwareSourceCode", "ex:Dataset", "https://example.org/Dataset"]
)
def test_a_type_of_another_vocabulary_makes_no_record(word):
    foreign = "https://example.org/terms/"
    context = {"@vocab": foreign, "ex": foreign, "name": "https://schema.org/name"}
    with pytest.raises(RecordError) as caught:
        dialects.read({"@context": context, "@type": word, "@id": "https://doi.org/10.1234/a", "name": "D"})
    assert f"is {word!r}; a record is one of" in str(caught.value)
    mixed = {**BASE, "@context": {**context, "D": "https://schema.org/Dataset"}, "@type": ["D", word]}
    assert dialects.read(mixed).understood.kind == "dataset"


def test_members_under_a_keyword_that_is_not_read_are_named():
    found = read(author={"name": "Ada Rossi", "@included": [{"@id": "#x", "name": "X"}]})
    assert found.left_out == ("author.@included",)


def test_references_are_followed_in_a_circle_and_no_further():
    document = {
        "@context": "https://schema.org/",
        "@graph": [
            {**BASE, "author": {"@id": "#ada"}, "hasPart": {"@id": "https://doi.org/10.1234/abc"}},
            {"@id": "#ada", "@type": "Person", "name": "Ada Rossi", "affiliation": {"@id": "#home"}},
            {"@id": "#home", "@type": "Organization", "name": "Home", "member": {"@id": "#ada"}},
            {"@id": "#role", "@type": "Role", "author": {"@id": "#role"}},
        ],
    }
    found = dialects.read(document)
    assert found.understood.creators == (Creator(name="Ada Rossi", affiliation="Home"),)
    assert found.left_out == ("hasPart", "author.affiliation.member", "@graph.Role")


def test_facts_of_a_node_are_joined_from_wherever_it_is_mentioned():
    document = {
        "@context": "https://schema.org/",
        "@graph": [
            {**BASE, "author": {"@id": "#ada", "name": "Ada Rossi"}},
            {"@id": "#ada", "@type": "Person", "affiliation": "Home"},
        ],
    }
    assert dialects.read(document).understood.creators == (Creator(name="Ada Rossi", affiliation="Home"),)


def test_of_several_objects_the_model_is_read_and_the_others_are_named():
    model = {
        "@id": "https://example.org/m",
        "@type": "MLModel",
        "name": "M",
        "trainedOn": {"@id": BASE["@id"]},
    }
    software = {"@id": "https://example.org/s", "@type": "SoftwareApplication", "name": "S"}
    found = dialects.read({"@context": "https://schema.org/", "@graph": [software, BASE, model]})
    assert (found.understood.name, found.understood.kind) == ("M", "model")
    assert found.left_out == ("trainedOn.name", "@graph.SoftwareApplication")


def test_a_page_is_about_its_main_entity():
    page = {"@context": "https://schema.org/", "@type": "WebPage", "name": "Page", "mainEntity": BASE}
    assert dialects.read(page).understood.name == "D"
    with pytest.raises(RecordError, match="ScholarlyArticle"):
        dialects.read({"@context": "https://schema.org/", "@type": "ScholarlyArticle", "isBasedOn": BASE})


def test_a_list_of_nodes_is_a_document():
    assert read_record(json.dumps([{"@type": "WebSite", "name": "Site"}, BASE])).name == "D"


def crate(number, **root):
    return {
        "@context": "https://w3id.org/ro/crate/1.1/context",
        "@graph": [
            {"@id": "ro-crate-metadata.json", "@type": "CreativeWork", "about": {"@id": "./"}},
            {"@id": "./", "@type": "Dataset", "name": f"Crate {number}", **root},
        ],
    }


def test_a_thousand_crates_are_a_thousand_records():
    ways = (
        lambda n: {"identifier": f"https://doi.org/10.1234/c{n}"},
        lambda n: {"cite-as": f"https://doi.org/10.1234/d{n}"},
        lambda n: {"url": f"https://example.org/crates/{n}"},
        lambda n: {"identifier": [f"internal {n}", {"@id": f"https://example.org/own/{n}"}]},
    )
    found = {dialects.read(crate(n, **ways[n % 4](n))).understood.identifier for n in range(1000)}
    assert len(found) == 1000


def crate_of_files(number, names, digest):
    """A crate like every other one: the same root, the same name, files of the same paths."""
    files = [
        {"@id": name, "@type": "File", "contentSize": "12", "sha256": f"{digest:064x}"} for name in names
    ]
    root = {"name": "Crate", "hasPart": [{"@id": item["@id"]} for item in files]}
    document = crate(number, identifier={"@id": "#doi"}, **root)
    document["@context"] = f"https://w3id.org/ro/crate/1.{number % 3 + 1}/context"
    document["@graph"][0]["conformsTo"] = {"@id": f"https://w3id.org/ro/crate/1.{number % 3 + 1}"}
    value = f"https://doi.org/10.1234/crate{number}"
    document["@graph"] += [*files, {"@id": "#doi", "@type": "PropertyValue", "value": value}]
    return document


def test_a_thousand_crates_that_differ_in_their_doi_alone_are_a_thousand_records():
    names = ["model.onnx", "data/jets.h5", "./README.md"]
    found = [dialects.read(crate_of_files(number, names, 7)).understood for number in range(1000)]
    assert (
        len({item.identifier for item in found}) == len({item.provenance.source_id for item in found}) == 1000
    )
    assert {len(item.distributions) for item in found} == {3}
    # Nothing that they share is an identifier of one of them, by which they would be one lineage.
    keys = [other.key for item in found for other in item.identifiers]
    assert len(keys) == len(set(keys)) == 1000


def test_a_crate_without_an_identifier_is_refused_with_what_to_write():
    found = check(crate(1))
    assert [item.path for item in found.violations] == ["$.identifier"]
    assert "10.1234" in found.hint


def descriptor(name, root, *, conforms=True):
    profile = {"conformsTo": {"@id": "https://w3id.org/ro/crate/1.2"}} if conforms else {}
    return {"@id": name, "@type": "CreativeWork", "about": {"@id": root}, **profile}


@settings(max_examples=examples(60), deadline=None)
@given(
    own=st.sampled_from(
        ["ro-crate-metadata.json", "./ro-crate-metadata.json", "tagger-ro-crate-metadata.json"]
    ),
    states_profile=st.booleans(),
    data=st.data(),
)
def test_a_crate_is_the_outer_one_in_any_order_of_its_nodes(own, states_profile, data):
    nested = [
        "https://example.org/in/ro-crate-metadata.json",
        "in/ro-crate-metadata.json",
        *(["x-ro-crate-metadata.json"] if "tagger" not in own else []),
    ]
    conforms = states_profile or "tagger" in own
    nodes = [
        descriptor(own, "./", conforms=conforms),
        {"@id": "./", "@type": "Dataset", "name": "Outer", "cite-as": "https://doi.org/10.1234/outer"},
    ]
    for number, name in enumerate(nested):
        nodes.append(descriptor(name, f"in{number}/"))
        address = f"https://doi.org/10.1234/in{number}"
        nodes.append({"@id": f"in{number}/", "@type": "Dataset", "name": "Inner", "cite-as": address})
    context = "https://w3id.org/ro/crate/1.2/context"
    document = {"@context": context, "@graph": data.draw(st.permutations(nodes))}
    assert dialects.read(document).understood.identifier == "doi:10.1234/outer"


def test_the_descriptor_of_a_crate_may_have_an_address_where_it_is_the_only_one():
    name = "https://example.org/crates/7/ro-crate-metadata.json"
    root = {"@id": "https://example.org/crates/7/", "@type": "Dataset", "name": "Seven"}
    document = {"@context": "https://schema.org/", "@graph": [descriptor(name, root["@id"]), root]}
    assert dialects.read(document).understood.identifier == "url:https://example.org/crates/7/"


WORD = st.text("abcdefgh", min_size=1, max_size=8)


@settings(max_examples=examples(60), deadline=None)
@given(
    names=st.lists(WORD, min_size=1, max_size=6, unique=True),
    nested=st.booleans(),
    folders=st.booleans(),
    sizes=st.integers(0, 2**53),
)
def test_a_crate_has_the_files_that_it_lists(names, nested, folders, sizes):
    path = "data/" if folders else ""
    files = [{"@id": f"{path}{name}.h5", "@type": "File", "contentSize": str(sizes)} for name in names]
    document = crate(1, identifier="https://doi.org/10.1234/c")
    root = document["@graph"][1]
    parts = files if nested else [{"@id": item["@id"]} for item in files]
    document["@graph"] += [] if nested else files
    root["hasPart"] = [{"@id": "data/", "@type": "Dataset", "hasPart": parts}] if folders else parts
    found = dialects.read(document).understood.distributions
    assert [(item.name, item.size) for item in found] == [(item["@id"], sizes) for item in files]


@pytest.mark.parametrize("again", [{"@id": "#r"}, "#r"])
def test_a_role_that_is_listed_again_adds_nobody(again):
    role = {"@id": "#r", "@type": "Role", "author": ["Ada Rossi", "Ben Okafor"]}
    found = read(author=[role, again, again])
    assert ([item.name for item in found.understood.creators], found.left_out) == (
        ["Ada Rossi", "Ben Okafor"],
        (),
    )


def test_more_creators_than_a_record_may_have_are_named(monkeypatch):
    monkeypatch.setattr(agents, "_MOST", 3)
    found = read(author=[f"Person {n}" for n in range(4)])
    assert (len(found.understood.creators), found.left_out) == (3, ("author",))


def test_a_document_of_too_many_types_or_terms_is_refused(monkeypatch):
    monkeypatch.setattr(graph, "_MOST", 1000)
    with pytest.raises(RecordError, match="more than 1000 values"):
        read(**{"@type": ["Dataset", *(f"T{n}" for n in range(1000))]})
    context = {f"t{n}": f"https://example.org/{n}" for n in range(100)}
    with pytest.raises(RecordError, match="more than 1000 values"):
        read(**{"@context": context, "author": [{"@context": {}, "name": "A"}] * 20})


def test_a_document_of_too_many_values_is_refused(monkeypatch):
    monkeypatch.setattr(graph, "_MOST", 1000)
    with pytest.raises(RecordError, match="more than 1000 values"):
        read(keywords=[["a"] * 100] * 11)


def large_documents(share):
    """What makes a document large, with the nth part of its many thousands of values."""

    def few(number):
        return number // share

    fat = {"@id": "#fat", "name": [f"Name {n}" for n in range(few(20_000))]}
    many_behind_a_role = {
        "@id": "#r",
        "@type": "Role",
        "author": [f"Person {n}" for n in range(few(10_000))],
    }
    return [
        {"author": [{"@type": "Person", "name": f"Person {n}"} for n in range(4000)]},
        {"author": [{"@id": f"#{n}", "name": "X", "affiliation": {"@id": "#1"}} for n in range(4000)]},
        {"author": "a;" * 30_000},
        {"author": "<(" * 30_000},
        {"hasPart": [{"@id": f"f{n}", "@type": "File"} for n in range(4000)]},
        {"@graph": [{"@id": f"f{n}", "@type": "File", "name": "F"} for n in range(9000)]},
        {"citation": ["10." * 300] * 300},
        {"distribution": [{"containedIn": {"@id": f"#{n + 1}"}, "@id": f"#{n}"} for n in range(4000)]},
        {"author": [many_behind_a_role, *[{"@id": "#r"}] * few(20_000)]},
        {"author": [many_behind_a_role, *["#r"] * few(20_000)]},
        {
            "author": [{"@type": "Role", "author": [fat, {"@id": f"#{n}"}]} for n in range(2)]
            + [{"@id": "#fat"}] * 9
        },
        {
            "author": [
                fat,
                *[{"@id": f"#{n}", "name": "X", "affiliation": {"@id": "#fat"}} for n in range(few(20_000))],
            ]
        },
        {
            "author": [
                fat,
                *[{"@id": f"#{n}", "@type": "Role", "author": {"@id": "#fat"}} for n in range(few(20_000))],
            ]
        },
        {
            "distribution": [{"containedIn": fat, "contentUrl": f"f{n}", "@id": f"#{n}"} for n in range(1)]
            + [{"containedIn": {"@id": "#fat"}, "contentUrl": f"f{n}"} for n in range(few(20_000))]
        },
        {
            "hasPart": {"@id": "f0/", "hasPart": {"@id": "f1/"}},
            "@graph": [{"@id": f"f{n}/", "hasPart": {"@id": f"f{n + 1}/"}} for n in range(few(20_000))],
        },
        {"@type": ["Dataset", *(f"T{n}" for n in range(few(40_000)))]},
    ]


# A quarter is a document that a reader in quadratic time would still not come through.
@pytest.mark.sliced(7)
@pytest.mark.no_cover  # whose tracing takes as long as the reading
@pytest.mark.parametrize("share", [4, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize("number", range(len(large_documents(1000))))
def test_reading_takes_time_in_proportion_to_a_document(number, share):
    more = large_documents(share)[number]
    start = time.process_time()
    read(**more)
    assert time.process_time() - start < 5 / share


def test_a_graph_in_codemeta_json_is_the_software_with_its_nodes():
    document = {
        "@context": "https://w3id.org/codemeta/3.0",
        "@graph": [
            {
                "id": "#s",
                "type": "SoftwareSourceCode",
                "name": "tagger",
                "author": [{"id": "#a"}, {"id": "#b"}],
            },
            {"id": "#a", "type": "Person", "name": "Ada Rossi", "affiliation": {"id": "#h"}},
            {"id": "#b", "type": "Person", "name": "Ben Okafor", "affiliation": {"id": "#h"}},
            {"id": "#h", "type": "Organization", "name": "Home", "member": [{"id": "#a"}, {"id": "#b"}]},
        ],
    }
    facts = codemeta.read(json.dumps(document)).understood
    assert (facts.title, [item.affiliation for item in facts.creators]) == ("tagger", ["Home", "Home"])
    many = [{"id": f"#{n}", "x": [{"id": f"#{m}"} for m in range(100)]} for n in range(100)]
    document["@graph"] = [{**document["@graph"][0], "author": many[0]["x"]}, *many]
    start = time.process_time()
    codemeta.read(json.dumps(document))
    assert time.process_time() - start < 5
