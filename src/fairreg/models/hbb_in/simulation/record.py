# SPDX-License-Identifier: MIT
"""The record of a simulated sample: content, generation and limitations."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from fairreg.models.hbb_in.content import MANTISSA_BITS
from fairreg.models.hbb_in.features import TRACK_FEATURES, VERTEX_FEATURES
from fairreg.models.hbb_in.simulation.block import MATCH_RADIUS
from fairreg.models.hbb_in.simulation.clustering import ETA_MAX, MASS_RANGE, PT_RANGE, RADIUS
from fairreg.models.hbb_in.simulation.features import APPROXIMATED
from fairreg.models.hbb_in.simulation.impact import MIN_TRACK_PT
from fairreg.models.hbb_in.simulation.processes import BACKGROUND, COMMON, SIGNAL
from fairreg.models.hbb_in.simulation.sample import GENERATOR_VERSION, SimulationPlan, versions
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import (
    Creator,
    Distribution,
    Feature,
    ModelRecord,
    Provenance,
    Relation,
    RelationType,
    Tensor,
)

__all__ = ["LIMITS", "RECORD_FILE", "SAME", "dataset_record"]

RECORD_FILE = "dataset.jsonld"
SAME = (
    "The same seed and versions give the same bytes on processors of one family only; on others last digits "
    "differ, and now and then a jet."
)
LIMITS = (
    "Neither CMS simulation nor a stand-in for it: no pile-up, no material, no fake or duplicated tracks, no "
    "loss of tracks in dense jets, no trigger, no jet energy corrections, straight tracks. Impact parameter "
    "resolutions in the endcap are those of the detector of 2010-2016. A network does better on these jets "
    "than on real ones. QCD jets with a gluon that splits to b quarks count as background. Jets of signal "
    "events that match no Higgs boson are left out."
)


def dataset_record(plan: SimulationPlan, files: Sequence[Path], content: str) -> ModelRecord:
    """Return the record of the sample with these complete files and this digest of their content."""
    identifier = (
        f"fairreg-hbb-simulation-{GENERATOR_VERSION}-seed-{plan.seed}-jets-{plan.jets}-{plan.signal_jets}"
    )
    return ModelRecord(
        identifier=f"local:{identifier}",
        kind="dataset",
        name=f"Simulated H->bb and QCD jets, seed {plan.seed}, {plan.jets} jets",
        version=GENERATOR_VERSION,
        description=_description(plan),
        creators=(Creator(name="The fairreg developers", kind="organization"),),
        license="CC0-1.0",
        keywords=("jets", "Higgs boson", "flavour tagging", "simulation"),
        formats=("ROOT",),
        distributions=tuple(_distribution(path) for path in files),
        relations=tuple(Relation(type=kind, target=Identifier("doi", doi)) for kind, doi in _REFERENCES),
        outputs=_tensors(),
        limitations=LIMITS,
        notes=_notes(plan, content),
        provenance=Provenance(source="fairreg hbb simulate", source_id=identifier),
    )


_REFERENCES: tuple[tuple[RelationType, str], ...] = (
    ("cites", "10.48550/arxiv.2203.11601"),  # Pythia 8.3
    ("cites", "10.48550/arxiv.1111.6097"),  # FastJet
    ("cites", "10.48550/arxiv.1405.6569"),  # impact parameter resolutions
    ("references", "10.7483/opendata.cms.jgjx.ms7q"),  # names and meanings of the branches
)


def _description(plan: SimulationPlan) -> str:
    low, high = MASS_RANGE
    return (
        f"{plan.signal_jets} jets of gg -> G* -> HH -> 4b and {plan.jets - plan.signal_jets} jets of hard "
        "QCD processes in proton-proton collisions at 13 TeV, with the features that the Hbb interaction "
        f"network takes. Anti-kT jets, R = {RADIUS}, pT from {PT_RANGE[0]:g} to {PT_RANGE[1]:g} GeV, |eta| "
        f"below {ETA_MAX}, soft-drop mass (z 0.1, beta 0) from {low:g} to {high:g} GeV; tracks above "
        f"{MIN_TRACK_PT} GeV. A signal jet has both b quarks of a Higgs boson within {MATCH_RADIUS}."
    )


def _notes(plan: SimulationPlan, content: str) -> str:
    software = ", ".join(f"{name} {version}" for name, version in versions().items())
    return "\n".join(
        (
            f"Seed {plan.seed}, {plan.jets_per_file} jets per file. {SAME}",
            f"Content: {content}, of values rounded to {MANTISSA_BITS} bits of mantissa.",
            f"Software: {software}.",
            f"Pythia, both: {'; '.join(COMMON)}.",
            f"Pythia, signal: {'; '.join(SIGNAL)}; the mass is 2.08 sqrt(pT^2 + 125^2), pT ~ pT^-2.2.",
            f"Pythia, background: {'; '.join(BACKGROUND)}; event_weight undoes the bias towards high pT.",
            "Approximated: " + "; ".join(f"{name}: {why}" for name, why in APPROXIMATED.items()) + ".",
            "Not computed: fj_doubleb.",
        )
    )


def _tensors() -> tuple[Tensor, ...]:
    """The jagged branches: one column per feature."""
    return tuple(
        Tensor(name=name, dtype="float32", shape=("jets", name), features=_with_limits(features))
        for name, features in (("tracks", TRACK_FEATURES), ("vertices", VERTEX_FEATURES))
    )


def _with_limits(features: tuple[Feature, ...]) -> tuple[Feature, ...]:
    return tuple(
        Feature(
            name=item.name,
            unit=item.unit,
            description=f"{item.description}; {APPROXIMATED[item.name]}"
            if item.name in APPROXIMATED
            else item.description,
        )
        for item in features
    )


def _distribution(path: Path) -> Distribution:
    with path.open("rb") as file:
        content = file.read()
    return Distribution(
        name=path.name,
        size=len(content),
        checksums=(f"sha256:{sha256(content).hexdigest()}",),
        media_type="application/x-root",
        format="ROOT",
    )
