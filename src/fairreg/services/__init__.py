# SPDX-License-Identifier: MIT
"""One module a verb: the only place where two rooms meet."""
