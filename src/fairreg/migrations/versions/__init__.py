# SPDX-License-Identifier: MIT
"""One module a revision; `fairreg.registry.tables.REVISIONS` lists them in order."""
