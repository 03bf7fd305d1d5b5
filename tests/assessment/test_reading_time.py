# SPDX-License-Identifier: MIT
"""Time of the readers of prose: linear in the length of the text, whatever stands in it."""

import time
from functools import lru_cache

import pytest

from assessment.samples import BARE, code_blocks, document, replaced, with_record
from fairreg.assessment import access
from fairreg.assessment.content import (
    conditions,
    environment,
    feature_files,
    field_lists,
    grammar,
    inputs,
    licences,
    packaged_metadata,
    prose,
    purpose,
    reported,
    training_settings,
)
from fairreg.assessment.content.objects import mentions, related
from fairreg.assessment.evidence import FileFact
from fairreg.assessment.report import assess
from fairreg.schemas.record import Access

LENGTH = 100_000
SECONDS = 0.5  # below it nobody waits, and the clock measures little else than noise
MOST_SECONDS = 2.0  # a constant factor of thousands is linear as well
RATIO = 3.0  # twice the text takes about twice the time; a quadratic reader takes four times

ALPHABETS = {
    "dots": ".",
    "dashes": "-",
    "pipes": "|",
    "pipes and letters": "|a",
    "backticks": "`",
    "quotation marks": '"',
    "digits": "1",
    "numbers": "0.9 ",
    "letters": "a",
    "words": "a ",
    "comments": "<!--",
    "tags": "<a ",
    "parentheses": "((",
    "brackets": "[a](",
    "braces": "{{",
    "stars": "**",
    "stars and letters": "**a ",
    "underscores": "_",
    "tildes": "~~a",
    "struck": "<s>",
    "headings": "\n# ",
    "headings of settings": "\n# training settings example of ",
    "headings of words": "\n# train-a-a-a not-a ",
    "line breaks": "\n",
    "blanks": " ",
    "colons": "a: ",
    "commas": "pt, ",
    "items": "- pt [GeV]\n",
    "rows of inputs": "| feature | unit |\n|---|---|\n| pt | GeV |\n",
    "rows": "| pt | GeV |\n",
    "slashes": "a/",
    "metrics": "AUC of the ",
    "trained on": "trained on the ",
    "access": "no access to the model is requested ",
    "licences": "the weights of the model are released under ",
    "not": "not ",
    "equals": "a==1.",
    "backslashes": "\\\n",
    "addresses": "https://a/",
}

READERS = {
    "clean": lambda text, _: prose.clean(text),
    "words": lambda text, _: prose.words(text),
    "mentions": lambda _, item: mentions.mentions(item),
    "passages": lambda text, _: grammar.passages(text),
    "code blocks": lambda text, _: code_blocks(text),
    "figures": lambda _, item: reported.figures(item),
    "described fields": lambda _, item: reported.described_fields(item),
    "hardware": lambda _, item: reported.hardware(item),
    "versions": lambda _, item: reported.versions(item),
    "related model": lambda _, item: related.related_model(item),
    "data format": lambda _, item: inputs.data_format(item),
    "format of a command": lambda _, item: inputs.format_of_command(item),
    "units": lambda _, item: (inputs.units(item, as_data=True), inputs.units(item, as_data=False)),
    "ordered names": lambda _, item: inputs.ordered_names(item),
    "listed inputs": lambda _, item: inputs.listed_inputs(item),
    "features of files": lambda text, _: feature_files.features_of(
        document("definitions", text, "features.csv")
    ),
    "defined names": lambda _, item: inputs.defined_names(item, ["pt", "a"]),
    "training data": lambda _, item: mentions.training_data_address(item),
    "settings": lambda _, item: training_settings.settings_of(item),
    "intended use": lambda _, item: purpose.section_about(item, "intended_use"),
    "limitations": lambda _, item: purpose.section_about(item, "limitations"),
    "licence of weights": lambda _, item: conditions.weights_licence_told(item),
    "excluded weights": lambda _, item: conditions.excludes_weights(item),
    "licence in front matter": lambda _, item: packaged_metadata.weights_licence(item),
    "grants": lambda text, _: conditions.grants(text),
    "payment": lambda text, _: conditions.payment(text),
    "access told": lambda text, _: conditions.access_told(grammar.sentences(text)),
    "request address": lambda text, _: access.request_address(
        with_record(BARE, access=Access(level="restricted", conditions=text))
    ),
    "asks for access": lambda text, _: access.tells_who(text),
    "field lists": lambda text, _: field_lists.described_fields(text),
    "licence text": lambda text, _: licences.classify(text),
    "requirements": lambda text, _: [
        environment.pinned(line)
        for line in environment.requirements(document("requirements", text, "requirements.txt"))
    ],
    "images": lambda text, _: environment.base_images(document("dockerfile", text, "Dockerfile")),
}


def of_length(unit, length):
    return (unit * (length // len(unit) + 1))[:length]


@lru_cache(maxsize=1)
def taking_apart(text):
    """Seconds of taking the text apart; what is found stays kept for the readers of this text."""
    grammar.passages.cache_clear()
    started = time.process_time()
    grammar.passages(text)
    return time.process_time() - started


def seconds(read, text):
    """Of one reader, with those of taking the text apart if it does so, measured once for all readers."""
    item = document("readme", text, "README.md")
    apart = taking_apart(text)
    before = grammar.passages.cache_info()
    started = time.process_time()
    read(text, item)
    own = time.process_time() - started
    after = grammar.passages.cache_info()
    if after.misses > before.misses:  # of another text, which the next reader shall not find done either
        taking_apart.cache_clear()
    return own + apart * (after.hits > before.hits)


def at_best(read, text):
    """Of two measurements the shorter: what else the machine does only adds to it."""
    return min(seconds(read, text), seconds(read, text))


def assert_linear(read, unit, length=LENGTH):
    """Measure again at twice the length only where the first measurement is long enough to tell."""
    taken = seconds(read, of_length(unit, length))
    assert taken < MOST_SECONDS
    if taken > SECONDS:
        taken = at_best(read, of_length(unit, length))
        assert at_best(read, of_length(unit, 2 * length)) < RATIO * taken, f"{taken} s of {length} characters"


@pytest.mark.sliced(19)
@pytest.mark.parametrize("unit", ALPHABETS.values(), ids=ALPHABETS)
def test_every_reader_takes_twice_the_time_for_twice_the_text(unit):
    for read in READERS.values():
        assert_linear(read, unit)


@pytest.mark.sliced(19)
@pytest.mark.parametrize("unit", ALPHABETS.values(), ids=ALPHABETS)
def test_an_assessment_takes_twice_the_time_for_twice_the_text(unit):
    def whole(text, item):
        base = with_record(BARE, description=text, license_stated=text)
        files = (FileFact(path="model.onnx", size=1, format="onnx"),)
        assess(replaced(base, documents=(item,), files=files, downloaded=True))

    taken = seconds(whole, of_length(unit, LENGTH // 2))
    assert taken < 2 * MOST_SECONDS
    if taken > SECONDS:
        taken = at_best(whole, of_length(unit, LENGTH // 2))
        assert at_best(whole, of_length(unit, LENGTH)) < RATIO * taken
