# SPDX-License-Identifier: MIT
"""Signed impact parameters, vertices and features of hand-made jets."""

import numpy as np
import pytest

from fairreg.models.hbb_in.features import TRACK_FEATURES, VERTEX_FEATURES
from fairreg.models.hbb_in.simulation.features import APPROXIMATED, track_features, vertex_features
from fairreg.models.hbb_in.simulation.impact import jet_axes, jet_tracks
from fairreg.models.hbb_in.simulation.vertexing import find_vertices
from support.particles import ERROR, candidates, one_jet


def described(pt, eta, phi, origin, *, jet_eta=0.0, jet_phi=0.0):
    """Track features, vertex features and vertices of one jet."""
    found, jets = candidates(pt, eta, phi, origin), one_jet(len(pt), eta=jet_eta, phi=jet_phi)
    tracks = jet_tracks(jets, found)
    vertices = find_vertices(tracks, jet_axes(jets))
    columns = track_features(jets, tracks, vertices, np.random.default_rng(1))
    return columns, vertex_features(jets, vertices), vertices


def prongs(centre, flight, count=3, pt=20.0):
    """Tracks that spread around azimuth `centre` from a point `flight` cm along it."""
    phi = centre + np.linspace(-0.15, 0.15, count)
    eta = np.linspace(0.06, -0.05, count)
    origin = np.tile([flight * np.cos(centre), flight * np.sin(centre), 0.0], (count, 1))
    return np.full(count, pt), eta, phi, origin


def together(*groups):
    return [np.concatenate(parts) for parts in zip(*groups, strict=True)]


PROMPT = (np.linspace(2, 30, 8), np.linspace(-0.3, 0.3, 8), np.linspace(-0.4, 0.4, 8), np.zeros((8, 3)))


def test_every_feature_of_the_network_is_there_and_finite():
    tracks, vertices, _ = described(*together(PROMPT, prongs(0.1, 0.5)))
    assert list(tracks) == [item.name for item in TRACK_FEATURES]
    assert list(vertices) == [item.name for item in VERTEX_FEATURES]
    for values in (*tracks.values(), *vertices.values()):
        assert values.dtype == np.float32
        assert np.isfinite(values).all()


def test_a_decay_along_the_jet_is_positive_and_one_behind_negative():
    pt, eta, phi, origin = prongs(0.0, 0.4)
    for sign in (1, -1):
        tracks, _, _ = described(pt, eta, phi, sign * origin)
        off_axis = np.abs(tracks["track_phirel"]) > 0.1
        assert (np.sign(tracks["trackBTag_Sip2dVal"][off_axis]) == sign).all()
        assert (np.sign(tracks["trackBTag_Sip3dVal"][off_axis]) == sign).all()
    assert tracks["trackBTag_Sip2dSig"].min() >= -1


def test_tracks_come_by_falling_significance_in_the_plane():
    tracks, _, _ = described(*together(PROMPT, prongs(0.1, 0.5), prongs(-0.2, 1.0)))
    assert (np.diff(tracks["trackBTag_Sip2dSig"]) <= 0).all()


def test_a_decay_is_found_where_it_happened():
    tracks, features, vertices = described(*together(PROMPT, prongs(0.2, 0.8, count=4)))
    assert len(vertices) == 1
    assert vertices.position[0] == pytest.approx([0.8 * np.cos(0.2), 0.8 * np.sin(0.2), 0], abs=1e-3)
    assert features["sv_ntracks"].tolist() == [4]
    assert features["sv_pt"][0] == pytest.approx(80, rel=0.02)
    assert features["sv_dxy"][0] == pytest.approx(0.8, abs=1e-3)
    assert features["sv_phirel"][0] == pytest.approx(0.2, abs=0.01)
    assert features["sv_costhetasvpv"][0] == pytest.approx(1, abs=1e-3)
    assert features["sv_normchi2"][0] == pytest.approx(0, abs=1e-3)
    assert (tracks["track_drminsv"] >= 0).all()


def test_two_decays_are_two_vertices_by_falling_significance():
    _, features, vertices = described(*together(prongs(0.3, 0.3), prongs(-0.3, 1.5)))
    assert vertices.position[:, 1] == pytest.approx([1.5 * np.sin(-0.3), 0.3 * np.sin(0.3)], abs=1e-3)
    assert features["sv_dxysig"][0] > features["sv_dxysig"][1]


def test_prompt_tracks_make_no_vertex_and_the_distance_from_one_is_minus_one():
    tracks, features, vertices = described(*PROMPT)
    assert len(vertices) == 0
    assert all(not len(values) for values in features.values())
    assert set(tracks["track_drminsv"].tolist()) == {-1.0}


def test_a_decay_behind_the_primary_vertex_is_none():
    pt, eta, phi, origin = prongs(0.0, 0.5)
    assert len(described(pt, eta, phi, -origin)[2]) == 0


def test_kinematic_features_follow_from_track_and_jet():
    tracks, _, _ = described([40.0], [1.1], [0.3], [[0.0, 0.0, 0.0]], jet_eta=1.0, jet_phi=0.1)
    expected = {
        "track_ptrel": 0.1,
        "track_etarel": 0.1,
        "track_phirel": 0.2,
        "track_deltaR": np.hypot(0.1, 0.2),
        "track_drsubjet1": 0.1,
        "track_drsubjet2": np.hypot(0.1, 0.4),
        "track_erel": np.hypot(40 * np.cosh(1.1), 0.13957) / np.hypot(400 * np.cosh(1.0), 100),
        "track_dxydxy": ERROR**2,
        "track_dphidxy": -0.85 * ERROR**2 / 6,
    }
    for name, value in expected.items():
        assert tracks[name][0] == pytest.approx(value, rel=1e-4), name
    cosine = tracks["trackBTag_PParRatio"][0]
    assert tracks["trackBTag_PtRatio"][0] == pytest.approx(np.sqrt(1 - cosine**2), rel=1e-4)
    assert tracks["trackBTag_EtaRel"][0] == pytest.approx(np.arctanh(cosine), rel=1e-3)


def test_pseudorapidity_counts_outwards_on_both_sides():
    for side in (1, -1):
        tracks, _, _ = described([40.0], [side * 1.1], [0.0], [[0.0, 0.0, 0.0]], jet_eta=side * 1.0)
        assert tracks["track_etarel"][0] == pytest.approx(0.1, rel=1e-4)


def test_azimuth_is_taken_round_the_circle():
    tracks, _, _ = described([40.0], [0.0], [-3.1], [[0.0, 0.0, 0.0]], jet_phi=3.1)
    assert tracks["track_phirel"][0] == pytest.approx(2 * np.pi - 6.2, rel=1e-4)


def test_far_displacements_end_at_the_limits():
    tracks, _, _ = described([5.0] * 2, [0.0] * 2, [0.5, -0.5], [[-30.0, 0, 0], [-30.0, 0, 0]])
    assert tracks["trackBTag_Sip2dVal"].tolist() == [-1, -1]
    assert tracks["trackBTag_Sip3dSig"].tolist() == [-1, -1]
    assert tracks["trackBTag_JetDistVal"].max() <= 0


def test_soft_tracks_are_not_listed():
    tracks, _, _ = described([0.9, 1.0], [0.0] * 2, [0.0, 0.1], np.zeros((2, 3)))
    assert len(tracks["track_ptrel"]) == 1


def test_a_jet_without_tracks_has_no_features():
    tracks, vertices, _ = described([], [], [], np.zeros((0, 3)))
    assert all(not len(values) for values in (*tracks.values(), *vertices.values()))


def test_approximations_are_of_features_that_there_are():
    assert set(APPROXIMATED) <= {item.name for item in (*TRACK_FEATURES, *VERTEX_FEATURES)}
