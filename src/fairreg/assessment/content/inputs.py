# SPDX-License-Identifier: MIT
"""Data of a model in sentences and tables: formats, order and units of inputs, address of training data."""

import re
from itertools import groupby

from fairreg.assessment.content.claims import asserted
from fairreg.assessment.content.grammar import Kind, statements
from fairreg.assessment.content.prose import has_identifier
from fairreg.assessment.evidence import Document

__all__ = ["data_format", "defined_names", "ordered_names", "training_data_address", "units"]

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
_NO_DATA = re.compile(
    r"\b(?:weights?|checkpoints?|trained models?|model files?|state dict|plots?|figures?|logos?|diagrams?"
    r"|screenshots?|badges?|icons?|drawings?|sketch\w*|graphics?|pictures?|configuration|installed?"
    r"|installation|version \d|bibliography|password|directory)\b",
    re.IGNORECASE,
)
_FILE_OF_A_MODEL = re.compile(
    r"(?:weights?|models?|checkpoint|best|final)[\w*-]*\.(?:h5|hdf5|npz|npy)$", re.IGNORECASE
)
# What data were converted from is not what is read.
_LEFT = re.compile(r"\bconver\w+\b[^.;]{0,50}\bfrom (?:the )?(?:\w+ )?$", re.IGNORECASE)
_PICTURES = re.compile(
    r"\b(?:inputs?|dataset|data|trained|training|classif\w+|reads?|accepts?|expects?|takes?)\b", re.I
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

_ADDRESS = re.compile(r"https?://[\w.-]{3,100}/\S{2,300}")
_TRAINING_DATA = re.compile(
    r"\btrained (?:\w+ ){0,2}?on (?:\w+[ -]){0,6}?(?:data|datasets?|samples?|events|jets|corpus|images)\b"
    r"|\btraining (?:data|sample|set|events|jets)\b",
    re.IGNORECASE,
)

_NO_ADDRESS = re.compile(
    r"\b(?:courses?|thanks?|install(?:ed|ing)?|issues?|template|documentation of)\b", re.I
)
_ONE_NAME = r"`?[\w.]{1,40}`?(?:\s?[(\[][\w/°]{1,10}[)\]])?"
_LISTED = re.compile(
    r"\b(?:in (?:this|the following|that) order|(?:features|inputs|variables|columns|branches|observables)"
    rf"(?: are)?(?: \w+){{0,6}})\s?:\s*((?:{_ONE_NAME}(?:,|;| and)\s*){{2,200}}(?:and )?{_ONE_NAME})(?=\W*$)",
    re.IGNORECASE,
)
_INPUTS = re.compile(
    r"\W*(?:model )?(?:inputs?|(?:input )?features?|variables|branches|columns)\b", re.IGNORECASE
)
_FEW = 2


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
    rest = text[: hit.start()] + text[hit.end() :]
    if _LEFT.search(text[max(0, hit.start() - 60) : hit.start()]):
        return False
    return bool(_DATA.search(rest)) and asserted(text, hit.start(), hit.end(), real=False)


def units(document: Document, *, as_data: bool) -> str | None:
    """Return the passage that gives the units of inputs: of a table or "name: value" line, or a sentence."""
    if document.role == "definitions":
        hit = _UNITS.search(document.text)
        return hit[0] if hit else None
    kinds: tuple[Kind, ...] = ("row", "pair") if as_data else ("sentence",)
    for item in statements(document, *kinds):
        hit = _UNITS.search(item.text)
        about = not _NO_QUANTITY.search(item.text) and (as_data or _QUANTITY.search(item.text))
        if hit and about and asserted(item.text, hit.start(), hit.end(), real=False):
            return item.text
    return None


def ordered_names(document: Document) -> list[str]:
    """Return the inputs in the order that a document lists them, in a sentence, a table or settings."""
    for item in statements(document):
        if hit := _LISTED.search(item.text):
            parts = re.split(r"[,;]|\sand\s", re.sub(r"[(\[][^)\]]{0,20}[)\]]|`", " ", hit[1]))
            return [name for part in parts if (name := part.strip(" ."))]
    for heading, rows in groupby(statements(document, "row", "pair"), key=lambda item: item.heading):
        names = list(dict.fromkeys(item.name for item in rows))
        if _INPUTS.match(heading) and len(names) > _FEW:
            return names
    return []


def defined_names(document: Document, features: list[str]) -> list[str]:
    """Return the features that a document defines: in a table, a "name: value" line, or by "name is ..."."""
    wanted = set(features)
    defined = {item.name.strip() for item in statements(document, "row", "pair") if item.value}
    for item in statements(document):
        told = re.match(r"\W*([\w.]+)\W{1,3}(?:is|are|denotes|means|gives|describes|[–—-]|the)\b", item.text)
        if told:
            defined.add(told[1])
    return [name for name in features if name in wanted & defined]


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
