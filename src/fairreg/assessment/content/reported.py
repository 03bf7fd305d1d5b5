# SPDX-License-Identifier: MIT
"""Results, hardware, versions and described fields in the sentences and tables of documents."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

from fairreg.assessment.content.claims import asserted, is_nothing
from fairreg.assessment.content.grammar import Passage, passages, statements
from fairreg.assessment.evidence import Document
from fairreg.formats.front_matter import strict_mapping
from fairreg.schemas.text import around

__all__ = [
    "described_fields",
    "figures",
    "first_asserted",
    "hardware",
    "hardware_as_data",
    "versions",
    "versions_as_data",
]

_METRIC = (
    r"(?:accuracy|acc|auc|auroc|roc[- _]?auc|roc integral|area under the(?: roc)? curve|f1(?:[- _]?score)?"
    r"|precision|recall|background rejection|rejection(?: factor| rate)?|signal efficiency|efficiency|eff\."
    r"|rmse|mae|mse|bleu|rouge(?:-?\w)?|perplexity|fidelity|r2|r²|mean (?:squared|absolute) error|(?:test"
    r"|validation|val|final) loss|log[- ]?loss|iou|dice|map|fpd|kpd|error rate|mis-?classification rate"
    r"|mis-?tag(?:ging)? rate|fake rate|(?:true|false) (?:positive|negative) rate|false alarm rate"
    r"|significance improvement|resolution|sensitivity|specificity|wasserstein distance|top-?[15]"
    r"|(?:chi\^?2|chi-?squared?|χ2|χ²)\s?(?:/|per)\s?(?:ndf|dof|n\.?d\.?f\.?|d\.o\.f\.|data point"
    r"|degree of freedom)|effective sample size|(?:median|mean) (?:opening angle|angular error|z-?score"
    r"|significance)|ams|w1|[bcl]-rejection)"
)
_NUMBER = r"(?:\d{1,9}(?:[.,]\d{1,9})?|(?<![\w.])\.\d{1,9})(?:e-?\d{1,3})?(?:\(\d{1,3}\))?"
_VALUE = rf"{_NUMBER}(?:\s?(?:±|\+/?-|\+-)\s?\d{{0,9}}(?:\.\d{{1,9}})?)?(?:\s?%| per ?cent| percent)?"
_LINK = (
    r"(?:[\s:=(|~≈,]|[\[(][^\[\]()]{0,40}[\])]|\b(?:of|is|was|are|at|reaches|reached|about|approximately"
    r"|around"
    r"|the|a|an|score|value|test|validation|set|sample|data|split|on|in|for|equals?|we|obtain(?:ed)?|obtains"
    r"|get|gives?|achieves?|achieved|amounts? to|to|as|high|low|only|just|even|now|has|have"
    r"|improved|increased|rises|rose|mean|average|our|jets?|events?|holdout"
    r"|held-out|roc|curve|against|qcd|background|signal|efficiency|1/[εe]_?\w{0,6})\b){1,30}"
)
_FIGURES = re.compile(
    rf"\b{_METRIC}{_LINK}{_VALUE}(?![\w/-])|(?<![\w.]){_VALUE}(?:\s(?:test|validation|overall|mean"
    rf"|top-1|pixel))?\s{_METRIC}\b"
    # What it is measured on may stand between a metric and its number.
    rf"|\b{_METRIC}(?: [\w/>→+-]{{1,30}}){{1,8}}(?: (?:is|was|reaches|of)|:| =) {_VALUE}(?![\w/-])",
    re.IGNORECASE,
)
_NO_RESULT = re.compile(
    r"\b(?:half|single|double|mixed|float(?:ing)?|numerical|machine|full|bit)[- ](?:point )?precision"
    r"|precision of (?:a )?(?:float|\d+[- ]?bit)|\brecall (?:that|the|our)|\b(?:energy|heat|weight|power)"
    r" loss|(?<!background )\brejections? of (?:papers|abstracts|the (?:paper|abstract))|\bmap (?:of|\d+"
    r" (?:shows|is))|\b(?:cooling|fuel|power|heating|solar) efficiency"
    r"|\befficiency of the (?:cooling|heating|pump|motor)|\bcut\b|\buntil\b",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"\s?(?:-?bits?|px|pixels?|dpi|mm|µm|um|cm|[GMTk]?eV|papers|pages|people|days?|hours?|mV|V|s|ms|ns)\b"
)
# Errors have the unit of what is predicted.
_IN_UNITS = re.compile(
    r"\b(?:rmse|mae|mean (?:squared|absolute) error|resolution)\b[^.]{0,60}?\d[\d.]*\s?(?:[GMTk]?eV|µm|mm|cm"
    r"|ns|ps)?",
    re.IGNORECASE,
)
# A number that nobody measured with this model: required, expected of others, or made up.
_NOT_MEASURED = re.compile(
    r"\b(?:required|requirements?|we require|requires? (?:an?|at least)|to accept"
    r"|(?:minimum|target|expected|desired) (?:accuracy|auc|efficiency|value)"
    r"|targets? (?:of|is)|chance|random (?:guess\w*|choice)|humans?|assumed|fake numbers|illustration|dummy"
    r"|made[- ]up|placeholder)\b",
    re.IGNORECASE,
)
# Figures of an apparatus, where nothing says that a model has them.
_OF_APPARATUS = re.compile(
    r"\b(?:trackers?|calorimeters?|detectors?|triggers?|spectrometers?|sensors?|chambers?|muon systems?"
    r"|beams?|telescopes?|cameras?)\b",
    re.IGNORECASE,
)
_SHARED_METRIC = re.compile(r"efficiency|resolution|sensitivity|precision", re.IGNORECASE)
_BY_A_MODEL = re.compile(
    r"\b(?:models?|networks?|taggers?|classifiers?|regress\w+|predict\w*|classif\w+|tagging|we|our|it|this|test"
    r"|validation)\b",
    re.IGNORECASE,
)
_NO_OWN = re.compile(
    r"\bours?(?: \w+)? (?:is|are|has|have|was|were) (?:not|still|yet|unknown|pending)\b", re.IGNORECASE
)
_BY_OTHERS = re.compile(
    r"\s(?:that |which )?(?:others?|they|\w+ et al\.?) (?:report|quote|claim|obtain|find|state|reach)"
    r"|[^.;]{0,60}\b(?:not be reproduced|reported by (?:others|\w+ et al)|(?:was|were|is|are) (?:assumed"
    r"|required|expected|needed))\b",
    re.IGNORECASE,
)
_METRIC_NAME = re.compile(
    rf"\W*(?:[\w-]+ ){{0,3}}?(?:[bcqgtτ]-)?(?:{_METRIC})(?!\w)[^|]{{0,40}}", re.IGNORECASE
)
_RESULT = re.compile(
    rf"\W{{0,9}}({_VALUE})(?=\s*(?:$|[|/;,(\[.±–-]|(?:at|for|on|in|with|over|and|against|to)\b))",
    re.IGNORECASE,
)
_INVERSE_RATE = re.compile(r"\W{0,3}1\s?/\s?[εe]_?\w{0,6}\b[^|]{0,30}", re.IGNORECASE)
_OURS = re.compile(
    r"\W*(?:ours?|(?:this|our|the present|the proposed) (?:work|models?|networks?|taggers?|paper|method))\b",
    re.I,
)
_OF_OTHERS = re.compile(
    r"\[\d{1,3}\]|\bet al\b|\b(?:not ours|competitor|baseline|random|chance|human)\b", re.I
)
# LaTeX around numbers.
_LATEX = (
    (re.compile(r"\\(?:mathrm|text|textrm|mathit|rm|bf|mathbf)\s?\{([^{}]{0,80})\}"), r"\1"),
    (re.compile(r"\\pm\b"), "±"),
    (re.compile(r"\\(?:varepsilon|epsilon)(?![a-z])"), "ε"),
    (re.compile(r"\\[,;!%]|\$|\\(?:approx|sim)\b"), lambda hit: "%" if hit[0] == r"\%" else " "),
)

_HARDWARE = re.compile(
    r"\b(?:NVIDIA|GeForce|Quadro|Tesla [A-Z]\d+|RTX ?-?(?:A)?\d+|GTX ?\d+|[AHVP]100|H200|B200|A[3456]0|L40S?"
    r"|T4|K80|TPU(?: ?v\d\w?)?|MI\d{3}X?|Xeon|EPYC|Ryzen|Threadripper|Apple M\d|M[1-4] (?:Pro|Max|Ultra)"
    r"|Core i\d)\b"
)
_TRAINED = re.compile(
    r"\b(?:train(?:ed|ing|s)?|fit(?:ted|ting)?|optimi[sz]ed|fine-?tun\w+|pre-?train\w*|took|hours?|computed"
    r"|hardware)\b",
    re.I,
)
_NOT_TRAINED = re.compile(
    r"\b(?:infer(?:ence)?|evaluat\w+|requires?|required|needs?|minimum|recommended|compatible|driver|latency"
    r"|deploy\w*|motorway|benchmark(?:ed)?|supports?)\b",
    re.IGNORECASE,
)
_VERSION = re.compile(
    r"\b(?:torch|pytorch|tensorflow|keras|jax|flax|scikit-learn|sklearn|onnx|onnxruntime|transformers"
    r"|xgboost|lightgbm|lightning|pytorch[ -]lightning|python|cuda|root"
    r"|numpy)(?:\s{1,4}version)?\s{0,4}\(?(?:==|=|:)?\s{0,4}v?\d{1,4}\.\d{1,4}(?:\.\d{1,6})?",
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

# Fields of a model's description, as a sentence names them.
_DESCRIBED = {
    "ml_task": re.compile(
        r"\b(?:classif(?:y|ies|ied|ication|ier)|regress\w*|tag(?:s|ging|ger)|discriminat\w+|segment(?:s"
        r"|ation)|anomaly detection|generat(?:es|ive)|detects?|tells? \w+(?: \w+)* from|separates?|sorts?"
        r" \w+ into|predicts?)\b",
        re.IGNORECASE,
    ),
    "model_category": re.compile(
        r"\b(?:graph (?:neural )?network|interaction network|multi-?layer perceptron|MLP|transformer"
        r"|auto-?encoder|(?:boosted |random )?forest|boosted decision trees?|BDT|convolutional|CNN|recurrent"
        r"|LSTM|GRU|deep sets|normali[sz]ing[- ]flow|GAN|diffusion model|ResNet\w*|BERT|U-?Net"
        r"|hidden layers)\b",
        re.IGNORECASE,
    ),
    "frameworks": re.compile(
        r"\b(?:PyTorch|TensorFlow|Keras|JAX|scikit-learn|XGBoost|LightGBM|TMVA|Flax|MXNet)\b", re.IGNORECASE
    ),
    "inputs": re.compile(
        r"\b(?:inputs?|takes|reads|uses) (?:\w+[ ,-]){0,8}(?:features|variables|tracks|branches|numbers"
        r"|observables|pixels|images?|particles|constituents|vertices|array|energy|momenta)\b|\bgives"
        r" (?:\w+[ ,-]){0,6}(?:probabilit\w+|scores?|numbers?|fractions?)\b",
        re.IGNORECASE,
    ),
}

# What makes "classified" or "transformer" words on machine learning.
_OF_A_MODEL = re.compile(
    r"\b(?:models?|networks?|taggers?|classifiers?|regressors?|generators?|neural|deep|learn(?:s|ed|ing)?"
    r"|(?:pre-?)?train(?:s|ed|ing)?|architectures?|implement\w+|backbone|encoder|decoder|layers?|weights|inputs?"
    r"|features|jets?|events?|particles?|tracks?|images?|showers?|signal|background|quarks?|gluons?|collisions?"
    r"|muons?|electrons?|photons?|leptons?|hadrons?|bosons?|candidates|datasets?|hyper-?parameters"
    r"|detectors?|tasks?|frameworks?|we|it|this|auto-?encoder|MLP|perceptron|BDT|boosted|CNN|convolutional"
    r"|LSTM|GRU|GAN|normali[sz]ing[- ]flow|anomaly detection|PyTorch|TensorFlow|XGBoost|scikit-learn)\b",
    re.IGNORECASE,
)
_ON_THE_MODEL = re.compile(
    r"\W*(?:model|network|architecture|(?:ml )?task|frameworks?|implementation|method)\b", re.IGNORECASE
)
_COMPARED = re.compile(
    r"\b(?:compar\w+ (?:with|to)|outperform\w*|than|unlike|such as|instead of)\s[^.;:]{0,60}", re.IGNORECASE
)
_MADE_IN = re.compile(r"\b(?:in|with|using|on|via|uses|needs|requires|install)\s$|[:(,]\s?$", re.IGNORECASE)
_NEAR = 80  # characters before a word

_DESCRIBED_KEYS = {
    name: re.compile(rf"(?:model |network )?(?:{words})", re.IGNORECASE)
    for name, words in (
        ("ml_task", "tasks?|ml task|problem type"),
        ("model_category", "architecture|type|category|backbone"),
        ("frameworks", "frameworks?|library|libraries|implemented in"),
        ("inputs", "inputs?|input features|input variables"),
    )
}


def figures(document: Document) -> str | None:
    """Return the first passage that reports a metric with its number."""
    if document.role == "notebook":
        read: Iterable[Passage] = passages(_notebook(document.text))
    else:
        read = statements(document, "sentence", "row", "pair")
    for is_table, items in groupby(read, key=lambda item: item.kind == "row"):
        for item in _own_rows(list(items)) if is_table else items:
            if item.kind in {"row", "pair"}:
                if _is_stated_result(item):
                    return item.text
            elif item.kind in {"sentence", "code"} and (said := _told_result(item.text)):
                return said
    return None


def _own_rows(rows: list[Passage]) -> Iterator[Passage]:
    """Yield the rows of a table, and the cells by their heads, that are not of another model.

    Where a row is called "ours", those of all other names are of other models.
    """
    whole = [item for item in rows if _is_whole(item)]
    named = any(_OURS.match(item.name) for item in whole)
    own = not named
    for item in rows:
        if _is_whole(item):
            own = bool(_OURS.match(item.name)) if named else not _OF_OTHERS.search(item.name)
        if own:
            yield item


def _is_whole(row: Passage) -> bool:
    return row.text != f"{row.name}: {row.value}"


def _is_stated_result(item: Passage) -> bool:
    """Tell whether a cell, row or line has a metric as its name and a measured number as its value."""
    name, value = _plain(item.name), _plain(item.value)
    rate = _INVERSE_RATE.fullmatch(name)
    if not (rate or _METRIC_NAME.fullmatch(name)) or _NO_RESULT.search(name):
        return False
    if (
        _NOT_MEASURED.search(f"{name} {value}")
        or _is_of_apparatus(name, name)
        or not asserted(item.text, 0, len(item.text), real=False)
    ):
        return False
    in_units = _IN_UNITS.match(f"{name} {value}") and re.match(rf"\W{{0,9}}{_VALUE}", value)
    return bool(_RESULT.match(value) or in_units)


def _is_of_apparatus(text: str, figure: str) -> bool:
    shared = _SHARED_METRIC.search(figure) and _OF_APPARATUS.search(text)
    return bool(shared) and not _BY_A_MODEL.search(text)


def _told_result(text: str) -> str | None:
    plain = _plain(text)
    if _NO_OWN.search(plain):
        return None
    hit = first_asserted(_FIGURES, plain, _is_result)
    return hit[0] if hit else None


def _plain(text: str) -> str:
    """Return the text with the numbers and metrics of its formulas as plain characters."""
    if "$" in text or "\\" in text:
        for pattern, by in _LATEX:
            text = pattern.sub(by, text)
    return " ".join(text.split())


def described_fields(document: Document) -> dict[str, str]:
    """Return task, architecture, framework and inputs that sentences name, each with its sentence."""
    found: dict[str, str] = {}
    for item in statements(document, "row", "pair"):
        for name, pattern in _DESCRIBED_KEYS.items():
            if pattern.fullmatch(item.name) and not is_nothing(item.value):
                found.setdefault(name, item.text)
    for item in statements(document):
        own = _OF_A_MODEL.search(item.text) or _ON_THE_MODEL.match(item.heading)
        about = _is_of_model if own else _is_alone
        for name, pattern in _DESCRIBED.items():
            if name not in found and (hit := first_asserted(pattern, item.text, about)):
                found[name] = around(item.text, hit.start(), hit.end(), 40)
    return found


def _is_of_model(text: str, hit: re.Match[str]) -> bool:
    """Tell whether words of a sentence on a model are not those of what it is compared with."""
    return not _COMPARED.search(text, max(0, hit.start() - _NEAR), hit.start())


def _is_alone(text: str, hit: re.Match[str]) -> bool:
    """Tell whether a sentence without a subject begins with a task, or something is made in a program."""
    begins = not text[: hit.start()].strip()
    made_in = _MADE_IN.search(text[max(0, hit.start() - _NEAR) : hit.start()])
    return _is_of_model(text, hit) and (begins or bool(made_in))


def _is_result(text: str, hit: re.Match[str]) -> bool:
    before = re.split(r"[;,:.]", text[max(0, hit.start() - 25) : hit.start()])[-1]
    if _NOT_MEASURED.search(text, max(0, hit.start() - 30), hit.end() + 40) or _is_of_apparatus(text, hit[0]):
        return False
    if _NO_RESULT.search(before + text[hit.start() : hit.end() + 12]) or _BY_OTHERS.match(text, hit.end()):
        return False
    share = hit[0].rstrip().endswith(("%", "cent"))
    return share or bool(_IN_UNITS.search(hit[0])) or not _UNIT.match(text, hit.end())


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
        if hit := first_asserted(_VERSION, item.text, _is_exact):
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


def first_asserted(
    pattern: re.Pattern[str], text: str, holds: Callable[[str, re.Match[str]], bool]
) -> re.Match[str] | None:
    """Return the first hit of a pattern that `holds` and that the text asserts."""
    found = (hit for hit in pattern.finditer(text) if holds(text, hit))
    return next((hit for hit in found if asserted(text, hit.start(), hit.end())), None)
