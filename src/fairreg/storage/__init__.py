# SPDX-License-Identifier: MIT
"""Files on this machine: the content-addressed cache and the safe unpacking of archives."""
