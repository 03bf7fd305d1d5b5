# SPDX-License-Identifier: MIT
"""The licence of what is published: the terms of the weights first, and a fault where files disagree.

A licence is granted for ever, so none is chosen among several, a text that is not known is not that of the
licence which another file states, and the terms of one weight file are not those of the others. Where each of
them has terms of its own, LICENSE is that of the rest.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from fairreg.errors import ModelError, RecordError
from fairreg.formats import jsonld
from fairreg.formats.contents import file_format
from fairreg.formats.crates.data import DESCRIPTOR
from fairreg.publish.base import FieldFault
from fairreg.schemas.record import Kind
from fairreg.services.new.facts import FACTS_FILE
from fairreg.services.publish.identifier.onnx_file import property_of
from fairreg.services.publish.terms.own import CARDS, TEXT_NAME, OwnTerms, terms_of_value, toml
from fairreg.services.publish.terms.statements import Terms

__all__ = ["FoundLicence", "found_licence", "further_terms"]

_LARGEST_TEXT = 1 << 20
_POINTER = re.compile(rf"(?:see |file |in )*(?:\S*/)?{TEXT_NAME}\.?", re.IGNORECASE)
_CFF = "citation.cff"
# Files that may describe the code alone, beside terms of the weights.
_OF_CODE = frozenset({_CFF, "codemeta.json"})
# What a text with terms of its own covers, as its name says.
_PARTS: Mapping[Kind, str] = {"model": "weights", "dataset": "data", "software": "code"}
_SINGLE = re.compile(r"[\w.+-]+", re.ASCII)


class FoundLicence(NamedTuple):
    """Fields of the record, notes, the fault of files that disagree, and the file that gives the fields."""

    fields: Mapping[str, str]
    notes: tuple[str, ...] = ()
    faults: tuple[FieldFault, ...] = ()
    file: str | None = None


def found_licence(
    metadata: Sequence[Terms], texts: Sequence[Terms], own: OwnTerms, *, kind: Kind = "model"
) -> FoundLicence:
    """Return the licence that the files agree on; `own` are the terms of the weights themselves."""
    metadata = [item for item in metadata if item.license or not _POINTER.fullmatch(item.words or "LICENSE")]
    heads = own.everywhere
    texts = [item for item in texts if item.file not in {one.file for one in heads}]
    # Such as LICENSE-DATA, of something else; a folder LICENSES has words of the whole.
    parts = [item for item in texts if (item.words or "").startswith(f"{item.file}: ")]
    whole = [item for item in texts if item not in parts]
    of_code = _of_code(metadata, whole, heads)
    metadata = [item for item in metadata if item not in of_code]
    compared = [*heads, *metadata, *([] if heads else whole)]
    first = _first(heads, [*metadata, *([] if heads else [*whole, *parts])])
    faults = _faults(compared, heads, kind) or _faults_of_parts(compared, first, own, kind)
    if faults:
        return FoundLicence({}, faults=faults)
    notes = [
        f"{item.told} counts for the rest: the licence is that of {heads[0].told}."
        for item in (*of_code, *whole)
        if heads and not heads[0].allows(item)
    ]
    stated = {"license": first.license, "license_stated": first.words}
    fields = {key: value for key, value in stated.items() if value}
    return FoundLicence(fields, tuple(notes), file=first.file or None)


def _of_code(metadata: Sequence[Terms], whole: Sequence[Terms], heads: Sequence[Terms]) -> list[Terms]:
    """Return the metadata of the code, beside a text of its licence, and a card with that of the weights."""
    cards = [item for item in metadata if item.file.lower() in CARDS]
    if not heads or not any(map(heads[0].allows, cards)):
        return []
    return [
        item
        for item in metadata
        if item.file.lower() in _OF_CODE
        and item.license
        and any(text.license and text.allows(item) for text in whole)
    ]


def _first(heads: Sequence[Terms], others: Iterable[Terms]) -> Terms:
    """Return the first licence with an expression, else the first words, vague ones last."""
    stated = [item for item in (*heads, *others) if item.license or item.words]
    if heads and not heads[0].license:
        unknown = Terms(heads[0].file, words=f"Terms in {heads[0].file}")
        stated = [item for item in stated if item.words and not item.is_vague] or [unknown]
    stated.sort(key=lambda item: (item.license is None, item.is_vague))
    first = stated[0] if stated else Terms("")
    if not first.license or not first.is_loose:
        return first
    # The file that tells GNU's "only" from "or later".
    exact = (item for item in stated if not item.is_loose and item.license and first.allows(item))
    return next((item for item in exact if item.allows(first)), first)


def _faults(compared: Sequence[Terms], heads: Sequence[Terms], kind: Kind) -> tuple[FieldFault, ...]:
    """Return the fault of files that contradict the first, or each other in their words, with all names."""
    in_words = [item for item in compared if not item.license]
    pairs = [*((compared[0], item) for item in compared[1:]), *combinations(in_words, 2)]
    if all(_fit(one, other, heads) for one, other in pairs):
        return ()
    told = "; ".join(dict.fromkeys(item.told for item in compared))
    advice = "; ".join(_advice(compared, heads, kind))
    return (FieldFault("license", f"the files state different licences: {told}; {advice}"),)


def _fit(one: Terms, other: Terms, heads: Sequence[Terms]) -> bool:
    """Tell whether two files agree: of several licences that all apply one may be that of the weights."""
    if other in heads and other.license and one.license:
        return one.covers(other)
    of_all = bool(heads) and " OR " not in (other.license or "")
    return one.allows(other) or (of_all and bool(one.license and other.license) and other.allows(one))


def _advice(compared: Sequence[Terms], heads: Sequence[Terms], kind: Kind) -> Iterator[str]:
    """Yield ways to make files agree that their formats and fairreg's rules allow."""
    if heads:
        yield _advice_beside_own(compared, heads)
        return
    known = [item for item in compared if item.license]
    single = list(dict.fromkeys(item.license for item in known if _SINGLE.fullmatch(item.license or "")))
    is_pair = len(single) == 2 and not Terms("", single[0], is_loose=True).allows(Terms("", single[1]))  # noqa: PLR2004
    # A list in CITATION.cff is a choice.
    if is_pair and len(known) == len(compared) and not _has_cff(compared):
        yield f"make them agree, such as {' AND '.join(map(str, single))} in all metadata files"
    else:
        yield "make them agree"
    card = next((item.license for item in known if item.file.lower() in CARDS), None)
    yield f"or {_way_out(kind, card or next(iter(single), None))}"


def _advice_beside_own(compared: Sequence[Terms], heads: Sequence[Terms]) -> str:
    files = list(dict.fromkeys(item.file for item in compared if not _fit(heads[0], item, heads)))
    licence = heads[0].license
    if {item.file for item in heads} & set(files) or not files:
        return "make them agree"
    if licence and _has_cff(compared):  # which has one licence, or a choice
        licence = re.findall(r"[\w.+-]+", licence)[0]
    in_files = f"state {licence} in {', '.join(files)} as well" if licence else ""
    if not {name.lower() for name in files} <= _OF_CODE:
        one = next((item.license for item in compared if item.license), None)
        alone = f"the line SPDX-License-Identifier: {one} alone in {heads[0].file}"
        return in_files or f"make them agree, by {alone}, or no licence in {', '.join(files)}"
    name = licence or "license: other with license_name"
    of_card = f"state {name} in the model card, and the licence of the code in LICENSE"
    return f"{in_files}; or {of_card}" if in_files else of_card


def _has_cff(compared: Sequence[Terms]) -> bool:
    return any(item.file.lower() == _CFF for item in compared)


def _way_out(kind: Kind, licence: str | None) -> str:
    part = _PARTS[kind]
    line = f", such as the line SPDX-License-Identifier: {licence}" if licence else ""
    return f"state the terms of the {part} in LICENSE-{part.upper()}{line}"


def _faults_of_parts(
    compared: Sequence[Terms], first: Terms, own: OwnTerms, kind: Kind
) -> tuple[FieldFault, ...]:
    """Return the fault of terms that only some of the weight files have, and that `first` does not cover."""
    # Words may stand for all where they are of a text on the weights.
    is_of_all = bool(first.license or own.everywhere)
    if not own.somewhere or (is_of_all and all(map(first.covers, own.somewhere))):
        return ()
    told = "; ".join(item.told for item in own.somewhere)
    others = ", ".join(item.told for item in compared)
    if not others:
        others = f"none for {own.without}" if own.without else ""
    all_known = [item.license for item in (*compared, *own.somewhere)]
    single = list(dict.fromkeys(item for item in all_known if item and _SINGLE.fullmatch(item)))
    joined = " AND ".join(single) if all(all_known) and len(single) > 1 else None
    part = _PARTS[kind]
    message = f"the {part} have several licences: {told}{'; ' if others else ''}{others}"
    remedy = _way_out(kind, joined).replace("the terms of the", "the terms of all", 1)
    return (FieldFault("license", f"{message}; {remedy}, or leave files out with --exclude"),)


def further_terms(folder: Path, names: Sequence[str]) -> list[Terms]:
    """Return the terms in files that give a publication no other field: facts, RO-Crate, ONNX properties.

    A file that cannot be read states none.
    """
    found = []
    for name in names:
        if name == FACTS_FILE:
            found.append(terms_of_value(name, toml(folder / name).get("license")))
        elif name == DESCRIPTOR:
            found += _of_crate(folder / name)
        elif file_format(name) == "onnx":
            with suppress(ModelError, OSError):
                found.append(terms_of_value(name, property_of(folder / name, "license")))
    return [item for item in found if item.license or item.words]


def _of_crate(path: Path) -> Iterator[Terms]:
    with suppress(RecordError, OSError, ValueError, RecursionError):
        document = json.loads(path.read_bytes()) if path.stat().st_size <= _LARGEST_TEXT else {}
        record = jsonld.read_parsed(document, name=path.name, place="folder:.").understood
        yield Terms(path.name, record.license, None if record.license else record.license_stated)
