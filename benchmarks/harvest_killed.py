# SPDX-License-Identifier: MIT
"""Kill a harvest with SIGKILL at random moments, resume it, and compare with a harvest left in peace.

    python benchmarks/harvest_killed.py [--kills 10] [--seed 1] [--number N] [--dump FOLDER]

The harvest is `fairreg harvest huggingface` in a process of its own, from the local server of `harvest_hub`.
Every table of both registries is compared row by row, keys of rows and times apart. It ends with 1 if they
differ.
"""

import argparse
import hashlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harvest_hub import arguments, serve

HARVEST = "from fairreg.cli.app import main; main()"
# Of each table what does not depend on when, and in which order, its rows came.
SAID = {
    "entries": "select identifier, kind, name, description, license, dated, doi, url, runnable, gone_at, "
    "json_remove(merged, '$.provenance.retrieved') from entries",
    "statements": "select e.identifier, s.source, s.source_id, s.gone_at, s.media_type, s.payload_sha256, "
    "s.payload, json_remove(s.record, '$.provenance.retrieved') "
    "from statements s join entries e on e.id = s.entry_id",
    "identifiers": "select e.identifier, s.source_id, i.scheme, i.value, i.family, i.key, i.evidence "
    "from identifiers i join statements s on s.id = i.statement_id join entries e on e.id = i.entry_id",
    "facets": "select e.identifier, f.name, f.key, f.value from facets f join entries e on e.id = f.entry_id",
    "texts": "select e.identifier, t.name, t.alternate_names, t.subjects, t.creators, t.description, "
    "t.identifiers from entry_texts t join entries e on e.id = t.entry_id",
    "ties": "select s.source_id, t.family, t.key from ties t join statements s on s.id = t.statement_id",
    "lineages": "select e.identifier, o.identifier from lineages l join lineages m on l.lineage = m.lineage "
    "join entries e on e.id = l.entry_id join entries o on o.id = m.entry_id",
    "refusals": "select source, payload_sha256, payload, reason, path from refusals",
    "full text": "select count(*) from entry_index where entry_index match 'model'",
}


def main() -> None:
    asked = arguments(__doc__ or "", _more)
    with tempfile.TemporaryDirectory() as folder, serve(asked) as url:
        calm, disturbed = Path(folder) / "calm", Path(folder) / "disturbed"
        begun = time.monotonic()
        _finish(_start(calm, url))
        seconds = time.monotonic() - begun
        print(f"undisturbed: {seconds:.1f} s")
        killed_at = _disturb(disturbed, url, asked, seconds)
        print(f"killed {len(killed_at)} times, with this many records kept: {killed_at}")
        unlike = [name for name in SAID if _digest(calm, name) != _digest(disturbed, name)]
        print(
            f"tables that differ: {', '.join(unlike) or 'none'} of {len(SAID)}; {_count(disturbed)} entries"
        )
        sys.exit(bool(unlike))


def _disturb(home: Path, url: str, asked: argparse.Namespace, seconds: float) -> list[int]:
    """Kill and resume; how many entries were there each time."""
    chance = random.Random(asked.seed)
    kept = []
    for number in range(asked.kills):
        run = _start(home, url)
        # Late enough for some progress, early enough for all the kills to fall into one harvest.
        time.sleep(chance.uniform(0.3, 1.6 * seconds / asked.kills))
        if run.poll() is not None:
            sys.exit(f"The harvest ended before kill {number + 1}: take more models or fewer kills.")
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
        kept.append(_count(home))
    _finish(_start(home, url))
    return kept


def _start(home: Path, url: str) -> "subprocess.Popen[bytes]":
    environment = {"PATH": os.environ["PATH"], "FAIRREG_HOME": str(home), "HF_ENDPOINT": url}
    command = [sys.executable, "-c", HARVEST, "harvest", "huggingface", "--json"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _finish(run: "subprocess.Popen[bytes]") -> None:
    if run.wait() != 0:
        sys.exit(f"The harvest ended with {run.returncode}.")


def _open(home: Path) -> sqlite3.Connection:
    return sqlite3.connect(home / "registry.sqlite")


def _count(home: Path) -> int:
    try:
        return int(_open(home).execute("select count(*) from entries").fetchone()[0])
    except sqlite3.OperationalError:
        return 0  # killed before the tables were there


def _digest(home: Path, name: str) -> str:
    """Digest of a table's rows in an order of their own."""
    digest = hashlib.sha256()
    rows = sorted(hashlib.sha256(repr(row).encode()).digest() for row in _open(home).execute(SAID[name]))
    for row in rows:
        digest.update(row)
    return f"{len(rows)} {digest.hexdigest()}"


def _more(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kills", type=int, default=10, help="how often")
    parser.add_argument("--seed", type=int, default=1, help="of the random moments")


if __name__ == "__main__":
    main()
