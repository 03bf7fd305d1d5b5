# SPDX-License-Identifier: MIT
"""Statements on rights that are no licences: on access, on who has the copyright, names without a version."""

import re

from fairreg.schemas.licenses.spdx_list import list_name, words
from fairreg.schemas.licenses.texts import has_terms

__all__ = ["is_no_licence"]

# Access as repositories state it: OpenAIRE's vocabulary, COAR's, Eprints', and their words.
_LEVEL = r"(?:(?:open|embargoed|restricted|closed|public|metadata[ -]only)[ -]?access)"
_VOCABULARY = (
    r"(?:info:eu-repo/semantics/|https?://(?:purl\.org/(?:coar/access_right|eprint/accessrights)"
    r"|vocabularies\.coar-repositories\.org/access_rights)/)\w+/?"
)
_ACCESS = re.compile(rf"(?:{_LEVEL}|{_VOCABULARY})(?: \({_VOCABULARY}\))?", re.IGNORECASE)
_NOTHING = re.compile(
    r"not[ -]?(?:specified|stated|known|available)|unspecified|unknown|undefined|none|null|n/?a|-"
    r"|noassertion",
    re.IGNORECASE,
)
# "All rights reserved" alone is a licence to nobody, and beside a licence it contradicts it.
_NOTICE = re.compile(r"(?:copyright|©|\(c\))(?!\w)(?!.*\ball rights reserved\b)", re.IGNORECASE)
# Words by which a notice of copyright would restrict what a licence allows.
_CONDITION = re.compile(
    r"\b(?:academic|educat\w+|personal|private|purposes?|confidential|proprietary|contact|requests?|see|eula"
    r"|unless|except|without|agree\w*|authori[sz]\w+)\b",
    re.IGNORECASE,
)


def is_no_licence(text: str, known: list[str]) -> bool:
    """Tell whether a text beside known licences has no terms of its own."""
    return bool(
        _NOTHING.fullmatch(text)
        or _ACCESS.fullmatch(text)
        or _names(text, known)
        or _is_notice_of_copyright(text, known)
    )


def _names(text: str, known: list[str]) -> bool:
    """Tell whether a text has only words of the name of one of the licences: ``Creative Commons``."""
    stated = set(words(text).split())
    return bool(stated) and any(stated <= set(name.split()) for name in _own_names(known))


def _is_notice_of_copyright(text: str, known: list[str]) -> bool:
    """Tell whether a text says who has the copyright, without terms beside the names of the licences."""
    if not _NOTICE.match(text):
        return False
    rest = f" {words(text)} "
    for licence in known:
        rest = rest.replace(f" {words(licence)} ", " ")
    return not (has_terms(rest) or _CONDITION.search(rest))


def _own_names(known: list[str]) -> list[str]:
    """Return the words of each licence's identifier and name."""
    listed = [item for expression in known for item in re.findall(r"[\w.+-]+", expression)]
    return [f"{words(item)} {words(list_name(item) or '')}" for item in listed if list_name(item)]
