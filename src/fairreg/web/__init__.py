# SPDX-License-Identifier: MIT
"""The one way to the network: `client` asks, `addresses` says where, `answers` judges what comes back."""

from fairreg.web.client import HttpClient, Log, RetryPolicy, no_log
from fairreg.web.responses import Response

__all__ = ["HttpClient", "Log", "Response", "RetryPolicy", "no_log"]
