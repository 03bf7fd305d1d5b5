# SPDX-License-Identifier: MIT
"""Run models on inputs."""
