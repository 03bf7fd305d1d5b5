# SPDX-License-Identifier: MIT
"""The figures: kept in a file after each step, printed as a table, drawn over the size."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Figures", "plot", "report"]

COLOURS = {"SQLite": "#0072B2", "PostgreSQL": "#D55E00"}  # told apart by the colour-blind


@dataclass
class Figures:
    """What was measured, by engine and size or command."""

    file: str
    loads: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    searches: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    commands: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    plain: dict[str, float] = field(default_factory=dict)

    @classmethod
    def read(cls, file: Path) -> "Figures":
        """Those of an earlier run that is gone on with, else none."""
        known = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        return cls(**(known | {"file": str(file)}))

    def write(self) -> None:
        """Keep what was measured so far."""
        kept = {name: value for name, value in asdict(self).items() if name != "file"}
        Path(self.file).write_text(json.dumps(kept, indent=1, ensure_ascii=False), encoding="utf-8")


def report(figures: Figures) -> None:
    for engine, loads in figures.loads.items():
        for size, load in loads.items():
            print(f"load    {engine:10} to {size:>8}: {load['rate']:6.0f} records/s, {load['peak']:4.0f} MiB")
    if figures.plain and "100000" in figures.loads.get("SQLite", {}):
        ours, plain = figures.loads["SQLite"]["100000"]["rate"], figures.plain["rate"]
        print(f"plain executemany, all tables without the indexes of search: {plain:.0f} records/s, "
              f"ratio {plain / ours:.1f}")  # fmt: skip
    for engine, searches in figures.searches.items():
        for size, found in searches.items():
            print(
                f"search  {engine:10} of {size:>8}: median {found['median']:6.1f} ms, 95th percentile "
                f"{found['p95']:6.1f} ms; bare statement {found['bare_median']:7.1f} and "
                f"{found['bare_p95']:7.1f} ms; ratio {found['ratio']:.2f}"
            )
    for engine, commands in figures.commands.items():
        for name, took in commands.items():
            print(f"command {engine:10} {name:26} {took['seconds']:8.2f} s, {took['peak']:4.0f} MiB")


def plot(figures: Figures, file: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    drawing, (loading, searching) = plt.subplots(1, 2, figsize=(11, 4.2))
    for engine, loads in figures.loads.items():
        sizes = sorted(map(int, loads))
        rates = [loads[str(size)]["rate"] for size in sizes]
        loading.plot(sizes, rates, "o-", color=COLOURS[engine], label=engine)
    for engine, searches in figures.searches.items():
        sizes = sorted(map(int, searches))
        for name, style in (("median", "o-"), ("p95", "s--")):
            times = [searches[str(size)][name] for size in sizes]
            label = f"{engine}, {'median' if name == 'median' else '95th percentile'}"
            searching.plot(sizes, times, style, color=COLOURS[engine], label=label)
        bare = [searches[str(size)]["bare_p95"] for size in sizes]
        searching.plot(sizes, bare, ":", color=COLOURS[engine], label=f"{engine}, bare statement, 95th p.")
    loading.set(xscale="log", ylim=(0, None), xlabel="records", ylabel="records/s", title="fairreg import")
    searching.set(xscale="log", yscale="log", xlabel="records", ylabel="milliseconds", title="search, warm")
    for axes in (loading, searching):
        axes.grid(visible=True, alpha=0.3)
        axes.legend(fontsize=8)
    drawing.tight_layout()
    drawing.savefig(file, dpi=150)
    plt.close(drawing)
