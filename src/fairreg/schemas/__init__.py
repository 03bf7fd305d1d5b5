# SPDX-License-Identifier: MIT
"""What a record is: the typed record, its identifiers and its views."""
