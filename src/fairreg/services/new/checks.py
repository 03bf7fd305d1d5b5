# SPDX-License-Identifier: MIT
"""Answers in one spelling each, checked by the readers of identifiers and licences that the package has.

The template's own validators, which Copier asks too, come after these.
"""

import keyword
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any

from fairreg.errors import UsageError
from fairreg.schemas.identifiers import normalise_doi, normalise_orcid, parse
from fairreg.schemas.datacite_terms import rors
from fairreg.schemas.licenses import is_listed, spdx
from fairreg.schemas.text import clean, one_line
from fairreg.services.new.template import Answers, Question, refusal

__all__ = ["TEXTS_OF", "checked"]

# Licences whose texts the template has.
TEXTS_OF = ("MIT", "BSD-3-Clause", "Apache-2.0", "GPL-3.0-or-later", "MPL-2.0", "CC-BY-4.0", "CC0-1.0")
_ROR_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_AUTHOR_KEYS = ("name", "family", "given", "orcid", "affiliation", "ror")
_MOST_AUTHORS = 5000


def checked(question: Question, answer: Any, known: Answers) -> Any:
    """Return an answer as the template takes it; `known` are the earlier ones. UsageError says what is wrong.

    An empty answer means that nothing is known.
    """
    try:
        found = _normal(question, answer)
    except UsageError as error:
        raise UsageError(f"{question.name}: {error.message}", hint=error.hint or question.help) from error
    fault = refusal(question, {**known, question.name: found})
    if fault is None and question.choices and found not in question.choices:
        fault = f"{found} is not one of {', '.join(question.choices)}."
    if fault is not None:
        raise UsageError(f"{question.name}: {fault}", hint=question.help)
    return found


def _normal(question: Question, answer: Any) -> Any:
    if question.type == "yaml":
        return _LISTS[question.name](answer or [])
    if answer is None:
        return ""
    if isinstance(answer, list | tuple) and question.name == "keywords":
        answer = ", ".join(map(str, answer))
    if not isinstance(answer, str | int | float):
        raise UsageError("The answer is not a text.")
    text = clean(str(answer)).strip()
    text = text if question.name == "description" else one_line(text)
    read = _READERS.get(question.name)
    return read(text) if text and read else text


def _doi(text: str) -> str:
    found = normalise_doi(text)
    if found is None:
        parse(text)  # a template of a DOI, or a broken one, has its own sentence
        raise UsageError(f"{text!r} is not a DOI.", hint="A DOI looks like 10.5281/zenodo.7305227.")
    return found


def _publication(text: str) -> str:
    found = parse(text)
    if found.scheme not in {"doi", "arxiv"}:
        raise UsageError(f"{text!r} is neither a DOI nor an arXiv number.")
    return found.value


def _orcid(text: str) -> str:
    found = normalise_orcid(text)
    if found is None:
        raise UsageError(
            f"{text!r} is not an ORCID: the last character is a checksum of the others, and does not agree or is "
            "missing.",
            hint="Copy it from https://orcid.org, such as 0000-0002-1825-0097.",
        )
    return found


def _ror(text: str) -> str:
    bare = next(iter(rors([text])), None) or next(iter(rors([f"https://ror.org/{text}"])), None)
    if bare is None or _ror_check(bare) != bare[-2:]:
        raise UsageError(
            f"{text!r} is not a ROR identifier: the last two digits are a checksum of the others, and do not agree "
            "or are missing.",
            hint="Copy it from https://ror.org, such as https://ror.org/01ggx4157.",
        )
    return bare


def _ror_check(bare: str) -> str:
    """Return the checksum of a ROR identifier: ISO/IEC 7064 MOD 97-10 of its number in Crockford's base 32."""
    number = 0
    for letter in bare[1:-2]:
        if letter not in _ROR_LETTERS:
            return ""
        number = number * 32 + _ROR_LETTERS.index(letter)
    return f"{98 - number * 100 % 97:02d}"


def _licence(text: str) -> str:
    found = spdx(text)
    if found is None or not is_listed(found):
        raise UsageError(
            f"{text!r} is not one licence of the SPDX list.", hint=f"Licences are for example {', '.join(TEXTS_OF)}."
        )
    return "GPL-3.0-or-later" if found == "GPL-3.0" else found


def _repository(text: str) -> str:
    from fairreg.formats.related import page_of_clone

    return (page_of_clone(text) or text).removesuffix(".git").rstrip("/")


def _package(text: str) -> str:
    if keyword.iskeyword(text) or text in sys.stdlib_module_names:
        raise UsageError(f"{text} is a word or a module of Python and cannot name a package.")
    return text


_READERS: Mapping[str, Callable[[str], str]] = {
    "author_orcid": _orcid,
    "author_ror": _ror,
    "doi": _doi,
    "license": _licence,
    "package_name": _package,
    "publication": _publication,
    "repository": _repository,
    "training_data": _doi,
}


def _authors(answer: Any) -> list[dict[str, str]]:
    if not isinstance(answer, list) or not all(isinstance(item, dict) for item in answer):
        raise UsageError("The answer is not a list of mappings.", hint="Write [{family: Curie, given: Marie}].")
    return [_author(item) for item in answer[:_MOST_AUTHORS]]


def _author(stated: Mapping[str, Any]) -> dict[str, str]:
    unknown = [str(key) for key in stated if key not in _AUTHOR_KEYS]
    if unknown:
        raise UsageError(f"An author has no {unknown[0]}.", hint=f"Keys are {', '.join(_AUTHOR_KEYS)}.")
    found = {key: one_line(clean(str(stated[key]))) for key in _AUTHOR_KEYS if stated.get(key)}
    if "name" not in found and "family" not in found:
        raise UsageError("An author has neither family nor name.")
    for key, read in (("orcid", _orcid), ("ror", _ror)):
        if key in found:
            found[key] = read(found[key])
    return found


def _file_names(answer: Any) -> list[str]:
    if not isinstance(answer, list) or not all(isinstance(item, str) for item in answer):
        raise UsageError("The answer is not a list of file names.")
    return [one_line(item) for item in answer if not re.fullmatch(r"\s*", item)]


_LISTS: Mapping[str, Callable[[Any], list[Any]]] = {"more_authors": _authors, "own_files": _file_names}
