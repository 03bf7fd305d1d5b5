# SPDX-License-Identifier: MIT
"""Words of content, placeholders, and identifiers in a text.

Template text ("[More Information Needed]", "TODO", "Your ORCID", lorem ipsum) is never content: `clean`
removes it before anything is counted.
"""

import re

__all__ = [
    "ARXIV_IN_TEXT",
    "DOI_IN_TEXT",
    "clean",
    "has_identifier",
    "is_deposit",
    "is_placeholder",
    "without_comments",
    "words",
]

_PLACEHOLDER = re.compile(
    r"\[?more information needed\]?|lorem ipsum[^\n]*|\b(?:TODO|TBD|FIXME|XXX)\b[^\n]*|\byour (?:orcid|name"
    r"|e-?mail|affiliation|title|abstract|description|doi)\b[^\n]*|<\s?(?:insert|add|your)[^<>]{0,200}>"
    r"|\{\{[^{}]{0,200}\}\}|this model ?card aims to be a base template[^.\n]*|it has been generated using"
    r" this raw template[^.\n]*|provide a (?:quick|longer) summary of[^.\n]*|\bno (?:description"
    r"|abstract|summary) (?:provided|available|given)\b"
    r"|\bplease (?:write|add|insert|enter|provide|describe|fill in)\b[^.\n]*"
    r"|\bdescribe (?:here|in at least|in \d+)\b[^.\n]*",
    re.IGNORECASE | re.DOTALL,
)
_WORD = re.compile(r"[^\W_][\w'’-]*")
_URL = re.compile(r"https?://[^\s<>\"]{1,2000}", re.IGNORECASE)
_MARKUP = re.compile(r"<[^<>]+>|!?\[([^\[\]]*)\]\([^()\n]{0,500}\)|[`*_#|]+")
DOI_IN_TEXT = re.compile(r"10\.\d{4,9}/[^\s\"'<>\])},;|]+")
ARXIV_IN_TEXT = re.compile(r"arxiv(?:\.org/(?:abs|pdf)/|:\s*)(\d{4}\.\d{4,5}|[a-z-]+/\d{7})", re.IGNORECASE)
# DOI prefixes of repositories: what lies there may be data, software or a paper.
_OF_REPOSITORIES = re.compile(
    r"10\.(?:5281|6084|7910|7483|17182|5061|17632|57967|1594|24432|5066|26037|34740|5285|7717|25345)/"
)


def clean(text: str | None) -> str:
    """Return `text` without markup, comments and placeholders: the author's own words."""
    without = _PLACEHOLDER.sub(" ", without_comments(text or ""))
    return " ".join(_MARKUP.sub(r" \1 ", without).split())


def without_comments(text: str) -> str:
    """Return the text without HTML comments; one that is never closed hides the rest, as in a browser."""
    first, *others = text.split("<!--")
    return first + "".join(part.partition("-->")[2] for part in others)


def words(text: str | None) -> int:
    """Count the words of content; an address is none."""
    return len(_WORD.findall(_URL.sub(" ", clean(text))))


def is_placeholder(text: str | None) -> bool:
    """Tell whether `text` has no content."""
    return _WORD.search(clean(text)) is None


def has_identifier(text: str) -> bool:
    """Tell whether a text names a DOI or an arXiv number."""
    return bool(DOI_IN_TEXT.search(text) or ARXIV_IN_TEXT.search(text))


def is_deposit(doi: str) -> bool:
    """Tell whether a DOI is of a repository, where it may name data, software or a paper."""
    return bool(_OF_REPOSITORIES.match(doi))
