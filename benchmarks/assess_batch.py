# SPDX-License-Identifier: MIT
"""Assess a registry offline: how many records a second, and the peak memory.

    python benchmarks/assess_batch.py [--dump ../shared/payloads/huggingface] [--number N] [--profile]

The records are those of a dump of the Hub with its cards, through the harvester's own `to_record`; without a
dump they are made up. They are put into a fresh registry, and then `fairreg.services.assess.batch` assesses
all of them without the network, writing each report with its evidence. Only the assessing is timed.
"""

import argparse
import cProfile
import json
import lzma
import pstats
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import islice
from pathlib import Path
from typing import Any

from fairreg import harvesters
from fairreg.errors import RecordError
from fairreg.registry import Registry, Submission
from fairreg.services.assess.batch import assess_all
from fairreg.services.fetch.resolve import stamped
from fairreg.services.registry import db
from fairreg.settings import Settings
from fairreg.web import no_log

DUMP = Path(__file__).resolve().parents[2] / "shared" / "payloads" / "huggingface"


def main() -> None:
    asked = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_environment({"FAIRREG_HOME": folder, "FAIRREG_OFFLINE": "1"})
        db.ensure(settings, no_log)
        payloads = _dumped(asked.dump, asked.number) if asked.dump.is_dir() else _made_up()
        count = _filled(settings, islice(payloads, asked.number))
        before, begun = _peak(), time.perf_counter()
        profile = cProfile.Profile() if asked.profile else None
        with profile or nullcontext():
            report = assess_all(settings, offline=True, workers=asked.workers)
        seconds = time.perf_counter() - begun
    print(f"{count} records and the packaged catalogue, {len(report.failures)} failures")
    print(f"assessed: {report.assessed} in {seconds:.2f} s, {report.assessed / seconds:.0f} records/s")
    print(f"peak memory: {_peak():.0f} MiB ({before:.0f} MiB before)")
    if profile:
        pstats.Stats(profile).sort_stats("cumulative").print_stats(40)


def _filled(settings: Settings, payloads: Iterator[dict[str, Any]]) -> int:
    """Put the records into the registry; how many."""
    harvester, count = harvesters.get("huggingface"), 0
    with Registry(settings=settings) as registry:
        while batch := list(islice(payloads, 500)):
            items = []
            for payload in batch:
                raw = json.dumps(payload).encode()
                try:
                    items.append(Submission(stamped(harvester.to_record(payload), raw), raw))
                except RecordError as error:
                    print(f"left out: {error.message}", file=sys.stderr)
            count += len(registry.put_many(items))
    return count


def _dumped(folder: Path, number: int) -> Iterator[dict[str, Any]]:
    """The first models with their cards, in the form in which the harvester keeps them."""
    from fairreg.harvesters.huggingface.mapping import envelope

    models, cards = (next(folder.glob(pattern)) for pattern in ("hub-models-*.xz", "hub-cards-*.xz"))
    infos = {info["modelId"]: info for info in islice(_lines(models), number)}
    texts = {item["id"]: item.get("readme") for item in _lines(cards) if item["id"] in infos}
    for name, info in infos.items():
        yield envelope(info, texts.get(name))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with lzma.open(path, "rt", encoding="utf-8") as stream:
        yield from map(json.loads, stream)


def _made_up() -> Iterator[dict[str, Any]]:
    """Models that differ in what they state."""
    from fairreg.harvesters.huggingface.mapping import envelope

    number = 0
    while True:
        info: dict[str, Any] = {"id": f"group-{number % 97}/model-{number}", "sha": f"{number:040x}"}
        info["tags"] = [f"license:{('mit', 'apache-2.0', 'other')[number % 3]}"] if number % 5 else []
        info["siblings"] = [{"rfilename": "model.onnx"}] if number % 2 else []
        card = f"---\nlicense: mit\ndatasets: [set-{number % 50}]\n---\n# Model {number}\n" + "word " * (
            number % 90
        )
        yield envelope(info, card if number % 4 else None)
        number += 1


def _peak() -> float:
    """Peak resident memory in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--dump", type=Path, default=DUMP, help="folder with hub-models-*.xz and hub-cards-*.xz"
    )
    parser.add_argument("--number", type=int, default=1000, help="how many models")
    parser.add_argument("--workers", type=int, default=None, help="processes (extra dask)")
    parser.add_argument("--profile", action="store_true", help="also print where the time went")
    return parser.parse_args()


if __name__ == "__main__":
    main()
