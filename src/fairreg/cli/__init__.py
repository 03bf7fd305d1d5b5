# SPDX-License-Identifier: MIT
"""The command line: the verbs of `fairreg.services`, their options and what they print.

Every heavy import stands inside the command that needs it, so that ``fairreg --help`` starts at once.
"""
