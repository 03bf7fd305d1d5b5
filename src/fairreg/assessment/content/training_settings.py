# SPDX-License-Identifier: MIT
"""Settings of a training: optimiser, epochs, split, seed and other hyperparameters, as data or in sentences.

As data they stand in a JSON or YAML file, front matter, a table, a "name: value" line or a list of nothing
else; in a sentence a number stands beside its name.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from fairreg.assessment.content.claims import asserted, is_nothing
from fairreg.assessment.content.documents import parsed
from fairreg.assessment.content.grammar import Passage, settings, statements
from fairreg.assessment.evidence import Document
from fairreg.formats.front_matter import strict_mapping
from fairreg.schemas.text import around

__all__ = ["GROUPS", "Setting", "settings_of"]

GROUPS = ("hyperparameters", "optimiser", "epochs", "split", "seed")

_DEEPEST = 8
_SMALL = (
    "one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|forty|fifty|sixty|sixty-four"
    "|hundred|a hundred|thousand"
)
_COUNT = rf"(?:\d{{1,3}}(?:[,  ]\d{{3}})+|\d{{1,9}}k?|{_SMALL})(?![\d.]*\d)"
_NUMBER = r"(?:\d{1,9}(?:[.,]\d{1,12})?|\.\d{1,12})(?:\s?[x×*·]\s?10|e)?(?:[-−^⁻]{0,2}[\d⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3})?"
# Words that may stand between a name and its number.
_GLUE = (
    r"(?:[\s:=(~≈|\"'`]|\b(?:of|is|was|were|are|set|fixed|kept|chosen|equal|equals|to|at|as|about"
    r"|approximately|around|initial|initially|starting|from|the|a|an|value|being|constant|be|been|has|had"
    r"|reduced|lowered|decayed|with|parameter)\b){1,14}"
)
_RATE = (
    r"(?:learning[ _-]?rates?|lr|step[ _-]size|weight[ _-]decay|momentum|drop[ _-]?out(?: rate|"
    r" probability)?)"
)
_BATCH = r"(?:mini[ _-]?)?batch(?:es|[ _-]?sizes?)?"
_HIDDEN = r"(?:hidden|latent|embedding)[ _-](?:size|dim(?:ension)?|units|nodes|neurons|channels|features)s?"
_HYPERPARAMETER = re.compile(
    rf"\b(?:{_RATE}|{_BATCH}|{_HIDDEN}|(?:number of )?(?:hidden )?layers){_GLUE}{_NUMBER}\b"
    rf"|{_NUMBER}\s?%?\s(?:{_RATE}|batch size|{_HIDDEN})\b|\bbatches (?:of|with|containing) {_COUNT}"
    rf"|\b{_COUNT} (?:\w+ ){{0,2}}(?:per|in each|in a) (?:mini-?)?batch\b|\b{_COUNT}-\w+"
    rf" (?:mini-?)?batches\b",
    re.IGNORECASE,
)
_UNMISTAKABLE = (
    r"AdamW|Adamax|NAdam|RAdam|SGD|RMS-?[Pp]rop|Ada[Gg]rad|Ada[Dd]elta|Ada[Ff]actor|L-?BFGS|LAMB"
    r"|[Ss]tochastic [Gg]radient [Dd]escent|[Mm]ini-?batch gradient descent|[Gg]radient descent"
)
_OPTIMISER = re.compile(
    rf"\b(?:{_UNMISTAKABLE})\b|\b(?:Adam|ADAM)\b(?!['’]s? (?!optimi|learning|beta|step))|\badam\b"
    r"|\b(?:Lion|Ranger|Muon|Prodigy|Sophia|Yogi)(?= optimi[sz])"
)
# Adam is a name as well: a verb or a family name behind it, or work and thanks before it, tell a person.
_PERSON_AFTER = re.compile(
    r"\s+(?:[A-Z][a-zà-ÿ’'-]+(?![\w-]*(?:prop|grad))|(?:who|whom|and|wrote|trained|made|ran|did|built"
    r"|designed|implemented|helped|provided|gave|suggested|found|said|asked|for (?:his|help|the|comments"
    r"|discussions))\b)"
)
_STILL_OPTIMISER = re.compile(
    r"\s+(?:Optimi[sz]er|Optimi[sz]ation|Algorithm|and (?:a|an|the|SGD|batch|learning))"
)
_PERSON_BEFORE = re.compile(
    r"\b(?:by|thanks? to|thank|grateful to|contact|ask|dr\.?|prof\.?|mr\.?|author(?:ed)?(?: by)?|together"
    r" with|collaboration with|help (?:of|from)|from|and|to|dear)\s*$",
    re.IGNORECASE,
)
_TRAINING = re.compile(
    r"\b(?:train(?:ed|ing|s)?|optimi[sz]\w*|minimi[sz]\w*|fit(?:ted|ting)?|fine-?tun\w+|learning[ _-]?rate"
    r"|lr|epochs?|batch(?:es)?|gradient|weight decay|momentum|betas?|loss|learned|updates?"
    r"|hyper-?parameters?)\b",
    re.IGNORECASE,
)
_EPOCHS = re.compile(
    rf"\b{_COUNT} (?:\w+ )?epochs\b|\b{_COUNT}-epochs?\b|\bone epoch\b|\b(?:number of |training |max(?:imum"
    rf"|imal)? )*epochs{_GLUE}{_COUNT}|\b{_COUNT} (?:passes|times) (?:over|through) the (?:\w+ )?(?:data|set"
    rf"|sample|events|jets)|\btrain(?:ed|ing)? (?:\w+ ){{0,3}}for {_COUNT} (?:\w+ )?(?:steps|iterations"
    rf"|updates)\b",
    re.IGNORECASE,
)
_PATIENCE = re.compile(
    r"\bpatience\b|\bwithout (?:any |an |further )?improv|\bwarm-?up\b|\bevery\b|\blast\b|\bfirst\b"
    r"|\bafter\b|\beach\b|\bearly[ -]stop|\bper\b",
    re.IGNORECASE,
)
_YAML_LINE = re.compile(r"\s{0,20}([A-Za-z][\w -]{0,40}):\s*(.{0,200})")
_TRAINING_HEADING = re.compile(
    r"\b(?:train\w*|hyper-?parameters?|settings|configuration|reproduc\w+|setup)\b", re.IGNORECASE
)
# Headings of another process, of what a program accepts, of others' work, and of advice to the reader.
_OTHER_PROCESS = re.compile(
    r"[\W\d]*(?:(?:data|sample|event|detector|full|fast|physics|jet|track|monte[ -]carlo|mc|geant4|delphes"
    r"|pythia8?) ){0,3}(?:simulation|generation|production|reconstruction|clustering|tracking|digiti[sz]ation"
    r"|inference|deployment|serving|geant4|delphes|pythia8?|monte[ -]carlo)s?(?: (?:settings?|parameters?"
    r"|config\w*|setup|details|steps?|samples?|options?))?\W*"
    r"|[\W\d]*(?:(?:configuration|config|command[- ]line|cli|program|script|runtime|available|possible"
    r"|supported) )*(?:options|arguments|flags|switches)\W*"
    r"|[\W\d]*(?:command[- ]line|cli|usage|help|synopsis)\W*",
    re.IGNORECASE,
)
_OF_OTHERS = re.compile(
    r"\bet al\b|\b(?:train|re-?train|fine-?tun|adapt|customi[sz])\w*\b.{0,60}\byour\b"
    r"|\byour (?:own )?(?:data|datasets?|models?|jets|events|samples?|training)\b",
    re.IGNORECASE,
)
_OF_TRAINING = re.compile(r"\b(?:train|hyper-?param|optimi[sz]|reproduc|fine-?tun)\w*", re.IGNORECASE)
_FORMULA = re.compile(r"\$([^$\n]{1,200})\$")
_TEX = re.compile(r"[{}]|\\(?:mathrm|text|rm)\b|\\[,;! ]")
_SYNOPSIS = re.compile(r"\W*usage\W*:", re.IGNORECASE)
_DEFAULT = re.compile(r"defaults?(?: values?)?", re.IGNORECASE)
_OF_OPTIONS = re.compile(
    r"\W*|(?:(?:command[- ]line|cli|long|short) )?(?:options?|arguments?|args?|flags?|switch(?:es)?|keys?"
    r"|names?|parameters?|settings?|variables?|types?|descriptions?|meanings?|help|required|optional|choices|ranges?"
    r"|allowed|units?|notes?|comments?|defaults?(?: values?)?)",
    re.IGNORECASE,
)
_HYPERPARAMETERS = re.compile(r"(?:training )?hyper-? ?parameters?(?: names?)?", re.IGNORECASE)
_LONGEST_BLOCK = 200  # lines
_SHORTEST_LIST, _LONGEST_LIST = 3, 1000  # settings, letters
_SPLIT_OF_DATA = re.compile(
    r"\b(?:train\w*|valid\w*|test\w*|data\w*|events?|jets?|samples?|sets?|examples?|images?|hold|held|folds?)\b",
    re.IGNORECASE,
)
_RATIO = (
    r"\d{1,2}(?:\.\d+)?\s?%?\s?(?:[/:–-]|\s(?:to|and|/"
    r"|:)\s)\s?\d{1,2}(?:\.\d+)?\s?%?(?:\s?[/:–-]\s?\d{1,2}\s?%?)?"
)
_SHARE = (
    rf"(?:\d{{1,2}}(?:\.\d+)?\s?(?:%|per ?cent|percent)|0?\.\d+|{_COUNT}|half|a (?:third|quarter|fifth"
    rf"|tenth))"
)
_PART = r"(?:train(?:ing)?|valid(?:ation)?|val|dev(?:elopment)?|test(?:ing|s)?|held[- ]?out|evaluat\w+)"
_SPLIT = re.compile(
    rf"(?<![\d/:.-]){_RATIO}(?![\d/:-]) (?:\w+[ /-]){{0,4}}?(?:split|train|partition)|\b(?:split|divided"
    rf"|partitioned|ratio)\b[^.;\n]{{0,60}}?(?<![\d/:.-]){_RATIO}(?![\d/:-])|\b{_SHARE} (?:\w+"
    rf" ){{0,6}}?{_PART}\b[^\n]{{0,60}}?\b{_SHARE} (?:\w+ ){{0,6}}?{_PART}\b|\b{_PART}\w* (?:on|with|sets?"
    rf"|samples?|data)?\s?(?:of|used|contains?|has|have|on|with|:)?\s?{_SHARE}[^\n]{{0,60}}?\b(?:validat\w+"
    rf"|test\w*|held[- ]?out|evaluat\w+) (?:\w+ ){{0,3}}?{_SHARE}|\b(?:{_SHARE}) of (?:\w+ ){{1,4}}(?:was"
    rf"|were|is|are|(?:was |were )?held|set|kept|reserved|left)"
    r" (?:\w+ ){0,4}?(?:validation|test(?:ing|s)?|held|out|aside|apart)\b"
    rf"|\b(?:held?|hold|holding|set|setting|kept|keeping|reserved?|reserving|left) (?:out |aside |apart "
    rf"|back )?{_SHARE}"
    r"|\b(?:\d{1,2}|five|ten|three)-?\s?fold cross[ -]?validation|\b(?:even|odd)(?:-numbered)? (?:events?"
    r"|runs?|jets?|rows?|numbers?)\b[^\n]{0,60}\b(?:train|test|valid)\w*",
    re.IGNORECASE,
)
_SEED = re.compile(
    rf"\b(?:random[ _-]?)?(?:seeds?|random[ _]state){_GLUE}\d{{1,12}}(?![\d.,]*\d|\s?(?:%|[kMGT]?eV|mm|cm|m"
    rf"|s|towers?"
    r"|cells|tracks|hits|clusters|rounds?|million|euros?)\b)|\bseeded (?:with|by|at) (?:the (?:number|value)"
    r" )?\d{1,12}\b",
    re.IGNORECASE,
)
_IN_SENTENCES = {
    "hyperparameters": _HYPERPARAMETER,
    "optimiser": _OPTIMISER,
    "epochs": _EPOCHS,
    "split": _SPLIT,
    "seed": _SEED,
}
# Words without which a sentence speaks of no such setting.
_WORDS = {
    "hyperparameters": (
        "rate",
        "lr",
        "batch",
        "drop",
        "decay",
        "momentum",
        "hidden",
        "latent",
        "dim",
        "layer",
        "step",
    ),
    "optimiser": ("ada", "sgd", "rms", "bfgs", "lamb", "gradient", "optimi"),
    "epochs": ("epoch", "passes", "times", "steps", "iterations", "updates"),
    "split": (
        "split",
        "train",
        "val",
        "test",
        "held",
        "hold",
        "fold",
        "divided",
        "ratio",
        "aside",
        "apart",
        "partition",
    ),
    "seed": ("seed", "state"),
}
_NAMES = {
    "hyperparameters": (
        r"(?:(?:initial|base|peak|max) )?(?:learning rate|lr)s?|(?:per device )?(?:train(?:ing)? )?(?:mini"
        r" ?)?batch(?: size)?|n ?batch|hidden(?: \w+)?|drop ?out(?: rate)?|weight decay|momentum|betas?|warm"
        r" ?up(?: \w+)?|(?:num(?:ber of)?|n) (?:hidden )?layers|gamma|step size"
    ),
    "optimiser": r"(?:the )?optimi[sz]er(?: name| type| class)?|optim|solver",
    "epochs": (
        r"(?:(?:n|num|nr|number of|max|total|training|train|no of) ?){0,2}epochs?|(?:max|train|training|num)"
        r" steps|iterations"
    ),
    "split": (
        r"(?:(?:train(?:ing)?|val(?:idation)?|test(?:ing)?|data)[ /]?){0,4}(?:splits?|split ratio|fractions?"
        r"|ratios?|size)|(?:train|val|test) (?:frac|percent)|cross validation|folds|(?:n|num) (?:train|val"
        r"|test)"
    ),
    "seed": r"(?:(?:random|global|torch|numpy|training|train|data|rng) ?)?(?:seeds?|random state|manual"
    r" seed)",
}
_KEYS = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in _NAMES.items()}
_VALUES = {
    "hyperparameters": re.compile(r"\W*(?:\d|\.\d)"),
    "optimiser": re.compile(r"\W*[A-Za-z]"),
    "epochs": re.compile(r"\W*\d"),
    "split": re.compile(r".{0,200}\d", re.DOTALL),
    "seed": re.compile(r"\W*\d{1,12}(?![\d.]*\d|\s?(?:[kMGT]?eV|%)\b)"),
}


class Setting(NamedTuple):
    """A group of settings in the words of the document; `as_data` is False where only a sentence has it."""

    group: str
    shown: str
    as_data: bool


def settings_of(document: Document) -> dict[str, Setting]:
    """Return the groups that a document records, each once, data before sentences."""
    found: dict[str, Setting] = {}
    for item in _as_data(document):
        found.setdefault(item.group, item)
    if document.role in {"readme", "model_card", "docs"}:
        for passage in filter(_is_of_this_training, statements(document)):
            for group in GROUPS:
                if group not in found and (said := _told(group, passage)):
                    found[group] = said
            if len(found) == len(GROUPS):
                break
    return found


def _as_data(document: Document) -> Iterator[Setting]:
    for name, value in _members(document):
        yield from _group(name, value)
    if document.role in {"readme", "model_card", "docs"}:
        row: Passage | None = None  # the whole row precedes its cells
        for item in filter(_is_of_this_training, settings(document)):
            yield from _group(item.name, item.value)
            if item.kind == "row" and item.text != f"{item.name}: {item.value}":
                row = item
            elif (
                row and _HYPERPARAMETERS.fullmatch(item.name) and _VALUES["hyperparameters"].match(row.value)
            ):
                yield Setting("hyperparameters", row.text, as_data=True)
        for block in filter(_is_of_this_training, settings(document, "code")):
            yield from _of_a_block(block)


def _is_of_this_training(passage: Passage) -> bool:
    """Tell whether headings, and the head of its table, let a passage speak of the training of this model."""
    inner = passage.headings[1:] or passage.headings  # a title may name the authors of the architecture
    if any(_OF_OTHERS.search(heading[:_LONGEST_LIST]) for heading in inner):
        return False
    for heading in reversed(inner):
        if _OTHER_PROCESS.fullmatch(heading[:_LONGEST_LIST]):
            return False
        if _OF_TRAINING.search(heading):
            break
    # Defaults of a program are not what was chosen; beside a column of values they are no matter.
    defaults = any(_DEFAULT.fullmatch(name) for name in passage.head)
    return not (defaults and all(_OF_OPTIONS.fullmatch(name) for name in passage.head))


def _group(name: str, value: str) -> Iterator[Setting]:
    key = " ".join(re.sub(r"[\W_]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)).split())
    for group in GROUPS:
        if _KEYS[group].fullmatch(key) and _VALUES[group].match(value) and not is_nothing(value):
            yield Setting(group, f"{name}: {value}", as_data=True)


def _of_a_block(block: Passage) -> Iterator[Setting]:
    """Yield the settings of a YAML block below "Training"; program code states only possible settings."""
    lines = [line for line in block.raw.splitlines()[:_LONGEST_BLOCK] if line.strip()]
    found = [_YAML_LINE.fullmatch(line) for line in lines]
    if _TRAINING_HEADING.search(block.heading) and all(found):
        for line in filter(None, found):
            yield from _group(line[1], line[2])


def _members(document: Document) -> Iterator[tuple[str, str]]:
    """Yield (key, value) of the mapping that a document is, or of a card's front matter."""
    if document.role in {"hyperparameters", "provenance", "model_card"}:
        content = parsed(document)
        if isinstance(content, dict | list):
            yield from _walked(content, _DEEPEST)
    if document.role in {"model_card", "readme"}:
        stated = {key: value for key, value in strict_mapping(document.text).items() if key != "model-index"}
        yield from _walked(stated, _DEEPEST)


def _walked(value: Any, depth: int) -> Iterator[tuple[str, str]]:
    if depth == 0:
        return
    if isinstance(value, list):
        for item in value:
            yield from _walked(item, depth - 1)
    if not isinstance(value, dict):
        return
    name = value.get("name") or value.get("schema:name")
    if isinstance(name, str) and isinstance(value.get("value"), str | int | float):  # PropertyValue
        yield name, str(value["value"])
    for key, item in value.items():
        if isinstance(item, dict | list):
            simple = [str(one) for one in item if isinstance(one, str | int | float)]
            told = simple if isinstance(item, list) else [f"{k} {v}" for k, v in item.items()]
            yield str(key), ", ".join(told[:8])
            yield from _walked(item, depth - 1)
        elif item is not None:
            yield str(key), str(item)


def _told(group: str, passage: Passage) -> Setting | None:
    if "$" in passage.text:
        passage = passage._replace(text=_FORMULA.sub(_as_plain, passage.text))
    text = passage.text
    lower = text.lower()
    if not any(word in lower for word in _WORDS[group]):  # most sentences, at little cost
        return None
    hits = _IN_SENTENCES[group].finditer(text)
    hit = next((one for one in hits if _holds(group, passage, one)), None)
    if hit is None:
        return None
    return Setting(group, around(text, hit.start(), hit.end(), 20), as_data=_is_list(passage))


def _as_plain(formula: re.Match[str]) -> str:
    return _TEX.sub("", formula[1].replace("\\times", "×"))


def _is_list(passage: Passage) -> bool:
    """Tell whether a passage below "Training" is nothing but names with values: data written in one line."""
    parts = [part.strip() for part in re.split(r"[,;]", passage.text[:_LONGEST_LIST].strip().rstrip("."))]
    return (
        len(parts) >= _SHORTEST_LIST
        and bool(_TRAINING_HEADING.search(passage.heading))
        and all(any(one.fullmatch(part) for one in _IN_SENTENCES.values()) for part in parts)
    )


def _holds(group: str, passage: Passage, hit: re.Match[str]) -> bool:
    text = passage.text
    if _SYNOPSIS.match(text) or text[: hit.start()].rpartition(" ")[2].startswith("[-"):  # "[--epochs 20]"
        return False
    near = text[max(0, hit.start() - 60) : hit.start()]
    if group == "optimiser" and not _is_optimiser(passage, hit):
        return False
    if group == "split" and not _SPLIT_OF_DATA.search(f"{text} {passage.heading}"):
        return False
    if group == "epochs" and _PATIENCE.search(re.split(r"[,;]", near)[-1]):
        return False
    if group == "epochs" and re.match(
        r"\s*(?:without|of patience|of warm|with no)", text[hit.end() : hit.end() + 30]
    ):
        return False
    return asserted(text, hit.start(), hit.end())


def _is_optimiser(passage: Passage, hit: re.Match[str]) -> bool:
    """Tell a method from a person of that name, and from another meaning of its letters."""
    before = passage.text[max(0, hit.start() - 200) : hit.start()]
    after = passage.text[hit.end() : hit.end() + 200]
    around = f"{before[-150:]} {after[:150]} {passage.heading}"
    if hit[0].lower() != "adam":
        return bool(_TRAINING.search(around))
    if _PERSON_AFTER.match(after) and not _STILL_OPTIMISER.match(after):
        return False
    if re.match(r"\W{0,3}(?:optimi[sz]|algorithm)", after, re.IGNORECASE) or re.search(
        r"optimi[sz](?:er|ed by|ation with)\W{1,3}(?:is |was |the |by |with |of )*\W?$", before, re.IGNORECASE
    ):
        return True
    return not _PERSON_BEFORE.search(before) and bool(_TRAINING.search(around))
