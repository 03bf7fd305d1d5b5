# SPDX-License-Identifier: MIT
"""Assertion in a sentence and below a heading: what the author states, or denies, asks, plans or quotes.

Rules of thumb over clauses in English, for one sentence or heading at a time. A word of a heading counts
where it stands beside what it denies: "settings that were not used" denies settings, "Never miss a top" names
a tagger.
"""

import re
from functools import lru_cache

__all__ = [
    "asserted",
    "denies_code",
    "denies_data",
    "is_blank",
    "is_comparison",
    "is_elsewhere",
    "is_no_answer",
    "is_nothing",
    "is_on_others",
    "is_question",
    "is_to_fill_in",
    "names_baselines",
]

_BREAK = re.compile(
    r"[;:—–]|\s(?:but|whereas|however|although|though|instead,)\s|,\s+(?:while|which|who|and (?:we|it|they"
    r"|was|were|is|are|then|the|has|have))\b",
    re.IGNORECASE,
)
# A clause or phrase before the main clause, which has a sense of its own.
_FRONTED = re.compile(
    r"\W*(?:(?P<open>if|unless|when|where|once|as)|(?P<against>compared (?:with|to)"
    r"|in (?:contrast|comparison) (?:with|to)|contrary to|unlike|instead of|rather than)|because|since"
    r"|although|though|even though|while"
    r"|whereas|(?:in order )?to(?! (?:the|an?|our|this|date)\b)|for (?:[\w-]+ ){1,6}?(?:that|which|who))"
    r"\s[^,;:]{1,200}(?:,\s(?:which|who|whose|where)\b[^,;:]{1,200})*,\s(?!(?:which|who|whose|where)\b)",
    re.IGNORECASE,
)
_OURS = re.compile(
    r"\b(?:ours|(?:our|this|the (?:present|proposed)) (?:model|network|tagger|classifier|work))\b",
    re.IGNORECASE,
)
_MODAL = re.compile(r"\b(?:would|could|might)\b", re.IGNORECASE)
_NOTED = (
    r"(?:not(?:ed|e)|stress(?:ed)?|mention(?:ed)?|emphasi[sz]ed?|point(?:ed)? out|remark(?:ed)?|add(?:ed)?)"
)
# Phrases whose words deny or promise nothing.
_IDIOM = re.compile(
    r"\bnot only\b|\bno(?:t)? (?:more|less|fewer|later|earlier) than\b|\bwhether or not\b"
    r"|\b(?:not|un) ?surprisingly\b|\bneedless to say\b|\bnot to mention\b|\b(?:no|without) doubt\b"
    rf"|\b(?:should|must|may|might|can|could|shall) (?:also )?be (?:{_NOTED}|shown that|seen that)\b"
    rf"|\bplease (?:note|see|refer|cite)\b|\b(?:we|I) (?:would like|want|wish) to (?:\w+ly )?{_NOTED}\b"
    r"|\bas (?:one )?(?:would|might|could|can|may|should)(?: be)? (?:expect|guess|see|imagine|anticipate)\w*"
    r"|\b(?:if|unless) (?:not )?(?:otherwise )?(?:stated|noted|specified|mentioned|indicated)"
    r"(?: otherwise)?\b|\b(?:model|network|tagger|classifier|algorithm|it) can (?!be\b)"
    r"|(?-i:\bFor (?:example|instance),)"
    # "jets and their constituents": the jets of this sentence, no other authors
    r"|\b(?!authors|groups|teams|others|colleagues|competitors|collaborations)[a-z]{1,30}s"
    r" (?:and|or|with|from|by|in|of|to|using|via) their\b",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"\b(?:not|never|neither|nor|cannot|fail(?:s|ed)? to|instead of|rather than|unlike|unknown|avoid\w*"
    r"|refus\w+|no longer|previously|formerly|(?<!zero )(?<!cc0 )waiv\w+|exempt\w*)\b|n['’]t\b",
    re.IGNORECASE,
)
_WITHOUT = re.compile(
    r"\b(?:no|without|free (?:of|from)|none|lacks?|lacking|except(?: for)?)\b", re.IGNORECASE
)
_DENIED_AFTER = re.compile(
    r"(?:\s+(?!and\b|but\b|or\b|which\b|that\b|while\b)[\w%./()=+-]+){0,5}?\s+(?:(?:is|was|were|are|did|does"
    r"|do|has|have|had|could|can|would|should|will)(?:\s+not\b|n['’]t\b)|cannot\b|is unknown\b|are unknown\b"
    r"|was lost\b|were lost\b|(?:is|are|was|were) (?:waived|missing|unclear))",
    re.IGNORECASE,
)
_UNREAL = re.compile(
    r"(?i:\b(?:will|would|should|could|might|can|shall|to be|if|unless|plan(?:s|ned|ning)?|going to|hopes?"
    r"|hoping|hopefully|ideally|aims?|aimed|goals?|targets?|suppos\w+|imagine|for example|for instance"
    r"|such as|let['’]?s|let us|try|trying|in (?:the )?future|soon|recommend\w*|suggest\w*|wish|want"
    r"|wanted|please"
    r"|need(?:s)? to|have to|must)\b|\be\. ?g\.)|\bmay\b"  # May is a month
)
# An order to the reader, or a purpose, at the beginning of a clause: "Use Adam", "To reach an AUC of 0.9".
_ORDER = re.compile(
    r"\W*(?:(?:for (?:example|instance)|then|first|now|next|please|just|simply|e\.g\.),? ){0,3}(?:use|choose"
    r"|try|take|pick|select|consider|assume|suppose|imagine"
    r"|(?:re-?)?(?:train|fit|fine-?tune) (?:it|them|your|an?))\b(?! (?:of|cases?)\b|:)",
    re.IGNORECASE,
)
_PURPOSE = re.compile(r"\W*(?:in order )?to (?!the\b|an?\b|our\b|this\b|date\b)[a-z]+\b[^,]*$", re.IGNORECASE)
_FINITE = re.compile(r"\b(?:we|I|is|was|were|are|has|have|had|used|uses)\b", re.IGNORECASE)
# What a number means, rather than what was measured.
_GENERIC = re.compile(r"\W*an? (?:perfect|ideal|hypothetical|random|trivial)\b", re.IGNORECASE)
_MEANS = re.compile(r"\s+(?:would |simply |just )?means?\b", re.IGNORECASE)
_ARTICLE = re.compile(r"\W*an?\s*", re.IGNORECASE)
_OTHERS = re.compile(
    r"\bet al\b|\bthe(?:y|ir|irs)\b|\bcompet\w+\b|\b(?:previous|earlier|older|old|other|another) (?:\w+"
    r" )?(?:work|version|model|network|paper|tagger|release)s?\b|\bthe authors of\b"
    r"|\bothers (?:report|claim|find|found|reach|obtain|quote|show|state)\w*\b|\btheir own\b",
    re.IGNORECASE,
)
_BLANK = re.compile(
    r"\W*(?:(?:none|no|n/?a|not (?:applicable|available|yet|known|stated|specified|recorded|documented)"
    r"|unknown|unspecified|undefined|null|nil|todo|tbd|fixme|xxx|to be (?:\w+ ?){1,3}|coming soon|pending"
    r"|missing|false|more information needed|fill (?:me )?in|your .*|insert .*|\?+|-+|\.{3}|…|<.*>|\[.*\]"
    r"|\{.*\})\W*)?",
    re.IGNORECASE,
)
_EVASIVE = re.compile(r"\W*(?:see|ask|contact|various|secret|confidential|default)\b(?: .*)?", re.IGNORECASE)
# A passage that only says what would have to be said, or that there is nothing to be said.
_NO_ANSWER = re.compile(
    r"\bin this section\b|\bthis section (?:should|must|describes|lists)\b|\bauthors? (?:should |must"
    r" )?describe\b"
    r"|\bno (?:answer|statement|information|description) (?:is|was|has been|can be) \w+"
    r"|\bnot (?:yet )?(?:thought about|decided|written|filled in)\b|\bto be (?:written|filled in|completed)\b"
    r"|\b(?:has|have|are|with) no (?:known )?(?:limit\w*|bias\w*|risks?|weakness\w*)(?: at all)?(?=[.,;]|$)"
    r"|\bnever fails?\b",
    re.IGNORECASE,
)
# Words by their place in the text are not the author's statement on this model.
_ELSEWHERE = re.compile(
    r"(?:references|bibliography|related work|literature|acknowledge?ments?|thanks|authors?|contributors?"
    r"|change ?log|release notes|history|jobs?|vacanc(?:y|ies)|positions?|to ?do|roadmap|future work|plans?"
    r"|contact|news|table of contents|contents|check ?list|rubric|fair check ?list|template)\W*$",
    re.IGNORECASE,
)
# A question is nobody's statement; a question as a heading has its answer below it.
_QUESTIONS = re.compile(r"(?:faqs?|(?:frequently asked )?questions(?: and answers)?)\W*$", re.IGNORECASE)
_SETTINGS = (
    r"(?:train\w*|settings?|values?|hyper\w*|parameters?|config\w*|versions?|results?|evaluations?|runs?"
    r"|experiments?|inputs?|features?|outputs?|file|optimi[sz]\w*|licen[cs]es?)\b"
)
_PAST_WORK = r"(?:previous|prior|earlier|related|former) (?:work|stud(?:y|ies)|authors?)"
# Headings of what is another's or to be filled in, also where they are the title of all others.
_OF_OTHERS = re.compile(
    r"\b(?:not|than) our(?:s|(?: own)? (?:model|network|tagger))\b|\b(?:of|by|from) (?:the )?others\b"
    r"|\b(?:of|by) other (?:models?|networks?|taggers?|methods?)\b"
    r"|\bother (?:authors?|groups?|people|teams?|works?|papers?)\b|\b(?:of|by|from|with) (?:the |an? |our )?"
    rf"(?:competing|competitors?|rivals?|someone|somebody)\b|\b{_SETTINGS} (?:of|from|in|by) {_PAST_WORK}\b"
    r"|\b(?:from|in|of) (?:the )?literature\b|^[\W\d]*(?:literature (?:values?|results?)|what others)\b"
    rf"|^[\W\d]*(?:planned|future|proposed|upcoming|next) {_SETTINGS}",
    re.IGNORECASE,
)
_TO_FILL_IN = re.compile(
    r"\breplace (?:by|with|this|these|them|it|all)\b|\(replace\b|\byour (?:own )?values\b"
    r"|\bfill (?:this )?in\b|\bplaceholders?\b|^[\W\d]*template (?:of|for)\b",
    re.IGNORECASE,
)
# Such words below the title of a document are said of a section; in the title they are part of a name.
_ON_OTHERS = re.compile(
    rf"\b(?:competing|competitors?|rivals?(?! of)|someone|somebody)\b|\b{_PAST_WORK}\b", re.IGNORECASE
)
# Not done yet, an example, or denied: no data of this model below them.
_DENYING = (
    r"(?:planned|plans? for|to be|will|would|should|draft|upcoming|not(?! (?:only|just|including))|never"
    r"|no|unknown|unused|obsolete"
    r"|deprecated|outdated|discarded|rejected|abandoned|formerly|\w{1,9}n['’]t)"
)
_NO_DATA = re.compile(
    rf"\bbaselines?(?: of\b| from\b| {_SETTINGS})|\balternative {_SETTINGS}"
    rf"|\bexamples?(?:\W*$|\W+{_SETTINGS})|^[\W\d]*(?:for )?examples?\b(?! model)|\((?:an )?example"
    rf"|\b(?:template|dummy|sample|suggested|proposed|expected) {_SETTINGS}"
    rf"|\b{_DENYING} (?:[\w'’-]{{1,30}} ){{0,3}}{_SETTINGS}"
    rf"|\b{_SETTINGS}(?:\W{{1,3}}+\w[\w'’-]{{0,29}}+){{0,4}}\W{{1,3}}+{_DENYING}\b",
    re.IGNORECASE,
)
_BASELINES = re.compile(r"\bbaselines?\W*$", re.IGNORECASE)
# An example is how a program is shown; one that does not run, or not yet, shows nothing.
_NO_CODE = re.compile(
    r"\bno longer\b|\b(?:deprecated|obsolete|outdated|broken|planned|upcoming|coming soon|not (?:yet|working"
    r"|implemented|supported))\b|\b(?:does|do|did)(?: not|n['’]t) work\b"
    r"|^[\W\d]*(?:do not|don['’]t|never) (?:run|use|do)\b",
    re.IGNORECASE,
)
# A comparison may give results of this model, but its settings are those of several.
_COMPARED = re.compile(
    r"\bother (?:models?|networks?|taggers?)\b|\bcomparisons? (?:with|to)\b|\breference model\b",
    re.IGNORECASE,
)
_QUOTES = (("“", "”"), ("«", "»"), ("„", "“"))
_NEAR = 400  # characters on both sides that can change the sense
_LONGEST_HEADING = 1500  # characters that are read
_SHORT_QUOTE = 3  # words: a name in quotation marks is no quotation


def asserted(sentence: str, start: int, end: int, *, real: bool = True, lists: bool = False) -> bool:
    """Tell whether the words from `start` to `end` are stated as true of this model.

    `real=False` lets "can", "must" and "if" pass. With `lists=True` a "no" holds beyond a comma: "no fee,
    payment or subscription".
    """
    asked = "?" in sentence[-3:]
    first = max(0, start - _NEAR)
    sentence, start, end = sentence[first : end + _NEAR], start - first, end - first
    if asked or _is_quoted(sentence, start, end):
        return False
    breaks = [found.end() for found in _BREAK.finditer(sentence, 0, start)]
    begins = breaks[-1] if breaks else 0
    stop = _BREAK.search(sentence, end)
    after = sentence[end : stop.start() if stop else len(sentence)]
    fronted = _FRONTED.match(sentence, begins, start)
    if fronted and _decides(fronted, after):
        return False
    begins = fronted.end() if fronted and not _attributes(fronted) else begins
    before, inside = _IDIOM.sub(" ", sentence[begins:start]), _IDIOM.sub(" ", sentence[start:end])
    narrow = before if lists else before.rpartition(",")[2]
    if _NOT.search(f"{before} | {inside}") or _WITHOUT.search(narrow) or _DENIED_AFTER.match(after):
        return False
    if real and not breaks and _is_advice(sentence[begins:start], sentence[start:end], after):
        return False
    return not (real and (_UNREAL.search(f"{before} | {inside}") or _OTHERS.search(before)))


def _decides(fronted: re.Match[str], after: str) -> bool:
    """Tell whether a fronted clause makes the main clause one on others, or unreal."""
    against = fronted["against"] and _OURS.search(fronted[0])
    return bool(against or (fronted["open"] and _MODAL.search(after)))


def _attributes(fronted: re.Match[str]) -> bool:
    """Tell whether a fronted clause names those to whom the main clause belongs: "As they claim, ..."."""
    return bool(fronted["open"] and _OTHERS.search(_IDIOM.sub(" ", fronted[0])))


def _is_advice(before: str, inside: str, after: str) -> bool:
    """Tell whether a clause gives an order or a purpose, or explains what a number means."""
    if _ORDER.match(before + inside) or _GENERIC.match(before):
        return True
    if _PURPOSE.match(before) and not _FINITE.search(before):
        return True
    return bool(_ARTICLE.fullmatch(before) and _MEANS.match(after))


def is_blank(value: str) -> bool:
    """Tell whether a value is empty or a placeholder such as "TBD" or "unknown"."""
    return bool(_BLANK.fullmatch(value.strip()[:_NEAR]))


def is_nothing(value: str) -> bool:
    """Tell whether the value of a setting says nothing: a placeholder, or "see the paper".

    >>> is_nothing("ask us"), is_nothing("0.001")
    (True, False)
    """
    return is_blank(value) or bool(_EVASIVE.fullmatch(value.strip()[:_NEAR]))


def is_no_answer(text: str) -> bool:
    """Tell whether a passage repeats the question, puts the answer off, or denies that there is one."""
    return _NO_ANSWER.search(text) is not None


def _is_quoted(sentence: str, start: int, end: int) -> bool:
    before, after = sentence[:start], sentence[end:]
    for opening, closing in _QUOTES:
        if before.rfind(opening) > before.rfind(closing) and closing in after:
            return _is_long(sentence, before.rfind(opening) + 1, end + after.find(closing))
    if before.count('"') % 2 and '"' in after:
        return _is_long(sentence, before.rfind('"') + 1, end + after.find('"'))
    return False


def _is_long(sentence: str, start: int, end: int) -> bool:
    return len(sentence[start:end].split()) > _SHORT_QUOTE


@lru_cache(maxsize=1024)
def is_elsewhere(heading: str) -> bool:
    """Tell whether nothing below a heading is a statement on the model: "References", "Work of others"."""
    return bool(_ELSEWHERE.match(heading) or _OF_OTHERS.search(heading[:_LONGEST_HEADING]))


@lru_cache(maxsize=1024)
def is_on_others(heading: str) -> bool:
    """Tell whether a heading below the title announces the work of others."""
    return bool(_ON_OTHERS.search(heading[:_LONGEST_HEADING]))


@lru_cache(maxsize=1024)
def names_baselines(heading: str) -> bool:
    """Tell whether the data below a heading are of baselines; as a title it names the models themselves."""
    return bool(_BASELINES.search(heading[:_LONGEST_HEADING]))


@lru_cache(maxsize=1024)
def is_question(heading: str) -> bool:
    """Tell whether a heading announces questions, which have their answers below headings of their own."""
    return bool(_QUESTIONS.match(heading))


@lru_cache(maxsize=1024)
def is_to_fill_in(heading: str) -> bool:
    """Tell whether data and code below a heading are a form for the reader."""
    return bool(_TO_FILL_IN.search(heading[:_LONGEST_HEADING]))


@lru_cache(maxsize=1024)
def denies_data(heading: str) -> bool:
    """Tell whether the data below a heading are an example, a plan or denied."""
    return bool(_NO_DATA.search(heading[:_LONGEST_HEADING]))


@lru_cache(maxsize=1024)
def denies_code(heading: str) -> bool:
    """Tell whether a heading says that the code below it does not run, or not yet."""
    return bool(_NO_CODE.search(heading[:_LONGEST_HEADING]))


@lru_cache(maxsize=1024)
def is_comparison(heading: str) -> bool:
    """Tell whether a heading compares with other models, so that it has the settings of several."""
    return bool(_COMPARED.search(heading[:_LONGEST_HEADING]))
