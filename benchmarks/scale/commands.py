# SPDX-License-Identifier: MIT
"""The commands that touch a whole registry: how long each takes, and how much memory."""

import sys
from collections.abc import Sequence
from pathlib import Path

from engines import Engine
from loading import write
from processes import fairreg

__all__ = ["measure_commands"]

CHANGED = 2000


def measure_commands(engine: Engine, folder: Path, source: Path) -> dict[str, dict[str, float]]:
    """Seconds and MiB by command."""
    commands: dict[str, Sequence[str]] = {
        "search": ["search", "text generation", "--json"],
        "search --facets": ["search", "text generation", "--facets", "--json"],
        "search (all, with facets)": ["search", "", "--facets", "--json"],
        "search --framework": ["search", "text generation", "--framework", "onnx", "--json"],
        "show": ["show", "10.5281/zenodo.7305227"],
        "db info": ["db", "info", "--json"],
        "sources": ["sources", "--json"],
        "assess --all (100)": ["assess", "--all", "--limit", "100", "--offline"],
        "db check": ["db", "check"],
        "export": ["export", str(folder / "exported.jsonl")],
    }
    figures: dict[str, dict[str, float]] = {}
    for name, arguments in commands.items():
        measured = fairreg(arguments, engine.environment, output=folder / "output")
        figures[name] = {"seconds": measured.seconds, "peak": measured.peak}
        print(f"  {name}: {measured.seconds:.2f} s, {measured.peak:.0f} MiB", file=sys.stderr)
    (folder / "exported.jsonl").unlink()
    figures["import (update)"] = updated(engine, folder, source)
    return figures


def updated(engine: Engine, folder: Path, source: Path) -> dict[str, float]:
    """Records that the registry has already, exported and read again."""
    file = folder / "again.jsonl"
    write(source, file, first=0, number=CHANGED)
    measured = fairreg(["import", str(file), "--json"], engine.environment)
    file.unlink()
    return {"seconds": measured.seconds, "peak": measured.peak, "rate": CHANGED / measured.seconds}
