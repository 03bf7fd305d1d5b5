# SPDX-License-Identifier: MIT
"""Results, data formats, hardware, versions and related models in the sentences and tables of documents."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

from fairreg.assessment.content.claims import asserted, is_nothing
from fairreg.assessment.content.grammar import Kind, Passage, passages, statements
from fairreg.assessment.evidence import Document
from fairreg.formats.front_matter import strict_mapping

__all__ = [
    "data_format",
    "defined_names",
    "figures",
    "hardware",
    "hardware_as_data",
    "ordered_names",
    "related_model",
    "repository_told",
    "training_data_address",
    "units",
    "versions",
    "versions_as_data",
]

_METRIC = (
    r"(?:accuracy|acc|auc|auroc|roc[- _]?auc|area under the(?: roc)? curve|f1(?:[- _]?score)?|precision"
    r"|recall"
    r"|background rejection|rejection(?: factor| rate)?|signal efficiency|efficiency|rmse|mae|mse|bleu"
    r"|rouge(?:-?\w)?"
    r"|perplexity|fidelity|r2|r²|mean (?:squared|absolute) error|(?:test|validation|val|final) loss"
    r"|log[- ]?loss|iou|dice"
    r"|map|fpd|kpd|error rate|mis-?classification rate|resolution|sensitivity|specificity|wasserstein"
    r" distance|top-?[15])"
)
_VALUE = (
    r"\d{1,9}(?:[.,]\d{1,9})?(?:\s?(?:±|\+/?-|\+-)\s?\d{1,9}(?:\.\d{1,9})?)?(?:\s?%| per ?cent| percent)?"
)
_LINK = (
    r"(?:[\s:=(|~≈,]|\b(?:of|is|was|are|at|reaches|reached|about|approximately|around|the|a|an|score|value"
    r"|test|validation"
    r"|set|sample|data|split|on|in|for|equals?|we|obtain(?:ed)?|obtains|get|gives?|achieves?|achieved"
    r"|amounts? to|to|as"
    r"|high|low|mean|average|our|jets?|events?|holdout|held-out|roc|curve|against|qcd|background|signal"
    r"|efficiency)\b)"
    r"{1,30}"
)
_FIGURES = re.compile(
    rf"\b{_METRIC}{_LINK}{_VALUE}(?![\w/-])|(?<![\w.]){_VALUE}(?:\s(?:test|validation|overall|mean"
    rf"|top-1))?\s{_METRIC}\b"
    # What it is measured on may stand between an unmistakable metric and its number.
    rf"|\b(?:accuracy|auc|auroc|area under the(?: roc)? curve)(?: [\w/+-]{{1,30}}){{1,8}} (?:is|was|reaches|of)"
    rf" {_VALUE}(?![\w/-])",
    re.IGNORECASE,
)
_NO_RESULT = re.compile(
    r"\b(?:half|single|double|mixed|float(?:ing)?|numerical|machine|full|bit)[- ](?:point )?precision"
    r"|precision of"
    r" (?:a )?(?:float|\d+[- ]?bit)|\brecall (?:that|the|our)|\b(?:energy|heat|weight|power) loss"
    r"|(?<!background )\brejections? of (?:papers|abstracts|the (?:paper|abstract))|\bmap (?:of|\d+"
    r" (?:shows|is))"
    r"|\b(?:bit|bits|px|pixels?|dpi|mm|µm|cm|[GMTk]?eV|papers|pages)\b|\bcut\b",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"\s?(?:-?bits?|px|pixels?|dpi|mm|µm|um|cm|[GMTk]?eV|papers|pages|people|days?|hours?|s|ms)\b"
)
_METRIC_NAME = re.compile(rf"\W*(?:{_METRIC})\b[^|]{{0,40}}", re.IGNORECASE)
_NUMERIC = re.compile(rf"\W*{_VALUE}\W*")

# Data formats that a community can read without the authors.
_FORMATS = {
    "ROOT": r"(?<![$_/\w])ROOT(?![_/\w])(?! (?:directory|folder|dir|user|path|account|password|cause|level"
    r"|of the))"
    r"|\b[\w*-]{1,60}\.root\b",
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
    "HepMC": r"\bHepMC[23]?\b",
    "LHE": r"\bLHE\b",
    "JPEG or PNG": r"\b(?:JPE?G|PNG)s?\b",
}
_FORMAT = {name: re.compile(pattern) for name, pattern in _FORMATS.items()}
_DATA = re.compile(
    r"\b(?:inputs?|outputs?|read(?:s|ing|er)?|writt?en?|writes?|stor(?:ed|es)|sav(?:ed|es)|events?|jets?"
    r"|samples?"
    r"|data(?:sets?)?|n-?tuples?|trees?|arrays?|tables?|accepts?|expects?|takes?|loads?|loaded|provided"
    r"|records?"
    r"|examples?|images?|scans?|recordings?|predictions?|results?|scores?|features?|tracks|converted?)\b",
    re.IGNORECASE,
)
_NO_DATA = re.compile(
    r"\b(?:weights?|checkpoints?|trained models?|model files?|state dict|plots?|figures?|logos?|diagrams?"
    r"|screenshots?"
    r"|badges?|icons?|drawings?|sketch\w*|graphics?|pictures?|configuration|installed?|installation|version"
    r" \d|bibliography"
    r"|password|directory)\b",
    re.IGNORECASE,
)
_FILE_OF_A_MODEL = re.compile(
    r"(?:weights?|models?|checkpoint|best|final)[\w*-]*\.(?:h5|hdf5|npz|npy)$", re.IGNORECASE
)
_PICTURES = re.compile(
    r"\b(?:inputs?|dataset|data|trained|training|classif\w+|reads?|accepts?|expects?|takes?)\b", re.I
)

_HARDWARE = re.compile(
    r"\b(?:NVIDIA|GeForce|Quadro|Tesla [A-Z]\d+|RTX ?-?(?:A)?\d+|GTX ?\d+|[AHVP]100|H200|B200|A[3456]0"
    r"|L40S?|T4|K80|TPU"
    r"(?: ?v\d\w?)?|MI\d{3}X?|Xeon|EPYC|Ryzen|Threadripper|Apple M\d|M[1-4] (?:Pro|Max|Ultra)|Core i\d)\b"
)
_TRAINED = re.compile(
    r"\b(?:train(?:ed|ing|s)?|fit(?:ted|ting)?|optimi[sz]ed|fine-?tun\w+|pre-?train\w*|took|hours?|computed"
    r"|hardware)\b",
    re.I,
)
_NOT_TRAINED = re.compile(
    r"\b(?:infer(?:ence)?|evaluat\w+|requires?|required|needs?|minimum|recommended|compatible|driver"
    r"|latency|deploy\w*"
    r"|motorway|benchmark(?:ed)?|supports?)\b",
    re.IGNORECASE,
)
_VERSION = re.compile(
    r"\b(?:torch|pytorch|tensorflow|keras|jax|flax|scikit-learn|sklearn|onnx|onnxruntime|transformers"
    r"|xgboost|lightgbm"
    r"|lightning|pytorch[ -]lightning|python|cuda|root|numpy)"
    r"(?:\s{1,4}version)?\s{0,4}\(?(?:==|=|:)?\s{0,4}v?\d{1,4}\.\d{1,4}(?:\.\d{1,6})?",
    re.IGNORECASE,
)
_RANGE = re.compile(
    r"\s?(?:\+|\.[x*]|,?\s?(?:or|and) (?:newer|later|higher|above|up|greater|more recent|older|below"
    r"|earlier)|to \d|[-–]\s?\d)",
    re.IGNORECASE,
)
_NO_VERSION = re.compile(
    r"\b(?:requires?|needs?|supports?|at least|minimum|newer than|older than|from|since|compatible|works?"
    r" with)\W+(?:\w+ )?$",
    re.IGNORECASE,
)

_RELATED = re.compile(
    r"\b(?:trained|training) from scratch\b|\btrain(?:ed|s)? (?:\w+ ){1,4}from scratch\b|\bfrom"
    r" scratch\b(?=[^.]{0,40}\btrain)"
    r"|\bfine-?tuned? (?:from|on top of|version of|starting from|the)\b|\bfine-?tuning (?:of|the) [\w./-]+"
    r"|\b(?:initiali[sz]ed|distilled|derived|adapted|continued|pruned|quanti[sz]ed|warm-started"
    r"|transferred) (?:\w+ ){0,2}?from\b"
    r"|\bstart(?:s|ed|ing) from (?:the )?(?:\w+ ){0,4}?(?:weights|checkpoint|model|network)\b"
    r"|\b(?:base|parent|teacher|starting) model (?:is|was|:)|\b(?:is|was) (?:a |an )?(?:\w+ )?(?:retrained"
    r"|re-trained)"
    r" version of\b|\bbased on the (?:\w+[ /-]){1,4}?(?:model|network|checkpoint|weights)\b"
    r"|\buses? (?:the )?pre-?trained (?:weights|backbone|encoder|model)\b|\bpre-?trained (?:weights"
    r"|backbone) (?:of|from)\b",
    re.IGNORECASE,
)
_RELATED_KEY = re.compile(
    r"(?:base|parent|teacher|starting) ?model|fine-?tuned from|derived from", re.IGNORECASE
)
_NO_MODEL = re.compile(
    r"\bmodels? of (?:growth|the (?:atom|universe|detector|telescope))\b|\bstandard model\b", re.I
)

_UNITS = re.compile(
    r"[\[(](?:[GMTk]?eV(?:/c²?)?|cm|mm|µm|um|rad|radians|ns|ps|K|s|m|deg|Hz)[\])]"
    r"|\b(?:in|of) (?:units of )?(?:[GMTk]eV|cm|mm|µm|um|metres|meters|radians|degrees|nanoseconds|ns|ps"
    r"|kelvin)\b"
    r"|\bunits?\s*[:=]\s*\w|\b(?:[GMTk]eV|mm|cm|rad)\b(?=\s*(?:\||$))"
)
_QUANTITY = re.compile(
    r"\b(?:inputs?|features?|variables?|columns?|branch(?:es)?|momenta|momentum|p_?T|pt|energ(?:y|ies)"
    r"|lengths?|mass(?:es)?"
    r"|angles?|distances?|coordinates?|positions?|impact parameters?|times?|temperatures?|quantit(?:y|ies)"
    r"|eta|phi)\b",
    re.IGNORECASE,
)
_NO_QUANTITY = re.compile(
    r"\b(?:beams?|collid\w+|collisions?|centre[- ]of[- ]mass|center[- ]of[- ]mass|plots?|figures?|posters?"
    r"|wide|talks?)\b",
    re.IGNORECASE,
)

_ADDRESS = re.compile(r"https?://(?!(?:dx\.)?doi\.org|arxiv\.org)[\w.-]{3,100}/\S{2,300}")
_TRAINING_DATA = re.compile(
    r"\btrained (?:\w+ ){0,2}?on (?:\w+[ -]){0,6}?(?:data|datasets?|samples?|events|jets|corpus|images)\b"
    r"|\btraining (?:data|sample|set|events|jets)\b",
    re.IGNORECASE,
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

_MY_CODE = re.compile(
    r"\b(?:source code|code(?:base)?|implementation|scripts?)\b(?! of conduct| style| review)|\brepository\b"
    r"|\bdeveloped (?:at|in|on)\b",
    re.IGNORECASE,
)
_OTHERS_CODE = re.compile(
    r"\b(?:thanks?|install(?:ed|ing)?|issues?|report|bugs?|dataset|data repository|depends? on|requires?"
    r"|dependency"
    r"|third[- ]party|clone of|inspired|template|uses the|their|borrowed|code of conduct|style"
    r"|build(?:ing)? \w+ from"
    r"|from source|documentation of)\b|\bcode of (?!(?:the|this|our) (?:model|network|training|tagger))",
    re.IGNORECASE,
)


def figures(document: Document) -> str | None:
    """Return the first passage that reports a metric with its number."""
    read = (
        passages(_notebook(document.text))
        if document.role == "notebook"
        else statements(document, "sentence", "row")
    )
    for item in read:
        if item.kind == "row" and _METRIC_NAME.fullmatch(item.name) and _NUMERIC.match(item.value):
            return item.text
        if item.kind in {"sentence", "code"} and (hit := _first(_FIGURES, item.text, _is_result)):
            return hit[0]
    return None


def _is_result(text: str, hit: re.Match[str]) -> bool:
    before = text[max(0, hit.start() - 25) : hit.start()].rpartition(";")[2]
    around = before + text[hit.start() : hit.end() + 12]
    return not _NO_RESULT.search(around) and not _UNIT.match(text, hit.end())


def _notebook(text: str) -> str:
    """Return the words of a notebook: its Markdown cells, and the text that its cells printed."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):  # it may be cut
        return text.replace("\\n", "\n")
    cells = content.get("cells") if isinstance(content, dict) else None
    return "\n\n".join(_cell_texts(cells)) if isinstance(cells, list) else ""


def _cell_texts(cells: Iterable[object]) -> Iterator[str]:
    for cell in cells:
        if isinstance(cell, dict):
            parts = [cell.get("source")] if cell.get("cell_type") == "markdown" else []
            parts += [part for output in _objects(cell.get("outputs")) for part in _printed(output)]
            yield from ("".join(map(str, part)) for part in parts if isinstance(part, str | list))


def _printed(output: dict[str, object]) -> tuple[object, ...]:
    data = output.get("data")
    return (output.get("text"), data.get("text/plain") if isinstance(data, dict) else None)


def _objects(value: object) -> list[dict[str, object]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


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
    return bool(_DATA.search(rest)) and asserted(text, hit.start(), hit.end(), real=False)


def hardware(document: Document) -> str | None:
    """Return the sentence that names the hardware of the training."""
    for item in statements(document, "sentence", "row"):
        hit = _HARDWARE.search(item.text)
        heading = re.search(r"\btraining|hardware|compute\b", item.heading, re.IGNORECASE)
        about = (heading or _TRAINED.search(item.text)) and not _NOT_TRAINED.search(item.text)
        if hit and about and asserted(item.text, hit.start(), hit.end()):
            return item.text
    return None


def versions(document: Document) -> str | None:
    """Return the first passage that names a framework with its exact version; a range is none."""
    for item in statements(document, "sentence", "row", "pair"):
        if hit := _first(_VERSION, item.text, _is_exact):
            return hit[0]
    return None


def versions_as_data(document: Document) -> str | None:
    """Return a framework with its exact version in a file of settings."""
    hit = _VERSION.search(re.sub(r"[\"',]", "", document.text))
    return hit[0] if hit else None


def hardware_as_data(document: Document) -> str | None:
    """Return hardware in a file of settings, or under a key of front matter such as ``hardware_used``."""
    if document.role in {"hyperparameters", "provenance"}:
        hit = _HARDWARE.search(document.text)
        return hit[0] if hit else None
    stated = strict_mapping(document.text)
    emissions = stated.get("co2_eq_emissions")
    places = [stated, emissions if isinstance(emissions, dict) else {}]
    values = (place.get(key) for place in places for key in ("hardware_used", "hardware"))
    return next((item for item in values if isinstance(item, str) and not is_nothing(item)), None)


def _is_exact(text: str, hit: re.Match[str]) -> bool:
    return not _RANGE.match(text, hit.end()) and not _NO_VERSION.search(
        text[max(0, hit.start() - 40) : hit.start()]
    )


def related_model(document: Document) -> str | None:
    """Return the passage that says from which model this one was made, or that it starts from none."""
    for item in statements(document, "sentence", "pair", "row"):
        if item.kind != "sentence":
            if _RELATED_KEY.fullmatch(item.name) and re.search(r"\w[/-]\w|\w{4}", item.value):
                return item.text
        elif hit := _first(_RELATED, item.text, lambda text, _: not _NO_MODEL.search(text)):
            return item.text[hit.start() :]
    return None


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
        of_data = hit and _TRAINING_DATA.search(item.text) and not _OTHERS_CODE.search(item.text)
        if of_data and asserted(item.text, 0, len(item.text), real=False):
            return item.raw
    return None


def repository_told(document: Document, address: re.Pattern[str]) -> Iterator[str]:
    """Yield the sentences that call an address the code of the model; `address` finds repositories."""
    before: Passage | None = None
    for item in statements(document):
        if address.search(item.raw):
            said = f"{before.text if before else ''} {address.sub('', item.text)} {item.heading}"
            if _MY_CODE.search(said) and not _OTHERS_CODE.search(address.sub("", item.text)):
                yield item.raw
        before = item


def _first(
    pattern: re.Pattern[str], text: str, holds: Callable[[str, re.Match[str]], bool]
) -> re.Match[str] | None:
    found = (hit for hit in pattern.finditer(text) if holds(text, hit))
    return next((hit for hit in found if asserted(text, hit.start(), hit.end())), None)
