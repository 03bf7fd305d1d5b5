# SPDX-License-Identifier: MIT
"""The signature of a model as a notebook shows it."""

from collections.abc import Iterable, Sequence

from fairreg.schemas.notebook.markup import Html, folded, prose, table
from fairreg.schemas.notebook.one_line import named
from fairreg.schemas.record import Feature, Tensor

__all__ = ["listed", "shape_text", "signature"]

# Axes of a shape, and tensors of one line.
_AXES, _TENSORS = 16, 3


def signature(inputs: Iterable[Tensor], outputs: Iterable[Tensor], defaults: Iterable[Tensor] = ()) -> Html:
    """Return a table of tensors: name, type, shape, and what their features are."""
    kinds = (("input", inputs), ("input with a default", defaults), ("output", outputs))
    items = [(kind, item) for kind, tensors in kinds for item in tensors]
    return table(("role|", "name", "type|", "shape|", "features"), items, "tensors", row=_row)


def _row(one: tuple[str, Tensor]) -> Sequence[object]:
    kind, item = one
    features = folded(item.features, "features", view=_feature, separator=", ")
    return kind, item.name, item.dtype, shape_text(item.shape), features or prose(item.description)


def _feature(item: Feature) -> str:
    return item.name + (f" [{item.unit}]" if item.unit else "")


def shape_text(shape: Sequence[int | str]) -> str:
    """Format a shape as Python does, with the names of free axes.

    >>> shape_text(("n", 60)), shape_text((3,)), shape_text(())
    ('(n, 60)', '(3,)', '()')
    """
    sizes = [str(size) for size in shape[:_AXES]] + ["..."] * (len(shape) > _AXES)
    return f"({', '.join(sizes)}{',' if len(shape) == 1 else ''})"


def listed(tensors: Sequence[Tensor]) -> str:
    """Return the tensors on one line: ``x float32 (n, 3), y int64 (n,)``."""
    shown = [f"{named(item.name)} {named(item.dtype)} {_shape(item)}" for item in tensors[:_TENSORS]]
    return ", ".join(shown + [f"{len(tensors) - _TENSORS} more"] * (len(tensors) > _TENSORS)) or "nothing"


def _shape(tensor: Tensor) -> str:
    return shape_text([size if isinstance(size, int) else named(size) for size in tensor.shape])
