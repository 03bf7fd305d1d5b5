# SPDX-License-Identifier: MIT
"""A drawing of what is around a record: three columns of boxes, the record's versions in the middle.

Lengths are in units of the drawing, which is `WIDTH` wide; a box holds two lines of a name and one on how it
is related.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from fairreg.schemas.text import one_line, shortened
from fairreg.server.pages.views.relations import Neighbour, RoleGroup
from fairreg.services.related import Role

__all__ = ["Drawing", "drawing"]

WIDTH, _BOX, _HIGH, _GAP = 960, 272, 62, 10
_HEAD, _BETWEEN = 24, 16  # of a group: its title, the space below it
_MOST, _NAME, _HOW = 6, 31, 36  # boxes of a group; characters of a line
_BREAKS = " /_-"  # places in a name without spaces, too
_COLUMNS: tuple[tuple[Role, ...], ...] = (("data", "model"), ("version", "copy"), ("paper", "code", "other"))


@dataclass(frozen=True)
class Box:
    """One object at its place."""

    x: float
    y: float
    of: Neighbour
    width: int = _BOX
    height: int = _HIGH

    @property
    def lines(self) -> tuple[str, ...]:
        """The name, in one line or two."""
        name = one_line(self.of.name)
        if len(name) <= _NAME:
            return (name,)
        end = max(name.rfind(mark, 0, _NAME) for mark in _BREAKS) + 1 or _NAME
        return name[:end].strip(), shortened(name[end:].strip(), _NAME)

    @property
    def how(self) -> str:
        """The second line."""
        return shortened(one_line(self.of.how), _HOW)

    @property
    def middle(self) -> float:
        """Height at which lines meet it."""
        return self.y + self.height / 2


@dataclass(frozen=True)
class Column:
    """Boxes of one group, below its title at (`x`, `y`); `more` objects are not drawn."""

    name: str
    title: str
    x: float
    y: float
    boxes: tuple[Box, ...]
    more: int

    @property
    def foot(self) -> float:
        """Lower end."""
        return self.y + _HEAD + len(self.boxes) * (_HIGH + _GAP) + (_HEAD if self.more else 0)


@dataclass(frozen=True)
class Drawing:
    """Groups with the lines from the present box to the others, as paths of SVG."""

    columns: tuple[Column, ...]
    lines: tuple[str, ...]
    height: float
    width: int = WIDTH


def drawing(groups: Sequence[RoleGroup]) -> Drawing | None:
    """Return the drawing; None where there is nothing but the record itself."""
    if sum(len(group.neighbours) for group in groups) < 2:  # noqa: PLR2004  # itself and another
        return None
    named = {group.name: group for group in groups}
    placed = [
        _stacked(place, [named[name] for name in names if name in named])
        for place, names in enumerate(_COLUMNS)
    ]
    height = max(column.foot for stack in placed for column in stack)
    columns = tuple(_lowered(column, stack, height) for stack in placed for column in stack)
    return Drawing(columns, tuple(_lines(columns)), height)


def _stacked(place: int, groups: Sequence[RoleGroup]) -> list[Column]:
    x, y = place * (WIDTH - _BOX) / 2, 0.0
    found: list[Column] = []
    for group in groups:
        shown = group.neighbours[:_MOST]
        boxes = (Box(x, y + _HEAD + row * (_HIGH + _GAP), item) for row, item in enumerate(shown))
        found.append(Column(group.name, group.title, x, y, tuple(boxes), len(group.neighbours) - len(shown)))
        y = found[-1].foot + _BETWEEN
    return found


def _lowered(column: Column, stack: Sequence[Column], height: float) -> Column:
    """Move a column so that its stack is in the middle of the height."""
    by = (height - stack[-1].foot) / 2
    boxes = tuple(Box(box.x, box.y + by, box.of) for box in column.boxes)
    return Column(column.name, column.title, column.x, column.y + by, boxes, column.more)


def _lines(columns: Sequence[Column]) -> list[str]:
    boxes = [box for column in columns for box in column.boxes]
    start = next(box for box in boxes if box.of.present)
    return [_line(start, box) for box in boxes if box.x != start.x]


def _line(start: Box, end: Box) -> str:
    right = end.x > start.x
    x1, x2 = (start.x + start.width, end.x) if right else (start.x, end.x + end.width)
    bend = (x1 + x2) / 2
    return f"M{x1:g} {start.middle:g}C{bend:g} {start.middle:g} {bend:g} {end.middle:g} {x2:g} {end.middle:g}"
