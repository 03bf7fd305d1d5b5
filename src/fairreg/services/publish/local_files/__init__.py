# SPDX-License-Identifier: MIT
"""Local files as they are published: read once, for their digests and for secrets in them."""
