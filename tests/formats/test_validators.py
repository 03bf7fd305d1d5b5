# SPDX-License-Identifier: MIT
"""What fairreg writes is what others read: their validators find no fault in any document.

mlcroissant, roc-validator, cffconvert and PyLD run in an environment of their own, which `make test` makes.
Croissant's required fields, InvenioRDM's deposit, .zenodo.json and DLHub have rules of the tests.
"""

import json
import random
from collections import Counter

import build_reference_entry as reference
import pytest
from msgspec.structs import replace

from fairreg import formats, harvesters
from fairreg.formats import cff
from fairreg.registry import catalogue
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Creator, Distribution, Evaluation, Relation, Tensor
from support.fitting import fitting, written
from support.full_record import FULL
from support.known_services import payloads
from support.validators import (
    VALIDATORS,
    croissant_faults,
    deposit_faults,
    faults_by_others,
    schema_faults,
)

# Validator -> the format whose documents it checks, as JSON or as text.
CHECKED = {
    "croissant": "croissant",
    "ro-crate-1.1": "ro-crate",
    "ro-crate-1.2": "ro-crate-1.2",
    "process-run-crate": "ro-crate-1.2",
    "cff": "cff",
}
# The context of RO-Crate has CodeMeta's terms, and stands for its context.
LINKED = ("croissant", "ro-crate", "ro-crate-1.2", "fair4ml", "prov", "codemeta")
NASTY = (
    *(
        "---",
        "\n# Heading\n",
        "~~~",
        "<!--",
        "-->",
        "{",
        "}}",
        "{{x}}",
        "\\",
        '"',
        "'",
        ": ",
        "- a",
        "&a *a",
        "!!int",
    ),
    *(
        "\x00",
        "\x1b[31m",
        "\x7f",
        "\x85",
        "\u2028",
        "\u202e",
        "\ufeff",
        "\r\n",
        "\t",
        "é→",
        "𝒳",
        "<b>",
        "</script>",
    ),
    *(
        "]]>",
        "&lt;",
        "#",
        "$x$",
        "%",
        "%zz",
        "@id",
        "@type",
        "null",
        "_:b0",
        "https://x/} {",
        "http://[",
        "./",
        "../",
        "//",
    ),
    *("ro-crate-metadata.json", "a b", "x" * 3000),
)


def hostile(number):
    """A record that holds a hostile text in all that a source may fill freely."""
    chance = random.Random(number)
    text = "".join(chance.choice(NASTY) for _ in range(chance.randrange(1, 6)))
    named = text if text.strip() else "x"
    return replace(
        FULL,
        name=named,
        description=text,
        version=text,
        publisher=text,
        license_stated=text,
        license=chance.choice([None, "MIT", "MIT OR Apache-2.0"]),
        alternate_names=(text,),
        language=text,
        keywords=(text, "b"),
        creators=(
            Creator(name=f"{named}, A", affiliation=text, orcid="0000-0002-5076-7096"),
            Creator(name=f"{named}, B", orcid="0000-0002-5076-7096"),
            Creator(name=named, kind="organization"),
        ),
        identifiers=(
            Identifier("doi", "10.1234/" + named),
            Identifier("github", named),
            Identifier("url", named),
        ),
        relations=tuple(
            Relation(type=kind, target=Identifier(scheme, named))
            for kind in ("trained_on", "has_part", "is_part_of", "cites")
            for scheme in ("url", "doi", "other")
        ),
        ml_task=(text,),
        model_category=(text,),
        frameworks=(text, "PyTorch"),
        distributions=tuple(
            Distribution(name=named, url=url, media_type=text, checksums=("sha256:" + "0" * 64,), size=7)
            for url in (None, text or None, "https://example.org/a", "https://example.org/a", "./")
        ),
        evaluations=(Evaluation(metric=named, value=text, dataset=text, split=text),),
        inputs=(Tensor(name=text, dtype=text, shape=(text, 0, 3)),),
        intended_use=text,
        limitations=text,
        usage=text,
        provenance=replace(FULL.provenance, url=text),
    )


def harvested():
    """Records of what the services answer in the tests, with files and digests as they write them."""
    known = ("cernopendata", "datacite", "github", "huggingface", "openml", "zenodo")
    return [harvesters.get(source).to_record(payloads()[source]) for source in known]


def catalogued(view):
    """The documents of the packaged catalogue, and the number of its records that the format refuses."""
    documents = [written(view, record) for record in catalogue.records()]
    return [item for item in documents if item is not None], documents.count(None)


def parsed(view, document):
    return document if view.NAME == "cff" else json.loads(document)


def documents_of(name, step):
    """Documents of a format: of a full record, hostile ones, the reference entry, and of the catalogue.

    Of hostile records and of the catalogue it is every `step`-th, of the services every third at least.
    """
    view = formats.get(name)
    records = [FULL, *harvested()[:: min(step, 3)], *(hostile(number) for number in range(0, 40, step))]
    found = [view.write(fitting(view, record)) for record in records]
    found += [text for record in reference.records().values() if (text := written(view, record)) is not None]
    return [parsed(view, item) for item in (*found, *catalogued(view)[0][::step])]


def with_training(crates):
    """The crates that tell of the training of a model."""
    return [crate for crate in crates if any(item["@type"] == "CreateAction" for item in crate["@graph"])]


def broken(validator, documents):
    """A document without what its validator requires."""
    if validator == "cff":
        return documents[0].replace("title:", "untitled:")
    document = json.loads(json.dumps(documents[0]))
    if validator == "croissant":
        del document["distribution"][0]["sha256"]
    elif validator == "json-ld":
        document["@context"]["undefined"] = None
        document["undefined"] = "words"
    else:
        lost = {"ro-crate-1.1": "./", "ro-crate-1.2": "./", "process-run-crate": "#training-1"}[validator]
        (entity,) = [item for item in document["@graph"] if item["@id"] == lost]
        del entity["instrument" if "instrument" in entity else "license"]
    return document


def own_faults(step):
    """Faults by the rules of the tests, by format."""
    by_rule = {
        "croissant": croissant_faults,
        "ro-crate": deposit_faults,
        "zenodo": lambda document: schema_faults("zenodo-metadata", document),
        "dlhub": lambda document: schema_faults("dlhub-servable", document),
        "cff": cff.violations,
    }
    return {name: list(map(rule, documents_of(name, step))) for name, rule in by_rule.items()}


def check(step):
    """Assert that nobody finds a fault in any document; return how many there were, by validator."""
    if VALIDATORS is None:
        pytest.skip("FAIRREG_TEST_VALIDATORS names no interpreter with mlcroissant and the others")
    asked = {validator: documents_of(name, step) for validator, name in CHECKED.items()}
    asked["process-run-crate"] = with_training(asked["process-run-crate"])
    asked["json-ld"] = [item for name in LINKED for item in documents_of(name, step)]
    asked = {validator: [*documents, broken(validator, documents)] for validator, documents in asked.items()}
    found = faults_by_others(asked)
    # A validator that finds nothing in a broken document tells nothing of the others.
    assert {validator: bool(faults.pop()) for validator, faults in found.items()} == dict.fromkeys(
        found, True
    )
    for validator, faults in (*found.items(), *own_faults(step).items()):
        assert faults == [[] for _ in faults], validator
    return Counter({name: len(faults) for name, faults in found.items()})


# All documents take a minute of CPU, the imports of the validators some seconds: a sixteenth is taken here.
def test_no_validator_finds_a_fault_in_a_sample_of_documents():
    assert check(16).total() > 40


@pytest.mark.long
def test_no_validator_finds_a_fault_in_any_document_of_the_catalogue():
    found = check(1)
    assert found["ro-crate-1.2"] > 60
