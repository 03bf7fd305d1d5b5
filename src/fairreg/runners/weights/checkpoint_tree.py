# SPDX-License-Identifier: MIT
"""The tree of tensors in an unpickled checkpoint: mappings and lists without everything that holds no tensor.

An object that lies under several names is one node under each of them, so that the tree of a file of any
sharing is as large as the file; what would be too large when written out is refused before.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from fairreg.errors import ModelError
from fairreg.runners.weights.checkpoint_names import is_optimizer_moment, is_weight, only_random_states

__all__ = ["Leaf", "Node", "TreeEntry", "tree_of"]

_MAX_DEPTH = 100
_MAX_TENSORS = 500_000
_MAX_SHARED_NAMES = 10_000
_MAX_NAMES_EACH = 20
_MAX_NAMES = 50_000_000  # characters of all names
_MATRIX = 2  # axes
_CONTAINERS = (dict, list, tuple, set, frozenset)
_PLAIN = frozenset({str, int, float, bool, bytes, complex, type(None)})  # most values, told fast
# Keys of the mapping that an optimizer gives for saving: PyTorch and its relatives, fastai.
_OPTIMIZERS = (frozenset({"state", "param_groups"}), frozenset({"state", "hypers"}))


class Leaf(NamedTuple):
    """A tensor; `shape` is None where the file does not say it in numbers."""

    tensor: Any
    shape: tuple[int, ...] | None
    tensors: int = 1
    characters: int = 0
    depth: int = 0

    @property
    def scalar(self) -> bool:
        """Tell whether it is a single number."""
        return self.shape is not None and all(size == 1 for size in self.shape)

    @property
    def matrix(self) -> bool:
        """Tell whether it has two axes or more, as most weights of a network."""
        return self.shape is None or len(self.shape) >= _MATRIX


class TreeEntry(NamedTuple):
    """An entry of a mapping or list, and its position among those with tensors."""

    position: int
    key: object
    child: "Node | Leaf"


@dataclass(frozen=True, eq=False)
class Node:
    """A mapping or list with tensors somewhere inside.

    `items` are the entries with tensors; `keys` the names of all entries of a mapping; `plain` tells whether
    there are entries without tensors. `tensors` counts the tensors and `characters` those of their names,
    each as often as it has a name.
    """

    items: tuple[TreeEntry, ...]
    keys: frozenset[str]
    plain: bool
    tensors: int
    characters: int
    depth: int

    @cached_property
    def nodes(self) -> int:
        """Number of mappings and lists with tensors among its entries."""
        return sum(isinstance(child, Node) for _, _, child in self.items)

    @cached_property
    def flat(self) -> bool:
        """Tell whether all entries with tensors are tensors, as in most state dicts."""
        return not self.nodes

    @cached_property
    def scalars(self) -> bool:
        """Tell whether all its tensors are single numbers."""
        return all(child.scalar if isinstance(child, Leaf) else child.scalars for _, _, child in self.items)

    @cached_property
    def looks_like_network(self) -> bool:
        """Tell whether a tensor is called a weight or has two axes: statistics and histories have neither."""
        return any(
            child.looks_like_network if isinstance(child, Node) else child.matrix or is_weight(key)
            for _, key, child in self.items
        )

    @cached_property
    def training_only(self) -> bool:
        """Tell whether it is by its structure the state of an optimizer or of random numbers, or several."""
        if self.is_optimizer or self.is_random_state:
            return True
        return all(isinstance(child, Node) and child.training_only for _, _, child in self.items)

    @cached_property
    def is_optimizer(self) -> bool:
        """Tell whether it is the state of an optimizer, by its keys or by the names of its tensors."""
        return any(keys <= self.keys for keys in _OPTIMIZERS) or self._moments is True

    @cached_property
    def is_random_state(self) -> bool:
        """Tell whether it is the state of generators of random numbers."""
        return only_random_states(self.keys) and not self.looks_like_network

    @cached_property
    def _moments(self) -> bool | None:
        """True if all tensors are moments of an optimizer, None if all may be."""
        found = {
            child._moments if isinstance(child, Node) else is_optimizer_moment(key)  # noqa: SLF001
            for _, key, child in self.items
        }
        return False if False in found else True if True in found else None

    @cached_property
    def shapes(self) -> Counter[tuple[int, ...] | None]:
        """Count how often each shape occurs, single numbers left out."""
        return Counter(leaf.shape for leaf in self.leaves() if not leaf.scalar)

    def leaves(self) -> Iterator[Leaf]:
        """All tensors in order."""
        for _, _, child in self.items:
            if isinstance(child, Leaf):
                yield child
            else:
                yield from child.leaves()


def tree_of(root: object, is_tensor: Callable[[object], bool]) -> Node | Leaf | None:
    """Return the tree of the tensors in `root`, made of dicts, lists, tuples, sets and any other objects.

    None if there are no tensors. Raises ModelError for tensors in an object that contains itself, deeper than
    `_MAX_DEPTH` levels, of more than `_MAX_TENSORS` names or of too long ones.
    """
    made: dict[int, Node | Leaf | None] = {}
    begun: set[int] = set()
    cyclic: set[int] = set()
    waiting = [root]
    while waiting:
        item = waiting[-1]
        if id(item) in made:
            waiting.pop()
        elif id(item) not in begun:
            begun.add(id(item))
            children = _children(item, is_tensor)
            if not children and isinstance(item, _CONTAINERS):
                made[id(item)] = None
                continue
            fresh = [child for child in children if id(child) not in made]
            cyclic.update(id(child) for child in fresh if id(child) in begun)
            waiting.extend(child for child in fresh if id(child) not in begun)
        else:
            made[id(item)] = _made(item, is_tensor, made)
    tree = made[id(root)]
    _check_sharing(tree, sum(isinstance(node, Leaf) for node in made.values()))
    if cyclic and (tree is None or any(made[key] is not None for key in cyclic)):
        raise ModelError("one of its mappings or lists contains itself")
    return tree


def _check_sharing(tree: Node | Leaf | None, distinct: int) -> None:
    """Refuse mappings in mappings under so many names that a small file would make a large tree."""
    if tree is not None and tree.tensors > max(_MAX_SHARED_NAMES, _MAX_NAMES_EACH * distinct):
        raise ModelError(f"its tensors have {tree.tensors:,} names, more than {_MAX_NAMES_EACH} each")


def _children(item: object, is_tensor: Callable[[object], bool]) -> list[object]:
    inside: Iterable[object] = ()
    if isinstance(item, dict):
        inside = item.values()
    elif isinstance(item, _CONTAINERS):
        inside = item
    return [
        child
        for child in inside
        if type(child) not in _PLAIN and (isinstance(child, _CONTAINERS) or is_tensor(child))
    ]


def _made(
    item: Any, is_tensor: Callable[[object], bool], made: dict[int, Node | Leaf | None]
) -> Node | Leaf | None:
    if not isinstance(item, _CONTAINERS):
        return Leaf(item, _shape(item)) if is_tensor(item) else None
    inside = ((key, made.get(id(child))) for key, child in _entries(item))
    held = ((key, child) for key, child in inside if child is not None)
    items = tuple(TreeEntry(position, key, child) for position, (key, child) in enumerate(held))
    return _checked(_node(items, item)) if items else None


def _node(items: tuple[TreeEntry, ...], item: Any) -> Node:
    return Node(
        items=items,
        keys=frozenset(key for key in item if isinstance(key, str))
        if isinstance(item, dict)
        else frozenset(),
        plain=len(items) < len(item),
        tensors=sum(child.tensors for _, _, child in items),
        characters=sum(_length(key) * child.tensors + child.characters for _, key, child in items),
        depth=1 + max(child.depth for _, _, child in items),
    )


def _length(key: object) -> int:
    return len(key) + 1 if isinstance(key, str) else 1


def _checked(node: Node) -> Node:
    if node.depth > _MAX_DEPTH:
        raise ModelError(f"its tensors lie in more than {_MAX_DEPTH} levels of mappings and lists")
    if node.tensors > _MAX_TENSORS:
        raise ModelError(f"its tensors have more than {_MAX_TENSORS:,} names")
    if node.characters > _MAX_NAMES:
        raise ModelError(f"the names of its tensors have more than {_MAX_NAMES:,} characters")
    return node


def _entries(item: Any) -> Iterable[tuple[object, object]]:
    if isinstance(item, dict):
        return item.items()
    ordered = sorted(item, key=_order) if isinstance(item, (set, frozenset)) else item
    return enumerate(ordered)


def _order(item: object) -> str:
    """An order of the tensors in a set that is the same in every process; a set itself has none."""
    key = getattr(getattr(item, "storage", None), "key", "")
    return f"{_shape(item)}|{key if isinstance(key, str) else ''}"


def _shape(tensor: Any) -> tuple[int, ...] | None:
    shape = getattr(tensor, "shape", None)
    if not isinstance(shape, (list, tuple)) or any(type(size) is not int for size in shape):
        return None
    return tuple(shape)
