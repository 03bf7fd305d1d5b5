# SPDX-License-Identifier: MIT
"""How long the command line takes to start, against the bare imports that it cannot do without.

    python benchmarks/start_up.py [--runs 20]

Two pairs, run in turn so that a busy machine disturbs both alike: ``fairreg --help`` against ``import
typer``, and ``fairreg search`` on a registry with the packaged catalogue against ``import typer,
rich.console, sqlalchemy``. It prints the medians in milliseconds and the median of the ratios of
neighbouring runs.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence

RUN = "import sys; from fairreg.cli.app import main; sys.exit(main())"
PAIRS: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "--help": (("-c", RUN, "--help"), ("-c", "import typer")),
    "search": (
        ("-c", RUN, "search", "Hbb tagger"),
        ("-c", "import typer, rich.console, sqlalchemy"),
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=20)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "FAIRREG_HOME": home}
        environment.pop("FAIRREG_DATABASE_URL", None)
        for name, (command, bare) in PAIRS.items():
            for arguments in (command, bare):  # the first runs make the registry and compile what is imported
                milliseconds(arguments, environment)
            pairs = [
                (milliseconds(command, environment), milliseconds(bare, environment))
                for _ in range(asked.runs)
            ]
            report(name, pairs)


def milliseconds(arguments: Sequence[str], environment: Mapping[str, str]) -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, *arguments], env=environment, check=True, capture_output=True)
    return 1000 * (time.perf_counter() - begun)


def report(name: str, pairs: Sequence[tuple[float, float]]) -> None:
    ours, bare = (statistics.median(pair[number] for pair in pairs) for number in (0, 1))
    ratio = statistics.median(one / other for one, other in pairs)
    print(f"fairreg {name}: {ours:.0f} ms, bare imports {bare:.0f} ms, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
