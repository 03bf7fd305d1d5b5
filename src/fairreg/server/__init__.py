# SPDX-License-Identifier: MIT
"""The verbs over HTTP: pages, REST, OAI-PMH, Signposting, MCP and inference, from one registry.

`app` puts the application together: each package here that serves something has a function `routes`. Every
handler reads, and none writes; `site.Site` is what it reads from. Extra ``serve``.
"""
