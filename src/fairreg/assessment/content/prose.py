# SPDX-License-Identifier: MIT
"""Words of content, placeholders, and the objects that a text mentions.

Template text ("[More Information Needed]", "TODO", "Your ORCID", lorem ipsum) is never content: `clean`
removes it before anything is counted.
"""

import re
from functools import lru_cache
from typing import Literal

import msgspec

from fairreg.assessment.evidence import Document
from fairreg.schemas.identifiers import normalise_doi
from fairreg.sources import ARXIV, DOI, all_sources

__all__ = [
    "Mention",
    "clean",
    "has_identifier",
    "is_deposit",
    "is_placeholder",
    "mentions",
    "without_comments",
    "words",
]

_PLACEHOLDER = re.compile(
    r"\[?more information needed\]?|lorem ipsum[^\n]*|\b(?:TODO|TBD|FIXME|XXX)\b[^\n]*|\byour (?:orcid|name"
    r"|e-?mail|affiliation|title|abstract|description|doi)\b[^\n]*|<\s?(?:insert|add|your)[^<>]{0,200}>"
    r"|\{\{[^{}]{0,200}\}\}",
    re.IGNORECASE | re.DOTALL,
)
_MARKUP = re.compile(r"<[^<>]+>|!?\[([^\[\]]*)\]\([^()\n]{0,500}\)|[`*_#|]+")
_DOI = re.compile(r"10\.\d{4,9}/[^\s\"'<>\])},;|]+")
_ARXIV = re.compile(r"arxiv(?:\.org/(?:abs|pdf)/|:\s*)(\d{4}\.\d{4,5}|[a-z-]+/\d{7})", re.IGNORECASE)
_DATA = re.compile(
    r"\bdata(?!\W{1,3}(?:analysis|protection|policy|cent(?:er|re)s?|science|format|driven|loader"
    r"|processing))\b|\b(?:datasets?|samples?|train(?:ed|ing)?|simulat\w+)\b|_data\b|\bdata_",
    re.IGNORECASE,
)
_PAPER = re.compile(
    r"\b(?:papers?|articles?|journal|publications?|published (?:in|as)|preprint|proceedings|et al|arxiv"
    r"|manuscript)\b",
    re.IGNORECASE,
)
_SOFTWARE = re.compile(
    r"\b(?:code|software|package|library|implementation|toolkit|framework|notebooks?|scripts?|docker"
    r"|image)\b",
    re.IGNORECASE,
)
_SET = re.compile(r"\bdata ?sets?\b|\bsamples?\b|\btraining data\b|\btrained on\b", re.IGNORECASE)
_TESTS = re.compile(
    r"\b(?:evaluat\w+|tested|benchmark\w*|validated)\b|\btest(?:ing)? (?:data|set|sample)", re.IGNORECASE
)
_TRAINS = re.compile(r"\btrain", re.IGNORECASE)
_NOT_TRAINED = re.compile(
    r"\b(?:not|never) (?:\w+ )?(?:trained|used)\b|\bno (?:\w+ )?(?:data|datasets?|samples?)\b|\b(?:excluding"
    r"|instead of)\b",
    re.IGNORECASE,
)
_FUNDER = "10.13039/"  # the registry of funders
_NO_DOI = re.compile(r"x{3,}|/(?:your|todo|placeholder)", re.IGNORECASE)
# DOI prefixes of repositories: what lies there may be data, software or a paper.
_OF_REPOSITORIES = re.compile(
    r"10\.(?:5281|6084|7910|7483|17182|5061|17632|57967|1594|24432|5066|26037|34740|5285|7717|25345)/"
)
_BADGES = (row.dois.badge for row in all_sources() if row.dois and row.dois.badge)
_BADGE = re.compile("|".join(_BADGES), re.IGNORECASE)

About = Literal["data", "test data", "paper", "software", "unknown"]


class Mention(msgspec.Struct, frozen=True):
    """An object that a text names by DOI or arXiv number, and the kind of object that its line speaks of."""

    scheme: str
    value: str
    line: str
    about: About
    badge: bool = False

    @property
    def about_data(self) -> bool:
        """True for data of the training."""
        return self.about == "data"


_EPRINT = re.compile(r"\beprint\s*=\s*[\"{]+(\d{4}\.\d{4,5}|[a-z-]+/\d{7})[\"}]", re.IGNORECASE)  # of BibTeX
_USES = re.compile(
    r"\b(?:us(?:e|ed|es|ing)|with|thank\w*|built)\b[^.]{0,60}\b(?:numpy|scipy|pandas|matplotlib|seaborn|scikit-learn"
    r"|sklearn|pytorch|torch|tensorflow|keras|jax|uproot|awkward|geant4|pythia\d?|madgraph\w*|delphes|fastjet|xgboost"
    r"|lightgbm|snakemake|onnx)\b",
    re.IGNORECASE,
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
    """Count the words of content."""
    return len(re.findall(r"[^\W_][\w'’-]*", clean(text)))


def is_placeholder(text: str | None) -> bool:
    """Tell whether `text` has no content."""
    return words(text) == 0


@lru_cache(maxsize=256)
def mentions(document: Document) -> tuple[Mention, ...]:
    """Return DOIs and arXiv numbers of a text, in order, classified by the same and the previous line.

    In a Makefile every DOI counts as data when the file has a target or variable for data. Comments of a
    template, funders and made-up numbers are left out.
    """
    text = without_comments(document.text)
    lines = text.splitlines()
    everywhere = document.role == "makefile" and bool(_DATA.search(_DOI.sub("", text)))
    found: list[Mention] = []
    for before, line in zip(["", *lines], lines, strict=False):
        badge = bool(_BADGE.search(line))
        for doi in _dois(line):
            about: About = "data" if everywhere else _about(before, line, doi)
            found.append(Mention(DOI.name, doi, line.strip(), about, badge))
        numbers = [hit[1] for form in (_ARXIV, _EPRINT) for hit in form.finditer(line)]
        found += [Mention(ARXIV.name, number, line.strip(), "paper") for number in numbers]
    return tuple(dict.fromkeys(found))


def _about(before: str, line: str, doi: str) -> About:
    told, around = _DOI.sub("", line), _DOI.sub("", f"{before} {line}")
    if _PAPER.search(told):
        return "paper"
    if _NOT_TRAINED.search(around):
        return "unknown"
    if _TESTS.search(told) and not _TRAINS.search(told):
        return "test data"
    if (_SOFTWARE.search(told) or _USES.search(told)) and not _SET.search(told):
        return "software"
    if _DATA.search(around):
        return "data"
    return "unknown" if is_deposit(doi) else "paper"


def has_identifier(text: str) -> bool:
    """Tell whether a text names a DOI or an arXiv number."""
    return bool(_DOI.search(text) or _ARXIV.search(text))


def is_deposit(doi: str) -> bool:
    """Tell whether a DOI is of a repository, where it may name data, software or a paper."""
    return bool(_OF_REPOSITORIES.match(doi))


def _dois(line: str) -> tuple[str, ...]:
    bare = (match[0].removesuffix(".svg") for match in _DOI.finditer(line))
    bare = (text for text in bare if not text.startswith(_FUNDER) and not _NO_DOI.search(text))
    return tuple(dict.fromkeys(doi for text in bare if (doi := normalise_doi(text))))
