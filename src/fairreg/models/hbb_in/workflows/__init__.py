# SPDX-License-Identifier: MIT
"""The verbs of the Hbb interaction network."""
