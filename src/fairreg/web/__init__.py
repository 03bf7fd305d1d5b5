# SPDX-License-Identifier: MIT
"""Network access: `client` sends requests, `judged_connections` connects to public addresses only, which
`url_safety` tells, and `responses` reads answers.
"""

from fairreg.web.client import HttpClient, Log, RetryPolicy, no_log
from fairreg.web.responses import Response

__all__ = ["HttpClient", "Log", "Response", "RetryPolicy", "no_log"]
