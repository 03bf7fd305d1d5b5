# SPDX-License-Identifier: MIT
"""Conditions of use in sentences: payment, access, and the licence of trained weights."""

import re
from collections.abc import Iterable, Iterator

from fairreg.assessment.content.claims import asserted, is_blank, is_nothing
from fairreg.assessment.content.grammar import sentences, settings, statements
from fairreg.assessment.evidence import Document

__all__ = ["access_told", "excludes_weights", "grants", "payment", "refuses", "weights_licence_told"]

_MONEY = r"(?:€|\$|£|EUR|USD|GBP|CHF|euros?|dollars?)"
_PAYMENT = re.compile(
    r"\b(?:after|upon|on|against|subject to|following|requires?|requiring|needs?|with|by|for|pay(?:ing)?"
    r"|pays|charge)(?! attention) (?:\w+ ){0,4}?(?:payment|fees?|subscription|purchase|charges?|royalt(?:y"
    r"|ies))\b(?! of"
    r" (?:attention|respect))"
    rf"|\b(?:fees?|charges?|prices?|costs?|priced|subscriptions?|licen[cs]es?)(?: \w+){{0,3}}? (?:of|is|are"
    rf"|at)? ?{_MONEY} ?\d|\b(?:fees?|charges?|prices?|costs?|priced|subscriptions?|pay)(?: \w+){{0,4}}?"
    rf" \d[\d.,]* ?{_MONEY}|\bcosts? (?:about |only )?(?:{_MONEY} ?\d|\d[\d.,]* ?{_MONEY})"
    r"|\b(?:must|has to|have to|needs? to|is to|are to) (?:\w+ )?(?:be (?:paid|purchased|bought)|pay\b"
    r"|purchase|buy\b|subscribe\b)|\b(?:available|accessible|open|given|granted|restricted|limited) (?:\w+"
    r" ){0,4}?(?:for purchase|for sale|to (?:paying|our) (?:subscribers|customers|members|users)|against"
    r" payment|for a fee)\b|\bpaid (?:licen[cs]e|subscription|plan|account|access|membership|service|version"
    r"|tier)\b|\b(?:fees?|charges?) (?:appl(?:y|ies)|(?:is|are) (?:charged|due|payable|required|levied))\b"
    r"|\b(?:a|an|the) (?:\w+ ){0,3}?(?:fee|payment|subscription|charge) (?:\w+ )?(?:is|are) (?:required"
    r"|needed|due|necessary|charged|payable)\b|^(?:purchase|buy|order)\b|^subscribe (?:to (?:get|download"
    r"|use)|for access)\b|\b(?:can|may) (?:only )?be (?:purchased|bought|ordered)\b|\bwe charge\b|\bsold"
    r" (?:by|at|for)\b|\bpayment (?:is )?(?:required|due)\b",
    re.IGNORECASE,
)
_NOT_USERS = re.compile(
    r"\b(?:paid|funded|supported|covered) by\b|\bcost function\b|\bcosts? of (?:the )?(?:training|comput)",
    re.IGNORECASE,
)
# A price that the model is about, rather than one of the files.
_OF_THE_SUBJECT = re.compile(
    r"\b(?:predict|forecast|estimat|regress|simulat|optimi[sz])\w*\b[^.;:]{0,60}\b(?:prices?|costs?|fees?"
    r"|charges?)\b|\b(?:prices?|costs?) (?:of|for) (?!(?:\w+ ){0,2}?(?:access\w*|licen[cs]es?|models?|files?"
    r"|data\w*|weights|downloads?|use|usage|subscriptions?|cop(?:y|ies)|archives?|requests?|it|them)\b)",
    re.IGNORECASE,
)
_OF_PHYSICS = re.compile(
    r"\b(?:electric(?:al)?|electron|particle|track|lepton|muon|jet|total|net|fractional|colou?r|space|opposite"
    r"|positive|negative|same|unit|measured|absolute|deposited|nuclear|integer|elementary|detector)"
    r" charges?$|\bcharges? (?:of|and) (?:the )?(?:\w+ )?(?:particles?|tracks?|jets?|leptons?|electrons?)$",
    re.IGNORECASE,
)
_FREE = re.compile(
    r"\b(?:free of charge|for free|free|no (?:cost|fee|charge)|without (?:cost|charge"
    r"|fee))\b[^.;]{0,40}\b(?:academi\w+|research\w*|non-?commercial|universit\w+|scien\w+|students?"
    r"|everyone|everybody|all users)\b|\b(?:academi\w+|research\w*|non-?commercial|universit\w+"
    r"|scien\w+|students?)\b[^.;,]{0,40}\b(?:free of charge|for free|free|no (?:cost|fee|charge))\b",
    re.IGNORECASE,
)
_FREE_ACCESS = re.compile(r"\b(?:is|are) (?:free of charge|free)\b", re.IGNORECASE)
_BUSINESS = re.compile(r"\b(?:compan(?:y|ies)|commercial|industr\w+|for-profit|business\w*)\b", re.IGNORECASE)

_OBJECT = (
    r"(?:models?|weights|checkpoints?|networks?|files?|records?|archives?|repositor(?:y|ies)|releases?"
    r"|taggers?|code|parameters|software|they|it|this|these|everything)"
)
_OF_DATA = _OBJECT.replace("(?:models?", "(?:data|datasets?|samples?|events|models?", 1)
_ACCESS_TEXT = (
    rf"\b{_OBJECT}\b(?:\W+[\w/-]+){{0,6}}?\W+(?:(?:publicly|freely|openly)(?: \w+)? (?:available|accessible"
    r"|downloadable)|open(?:ly)? access(?! modifiers)|downloaded (?:freely|by (?:any|every))|free to"
    r" download|public(?=\W*$)|available (?:only )?(?:up)?on (?:\w+ )?request|(?:is|are|remains?|stays?"
    r"|kept)\W+(?:\w+\W+)?(?:restricted|confidential|closed)(?=\W|$)(?! to (?!members))|under (?:an"
    r" )?embargo|embargoed|gated(?! (?:recurrent|unit|linear|graph|convol|attention|residual)))|\baccess to"
    r" (?:the |our |this |these )?(?:\w+ ){0,3}?(?:models?|weights|files?|checkpoints?|network"
    r"|record)\b(?:\W+\w+){0,5}?\W+(?:restricted|limited|granted|open|free|request\w*|public|given|needs"
    r"|requires|controlled)\b|\b(?:request|apply for|ask for) access\b(?! to\b)|\baccess (?:is |remains"
    r" )(?:restricted|public|embargoed|granted (?:up)?on)\b|\b(?:request|apply for|ask for) access to (?:the"
    r" |our |this )?(?:\w+ ){0,2}?(?:models?|weights|files?|checkpoints?|repository|network)\b"
    r"|\bembargo(?:ed)? (?:until|till|ends|period|of)\b|\bunder embargo\b|\bgated (?:model|repository"
    r"|access)\b|\bopen[- ]access (?:model|record|weights|network|repository)\b|\b(?:publicly|freely|openly)"
    r" available (?:model|weights|network|checkpoint|tagger)s?\b"
    r"|\b(?:any(?:one|body)|every(?:one|body)|nobody|(?:only )?(?:members|registered users|users with \w+)"
    r"(?: of (?:\w+ ){1,5}?\w+)?) (?:can|may|is allowed to|are allowed to|have to|has to|is able to)"
    rf" (?:\w+ )?(?:download|access|get|obtain|fetch) (?:the |our |this |these )?(?:\w+ ){{0,2}}?{_OBJECT}\b"
    r"|^\W*access(?: (?:level|rights?|conditions?))?\s?[:=]\s?(?:open|public|restricted|closed|embargo\w*"
    r"|gated|controlled|(?:up)?on request|by request)\b"
)
_ACCESS = re.compile(_ACCESS_TEXT, re.IGNORECASE)
_ACCESS_TO_DATA = re.compile(_ACCESS_TEXT.replace(_OBJECT, _OF_DATA), re.IGNORECASE)
_PROMISED = re.compile(r"\b(?:will|would|should|soon|planned|plans?|hopes?|once|if|future)\b", re.IGNORECASE)
_OF_OTHERS = re.compile(
    r"\b(?:publicly|freely|openly) available (?:data|sample|tool|librar|package|software)|\b(?:data"
    r"|datasets?|samples?|papers?|articles?|library|libraries|buildings?|courses?|journal)\b",
    re.IGNORECASE,
)

_WEIGHTS = (
    r"(?:(?:(?:pre-?)?trained|model|network|neural|our|published|released|onnx|these|all|the)"
    r" ){0,5}(?:weights|checkpoints?|models?(?: files?| weights| parameters)?|networks?|parameters|weight"
    r" files?)"
)
_SPDX = (
    r"(?:the |an? |its )?(?:(?:MIT|ISC|Expat)(?![\w/])|Apache(?:[- ]?(?:License)?,?[- ]?(?:v|version"
    r" )?2(?:\.0)?)?|(?:L|A)?GPL[\w.+-]*|GNU [\w ]{0,30}|(?:[23]-clause )?BSD[\w-]*|CC[- ]?(?:BY"
    r"|0)[\w. -]{0,14}|CC0|Creative Commons[\w .-]{0,30}|MPL[\w. -]{0,5}|EUPL[\w. -]{0,5}"
    r"|(?:open)?rail[\w-]*|public domain|Unlicen[cs]e|Llama \w+ Community|BSL[\w.-]*)"
)
_SOME = r"(?:the |an? |this |its |their |that )?(?:[\w.-]+ ){0,4}?licen[cs]e"
_GRANTED = (
    r"(?:licen[cs]ed|released|distributed|made available|available|published|provided|shared|covered|offered"
    r"|given|placed|put|free|open|is|are|was|were|comes?|falls?|too|as well|also|both|all|under|by)"
)
_COVERS = re.compile(
    rf"\b{_WEIGHTS}\b(?:\W+[\w-]+){{0,10}}?\W+{_GRANTED} (?:\w+ )?(?:under|by|with|in|into)\W+(?:(?:the"
    rf" )?terms of )?(?:{_SPDX}|{_SOME})\b|\b{_WEIGHTS} (?:\w+ ){{0,6}}?(?:is|are)(?: also| all| both|"
    rf" released)? (?:under )?(?:{_SPDX})(?:[ -]licen[cs]ed)?"
    r"(?=\W*$|[,.;]| (?:too|as|like|and|licen[cs]ed))"
    rf"|\b{_WEIGHTS} (?:\w+ ){{0,4}}?under (?:the terms of )?{_SPDX}|^\W*{_WEIGHTS}\s?:\s?{_SPDX}"
    rf"|\blicen[cs]ed? (?:\w+ ){{0,6}}?(?:covers?|appl(?:y|ies)"
    rf"|extends?|holds?|includes?|governs?|valid|cover(?:s|ing))(?:\W+[\w-]+){{0,8}}?\W+{_WEIGHTS}\b|\bwe"
    rf" (?:license|release|publish|distribute|share) (?:\w+ ){{0,6}}?{_WEIGHTS}(?:\W+[\w-]+){{0,6}}? under"
    rf" (?:{_SPDX}|{_SOME})\b",
    re.IGNORECASE,
)
# "base models", "the teacher": the licence of somebody else's weights.
_UPSTREAM = re.compile(
    r"\b(?:base|upstream|original|parent|teacher|foundation|third[- ]party|competing|their|his|her|backbone"
    r"|starting|pytorch|torchvision)\W+(?:\w+ )?$",
    re.IGNORECASE,
)
_NO_GRANT = re.compile(r"\b(?:under|with) no\b|\bwithout (?:a |any )?licen[cs]e", re.IGNORECASE)
_EXCLUDES = re.compile(
    rf"\blicen[cs]e (?:\w+ ){{0,6}}?(?:does not|doesn['’]t|do not|don['’]t)(?: \w+)? (?:cover|apply|extend"
    rf"|hold|include)(?:\W+[\w-]+){{0,6}}?\W+{_WEIGHTS}\b|\b{_WEIGHTS} (?:is|are) (?:not|n['’]t) (?:covered"
    rf"|licen[cs]ed|included|part of)\b|\blicen[cs]e (?:\w+ ){{0,4}}?(?:covers?|applies to|holds for|is"
    rf" for)(?: \w+){{0,3}} code(?: only)?,? (?:but )?not (?:to |for )?(?:the )?{_WEIGHTS}\b",
    re.IGNORECASE,
)
# Behind "may not use it": no condition follows under which it is allowed.
_WHOLE = r"(?: (?:it|them|this|the \w+|any of it|at all))*(?=\W*$|[.;])"
_NO_LICENCE = re.compile(
    r"\ball rights (?:are )?reserved\b|\bno licen[cs]e\b|\bnot (?:yet )?licen[cs]ed\b|\bunlicen[cs]ed\b(?!"
    r" under)|\bproprietary\b|\b(?:forbid\w*|prohibit\w*|disallow\w*) (?:any|all|every) (?:re-?)?use\b"
    r"|\bnobody may\b|\b(?:to be|not) (?:decided|determined|announced|chosen|specified|negotiated|agreed)\b"
    r"|\blicen[cs]e (?:pending|unknown)\b|\bunknown licen[cs]e\b|\bnot?[ _-]?(?:specified|assertion)\b"
    r"|\bno (?:re-?)?(?:use|distribution|rights?|permissions?)\b(?! (?:for|without|beyond|except))"
    r"|\b(?:may|must|can|shall|do) ?not (?:be )?(?:re-?)?(?:used?|shared?|copy|copied|reproduced?"
    rf"|distributed?)\b{_WHOLE}"
    rf"|\bnot for (?:re-?)?(?:use|distribution|sharing|public use|release)\b{_WHOLE}"
    rf"|\b(?:use|reuse|redistribution|any use) (?:is |are )?(?:not (?:permitted|allowed|granted)|forbidden"
    rf"|prohibited)\b{_WHOLE}|^\W*(?:is |strictly )?(?:proprietary|closed|confidential|secret|internal"
    r"|private|copyrighted|restricted)\W*(?:source|licen[cs]e|software|use(?: only)?|property)?\W*$",
    re.IGNORECASE,
)
_NONE = re.compile(r"\W*(?:none|no)\W*", re.IGNORECASE)
_LICENCE_HEADING = re.compile(r"\W*(?:licen[cs]e|licensing|terms of use|copyright)\b", re.IGNORECASE)
_NAMED_LICENCE = re.compile(rf"\b{_SPDX}")
_THE_WEIGHTS = re.compile(rf"\b{_WEIGHTS}\b", re.IGNORECASE)
_LICENCE_KEY = re.compile(
    r"(?:(?:model|trained|network) )?(?:weights?|model|checkpoints?) licen[cs]e"
    r"|licen[cs]e \(?(?:(?:of|for) )?(?:the )?(?:(?:model|trained|network) )?(?:weights?|model"
    r"|checkpoints?)\)?",
    re.IGNORECASE,
)
_OF_COMPETITORS = re.compile(
    r"\bof (?:\w+ ){0,2}?(?:competitors?|others|rivals?|third parties|other (?:groups?|authors?"
    r"|experiments?))\b",
    re.IGNORECASE,
)


def grants(stated: str) -> bool:
    """Tell whether the free text of a licence field is one; "none", "unknown" and reserved rights are not."""
    return not is_blank(stated) and not _NO_LICENCE.search(stated)


def refuses(stated: str) -> bool:
    """Tell whether the free text of a licence field denies a licence: "none", "all rights reserved"."""
    return bool(_NONE.fullmatch(stated) or _NO_LICENCE.search(stated))


def payment(conditions: str | None) -> str | None:
    """Return the sentence by which users must pay, None where nobody must or scientists need not."""
    told = sentences(conditions)
    if any(_FREE.search(item) for item in told):
        return None
    if any(_FREE_ACCESS.search(item) for item in told):
        told = tuple(item for item in told if not _BUSINESS.search(item))
    for item in told:
        for hit in _PAYMENT.finditer(item):
            clause = max(item.rfind(mark, 0, hit.start()) for mark in ";:") + 1
            if _OF_PHYSICS.search(hit[0]) or _OF_THE_SUBJECT.search(item, clause, hit.end()):
                continue
            if asserted(item, hit.start(), hit.end(), real=False, lists=True) and not _NOT_USERS.search(item):
                return item
    return None


def access_told(texts: Iterable[str], *, of_data: bool = False) -> str | None:
    """Return the first sentence that says who may have the model, or the data where they are asked about."""
    for item in texts:
        for hit in (_ACCESS_TO_DATA if of_data else _ACCESS).finditer(item):
            about = " ".join((hit[0], *item[hit.end() :].split()[:1]))
            if _is_granted(item, hit) and (of_data or not _OF_OTHERS.search(about)):
                return item
    return None


def weights_licence_told(document: Document) -> str | None:
    """Return the passage in which a document says which licence covers the weights."""
    for item in settings(document):
        of_licence = _LICENCE_KEY.fullmatch(item.name.replace("_", " ")) and not is_nothing(item.value)
        if of_licence and grants(item.value):
            return item.text
        if _THE_WEIGHTS.match(item.name) and _NAMED_LICENCE.match(item.value):
            return item.text
        if _LICENCE_HEADING.match(item.name) and _NAMED_LICENCE.match(item.value) and _of_weights(item.text):
            return item.text
    return next(_hits(document, _COVERS), None) or _below_a_heading(document)


def _below_a_heading(document: Document) -> str | None:
    """Return "MIT, for code and weights" of a section on the licence."""
    for item in statements(document):
        named = _NAMED_LICENCE.search(item.text) if _LICENCE_HEADING.match(item.heading) else None
        if named and _of_weights(item.text):
            return item.text
    return None


def _of_weights(text: str) -> bool:
    weights = _THE_WEIGHTS.search(text)
    return weights is not None and asserted(text, weights.start(), weights.end(), real=False)


def excludes_weights(document: Document) -> str | None:
    """Return the sentence that takes the weights out of the licence."""
    for item in statements(document):
        if _EXCLUDES.search(item.text) and "?" not in item.text[-3:]:
            return item.text
    return None


def _hits(document: Document, pattern: re.Pattern[str]) -> Iterator[str]:
    for item in statements(document):
        for hit in pattern.finditer(item.text):
            upstream = (
                _NO_GRANT.search(hit[0])
                or _OF_COMPETITORS.search(hit[0])
                or _UPSTREAM.search(item.text, max(0, hit.start() - 60), hit.start())
                or not grants(item.text[hit.start() :])
            )
            if _is_granted(item.text, hit) and not upstream:
                yield item.text


def _is_granted(text: str, hit: re.Match[str]) -> bool:
    """Tell whether it holds today: "you may use it under" does, "it will be released" does not."""
    promised = _PROMISED.search(text, max(0, hit.start() - 40), hit.end())
    return not promised and asserted(text, hit.start(), hit.end(), real=False)
