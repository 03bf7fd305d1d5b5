# SPDX-License-Identifier: MIT
"""Scale of the particles in the published trainings.

A feature x of the network stands for x * std / 5 + mean: inverse_normalize_tensor in utils/utils.py of
github.com/uhh-pd-ml/EPiC-GAN, with the norm_sigma of its generate.py. The numbers are those of get_kde_etc in
utils/utils.py. A weight file does not hold them; its name says which they are (load_model in generate.py).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["SCALES", "Scale", "scale_of"]

NORM_SIGMA = 5
_NAME = re.compile(r"EPiC_jetnet_(gluon|quark|top)_(30|150)")


@dataclass(frozen=True)
class Scale:
    """Mean and standard deviation of pT_rel, eta_rel and phi_rel of particles of a JetNet data set.

    `jets` is the type of the jets, `slots` the largest number of particles.
    """

    jets: str
    slots: int
    means: tuple[float, float, float]
    stds: tuple[float, float, float]

    @property
    def factors(self) -> tuple[float, float, float]:
        """Factors of the network's features, before the means are added."""
        first, second, third = (std / NORM_SIGMA for std in self.stds)
        return first, second, third


_ALL = (
    Scale("gluon", 30, (0.030343968, -4.588791e-05, 2.2458495e-05), (0.042161893, 0.07787612, 0.07671888)),
    Scale("quark", 30, (0.03566415, -5.2653548e-05, -2.5356381e-05), (0.0702585, 0.09262083, 0.09053166)),
    Scale("top", 30, (0.030520283, 6.3335856e-06, -4.6439443e-05), (0.03952279, 0.11629426, 0.1172293)),
    Scale("gluon", 150, (0.015032492, -3.4442783e-06, -7.23883e-06), (0.03147635, 0.1177723, 0.11498551)),
    Scale("quark", 150, (0.02613498, -4.4829252e-05, -6.1266226e-05), (0.061331585, 0.11122727, 0.10829062)),
    Scale("top", 150, (0.015980698, -7.679745e-05, 5.852982e-06), (0.030631103, 0.13794015, 0.13737969)),
)
SCALES: Mapping[tuple[str, int], Scale] = {(item.jets, item.slots): item for item in _ALL}


def scale_of(name: str, feats: int) -> Scale | None:
    """Scale of a published training by the name of its file, None for another file or other features."""
    found = _NAME.fullmatch(name.partition(".")[0])
    return SCALES[found[1], int(found[2])] if found and feats == len(_ALL[0].means) else None
