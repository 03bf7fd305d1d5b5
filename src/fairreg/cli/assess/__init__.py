# SPDX-License-Identifier: MIT
"""The verb ``assess`` at a terminal: one record or many, and the scorecard."""
