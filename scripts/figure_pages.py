# SPDX-License-Identifier: MIT
"""Studies behind docs/hbb-explanations.md, and the tables and sentences of the page made of their numbers.

`STUDIES` says which analysis of which network on which jets is quoted, `ELSEWHERE` what is quoted without
being made by `make figures`. The rest turns docs/figures.json into Markdown; make_figures.py measures.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import correlation, mean
from typing import Any

__all__ = ["ELSEWHERE", "FIGURES", "PAGE", "STUDIES", "Study", "missing_sentences", "page", "tables"]

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "hbb-explanations.md"
FIGURES = ROOT / "docs" / "figures.json"
PUBLISHED = json.loads(Path(__file__).with_name("published_figures.json").read_text(encoding="utf-8"))
CLASSES = ("QCD", "Hbb")
_PER_CENT = 100

Figures = Mapping[str, Any]

SAMPLES = {
    "packaged": "2,000 packaged jets, drawn with seed 1 from the test sample of seed 2",
    "test": "24,000 jets of fairreg hbb simulate --jets 24000 --seed 2",
}
_COMMANDS = {
    "evaluate": "fairreg hbb evaluate{weights}{sample}",
    "evaluate-weighted": "fairreg hbb evaluate{weights}{sample} --weighted",
    "mask": "fairreg hbb explain mask{option}{sample} --output why",
    "lrp": "fairreg hbb explain lrp{option}{sample} --output why",
    "activity": "fairreg hbb explain activity{option}{sample} --output why",
    "tails": "python scripts/make_figures.py --published gnn_baseline_best.pth",
    "reoptimise": (
        "fairreg hbb explain reoptimise train.h5 --sample test.h5 --training-jets 80000 --output smaller"
    ),
}


@dataclass(frozen=True)
class Study:
    """An analysis of a network (reference or published) on jets (packaged or test)."""

    analysis: str
    network: str = "reference"
    sample: str = "packaged"

    @property
    def name(self) -> str:
        """Name in docs/figures.json."""
        return f"{self.analysis} {self.network} {self.sample}"

    @property
    def inputs(self) -> tuple[str, ...]:
        """The inputs that are not in the repository."""
        wanted = {"test": self.sample, "published": self.network, "reoptimised": f"{self.analysis}d"}
        return tuple(name for name, mine in wanted.items() if name == mine)

    @property
    def needs(self) -> str:
        """Options that give these inputs."""
        options = {"test": "--simulate", "published": "--published", "reoptimised": "--reoptimised"}
        return " and ".join(options[name] for name in self.inputs)

    def to_json(self) -> dict[str, Any]:
        """Command, jets and seeds; what is not in the repository."""
        file = "gnn_baseline_best.pth"
        published, test = self.network == "published", self.sample == "test"
        command = _COMMANDS[self.analysis].format(
            weights=f" {file}" * published,
            option=f" --weights {file}" * published,
            sample=" --sample test.h5" * test,
        )
        return {"command": command, "sample": SAMPLES[self.sample], "needs": self.needs}


_ALL = (
    Study("evaluate"),
    Study("evaluate-weighted"),
    *(Study(analysis) for analysis in ("mask", "lrp", "activity")),
    *(Study(analysis, "published") for analysis in ("evaluate", "mask", "lrp", "activity", "tails")),
    *(Study(analysis, sample="test") for analysis in ("evaluate", "mask", "lrp", "activity")),
    Study("reoptimise", sample="test"),
)
STUDIES: Mapping[str, Study] = {study.name: study for study in _ALL}

# What the page quotes and `make figures` does not make: the words of the page, why, and how to make it.
ELSEWHERE: list[dict[str, str]] = [
    {
        "quoted": "`activity` took 18 s of processor time, `lrp` 44 s",
        "why": "times of one machine",
        "command": "time fairreg hbb explain mask --sample test.h5 --output why",
    },
    {
        "quoted": "a single track feature got 2,188 of a logit of 4, with LRP-0 690,059",
        "why": "the largest relevance of a single jet is in no table",
        "command": "fairreg hbb explain lrp --no-biases --jets 1000 --output why",
    },
    {
        "quoted": "0.82 for QCD and 0.78 for H→bb",
        "why": "needs the extra explain (Captum)",
        "command": "fairreg hbb explain lrp --sample test.h5 --integrated-gradients 60 --output why",
    },
    {
        "quoted": "The smallest network was three times as fast as the largest in onnxruntime",
        "why": "times of one machine",
        "command": _COMMANDS["reoptimise"],
    },
]

LISTED = (
    "sv_pt",
    "sv_ptrel",
    "trackBTag_EtaRel",
    "sv_erel",
    "sv_deltaR",
    "track_quality",
    "trackBTag_PParRatio",
    "track_deltaR",
    "track_drsubjet2",
    "track_drsubjet1",
    "sv_mass",
    "track_dxysig",
    "sv_dxysig",
    "sv_d3dsig",
)


def page(figures: Figures) -> str:
    """The page with its tables made again; what stands outside of the marks is written by hand."""
    text = PAGE.read_text(encoding="utf-8")
    for name, table in tables(figures).items():
        marks = f"<!-- table {name}: make figures -->\n", f"<!-- end of {name} -->"
        before, _, rest = text.partition(marks[0])
        _, end, after = rest.partition(marks[1])
        if not end:
            raise SystemExit(f"{PAGE.name} has no place for the table {name}.")
        text = f"{before}{marks[0]}{table}{marks[1]}{after}"
    return text


def missing_sentences(figures: Figures) -> list[str]:
    """Sentences with numbers that the page lacks, made of the numbers."""
    text = _one_line(PAGE.read_text(encoding="utf-8"))
    quoted = [item["quoted"] for item in figures["elsewhere"]]
    return [line for line in (*sentences(figures), *quoted) if _one_line(line) not in text]


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def _share(common: int) -> str:
    return "all of the first eight" if common == 8 else f"{common} of the first eight"  # noqa: PLR2004


def sentences(figures: Figures) -> Iterator[str]:
    """Yield the sentences of the page that quote a number outside of its tables."""
    masks = {name: _numbers(figures, f"mask {name} packaged") for name in ("reference", "published")}
    own, objects = masks["reference"], masks["reference"]["objects"]
    lost = {name: values[0] for name, values in own["features"].items()}
    yield (
        f"the rank correlation over all 44 is {_likeness(masks['published']):.2f}, and "
        f"{_share(_common(masks['published'], 8))} are the same"
    )
    yield (
        f"{_common(own, 8)} of the first eight and {_common(own, 12)} of the first twelve are the same, the "
        f"rank correlation is {_likeness(own):.2f}"
    )
    yield f"and still its mask costs {lost['track_quality']:.1f} %"
    yield (
        f"Masking `sv_pt` alone costs {lost['sv_pt']:.0f} %, "
        f"taking all vertices away {objects['first 5 vertices'][0]:.1f} %"
    )
    published = PUBLISHED["fidelity_percent"]
    fidelities = [
        f"{objects[name][1]:.1f} % (published {published[name]:.1f} %)"
        for name in ("last 30 tracks", "first 10 tracks", "first 50 tracks")
    ]
    yield (
        f"With the last 30 of 60 track slots masked the fidelity is {fidelities[0]}, with the first 10 "
        f"{fidelities[1]}, with the first 50 {fidelities[2]}"
    )
    yield from _about_tracks(figures)
    correlations = _numbers(figures, "lrp reference packaged")["correlations"]
    yield f"`sv_dxysig` and `sv_d3dsig` correlate by {correlations['sv_dxysig sv_d3dsig']:.4f}"
    yield (
        f"`sv_ptrel` and `sv_erel` correlate by {correlations['sv_ptrel sv_erel']:.2f}, with `sv_pt` by "
        f"{correlations['sv_ptrel sv_pt']:.2f} and {correlations['sv_erel sv_pt']:.2f}"
    )


def _about_tracks(figures: Figures) -> Iterator[str]:
    tails = _numbers(figures, "tails published packaged")
    yield f"The packaged jets have {tails['real_tracks'] / tails['jets']:.1f} tracks on average"
    one_per_cent = round(tails["real_tracks"], -2) / _PER_CENT
    yield f"in 1 % of their tracks (some {one_per_cent:.0f} of {tails['real_tracks']:,})"


def _likeness(found: Mapping[str, Any]) -> float:
    """Spearman's rank correlation of the AUC lost by each mask with the published ones."""
    names = list(published_loss())
    return _rank_correlation(
        [found["features"][name][0] for name in names], [published_loss()[name] for name in names]
    )


def _common(found: Mapping[str, Any], count: int) -> int:
    """Number of features that are among the first `count` here and in the paper."""
    losses = ({name: loss[0] for name, loss in found["features"].items()}, published_loss())
    first, other = (set(sorted(loss, key=lambda name: -loss[name])[:count]) for loss in losses)
    return len(first & other)


def _rank_correlation(one: Sequence[float], other: Sequence[float]) -> float:
    """Spearman's coefficient; equal values have the mean of their ranks."""
    ranks = [[mean(_ranks_of(value, values)) for value in values] for values in (one, other)]
    return correlation(*ranks)


def _ranks_of(value: float, values: Sequence[float]) -> list[int]:
    return [rank for rank, other in enumerate(sorted(values)) if other == value]


def tables(figures: Figures) -> dict[str, str]:
    """Tables of the page by their names."""
    made: dict[str, Callable[[Figures], Iterator[str]]] = {
        "performance": _performance,
        "mask-features": _mask_features,
        "mask-thresholds": _mask_thresholds,
        "relevance": _relevance,
        "sparsity": _sparsity,
        "networks": _networks,
        "published-networks": _published_networks,
    }
    return {name: "".join(f"{line}\n" for line in lines(figures)) for name, lines in made.items()}


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _head(*cells: str) -> Iterator[str]:
    yield _row(*cells)
    yield f"|{'---|' * len(cells)}"


def _numbers(figures: Figures, name: str) -> Any:
    return figures["studies"][name]["numbers"]


def _pair(value: Sequence[float], digits: int) -> str:
    return f"{value[0]:.{digits}f} ± {value[1]:.{digits}f}"


def _performance(figures: Figures) -> Iterator[str]:
    yield from _head("", "jets", "ROC AUC", "accuracy", "rejection at 0.3", "at 0.5", "at 0.7")
    names = {
        "reference weights, test sample": "evaluate reference test",
        "reference weights, packaged jets": "evaluate reference packaged",
        "the same, QCD jets weighted": "evaluate-weighted reference packaged",
        "published baseline, packaged jets": "evaluate published packaged",
    }
    for title, name in names.items():
        found = _numbers(figures, name)
        rejections = (
            "none passes" if one[0] is None else _pair(one, 0) for one in found["rejections"].values()
        )
        figure = (_pair(found[key], 4) for key in ("roc_auc", "accuracy"))
        yield _row(title, f"{found['jets']:,}", *figure, *rejections)


def _mask_features(figures: Figures) -> Iterator[str]:
    yield from _head(
        "Feature",
        "AUC lost [%], test sample",
        "packaged jets",
        "published baseline, packaged jets",
        "published [%]",
    )
    test, packaged, baseline = (
        _numbers(figures, f"mask {name}")["features"]
        for name in ("reference test", "reference packaged", "published packaged")
    )
    for name in LISTED:
        pairs = (_pair(found[name], 2) for found in (test, packaged, baseline))
        yield _row(f"`{name}`", *pairs, f"{published_loss()[name]:.2f}")


def published_loss() -> dict[str, float]:
    """AUC lost by masking each feature alone, in per cent, as published."""
    whole = PUBLISHED["roc_auc_percent"]
    return {name: whole - masked for name, masked in PUBLISHED["roc_auc_percent_masked"].items()}


def _mask_thresholds(figures: Figures) -> Iterator[str]:
    yield from _head(
        "Threshold [%]",
        "features masked: test sample, packaged jets (published)",
        "AUC [%]",
        "fidelity [%]",
    )
    samples = [_numbers(figures, f"mask reference {name}") for name in ("test", "packaged")]
    whole = [[0, 0, found["roc_auc_percent"], _PER_CENT] for found in samples]
    for limit, published in PUBLISHED["thresholds"].items():
        rows = whole if limit == "none" else [found["thresholds"][limit] for found in samples]
        counts = "; ".join(f"{row[0]}, {row[1]}" for row in rows)
        values = [
            f"{'; '.join(f'{row[place]:.2f}' for row in rows)} ({published[place]:g})" for place in (2, 3)
        ]
        yield _row(limit, f"{counts} ({published[0]}, {published[1]})", *values)


def _relevance(figures: Figures) -> Iterator[str]:
    yield from _head(
        "Share of QCD, H→bb",
        "reference weights, test sample",
        "packaged jets",
        "published baseline, packaged jets",
        "published",
    )
    found = [
        _numbers(figures, f"lrp {name}")["shares"]
        for name in ("reference test", "reference packaged", "published packaged")
    ]
    for part in ("tracks", "vertices", "biases"):
        cells = [", ".join(f"{shares[name][part]:.3f}" for name in CLASSES) for shares in found]
        own = PUBLISHED["shares"]
        published = ", ".join(f"{own[name][part]:.3f}" for name in CLASSES) if part in own["QCD"] else ""
        yield _row(part, *cells, published or "(left out)")


def _sparsity(figures: Figures) -> Iterator[str]:
    yield from _head("Sparsity", *("QCD", "H→bb"))
    names = {
        "reference weights, test sample": "activity reference test",
        "reference weights, packaged jets": "activity reference packaged",
        "published baseline, packaged jets": "activity published packaged",
    }
    for title, name in names.items():
        found = _numbers(figures, name)["sparsity"]
        yield _row(title, *(f"{found[one]:.3f}" for one in CLASSES))
    yield from _tail_rows(figures)
    published = PUBLISHED["sparsity"]
    yield _row(
        "published baseline, CMS open simulation (published)", *(f"{published[one]:.3f}" for one in CLASSES)
    )


def _tail_rows(figures: Figures) -> Iterator[str]:
    found = _numbers(figures, "tails published packaged")["sparsity"]
    titles = {
        "larger": "the same, `track_dzsig` × 300 in 1 % of the tracks, five draws",
        "larger, positive": "the same, all of them positive",
        "larger, negative": "the same, all of them negative",
        "normal": "the same, normal of width 300 in 1 % of the tracks",
    }
    for name, title in titles.items():
        yield _row(title, *(_range(found[name][one]) for one in CLASSES))


def _range(values: Sequence[float]) -> str:
    low, high = min(values), max(values)
    return f"{low:.3f}" if low == high else f"{low:.3f} to {high:.3f}"


def _networks(figures: Figures) -> Iterator[str]:
    yield from _head(
        "Network (hidden, D_E, D_O)", "Features dropped", "Parameters", "AUC [%]", "Fidelity [%]", "Sparsity"
    )
    found = _numbers(figures, "reoptimise reference test")
    for values in found["rows"]:
        row = dict(zip(found["columns"], values, strict=True))
        yield _row(
            row["network"],
            f"{row['tracks_dropped']}, {row['vertices_dropped']}",
            f"{row['parameters']:,}",
            *(
                _pair([_PER_CENT * row[key], _PER_CENT * row[f"{key}_uncertainty"]], 2)
                for key in ("auc", "fidelity")
            ),
            f"{row['sparsity']:.2f}",
        )


def _published_networks(_figures: Figures) -> Iterator[str]:
    yield from _head("Shape", "Parameters", "AUC [%]", "Fidelity [%]", "Sparsity")
    for shape, (parameters, area, fidelity, sparsity) in PUBLISHED["networks"].items():
        yield _row(shape, f"{parameters:,}", f"{area:.2f}", f"{fidelity:g}", f"{sparsity:.2f}")
