# SPDX-License-Identifier: MIT
"""Run the commands of `make demo` from a wheel, in a new environment that sees nothing of the checkout.

    python scripts/wheel_demo.py FOLDER

FOLDER holds one wheel of fairreg. pip installs it with its requirements from the package index; the
environment and all that the commands write lie in a folder of their own, which is removed.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

SCRIPTS = Path(__file__).parent
PROGRAM = ("demo.py", "stand_in.py")  # what the demonstration is made of


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where the wheel is")
    (wheel,) = parser.parse_args().folder.resolve().glob("fairreg-*.whl")
    with tempfile.TemporaryDirectory() as name:
        python = environment(Path(name) / "environment")
        subprocess.run([python, "-m", "pip", "install", "--quiet", wheel], check=True)
        return demonstrate(python, Path(name)).returncode


def environment(folder: Path) -> Path:
    """Make an environment with pip in `folder`; its interpreter."""
    venv.create(folder, with_pip=True)
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def demonstrate(python: Path, folder: Path, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """Run the demonstration with the fairreg of this interpreter, from a copy in `folder`."""
    scripts = folder / "scripts"
    scripts.mkdir()
    for name in PROGRAM:
        shutil.copy(SCRIPTS / name, scripts)
    own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run([python, scripts / "demo.py"], cwd=folder, env=own | variables, check=False)


if __name__ == "__main__":
    sys.exit(main())
