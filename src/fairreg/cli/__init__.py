# SPDX-License-Identifier: MIT
"""The command line: the verbs of `fairreg.services`, their options and their output.

Heavy imports are inside the command that needs them, so that ``fairreg --help`` starts at once.
"""
