# SPDX-License-Identifier: MIT
"""Names, units and meanings of the input features, in the order of the arrays' second axis.

Names and order: ``definitions.yml`` of FAIR4HEP/hbb_interaction_network (10.5281/zenodo.7305227). Meanings in
our words after the description of the CMS open simulation (10.7483/OPENDATA.CMS.JGJX.MS7Q). No unit: the
feature is a pure number. The axis is the jet's; "significance" is a value over its uncertainty.
"""

from fairreg.schemas.record import Feature

__all__ = ["TRACK_FEATURES", "VERTEX_FEATURES"]


def _features(*rows: tuple[str, str | None, str]) -> tuple[Feature, ...]:
    return tuple(Feature(name=name, unit=unit, description=text) for name, unit, text in rows)


TRACK_FEATURES = _features(
    ("track_ptrel", None, "transverse momentum over that of the jet"),
    ("track_erel", None, "energy over that of the jet"),
    ("track_phirel", "rad", "azimuth from the axis"),
    ("track_etarel", None, "pseudorapidity from the axis"),
    ("track_deltaR", None, "angular distance from the axis"),
    ("track_drminsv", None, "angular distance from the nearest secondary vertex"),
    ("track_drsubjet1", None, "angular distance from the leading soft-drop subjet"),
    ("track_drsubjet2", None, "angular distance from the second soft-drop subjet"),
    ("track_dz", "cm", "longitudinal impact parameter"),
    ("track_dzsig", None, "significance of the longitudinal impact parameter"),
    ("track_dxy", "cm", "transverse impact parameter"),
    ("track_dxysig", None, "significance of the transverse impact parameter"),
    ("track_normchi2", None, "chi-square of the track fit over its degrees of freedom"),
    ("track_quality", None, "quality flags of the track as an integer"),
    ("track_dptdpt", "1/GeV^2", "variance of charge over momentum"),
    ("track_detadeta", "rad^2", "variance of the dip angle"),
    ("track_dphidphi", "rad^2", "variance of the azimuth"),
    ("track_dxydxy", "cm^2", "variance of the transverse impact parameter"),
    ("track_dzdz", "cm^2", "variance of the longitudinal impact parameter"),
    ("track_dxydz", "cm^2", "covariance of the two impact parameters"),
    ("track_dphidxy", "rad cm", "covariance of azimuth and transverse impact parameter"),
    ("track_dlambdadz", "rad cm", "covariance of dip angle and longitudinal impact parameter"),
    ("trackBTag_EtaRel", None, "pseudorapidity along the axis"),
    ("trackBTag_PtRatio", None, "momentum across the axis over the momentum"),
    ("trackBTag_PParRatio", None, "momentum along the axis over the momentum"),
    ("trackBTag_Sip2dVal", "cm", "signed transverse impact parameter"),
    ("trackBTag_Sip2dSig", None, "significance of the signed transverse impact parameter"),
    ("trackBTag_Sip3dVal", "cm", "signed impact parameter in space"),
    ("trackBTag_Sip3dSig", None, "significance of the signed impact parameter in space"),
    ("trackBTag_JetDistVal", "cm", "least distance between track and axis, not positive"),
)

VERTEX_FEATURES = _features(
    ("sv_ptrel", None, "transverse momentum over that of the jet"),
    ("sv_erel", None, "energy over that of the jet"),
    ("sv_phirel", "rad", "azimuth from the axis"),
    ("sv_etarel", None, "pseudorapidity from the axis"),
    ("sv_deltaR", None, "angular distance from the axis less 0.5, not positive"),
    ("sv_pt", "GeV", "transverse momentum"),
    ("sv_mass", "GeV", "mass of the tracks at the vertex"),
    ("sv_ntracks", None, "number of tracks at the vertex"),
    ("sv_normchi2", None, "chi-square of the vertex fit over its degrees of freedom"),
    ("sv_dxy", "cm", "transverse flight distance"),
    ("sv_dxysig", None, "significance of the transverse flight distance"),
    ("sv_d3d", "cm", "flight distance in space"),
    ("sv_d3dsig", None, "significance of the flight distance in space"),
    ("sv_costhetasvpv", None, "cosine of the angle between flight direction and momentum"),
)
