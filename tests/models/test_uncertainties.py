# SPDX-License-Identifier: MIT
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg.models.common.uncertainties import rounded_pair, with_uncertainty
from support.examples import examples

positive = st.floats(min_value=1e-300, max_value=1e300)
values = st.floats(min_value=-1e300, max_value=1e300)


@pytest.mark.parametrize(
    ("value", "uncertainty", "text"),
    [
        (0.827, 0.119, "0.83 ± 0.12"),  # the three examples of the Review of Particle Physics
        (0.827, 0.367, "0.8 ± 0.4"),
        (0.827, 0.967, "0.8 ± 1.0"),
        (0.30434, 0.00331, "0.3043 ± 0.0033"),
        (99.2612, 0.0354, "99.261 ± 0.035"),
        (99.2612, 0.0355, "99.26 ± 0.04"),
        (99.2612, 0.0949, "99.26 ± 0.09"),
        (99.2612, 0.0950, "99.26 ± 0.10"),
        (1234.5, 96.0, "1230 ± 100"),
        (1234.6, 35.4, "1235 ± 35"),
        (-0.5, 0.1, "-0.50 ± 0.10"),
        (0.0, 2.0, "0.0 ± 2.0"),
        (3.14159, None, "3.1416"),
        (3.14159, 0.0, "3.1416"),
        (None, 0.1, "none"),
        (float("nan"), 0.1, "nan"),
        (1.0, float("inf"), "1"),
        (1.23e-7, 4.1e-9, "(1.23 ± 0.04)e-7"),
        (27400000.0, 310000.0, "(2.740 ± 0.031)e7"),
    ],
)
def test_values_and_uncertainties_are_rounded_as_the_particle_data_group_does(value, uncertainty, text):
    assert with_uncertainty(value, uncertainty) == text


@settings(max_examples=examples(200))
@given(positive)
def test_one_or_two_digits_of_an_uncertainty_are_kept_by_its_leading_three(uncertainty):
    exact = Decimal(repr(uncertainty))
    _, found = rounded_pair(Decimal(0), exact)
    leading = int(exact.scaleb(2 - exact.adjusted()))
    digits = len(found.as_tuple().digits)
    assert digits == (1 if 355 <= leading <= 949 else 2)
    # The rule moves an uncertainty by half of its last place at most; 950 goes up to 1000.
    assert abs(found - exact) <= exact * Decimal("0.16")


@settings(max_examples=examples(200))
@given(values, positive)
def test_the_value_ends_at_the_place_of_its_uncertainty(value, uncertainty):
    first, second = rounded_pair(Decimal(repr(value)), Decimal(repr(uncertainty)))
    assert first.as_tuple().exponent == second.as_tuple().exponent
    assert abs(first - Decimal(repr(value))) <= Decimal(10) ** first.as_tuple().exponent / 2


@settings(max_examples=examples(100))
@given(st.floats(), st.floats())
def test_any_two_numbers_have_a_text(value, uncertainty):
    assert with_uncertainty(value, uncertainty)
