# SPDX-License-Identifier: MIT
"""README.md of a project, its model card: front matter and the marked parts, written from its record.

Everything outside of these belongs to the authors and stays as it is, byte by byte.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fairreg.formats.front_matter import split_front_matter
from fairreg.formats.markdown import address, inline, paragraphs
from fairreg.formats.model_card import signature_table
from fairreg.formats.plain_yaml import yaml_text
from fairreg.schemas.licenses.hub import card_license
from fairreg.schemas.record import ModelRecord, Tensor
from fairreg.services.new.facts import ProjectFacts

__all__ = ["README", "cited", "completed"]

README = "README.md"
_PART = re.compile(
    r"(?P<opens>^<!-- facts: (?P<name>\w+) -->\n)(?P<content>.*?)(?P<closes>^<!-- end of facts -->$)",
    re.MULTILINE | re.DOTALL,
)
_MARKS = re.compile(r"<!--|-->")


def completed(text: str, record: ModelRecord, facts: ProjectFacts, license_file: str | None) -> str:
    """Return the text of the README with its front matter and marked parts written anew."""
    _, body, _ = split_front_matter(text.split("\n"))
    told = {**_parts(record, facts), "license": _licence(record, license_file)}
    told |= {f"section_{name}": _section(title, told[name]) for name, title in _SECTIONS.items()}
    below = _PART.sub(lambda found: _filled(found, told), "\n".join(body).lstrip("\n"))
    return f"---\n{yaml_text(_head(record, facts))}---\n{below}"


def cited(text: str, record: ModelRecord, facts: ProjectFacts) -> str:
    """Return the text with its marked part on the citation written anew, and nothing else."""
    told = {"citation": _citation(record, facts)}
    whole = _PART.sub(lambda found: _filled(found, told), text.replace("\r\n", "\n"))
    return whole.replace("\n", "\r\n") if "\r\n" in text else whole


# Parts whose heading is written with them, because nobody may know what belongs below it.
_SECTIONS = {
    "intended_use": "Intended use",
    "out_of_scope": "Out of scope",
    "limitations": "Limitations",
    "training_data": "Training data",
    "evaluation": "Evaluation",
    "license": "Licence",
}


def _section(title: str, content: str) -> str:
    return f"## {title}\n\n{content}" if content else ""


def _filled(found: re.Match[str], told: Mapping[str, str]) -> str:
    """Return a part with its new content; a part of an unknown name stays as it is."""
    content = told.get(found["name"])
    if content is None:
        return found[0]
    content = _MARKS.sub("", content)  # a text of others closes no part
    return found["opens"] + (f"{content}\n" if content else "") + found["closes"]


def _head(record: ModelRecord, facts: ProjectFacts) -> dict[str, Any]:
    """Return the front matter in the keys of the Hub's model cards, and what these have no key for."""
    return {
        **card_license(record.license),
        "weights_license": record.license,
        "library_name": ", ".join(record.frameworks[:1]).lower(),
        "pipeline_tag": next(iter(record.ml_task), None),
        "tags": list(record.keywords),
        "datasets": [item.value for item in facts.data()],
        "base_model": _base_model(facts),
        "doi": record.doi,
        "arxiv": [item.value for item in facts.papers() if item.scheme == "arxiv"],
        "architecture": ", ".join(record.model_category),
        "inputs": [item.name for item in record.inputs],
        "outputs": [item.name for item in record.outputs],
        "intended_use": _line(facts.intended_use),
        "out_of_scope": _line(facts.out_of_scope),
        "limitations": _line(facts.limitations),
        "model-index": _results(record),
    }


def _base_model(facts: ProjectFacts) -> str | list[str] | None:
    if isinstance(facts.base_model, tuple):
        return list(facts.base_model)
    return facts.base_model


def _line(text: str | None) -> str:
    return " ".join((text or "").split())


def _results(record: ModelRecord) -> list[dict[str, Any]]:
    """Return the results under ``model-index``: one per dataset and split, each with its metrics."""
    grouped: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for item in record.evaluations:
        metric = {
            "type": item.metric.lower().replace(" ", "_"),
            "name": item.metric,
            "value": _number(item.value),
        }
        grouped.setdefault((item.dataset or "", item.split or ""), []).append(metric)
    task = {"type": next(iter(record.ml_task), "other")}
    results = [
        {"task": task, "dataset": {"name": data, "type": data, "split": split}, "metrics": metrics}
        for (data, split), metrics in grouped.items()
    ]
    return [{"name": record.name, "results": results}] if results else []


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _parts(record: ModelRecord, facts: ProjectFacts) -> dict[str, str]:
    return {
        "description": paragraphs(facts.description),
        "intended_use": paragraphs(facts.intended_use),
        "out_of_scope": paragraphs(facts.out_of_scope),
        "limitations": paragraphs(facts.limitations),
        "signature": _signature(record),
        "training_data": _data(facts),
        "evaluation": _table(record),
        "citation": _citation(record, facts),
    }


def _signature(record: ModelRecord) -> str:
    tables = [signature_table(record.inputs, record.outputs)]
    tables += [_features(item, "Features") for item in record.inputs if item.features]
    tables += [_features(item, "Columns") for item in record.outputs if item.features]
    return "\n\n".join(filter(None, tables))


def _features(tensor: Tensor, called: str) -> str:
    rows = [
        f"| {number} | {inline(item.name)} | {inline(item.unit)} | {inline(item.description)} |".replace(
            "|  |", "| |"
        )
        for number, item in enumerate(tensor.features, 1)
    ]
    lead = f"{called} of `{inline(tensor.name)}`, in this order:"
    return "\n".join([lead, "", "| | feature | unit | meaning |", "|---|---|---|---|", *rows])


def _data(facts: ProjectFacts) -> str:
    named = [f"{inline(facts.training_data_name)}"] if facts.training_data_name else []
    named += [address(item.url or item.compact) for item in facts.data()]
    return f"Trained on {', '.join(named)}." if named else ""


def _table(record: ModelRecord) -> str:
    rows = [
        f"| {inline(item.metric)} | {inline(item.value)} | {inline(item.dataset)} | {inline(item.split)} |"
        for item in record.evaluations
    ]
    return "\n".join(["| metric | value | data | split |", "|---|---|---|---|", *rows]) if rows else ""


def _licence(record: ModelRecord, file: str | None) -> str:
    if not record.license:
        return ""
    text = f", whose text is in [{inline(file)}]({quote(file)})" if file else ""
    return f"Code, weights and documentation are under the licence {inline(record.license)}{text}."


def _citation(record: ModelRecord, facts: ProjectFacts) -> str:
    cited = f"[{address(record.doi_url)}]({address(record.doi_url)})" if record.doi_url else ""
    lead = f"Please cite this version of the model as {cited}. " if cited else ""
    papers = [address(item.url or item.compact) for item in facts.papers()]
    paper = f" The model is described in {', '.join(papers)}." if papers else ""
    return f"{lead}[CITATION.cff](CITATION.cff) has the details.{paper}"
