# SPDX-License-Identifier: MIT
"""Package a trained Hbb interaction network as fairreg's reference weights.

    python scripts/package_reference.py TRAINED --train train.h5 --test test.h5 [--published FILE.pth]

TRAINED is the folder that ``fairreg hbb train`` wrote. The weights, the training log and a model card go into
the package, the records of the model and of both samples into the catalogue. Every figure is measured here,
on the test sample and on the packaged jets; `--published` adds the published baseline for comparison.
"""

import argparse
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from fairreg.models import hbb_in
from fairreg.models.hbb_in.inputs import signature
from fairreg.models.hbb_in.jet_files import open_jets
from fairreg.models.hbb_in.metrics import Estimate, TaggingMetrics, tagging_metrics
from fairreg.models.hbb_in.published import DOI, PAPER
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
    (WEIGHTS / "MODEL_CARD.md").write_text(_card(facts), encoding="utf-8")
    records = [_model(facts), facts.train, facts.test]
    text = json.dumps([item.to_json() for item in records], ensure_ascii=False, indent=1) + "\n"
    CATALOGUE.write_text(text, encoding="utf-8")
    (WEIGHTS / "figures.json").write_text(json.dumps(_figures(facts), indent=1) + "\n", encoding="utf-8")
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
    jets = hbb_in.sample()
    assert jets.labels is not None
    scores = hbb_in.load(weights).predict(jets.tracks, jets.vertices)[:, 1]
    return Facts(
        setup=document["setup"],
        best=trained["best"],
        training_jets=trained["training_jets"],
        train=_dataset(asked.train),
        test=_dataset(asked.test),
        test_figures=evaluate(weights, [asked.test]).figures,
        packaged=tagging_metrics(jets.labels[:, 1].astype(bool), scores),
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
        description=(
            "Weights in the architecture of the published network, trained by fairreg on a simulated open "
            "sample. A variant, no copy: for offline use, tests and benchmarks, not for physics results."
        ),
        identifiers=(
            Identifier("fingerprint", facts.fingerprint, evidence="computed from the packaged file, rule 2"),
        ),
        creators=(Creator(name="The fairreg developers", kind="organization"),),
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
    """The figures that a test compares with."""
    found = {"test": facts.test_figures, "packaged": facts.packaged}
    return {"fingerprint": facts.fingerprint} | {
        name: {
            "jets": item.signal + item.background,
            "roc_auc": [item.roc_auc.value, item.roc_auc.uncertainty],
            "accuracy": [item.accuracy.value, item.accuracy.uncertainty],
        }
        for name, item in found.items()
    }


def _card(facts: Facts) -> str:
    rows = [
        ("these weights, test sample", facts.test_figures),
        ("these weights, packaged jets", facts.packaged),
    ]
    rows += [("published baseline, test sample", facts.published)] if facts.published else []
    table = "\n".join(_row(name, item) for name, item in rows)
    return CARD.read_text(encoding="utf-8").format(
        title=TITLE,
        doi=DOI,
        fingerprint=facts.fingerprint,
        table=table,
        training_jets=facts.training_jets,
        train=facts.train.name,
        test=facts.test.name,
        setup="\n".join(f"- {name}: {value}" for name, value in facts.setup.items()),
        best=facts.best["epoch"],
        limits=facts.train.limitations,
    )


def _row(name: str, item: TaggingMetrics) -> str:
    rejections = " | ".join(
        "none passes" if found.value is None else f"{found.value:.0f} ± {found.uncertainty or 0:.0f}"
        for found in item.rejections
    )
    number = item.signal + item.background
    return f"| {name} | {number} | {_shown(item.roc_auc)} | {_shown(item.accuracy)} | {rejections} |"


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
