# SPDX-License-Identifier: MIT
"""Folders that cannot be written, also for tests that run as root, whom Linux asks for no permission."""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

__all__ = ["drop_rights", "needs_permissions", "ordinary_rights", "read_only"]

# CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH of capabilities(7): to ignore the modes of files.
_IGNORING_MODES = (1, 2)
_PR_CAPBSET_DROP = 24
_VERSION_3 = 0x20080522

needs_permissions = pytest.mark.skipif(sys.platform != "linux", reason="capabilities of Linux")


def drop_rights() -> None:
    """For a child before its program starts: the modes of files count for it, even if it is root."""
    if os.geteuid() == 0:
        for capability in _IGNORING_MODES:
            ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)


@contextmanager
def ordinary_rights() -> Iterator[None]:
    """Context manager: the modes of files count for this thread, even if it is root."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_VERSION_3, 0)
    # Effective, permitted, inheritable; first for capabilities 0 to 31, then for the others.
    sets = (ctypes.c_uint32 * 6)()
    assert libc.capget(header, sets) == 0
    before = sets[0]
    sets[0] = before & ~sum(1 << capability for capability in _IGNORING_MODES)
    assert libc.capset(header, sets) == 0
    try:
        yield
    finally:
        sets[0] = before
        assert libc.capset(header, sets) == 0


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Context manager: nothing in `folder`, which has no links, can be written or made."""
    places = [folder, *folder.rglob("*")]
    modes = {place: place.stat().st_mode for place in places}
    for place in reversed(places):
        place.chmod(modes[place] & 0o555)
    try:
        with ordinary_rights():
            yield
    finally:
        for place in places:
            place.chmod(modes[place])
