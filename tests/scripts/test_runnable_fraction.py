# SPDX-License-Identifier: MIT
"""The figures on what runs are those of the packaged catalogue, and the page has them."""

import re

import runnable_fraction

from fairreg.registry import Registry, catalogue


def test_the_page_is_what_the_script_writes():
    assert runnable_fraction.PAGE.read_text(encoding="utf-8") == runnable_fraction.page()


def test_every_model_with_weights_is_listed_once_with_its_basis():
    lines = list(runnable_fraction.catalogue_report())
    rows = [line for line in lines if line.endswith(("| checked |", "| by its naming only |"))]
    assert len(rows) == 29
    assert any(line.startswith("Of 29: ") for line in lines)
    total = re.search(r"(\d+) in their repository, (\d+) elsewhere, (\d+) nowhere", "\n".join(lines))
    others = [item for item in catalogue.records() if item.kind == "model"]
    own = [item for item in others if item.identifier.startswith("catalogue:fairreg-")]
    assert sum(map(int, total.groups())) == len(others) - len(own)


def test_at_least_fifteen_of_them_run_or_convert():
    (line,) = [line for line in runnable_fraction.catalogue_report() if line.startswith("Of 29: ")]
    assert int(re.search(r"(\d+) of 29 ", line)[1]) >= 15


def test_a_registry_is_counted_by_format(tmp_path):
    from fairreg.services.registry.db import init
    from fairreg.settings import Settings

    url = f"sqlite:///{tmp_path / 'registry.sqlite'}"
    init(Settings(home=tmp_path, database_url=url))
    with Registry(url) as registry:
        models = sum(entry.record.kind == "model" for entry in registry.listing.entries())
    lines = list(runnable_fraction.registry_report(url))
    assert lines[0] == f"The registry has {models} models."
    assert any(line.startswith(f"Of {models}: ") for line in lines)
