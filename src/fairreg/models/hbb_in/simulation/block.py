# SPDX-License-Identifier: MIT
"""One block of jets: from the seed to the columns of its ntuple.

A block depends only on the seed of the sample, its number and its counts, so that blocks may be generated in
any order, by any number of processes, and again after an interruption.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.hbb_in.simulation.clustering import RADIUS, Clustered, distance, find_jets
from fairreg.models.hbb_in.simulation.features import track_features, vertex_features
from fairreg.models.hbb_in.simulation.impact import MIN_TRACK_PT, jet_axes, jet_tracks
from fairreg.models.hbb_in.simulation.processes import Events, Process, batches
from fairreg.models.hbb_in.simulation.smearing import detect
from fairreg.models.hbb_in.simulation.vertexing import find_vertices

__all__ = ["MATCH_RADIUS", "Block", "JetColumns", "make_block"]

Array = NDArray[Any]
MATCH_RADIUS = 0.6  # largest distance of both b quarks from the axis of an H->bb jet


@dataclass(frozen=True)
class Block:
    """Plan of block `number` of the sample of `seed`, with the number of jets of each process."""

    seed: int
    number: int
    signal: int
    background: int


@dataclass(frozen=True)
class JetColumns:
    """Columns of an ntuple: one element per jet; for tracks and vertices, with their number per jet."""

    jets: dict[str, Array]
    tracks: dict[str, Array]
    vertices: dict[str, Array]
    track_counts: Array
    vertex_counts: Array

    def __len__(self) -> int:
        return len(self.track_counts)

    def first(self, count: int) -> "JetColumns":
        """The first `count` jets."""
        tracks, vertices = self.track_counts[:count].sum(), self.vertex_counts[:count].sum()
        return JetColumns(
            {name: values[:count] for name, values in self.jets.items()},
            {name: values[:tracks] for name, values in self.tracks.items()},
            {name: values[:vertices] for name, values in self.vertices.items()},
            self.track_counts[:count],
            self.vertex_counts[:count],
        )

    @staticmethod
    def joined(parts: "list[JetColumns]") -> "JetColumns":
        """Concatenate the jets of all parts in order."""
        tables = [
            {
                name: np.concatenate([getattr(part, table)[name] for part in parts])
                for name in getattr(parts[0], table)
            }
            for table in ("jets", "tracks", "vertices")
        ]
        counts = [
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("track_counts", "vertex_counts")
        ]
        return JetColumns(tables[0], tables[1], tables[2], counts[0], counts[1])


def make_block(block: Block) -> JetColumns:
    """Generate the jets of the block, signal first."""
    parts: list[JetColumns] = []
    first_event = 0
    wanted: tuple[tuple[Process, int], ...] = (("signal", block.signal), ("background", block.background))
    for index, (process, count) in enumerate(wanted):
        seed = np.random.SeedSequence(block.seed, spawn_key=(block.number, index))
        found, first_event = _jets_of(process, count, seed, first_event)
        parts += found
    return JetColumns.joined(parts)


def _jets_of(
    process: Process,
    wanted: int,
    seed: np.random.SeedSequence,
    first_event: int,
) -> tuple[list[JetColumns], int]:
    """Generate jets of one process in parts; return them and the next free event number."""
    generator_seed, detector_seed = seed.spawn(2)
    random = np.random.default_rng(detector_seed)
    parts: list[JetColumns] = []
    missing = wanted
    events = batches(process, generator_seed)
    while missing:
        batch = next(events)
        columns = _columns(process, batch, first_event, random).first(missing)
        parts.append(columns)
        missing -= len(columns)
        first_event += batch.count
    return parts, first_event


def _columns(process: Process, batch: Events, first_event: int, random: np.random.Generator) -> JetColumns:
    candidates = detect(batch, random)
    jets = find_jets(candidates, batch.count)
    matched = _matched(jets, batch.quarks)
    if process == "signal":  # an unmatched jet of a signal event is neither class: left out
        jets, matched = jets.take(matched), matched[matched]
    tracks = jet_tracks(jets, candidates)
    vertices = find_vertices(tracks, jet_axes(jets))
    track_counts = np.bincount(tracks.jet, minlength=len(jets))
    vertex_counts = np.bincount(vertices.jet, minlength=len(jets))
    above = np.hypot(candidates.px, candidates.py)[jets.member] > MIN_TRACK_PT
    columns = _jet_columns(jets) | {
        "event_no": (first_event + jets.event).astype(np.uint32),
        "event_weight": batch.weight[jets.event].astype(np.float32),
        "sample_isQCD": np.full(len(jets), process == "background", dtype=np.int32),
        "fj_isQCD": np.full(len(jets), process == "background", dtype=np.int32),
        "fj_isH": matched.astype(np.int32),
        "fj_nbHadrons": _inside(jets, batch.hadrons),
        "npfcands": np.bincount(jets.jet[above], minlength=len(jets)).astype(np.float32),
        "ntracks": track_counts.astype(np.float32),
        "nsv": vertex_counts.astype(np.float32),
    }
    return JetColumns(
        columns,
        track_features(jets, tracks, vertices, random),
        vertex_features(jets, vertices),
        track_counts,
        vertex_counts,
    )


def _jet_columns(jets: Clustered) -> dict[str, Array]:
    """Branches of the jet itself; there is one primary vertex, because there is no pile-up."""
    tau = np.maximum(jets.tau, 1e-9)
    columns = {
        "fj_pt": jets.pt,
        "fj_eta": jets.eta,
        "fj_phi": jets.phi,
        "fj_mass": jets.mass,
        "fj_sdmass": jets.soft_drop_mass,
        "fj_n_sdsubjets": np.full(len(jets), 2.0),
        "fj_tau21": tau[:, 1] / tau[:, 0],
        "fj_tau32": tau[:, 2] / tau[:, 1],
        "npv": np.ones(len(jets)),
    }
    return {name: values.astype(np.float32) for name, values in columns.items()}


def _matched(jets: Clustered, quarks: Array) -> Array:
    """Mask of jets with both quarks of a Higgs boson, a row (event, eta, phi, eta, phi), near the axis."""
    matched = np.zeros(len(jets), dtype=bool)
    for jet, boson in zip(*_same_event(jets.event, quarks[:, 0]), strict=True):
        gaps = distance(quarks[boson, 1::2], quarks[boson, 2::2], jets.eta[jet], jets.phi[jet])
        matched[jet] |= bool((gaps < MATCH_RADIUS).all())
    return matched


def _inside(jets: Clustered, hadrons: Array) -> Array:
    """Number of b hadrons, rows (event, eta, phi), in each jet."""
    jet, hadron = _same_event(jets.event, hadrons[:, 0])
    near = distance(hadrons[hadron, 1], hadrons[hadron, 2], jets.eta[jet], jets.phi[jet]) < RADIUS
    return np.bincount(jet[near], minlength=len(jets)).astype(np.int32)


def _same_event(one: Array, other: Array) -> tuple[Array, Array]:
    """All pairs of indices whose events are equal."""
    first, second = np.nonzero(one[:, None] == other[None, :])
    return first, second
