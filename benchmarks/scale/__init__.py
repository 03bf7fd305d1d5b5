# SPDX-License-Identifier: MIT
"""What a registry costs as it grows: `python -m benchmarks.scale --help`."""
