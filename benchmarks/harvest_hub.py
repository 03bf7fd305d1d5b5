# SPDX-License-Identifier: MIT
"""Harvest a Hub of models with their cards into SQLite, against writing the same rows with plain sqlite3.

    python benchmarks/harvest_hub.py [--dump ../shared/payloads/huggingface] [--number N]

A local server in a process of its own stands for the Hub; the harvest goes through the real huggingface_hub
client and `fairreg.services.harvest.harvest`, page by page, one request more for each card. Then the same
rows of all tables but the full-text index are written to a fresh indexed file with `executemany`
(`plain_tables`). It prints records/s of both, their ratio and the peak memory of the harvesting process.
Without a dump the list is made up.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from plain_tables import Written, written_plainly

from fairreg.services.harvest.harvest import HarvestReport, harvest
from fairreg.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
SERVER = ROOT / "tests" / "harvesters" / "hub_server.py"
DUMP = ROOT.parent / "shared" / "payloads" / "huggingface"


def main() -> None:
    asked = arguments(__doc__ or "")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        with serve(asked) as url:
            report = _harvested(home, url)
            peak = _peak()
        plain = written_plainly(home / "registry.sqlite", Path(folder) / "plain.sqlite")
    _print(report, plain, peak)


@contextmanager
def serve(asked: argparse.Namespace) -> Iterator[str]:
    """The address of a local Hub that has the models of the dump, or made-up ones."""
    command = [sys.executable, str(SERVER)]
    if asked.dump.is_dir():
        infos, cards = (next(asked.dump.glob(pattern)) for pattern in ("hub-models-*.xz", "hub-cards-*.xz"))
        command += ["--infos", str(infos), "--cards", str(cards)]
    command += ["--number", str(asked.number)] if asked.number else []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url, number = server.stdout.readline().split()
        print(f"{number} models at {url}", file=sys.stderr)
        try:
            yield url
        finally:
            assert server.stdin is not None
            server.stdin.close()


def _harvested(home: Path, url: str) -> HarvestReport:
    settings = Settings.from_environment({"FAIRREG_HOME": str(home), "HF_ENDPOINT": url})
    begun = time.monotonic()

    def progress(seen: int, _total: int | None) -> None:
        if seen % 2000 == 0:
            rate = seen / (time.monotonic() - begun)
            print(f"{seen:6} records, {rate:5.0f}/s, {_peak():5.0f} MiB", file=sys.stderr)

    return harvest(settings, "huggingface", progress=progress)


def _peak() -> float:
    """Peak resident memory in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def _print(report: HarvestReport, plain: Written, peak: float) -> None:
    rate, plain_rate = report.seen / report.seconds, report.seen / plain.seconds
    print(
        f"harvest:     {report.seen} records in {report.seconds:.1f} s, {rate:.0f} records/s, {report.counts}"
    )
    print(f"executemany: {plain.rows} rows in {plain.seconds:.1f} s, {plain_rate:.0f} records/s")
    print(f"ratio harvest / executemany: {report.seconds / plain.seconds:.1f} times the time")
    print(f"peak memory: {peak:.0f} MiB")


def arguments(
    description: str, more: Callable[[argparse.ArgumentParser], None] = lambda _parser: None
) -> argparse.Namespace:
    """What was asked for on the command line; `more` adds options."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--dump", type=Path, default=DUMP, help="folder with hub-models-*.xz and hub-cards-*.xz"
    )
    parser.add_argument(
        "--number", type=int, default=None, help="how many models (default: all; 1000 made up)"
    )
    more(parser)
    return parser.parse_args()


if __name__ == "__main__":
    main()
