# SPDX-License-Identifier: MIT
"""Keys of dictionaries and elements of sets in a pickle, hashed at a bounded cost.

The hashes of texts and bytes differ in every process. Those of tuples, frozen sets and complex numbers can be
foretold: whoever writes a file could give a hundred thousand of them one hash, and filling a dictionary would
take hours. Of numbers only a few dozen share one.
"""

from collections import Counter

from fairreg.errors import ModelError
from fairreg.runners.weights.torch_format.descriptions import Lazy, Opaque

__all__ = ["Keys"]

_MAX_NODES = 64  # values inside a tuple used as a key; hashing a deep nest would overflow the C stack
_MAX_BITS = 64  # wider integers can be made to collide in a dict
_MAX_ALIKE = 50  # different keys of one hash


class Keys:
    """The keys of one pickle, or of one value in it."""

    def __init__(self) -> None:
        self._seen: set[object] = set()
        self._alike: Counter[int] = Counter()

    def checked(self, key: object) -> object:
        """Return `key` if it can be hashed at a bounded cost, as a key or an element. Raises ModelError."""
        if type(key) is str or (type(key) is int and key.bit_length() < _MAX_BITS):
            return key
        if isinstance(key, (bytes, float, Opaque, Lazy, type(None))):
            return key
        _check_size(key)
        if key not in self._seen:
            self._seen.add(key)
            self._alike[hash(key)] += 1
            if self._alike[hash(key)] > _MAX_ALIKE:
                raise ModelError(f"more than {_MAX_ALIKE} different keys in its pickle have one hash")
        return key


def _check_size(key: object) -> None:
    waiting, nodes = [key], 0
    while waiting:
        item, nodes = waiting.pop(), nodes + 1
        wide = isinstance(item, (tuple, frozenset)) and len(item) > _MAX_NODES
        if wide or nodes > _MAX_NODES or isinstance(item, (list, dict, set)):
            raise ModelError("a key in its pickle is a list, a dictionary, a set or a large nest of tuples")
        if isinstance(item, (tuple, frozenset)):
            waiting.extend(item)
        elif isinstance(item, int) and item.bit_length() > _MAX_BITS:
            raise ModelError(f"a key in its pickle is an integer of more than {_MAX_BITS} bits")
