# SPDX-License-Identifier: MIT
"""New projects: questions and files of the packaged template, and the metadata files of a project.

The template (`src/fairreg/template`) is one of Copier, too; here jinja2 alone renders it.
"""
