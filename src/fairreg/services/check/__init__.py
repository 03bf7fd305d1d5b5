# SPDX-License-Identifier: MIT
"""Check of the services: known records are requested and compared with the answers that fairreg expects."""
