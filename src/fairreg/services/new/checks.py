# SPDX-License-Identifier: MIT
"""Answers in one spelling each, checked by the readers of identifiers and licences that the package has.

The template's own validators, which Copier asks too, come after these.
"""

import keyword
import re
import sys
from collections.abc import Callable, Mapping
from datetime import date
from math import isfinite
from typing import Any

from fairreg.errors import UsageError
from fairreg.schemas.datacite_terms import rors
from fairreg.schemas.identifiers import normalise_doi, normalise_orcid, parse
from fairreg.schemas.licenses import is_listed, spdx
from fairreg.schemas.text import clean, one_line
from fairreg.services.new.template import Answers, Question, refusal
from fairreg.sources import ORCID, ROR

__all__ = ["TEXTS_OF", "checked"]

# Licences whose texts the template has.
TEXTS_OF = ("MIT", "BSD-3-Clause", "Apache-2.0", "GPL-3.0-or-later", "MPL-2.0", "CC-BY-4.0", "CC0-1.0")
_AUTHOR_KEYS = ("name", "family", "given", ORCID.name, "affiliation", ROR.name)
_MOST_AUTHORS = 5000
# Answers that may have several paragraphs.
_LONG_TEXTS = frozenset({"description", "intended_use", "limitations", "out_of_scope"})
_RESULT_KEYS = ("metric", "value", "dataset", "split")


def checked(question: Question, answer: Any, known: Answers) -> Any:
    """Return an answer as the template takes it; `known` are the earlier ones. UsageError says what is wrong.

    An empty answer means that nothing is known.
    """
    hint = _HINTS.get(question.name, question.help)
    if question.name == "python_version" and isinstance(answer, float):
        hint = "Quote it in YAML, where 3.10 is the number 3.1, as in python_version: '3.12'."
    if question.name == "version" and isinstance(answer, float):
        raise UsageError(
            f"version: {answer} is a number in YAML, where 1.10 is 1.1.", hint="Quote it: version: '1.10'."
        )
    try:
        found = _normal(question, answer)
    except UsageError as error:
        raise UsageError(f"{question.name}: {error.message}", hint=error.hint or hint) from error
    fault = refusal(question, {**known, question.name: found})
    if fault is None and question.choices and found not in question.choices:
        fault = f"{found} is not one of {', '.join(question.choices)}."
    if fault is not None:
        raise UsageError(f"{question.name}: {fault}", hint=hint)
    return found


# What to do about a wrong answer, where the question does not say it.
_HINTS = {
    "author_family": "Answer author_family, too, or leave author_given out.",
    "code_version": "Write it as git names it, such as v1.0 or 7c36f46.",
    "model_file": "Write it relative to the folder, as in models/tagger.onnx.",
    "own_files": "Write [CITATION.cff].",
    "package_name": "Choose another folder, or answer package_name (--answers FILE), such as jet_tagger.",
    "project_name": "Answer project_name (--answers FILE); its default is the name of the folder.",
    "publication": "A publication is written as 10.1088/2632-2153/ad12e3 or 2212.05081.",
    "repository": "Write it as in https://github.com/owner/name.",
}


def _normal(question: Question, answer: Any) -> Any:
    if question.type == "yaml":
        return _LISTS[question.name](answer or type(question.default)())
    if answer is None:
        return ""
    if isinstance(answer, list | tuple) and question.name == "keywords":
        answer = ", ".join(map(str, answer))
    if not isinstance(answer, str | int | float):
        raise UsageError("The answer is not a text.")
    text = clean(str(answer)).strip()
    text = text if question.name in _LONG_TEXTS else one_line(text)
    read = _READERS.get(question.name)
    return read(text) if text and read else text


def _doi(text: str) -> str:
    found = normalise_doi(text)
    if found is None:
        raise UsageError(
            f"{text!r} is not a DOI.",
            hint="A DOI looks like 10.5281/zenodo.7305227. Leave it out while there is none.",
        )
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
            f"{text!r} is not an ORCID: its last character is a checksum of the others, and does not agree "
            "or is missing.",
            hint="Copy it from https://orcid.org, such as 0000-0002-1825-0097.",
        )
    return found


def _ror(text: str) -> str:
    bare = next(iter(rors([text, f"{ROR.resolver}{text}"])), None)
    if bare is None:
        raise UsageError(
            f"{text!r} is not a ROR identifier: its last two digits are a checksum of the others, and do not "
            "agree or are missing.",
            hint="Copy it from https://ror.org, such as https://ror.org/01ggx4157.",
        )
    return bare


def _licence(text: str) -> str:
    found = spdx(text)
    if found is None or not is_listed(found):
        raise UsageError(
            f"{text!r} is not one licence of the SPDX list.",
            hint=f"Licences are for example {', '.join(TEXTS_OF)}.",
        )
    return "GPL-3.0-or-later" if found == "GPL-3.0" else found


def _repository(text: str) -> str:
    from fairreg.formats.related import page_of_clone

    page = page_of_clone(text) or text
    if re.match(r"https?://[^/?#]*@", page):
        raise UsageError(  # which does not repeat it
            "The address has a user name or a password in it, which would be published.",
            hint="Write it as in https://github.com/owner/name.",
        )
    return page.removesuffix(".git").rstrip("/")


def _package(text: str) -> str:
    if keyword.iskeyword(text) or text in sys.stdlib_module_names:
        raise UsageError(f"{text} is a word or a module of Python and cannot name a package.")
    return text


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text.partition("T")[0]).isoformat()
    except ValueError as error:
        raise UsageError(f"{text!r} is not a day, such as 2026-11-29.") from error


def _version(text: str) -> str:
    """Return a version as it is, without the letter of its tag."""
    return text[1:] if re.match(r"[vV]\d", text) else text


_READERS: Mapping[str, Callable[[str], str]] = {
    "author_orcid": _orcid,
    "author_ror": _ror,
    "date_published": _day,
    "doi": _doi,
    "license": _licence,
    "package_name": _package,
    "publication": _publication,
    "repository": _repository,
    "training_data": _doi,
    "version": _version,
}


def _authors(answer: Any) -> list[dict[str, str]]:
    if not isinstance(answer, list) or not all(isinstance(item, dict) for item in answer):
        raise UsageError(
            "The answer is not a list of mappings.", hint="Write [{family: Curie, given: Marie}]."
        )
    return [_author(item) for item in answer[:_MOST_AUTHORS]]


def _author(stated: Mapping[str, Any]) -> dict[str, str]:
    unknown = [str(key) for key in stated if key not in _AUTHOR_KEYS]
    if unknown:
        raise UsageError(f"An author has no {unknown[0]}.", hint=f"Keys are {', '.join(_AUTHOR_KEYS)}.")
    found = {key: one_line(clean(str(stated[key]))) for key in _AUTHOR_KEYS if stated.get(key)}
    if "name" not in found and "family" not in found:
        raise UsageError("An author has neither family nor name.")
    for key, read in ((ORCID.name, _orcid), (ROR.name, _ror)):
        if key in found:
            found[key] = read(found[key])
    return found


def _file_names(answer: Any) -> list[str]:
    if not isinstance(answer, list) or not all(isinstance(item, str) for item in answer):
        raise UsageError("The answer is not a list of file names.")
    return [one_line(item) for item in answer if not re.fullmatch(r"\s*", item)]


def _results(answer: Any) -> list[dict[str, Any]]:
    if not isinstance(answer, list) or not all(isinstance(item, dict) for item in answer):
        raise UsageError(
            "The answer is not a list of mappings.", hint="Write [{metric: accuracy, value: 0.9}]."
        )
    for item in answer:
        unknown = [str(key) for key in item if key not in _RESULT_KEYS]
        if unknown or not item.get("metric") or not _is_figure(item.get("value")):
            fault = f"has no {unknown[0]}" if unknown else "has a metric and a value"
            raise UsageError(f"A result {fault}.", hint=f"Keys are {', '.join(_RESULT_KEYS)}.")
    return [{key: _plain(item[key]) for key in _RESULT_KEYS if item.get(key) is not None} for item in answer]


def _is_figure(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _settings(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, dict):
        raise UsageError("The answer is not a mapping.", hint="Write {optimizer: Adam, epochs: 20}.")
    return {one_line(clean(str(name))): _plain(value) for name, value in answer.items()}


def _plain(value: Any) -> Any:
    """Return a value of JSON, texts on one line; anything else, such as a date, as its text."""
    if isinstance(value, dict):
        return {one_line(clean(str(key))): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and isfinite(value)):
        return value
    return one_line(clean(str(value)))


_LISTS: Mapping[str, Callable[[Any], Any]] = {
    "evaluations": _results,
    "more_authors": _authors,
    "own_files": _file_names,
    "training_settings": _settings,
}
