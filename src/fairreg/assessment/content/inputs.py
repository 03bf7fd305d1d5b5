# SPDX-License-Identifier: MIT
"""Data of a model in sentences and tables: formats, and order and units of inputs."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from fairreg.assessment.content.claims import asserted, is_blank
from fairreg.assessment.content.grammar import Passage, settings, statements
from fairreg.assessment.evidence import Document

__all__ = [
    "ListedInput",
    "data_format",
    "defined_names",
    "format_of_command",
    "is_metadata",
    "listed_inputs",
    "ordered_names",
    "units",
]

# Data formats that a community can read without the authors.
_FORMATS = {
    "ROOT": r"(?<![$_/\w])(?<![Ss]et )(?<!export )ROOT(?![_/=\w])(?! (?:to the|directory|folder|dir|user|path"
    r"|account|password|cause|level|of the))|\b[\w*-]{1,60}\.root\b",
    "HDF5": r"\bHDF-?5\b|\b[\w*-]{1,60}\.h(?:df)?5\b",
    "Parquet": r"\b[Pp]arquet\b",
    "NPY": r"\b[\w*-]{1,60}\.np[yz]\b|(?<!\w)\.np[yz]\b|\bNP[YZ]\b|\b[Nn]um[Pp]y (?:arrays?|files?|format)\b",
    "FITS": r"\bFITS\b",
    "NetCDF": r"\b(?:[Nn]et[Cc][Dd][Ff]|netcdf)-?4?\b",
    "CSV": r"\bCSV\b|\b[\w*-]{1,60}\.csv\b|\bcomma-separated\b",
    "JSON": r"\bJSON Lines\b|\bJSONL\b|\.jsonl\b",
    "Arrow": r"\b(?:Apache )?Arrow (?:files?|tables?|format|IPC)\b|\.arrow\b",
    "DICOM": r"\bDICOM\b",
    "WAV": r"\bWAV\b|\.wav\b",
    "NanoAOD": r"\b(?:Nano|Mini)AOD(?:v\d+)?\b",
    "PHYSLITE": r"\b(?:DAOD_)?PHYS(?:LITE)\b|\bDAOD_PHYS\b",
    "EDM4hep": r"\bEDM4hep\b|\bS?LCIO\b",
    "HepMC": r"\bHepMC[23]?\b",
    "LHE": r"\bLHE\b",
    "JPEG or PNG": r"\b(?:JPE?G|PNG)s?\b",
}
_FORMAT = {name: re.compile(pattern) for name, pattern in _FORMATS.items()}
_DATA = re.compile(
    r"\b(?:inputs?|outputs?|read(?:s|ing|er)?|writt?en?|writes?|stor(?:ed|es)|sav(?:ed|es)|events?|jets?"
    r"|samples?|data(?:sets?)?|n-?tuples?|trees?|arrays?|tables?|accepts?|expects?|takes?|loads?|loaded"
    r"|provided|records?|examples?|images?|scans?|recordings?|predictions?|results?|scores?|features?|tracks"
    r"|converted?)\b",
    re.IGNORECASE,
)
# A format is that of data where it stands beside a word for them ("ROOT files"), where data are in it
# ("events are stored in ROOT"), or where something reads or writes it ("the network takes ROOT").
_FORMAT_OF = re.compile(
    r"[\s-](?:[\w-]{1,20}\s)?(?:T?Trees?|n-?tuples?|files?|tables?|formats?|datasets?|data|arrays?|events?"
    r"|records?|images?|inputs?|samples?|jets|lists?)\b",
    re.IGNORECASE,
)
_IN_FORMAT = re.compile(
    r"\b(?:inputs?|outputs?|events?|jets?|samples?|data(?:sets?)?|n-?tuples?|trees?|arrays?|examples?|images?"
    r"|scans?|recordings?|predictions?|scores?|features?|tracks|records?|showers|constituents|particles"
    r"|spectra|results (?:is|are|was|were))\b(?:[^;]{0,80}?[\s(])??"
    r"(?:in|as|from|to|into|is|are|be|:|=|\||/|\()\s?(?:[\w*/-]{1,20}\s){0,3}$|\bformats?\b[^;]{0,30}$",
    re.IGNORECASE,
)
_READ_OR_WRITTEN = re.compile(
    r"\b(?:reads?|reading|writes?|writing|accepts?|expects?|takes?|loads?|loading|consumes?|produces?|converts?"
    r"|needs|works? (?:on|with)|(?:provide|supply|store|save|pass)[sd]? (?:[\w-]{1,20}\s){0,3}(?:as|in))"
    r"\s(?:[\w,-]{1,20}\s){0,4}$",
    re.IGNORECASE,
)
_BEFORE = 160  # characters of the words that a format is bound to
_ARGUMENT = re.compile(
    r"(?<!\S)-{1,2}(?:i|o|in|out|data|events?|samples?|files?|jets?|input\w{0,20}|output\w{0,20}|in-file|out-file"
    r"|(?:in|out)put-\w{1,20})[=\s]\s{0,9}([\w./*-]{1,120})",
    re.IGNORECASE,
)
_NO_DATA = re.compile(
    r"\b(?:weights?|checkpoints?|trained models?|model files?|state dict|plots?|figures?|logos?|diagrams?"
    r"|screenshots?|badges?|icons?|drawings?|sketch\w*|graphics?|pictures?|configuration|installed?"
    r"|installation|version \d|bibliography|password|directory|thank\w*|team|CI|logs?|issues|survey|students"
    r"|calendar|metadata|citations?|supplement|older|earlier|previous(?:ly)?|formerly|originally"
    r"|one day|soon|in (?:the )?future|planned|next version)\b",
    re.IGNORECASE,
)
_FILE_OF_A_MODEL = re.compile(
    r"(?:weights?|models?|checkpoint|best|final)[\w*-]*\.(?:h5|hdf5|npz|npy)$", re.IGNORECASE
)
# What data were converted from is not what is read.
_LEFT = re.compile(r"\bconver\w+\b[^.;]{0,50}\bfrom (?:the )?(?:\w+ )?$", re.IGNORECASE)
_PICTURES = re.compile(
    r"\b(?:inputs?|dataset|data|trained|training|classif\w+|reads?|accepts?|expects?|takes?|given"
    r"|provided?)\b",
    re.I,
)

_UNITS = re.compile(
    r"[\[(](?:[GMTk]?eV(?:/c²?)?|cm|mm|µm|um|rad|radians|ns|ps|K|s|m|deg|Hz)[\])]|\b(?:in|of) (?:units of"
    r" )?(?:[GMTk]eV|cm|mm|µm|um|metres|meters|radians|degrees|nanoseconds|ns|ps|kelvin)\b"
    r"|\bunits?\s*[:=]\s*\w|\b(?:[GMTk]eV|mm|cm|rad)\b(?=\s*(?:\||$))"
)
_QUANTITY = re.compile(
    r"\b(?:inputs?|features?|variables?|columns?|branch(?:es)?|momenta|momentum|p_?T|pt|energ(?:y|ies)"
    r"|lengths?|mass(?:es)?|angles?|distances?|coordinates?|positions?|impact parameters?|times?"
    r"|temperatures?|quantit(?:y|ies)|eta|phi)\b",
    re.IGNORECASE,
)
_NO_QUANTITY = re.compile(
    r"\b(?:beams?|collid\w+|collisions?|centre[- ]of[- ]mass|center[- ]of[- ]mass|plots?|figures?|posters?"
    r"|wide|talks?)\b",
    re.IGNORECASE,
)

_OBJECTS = r"\b(?:features|inputs|variables|columns|branches|observables)"
# (words before a list of names, most words of a name): only an announced order may have names of words.
_LISTS = (
    (re.compile(r"\bin (?:this|the following|that) order\s?:\s*", re.IGNORECASE), 4),
    (re.compile(rf"{_OBJECTS}(?: are)?(?: \w+){{0,6}}(?:\s?\([^()]{{0,60}}\))?\s?:\s*", re.IGNORECASE), 1),
    (re.compile(rf"{_OBJECTS}(?: \w+){{0,3}} are (?:the )?", re.IGNORECASE), 2),
    (re.compile(rf"\b(?:with|has|takes|expects|uses|reads|of) (?:\w+ ){{0,3}}{_OBJECTS} ", re.IGNORECASE), 1),
)
_LONGEST_NAME, _MOST_NAMES = 40, 500
_UNIT_BEHIND = re.compile(r"\s?[(\[][\w/°.^²*% -]{1,12}[)\]]$")
_INPUTS = re.compile(
    r"\W*(?:model )?(?:inputs?|(?:input )?features?|variables|branches|columns)\b", re.IGNORECASE
)
_INPUTS_ALONE = re.compile(
    r"[\W\d]*(?:(?:the|our|list of|model|network|event|jet|track|particle)\s){0,3}(?:inputs?(?: (?:features?"
    r"|variables?|data|columns?|branches|quantities|observables))?|features?|variables|branches|columns"
    r"|observables)(?: (?:list|names|order|units|used|and (?:their )?(?:units|order|definitions|descriptions)"
    r"|of the (?:model|network|tagger|inputs?)|in order))*(?:\s?\([^()]{0,60}\))?\W*",
    re.IGNORECASE,
)
_NAME_HEAD = re.compile(
    r"(?:(?:input|jet|event|track|particle)\s)?(?:features?|variables?|inputs?|names?|columns?|branch(?:es)?"
    r"|observables?|quantit(?:y|ies))(?:\snames?)?",
    re.IGNORECASE,
)
_OF_INPUTS = re.compile(r"feature|variable|input|observable|branch", re.IGNORECASE)
_DEFINING_HEAD = re.compile(
    r"\b(?:units?|descriptions?|meanings?|definitions?|explanations?)\b", re.IGNORECASE
)
_LIST_ITEM = re.compile(
    r"([A-Za-z][\w./^|-]{0,40})(\s?[(\[][\w/°.^²*% -]{1,12}[)\]])?(?:\s?[:–—]\s?(.{1,300})|\s-\s(.{1,300}))?"
)
# "pt is the transverse momentum": the first name of a sentence, at most 80 letters long.
_DEFINES = re.compile(r"\W{0,9}(\w[\w.]{0,80})\W{1,3}(?:is|are|denotes|means|gives|describes|[–—-]|the)\b")
# Below such a heading variables are no inputs.
_NO_INPUTS = re.compile(
    r"^(?!.*\binput).*\b(?:outputs?|predictions|environment|options?|arguments?|config\w*|commands?|targets?)\b",
    re.IGNORECASE,
)
_ASSIGNED = re.compile(
    r"\b(?:\w{1,40}_)?(?:features?|inputs?|variables|columns|branches|observables)(?:_names?|_list)?\s?=\s?[\[(]"
    r"\s{0,20}((?:[\"'][\w./^-]{1,60}[\"'],?\s{0,20}){3,500})[\])]",
    re.IGNORECASE,
)
_UNIT = re.compile(r"[\[(]?(?:[GMTk]?eV(?:/c²?)?|[mcµun]?m|rad(?:ians)?|deg|[npµm]?s|K|Hz|T)[\])]?")
_LINE = re.compile(rf"\s*(?:\d{{1,4}}[.:)]?\s+)?([A-Za-z]\w{{0,60}})[ \t,:]*({_UNIT.pattern}|-|1)?\s*")
_TALK = 4  # words of a sentence
_FEW = 2
_METADATA = re.compile(
    r"(?:ml |model )?(?:tasks?|architecture|frameworks?|library|category|type|version|format|licen[cs]e"
    r"|authors?|name|description)|(?:number of )?(?:inputs?|outputs?|parameters|layers)(?: shape| format)?"
    r"|shape|dtype|units?|optimi[sz]er|learning[ _]rate|lr|batch[ _]size|epochs|loss|seed|split|dropout"
    r"|metrics?",
    re.IGNORECASE,
)


def data_format(document: Document) -> tuple[str, str] | None:
    """Return (format, sentence) where a document says in which data format inputs or outputs are."""
    for item in statements(document, "sentence", "row"):
        for name, pattern in _FORMAT.items():
            hit = pattern.search(item.text)
            if hit and _is_data(name, item.text, hit):
                return name, item.text
    return None


def _is_data(name: str, text: str, hit: re.Match[str]) -> bool:
    picture = name == "JPEG or PNG"
    if _NO_DATA.search(text) or _FILE_OF_A_MODEL.search(hit[0]) or (picture and not _PICTURES.search(text)):
        return False
    before = text[max(0, hit.start() - _BEFORE) : hit.start()]
    if _LEFT.search(before[-60:]) or not _is_bound(text, before, hit):
        return False
    return asserted(text, hit.start(), hit.end(), real=False)


def _is_bound(text: str, before: str, hit: re.Match[str]) -> bool:
    """Tell whether the words beside a format make it that of data."""
    clause = re.split(r"[;.](?:\s|$)", before)[-1]
    if _IN_FORMAT.search(clause) or _READ_OR_WRITTEN.search(clause):
        return True
    named = "." in hit[0] or _FORMAT_OF.search(hit[0]) or _FORMAT_OF.match(text, hit.end())
    return bool(named) and _DATA.search(text[: hit.start()] + text[hit.end() :]) is not None


def format_of_command(document: Document) -> tuple[str, str] | None:
    """Return (format, file) of the data that a command of a document reads or writes."""
    for item in statements(document, "code"):
        for argument in _ARGUMENT.finditer(item.text):
            for name, pattern in _FORMAT.items():
                hit = pattern.search(argument[1])
                if hit and not _FILE_OF_A_MODEL.search(argument[1]):
                    return name, argument[1]
    return None


def units(document: Document, *, as_data: bool) -> str | None:
    """Return the passage that gives the units of inputs: of a table or "name: value" line, or a sentence."""
    if document.role == "definitions":
        hit = _UNITS.search(document.text)
        return hit[0] if hit else None
    for item in settings(document) if as_data else statements(document):
        hit = _UNITS.search(item.text)
        about = not _NO_QUANTITY.search(item.text) and (as_data or _QUANTITY.search(item.text))
        if hit and about and asserted(item.text, hit.start(), hit.end(), real=False):
            return item.text
    return None


def ordered_names(document: Document) -> list[str]:
    """Return the inputs in the order that a document lists them, in a sentence, a table or settings."""
    for item in statements(document):
        for announced, most in _LISTS:
            hit = announced.search(item.text)
            names = _names_in(item.text[hit.end() :], most) if hit else []
            if (
                hit
                and names
                and not is_metadata(names)
                and asserted(item.text, hit.start(), hit.end(), real=False)
            ):
                return names
    for heading, rows in groupby(settings(document), key=lambda item: item.heading):
        names = list(dict.fromkeys(item.name for item in rows if item.kind == "pair" or not _is_cell(item)))
        listed = _INPUTS.match(heading) and len(names) > _FEW and not is_metadata(names)
        if listed and _are_of_data(heading, [ListedInput(name) for name in names]):
            return names
    return []


def _is_cell(item: Passage) -> bool:
    """Tell whether a passage of a table is a cell below its head, rather than a row."""
    return item.text == f"{item.name}: {item.value}"


def is_metadata(names: Sequence[str]) -> bool:
    """Tell whether a list names settings or fields of a description, and no features of the inputs."""
    return 2 * sum(bool(_METADATA.fullmatch(name.strip())) for name in names) >= len(names)


def _names_in(text: str, most: int) -> list[str]:
    """Return the names of a list that ends the sentence, each of at most so many words; empty for prose."""
    parts = [
        _UNIT_BEHIND.sub("", part.strip(" .`"))
        for part in re.split(r"[,;]\s*(?:and\s)?|\sand\s", text.rstrip(" ."))
    ]
    named = all(part and len(part) <= _LONGEST_NAME and len(part.split()) <= most for part in parts)
    # Adjectives are listed as well: "the inputs are small, fast and simple".
    of_data = any(_QUANTITY.search(part) or re.search(r"[\d_]", part) for part in parts)
    return parts if named and of_data and _FEW < len(parts) <= _MOST_NAMES else []


class ListedInput(NamedTuple):
    """An input in a table or list of nothing but inputs; `defined` where its unit or meaning stands there."""

    name: str
    defined: bool = False
    unit: bool = False


def listed_inputs(document: Document) -> list[ListedInput]:
    """Return the inputs that a document lists as data: in a table, in items that are names, or in code."""
    tables: defaultdict[tuple[str, ...], list[ListedInput]] = defaultdict(list)
    items: defaultdict[tuple[str, ...], list[ListedInput | None]] = defaultdict(list)
    cells: dict[str, str] = {}
    for item in settings(document, "row", "sentence"):
        if item.kind == "sentence":
            if not _is_talk(item.text):
                items[item.headings].append(_of_item(item.text))
        elif _is_cell(item):  # the row precedes it
            cells[item.name.lower()] = item.value
            if found := _of_cells(item.heading, cells):
                _add(tables[item.headings], found)
        else:
            cells = {}
    listed = (
        [item for item in found if item]
        for headings, found in items.items()
        if headings and _INPUTS_ALONE.fullmatch(headings[-1]) and all(found)
    )
    both = [(headings[-1] if headings else "", found) for headings, found in tables.items()]
    told = [found for heading, found in both if _are_of_data(heading, found)]
    told += [found for found in listed if _are_of_data("", found)]
    return next((found for found in (*told, *_in_code(document)) if len(found) >= _FEW), [])


def _is_talk(text: str) -> bool:
    """Tell whether a line beside the items of a list is a sentence that leads to them or comments on them."""
    is_sentence = len(text.split()) >= _TALK and text.rstrip().endswith((".", ":"))
    return is_sentence and not _LIST_ITEM.fullmatch(text)


def _are_of_data(heading: str, listed: Sequence[ListedInput]) -> bool:
    """Tell whether names are of quantities, rather than what a program is praised for ("fast", "small")."""
    called = re.search(r"input|observable|branch", heading, re.IGNORECASE)
    return bool(called) or any(
        item.unit or _QUANTITY.search(item.name) or re.search(r"[\d_]", item.name) for item in listed
    )


def _in_code(document: Document) -> Iterator[list[ListedInput]]:
    """Yield lists of names in code: assigned to features, or one a line below a heading of inputs."""
    for item in settings(document, "code"):
        for assigned in _ASSIGNED.finditer(item.text):
            yield [ListedInput(name) for name in re.findall(r"[\"']([^\"']+)[\"']", assigned[1])]
        if _INPUTS_ALONE.fullmatch(item.heading):
            lines = [_LINE.fullmatch(line) for line in item.text.splitlines() if line.strip()]
            if all(lines):
                yield [
                    ListedInput(line[1], bool(line[2] and _UNIT.fullmatch(line[2])), bool(line[2]))
                    for line in lines
                    if line
                ]


def _add(listed: list[ListedInput], found: ListedInput) -> None:
    """Add an input in place of the same row's, of which one cell less was read."""
    if listed and listed[-1].name == found.name:
        listed.pop()
    listed.append(found)


def _of_cells(heading: str, cells: dict[str, str]) -> ListedInput | None:
    """Return the input of a row: a name, and beside it a unit or a meaning."""
    name_head = next((head for head in cells if _NAME_HEAD.fullmatch(head)), None)
    defining = [value for head, value in cells.items() if head != name_head and _DEFINING_HEAD.search(head)]
    if (
        name_head is None
        or _NO_INPUTS.search(heading)
        or not (_INPUTS_ALONE.fullmatch(heading) or (_OF_INPUTS.search(name_head) and defining))
    ):
        return None
    unit = _UNIT_BEHIND.search(cells[name_head])
    name = _UNIT_BEHIND.sub("", cells[name_head]).strip()
    if not name or is_blank(name):
        return None
    stated = bool(unit) or any(
        not is_blank(value) for head, value in cells.items() if re.fullmatch(r"units?", head)
    )
    return ListedInput(name, stated or any(not is_blank(value) for value in defining), stated)


def _of_item(text: str) -> ListedInput | None:
    """Return the input that an item of a list is: "pt [GeV]: transverse momentum" or "eta"."""
    hit = _LIST_ITEM.fullmatch(re.sub(r"[$\\{}]", "", text).strip().rstrip("."))
    return ListedInput(hit[1], bool(hit[2] or (hit[3] and hit[3].strip())), bool(hit[2])) if hit else None


def defined_names(document: Document, features: list[str]) -> list[str]:
    """Return the features that a document defines: in a table, a "name: value" line, or by "name is ..."."""
    if not features:
        return []
    defined = {item.name.strip() for item in settings(document) if item.value}
    for item in statements(document):
        if told := _DEFINES.match(item.text):
            defined.add(told[1])
    return [name for name in features if name in defined]
