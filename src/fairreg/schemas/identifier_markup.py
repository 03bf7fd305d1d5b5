# SPDX-License-Identifier: MIT
"""Markup around an identifier that was copied from LaTeX, BibTeX, RIS, Markdown or HTML."""

import re

__all__ = ["without_markup"]

_WRAPPINGS = (
    re.compile(r"\\(?:doi|url|href|path|nolinkurl)\s*\{([^{}]*)\}(?:\s*\{.*\})?"),
    re.compile(
        r"\"?(?:doi|url|eprint|note|howpublished|identifier|arxivid|@id|id)\"?\s*[=:]\s*[{\"](.*)[}\"]\s*,?",
        re.I,
    ),
    re.compile(r"(?i:doi|url)\s*=\s*(\S+)"),
    re.compile(r"(?:DO|UR|M3|AN)  - (.+)"),
    re.compile(r"!?\[.*\]\((\S+?)(?:\s+\"[^\"]*\")?\)"),
    re.compile(r"<a\s[^<>]*?href=[\"']([^\"'<>]+)[\"'][^<>]*>[^<>]*</a>", re.I),
)


def without_markup(text: str) -> str:
    """Return the identifier or address inside one layer of markup; any other text unchanged.

    >>> without_markup("doi = {10.5281/zenodo.7305227},")
    '10.5281/zenodo.7305227'
    """
    return next((found[1].strip() for pattern in _WRAPPINGS if (found := pattern.fullmatch(text))), text)
