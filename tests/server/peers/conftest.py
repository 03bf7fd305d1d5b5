# SPDX-License-Identifier: MIT
"""Registries that read each other, each served by a thread of the test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from fairreg.registry.parts.upkeep import Upkeep
from support.databases import Databases, Holding
from support.registries import Place

Places = Callable[..., Place]


@pytest.fixture
def places(databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Places]:
    """Makes a registry of a name; its peers are the other places given.

    Without `catalogue` it holds nothing, which is faster.
    """
    with ExitStack() as opened:

        def place(name: str, *peers: Place, catalogue: bool = False) -> Place:
            urls = ",".join(peer.url for peer in peers)
            if not catalogue:
                monkeypatch.setattr(Upkeep, "load_catalogue", lambda _self: False)
            holding: Holding = "catalogue" if catalogue else "tables"
            settings = databases.home(tmp_path / name, holding, FAIRREG_PEERS=urls)
            return Place(settings, opened)

        yield place
