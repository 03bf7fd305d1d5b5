# SPDX-License-Identifier: MIT
"""Package a trained Hbb interaction network as fairreg's reference weights.

    python scripts/package_reference.py TRAINED --train train.h5 --test test.h5 [--published FILE.pth]

TRAINED is the folder that ``fairreg hbb train`` wrote. The weights, the training log, figures.json and a
model card made of it go into the package, the records of the model and of both samples into the catalogue.
Every figure is measured here, on the test sample and on the packaged jets; `--published` adds the published
baseline for comparison.
"""

import argparse
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from fairreg.models import hbb_in
from fairreg.models.hbb_in.content import MANTISSA_BITS
from fairreg.models.hbb_in.inputs import signature
from fairreg.models.hbb_in.jet_files import open_jets
from fairreg.models.hbb_in.metrics import Estimate, TaggingMetrics
from fairreg.models.hbb_in.published import DOI, PAPER
from fairreg.models.hbb_in.simulation.record import SAME
from fairreg.models.hbb_in.workflows.evaluate import evaluate
from fairreg.runners.weights import fingerprint
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import (
    Access,
    Creator,
    Distribution,
    Evaluation,
    ModelRecord,
    Provenance,
    Relation,
)
from fairreg.storage.files import digest

ROOT = Path(__file__).parents[1] / "src/fairreg"
WEIGHTS = ROOT / "models/hbb_in/weights"
CATALOGUE = ROOT / "registry/catalogue/own.json"
CARD = Path(__file__).with_name("reference_card.md")
TITLE = "fairreg reference weights (interaction network)"
SOURCE_ID = hbb_in.REFERENCE_RECORD.value
SEEN = "MODEL_CARD.md beside the weights"
# codemeta.json names the publisher; version 1 of the weights was made for and came out with release 0.1.0.
PUBLISHER, RELEASED = "The fairreg developers", "2026-11-22"
# The paper of the architecture, as CITATION.cff and the card cite it.
PAPER_DOI = "10.1088/2632-2153/ad12e3"


@dataclass(frozen=True)
class Facts:
    """All that the card and the records say."""

    setup: dict[str, Any]
    best: dict[str, Any]
    training_jets: int
    train: ModelRecord
    test: ModelRecord
    test_figures: TaggingMetrics
    packaged: TaggingMetrics
    packaged_weighted: TaggingMetrics
    published: TaggingMetrics | None
    fingerprint: str


def main() -> None:
    asked = _arguments()
    WEIGHTS.mkdir(exist_ok=True)
    for name, target in (
        ("weights.safetensors", "reference.safetensors"),
        ("weights.onnx", "reference.onnx"),
        ("log.jsonl", "training-log.jsonl"),
    ):
        shutil.copyfile(_found(asked.trained, name), WEIGHTS / target)
    facts = _facts(asked)
    figures = _figures(facts)
    (WEIGHTS / "figures.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    (WEIGHTS / "MODEL_CARD.md").write_text(card(figures, facts.train, facts.test), encoding="utf-8")
    records = [_model(facts), facts.train, facts.test]
    text = json.dumps([item.to_json() for item in records], ensure_ascii=False, indent=1) + "\n"
    CATALOGUE.write_text(text, encoding="utf-8")
    print(f"test sample: ROC AUC {_shown(facts.test_figures.roc_auc)}; {facts.fingerprint}")


def _found(folder: Path, name: str) -> Path:
    found = sorted(folder.rglob(name))
    if len(found) != 1:
        raise SystemExit(f"{folder} has {len(found)} files {name}, not one.")
    return found[0]


def _facts(asked: argparse.Namespace) -> Facts:
    document = json.loads(_found(asked.trained, "metrics.json").read_text(encoding="utf-8"))
    (trained,) = document["rounds"]
    weights = WEIGHTS / "reference.safetensors"
    return Facts(
        setup=document["setup"],
        best=trained["best"],
        training_jets=trained["training_jets"],
        train=_dataset(asked.train),
        test=_dataset(asked.test),
        test_figures=evaluate(weights, [asked.test]).figures,
        packaged=evaluate(weights).figures,
        packaged_weighted=evaluate(weights, weighted=True).figures,
        published=evaluate(asked.published, [asked.test]).figures if asked.published else None,
        fingerprint=fingerprint(weights),
    )


def _dataset(prepared: Path) -> ModelRecord:
    """The record of the sample in a prepared file, as the catalogue's own."""
    with open_jets(prepared) as jets:
        number = len(jets)
        record = ModelRecord.from_jsonld(json.loads(jets.source))
    name = record.identifier.partition(":")[2]
    # What people search for is the published model: the full text of its sample would come before it.
    return replace(
        record,
        identifier=f"catalogue:{name}",
        name=f"fairreg open jet sample, {number} jets",
        description="Simulated jets that the reference weights of fairreg were trained or tested on.",
        keywords=("jets", "simulation"),
        provenance=Provenance("catalogue", name),
    )


def _model(facts: Facts) -> ModelRecord:
    inputs, outputs = signature(PAPER, hbb_in.inputs.ALL_FEATURES)
    return ModelRecord(
        identifier=f"catalogue:{SOURCE_ID}",
        kind="model",
        name=TITLE,
        version="1",
        publisher=PUBLISHER,
        date_created=RELEASED,
        date_published=RELEASED,
        description=(
            "Weights in the architecture of the published network, trained by fairreg on a simulated open "
            "sample. A variant, no copy: for offline use, tests and benchmarks, not for physics results."
        ),
        identifiers=(
            Identifier("fingerprint", facts.fingerprint, evidence="computed from the packaged file, rule 2"),
        ),
        creators=(Creator(name=PUBLISHER, kind="organization"),),
        license="MIT",
        keywords=("Higgs", "Hbb", "jet tagging", "interaction network", "reference weights"),
        ml_task=("jet tagging: boosted H→bb vs QCD",),
        model_category=("interaction network (graph neural network)",),
        frameworks=("ONNX", "PyTorch"),
        formats=("onnx", "safetensors"),
        access=Access("open", "shipped with fairreg"),
        distributions=tuple(
            Distribution(
                name=path.name,
                size=path.stat().st_size,
                checksums=(f"sha256:{digest(path)}",),
                format=path.suffix.lstrip("."),
            )
            for path in sorted(WEIGHTS.glob("reference.*"))
        ),
        relations=(
            Relation(type="is_variant_of", target=Identifier("doi", DOI, evidence=SEEN), target_kind="Model"),
            Relation(type="trained_on", target=_named(facts.train), target_kind="Dataset"),
            Relation(type="tested_on", target=_named(facts.test), target_kind="Dataset"),
            Relation(type="cites", target=Identifier("doi", PAPER_DOI, evidence=SEEN)),
        ),
        evaluations=(
            Evaluation(
                metric="ROC AUC",
                value=_shown(facts.test_figures.roc_auc),
                dataset=facts.test.name,
                split="test",
            ),
            Evaluation(
                metric="accuracy",
                value=_shown(facts.test_figures.accuracy),
                dataset=facts.test.name,
                split="test",
            ),
        ),
        inputs=inputs,
        outputs=outputs,
        intended_use="Offline runs of the reference entry, tests, benchmarks, explanation tools.",
        limitations=facts.train.limitations,
        provenance=Provenance("catalogue", SOURCE_ID),
    )


def _named(record: ModelRecord) -> Identifier:
    return Identifier("catalogue", record.provenance.source_id, evidence=SEEN)


def _shown(estimate: Estimate) -> str:
    return f"{estimate.value:.4f} ± {estimate.uncertainty:.4f}"


def _figures(facts: Facts) -> dict[str, Any]:
    """What the card says and a test compares with."""
    found = {
        "test": facts.test_figures,
        "packaged": facts.packaged,
        "packaged_weighted": facts.packaged_weighted,
        "published_test": facts.published,
    }
    return {
        "fingerprint": facts.fingerprint,
        "setup": facts.setup,
        "best_epoch": facts.best["epoch"],
        "training_jets": facts.training_jets,
    } | {name: _document(item) for name, item in found.items() if item is not None}


def _document(item: TaggingMetrics) -> dict[str, Any]:
    return {
        "jets": item.signal + item.background,
        "roc_auc": [item.roc_auc.value, item.roc_auc.uncertainty],
        "accuracy": [item.accuracy.value, item.accuracy.uncertainty],
        "rejections": {str(one.efficiency): [one.value, one.uncertainty] for one in item.rejections},
    }


# Rows of the card's table: what was measured, and the command that measures it again.
_ROWS = {
    "test": ("these weights, test sample", "fairreg hbb evaluate --sample test.h5"),
    "packaged": ("these weights, packaged jets", "fairreg hbb evaluate"),
    "packaged_weighted": ("these weights, packaged jets, weighted", "fairreg hbb evaluate --weighted"),
    "published_test": (
        "published baseline, test sample",
        "fairreg hbb evaluate gnn_baseline_best.pth --sample test.h5",
    ),
}


def card(figures: dict[str, Any], train: ModelRecord, test: ModelRecord) -> str:
    """The model card, made of the figures and the records of the samples."""
    rows = [_row(*_ROWS[name], figures[name]) for name in _ROWS if name in figures]
    setup = figures["setup"]
    return CARD.read_text(encoding="utf-8").format(
        title=TITLE,
        doi=DOI,
        fingerprint=figures["fingerprint"],
        table="\n".join(rows),
        training_jets=figures["training_jets"],
        train=train.name,
        test=test.name,
        setup="\n".join(f"- {name}: {value}" for name, value in setup.items()),
        best=figures["best_epoch"],
        limits=train.limitations,
        same=SAME,
        bits=MANTISSA_BITS,
        **{name: setup[name] for name in ("epochs", "patience", "learning_rate", "schedule", "seed")},
    )


def _row(name: str, command: str, item: dict[str, Any]) -> str:
    rejections = [
        "none passes" if value is None else f"{value:.0f} ± {uncertainty or 0:.0f}"
        for value, uncertainty in item["rejections"].values()
    ]
    figures = ("{:.4f} ± {:.4f}".format(*item[name]) for name in ("roc_auc", "accuracy"))
    return f"| {' | '.join((name, str(item['jets']), *figures, *rejections, f'`{command}`'))} |"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("trained", type=Path)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--published", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
