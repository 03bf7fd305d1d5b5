# SPDX-License-Identifier: MIT
"""PhysHub as a source of fairreg: `row` says where it is, `harvester` how to ask it."""
