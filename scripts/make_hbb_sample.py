# SPDX-License-Identifier: MIT
"""Write the packaged jets: some of a prepared test sample that no training has seen.

    fairreg hbb simulate --output test --jets 24000 --seed 2
    fairreg hbb prepare 'test/*.root' --output test.h5
    python scripts/make_hbb_sample.py test.h5 [--jets 2000] [--seed 1] [--folder FOLDER] [--check]

As many jets of each class are drawn, by the seed. Only real tracks and vertices are stored, with mantissas
rounded to `MANTISSA_BITS`, for the size; weights are stored as they are. The same file gives the same bytes.

`--check` writes nothing: it draws again and compares with the packaged jets, within a tolerance, because
another processor may change last digits and now and then a jet. It exits with 1 if less than 99 % agree.
"""

import argparse
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models import hbb_in
from fairreg.models.hbb_in.content import (
    MANTISSA_BITS,
    ORDER,
    TOLERANCE,
    compare_jets,
    content_digest,
    rounded,
)
from fairreg.models.hbb_in.inputs import packed, sample_metadata, unpacked
from fairreg.models.hbb_in.jet_files import JetSample, read_jets
from fairreg.schemas.record import ModelRecord

Arrays = dict[str, NDArray[Any]]
FOLDER = Path(__file__).parents[1] / "src/fairreg/models/hbb_in/sample"
ENOUGH = 0.99  # of the jets; a jet that another processor changes may change those after it in its file
DISCLAIMER = (
    "These jets are simulated without material, pile-up and fake tracks. They are neither CMS data nor "
    "CMS simulation; figures on them are better than on real jets."
)
WEIGHTS = (
    "One per jet, as Pythia gives it: hard QCD collisions are generated more often the higher their pT, and "
    "the weight undoes that. It is 1 for H->bb. The classes are not normalised to each other."
)
GUARANTEE = (
    "Equal digests: all values are equal when rounded to 10 bits of mantissa. Different ones prove nothing: "
    "a value at an edge of rounding changes with its last digit. python scripts/make_hbb_sample.py --check "
    "compares within a tolerance."
)


def main() -> int:
    asked = _arguments()
    jets = read_jets(asked.prepared)
    arrays = _drawn(jets, _chosen(jets, asked.jets, asked.seed))
    if asked.check:
        return _check(arrays)
    short = {name: rounded(arrays[name]) for name in ("tracks", "vertices")}
    source = ModelRecord.from_jsonld(json.loads(jets.source)).identifier
    write(asked.folder, arrays | short, asked.seed, source)
    return 0


def _drawn(jets: JetSample, chosen: NDArray[np.intp]) -> Arrays:
    return {
        "tracks": jets.tracks[chosen],
        "vertices": jets.vertices[chosen],
        "labels": jets.labels[chosen].astype(np.int8),
        "weights": jets.weight[chosen],
    }


def write(folder: Path, arrays: Arrays, seed: int, sample_of: str) -> None:
    """Write jets drawn by `seed` from the sample `sample_of`, and what they are."""
    stored: Arrays = packed(arrays["tracks"], arrays["vertices"])
    stored |= {name: arrays[name] for name in ("labels", "weights")}
    assert all(np.array_equal(array, arrays[name]) for name, array in unpacked(stored).items())
    np.savez_compressed(folder / "sample.npz", **stored)  # type: ignore[arg-type]  # no allow_pickle
    text = json.dumps(_about(arrays, seed, sample_of), indent=2) + "\n"
    (folder / "sample.json").write_text(text, encoding="utf-8")


def _check(arrays: Arrays) -> int:
    """Compare jets drawn again with the packaged ones; 1 if too few agree."""
    packaged = hbb_in.sample()
    reference: Arrays = {name: getattr(packaged, name) for name in ORDER}
    found = compare_jets(reference, arrays, TOLERANCE)
    same = content_digest([arrays]) == sample_metadata()["content"]["digest"]
    said = "is that of" if same else "differs from that of"
    print(f"{found.agreeing} of {found.jets} jets agree; their digest {said} the packaged jets.")
    return int(found.agreeing < ENOUGH * found.jets)


def _chosen(jets: JetSample, number: int, seed: int) -> NDArray[np.intp]:
    random = np.random.default_rng(seed)
    drawn = [
        random.choice(np.flatnonzero(jets.labels[:, column]), number // 2, replace=False) for column in (0, 1)
    ]
    return np.sort(np.concatenate(drawn))


def _about(arrays: Arrays, seed: int, sample_of: str) -> dict[str, Any]:
    return {
        "title": "Simulated H->bb and QCD jets for the Hbb interaction network",
        "disclaimer": DISCLAIMER,
        "made_by": "fairreg hbb simulate, fairreg hbb prepare, scripts/make_hbb_sample.py",
        "drawn_with_seed": seed,
        "mantissa_bits": MANTISSA_BITS,
        "weights": WEIGHTS,
        "license": "CC0-1.0",
        "sample_of": sample_of,
        "counts": {
            "jets": len(arrays["labels"]),
            "QCD": int(arrays["labels"][:, 0].sum()),
            "Hbb": int(arrays["labels"][:, 1].sum()),
        },
        "content": {"digest": content_digest([arrays]), "guarantee": GUARANTEE},
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
    parser.add_argument("--check", action="store_true", help="compare with the packaged jets; write nothing")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
