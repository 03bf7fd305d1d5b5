# SPDX-License-Identifier: MIT
"""Waits in the background for the end of a test run, then stops its PostgreSQL server and cleans up.

Called as ``postgres_keeper.py RUN DATA PG_CTL``. RUN holds the pipe ``alive``, which all processes of the
run keep open as long as they live; DATA is the server's folder, owned by whom the server runs as.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path


def _keep(run: Path, data: Path, pg_ctl: str) -> None:
    owner = data.stat()
    whose = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    # Without waiting for a writer: where the run has ended already there will be none, and the read ends.
    alive = os.open(run / "alive", os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(alive, True)
    os.read(alive, 1)
    subprocess.run(
        [pg_ctl, "stop", "--pgdata", data / "cluster", "--mode", "immediate", "--silent"],
        check=False, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        **whose,
    )  # fmt: skip
    shutil.rmtree(data, ignore_errors=True)
    shutil.rmtree(run, ignore_errors=True)


def _detached() -> bool:
    """Go on in the background, with nothing of the run left open; False in the process that was called."""
    if os.fork():
        return False
    os.setsid()
    for stream in (0, 1, 2):
        os.dup2(os.open(os.devnull, os.O_RDWR), stream)
    os.chdir("/")
    return True


if __name__ == "__main__":
    _, asked, kept, program = sys.argv
    (Path(asked) / "kept").touch()
    if _detached():
        _keep(Path(asked), Path(kept), program)
