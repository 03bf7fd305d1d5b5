# SPDX-License-Identifier: MIT
"""One module per verb: the only place where two rooms meet."""
