# SPDX-License-Identifier: MIT
from itertools import permutations

import pytest

from fairreg.schemas.record import version_sort_key


@pytest.mark.parametrize(
    "versions",
    [
        # The date decides first; a year comes before its days, what is undated before all.
        [{"version": "9", "doi": "10.5281/zenodo.9"}, {"dated": "2022"}, {"dated": "2022-03-01T12:00:00"}],
        [{"dated": "2021-12-31", "version": "2"}, {"dated": "2022-01-01", "version": "1"}],
        # Then the version number, however many parts it has.
        [{"version": "v1.9"}, {"version": "v1.10"}, {"version": "2"}],
        [{"version": "1.0.0.1"}, {"version": "1.0.0.2"}],
        [{"version": "release"}, {"version": "0.1"}],
        # 1.0 is 1: the DOI decides.
        [{"version": "1.0", "doi": "10.5281/zenodo.1001"}, {"version": "1", "doi": "10.5281/zenodo.1002"}],
        [{"version": "1", "doi": "10.5281/zenodo.1001"}, {"version": "1.0", "doi": "10.5281/zenodo.1002"}],
        # Then the number at the end of the DOI, of whichever registrar.
        [{}, {"doi": "10.5281/zenodo.999"}, {"doi": "10.5281/zenodo.1000"}, {"doi": "10.5281/zenodo.1001"}],
        [{"doi": "10.6084/m9.figshare.5.v9"}, {"doi": "10.6084/m9.figshare.5.v10"}],
        [{"doi": "10.5072/zenodo.98"}, {"doi": "10.5072/zenodo.120"}],
    ],
)
def test_versions_sort_from_the_oldest_to_the_newest(versions) -> None:
    for order in permutations(versions):
        assert sorted(order, key=lambda item: version_sort_key(**item)) == versions
