# SPDX-License-Identifier: MIT
"""Headings of a document: whether what stands below them is said of its model.

A word counts where it stands beside what it denies: "settings that were not used" denies settings, "Never
miss a top" names a tagger.
"""

import re
from functools import lru_cache

__all__ = [
    "denies_code",
    "denies_data",
    "is_comparison",
    "is_elsewhere",
    "is_on_others",
    "is_question",
    "is_to_fill_in",
]

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
    rf"\bbaselines?(?: of\b| from\b| {_SETTINGS}|\W*$)|\balternative {_SETTINGS}"
    rf"|\bexamples?(?:\W*$|\W+{_SETTINGS})|^[\W\d]*(?:for )?examples?\b(?! model)|\((?:an )?example"
    rf"|\b(?:template|dummy|sample|suggested|proposed|expected) {_SETTINGS}"
    rf"|\b{_DENYING} (?:[\w'’-]{{1,30}} ){{0,3}}{_SETTINGS}"
    rf"|\b{_SETTINGS}(?:\W{{1,3}}+\w[\w'’-]{{0,29}}+){{0,4}}\W{{1,3}}+{_DENYING}\b",
    re.IGNORECASE,
)
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

_LONGEST = 1500  # characters of a heading that are read


@lru_cache(maxsize=1024)
def is_elsewhere(heading: str) -> bool:
    """Tell whether nothing below a heading is a statement on the model: "References", "Work of others"."""
    return bool(_ELSEWHERE.match(heading) or _OF_OTHERS.search(heading[:_LONGEST]))


@lru_cache(maxsize=1024)
def is_on_others(heading: str) -> bool:
    """Tell whether a heading below the title announces the work of others."""
    return bool(_ON_OTHERS.search(heading[:_LONGEST]))


@lru_cache(maxsize=1024)
def is_question(heading: str) -> bool:
    """Tell whether a heading announces questions, which have their answers below headings of their own."""
    return bool(_QUESTIONS.match(heading))


@lru_cache(maxsize=1024)
def is_to_fill_in(heading: str) -> bool:
    """Tell whether data and code below a heading are a form for the reader."""
    return bool(_TO_FILL_IN.search(heading[:_LONGEST]))


@lru_cache(maxsize=1024)
def denies_data(heading: str) -> bool:
    """Tell whether the data below a heading are an example, a plan or denied."""
    return bool(_NO_DATA.search(heading[:_LONGEST]))


@lru_cache(maxsize=1024)
def denies_code(heading: str) -> bool:
    """Tell whether a heading says that the code below it does not run, or not yet."""
    return bool(_NO_CODE.search(heading[:_LONGEST]))


@lru_cache(maxsize=1024)
def is_comparison(heading: str) -> bool:
    """Tell whether a heading compares with other models, so that it has the settings of several."""
    return bool(_COMPARED.search(heading[:_LONGEST]))
