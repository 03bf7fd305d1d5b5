# SPDX-License-Identifier: MIT
"""Views of a report: HTML, badge, linked data and comparison."""
