# SPDX-License-Identifier: MIT
"""Names of parameters, columns and features for people, and what each analysis asks, does and shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from fairreg.models.hbb_in.features import TRACK_FEATURES, VERTEX_FEATURES
from fairreg.models.hbb_in.network import CLASSES

__all__ = ["Introduction", "class_words", "column_words", "fact_words", "feature_words", "introduction"]

_FACTS: Mapping[str, str] = MappingProxyType(
    {
        "file": "Weight file",
        "fingerprint": "Fingerprint of the weights",
        "published_name": "Name among the published weights",
        "reference": "These are fairreg's reference weights",
        "parameters": "Number of parameters",
        "hidden": "Width of the hidden layers (nodes)",
        "d_e": "Dimension of the edge representation",
        "d_o": "Dimension of the node representation",
        "widths": "Widths of single layers (nodes)",
        "dropped_features": "Features that the network does not take",
        "source": "Sample",
        "items": "Jets",
        "QCD": "QCD jets",
        "Hbb": "H→bb jets",
        "unlabelled": "Jets that are neither, left out",
        "roc_auc": "ROC AUC, nothing masked",
        "roc_auc_uncertainty_by": "Method of its uncertainty",
        "bootstraps": "Bootstrap replicas",
        "seed": "Seed",
        "name": "Rule of propagation",
        "gamma": "Weight of positive contributions (rule gamma)",
        "epsilon": "Addend to denominators (rule epsilon)",
        "biases": "Biases take their share",
        "start": "Explained value",
        "conservation": "What the relevances add up to",
        "largest_relative_loss": "Largest relative loss of a jet",
        "nodes": "Nodes of all layers",
        "padding_counted": "Empty slots are counted",
        "threshold": "Relative activity below which a node is inactive",
        "training_sample": "Training sample",
        "training_jets": "Jets for the trainings",
        "mask_jets": "Jets for choosing the features",
        "epochs": "Epochs of each training",
        "batch_size": "Batch size (jets)",
        "learning_rate": "Largest learning rate",
        "schedule": "Schedule of the learning rate",
        "threads": "Threads",
    }
)
_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "feature": "Feature",
        "features": "Features",
        "mask": "Masked",
        "auc": "AUC",
        "auc_lost": "AUC lost",
        "fidelity": "Fidelity",
        "threshold_percent": "Threshold [%]",
        "tracks_masked": "Track features masked",
        "vertices_masked": "Vertex features masked",
        "signal_efficiency": "Efficiency for H→bb jets",
        "background_efficiency": "Efficiency for QCD jets",
        "band_low": "Band, lower end",
        "band_high": "Band, upper end",
        "class": "Class",
        "jets": "Jets",
        "mean_start": "Mean explained value (logit)",
        "tracks_share": "Share of the tracks",
        "vertices_share": "Share of the vertices",
        "biases_share": "Share of the biases",
        "object": "Object",
        "rank": "Place by energy",
        "mean": "mean (logit)",
        "share": "share of the mean logit",
        "rna": "activity by sum",
        "firing": "activity by count",
        "lrp": "by relevance propagation",
        "integrated_gradients": "by integrated gradients",
        "one": "One feature",
        "other": "Other feature",
        "r": "Correlation",
        "layer": "Layer",
        "node": "Node",
        "by_sum_of_activations": "By sum of activations",
        "by_count_of_activations": "By count of activations",
        "rank_correlation": "Rank correlation",
        "mean_relative_error_of_integral": "Mean relative error of the integral",
        "network": "Network (hidden, D_E, D_O)",
        "tracks_dropped": "Track features dropped",
        "vertices_dropped": "Vertex features dropped",
        "hidden": "Hidden width",
        "d_e": "D_E",
        "d_o": "D_O",
        "parameters": "Parameters",
        "epochs": "Epochs",
        "sparsity": "Sparsity",
        "jets_per_second": "Jets per second",
    }
)
_CLASS_WORDS = dict(zip(CLASSES, ("QCD", "H→bb"), strict=True))


def fact_words(name: str) -> str:
    """Return the words for a single value of a document; its own name without underscores for others."""
    return _FACTS.get(name, name.replace("_", " "))


def class_words(name: str) -> str | None:
    """Return the words for a class of jets; None for another name."""
    return _CLASS_WORDS.get(name)


def column_words(name: str) -> str:
    """Return the words for a column of a table.

    >>> column_words("Hbb_share"), column_words("sv_pt")
    ('H→bb, share of the mean logit', 'sv_pt')
    """
    start, _, rest = name.partition("_")
    if start in _CLASS_WORDS and rest in _COLUMNS:
        return f"{_CLASS_WORDS[start]}, {_COLUMNS[rest]}"
    return _COLUMNS.get(name, name)


@cache
def feature_words(name: str) -> str | None:
    """Return meaning and unit of a feature; None for another name.

    >>> feature_words("sv_pt")
    'Vertex: transverse momentum [GeV]'
    """
    for kind, features in (("Track", TRACK_FEATURES), ("Vertex", VERTEX_FEATURES)):
        for item in features:
            if item.name == name:
                return f"{kind}: {item.description}{f' [{item.unit}]' if item.unit else ''}"
    return None


@dataclass(frozen=True)
class Introduction:
    """Question of an analysis, its method, and the conclusion that it allows."""

    question: str
    method: str
    conclusion: str


_INTRODUCTIONS: Mapping[str, Introduction] = MappingProxyType(
    {
        "mask": Introduction(
            "Which inputs does the network need?",
            "An input (a feature in all tracks or vertices, or a whole track or vertex) is set to zero, and "
            "the jets are classified again. AUC lost is the area under the ROC curve without the mask less "
            "that with it. Fidelity is 1 less the mean change of the H→bb probability (1: nothing changed).",
            "A large loss shows that this network uses the input; a small one does not show that the "
            "information is unnecessary, because another feature may stand in for it. A zero is a value that "
            "the network never saw in a real track, so a loss can also come from the mask itself.",
        ),
        "lrp": Introduction(
            "Which inputs speak for the class of a jet?",
            "Layer-wise relevance propagation hands the logit of the true class back through the network, "
            "layer by layer, to tracks, vertices and their features. A share is a mean relevance over the "
            "mean logit; it may be negative.",
            "Relevances say what adds up to the logit, counted from an input of zero. They do not say what "
            "would happen if an input changed. Among features that correlate strongly the share goes to one "
            "or another by chance: read them with the correlations.",
        ),
        "activity": Introduction(
            "Which nodes of the network do something?",
            "The relative neural activity of a node is the sum of its activations over all jets of a class, "
            "over the largest such sum in its layer. Sparsity is the part of the nodes below a threshold.",
            "A node that is inactive for both classes is a candidate to leave out; whether the network does "
            "without it must be tried by training a smaller one. By this definition a few jets with extreme "
            "features can make a layer look sparse.",
        ),
        "reoptimise": Introduction(
            "How small can the network be?",
            "The features whose masks change the AUC least are left out, and smaller networks are trained on "
            "the others; one of the original shape is trained in the same way as a control.",
            "Compare the smaller networks with the control, which had the same budget, and not with the "
            "explained network. Differences within two uncertainties are not differences. Rates are of this "
            "machine.",
        ),
    }
)


def introduction(analysis: str) -> Introduction | None:
    """Return the introduction of an analysis; None for another name."""
    return _INTRODUCTIONS.get(analysis)
