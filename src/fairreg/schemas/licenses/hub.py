# SPDX-License-Identifier: MIT
"""Licences in the words of the model cards of the Hugging Face Hub, which refuses any other word.

Source: hub-docs, "Licenses", and the list in the Hub's own refusal (huggingface_hub#4218, May 2026).
"""

import re
from functools import cache

from fairreg.schemas.licenses import is_listed, spdx

__all__ = ["card_license"]

# fmt: off
_KNOWN = frozenset({
    "apache-2.0", "mit", "openrail", "bigscience-openrail-m", "creativeml-openrail-m",
    "bigscience-bloom-rail-1.0", "bigcode-openrail-m", "afl-3.0", "artistic-2.0", "bsl-1.0", "bsd",
    "bsd-2-clause", "bsd-3-clause", "bsd-3-clause-clear", "c-uda", "cc", "cc0-1.0", "cc-by-2.0",
    "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0",
    "cc-by-nc-4.0", "cc-by-nd-4.0", "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0",
    "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "cdla-sharing-1.0", "cdla-permissive-1.0", "cdla-permissive-2.0",
    "wtfpl", "ecl-2.0", "epl-1.0", "epl-2.0", "etalab-2.0", "eupl-1.1", "eupl-1.2", "agpl-3.0", "gfdl",
    "gpl", "gpl-2.0", "gpl-3.0", "lgpl", "lgpl-2.1", "lgpl-3.0", "isc", "h-research", "intel-research",
    "lppl-1.3c", "ms-pl", "apple-ascl", "apple-amlr", "mpl-2.0", "odc-by", "odbl", "openmdw-1.0",
    "openrail++", "osl-3.0", "postgresql", "ofl-1.1", "ncsa", "unlicense", "zlib", "pddl", "lgpl-lr",
    "deepfloyd-if-license", "fair-noncommercial-research-license", "llama2", "llama3", "llama3.1",
    "llama3.2", "llama3.3", "llama4", "grok2-community", "gemma",
})
# fmt: on
_SINGLE = re.compile(r"[\w.+-]+", re.ASCII)


def card_license(expression: str | None) -> dict[str, str]:
    """Return the keys of a card's front matter for an SPDX identifier; a licence of no word there is "other".

    Several licences in one expression have no form there that says how they apply, and so no key.

    >>> card_license("MIT"), card_license("GPL-3.0-or-later")["license_name"]
    ({'license': 'mit'}, 'gpl-3.0-or-later')
    """
    if not expression or not _SINGLE.fullmatch(expression):
        return {}
    word = _word(expression)
    if word is not None:
        return {"license": word}
    named = {"license": "other", "license_name": expression.lower()}
    if is_listed(expression):
        named["license_link"] = f"https://spdx.org/licenses/{expression}.html"
    return named


def _word(identifier: str) -> str | None:
    lowered = identifier.lower()
    return lowered if lowered in _KNOWN else _words_of_spdx().get(identifier)


@cache
def _words_of_spdx() -> dict[str, str]:
    """Return the Hub's words for identifiers that it spells otherwise: gpl-3.0 for GPL-3.0-only."""
    found = ((spdx(word), word) for word in sorted(_KNOWN))
    return {known: word for known, word in found if known}
