# SPDX-License-Identifier: MIT
"""Values that templates show: records, counts, scores and relations as words and links."""
