# SPDX-License-Identifier: MIT
"""Spellings of identifiers that the documentation names."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "identifiers-and-licences.md"


def spellings() -> list[str]:
    """Return what stands in backticks in the rows of the table on the page."""
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if re.match(r"\| (?!what)", line)]
    return [text for row in rows for text in re.findall("`([^`]+)`", row)]
