# SPDX-License-Identifier: MIT
"""Spellings of identifiers that the documentation names."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "identifiers-and-licences.md"


def spellings() -> list[str]:
    """Return what stands in backticks in the rows of the first table on the page."""
    table = PAGE.read_text(encoding="utf-8").partition("\n| what ")[2].partition("\n\n")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")]
    return [text for row in rows for text in re.findall("`([^`]+)`", row)]
