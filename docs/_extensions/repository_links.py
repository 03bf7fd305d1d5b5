# SPDX-License-Identifier: MIT
"""Links from pages to files of the repository that are no pages: they lead to GitHub."""

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

REPOSITORY = "https://github.com/fairreg/fairreg"


class RepositoryLinks(SphinxTransform):
    """Replaces what MyST takes for a download or for a page that is missing."""

    default_priority = 5  # before Sphinx collects downloads

    def apply(self, **_: Any) -> None:
        for kind in (addnodes.download_reference, addnodes.pending_xref):
            for node in list(self.document.findall(kind)):
                file = self._file(node)
                if file is not None and file.exists():
                    address = self._address(file, node.get("reftargetid"))
                    node.replace_self(nodes.reference("", "", *node.children, refuri=address))

    def _file(self, node: nodes.Element) -> Path | None:
        """The file that a link means, unless it is a page of the documentation."""
        target, source = node.get("reftarget", ""), Path(self.env.srcdir).resolve()
        if not target or target in self.env.found_docs:
            return None
        if node.get("refdomain") == "doc":  # MyST took it for a page, and left the suffix out
            return source / f"{target}.md"
        beside = (Path(self.env.doc2path(self.env.docname)).parent / target).resolve()
        # Of a page that includes a file of the repository's root.
        return beside if beside.exists() else source.parent / target

    def _address(self, file: Path, heading: str | None) -> str:
        """The address of a file or folder at GitHub, or of a heading in it."""
        kind = "tree" if file.is_dir() else "blob"
        place = file.relative_to(Path(self.env.srcdir).resolve().parent).as_posix()
        return f"{REPOSITORY}/{kind}/main/{place}" + (f"#{heading}" if heading else "")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_transform(RepositoryLinks)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
