# SPDX-License-Identifier: MIT
"""One module per revision; `fairreg.registry.db.tables.REVISIONS` lists them in order."""
