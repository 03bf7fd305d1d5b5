# SPDX-License-Identifier: MIT
"""Traps of prose: texts that look like a statement and are none, and texts that say it as people write it.

`prose_traps.csv` has one text a row: where it stands, the verdict it must give ("not pass": any other), and
why. `\\n` is a line break. The rest of the record is plain.
"""

import csv
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assessment.samples import BARE, document, replaced, unregistered, with_record
from fairreg.assessment import rubric
from fairreg.assessment.content.documents import role_of
from fairreg.assessment.content.grammar import passages
from fairreg.assessment.evidence import Document, FileFact
from fairreg.assessment.report import assess
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Access, Provenance, Relation
from support.examples import examples

TABLE = Path(__file__).with_name("prose_traps.csv")
INDICATORS = {item.id: item for item in rubric.indicators()}
MODEL = FileFact(path="model.onnx", size=1, format="onnx")
PLAIN = replaced(
    unregistered(with_record(BARE, identifiers=(Identifier("doi", "10.1234/asked"),))),
    downloaded=True,
    files=(MODEL, FileFact(path="predict.py", size=1, format="text")),
)
FEATURES = document("definitions", '{"features": ["pt", "mass"]}', "features.json")
# Those that read words of a person, by the files and fields that they cite.
READERS = {
    *(
        "F2-2",
        "F2-3",
        "F3-2",
        "A1-3",
        "A1.1-2",
        "I1-3",
        "I2-1",
        "I2-2",
        "I2-3",
        "I2-4",
        "R1-2",
        "R1-3",
        "R1-4",
    ),
    *("R1.1-1", "R1.1-2", "R1.1-3", "R1.2-1", "R1.2-2", "R1.2-3", "R2-1", "R2-2", "R2-3", "R3-1"),
}
# The indicator asks for documentation, or for what can be tried, so that words which say it can pass.
WORDS_ARE_THE_THING = {"I1-3", "R1-4", "F3-2"}
CPU_SECONDS = 10


def rows():
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [row | {"text": row["text"].replace("\\n", "\n")} for row in csv.DictReader(file)]


ROWS = rows()


def fields_of(place, text):
    """Fields of the record where the text stands in one; None for a text in a file."""
    if place == "description":
        return {"description": text}
    if place == "license_stated":
        return {"license_stated": text}
    if place.startswith("access_conditions"):
        level = "restricted" if place.endswith("restricted") else "open"
        return {"access": Access(level=level, conditions=text)}
    if place == "hub intended_use":
        return {"provenance": Provenance(source="huggingface", source_id="a"), "intended_use": text}
    if place.startswith("related "):
        target, _, kind = text.partition(" ")
        found = Relation(type=place.split()[1], target=Identifier("doi", target), target_kind=kind or None)
        return {"relations": (found,)}
    return None


def evidence_of(place, text):
    fields = fields_of(place, text)
    if fields is not None:
        return with_record(PLAIN, **fields)
    name, *also = place.split(", ")
    read = [document(role_of(name), text, name)]
    read += [FEATURES] if "list" in also else []
    files = (
        (*PLAIN.files, FileFact(path="preprocess.py", size=1, format="text"))
        if "code" in also
        else PLAIN.files
    )
    licence = next((item for item in also if item not in {"code", "list", "dated"}), None)
    base = with_record(PLAIN, license=licence, date_published="2026" if "dated" in also else None)
    return replaced(base, documents=tuple(read), files=files)


def named(row):
    return f"{row['indicator']}-{row['right'].replace(' ', '-')}-{row['why'].replace(' ', '-')[:40]}"


@pytest.mark.sliced(13)
@pytest.mark.parametrize("row", ROWS, ids=map(named, ROWS))
def test_a_text_counts_for_what_it_says(row):
    finding = INDICATORS[row["indicator"]].assess(evidence_of(row["place"], row["text"]))
    right = row["right"].removeprefix("not ")
    assert (finding.verdict == right) is not row["right"].startswith("not "), finding.reason


@pytest.mark.parametrize("number", sorted(READERS))
def test_every_indicator_that_reads_prose_has_three_traps_of_each_kind(number):
    worst = "pass" if number == "A1.1-2" else "fail"
    best = {"A1.1-2": {"fail"}, "I2-2": {"unknown"}}.get(number, {"pass", "partial"})
    found = [row["right"] for row in ROWS if row["indicator"] == number]
    assert sum(right in best for right in found) >= 3, worst
    assert sum(right not in best for right in found) >= 3


def test_a_sentence_alone_passes_only_where_words_are_what_is_asked_for():
    """Front matter, tables, settings and code are no free text; headings, items and sentences are."""
    for row in ROWS:
        free = row["place"].startswith("README.md") and not any(
            mark in row["text"]
            for mark in ("---\n", "| ", "- ", "```", "Adam, learning rate 0.001, 20 epochs")
        )
        if (
            free and row["indicator"] not in WORDS_ARE_THE_THING and "docker" not in row["text"]
        ):  # a literal block
            assert row["right"] != "pass", row["text"]


@pytest.mark.sliced(5)
@pytest.mark.parametrize("row", [row for row in ROWS if row["right"] == "partial"], ids=named)
def test_a_partial_says_what_is_missing_and_what_to_write(row):
    finding = INDICATORS[row["indicator"]].assess(evidence_of(row["place"], row["text"]))
    assert finding.reason
    assert finding.remedy
    assert finding.evidence


WORDS = (
    *("Adam", "learning rate 0.001", "20 epochs", "seed 7", "80/10/10 split", "MIT", "licence", "weights"),
    *(
        "the model",
        "is",
        "not",
        "under",
        "ROOT",
        "files",
        "AUC",
        "0.9",
        "10.2222/data",
        "dataset",
        "fee",
        "access",
    ),
    *("# Training\n", "```\n", "> ", "\n\n", ". ", ": ", "<!--", "-->", "`", "**", "docker pull a/b"),
)


@settings(max_examples=examples(40), deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=60))
def test_any_text_of_such_words_is_read_and_prose_never_passes_what_fields_decide(words):
    text = " ".join(words)
    read = evidence_of(
        "README.md", "# Tagger\n\n" + text.replace("---", "").replace("|", "").replace("- ", "")
    )
    assert {
        INDICATORS[number].assess(read).verdict for number in ("R1-3", "R1.1-3", "I2-1", "I2-3", "R2-2")
    } <= {
        "partial",
        "fail",
        "unknown",
    }


LONG = {
    "sentences": "Trained with Adam, a learning rate of 0.001 and seed 7 for 20 epochs. ",
    "one sentence": "the trained weights are released under the licence of the model and ",
    "no blank": "learningrate0.001",
    "items": "- learning rate: 0.001\n",
    "rows": "| a | 0.1 |\n",
    "headings": "# Intended use\n",
    "rulers": "-",
    "underlines": "_",
    "quotes": '"a ',
    "brackets": "[a](",
    "numbers": "0.1 / ",
    "fences": "```\n",
    "paths": "a/b.py ",
}


LENGTHS = [100_000, pytest.param(1_000_000, marks=pytest.mark.long)]


@pytest.mark.sliced(7)
@pytest.mark.no_cover  # whose tracing takes as long as the reading
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("unit", LONG.values(), ids=LONG)
def test_a_long_text_is_read_in_linear_time(unit, length):
    text = (unit * (length // len(unit)))[:length]
    started = time.thread_time()
    assess(replaced(PLAIN, documents=(Document(role="readme", path="README.md", text=text),)))
    assert time.thread_time() - started < max(2, CPU_SECONDS * length / 1_000_000)


def test_passages_keep_the_place_of_each_sentence():
    read = passages(
        "intro\n\n## Use ##\nFirst, e.g. this. Second!\n\nSub\n---\n> said by\n> others\n- [ ] open\n"
    )
    assert [(item.kind, item.text, item.headings) for item in read] == [
        ("sentence", "intro", ()),
        ("heading", "Use", ()),
        ("sentence", "First, e.g. this.", ("Use",)),
        ("sentence", "Second!", ("Use",)),
        ("heading", "Sub", ()),
        ("quote", "said by others", ("Sub",)),
        ("task", "open", ("Sub",)),
    ]
