# SPDX-License-Identifier: MIT
"""Write the packaged jets: some of a prepared test sample that no training has seen.

    python scripts/make_hbb_sample.py test.h5 [--jets 2000] [--seed 1] [--folder FOLDER]

As many jets of each class are drawn, by the seed. Only real tracks and vertices are stored, with mantissas
rounded to `MANTISSA_BITS`, for the size; the same file gives the same bytes.
"""

import argparse
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.hbb_in.inputs import packed, unpacked
from fairreg.models.hbb_in.jet_files import JetSample, read_jets
from fairreg.schemas.record import ModelRecord

Arrays = dict[str, NDArray[Any]]
FOLDER = Path(__file__).parents[1] / "src/fairreg/models/hbb_in/sample"
MANTISSA_BITS = 10
DISCLAIMER = (
    "These jets are simulated without material, pile-up and fake tracks. They are neither CMS data nor "
    "CMS simulation; figures on them are better than on real jets."
)


def main() -> None:
    asked = _arguments()
    jets = read_jets(asked.prepared)
    chosen = _chosen(jets, asked.jets, asked.seed)
    arrays: Arrays = {
        "tracks": _rounded(jets.tracks[chosen]),
        "vertices": _rounded(jets.vertices[chosen]),
        "labels": jets.labels[chosen].astype(np.int8),
    }
    stored: Arrays = packed(arrays["tracks"], arrays["vertices"]) | {"labels": arrays["labels"]}
    assert all(np.array_equal(array, arrays[name]) for name, array in unpacked(stored).items())
    np.savez_compressed(asked.folder / "sample.npz", **stored)  # type: ignore[arg-type]  # no allow_pickle
    text = json.dumps(_about(jets, arrays, asked), indent=2) + "\n"
    (asked.folder / "sample.json").write_text(text, encoding="utf-8")


def _chosen(jets: JetSample, number: int, seed: int) -> NDArray[np.intp]:
    random = np.random.default_rng(seed)
    drawn = [
        random.choice(np.flatnonzero(jets.labels[:, column]), number // 2, replace=False) for column in (0, 1)
    ]
    return np.sort(np.concatenate(drawn))


def _rounded(array: NDArray[Any]) -> NDArray[np.float32]:
    """The nearest float32 with a short mantissa."""
    cut = np.uint32(23 - MANTISSA_BITS)
    bits = np.ascontiguousarray(array, dtype=np.float32).view(np.uint32)
    half, mask = np.uint32(1) << (cut - np.uint32(1)), ~((np.uint32(1) << cut) - np.uint32(1))
    return ((bits + half) & mask).view(np.float32)


def _about(jets: JetSample, arrays: Arrays, asked: argparse.Namespace) -> dict[str, Any]:
    return {
        "title": "Simulated H->bb and QCD jets for the Hbb interaction network",
        "disclaimer": DISCLAIMER,
        "made_by": "fairreg hbb simulate, fairreg hbb prepare, scripts/make_hbb_sample.py",
        "drawn_with_seed": asked.seed,
        "mantissa_bits": MANTISSA_BITS,
        "license": "CC0-1.0",
        "sample_of": ModelRecord.from_jsonld(json.loads(jets.source)).identifier,
        "counts": {
            "jets": len(arrays["labels"]),
            "QCD": int(arrays["labels"][:, 0].sum()),
            "Hbb": int(arrays["labels"][:, 1].sum()),
        },
        "arrays": {
            name: {
                "dtype": array.dtype.name,
                "shape": list(array.shape),
                "sha256": sha256(np.ascontiguousarray(array).tobytes()).hexdigest(),
            }
            for name, array in arrays.items()
        },
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("prepared", type=Path)
    parser.add_argument("--jets", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    return parser.parse_args()


if __name__ == "__main__":
    main()
