# SPDX-License-Identifier: MIT
"""The files of a record: which are chosen, what is known before and after their download."""
