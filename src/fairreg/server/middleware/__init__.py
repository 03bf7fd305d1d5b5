# SPDX-License-Identifier: MIT
"""Layers that every request and every answer passes through, outermost first.

Addresses in absolute form; access log and counts; headers of all answers, CORS and OPTIONS; sizes and times;
the rate of a client; compression, entity tags and conditional requests.
`fairreg.server.app` puts them together.
"""
