# SPDX-License-Identifier: MIT
"""Documents of ``diff``, ``lock`` and ``verify``; `locks` is the form of the lock file, too."""
