# SPDX-License-Identifier: MIT
"""Instructions to run a model: the command lines and calls that its documents show.

A listing of files, a citation, a configuration and a comment are no instructions; neither is a command that
the sentence around it denies. Steps of training and tests run no published model.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from fairreg.assessment.content.claims import asserted
from fairreg.assessment.content.grammar import Passage, statements
from fairreg.assessment.evidence import Document

__all__ = ["Instruction", "instructions"]

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
    r"\b(?:pytest|unittest|tox)\b|(?:^|[\s/])(?:tests?/\S*|test_\w*)\.py\b"
    r"|\b(?:\w*_)?(?:train(?:ing|er)?|fit|convert|export|plot|preprocess|prepare_data)(?:_\w*)?\.(?:py|sh|ipynb)\b|-m\s+[\w.]*\btrain\b|\.fit\(",
    re.IGNORECASE,
)
_SETS_UP = re.compile(
    r"\s*(?:pip[\d.]*|conda|mamba|pixi|poetry (?:install|add)|uv (?:pip|sync|add|venv)"
    r"|python[\d.]* -m (?:pip|venv)|git|cd|ls|cat|cp|mv|rm|echo|chmod|mkdir|curl|wget|unzip"
    r"|tar|source|export|module)\s"
)
# What a command writes is not among the published files.
_OUTPUTS = re.compile(
    r"(?<!\S)-{1,2}(?:o|out\w*|save\w*|log\w*|results?|dest\w*|write\w*|predictions?)(?:[_-]\w+)*[=\s]\s*\S+"
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


class Instruction(NamedTuple):
    """A block of code as the document has it, and its lines that run something, without what they write."""

    block: str
    lines: str

    @property
    def runs_the_model(self) -> bool:
        """True for a call or command of inference, or one that gets a file of weights."""
        steps = [line for line in self.lines.splitlines() if not _SETS_UP.match(line)]
        return any(_INFERENCE.search(line) or _WEIGHTS.search(line) for line in steps)


def instructions(document: Document) -> Iterator[Instruction]:
    """Yield the blocks of code and inline commands that give an instruction, in order."""
    before: Passage | None = None
    for item in statements(document, "sentence", "code", "heading"):
        if item.kind == "code":
            lines = _lines(item.raw)
            if lines and not (before and _denies(before, item.raw)):
                yield Instruction(item.raw, "\n".join(lines))
        else:
            before = item


def _denies(before: Passage, code: str) -> bool:
    """Tell whether the sentence around an inline command, or the one that leads to a block, denies it."""
    told = before.raw
    at = told.find(f"`{code}`")
    if before.kind != "sentence" or (at < 0 and not told.rstrip().endswith(":")):
        return False
    start, end = (at, at + len(code) + 2) if at >= 0 else (len(told.rstrip()) - 1,) * 2
    condition = _CONDITION.match(told[:start])
    skipped = condition.end() if condition else 0
    return not asserted(told[skipped:], start - skipped, end - skipped, real=False)


def _lines(block: str) -> list[str]:
    """Return the lines that run something; none for a listing, a citation, a configuration or comments."""
    if _TREE.search(block) or _BIBTEX.match(block):
        return []
    joined = re.sub(r"\\[ \t]*\n", " ", block)
    lines = [_PROMPT.sub("", line, count=1) for line in joined.splitlines() if not _COMMENT.match(line)]
    lines = [_OUTPUTS.sub(" ", re.split(r"\s#\s", line)[0]) for line in lines if line.strip()]
    steps = [step.strip() for line in lines for step in re.split(r"\s?(?:&&|;)\s", line)]
    if not any(_COMMAND.match(step) or _CALL.search(step) for step in steps):
        return []
    return [step for step in steps if not _NO_RUN.search(step)]
