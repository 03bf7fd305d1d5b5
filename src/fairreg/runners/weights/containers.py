# SPDX-License-Identifier: MIT
"""Choice of the model among the tensors of a checkpoint, and the names of its tensors.

This is rule 2 of docs/fingerprints.md, which is its specification: what only training needs (optimizers,
schedulers, losses, random states) is left out, copies such as moving averages give way to the network that
they follow, and what remains is the model. An entry is judged by its structure where that is unmistakable,
else by its name (`checkpoint_names`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fairreg.errors import NoParameters
from fairreg.runners.weights.checkpoint_names import (
    is_average,
    is_buffers,
    is_optimizer_moment,
    is_progress,
    is_random_state,
    is_scaler,
    is_training_state,
    is_whole_model,
    names_optimizer,
)
from fairreg.runners.weights.checkpoint_tree import Leaf, Node, TreeEntry, tree_of

__all__ = ["Selection", "select"]

_MAX_KEY = 200  # characters of a part of a name that is made of a key other than a text
_MAX_COMPARED = 100  # networks among which copies are looked for
_MAX_PARTS = 10  # networks that are candidates of their own
_MAX_OTHERS = 20
_BARE = "tensor"  # name of a tensor that is saved without one
_LIGHTNING = frozenset({"pytorch-lightning_version", "state_dict"})
_COUNT_OF_AVERAGES = "n_averaged"  # of torch.optim.swa_utils.AveragedModel


@dataclass(frozen=True)
class Selection:
    """The model in a checkpoint, as descriptions of tensors by name.

    `name` is the dotted place of the model in the file, empty where the file as a whole is the model.
    `others` are further candidates by their place: each network of several, and copies of networks, at most
    `_MAX_OTHERS`. `left_out` are the places of what is neither.
    """

    name: str
    model: Mapping[str, Any]
    others: Mapping[str, Mapping[str, Any]]
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class _Chosen:
    """The choice from one node: tensors by their names inside it, its networks and the copies of them."""

    place: str
    tensors: list[tuple[str, Leaf]]
    parts: list["_Chosen"] = field(default_factory=list)
    copies: list["_Chosen"] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


class _Sorted(NamedTuple):
    """The entries of a node; `certain`: it is a checkpoint, not a part of a model, `whole`: by a name."""

    kept: list[TreeEntry]
    copies: list[TreeEntry]
    left_out: list[TreeEntry]
    certain: bool
    whole: bool


def select(checkpoint: object, is_tensor: Callable[[object], bool]) -> Selection:
    """Choose the model in an unpickled `checkpoint`; `is_tensor` knows its tensors.

    Raises NoParameters, with a clause for the message, and ModelError as `tree_of`.
    """
    tree = tree_of(checkpoint, is_tensor)
    if tree is None:
        raise NoParameters("it does not contain tensors")
    if isinstance(tree, Leaf):
        return Selection("", {_BARE: tree.tensor}, {}, ())
    chosen = _choose(tree, "", outermost=True)
    if not chosen.tensors:
        raise NoParameters(f"it contains {_described(tree)}, but no parameters of a model")
    others = _unique((item.place, item.tensors) for item in chosen.parts + chosen.copies)
    listed = {place: _unique(others[place]) for place in list(others)[:_MAX_OTHERS]}
    left_out = (*chosen.left_out, *list(others)[_MAX_OTHERS:])
    return Selection(chosen.place, _unique(chosen.tensors), listed, left_out)


def _described(tree: Node) -> str:
    random = any(isinstance(node, Node) and node.is_random_state for node in _with_children(tree))
    return "the state of random numbers" if random else "the state of an optimizer"


def _with_children(tree: Node) -> Iterator[Node | Leaf]:
    yield tree
    yield from (child for _, _, child in tree.items)


def _choose(node: Node, place: str, *, outermost: bool) -> _Chosen:
    """Choose the model in `node`, which lies at the dotted `place`."""
    if node.training_only:
        return _Chosen(place, [], left_out=[place])
    parts = _sorted(node, outermost=outermost)
    inner = [(_text(item), _chosen_of(item, place)) for item in parts.kept]
    chosen = inner[0][1] if _is_wrapper(node, parts) else _together(place, inner)
    if _has_networks(node, parts):
        chosen.parts.extend(found for _, found in inner if found.tensors)
    for copy in (_chosen_of(item, place) for item in parts.copies):
        chosen.copies.extend((copy, *copy.copies))
    chosen.left_out.extend(_joined(place, _text(item)) for item in parts.left_out)
    return chosen


def _chosen_of(item: TreeEntry, place: str) -> _Chosen:
    own = _joined(place, _text(item))
    if isinstance(item.child, Leaf):
        return _Chosen(own, [("", item.child)])
    return _choose(item.child, own, outermost=False)


def _together(place: str, inner: Iterable[tuple[str, _Chosen]]) -> _Chosen:
    """Put together what is chosen of several entries, each under its name."""
    whole = _Chosen(place, [])
    for name, found in inner:
        whole.tensors.extend((_joined(name, key), leaf) for key, leaf in found.tensors)
        whole.copies.extend(found.copies)
        whole.left_out.extend(found.left_out)
    return whole


# --- parts of a checkpoint ----------------------------------------------------------------------------------


def _sorted(node: Node, *, outermost: bool) -> _Sorted:
    """Sort the entries of a node into the model, copies of it, and what only training needs.

    An entry of a nested model may have any name: it is judged by it only where the mapping is a checkpoint.
    """
    whole = any(is_whole_model(key) for _, key, child in node.items if isinstance(child, Node))
    certain = any(isinstance(child, Node) and child.training_only for _, _, child in node.items)
    judged = outermost or whole or certain
    out = _left_out(node, by_name=judged)
    certain = certain or any(not _is_counter(node.items[position], node) for position in out)
    certain = certain or (whole and (outermost or node.plain))
    kept = [item for item in node.items if item.position not in out]
    if certain:  # single tensors and statistics beside a network are none
        kept = [item for item in kept if _is_network(item)] or kept
    copies = _copies(kept) if judged else []
    behind = {item.position for item in copies}
    kept = [item for item in kept if item.position not in behind]
    stay = behind | {item.position for item in kept}
    left_out = [item for item in node.items if item.position not in stay]
    return _Sorted(kept, copies, left_out, certain, whole)


def _left_out(node: Node, *, by_name: bool) -> set[int]:
    """Positions of what serves training; an entry that would be the last is not judged by its name."""
    out = {item.position for item in node.items if _is_left_out(item, node)}
    if not by_name:
        return out
    named = {item.position for item in node.items if _is_left_out_by_name(item, node)}
    return out | named if len(out | named) < len(node.items) else out


def _is_left_out(item: TreeEntry, node: Node) -> bool:
    """Tell whether an entry serves training by its structure."""
    if isinstance(item.child, Node):
        return item.child.training_only
    flat_optimizer = names_optimizer(item.key) and is_optimizer_moment(item.key) is not False
    return flat_optimizer or _is_counter(item, node)


def _is_left_out_by_name(item: TreeEntry, node: Node) -> bool:
    """Tell whether an entry serves training by its name, a tensor only beside other things than tensors.

    A single number beside one mapping of tensors is progress of the training, whatever its name.
    """
    if isinstance(item.child, Leaf):
        if isinstance(item.key, str) and "." in item.key:
            return False
        beside_one = item.child.shape == () and node.nodes == 1
        progress = beside_one or (item.child.scalar and is_progress(item.key))
        training = is_training_state(item.key) or progress
        return is_random_state(item.key) or (training and (node.plain or not node.flat))
    if node.keys >= _LIGHTNING and item.key != "state_dict" and not is_average(item.key):
        return True
    # A scaler of inputs has a number per feature, that of mixed-precision training one in all.
    return is_training_state(item.key) or (is_scaler(item.key) and item.child.scalars)


def _is_counter(item: TreeEntry, node: Node) -> bool:
    """Tell whether this is the count in the state of an AveragedModel, all else in which is ``module.*``."""
    return item.key == _COUNT_OF_AVERAGES and all(
        isinstance(key, str) and key.startswith("module.") for _, key, _ in node.items if key != item.key
    )


def _is_network(item: TreeEntry) -> bool:
    if isinstance(item.child, Leaf):
        return False
    return item.child.looks_like_network or is_whole_model(item.key) or is_buffers(item.key)


def _copies(kept: list[TreeEntry]) -> list[TreeEntry]:
    """Return the entries that stand beside what they are copies of: the model, or one of their shapes.

    One mapping under two names is no copy of itself.
    """
    networks = [item for item in kept if isinstance(item.child, Node)]
    copies = [item for item in networks if is_average(item.key)]
    if not copies or len(networks) > _MAX_COMPARED:
        return []
    originals = [item for item in networks if not is_average(item.key)]
    if any(is_whole_model(item.key) for item in originals):
        return copies
    return [item for item in copies if any(_is_copy(item.child, other.child) for other in originals)]


def _is_copy(child: Node | Leaf, original: Node | Leaf) -> bool:
    if isinstance(child, Leaf) or isinstance(original, Leaf) or child is original:
        return False
    return child.shapes <= original.shapes


def _is_wrapper(node: Node, parts: _Sorted) -> bool:
    """Tell whether the only entry that is kept is the model, and its key no part of the names.

    A mapping in a mapping and nothing beside it may as well be a nested state dict, unless its name or its
    content says that it is a checkpoint.
    """
    if len(parts.kept) != 1 or isinstance(parts.kept[0].child, Leaf):
        return False
    if parts.certain or parts.whole or node.plain or parts.copies:
        return True
    inner = _sorted(parts.kept[0].child, outermost=False)
    return inner.certain or inner.whole


def _has_networks(node: Node, parts: _Sorted) -> bool:
    """Tell whether what is kept are several networks, which are candidates of their own."""
    children = [item.child for item in parts.kept]
    if not 1 < len(children) <= _MAX_PARTS or not all(isinstance(child, Node) for child in children):
        return False
    return parts.certain or node.plain or any(map(_is_state_dict, children))


def _is_state_dict(child: Node | Leaf) -> bool:
    """Tell whether this is the state dict of a module with modules: its tensors have dotted names."""
    return isinstance(child, Node) and child.flat and any("." in key for key in child.keys)


# --- names --------------------------------------------------------------------------------------------------


def _text(item: TreeEntry) -> str:
    """The key as a part of names: texts and numbers as they are, a pair in parentheses, else its position."""
    key = item.key
    if isinstance(key, str):
        return key
    if key is None or isinstance(key, (bool, int, float, complex, bytes)):
        return str(key)[:_MAX_KEY]
    if isinstance(key, tuple) and all(isinstance(part, (str, int, float, bytes)) for part in key):
        return str(key)[:_MAX_KEY]
    return f"({item.position})"


def _joined(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix and name else prefix or name


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Make a mapping of the pairs, leaves as their tensors; the second of a name becomes ``NAME#2``.

    ``{"a.b": ..., "a": {"b": ...}}`` has such names, and ``{1: ..., "1": ...}``.
    """
    found: dict[str, Any] = {}
    counts: dict[str, int] = {}
    for name, value in pairs:
        own = next(text for text in _spellings(name, counts) if text not in found)
        found[own] = value.tensor if isinstance(value, Leaf) else value
    return found


def _spellings(name: str, counts: dict[str, int]) -> Iterator[str]:
    if name not in counts:
        counts[name] = 1
        yield name
    while True:
        counts[name] += 1
        yield f"{name}#{counts[name]}"
