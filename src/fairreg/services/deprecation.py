# SPDX-License-Identifier: MIT
"""Old names in the Python API: one release long they work and warn (docs/reference/python.md)."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from warnings import warn

__all__ = ["renamed"]

P = ParamSpec("P")
R = TypeVar("R")


def renamed(**names: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator that takes keyword arguments by their old names, too, given as ``new="old"``.

    An old name warns (DeprecationWarning, at the line of the caller); both names at once are a TypeError.
    """
    new = {old: name for name, old in names.items()}

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        title = function.__name__

        @wraps(function)
        def called(*arguments: P.args, **options: P.kwargs) -> R:
            given: dict[str, Any] = {**options}
            for old in new.keys() & given.keys():
                if new[old] in given:
                    raise TypeError(f"{title}() got both {new[old]}= and its old name {old}=")
                message = f"{title}({old}=) is now {title}({new[old]}=); the next release takes only that."
                warn(message, DeprecationWarning, stacklevel=2)
                given[new[old]] = given.pop(old)
            return function(*arguments, **given)

        return called

    return decorate
