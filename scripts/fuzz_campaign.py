# SPDX-License-Identifier: MIT
"""Fuzz campaign over every reader of foreign input (makers and targets: `tests/support/fuzz_targets.py`).

    python scripts/fuzz_campaign.py [TARGET ...] [--seed 1] [--count N] [--only NUMBER] [--keep FOLDER]

100,000 inputs each of documents, identifiers, web addresses and of the payloads of every source; 10,000 each
of archives, checkpoints, ONNX files and arrays. It prints the figures of each target, saves an input of every
kind of finding, and ends with 1 if there is one. No connection is opened.
"""

import argparse
import resource
import sys
import warnings
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))


def main() -> None:
    targets, fuzzing = import_module("support.fuzz_targets"), import_module("support.fuzzing")
    asked = _asked()
    with TemporaryDirectory(prefix="fairreg-fuzz-") as folder:
        known = targets.targets(Path(folder))
        files = {target.name for target in targets.file_targets(Path(folder))}
        chosen = [target for name, target in known.items() if not asked.targets or name in asked.targets]
        if not chosen:
            sys.exit(f"Targets: {', '.join(known)}.")
        warnings.simplefilter("error")
        _limit_memory(asked.memory)
        found = 0
        print(f"seed {asked.seed}, at most {asked.memory} GiB more memory")
        for target in chosen:
            usual = targets.FILES if target.name in files else targets.TEXTS
            count, first = (1, asked.only) if asked.only is not None else (asked.count or usual, 0)
            campaign = fuzzing.Campaign(target, asked.seed).run(count, first=first)
            campaign.save(asked.keep)
            print(campaign.line, flush=True)
            for finding in campaign.kinds():
                print(f"  number {finding.number}: {finding.fault} at {finding.place}", flush=True)
            found += len(campaign.findings)
        print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    sys.exit(bool(found))


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("targets", nargs="*", help="names of targets (default: all)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, help="inputs of each target (default: 100,000 and 10,000)")
    parser.add_argument("--only", type=int, metavar="NUMBER", help="only the input of this number")
    parser.add_argument(
        "--memory", type=float, default=1.0, metavar="GIB", help="memory beyond the present (1)"
    )
    parser.add_argument("--keep", type=Path, default=Path("fuzz-findings"), help="folder of the findings")
    return parser.parse_args()


def _limit_memory(gib: float) -> None:
    """Let an input that takes more memory fail; where the system does not say what there is, do nothing."""
    statistics = Path("/proc/self/statm")
    if statistics.exists():
        present = int(statistics.read_text().split()[0]) * resource.getpagesize()
        limit = present + int(gib * 2**30)
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))


if __name__ == "__main__":
    main()
