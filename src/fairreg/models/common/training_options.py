# SPDX-License-Identifier: MIT
"""JSON files beside weights, in which training programs record their options."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fairreg.errors import ModelError
from fairreg.models.common.side_text import content_beside, is_finite

__all__ = ["Options"]

_MOST_WIDTH = 1 << 20
_MOST_DIGITS = 40  # of an integer
_AGAIN = "Fetch the published file again."


class Options:
    """Options by name, from the JSON file `name`; every getter raises ModelError for another type."""

    def __init__(self, name: str, values: Mapping[str, Any]) -> None:
        self.name, self._values = name, values

    @classmethod
    def read(cls, path: Path, places: Iterable[Path]) -> "Options | None":
        """Read the first of `places` that exists, for the weights `path`; None where none does.

        Raises as `content_beside`, and ModelError for one that is not a JSON object.
        """
        for place in places:
            content = content_beside(path, place)
            if content is not None:
                return cls(place.name, _object(place.name, content))
        return None

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def section(self, key: str) -> "Options":
        """Return the options below `key`."""
        return Options(self.name, self._of(key, dict, "an object"))

    def text(self, key: str) -> str:
        """Return a text."""
        found: str = self._of(key, str, "a text")
        return found

    def flag(self, key: str, *, default: bool | None = None) -> bool:
        """Return true or false; `default` where the option is absent and a default is given."""
        if default is not None and key not in self._values:
            return default
        found: bool = self._of(key, bool, "true or false")
        return found

    def integer(self, key: str) -> int:
        """Return an integer of at least 1."""
        value: int = self._of(key, int, "an integer")
        if isinstance(value, bool) or value < 1:
            raise self._fault(f"states {key} as {value!r}, which is not a positive integer.")
        return value

    def number(self, key: str) -> float:
        """Return a number that is finite in float32."""
        value = self._of(key, (int, float), "a number")
        if isinstance(value, bool) or not is_finite(value):
            raise self._fault(f"states {key} as {value!r}, which is not a finite number (float32).")
        return float(value)

    def integers(self, key: str) -> tuple[int, ...]:
        """Return the numbers of a text such as ``100,100,64``; none of an empty text."""
        text = self.text(key).strip()
        parts = [part.strip() for part in text.split(",")] if text else []
        if not all(map(_is_width, parts)):
            raise self._fault(f"states {key} as {text[:60]!r}, which is no list of numbers.")
        return tuple(map(int, parts))

    def _fault(self, words: str) -> ModelError:
        return ModelError(f"{self.name} {words}", hint=f"Put the published {self.name} beside the weights.")

    def _of(self, key: str, kind: Any, words: str) -> Any:
        if key not in self._values:
            raise self._fault(f"does not state {key}.")
        value = self._values[key]
        if not isinstance(value, kind):
            raise self._fault(f"states {key} as something that is not {words}.")
        return value


def _is_width(part: str) -> bool:
    digits = part.isascii() and part.isdecimal() and len(part) <= _MOST_DIGITS
    return digits and int(part) <= _MOST_WIDTH


def _object(name: str, content: bytes) -> Mapping[str, Any]:
    def integer(digits: str) -> int:
        if len(digits) > _MOST_DIGITS:
            raise ModelError(
                f"{name} states an integer of {len(digits)} digits; at most {_MOST_DIGITS} are read.",
                hint=_AGAIN,
            )
        return int(digits)

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) < len(items):
            twice = Counter(key for key, _ in items).most_common(1)[0][0]
            raise ModelError(f"{name} states {twice[:60]!r} more than once.", hint=_AGAIN)
        return found

    try:
        values = json.loads(content, parse_int=integer, object_pairs_hook=pairs)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{name} is not valid JSON.", hint=_AGAIN) from error
    if not isinstance(values, dict):
        raise ModelError(f"{name} is not a JSON object with the options of a training.", hint=_AGAIN)
    return values
