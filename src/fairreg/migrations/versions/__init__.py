# SPDX-License-Identifier: MIT
"""One module a revision; `fairreg.registry.db.tables.REVISIONS` lists them in order."""
