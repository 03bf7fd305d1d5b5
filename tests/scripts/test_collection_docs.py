# SPDX-License-Identifier: MIT
"""docs/collections.md: its table is that of the packaged files, its example is a collection."""

import re

import build_collection_docs as script
import pytest

from fairreg.services.harvest.collections import plan
from fairreg.settings import Settings
from support import query_syntax

PAGE = script.PAGE.read_text(encoding="utf-8")


def test_the_page_is_what_the_script_writes():
    assert script.page() == PAGE


def test_the_example_is_a_collection_with_queries_that_are_understood(tmp_path):
    (tmp_path / "collections").mkdir()
    (example,) = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    (tmp_path / "collections" / "dune.toml").write_text(example, encoding="utf-8")
    planned = plan(Settings.from_environment({"FAIRREG_HOME": str(tmp_path)}), "dune")
    assert [item.source for item in planned.active] == ["zenodo", "github"]
    for item in planned.queries:
        query_syntax.parse(item.source, item.query)


@pytest.mark.parametrize("row", re.findall(r"^\| `(\w+)` \| [^|]* \| `([^`]+)` \|$", PAGE, re.MULTILINE))
def test_the_examples_of_query_languages_are_understood(row):
    query_syntax.parse(*row)


def test_every_source_that_can_be_harvested_has_a_row():
    rows = set(re.findall(r"^\| `(\w+)` \| [^|]* \| `[^`]+` \|$", PAGE, re.MULTILINE))
    assert rows == set(query_syntax.PARSERS)
