# SPDX-License-Identifier: MIT
"""Make the figures and tables of docs/hbb-explanations.md again, in one go.

    make figures                             # everything that needs no file of others
    python scripts/make_figures.py           # only what the 2,000 packaged jets give: about a minute
    python scripts/make_figures.py --simulate --published gnn_baseline_best.pth --reoptimised smaller

Writes docs/figures.json, with every number that the page quotes and the command of each study; the PNG files
in docs/explanations, of the packaged jets; and the tables of the page. A study whose input is missing keeps
its numbers, which is said. `--simulate` makes the test sample, 24,000 jets of seed 2 (some minutes; it
resumes). `--published` is the baseline of 10.5281/zenodo.7305227, `--reoptimised` the folder of
`fairreg hbb explain reoptimise`, which takes an hour with its sample and has a command of its own. Exits
with 1 if a sentence of the page has other numbers.
"""

import argparse
import json
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import figure_pages
import numpy as np
from figure_pages import FIGURES, PAGE, Study
from numpy.typing import NDArray

from fairreg.models.hbb_in.explain.activity import relative_activity, sparsity
from fairreg.models.hbb_in.features import TRACK_FEATURES
from fairreg.models.hbb_in.network import CLASSES
from fairreg.models.hbb_in.workflows.explain.activity import activity
from fairreg.models.hbb_in.workflows.explain.analysis import Analysis, versions
from fairreg.models.hbb_in.workflows.explain.lrp import lrp
from fairreg.models.hbb_in.workflows.explain.mask import mask
from fairreg.models.hbb_in.workflows.explain.subject import Subject, read_subject

IMAGES = PAGE.parent / "explanations"
WORK = PAGE.parents[1] / "build" / "figures"
SHOWN = ("mask-features", "lrp-features", "lrp-objects", "activity-pattern")
Change = Callable[[NDArray[Any], np.random.Generator], NDArray[Any]]
# What is tested about pile-up: the significance of dz of this part of the tracks is changed. Number of seeds
# (1 and up) and the change of the values.
TAIL_FEATURE, TAIL_PART, TAIL_FACTOR = "track_dzsig", 0.01, 300
TAILS: Mapping[str, tuple[int, Change]] = {
    "larger": (5, lambda values, _: TAIL_FACTOR * values),
    "larger, positive": (1, lambda values, _: TAIL_FACTOR * np.abs(values)),
    "larger, negative": (1, lambda values, _: -TAIL_FACTOR * np.abs(values)),
    "normal": (1, lambda values, random: TAIL_FACTOR * random.normal(size=len(values))),
}
_PER_CENT = 100
_NEXT_LINE = r"\n\s*"
_CORRELATED = (
    ("sv_ptrel", "sv_erel"),
    ("sv_ptrel", "sv_pt"),
    ("sv_erel", "sv_pt"),
    ("sv_dxysig", "sv_d3dsig"),
    ("track_detadeta", "track_dzdz"),
)

Numbers = dict[str, Any]


@dataclass(frozen=True)
class Inputs:
    """Files of a run; None where one is missing."""

    work: Path
    test: Path | None = None
    published: Path | None = None
    reoptimised: Path | None = None


def main() -> int:
    asked = _arguments()
    test = simulated(asked.work) if asked.simulate else asked.test
    inputs = Inputs(asked.work, test, asked.published, asked.reoptimised)
    known = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.is_file() else {"studies": {}}
    figures = measured(inputs, known["studies"], asked.only)
    if not asked.only:
        copy_images(inputs.work, IMAGES)
    FIGURES.write_text(_json(figures), encoding="utf-8")
    PAGE.write_text(figure_pages.page(figures), encoding="utf-8")
    for line in figure_pages.missing_sentences(figures):
        print(f"{PAGE.name} lacks: {line}", file=sys.stderr)
    return int(bool(figure_pages.missing_sentences(figures)))


def measured(inputs: Inputs, known: Mapping[str, Any], only: str = "") -> dict[str, Any]:
    """The document of figures: studies made now, or kept from `known` where an input is missing.

    Only studies with `only` in their name are made.
    """
    studies: dict[str, Any] = {}
    for name, study in figure_pages.STUDIES.items():
        made = _made(study, inputs) if only in name else None
        if made is not None:
            print(f"measured: {name}", file=sys.stderr)
            studies[name] = {**study.to_json(), "versions": versions(), "numbers": made}
        elif name in known:
            print(f"kept ({study.needs or '--only'}): {name}", file=sys.stderr)
            studies[name] = known[name]
    return {"made_by": "make figures", "studies": studies, "elsewhere": figure_pages.ELSEWHERE}


def copy_images(work: Path, images: Path) -> None:
    """Copy the figures that the page shows."""
    for name in SHOWN:
        shutil.copyfile(work / "reference-packaged" / f"{name}.png", images / f"{name}.png")


def _made(study: Study, inputs: Inputs) -> Numbers | None:
    """Numbers of a study; None where an input is missing."""
    files = {"test": inputs.test, "published": inputs.published, "reoptimised": inputs.reoptimised}
    if any(files[need] is None for need in study.inputs):
        return None
    if study.analysis == "reoptimise":
        return _reoptimised(inputs)
    weights = inputs.published if study.network == "published" else None
    sample = inputs.test if study.sample == "test" else None
    folder = inputs.work / f"{study.network}-{study.sample}"
    return ANALYSES[study.analysis](weights, sample, folder)


def simulated(work: Path, jets: int = 24_000) -> Path:
    """The prepared test sample of seed 2, made unless it is there."""
    from fairreg.models.hbb_in.workflows.prepare import prepare
    from fairreg.models.hbb_in.workflows.simulate import SimulationPlan, simulate

    prepared = work / "test.h5"
    if not prepared.is_file():
        made = simulate(SimulationPlan(2, jets, jets // 2, 2000), work / "test", workers=1, progress=_tell)
        prepare([str(path) for path in made.files], prepared, drop_neither=False, progress=_tell)
    return prepared


def _tell(done: int, total: int | None) -> None:
    print(f"\r{done} of {total} jets", end="", file=sys.stderr)


def _evaluate(weights: Path | None, sample: Path | None, folder: Path, *, weighted: bool = False) -> Numbers:
    from fairreg.models.hbb_in.workflows.evaluate import evaluate

    plot = folder / f"roc{'-weighted' * weighted}.png"
    folder.mkdir(parents=True, exist_ok=True)
    found = evaluate(
        weights, [sample] if sample else [], threads=1, weighted=weighted, plot=None if weighted else plot
    )
    figures = found.figures
    return {
        "jets": found.jets,
        "roc_auc": [figures.roc_auc.value, figures.roc_auc.uncertainty],
        "accuracy": [figures.accuracy.value, figures.accuracy.uncertainty],
        "rejections": {str(one.efficiency): [one.value, one.uncertainty] for one in figures.rejections},
    }


def _mask(weights: Path | None, sample: Path | None, folder: Path) -> Numbers:
    found = mask(weights, sample, jets=24_000, threads=1).write(folder)
    features, objects = (_rows(found, name) for name in ("mask-features", "mask-objects"))
    return {
        "jets": len(found.jets),
        "roc_auc_percent": _PER_CENT * found.facts["roc_auc"],
        "roc_auc_uncertainty_percent": _PER_CENT * found.facts["roc_auc_uncertainty"],
        "features": {
            name: [_PER_CENT * row["auc_lost"], _PER_CENT * row["auc_lost_uncertainty"]]
            for name, row in features.items()
        },
        "thresholds": {
            f"{row['threshold_percent']:g}": [
                row["tracks_masked"],
                row["vertices_masked"],
                _PER_CENT * row["auc"],
                _PER_CENT * row["fidelity"],
            ]
            for row in _listed(found, "mask-thresholds")
            if row["features"] == "tracks and vertices"
        },
        "objects": {
            name: [_PER_CENT * row["auc_lost"], _PER_CENT * row["fidelity"]] for name, row in objects.items()
        },
    }


def _lrp(weights: Path | None, sample: Path | None, folder: Path) -> Numbers:
    found = lrp(weights, sample, jets=24_000).write(folder)
    correlated = {
        name: row
        for table in ("correlations-tracks", "correlations-vertices")
        for name, row in _rows(found, table).items()
    }
    return {
        "jets": len(found.jets),
        "largest_relative_loss": found.facts["largest_relative_loss"],
        "shares": {
            name: {part: row[f"{part}_share"] for part in ("tracks", "vertices", "biases")}
            for name, row in _rows(found, "lrp-totals").items()
        },
        "features": {
            name: {key.removesuffix("_share"): row[key] for key in ("QCD_share", "Hbb_share")}
            for name, row in _rows(found, "lrp-features").items()
        },
        "correlations": {f"{one} {other}": correlated[one][other] for one, other in _CORRELATED},
    }


def _activity(weights: Path | None, sample: Path | None, folder: Path) -> Numbers:
    found = activity(weights, sample, jets=24_000).write(folder)
    return {
        "jets": len(found.jets),
        "nodes": found.facts["nodes"],
        "sparsity": {
            name: row["by_sum_of_activations"] for name, row in _rows(found, "activity-sparsity").items()
        },
    }


def _tails(weights: Path | None, _sample: Path | None, _folder: Path) -> Numbers:
    """Sparsity on packaged jets in which a few tracks look as if they came from another collision."""
    subject = read_subject(weights, None)
    real: NDArray[np.bool_] = np.any(subject.jets.tracks != 0, axis=1)
    found: dict[str, dict[str, list[float]]] = {}
    for name, (seeds, change) in TAILS.items():
        rows = [_sparsity_with(subject, real, change, seed) for seed in range(1, seeds + 1)]
        found[name] = {of: [row[place] for row in rows] for place, of in enumerate(CLASSES)}
    return {"jets": len(subject.jets), "real_tracks": int(real.sum()), "sparsity": found}


def _sparsity_with(
    subject: Subject, real: NDArray[np.bool_], change: Change, seed: int
) -> tuple[float, float]:
    """Sparsity for QCD and H->bb jets with the feature changed in `TAIL_PART` of the tracks."""
    random = np.random.default_rng(seed)
    tracks = subject.jets.tracks.copy()
    feature = tracks[:, [item.name for item in TRACK_FEATURES].index(TAIL_FEATURE)]
    drawn = real & (random.random(real.shape) < TAIL_PART)
    feature[drawn] = change(feature[drawn], random)
    own = subject.model.reduced(tracks, subject.jets.vertices)
    found = sparsity(relative_activity(subject.model.tensors, *own, subject.jets.classes).rna)
    return float(found[0]), float(found[1])


def _reoptimised(inputs: Inputs) -> Numbers:
    """Numbers of the document that ``fairreg hbb explain reoptimise`` wrote."""
    assert inputs.reoptimised is not None
    document = json.loads((inputs.reoptimised / "reoptimise.json").read_text(encoding="utf-8"))
    (table,) = document["tables"]
    return {
        "jets": document["input"]["items"],
        "facts": document["facts"],
        "columns": table["columns"],
        "rows": table["rows"],
    }


ANALYSES: Mapping[str, Callable[[Path | None, Path | None, Path], Numbers]] = {
    "evaluate": _evaluate,
    "evaluate-weighted": partial(_evaluate, weighted=True),
    "mask": _mask,
    "lrp": _lrp,
    "activity": _activity,
    "tails": _tails,
}


def _listed(found: Analysis, name: str) -> list[dict[str, Any]]:
    (table,) = (table for table in found.tables if table.name == name)
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def _rows(found: Analysis, name: str) -> dict[str, dict[str, Any]]:
    """Rows of a table by the cell of its first column."""
    return {str(next(iter(row.values()))): row for row in _listed(found, name)}


def _json(document: Any) -> str:
    """JSON with lists of numbers on one line and six digits, more than the docs quote."""
    text = json.dumps(_short(document), indent=1, ensure_ascii=False)
    lists = r"\[\n\s*([^\[\]{}]*?)\n\s*\]"
    return re.sub(lists, lambda found: f"[{re.sub(_NEXT_LINE, ' ', found[1])}]", text) + "\n"


def _short(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: _short(item) for key, item in value.items()}
    return [_short(item) for item in value] if isinstance(value, list) else value


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--test", type=Path, metavar="FILE", help="the test sample, prepared")
    parser.add_argument("--simulate", action="store_true", help="make the test sample")
    parser.add_argument("--published", type=Path, metavar="FILE", help="weights of the published baseline")
    parser.add_argument("--reoptimised", type=Path, metavar="FOLDER")
    parser.add_argument("--only", default="", metavar="WORD", help="only studies with this in their names")
    parser.add_argument("--work", type=Path, default=WORK, metavar="FOLDER", help="for all that is not kept")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
