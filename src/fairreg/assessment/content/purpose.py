# SPDX-License-Identifier: MIT
"""Use of a model in its documents: what it is for, where its limits are, and how to run it.

A paragraph or an item that begins with such words ("**Limitations.** ...") is a section of its own.

A heading alone says nothing, and neither does content of another kind below it: instructions to start a
program, a vacancy, a parameter of the network that is called a bias.

Instructions are command lines and calls. A listing of files, a citation, a configuration and a comment are
none; neither is a command that the sentence around it denies. Steps of training and tests run no published
model. An installation, a definition or a loop alone tells nobody how to run it.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import NamedTuple

from fairreg.assessment.content.claims import asserted, is_no_answer
from fairreg.assessment.content.grammar import Passage, passages, statements
from fairreg.assessment.content.packaged_metadata import ENOUGH_WORDS, Topic
from fairreg.assessment.content.prose import clean, words
from fairreg.assessment.evidence import Document

__all__ = ["Instruction", "instructions", "section_about"]

_MOST = 200  # sentences of a section

_OF = r"(?: of (?:the|this|our) (?:\w+ ){0,2}(?:model|network|tagger|classifier|weights|approach|method))?"
_MODEL = r"(?:(?:the |this |our )?(?:model|network|tagger) )?"
_USE = (
    r"(?:primary |main |possible )?(?:intended|direct|downstream|expected|target)(?: \w+)? (?:uses?"
    r"|purposes?|users?|applications?|audience)(?: cases?)?|(?:model )?uses?(?: cases?)?|use[- ]cases?"
    r"|(?:primary |possible )?applications?|(?:model )?purpose|scope|in[- ]scope uses?|(?:what|who)(?: is)?"
    r" (?:the|this|it)(?: \w+)? (?:is )?for|intended for|what (?:can )?(?:it|the model|this model) (?:is|can"
    r" be used) for|when to use(?: it| the model)?"
    r"|who (?:should|can|may) use (?:it|this|the model)(?: model)?"
)
_LIMIT = (
    r"(?:known |current |model )?(?:limitations?|limits|caveats?|issues|problems?|restrictions?|failure"
    r" modes?|shortcomings"
    r"|weaknesses)|(?:known |possible |model )?bias(?:es)?|risks?|ethical considerations|misuse|fairness"
    r"|out[- ]of[- ]scope(?: uses?| applications?)?|non-intended uses?|not intended(?: for| uses?)?|when not"
    r" to use(?: it| the model)?|what (?:it|the model) (?:is not|cannot|can ?not) .{1,40}"
    r"|(?:do not|don['’]t) use (?:it|this|the model)?(?: model)?(?: for)?|(?:domain|range)"
    r" of (?:validity|applicability)|warnings?"
)
_AND = r"(?:\s*(?:,|&|/|and|or|;|,\s*and)\s*)"
_NUMBERED = r"[\W\d]*"
_LIMIT_HEADING = re.compile(
    rf"{_NUMBERED}{_MODEL}(?:{_LIMIT})(?:{_AND}(?:{_LIMIT}|recommendations)){{0,4}}{_OF}\W*", re.IGNORECASE
)
_USE_HEADING = re.compile(rf"{_NUMBERED}{_MODEL}(?:{_USE})(?:{_AND}(?:{_USE})){{0,3}}{_OF}\W*", re.IGNORECASE)
_BOTH_HEADING = re.compile(
    rf"{_NUMBERED}{_MODEL}(?:(?:{_USE}){_AND}(?:{_LIMIT})|(?:{_LIMIT}){_AND}(?:{_USE})){_OF}\W*",
    re.IGNORECASE,
)
# Content of the kind: a sentence on the model or its data that says what it is for, or where it goes wrong.
_FOR = re.compile(
    r"\b(?:intended|meant|designed|suitable|suited|useful|serves?|aims?|helps?|allows?|supports?|recommended"
    r"|appropriate|purposes?|researchers?|physicists?|students?|teach\w*|schools?|courses?|lectures?|tutorials?|exercises?"
    r"|demonstrat\w+|baselines?|studies|study|analys[ei]s|analysts?"
    r"|appl(?:y|ies|ied) to|classif\w+|identif\w+|tag(?:s|ging)?|discriminat\w+|separat\w+|predict\w*"
    r"|generat\w+|detect\w*|estimat\w+|reconstruct\w*|simulat\w+|benchmarks?|can be used|(?:is|be|are) used"
    r"|used? (?:for|as|to|in|by)|tells?|distinguish\w*|select\w*|rank\w*)\b",
    re.IGNORECASE,
)
_AGAINST = re.compile(
    r"\b(?:not|never|limit(?:s|ed|ation)\w*|fail\w*|degrad\w+|poor\w*|worse|outside|below|above|beyond"
    r"|unknown|untested|cannot|risks?|caution|uncertain\w*|wrong|inaccura\w+|under-?estimat\w+"
    r"|over-?estimat\w+|assum\w+|biased|skew\w*|misuse\w*|misclass\w+|unreliable|invalid|sensitive|avoid\w*"
    r"|falls?|drops?|errors?|only)\b|n['’]t\b",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"\b(?:models?|networks?|taggers?|classifiers?|regress\w+|generators?|weights|predict\w+|scores?"
    r"|outputs?|jets?|events?|samples?|data|datasets?|train\w*|simulat\w+|performance|efficien\w+|accurac\w+"
    r"|results?|users?|images?|texts?|language|particles?|tracks?|probabilit\w+)\b",
    re.IGNORECASE,
)
# Content of another kind.
_OTHER = re.compile(
    r"\b(?:clone|pip install|conda|git|notebook server|activate it|press run|install all|docker|makefile"
    r"|curriculum|cv|vacanc\w+|doctoral|phd position|apply (?:until|by|before)|applications? (?:close|open"
    r"|are due)|deadline|salary|hidden layer|activation|bias (?:term|vector|neuron|weights?|parameters?)"
    r"|liab(?:le|ility)|warrant(?:y|ies)|damages|tort|in no event"
    r"|biases (?:of|are added)|write (?:to )?us|contact us|ask us"
    r"|(?:start|run|call|execute) the (?:script|program|command)|folder|wait until|output file|viewer"
    r"|get in touch|e-?mail us|voltage|bias"
    r" current)\b",
    re.IGNORECASE,
)


# A sentence that puts the answer off, or speaks of another model.
_PUT_OFF = re.compile(
    r"\b(?:will|shall) be (?:described|given|documented|discussed|explained|published|added|written|listed)\b"
    r"|\b(?:old|older|previous|former) (?:\w+ )?(?:tagger|model|network|version)\b",
    re.IGNORECASE,
)


def section_about(document: Document, topic: Topic) -> str | None:
    """Return the content of the sections on a topic, of at least 30 words, as "heading: content"."""
    told: defaultdict[str, list[str]] = defaultdict(list)
    for item in passages(_with_headings(document.text)):
        title = _topical(item, topic)
        if item.kind == "row" and _is_on(topic, item.name):
            told[item.name].append(item.value)
        elif title is not None and item.kind in {"sentence", "row"}:
            told[title].append(item.text)
    for title, said in told.items():
        if any(map(is_no_answer, said)):
            continue
        texts = [text for text in said if not (text.endswith("?") or _PUT_OFF.search(text))]
        text = clean(" ".join(dict.fromkeys(texts)))
        if words(text) >= ENOUGH_WORDS and _is_about(topic, texts):
            return f"{title}: {text}"
    return None


def _is_on(topic: Topic, title: str) -> bool:
    pattern = _USE_HEADING if topic == "intended_use" else _LIMIT_HEADING
    return bool(pattern.fullmatch(title) or _BOTH_HEADING.fullmatch(title))


def _with_headings(text: str) -> str:
    """Return the text with the words that lead into a paragraph on use or limits as a heading of it."""
    lines: list[str] = []
    opened = item = False
    for line in text.split("\n"):
        found = _LEAD.match(line)
        title = (found["marked"] or found["plain"]) if found else ""
        leads = title and any(_is_on(topic, title) for topic in ("intended_use", "limitations"))
        if opened and (leads or not line.strip() or (item and _BEGINS_ITEM.match(line))):
            lines += ["", _END_OF_LEAD, ""]
            opened = False
        if found and leads:
            opened, item = True, bool(_BEGINS_ITEM.match(line))
            lines += ["", f"**{title}**", "", found["rest"]]
        else:
            lines.append(line)
    return "\n".join(lines)


_BEGINS_ITEM = re.compile(r"\s{0,3}[-*+]\s")
_LEAD = re.compile(
    r"\s{0,3}(?:[-*+]\s+)?(?:(?P<mark>\*\*|__|\*|_)(?P<marked>[A-Za-z][^*_:.\n|]{2,60})[.:]?(?P=mark)[.:]?"
    r"|(?P<plain>[A-Za-z][\w ,/&-]{2,60}):)\s+(?P<rest>\S.*)"
)
_END_OF_LEAD = "**…**"


def _topical(item: Passage, topic: Topic) -> str | None:
    """Return the nearest heading on use or limits where it is on this topic."""
    for title in reversed(item.headings):
        both = _BOTH_HEADING.fullmatch(title)
        limit, use = both or _LIMIT_HEADING.fullmatch(title), both or _USE_HEADING.fullmatch(title)
        if limit or use:
            return title if (use if topic == "intended_use" else limit) else None
        if _HOW_TO.match(title):
            return None
    return None


_HOW_TO = re.compile(
    r"\W*(?:how to|getting started|quick ?start|install\w*|requirements|example|training|evaluation"
    r"|citation)\b",
    re.IGNORECASE,
)


def _is_about(topic: Topic, texts: list[str]) -> bool:
    """Tell whether sentences speak of the model and the topic, and of another thing less."""
    pattern = _FOR if topic == "intended_use" else _AGAINST
    about = [text for text in texts[:_MOST] if _SUBJECT.search(text) and pattern.search(text)]
    found = {hit[0].lower() for text in about for hit in pattern.finditer(text)}
    other = {hit[0].lower() for text in texts[:_MOST] for hit in _OTHER.finditer(text)}
    return len(found) > len(other)


# The word after which a document gives an order to the reader's computer.
_PROGRAM = (
    r"python[\d.]*|bash|sh|zsh|source|uv|uvx|pip[\d.]*|pipx|conda|mamba|poetry|pixi|git|docker|podman|apptainer"
    r"|singularity|torchrun|accelerate|jupyter|papermill|make|snakemake|root|Rscript|julia|node|npm|curl|wget|cd"
    r"|mkdir|unzip|tar|export|module|srun|sbatch|mpirun|fairreg|ollama|pytest|tox|huggingface-cli|hf"
)
_COMMAND = re.compile(
    rf"(?:\w+=\S+\s+)*(?:(?:sudo|time|nohup)\s+)?(?:(?:{_PROGRAM})\s+\S|(?:\.{{0,2}}/)[\w./-]+"
    r"|[a-z][\w-]*\s+(?:\S+\s+){0,9}?(?:-{1,2}[a-z]|[\w./-]+\.\w{1,12}(?:\s|$)))"
)
_CALL = re.compile(r"[\w\])]\(")
_COMMENT = re.compile(r"\s*(?:#(?!\s*include)|//|;|rem\b)|\s*\.\.\s", re.IGNORECASE)
_PROMPT = re.compile(r"^\s*(?:[$%>]\s+|>>>\s?|\.\.\.\s|In \[\d*\]:\s?|!\s?)?")
_TREE = re.compile(r"^[ \t]*(?:[├└│]|[|`+]-{2})", re.MULTILINE)
_BIBTEX = re.compile(r"\s*@\w+\s*\{")
_NO_RUN = re.compile(
    r"\b(?:pytest|unittest|tox)\b|(?:^|[\s/])(?:tests?/\S{0,100}|test_\w{0,60})\.py\b"
    r"|\b(?:\w*_)?(?:train(?:ing|er)?|fit|convert|export|plot|preprocess|prepare_data)(?:_\w*)?\.(?:py|sh|ipynb)\b|-m\s+[\w.]*\btrain\b|\.fit\(",
    re.IGNORECASE,
)
_SETS_UP = re.compile(
    r"\s*(?:pip[\d.]*|conda|mamba|pixi|poetry (?:install|add)|uv (?:pip|sync|add|venv)"
    r"|python[\d.]* -m (?:pip|venv)|git|cd|ls|cat|cp|mv|rm|echo|chmod|mkdir|curl|wget|unzip"
    r"|tar|source|export|module)\s"
)
_BUILDS = re.compile(
    r"\s*(?:(?:sudo\s+)?(?:make(?:\s+(?:docs?|html|pdf|lint|format|tests?|check|clean|install|build|all"
    r"|env\w*|setup|help|data|figures))*\s*$|apt(?:-get)?|brew|yum|dnf|cmake|sphinx-build|mkdocs|pre-commit"
    r"|black|ruff|flake8|mypy|npm (?:i|install|ci)|docker (?:build|pull|login)"
    r"|apptainer (?:build|pull)|singularity (?:build|pull)"
    r"|poetry (?:shell|lock)|uv (?:lock|tool install)|virtualenv|jupyter[ -](?:notebook|lab)\s*$)(?:\s|$))"
)
_DEFINES = re.compile(r"(?:async\s+)?(?:def|class)\s|@\w|(?:template|struct|void|namespace|typedef)\b")
_CONTROLS = re.compile(r"(?:for|while|if|elif|else|switch|with|try|except)\b(?:\s*\(.*|.*[:{]\s*$)")
# Programs and calls that look at, check, move or publish a file of weights, and run no model in it.
_HANDLING = (
    r"(?:(?:up|down)load(?:er)?|push|pull|publish|check(?:er|sum)?|verify|inspect|view(?:er)?|show|info|list"
    r"|convert(?:er)?|simplify|quanti[sz]e|optimi[sz]e|visuali[sz]e|track|cp|hash)"
)
_HANDLES = re.compile(
    r"\s*(?:sudo\s+)?(?:(?:\w{0,9}sum|du|stat|file|wc|head|tail|less|more|vim?|nano|xxd|hexdump|strings|h5ls"
    r"|h5dump|netron|openssl|zip|gzip|gunzip|7z|scp|rsync|sftp|rclone|xrdcp)\s"
    r"|(?:python[\d.]*\s+(?:-m\s+)?)?(?!\S{0,60}(?:predict|infer|run|tag))"
    rf"(?:[\w/-]{{0,60}}[_./-])?{_HANDLING}(?:[_.-]\w{{0,60}}|\s|$)"
    rf"|(?!python)[\w-]{{1,60}}\s+{_HANDLING}(?:\s|$))",
    re.IGNORECASE,
)
_HANDLING_CALL = re.compile(
    r"\b(?:open|Path|print|len|exists|getsize|stat|sha\d+|md5|copy\w{0,9}|move|rename|urlretrieve"
    r"|\w{0,40}(?:up|down)load\w{0,40})\(|\b(?:read|hexdigest)\(\)"
    r"|\b(?:\w+\.check_model|netron\.\w+|infer_shapes)\([^\n]{0,500}"
)
# What a command writes is not among the published files.
_OUTPUTS = re.compile(
    r"(?<!\S)-{1,2}(?:o(?=[=\s])|(?:out|save|log|result|dest|write|predictions)[\w-]{0,60})[=\s]\s{0,9}\S+"
    r"|(?<!\S)\d?>{1,2}\s*[\w./-]+|\|\s*tee\s+\S+|\b(?:to_\w+|save\w*|dump|write\w*)\([^()\n]{0,200}"
    r"|\bopen\(\s*[\"'][^\"'\n]{1,200}[\"']\s*,\s*[\"'][wa]"
)
_INFERENCE = re.compile(
    r"predict|infer(?:ence)?\b|from_pretrained|InferenceSession|load_model|load_state_dict|pipeline\(|generate\("
    r"|fairreg (?:run|fetch)|\.run\(|\b(?:evaluate|apply|run|tag|classify|score|test|demo|example|sample|use)"
    r"(?:_\w+)?\.(?:py|sh|ipynb)\b",
    re.IGNORECASE,
)
_WEIGHTS = re.compile(r"\.(?:onnx|pth?|safetensors|h5|keras|tflite|gguf|ckpt|pkl|joblib)\b")
_CONDITION = re.compile(r"^\W*(?:if|when|where|unless|once)\b[^,]{1,200},\s*", re.IGNORECASE)
_FORMER = re.compile(
    r"\b(?:old|former|obsolete|deprecated|outdated|broken) (?:\w+ )?(?:commands?|scripts?|ways?|interface|api"
    r"|examples?|code|calls?)\b[^.!?]{0,80}$",
    re.IGNORECASE,
)
_TAKEN_BACK = re.compile(
    r"\W*(?:it|this|that|they|these|(?:the|this) (?:\w+ )?(?:command|script|code|example|call|interface))"
    r"(?: \w+){0,3}? (?:no longer|not|never|\w+n['’]t|cannot)\b(?: \w+){0,2}? (?:works?|working|runs?"
    r"|supported|maintained|exists?|available|used?)\b",
    re.IGNORECASE,
)


class Instruction(NamedTuple):
    """A block of code as the document has it, and its lines that run something, without what they write."""

    block: str
    lines: str

    @property
    def runs_the_model(self) -> bool:
        """True for a call or command of inference, or one that gets a file of weights to run it."""
        return any(_INFERENCE.search(line) or _gets_weights(line) for line in self.steps)

    @property
    def instructs(self) -> bool:
        """True for a command or call that does more than install, look at files, define or repeat."""
        return self.runs_the_model or any(
            _COMMAND.match(line) or _CALL.search(line) for line in self.steps if not _CONTROLS.match(line)
        )

    @property
    def steps(self) -> list[str]:
        """Lines that neither prepare the machine nor look at a file or move it."""
        others = (_SETS_UP, _BUILDS, _HANDLES)
        return [line for line in self.lines.splitlines() if not any(one.match(line) for one in others)]


def _gets_weights(line: str) -> bool:
    """Tell whether a line names a file of weights, and calls more than what looks at it or moves it."""
    if not _WEIGHTS.search(line):
        return False
    return not _CALL.search(line) or bool(_CALL.search(_HANDLING_CALL.sub(" ", line)))


def instructions(document: Document) -> Iterator[Instruction]:
    """Yield the blocks of code and inline commands that give an instruction, in order."""
    before: Passage | None = None
    read = list(statements(document, "sentence", "code", "heading"))
    for item, after in zip_longest(read, read[1:]):
        if item.kind != "code":
            before = item
            continue
        found = Instruction(item.raw, "\n".join(_lines(item.raw)))
        denied = before and _denies(before, item.raw)
        if found.lines and not denied and not (after and _takes_back(after, item.raw)):
            yield found


def _takes_back(after: Passage, code: str) -> bool:
    """Tell whether the sentence behind a block says that it does not work: "It no longer works."."""
    return code.endswith("\n") and after.kind == "sentence" and bool(_TAKEN_BACK.match(after.text))


def _denies(before: Passage, code: str) -> bool:
    """Tell whether the sentence around an inline command, or the one that leads to a block, denies it."""
    told = before.raw
    at = told.find(f"`{code}`")
    if before.kind != "sentence" or (at < 0 and not told.rstrip().endswith(":")):
        return False
    start, end = (at, at + len(code) + 2) if at >= 0 else (len(told.rstrip()) - 1,) * 2
    condition = _CONDITION.match(told[:start])
    skipped = condition.end() if condition else 0
    if _FORMER.search(told[:start]):
        return True
    return not asserted(told[skipped:], start - skipped, end - skipped, real=False)


def _lines(block: str) -> list[str]:
    """Return the lines that run something; none for a listing, a citation, a configuration or comments."""
    if _TREE.search(block) or _BIBTEX.match(block):
        return []
    joined = re.sub(r"\\[ \t]*\n", " ", block)
    lines = [
        _PROMPT.sub("", line, count=1) for line in _executed(joined.splitlines()) if not _COMMENT.match(line)
    ]
    lines = [_OUTPUTS.sub(" ", re.split(r"\s#\s", line)[0]) for line in lines if line.strip()]
    parted = ([line] if _CONTROLS.match(line) else re.split(r"\s?(?:&&|;)\s", line) for line in lines)
    steps = [step.strip() for parts in parted for step in parts]
    if not any(_COMMAND.match(step) or _CALL.search(step) for step in steps):
        return []
    return [step for step in steps if not _NO_RUN.search(step)]


def _executed(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines without definitions; of what they would do, the lines that run a model."""
    depth: int | None = None
    for line in lines:
        within = len(line) - len(line.lstrip())
        if depth is not None and line.strip() and within <= depth:
            depth = None
        if _DEFINES.match(line.lstrip()):
            depth = within if depth is None else depth
        elif depth is None or _INFERENCE.search(line) or _WEIGHTS.search(line):
            yield line
