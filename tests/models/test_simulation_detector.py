# SPDX-License-Identifier: MIT
"""The parametrised detector: geometry, resolutions, efficiencies."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairreg.models.hbb_in.simulation.smearing import detect, impact_errors, true_impact
from support.particles import events

ANGLES = st.floats(-3.1, 3.1)


def measured(particles, seed=1):
    return detect(particles, np.random.default_rng(seed))


@given(ANGLES, st.floats(-2.4, 2.4), st.floats(0, 5))
def test_a_particle_from_the_flight_line_of_its_mother_has_no_impact_parameter(phi, eta, flight):
    vertex = flight * np.cos(phi), flight * np.sin(phi), flight * np.sinh(eta)
    dxy, dz = true_impact(vertex, np.array([phi]), np.array([eta]))
    assert dxy == pytest.approx(0, abs=1e-12)
    assert dz == pytest.approx(0, abs=1e-12)


def test_impact_parameters_have_the_signs_of_the_experiment():
    # Along x from a point above it, dxy is positive; dz is where the line passes the beam.
    dxy, dz = true_impact((0.0, 0.3, 1.0), np.array([0.0]), np.array([0.0]))
    assert (dxy[0], dz[0]) == (0.3, 1.0)
    dxy, dz = true_impact((2.0, 0.0, 0.0), np.array([0.0]), np.array([1.0]))
    assert (dxy[0], dz[0]) == (0.0, pytest.approx(-2 * np.sinh(1.0)))


def test_resolutions_are_those_of_the_table():
    dxy, dz = impact_errors(np.array([1.0, 10.0, 1.0]), np.array([0.5, -0.5, 2.0]))
    assert dxy * 1e4 == pytest.approx(
        [np.hypot(10, 75.7), np.hypot(10, 75.7 * 10**-0.66), np.hypot(13.2, 145)]
    )
    assert dz[2] * 1e4 == pytest.approx(np.hypot(79.2, 646))


def test_pulls_of_prompt_tracks_are_those_of_unit_normals():
    found = measured(events(np.full(20_000, 5.0), 0.5, 1.0, count=20_000))
    vertex = np.hypot(found.s_dxy, 10e-4)  # the primary vertex is smeared too, one an event
    assert np.std((found.dxy / vertex)[found.tracked]) == pytest.approx(1, abs=0.03)
    along = np.sqrt((found.s_dsz * np.cosh(0.5)) ** 2 + (15e-4) ** 2 + (10e-4 * np.sinh(0.5)) ** 2)
    assert np.std((found.dz / along)[found.tracked]) == pytest.approx(1, abs=0.03)


def test_angle_and_impact_parameter_are_anticorrelated_as_the_covariance_says():
    found = measured(events(np.full(20_000, 1.0), 0.2, 0.7)).take(slice(None))
    chosen = found.tracked
    correlation = np.corrcoef(found.dxy[chosen], found.phi[chosen])[0, 1]
    assert correlation == pytest.approx(-0.85, abs=0.03)


def test_tracks_are_found_with_the_stated_efficiency():
    for eta, pt, efficiency in ((0.3, 5.0, 0.95), (2.0, 5.0, 0.85), (0.3, 0.6, 0.70), (2.0, 0.6, 0.60)):
        found = measured(events(np.full(20_000, pt), eta, 1.0))
        assert found.tracked.sum() / 20_000 == pytest.approx(efficiency, abs=0.012)


def test_particles_made_far_out_leave_no_track():
    assert not measured(events(np.full(100, 5.0), 0.0, 0.0, vertex=(60.0, 0, 0))).tracked.any()


def test_neutral_particles_have_no_track_and_keep_their_direction():
    found = measured(events(np.full(1000, 20.0), 1.0, 0.5, identity=22))
    assert len(found.e) == 1000
    assert not found.tracked.any()
    assert np.arctan2(found.py, found.px) == pytest.approx(0.5)
    assert np.std(found.e / (20 * np.cosh(1.0))) == pytest.approx(0.03 / np.sqrt(20 * np.cosh(1.0)), rel=0.1)


def test_the_same_seed_measures_the_same():
    particles = events(np.linspace(1, 50, 30), 0.1, np.linspace(-3, 3, 30))
    for name, values in vars(measured(particles, 5)).items():
        np.testing.assert_array_equal(values, getattr(measured(particles, 5), name))
