# SPDX-License-Identifier: MIT
"""The typed record, its identifiers and its views."""
