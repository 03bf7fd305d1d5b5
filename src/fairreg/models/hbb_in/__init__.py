# SPDX-License-Identifier: MIT
"""Hbb interaction network: tells boosted jets of a Higgs boson decaying to b quarks from QCD jets.

Read in the order features, inputs, network (the definition and the ONNX graph), runner, published, evaluate.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.base import Demonstration, Inputs, Recognition
from fairreg.models.common.weight_file import WeightFile
from fairreg.models.hbb_in.evaluate import accuracy, evaluate, roc_auc
from fairreg.models.hbb_in.inputs import (
    FeatureSelection,
    Jets,
    count_jets,
    load_jets,
    load_tracks,
    sample,
    sample_metadata,
)
from fairreg.models.hbb_in.network import INPUTS, OUTPUT, Hyperparameters, onnx_bytes
from fairreg.models.hbb_in.published import (
    BASELINE,
    DOI,
    FOUNDING,
    PAPER,
    kept_features,
    published_keys,
    published_names,
)
from fairreg.models.hbb_in.runner import HbbRunner, build
from fairreg.runners import Runner
from fairreg.runners.base import DEFAULT_BATCH
from fairreg.runners.weights import fingerprint_of, format_of, read_tensors
from fairreg.schemas.identifiers import Identifier

__all__ = [
    "REFERENCE",
    "REFERENCE_RECORD",
    "TITLE",
    "FeatureSelection",
    "HbbRunner",
    "Jets",
    "count_inputs",
    "demonstrate",
    "load",
    "load_jets",
    "measure",
    "onnx_graph",
    "read_inputs",
    "recognise",
    "recognise_weights",
    "reference",
    "sample",
    "sample_inputs",
]

TITLE = "Hbb interaction network"
# fairreg's own weights; MODEL_CARD.md beside them says what they are and are not.
REFERENCE = Path(__file__).with_name("weights") / "reference.safetensors"
REFERENCE_RECORD = Identifier("catalogue", "fairreg-hbb-reference-1")
_BASELINE, _PAPER, _VARIANT, _TRACKS_ONLY = 3, 2, 1, 0  # preference


def recognise(path: Path) -> Recognition | None:
    """Identify the weights in the file `path`; None if it is not a weight file or holds another network.

    The published baseline is known by its fingerprint and preferred; then networks of the papers' sizes, then
    others, and last networks of tracks only, which are published beside those of all inputs and are
    recognised only where their features are known. Raises ModelError for a damaged weight file,
    SecurityRefusal (UnsafePickle) for an unsafe one.
    """
    file = WeightFile.read(path)
    return None if file is None else recognise_weights(file)


def recognise_weights(file: WeightFile) -> Recognition | None:
    """Identify the weights in a file that was read, as `recognise`."""
    try:
        sizes = Hyperparameters.from_tensors(file.tensors)
    except ModelError:
        return None
    if not sizes.vertex_features and kept_features(file.path, sizes) is None:
        return None  # the authors' class without vertices is used for other jets, too, with other features
    return _recognition(file.path, file.format, sizes, file.fingerprint)


def _recognition(path: Path, file_format: str, sizes: Hyperparameters, fingerprint: str) -> Recognition:
    baseline = fingerprint == BASELINE
    known_as, record = _known(fingerprint)
    return Recognition(
        model="hbb_in",
        title=TITLE,
        path=path,
        format=file_format,
        fingerprint=fingerprint,
        parameter_count=sizes.parameter_count,
        hyperparameters=sizes.to_json(),
        published_name=published_names().get(fingerprint),
        baseline=baseline,
        preference=_BASELINE if baseline else _preference(sizes),
        known_as=known_as,
        record=record,
    )


def _preference(sizes: Hyperparameters) -> int:
    if not sizes.vertex_features:
        return _TRACKS_ONLY
    return _PAPER if sizes in {PAPER, FOUNDING} else _VARIANT


def _known(fingerprint: str) -> tuple[Literal["published", "reference"] | None, str | None]:
    """Return `known_as` and `record` of a `Recognition` for weights of this fingerprint."""
    if fingerprint == _reference_fingerprint():
        return "reference", REFERENCE_RECORD.compact
    if fingerprint in published_names():
        return "published", f"doi:{DOI}"
    return None, None


@cache
def _reference_fingerprint() -> str | None:
    return fingerprint_of(read_tensors(REFERENCE)) if REFERENCE.is_file() else None


def reference(identifier: Identifier) -> Recognition | None:
    """fairreg's own weights, by their record or any identifier of the published network."""
    meant = identifier.key == REFERENCE_RECORD.key or identifier.key in published_keys()
    return recognise(REFERENCE) if meant and REFERENCE.is_file() else None


def load(
    source: Recognition | Path,
    *,
    runtime: str = "onnx",
    batch_size: int | None = None,
    threads: int | None = None,
    engines: Path | None = None,
    device: str | None = None,
    selection: FeatureSelection | None = None,
) -> HbbRunner:
    """Load the network in a weight file on `runtime`.

    `selection` says which features it takes; by default the published metadata file beside the weights does.
    Raises ModelError for a file of another network, OtherGraph for an ONNX file that computes something else,
    UsageError, UnsafePickle, MissingEngine.
    """
    path = source.path if isinstance(source, Recognition) else source
    tensors = _checked(path)
    features = selection or kept_features(path, Hyperparameters.from_tensors(tensors))
    return build(
        tensors,
        runtime=runtime,
        selection=features,
        batch_size=batch_size or DEFAULT_BATCH,
        threads=threads,
        engines=engines,
        device=device,
    )


def onnx_graph(source: Recognition) -> bytes:
    """Serialise the network of a recognised file as the ONNX graph that `load` runs. Raises OtherGraph."""
    return onnx_bytes(_checked(source.path))


def _checked(path: Path) -> Mapping[str, NDArray[Any]]:
    """Read the tensors of a file; of an ONNX file only if its graph computes this network with them."""
    tensors: Mapping[str, NDArray[Any]] = read_tensors(path)
    if format_of(path) == "onnx":
        from fairreg.models.hbb_in.own_graph import check_graph

        check_graph(path, tensors)
    return tensors


def read_inputs(path: Path, start: int = 0, stop: int | None = None) -> Inputs:
    """Read jets `start` to before `stop` of a .npz, .npy, .h5 or .root file as inputs, with their labels.

    A file of tracks alone gives no vertices: it is for networks of tracks only. Raises ModelError for a file
    without jets.
    """
    alone = load_tracks(path, start, stop)
    if alone is not None:
        return Inputs({INPUTS[0]: alone.tracks}, alone.labels)
    jets = load_jets(path, start, stop)
    return Inputs(dict(zip(INPUTS, (jets.tracks, jets.vertices), strict=True)), jets.labels)


def count_inputs(path: Path) -> int | None:
    """Number of jets in the file, None for ntuples; ModelError if it is not a file of jets."""
    return count_jets(path)


def measure(outputs: Mapping[str, NDArray[Any]], labels: NDArray[Any]) -> Mapping[str, float]:
    """ROC AUC and accuracy of probabilities (n, 2) for labels (n, 2), without unlabelled jets."""
    labelled = labels.any(axis=1)
    hbb, scores = labels[labelled, 1].astype(bool), outputs[OUTPUT][labelled, 1]
    return {"roc_auc": roc_auc(hbb, scores), "accuracy": accuracy(hbb, scores)}


def sample_inputs() -> Mapping[str, NDArray[Any]]:
    """The packaged jets by input name: tracks (n, 30, 60) and vertices (n, 14, 5), float32."""
    jets = sample()
    return dict(zip(INPUTS, (jets.tracks, jets.vertices), strict=True))


def demonstrate(runner: Runner) -> Demonstration:
    """Figures of merit of `runner` on the packaged jets; ModelError if it is of another model.

    The rate is that of a second pass: the first one includes what engines do only once.
    """
    if not isinstance(runner, HbbRunner):
        raise ModelError(f"The runner is not a {TITLE}.")
    jets, about = sample(), sample_metadata()
    runner.predict(jets.tracks, jets.vertices)
    found = evaluate(runner, jets)
    return Demonstration(
        source=about["title"],
        items=found.jets,
        metrics={"roc_auc": found.roc_auc, "accuracy": found.accuracy},
        items_per_second=found.jets_per_second,
        batch_size=found.batch_size,
        warnings=(about["disclaimer"],),
    )
