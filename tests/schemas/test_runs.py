# SPDX-License-Identifier: MIT
"""What the record of a model says about running it."""

import time

import pytest

from fairreg.schemas import fingerprint_rule
from fairreg.schemas.fingerprint_rule import recognised_in, rule_in, with_rule
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Access, Distribution, ModelRecord, Provenance
from fairreg.schemas.runs import is_runnable, runs, unrecognised


def record(**fields):
    values = {"kind": "model", "access": Access("open")} | fields
    return ModelRecord(identifier="doi:10.1234/a", name="a", provenance=Provenance("zenodo", "1"), **values)


def keras(*names):
    return {"distributions": tuple(map(Distribution, names)), "frameworks": ("Keras",)}


def tmva(name):
    return {"distributions": (Distribution(name),), "frameworks": ("TMVA",)}


def recognised(title):
    evidence = with_rule("computed from net.pt sha256:aa", title)
    return Identifier("file_fingerprint", "sha256:bb", evidence)


def test_recognised_weights_run_whatever_their_format():
    found = record(formats=("pt",), identifiers=(recognised("ParticleNet"),))
    assert (runs(found), is_runnable(found)) == ("runs", True)


def test_the_evidence_names_the_network_and_keeps_the_rule():
    evidence = recognised("ParticleNet").evidence
    assert recognised_in(evidence) == "ParticleNet"
    assert rule_in(evidence) == rule_in(with_rule("computed from net.pt"))
    assert recognised_in(with_rule("computed from net.pt")) is None
    assert recognised_in("computed; recognised as something elsewhere") is None


def test_claims_of_recognised_networks_take_time_that_grows_with_their_number_alone():
    claims = "; recognised as " * 60_000
    before = time.process_time()
    cleaned = fingerprint_rule.unrecognised(f"computed{claims}A, rule 2")
    assert time.process_time() - before < 0.5
    assert cleaned == "computed, rule 2"
    assert fingerprint_rule.unrecognised(f"computed{claims}A") == f"computed{claims}A"


@pytest.mark.parametrize(
    "claim",
    [
        "computed; recognised as ParticleNet, rule 2",
        "computed; recognised as A; recognised as ParticleNet, rule 2",
        "computed; recognised as A, rule 2; recognised as ParticleNet, rule 2",
        "computed; recognised as A; x; recognised as ParticleNet, rule 2",
        f"computed; recognised as {'A' * 101}; recognised as ParticleNet, rule 2",
    ],
    ids=["one", "two", "rules", "between", "long"],
)
def test_a_record_that_only_says_what_was_recognised_is_as_one_that_does_not(claim):
    said = record(formats=("pt",), identifiers=(Identifier("fingerprint", "sha256:bb", claim),))
    (item,) = unrecognised(said).identifiers
    assert recognised_in(item.evidence) is None
    assert rule_in(item.evidence) == 2
    assert runs(unrecognised(said)) == "needs the author's code"
    plain = record(identifiers=(Identifier("fingerprint", "sha256:bb", with_rule("computed")),))
    assert unrecognised(plain) is plain


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"distributions": (Distribution("net.ONNX"),)}, "may run: ONNX"),
        (
            {"distributions": (Distribution("a.zip", path="x/net.onnx"),), "formats": ("pth",)},
            "may run: ONNX",
        ),
        ({"formats": ("ubj",)}, "may run: XGBoost"),
        ({"formats": ("h5",), "frameworks": ("TensorFlow/Keras",)}, "may run: Keras (HDF5)"),
        (
            {"distributions": (Distribution("bdt.xml"),), "frameworks": ("ROOT TMVA",)},
            "may run: TMVA",
        ),
        ({"formats": ("h5",)}, "needs the author's code"),
        ({"formats": ("xml",)}, None),
        (keras("model.weights.h5"), "needs the author's code"),
        (keras("train_data.h5", "saved_model.pb"), "needs the author's code"),
        (keras("jets.h5", "net.pt"), "needs the author's code"),
        (keras("tagger_model.h5"), "may run: Keras (HDF5)"),
        ({"formats": ("Keras",), "distributions": (Distribution("a.pkl"),)}, "needs the author's code"),
        (tmva("TMVA_MLP.weights.xml"), None),
        (tmva("TMVAClassification_BDTG.weights.xml"), "may run: TMVA"),
        ({"distributions": (Distribution("model.json"),), "frameworks": ("XGBoost",)}, "may run: XGBoost"),
        ({"distributions": (Distribution("model.json"),), "frameworks": ("PyTorch",)}, None),
        ({"distributions": (Distribution("model.txt"),), "frameworks": ("LightGBM",)}, "may run: LightGBM"),
        ({"distributions": (Distribution("readme.txt"),), "frameworks": ("LightGBM",)}, None),
        ({"distributions": (Distribution("net.pth"),)}, "needs the author's code"),
        ({"distributions": (Distribution("net.onnx.md5"),)}, None),
        ({"formats": ("training code",)}, None),
        ({"formats": ("onnx",), "kind": "software"}, None),
    ],
)
def test_without_recognised_weights_the_kinds_of_files_decide(fields, words):
    found = record(**fields)
    assert runs(found) == words
    assert is_runnable(found) == (words or "").startswith("may run")


@pytest.mark.parametrize("access", [None, Access("restricted"), Access("embargoed")])
def test_what_cannot_be_had_is_not_runnable(access):
    found = record(formats=("onnx",), access=access)
    assert runs(found) == "may run: ONNX"
    assert not is_runnable(found)
