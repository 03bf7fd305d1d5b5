# SPDX-License-Identifier: MIT
"""Makes the packaged toy jets anew: python scripts/make_hbb_sample.py [FOLDER]."""

import json
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np

from fairreg.models.hbb_in import toy

SEED = 20221108
JETS = 400
FOLDER = Path(__file__).parents[1] / "src/fairreg/models/hbb_in/sample"
DISCLAIMER = (
    "These jets are neither CMS data nor a simulation of any process or detector; "
    "an AUC or accuracy on them is no physics result."
)


def main(folder: Path = FOLDER) -> None:
    jets = toy.toy_jets(JETS, SEED)
    assert jets.labels is not None
    arrays = {"tracks": jets.tracks, "vertices": jets.vertices, "labels": jets.labels}
    np.savez_compressed(folder / "sample.npz", tracks=jets.tracks, vertices=jets.vertices, labels=jets.labels)
    document = {
        "title": "Toy jets for the Hbb interaction network",
        "disclaimer": DISCLAIMER,
        "made_by": "fairreg.models.hbb_in.toy.toy_jets",
        "generator_version": toy.GENERATOR_VERSION,
        "random_generator": "numpy PCG64",
        "seed": SEED,
        "mantissa_bits": toy.MANTISSA_BITS,
        "license": "MIT",
        "counts": {"jets": JETS, "QCD": int(jets.labels[:, 0].sum()), "Hbb": int(jets.labels[:, 1].sum())},
        "arrays": {
            name: {
                "dtype": array.dtype.name,
                "shape": list(array.shape),
                "sha256": sha256(np.ascontiguousarray(array).tobytes()).hexdigest(),
            }
            for name, array in arrays.items()
        },
    }
    text = json.dumps(document, indent=2) + "\n"
    (folder / "sample.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
