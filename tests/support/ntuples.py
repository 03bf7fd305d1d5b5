# SPDX-License-Identifier: MIT
"""Hand-written ntuples with the tree and branches of the CMS open simulation; numbers name their place."""

import numpy as np

from fairreg.models.hbb_in.features import TRACK_FEATURES, VERTEX_FEATURES

TREE = "deepntuplizer/tree"
TRACKS = [item.name for item in TRACK_FEATURES]
VERTICES = [item.name for item in VERTEX_FEATURES]
SPECTATORS = [
    "fj_pt",
    "fj_eta",
    "fj_sdmass",
    "fj_n_sdsubjets",
    "fj_doubleb",
    "fj_tau21",
    "fj_tau32",
    "npv",
    "npfcands",
    "ntracks",
    "nsv",
]


def numbered(counts, feature):
    """A jagged branch: 100 times the feature, plus the number of the object in its jet from one."""
    import awkward as ak

    values = [100 * feature + number + 1 for count in counts for number in range(count)]
    return ak.unflatten(np.array(values, dtype=np.float32), counts)


def write_ntuple(path, *, tracks, vertices, labels, without=(), extra=None, events=None):
    """Jets with so many tracks and vertices each; `labels` are rows (sample_isQCD, fj_isQCD, fj_isH)."""
    import uproot

    branches = {name: numbered(tracks, index) for index, name in enumerate(TRACKS)}
    branches |= {name: numbered(vertices, index) for index, name in enumerate(VERTICES)}
    columns = np.array(labels, dtype=np.int32).reshape(-1, 3).T
    branches |= dict(zip(("sample_isQCD", "fj_isQCD", "fj_isH"), columns, strict=True))
    branches |= {name: np.arange(len(tracks), dtype=np.float32) for name in SPECTATORS}
    branches["event_no"] = np.arange(len(tracks), dtype=np.uint32) if events is None else events
    branches |= extra or {}
    kept = {name: values for name, values in branches.items() if name not in without}
    path.parent.mkdir(parents=True, exist_ok=True)
    with uproot.recreate(path) as file:
        file.mktree(TREE, kept)
    return path
