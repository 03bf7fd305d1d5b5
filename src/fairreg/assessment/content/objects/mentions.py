# SPDX-License-Identifier: MIT
"""Objects that a text names by DOI or arXiv number: data, papers and software.

A text is read in passages: an identifier counts for what its sentence, the line that leads to its list and
its heading speak of. What is planned, asked, denied or quoted names nothing, and a program names no paper.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

import msgspec

from fairreg.assessment.content import claims
from fairreg.assessment.content.claims import asserted
from fairreg.assessment.content.grammar import Passage, passages, statements
from fairreg.assessment.content.prose import (
    ARXIV_IN_TEXT,
    DOI_IN_TEXT,
    has_identifier,
    is_deposit,
    without_comments,
)
from fairreg.assessment.evidence import Document
from fairreg.formats.front_matter import split_front_matter
from fairreg.schemas.identifiers import normalise_doi
from fairreg.sources import ARXIV, DOI, all_sources

__all__ = ["Mention", "mentions", "training_data_address"]

_EPRINT = re.compile(r"\beprint\s*=\s*[\"{]+(\d{4}\.\d{4,5}|[a-z-]+/\d{7})[\"}]", re.IGNORECASE)  # of BibTeX
_DATA = re.compile(
    r"\bdata(?!\W{1,3}(?:analysis|protection|policy|cent(?:er|re)s?|science|format|driven|loader"
    r"|processing))\b|\b(?:datasets?|samples?|train(?:ed|ing)?|simulat\w+)\b|_data\b|\bdata_",
    re.IGNORECASE,
)
_PAPER = re.compile(
    r"\b(?:papers?|articles?|journal|publications?|preprint|proceedings|arxiv"
    r"|manuscript)\b",
    re.IGNORECASE,
)
_PUBLISHED = re.compile(r"\bpublished (?:in|as)\b|\bet al\b", re.IGNORECASE)  # so are data, in a repository
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
    r"\bet al\.?,? (?:\w+ ){0,3}train\w*"
    r"|\b(?:predictions|outputs|scores) of (?:the|this|our) (?:model|network|tagger)\b"
    r"|\b(?:not|never) (?:\w+ )?(?:trained|used)\b|\bno (?:\w+ )?(?:data|datasets?|samples?)\b"
    r"|\b(?:excluding|instead of)\b",
    re.IGNORECASE,
)
_USES = re.compile(
    r"\b(?:us(?:e|ed|es|ing)|with|thank\w*|built)\b[^.]{0,60}\b(?:numpy|scipy|pandas|matplotlib|seaborn|scikit-learn"
    r"|sklearn|pytorch|torch|tensorflow|keras|jax|uproot|awkward|geant4|pythia\d?|madgraph\w*|delphes|fastjet|xgboost"
    r"|lightgbm|snakemake|onnx)\b",
    re.IGNORECASE,
)
_FUNDER = "10.13039/"  # the registry of funders
_NO_DOI = re.compile(r"x{3,}|/(?:your|todo|placeholder)", re.IGNORECASE)
_BADGES = (row.dois.badge for row in all_sources() if row.dois and row.dois.badge)
_BADGE = re.compile("|".join(_BADGES), re.IGNORECASE)
# A list of literature names papers, also where it is not about this model, but no data.
_LITERATURE = re.compile(
    r"[\W\d]*(?:(?:our|related|selected|further) )?(?:references?|bibliography|literature|publications?"
    r"|papers?|citations?|cit(?:e|ing)|how to cite|news)\b",
    re.IGNORECASE,
)
_PLANNED = re.compile(
    r"\b(?:TODO|TBD|FIXME|will|would|shall|plan(?:s|ned|ning)?|going to|(?<!you )want(?:s|ed)? to|hopes?"
    r"|intend(?:s|ed)? to|in (?:the )?future|soon|one day|can be (?:re-?)?trained|e\.g\.|for example|such as"
    r"|imagine|suppose)(?!\w)",
    re.IGNORECASE,
)
_CONTRASTED = re.compile(
    r"\b(?:unlike|in contrast (?:to|with)|contrary to|as opposed to|instead of)\s[^,;]{0,80}$", re.IGNORECASE
)
_REFERENCE = re.compile(
    r"^[ \t]{0,3}\[([^\[\]\n]{1,80})\]:[ \t]*<?(\S{1,300}?)>?[ \t]*(?:[\"'(][^\n]{0,200})?$", re.MULTILINE
)
_REFERRED = re.compile(r"\[([^\[\]\n]{1,80})\](?![(:])")
_BIBTEX = re.compile(r"\s*@\w+\s*\{")  # an entry of BibTeX

_ADDRESS = re.compile(r"https?://[\w.-]{3,100}/\S{2,300}")
_TRAINING_DATA = re.compile(
    r"\btrained (?:\w+ ){0,2}?on (?:\w+[ -]){0,6}?(?:data|datasets?|samples?|events|jets|corpus|images)\b"
    r"|\btraining (?:data|sample|set|events|jets)\b",
    re.IGNORECASE,
)

_NO_ADDRESS = re.compile(
    r"\b(?:courses?|thanks?|install(?:ed|ing)?|issues?|template|documentation of)\b", re.I
)

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


_NEAR = 120  # characters before an identifier

Place = Literal["", "paper", "no paper", "nothing"]


class _Line(NamedTuple):
    """A line with an identifier, as `told` below a `heading`, and the words `before` that lead to it."""

    raw: str
    told: str
    before: str = ""
    heading: str = ""
    only: Place = ""


@lru_cache(maxsize=256)
def mentions(document: Document) -> tuple[Mention, ...]:
    """Return DOIs and arXiv numbers of a text, in order, each with the kind of object that it is called.

    In a Makefile every DOI counts as data when the file has a target or variable for data. Comments of a
    template, funders and made-up numbers are left out.
    """
    text = without_comments(document.text)
    if not _has_identifier(text):
        return ()
    everywhere = document.role == "makefile" and bool(_DATA.search(DOI_IN_TEXT.sub("", text)))
    is_prose = document.role in {"readme", "model_card", "docs"}
    found: list[Mention] = []
    for line in _of_prose(text) if is_prose else _lines(text):
        found += _named(line, everywhere=everywhere)
    return tuple(dict.fromkeys(found))


def _named(line: _Line, *, everywhere: bool) -> Iterator[Mention]:
    shown = " ".join(line.raw.split())
    for raw in line.raw.splitlines():
        badge = bool(_BADGE.search(raw))
        for doi in _dois(raw):
            about: About = "data" if everywhere else _about(line, doi)
            yield Mention(DOI.name, doi, shown, about if _holds(line, doi, about) else "unknown", badge)
        for number in [hit[1] for form in (ARXIV_IN_TEXT, _EPRINT) for hit in form.finditer(raw)]:
            is_paper = _holds(line, number, "paper")
            yield Mention(ARXIV.name, number, shown, "paper" if is_paper else "unknown")


def _holds(line: _Line, value: str, about: About) -> bool:
    """Tell whether an author says it here and today: nothing planned, asked, denied or quoted."""
    if line.only == "nothing" or (line.only and (about == "paper") is not (line.only == "paper")):
        return False
    start = max(line.raw.casefold().find(value.casefold()), 0)
    if about != "paper" and _PLANNED.search(line.raw, 0, start):
        return False
    if _CONTRASTED.search(line.raw[max(0, start - _NEAR) : start]):
        return False
    return asserted(line.raw, start, start + len(value), real=False)


def _lines(text: str) -> Iterator[_Line]:
    """Yield the lines of a text that is no prose, each with the line before it."""
    lines = text.splitlines()
    for before, line in zip(["", *lines], lines, strict=False):
        if _has_identifier(line):
            yield _Line(line.strip(), DOI_IN_TEXT.sub("", line), DOI_IN_TEXT.sub("", before))


def _of_prose(text: str) -> Iterator[_Line]:
    """Yield what stands in front matter, then each passage with an identifier."""
    yield from _lines("\n".join(split_front_matter(text.split("\n"))[0]))
    leads, before = "", ""
    below: tuple[str, ...] = ()
    for item in passages(_resolved(text)):
        if item.headings != below:
            leads, before, below = "", "", item.headings
        if _has_identifier(item.raw) and not _is_part(item):
            for raw, told in _parts(item):
                yield _Line(raw, told, f"{leads} {before}", item.heading, _place(item))
        if item.kind == "sentence":
            before = DOI_IN_TEXT.sub("", item.text)
            leads = before if before.rstrip().endswith(":") else ("" if before.endswith(".") else leads)
        elif item.kind == "code":
            before = ""


def _is_part(item: Passage) -> bool:
    """Tell whether a passage is a line or cell whose sentence or row is another one."""
    return item.kind == "pair" or (item.kind == "row" and item.text == f"{item.name}: {item.value}")


def _parts(item: Passage) -> Iterator[tuple[str, str]]:
    """Yield (raw, told): a program line by line, and everything else as a whole."""
    if item.kind == "code" and not _BIBTEX.match(item.raw):
        for line in filter(_has_identifier, item.raw.splitlines()):
            yield line.strip(), DOI_IN_TEXT.sub("", line)
    else:
        yield item.raw, DOI_IN_TEXT.sub("", " ".join((*item.head, item.text)))


def _place(item: Passage) -> Place:
    """Return what an identifier at the place of a passage can name."""
    literature = bool(_LITERATURE.match(item.heading))
    if item.kind == "task":
        return "nothing"
    if item.kind == "code":
        return "" if _BIBTEX.match(item.raw) else "no paper"
    if item.kind == "quote" or any(map(claims.is_elsewhere, item.headings)):
        return "paper" if literature else "nothing"
    return ""


def _resolved(text: str) -> str:
    """Return the text with the identifiers of its reference links where they are referred to."""
    targets = {hit[1].casefold(): hit[2] for hit in _REFERENCE.finditer(text) if _has_identifier(hit[2])}
    if not targets:
        return text
    used: set[str] = set()

    def address(hit: re.Match[str]) -> str:
        target = targets.get(hit[1].casefold())
        if target is None:
            return hit[0]
        used.add(hit[1].casefold())
        return f"[{hit[1]}]({target})"

    text = _REFERRED.sub(address, text)
    return _REFERENCE.sub(lambda hit: "" if hit[1].casefold() in used else hit[0], text)


def _has_identifier(text: str) -> bool:
    return has_identifier(text) or bool(_EPRINT.search(text))


def _about(line: _Line, doi: str) -> About:
    told, context = line.told, f"{line.before} {line.told}"
    if _PAPER.search(told) or (_PUBLISHED.search(told) and not is_deposit(doi)):
        return "paper"
    if _NOT_TRAINED.search(context):
        return "unknown"
    trains = _TRAINS.search(f"{told} {line.before}")
    if (_TESTS.search(told) and not _TRAINS.search(told)) or (_TESTS.search(line.heading) and not trains):
        return "test data"
    if (_SOFTWARE.search(told) or _USES.search(told)) and not _SET.search(told):
        return "software"
    if _DATA.search(context) or (is_deposit(doi) and _DATA.search(line.heading)):
        return "data"
    return "unknown" if is_deposit(doi) else "paper"


def _dois(line: str) -> tuple[str, ...]:
    bare = (match[0].removesuffix(".svg") for match in DOI_IN_TEXT.finditer(line))
    bare = (text for text in bare if not text.startswith(_FUNDER) and not _NO_DOI.search(text))
    return tuple(dict.fromkeys(doi for text in bare if (doi := normalise_doi(text))))


def training_data_address(document: Document) -> str | None:
    """Return the sentence that gives an address, but no identifier, of the training data."""
    for item in statements(document):
        hit = _ADDRESS.search(item.raw)
        of_data = (
            hit
            and not has_identifier(hit[0])
            and _TRAINING_DATA.search(item.text)
            and not _NO_ADDRESS.search(item.text)
        )
        if of_data and asserted(item.text, 0, len(item.text), real=False):
            return item.raw
    return None
