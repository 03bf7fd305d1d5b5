# SPDX-License-Identifier: MIT
"""Run notebooks from top to bottom, offline, and keep what they print and draw.

    python scripts/run_notebooks.py [--check] [NOTEBOOK ...]

By default all in notebooks/. Cells get the ids cell-01, cell-02 ..., and nothing that differs from run to run
(times, counts, versions, ports) stays. With --check nothing is written; a cell that raises ends it with exit
code 1.
Needs the extra `notebooks`.
"""

import argparse
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
SECONDS = 600  # of one cell, for a busy machine
_PORT = re.compile(r"(127\.0\.0\.1:)\d+")  # of a stand-in


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing")
    parser.add_argument("notebooks", nargs="*", type=Path, help="notebooks (default: all)")
    asked = parser.parse_args()
    for path in asked.notebooks or sorted(NOTEBOOKS.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        try:
            executed(notebook)
        except CellExecutionError as error:
            print(f"{path}: {error}", file=sys.stderr)
            return 1
        if not asked.check:
            nbformat.write(plain(notebook), path)
    return 0


def executed(notebook: Any) -> None:
    """Run all cells in a new process, in a folder and a home of fairreg that are removed afterwards.

    As in a checkout, scripts is beside the folder that they run in.
    """
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "scripts").symlink_to(NOTEBOOKS.parent / "scripts")
        Path(folder, NOTEBOOKS.name).mkdir()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FAIRREG_")}
        own = {"FAIRREG_HOME": str(Path(folder) / "home"), "FAIRREG_OFFLINE": "1", "IPYTHONDIR": folder}
        client = NotebookClient(
            notebook,
            timeout=SECONDS,
            kernel_name="python3",
            coalesce_streams=True,
            resources={"metadata": {"path": str(Path(folder, NOTEBOOKS.name))}},
        )
        client.execute(env={**kept, **own})


def plain(notebook: Any) -> Any:
    """Leave out what differs from run to run."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for number, cell in enumerate(notebook.cells, 1):
        cell.id, cell.metadata = f"cell-{number:02}", {}
        for place, output in enumerate(cell.get("outputs", ()), 1):
            if output.output_type == "stream":
                output.pop("metadata", None)
                output.text = _PORT.sub(r"\1PORT", output.text)
            else:
                output.metadata = {}
            if "execution_count" in output:
                output.execution_count = place
        if cell.cell_type == "code":
            cell.execution_count = number
    return notebook


if __name__ == "__main__":
    sys.exit(main())
