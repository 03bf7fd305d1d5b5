# SPDX-License-Identifier: MIT
"""Simulated jets as a ROOT file with the tree and branch names of 10.7483/OPENDATA.CMS.JGJX.MS7Q.

The same jets give the same bytes: the file's identifier is made from its name in the sample, and every time
in the file is one fixed time.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fairreg.errors import MissingEngine
from fairreg.models.hbb_in.simulation.block import JetColumns
from fairreg.storage.replacement import draft_folder_of

__all__ = ["TREE", "engine", "write_ntuple"]

TREE = "deepntuplizer/tree"
_COUNTERS = {"tracks": "n_tracks", "vertices": "n_sv"}
_TIME = (1 << 22) | (1 << 17)  # 1995-01-01 00:00:00, the first time that ROOT can write


def engine() -> Any:
    """The module uproot; MissingEngine without the extra ``hep``."""
    try:
        import uproot
    except ImportError as error:
        raise MissingEngine("uproot", "hep") from error
    return uproot


def write_ntuple(path: Path, columns: JetColumns, name: str) -> None:
    """Write the jets to `path`, all or nothing; `name` identifies the file among all samples."""
    import awkward as ak

    uproot = engine()
    jagged = {
        table: ak.zip({key: ak.unflatten(values, counts) for key, values in getattr(columns, table).items()})
        for table, counts in (("tracks", columns.track_counts), ("vertices", columns.vertex_counts))
    }
    identity = uuid.uuid5(uuid.NAMESPACE_URL, name)
    # Written in another folder until complete, under its own name: the name is part of its bytes.
    with draft_folder_of(path) as folder:
        part = folder / path.name
        with (
            _stopped_clock(uproot),
            uproot.recreate(part, compression=uproot.ZLIB(4), uuid_function=lambda: identity) as file,
        ):
            file.mktree(
                TREE,
                {**columns.jets, **jagged},
                counter_name=lambda counted: _COUNTERS[counted],
                field_name=lambda _, inner: inner,
            )
        part.replace(path)


@contextmanager
def _stopped_clock(uproot: Any) -> Iterator[None]:
    """Make uproot write one fixed time: it puts the current time into every record, without an option."""
    internals = uproot._util  # noqa: SLF001
    clock = internals.datetime_to_code
    internals.datetime_to_code = lambda _moment: _TIME
    try:
        yield
    finally:
        internals.datetime_to_code = clock
