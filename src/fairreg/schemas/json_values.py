# SPDX-License-Identifier: MIT
"""Requirements on any JSON value before it is read as a record: valid Unicode, limits of numbers and depth.

Python's JSON reader accepts more than a database, a JSON writer and the call stack can handle.
"""

import re
from collections.abc import Iterator

from fairreg.errors import RecordError

__all__ = ["faults", "require_sound"]

_SURROGATE = re.compile("[\ud800-\udfff]")
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BIGGEST = 2**63 - 1
_DEEPEST = 50

Path = tuple[str | int, ...]


def require_sound(document: object) -> None:
    """Raise RecordError with the JSON path of each fault."""
    found = tuple(faults(document))
    if found:
        path, message = found[0]
        raise RecordError(f"Not a valid record: {path} {message}.", violations=found)


def faults(document: object) -> Iterator[tuple[str, str]]:
    """Yield JSON path and fault, in document order, of each value that a record cannot hold."""
    waiting: list[tuple[Path, object]] = [((), document)]
    while waiting:
        path, value = waiting.pop()
        fault = _fault(value)
        if fault:
            yield _written(path), fault
        elif len(path) == _DEEPEST and isinstance(value, dict | list):
            yield _written(path), f"is nested more than {_DEEPEST} levels deep"
        else:
            waiting += reversed([((*path, key), item) for key, item in _members(value)])


def _fault(value: object) -> str | None:
    if isinstance(value, int) and abs(value) > _BIGGEST:
        return "is a number beyond 64 bits"
    texts = [value] if isinstance(value, str) else list(map(str, value)) if isinstance(value, dict) else []
    if any(map(_SURROGATE.search, texts)):
        return "holds invalid Unicode (half of a surrogate pair)"
    return None


def _members(value: object) -> Iterator[tuple[str | int, object]]:
    if isinstance(value, dict):
        yield from ((str(key), item) for key, item in value.items())
    elif isinstance(value, list):
        yield from enumerate(value)


def _written(path: Path) -> str:
    """Format the path as the JSON Schema library does."""
    return "$" + "".join(map(_step, path))


def _step(key: str | int) -> str:
    if isinstance(key, int):
        return f"[{key}]"
    return f".{key}" if _PLAIN_KEY.fullmatch(key) else f"[{key!r}]"
