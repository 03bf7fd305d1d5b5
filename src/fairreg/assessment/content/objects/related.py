# SPDX-License-Identifier: MIT
"""Models that a model derives from, and the repository of its code, in the sentences of documents."""

import re
from collections.abc import Iterator

from fairreg.assessment.content.claims import asserted
from fairreg.assessment.content.grammar import Passage, statements
from fairreg.assessment.content.reported import first_asserted
from fairreg.assessment.evidence import Document

__all__ = ["related_model", "repository_told"]

# A name as models have them: ResNet-50, bert-base, OmniLearn, org/model.
_NAME = (
    r"(?-i:(?:[A-Z][a-z]{1,20}[A-Z]|[A-Za-z]{1,20}[-/.]?\d|[a-z]{1,20}[-/](?:base|large|small|tiny)"
    r"|[\w.-]{1,40}/)[\w./-]{0,40}|[A-Z][A-Za-z]{3,20}(?=-pre))"
)
_RELATED = re.compile(
    r"\b(?:trained|training) from scratch\b(?! (?:takes?|needs?|requires?|costs?|would|is possible|lasts?))"
    r"|\btrain(?:ed|s)? (?:\w+ ){1,4}from scratch\b|\bfrom"
    r" scratch\b(?=[^.]{0,40}\btrain)|\bfine-?tuned? (?:from|on top of|version of|starting from|the)\b"
    rf"|\bfine-?tun(?:es?|ed|ing) (?:the |a )?{_NAME}|\b{_NAME}-pre-?trained {_NAME}"
    r"|\btransfer-?learned from\b"
    r"|\b(?:obtained|made|created|trained) by fine-?tuning\b|\bfine-?tuning (?:of|the) [\w./-]+"
    r"|\b(?:initiali[sz]ed|distilled|continued|pruned|quanti[sz]ed|warm-started|transferred) (?:\w+"
    r" ){0,2}?from\b|\b(?:derived|adapted) (?:\w+ ){0,2}?from\b(?=[^.]{0,60}\b(?:model|network|weights"
    r"|checkpoint)\b)|\bstart(?:s|ed|ing) from (?:the )?(?:\w+ ){0,4}?(?:weights|checkpoint|model|network)\b"
    r"|\b(?:base|parent|teacher|starting) model (?:is|was|:)|\b(?:is|was) (?:a |an )?(?:\w+ )?(?:retrained"
    r"|re-trained) version of\b|\bbased on the (?:\w+[ /-]){1,4}?(?:model|network|checkpoint|weights)\b"
    r"|\ba fine-?tune of\b|\b(?-i:[A-Z])[\w.-]+ pre-?trained on (?-i:[A-Z])\w+"
    r"|\binitiali[sz]ed (?:with|by|using) (?:the )?(?!random)(?:[\w.-]+ ){1,4}?(?:weights|checkpoint"
    r"|parameters)\b"
    r"|\buses? (?:the )?pre-?trained (?:weights|backbone|encoder|model)\b|\bpre-?trained (?:weights"
    r"|backbone) (?:of|from)\b",
    re.IGNORECASE,
)
_RELATED_KEY = re.compile(
    r"(?:base|parent|teacher|starting) ?model|fine-?tuned from|derived from", re.IGNORECASE
)
_NO_MODEL = re.compile(
    r"\bmodels? of (?:growth|figure|the (?:atom|universe|detector|telescope))\b|\bstandard model\b"
    r"|\bfine-?tun\w+ (?:of )?(?:the |our |all )?(?:\w+ )?(?:hyper-?parameters?|learning rates?|thresholds?"
    r"|settings"
    r"|cuts?|gains?|detectors?)\b|\bevent weights\b|\bweights of (?:the )?(?:events?|jets?|samples?)\b"
    r"|\b(?:working points?|thresholds?|resolutions?|cuts?|gains?|calibrations?) (?:was|were|is|are)"
    r" (?:\w+ )?fine-?tuned\b|\b(?:pictures?|figures?|plots?|diagrams?|texts?) (?:was|were|is|are)"
    r" (?:\w+ )?(?:adapted|derived)\b",
    re.I,
)

_MY_CODE = re.compile(
    r"\b(?:source code|code(?:base)?|implementation|scripts?)\b(?! of conduct| style| review)|\brepository\b"
    r"|\bdeveloped (?:at|in|on)\b",
    re.IGNORECASE,
)
_NAMES_CODE = re.compile(r"\W*(?:git(?:hub|lab)?|(?:source|repo)s?|project(?: page)?)\W*", re.IGNORECASE)
_PROMISED = re.compile(
    r"\b(?:will|shall|soon|planned|to be (?:released|published|uploaded))\b", re.IGNORECASE
)
_OTHERS_CODE = re.compile(
    r"\b(?:similar|compar(?:e[sd]?|ing|ison) (?:with|to)|et al|code from|download scripts?)\b"
    r"|\b(?:thanks?|install(?:ed|ing)?|issues?|report|bugs?|dataset|data repository|depends? on|requires?"
    r"|dependency|third[- ]party|clone of|inspired|template|uses the|their|borrowed|code of conduct|style"
    r"|build(?:ing)? \w+ from|from source|documentation of)\b|\bcode of (?!(?:the|this|our) (?:model|network"
    r"|training|tagger))",
    re.IGNORECASE,
)


_TRAINED_WITH = re.compile(r"\btrained (?:with|using|by)\W{0,3}$", re.IGNORECASE)
_CLONED = re.compile(r"(?:^|\s)git clone (?:-\S+ (?:\w+ )?){0,3}$", re.MULTILINE)


def related_model(document: Document) -> str | None:
    """Return the passage that says from which model this one was made, or that it starts from none."""
    for item in statements(document, "sentence", "pair", "row"):
        if item.kind != "sentence":
            if _RELATED_KEY.fullmatch(item.name) and re.search(r"\w[/-]\w|\w{4}", item.value):
                return item.text
        elif first_asserted(_RELATED, item.text, lambda text, _: not _NO_MODEL.search(text)):
            return item.text
    return None


def repository_told(document: Document, address: re.Pattern[str]) -> Iterator[str]:
    """Yield the sentences that call an address the code of the model; `address` finds repositories."""
    before: Passage | None = None
    for item in statements(document, "sentence", "row"):
        if item.kind == "row" and item.text == f"{item.name}: {item.value}":
            continue  # a cell of a row that was read
        if (hit := address.search(item.raw)) and _is_there(item.raw, hit):
            told = address.sub("", item.text)
            said = f"{before.text if before else ''} {told} {item.heading}"
            named = _NAMES_CODE.fullmatch(told) or _TRAINED_WITH.search(item.raw[: hit.start()])
            if (named or _MY_CODE.search(said)) and not _OTHERS_CODE.search(told):
                yield item.raw
        before = item if item.kind == "sentence" else None
    yield from _cloned(document, address)


def _cloned(document: Document, address: re.Pattern[str]) -> Iterator[str]:
    """Yield the only repository that a document has its reader clone, unless it is called another's."""
    found: dict[str, str] = {}
    before = ""
    for item in statements(document, "sentence", "code"):
        if item.kind == "sentence":
            before = item.text
            continue
        for hit in address.finditer(item.raw):
            line = item.raw[max(0, hit.start() - _LINE) : hit.start()].rpartition("\n")[2]
            if _CLONED.search(line):
                others = _OTHERS_CODE.search(before)
                found[hit[0].removesuffix(".git")] = "" if others else f"{line.strip()} {hit[0]}"
    if len(found) == 1:
        yield from filter(None, found.values())


_LINE = 200  # characters of a command before an address


def _is_there(text: str, hit: re.Match[str]) -> bool:
    """Tell whether the code is at an address today, rather than no longer or one day."""
    before = text[max(0, hit.start() - 80) : hit.start()]
    promised = _PROMISED.search(before)
    return not promised and asserted(text, hit.start(), hit.end(), real=False)
