# SPDX-License-Identifier: MIT
"""Requirements on any JSON value before it is read as a record: valid Unicode, limits of numbers and depth.

Python's JSON reader accepts more than a database, a JSON writer and the call stack can handle.
"""

import re
from collections.abc import Iterator
from typing import Any

from fairreg.errors import RecordError

__all__ = ["TrackedObject", "faults", "require_sound", "tracked"]

_SURROGATE = re.compile("[\ud800-\udfff]")
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BIGGEST = 2**63 - 1
_DEEPEST = 50

Path = tuple[str | int, ...]


def require_sound(document: object, *, name: str | None = None) -> None:
    """Raise RecordError with the JSON path of each fault; `name` is the document's, for the message."""
    found = tuple(faults(document))
    if found:
        path, message = found[0]
        said = "Not a valid record" if name is None else f"{name} is not a valid record"
        raise RecordError(f"{said}: {path} {message}.", violations=found)


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


class TrackedObject(dict[str, Any]):
    """A JSON object that records in `asked` which of its members were read with `get`."""

    left: frozenset[str] = frozenset()

    def __init__(self, members: Any = ()) -> None:
        super().__init__(members)
        self.asked: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        """Return the member and count it as read."""
        self.asked.add(key)
        return super().get(key, default)

    def leave(self, *keys: str) -> None:
        """Count members as not understood, though they were read."""
        self.left = self.left | set(keys)

    def states(self, key: str) -> bool:
        """Tell whether a member has a value."""
        return key in self and self[key] not in (None, "", [], {})

    def unread(self) -> tuple[str, ...]:
        """Names of the unread members, nested ones as ``authors.email``, each once.

        Keywords of JSON-LD and members without a value are left out.
        """
        return tuple(dict.fromkeys(_unread(self)))

    def says_in_vain(self, key: str) -> bool:
        """Tell whether a member has a value that was not read or not understood."""
        if key in self.left:
            return True
        return key not in self.asked and not key.startswith("@") and self.states(key)


def _unread(whole: object) -> Iterator[str]:
    # An explicit stack, because a foreign document may nest deeper than the call stack.
    waiting: list[tuple[str, object]] = [("", whole)]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, list):
            waiting += [(name, item) for item in reversed(value)]
        elif isinstance(value, TrackedObject):
            prefix = f"{name}." if name else ""
            waiting += [
                (prefix + key, value[key]) for key in reversed(value) if key in value.asked - value.left
            ]
            waiting += [(name, value[key]) for key in reversed(value) if key.startswith("@")]
            yield from (prefix + key for key in value if value.says_in_vain(key))


def tracked(value: Any) -> Any:
    """Return `value` with every object in it, lists included, as a `TrackedObject`."""
    if isinstance(value, dict):
        return TrackedObject({key: tracked(item) for key, item in value.items()})
    return [tracked(item) for item in value] if isinstance(value, list) else value
