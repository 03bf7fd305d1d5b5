# SPDX-License-Identifier: MIT
"""The one way to the network: `client` asks, `addresses` says where, `answers` judges what comes back."""

from fairreg.web.client import Patience, Talk, Web, silent
from fairreg.web.responses import Answer

__all__ = ["Answer", "Patience", "Talk", "Web", "silent"]
