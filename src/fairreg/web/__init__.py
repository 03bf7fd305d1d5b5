# SPDX-License-Identifier: MIT
"""Network access: `client` sends requests, `url_safety` checks addresses, `responses` reads answers."""

from fairreg.web.client import HttpClient, Log, RetryPolicy, no_log
from fairreg.web.responses import Response

__all__ = ["HttpClient", "Log", "Response", "RetryPolicy", "no_log"]
