# SPDX-License-Identifier: MIT
"""A remedy asks for what is missing, and never for what is there."""

import msgspec
import pytest

from assessment.samples import BARE, HBB, document, replaced, unregistered, with_record
from fairreg.assessment.evidence import FileFact
from fairreg.assessment.remedies.drafts import drafts, todo_list
from fairreg.assessment.remedies.facts import Facts
from fairreg.assessment.report import assess
from fairreg.schemas.record import Feature, Tensor

WORDS = " ".join(["word"] * 60)
LONG = "To tell jets of a Higgs boson from those of QCD in simulated collisions. " * 4
READ = unregistered(replaced(BARE, downloaded=True))
TENSORS = (Tensor("x", "float32", ("n", 3)),)


def verdict(number, evidence):
    report = assess(evidence)
    return next(i for part in report.principles.values() for i in part.indicators if i.id == number)


def with_file(path, file_format="text"):
    return replaced(READ, files=(FileFact(path=path, size=1, format=file_format),))


def card(front):
    return replaced(
        READ, documents=(document("model_card", f"---\n{front}\n---\n# Card\n", "MODEL_CARD.md"),)
    )


@pytest.mark.parametrize(
    ("number", "evidence", "asked", "there"),
    [
        ("F2-2", with_record(READ, description=WORDS), "three keywords", "abstract"),
        ("F2-2", with_record(READ, keywords=("a", "b", "c")), "abstract", "keywords"),
        ("F2-3", card("pipeline_tag: x\nlibrary_name: keras"), "architecture, inputs and outputs", "task"),
        ("I1-4", HBB, "test vector", "ONNX file"),
        ("R1-3", card(f"intended_use: {LONG}"), "limitations", "intended_use"),
        ("R1-3", card(f"limitations: {LONG}"), "what the model is for", "must not be used"),
        ("R1.2-1", replaced(READ, documents=(document("hyperparameters", '{"seed": 7}', "params.json"),)),
         "epochs", "seed"),
        ("R1.2-2", with_file("preprocess.py"), "signature.json", "the code"),
        ("R3-2", with_file("model.safetensors", "safetensors"), "Export the model to ONNX", "to safetensors"),
        ("R3-2", with_file("model.safetensors", "safetensors"), "library_name", "its weights"),
        ("R3-3", with_file("tests/input.npy"), "Do one of these", "test vector"),
    ],
)  # fmt: skip
def test_a_remedy_asks_for_what_is_missing_alone(number, evidence, asked, there):
    if number == "I1-4":
        model = msgspec.structs.replace(HBB.models[0], ran=True, runtimes=("onnx",))
        graph = FileFact(path=model.file, size=1, format="onnx")
        evidence = replaced(HBB, models=(model,), files=(*HBB.files, graph))
    found = verdict(number, evidence)
    assert found.verdict in {"partial", "fail"}
    assert asked in found.remedy
    assert there not in found.remedy


def signature(evidence):
    found = {item.name: item for item in drafts(assess(evidence), Facts(evidence))}
    return found.get("signature.json")


def test_a_signature_is_drafted_from_what_is_known_and_not_invented():
    assert signature(READ) is None
    assert "by hand" not in verdict("I1-2", READ).remedy
    assert "docs/assessment.md shows one" in verdict("I1-2", READ).remedy
    stated = with_record(READ, inputs=TENSORS, outputs=TENSORS)
    assert signature(stated).helps == ("R1.2-2",)  # its inputs are declared already
    assert "TODO" not in signature(stated).text


def test_a_signature_of_the_catalogue_counts_only_once_it_is_confirmed():
    added = msgspec.structs.replace(READ.record, inputs=TENSORS, outputs=TENSORS)
    evidence = replaced(READ, added=added)
    made = signature(evidence)
    assert (made.serves, made.helps) == ((), ("I1-2", "R1.2-2"))
    assert "a part of I1-2, R1.2-2" in todo_list(assess(evidence), [made]).text
    published = replaced(evidence, documents=(document("definitions", made.text, "signature.json"),))
    assert verdict("I1-2", published).verdict == "fail"
    assert "signature.json: 1 of 1 open to-do concerns I1-2 (line" in verdict("I1-2", published).reason
    confirmed = "\n".join(line for line in made.text.splitlines() if "TODO" not in line)
    again = replaced(published, documents=(document("definitions", confirmed, "signature.json"),))
    assert verdict("I1-2", again).verdict == "partial"  # no graph confirms it


def test_a_published_signature_is_not_drafted_again():
    told = Tensor("x", "float32", ("n", 3), features=(Feature("pt"),))
    text = msgspec.json.encode({"inputs": [told], "outputs": TENSORS}).decode()
    evidence = replaced(READ, documents=(document("definitions", text, "signature.json"),))
    assert verdict("I1-2", evidence).verdict == "partial"
    assert signature(evidence) is None
