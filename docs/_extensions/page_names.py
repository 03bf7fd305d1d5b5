# SPDX-License-Identifier: MIT
"""Links whose text is a file's name, as GitHub shows them, have the title of the page here."""

import re
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

_FILE = re.compile(r"(?:docs/|\.\./)?[\w-]+\.md")


class PageNames(SphinxTransform):
    """Leaves the text of such links to Sphinx, which knows the titles."""

    default_priority = 6  # after the links to other files of the repository

    def apply(self, **_: Any) -> None:
        for node in self.document.findall(addnodes.pending_xref):
            if node.get("refdomain") == "doc" and _FILE.fullmatch(node.astext()):
                node["refexplicit"] = False
                node.children = [nodes.inline("", "", classes=["xref", "myst"])]


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_transform(PageNames)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
