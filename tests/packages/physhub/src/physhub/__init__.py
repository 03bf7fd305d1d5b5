# SPDX-License-Identifier: MIT
"""PhysHub as plugins of fairreg, one module per plugin; pyproject.toml lists them with their groups."""
