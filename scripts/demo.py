# SPDX-License-Identifier: MIT
"""The headline commands, explained: search, fetch --run, hbb evaluate and assess. Needs no network.

It ends with the line that starts the server.

It works in a data folder of its own (.demo), so nothing of the user's registry or cache is touched.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import stand_in

from fairreg import runners

HOME = Path(__file__).parents[1] / ".demo"
FAIRREG = Path(shutil.which("fairreg", path=str(Path(sys.executable).parent)) or "fairreg")  # .exe on Windows
UNREACHABLE = 4


def main() -> int:
    shutil.rmtree(HOME, ignore_errors=True)
    own = {name: value for name, value in os.environ.items() if not name.startswith("FAIRREG_")}
    environment = own | {"FAIRREG_HOME": str(HOME), "COLUMNS": "110"}
    say("1. Search. The first use makes a registry and fills it from the packaged catalogue, offline.")
    status = run(environment, "search", "Hbb tagger", "--limit", "5")
    status |= run(environment, "search", "H→bb", "--limit", "1", "--json")

    say("2. Fetch and run. From a DOI to verified files, to a recognised model, to a result.")
    code = run(environment, "fetch", stand_in.DOI, "--run", "--weights", "published")
    if code == 0:
        say("These are the published weights on the packaged jets, which fairreg simulated.")
        return status | evaluate(environment) | assess(environment)
    if code != UNREACHABLE:
        return code
    say(
        "Zenodo cannot be reached from here (exit code 4), and fairreg never pretends otherwise. Without\n"
        "--weights published it runs its own REFERENCE WEIGHTS of the same architecture, and says so."
    )
    status |= run(environment, "fetch", stand_in.DOI, "--run")
    status |= evaluate(environment)
    say(
        "For the rest a LOCAL STAND-IN takes Zenodo's place: the same record number and shapes, but\n"
        "hand-written metadata and RANDOM weights. Its figures mean nothing; the way from a DOI to a\n"
        "result is the real one. With a network it brings the published weights."
    )
    with stand_in.served() as addresses:
        settings = environment | addresses
        status |= run(settings, "fetch", stand_in.DOI, "--run")
        say("A second fetch uses the cache; a concept DOI resolves to its newest version.")
        status |= run(settings, "fetch", f"10.5281/zenodo.{stand_in.CONCEPT}")
        status |= assess(settings)
    return status


def evaluate(environment: dict[str, str]) -> int:
    """The reference weights on the packaged jets, in every runtime that is installed."""
    status = 0
    for runtime in (name for name in ("onnx", "torch") if runners.get(name).available()):
        status |= run(environment, "hbb", "evaluate", "--runtime", runtime)
    return status


def assess(environment: dict[str, str]) -> int:
    say("3. Assess. Each verdict with what it rests on, and the next step for what is missing.")
    status = run(environment, "assess", stand_in.DOI)
    pip, fairreg = (os.path.relpath(FAIRREG.with_name(name)) for name in ("pip", "fairreg"))
    line = f"{pip} install -q '.[serve]' && {fairreg} serve"
    say(f"4. Serve. This line starts a server that shows the registry in a browser:\n{line}")
    return status


def say(text: str) -> None:
    print(f"\n{'=' * 100}\n{text}\n{'=' * 100}", flush=True)


def run(environment: dict[str, str], *arguments: str) -> int:
    shown = " ".join(f'"{word}"' if " " in word or not word.isascii() else word for word in arguments)
    print(f"\n$ fairreg {shown}", flush=True)
    return subprocess.run([FAIRREG, *arguments], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
