# SPDX-License-Identifier: MIT
"""Names, units and normalisation of the inputs and classes of the published networks.

From data/JetClass/JetClass_kin.yaml, JetClass_kinpid.yaml and JetClass_full.yaml of
jet-universe/particle_transformer: a feature enters as (value - shift) * scale, clipped as stated, with the
units of the data set. The files QuarkGluon/qg_kin.yaml and TopLandscape/top_kin.yaml there have the seven
kinematic features with the same normalisation; with particle identification the number of features is not
enough to know them.
"""

from dataclasses import dataclass

from fairreg.schemas.record import Feature

__all__ = ["CLASSES", "MOST_SLOTS", "POINTS", "SOURCE", "classes_of", "features_of", "source_of"]

SOURCE = "jet-universe/particle_transformer"
MOST_SLOTS = 128  # particles of a jet in the training of the published networks

CLASSES = tuple(
    Feature(name=name, description=text)
    for name, text in (
        ("QCD", "light quark or gluon"),
        ("Hbb", "H -> b b"),
        ("Hcc", "H -> c c"),
        ("Hgg", "H -> g g"),
        ("H4q", "H -> 4 q"),
        ("Hqql", "H -> l nu q q'"),
        ("Zqq", "Z -> q q"),
        ("Wqq", "W -> q q'"),
        ("Tbqq", "t -> b q q'"),
        ("Tbl", "t -> b l nu"),
    )
)


@dataclass(frozen=True)
class _Normalised:
    name: str
    description: str
    shift: float = 0.0
    scale: float = 1.0
    limits: tuple[int, int] | None = None

    def feature(self) -> Feature:
        text = self.description
        if (self.shift, self.scale) != (0.0, 1.0):
            text = f"({text} {'-' if self.shift >= 0 else '+'} {abs(self.shift)}) x {self.scale}"
        if self.limits is not None:
            text += f", clipped to {self.limits[0]} to {self.limits[1]}"
        return Feature(name=self.name, unit="1", description=text)


def _all(*parts: tuple[_Normalised, ...]) -> tuple[Feature, ...]:
    return tuple(item.feature() for part in parts for item in part)


_WIDE = (-5, 5)
_KINEMATICS = (
    _Normalised("part_pt_log", "ln(pT / GeV)", 1.7, 0.7, _WIDE),
    _Normalised("part_e_log", "ln(E / GeV)", 2.0, 0.7, _WIDE),
    _Normalised("part_logptrel", "ln(pT / pT of the jet)", -4.7, 0.7, _WIDE),
    _Normalised("part_logerel", "ln(E / E of the jet)", -4.7, 0.7, _WIDE),
    _Normalised("part_deltaR", "distance from the jet's axis in eta and phi", 0.2, 4.0, _WIDE),
)
_IDENTITY = (
    _Normalised("part_charge", "electric charge in units of e"),
    _Normalised("part_isChargedHadron", "1 for charged hadrons"),
    _Normalised("part_isNeutralHadron", "1 for neutral hadrons"),
    _Normalised("part_isPhoton", "1 for photons"),
    _Normalised("part_isElectron", "1 for electrons"),
    _Normalised("part_isMuon", "1 for muons"),
)
_IMPACT = (
    _Normalised("part_d0", "tanh of the transverse impact parameter"),
    _Normalised("part_d0err", "error of the transverse impact parameter", limits=(0, 1)),
    _Normalised("part_dz", "tanh of the longitudinal impact parameter"),
    _Normalised("part_dzerr", "error of the longitudinal impact parameter", limits=(0, 1)),
)
_ANGLES = (
    _Normalised("part_deta", "eta less that of the jet's axis"),
    _Normalised("part_dphi", "phi less that of the jet's axis, in radians"),
)
POINTS = _all(_ANGLES)

# By number of features: the features and the file that lists them.
_KNOWN = {
    7: ("JetClass_kin", _all(_KINEMATICS, _ANGLES)),
    13: ("JetClass_kinpid", _all(_KINEMATICS, _IDENTITY, _ANGLES)),
    17: ("JetClass_full", _all(_KINEMATICS, _IDENTITY, _IMPACT, _ANGLES)),
}
_KINEMATIC = 7  # features that three data sets share


def source_of(features: int, classes: int) -> str | None:
    """Name of the authors' configuration with these numbers of features and classes, None without one."""
    if features not in _KNOWN or (classes != len(CLASSES) and features != _KINEMATIC):
        return None
    return _KNOWN[features][0]


def features_of(features: int, classes: int) -> tuple[Feature, ...]:
    """Features of a network with these numbers of them, empty where they are not known."""
    return _KNOWN[features][1] if source_of(features, classes) else ()


def classes_of(features: int, classes: int) -> tuple[Feature, ...]:
    """Classes of a network with these numbers of features and classes, empty where they are not known."""
    return CLASSES if classes == len(CLASSES) and source_of(features, classes) else ()
