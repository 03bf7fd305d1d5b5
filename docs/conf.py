# SPDX-License-Identifier: MIT
"""Settings of the documentation, which `make docs` builds with Sphinx."""

import sys
from importlib import metadata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

project = "fairreg"
author = copyright = "The fairreg developers"  # noqa: A001  Sphinx's name
version = release = metadata.version("fairreg")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
    # Those of docs/_extensions.
    "page_names",
    "repository_links",
    "tables",
]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "_extensions", "reference-entry/*/*"]
# A heading is a target of links as it is at GitHub; a missing target is an error.
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence", "deflist"]
default_role = "code"  # what stands in single backticks in docstrings
highlight_language = "text"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 72

html_theme = "pydata_sphinx_theme"
html_title = "fairreg"
html_sidebars = {"start": [], "faq": []}  # pages without others beside them
html_static_path = ["_static"]
html_css_files = ["fairreg.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "github_url": "https://github.com/fairreg/fairreg",
    "navbar_align": "left",
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": [],
}

copybutton_prompt_text = r"\$ |>>> "
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = True
