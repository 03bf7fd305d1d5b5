# SPDX-License-Identifier: MIT
"""The published files of the judged records are material, not tests of this project."""

collect_ignore_glob = ["*/files/*"]
