# SPDX-License-Identifier: MIT
"""Write docs/tutorials/notebooks.md from the notebooks in the folder: their titles and first paragraphs.

python scripts/build_notebook_docs.py
"""

import json
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "tutorials" / "notebooks.md"
FOLDER = ROOT / "notebooks"
INTRODUCTION = """\
# Notebooks

<!-- Written by scripts/build_notebook_docs.py from the notebooks themselves; change it there. -->

FAIR models in practice, for reading from top to bottom with questions to try. They run offline, on what
fairreg ships; [notebooks/](../../notebooks/README.md) says how to run them on your machine, or in a browser
by Binder."""


def page() -> str:
    """Return the text of the page."""
    return "\n\n".join((INTRODUCTION, *map(_entry, sorted(FOLDER.glob("*.ipynb"))))) + "\n"


def _entry(notebook: Path) -> str:
    title, first = _beginning(notebook)
    return f"## {title}\n\n{first}\n\n[{notebook.name}](../../notebooks/{notebook.name})"


def _beginning(notebook: Path) -> tuple[str, str]:
    """Return the title of a notebook and its first paragraph, with the list that this may announce."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    texts = (cell["source"] for cell in cells if cell["cell_type"] == "markdown")
    title, first, second = list(chain.from_iterable(map(_paragraphs, texts)))[:3]
    return title.removeprefix("# "), f"{first}\n\n{second}" if first.endswith(":") else first


def _paragraphs(source: str | list[str]) -> Iterator[str]:
    """Yield the paragraphs of a cell, whose source is a text or the list of its lines."""
    yield from (part.strip() for part in re.split(r"\n\s*\n", "".join(source)) if part.strip())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
