# SPDX-License-Identifier: MIT
"""Changes keep their order, whatever the clock of the machine says."""

from collections.abc import Callable

import pytest

from fairreg.registry import Registry
from fairreg.registry.db import change_times
from fairreg.schemas.record import ModelRecord


def test_a_change_comes_after_those_before_it_even_where_the_clock_was_set_back(
    registry: Registry, make_record: Callable[..., ModelRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.put_many([make_record(source_id="1"), make_record(source_id="2")])
    last = registry.changes.page()[-1]
    monkeypatch.setattr(change_times, "now_precisely", lambda: "2001-01-01T00:00:00.000000+00:00")
    registry.put(make_record(source_id="3"))
    registry.forget(["zenodo:1"])
    later = registry.changes.page(after=last.place)
    assert [item.identifier for item in later] == ["zenodo:3", "zenodo:1"]
    assert last.changed_at < later[0].changed_at < later[1].changed_at
