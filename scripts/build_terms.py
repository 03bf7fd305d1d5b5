# SPDX-License-Identifier: MIT
"""Write docs/terms.md and docs/terms.ttl, the vocabulary that https://w3id.org/fairreg/terms# names.

Write docs/rubric.md as well: the same rubrics for people, with weights and rules.

    python scripts/build_terms.py

The terms are those of `fairreg.schemas.contexts.terms`; the metrics of assessments are those of the rubrics,
the tasks those of `fairreg.schemas.tasks`, as a concept scheme of SKOS.
Terms of rubrics that a newer version replaced stay defined: published assessments use them.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from rdflib import DCTERMS, OWL, RDF, RDFS, SKOS, XSD, Graph, Literal, Namespace, URIRef
from rdflib.term import Node

from fairreg.assessment.base import Indicator, Rule
from fairreg.assessment.principle_names import named_principle
from fairreg.assessment.rubric import DATASETS, LETTERS, MODELS, Rubric, indicators
from fairreg.schemas.contexts import NAMESPACE
from fairreg.schemas.contexts.terms import AGENTS, CLASSES, PROPERTIES, Property
from fairreg.schemas.tasks import Task, vocabulary

ROOT = Path(__file__).parents[1]
PAGE, GRAPH = ROOT / "docs" / "terms.md", ROOT / "docs" / "terms.ttl"
RUBRIC_PAGE = ROOT / "docs" / "rubric.md"
TERMS = Namespace(NAMESPACE)
VOCABULARY = URIRef(NAMESPACE.removesuffix("#"))
DQV = Namespace("http://www.w3.org/ns/dqv#")
PROV = Namespace("http://www.w3.org/ns/prov#")
RUBRICS = {
    MODELS: "FAIRness of a model or of software, after Duarte et al., https://doi.org/10.1088/2632-2153/ad12e3",
    DATASETS: "FAIRness of a dataset, after Chen et al., https://doi.org/10.1038/s41597-021-01109-0",
}
# Versions that a newer one replaced; all have the names of the current one.
REPLACED = {"fair-ai-models": ("1.0",), "fair-datasets": ("1.0",)}
SPELLINGS = "[tasks.md](tasks.md) has the words of records that map to them."
_LETTERS = {"F": "Findable", "A": "Accessible", "I": "Interoperable", "R": "Reusable"}
INTRODUCTION = """\
# Terms of fairreg

<!-- Written by scripts/build_terms.py from src/fairreg/schemas/contexts/terms.py and the rubrics. -->

Records as linked data (`fairreg show PID --format jsonld`) and assessments (`fairreg assess PID --jsonld
FILE`) use terms of schema.org, FAIR4ML, Croissant, Dublin Core, PROV-O and the Data Quality Vocabulary
wherever they exist. What these lack has a term of fairreg's own in `https://w3id.org/fairreg/terms#`. This
page defines each; [terms.ttl](terms.ttl) is the same as RDF. [w3id/fairreg/](../w3id/fairreg/README.md) has
the rules by which the address leads here once it is registered at w3id.org; until then it leads nowhere.

A term is not removed and does not change its meaning; one that is no longer written is marked as deprecated
in `terms.ttl`."""


RUBRIC_INTRODUCTION = """\
# The rubrics

<!-- Written by scripts/build_terms.py from the indicators in src/fairreg/assessment. -->

[assessment.md](assessment.md) says how scores are made of verdicts, and [terms.md](terms.md) which term each
indicator is as linked data. A weight of 3 is essential: one that fails forbids the badge. 2 is important, 1
useful. Partial counts half; – means that there is no such verdict. What was not read is unknown, and what
does not arise is not applicable."""


class Metric(NamedTuple):
    """A score or an indicator of a rubric; `name` is its end in the address of the term."""

    name: str
    label: str
    definition: str
    kinds: tuple[URIRef, ...] = (DQV.Metric,)


def metrics(rubric: Rubric) -> Iterator[Metric]:
    """Yield everything that an assessment measures, by its name in an assessment as linked data."""
    yield Metric("overall", "Overall score", f"{RUBRICS[rubric]}.")
    for letter in LETTERS:
        yield Metric(f"letter-{letter}", _LETTERS[letter], f"Score of the letter {letter}, from 0 to 1.")
    for name in rubric.principles:
        # A principle is what is measured, and the dimension of its indicators.
        kinds = (DQV.Metric, DQV.Dimension)
        label = f"Principle {named_principle(rubric.name, name)}"
        yield Metric(f"principle-{name}", label, "Score of the principle, from 0 to 1.", kinds)
    for item in indicators(rubric):
        yield Metric(item.id, item.title, _rules(item.rule))


def _rules(rule: Rule) -> str:
    half = f" Partial: {rule.partial}." if rule.partial else ""
    return f"Passes: {rule.passes}.{half} Fails: {rule.fails}."


def graph() -> Graph:
    """The vocabulary as RDF."""
    made = Graph()
    made.bind("fairreg", TERMS)
    made.bind("dqv", DQV)
    made.add((VOCABULARY, RDF.type, OWL.Ontology))
    made.add((VOCABULARY, DCTERMS.title, Literal("Terms of fairreg", "en")))
    made.add((VOCABULARY, DCTERMS.license, URIRef("https://spdx.org/licenses/MIT")))
    for name, definition in CLASSES.items():
        _define(made, name, (RDFS.Class,), name, definition)
    for name, item in _properties():
        _define(made, name, (RDF.Property,), name, item.definition)
        made.add((TERMS[name], RDFS.range, made.namespace_manager.expand_curie(item.values)))
    for name, definition in AGENTS.items():
        _define(made, name, (PROV.SoftwareAgent,), name, definition)
    for rubric in RUBRICS:
        _add_metrics(made, rubric)
    _define(made, "tasks", (SKOS.ConceptScheme,), "Tasks", "Tasks of models.")
    for task in vocabulary().values():
        _add_task(made, task)
    return made


def _properties() -> Iterator[tuple[str, Property]]:
    return ((name, item) for group in PROPERTIES.values() for name, item in group.items())


def _define(made: Graph, name: str, kinds: tuple[Node, ...], label: str, definition: str) -> None:
    for kind in kinds:
        made.add((TERMS[name], RDF.type, kind))
    made.add((TERMS[name], RDFS.label, Literal(label, "en")))
    made.add((TERMS[name], RDFS.comment, Literal(definition, "en")))
    made.add((TERMS[name], RDFS.isDefinedBy, VOCABULARY))


def _add_task(made: Graph, task: Task) -> None:
    concept = TERMS[f"task-{task.key}"]
    _define(made, f"task-{task.key}", (SKOS.Concept,), task.label, task.definition)
    made.add((concept, SKOS.prefLabel, Literal(task.label, "en")))
    made.add((concept, SKOS.definition, Literal(task.definition, "en")))
    made.add((concept, SKOS.notation, Literal(task.key)))
    made.add((concept, SKOS.inScheme, TERMS["tasks"]))
    for spelling in task.spellings:
        made.add((concept, SKOS.altLabel, Literal(spelling, "en")))
    for address in task.matches:
        made.add((concept, SKOS.closeMatch, URIRef(address)))
    if task.broader is None:
        made.add((TERMS["tasks"], SKOS.hasTopConcept, concept))
    else:
        made.add((concept, SKOS.broader, TERMS[f"task-{task.broader}"]))


def _add_metrics(made: Graph, rubric: Rubric) -> None:
    for item in metrics(rubric):
        current = _name(rubric, item)
        _define(made, current, item.kinds, item.label, item.definition)
        for version in _replaced(rubric):
            old = f"{rubric.name}-{version}-{item.name}"
            _define(
                made, old, item.kinds, item.label, f"As in version {version} of the rubric {rubric.name}."
            )
            made.add((TERMS[old], OWL.deprecated, Literal("true", datatype=XSD.boolean)))
            made.add((TERMS[old], DCTERMS.isReplacedBy, TERMS[current]))


def _name(rubric: Rubric, item: Metric) -> str:
    return f"{rubric.name}-{rubric.version}-{item.name}"


def _replaced(rubric: Rubric) -> list[str]:
    return [version for version in REPLACED[rubric.name] if version != rubric.version]


def page() -> str:
    """The text of docs/terms.md."""
    parts = [INTRODUCTION, "## Classes", _table("term | definition", CLASSES.items())]
    for title, group in PROPERTIES.items():
        rows = ((name, f"`{item.values}` | {item.definition}") for name, item in group.items())
        parts += [f"## {title}", _table("term | values | definition", rows)]
    parts += ["## Agents", _table("term | definition", AGENTS.items())]
    tasks = ((f"task-{item.key}", item.definition) for item in vocabulary().values())
    about = f'<a id="tasks"></a>Each is a concept of the scheme `tasks` (SKOS). {SPELLINGS}'
    parts += ["## Tasks", about, _table("term | definition", tasks)]
    for rubric in RUBRICS:
        parts += [f"## Rubric {rubric.name} {rubric.version}", _about(rubric)]
        rows = ((_name(rubric, item), f"{item.label} | {item.definition}") for item in metrics(rubric))
        parts.append(_table("term | label | definition", rows))
    return "\n\n".join(parts) + "\n"


def _about(rubric: Rubric) -> str:
    text = f"{RUBRICS[rubric]}. Each row is a `dqv:Metric`; the principles are `dqv:Dimension`, too."
    replaced = _replaced(rubric)
    if replaced:
        text += f" The same names with {' or '.join(replaced)} instead of {rubric.version} are deprecated."
    return text


def _table(heading: str, rows: Iterable[tuple[str, str]]) -> str:
    """A table whose rows have an anchor each: the fragment of the term's address."""
    lines = [f"| {heading} |", "|" + "---|" * (heading.count(" | ") + 1)]
    lines += [f'| <a id="{name}"></a>`{name}` | {text} |' for name, text in rows]
    return "\n".join(lines)


def rubric_page() -> str:
    """The text of docs/rubric.md."""
    parts = [RUBRIC_INTRODUCTION]
    for rubric, about in RUBRICS.items():
        parts += [f"## {rubric.name} {rubric.version}", f"{about}.{_replaces(rubric)}"]
        for name in rubric.principles:
            rows = [_row(item) for item in indicators(rubric) if item.principle == name]
            heading = "| id | weight | indicator | pass | partial | fail |\n|---|---|---|---|---|---|"
            parts += [f"### {named_principle(rubric.name, name)}", "\n".join((heading, *rows))]
    return "\n\n".join(parts) + "\n"


def _replaces(rubric: Rubric) -> str:
    """Say which versions the rubric replaces."""
    if not (old := " and ".join(_replaced(rubric))):
        return ""
    return f" It replaces {old}, whose indicators have the same identifiers; a score names its version."


def _row(item: Indicator) -> str:
    rule = item.rule
    cells = (item.id, str(item.weight), item.title, rule.passes, rule.partial or "–", rule.fails)
    return f"| {' | '.join(cells)} |"


def main() -> None:
    PAGE.write_text(page(), encoding="utf-8")
    RUBRIC_PAGE.write_text(rubric_page(), encoding="utf-8")
    GRAPH.write_text(graph().serialize(format="turtle"), encoding="utf-8")


if __name__ == "__main__":
    main()
