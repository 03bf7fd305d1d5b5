# SPDX-License-Identifier: MIT
"""Terms of a publication that its files state."""
