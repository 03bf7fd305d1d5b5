# SPDX-License-Identifier: MIT
"""Tables as readers expect them: no empty row of headings, and short values on one line."""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

# Characters of a value, and of the name that a row begins with.
_SHORT, _SHORT_NAME = 12, 30


class Tables(SphinxTransform):
    """Removes headings that Markdown demands where there are none, and marks short cells for the style."""

    default_priority = 400

    def apply(self, **_: Any) -> None:
        for heading in list(self.document.findall(nodes.thead)):
            if not heading.astext().strip():
                heading.parent.remove(heading)
        for cell in self.document.findall(nodes.entry):
            begins_row = cell.parent.index(cell) == 0
            if len(cell.astext()) <= (_SHORT_NAME if begins_row else _SHORT):
                cell["classes"].append("short")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_transform(Tables)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
