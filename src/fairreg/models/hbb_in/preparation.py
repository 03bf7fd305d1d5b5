# SPDX-License-Identifier: MIT
"""From ntuples to padded arrays: columns of jagged branches become slots, labels as published.

The tree and the names are those of 10.7483/OPENDATA.CMS.JGJX.MS7Q. Class 0 is sample_isQCD * fj_isQCD, class
1 fj_isH, as in FAIR4HEP/hbb_interaction_network (10.5281/zenodo.7305227); tracks and vertices keep the order
of the file, and those beyond the 60th and the 5th are left out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import MissingEngine, ModelError
from fairreg.models.hbb_in.content import ORDER
from fairreg.models.hbb_in.jet_files import EVENT_BITS, TRACK_NAMES, TRACK_SLOTS, VERTEX_NAMES, VERTEX_SLOTS

__all__ = ["SPECTATORS", "Ntuples", "labels", "padded"]

Array = NDArray[Any]
TREE = "deepntuplizer/tree"
LABELS = ("sample_isQCD", "fj_isQCD", "fj_isH")
SPECTATORS = (
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
    "fj_nbHadrons",
)
_OPTIONAL_SPECTATORS = ("fj_doubleb", "fj_nbHadrons")  # not in every sample; left out if a file lacks it
_EVENT, _WEIGHT = "event_no", "event_weight"
_STEP = 20_000  # jets in memory at a time: 150 MB of padded arrays


@dataclass(frozen=True)
class Ntuples:
    """Checked ntuple files: their addresses in reading order, and the spectators common to all."""

    paths: tuple[str, ...]
    spectators: tuple[str, ...]
    weighted: bool
    jets: int

    @classmethod
    def open(cls, paths: Sequence[str]) -> "Ntuples":
        """Check the branches of every file; ModelError names the missing ones."""
        ordered = sorted(paths, key=lambda path: (Path(path).name, path))
        if not ordered:
            raise ModelError("No ntuple is given.")
        branches, jets = zip(*(_branches(path) for path in ordered), strict=True)
        everywhere = set.intersection(*branches)
        return cls(
            paths=tuple(ordered),
            spectators=tuple(name for name in SPECTATORS if name in everywhere),
            weighted=_WEIGHT in everywhere,
            jets=sum(jets),
        )

    def batches(self, step: int = _STEP) -> Iterator[dict[str, Array]]:
        """Yield the jets as arrays of a prepared file, `step` at a time.

        Raises ModelError for damaged files and for values that are not finite.
        """
        for index, path in enumerate(self.paths):
            for batch in _read(path, self._names(), step):
                yield self._arrays(batch, index, Path(path).name)

    def all_jets(self) -> dict[str, Array]:
        """The tracks, vertices, labels and weights of all jets at once."""
        batches = list(self.contents())
        return {name: np.concatenate([batch[name] for batch in batches]) for name in ORDER}

    def contents(self, step: int = _STEP) -> Iterator[dict[str, Array]]:
        """Yield the arrays that `content_digest` takes, `step` jets at a time. Raises as `batches`."""
        for batch in self.batches(step):
            yield {name: batch["weight" if name == "weights" else name] for name in ORDER}

    def _names(self) -> list[str]:
        weight = [_WEIGHT] if self.weighted else []
        return [*TRACK_NAMES, *VERTEX_NAMES, *LABELS, *self.spectators, _EVENT, *weight]

    def _arrays(self, batch: Any, index: int, name: str) -> dict[str, Array]:
        flat = {key: np.asarray(batch[key]) for key in (*LABELS, *self.spectators, _EVENT)}
        count = len(flat[_EVENT])
        arrays = {
            "tracks": padded([batch[key] for key in TRACK_NAMES], TRACK_SLOTS),
            "vertices": padded([batch[key] for key in VERTEX_NAMES], VERTEX_SLOTS),
            "labels": labels(*(flat[key] for key in LABELS)),
            "weight": np.asarray(batch[_WEIGHT], np.float32) if self.weighted else np.ones(count, np.float32),
            "event": (np.int64(index) << EVENT_BITS) | flat[_EVENT].astype(np.int64),
            "file": np.full(count, index, np.int32),
            "spectators": np.column_stack([flat[key] for key in self.spectators]).astype(np.float32),
        }
        for key, values in arrays.items():
            if not np.isfinite(values).all():
                raise ModelError(
                    f"{name} has a value among the {key} that is not finite (NaN or infinite).",
                    hint="Leave the file out, or correct the ntuple.",
                )
        return arrays


def padded(columns: Sequence[Any], slots: int) -> Array:
    """Convert jagged columns of equal counts to float32 (jets, columns, slots), zero-padded or truncated."""
    import awkward as ak

    counts = np.asarray(ak.num(columns[0]))
    jet = np.repeat(np.arange(len(counts)), counts)
    slot = np.arange(len(jet)) - np.repeat(np.cumsum(counts) - counts, counts)
    kept = slot < slots
    filled = np.zeros((len(counts), len(columns), slots), dtype=np.float32)
    for index, column in enumerate(columns):
        filled[jet[kept], index, slot[kept]] = np.asarray(ak.flatten(column))[kept]
    return filled


def labels(sample_is_qcd: Array, is_qcd: Array, is_higgs: Array) -> Array:
    """Labels (jets, 2) in float32: QCD and H->bb; (0, 0) for a jet that is neither."""
    return np.column_stack((sample_is_qcd * is_qcd, is_higgs)).astype(np.float32)


def _branches(path: str) -> tuple[set[str], int]:
    """Names of the file's branches, and the number of its jets."""
    tree = _tree(path)
    present = set(tree.keys())
    needed = [*TRACK_NAMES, *VERTEX_NAMES, *LABELS, *SPECTATORS, _EVENT]
    if missing := [name for name in needed if name not in present and name not in _OPTIONAL_SPECTATORS]:
        raise ModelError(
            f"{Path(path).name} lacks {len(missing)} of the branches needed: {', '.join(missing)}.",
            hint=f"They are those of {TREE} in 10.7483/OPENDATA.CMS.JGJX.MS7Q.",
        )
    return present, int(tree.num_entries)


def _tree(path: str) -> Any:
    uproot = _uproot()
    if path.startswith("root://"):
        _need_xrootd()
    try:
        return uproot.open(path)[TREE]
    except KeyError as error:
        raise ModelError(f"{Path(path).name} has no tree {TREE}.") from error
    except (OSError, ValueError) as error:
        raise ModelError(f"{Path(path).name} cannot be read as a ROOT file.") from error


def _read(path: str, names: list[str], step: int) -> Iterator[Any]:
    try:
        yield from _tree(path).iterate(names, step_size=step)
    except (OSError, ValueError) as error:
        raise ModelError(f"{Path(path).name} is damaged.") from error


def _uproot() -> Any:
    try:
        import uproot
    except ImportError as error:
        raise MissingEngine("uproot", "hep") from error
    return uproot


def _need_xrootd() -> None:
    from importlib.util import find_spec

    if not find_spec("fsspec_xrootd"):
        raise ModelError(
            "Addresses root:// need XRootD, which is not installed.",
            hint="Install it with: pip install xrootd fsspec-xrootd; or copy the files here first.",
        )
