# SPDX-License-Identifier: MIT
"""The licence of what is published: the terms of the weights first, and a fault where files disagree.

A licence is granted for ever, so none is chosen among several, and a text that is not known is not that of
the licence which another file states. The terms of the weights are those of LICENSE-WEIGHTS or LICENSE-MODEL,
of a licence text in the folder of the weights, and by REUSE 3.3 of ``NAME.license`` and REUSE.toml. Where
there are any, LICENSE is that of the rest.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from itertools import combinations
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from fairreg.errors import FairregError, ModelError, RecordError
from fairreg.formats import jsonld
from fairreg.formats.contents import file_format
from fairreg.formats.crates.data import DESCRIPTOR
from fairreg.formats.license_files import is_license_file
from fairreg.publish.base import FieldFault
from fairreg.schemas.licenses import spdx
from fairreg.schemas.licenses.statements import is_no_licence
from fairreg.schemas.licenses.texts import license_of_text
from fairreg.schemas.record import Kind
from fairreg.schemas.text import one_line
from fairreg.services.new.facts import FACTS_FILE
from fairreg.services.publish.identifier.onnx_file import property_of
from fairreg.storage.files import unreadable

__all__ = ["FoundLicence", "Terms", "found_licence", "further_terms", "own_terms", "terms_in_prose"]

_LARGEST_TEXT = 1 << 20
_LONGEST_LINE = 100
# Words by which the name of a text says that it covers what the record is.
_COVERED: Mapping[Kind, str] = {
    "model": r"models?|weights?|checkpoints?|parameters",
    "dataset": r"data|datasets?",
    "software": r"code|software|source",
}
_TEXT = r"(?:licen[cs]es?|copying|terms[-_ ]of[-_ ]use)"
_SUFFIX = r"(?:\.(?:md|rst|txt|pdf|html?|docx?|rtf|tex))?"
_NAMED: Mapping[Kind, re.Pattern[str]] = {
    kind: re.compile(
        rf"(?:{_TEXT}[-_. ](?:[\w-]+[-_. ])?(?:{words})|(?:[\w-]+[-_. ])?(?:{words})[-_. ]{_TEXT})"
        rf"(?:[-_ ][\w-]+)?{_SUFFIX}",
        re.IGNORECASE,
    )
    for kind, words in _COVERED.items()
}
_SPELLING = re.compile(r"((?:GPL|GFDL)-\d\.\d)(?:-only|-or-later|\+)")
_TAG = re.compile(r"SPDX-License-Identifier:\s*([^\n]*)")
_REUSE = "REUSE.toml"
# Words of a class of licences, which the vocabulary of a service has in place of a name.
_VAGUE = re.compile(r"other(?:-(?:open|closed|at|nc|pd))?", re.IGNORECASE)
# Words of terms that close what a licence opens.
_CLOSED = re.compile(
    r"non[- ]?commercial|\bcc[- ]by[- ]n[cd]\b|research (?:use|purposes?) only"
    r"|all rights reserved|proprietary",
    re.IGNORECASE,
)
_POINTER = re.compile(rf"(?:see |file |in )*(?:\S*/)?{_TEXT}{_SUFFIX}\.?", re.IGNORECASE)


class Terms(NamedTuple):
    """Terms that a file states: an SPDX expression, else words; neither for a text that is not known.

    `is_loose` is True for a file that cannot tell GNU's "only" from "or later": a text, the Hub's card.
    """

    file: str
    license: str | None = None
    words: str | None = None
    is_loose: bool = False

    @property
    def told(self) -> str:
        """The file with its terms, for a message."""
        stated = self.license or self.words or "a text that fairreg does not know as a licence"
        return f"{self.file} ({one_line(stated)[:80]})"

    def allows(self, other: "Terms") -> bool:
        """Tell whether a later file may state the terms `other`: these, a part of them, or their words."""
        if self.license and other.license:
            mine, theirs = (
                _licences_in(item.license or "", self.is_loose or other.is_loose) for item in (self, other)
            )
            return theirs <= mine
        if known := self.license or other.license:
            words = self.words or other.words
            return words is not None and is_no_licence(words, [known])
        both = [item.words.casefold() for item in (self, other) if item.words]
        return len(set(both)) <= 1 or any(map(_VAGUE.fullmatch, both))


class FoundLicence(NamedTuple):
    """Fields of the record, notes, the fault of files that disagree, and the file that gives the fields."""

    fields: Mapping[str, str]
    notes: tuple[str, ...] = ()
    faults: tuple[FieldFault, ...] = ()
    file: str | None = None


def found_licence(
    metadata: Sequence[Terms], texts: Sequence[Terms], own: Sequence[Terms], *, kind: Kind = "model"
) -> FoundLicence:
    """Return the licence that the files agree on; `own` are the terms of the weights themselves."""
    metadata = [item for item in metadata if item.license or not _POINTER.fullmatch(item.words or "LICENSE")]
    texts = [item for item in texts if item.file not in {one.file for one in own}]
    # Such as LICENSE-DATA, of something else; a folder LICENSES has words of the whole.
    parts = [item for item in texts if (item.words or "").startswith(f"{item.file}: ")]
    whole = [item for item in texts if item not in parts]
    compared = [*own, *metadata, *([] if own else whole)]
    faults = _faults(compared, kind, has_own=bool(own))
    if faults:
        return FoundLicence({}, faults=faults)
    notes = [
        f"{item.told} counts for the rest: the licence is that of {own[0].told}."
        for item in whole
        if own and not own[0].allows(item)
    ]
    first = _first(own, [*metadata, *([] if own else [*whole, *parts])])
    stated = {"license": first.license, "license_stated": first.words}
    fields = {key: value for key, value in stated.items() if value}
    return FoundLicence(fields, tuple(notes), file=first.file or None)


def _first(own: Sequence[Terms], others: Iterable[Terms]) -> Terms:
    """Return the first licence with an expression, else the first words, vague ones last."""
    stated = [item for item in (*own, *others) if item.license or item.words]
    if own and not own[0].license:
        unknown = Terms(own[0].file, words=f"Terms in {own[0].file}")
        stated = [item for item in stated if item.words] or [unknown]
    stated.sort(key=lambda item: (item.license is None, bool(_VAGUE.fullmatch(item.words or ""))))
    return stated[0] if stated else Terms("")


def _faults(compared: Sequence[Terms], kind: Kind, *, has_own: bool) -> tuple[FieldFault, ...]:
    """Return the fault of files that contradict the first, or each other in their words, with all names."""
    in_words = [item for item in compared if not item.license]
    pairs = [*((compared[0], item) for item in compared[1:]), *combinations(in_words, 2)]
    if all(_fit(one, other, has_own=has_own) for one, other in pairs):
        return ()
    told = "; ".join(dict.fromkeys(item.told for item in compared))
    known = list(dict.fromkeys(item.license for item in compared if item.license))
    both = f", such as {' AND '.join(known[:2])} in all" if len(known) > 1 else ""
    part = None if has_own else {"model": "weights", "dataset": "data"}.get(kind)
    remedy = f", or state the terms of the {part} in LICENSE-{part.upper()}" if part else ""
    message = f"the files state different licences: {told}; make them agree{both}{remedy}"
    return (FieldFault("license", message),)


def _fit(one: Terms, other: Terms, *, has_own: bool) -> bool:
    """Tell whether two files agree: of several licences that all apply one may be that of the weights."""
    of_all = has_own and " OR " not in (other.license or "")
    return one.allows(other) or (of_all and bool(one.license and other.license) and other.allows(one))


def own_terms(folder: Path, names: Sequence[str], weights: Sequence[str], kind: Kind) -> list[Terms]:
    """Return the terms of the weights, or of what the record is, also of texts that are not published.

    `names` are the files that are published, `weights` those of them that hold the model. Raises FairregError
    for a text that cannot be read, and for a link.
    """
    homes = {str(home) for name in weights for home in PurePosixPath(name).parents} - {"."}
    beside = {f"{name}.license" for name in weights}
    found = {name for name in names if _is_own(name, homes, beside, kind)}
    for home in (".", *sorted(homes)):
        there = (path for path in (folder / home).iterdir() if path.is_file() or path.is_symlink())
        listed = (str(PurePosixPath(home, path.name)) for path in there)
        found |= {name for name in listed if _is_own(name, homes, beside, kind)}
    return [*(_terms_of_text(folder, name) for name in sorted(found)), *_of_reuse(folder, weights)]


def _is_own(name: str, homes: set[str], beside: set[str], kind: Kind) -> bool:
    home, _, base = name.rpartition("/")
    return name in beside or bool(_NAMED[kind].fullmatch(base)) or (home in homes and is_license_file(base))


def _terms_of_text(folder: Path, name: str) -> Terms:
    path = folder / name
    if path.is_symlink():
        raise FairregError(
            f"{name} states a licence, and is a link, which is not followed.",
            hint="Replace the link by the file.",
        )
    with unreadable(name), path.open("rb") as file:
        text = file.read(_LARGEST_TEXT).decode("utf-8-sig", "replace")
    tags = [tag.strip() for tag in _TAG.findall(text)]
    known = license_of_text(text) or (spdx(tags[0]) if len(tags) == 1 else None)
    return Terms(name, known, is_loose=not tags)


def _of_reuse(folder: Path, weights: Sequence[str]) -> Iterator[Terms]:
    """Yield the terms that REUSE.toml states of the weights: of several fitting tables the last."""
    stated = _toml(folder / _REUSE).get("annotations")
    tables = [item for item in stated if isinstance(item, dict)] if isinstance(stated, list) else []
    for name in weights:
        for table in reversed(tables):
            patterns = table.get("path")
            listed = patterns if isinstance(patterns, list) else [patterns]
            if any(isinstance(item, str) and fnmatchcase(name, item) for item in listed):
                yield _of_value(_REUSE, table.get("SPDX-License-Identifier"))
                break


def further_terms(folder: Path, names: Sequence[str]) -> list[Terms]:
    """Return the terms in files that give a publication no other field: facts, RO-Crate, ONNX properties.

    A file that cannot be read states none.
    """
    found = []
    for name in names:
        if name == FACTS_FILE:
            found.append(_of_value(name, _toml(folder / name).get("license")))
        elif name == DESCRIPTOR:
            found += _of_crate(folder / name)
        elif file_format(name) == "onnx":
            with suppress(ModelError, OSError):
                found.append(_of_value(name, property_of(folder / name, "license")))
    return [item for item in found if item.license or item.words]


def terms_in_prose(texts: Mapping[str, str], licence: str | None) -> Iterator[str]:
    """Yield a sentence for each text with a line on other terms than a licence that has none of these."""
    if licence is None or _CLOSED.search(licence):
        return
    for name, text in texts.items():
        for number, line in enumerate(text.splitlines(), 1):
            if "licen" in line.lower() and _CLOSED.search(line):
                said = one_line(line).strip()[:_LONGEST_LINE]
                yield f"{name}, line {number}, speaks of other terms than {licence}: {said!r}."
                break


def _of_crate(path: Path) -> Iterator[Terms]:
    with suppress(RecordError, OSError, ValueError, RecursionError):
        document = json.loads(path.read_bytes()) if path.stat().st_size <= _LARGEST_TEXT else {}
        record = jsonld.read_parsed(document, name=path.name, place="folder:.").understood
        yield Terms(path.name, record.license, None if record.license else record.license_stated)


def _of_value(file: str, value: object) -> Terms:
    text = one_line(value) if isinstance(value, str) else None
    known = spdx(text)
    return Terms(file, known, None if known else text)


def _toml(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}


def _licences_in(expression: str, is_loose: bool) -> set[str]:
    plain = _SPELLING.sub(r"\1", expression) if is_loose else expression
    return set(re.findall(r"[A-Za-z0-9.+-]+", plain)) - {"AND", "OR", "WITH"}
