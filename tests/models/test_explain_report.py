# SPDX-License-Identifier: MIT
"""The report on explanations: readable names, rounded uncertainties, the ROC curve and its band."""

import json

import numpy as np
import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg.models.common.uncertainties import with_uncertainty
from fairreg.models.hbb_in.explain.plots import roc
from fairreg.models.hbb_in.explain.resampling import replicas, roc_band
from fairreg.models.hbb_in.features import TRACK_FEATURES, VERTEX_FEATURES
from fairreg.models.hbb_in.metrics import roc_curve
from fairreg.models.hbb_in.network import Hyperparameters, onnx_bytes
from fairreg.models.hbb_in.workflows.explain.lrp import lrp
from fairreg.models.hbb_in.workflows.explain.mask import mask
from fairreg.models.hbb_in.workflows.explain.report import ORDER, write_report
from fairreg.models.hbb_in.workflows.explain.subject import PACKAGED
from fairreg.models.hbb_in.workflows.explain.words import (
    column_words,
    fact_words,
    feature_words,
    introduction,
)
from support.examples import examples
from support.networks import random_tensors
from support.toy import toy_jets

FEATURES = [item.name for item in (*TRACK_FEATURES, *VERTEX_FEATURES)]
OWN_NAMES = {"QCD", "Hbb"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A tiny network and toy jets."""
    folder = tmp_path_factory.mktemp("network")
    sizes = Hyperparameters(track_features=30, vertex_features=14, hidden=6, d_e=4, d_o=4)
    (folder / "net.onnx").write_bytes(onnx_bytes(random_tensors(sizes)))
    jets = toy_jets(30, 3)
    np.savez(folder / "jets.npz", tracks=jets.tracks, vertices=jets.vertices, labels=jets.labels)
    return folder


@pytest.fixture(scope="module")
def documents(folder):
    sample = (folder / "net.onnx", folder / "jets.npz")
    return {"mask": mask(*sample, bootstraps=20), "lrp": lrp(*sample)}


@pytest.fixture(scope="module")
def page(folder, documents):
    for found in documents.values():
        (folder / f"{found.name}.json").write_text(json.dumps(found.to_json()))
    write_report(folder, folder / "why.html")
    return BeautifulSoup((folder / "why.html").read_text("utf-8"), "html.parser")


def test_every_column_and_value_of_a_document_has_words(documents):
    for found in documents.values():
        document = found.to_json()
        names = {name for part in ("model", "input", "facts") for name in document[part]}
        assert {name for name in names - OWN_NAMES if fact_words(name).casefold() == name} <= {"seed"}
        columns = {name for table in document["tables"] for name in table["columns"]} - {*FEATURES}
        without = {name for name in columns if not name.endswith("_uncertainty")} - {"r"}
        assert {name for name in without if column_words(name) == name} == set()


def test_features_stand_there_in_words_with_unit_and_raw_name(page):
    text = " ".join(page.get_text(" ").split())
    assert "Vertex: transverse momentum [GeV] sv_pt" in text
    assert "Dimension of the edge representation d_e" in text
    assert {tag.string for tag in page.select("#features th code")} == set(FEATURES)
    assert all(feature_words(name) for name in FEATURES)
    assert feature_words("mask") is None


def test_an_uncertainty_stands_beside_its_value_rounded(page, documents):
    table = page.find(id="mask").table
    assert "±" in table.get_text()
    assert "uncertainty" not in table.thead.get_text()
    facts = documents["mask"].to_json()["facts"]
    assert roc_text(facts) in page.find(id="mask").get_text()


def roc_text(facts):
    return with_uncertainty(facts["roc_auc"], facts["roc_auc_uncertainty"])


def test_each_analysis_says_what_it_asks_how_and_what_may_be_concluded(page):
    for name in ("mask", "lrp"):
        told = introduction(name)
        terms = [tag.string for tag in page.select(f"#{name} dl.prose dt")]
        assert terms == ["Question", "Method", "What it shows"]
        text = " ".join(page.find(id=name).get_text().split())
        assert all(part in text for part in (told.question, told.method, told.conclusion))
    assert all(introduction(name) for name in ORDER)
    assert introduction("other") is None


def test_jets_of_the_package_are_called_simulated_in_text_and_figure_and_others_are_not(folder, page):
    assert roc.NOTE not in page.get_text().casefold()
    own = folder / "packaged"
    own.mkdir()
    found = mask(folder / "net.onnx", None, jets=20, bootstraps=0, thresholds=(1.0,))
    assert found.jets.source == PACKAGED
    assert roc.NOTE in found.figures[0].caption
    (own / "mask.json").write_text(json.dumps(found.to_json()))
    write_report(own, own / "why.html")
    assert "Simulated, not CMS" in (own / "why.html").read_text("utf-8")


@pytest.mark.parametrize("note", [True, False])
def test_the_figure_of_the_curve_says_area_and_origin(note):
    pytest.importorskip("matplotlib")
    signal = np.linspace(0, 1, 5)
    figure = roc.curve(
        (signal**2, signal), (signal, np.stack([signal**3, signal])), "AUC 0.8 ± 0.1", note=note
    )
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.texts] == ([roc.NOTE] if note else [])
    assert {text.get_text() for text in axes.get_legend().get_texts()} == {"AUC 0.8 ± 0.1", "68 % band"}


def test_the_method_of_the_uncertainty_is_said(folder, documents):
    assert documents["mask"].facts["roc_auc_uncertainty_by"] == "bootstrap, 20 replicas"
    assert "Band: 16 % to 84 %" in documents["mask"].figures[0].caption
    found = mask(folder / "net.onnx", folder / "jets.npz", bootstraps=0, thresholds=(1.0,))
    assert found.facts["roc_auc_uncertainty_by"] == "DeLong"
    assert found.facts["roc_auc_uncertainty"] > 0
    assert "Band" not in found.figures[0].caption


@st.composite
def scored(draw):
    count = draw(st.integers(2, 40))
    scores = draw(st.lists(st.sampled_from([0.1, 0.2, 0.5, 0.9]), min_size=2 * count, max_size=2 * count))
    return np.arange(2 * count) % 2 == 0, np.asarray(scores)


@settings(max_examples=examples(100))
@given(scored(), st.integers(0, 9))
def test_the_band_rises_between_0_and_1(jets, seed):
    positive, scores = jets
    low, high = roc_band(positive, scores, replicas(positive, 10, seed), np.linspace(0, 1, 11))
    assert np.all(low <= high + 1e-12)
    assert np.all(low >= 0)
    assert np.all(high <= 1)
    assert np.all(np.diff(low) >= -1e-12)
    assert np.all(np.diff(high) >= -1e-12)


@settings(max_examples=examples(100))
@given(scored())
def test_the_band_of_replicas_that_are_the_sample_is_its_curve(jets):
    positive, scores = jets
    at = np.linspace(0, 1, 21)
    background, signal = roc_curve(positive, scores)
    band = roc_band(positive, scores, np.ones((3, len(scores))), at)
    for found in band:
        assert found == pytest.approx(np.interp(at, signal, background), abs=1e-12)
