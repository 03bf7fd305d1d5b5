# SPDX-License-Identifier: MIT
"""Resources below a record's address. An identifier may end like one: then its slashes are escaped there."""

from urllib.parse import unquote

__all__ = ["FOLDER", "PARTS", "is_escaped", "split"]

PARTS = frozenset({"linkset", "assessment", "badge.svg", "related"})
# Files that fairreg contains.
FOLDER = "files"


def split(path: str) -> tuple[str, str]:
    """Return the path before a part, and the part; the part is empty where the path has none.

    >>> split("doi:10.1/a/linkset"), split("catalogue:a/files/a.onnx"), split("doi:10.1/a")
    (('doi:10.1/a', 'linkset'), ('catalogue:a', 'files/a.onnx'), ('doi:10.1/a', ''))
    """
    pid, slash, last = path.rpartition("/")
    if slash and last in PARTS:
        return pid, last
    above, slash, folder = pid.rpartition("/")
    return (above, f"{folder}/{last}") if slash and folder == FOLDER else (path, "")


def is_escaped(sent: str, part: str) -> bool:
    """Tell whether the slash before a part was sent as %2F: it belongs to an identifier.

    >>> is_escaped("/records/doi:10.1%2Fa%2Flinkset", "linkset"), is_escaped("/records/a/linkset", "linkset")
    (True, False)
    """
    return unquote(sent.rpartition("/")[2]).casefold().endswith(f"/{part.casefold()}")
