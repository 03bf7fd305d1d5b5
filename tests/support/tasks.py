# SPDX-License-Identifier: MIT
"""Tasks for workers, which import them by name."""

import os
import signal
import time
from pathlib import Path

from fairreg.errors import ChecksumMismatch


def squared(number):
    time.sleep(0.02 * (number % 3))
    return number * number


def faulty(number):
    if number % 3 == 0:
        raise ChecksumMismatch(f"Number {number} is not the published one.", name="a.bin", hint="Try again.")
    if number % 3 == 1:
        raise ZeroDivisionError("a bug")
    return number


def deadly(number):
    """Ends every process in which it is asked for a negative number."""
    if number < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def once_deadly(task):
    """Waits to be killed the first time: says which process it is, and is done when it is there again."""
    number, folder = task
    seen = Path(folder, f"{number}.pid")
    if number == 2 and not seen.exists():
        seen.write_text(str(os.getpid()))
        time.sleep(60)
    return number


def process(_task):
    return os.getpid()
